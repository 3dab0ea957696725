-- Documents with profiles and labels; roles that were made anew; what a change ends.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/lacks.sql'
\i :file
CREATE ROLE regress_owner LOGIN;
CREATE ROLE regress_keeper LOGIN IN ROLE warrant_admin, regress_owner;
CREATE ROLE regress_readers;
CREATE ROLE "regress ""odd";
CREATE SCHEMA shop AUTHORIZATION regress_owner;
SET ROLE regress_owner;
CREATE TABLE shop.cards (id int, number text);
CREATE TABLE shop.notes (id int);
CREATE TABLE shop."odd ""table" (id int);
CREATE VIEW shop.numbers AS SELECT number FROM shop.cards;
CREATE MATERIALIZED VIEW shop.totals AS SELECT count(*) FROM shop.cards;
GRANT USAGE ON SCHEMA shop TO PUBLIC;
GRANT ALL ON ALL TABLES IN SCHEMA shop TO regress_clerk;
RESET ROLE;
SELECT count(*) >= 0 AS seen FROM stage.news();

-- The whole of it: policies, profiles and labels, as they are written down.
\c - regress_keeper
SELECT '{"policies": [{"name": "pci", "effect": "approve", "on_label": "pci", "commands": ["READ"]}],
         "profiles": [{"name": "reader", "commands": ["read", "SELECT", "READ"], "on_schema": "shop", "for_roles": ["regress_readers", "\"regress \"\"odd\""]},
                      {"name": "the \"desk\"", "commands": ["UPDATE"], "on_table": "shop.notes"}, {"name": "all", "commands": ["READ"], "on_database": true}],
         "labels": {"pci": ["shop.cards", "shop.numbers", "shop.totals", "shop.\"odd \"\"table\""], "free to read": []}}' AS document \gset
SELECT * FROM warrant.apply_policies(:'document');
SELECT count(*) FROM warrant.profiles;
SELECT count(*) FROM pg_seclabel WHERE provider = 'pg_warrant';
SELECT * FROM warrant.apply_policies(:'document', dry_run => false);
SELECT * FROM warrant.apply_policies(:'document', prune => true, dry_run => false);
SET quote_all_identifiers = on;
SELECT jsonb_pretty(warrant.export_policies());
RESET quote_all_identifiers;
SELECT DISTINCT action FROM warrant.apply_policies(warrant.export_policies(), prune => true);
\c - :owner
SELECT event, who, comment FROM stage.news() WHERE event IN ('policy_created', 'profile_changed', 'label_changed', 'weakened');
\c - regress_clerk
SELECT stage.lacks('TABLE shop.cards');
SELECT name FROM warrant.my_profiles;

-- A profile that says something else is changed where it is. None of them weakens.
\c - regress_keeper
SELECT '{"policies": [], "profiles": [{"name": "reader", "commands": ["READ", "WRITE"], "on_table": "shop.cards"}, {"name": "all", "commands": ["READ"], "on_database": true}]}' AS changed \gset
SELECT * FROM warrant.apply_policies(:'changed');
SELECT * FROM warrant.apply_policies(:'changed', dry_run => false);
SELECT * FROM warrant.apply_policies(:'changed', dry_run => false);
SELECT name, commands, target_kind, target_schema, target_name, for_role_names FROM warrant.profiles ORDER BY name;

