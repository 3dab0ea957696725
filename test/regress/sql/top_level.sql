-- approve, deny, grant and revoke run only as the client's own statement: what others have written must not decide in an approver's name.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int);
CREATE TABLE bait (a int, b int);
INSERT INTO bait VALUES (1, 1);
GRANT ALL ON ledger, bait TO PUBLIC;
SELECT warrant.protect('ledger');
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'ledger');
SELECT warrant.request('{UPDATE}', on_table => 'ledger');
SELECT count(*) FROM stage.news();

-- The traps.
\c - :owner
CREATE FUNCTION in_plpgsql() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN warrant.approve(1); END $$;
CREATE FUNCTION in_plpgsql_execute() RETURNS bigint LANGUAGE plpgsql AS $$ DECLARE g bigint; BEGIN EXECUTE 'SELECT warrant.approve(1)' INTO g; RETURN g; END $$;
CREATE FUNCTION in_sql() RETURNS bigint LANGUAGE sql AS 'SELECT warrant.approve(1)';
CREATE FUNCTION in_sql_inlined() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT warrant.approve(1)';
CREATE FUNCTION in_sql_volatile() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT warrant.approve(1)';
CREATE FUNCTION in_table_function() RETURNS TABLE (g bigint) LANGUAGE sql VOLATILE AS 'SELECT warrant.approve(1)';
CREATE FUNCTION folded() RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN warrant.approve(1); END $$;
CREATE FUNCTION in_atomic() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT warrant.approve(1); END;
CREATE FUNCTION hides(a int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM warrant.approve(1); RETURN true; END $$;
CREATE PROCEDURE in_procedure() LANGUAGE plpgsql AS $$ BEGIN PERFORM warrant.approve(1); END $$;
CREATE FUNCTION in_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM warrant.approve(1); RETURN NEW; END $$;
CREATE TABLE triggered (a int);
CREATE TRIGGER t BEFORE INSERT ON triggered FOR EACH ROW EXECUTE FUNCTION in_trigger();
CREATE TABLE deferred (a int);
CREATE CONSTRAINT TRIGGER t AFTER INSERT ON deferred DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION in_trigger();
CREATE TABLE defaulted (a int, b bigint DEFAULT warrant.approve(1));
CREATE TABLE checked (a int CHECK (hides(a)));
CREATE DOMAIN checks AS int CHECK (hides(VALUE));
CREATE VIEW viewed AS SELECT warrant.approve(1) AS a;
CREATE VIEW viewed_rows AS SELECT a FROM warrant.approve(1) AS a;
CREATE VIEW viewed_bait AS SELECT a FROM bait WHERE hides(a);
CREATE TABLE ruled (a int);
CREATE RULE r AS ON INSERT TO ruled DO ALSO SELECT warrant.approve(1);
CREATE TABLE secured (a int);
INSERT INTO secured VALUES (1);
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON secured USING (hides(a));
CREATE OPERATOR @@@ (FUNCTION = hides, RIGHTARG = int);
CREATE FUNCTION public.approve(request_id bigint) RETURNS bigint LANGUAGE sql AS 'SELECT warrant.approve($1)';
GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC;

\c - regress_chief
-- Each of these is refused.
SELECT in_plpgsql();
SELECT in_plpgsql_execute();
SELECT in_sql();
SELECT in_sql_inlined();
SELECT * FROM in_sql_inlined();
SELECT in_sql_volatile();
SELECT * FROM in_table_function();
SELECT folded();
EXPLAIN SELECT folded();
SELECT in_atomic();
SELECT public.approve(1);
CALL in_procedure();
INSERT INTO triggered VALUES (1);
INSERT INTO deferred VALUES (1);
BEGIN;
INSERT INTO deferred VALUES (1);
COMMIT;
INSERT INTO defaulted VALUES (1);
INSERT INTO checked VALUES (1);
INSERT INTO ruled VALUES (1);
SELECT 1::checks;
SELECT a::checks FROM bait;
SELECT * FROM viewed;
SELECT a FROM viewed_rows;
SELECT * FROM viewed_bait;
SELECT * FROM secured;
SELECT @@@ 1;
DO $$ BEGIN PERFORM warrant.approve(1); END $$;
DO $$ BEGIN EXECUTE 'SELECT warrant.approve(1)'; END $$;
PREPARE saved AS SELECT warrant.approve(1);
EXECUTE saved;
PREPARE checked(checks) AS SELECT $1;
EXECUTE checked(1);
BEGIN;
DECLARE c CURSOR FOR SELECT warrant.approve(1);
FETCH c;
ROLLBACK;
DECLARE c CURSOR WITH HOLD FOR SELECT warrant.approve(1);
COPY (SELECT warrant.approve(1)) TO stdout;
COPY checked FROM stdin;
1
\.
CREATE TEMP TABLE t AS SELECT warrant.approve(1);
SELECT warrant.approve(1) INTO TEMP t;
INSERT INTO bait SELECT 1, warrant.approve(1);
UPDATE bait SET b = warrant.approve(1);
DELETE FROM bait WHERE warrant.approve(1) > 0;
WITH a AS (SELECT warrant.approve(1) AS g) SELECT g FROM a;
WITH a AS MATERIALIZED (SELECT warrant.approve(1) AS g) SELECT g FROM a;
SELECT (SELECT warrant.approve(1));
SELECT g FROM (SELECT warrant.approve(1) AS g) AS s;
SELECT g FROM (SELECT warrant.approve(1) AS g OFFSET 0) AS s;
SELECT warrant.approve(1) FROM bait;
SELECT a FROM bait WHERE warrant.approve(1) > 0;
SELECT warrant.approve(1), warrant.approve(2);
SELECT warrant.approve(1) + 1;
SELECT coalesce(warrant.approve(1), 0);
SELECT * FROM warrant.approve(1), bait;
SELECT * FROM warrant.approve(1) AS a JOIN bait ON true;
SELECT * FROM ROWS FROM (warrant.approve(1), warrant.approve(2));
SELECT 1 UNION ALL SELECT warrant.approve(1);
VALUES (warrant.approve(1));
SELECT warrant.approve(1) ORDER BY (SELECT in_plpgsql());
SELECT warrant.approve((SELECT in_plpgsql()));
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT warrant.approve(1);
SELECT in_plpgsql() FROM warrant.approve(1);
-- Of the same kind: deny, grant, revoke.
DO $$ BEGIN PERFORM warrant.deny(1); END $$;
DO $$ BEGIN PERFORM warrant.grant('regress_clerk', '{SELECT}', on_table => 'ledger'); END $$;
DO $$ BEGIN PERFORM warrant.revoke(1); END $$;
DO $$ BEGIN PERFORM warrant.approve('{1,2}'::bigint[]); END $$;
-- A swallowed attempt is told all the same.
DO $$ BEGIN PERFORM warrant.approve(1); EXCEPTION WHEN OTHERS THEN NULL; END $$;

-- Nothing was decided, and each attempt has its row.
SELECT id, approvals FROM warrant.pending ORDER BY id;
SELECT count(*) FROM warrant.active_grants;
SELECT event, who, relation, count(*) FROM stage.news() GROUP BY event, who, relation ORDER BY 1, 2, 3;

-- These are the approver's own.
SELECT warrant.approve(request_id => 1, comment => 'seen', duration => interval '5 min');
SELECT * FROM warrant.approve(2);
SELECT warrant.grant('regress_other', '{INSERT}', on_table => 'ledger') AS "g";
SELECT * FROM warrant.grant('regress_other', '{DELETE}', on_tables => ARRAY['ledger'::regclass], reason => 'a' || 'b');
SELECT warrant.revoke(1), 'text';
SELECT warrant.revoke(1);
BEGIN;
SELECT warrant.revoke(2);
ROLLBACK;
SELECT id, commands, grantee_name FROM warrant.active_grants ORDER BY id;
SELECT event, relation, request, "grant", comment FROM stage.news();

\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
