-- Names that the gate makes are the same under every setting; views call what was renamed as it is called now.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE SCHEMA vault;
CREATE TABLE vault.gold (a int);
CREATE TABLE ledger (a int);
CREATE TABLE "Odd name" (a int);
GRANT USAGE ON SCHEMA vault TO PUBLIC;
GRANT ALL ON vault.gold, ledger, "Odd name" TO PUBLIC;
SET client_min_messages = warning;
SELECT warrant.protect('ledger'), warrant.protect('"Odd name"'), warrant.protect_schema('vault');
-- Protecting twice gives the same policy.
SET quote_all_identifiers = on;
SET search_path = vault, public;
SET DateStyle = 'German';
SET extra_float_digits = 3;
SET IntervalStyle = 'iso_8601';
SELECT warrant.protect('ledger'), warrant.protect('"Odd name"'), warrant.protect_schema('vault');
SELECT count(*) FROM warrant.policies WHERE target_kind <> '!';
SELECT warrant.set_person('regress_other', 'ann'), warrant.create_policy('never', 'deny', on_table => 'ledger', commands => '{TRUNCATE}');
CREATE ROLE regress_member IN ROLE warrant_auditor;
ALTER ROLE regress_member SET session_preload_libraries = '';
DROP ROLE regress_member;
SET client_min_messages = notice;
SELECT warrant.protect('ledger', except_roles => '{}');
SELECT warrant.unprotect('vault.gold');
RESET ALL;
SELECT stage.settle();
SELECT event, policy_name, comment FROM warrant.audit_log WHERE event IN ('policy_created', 'person_changed', 'role_changed', 'config_changed') AND seq > (SELECT seq FROM stage.mark) ORDER BY seq;

-- Requests and grants follow renames of tables, schemas and roles.
CREATE ROLE regress_renamed LOGIN;
\c - regress_renamed
SELECT stage.try('SELECT * FROM ledger') IS NOT NULL AS asked, stage.try('SELECT * FROM vault.gold') IS NOT NULL AS asked;
SELECT warrant.request('{INSERT}', on_schema => 'vault') IS NOT NULL AS asked, warrant.request('{DELETE}', on_table => 'ledger') IS NOT NULL AS asked;
\c - regress_chief
SELECT warrant.approve(2);
SELECT warrant.approve(4);
\c - :owner
ALTER TABLE ledger RENAME TO journal;
ALTER TABLE vault.gold RENAME TO silver;
ALTER SCHEMA vault RENAME TO attic;
ALTER ROLE regress_renamed RENAME TO regress_new_name;
SELECT id, who, target, commands FROM warrant.pending;
SELECT id, grantee_name, schema_name, relation_name, commands FROM warrant.active_grants ORDER BY id;
\c - regress_new_name
SELECT id, state, schema_name, relation_name, commands FROM warrant.my_requests ORDER BY id;
SELECT id, schema_name, relation_name, commands, grantee_name FROM warrant.my_grants ORDER BY id;
-- A grant made, and ended, after the rename is recorded under the new names.
\c - regress_chief
SELECT warrant.approve(1);
SELECT warrant.revoke(1);
SELECT warrant.revoke(2);
\c - :owner
SELECT event, schema_name, relation_name, command FROM warrant.audit_log WHERE event IN ('grant_created', 'grant_revoked') ORDER BY seq;
-- What is gone is called as it was.
DROP TABLE journal;
\c - regress_new_name
SELECT id, schema_name, relation_name FROM warrant.my_requests WHERE id IN (1, 4) ORDER BY id;
\c - :owner
DROP OWNED BY regress_new_name;
DROP ROLE regress_new_name;
\set file :directory '/sql/include/leave.sql'
\i :file
