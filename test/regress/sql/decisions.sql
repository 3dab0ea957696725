-- Decisions: with a comment, for a part of what was asked, several at once.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int);
CREATE TABLE orders (a int);
GRANT ALL ON ledger, orders TO PUBLIC;
-- A policy that wants to know why: of whoever approves, denies or grants. What shows nothing says nothing.
SELECT warrant.create_policy('ledger', 'approve', on_table => 'ledger', require_comment => true);
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders', min_approvals => 2);
SELECT warrant.create_policy('nothing', 'approve', on_table => 'orders', require_comment => NULL);
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'ledger');
SELECT warrant.request('{UPDATE}', on_table => 'ledger');
\c - regress_chief
SELECT value FROM warrant.show_request(1) WHERE item IN ('to approve', 'for less', 'to deny');
SELECT warrant.approve(1);
SELECT warrant.approve(1, comment => '');
SELECT warrant.approve(1, comment => E' \t\u200b\u3000');
SELECT warrant.deny(2);
SELECT warrant.deny('{1,2}'::bigint[], comment => '  ');
SELECT warrant.grant('regress_clerk', '{INSERT}', on_table => 'ledger');
SELECT warrant.approve(1, comment => 'end of the month');
SELECT warrant.deny(2, 'not in May');
SELECT warrant.grant('regress_clerk', '{INSERT}', on_table => 'ledger', reason => 'as agreed');
-- Who may not decide at all hears of that.
\c - regress_other
SELECT warrant.approve(1);
-- It is a term of the policy: without it the gate is weaker, and with it a grant without a comment ends.
\c - regress_dba
SELECT warrant.alter_policy('ledger', '{"require_comment": null}');
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{DELETE}', on_table => 'ledger');
\c - regress_dba
SELECT warrant.alter_policy('ledger', '{"require_comment": true}');
\c - :owner
SELECT event, who, command, comment FROM stage.news() WHERE event IN ('weakened', 'policy_changed', 'request_approved', 'request_denied');
\c - regress_clerk
SELECT count(*) FROM ledger;
DELETE FROM ledger WHERE a IS NOT NULL;

-- A part of what was asked for: some commands, some objects, never more. The requester reads what was left out.
\c - :owner
CREATE SCHEMA vault;
CREATE TABLE vault.orders (a int);
CREATE TABLE vault."odd ""name" (a int);
GRANT USAGE ON SCHEMA vault TO regress_clerk;
GRANT ALL ON ALL TABLES IN SCHEMA vault TO regress_clerk;
SELECT warrant.create_policy('vault', 'approve', on_schema => 'vault');
\c - regress_clerk
SELECT warrant.request('{SELECT,UPDATE,DELETE}', on_tables => '{vault.orders,"vault.\"odd \"\"name\""}');
\c - regress_chief
SELECT warrant.approve(4, commands => '{}');
SELECT warrant.approve(4, commands => '{SELECT,NULL}');
SELECT warrant.approve(4, commands => '{SELEKT}');
SELECT warrant.approve(4, commands => '{SELECT,INSERT}');
SELECT warrant.approve(4, objects => '{}');
SELECT warrant.approve(4, objects => '{ledger}');
SELECT warrant.approve(4, objects => '{public.orders}');
SELECT warrant.approve(4, commands => '{select,update}', objects => '{orders,"\"odd \"\"name\""}', version => 2);
SELECT warrant.approve(4, commands => '{read,update}', objects => '{vault.orders}', version => 1);
SELECT count(*) FROM vault.orders;
\c - regress_clerk
SELECT count(*) FROM vault.orders;
UPDATE vault.orders SET a = 1 WHERE a IS NOT NULL;
DELETE FROM vault.orders WHERE a IS NOT NULL;
SELECT count(*) FROM vault."odd ""name";
SELECT item, value FROM warrant.show_request(4) WHERE item = 'left out';
SELECT warrant.request_status(4)->>'left_out' AS left_out, warrant.request_status(5)->'left_out' AS of_pending;
-- What all have approved is granted; parts without anything in common are told.
SELECT warrant.request('{SELECT,UPDATE,DELETE}', on_table => 'orders');
\c - regress_chief
SELECT warrant.approve(7, commands => '{SELECT,UPDATE}');
\c - regress_deputy
SELECT item, value FROM warrant.show_request(7) WHERE item IN ('wants', 'so far');
SELECT warrant.approve(7, commands => '{DELETE}');
SELECT warrant.approve(7, commands => '{UPDATE,DELETE}');
SELECT approver_name, commands, objects FROM warrant.decisions WHERE request_id = 7 ORDER BY decided_at;
\c - regress_clerk
SELECT commands, relation_name, granted_by FROM warrant.my_grants WHERE policy_name = 'orders';
-- The same name twice.
\c - :owner
SELECT warrant.drop_policy('orders');
SELECT warrant.create_policy('everything', 'approve', on_database => true, priority => 5);
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_tables => '{public.orders,vault.orders}');
\c - regress_chief
SELECT warrant.approve(8, objects => '{orders}');
SELECT warrant.approve(8, objects => '{public.orders}');

