-- Approving in an approver's name: he runs what somebody else has written, or his login is not his alone.

--- approved_by_function: the approver calls a function that approves
-- needs SELECT on orders
-- setup
SET SESSION AUTHORIZATION clerk;
CREATE FUNCTION desk.news() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM warrant.approve(max(id)) FROM warrant.pending;
    RETURN 'none';
END $$;
-- attack
\set ON_ERROR_STOP off
TABLE orders;
\! psql -X -U boss -d market -c 'SELECT desk.news()' >/dev/null 2>&1
\set ON_ERROR_STOP on
TABLE orders;

--- approved_by_driver: it leaves an approval under the name of a statement that his driver has prepared and runs again
-- needs SELECT on orders
-- setup
SET SESSION AUTHORIZATION clerk;
CREATE FUNCTION desk.news() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    driver text := (SELECT name FROM pg_prepared_statements WHERE NOT from_sql AND statement LIKE 'SELECT 1%');
BEGIN
    EXECUTE format('DEALLOCATE %I', driver);
    EXECUTE format('PREPARE %I AS SELECT warrant.approve(%s)', driver, (SELECT max(id) FROM warrant.pending));
    RETURN 'none';
END $$;
-- attack
\set ON_ERROR_STOP off
TABLE orders;
\setenv FILES :files
\! printf 'SELECT 1::bigint;\nSELECT desk.news();\n' >"$FILES/driver.sql"
\! pgbench -n -M prepared -t 2 -U boss -f "$FILES/driver.sql" market >/dev/null 2>&1
\set ON_ERROR_STOP on
TABLE orders;

--- approved_by_pool: a login that many share takes on the approver's role
-- needs SELECT on orders
-- configuration
pg_warrant.pool_roles = 'helper'
-- setup
GRANT boss TO helper;
-- attack
\set ON_ERROR_STOP off
TABLE orders;
SELECT request_ids[1] AS request FROM warrant.last_refusal() \gset
\setenv REQUEST :request
\! psql -X -U helper -d market -c 'SET ROLE boss' -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\set ON_ERROR_STOP on
TABLE orders;

--- approved_by_one_of_two: one who is in both roles that have to agree
-- needs SELECT on orders
-- setup
CREATE ROLE security;
GRANT security TO boss;
CREATE ROLE third LOGIN IN ROLE security;
-- gate
SELECT warrant.create_policy('by two', 'approve', on_table => 'orders', approvers => '{"warrant_approver": 1, "security": 1}');
-- granted
\! psql -X -U boss -d market -c "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'shop.orders')" >/dev/null 2>&1
SELECT max(id) AS request FROM warrant.requests \gset
\setenv REQUEST :request
\! psql -X -U third -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
-- attack
\set ON_ERROR_STOP off
TABLE orders;
SELECT request_ids[1] AS request FROM warrant.last_refusal() \gset
\setenv REQUEST :request
\! psql -X -U boss -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\! psql -X -U boss -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\set ON_ERROR_STOP on
TABLE orders;

--- approved_under_two_logins: one human who has a login in each of them
-- needs SELECT on orders
-- setup
CREATE ROLE security;
GRANT security TO helper;
CREATE ROLE third LOGIN IN ROLE security;
-- gate
SELECT warrant.create_policy('by two', 'approve', on_table => 'orders', approvers => '{"warrant_approver": 1, "security": 1}');
SELECT warrant.set_person('boss', 'Bo'), warrant.set_person('helper', 'Bo');
-- granted
\! psql -X -U boss -d market -c "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'shop.orders')" >/dev/null 2>&1
SELECT max(id) AS request FROM warrant.requests \gset
\setenv REQUEST :request
\! psql -X -U third -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
-- attack
\set ON_ERROR_STOP off
TABLE orders;
SELECT request_ids[1] AS request FROM warrant.last_refusal() \gset
\setenv REQUEST :request
\! psql -X -U boss -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\! psql -X -U helper -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\set ON_ERROR_STOP on
TABLE orders;

--- approved_by_former_member: one of the two is no member any more when the other agrees
-- needs SELECT on orders
-- setup
CREATE ROLE security;
GRANT security TO helper;
CREATE ROLE third LOGIN IN ROLE security;
-- gate
SELECT warrant.create_policy('by two', 'approve', on_table => 'orders', approvers => '{"warrant_approver": 1, "security": 1}');
-- granted
\! psql -X -U boss -d market -c "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'shop.orders')" >/dev/null 2>&1
SELECT max(id) AS request FROM warrant.requests \gset
\setenv REQUEST :request
\! psql -X -U third -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
-- attack
\set ON_ERROR_STOP off
TABLE orders;
SELECT request_ids[1] AS request FROM warrant.last_refusal() \gset
\setenv REQUEST :request
\! psql -X -U helper -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\! psql -X -U dba -d market -c "REVOKE security FROM helper" >/dev/null 2>&1
\! psql -X -U boss -d market -c "SELECT warrant.approve($REQUEST)" >/dev/null 2>&1
\set ON_ERROR_STOP on
TABLE orders;
