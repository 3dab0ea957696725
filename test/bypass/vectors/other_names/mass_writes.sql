-- Writing all rows, under a policy on that alone.

--- update_all: UPDATE without WHERE
-- needs UPDATE_ALL on orders
-- gate
SELECT warrant.create_policy('masses', 'approve', on_table => 'orders', commands => '{UPDATE_ALL,DELETE_ALL}');
-- attack
UPDATE orders SET status = 'void';

--- delete_all: DELETE whose WHERE is always true
-- needs DELETE_ALL on orders
-- gate
SELECT warrant.create_policy('masses', 'approve', on_table => 'orders', commands => '{UPDATE_ALL,DELETE_ALL}');
-- attack
DELETE FROM orders WHERE now() > '2000-01-01';

--- update_all_under_update: a grant of UPDATE is for rows that are named
-- needs UPDATE_ALL on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{WRITE}', on_table => 'orders');
-- attack
UPDATE orders SET status = 'void' WHERE true;

--- update_all_by_join: WHERE names columns of another relation alone
-- needs UPDATE_ALL on orders
-- gate
SELECT warrant.create_policy('masses', 'approve', on_table => 'orders', commands => '{UPDATE_ALL,DELETE_ALL}');
-- attack
UPDATE orders SET status = n.note FROM notes n WHERE n.id = 1;

--- delete_all_by_itself: WHERE names a column of the same table, read a second time
-- needs DELETE_ALL on orders
-- gate
SELECT warrant.create_policy('masses', 'approve', on_table => 'orders', commands => '{UPDATE_ALL,DELETE_ALL}');
-- attack
DELETE FROM orders USING orders AS o WHERE o.id = 1;

--- update_all_by_subquery: a subquery's own column bears the name
-- needs UPDATE_ALL on orders
-- gate
SELECT warrant.create_policy('masses', 'approve', on_table => 'orders', commands => '{UPDATE_ALL,DELETE_ALL}');
-- attack
UPDATE orders SET status = 'void' WHERE EXISTS (SELECT FROM notes AS orders WHERE orders.id = 1);

--- update_all_by_table: the table's own name is no row's
-- needs UPDATE_ALL on orders
-- gate
SELECT warrant.create_policy('masses', 'approve', on_table => 'orders', commands => '{UPDATE_ALL,DELETE_ALL}');
-- attack
UPDATE orders SET status = 'void' WHERE tableoid = 'orders'::regclass;

--- delete_all_in_cte: beside a query that names rows
-- needs DELETE_ALL on orders
-- gate
SELECT warrant.create_policy('masses', 'approve', on_table => 'orders', commands => '{UPDATE_ALL,DELETE_ALL}');
-- attack
WITH named AS (UPDATE orders SET status = status WHERE id = 0), gone AS (DELETE FROM orders RETURNING id) SELECT FROM gone WHERE id = 1;

--- update_all_twice: of two writes of one table one names rows
-- needs UPDATE_ALL on orders
-- gate
SELECT warrant.create_policy('masses', 'approve', on_table => 'orders', commands => '{UPDATE_ALL,DELETE_ALL}');
-- attack
WITH named AS (UPDATE orders SET status = 'x' WHERE id = 0) UPDATE orders SET status = 'void';

--- delete_all_prepared: a plan that is made once
-- needs DELETE_ALL on orders
-- gate
SELECT warrant.create_policy('masses', 'approve', on_table => 'orders', commands => '{UPDATE_ALL,DELETE_ALL}');
-- attack
SET plan_cache_mode = force_generic_plan;
PREPARE wipe (boolean) AS DELETE FROM orders WHERE $1;
EXECUTE wipe(false);
EXECUTE wipe(true);

--- update_all_in_function: a function's own statement
-- needs UPDATE_ALL on orders
-- gate
SELECT warrant.create_policy('masses', 'approve', on_table => 'orders', commands => '{UPDATE_ALL,DELETE_ALL}');
-- attack
CREATE FUNCTION desk.wipe() RETURNS void LANGUAGE plpgsql AS $$ BEGIN UPDATE orders SET status = 'void'; END $$;
SELECT desk.wipe();

--- delete_all_in_atomic: a function whose statement was analysed when it was made
-- needs DELETE_ALL on orders
-- gate
SELECT warrant.create_policy('masses', 'approve', on_table => 'orders', commands => '{UPDATE_ALL,DELETE_ALL}');
-- attack
CREATE FUNCTION desk.wipe() RETURNS void BEGIN ATOMIC DELETE FROM orders; END;
SELECT desk.wipe();

