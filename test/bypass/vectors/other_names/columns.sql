-- Policies on columns: the card number alone is protected, and the rest of the table free.

--- column_of_row: the whole row as a value
-- needs SELECT on orders
-- gate
SELECT warrant.create_policy('cards', 'approve', on_table => 'orders', columns => '{card}');
-- attack
SELECT o FROM orders o;

--- column_in_where: a statement that shows no card, and tells whether it is this one
-- needs SELECT on orders
-- shows 3 orders
-- gate
SELECT warrant.create_policy('cards', 'approve', on_table => 'orders', columns => '{card}');
-- attack
SELECT count(*) || ' orders' FROM orders WHERE card > '';

--- column_moved_beside: a write to another column of the row, which anybody reads
-- needs SELECT, EXPORT on orders
-- gate
SELECT warrant.create_policy('cards', 'approve', on_table => 'orders', columns => '{card}');
-- attack
UPDATE orders SET status = card;
SELECT status FROM orders;

--- column_moved_by_conflict: the same, where the row is there already
-- needs SELECT, EXPORT on orders
-- gate
SELECT warrant.create_policy('cards', 'approve', on_table => 'orders', columns => '{card}');
-- attack
INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET status = orders.card;
SELECT status FROM orders WHERE id = 1;

--- column_under_other_name: the owner renames it
-- needs ALTER on orders
-- as owner
-- gate
SELECT warrant.create_policy('cards', 'approve', on_table => 'orders', columns => '{card}');
-- attack
ALTER TABLE orders RENAME card TO number;
ALTER TABLE orders ADD COLUMN card text;

--- column_moved_to_partition: a row goes where its column is free
-- needs SELECT, EXPORT on payments
-- gate
SELECT warrant.create_policy('cards', 'approve', on_table => 'payments_old', columns => '{card}');
-- attack
UPDATE payments SET day = '2026-07-01' WHERE day < '2026-01-01';
SELECT card FROM payments_new;

--- column_of_view: a view that shows it under another name
-- needs SELECT on orders
-- setup
CREATE VIEW numbers AS SELECT id, card AS number FROM orders;
-- gate
SELECT warrant.create_policy('cards', 'approve', on_table => 'orders', columns => '{card}');
-- attack
SELECT number FROM numbers;

--- column_in_statistics: what ANALYZE has sampled of it
-- needs ADMIN on database
-- as owner
-- setup
ANALYZE orders;
-- gate
SELECT warrant.create_policy('cards', 'approve', on_table => 'orders', columns => '{card}');
-- attack
SELECT most_common_vals FROM pg_stats WHERE tablename = 'orders' AND attname = 'card';

--- column_copied_out: COPY without a list of columns
-- needs SELECT, EXPORT on orders
-- gate
SELECT warrant.create_policy('cards', 'approve', on_table => 'orders', columns => '{card}');
-- attack
COPY orders TO STDOUT;

--- column_generated: another column that is computed of it
-- needs ALTER, SELECT on orders
-- as owner
-- gate
SELECT warrant.create_policy('cards', 'approve', on_table => 'orders', columns => '{card}');
-- attack
ALTER TABLE orders ADD COLUMN shown text GENERATED ALWAYS AS (card) STORED;
SELECT shown FROM orders;

--- column_of_open_policy: what a policy opens beside a table that is protected
-- needs SELECT on orders
-- gate
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders');
SELECT warrant.create_policy('numbers', 'open', on_table => 'orders', columns => '{id,status}', commands => '{READ}');
-- attack
SELECT id, card FROM orders;

--- column_returned: a write that shows what it has changed
-- needs SELECT, EXPORT on orders
-- gate
SELECT warrant.create_policy('cards', 'approve', on_table => 'orders', columns => '{card}');
-- attack
UPDATE orders SET status = 'x' RETURNING *;