-- Several at once, each by itself: one that cannot be decided stops no other, and is named.
\c - :owner
SET client_min_messages = warning;
SELECT warrant.drop_policy('everything'), warrant.drop_policy('ledger');
CREATE TABLE rooms (a int);
GRANT ALL ON rooms TO PUBLIC;
SELECT warrant.create_policy('rooms', 'approve', on_table => 'rooms');
SELECT warrant.create_policy('by two', 'approve', on_table => 'rooms', commands => '{TRUNCATE}', min_approvals => 2, priority => 1);
\c - regress_other
SELECT warrant.request('{SELECT}', on_table => 'rooms'), warrant.request('{INSERT}', on_table => 'rooms'), warrant.request('{TRUNCATE}', on_table => 'rooms'),
       warrant.request('{UPDATE}', on_table => 'rooms');
SELECT warrant.request('{INSERT}', on_table => 'rooms', reason => 'more');
SELECT * FROM warrant.approve_all(requester => 'regress_other');
\c - regress_chief
SELECT warrant.request('{SELECT}', on_table => 'rooms');
SELECT * FROM warrant.approve_all();
SELECT * FROM warrant.approve_all('{9}', 'regress_other');
SELECT * FROM warrant.approve_all('{}');
SELECT * FROM warrant.approve_all('{9,NULL}');
SELECT array_agg(i) AS ids FROM generate_series(1, 101) AS i \gset
SELECT * FROM warrant.approve_all(:'ids');
SELECT * FROM warrant.approve_all(array_fill(9::bigint, '{200}'), duration => '1 month');
SELECT warrant.approve_all('{9}');
SELECT count(*) FROM warrant.approve_all('{9}');
SELECT * FROM warrant.approve_all('{12,9,99,9,13,10}', duration => '5 min', comment => 'all of it');
SELECT * FROM warrant.deny_all(requester => 'regress_other', comment => 'no more');
SELECT * FROM warrant.deny_all(requester => 'regress_other');
\c - regress_other
SELECT state, commands, decided_by, decision_comment FROM warrant.my_requests WHERE relation_name = 'rooms' ORDER BY id;

-- Who leaves: all grants end, and what is asked for is withdrawn, as far as the caller may. What he can use still is told.
\c - :owner
CREATE ROLE regress_guild LOGIN;
CREATE ROLE regress_staff ROLE regress_clerk;
SELECT warrant.create_policy('of the guild', 'approve', on_table => 'orders', approver_role => 'regress_guild');
SELECT warrant.set_person('regress_clerk', 'carl'), warrant.set_person('regress_other', 'carl');
SET client_min_messages = warning;
SELECT warrant.revoke_all('regress_clerk') AS ended \gset
\c - regress_guild
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'orders');
\c - regress_chief
SELECT warrant.grant('regress_staff', '{SELECT}', on_table => 'vault.orders');
\c - :owner
GRANT USAGE ON SCHEMA vault TO regress_chief;
\c - regress_chief
SELECT warrant.grant('regress_staff', '{SELECT}', on_table => 'vault.orders');
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'vault.orders');
SELECT warrant.revoke_all(NULL);
SELECT warrant.revoke_all('regress_auditor');
DO $$ BEGIN PERFORM warrant.revoke_all('regress_clerk'); END $$;
SELECT warrant.grant('regress_clerk', '{SELECT,INSERT}', on_table => 'vault.orders');
\c - regress_clerk
SELECT warrant.request('{DELETE}', on_table => 'orders') > 0 AS asked;
SELECT warrant.request('{DELETE}', on_table => 'vault.orders') > 0 AS asked;
SELECT warrant.revoke_all('regress_clerk', 'mine');
\c - regress_chief
SELECT warrant.revoke_all('regress_clerk', 'has left');
\c - regress_clerk
SELECT state, message FROM stage.try('INSERT INTO vault.orders VALUES (1)');
SELECT state, relation_name, commands FROM warrant.my_requests ORDER BY id DESC LIMIT 3;
\c - regress_dba
SELECT warrant.revoke_all('regress_clerk', 'has left');
SELECT warrant.revoke_all('regress_clerk');
\c - :owner
SELECT event, who, command, relation, comment FROM stage.news() WHERE event = 'indirect_attempt' OR comment = 'has left';
DROP OWNED BY regress_guild;
DROP ROLE regress_guild, regress_staff;
\set file :directory '/sql/include/leave.sql'
\i :file
