-- The gate's own state: who decides, and the rules. Without the gate there are tables and roles of the same names.

--- become_approver: who may create roles makes himself an approver
-- until 15
-- as temp
-- needs nothing
-- shows ^he is$
-- setup
\if :gated
\else
CREATE ROLE warrant_approver;
\endif
CREATE ROLE temp LOGIN CREATEROLE;
CREATE ROLE colleague;
-- attack
GRANT warrant_approver TO colleague;
SELECT 'he is' WHERE pg_has_role('colleague', 'warrant_approver', 'member');

--- servers_programs: who may create roles lets himself run the server's programs
-- until 15
-- as temp
-- needs nothing
-- shows ^he runs them$
-- setup
CREATE ROLE temp LOGIN CREATEROLE;
-- attack
GRANT pg_execute_server_program TO temp;
CREATE TEMPORARY TABLE told (line text);
COPY told FROM PROGRAM 'echo he runs them';
SELECT line FROM told;

--- approvers_password: he changes an approver's password
-- until 15
-- as temp
-- needs nothing
-- shows ^it is his$
-- setup
CREATE ROLE temp LOGIN CREATEROLE;
-- attack
ALTER ROLE boss PASSWORD 'mine';
SELECT 'it is his';

--- open_policy: a policy is rewritten by who may write everything
-- needs nothing
-- watch warrant.policies
-- setup
\if :gated
\else
CREATE SCHEMA warrant;
CREATE TABLE warrant.policies AS SELECT 'approve' AS effect;
GRANT USAGE ON SCHEMA warrant TO PUBLIC;
\endif
GRANT pg_read_all_data, pg_write_all_data TO clerk;
-- attack
UPDATE warrant.policies SET effect = 'open' WHERE effect = 'approve';

--- altered_alone: who administers opens a policy alone, where definitions that weaken need two
-- needs nothing
-- watch warrant.policies
-- configuration
pg_warrant.definition_approval = on
-- setup
\if :gated
\else
CREATE SCHEMA warrant;
CREATE TABLE warrant.policies AS SELECT 'protect shop.orders' AS name, 'approve' AS effect;
CREATE FUNCTION warrant.alter_policy(name text, changes jsonb) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$ UPDATE warrant.policies SET effect = $2->>'effect' $$;
GRANT USAGE ON SCHEMA warrant TO PUBLIC;
\endif
-- gate
SELECT warrant.protect('orders');
GRANT warrant_admin TO clerk;
-- attack
SELECT warrant.alter_policy('protect shop.orders', '{"effect": "open"}');

--- applied_alone: the same by a document
-- needs nothing
-- watch warrant.policies
-- configuration
pg_warrant.definition_approval = on
-- setup
\if :gated
\else
CREATE SCHEMA warrant;
CREATE TABLE warrant.policies AS SELECT 'protect shop.orders' AS name, 'approve' AS effect;
CREATE FUNCTION warrant.apply_policies(doc jsonb, prune boolean, dry_run boolean) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$ DELETE FROM warrant.policies $$;
GRANT USAGE ON SCHEMA warrant TO PUBLIC;
\endif
-- gate
SELECT warrant.protect('orders');
GRANT warrant_admin TO clerk;
-- attack
SELECT * FROM warrant.apply_policies('{"policies": []}', prune => true, dry_run => false);

--- forged_grant: a grant is written by hand
-- needs nothing
-- shows ^it is written$
-- setup
\if :gated
\else
CREATE SCHEMA warrant;
CREATE TABLE warrant.grants (id bigint, grantee oid, grantee_name name, granted_by name[], starts_at timestamptz, ends_at timestamptz);
GRANT USAGE ON SCHEMA warrant TO PUBLIC;
\endif
GRANT pg_read_all_data, pg_write_all_data TO clerk;
-- attack
INSERT INTO warrant.grants (id, grantee, grantee_name, granted_by, starts_at, ends_at)
    VALUES (4711, 'clerk'::regrole, 'clerk', '{boss}', now(), now() + '1 h');
