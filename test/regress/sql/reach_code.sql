-- Whatever code reaches a protected table, for whomever it runs: functions, triggers, defaults, checks, row policies, cascades. The server's own
-- lookups for a foreign key are no access.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/lacks.sql'
\i :file
SET client_min_messages = warning;
CREATE TABLE pay (id int PRIMARY KEY, amount int);
INSERT INTO pay VALUES (1, 100), (2, 200);
CREATE TABLE plain (id int);
INSERT INTO plain VALUES (1);
CREATE FUNCTION inlined() RETURNS SETOF pay LANGUAGE sql STABLE AS 'SELECT * FROM pay';
CREATE FUNCTION barred() RETURNS SETOF pay LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT * FROM pay';
CREATE FUNCTION scalar() RETURNS int LANGUAGE sql AS 'SELECT max(amount) FROM pay';
CREATE FUNCTION modern() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT max(amount) FROM pay; END;
CREATE FUNCTION procedural() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN (SELECT max(amount) FROM pay); END $$;
CREATE FUNCTION dynamic() RETURNS int LANGUAGE plpgsql AS $$ DECLARE a int; BEGIN EXECUTE 'SELECT max(amount) FROM pay' INTO a; RETURN a; END $$;
CREATE FUNCTION writing() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN DELETE FROM pay WHERE amount IS NOT NULL; RETURN 1; END $$;
CREATE FUNCTION spying() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN PERFORM FROM pay; RETURN NEW; END $$;
CREATE FUNCTION folded() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN (SELECT max(amount) FROM pay); END $$;
CREATE PROCEDURE proc(a int) LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE FUNCTION accumulate(int, int) RETURNS int LANGUAGE sql AS 'SELECT $1 + (SELECT count(*)::int FROM pay)';
CREATE AGGREGATE agg(int) (SFUNC = accumulate, STYPE = int, INITCOND = 0);
CREATE TABLE defaulted (id int, amount int DEFAULT procedural());
CREATE TABLE checked (id int CHECK (procedural() > id));
CREATE DOMAIN dom AS int CHECK (procedural() > VALUE);
CREATE TABLE generated (id int, amount int GENERATED ALWAYS AS (id + folded()) STORED);
CREATE TABLE triggered (id int);
CREATE TRIGGER spying BEFORE INSERT ON triggered FOR EACH ROW EXECUTE FUNCTION spying();
CREATE TABLE per_statement (id int);
CREATE TRIGGER spying AFTER INSERT ON per_statement EXECUTE FUNCTION spying();
CREATE TABLE deferred (id int);
CREATE CONSTRAINT TRIGGER spying AFTER INSERT ON deferred DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION spying();
CREATE TABLE guarded (id int);
INSERT INTO guarded VALUES (1);
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY rows ON guarded USING (id IN (SELECT id FROM pay));
GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC;
SELECT warrant.protect('pay');

\c - regress_clerk
\t on
SELECT s, stage.lacks(s) FROM unnest(ARRAY['SELECT * FROM inlined()', 'SELECT * FROM barred()', 'SELECT inlined()', 'SELECT scalar()', 'SELECT modern()',
    'SELECT procedural()', 'SELECT dynamic()', 'SELECT writing()', 'SELECT agg(id) FROM plain', 'SELECT id FROM plain WHERE id < scalar()',
    'CALL proc(scalar())', 'DO $d$ BEGIN PERFORM scalar(); END $d$', 'DO $d$ DECLARE a int; BEGIN a := procedural(); END $d$',
    'INSERT INTO defaulted VALUES (1)', 'INSERT INTO checked VALUES (1)', 'SELECT 1::dom', 'INSERT INTO generated VALUES (1)',
    'INSERT INTO triggered VALUES (1)', 'INSERT INTO per_statement SELECT', 'INSERT INTO deferred VALUES (1)', 'SELECT * FROM guarded',
    'SELECT query_to_xml(''SELECT * FROM pay'', true, false, '''')', 'SELECT table_to_xml(''pay'', true, false, '''')',
    'SELECT * FROM ts_stat(''SELECT to_tsvector(amount::text) FROM pay'')', 'SELECT EXISTS (SELECT 1 FROM pay)',
    'VALUES ((SELECT max(amount) FROM pay))', 'SELECT * FROM plain, LATERAL (SELECT FROM pay WHERE pay.id = plain.id) AS l',
    'SELECT 1 UNION ALL SELECT amount FROM pay', 'SELECT * FROM plain TABLESAMPLE SYSTEM ((SELECT amount FROM pay LIMIT 1))',
    'SELECT * FROM plain LIMIT (SELECT amount FROM pay LIMIT 1)', 'INSERT INTO plain SELECT amount FROM pay',
    'INSERT INTO plain VALUES (1), ((SELECT max(amount) FROM pay))', 'EXPLAIN INSERT INTO plain SELECT amount FROM pay']) AS s;

-- At COMMIT as well.
\t off
BEGIN;
INSERT INTO deferred VALUES (1);
COMMIT;
SELECT count(*) FROM deferred;

-- Foreign keys: a lookup in the protected table is the server's own, a cascade into it is a write, from it as well as from elsewhere.
\c - :owner
SET client_min_messages = warning;
CREATE TABLE visits (pay int REFERENCES pay);
CREATE TABLE top (id int PRIMARY KEY);
CREATE TABLE gone (id int PRIMARY KEY, top int REFERENCES top ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE below (id int REFERENCES gone ON DELETE CASCADE);
CREATE TABLE emptied (id int REFERENCES top ON DELETE SET NULL);
CREATE TABLE lone (id int PRIMARY KEY);
CREATE TABLE strict (id int REFERENCES lone);
INSERT INTO top VALUES (1), (2);
INSERT INTO lone VALUES (1), (2);
INSERT INTO gone VALUES (1, 1);
INSERT INTO below VALUES (1);
INSERT INTO emptied VALUES (2);
INSERT INTO strict VALUES (1);
GRANT ALL ON visits, top, lone, gone, below, emptied, strict TO PUBLIC;
SELECT warrant.protect(t) FROM unnest('{gone,below,emptied,strict}'::regclass[]) AS t;
\c - regress_clerk
\t on
SELECT s, stage.lacks(s) FROM unnest(ARRAY['INSERT INTO visits VALUES (1)', 'INSERT INTO visits VALUES (9)', 'DELETE FROM top WHERE id = 1',
    'UPDATE top SET id = 9 WHERE id = 1', 'DELETE FROM lone WHERE id = 1', 'DELETE FROM lone WHERE id = 2', 'UPDATE lone SET id = 3 WHERE id = 2',
    'TRUNCATE top CASCADE']) AS s;
\c - regress_chief
SELECT warrant."grant"('regress_clerk', '{DELETE,UPDATE}', on_table => 'gone');
\c - regress_clerk
SELECT s, stage.lacks(s) FROM unnest(ARRAY['DELETE FROM top WHERE id = 1', 'DELETE FROM gone WHERE id > 0', 'UPDATE top SET id = 9 WHERE id = 1']) AS s;
\t off
\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
