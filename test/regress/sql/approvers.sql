-- Approvers of several roles: a number of persons of each, nobody for two of them.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE orders (a int);
CREATE TABLE notes (a int);
GRANT ALL ON orders, notes TO PUBLIC;
CREATE ROLE regress_dbas;
CREATE ROLE "regress ""sec";
CREATE ROLE regress_law;
CREATE ROLE regress_d1 LOGIN IN ROLE regress_dbas;
CREATE ROLE regress_d2 LOGIN IN ROLE regress_dbas;
CREATE ROLE regress_both LOGIN IN ROLE regress_dbas, "regress ""sec";
CREATE ROLE regress_s1 LOGIN IN ROLE "regress ""sec";
SELECT warrant.add_webhook('desk', 'https://desk.example.com/', 'decision', 'desk');
SET client_min_messages = warning;

-- What it takes, and what it does not.
SELECT DISTINCT t.state, t.message, t.detail, t.hint FROM unnest(ARRAY[
    $j$ '[]' $j$, $j$ '{}' $j$, $j$ '"regress_dbas"' $j$, $j$ '{"regress_dbas": 0}' $j$, $j$ '{"regress_dbas": 101}' $j$, $j$ '{"regress_dbas": 1.5}' $j$, $j$ '{"regress_dbas": -1}' $j$,
    $j$ '{"regress_dbas": "1"}' $j$, $j$ '{"regress_dbas": null}' $j$, $j$ '{"regress_dbas": 1e9}' $j$, $j$ '{"regress_nobody": 1}' $j$, $j$ '{"": 1}' $j$, $j$ '{"-": 1}' $j$,
    $j$ '{"regress_dbas": 1, "\"regress_dbas\"": 1}' $j$, $j$ '{"regress_dbas": 60, "regress_law": 41}' $j$,
    $j$ '{"regress_dbas": 1, "regress_law": 1}', min_approvals => 2 $j$, $j$ '{"regress_dbas": 1}', approver_role => 'regress_law' $j$,
    $j$ '{"regress_dbas": 1, "regress_law": 1}', webhook => 'desk' $j$,
    $j$ (SELECT jsonb_object_agg('r' || i, 1) FROM generate_series(1, 11) AS i) $j$]) AS c (call),
    stage.try(format($$SELECT warrant.create_policy('x', 'approve', on_table => 'orders', approvers => %s)$$, c.call)) AS t ORDER BY 2, 3;
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders', approvers => '{"regress_dbas": 1, "\"regress \"\"sec\"": 1}');
SELECT warrant.create_policy('notes', 'approve', on_table => 'notes', approvers => '{"regress_dbas": 2}');
SELECT name, min_approvals, approver_role_name, other_approver_role_names, other_approvals FROM warrant.policies WHERE target_kind <> '!' ORDER BY name;
SELECT jsonb_array_elements(warrant.export_policies()->'policies');
SELECT action, policy, change FROM warrant.apply_policies(warrant.export_policies());
SELECT action, change, weakens FROM warrant.apply_policies('{"policies": [{"name": "notes", "effect": "approve", "on_table": "public.notes", "approvers": {"regress_dbas": 2}}]}');
SELECT action, change, weakens FROM warrant.apply_policies('{"policies": [{"name": "orders", "effect": "approve", "on_table": "public.orders", "approver_role": "regress_law", "min_approvals": 2}]}');
-- Less is what asks a role for fewer, or no longer.
SELECT c.changes, warrant.alter_policy('orders', c.changes::jsonb) AS said, warrant_internal.weakens(p, (SELECT q FROM warrant.policies q WHERE q.name = 'orders')) AS weakens
  FROM unnest(ARRAY['{"approvers": {"regress_dbas": 2, "\"regress \"\"sec\"": 1}}', '{"approvers": {"regress_dbas": 2, "\"regress \"\"sec\"": 1, "regress_law": 1}}']) AS c (changes),
       warrant.policies p WHERE p.name = 'orders';
