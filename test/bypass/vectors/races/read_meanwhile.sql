-- The rules change while a statement reads them: what it has learned must not serve the next one. The other session is a dba's or an approver's.

--- protected_meanwhile: the table is protected when the first statement has read half of its policies
-- needs SELECT on orders
-- setup
CREATE TABLE late_orders () INHERITS (orders);
-- gate
\set ON_ERROR_STOP off
ALTER ROLE clerk SET pg_warrant.wait_point = 'reading_policies';
\set ON_ERROR_STOP on
-- granted
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
-- attack
\if :gated
\! psql -Xq -U dba -o /dev/null -c "SELECT judge.hold()" -c "SELECT judge.until_come()" -c "SELECT warrant.protect('shop.orders')" 2>/dev/null &
SELECT judge.until_held();
\endif
SELECT count(*) FROM orders;
SELECT judge.until_changed();
TABLE orders;

--- revoked_meanwhile: the grant is revoked when the first statement has found it, and looks at another one
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', max_uses => 9);
\set ON_ERROR_STOP off
ALTER ROLE clerk SET pg_warrant.wait_point = 'reading_grants';
\set ON_ERROR_STOP on
-- attack
\if :gated
SELECT max(id) FILTER (WHERE max_uses IS NULL) AS one, max(id) FILTER (WHERE max_uses IS NOT NULL) AS other FROM warrant.my_grants \gset
\setenv ONE :one
\setenv OTHER :other
\! psql -Xq -U boss -o /dev/null -c "SELECT judge.hold()" -c "SELECT judge.until_come()" -c "SELECT warrant.revoke($ONE)" -c "SELECT warrant.revoke($OTHER)" 2>/dev/null &
SELECT judge.until_held();
\endif
SELECT count(*) FROM orders;
SELECT judge.until_changed();
TABLE orders;
