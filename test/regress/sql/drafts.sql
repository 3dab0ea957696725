-- Drafts: what a refused statement lacks for a request, how it is completed, and that nobody hears of it before.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int);
CREATE TABLE orders (a int);
GRANT ALL ON ledger, orders TO PUBLIC;
SELECT warrant.create_policy('ledger', 'approve', on_table => 'ledger', require_reason => true, request_ttl => '1 hour');
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders', require_reason => true, ticket_pattern => 'OPS-[0-9]+');
-- A call has to give all.
\c - regress_clerk
SELECT warrant.request('{DELETE}', on_table => 'ledger');
-- A statement leaves a draft, once, and shares it when it comes again, or another one of the same commands.
DELETE FROM ledger WHERE a IS NOT NULL;
DELETE FROM ledger WHERE a = 1;
SELECT id, state, reason, grant_id FROM warrant.my_requests;
SELECT item, regexp_replace(value, '\d+ (minutes|hours?|seconds?)', 'a while', 'g') AS value FROM warrant.show_request(1) WHERE item IN ('request', 'wants', 'reason', 'complete', 'to approve');
SELECT s->>'state' AS state, s->>'next_step' AS next_step, s->>'missing' AS missing, s ? 'expires_at' AS expires FROM warrant.request_status(1) AS s;
CALL warrant.wait_for(1);
-- A call for the same without it fails still.
SELECT warrant.request('{DELETE}', on_table => 'ledger', duration => '5 min');
-- Nobody is asked.
\c - regress_chief
SELECT count(*) AS pending FROM warrant.pending;
SELECT count(*) AS inbox FROM warrant.my_inbox;
SELECT * FROM warrant.approve_all(requester => 'regress_clerk');
SELECT warrant.approve(1);
SELECT warrant.deny(1);
SELECT statement IS NULL AS none FROM warrant.pending;
SELECT value FROM warrant.show_request(1) WHERE item IN ('to approve', 'to deny', 'complete');
-- Somebody else completes nothing.
\c - regress_other
SELECT warrant.amend(1, reason => 'mine');
SELECT warrant.cancel(1);
\c - regress_clerk
SELECT warrant.amend(1, reason => '');
SELECT warrant.amend(1, duration => '5 min');
SELECT warrant.amend(1, reason => 'wrong rows');
SELECT id, state, reason, duration FROM warrant.my_requests;
-- It is filed as any other, with what was refused, and its time begins.
\c - regress_chief
SELECT id, statement, reason FROM warrant.pending;
SELECT value FROM warrant.show_request(1) WHERE item IN ('statement', 'amended');
\c - :owner
SELECT event, who, command, relation, request, comment FROM stage.news() WHERE request IS NOT NULL;
SELECT requested_at + interval '1 hour' = expires_at AS whole_time, version, amended_at FROM warrant.requests;
\c - regress_chief
SELECT warrant.approve(1);
-- Two things that are lacking, one after the other. A ticket that does not fit is none.
\c - regress_clerk
SET pg_warrant.ticket = 'my ticket';
SET pg_warrant.duration = '7 min';
UPDATE orders SET a = 1 WHERE a IS NOT NULL;
SHOW pg_warrant.ticket;
SELECT ticket, duration FROM warrant.my_requests WHERE id = 2;
SET pg_warrant.reason = 'as agreed';
UPDATE orders SET a = 1 WHERE a IS NOT NULL;
SELECT warrant.amend(2, ticket => 'no');
SET pg_warrant.ticket = 'OPS-1';
UPDATE orders SET a = 1 WHERE a IS NOT NULL;
SELECT id, state, reason, ticket, duration FROM warrant.my_requests WHERE id = 2;
-- A call with all completes it, too.
INSERT INTO orders VALUES (1);
SELECT warrant.request('{INSERT}', on_table => 'orders', reason => 'again', ticket => 'OPS-2');
SELECT id, state, reason, ticket FROM warrant.my_requests WHERE id = 3;
-- Under two policies: one pends, one is a draft; or both are drafts.
SET pg_warrant.reason = 'both';
DELETE FROM orders USING ledger WHERE orders.a = ledger.a;
SELECT count(*) FROM ledger, orders;
-- Claims of the role are for all of its requests.
\c - :owner
ALTER ROLE regress_other SET pg_warrant.ticket = 'OPS-9';
\c - regress_other
SET pg_warrant.reason = 'first';
TRUNCATE orders;
TRUNCATE orders, ledger;
SELECT id, state, relation_name, reason, ticket FROM warrant.my_requests ORDER BY id;
-- Drafts count as pending requests do, are cancelled, and end with their owner's grants.
\c - :owner
SET client_min_messages = warning;
ALTER SYSTEM SET pg_warrant.max_pending = 2;
SELECT pg_reload_conf();
SELECT stage.eventually($$SELECT EXISTS (SELECT FROM warrant.audit_log WHERE event = 'config_changed' AND comment LIKE '%max_pending%')$$);
\c - regress_other
LOCK TABLE ledger;
SELECT warrant.cancel(max(id)) FROM warrant.my_requests WHERE state = 'draft';
LOCK TABLE ledger;
\c - :owner
ALTER SYSTEM RESET pg_warrant.max_pending;
SELECT pg_reload_conf();
\c - regress_chief
SELECT warrant.revoke_all('regress_other');
\c - :owner
SELECT state, count(*) FROM warrant.requests WHERE requester_name = 'regress_other' GROUP BY state ORDER BY state;
-- A policy that asks no more: the statement completes the draft when it comes again.
\c - regress_clerk
LOCK TABLE ledger;
\c - regress_dba
SELECT warrant.alter_policy('ledger', '{"require_reason": false}');
\c - regress_clerk
SELECT id, state FROM warrant.my_requests WHERE commands = '{LOCK}';
LOCK TABLE ledger;
SELECT id, state FROM warrant.my_requests WHERE commands = '{LOCK}';
-- It expires with its policy's time.
\c - regress_dba
SELECT warrant.alter_policy('ledger', '{"require_reason": true, "request_ttl": "200 milliseconds"}');
\c - regress_clerk
TRUNCATE ledger;
\c - :owner
SELECT stage.eventually($$SELECT state = 'expired' FROM warrant.requests ORDER BY id DESC LIMIT 1$$);
-- A reason and a ticket that are wanted are told in one message: by a call, a call for one statement, one that amends, and the refusal.
INSERT INTO orders VALUES (1);
SET client_min_messages = warning;
SELECT warrant.create_policy('ledger too', 'approve', on_table => 'ledger', commands => '{INSERT}', require_reason => true);
\c - regress_other
SELECT s.n, t.message, t.detail, t.hint FROM (VALUES (1, $$SELECT warrant.request('{DELETE}', on_table => 'orders')$$), (2, $$SELECT warrant.request('{DELETE}', on_table => 'orders', ticket => 'x')$$),
    (3, $$SELECT warrant.request('{DELETE}', on_table => 'orders', ticket => 'OPS-1')$$), (4, $$SELECT warrant.request('{DELETE}', on_table => 'orders', reason => 'r')$$),
    (5, $$SELECT warrant.request_statement('DELETE FROM orders WHERE a = 1')$$), (6, $$SELECT warrant.request('{INSERT}', on_tables => '{ledger,orders}')$$),
    (7, 'DELETE FROM orders WHERE a = 1')) AS s (n, statement), LATERAL stage.try(s.statement) AS t ORDER BY s.n \gx
SELECT max(id) AS draft FROM warrant.my_requests WHERE state = 'draft' \gset
SELECT s.n, t.message, t.detail, t.hint FROM (VALUES (1, 'x', NULL), (2, 'x', 'r')) AS s (n, ticket, reason), LATERAL stage.try(format('SELECT warrant.amend(%s, ticket => %L, reason => %L)', :draft, s.ticket, s.reason)) AS t ORDER BY s.n \gx
SELECT warrant.amend(:draft, ticket => 'OPS-1');
SELECT warrant.amend(:draft, reason => 'r');
\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
