-- EXPORT: what is read from a protected relation and written where no approval is needed to read it.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/outcome.sql'
\i :file
\c - regress_clerk
CREATE TABLE ledger (a int, b text);
INSERT INTO ledger VALUES (1, 'one');
CREATE TABLE safe (a int, b text);
CREATE TABLE plain (a int, b text);
CREATE TABLE half (a int, b text);
CREATE VIEW summary AS SELECT count(*) FROM ledger;
CREATE MATERIALIZED VIEW copied AS SELECT a FROM ledger;
CREATE MATERIALIZED VIEW safe_copied AS SELECT a FROM ledger;
PREPARE p AS SELECT * FROM ledger;
\c - regress_dba
SET client_min_messages = warning;
SELECT warrant.protect('ledger'), warrant.protect('safe'), warrant.protect('safe_copied'), warrant.protect('half', '{DELETE}');
SELECT warrant.create_policy('files', 'open', on_database => true, commands => '{ADMIN}');
\c - :owner
INSERT INTO stage.attempts (statement) VALUES
    ('SELECT * FROM ledger'),
    ('CREATE TABLE new AS SELECT * FROM ledger'),
    ('CREATE TEMP TABLE new AS SELECT a FROM ledger'),
    ('CREATE TABLE new AS SELECT * FROM summary'),
    ('CREATE TABLE new AS SELECT 1 WHERE EXISTS (SELECT FROM ledger)'),
    ('CREATE TABLE new AS SELECT * FROM ledger WITH NO DATA'),
    ('CREATE MATERIALIZED VIEW new AS SELECT * FROM ledger'),
    ('CREATE MATERIALIZED VIEW new AS SELECT * FROM ledger WITH NO DATA'),
    ('REFRESH MATERIALIZED VIEW copied'),
    ('REFRESH MATERIALIZED VIEW copied WITH NO DATA'),
    ('REFRESH MATERIALIZED VIEW safe_copied'),
    ('EXPLAIN CREATE TABLE new AS SELECT * FROM ledger'),
    ('EXPLAIN ANALYZE CREATE TABLE new AS SELECT * FROM ledger'),
    ('INSERT INTO plain SELECT * FROM ledger'),
    ('INSERT INTO plain VALUES ((SELECT max(a) FROM ledger))'),
    ('WITH l AS (SELECT * FROM ledger) INSERT INTO plain SELECT * FROM l'),
    ('WITH i AS (INSERT INTO plain SELECT * FROM ledger) SELECT 1'),
    ('INSERT INTO half SELECT * FROM ledger'),
    ('INSERT INTO safe SELECT * FROM ledger'),
    ('UPDATE plain SET b = l.b FROM ledger l WHERE plain.a = l.a'),
    ('UPDATE plain SET b = (SELECT max(b) FROM ledger)'),
    ('DELETE FROM plain USING ledger l WHERE l.a = plain.a'),
    ('MERGE INTO plain USING ledger l ON plain.a = l.a WHEN NOT MATCHED THEN INSERT VALUES (l.a, l.b)'),
    ('MERGE INTO plain USING ledger l ON plain.a = l.a WHEN MATCHED THEN DELETE'),
    ('WITH gone AS (DELETE FROM ledger WHERE a IS NOT NULL RETURNING *) INSERT INTO plain SELECT * FROM gone'),
    ('WITH gone AS (DELETE FROM ledger WHERE a IS NOT NULL) INSERT INTO plain VALUES (1)'),
    ('INSERT INTO ledger SELECT * FROM plain'),
    ('COPY ledger TO ''/dev/null''');
-- Files are the superusers' and these roles'.
GRANT pg_write_server_files TO regress_clerk;
\c - regress_clerk
SELECT * FROM stage.outcomes();
SELECT * INTO new FROM ledger;
COPY ledger TO stdout;
COPY (SELECT * FROM ledger) TO stdout;
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{SELECT,INSERT,DELETE}', on_table => 'ledger');
SELECT warrant.grant('regress_clerk', '{INSERT}', on_table => 'safe');
\c - regress_clerk
SELECT * FROM stage.outcomes();
COPY ledger TO stdout;
-- A plan that was kept is not planned again.
\c - regress_clerk
SET plan_cache_mode = force_generic_plan;
PREPARE kept AS SELECT * FROM ledger;
EXECUTE kept;
CREATE TABLE new AS EXECUTE kept;
EXPLAIN CREATE TABLE new AS EXECUTE kept;
EXPLAIN ANALYZE CREATE TABLE new AS EXECUTE kept;
-- Through a view that only passes it on, what is written stays where it is protected.
CREATE VIEW through AS SELECT * FROM safe;
INSERT INTO through SELECT * FROM ledger;
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{EXPORT}', on_table => 'ledger');
SELECT warrant.grant('regress_clerk', '{MAINTAIN}', on_table => 'safe_copied');
\c - regress_clerk
SELECT * FROM stage.outcomes() WHERE outcome <> 'runs';
COPY ledger TO stdout;
COPY (SELECT * FROM ledger) TO stdout;

\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
