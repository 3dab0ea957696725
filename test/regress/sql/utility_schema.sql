-- Renaming a schema is ALTER of what is in it: a protected relation gets another name by it.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/outcome.sql'
\i :file
GRANT CREATE ON DATABASE regress_warrant TO regress_clerk;
\c - regress_clerk
CREATE SCHEMA vault;
CREATE TABLE vault.ledger (a int);
CREATE TABLE vault.plain (a int);
CREATE TABLE vault.parts (a int) PARTITION BY LIST (a);
CREATE TABLE vault.part PARTITION OF vault.parts FOR VALUES IN (1);
CREATE VIEW vault.shown AS SELECT a FROM vault.plain;
CREATE SCHEMA attic;
CREATE TABLE attic.part PARTITION OF vault.parts FOR VALUES IN (2);
CREATE SCHEMA empty;
CREATE SCHEMA free;
CREATE TABLE free.plain (a int);
\c - :owner
CREATE SCHEMA others;
CREATE TABLE others.ledger (a int);
SET client_min_messages = warning;
SELECT count(warrant.protect(t)) FROM unnest('{vault.ledger,vault.parts,vault.shown,others.ledger}'::regclass[]) AS t;
INSERT INTO stage.attempts (statement) VALUES
    ('ALTER SCHEMA vault RENAME TO cellar'),
    ('ALTER SCHEMA attic RENAME TO loft'),
    ('ALTER SCHEMA empty RENAME TO bare'),
    ('ALTER SCHEMA free RENAME TO bound'),
    ('ALTER SCHEMA missing RENAME TO found'),
    -- Not his: the server's own error.
    ('ALTER SCHEMA others RENAME TO mine'),
    ('DO $d$ BEGIN ALTER SCHEMA vault RENAME TO cellar; END $d$');
\c - regress_clerk
SELECT * FROM stage.outcomes();

-- The new name would be a decoy's way: nothing was renamed, and what the policies cover is still covered.
SELECT nspname FROM pg_namespace WHERE nspname IN ('vault', 'cellar');
\c - :owner
GRANT USAGE ON SCHEMA vault TO regress_chief;
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{ALTER}', on_tables => '{vault.ledger,vault.parts,vault.shown}');
\c - regress_clerk
SELECT * FROM stage.outcomes() WHERE outcome LIKE 'needs%';
ALTER SCHEMA vault RENAME TO cellar;
SELECT stage.outcome('SELECT FROM cellar.ledger');
\c - :owner
SELECT event, who, command, relation, outcome FROM stage.news() WHERE event = 'allowed' AND NOT outcome = 'error';
\set file :directory '/sql/include/leave.sql'
\i :file
