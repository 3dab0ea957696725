-- MAINTAIN by who may without owning: the database's and the schema's owner, and since 17 who has the privilege. Before, he owns the relation.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/outcome.sql'
\i :file
SET client_min_messages = warning;
CREATE SCHEMA vault;
CREATE TABLE vault.hidden (a int PRIMARY KEY);
CREATE TABLE ledger (a int PRIMARY KEY);
CLUSTER ledger USING ledger_pkey;
CREATE MATERIALIZED VIEW copied AS SELECT 1 AS a;
SELECT count(warrant.protect(t)) FROM unnest('{ledger,vault.hidden,copied}'::regclass[]) AS t;
ALTER SCHEMA vault OWNER TO regress_other;
ALTER DATABASE regress_warrant OWNER TO regress_other;
\c - regress_other
\set VERBOSITY terse
VACUUM ledger;
ANALYZE vault.hidden;
VACUUM;
REINDEX SCHEMA vault;
\c - :owner
ALTER DATABASE regress_warrant OWNER TO :owner;
INSERT INTO stage.attempts (statement) VALUES
    ('ANALYZE ledger'),
    ('CLUSTER ledger'),
    ('REINDEX TABLE ledger'),
    ('REINDEX INDEX ledger_pkey'),
    ('REFRESH MATERIALIZED VIEW copied'),
    ('LOCK TABLE ledger IN EXCLUSIVE MODE');
SELECT current_setting('server_version_num')::int >= 170000 AS has_privilege \gset
\if :has_privilege
GRANT MAINTAIN ON ledger, copied TO regress_clerk;
\else
ALTER TABLE ledger OWNER TO regress_clerk;
ALTER MATERIALIZED VIEW copied OWNER TO regress_clerk;
\endif
\c - regress_clerk
\set VERBOSITY terse
SELECT * FROM stage.outcomes();
VACUUM ledger;
CLUSTER;
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{MAINTAIN,LOCK}', on_tables => '{ledger,copied}');
\c - regress_clerk
SELECT * FROM stage.outcomes();
VACUUM ledger;
CLUSTER;

\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
