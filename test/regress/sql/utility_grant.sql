-- GRANT and REVOKE of privileges on protected relations, by name and by schema.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/outcome.sql'
\i :file
GRANT CREATE ON DATABASE regress_warrant TO regress_clerk;
\c - regress_clerk
CREATE SCHEMA vault;
CREATE TABLE ledger (a int);
CREATE TABLE plain (a int);
CREATE VIEW shown AS SELECT a FROM plain;
CREATE TABLE vault.hidden (a int);
CREATE TABLE vault.known (a int);
CREATE SEQUENCE vault.numbers;
CREATE TABLE parts (a int) PARTITION BY LIST (a);
CREATE TABLE part PARTITION OF parts FOR VALUES IN (1);
\c - :owner
SET client_min_messages = warning;
SELECT count(warrant.protect(t)) FROM unnest('{ledger,shown,vault.hidden,parts}'::regclass[]) AS t;
INSERT INTO stage.attempts (statement) VALUES
    ('GRANT SELECT ON ledger TO regress_other'),
    ('GRANT SELECT (a) ON ledger TO regress_other'),
    ('GRANT ALL ON TABLE plain, ledger TO PUBLIC'),
    ('REVOKE ALL ON ledger FROM regress_other'),
    ('GRANT SELECT ON ALL TABLES IN SCHEMA vault TO regress_other'),
    ('REVOKE ALL ON ALL TABLES IN SCHEMA vault FROM PUBLIC'),
    ('GRANT SELECT ON shown TO regress_other'),
    ('GRANT USAGE ON ALL SEQUENCES IN SCHEMA vault TO regress_other'),
    ('GRANT USAGE ON SCHEMA vault TO regress_other'),
    ('ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC'),
    ('GRANT SELECT ON plain TO regress_other'),
    ('GRANT SELECT ON part TO regress_other');
\c - regress_clerk
SELECT * FROM stage.outcomes();
\c - :owner
GRANT USAGE ON SCHEMA vault TO regress_chief;
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{GRANT}', on_tables => '{ledger,shown,vault.hidden,parts}');
\c - regress_clerk
SELECT * FROM stage.outcomes() WHERE outcome <> 'runs';
-- The name does not come to lead elsewhere.
CREATE TABLE vault.ledger (a int);
SET search_path = vault, public;
SELECT stage.outcome('GRANT SELECT ON ledger TO regress_other');

\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
