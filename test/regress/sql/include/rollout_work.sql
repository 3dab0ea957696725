-- What people do all day in the test of assessment and propose_policies.
\c - regress_clerk
SET application_name = 'erp';
INSERT INTO orders VALUES (1, 1, 'open');
SELECT count(*) > 0 AS some FROM orders;
UPDATE orders SET status = 'paid' WHERE id = 1;
SET application_name = 'psql';
SELECT count(*) > 0 AS some FROM orders;
SELECT how_many() > 0 AS some;
UPDATE open_orders SET status = 'paid' WHERE id = 2;
SELECT FROM sales_1;
SELECT FROM "the room".:"odd";
\c - regress_other
SET application_name = '';
UPDATE orders SET status = 'void' WHERE id > 0;
\c - :"back"
SET application_name = 'mobile';
SELECT count(*) > 0 AS some FROM orders;
SELECT FROM "the room".:"odd";
