-- CREATE: a new relation in a schema that a policy covers.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/outcome.sql'
\i :file
GRANT CREATE ON DATABASE regress_warrant TO regress_clerk;
\c - regress_clerk
CREATE SCHEMA vault;
CREATE TABLE plain (a int PRIMARY KEY);
CREATE TABLE ledger (a int);
\c - :owner
SET client_min_messages = warning;
GRANT USAGE ON SCHEMA vault TO regress_other;
SELECT warrant.protect_schema('vault'), warrant.protect('ledger', '{SELECT}');
INSERT INTO stage.attempts (statement) VALUES
    ('CREATE TABLE vault.new (a serial PRIMARY KEY, b int UNIQUE CHECK (b > 0) REFERENCES plain)'),
    ('CREATE TABLE IF NOT EXISTS vault.new (a int)'),
    ('CREATE TABLE vault.new AS SELECT 1 AS a'),
    ('CREATE MATERIALIZED VIEW vault.new AS SELECT 1 AS a'),
    ('CREATE VIEW vault.new AS SELECT 1 AS a'),
    ('CREATE TABLE vault.new AS SELECT * FROM ledger'),
    ('CREATE TABLE new AS SELECT * FROM ledger'),
    ('EXPLAIN ANALYZE CREATE TABLE vault.new AS SELECT 1'),
    ('ALTER TABLE plain SET SCHEMA vault'),
    ('CREATE SCHEMA other CREATE TABLE new (a int PRIMARY KEY)'),
    ('CREATE TEMP TABLE new (a int)'),
    ('CREATE TABLE new (a int PRIMARY KEY)'),
    ('CREATE SEQUENCE vault.new'),
    ('CREATE FUNCTION vault.new() RETURNS int LANGUAGE sql AS ''SELECT 1''');
\c - regress_clerk
SELECT * FROM stage.outcomes();
SELECT schema_name, relation_name, commands, policy_name FROM warrant.my_requests WHERE commands @> '{CREATE}';
\c - regress_chief
SELECT warrant.approve(1);
\c - regress_clerk
-- What is new is made whole under CREATE alone, and is protected from then on.
SELECT * FROM stage.outcomes() WHERE outcome <> 'runs';
SELECT count(*) > 0 AS seen FROM stage.news();
CREATE TABLE vault.new (a serial PRIMARY KEY, b int CHECK (b > 0) REFERENCES plain);
SELECT event, command, relation, "grant", n, outcome FROM stage.news() WHERE who = 'regress_clerk';
SELECT stage.outcome('SELECT * FROM vault.new'), stage.outcome('ALTER TABLE vault.new ADD COLUMN c int');
-- An empty schema can be asked for, and who may not create there is told so.
\c - regress_other
SELECT stage.outcome('CREATE TABLE vault.mine (a int)');
SELECT event, command FROM stage.news() WHERE who = 'regress_other';
\c - :owner
CREATE SCHEMA empty AUTHORIZATION regress_clerk;
SELECT warrant.protect_schema('empty');
\c - regress_clerk
SELECT stage.outcome('CREATE TABLE empty.new (a int)');
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{CREATE}', on_schema => 'empty');
\c - regress_clerk
CREATE TABLE empty.new (a int);
-- A database without the extension has no gate.
\c :home :owner
CREATE TABLE plain AS SELECT 1 AS a;
EXPLAIN (COSTS off) CREATE MATERIALIZED VIEW shown AS SELECT * FROM plain;
DROP TABLE plain;
\c regress_warrant

\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
