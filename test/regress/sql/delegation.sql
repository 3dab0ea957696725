-- A vote handed on for a holiday: to whom, until when, what it is worth, and when it ends.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE orders (a int);
CREATE TABLE notes (a int);
GRANT ALL ON orders, notes TO PUBLIC;
CREATE ROLE regress_security;
CREATE ROLE regress_guard LOGIN IN ROLE regress_security;
CREATE ROLE regress_second LOGIN IN ROLE warrant_approver;
CREATE ROLE regress_super SUPERUSER LOGIN;
CREATE ROLE regress_group;
CREATE ROLE "regress ""d" LOGIN;
CREATE ROLE U&"regress\202Ed" LOGIN;
SET client_min_messages = warning;
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders', approvers => '{"warrant_approver": 2}');
SELECT warrant.create_policy('notes', 'approve', on_table => 'notes', approvers => '{"warrant_approver": 1, "regress_security": 1}');
CREATE FUNCTION stage.day(n int) RETURNS timestamptz LANGUAGE sql AS 'SELECT now() + n * interval ''1 day''';
SELECT stage.day(30) AS soon \gset

-- What it does not take. It is the client's own statement, like all that decides.
\c - regress_chief
\set VERBOSITY terse
SELECT warrant.delegate(NULL, :'soon');
SELECT warrant.delegate('regress_other', NULL);
SELECT warrant.delegate('regress_other', 'infinity');
SELECT warrant.delegate('regress_other', '2001-01-01');
SELECT warrant.delegate('regress_other', '4000-01-01');
SELECT warrant.delegate('regress_chief', :'soon');
SELECT warrant.delegate('regress_super', :'soon');
SELECT warrant.delegate('regress_group', :'soon');
SELECT warrant.delegate('regress_nobody', :'soon');
SELECT warrant.delegate('4000000000', :'soon');
SELECT warrant.delegate('-', :'soon');
\set VERBOSITY default
DO $$ BEGIN PERFORM warrant.delegate('regress_other', now() + interval '1 day'); END $$;
SELECT warrant.delegate('regress_other', stage.day(1));
SELECT warrant.end_delegation();
SELECT warrant.end_delegation('regress_deputy');
\c - regress_clerk
SELECT warrant.delegate('regress_other', :'soon');
\c - :owner
SELECT warrant.delegate('regress_other', :'soon');
SELECT count(*) FROM warrant.active_delegations;

-- Of one person another login is himself.
SELECT warrant.set_person('regress_chief', 'Ada'), warrant.set_person('regress_other', 'Ada');
\c - regress_chief
SELECT warrant.delegate('regress_other', :'soon');
\c - :owner
SELECT warrant.set_person('regress_chief', NULL), warrant.set_person('regress_other', NULL);

-- One delegation at a time. The same again moves its end.
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.delegate('regress_other', now() + interval '1 hour');
SELECT warrant.delegate('regress_other', :'soon');
SELECT delegator_name, delegate_name, ends_at = :'soon' AS moved FROM warrant.active_delegations;
SELECT warrant.delegate('regress_guard', :'soon');
SELECT warrant.end_delegation('regress_other');
\c - regress_other
SELECT delegator_name, delegate_name, ends_at > begun_at AS ends FROM warrant.active_delegations;
-- What was handed to somebody he cannot hand on.
SELECT warrant.delegate('regress_guard', :'soon');
\c - regress_clerk
SELECT * FROM warrant.active_delegations;
SELECT warrant.end_delegation('regress_chief');

-- The delegate has it in his inbox, sees the statement, and decides; the card says for whom.
UPDATE orders SET a = 1 WHERE a = 0;
\c - regress_other
SELECT id, who, statement, approvals FROM warrant.my_inbox;
SELECT item, value FROM warrant.show_request(1) WHERE item ~ '^(approv|statement|to )';
SELECT warrant.approve(1, comment => 'he is in Rome');
SELECT warrant.approve(1);
SELECT count(*) FROM warrant.my_inbox;
SELECT item, value FROM warrant.show_request(1) WHERE item ~ '^(approv|to )';
-- Both are one person: the delegator's own vote takes the place of the other, and needs no asking.
\c - regress_chief
SELECT count(*) FROM warrant.my_inbox;
SELECT item FROM warrant.show_request(1) WHERE item ~ '^to ';
SELECT warrant.approve(1);
SELECT id, approvals FROM warrant.pending;
\c - regress_second
SELECT id, approvals FROM warrant.my_inbox;
SELECT warrant.approve(1);
SELECT granted_by FROM warrant.active_grants;
\c - regress_clerk
UPDATE orders SET a = 1 WHERE a = 0;
\c - :owner
SELECT approver_name, voted_for::regrole[], voted_for_names FROM warrant.decisions ORDER BY decided_at;

