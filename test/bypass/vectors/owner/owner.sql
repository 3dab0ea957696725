-- The owner of the table, whom PostgreSQL lets do everything.

--- owner_reads: his own table
-- as owner
-- needs SELECT on orders
-- attack
TABLE orders;

--- select_only_drop: only SELECT is protected, and the table is dropped
-- as owner
-- needs DROP on orders
-- gate
SELECT warrant.protect('orders', '{SELECT}');
-- attack
DROP TABLE orders CASCADE;

--- select_only_alter: only SELECT is protected, and the table changes
-- as owner
-- needs ALTER on orders
-- gate
SELECT warrant.protect('orders', '{SELECT}');
-- attack
ALTER TABLE orders RENAME card TO innocent;

--- select_only_grant: only SELECT is protected, and privileges are given
-- as owner
-- needs GRANT on orders
-- gate
SELECT warrant.protect('orders', '{SELECT}');
-- attack
GRANT SELECT ON orders TO helper;

--- insert_only_truncate: WRITE is protected, and the table is emptied
-- as owner
-- needs TRUNCATE on orders
-- gate
SELECT warrant.protect('orders', '{WRITE}');
-- attack
TRUNCATE orders CASCADE;

--- select_only_copy: only SELECT is protected, and COPY takes it
-- as owner
-- needs SELECT, EXPORT on orders
-- gate
SELECT warrant.protect('orders', '{SELECT}');
-- attack
COPY orders TO STDOUT;

--- no_inherit: a child leaves its protected parent
-- as owner
-- needs ALTER on child; ALTER on parent
-- setup
CREATE TABLE parent (LIKE orders);
CREATE TABLE child () INHERITS (parent);
INSERT INTO child TABLE orders;
ALTER TABLE parent OWNER TO owner;
ALTER TABLE child OWNER TO owner;
-- gate
SELECT warrant.protect('parent');
-- attack
ALTER TABLE child NO INHERIT parent;
TABLE child;

--- detach: a partition leaves
-- as owner
-- needs ALTER on payments
-- attack
ALTER TABLE payments DETACH PARTITION payments_new;
TABLE payments_new;

--- set_schema: the table leaves a protected schema
-- as owner
-- needs ALTER on orders; ALTER on customers; ALTER on order_lines
-- setup
CREATE SCHEMA attic AUTHORIZATION owner;
-- gate
SELECT warrant.protect_schema('shop');
-- attack
ALTER TABLE orders SET SCHEMA attic;
TABLE attic.orders;

--- owner_to: the table gets another owner
-- as owner
-- needs ALTER on orders
-- setup
GRANT helper TO owner;
GRANT CREATE ON SCHEMA shop TO helper;
-- attack
ALTER TABLE orders OWNER TO helper;

--- trigger_harvests: a trigger that keeps others' rows
-- as owner
-- needs ALTER on orders
-- attack
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN INSERT INTO notes VALUES (OLD.id + 10, OLD.card); RETURN NEW; END $$;
CREATE TRIGGER keep AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION keep();

--- rule_harvests: a rule that does
-- as owner
-- needs ALTER on orders
-- attack
CREATE RULE keep AS ON UPDATE TO orders DO ALSO INSERT INTO notes VALUES (OLD.id + 10, OLD.card);

--- trigger_function_replaced: a trigger that was harmless is not any more
-- needs ALTER on orders
-- shows ^CREATE FUNCTION done$
-- setup
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER keep AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION keep();
ALTER FUNCTION keep() OWNER TO clerk;
GRANT CREATE ON SCHEMA shop TO clerk;
-- attack
CREATE OR REPLACE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO notes VALUES (OLD.id + 10, OLD.card); RETURN NEW; END $$;
SELECT 'CREATE FUNCTION done';

