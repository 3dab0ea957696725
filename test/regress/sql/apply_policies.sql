-- export_policies, apply_policies: policies as a document, from one database to another.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
SET client_min_messages = warning;
CREATE ROLE regress_guild;
CREATE ROLE "regress ""odd";
SELECT U&'ledger "of" \05D0' AS odd \gset
CREATE SCHEMA "the room";
CREATE TABLE ledger (a int);
CREATE TABLE :"odd" (a int);
GRANT SELECT, INSERT ON ledger TO regress_clerk;
SELECT warrant.add_webhook('desk', 'https://desk.example.com/', 'decision', 'desk');

-- Who may export and apply.
\c - regress_clerk
SELECT state, message FROM stage.try('SELECT warrant.export_policies()');
SELECT state, message FROM stage.try($$SELECT * FROM warrant.apply_policies('{"policies": []}', prune => true, dry_run => false)$$);
\c - regress_auditor
SELECT warrant.export_policies();
SELECT state FROM stage.try($$SELECT * FROM warrant.apply_policies('{"policies": []}')$$);

-- What is no default is exported, in one order and one spelling.
\c - regress_dba
SET client_min_messages = warning;
SELECT warrant.protect('ledger');
SELECT warrant.create_policy('all of it', 'approve', on_table => 'ledger', for_roles => '{regress_other,regress_clerk,"\"regress \"\"odd\""}', except_roles => '{regress_dba}', commands => '{write,READ}', priority => -3,
    mode => 'monitor', min_approvals => 2, approver_role => 'regress_guild', default_duration => '90 min', max_duration => '2 days', request_ttl => '1 h', max_uses => 7, require_reason => true, audit => 'none',
    audit_wait => false, webhook => 'desk', definer_roles => '{regress_chief}', require_comment => true, hours => 'Mon-Fri 08:00-18:00 Europe/Berlin', client_cidr => '{10.0.0.0/8,::1/128}');
SELECT warrant.create_policy('a room', 'deny', on_schema => 'the room'), warrant.create_policy('Admin', 'approve', on_database => true, commands => '{ADMIN}'), warrant.create_policy('free', 'open', on_table => 'ledger', commands => '{READ}', audit => 'statement');
SELECT warrant.create_policy(:'odd', 'open', on_table => quote_ident(:'odd')::regclass) = :'odd' AS odd;
RESET client_min_messages;
SET intervalstyle = iso_8601;
SET quote_all_identifiers = on;
SELECT jsonb_pretty(warrant.export_policies());
RESET intervalstyle;
RESET quote_all_identifiers;
SELECT warrant.export_policies() AS document \gset

-- Applied where it came from it changes nothing.
SELECT * FROM warrant.apply_policies(:'document');
SELECT * FROM warrant.apply_policies(:'document', prune => true, dry_run => false);
SELECT count(*) FILTER (WHERE version > 1) AS changed FROM warrant.policies;

-- What it would do, as it does it, and once more.
CREATE TEMP TABLE wanted AS SELECT jsonb_build_object('policies', jsonb_build_array(
    jsonb_build_object('name', 'all of it', 'effect', 'approve', 'on_table', 'public.ledger', 'mode', NULL, 'max_uses', NULL),
    jsonb_build_object('name', 'a room', 'effect', 'deny', 'on_schema', 'the room', 'commands', ARRAY['DDL']),
    jsonb_build_object('name', 'new', 'effect', 'approve', 'on_table', 'ledger'::regclass, 'commands', ARRAY['SELECT'], 'mode', 'monitor', 'except_roles', ARRAY['regress_dba', 'regress_clerk']::regrole[], 'max_duration', interval '1 h'),
    warrant.export_policies()->'policies'->0)) AS document;
UPDATE wanted SET document = jsonb_set(document, '{policies,2,on_table}', '"public.ledger"');
SELECT a.* FROM wanted w, warrant.apply_policies(w.document, prune => true) AS a;
SELECT count(*) FILTER (WHERE version > 1) AS changed, count(*) AS policies FROM warrant.policies;
BEGIN;
SELECT a.* FROM wanted w, warrant.apply_policies(w.document, prune => true, dry_run => false) AS a;
SELECT a.* FROM wanted w, warrant.apply_policies(w.document, prune => true, dry_run => false) AS a;
SELECT jsonb_pretty(warrant.export_policies());
ROLLBACK;
SELECT a.* FROM wanted w, warrant.apply_policies(w.document, dry_run => false) AS a;
SELECT a.* FROM wanted w, warrant.apply_policies(w.document) AS a;
SELECT warrant.export_policies() AS document \gset
\c - :owner
SELECT event, who, comment FROM stage.news() WHERE event = 'policy_changed';

-- All or nothing.
\c - regress_dba
SELECT t.* FROM stage.try($$SELECT * FROM warrant.apply_policies('{"policies": [{"name": "x", "effect": "deny", "on_table": "public.ledger"}, {"name": "y", "effect": "deny", "on_table": "public.ledger", "mode": "loose"}]}', dry_run => false)$$) AS t;
SELECT count(*) FROM warrant.policies WHERE name IN ('x', 'y');