-- The other way round: where the delegator has voted, a vote for him adds nothing.
\c - regress_clerk
SELECT warrant.request('{DELETE}', on_table => 'orders');
\c - regress_chief
SELECT warrant.approve(2);
\c - regress_other
SELECT count(*) FROM warrant.my_inbox;
SELECT warrant.approve(2);
SELECT warrant.request_status(2)->'missing' AS missing;
-- Of several the delegate is one person.
\c - regress_second
SET client_min_messages = warning;
SELECT warrant.delegate('regress_other', :'soon');
\c - regress_clerk
SELECT warrant.request('{INSERT}', on_table => 'orders');
\c - regress_other
SELECT delegator_name FROM warrant.active_delegations;
SELECT warrant.approve(3);
SELECT item, value FROM warrant.show_request(3) WHERE item ~ '^approv';
\c - regress_chief
SELECT warrant.approve(3);
\c - regress_clerk
INSERT INTO orders VALUES (1);

-- Two roles: one who is of the one, and has a vote of the other lent, counts for one of them.
SELECT warrant.request('{INSERT}', on_table => 'notes');
\c - regress_second
SET client_min_messages = warning;
SELECT warrant.end_delegation();
SELECT warrant.delegate('regress_guard', :'soon');
\c - regress_guard
SELECT warrant.approve(4);
SELECT item, value FROM warrant.show_request(4) WHERE item ~ '^(approv|waits)';
\c - regress_other
SELECT warrant.approve(4);
\c - regress_clerk
INSERT INTO notes VALUES (1);
-- Who has lent a vote has approved, too: neither uses the grant by another login.
\c - regress_auditor
SELECT grant_id, granters FROM warrant.grant_scopes WHERE grant_id > 0 ORDER BY 1;

-- Nobody decides his own, by whomever: neither the delegate, nor the delegate of who asks, nor by a direct grant.
\c - regress_other
SELECT warrant.request('{DELETE}', on_table => 'notes');
SELECT warrant.approve(5);
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'notes');
SELECT warrant.grant('regress_chief', '{SELECT}', on_table => 'notes');
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'notes');
\c - regress_chief
SELECT warrant.request('{SELECT}', on_table => 'orders');
\c - regress_other
SELECT id FROM warrant.my_inbox ORDER BY id;
SELECT id FROM warrant.pending ORDER BY id;
SELECT warrant.approve(7);
SELECT warrant.deny(7);
SELECT * FROM warrant.show_request(7);
\c - :owner
SELECT warrant.set_person('regress_chief', 'Ada'), warrant.set_person('regress_clerk', 'Ada');
\c - regress_other
SELECT warrant.deny(6);
SELECT id FROM warrant.my_inbox;
\c - :owner
SELECT warrant.set_person('regress_chief', NULL), warrant.set_person('regress_clerk', NULL);
\c - regress_other
SELECT warrant.deny(6, 'later');
\c - regress_clerk
SELECT decided_by, decision_comment FROM warrant.my_requests WHERE id = 6;
SELECT item, value FROM warrant.show_request(6) WHERE item = 'denied';

-- Ended early: by him, his delegate or an administrator. A vote given by it does not count any more while the request pends.
SELECT warrant.request('{TRUNCATE}', on_table => 'orders');
\c - regress_other
SELECT warrant.approve(8);
\c - regress_auditor
SELECT id, approvals FROM warrant.pending WHERE id = 8;
\c - regress_dba
SELECT warrant.end_delegation('regress_chief');
SELECT warrant.end_delegation('regress_chief');
\c - regress_other
SELECT * FROM warrant.show_request(8);
SELECT warrant.approve(8);
\c - regress_auditor
SELECT id, approvals FROM warrant.pending WHERE id = 8;
SELECT delegator_name, delegate_name FROM warrant.active_delegations;
\c - regress_guard
SELECT warrant.end_delegation('regress_second');
\c - regress_second
SELECT warrant.approve(8);
\c - regress_clerk
TRUNCATE orders;

