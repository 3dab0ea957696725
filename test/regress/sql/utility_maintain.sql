-- MAINTAIN: VACUUM, ANALYZE, CLUSTER, REINDEX and REFRESH, by name, by schema and for the whole database.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/outcome.sql'
\i :file
GRANT CREATE ON DATABASE regress_warrant TO regress_clerk;
\c - regress_clerk
CREATE SCHEMA vault;
CREATE TABLE ledger (a int PRIMARY KEY, b text);
CLUSTER ledger USING ledger_pkey;
CREATE TABLE plain (a int);
CREATE TABLE vault.hidden (a int PRIMARY KEY);
CREATE TABLE parts (a int) PARTITION BY LIST (a);
CREATE TABLE part PARTITION OF parts FOR VALUES IN (1);
INSERT INTO parts VALUES (1);
CREATE MATERIALIZED VIEW copied AS SELECT 1 AS a;
\c - :owner
SET client_min_messages = warning;
SELECT count(warrant.protect(t)) FROM unnest('{ledger,vault.hidden,parts,copied}'::regclass[]) AS t;
INSERT INTO stage.attempts (statement) VALUES
    ('ANALYZE ledger'),
    ('ANALYZE ledger (a), plain'),
    ('ANALYZE part'),
    ('ANALYZE plain'),
    ('ANALYZE'),
    ('CLUSTER ledger'),
    ('CLUSTER ledger USING ledger_pkey'),
    ('REINDEX TABLE ledger'),
    ('REINDEX INDEX ledger_pkey'),
    ('REINDEX TABLE plain'),
    ('REFRESH MATERIALIZED VIEW copied'),
    ('REINDEX TABLE nowhere');
\c - regress_clerk
SET client_min_messages = error;
SELECT * FROM stage.outcomes();
VACUUM ledger;
VACUUM (FULL) ledger, plain;
VACUUM parts;
VACUUM;
VACUUM (ANALYZE, SKIP_LOCKED) vault.hidden;
CLUSTER;
REINDEX TABLE parts;
REINDEX TABLE CONCURRENTLY ledger;
REINDEX SCHEMA vault;
REINDEX SCHEMA public;
VACUUM plain;
\c - :owner
GRANT USAGE ON SCHEMA vault TO regress_chief;
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{MAINTAIN}', on_tables => '{ledger,vault.hidden,parts,copied}');
\c - regress_clerk
SET client_min_messages = error;
SELECT * FROM stage.outcomes() WHERE outcome <> 'runs';
VACUUM ledger;
VACUUM (FULL) ledger, plain;
VACUUM ANALYZE parts;
VACUUM;
VACUUM (ANALYZE, SKIP_LOCKED) vault.hidden;
CLUSTER;
REINDEX TABLE parts;
REINDEX TABLE CONCURRENTLY ledger;
REINDEX SCHEMA vault;
-- The partitions were visited too.
SELECT relname, reltuples FROM pg_class WHERE relname LIKE 'part%' AND relkind = 'r';
-- Who does not own them is told so by the server, and nothing is filed.
\c - regress_other
SET client_min_messages = error;
\set VERBOSITY sqlstate
VACUUM ledger;
REINDEX TABLE ledger;
SELECT event, command, relation FROM stage.news() WHERE who = 'regress_other';

\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
