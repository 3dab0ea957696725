-- DROP and all that falls with it: DROP of what goes, ALTER of what loses a part, in one request.
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
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE SEQUENCE numbers;
CREATE TABLE ledger (a int PRIMARY KEY DEFAULT nextval('numbers'), b text);
CREATE TABLE plain (a int);
CREATE TABLE tied (a int REFERENCES ledger);
CREATE TABLE parts (a int) PARTITION BY LIST (a);
CREATE TABLE part1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE part2 PARTITION OF parts FOR VALUES IN (2);
CREATE TABLE vault.hidden (a positive, b int DEFAULT f());
CREATE TABLE typed OF kind;
CREATE INDEX by_b ON ledger (b);
CREATE STATISTICS stats ON a, b FROM ledger;
CREATE TRIGGER trig BEFORE UPDATE ON ledger FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE RULE rul AS ON INSERT TO ledger DO ALSO NOTHING;
CREATE POLICY pol ON ledger;
CREATE VIEW over_ledger AS SELECT a FROM ledger;
CREATE TABLE copied_from (a int);
CREATE VIEW shown AS SELECT a FROM copied_from;
CREATE MATERIALIZED VIEW copied AS SELECT a FROM copied_from;
CREATE TABLE others (a int);
GRANT SELECT ON others TO regress_other;
\c - :owner
ALTER TABLE others OWNER TO regress_dba;
GRANT SELECT ON others TO regress_clerk;
SET client_min_messages = warning;
SELECT count(warrant.protect(t)) FROM unnest('{ledger,parts,vault.hidden,shown,copied,typed,others}'::regclass[]) AS t;
INSERT INTO stage.attempts (statement) VALUES
    ('DROP TABLE ledger'),
    ('DROP TABLE ledger CASCADE'),
    ('DROP TABLE plain, ledger'),
    ('DROP TABLE tied'),
    ('DROP TABLE parts'),
    ('DROP TABLE part1'),
    ('DROP TABLE vault.hidden'),
    ('DROP SCHEMA vault'),
    ('DROP SCHEMA vault CASCADE'),
    ('DROP INDEX by_b'),
    ('DROP TRIGGER trig ON ledger'),
    ('DROP RULE rul ON ledger'),
    ('DROP POLICY pol ON ledger'),
    ('DROP STATISTICS stats'),
    ('DROP VIEW shown'),
    ('DROP VIEW over_ledger'),
    ('DROP MATERIALIZED VIEW copied'),
    ('DROP TABLE copied_from CASCADE'),
    ('DROP DOMAIN positive'),
    ('DROP DOMAIN positive CASCADE'),
    ('DROP FUNCTION f()'),
    ('DROP FUNCTION f() CASCADE'),
    ('DROP SEQUENCE numbers'),
    ('DROP SEQUENCE numbers CASCADE'),
    ('DROP TABLE IF EXISTS nowhere'),
    ('DROP TABLE plain'),
    ('DROP OWNED BY regress_clerk'),
    ('ALTER TABLE copied_from DROP COLUMN a CASCADE'),
    ('DROP TYPE kind CASCADE');
\c - regress_clerk
SELECT * FROM stage.outcomes();
SELECT event, command, relation, count(*) FROM stage.news() WHERE event = 'request_created' GROUP BY 1, 2, 3;
\c - :owner
GRANT USAGE ON SCHEMA vault TO regress_chief;
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{DROP}', on_tables => '{ledger,parts,vault.hidden,shown,copied,typed}');
\c - regress_clerk
SELECT * FROM stage.outcomes() WHERE outcome <> 'runs';
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{ALTER}', on_tables => '{ledger,vault.hidden}');
SELECT warrant.grant('regress_clerk', '{GRANT}', on_table => 'others');
\c - regress_clerk
SELECT * FROM stage.outcomes() WHERE outcome <> 'runs';
SELECT count(*) > 0 AS seen FROM stage.news();
-- Temporary tables, and what nobody protects, go as ever.
CREATE TEMP TABLE t (a int) ON COMMIT DROP;
DROP TABLE plain;
DROP SCHEMA vault CASCADE;
SELECT event, command, relation, n, outcome FROM stage.news() WHERE who = 'regress_clerk';

\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