-- What the document does not have goes with prune, and only of what it has a key for.
SELECT * FROM warrant.apply_policies('{"policies": []}', prune => true);
SELECT * FROM warrant.apply_policies('{"policies": [], "profiles": []}', prune => true);
SELECT * FROM warrant.apply_policies('{"policies": [], "labels": {"other": ["shop.cards"]}}', prune => true);
SELECT * FROM warrant.apply_policies('{"policies": [{"name": "pci", "effect": "approve", "on_label": "pci", "commands": ["READ"]}], "labels": {"other": ["shop.cards"]}}', prune => true);
BEGIN;
SELECT count(*) FROM warrant.apply_policies('{"policies": []}', prune => true, dry_run => false);
SELECT (SELECT count(*) FROM warrant.profiles) AS profiles, (SELECT count(*) FROM pg_seclabel WHERE provider = 'pg_warrant') AS labels;
ROLLBACK;
SELECT * FROM warrant.apply_policies('{"policies": [{"name": "pci", "effect": "approve", "on_label": "pci", "commands": ["READ"]}], "profiles": [], "labels": {"pci": ["shop.notes"]}}', prune => true, dry_run => false) WHERE action = 'drop' AND policy IS NULL;
\c - :owner
-- ALTER is asked for where a policy governs the relation already, as for the statement itself: nothing of the document was done.
SELECT message FROM stage.news() AS n, LATERAL (SELECT n.event || ' ' || coalesce(n.command, '') AS message) AS m WHERE event = 'refused';
\c - regress_dba
SELECT count(*) FROM warrant.profiles;
\c - regress_clerk
SELECT stage.lacks('TABLE shop.cards'), stage.lacks('TABLE shop.notes');
\c - :owner
SET client_min_messages = warning;
SELECT * FROM warrant.apply_policies('{"policies": [{"name": "pci", "effect": "approve", "on_label": "pci", "commands": ["READ"]}], "profiles": [], "labels": {"pci": ["shop.notes"]}}', prune => true, dry_run => false);
RESET client_min_messages;
SELECT event, comment FROM stage.news() WHERE event IN ('profile_changed', 'label_changed', 'weakened', 'policy_dropped');
\c - regress_clerk
SELECT stage.lacks('TABLE shop.cards'), stage.lacks('TABLE shop.notes');

-- Who does not own a table cannot label it by a document either, and nothing of the document is done.
\c - regress_dba
SELECT * FROM warrant.apply_policies('{"policies": [{"name": "x", "effect": "deny", "on_label": "x"}], "labels": {"x": ["shop.cards"]}}');
SELECT state, message FROM stage.try($$SELECT * FROM warrant.apply_policies('{"policies": [{"name": "x", "effect": "deny", "on_label": "x"}], "labels": {"x": ["shop.cards"]}}', dry_run => false)$$);
SELECT state, message FROM stage.try($$SELECT (warrant.apply_policies('{"policies": [{"name": "x", "effect": "deny", "on_label": "x"}], "labels": {"x": ["shop.cards"]}}', dry_run => false)).* LIMIT 1$$);
SELECT state, message FROM stage.try($$SELECT warrant_internal.set_labels(NULL, NULL)$$);
SELECT count(*) FROM warrant.policies WHERE name = 'x';
\c - regress_clerk
SELECT state, message FROM stage.try($$SELECT * FROM warrant.apply_policies('{"policies": []}')$$);

-- What is no document.
\c - regress_keeper
SELECT d.document, t.state, t.message, t.detail, t.hint FROM (VALUES ('"profile": []'), ('"profiles": {}'), ('"profiles": null'), ('"profiles": [null]'), ('"profiles": [{}]'), ('"labels": []'), ('"labels": null'),
    ('"profiles": [{"name": "x", "commands": ["READ"], "on_table": "shop.missing"}]'), ('"profiles": [{"name": "x", "commands": ["READ"], "on_schema": "missing"}]'), ('"profiles": [{"name": "x", "commands": ["READ"], "on_table": "notes"}]'),
    ('"profiles": [{"name": "x", "commands": ["READ"]}]'), ('"profiles": [{"name": "x", "on_database": true}]'), ('"profiles": [{"name": "x", "commands": "READ", "on_database": true}]'), ('"profiles": [{"name": "x", "commands": ["EAT"], "on_database": true}]'),
    ('"profiles": [{"name": "x", "commands": [], "on_database": true}]'), ('"profiles": [{"name": "x", "commands": ["READ"], "on_database": true, "priority": 1}]'), ('"profiles": [{"name": "x", "commands": ["READ"], "on_database": true, "for_roles": ["regress_nobody"]}]'),
    ('"profiles": [{"name": "x", "commands": ["READ"], "on_database": true, "for_roles": "regress_clerk"}]'), ('"profiles": [{"name": " x", "commands": ["READ"], "on_database": true}]'),
    ('"profiles": [{"name": "x", "commands": ["READ"], "on_database": true}, {"name": "x", "commands": ["READ"], "on_schema": "shop"}]'),
    ('"labels": {"": ["shop.cards"]}'), ('"labels": {"pci": "shop.cards"}'), ('"labels": {"pci": null}'), ('"labels": {"pci": [null]}'), ('"labels": {"pci": ["shop.missing"]}'), ('"labels": {"pci": ["cards"]}'), ('"labels": {"pci": ["pg_class"]}'),
    ('"labels": {"pci": ["warrant.policies"]}'), ('"labels": {"pci": ["shop.cards", "shop.cards"]}'), ('"labels": {"pci": ["shop.cards"], "other": ["\"shop\".\"cards\""]}'), ('"labels": {"p\u202eci": ["shop.cards"]}'), ('"labels": {"pci": [""]}')) AS d (document),
    LATERAL stage.try(format('SELECT * FROM warrant.apply_policies(%L)', '{"policies": [], ' || d.document || '}')) AS t \gx (format=unaligned)

