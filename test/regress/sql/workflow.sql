-- Requests, decisions and grants: who may, in which state, and what becomes of them.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int);
CREATE TABLE orders (a int);
CREATE TABLE plain (a int);
GRANT ALL ON ledger, orders, plain TO PUBLIC;
SELECT warrant.create_policy('ledger', 'approve', on_table => 'ledger', max_duration => '2 hours', default_duration => '10 min');
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders', min_approvals => 2, require_reason => true);
CREATE FUNCTION requests() RETURNS TABLE (id bigint, state text, requester name, relation name, commands text[], reason text, duration interval, "grant" bigint)
LANGUAGE sql AS $$ SELECT r.id, r.state, r.requester_name, i.relation_name, i.commands, r.reason, r.duration, r.grant_id
    FROM warrant.requests r JOIN warrant.request_items i ON i.request_id = r.id ORDER BY r.id, i.relation_name $$;

-- A request; the same again is the same one, with other commands it is another, and somebody else's is his own.
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'ledger', reason => 'month''s end', duration => '1 hour');
SELECT warrant.request('{SELECT}', on_table => 'ledger');
SELECT * FROM ledger;
SELECT warrant.request('{SELECT,UPDATE}', on_table => 'ledger');
\c - regress_other
SELECT warrant.request('{SELECT}', on_table => 'ledger');
SELECT schema_name, relation_name, commands, policy_name, state FROM warrant.my_requests;
-- Nobody cancels the request of another.
SELECT * FROM stage.try('SELECT warrant.cancel(1)');
SELECT warrant.cancel(3);
SELECT * FROM stage.try('SELECT warrant.cancel(3)');
SELECT * FROM stage.try('SELECT warrant.cancel(99)');
SELECT * FROM stage.try('SELECT warrant.cancel(NULL)');
SELECT * FROM stage.news();

-- Only approvers approve, never their own, and only what is pending. (try() would be an indirect call.)
\set VERBOSITY sqlstate
SELECT warrant.approve(1);
\c - regress_chief
SELECT warrant.approve(3);
SELECT warrant.approve(99);
SELECT warrant.approve(NULL::bigint);
SELECT warrant.approve(1, duration => '-1 min');
SELECT warrant.approve(1, duration => '0');
SELECT warrant.approve(1, duration => '61 min');
SELECT warrant.approve(2, duration => '3 hours');
SELECT warrant.deny(99);
SELECT warrant.deny(NULL::bigint);
SELECT warrant.request('{INSERT}', on_table => 'ledger');
SELECT warrant.approve(4);
SELECT warrant.deny(4);
\set VERBOSITY default
SELECT warrant.approve(4);
SELECT warrant.cancel(4);
SELECT * FROM stage.news();

-- An approval narrows the duration, the policy's default applies when nobody names one.
SELECT warrant.approve(1, duration => '30 min', comment => 'once');
SELECT warrant.approve(2);
SELECT id, commands, policy_name, granted_by, ends_at - starts_at AS duration FROM warrant.active_grants ORDER BY id;
\set VERBOSITY sqlstate
SELECT warrant.approve(1);
SELECT warrant.deny(1);
\set VERBOSITY default
SELECT * FROM stage.news();
\c - regress_clerk
SELECT * FROM ledger;
UPDATE ledger SET a = 1 WHERE a IS NOT NULL;
SELECT * FROM stage.news();

-- Revoke: by approvers and admins, once; the next statement is refused.
\set VERBOSITY sqlstate
SELECT warrant.revoke(2);
\c - regress_chief
SELECT warrant.revoke(99);
SELECT warrant.revoke(NULL);
\set VERBOSITY default
SELECT warrant.revoke(2, reason => 'enough');
\c - regress_clerk
UPDATE ledger SET a = 1 WHERE a IS NOT NULL;
SELECT * FROM ledger;
\c - regress_dba
SELECT warrant.revoke(1);
\set VERBOSITY sqlstate
SELECT warrant.revoke(1);
\set VERBOSITY default
SELECT * FROM stage.news();