-- A delegation that comes later makes no more of a vote that was given.
SELECT warrant.request('{UPDATE}', on_table => 'notes');
\c - regress_guard
SELECT warrant.approve(9);
\c - regress_second
SET client_min_messages = warning;
SELECT warrant.delegate('regress_guard', :'soon');
SELECT item, value FROM warrant.show_request(9) WHERE item ~ '^waits';
-- Round about: each has the other's vote, and is one person.
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.delegate('regress_deputy', :'soon');
\c - regress_deputy
SET client_min_messages = warning;
SELECT warrant.delegate('regress_chief', :'soon');
RESET client_min_messages;
\c - regress_clerk
SELECT warrant.request('{LOCK}', on_table => 'orders');
\c - regress_deputy
SELECT warrant.approve(10);
SELECT item, value FROM warrant.show_request(10) WHERE item ~ '^approv';
\c - regress_chief
SELECT warrant.approve(10);

-- One person who has two logins, each with a delegate, has one vote.
\c - :owner
SELECT warrant.set_person('regress_chief', 'Ada'), warrant.set_person('regress_second', 'Ada');
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.end_delegation();
SELECT warrant.delegate('regress_other', :'soon');
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'orders');
\c - regress_other
SELECT warrant.approve(11);
\c - regress_guard
SELECT warrant.approve(11);
SELECT id, approvals FROM warrant.pending WHERE id = 11;
\c - :owner
SELECT warrant.set_person('regress_chief', NULL), warrant.set_person('regress_second', NULL);

-- What was voted by a delegation goes with it: the next one does not bring it back, and the delegate votes anew.
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.end_delegation();
SELECT warrant.delegate('regress_other', :'soon');
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'notes');
\c - regress_other
SELECT warrant.approve(12);
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.end_delegation();
SELECT warrant.delegate('regress_other', :'soon');
\c - regress_other
SELECT id, approvals FROM warrant.my_inbox WHERE id = 12;
SELECT item, value FROM warrant.show_request(12) WHERE item ~ '^(approv|to a|waits)';
SELECT warrant.approve(12);
SELECT warrant.approve(12);
SELECT id, approvals FROM warrant.pending WHERE id = 12;
\c - regress_guard
SELECT warrant.approve(12);

-- It ends with its time, with the roles of the delegator, and with either of them.
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.end_delegation();
SELECT warrant.delegate('"regress ""d"', now() + interval '1 second');
SELECT stage.eventually($$SELECT count(*) = 0 FROM warrant.delegations WHERE delegator = 'regress_chief'::regrole$$);
SELECT warrant.delegate('"regress ""d"', :'soon');
\c - regress_clerk
SELECT warrant.request('{ALTER}', on_table => 'orders');
\c - regress_deputy
SELECT warrant.approve(13);
\c - :owner
REVOKE warrant_approver FROM regress_deputy;
SELECT stage.eventually($$SELECT count(*) = 0 FROM warrant.delegations WHERE delegator = 'regress_deputy'::regrole$$);
-- A role that is given back makes no grant by itself: any approval does, also of one who has voted.
\c - regress_second
SELECT warrant.approve(13);
\c - :owner
GRANT warrant_approver TO regress_deputy;
\c - regress_second
SELECT id, approvals FROM warrant.my_inbox WHERE id = 13;
SELECT warrant.approve(13);
\c - :owner
SELECT delegator_name, delegate_name FROM warrant.active_delegations;
ALTER ROLE regress_second RENAME TO regress_third;
SELECT delegator_name, delegate_name FROM warrant.active_delegations;
DROP ROLE "regress ""d", regress_guard;
SELECT stage.eventually($$SELECT count(*) = 0 FROM warrant.delegations$$);
\c - regress_chief
SELECT U&'"regress\202Ed"' AS turned \gset
SELECT warrant.delegate(:'turned', now() - interval '1 day');
SET client_min_messages = warning;
SELECT warrant.delegate(:'turned', :'soon');
\c - regress_clerk
SELECT warrant.request('{ALTER}', on_table => 'notes');
\c - :owner
SELECT comment ~ '^regress_chief to ".*" until \d+-\d\d-\d\d' AS said FROM warrant.audit_log WHERE event = 'delegated' ORDER BY seq DESC LIMIT 1;
SELECT event, who, request, regexp_replace(comment, 'until .*', 'until ...') AS comment FROM stage.news() WHERE event ~ 'delegat|approv|denied' AND comment !~ U&'\202E';
\c - :owner
SET client_min_messages = error;
SELECT warrant.drop_policy(name) FROM warrant.policies WHERE target_kind <> '!';
DROP ROLE regress_third, regress_super, regress_group, U&"regress\202Ed";
\set file :directory '/sql/include/leave.sql'
\i :file
DROP ROLE regress_security;