-- A profile whose table and role were made anew.
\c - regress_keeper
SELECT '{"policies": [{"name": "pci", "effect": "approve", "on_label": "pci", "commands": ["READ"]}], "profiles": [{"name": "desk", "commands": ["UPDATE"], "on_table": "shop.cards", "for_roles": ["regress_readers"]}]}' AS document \gset
SELECT action, change FROM warrant.apply_policies(:'document', dry_run => false);
\c - :owner
SET client_min_messages = error;
DROP TABLE shop.cards CASCADE;
DROP ROLE regress_readers;
\c - regress_keeper
SELECT action, change FROM warrant.apply_policies(:'document', dry_run => false);
\c - :owner
CREATE ROLE regress_readers;
SET ROLE regress_owner;
CREATE TABLE shop.cards (id int);
GRANT ALL ON shop.cards TO regress_clerk;
RESET ROLE;
\c - regress_keeper
SELECT action, change FROM warrant.apply_policies(:'document');
SELECT action, change FROM warrant.apply_policies(:'document', dry_run => false);
SELECT action, change FROM warrant.apply_policies(:'document', dry_run => false);
\c - :owner
GRANT regress_readers TO regress_clerk;
\c - regress_clerk
SELECT name, target FROM warrant.my_profiles;

-- A policy whose roles were made anew: the same names take the new ones.
\c - :owner
SET client_min_messages = warning;
CREATE ROLE regress_second;
SELECT warrant.create_policy('for readers', 'approve', on_table => 'shop.cards', for_roles => '{regress_readers,"\"regress \"\"odd\""}', except_roles => '{"\"regress \"\"odd\""}', definer_roles => '{regress_readers}',
    approvers => '{"regress_readers": 1, "regress_second": 1}', escalate_to => 'regress_clerk', escalate_after => '1 h');
SELECT warrant.create_policy('by readers', 'approve', on_table => 'shop.cards', commands => '{LOCK}', approver_role => 'regress_readers');
SELECT jsonb_build_object('policies', warrant.export_policies()->'policies') AS document \gset
DROP ROLE regress_readers, regress_second, "regress ""odd";
SELECT DISTINCT action, change FROM warrant.apply_policies(:'document');
SELECT state, message FROM stage.try($$SELECT warrant.alter_policy('for readers', '{"for_roles": ["regress_readers"]}')$$);
CREATE ROLE regress_readers;
SELECT warrant.alter_policy('by readers', '{"mode": "monitor"}');
SELECT warrant.alter_policy('by readers', '{"mode": "enforce"}');
SELECT stage.lacks('TABLE shop.cards') AS nobody_asks_yet;
BEGIN;
SELECT warrant.alter_policy('for readers', '{"for_roles": ["regress_readers"]}');
ROLLBACK;
SELECT warrant.alter_policy('by readers', '{"approver_role": "regress_readers"}');
SELECT warrant.alter_policy('by readers', '{"approver_role": "regress_readers"}');
RESET client_min_messages;
SELECT * FROM warrant.apply_policies(:'document');
SELECT * FROM warrant.apply_policies(:'document', dry_run => false) WHERE action <> 'same';
CREATE ROLE regress_second;
CREATE ROLE "regress ""odd";
SELECT * FROM warrant.apply_policies(:'document', dry_run => false) WHERE action <> 'same';
SELECT * FROM warrant.apply_policies(:'document', dry_run => false) WHERE action <> 'same';
SELECT bool_and(r.role IN (SELECT oid FROM pg_roles)) AS alive FROM warrant.policies p, unnest(p.for_roles || p.except_roles || p.definer_roles || p.approver_role || p.other_approver_roles || p.escalate_to) AS r (role) WHERE p.name LIKE '% readers';
SELECT event, comment FROM stage.news() WHERE event IN ('policy_changed', 'weakened');
GRANT regress_readers TO regress_clerk;
\c - regress_clerk
SELECT stage.lacks('SELECT FROM shop.cards');

