-- ALTER in its wide sense: refused on either end without a grant, and SELECT where expressions are evaluated over rows.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/outcome.sql'
\i :file
GRANT CREATE ON DATABASE regress_warrant TO regress_clerk;
\c - regress_clerk
CREATE SCHEMA vault;
CREATE DOMAIN positive int;
CREATE TYPE kind AS (a int);
CREATE TABLE parent (a int, b text);
CREATE TABLE ledger (a int PRIMARY KEY, b text, CONSTRAINT checked CHECK (a > 0) NOT VALID);
CREATE TABLE plain (a int NOT NULL, b text, CONSTRAINT checked CHECK (a > 0));
CREATE TABLE child () INHERITS (ledger);
CREATE TABLE tied (a int REFERENCES ledger);
CREATE TABLE parts (a int) PARTITION BY LIST (a);
CREATE TABLE part (a int);
CREATE TABLE parts2 (a int) PARTITION BY LIST (a);
CREATE TABLE domains (a positive);
CREATE TABLE typed OF kind;
CREATE INDEX by_b ON ledger (b);
CREATE STATISTICS stats ON a, b FROM ledger;
CREATE TRIGGER trig BEFORE UPDATE ON ledger FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE RULE rul AS ON INSERT TO ledger DO ALSO NOTHING;
CREATE POLICY pol ON ledger;
CREATE VIEW shown AS SELECT a FROM ledger;
\c - regress_dba
SET client_min_messages = warning;
SELECT count(warrant.protect(t)) FROM unnest('{ledger,part,parts2,domains,typed,shown}'::regclass[]) AS t;
\c - :owner
INSERT INTO stage.attempts (statement) VALUES
    ('ALTER TABLE ledger ADD COLUMN d int'),
    ('ALTER TABLE ledger ADD COLUMN d int DEFAULT 3'),
    ('ALTER TABLE ledger ADD COLUMN d float DEFAULT random()'),
    ('ALTER TABLE ledger ADD COLUMN d int GENERATED ALWAYS AS (a + 1) STORED'),
    ('ALTER TABLE ledger DROP COLUMN b'),
    ('ALTER TABLE ledger ALTER b TYPE varchar'),
    ('ALTER TABLE ledger ALTER b TYPE varchar USING upper(b)'),
    ('ALTER TABLE ledger ALTER b SET DEFAULT ''x'''),
    ('ALTER TABLE ledger ALTER b SET NOT NULL'),
    ('ALTER TABLE ledger ADD CHECK (a > 0)'),
    ('ALTER TABLE ledger ADD CONSTRAINT c CHECK (a > 0) NOT VALID'),
    ('ALTER TABLE ledger VALIDATE CONSTRAINT checked'),
    ('ALTER TABLE ledger RENAME TO other'),
    ('ALTER TABLE ledger RENAME b TO c'),
    ('ALTER TABLE ledger RENAME CONSTRAINT checked TO c'),
    ('ALTER TABLE IF EXISTS public.ledger SET SCHEMA vault'),
    ('ALTER TABLE ledger OWNER TO regress_clerk'),
    ('ALTER TABLE ledger SET (fillfactor = 50)'),
    ('ALTER TABLE ledger DISABLE TRIGGER trig'),
    ('ALTER TABLE ledger ENABLE ROW LEVEL SECURITY'),
    ('ALTER TABLE ledger FORCE ROW LEVEL SECURITY'),
    ('ALTER TABLE ledger CLUSTER ON by_b'),
    ('ALTER TABLE ledger REPLICA IDENTITY FULL'),
    ('ALTER TABLE domains SET UNLOGGED'),
    ('ALTER INDEX by_b RENAME TO other'),
    ('ALTER INDEX by_b SET (fillfactor = 50)'),
    ('ALTER TABLE ledger INHERIT parent'),
    ('ALTER TABLE plain INHERIT ledger'),
    ('ALTER TABLE child NO INHERIT ledger'),
    ('ALTER TABLE parts ATTACH PARTITION part FOR VALUES IN (1)'),
    ('ALTER TABLE plain ADD FOREIGN KEY (a) REFERENCES ledger'),
    ('ALTER TABLE plain ADD COLUMN l int REFERENCES ledger'),
    ('ALTER TABLE tied DROP CONSTRAINT tied_a_fkey'),
    ('CREATE TABLE new (a int REFERENCES ledger)'),
    ('CREATE TABLE new (a int, FOREIGN KEY (a) REFERENCES ledger)'),
    ('CREATE TABLE new () INHERITS (ledger)'),
    ('CREATE TABLE new (LIKE ledger INCLUDING ALL)'),
    ('CREATE TABLE new PARTITION OF parts2 FOR VALUES IN (7)'),
    ('CREATE INDEX ON ledger (b)'),
    ('CREATE INDEX ON ledger (upper(b))'),
    ('CREATE INDEX ON ledger (b) WHERE a > 0'),
    ('CREATE STATISTICS s ON a, b FROM ledger'),
    ('ALTER STATISTICS stats SET STATISTICS 5'),
    ('ALTER STATISTICS stats RENAME TO other'),
    ('CREATE TRIGGER t BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()'),
    ('ALTER TRIGGER trig ON ledger RENAME TO other'),
    ('CREATE RULE r AS ON INSERT TO ledger DO ALSO NOTHING'),
    ('ALTER RULE rul ON ledger RENAME TO other'),
    ('CREATE POLICY p ON ledger'),
    ('ALTER POLICY pol ON ledger USING (true)'),
    ('CREATE OR REPLACE VIEW shown AS SELECT a FROM ledger'),
    ('ALTER VIEW shown RENAME TO other'),
    ('ALTER VIEW shown ALTER a SET DEFAULT 1'),
    ('COMMENT ON TABLE ledger IS ''x'''),
    ('COMMENT ON COLUMN ledger.a IS ''x'''),
    ('COMMENT ON CONSTRAINT checked ON ledger IS ''x'''),
    ('COMMENT ON TRIGGER trig ON ledger IS ''x'''),
    ('COMMENT ON INDEX by_b IS ''x'''),
    ('COMMENT ON STATISTICS stats IS ''x'''),
    ('COMMENT ON SCHEMA vault IS ''x'''),
    ('ALTER DOMAIN positive ADD CHECK (value > 0)'),
    ('ALTER DOMAIN positive ADD CONSTRAINT c CHECK (value > 0) NOT VALID'),
    ('ALTER DOMAIN positive SET DEFAULT 1'),
    ('ALTER TYPE kind ADD ATTRIBUTE b int CASCADE'),
    ('REASSIGN OWNED BY regress_clerk TO regress_clerk'),
    ('DO $$ BEGIN ALTER TABLE ledger ADD COLUMN d int; END $$'),
    ('ALTER TABLE plain ADD COLUMN d int');
\c - regress_clerk
SELECT * FROM stage.outcomes();
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{ALTER}', on_tables => '{ledger,part,parts2,domains,typed,shown}');
\c - regress_clerk
SELECT * FROM stage.outcomes() WHERE outcome <> 'runs';
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{SELECT}', on_tables => '{ledger,domains}');
\c - regress_clerk
SELECT * FROM stage.outcomes() WHERE outcome <> 'runs';
SELECT count(*) > 0 AS seen FROM stage.news();
-- One row for each access of a statement, however many parts it has.
ALTER TABLE ledger ADD COLUMN d int, ADD CHECK (d > 0), ALTER b SET DEFAULT 'x';
CREATE TABLE new (a int REFERENCES ledger, b int PRIMARY KEY);
SELECT event, command, relation, n, outcome FROM stage.news() WHERE who = 'regress_clerk';
-- Who does not own it is told so, and nothing is filed.
\c - regress_other
ALTER TABLE ledger ADD COLUMN e int;
CREATE INDEX ON ledger (b);
COMMENT ON TABLE ledger IS 'mine';
SELECT event, command, relation, n, outcome FROM stage.news() WHERE who = 'regress_other';

\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