SELECT change, weakens FROM unnest(ARRAY['{"regress_dbas": 1, "\"regress \"\"sec\"": 1}', '{"regress_dbas": 2, "regress_law": 1}', '{"regress_dbas": 9, "\"regress \"\"sec\"": 1}',
       '{"regress_dbas": 2, "\"regress \"\"sec\"": 1}', '{"regress_dbas": 100}', '{"regress_dbas": 2, "\"regress \"\"sec\"": 2, "regress_law": 1}']) AS a (approvers),
       warrant.apply_policies(jsonb_build_object('policies', jsonb_build_array(jsonb_build_object('name', 'orders', 'effect', 'approve', 'on_table', 'public.orders', 'approvers', a.approvers::jsonb))));
SELECT * FROM stage.try($$SELECT warrant.alter_policy('orders', '{"min_approvals": 2}')$$);
SELECT * FROM stage.try($$SELECT warrant.alter_policy('orders', '{"approvers": {"regress_law": 1}, "approver_role": "regress_law"}')$$);
SELECT warrant.alter_policy('orders', '{"approvers": null, "approver_role": "regress_law", "min_approvals": 3}');
SELECT warrant.alter_policy('orders', '{"approvers": {"regress_dbas": 1, "\"regress \"\"sec\"": 1}}');
SELECT warrant.alter_policy('orders', '{"approvers": {"\"regress \"\"sec\"": 1, "regress_dbas": 1}}');
RESET client_min_messages;

-- A request waits for a person of each; whom it does not need any more has it in no inbox.
\c - regress_clerk
SELECT * FROM orders;
\c - regress_chief
SELECT count(*) FROM warrant.my_inbox;
SELECT warrant.approve(1);
\c - regress_d1
SELECT id, approvals FROM warrant.my_inbox;
SELECT warrant.approve(1);
SELECT warrant.approve(1);
SELECT item, value FROM warrant.show_request(1) WHERE item IN ('approvals', 'decided by', 'waits for');
\c - regress_d2
SELECT id, approvals FROM warrant.pending;
SELECT count(*) FROM warrant.my_inbox;
SELECT statement FROM warrant.pending;
\c - regress_clerk
SELECT s->'approvals' AS approvals, s->'missing' AS missing, s->'approvers' AS approvers, s->'waits_for' AS waits_for FROM warrant.request_status(1) AS s;
SELECT * FROM orders;
\c - regress_both
SELECT id, approvals FROM warrant.my_inbox;
SELECT warrant.approve(1);
\c - regress_clerk
SELECT * FROM orders;
-- One who is in both counts once, for either: whoever comes next decides for which.
SELECT warrant.request('{UPDATE}', on_table => 'orders');
\c - regress_both
SELECT warrant.approve(2);
SELECT warrant.approve(2);
\c - regress_s1
SELECT id, approvals FROM warrant.my_inbox;
\c - regress_d1
SELECT id, approvals FROM warrant.my_inbox;
SELECT warrant.approve(2);
-- One denial is enough.
\c - regress_clerk
SELECT warrant.request('{DELETE}', on_table => 'orders');
\c - regress_d1
SELECT warrant.approve(3);
-- Who brings it no nearer is told so, and not asked to.
\c - regress_d2
SELECT item FROM warrant.show_request(3) WHERE item IN ('waits for', 'to approve', 'for less', 'to deny');
SELECT warrant.approve(3);
\c - regress_s1
SELECT warrant.deny(3, 'no');
\c - regress_clerk
SELECT s->'state' AS state, s->'deny_comment' AS comment, s->'waits_for' AS waits_for FROM warrant.request_status(3) AS s;

-- A vote counts while its giver is a member, and one human is one person, also where the DBA learns of it later.
SELECT warrant.request('{INSERT}', on_table => 'orders');
\c - regress_d1
SELECT warrant.approve(4);
\c - :owner
REVOKE regress_dbas FROM regress_d1;
\c - regress_s1
SELECT warrant.approve(4);
\c - :owner
GRANT regress_dbas TO regress_d1;
SELECT warrant.set_person('regress_d1', 'dora') AS a, warrant.set_person('regress_s1', 'dora') AS b;
\c - regress_auditor
SELECT id, approvals FROM warrant.pending;
\c - regress_s1
SELECT warrant.request('{TRUNCATE}', on_table => 'orders');
\c - regress_d1
SELECT warrant.approve(5);
\c - regress_d2
SELECT warrant.approve(4);
\c - regress_both
SELECT warrant.approve(4);
\c - :owner
SELECT warrant.set_person('regress_d1', NULL) AS a, warrant.set_person('regress_s1', NULL) AS b;