-- What a change ends is told, before and after.
\c - :owner
SET client_min_messages = warning;
SELECT warrant.drop_policy('for readers'), warrant.drop_policy('by readers');
REVOKE regress_readers FROM regress_clerk;
SELECT warrant.create_policy('ledger', 'approve', on_table => 'shop.cards', commands => '{WRITE}', min_approvals => 2);
SELECT warrant.create_policy('reading', 'approve', on_table => 'shop.cards', commands => '{READ}');
SELECT jsonb_build_object('policies', warrant.export_policies()->'policies') AS document \gset
\c - regress_clerk
SELECT warrant.request('{INSERT}', on_table => 'shop.cards') AS first, warrant.request('{DELETE}', on_table => 'shop.cards', reason => 'old ones') AS second, warrant.request('{SELECT}', on_table => 'shop.cards') AS third \gset
\c - regress_chief
SELECT warrant.approve(:second);
SELECT warrant.approve(:third);
\c - regress_dba
SELECT change FROM warrant.apply_policies(jsonb_set(:'document', '{policies,0,max_duration}', '"3 h"'));
SELECT change FROM warrant.apply_policies(jsonb_set(:'document', '{policies,0,require_reason}', 'true'));
SELECT change FROM warrant.apply_policies(jsonb_set(:'document', '{policies,0,priority}', '7'));
SELECT change FROM warrant.apply_policies(jsonb_set(:'document', '{policies,2,require_comment}', 'true'));
SELECT change FROM warrant.apply_policies('{"policies": []}', prune => true);
BEGIN;
SELECT change FROM warrant.apply_policies(jsonb_set(:'document', '{policies,0,require_reason}', 'true'), dry_run => false);
ROLLBACK;
BEGIN;
SELECT warrant.alter_policy('reading', '{"effect": "deny"}');
ROLLBACK;
SELECT warrant.alter_policy('ledger', '{"require_reason": true, "priority": 1}');
SELECT warrant.alter_policy('ledger', '{"priority": 2}');
\c - :owner
SELECT comment FROM stage.news() WHERE event = 'policy_changed';

-- Where weakening needs two, a document takes away no label alone; a wider profile needs nobody, as for create_profile.
ALTER SYSTEM SET pg_warrant.definition_approval = on;
SELECT pg_reload_conf();
\c -
SET client_min_messages = warning;
SELECT action, change, weakens FROM warrant.apply_policies('{"policies": [{"name": "pci", "effect": "approve", "on_label": "pci", "commands": ["READ"]}], "labels": {}}', prune => true) WHERE change LIKE 'label%';
SELECT state, message FROM stage.try($$SELECT * FROM warrant.apply_policies(jsonb_set(warrant.export_policies(), '{labels}', '{}'), prune => true, dry_run => false)$$);
SELECT state, message FROM stage.try($$SELECT * FROM warrant.apply_policies('{"policies": [], "labels": {"other": ["shop.notes"]}}', dry_run => false)$$);
SELECT action, change, weakens FROM warrant.apply_policies('{"policies": [], "profiles": [{"name": "desk", "commands": ["ALL"], "on_database": true}]}', dry_run => false);
ALTER SYSTEM RESET pg_warrant.definition_approval;
SELECT pg_reload_conf();
\c -
SET client_min_messages = error;
DROP SCHEMA shop CASCADE;
DROP ROLE regress_owner, regress_keeper, regress_readers, regress_second, "regress ""odd";
\set file :directory '/sql/include/leave.sql'
\i :file