--- column_of_other_grant: a grant on one column, and a statement that touches another
-- needs SELECT on orders
-- gate
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', columns => '{id,status}');
-- attack
SELECT id FROM orders WHERE status = 'new' ORDER BY card;
SELECT id, card FROM orders;

--- column_into_open_one: a write to a column that a policy opens
-- needs SELECT, EXPORT on orders
-- gate
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders');
SELECT warrant.create_policy('states', 'open', on_table => 'orders', columns => '{id,status}', commands => '{READ,WRITE}');
-- attack
UPDATE orders SET status = card WHERE id > 0;
SELECT status FROM orders;

--- column_into_open_one_by_conflict: the same, where the row is there already
-- needs SELECT, EXPORT on orders
-- gate
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders');
SELECT warrant.create_policy('states', 'open', on_table => 'orders', columns => '{id,status}', commands => '{READ,WRITE}');
-- attack
INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET status = orders.card;
SELECT status FROM orders WHERE id = 1;

--- column_into_open_one_by_merge: the same with MERGE
-- needs SELECT, EXPORT on orders
-- gate
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders');
SELECT warrant.create_policy('states', 'open', on_table => 'orders', columns => '{id,status}', commands => '{READ,WRITE}');
-- attack
MERGE INTO orders o USING (SELECT 1 AS id) s ON o.id = s.id WHEN MATCHED THEN UPDATE SET status = o.card;
SELECT status FROM orders WHERE id = 1;

--- column_tested_by_open_one: a write to an open column tells which rows it was
-- needs SELECT, EXPORT on orders
-- gate
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders');
SELECT warrant.create_policy('states', 'open', on_table => 'orders', columns => '{id,status}', commands => '{READ,WRITE}');
-- attack
UPDATE orders SET status = 'found' WHERE card > '';

--- column_into_granted_one: a grant on one column, and a write that reads another into it
-- needs SELECT on orders
-- gate
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders');
SELECT warrant.grant('clerk', '{SELECT,UPDATE}', on_table => 'orders', columns => '{id,status}');
-- attack
UPDATE orders SET status = card WHERE id = 1;
SELECT status FROM orders WHERE id = 1;

--- column_tested_by_granted_one: the same in WHERE
-- needs SELECT on orders
-- gate
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders');
SELECT warrant.grant('clerk', '{SELECT,UPDATE}', on_table => 'orders', columns => '{id,status}');
-- attack
UPDATE orders SET status = 'found' WHERE card > '';

--- column_beside_free_update: a grant of SELECT on columns, and an UPDATE that needs no approval
-- needs SELECT on orders
-- gate
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders', commands => '{READ}');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', columns => '{id,status}');
-- attack
UPDATE orders SET status = card WHERE id = 1;
SELECT status FROM orders WHERE id = 1;

--- column_beside_free_upsert: the same where the row is there already
-- needs SELECT on orders
-- gate
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders', commands => '{READ}');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', columns => '{id,status}');
-- attack
INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET status = orders.card;
SELECT status FROM orders WHERE id = 1;

--- column_beside_free_delete: the same, and what a DELETE finds
-- needs SELECT on orders
-- gate
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders', commands => '{READ}');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', columns => '{id,status}');
-- attack
DELETE FROM orders WHERE id = 2 AND card > '';

--- column_beside_granted_update: a grant of SELECT on columns, and another of all UPDATE
-- needs SELECT on orders
-- gate
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', columns => '{id,status}');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = card WHERE id = 1;
SELECT status FROM orders WHERE id = 1;

--- column_of_part_beside_free_update: the same on a partition, written through its parent
-- needs SELECT on payments
-- setup
ALTER TABLE payments ADD COLUMN note text;
-- gate
SELECT warrant.create_policy('payments', 'approve', on_table => 'payments', commands => '{READ}');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'payments_old', columns => '{note}');
-- attack
UPDATE payments SET note = card WHERE day < '2026-01-01';
SELECT note FROM payments_old;
