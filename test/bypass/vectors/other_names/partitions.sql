-- Partitions, children, parents.

--- partition_by_name: the partitioned table is protected, its partition is read
-- needs SELECT on payments_new
-- gate
SELECT warrant.protect('payments');
-- attack
TABLE payments_new;

--- parent_of_leaf: the partition is protected, the partitioned table is read
-- needs SELECT on payments
-- gate
SELECT warrant.protect('payments_new');
-- attack
TABLE payments;

--- pruned_leaf: even when it would not be reached
-- needs SELECT on payments
-- gate
SELECT warrant.protect('payments_new');
-- attack
SELECT * FROM payments WHERE day < '2026-01-01';

--- insert_into_leaf: writing the partition by name
-- needs INSERT on payments_new
-- gate
SELECT warrant.protect('payments');
-- attack
INSERT INTO payments_new VALUES ('2026-02-02', 'x');

--- insert_routed: writing a protected partition through its parent
-- needs INSERT on payments
-- gate
SELECT warrant.protect('payments_new');
-- attack
INSERT INTO payments VALUES ('2026-02-02', 'x');

--- child_by_name: the parent is protected, the child by inheritance is read
-- needs SELECT on old_orders
-- setup
CREATE TABLE old_orders () INHERITS (orders);
INSERT INTO old_orders TABLE orders;
-- gate
SELECT warrant.protect('orders');
-- attack
TABLE old_orders;

--- only_parent: ONLY
-- needs SELECT on orders
-- attack
SELECT * FROM ONLY orders;

--- inherit: the table becomes another one's child
-- as owner
-- needs ALTER on orders
-- attack
CREATE TABLE above (LIKE orders);
ALTER TABLE orders INHERIT above;

--- attach: the table becomes a partition
-- as owner
-- needs ALTER on orders
-- attack
CREATE TABLE above (LIKE orders) PARTITION BY LIST (id);
ALTER TABLE above ATTACH PARTITION orders DEFAULT;

--- new_parent: the parent that it got is read
-- needs SELECT on above
-- setup
CREATE TABLE above (LIKE orders);
ALTER TABLE orders INHERIT above;
-- gate
SELECT warrant.protect('orders');
-- attack
TABLE above;

--- new_child: a child of the session's own that its parent shows to others
-- as owner
-- needs ALTER on orders
-- attack
CREATE TABLE more_orders () INHERITS (orders);

--- new_partition: a partition of the session's own, where others' rows go
-- as owner
-- needs ALTER on payments
-- attack
CREATE TABLE mine (LIKE payments);
ALTER TABLE payments DETACH PARTITION payments_new;
ALTER TABLE payments ATTACH PARTITION mine DEFAULT;

--- two_parents: another parent of a child whose first parent is protected
-- needs SELECT on second
-- setup
CREATE TABLE second (LIKE orders);
CREATE TABLE heir () INHERITS (orders, second);
INSERT INTO heir TABLE orders;
-- gate
SELECT warrant.protect('orders');
-- attack
TABLE second;

--- open_leaf: a partition that is open by itself
-- needs SELECT on payments_new
-- gate
SELECT warrant.protect('payments');
SELECT warrant.create_policy('leaf', 'open', on_table => 'payments_new');
-- attack
TABLE payments_new;

--- row_leaves: an update carries rows from a protected partition into another one
-- needs SELECT, EXPORT on payments
-- gate
SELECT warrant.protect('payments_old');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'payments_old');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'payments');
-- attack
UPDATE payments SET day = '2026-02-02' WHERE day = '2025-06-01';
SELECT card FROM payments_new WHERE day = '2026-02-02';
