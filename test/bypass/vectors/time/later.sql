-- What is asked for begins later, or nobody was asked yet.

--- begins_later: a grant that has not begun
-- needs SELECT on orders
-- attack
\if :gated
SELECT warrant.request('{SELECT}', on_table => 'orders', starts_at => now() + interval '1 hour') AS request \gset
\setenv REQUEST :request
\! psql -X -U boss -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\endif
TABLE orders;

--- begins_later_prepared: it is approved behind a statement whose plan is kept
-- needs SELECT on orders
-- attack
PREPARE reading AS TABLE orders;
\set ON_ERROR_STOP off
EXECUTE reading;
\if :gated
SELECT warrant.request('{SELECT}', on_table => 'orders', starts_at => now() + interval '1 hour') AS request \gset
\setenv REQUEST :request
\! psql -X -U boss -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\endif
\set ON_ERROR_STOP on
EXECUTE reading;

--- begins_later_extended: it is extended, so that the further grant might begin at once
-- needs SELECT on orders
-- attack
\if :gated
SELECT warrant.request('{SELECT}', on_table => 'orders', starts_at => now() + interval '1 hour') AS request \gset
\setenv REQUEST :request
\! psql -X -U boss -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
SELECT warrant.extend(grant_id) AS request FROM warrant.my_requests WHERE id = :request \gset
\setenv REQUEST :request
\! psql -X -U boss -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\endif
TABLE orders;

--- draft_approved: an approver decides on a draft by its number
-- needs SELECT on orders
-- gate
SELECT warrant.create_policy('reasons', 'approve', on_table => 'orders', require_reason => true);
-- granted
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', reason => 'it is his work');
-- attack
\set ON_ERROR_STOP off
TABLE orders;
\if :gated
SELECT coalesce(max(request_ids[1]), 0) AS request FROM warrant.last_refusal() \gset
\setenv REQUEST :request
\! psql -X -U boss -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\endif
\set ON_ERROR_STOP on
TABLE orders;

--- draft_among_all: an approver decides on all that somebody has pending
-- needs SELECT on orders
-- gate
SELECT warrant.create_policy('tickets', 'approve', on_table => 'orders', ticket_pattern => 'OPS-[0-9]+');
-- granted
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', ticket => 'OPS-1');
-- attack
\set ON_ERROR_STOP off
SET pg_warrant.ticket = 'OPS-1 and a half';
TABLE orders;
\! psql -X -U boss -d market -c "SELECT * FROM warrant.approve_all(requester => 'clerk')" >/dev/null 2>&1
\set ON_ERROR_STOP on
TABLE orders;

--- stale_ticket: a ticket that was for another statement
-- needs SELECT, INSERT on orders
-- gate
SELECT warrant.create_policy('tickets', 'approve', on_table => 'orders', ticket_pattern => 'OPS-[0-9]+');
-- granted
SELECT warrant.grant('clerk', '{SELECT,INSERT}', on_table => 'orders', ticket => 'OPS-1');
-- attack
\set ON_ERROR_STOP off
SET pg_warrant.ticket = 'OPS-1';
INSERT INTO orders SELECT 9 WHERE false;
TABLE orders;
\! psql -X -U boss -d market -c "SELECT * FROM warrant.approve_all(ticket => 'OPS-1')" >/dev/null 2>&1
\set ON_ERROR_STOP on
TABLE orders;

--- asked_by_call: a refused statement files nothing, swallows that, and comes again
-- needs SELECT on orders
-- gate
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders', on_refusal => 'refuse');
-- attack
DO $$ BEGIN PERFORM FROM orders; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;
TABLE orders;

--- asked_by_call_and_pending: what the call asked for is not decided yet
-- needs SELECT on orders
-- gate
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders', on_refusal => 'refuse');
-- attack
\if :gated
SELECT warrant.request('{SELECT}', on_table => 'orders') > 0 AS asked;
\endif
TABLE orders;

--- asked_by_call_beside: the request of the policy beside it is approved
-- needs SELECT on orders; SELECT on payments
-- gate
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders', on_refusal => 'refuse');
SELECT warrant.create_policy('payments', 'approve', on_table => 'payments');
-- attack
\if :gated
SELECT warrant.request('{SELECT}', on_table => 'payments') AS request \gset
\setenv REQUEST :request
\! psql -X -U boss -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\endif
SELECT * FROM orders, (SELECT count(*) FROM payments) AS p;
