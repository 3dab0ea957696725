-- Whoever makes a policy whose requests nobody could decide is warned, and whoever asks under it is told; a refusal under several policies tells each
-- request with what it asks for.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE orders (a int);
CREATE TABLE notes (a int);
GRANT ALL ON orders, notes TO PUBLIC;
CREATE ROLE regress_guild;
-- Nobody, too few, and none of it where nobody is asked.
SELECT warrant.create_policy('guild', 'approve', on_table => 'orders', approver_role => 'regress_guild');
SELECT warrant.create_policy('three', 'approve', on_table => 'notes', min_approvals => 3);
SELECT warrant.create_policy('watched', 'approve', on_schema => 'stage', approver_role => 'regress_guild', mode => 'monitor');
SELECT warrant.create_policy('never', 'deny', on_schema => 'stage', commands => '{DROP}', approver_role => 'regress_guild');
SELECT warrant.create_policy('two', 'approve', on_schema => 'stage', commands => '{ALTER}', min_approvals => 2);
SELECT warrant.alter_policy('watched', '{"mode": "enforce"}');
SELECT item, warning FROM warrant.status() WHERE item LIKE 'policy %' ORDER BY item;
-- protect asks warrant_approver.
BEGIN;
REVOKE warrant_approver FROM regress_chief, regress_deputy;
SELECT warrant.protect_schema('stage');
ROLLBACK;
SELECT warrant.drop_policy('watched'), warrant.drop_policy('never'), warrant.drop_policy('two');

-- Whoever asks is told; and each request of a statement stands with its accesses, in their order.
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'notes');
SELECT warrant.request('{SELECT}', on_tables => '{orders,notes}');
SELECT n.a FROM notes n, orders o;
SELECT o.a FROM orders o, notes n;
\c - :owner
GRANT regress_guild TO regress_clerk;
SELECT warrant.alter_policy('three', '{"min_approvals": 1}');
SELECT warrant.alter_policy('guild', '{"min_approvals": 2}');
\c - regress_clerk
SELECT warrant.request('{UPDATE}', on_table => 'notes');
SELECT warrant.request('{UPDATE}', on_table => 'orders');
INSERT INTO notes SELECT a FROM orders RETURNING a;
\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
DROP ROLE regress_guild;
