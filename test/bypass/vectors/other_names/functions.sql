-- Functions that read.

--- inlined_function: an SQL function that becomes part of the caller's plan
-- needs SELECT on orders
-- attack
CREATE FUNCTION desk.all_orders() RETURNS SETOF shop.orders LANGUAGE sql STABLE AS 'TABLE shop.orders';
SELECT * FROM desk.all_orders();

--- definer_function: checked as its owner
-- needs SELECT on orders
-- setup
CREATE FUNCTION card(int) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN (SELECT card FROM orders WHERE id = $1); END $$;
-- attack
SELECT card(1);