--- index_function_replaced: the same under an index
-- needs ALTER on orders
-- shows ^CREATE FUNCTION done$
-- setup
CREATE FUNCTION fold(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1; END $$;
CREATE INDEX ON orders (fold(card));
ALTER FUNCTION fold(text) OWNER TO clerk;
GRANT CREATE ON SCHEMA shop TO clerk;
-- attack
CREATE OR REPLACE FUNCTION fold(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN INSERT INTO notes VALUES (random() * 100000, $1); RETURN $1; END $$;
SELECT 'CREATE FUNCTION done';

--- view_function_replaced: another body under a protected view
-- needs ALTER on seen
-- shows ^done$
-- setup
CREATE FUNCTION mask(text) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;
CREATE VIEW seen AS SELECT id, mask(card) AS card FROM orders;
ALTER FUNCTION mask(text) OWNER TO clerk;
GRANT CREATE ON SCHEMA shop TO clerk;
-- attack
CREATE OR REPLACE FUNCTION mask(text) RETURNS text LANGUAGE sql AS $$ SELECT $1 $$;
SELECT 'done';

--- default_function_replaced: under a default
-- needs ALTER on orders
-- shows ^done$
-- setup
CREATE FUNCTION first_state() RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;
ALTER TABLE orders ALTER status SET DEFAULT first_state();
ALTER FUNCTION first_state() OWNER TO clerk;
GRANT CREATE ON SCHEMA shop TO clerk;
-- attack
CREATE OR REPLACE FUNCTION first_state() RETURNS text LANGUAGE sql AS $$ SELECT 'y' $$;
SELECT 'done';

--- policy_function_replaced: under a row policy
-- needs ALTER on orders
-- shows ^done$
-- setup
CREATE FUNCTION visible(int) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$;
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON orders USING (visible(id));
ALTER FUNCTION visible(int) OWNER TO clerk;
GRANT CREATE ON SCHEMA shop TO clerk;
-- attack
CREATE OR REPLACE FUNCTION visible(int) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
SELECT 'done';

--- domain_function_replaced: under a check of a column's domain
-- needs ALTER on orders
-- shows ^done$
-- setup
CREATE FUNCTION good(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
CREATE DOMAIN card_number AS text CHECK (good(VALUE));
ALTER TABLE orders ALTER card TYPE card_number;
ALTER FUNCTION good(text) OWNER TO clerk;
GRANT CREATE ON SCHEMA shop TO clerk;
-- attack
CREATE OR REPLACE FUNCTION good(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO notes VALUES (random() * 100000, $1); RETURN true; END $$;
SELECT 'done';

--- operator_function_replaced: under an operator that an index uses
-- needs ALTER on orders
-- shows ^done$
-- setup
CREATE FUNCTION same(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN true; END $$;
CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = same);
CREATE INDEX ON orders (id) WHERE card === 'x';
ALTER FUNCTION same(text, text) OWNER TO clerk;
GRANT CREATE ON SCHEMA shop TO clerk;
-- attack
CREATE OR REPLACE FUNCTION same(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN INSERT INTO notes VALUES (random() * 100000, $1); RETURN true; END $$;
SELECT 'done';

--- function_path: the function under a trigger finds other objects
-- needs ALTER on orders
-- shows ^ALTER FUNCTION done$
-- setup
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER keep AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION keep();
ALTER FUNCTION keep() OWNER TO clerk;
-- attack
ALTER FUNCTION keep() SECURITY DEFINER SET search_path = desk;
SELECT 'ALTER FUNCTION done';

--- index_renamed: ALTER INDEX
-- as owner
-- needs ALTER on orders
-- attack
ALTER INDEX orders_pkey RENAME TO innocent;

--- index_fillfactor: its storage
-- as owner
-- needs ALTER on orders
-- attack
ALTER INDEX orders_pkey SET (fillfactor = 50);

--- security_invoker_off: a protected view changes whose privileges count
-- as owner
-- needs ALTER on seen
-- setup
CREATE VIEW seen WITH (security_invoker) AS TABLE orders;
ALTER VIEW seen OWNER TO owner;
-- attack
ALTER VIEW seen SET (security_invoker = false);

--- view_replaced: another query under a protected view's name
-- as owner
-- needs ALTER on seen
-- setup
CREATE VIEW seen AS SELECT id FROM orders;
ALTER VIEW seen OWNER TO owner;
-- attack
CREATE OR REPLACE VIEW seen AS SELECT id FROM notes;

--- row_policy_added: who sees which rows changes
-- as owner
-- needs ALTER on orders
-- attack
CREATE POLICY all_rows ON orders USING (true);

--- row_security_off: row policies end
-- as owner
-- needs ALTER on orders
-- setup
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
-- attack
ALTER TABLE orders DISABLE ROW LEVEL SECURITY;

--- trigger_off: a trigger sleeps
-- as owner
-- needs ALTER on orders
-- setup
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER keep AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION keep();
-- attack
ALTER TABLE orders DISABLE TRIGGER keep;

--- index_expression_tells: an index over a function that is shown the rows
-- as owner
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('owner', '{ALTER}', on_table => 'orders');
-- attack
CREATE FUNCTION tell(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN $1; END $$;
CREATE INDEX ON orders (tell(card));

--- index_predicate_tells: the same in WHERE
-- as owner
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('owner', '{ALTER}', on_table => 'orders');
-- attack
CREATE FUNCTION tell(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN true; END $$;
CREATE INDEX ON orders (id) WHERE tell(card);

--- check_tells: a check that is shown the rows
-- as owner
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('owner', '{ALTER}', on_table => 'orders');
-- attack
CREATE FUNCTION tell(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN true; END $$;
ALTER TABLE orders ADD CHECK (tell(card));

--- type_tells: a change of type that is
-- as owner
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('owner', '{ALTER}', on_table => 'orders');
-- attack
CREATE FUNCTION tell(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN $1; END $$;
ALTER TABLE orders ALTER status TYPE varchar USING tell(card);

--- generated_tells: a generated column that is
-- as owner
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('owner', '{ALTER}', on_table => 'orders');
-- attack
CREATE FUNCTION tell(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN $1; END $$;
ALTER TABLE orders ADD innocent text GENERATED ALWAYS AS (tell(card)) STORED;

--- exclusion_tells: an exclusion constraint over a function that is
-- as owner
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('owner', '{ALTER}', on_table => 'orders');
-- attack
CREATE FUNCTION tell(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN $1 || random(); END $$;
ALTER TABLE orders ADD EXCLUDE USING btree (tell(card) WITH =);

--- exclusion_predicate_tells: the same in WHERE
-- as owner
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('owner', '{ALTER}', on_table => 'orders');
-- attack
CREATE FUNCTION tell(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN false; END $$;
ALTER TABLE orders ADD EXCLUDE USING btree (id WITH =) WHERE (tell(card));

--- domain_tells: a column becomes a domain's, without USING
-- as owner
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('owner', '{ALTER}', on_table => 'orders');
-- attack
CREATE FUNCTION tell(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN true; END $$;
CREATE DOMAIN told AS text CHECK (tell(VALUE));
ALTER TABLE orders ALTER card TYPE told;

--- type_quotes: a cast of the server's own looks the value up, and its error quotes it
-- as owner
-- needs SELECT on orders
-- fails
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('owner', '{ALTER}', on_table => 'orders');
-- attack
ALTER TABLE orders ALTER card TYPE regclass;

--- cast_tells: a cast that is made for it
-- as owner
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('owner', '{ALTER}', on_table => 'orders');
-- attack
CREATE TYPE told AS (card text);
CREATE FUNCTION tell(text) RETURNS told LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN ROW($1); END $$;
CREATE CAST (text AS told) WITH FUNCTION tell(text) AS ASSIGNMENT;
ALTER TABLE orders ALTER card TYPE told;

--- attribute_tells: the type of a table changes, and the table with it
-- as owner
-- needs SELECT on typed
-- setup
SET ROLE owner;
CREATE TYPE kind AS (card text);
CREATE TABLE typed OF kind;
INSERT INTO typed VALUES (:'secret');
-- gate
SELECT warrant.protect('typed');
SELECT warrant.grant('owner', '{ALTER}', on_table => 'typed');
-- attack
CREATE FUNCTION tell(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN true; END $$;
CREATE DOMAIN told AS text CHECK (tell(VALUE));
ALTER TYPE kind ALTER ATTRIBUTE card TYPE told CASCADE;

--- attribute_renamed: the type of a table renames its column
-- as owner
-- needs ALTER on typed
-- setup
SET ROLE owner;
CREATE TYPE kind AS (card text);
CREATE TABLE typed OF kind;
-- attack
ALTER TYPE kind RENAME ATTRIBUTE card TO innocent CASCADE;

--- partition_key_tells: the key of a table whose partition it becomes
-- as owner
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('owner', '{ALTER}', on_table => 'orders');
-- attack
CREATE FUNCTION tell(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN $1; END $$;
CREATE TABLE whole (LIKE orders) PARTITION BY RANGE (tell(card));
ALTER TABLE whole ATTACH PARTITION orders FOR VALUES FROM (MINVALUE) TO (MAXVALUE);

--- partition_index_tells: an index that it gets as a partition
-- as owner
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('owner', '{ALTER}', on_table => 'orders');
-- attack
CREATE FUNCTION tell(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN $1; END $$;
CREATE TABLE whole (LIKE orders) PARTITION BY RANGE (id);
CREATE INDEX ON whole (tell(card));
ALTER TABLE whole ATTACH PARTITION orders FOR VALUES FROM (MINVALUE) TO (MAXVALUE);

--- default_partition_tells: a partition beside the default one, whose rows are looked through
-- as owner
-- needs SELECT on orders
-- setup
CREATE FUNCTION tell(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN $1; END $$;
CREATE TABLE whole (LIKE orders) PARTITION BY LIST (tell(card));
ALTER TABLE whole ATTACH PARTITION orders DEFAULT;
ALTER TABLE whole OWNER TO owner;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('owner', '{ALTER}', on_tables => '{orders, whole}');
-- attack
CREATE TABLE more PARTITION OF whole FOR VALUES IN ('none');

--- words_changed: the text search configuration of a generated column makes other words
-- needs ALTER on orders
-- shows ^done$
-- setup
CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);
ALTER TABLE orders ADD words tsvector GENERATED ALWAYS AS (to_tsvector('words'::regconfig, card)) STORED;
ALTER TEXT SEARCH CONFIGURATION words OWNER TO clerk;
-- attack
ALTER TEXT SEARCH CONFIGURATION words DROP MAPPING FOR uint;
SELECT 'done';

--- dictionary_changed: the dictionary of one
-- needs ALTER on orders
-- shows ^done$
-- setup
CREATE TEXT SEARCH DICTIONARY plain (TEMPLATE = simple);
CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION words ALTER MAPPING FOR uint WITH plain;
CREATE INDEX ON orders USING gin (to_tsvector('words'::regconfig, card));
ALTER TEXT SEARCH DICTIONARY plain OWNER TO clerk;
-- attack
ALTER TEXT SEARCH DICTIONARY plain (ACCEPT = false);
SELECT 'done';

--- aggregate_replaced: other steps of an aggregate under a protected view
-- needs ALTER on seen
-- shows ^done$
-- setup
CREATE FUNCTION step(text, text) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;
CREATE AGGREGATE mask(text) (SFUNC = step, STYPE = text);
CREATE VIEW seen AS SELECT mask(card) AS card FROM orders;
ALTER AGGREGATE mask(text) OWNER TO clerk;
GRANT CREATE ON SCHEMA shop TO clerk;
-- attack
CREATE OR REPLACE AGGREGATE mask(text) (SFUNC = textcat, STYPE = text, INITCOND = '');
SELECT 'done';

--- statistics_tell: a statistics object over a function, and ANALYZE
-- as owner
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('owner', '{ALTER, MAINTAIN}', on_table => 'orders');
-- attack
CREATE FUNCTION tell(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN $1; END $$;
CREATE STATISTICS told ON (tell(card)) FROM orders;
ANALYZE orders;

--- foreign_key: a table that refers to the protected one tries values
-- as owner
-- needs ALTER on orders
-- attack
CREATE TABLE guesses (id int REFERENCES orders);

--- comment: COMMENT
-- as owner
-- needs ALTER on orders
-- attack
COMMENT ON TABLE orders IS 'nothing to see';

--- column_privilege: GRANT of a column
-- as owner
-- needs GRANT on orders
-- attack
GRANT SELECT (card) ON orders TO helper;

--- grant_all_in_schema: GRANT on all tables of the schema
-- as owner
-- needs GRANT on orders
-- attack
GRANT SELECT ON ALL TABLES IN SCHEMA shop TO helper;

--- revoke: REVOKE
-- as owner
-- needs GRANT on orders
-- attack
REVOKE SELECT ON orders FROM clerk;

--- vacuum: VACUUM
-- as owner
-- needs MAINTAIN on orders
-- attack
VACUUM orders;

--- vacuum_full: VACUUM FULL of everything
-- as owner
-- needs MAINTAIN on orders
-- attack
VACUUM FULL;

--- analyze: ANALYZE
-- as owner
-- needs MAINTAIN on orders
-- attack
ANALYZE orders;

--- cluster: CLUSTER
-- as owner
-- needs MAINTAIN on orders
-- attack
CLUSTER orders USING orders_pkey;

--- reindex: REINDEX
-- as owner
-- needs MAINTAIN on orders
-- attack
REINDEX TABLE orders;

--- reindex_index: REINDEX of one index
-- as owner
-- needs MAINTAIN on orders
-- attack
REINDEX INDEX orders_pkey;

--- reindex_schema: REINDEX of a schema
-- as owner
-- needs MAINTAIN on orders
-- attack
REINDEX SCHEMA shop;

--- toast: the table behind the table
-- as owner
-- needs SELECT on orders
-- setup
GRANT USAGE ON SCHEMA pg_toast TO owner;
ALTER TABLE orders ALTER card SET STORAGE EXTERNAL;
UPDATE orders SET card = repeat(card, 300) WHERE id > 0;
-- attack
SELECT reltoastrelid::regclass AS toast FROM pg_class WHERE oid = 'orders'::regclass \gset
SELECT encode(chunk_data, 'escape') FROM :toast;

--- recreated: the table was dropped and made again under the same name
-- needs SELECT on orders
-- setup
-- gate
SELECT warrant.protect('orders');
CREATE TABLE copy (LIKE orders);
INSERT INTO copy TABLE orders;
DROP TABLE orders CASCADE;
ALTER TABLE copy RENAME TO orders;
-- attack
TABLE orders;

--- analyze_all: ANALYZE of everything
-- as owner
-- needs MAINTAIN on orders
-- attack
ANALYZE;

--- cluster_all: CLUSTER of everything
-- as owner
-- needs MAINTAIN on orders
-- setup
ALTER TABLE orders CLUSTER ON orders_pkey;
-- attack
CLUSTER;

--- index_concurrently: CREATE INDEX CONCURRENTLY
-- as owner
-- needs ALTER on orders
-- attack
CREATE INDEX CONCURRENTLY by_card ON orders (card);

--- reindex_concurrently: REINDEX CONCURRENTLY
-- as owner
-- needs MAINTAIN on orders
-- attack
REINDEX TABLE CONCURRENTLY orders;

--- drop_index_concurrently: DROP INDEX CONCURRENTLY
-- as owner
-- needs ALTER on orders
-- setup
CREATE INDEX by_card ON orders (card);
-- attack
DROP INDEX CONCURRENTLY by_card;

--- detach_concurrently: DETACH CONCURRENTLY
-- as owner
-- needs ALTER on payments
-- attack
ALTER TABLE payments DETACH PARTITION payments_new CONCURRENTLY;

--- altered_as_index: ALTER INDEX of a table
-- as owner
-- needs ALTER on orders
-- attack
ALTER INDEX orders RENAME TO archive;

--- index_as_table: ALTER TABLE of an index
-- as owner
-- needs ALTER on orders
-- attack
ALTER TABLE orders_pkey RENAME TO archive;

--- constraint_comment: COMMENT ON CONSTRAINT
-- as owner
-- needs ALTER on orders
-- shows ^done$
-- attack
COMMENT ON CONSTRAINT orders_pkey ON orders IS 'x';
SELECT 'done';

--- replace_trigger: CREATE OR REPLACE TRIGGER
-- as owner
-- needs ALTER on orders
-- setup
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER keep AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION keep();
-- attack
CREATE OR REPLACE TRIGGER keep BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION keep();

--- trigger_depends: a trigger that goes with an extension
-- as owner
-- needs ALTER on orders
-- shows ^done$
-- setup
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER keep AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION keep();
CREATE EXTENSION hstore;
-- attack
ALTER TRIGGER keep ON orders DEPENDS ON EXTENSION hstore;
SELECT 'done';

--- storage_options: storage and statistics targets
-- as owner
-- needs ALTER on orders
-- attack
ALTER TABLE orders SET (fillfactor = 50), ALTER card SET STATISTICS 10;

--- toast_of_new_partition: the table behind one that was read before it became a partition
-- as owner
-- needs SELECT on loose
-- watch notes
-- setup
GRANT USAGE ON SCHEMA pg_toast TO owner;
CREATE TABLE loose (day date, card text);
ALTER TABLE loose ALTER card SET STORAGE EXTERNAL;
INSERT INTO loose SELECT '1999-01-01', repeat(card, 300) FROM orders WHERE id = 1;
ALTER TABLE loose OWNER TO owner;
ALTER TABLE payments DETACH PARTITION payments_old;
-- gate
SELECT warrant.protect('payments');
-- granted
SELECT warrant.grant('owner', '{SELECT}', on_table => 'payments');
-- attack
SELECT reltoastrelid::regclass AS toast FROM pg_class WHERE oid = 'loose'::regclass \gset
SELECT count(*) FROM :toast;
\! psql -Xq -U dba -c "ALTER TABLE shop.payments ATTACH PARTITION shop.loose FOR VALUES FROM (MINVALUE) TO ('2000-01-01')"
SELECT encode(chunk_data, 'escape') FROM :toast;
