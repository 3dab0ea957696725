-- Requests that nobody decides: their approvers are reminded, and others may decide, too. Once each, by the recorder.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE orders (a int);
CREATE TABLE notes (a int);
GRANT ALL ON orders, notes TO PUBLIC;
CREATE ROLE regress_bosses;
CREATE ROLE regress_boss LOGIN IN ROLE regress_bosses;
CREATE ROLE regress_second_boss LOGIN IN ROLE regress_bosses;
CREATE ROLE regress_security;
CREATE ROLE "regress ""guard" LOGIN IN ROLE regress_security;
SET client_min_messages = warning;

-- What it takes, and what it does not.
SELECT DISTINCT t.state, t.message, t.detail, t.hint FROM unnest(ARRAY[
    $$'approve', remind_after => '0'$$, $$'approve', remind_after => '-1 s'$$, $$'approve', remind_after => '1 month'$$, $$'approve', remind_after => '25 hours'$$, $$'approve', remind_after => '24 hours'$$,
    $$'approve', remind_after => '2 min', request_ttl => '1 min'$$, $$'approve', escalate_after => '2 min', escalate_to => 'regress_bosses', request_ttl => '1 min'$$,
    $$'approve', escalate_after => '1 min'$$, $$'approve', escalate_to => 'regress_bosses'$$, $$'approve', escalate_after => '1 min', escalate_to => 'warrant_approver'$$,
    $$'approve', escalate_after => '1 min', escalate_to => 'regress_nobody'$$, $$'approve', escalate_after => '1 min', escalate_to => '-'$$, $$'approve', escalate_after => '1 min', escalate_to => 4000000000$$,
    $$'open', remind_after => '1 min'$$, $$'deny', escalate_after => '1 min', escalate_to => 'regress_bosses'$$, $$'auto', remind_after => '1 min'$$]) AS c (call),
    stage.try(format('SELECT warrant.create_policy(''x'', on_table => ''orders'', effect => %s)', c.call)) AS t ORDER BY 2, 3;
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders', remind_after => '1 s', escalate_after => '2 s', escalate_to => 'regress_bosses');
SELECT warrant.create_policy('notes', 'approve', on_table => 'notes', approvers => '{"warrant_approver": 1, "regress_security": 1}', escalate_after => '20 h', escalate_to => 'regress_bosses');
SELECT name, remind_after, escalate_after, escalate_to::regrole, escalate_to_name FROM warrant.policies WHERE target_kind <> '!' ORDER BY name;

-- Documents have them, and know what lets others decide, or sooner.
SELECT p - 'commands' FROM jsonb_array_elements(warrant.export_policies()->'policies') AS p;
SELECT action, policy, change FROM warrant.apply_policies(warrant.export_policies());
SELECT c.change, a.change, a.weakens FROM unnest(ARRAY['{"escalate_after": "00:00:01"}', '{"escalate_after": "01:00:00"}', '{"escalate_to": "regress_security"}', '{"escalate_to": null, "escalate_after": null}',
       '{"remind_after": "01:00:00"}']::jsonb[]) AS c (change),
       LATERAL (SELECT jsonb_build_object('policies', jsonb_build_array((SELECT p FROM jsonb_array_elements(warrant.export_policies()->'policies') AS p WHERE p->>'name' = 'orders') || c.change)) AS doc) AS d,
       LATERAL (SELECT * FROM warrant.apply_policies(d.doc)) AS a;
SELECT c.changes, t.state, t.message, t.hint FROM unnest(ARRAY['{"escalate_after": null}', '{"escalate_to": "warrant_approver"}', '{"effect": "deny"}', '{"remind_after": "1 d"}']) AS c (changes),
       stage.try(format('SELECT warrant.alter_policy(''notes'', %L)', c.changes)) AS t;

-- It is told, and noted, once. Before its time only the approvers have it.
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'orders');
SELECT warrant.request('{SELECT}', on_table => 'notes');
SELECT item, regexp_replace(value, 'in \d+ hours', 'in 20 hours') AS value FROM warrant.show_request(2) WHERE item ~ '^escal|^decided';
\c - regress_boss
SELECT id FROM warrant.my_inbox WHERE id = 2;
SELECT warrant.approve(2);
SELECT * FROM warrant.show_request(2);
SELECT stage.eventually($$SELECT escalated_at IS NOT NULL AND reminded_at IS NOT NULL FROM warrant.requests WHERE id = 1$$);
SELECT id, who, approvals FROM warrant.my_inbox;
SELECT id FROM warrant.pending;
SELECT item, regexp_replace(value, '^.* ago', 'just now') AS value FROM warrant.show_request(1) WHERE item ~ '^escal|^decided|^to ';
SELECT approver, roles FROM warrant.approvers(1);
SELECT warrant.approve(1);
\c - regress_clerk
SELECT s->'state' AS state, s->'approvers' AS approvers, s->>'reminded_at' IS NOT NULL AS reminded, s->>'escalated_at' IS NOT NULL AS escalated FROM warrant.request_status(1) AS s;
SELECT * FROM orders;
\c - :owner
SELECT event, who, request, comment FROM stage.news() WHERE event ~ '^request_(rem|esc)' ORDER BY event;
SELECT count(*) FROM warrant.reminders;

