-- The same table under another name.

--- renamed: ALTER TABLE RENAME
-- as owner
-- needs ALTER, SELECT on orders
-- attack
ALTER TABLE orders RENAME TO archive;
TABLE archive;

--- moved: SET SCHEMA
-- as owner
-- needs ALTER, SELECT on orders
-- setup
CREATE SCHEMA attic AUTHORIZATION owner;
-- attack
ALTER TABLE orders SET SCHEMA attic;
TABLE attic.orders;

--- schema_renamed: the schema's name changes
-- as owner
-- needs ALTER, SELECT on orders
-- attack
ALTER SCHEMA shop RENAME TO attic;
TABLE attic.orders;

--- decoy: another table stands under the old name
-- as owner
-- needs ALTER, SELECT on orders
-- attack
BEGIN;
ALTER TABLE orders RENAME TO archive;
CREATE TABLE orders (id int);
COMMIT;
TABLE archive;

--- grant_on_decoy: a grant was given under the name while another table stood there
-- needs SELECT on orders
-- gate
ALTER TABLE orders RENAME TO archive;
CREATE TABLE orders (id int);
SELECT warrant.protect('archive');
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
DROP TABLE orders;
ALTER TABLE archive RENAME TO orders;
-- attack
TABLE orders;

--- temporary_decoy: a temporary table has the name, the real one is read
-- needs SELECT on orders
-- attack
CREATE TEMPORARY TABLE orders (id int);
SET search_path = pg_temp, shop;
SELECT * FROM orders;
SET search_path = shop, pg_temp;
SELECT * FROM orders;

--- quoted_path: a search path that names the schema strangely
-- needs SELECT on orders
-- setup
CREATE SCHEMA "shop, desk";
-- attack
SET search_path = "shop, desk", "$user", shop;
TABLE orders;

--- table_command: TABLE, and an alias
-- needs SELECT on orders
-- attack
WITH notes AS (TABLE orders) SELECT notes.* FROM notes;

--- multi_statement: several statements in one message
-- needs SELECT on orders
-- attack
SELECT 1\; SELECT * FROM orders\; SELECT 2;

--- union_branch: one branch of many
-- needs SELECT on orders
-- attack
SELECT note FROM notes UNION ALL SELECT card FROM orders;

--- lateral: a subquery beside another table
-- needs SELECT on orders
-- attack
SELECT l.card FROM customers c, LATERAL (SELECT o.card FROM orders o WHERE o.customer = c.id) AS l;

--- removed_join: a join that the planner finds it can do without
-- needs SELECT on orders
-- shows ^done
-- attack
SELECT 'done', n.id FROM notes n LEFT JOIN orders o ON o.id = n.id;

--- sample_size: a subquery that says how many rows are sampled
-- needs SELECT on orders
-- shows ^done
-- attack
SELECT 'done', count(*) FROM notes TABLESAMPLE bernoulli ((SELECT max(id) FROM orders));

--- frame_offset: a subquery that says how far a window reaches
-- needs SELECT on orders
-- shows ^done
-- attack
SELECT 'done', count(*) OVER (ROWS BETWEEN (SELECT count(*) FROM orders) PRECEDING AND CURRENT ROW) FROM notes;

--- sort_key: a subquery that decides on the order
-- needs SELECT on orders
-- attack
SELECT (SELECT max(card) FROM orders) ORDER BY 1;

--- limit: a subquery that says how many rows
-- needs SELECT on orders
-- shows water the plants
-- attack
SELECT note FROM notes ORDER BY id LIMIT (SELECT count(*) FROM orders);

--- existence: whether there are rows
-- needs SELECT on orders
-- shows ^there are$
-- attack
SELECT 'there are' WHERE EXISTS (SELECT FROM orders WHERE status = 'new');

--- whole_row: the row as one value
-- needs SELECT on orders
-- attack
SELECT o FROM orders o;

--- system_column: where the rows are and who wrote them
-- needs SELECT on orders
-- shows ^\(0,1\)
-- attack
SELECT ctid, xmin FROM orders;

--- table_sample: TABLESAMPLE
-- needs SELECT on orders
-- attack
SELECT * FROM orders TABLESAMPLE SYSTEM (100);

--- recursive_cte: recursion
-- needs SELECT on orders
-- attack
WITH RECURSIVE r (id, card) AS (SELECT 0, '' UNION ALL SELECT o.id, o.card FROM r JOIN orders o ON o.id = r.id + 1) SELECT * FROM r;

--- not_reached: a subquery that may not be reached
-- needs SELECT on orders
-- shows ^1$
-- attack
SELECT 1 FROM notes WHERE id = 1 OR id = (SELECT max(id) FROM orders);

--- rows_as_json: the rows as one document
-- needs SELECT on orders
-- attack
SELECT * FROM json_populate_recordset(NULL::orders, (SELECT json_agg(o) FROM orders o));

--- copy_of_function: COPY of a query that only calls
-- needs SELECT on orders
-- setup
CREATE FUNCTION cards() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT card FROM orders';
-- attack
COPY (SELECT * FROM cards()) TO STDOUT;
