-- What later versions of the server brought.

--- merge_returning: MERGE with RETURNING
-- since 17
-- needs SELECT, UPDATE on orders
-- attack
MERGE INTO orders o USING (SELECT 1 AS id) s ON o.id = s.id WHEN MATCHED THEN UPDATE SET status = 'seen' RETURNING o.card;

--- merge_by_source: MERGE that deletes what its source lacks
-- since 17
-- needs SELECT, DELETE on orders
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
UPDATE orders SET status = JSON_VALUE(to_jsonb(card), '$' RETURNING desk.talkative);

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
UPDATE orders SET card = '' RETURNING old.card;

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
