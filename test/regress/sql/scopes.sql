-- Requests and grants on several tables, a schema or the database: what they need, and what they do not cover.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE SCHEMA vault;
CREATE TABLE vault.gold (a int);
CREATE TABLE vault.silver (a int);
CREATE TABLE vault.tin (a int);
CREATE TABLE plain (a int);
CREATE TABLE ledger (a int);
GRANT SELECT ON stage.mark TO regress_clerk;
CREATE ROLE regress_team;
GRANT regress_team TO regress_deputy;
GRANT USAGE ON SCHEMA vault TO PUBLIC;
GRANT ALL ON ALL TABLES IN SCHEMA vault, public TO PUBLIC;
SELECT warrant.create_policy('vault', 'approve', on_schema => 'vault', max_duration => '2 hours');
SELECT warrant.create_policy('gold', 'approve', on_table => 'vault.gold', approver_role => 'regress_team', max_duration => '1 hour');
SELECT warrant.create_policy('never', 'deny', on_table => 'vault.tin');
SELECT warrant.create_policy('ledger', 'approve', on_table => 'ledger', min_approvals => 2);

-- A schema's request has an item for each policy that governs something in it, and needs the approvers of all of them.
\c - regress_clerk
SELECT warrant.request('{READ}', on_schema => 'vault');
SELECT id, schema_name, relation_name, commands, policy_name FROM warrant.my_requests ORDER BY policy_name;
\set VERBOSITY sqlstate
SELECT warrant.request('{SELECT}', on_schema => 'vault', duration => '90 min');
SELECT warrant.request('{SELECT}', on_schema => 'stage');
\set VERBOSITY default
\c - regress_chief
SELECT warrant.approve(1);
\c - regress_deputy
SELECT warrant.approve(1, duration => '1 hour');
\c - regress_clerk
SELECT * FROM vault.gold;
SELECT * FROM vault.silver;
SELECT * FROM vault.tin;
SELECT * FROM ledger;
INSERT INTO vault.gold VALUES (1);
SELECT schema_name, relation_name, commands, policy_name FROM warrant.my_grants ORDER BY policy_name;
SELECT * FROM stage.news() WHERE event IN ('allowed', 'refused');
-- A table that comes later is covered under the schema's policy, not under a policy of its own.
\c - :owner
CREATE TABLE vault.later (a int);
CREATE TABLE vault.latest (a int);
GRANT ALL ON vault.later, vault.latest TO PUBLIC;
SELECT warrant.create_policy('latest', 'approve', on_table => 'vault.latest');
\c - regress_clerk
SELECT * FROM vault.later;
SELECT * FROM vault.latest;
-- Nor one that another policy takes over, or that leaves the schema for another that is protected.
\c - :owner
SELECT warrant.create_policy('silver', 'approve', on_table => 'vault.silver');
\c - regress_clerk
SELECT * FROM vault.silver;
\c - :owner
SELECT warrant.drop_policy('silver');
CREATE SCHEMA attic;
GRANT USAGE ON SCHEMA attic TO PUBLIC;
SELECT warrant.create_policy('attic', 'approve', on_schema => 'attic');
ALTER TABLE vault.silver SET SCHEMA attic;
\c - regress_clerk
SELECT * FROM attic.silver;
-- Dropping a policy ends what was granted under it, and the same name again does not revive it.
\c - :owner
SELECT warrant.drop_policy('gold'), warrant.drop_policy('vault');
\c - regress_clerk
SELECT * FROM vault.gold;
\c - :owner
SELECT warrant.create_policy('vault', 'approve', on_schema => 'vault');
\c - regress_clerk
SELECT * FROM vault.gold;

-- Several tables; an item for each, and each once.
SELECT warrant.request('{SELECT}', on_tables => '{vault.gold,vault.later,vault.gold}') AS id \gset
SELECT schema_name, relation_name, commands, policy_name FROM warrant.my_requests WHERE id = :id ORDER BY relation_name;
\set VERBOSITY sqlstate
SELECT warrant.request('{SELECT}', on_tables => '{vault.gold,vault.tin}');
\set VERBOSITY default
\c - regress_chief
SELECT warrant.approve(:id);
\c - regress_clerk
SELECT * FROM vault.gold, vault.later;
SELECT * FROM vault.latest;

-- The database: a policy on it, and everything that other policies govern; the strictest quorum holds for all.
\c - :owner
SELECT warrant.protect_database('{SELECT}');
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_database => true) AS id \gset
SELECT DISTINCT policy_name FROM warrant.my_requests WHERE id = :id ORDER BY 1;
\c - regress_chief
SELECT warrant.approve(:id);
\c - regress_deputy
SELECT warrant.approve(:id);
\c - regress_clerk
SELECT * FROM plain;
SELECT * FROM ledger;
SELECT * FROM vault.tin;
DELETE FROM ledger WHERE a IS NOT NULL;

-- A schema that is still empty: what its policy governs is what will be created there.
\c - :owner
CREATE SCHEMA nursery;
GRANT ALL ON SCHEMA nursery TO PUBLIC;
SELECT warrant.protect_schema('nursery');
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{CREATE,INSERT,SELECT}', on_schema => 'nursery') AS granted \gset
SELECT commands, policy_name FROM warrant.active_grants WHERE id = :granted;
\c - regress_clerk
CREATE TABLE nursery.first (a int);
INSERT INTO nursery.first VALUES (1);
SELECT * FROM nursery.first;
\set VERBOSITY sqlstate
DELETE FROM nursery.first WHERE a IS NOT NULL;
\set VERBOSITY default
-- Hundreds of tables in one request, which is found again.
\c - :owner
DO $$ BEGIN FOR i IN 1..700 LOOP EXECUTE format('CREATE TABLE nursery.t%s (a int)', i); END LOOP; END $$;
GRANT UPDATE ON ALL TABLES IN SCHEMA nursery TO regress_clerk;
\c - regress_clerk
SELECT array_agg(oid::regclass) AS tables FROM pg_class WHERE relnamespace = 'nursery'::regnamespace AND relkind = 'r' \gset
SELECT warrant.request('{UPDATE}', on_tables => :'tables') AS id \gset
SELECT count(*), warrant.request('{UPDATE}', on_tables => :'tables') = :id AS same FROM warrant.my_requests WHERE id = :id;
\c - :owner
SET client_min_messages = warning;
DROP SCHEMA nursery CASCADE;
DROP OWNED BY regress_team;
DROP ROLE regress_team;
\set file :directory '/sql/include/leave.sql'
\i :file
