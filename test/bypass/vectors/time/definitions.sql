-- Definitions that are not committed, and grants under another policy.

--- unprotected_in_transaction: unprotect, read, ROLLBACK
-- needs SELECT on orders
-- setup
-- gate
SELECT warrant.protect('orders');
GRANT warrant_admin TO clerk;
-- attack
BEGIN;
\if :gated
SELECT warrant.unprotect('orders');
\endif
TABLE orders;
ROLLBACK;

--- opened_in_transaction: an open policy of the transaction's own
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
GRANT warrant_admin TO clerk;
-- attack
BEGIN;
\if :gated
SELECT warrant.create_policy('mine', 'open', on_table => 'orders', priority => 100);
\endif
TABLE orders;
ROLLBACK;

--- dropped_in_savepoint: a policy that is dropped and comes back
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
GRANT warrant_admin TO clerk;
-- attack
BEGIN;
SAVEPOINT s;
\if :gated
SELECT warrant.drop_policy('protect shop.orders');
\endif
SELECT card FROM orders;
ROLLBACK TO s;
COMMIT;

--- grant_of_another_policy: the grant was given under a policy that has been replaced
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
SELECT warrant.drop_policy('protect shop.orders');
SELECT warrant.create_policy('stricter', 'approve', on_table => 'orders', min_approvals => 1);
-- attack
TABLE orders;

--- grant_of_other_terms: the grant was given under terms that the policy has no more
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', duration => '2 h');
SELECT warrant.alter_policy('protect shop.orders', '{"max_duration": "1 h"}');
SELECT warrant.alter_policy('protect shop.orders', '{"max_duration": null}');
-- attack
TABLE orders;

--- altered_in_transaction: a policy that is opened and comes back
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
GRANT warrant_admin TO clerk;
-- attack
BEGIN;
\if :gated
SELECT warrant.alter_policy('protect shop.orders', '{"effect": "open"}');
\endif
TABLE orders;
ROLLBACK;

--- schema_grant: a grant on the schema covers nothing that a policy of its own governs
-- needs SELECT on orders
-- gate
SELECT warrant.protect_schema('shop');
SELECT warrant.grant('clerk', '{SELECT}', on_schema => 'shop');
SELECT warrant.protect('orders');
-- attack
TABLE orders;

--- other_command: a grant for another command
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{INSERT,UPDATE,DELETE,TRUNCATE,LOCK,EXPORT,MAINTAIN,ALTER,DROP,GRANT}', on_table => 'orders');
-- attack
TABLE orders;

--- without_export: a grant for reading alone
-- needs EXPORT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
-- attack
COPY orders TO STDOUT;

--- other_table: a grant for another table under the same policy
-- needs SELECT on orders
-- gate
SELECT warrant.protect_schema('shop');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'notes');
-- attack
SELECT card FROM notes, orders;

--- schema_policy: a policy on the schema alone
-- needs SELECT on orders
-- gate
SELECT warrant.protect_schema('shop');
-- attack
TABLE orders;

--- database_policy: a policy on the database alone
-- needs SELECT on orders
-- gate
SELECT warrant.protect_database();
-- attack
TABLE orders;

--- new_table_in_schema: a table that came after the policy on its schema
-- needs SELECT on late
-- setup
CREATE TABLE late AS TABLE orders;
-- gate
SELECT warrant.protect_schema('shop');
-- attack
TABLE late;

--- create_in_schema: a new table in a protected schema
-- needs CREATE on schema shop
-- shows ^it is there$
-- setup
GRANT CREATE ON SCHEMA shop TO clerk;
-- attack
CREATE TABLE shop.mine ();
SELECT 'it is there' FROM pg_class WHERE oid = to_regclass('shop.mine');

--- prepared_before: prepared and planned before the table was protected
-- needs SELECT on orders
-- gate
SELECT 1;
-- granted
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
-- attack
SET plan_cache_mode = force_generic_plan;
PREPARE p AS SELECT card FROM orders WHERE id > $1;
EXPLAIN (COSTS off) EXECUTE p (1);
\! psql -Xq -U dba -o /dev/null -c "SELECT warrant.protect('shop.orders')" 2>/dev/null
EXECUTE p (0);

--- cursor_before: a cursor that was opened before
-- needs SELECT on orders
-- gate
SELECT 1;
-- granted
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
-- attack
BEGIN;
DECLARE c CURSOR FOR TABLE orders;
\! psql -Xq -U dba -o /dev/null -c "SELECT warrant.protect('shop.orders')" 2>/dev/null
FETCH ALL FROM c;

--- transaction_before: a transaction that began before
-- needs SELECT on orders
-- gate
SELECT 1;
-- granted
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
-- attack
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM orders;
\! psql -Xq -U dba -o /dev/null -c "SELECT warrant.protect('shop.orders')" 2>/dev/null
TABLE orders;

--- function_before: a function whose plan was made before
-- needs SELECT on orders
-- setup
CREATE FUNCTION card(wanted boolean) RETURNS text LANGUAGE plpgsql AS $$ BEGIN IF wanted THEN RETURN (SELECT max(card) FROM shop.orders); END IF; RETURN ''; END $$;
-- gate
SELECT 1;
-- granted
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
-- attack
SELECT length(card(true)), length(card(true));
\! psql -Xq -U dba -o /dev/null -c "SELECT warrant.protect('shop.orders')" 2>/dev/null
SELECT card(true);

--- schema_recreated: the protected schema is dropped and made again
-- needs SELECT on orders
-- gate
SELECT warrant.protect_schema('shop');
CREATE TABLE public.copy AS TABLE orders;
DROP SCHEMA shop CASCADE;
CREATE SCHEMA shop;
GRANT USAGE ON SCHEMA shop TO PUBLIC;
ALTER TABLE public.copy SET SCHEMA shop;
ALTER TABLE copy RENAME TO orders;
GRANT ALL ON orders TO clerk;
-- attack
TABLE orders;

--- extension_member: a table that becomes an extension's leaves the policies on its schema
-- as owner
-- needs ALTER on orders; ALTER on customers; ALTER on order_lines
-- watch orders
-- shows ^it is a member$
-- setup
CREATE EXTENSION hstore;
UPDATE pg_extension SET extowner = 'owner'::regrole WHERE extname = 'hstore';
-- gate
SELECT warrant.protect_schema('shop');
-- attack
ALTER EXTENSION hstore ADD TABLE orders;
SELECT 'it is a member';

--- prepared_definitions: a transaction that changed definitions is prepared, to be committed whenever it suits
-- needs nothing
-- error 0A000
-- shows ^it is prepared$
-- gate
GRANT warrant_admin TO clerk;
-- attack
BEGIN;
\if :gated
SELECT warrant.create_policy('mine', 'open', on_table => 'orders', priority => 100);
\endif
PREPARE TRANSACTION 'definitions';
SELECT 'it is prepared';
ROLLBACK PREPARED 'definitions';