-- Nobody decides his own, nor by his delegate; and a boss counts for one of the roles.
\c - :owner
SET client_min_messages = error;
SELECT warrant.alter_policy('notes', '{"escalate_after": "1 s"}');
\c - regress_boss
SELECT stage.eventually($$SELECT escalated_at IS NOT NULL FROM warrant.requests WHERE id = 2$$);
SELECT id, approvals FROM warrant.my_inbox;
SELECT warrant.approve(2);
SELECT item, value FROM warrant.show_request(2) WHERE item ~ '^waits';
SELECT warrant.request('{INSERT}', on_table => 'orders');
SET client_min_messages = warning;
SELECT warrant.delegate('regress_other', now() + interval '1 day');
SELECT stage.eventually($$SELECT escalated_at IS NOT NULL FROM warrant.requests WHERE id = 3$$);
SELECT warrant.approve(3);
\c - regress_other
SELECT warrant.approve(3);
SELECT id FROM warrant.my_inbox;
\c - regress_second_boss
SELECT id FROM warrant.my_inbox ORDER BY id;
SELECT warrant.approve(2);
\c - regress_clerk
SELECT * FROM notes;

-- A vote of those it has gone to counts while they are named, and are members.
SELECT warrant.request('{UPDATE}', on_table => 'notes');
\c - regress_other
SELECT stage.eventually($$SELECT escalated_at IS NOT NULL FROM warrant.requests WHERE id = 4$$);
SELECT warrant.approve(4);
\c - :owner
SET client_min_messages = error;
REVOKE regress_bosses FROM regress_boss;
RESET client_min_messages;
\c - regress_deputy
SELECT id, approvals FROM warrant.my_inbox WHERE id = 4;
SELECT warrant.approve(4);
\c - :owner
SET client_min_messages = error;
SELECT warrant.alter_policy('notes', '{"escalate_after": null, "escalate_to": null}');
\c - regress_second_boss
SELECT warrant.approve(4);

-- A role that is renamed or gone, and many requests at once.
\c - :owner
SET client_min_messages = error;
SELECT warrant.alter_policy('orders', '{"remind_after": "5 s", "escalate_after": "10 h"}');
ALTER ROLE regress_bosses RENAME TO "regress ""bosses";
SELECT stage.eventually($$SELECT escalate_to_name = 'regress "bosses' FROM warrant.policies WHERE name = 'orders'$$);
SELECT p->>'escalate_to' AS escalate_to FROM jsonb_array_elements(warrant.export_policies()->'policies') AS p WHERE p->>'name' = 'orders';
DROP ROLE "regress ""bosses";
SELECT stage.eventually($$SELECT escalate_to = 0 FROM warrant.policies WHERE name = 'orders'$$);
DO $$ BEGIN FOR i IN 1..150 LOOP EXECUTE format('CREATE TABLE t%s (a int)', i); EXECUTE format('GRANT ALL ON t%s TO PUBLIC', i); END LOOP; END $$;
ALTER SYSTEM SET pg_warrant.max_pending = 1000;
SELECT pg_reload_conf();
SELECT warrant.create_policy('all', 'approve', on_schema => 'public', remind_after => '1 s');
\c - regress_clerk
SELECT count(*) FROM (SELECT warrant.request('{SELECT}', on_table => format('t%s', i)::regclass) FROM generate_series(1, 90) AS i OFFSET 0) AS asked;
\c - regress_deputy
SELECT count(*) FROM (SELECT warrant.request('{SELECT}', on_table => format('t%s', i)::regclass) FROM generate_series(91, 150) AS i OFFSET 0) AS asked;
SELECT stage.eventually($$SELECT count(*) = 150 FROM warrant.requests WHERE reminded_at IS NOT NULL AND requester IN ('regress_clerk'::regrole, 'regress_deputy'::regrole) AND id > 4$$);
\c - :owner
ALTER SYSTEM RESET pg_warrant.max_pending;
SELECT count(*), count(DISTINCT request) FROM stage.news() WHERE event = 'request_reminded' AND request > 4;
SELECT count(*) FROM warrant.reminders r JOIN warrant.requests q ON q.id = r.request_id WHERE q.id > 4;

SET client_min_messages = error;
SELECT warrant.drop_policy(name) FROM warrant.policies WHERE target_kind <> '!';
DROP ROLE regress_boss, regress_second_boss, "regress ""guard";
\set file :directory '/sql/include/leave.sql'
\i :file
DROP ROLE regress_security;
