-- Votes that were delegated: by somebody else's hand, to oneself, twice, or after the end.

--- delegated_by_function: the approver calls a function that delegates his vote to the writer of it
-- needs SELECT on orders
-- setup
SET SESSION AUTHORIZATION clerk;
CREATE FUNCTION desk.news() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM warrant.delegate('helper', now() + interval '1 day');
    RETURN 'none';
END $$;
-- attack
\set ON_ERROR_STOP off
TABLE orders;
SELECT request_ids[1] AS request FROM warrant.last_refusal() \gset
\setenv REQUEST :request
\! psql -X -U boss -d market -c 'SELECT desk.news()' >/dev/null 2>&1
\! psql -X -U helper -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\set ON_ERROR_STOP on
TABLE orders;
-- after
\! psql -X -U boss -d market -c 'SELECT warrant.end_delegation()' >/dev/null 2>&1

--- delegated_to_requester: who has the approver's vote asks, and approves by it
-- needs SELECT on orders
-- attack
\! psql -X -U boss -d market -c "SELECT warrant.delegate('clerk', now() + interval '1 day')" >/dev/null 2>&1
\set ON_ERROR_STOP off
TABLE orders;
SELECT request_ids[1] AS request FROM warrant.last_refusal() \gset
SELECT warrant.approve(:request);
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
\set ON_ERROR_STOP on
TABLE orders;
-- after
\! psql -X -U boss -d market -c 'SELECT warrant.end_delegation()' >/dev/null 2>&1

--- delegated_by_requester: an approver asks, and his delegate approves for him
-- needs SELECT on orders
-- gate
GRANT warrant_approver TO clerk;
SELECT warrant.protect('orders');
-- attack
\set ON_ERROR_STOP off
TABLE orders;
SELECT request_ids[1] AS request FROM warrant.last_refusal() \gset
SELECT warrant.delegate('helper', now() + interval '1 day');
\setenv REQUEST :request
\! psql -X -U helper -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\! psql -X -U helper -d market -c "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'shop.orders')" >/dev/null 2>&1
\set ON_ERROR_STOP on
TABLE orders;
-- after
\! psql -X -U clerk -d market -c 'SELECT warrant.end_delegation()' >/dev/null 2>&1

--- approved_by_both: where two have to agree, an approver and his delegate do
-- needs SELECT on orders
-- setup
CREATE ROLE third LOGIN;
-- gate
SELECT warrant.create_policy('by two', 'approve', on_table => 'orders', min_approvals => 2);
GRANT warrant_approver TO third;
-- granted
\! psql -X -U boss -d market -c "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'shop.orders')" >/dev/null 2>&1
SELECT max(id) AS request FROM warrant.requests \gset
\setenv REQUEST :request
\! psql -X -U third -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
-- attack
\! psql -X -U boss -d market -c "SELECT warrant.delegate('helper', now() + interval '1 day')" >/dev/null 2>&1
\set ON_ERROR_STOP off
TABLE orders;
SELECT request_ids[1] AS request FROM warrant.last_refusal() \gset
\setenv REQUEST :request
\! psql -X -U helper -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\! psql -X -U boss -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\set ON_ERROR_STOP on
TABLE orders;
-- after
\! psql -X -U boss -d market -c 'SELECT warrant.end_delegation()' >/dev/null 2>&1

--- approved_by_two_delegates: he has two logins, each with a delegate, and both agree
-- needs SELECT on orders
-- setup
CREATE ROLE third LOGIN;
CREATE ROLE fourth LOGIN;
CREATE ROLE fifth LOGIN;
-- gate
SELECT warrant.create_policy('by two', 'approve', on_table => 'orders', min_approvals => 2);
SELECT warrant.set_person('boss', 'Bo'), warrant.set_person('third', 'Bo');
GRANT warrant_approver TO third, fifth;
-- granted
\! psql -X -U boss -d market -c "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'shop.orders')" >/dev/null 2>&1
SELECT max(id) AS request FROM warrant.requests \gset
\setenv REQUEST :request
\! psql -X -U fifth -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
-- attack
\! psql -X -U boss -d market -c "SELECT warrant.delegate('helper', now() + interval '1 day')" >/dev/null 2>&1
\! psql -X -U third -d market -c "SELECT warrant.delegate('fourth', now() + interval '1 day')" >/dev/null 2>&1
\set ON_ERROR_STOP off
TABLE orders;
SELECT request_ids[1] AS request FROM warrant.last_refusal() \gset
\setenv REQUEST :request
\! psql -X -U helper -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\! psql -X -U fourth -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\set ON_ERROR_STOP on
TABLE orders;
-- after
\! psql -X -U boss -d market -c 'SELECT warrant.end_delegation()' >/dev/null 2>&1
\! psql -X -U third -d market -c 'SELECT warrant.end_delegation()' >/dev/null 2>&1

--- delegated_no_more: one of the two votes was lent, and is taken back before the other comes
-- needs SELECT on orders
-- setup
CREATE ROLE third LOGIN;
-- gate
SELECT warrant.create_policy('by two', 'approve', on_table => 'orders', min_approvals => 2);
GRANT warrant_approver TO third;
-- granted
\! psql -X -U boss -d market -c "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'shop.orders')" >/dev/null 2>&1
SELECT max(id) AS request FROM warrant.requests \gset
\setenv REQUEST :request
\! psql -X -U third -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
-- attack
\! psql -X -U boss -d market -c "SELECT warrant.delegate('helper', now() + interval '1 day')" >/dev/null 2>&1
\set ON_ERROR_STOP off
TABLE orders;
SELECT request_ids[1] AS request FROM warrant.last_refusal() \gset
\setenv REQUEST :request
\! psql -X -U helper -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\! psql -X -U boss -d market -c 'SELECT warrant.end_delegation()' >/dev/null 2>&1
\! psql -X -U third -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\set ON_ERROR_STOP on
TABLE orders;

--- delegated_on: his delegate delegates what he has no role for
-- needs SELECT on orders
-- setup
CREATE ROLE third LOGIN;
-- attack
\! psql -X -U boss -d market -c "SELECT warrant.delegate('helper', now() + interval '1 day')" >/dev/null 2>&1
\! psql -X -U helper -d market -c "SELECT warrant.delegate('third', now() + interval '1 day')" >/dev/null 2>&1
\set ON_ERROR_STOP off
TABLE orders;
SELECT request_ids[1] AS request FROM warrant.last_refusal() \gset
\setenv REQUEST :request
\! psql -X -U third -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\set ON_ERROR_STOP on
TABLE orders;
-- after
\! psql -X -U boss -d market -c 'SELECT warrant.end_delegation()' >/dev/null 2>&1

--- delegates_password: who may create roles changes the password of an approver's delegate
-- until 15
-- as temp
-- needs nothing
-- shows ^it is his$
-- setup
CREATE ROLE temp LOGIN CREATEROLE;
CREATE ROLE colleague LOGIN;
-- gate
\! psql -X -U boss -d market -c "SELECT warrant.delegate('colleague', now() + interval '1 day')" >/dev/null 2>&1
-- attack
ALTER ROLE colleague PASSWORD 'mine';
SELECT 'it is his';
-- after
\! psql -X -U boss -d market -c 'SELECT warrant.end_delegation()' >/dev/null 2>&1