SELECT 'it is written' FROM warrant.grants WHERE id = 4711;

--- erased_audit: a superuser deletes what the audit says
-- as dba
-- needs nothing
-- watch warrant.persons
-- shows ^DELETE done$
-- setup
\if :gated
\else
CREATE SCHEMA warrant;
CREATE TABLE warrant.audit_log (seq bigint);
CREATE TABLE warrant.persons (role oid);
\endif
-- attack
DELETE FROM warrant.audit_log;
SELECT 'DELETE done';

--- dropped_audit: and with the extension all of it would go
-- as dba
-- needs nothing
-- error 2BP01
-- shows ^it is gone$
-- setup
\if :gated
SELECT warrant.protect('orders');
SELECT warrant.action_result(0);
\endif
-- attack
BEGIN;
DROP EXTENSION IF EXISTS pg_warrant CASCADE;
SELECT 'it is gone';
ROLLBACK;

--- triggers_off: without their triggers the rules would change unseen
-- as dba
-- needs nothing
-- watch warrant.policies
-- setup
\if :gated
\else
CREATE SCHEMA warrant;
CREATE TABLE warrant.policies (effect text);
\endif
-- attack
ALTER TABLE warrant.policies DISABLE TRIGGER ALL;
ALTER TABLE warrant.policies ADD x int;

--- replica_role: nor in a session that passes for replication
-- as dba
-- needs nothing
-- watch warrant.policies
-- setup
\if :gated
\else
CREATE SCHEMA warrant;
CREATE TABLE warrant.policies AS SELECT 'approve' AS effect;
\endif
-- attack
SET session_replication_role = replica;
DELETE FROM warrant.policies WHERE effect = 'approve';

--- truncated_rules: TRUNCATE
-- as dba
-- needs nothing
-- watch warrant.policies
-- setup
\if :gated
\else
CREATE SCHEMA warrant;
CREATE TABLE warrant.policies AS SELECT 'approve' AS effect;
\endif
-- attack
TRUNCATE warrant.policies;

--- locked_rules: LOCK, so that nobody could read them
-- as dba
-- needs nothing
-- shows ^it is locked$
-- setup
\if :gated
\else
CREATE SCHEMA warrant;
CREATE TABLE warrant.policies (effect text);
\endif
-- attack
BEGIN;
LOCK warrant.policies;
SELECT 'it is locked';

--- copied_into_rules: COPY into them
-- needs nothing
-- shows ^it is written$
-- setup
\if :gated
\else
CREATE SCHEMA warrant;
CREATE TABLE warrant.grants (id bigint, grantee oid, grantee_name name, granted_by name[], starts_at timestamptz, ends_at timestamptz);
GRANT USAGE ON SCHEMA warrant TO PUBLIC;
\endif
GRANT pg_read_all_data, pg_write_all_data TO clerk;
-- attack
COPY warrant.grants (id, grantee, grantee_name, granted_by, starts_at, ends_at) FROM STDIN;
4712	10	clerk	{boss}	2026-01-01	2099-01-01
\.
SELECT 'it is written' FROM warrant.grants WHERE id = 4712;

--- definer_into_rules: a superuser's function writes them
-- needs nothing
-- watch warrant.policies
-- setup
\if :gated
\else
CREATE SCHEMA warrant;
CREATE TABLE warrant.policies AS SELECT 'approve' AS effect;
\endif
CREATE FUNCTION open_all() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$ UPDATE warrant.policies SET effect = 'open' WHERE effect = 'approve' $$;
-- attack
SELECT open_all();

--- trigger_on_rules: a trigger of one's own on them
-- as dba
-- needs nothing
-- watch warrant.policies
-- setup
\if :gated
\else
CREATE SCHEMA warrant;
CREATE TABLE warrant.policies (effect text);
\endif
CREATE FUNCTION veto() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
-- attack
CREATE TRIGGER veto BEFORE INSERT ON warrant.policies FOR EACH ROW EXECUTE FUNCTION veto();

