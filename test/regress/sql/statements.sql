-- Every kind of statement that reaches a protected table: refused first, run with the grant that fits, and audited.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int PRIMARY KEY, b text);
CREATE TABLE detail (a int REFERENCES ledger ON DELETE CASCADE);
CREATE TABLE source (a int, b text);
CREATE TABLE logged (a int);
INSERT INTO ledger VALUES (1, 'one'), (2, 'two'), (3, 'three');
INSERT INTO source VALUES (3, 'drei'), (4, 'vier');
GRANT ALL ON ledger, detail, source, logged TO PUBLIC;
CREATE VIEW shown AS SELECT * FROM ledger;
CREATE FUNCTION counted() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM ledger); END $$;
CREATE FUNCTION counted_by_owner() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN (SELECT count(*) FROM ledger); END $$;
CREATE FUNCTION inlined() RETURNS SETOF ledger LANGUAGE sql STABLE AS $$ SELECT * FROM ledger $$;
CREATE FUNCTION nested() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN counted() + counted_by_owner(); END $$;
CREATE FUNCTION looks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM FROM ledger; RETURN NEW; END $$;
CREATE TRIGGER looks BEFORE INSERT ON logged FOR EACH ROW EXECUTE FUNCTION looks();
GRANT ALL ON shown TO PUBLIC;
SELECT warrant.protect('ledger');
SELECT stage.settle();

-- Refused: each asks for what it does, and nothing of it happens.
\c - regress_clerk
CREATE VIEW my_view AS SELECT * FROM ledger;
CREATE FUNCTION pg_temp.tries(VARIADIC statements text[]) RETURNS TABLE (statement text, state text, detail text) LANGUAGE sql
AS $$ SELECT s, t.state, regexp_replace(coalesce(t.detail, t.message), '^Request \d+ \((.*)\) needs .*$', '\1') FROM unnest($1) AS s, LATERAL stage.try(s) AS t $$;
SELECT * FROM pg_temp.tries(
    'SELECT * FROM ledger',
    'SELECT 1 FROM ledger LIMIT 0',
    'SELECT * FROM ledger FOR UPDATE',
    'SELECT * FROM ledger FOR KEY SHARE',
    'INSERT INTO ledger VALUES (9)',
    'INSERT INTO ledger VALUES (9) RETURNING a',
    'INSERT INTO ledger VALUES (1) ON CONFLICT DO NOTHING',
    'INSERT INTO ledger VALUES (1) ON CONFLICT (a) DO UPDATE SET b = ''x''',
    'UPDATE ledger SET b = ''x'' WHERE a IS NOT NULL',
    'UPDATE ledger SET b = ''x'' WHERE a = 1 RETURNING *',
    'UPDATE ledger SET b = s.b FROM source s WHERE s.a = ledger.a',
    'UPDATE ledger SET b = o.b FROM ledger o WHERE o.a = ledger.a',
    'DELETE FROM ledger WHERE a IS NOT NULL',
    'DELETE FROM ledger WHERE a = 1 RETURNING a',
    'DELETE FROM ledger USING source s WHERE s.a = ledger.a');
SELECT * FROM pg_temp.tries(
    'MERGE INTO ledger l USING source s ON l.a = s.a WHEN MATCHED THEN UPDATE SET b = s.b WHEN NOT MATCHED THEN INSERT VALUES (s.a, s.b)',
    'MERGE INTO ledger l USING source s ON l.a = s.a WHEN MATCHED THEN DELETE',
    'WITH gone AS (DELETE FROM ledger WHERE a IS NOT NULL RETURNING *) SELECT count(*) FROM gone',
    'WITH l AS MATERIALIZED (SELECT * FROM ledger) SELECT count(*) FROM l',
    'SELECT (SELECT count(*) FROM ledger)',
    'SELECT EXISTS (SELECT FROM ledger)',
    'SELECT 1 UNION SELECT a FROM ledger',
    'TABLE ledger',
    'SELECT * FROM shown',
    'SELECT * FROM my_view',
    'UPDATE shown SET b = ''x'' WHERE a IS NOT NULL',
    'SELECT counted()',
    'SELECT counted_by_owner()',
    'SELECT nested()',
    'SELECT * FROM inlined()',
    'DO $d$ BEGIN PERFORM FROM ledger; END $d$',
    'INSERT INTO logged VALUES (1)',
    'DECLARE c CURSOR FOR SELECT * FROM ledger',
    'EXPLAIN SELECT * FROM ledger',
    'EXPLAIN ANALYZE SELECT * FROM ledger',
    'TRUNCATE ledger, detail',
    'TRUNCATE ledger CASCADE');
