-- Views lead to the same rows, whoever owns them.

--- view: a view of the table
-- needs SELECT on orders
-- setup
CREATE VIEW seen AS TABLE orders;
-- attack
TABLE seen;

--- nested_view: a view over another owner's view
-- needs SELECT on orders
-- setup
CREATE VIEW inner_view AS TABLE orders;
CREATE VIEW outer_view AS SELECT card FROM inner_view;
ALTER VIEW outer_view OWNER TO helper;
GRANT SELECT ON inner_view TO helper;
-- attack
SELECT * FROM outer_view;

--- view_of_superuser: checked as the superuser who made it
-- needs SELECT on orders
-- setup
CREATE VIEW seen AS TABLE orders;
REVOKE ALL ON orders FROM clerk;
-- attack
TABLE seen;

--- updated_view: a view that can be updated
-- needs UPDATE on orders
-- setup
CREATE VIEW open_orders AS SELECT * FROM orders WHERE status = 'new';
-- attack
UPDATE open_orders SET status = 'void';

