-- What later versions of the server brought.

--- merge_returning: MERGE with RETURNING
-- since 17
-- needs SELECT, UPDATE on orders
-- attack
MERGE INTO orders o USING (SELECT 1 AS id) s ON o.id = s.id WHEN MATCHED THEN UPDATE SET status = 'seen' RETURNING o.card;

--- merge_by_source: MERGE that deletes what its source lacks
-- since 17
-- needs SELECT, DELETE, DELETE_ALL on orders
-- setup
DROP TABLE order_lines;
-- attack
MERGE INTO orders o USING notes n ON o.id = n.id WHEN NOT MATCHED BY SOURCE THEN DELETE;

--- merge_view: MERGE into a view
-- since 17
-- needs UPDATE, SELECT on orders; UPDATE, SELECT on orders_seen
-- setup
CREATE VIEW orders_seen AS TABLE orders;
-- attack
MERGE INTO orders_seen o USING (SELECT 1 AS id) s ON o.id = s.id WHEN MATCHED THEN UPDATE SET status = 'seen';

--- maintain_privilege: MAINTAIN without owning
-- since 17
-- needs MAINTAIN on orders
-- attack
CLUSTER orders USING orders_pkey;

--- maintain_role: a member of pg_maintain
-- since 17
-- needs MAINTAIN on orders
-- setup
REVOKE ALL ON orders FROM clerk;
GRANT pg_maintain TO clerk;
-- attack
REINDEX TABLE orders;

--- maintain_role_schema: a member of pg_maintain, and a whole schema
-- since 17
-- needs MAINTAIN on orders
-- setup
GRANT pg_maintain TO clerk;
-- attack
REINDEX SCHEMA shop;

--- json_table: JSON_TABLE of a column
-- since 17
-- needs SELECT on orders
-- attack
SELECT j.card FROM orders o, JSON_TABLE(to_jsonb(o), '$' COLUMNS (card text PATH '$.card')) j;