--- delete_all_explained: EXPLAIN ANALYZE
-- needs DELETE_ALL on orders
-- gate
SELECT warrant.create_policy('masses', 'approve', on_table => 'orders', commands => '{UPDATE_ALL,DELETE_ALL}');
-- attack
EXPLAIN ANALYZE DELETE FROM orders;

--- update_all_by_view: through a view that restricts nothing
-- needs UPDATE_ALL on orders
-- setup
CREATE VIEW every_order AS SELECT * FROM orders WHERE true;
-- gate
SELECT warrant.create_policy('masses', 'approve', on_table => 'orders', commands => '{UPDATE_ALL,DELETE_ALL}');
-- attack
UPDATE every_order SET status = 'void';

--- update_all_of_view: the view itself; what its definition says is no condition of whoever writes to it
-- needs UPDATE_ALL on open_orders
-- watch orders
-- setup
CREATE VIEW open_orders AS SELECT * FROM orders WHERE status = 'new';
-- gate
SELECT warrant.create_policy('masses', 'approve', on_table => 'open_orders', commands => '{UPDATE_ALL,DELETE_ALL}');
-- attack
UPDATE open_orders SET status = 'void';

--- delete_all_of_ruled_view: a view whose rule finds the rows by their key
-- needs DELETE_ALL on ruled_orders
-- watch orders
-- setup
CREATE VIEW ruled_orders AS SELECT * FROM orders;
CREATE RULE del AS ON DELETE TO ruled_orders DO INSTEAD DELETE FROM orders WHERE id = OLD.id;
-- gate
SELECT warrant.create_policy('masses', 'approve', on_table => 'ruled_orders', commands => '{UPDATE_ALL,DELETE_ALL}');
-- attack
DELETE FROM ruled_orders;

--- update_all_by_rule: a rule's action on another table
-- needs UPDATE_ALL on orders
-- setup
CREATE RULE void AS ON UPDATE TO notes DO ALSO UPDATE orders SET status = 'void';
-- gate
SELECT warrant.create_policy('masses', 'approve', on_table => 'orders', commands => '{UPDATE_ALL,DELETE_ALL}');
-- attack
UPDATE notes SET note = 'x' WHERE id = 1;

--- delete_all_under_row_policy: a row policy's condition is not the statement's
-- needs DELETE_ALL on orders
-- setup
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY later ON orders TO clerk USING (id > 1);
-- gate
SELECT warrant.create_policy('masses', 'approve', on_table => 'orders', commands => '{UPDATE_ALL,DELETE_ALL}');
-- attack
DELETE FROM orders;

--- delete_all_of_partition: one partition of a protected table
-- needs DELETE_ALL on payments_old
-- watch payments
-- gate
SELECT warrant.create_policy('masses', 'approve', on_table => 'payments', commands => '{UPDATE_ALL,DELETE_ALL}');
-- attack
DELETE FROM payments_old;

--- merge_all: MERGE whose ON names another relation alone
-- needs DELETE_ALL on orders
-- gate
SELECT warrant.create_policy('masses', 'approve', on_table => 'orders', commands => '{UPDATE_ALL,DELETE_ALL}');
-- attack
MERGE INTO orders USING notes ON notes.id = 1 WHEN MATCHED THEN DELETE;

--- merge_all_by_source: what no source row matches is not found by ON
-- since 17
-- needs DELETE_ALL on orders
-- gate
SELECT warrant.create_policy('masses', 'approve', on_table => 'orders', commands => '{UPDATE_ALL,DELETE_ALL}');
-- attack
MERGE INTO orders USING (SELECT 0 AS id) AS none ON orders.id = none.id WHEN NOT MATCHED BY SOURCE THEN DELETE;

--- merge_into_view: MERGE into a view that restricts nothing
-- since 17
-- needs UPDATE_ALL on orders
-- setup
CREATE VIEW every_order AS SELECT * FROM orders;
-- gate
SELECT warrant.create_policy('masses', 'approve', on_table => 'orders', commands => '{UPDATE_ALL,DELETE_ALL}');
-- attack
MERGE INTO every_order USING notes ON notes.id = 1 WHEN MATCHED THEN UPDATE SET status = 'void';