-- Denied: with the next statement a new request is filed.
\c - regress_deputy
SELECT warrant.deny(5, comment => 'ask me in person');
\c - regress_clerk
UPDATE ledger SET a = 1 WHERE a IS NOT NULL;
SELECT * FROM stage.news();

-- A quorum of two persons, and a reason.
UPDATE orders SET a = 1 WHERE a IS NOT NULL;
SET pg_warrant.reason = 'refund 17';
SET pg_warrant.duration = '5 min';
UPDATE orders SET a = 1 WHERE a IS NOT NULL;
\c - regress_chief
SELECT warrant.approve(7);
\set VERBOSITY sqlstate
SELECT warrant.approve(7);
\set VERBOSITY default
SELECT id, who, target, commands, approvals FROM warrant.pending;
\c - regress_clerk
UPDATE orders SET a = 1 WHERE a IS NOT NULL;
-- Two logins of one person are one person, for the quorum and for one's own request.
\c - regress_dba
SELECT warrant.set_person('regress_chief', 'ann'), warrant.set_person('regress_deputy', 'ann');
\c - regress_deputy
\set VERBOSITY sqlstate
SELECT warrant.approve(7);
\set VERBOSITY default
\c - regress_dba
SELECT warrant.set_person('regress_deputy', NULL);
\c - regress_deputy
SELECT warrant.approve(7);
SELECT id, relation_name, granted_by, reason, ends_at - starts_at AS duration FROM warrant.active_grants ORDER BY id;
SELECT warrant.request('{DELETE}', on_table => 'orders', reason => 'mine');
\c - regress_dba
SELECT warrant.set_person('regress_deputy', 'ann');
\c - regress_chief
\set VERBOSITY sqlstate
SELECT warrant.approve(8);
\set VERBOSITY default
\c - regress_dba
SELECT warrant.set_person('regress_deputy', NULL), warrant.set_person('regress_chief', NULL);
\c - regress_clerk
UPDATE orders SET a = 1 WHERE a IS NOT NULL;
SELECT * FROM stage.news();

-- Several at once: all of them or none.
SELECT warrant.request('{SELECT}', on_table => 'ledger');
SELECT warrant.request('{INSERT}', on_table => 'ledger');
\c - regress_deputy
\set VERBOSITY sqlstate
SELECT warrant.approve('{9,10,3}'::bigint[]);
SELECT warrant.approve('{9,99}'::bigint[]);
SELECT warrant.approve('{9,NULL}'::bigint[]);
SELECT warrant.approve('{}'::bigint[]);
SELECT warrant.approve(NULL::bigint[]);
SELECT warrant.deny('{9,10,8}'::bigint[]);
\set VERBOSITY default
SELECT id, who, target, commands FROM warrant.pending;
SELECT warrant.approve('{9,10}'::bigint[]);
SELECT warrant.deny('{6}'::bigint[]);
SELECT id, who, target, commands FROM warrant.pending;
SELECT * FROM stage.news();

-- An approver's own grant: to others only; under a quorum it is a request with one approval.
\set VERBOSITY sqlstate
SELECT warrant.grant('regress_deputy', '{SELECT}', on_table => 'ledger');
SELECT warrant.grant('warrant_approver', '{SELECT}', on_table => 'ledger');
SELECT warrant.grant(NULL, '{SELECT}', on_table => 'ledger');
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'ledger', duration => '3 hours');
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'ledger', duration => '-3 hours');
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'plain');
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'orders');
SELECT warrant.grant('regress_other', '{SELECT}');
SELECT warrant.grant('regress_other', '{SELECT}', on_table => NULL);
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'ledger', on_schema => 'public');
SELECT warrant.grant('regress_other', '{BROWSE}', on_table => 'ledger');
\c - regress_clerk
\set VERBOSITY sqlstate
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'ledger');
\set VERBOSITY default
\c - regress_chief
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'ledger', reason => 'stand-in');
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'orders', reason => 'stand-in', duration => '1 min');
SELECT id, who, target, commands, approvals FROM warrant.pending;
\c - regress_other
SELECT * FROM ledger;
SELECT id, relation_name, commands, grantee_name, granted_by, ends_at - starts_at AS duration FROM warrant.my_grants;
SELECT * FROM stage.news();