SELECT statement, state FROM pg_temp.tries(
    'INSERT INTO source SELECT * FROM ledger',
    'UPDATE source SET b = l.b FROM ledger l WHERE l.a = source.a',
    'MERGE INTO source s USING ledger l ON l.a = s.a WHEN MATCHED THEN DO NOTHING',
    'CREATE TABLE mine AS SELECT * FROM ledger',
    'SELECT * INTO mine FROM ledger',
    'CREATE MATERIALIZED VIEW mine AS SELECT * FROM ledger',
    'CREATE TEMP TABLE mine AS SELECT * FROM ledger');
-- Writing includes reading the target, but not showing it: RETURNING and code that is not built in need SELECT.
CREATE FUNCTION pg_temp.tell(b text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING '%', b; RETURN true; END $$;
CREATE OPERATOR pg_temp.~~~ (FUNCTION = pg_temp.tell, RIGHTARG = text);
SELECT * FROM pg_temp.tries(
    'UPDATE ledger SET b = upper(b) || 1 WHERE b LIKE ''o%'' AND a + 1 > 1',
    'UPDATE ledger SET b = b WHERE pg_temp.tell(b)',
    'UPDATE ledger SET b = pg_temp.tell(b) WHERE a IS NOT NULL',
    'UPDATE ledger SET b = b WHERE OPERATOR(pg_temp.~~~) b',
    'DELETE FROM ledger WHERE pg_temp.tell(b)',
    'INSERT INTO ledger VALUES (1) ON CONFLICT (a) DO UPDATE SET b = pg_temp.tell(ledger.b)',
    'WITH done AS (UPDATE ledger SET b = b WHERE a IS NOT NULL) SELECT 1',
    'WITH done AS (UPDATE ledger SET b = b WHERE a IS NOT NULL RETURNING b) SELECT * FROM done',
    'WITH done AS (INSERT INTO ledger VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 1 RETURNING *) SELECT * FROM done');
COPY ledger TO stdout;
COPY ledger (a) TO stdout;
COPY (SELECT * FROM ledger) TO stdout;
\copy ledger FROM /dev/null
COPY (DELETE FROM ledger WHERE a IS NOT NULL RETURNING a) TO stdout;
PREPARE saved AS SELECT count(*) FROM ledger;
EXECUTE saved;
-- Defining a view is no access; running nothing of the table is none either.
SELECT * FROM pg_temp.tries('SELECT count(*) FROM source', 'CREATE TEMP VIEW v AS SELECT * FROM ledger', 'INSERT INTO detail VALUES (1)');
DELETE FROM detail WHERE a IS NOT NULL;
SELECT count(*) AS made FROM pg_class WHERE relname = 'mine';
\c - :owner
SELECT * FROM ledger ORDER BY a;
-- Each access refused, nothing else; those of one statement that are the same share a row.
SELECT event, sum(n) AS count FROM stage.news() WHERE who <> 'superuser' GROUP BY event ORDER BY event;

-- Allowed: with grants on each command, and one row for each statement and access.
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'ledger', duration => '1 hour');
SELECT warrant.grant('regress_clerk', '{INSERT,UPDATE,DELETE}', on_table => 'ledger', duration => '1 hour');
SELECT event, command, "grant" FROM stage.news();
\c - regress_clerk
SELECT a FROM ledger ORDER BY a;
INSERT INTO ledger VALUES (5, 'five'), (6, 'six') RETURNING a;
INSERT INTO ledger VALUES (5) ON CONFLICT DO NOTHING;
INSERT INTO ledger VALUES (5) ON CONFLICT (a) DO UPDATE SET b = 'fuenf';
UPDATE ledger SET b = upper(b) WHERE a < 3;
DELETE FROM ledger WHERE a = 6;
MERGE INTO ledger l USING source s ON l.a = s.a WHEN MATCHED THEN UPDATE SET b = s.b WHEN NOT MATCHED THEN INSERT VALUES (s.a, s.b);
WITH gone AS (DELETE FROM ledger WHERE a = 5 RETURNING a) SELECT count(*) FROM gone;
SELECT count(*) FROM shown;
SELECT nested();
SELECT sum(counted()) FROM generate_series(1, 5);
INSERT INTO logged SELECT generate_series(1, 4);
SELECT count(*) FROM ledger l, ledger m;
SELECT * FROM stage.news();
SELECT 1 / (count(*) - count(*)) FROM ledger;
INSERT INTO ledger VALUES (1);
UPDATE ledger SET a = 1 WHERE a IS NOT NULL;
EXPLAIN (COSTS OFF) SELECT * FROM ledger;
PREPARE saved AS SELECT count(*) FROM ledger;
EXECUTE saved;
EXECUTE saved;
BEGIN;
DECLARE c CURSOR FOR SELECT a FROM ledger ORDER BY a;
FETCH 1 FROM c;
FETCH 2 FROM c;
COMMIT;
BEGIN;
DELETE FROM ledger WHERE a IS NOT NULL;
ROLLBACK;
DO $$ BEGIN FOR i IN 1..3 LOOP PERFORM FROM ledger; END LOOP; END $$;
SELECT * FROM stage.news();
-- COPY TO needs EXPORT as well, TRUNCATE is a command of its own, FOR UPDATE needs LOCK.
COPY ledger TO stdout;
COPY (SELECT a FROM ledger) TO stdout;
TRUNCATE ledger CASCADE;
SELECT a FROM ledger FOR SHARE;
SELECT event, command, relation FROM stage.news();
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{EXPORT,TRUNCATE,LOCK}', on_table => 'ledger', duration => '1 hour');
\c - regress_clerk
COPY ledger TO stdout;
COPY (SELECT a FROM ledger ORDER BY a) TO stdout;
COPY ledger FROM stdin;
9	nine
10	ten
\.
SELECT a FROM ledger WHERE a = 1 FOR UPDATE;
INSERT INTO detail VALUES (1);
TRUNCATE ledger CASCADE;
SELECT count(*) FROM detail;
SELECT * FROM stage.news();

-- Cascades: a foreign key's lookup is exempt, what it writes is not.
\c - :owner
INSERT INTO ledger VALUES (1), (2);
INSERT INTO detail VALUES (1), (2);
DO $$ BEGIN PERFORM stage.settle(); END $$;    -- definitions of a batch come before its other rows
SELECT warrant.protect('detail'), warrant.unprotect('ledger');
\c - regress_clerk
DELETE FROM ledger WHERE a = 1;
TRUNCATE ledger CASCADE;
UPDATE ledger SET b = 'x' WHERE a = 2;
INSERT INTO ledger VALUES (7);
SELECT event, who, command, relation FROM stage.news() WHERE event NOT IN ('grant_revoked', 'request_cancelled');

\c - :owner
SELECT warrant.unprotect('detail'), warrant.protect('ledger');
DROP VIEW my_view;
\set file :directory '/sql/include/leave.sql'
\i :file
