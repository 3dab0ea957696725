-- Deciding as one of those to whom a request goes when nobody else decides it.

--- escalated_too_soon: one of them approves before its time
-- needs SELECT on orders
-- setup
CREATE ROLE board;
GRANT board TO helper;
-- gate
SELECT warrant.create_policy('later', 'approve', on_table => 'orders', escalate_after => '1 h', escalate_to => 'board');
-- attack
\set ON_ERROR_STOP off
TABLE orders;
SELECT request_ids[1] AS request FROM warrant.last_refusal() \gset
\setenv REQUEST :request
\! psql -X -U helper -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\! psql -X -U helper -d market -c "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'shop.orders')" >/dev/null 2>&1
\set ON_ERROR_STOP on
TABLE orders;

--- escalated_to_requester: the requester is one of them, and waits until it has come to him
-- needs SELECT on orders
-- setup
CREATE ROLE board;
GRANT board TO clerk;
-- gate
SELECT warrant.create_policy('soon', 'approve', on_table => 'orders', escalate_after => '1 s', escalate_to => 'board');
-- attack
\set ON_ERROR_STOP off
TABLE orders;
SELECT request_ids[1] AS request FROM warrant.last_refusal() \gset
DO $$
BEGIN
    FOR i IN 1..3000 LOOP
        EXIT WHEN EXISTS (SELECT FROM warrant.my_requests r WHERE warrant.request_status(r.id)->>'escalated_at' IS NOT NULL);
        PERFORM pg_sleep(0.1);
    END LOOP;
END $$;
SELECT warrant.approve(:request);
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
\set ON_ERROR_STOP on
TABLE orders;

--- escalated_and_counted_twice: where two have to agree, one of them does, for both roles
-- needs SELECT on orders
-- setup
CREATE ROLE board;
CREATE ROLE security;
CREATE ROLE third LOGIN IN ROLE security;
GRANT board TO helper;
-- gate
SELECT warrant.create_policy('by two', 'approve', on_table => 'orders', approvers => '{"warrant_approver": 1, "security": 1}', escalate_after => '1 s', escalate_to => 'board');
-- granted
\! psql -X -U boss -d market -c "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'shop.orders')" >/dev/null 2>&1
SELECT max(id) AS request FROM warrant.requests \gset
\setenv REQUEST :request
\! psql -X -U third -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
-- attack
\set ON_ERROR_STOP off
TABLE orders;
SELECT request_ids[1] AS request FROM warrant.last_refusal() \gset
DO $$
BEGIN
    FOR i IN 1..3000 LOOP
        EXIT WHEN EXISTS (SELECT FROM warrant.my_requests r WHERE warrant.request_status(r.id)->>'escalated_at' IS NOT NULL);
        PERFORM pg_sleep(0.1);
    END LOOP;
END $$;
\setenv REQUEST :request
\! psql -X -U helper -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\! psql -X -U helper -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\set ON_ERROR_STOP on
TABLE orders;