--- member_since: membership that is younger than the grant
-- needs SELECT on orders
-- setup
CREATE ROLE team;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('team', '{SELECT}', on_table => 'orders');
GRANT team TO clerk;
-- attack
TABLE orders;

--- shadowed_names: objects with the gate's names stand before them
-- needs SELECT on orders
-- attack
CREATE TEMPORARY TABLE policies (effect text);
CREATE TEMPORARY TABLE grant_scopes (id bigint);
CREATE FUNCTION pg_temp.int8eq(bigint, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true';
SET search_path = pg_temp, desk, pg_catalog, shop;
TABLE shop.orders;

--- row_security_setting: settings that change how rows are read
-- needs SELECT on orders
-- attack
SET row_security = off;
SET enable_indexscan = off;
SET enable_seqscan = off;
SET statement_timeout = 0;
TABLE orders;

--- preload_setting: without the library there is no gate after the next start
-- needs nothing
-- shows ^it is set$
-- setup
GRANT ALTER SYSTEM ON PARAMETER shared_preload_libraries TO clerk;
-- attack
ALTER SYSTEM SET shared_preload_libraries = '';
SELECT 'it is set';
ALTER SYSTEM RESET shared_preload_libraries;

--- template_copy: another database with the same rows
-- as temp
-- needs nothing
-- shows ^it is copied$
-- setup
CREATE ROLE temp LOGIN CREATEDB;
GRANT dba TO temp;
-- attack
\c postgres
CREATE DATABASE copy TEMPLATE market;
SELECT 'it is copied';
DROP DATABASE copy WITH (FORCE);

--- given_function: a superuser gives a function of the gate to who then may replace it
-- as dba
-- needs nothing
-- shows ^it is his$
-- setup
\if :gated
\else
CREATE SCHEMA warrant_internal;
CREATE FUNCTION warrant_internal.is_home() RETURNS boolean LANGUAGE sql AS 'SELECT true';
\endif
-- attack
ALTER FUNCTION warrant_internal.is_home OWNER TO clerk;
SELECT 'it is his' FROM pg_proc WHERE oid = 'warrant_internal.is_home'::regproc AND proowner = 'clerk'::regrole;
ALTER FUNCTION warrant_internal.is_home OWNER TO dba;

--- profile_rewritten: a profile is rewritten by who may write everything, so that others ask for what they do not mean
-- needs nothing
-- watch warrant.profiles
-- setup
\if :gated
SELECT warrant.create_profile('reader', '{READ}', on_table => 'orders');
\else
CREATE SCHEMA warrant;
CREATE TABLE warrant.profiles AS SELECT '{READ}'::text[] AS commands;
GRANT USAGE ON SCHEMA warrant TO PUBLIC;
\endif
GRANT pg_read_all_data, pg_write_all_data TO clerk;
-- attack
UPDATE warrant.profiles SET commands = '{ALL}';
-- after
\if :gated
SELECT warrant.drop_profile('reader');
\endif

--- profile_copied: a superuser copies one in beside those that there are
-- as dba
-- needs nothing
-- watch warrant.profiles
-- setup
\if :gated
SELECT warrant.create_profile('reader', '{READ}', on_table => 'orders');
\else
CREATE SCHEMA warrant;
CREATE TABLE warrant.profiles (name text, commands text[], target_kind "char", target oid, target_schema name, target_name name, for_roles oid[], for_role_names name[]);
\endif
-- attack
COPY warrant.profiles (name, commands, target_kind, target, target_schema, target_name, for_roles, for_role_names) FROM stdin;
other	{ALL}	d	0			{}	{}
\.
-- after
\if :gated
SELECT warrant.drop_profile('reader');
\endif

--- profile_untold: without its triggers a change of it would be in no log
-- as dba
-- needs nothing
-- watch warrant.profiles
-- setup
\if :gated
\else
CREATE SCHEMA warrant;
CREATE TABLE warrant.profiles (name text);
\endif
-- attack
ALTER TABLE warrant.profiles DISABLE TRIGGER ALL;
ALTER TABLE warrant.profiles ADD x int;