-- A grant to a role is its members' too.
\c - :owner
CREATE ROLE regress_team ROLE regress_clerk;
\c - regress_chief
SELECT warrant.grant('regress_team', '{DELETE}', on_table => 'ledger');
\c - regress_clerk
DELETE FROM ledger WHERE a IS NOT NULL;
SELECT grantee_name, commands FROM warrant.my_grants WHERE commands = '{DELETE}';
\c - regress_other
DELETE FROM ledger WHERE a IS NOT NULL;
SELECT * FROM stage.news();

-- Who sees what.
SELECT count(*) FROM warrant.my_requests;
SELECT * FROM stage.try('SELECT * FROM warrant.pending');
SELECT * FROM stage.try('SELECT * FROM warrant.active_grants');
SELECT * FROM stage.try('SELECT * FROM warrant.requests');
SELECT * FROM stage.try('SELECT * FROM warrant.audit_log');
SELECT * FROM stage.try('SELECT * FROM warrant.audit_text');
SELECT * FROM stage.try('SELECT * FROM warrant.policies');
SELECT * FROM stage.try('SELECT * FROM warrant.status()');
SELECT * FROM stage.try($$SELECT warrant.explain('regress_other', 'SELECT', 'ledger')$$);
\c - regress_auditor
SELECT count(*) > 0 AS log, (SELECT count(*) > 0 FROM warrant.audit_text) AS text, (SELECT count(*) FROM warrant.pending) AS pending,
    (SELECT count(*) > 0 FROM warrant.active_grants) AS grants FROM warrant.audit_log;
SELECT * FROM stage.try('SELECT warrant.approve(8)');
\c - regress_dba
SELECT count(*) AS pending FROM warrant.pending;
SELECT * FROM stage.try('SELECT * FROM warrant.audit_log');

-- last_refusal.
\c - regress_other
SELECT count(*) FROM warrant.last_refusal();
DELETE FROM ledger WHERE a IS NOT NULL;
SELECT command, schema_name, relation_name, policy_name, request_ids FROM warrant.last_refusal();

-- Nobody grants to a role that another of his logins is a member of.
\c - regress_dba
SELECT warrant.set_person('regress_chief', 'ann'), warrant.set_person('regress_clerk', 'ann');
\c - regress_chief
\set VERBOSITY terse
SELECT warrant.grant('regress_team', '{INSERT}', on_table => 'ledger');
\set VERBOSITY default
\c - regress_dba
SELECT warrant.set_person('regress_chief', NULL), warrant.set_person('regress_clerk', NULL);

-- What a role that is gone has asked for is not approved any more: the recorder cancels it.
\c - :owner
CREATE ROLE regress_guest LOGIN;
\c - regress_guest
SELECT warrant.request('{SELECT}', on_table => 'ledger') AS asked \gset
\c - :owner
DROP ROLE regress_guest;
SELECT stage.eventually($$SELECT EXISTS (SELECT FROM warrant.requests WHERE requester_name = 'regress_guest' AND state = 'cancelled') FROM stage.settle()$$);
\c - regress_chief
\set VERBOSITY terse
SELECT warrant.approve(:asked);
\set VERBOSITY default