-- A direct grant is a request with one approval, of whoever has a voice; one that is asked for under several policies needs the approvers of all.
\c - regress_s1
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'orders', reason => 'audit');
SELECT warrant.grant('regress_s1', '{SELECT}', on_table => 'orders');
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'notes');
SELECT warrant.grant('regress_other', '{SELECT}', on_tables => '{orders,notes}');
\c - regress_d1
SELECT request_id, outcome FROM warrant.approve_all('{6,7}'::bigint[]);
\c - regress_both
SELECT warrant.approve(7);
\c - regress_s1
SELECT id, relation_name FROM warrant.active_grants ORDER BY 1, 2;
SELECT warrant.revoke(5);

-- Votes are of the terms: other approvers void them. A grant lives on where it would be given again.
\c - regress_clerk
SELECT warrant.request('{LOCK}', on_table => 'orders');
\c - regress_d1
SELECT warrant.approve(8);
\c - regress_dba
SET client_min_messages = error;
SELECT warrant.alter_policy('orders', '{"approvers": {"regress_dbas": 1, "\"regress \"\"sec\"": 1, "regress_law": 1}}');
\c - regress_d2
SELECT warrant.approve(8);
SELECT warrant.approve(8, version => 2);
\c - regress_clerk
SELECT count(*) FROM orders;
\c - regress_dba
SELECT warrant.alter_policy('orders', '{"approvers": {"regress_dbas": 1, "\"regress \"\"sec\"": 1}}');

-- Roles that nobody is a member of, too few persons, and roles that are renamed or gone.
\c - :owner
SELECT warrant.create_policy('law', 'approve', on_table => 'notes', commands => '{UPDATE}', priority => 1, approvers => '{"regress_dbas": 1, "regress_law": 1}');
SELECT warrant.create_policy('many', 'approve', on_table => 'notes', commands => '{INSERT}', priority => 1, approvers => '{"regress_dbas": 3, "\"regress \"\"sec\"": 2}');
GRANT regress_law TO regress_both;
SELECT item, warning FROM warrant.status() WHERE item LIKE 'policy %' ORDER BY item;
REVOKE regress_law FROM regress_both;
\c - regress_clerk
SELECT warrant.request('{UPDATE}', on_table => 'notes');
UPDATE notes SET a = 1 WHERE a = 0;
\c - :owner
ALTER ROLE regress_law RENAME TO regress_lawyers;
SELECT stage.eventually($$SELECT 'regress_lawyers' = ANY (other_approver_role_names) FROM warrant.policies WHERE name = 'law'$$);
SELECT warrant.export_policies()->'policies'->0->'approvers' AS approvers;
DROP ROLE regress_lawyers;
SELECT stage.eventually($$SELECT other_approver_roles = '{0}' FROM warrant.policies WHERE name = 'law'$$);
SELECT item, warning FROM warrant.status() WHERE item LIKE 'policy %law%';
\c - regress_d1
SELECT warrant.approve(10);
SELECT item, value FROM warrant.show_request(10) WHERE item IN ('approvals', 'decided by', 'waits for');
\c - regress_clerk
UPDATE notes SET a = 1 WHERE a = 0;

\c - :owner
SELECT event, who, request, comment FROM stage.news() WHERE event ~ 'approv|denied|policy_|weakened' AND event NOT LIKE 'policy_created';
SET client_min_messages = error;
SELECT warrant.drop_policy(name) FROM warrant.policies WHERE target_kind <> '!';
DROP ROLE regress_dbas, "regress ""sec", regress_d1, regress_d2, regress_both, regress_s1;
\set file :directory '/sql/include/leave.sql'
\i :file
