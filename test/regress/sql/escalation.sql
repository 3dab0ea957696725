-- Those to whom a request has gone because nobody decided it: they end what they gave, and a change of who they are gives nobody a voice before its time.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE orders (a int);
CREATE TABLE notes (a int);
GRANT ALL ON orders, notes TO PUBLIC;
CREATE ROLE regress_bosses;
CREATE ROLE regress_boss LOGIN IN ROLE regress_bosses;
CREATE ROLE regress_board;
CREATE ROLE regress_member LOGIN IN ROLE regress_board;
SET client_min_messages = warning;
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders', escalate_after => '1 s', escalate_to => 'regress_bosses');
SELECT warrant.create_policy('notes', 'approve', on_table => 'notes', escalate_after => '20 h', escalate_to => 'regress_bosses');

-- They see and end the grants of what has gone to them, and no others under the same policy.
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'orders');
\c - regress_boss
SELECT stage.eventually($$SELECT escalated_at IS NOT NULL FROM warrant.requests WHERE id = 1$$);
SELECT warrant.approve(1);
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{UPDATE}', on_table => 'orders');
\c - regress_boss
SELECT DISTINCT id FROM warrant.active_grants ORDER BY id;
SELECT warrant.revoke(2);
SELECT warrant.revoke(1, 'seen enough');
\c - regress_member
SELECT warrant.revoke(2);

-- So with all of one who leaves, and with what is asked for still.
\c - regress_clerk
SELECT warrant.request('{INSERT}', on_table => 'orders');
SELECT warrant.request('{DELETE}', on_table => 'orders');
SELECT warrant.request('{SELECT}', on_table => 'notes');
\c - regress_boss
SELECT stage.eventually($$SELECT count(*) = 2 FROM warrant.requests WHERE id IN (2, 3) AND escalated_at IS NOT NULL$$);
SELECT warrant.approve(2);
SELECT warrant.revoke_all('regress_clerk', 'he leaves');
\c - regress_member
SELECT warrant.revoke_all('regress_clerk');

-- By a delegate, too.
\c - regress_clerk
SELECT warrant.request('{INSERT}', on_table => 'orders');
\c - regress_boss
SELECT stage.eventually($$SELECT escalated_at IS NOT NULL FROM warrant.requests WHERE id = 5$$);
SET client_min_messages = warning;
SELECT warrant.delegate('regress_other', now() + interval '1 day');
RESET client_min_messages;
SELECT warrant.approve(5);
\c - regress_other
SELECT warrant.revoke(4);
\c - regress_boss
SET client_min_messages = warning;
SELECT warrant.end_delegation();

-- Whom a change of the policy names gets the request when its time has come, and is told; whom it names no more has lost it.
\c - regress_clerk
SELECT warrant.request('{LOCK}', on_table => 'orders');
\c - regress_boss
SELECT stage.eventually($$SELECT escalated_at IS NOT NULL FROM warrant.requests WHERE id = 6$$);
SELECT id FROM warrant.my_inbox;
\c - regress_dba
SET client_min_messages = error;
SELECT warrant.alter_policy('orders', '{"escalate_to": "regress_board", "escalate_after": "20 h"}');
\c - regress_member
SELECT warrant.approve(6, version => 2);
SELECT stage.eventually($$SELECT escalated_at IS NULL AND version = 2 FROM warrant.requests WHERE id = 6$$);
SELECT id FROM warrant.my_inbox;
\c - regress_boss
SELECT warrant.approve(6, version => 2);
\c - regress_chief
SELECT item, regexp_replace(value, 'in \d+ hours', 'in 20 hours') AS value FROM warrant.show_request(6) WHERE item ~ '^escal|^decided';
\c - regress_dba
SET client_min_messages = error;
SELECT warrant.alter_policy('orders', '{"escalate_after": "1 s"}');
\c - regress_member
SELECT stage.eventually($$SELECT escalated_at IS NOT NULL FROM warrant.requests WHERE id = 6$$);
SELECT id FROM warrant.my_inbox;
SELECT warrant.approve(6, version => 2);
SELECT warrant.revoke(5);
\c - :owner
SELECT event, request, comment FROM stage.news() WHERE event = 'request_escalated' AND request = 6;

-- Another change leaves it with those who have it, and tells nobody again.
\c - regress_clerk
SELECT warrant.request('{UPDATE}', on_table => 'orders');
\c - regress_member
SELECT stage.eventually($$SELECT escalated_at IS NOT NULL FROM warrant.requests WHERE id = 7$$);
\c - regress_dba
SET client_min_messages = error;
SELECT warrant.alter_policy('orders', '{"max_uses": 3, "escalate_after": "20 h"}');
SELECT stage.eventually($$SELECT version = 2 FROM warrant.requests WHERE id = 7$$);
SELECT warrant.request_status(7)->>'escalated_at' IS NOT NULL AS escalated;
SELECT count(*) FROM warrant.request_timeline(7) WHERE event = 'request_escalated';
SELECT warrant.alter_policy('orders', '{"escalate_to": null, "escalate_after": null}');
SELECT stage.eventually($$SELECT version = 3 AND escalated_at IS NULL AND escalated = '{}' FROM warrant.requests WHERE id = 7$$);

-- What the gate ends because of a policy says whose change it was: of a request, and of a grant.
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'orders');
\c - regress_dba
SET client_min_messages = error;
SELECT warrant.alter_policy('orders', '{"effect": "deny"}');
SELECT warrant.drop_policy('notes');
\c - regress_auditor
SELECT stage.eventually($$SELECT count(*) = 2 FROM warrant.requests WHERE id IN (4, 7) AND close_reason IS NOT NULL$$);
SELECT stage.eventually($$SELECT closed_at IS NOT NULL FROM warrant.grants WHERE id = 6$$);
SELECT id, state, closed_by, close_reason FROM warrant.requests ORDER BY id;
SELECT id, closed_by, close_event, close_reason FROM warrant.grants ORDER BY id;

-- Who could grant is named to whom cannot.
\c - :owner
SET client_min_messages = warning;
SELECT warrant.create_policy('both', 'approve', on_table => 'notes', approvers => '{"regress_bosses": 1, "regress_board": 1}');
\c - regress_other
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'notes');
\c - :owner
SET client_min_messages = error;
SELECT warrant.drop_policy(name) FROM warrant.policies WHERE target_kind <> '!';
DROP ROLE regress_boss, regress_member;
\set file :directory '/sql/include/leave.sql'
\i :file
DROP ROLE regress_bosses, regress_board;