-- Under a quorum who approved may take it back, with his denial, which is enough; a denied request is closed.
SELECT max(id) + 1 AS next FROM warrant.requests \gset
\c - regress_clerk
SELECT warrant.request('{TRUNCATE}', on_table => 'orders', reason => 'new year') = :next AS asked;
\c - regress_chief
SELECT warrant.approve(:next, comment => 'fine');
SELECT warrant.deny(:next, 'the wrong one');
SELECT approver_name, approves, comment FROM warrant.decisions WHERE request_id = :next;
SELECT state FROM requests() WHERE id = :next;
\set VERBOSITY sqlstate
SELECT warrant.approve(:next);
\c - regress_deputy
\set VERBOSITY sqlstate
SELECT warrant.approve(:next);
\set VERBOSITY default
-- The same with another login of his, and not by somebody else who may not decide.
SELECT :next + 1 AS next \gset
\c - regress_clerk
SELECT warrant.request('{TRUNCATE}', on_table => 'orders', reason => 'new year') = :next AS asked;
\c - regress_chief
SELECT warrant.approve(:next);
\c - regress_dba
SELECT warrant.set_person('regress_chief', 'ann'), warrant.set_person('regress_deputy', 'ann');
\c - regress_deputy
SELECT warrant.approve(:next);
SELECT warrant.deny(:next);
SELECT approver_name, approves FROM warrant.decisions WHERE request_id = :next;
\c - regress_auditor
SELECT command, event, comment FROM warrant.audit_log WHERE request_id >= :next - 1 ORDER BY seq;
-- Who asked under another login does not decide, and may withdraw it, as the hint says.
\c - regress_chief
SELECT warrant.request('{INSERT}', on_table => 'orders', reason => 'mine') AS asked \gset
\c - regress_deputy
SELECT warrant.approve(:asked);
SELECT warrant.cancel(:asked);
SELECT state FROM requests() WHERE id = :asked;
\c - regress_dba
SELECT warrant.set_person('regress_chief', NULL), warrant.set_person('regress_deputy', NULL);

-- Where nothing needs approval the requester is told what tells him why, and it works.
\c - regress_clerk
SELECT * FROM stage.try($$SELECT warrant.request('{SELECT}', on_table => 'plain')$$);
SELECT * FROM stage.try($$SELECT warrant.request('{SELECT}', on_schema => 'stage')$$);
SELECT rule, answer, detail FROM warrant.explain('SELECT', 'plain') WHERE answer <> 'goes on';
SELECT rule, answer FROM warrant.explain('TRUNCATE', 'orders') WHERE answer <> 'goes on';
SELECT * FROM stage.try($$SELECT warrant.explain('regress_clerk', 'SELECT', 'plain')$$);
-- ADMIN is about the database, CREATE about a schema.
SELECT * FROM stage.try($$SELECT warrant.request('{ADMIN}', on_table => 'ledger')$$);
SELECT * FROM stage.try($$SELECT warrant.request('{SELECT,admin}', on_tables => '{ledger,orders}')$$);
SELECT * FROM stage.try($$SELECT warrant.request('{ADMIN}', on_schema => 'public')$$);
SELECT * FROM stage.try($$SELECT warrant.request('{CREATE}', on_table => 'ledger')$$);
SELECT state FROM stage.try($$SELECT warrant.request('{DDL}', on_table => 'ledger')$$);
\c - regress_chief
SELECT warrant.grant('regress_other', '{CREATE}', on_table => 'ledger');
SELECT warrant.grant('regress_other', '{ADMIN}', on_table => 'ledger');
-- Of several policies that is named which asks for the reason, or does not let him decide.
\c - regress_dba
SELECT warrant.create_policy('by the guild', 'approve', on_table => 'plain', approver_role => 'regress_team');
\c - regress_other
SELECT * FROM stage.try($$SELECT warrant.request('{INSERT}', on_tables => '{ledger,orders}')$$);
\c - regress_chief
SELECT warrant.grant('regress_other', '{INSERT}', on_tables => '{ledger,orders}');
SELECT warrant.grant('regress_other', '{INSERT}', on_table => 'plain', reason => 'x');

-- The end of all: what happened to each request.
\c - :owner
SELECT * FROM requests();
DROP ROLE regress_team;
\set file :directory '/sql/include/leave.sql'
\i :file