-- What is no document.
SELECT d.document, t.state, t.message, t.detail, t.hint FROM (VALUES (NULL), ('null'), ('[]'), ('{}'), ('{"policies": {}}'), ('{"policies": [], "Policies": []}'), ('{"policies": [null]}'), ('{"policies": ["x"]}'), ('{"policies": [{}]}'),
    ('{"policies": [{"name": null, "effect": "deny", "on_table": "public.ledger"}]}'), ('{"policies": [{"name": "", "effect": "deny", "on_table": "public.ledger"}]}')) AS d (document), LATERAL stage.try(format('SELECT * FROM warrant.apply_policies(%L)', d.document)) AS t;
SELECT p.policy, t.state, t.message, t.detail FROM (VALUES ('"effect": "deny"'), ('"effect": "deny", "on_table": null'), ('"on_table": "public.ledger"'), ('"effect": "deny", "on_table": "ledger"'), ('"effect": "deny", "on_table": "public.missing"'), ('"effect": "deny", "on_table": "public.ledger", "on_schema": "public"'),
    ('"effect": "deny", "on_table": ""'), ('"effect": "deny", "on_table": {}'), ('"effect": "deny", "on_schema": "missing"'), ('"effect": "deny", "on_schema": "warrant"'), ('"effect": "deny", "on_database": "perhaps"'), ('"effect": "deny", "on_table": "warrant.policies"'),
    ('"effect": "deny", "on_database": true, "for_roles": ["regress_nobody"]'), ('"effect": "deny", "on_database": true, "For_roles": []'), ('"effect": "deny", "on_database": true, "created_by": "me"'), ('"effect": "approve", "on_database": true, "webhook": "none"')) AS p (policy),
    LATERAL stage.try(format('SELECT * FROM warrant.apply_policies(%L)', '{"policies": [{"name": "x", ' || p.policy || '}]}')) AS t;
SELECT state, message FROM stage.try($$SELECT * FROM warrant.apply_policies('{"policies": [{"name": "x", "effect": "deny", "on_database": true}, {"name": "x", "effect": "open", "on_database": true}]}')$$);
SELECT state, message FROM stage.try($$SELECT * FROM warrant.apply_policies('{"policies": []}', prune => NULL)$$);
SELECT state, message FROM stage.try($$SELECT * FROM warrant.apply_policies('{"policies": []}', dry_run => NULL)$$);
SELECT state, message, detail, hint FROM stage.try($$SELECT * FROM warrant.apply_policies('{"policies": [{"name": "all of it", "effect": "approve", "on_schema": "public"}]}')$$);

-- A table that was made anew gets its policy again.
\c - :owner
DROP TABLE ledger;
\c - regress_dba
SET client_min_messages = error;
SELECT DISTINCT action, change FROM warrant.apply_policies(:'document');
\c - :owner
SET client_min_messages = error;
CREATE TABLE ledger (a int);
\c - regress_dba
SELECT * FROM warrant.apply_policies(:'document', dry_run => false) WHERE action <> 'same';
SELECT * FROM warrant.apply_policies(:'document', dry_run => false) WHERE action <> 'same';

-- A role that is gone stays named: what names it as it stood changes nothing, and who makes it anew has to say so.
\c - :owner
DROP ROLE "regress ""odd";
\c - regress_dba
SELECT action, count(*) FROM warrant.apply_policies(:'document') GROUP BY action;

-- In another database.
\c - :owner
SET client_min_messages = warning;
CREATE DATABASE regress_other_warrant TEMPLATE template0;
\c regress_other_warrant
SET client_min_messages = warning;
CREATE ROLE "regress ""odd";
CREATE EXTENSION pg_warrant;
CREATE SCHEMA "the room";
CREATE TABLE ledger (a int);
CREATE TABLE :"odd" (a int);
SELECT warrant.add_webhook('desk', 'https://desk.example.com/', 'decision', 'desk');
SELECT action, policy, change FROM warrant.apply_policies(:'document', dry_run => false) WHERE change ~ ' on ';
SELECT warrant.export_policies() = :'document' AS equal;
\c regress_warrant
DROP DATABASE regress_other_warrant;

-- With two: a dry run needs nobody, and says what would.
ALTER SYSTEM SET pg_warrant.definition_approval = on;
SELECT pg_reload_conf();
\c -
SHOW pg_warrant.definition_approval;
\c - regress_dba
SELECT * FROM warrant.apply_policies('{"policies": [{"name": "a room", "effect": "deny", "on_schema": "the room", "mode": "monitor"}]}');
SELECT state, message, detail FROM stage.try($$SELECT * FROM warrant.apply_policies('{"policies": [{"name": "a room", "effect": "deny", "on_schema": "the room", "mode": "monitor"}]}', dry_run => false)$$);
SELECT state, message FROM stage.try($$SELECT * FROM warrant.apply_policies('{"policies": []}', prune => true, dry_run => false)$$);
SELECT * FROM warrant.apply_policies('{"policies": [{"name": "closer", "effect": "deny", "on_table": "public.ledger", "commands": ["DELETE"], "priority": 9}]}', dry_run => false);
\c - :owner
ALTER SYSTEM RESET pg_warrant.definition_approval;
SELECT pg_reload_conf();
\c -
DROP ROLE regress_guild, "regress ""odd";
\set file :directory '/sql/include/leave.sql'
\i :file