--- json_value_domain: a domain's check sees what JSON_VALUE makes of the old value
-- since 17
-- needs SELECT, UPDATE on orders
-- setup
CREATE FUNCTION desk.told(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$;
CREATE DOMAIN desk.talkative AS text CHECK (desk.told(VALUE));
-- attack
UPDATE orders SET status = JSON_VALUE(to_jsonb(card), '$' RETURNING desk.talkative) WHERE id > 0;

--- update_tries_input: a domain's check that a function of the server's own makes, by the domain's name
-- since 16
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
CREATE TABLE desk.told (card text);
CREATE FUNCTION desk.tell(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO desk.told VALUES ($1); RETURN true; END $$;
CREATE DOMAIN desk.domain AS text CHECK (desk.tell(VALUE));
UPDATE orders SET status = 'tried' WHERE pg_input_is_valid(card, 'desk.domain');
TABLE desk.told;

--- set_expression: a generated column with another expression
-- since 17
-- as owner
-- needs ALTER, SELECT on orders
-- setup
ALTER TABLE orders ADD double int GENERATED ALWAYS AS (id * 2) STORED;
-- attack
ALTER TABLE orders ALTER double SET EXPRESSION AS (id * 3);

--- returning_old: UPDATE that returns the old row
-- since 18
-- needs SELECT, UPDATE on orders
-- attack
UPDATE orders SET card = '' WHERE id > 0 RETURNING old.card;

--- conflict_returning_old: the row that an INSERT meets
-- since 18
-- needs INSERT, UPDATE, SELECT on orders
-- attack
INSERT INTO orders VALUES (1, 1, 'new', '') ON CONFLICT (id) DO UPDATE SET card = '' RETURNING old.card;

--- copy_materialized: COPY of a materialized view
-- since 18
-- needs SELECT, EXPORT on cards
-- setup
CREATE MATERIALIZED VIEW cards AS TABLE orders;
-- attack
COPY cards TO STDOUT;

--- virtual_column: a virtual column is computed when it is read
-- since 18
-- needs SELECT on orders
-- setup
ALTER TABLE orders ADD shown text GENERATED ALWAYS AS ('card ' || card) VIRTUAL;
-- attack
SELECT shown FROM orders;

--- enforced_late: a foreign key that is enforced from now on
-- since 18
-- as owner
-- needs ALTER, SELECT on order_lines; ALTER, SELECT on orders
-- setup
ALTER TABLE order_lines ADD CONSTRAINT late FOREIGN KEY (order_id) REFERENCES orders NOT ENFORCED;
-- attack
ALTER TABLE order_lines ALTER CONSTRAINT late ENFORCED;

--- cleared_values: what ANALYZE has sampled is thrown away
-- since 18
-- needs ADMIN on database
-- watch orders
-- setup
ANALYZE orders;
-- attack
SELECT pg_clear_attribute_stats('shop', 'orders', 'card', false);

--- cleared_counts: what it has counted
-- since 18
-- needs ADMIN on database
-- watch orders
-- setup
ANALYZE orders;
-- attack
DO $$ BEGIN PERFORM pg_clear_relation_stats('shop', name) FROM unnest(ARRAY['orders']) AS name; END $$;

--- restored_values: sampled values that somebody has made up
-- since 18
-- needs ADMIN on database
-- watch orders
-- attack
SELECT pg_restore_attribute_stats('schemaname', 'shop', 'relname', 'orders', 'attname', 'card', 'inherited', false, 'null_frac', 0.5::real);

--- restored_counts: made-up counts
-- since 18
-- needs ADMIN on database
-- watch orders
-- attack
SELECT * FROM pg_restore_relation_stats('schemaname', 'shop', 'relname', 'orders', 'reltuples', 100000::real);

--- analyze_only: a parent without its partitions
-- since 18
-- needs MAINTAIN on payments
-- attack
ANALYZE ONLY payments;

--- vacuum_only: a table without what inherits from it
-- since 18
-- needs MAINTAIN on orders
-- setup
CREATE TABLE orders_more () INHERITS (orders);
-- attack
VACUUM (ANALYZE) ONLY orders;

--- analyze_heirs: what inherits from a table is analyzed with it
-- since 18
-- needs MAINTAIN on orders; MAINTAIN on all_orders
-- setup
CREATE TABLE all_orders (id int, customer int, status text, card text);
ALTER TABLE orders INHERIT all_orders;
-- attack
ANALYZE all_orders;

--- merge_returning_old: MERGE that returns the old row
-- since 18
-- needs SELECT, UPDATE on orders
-- attack
MERGE INTO orders o USING (SELECT 1 AS id) s ON o.id = s.id WHEN MATCHED THEN UPDATE SET card = '' RETURNING WITH (OLD AS was) was.card;

--- delete_returning_new: DELETE whose RETURNING reads the old row by another name
-- since 18
-- needs SELECT, DELETE on orders
-- setup
DROP TABLE order_lines;
-- attack
DELETE FROM orders WHERE id > 0 RETURNING WITH (OLD AS was) row_to_json(was);

--- virtual_check: a check of a virtual column
-- since 18
-- as owner
-- needs ALTER, SELECT on orders
-- setup
ALTER TABLE orders ADD shown text GENERATED ALWAYS AS ('card ' || card) VIRTUAL;
-- attack
ALTER TABLE orders ADD CHECK (shown <> '');

--- virtual_condition: a virtual column in WHERE, seen by a function of one's own
-- since 18
-- needs SELECT, DELETE on orders
-- setup
ALTER TABLE orders ADD shown text GENERATED ALWAYS AS ('card ' || card) VIRTUAL;
DROP TABLE order_lines;
CREATE FUNCTION desk.told(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$;
-- attack
DELETE FROM orders WHERE desk.told(shown);

--- overlapped_period: a key without overlaps quotes the row that it meets
-- since 18
-- needs nothing
-- error 23P01
-- fails
-- shows \[100,200\)
-- setup
ALTER TABLE orders ADD span int4range NOT NULL DEFAULT '[100,200)', ADD kind int4range NOT NULL DEFAULT '[1,2)';
ALTER TABLE orders DROP CONSTRAINT orders_pkey CASCADE, ALTER id DROP NOT NULL;
DELETE FROM orders WHERE id > 1;
ALTER TABLE orders ADD PRIMARY KEY (kind, span WITHOUT OVERLAPS);
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{INSERT}', on_table => 'orders');
-- attack
INSERT INTO orders (kind, span) VALUES ('[1,2)', '[0,1000)');

--- period_key: a foreign key with PERIOD looks its row up by itself
-- since 18
-- needs INSERT on stays
-- setup
CREATE TABLE rooms (kind int4range, span int4range, PRIMARY KEY (kind, span WITHOUT OVERLAPS));
INSERT INTO rooms VALUES ('[1,2)', '[0,10)'), ('[1,2)', '[10,20)');
CREATE TABLE stays (kind int4range, span int4range, FOREIGN KEY (kind, PERIOD span) REFERENCES rooms (kind, PERIOD span));
-- gate
SELECT warrant.protect('stays');
SELECT warrant.protect('rooms');
-- attack
INSERT INTO stays VALUES ('[1,2)', '[5,15)');

--- period_cascade: the rows that a changed period is looked up in
-- since 18
-- as owner
-- needs UPDATE on rooms
-- setup
CREATE TABLE rooms (kind int4range, span int4range, PRIMARY KEY (kind, span WITHOUT OVERLAPS));
ALTER TABLE rooms OWNER TO owner;
INSERT INTO rooms VALUES ('[1,2)', '[0,10)'), ('[1,2)', '[10,20)');
CREATE TABLE stays (kind int4range, span int4range, FOREIGN KEY (kind, PERIOD span) REFERENCES rooms (kind, PERIOD span));
GRANT ALL ON stays TO owner;
INSERT INTO stays VALUES ('[1,2)', '[5,15)');
-- gate
SELECT warrant.protect('stays');
SELECT warrant.protect('rooms');
-- attack
UPDATE rooms SET span = '[10,30)' WHERE span = '[10,20)';

--- not_null_inherited: a constraint that is handed down from now on
-- since 18
-- as owner
-- needs ALTER on orders
-- setup
ALTER TABLE orders ADD CONSTRAINT told NOT NULL status NO INHERIT;
-- attack
ALTER TABLE orders ALTER CONSTRAINT told INHERIT;

--- not_null_late: NOT NULL that looks at the rows later
-- since 18
-- as owner
-- needs ALTER, SELECT on orders
-- setup
ALTER TABLE orders ADD CONSTRAINT told NOT NULL status NOT VALID;
-- attack
ALTER TABLE orders VALIDATE CONSTRAINT told;

--- rejecting_copy: COPY that leaves out what it cannot read
-- since 18
-- needs INSERT on orders
-- attack
COPY orders (id, status) FROM STDIN (ON_ERROR ignore, REJECT_LIMIT 5, LOG_VERBOSITY verbose);
x	bad
7	good
\.

--- foreign_like: a foreign table like another
-- since 18
-- as owner
-- needs CREATE on schema shop
-- watch orders_there
-- setup
CREATE EXTENSION postgres_fdw;
CREATE SERVER branch FOREIGN DATA WRAPPER postgres_fdw;
GRANT USAGE ON FOREIGN SERVER branch TO owner;
-- attack
CREATE FOREIGN TABLE orders_there (LIKE orders INCLUDING ALL) SERVER branch;

--- repacked: REPACK by one who may MAINTAIN
-- since 19
-- needs MAINTAIN on orders
-- attack
REPACK orders;

--- repacked_by_index: in the order of an index
-- since 19
-- needs MAINTAIN on orders
-- attack
REPACK (ANALYZE) orders USING INDEX orders_pkey;

--- conflict_select: the row that an INSERT meets, instead of an error
-- since 19
-- needs INSERT, SELECT on orders
-- attack
INSERT INTO orders VALUES (1, 1, 'new', '') ON CONFLICT (id) DO SELECT RETURNING card;

--- conflict_locked: the same row, locked
-- since 19
-- needs INSERT, SELECT, LOCK on orders
-- attack
INSERT INTO orders VALUES (1, 1, 'new', '') ON CONFLICT (id) DO SELECT FOR UPDATE RETURNING card;

--- copy_partitioned: COPY of a partitioned table
-- since 19
-- needs SELECT, EXPORT on payments
-- attack
COPY payments TO STDOUT (FORMAT json);

--- cleared_pairs: what is kept of a statistics object, thrown away
-- since 19
-- needs ADMIN on database
-- watch orders
-- shows ^it ran$
-- setup
CREATE STATISTICS pair ON status, card FROM orders;
ANALYZE orders;
-- attack
SELECT pg_clear_extended_stats('shop', 'orders', 'shop', 'pair', false);
SELECT 'it ran';
