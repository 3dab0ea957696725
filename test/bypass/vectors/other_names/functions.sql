-- Functions, and the server's own functions that run a query in a text.

--- inlined_function: an SQL function that becomes part of the caller's plan
-- needs SELECT on orders
-- attack
CREATE FUNCTION desk.all_orders() RETURNS SETOF shop.orders LANGUAGE sql STABLE AS 'TABLE shop.orders';
SELECT * FROM desk.all_orders();

--- sql_function: one that does not
-- needs SELECT on orders
-- attack
CREATE FUNCTION desk.top_card() RETURNS text LANGUAGE sql VOLATILE AS 'SELECT max(card) FROM shop.orders';
SELECT desk.top_card();

--- parsed_function: an SQL function whose body is kept as a tree
-- needs SELECT on orders
-- attack
CREATE FUNCTION desk.top_card() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT max(card) FROM shop.orders; END;
SELECT desk.top_card();

--- definer_function: the table's privileges are those of the function's owner
-- needs SELECT on orders
-- setup
CREATE FUNCTION card(int) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN (SELECT card FROM orders WHERE id = $1); END $$;
REVOKE ALL ON orders FROM clerk;
-- attack
SELECT card(1);

--- definer_sql_function: the same in SQL
-- needs SELECT on orders
-- setup
CREATE FUNCTION cards() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT card FROM orders';
REVOKE ALL ON orders FROM clerk;
-- attack
SELECT * FROM cards();

--- dynamic_statement: a text that a function puts together
-- needs SELECT on orders
-- attack
CREATE FUNCTION desk.read_it(text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'SELECT card FROM ' || $1 || 'ers'; END $$;
SELECT desk.read_it('shop.ord');

--- query_to_xml: the query is an argument
-- needs SELECT on orders
-- attack
SELECT query_to_xml('TABLE orders', true, false, '');

--- table_to_xml: the table is an argument
-- needs SELECT on orders
-- attack
SELECT table_to_xml('orders', true, false, '');

--- schema_to_xml: the whole schema is an argument
-- needs SELECT on orders
-- attack
SELECT schema_to_xml('shop', true, false, '');

--- cursor_to_xml: through a cursor
-- needs SELECT on orders
-- before
BEGIN;
DECLARE c CURSOR FOR TABLE orders;
-- attack
SELECT cursor_to_xml('c', 9, true, false, '');

--- ts_stat: text search reads the words
-- needs SELECT on orders
-- attack
SELECT word FROM ts_stat('SELECT to_tsvector(''simple'', card) FROM shop.orders');

--- ts_rewrite: text search reads its rules
-- needs SELECT on orders
-- attack
SELECT ts_rewrite('x'::tsquery, 'SELECT ''x''::tsquery, card::tsquery FROM shop.orders');

--- crosstab: an extension's function that runs a query
-- needs SELECT on orders
-- setup
CREATE EXTENSION tablefunc;
-- attack
SELECT * FROM crosstab('SELECT id, customer, card FROM shop.orders ORDER BY 1') AS t (id int, card text);

--- connectby: one that climbs a tree
-- needs SELECT on orders
-- setup
CREATE EXTENSION tablefunc;
-- attack
SELECT * FROM connectby('orders', 'card', 'status', 'new', 0) AS t(card text, status text, level int);

--- xpath_table: another one
-- needs SELECT on orders
-- setup
CREATE EXTENSION xml2;
UPDATE orders SET status = format('<a>%s</a>', card) WHERE id > 0;
-- attack
SELECT * FROM xpath_table('id', 'status', 'shop.orders', '/a', 'true') AS t (id int, card text);

--- dblink_build: one that makes a statement of a row
-- needs SELECT on orders
-- setup
CREATE EXTENSION dblink;
-- attack
SELECT dblink_build_sql_insert('shop.orders', '1', 1, '{1}', '{1}');

--- refcursor: a function hands out a cursor
-- needs SELECT on orders
-- setup
CREATE FUNCTION open_it() RETURNS refcursor LANGUAGE plpgsql SECURITY DEFINER AS $$ DECLARE c refcursor := 'c'; BEGIN OPEN c FOR TABLE orders; RETURN c; END $$;
-- attack
BEGIN;
SELECT open_it();
FETCH ALL FROM c;

--- anonymous_block: DO
-- needs SELECT on orders
-- attack
DO $$ BEGIN RAISE NOTICE 'card %', (SELECT max(card) FROM shop.orders); END $$;

--- procedure: CALL
-- needs SELECT on orders
-- setup
CREATE PROCEDURE tell() LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RAISE NOTICE 'card %', (SELECT max(card) FROM orders); END $$;
-- attack
CALL tell();

--- argument_of_call: evaluated without a plan of its own
-- needs SELECT on orders
-- setup
CREATE FUNCTION top_card() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT max(card) FROM orders';
CREATE PROCEDURE tell(text) LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'card %', $1; END $$;
-- attack
CALL tell(top_card());

--- argument_of_execute: the same of a prepared statement
-- needs SELECT on orders
-- setup
CREATE FUNCTION top_card() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT max(card) FROM orders';
-- attack
PREPARE p (text) AS SELECT $1;
EXECUTE p (top_card());
