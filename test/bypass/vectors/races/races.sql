-- The name leads elsewhere between the check and the use. Another session holds the lock that the command waits for, and changes the name meanwhile.

--- truncate_swapped: a schema takes another's name while TRUNCATE waits
-- as owner
-- needs TRUNCATE on orders
-- setup
ALTER TABLE order_lines DROP CONSTRAINT order_lines_order_id_fkey;
CREATE SCHEMA here AUTHORIZATION owner;
CREATE TABLE here.orders (id int);
ALTER TABLE here.orders OWNER TO owner;
-- attack
SET search_path = here, shop;
\! psql -Xq -o /dev/null -c "BEGIN; LOCK here.orders; SELECT judge.until_awaited('here.orders'); DROP TABLE here.orders; COMMIT" &
SELECT judge.until_locked('here.orders');
TRUNCATE orders;

--- lock_swapped: the same with LOCK
-- as owner
-- needs LOCK on orders
-- shows ^it is locked$
-- setup
CREATE SCHEMA here AUTHORIZATION owner;
CREATE TABLE here.orders (id int);
ALTER TABLE here.orders OWNER TO owner;
-- attack
SET search_path = here, shop;
\! psql -Xq -o /dev/null -c "BEGIN; LOCK here.orders; SELECT judge.until_awaited('here.orders'); DROP TABLE here.orders; COMMIT" &
SELECT judge.until_locked('here.orders');
BEGIN;
LOCK orders;
SELECT 'it is locked' FROM pg_locks WHERE relation = 'shop.orders'::regclass AND mode = 'AccessExclusiveLock' AND granted;

--- drop_swapped: the same with DROP
-- as owner
-- needs DROP, ALTER on orders
-- setup
ALTER TABLE order_lines DROP CONSTRAINT order_lines_order_id_fkey;
CREATE SCHEMA here AUTHORIZATION owner;
CREATE TABLE here.orders (id int);
ALTER TABLE here.orders OWNER TO owner;
-- attack
SET search_path = here, shop;
\! psql -Xq -o /dev/null -c "BEGIN; LOCK here.orders; SELECT judge.until_awaited('here.orders'); DROP TABLE here.orders; COMMIT" &
SELECT judge.until_locked('here.orders');
DROP TABLE orders;

--- alter_swapped: the same with ALTER TABLE
-- as owner
-- needs ALTER on orders
-- setup
CREATE SCHEMA here AUTHORIZATION owner;
CREATE TABLE here.orders (id int, card text);
ALTER TABLE here.orders OWNER TO owner;
-- attack
SET search_path = here, shop;
\! psql -Xq -o /dev/null -c "BEGIN; LOCK here.orders; SELECT judge.until_awaited('here.orders'); DROP TABLE here.orders; COMMIT" &
SELECT judge.until_locked('here.orders');
ALTER TABLE orders RENAME card TO innocent;

--- rename_swapped: the same with RENAME
-- as owner
-- needs ALTER on orders
-- setup
CREATE SCHEMA here AUTHORIZATION owner;
CREATE TABLE here.orders (id int, card text);
ALTER TABLE here.orders OWNER TO owner;
-- attack
SET search_path = here, shop;
\! psql -Xq -o /dev/null -c "BEGIN; LOCK here.orders; SELECT judge.until_awaited('here.orders'); DROP TABLE here.orders; COMMIT" &
SELECT judge.until_locked('here.orders');
ALTER TABLE orders RENAME TO archive;

--- trigger_swapped: the same with CREATE TRIGGER
-- as owner
-- needs ALTER on orders
-- setup
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE SCHEMA here AUTHORIZATION owner;
CREATE TABLE here.orders (id int, card text);
ALTER TABLE here.orders OWNER TO owner;
-- attack
SET search_path = here, shop;
\! psql -Xq -o /dev/null -c "BEGIN; LOCK here.orders; SELECT judge.until_awaited('here.orders'); DROP TABLE here.orders; COMMIT" &
SELECT judge.until_locked('here.orders');
CREATE TRIGGER keep AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION keep();

--- index_swapped: the same with CREATE INDEX
-- as owner
-- needs ALTER on orders
-- setup
CREATE SCHEMA here AUTHORIZATION owner;
CREATE TABLE here.orders (id int, card text);
ALTER TABLE here.orders OWNER TO owner;
-- attack
SET search_path = here, shop;
\! psql -Xq -o /dev/null -c "BEGIN; LOCK here.orders; SELECT judge.until_awaited('here.orders'); DROP TABLE here.orders; COMMIT" &
SELECT judge.until_locked('here.orders');
CREATE INDEX ON orders (card);

--- vacuum_swapped: the same with VACUUM
-- as owner
-- needs MAINTAIN on orders
-- setup
CREATE SCHEMA here AUTHORIZATION owner;
CREATE TABLE here.orders (id int, card text);
ALTER TABLE here.orders OWNER TO owner;
-- attack
SET search_path = here, shop;
\! psql -Xq -o /dev/null -c "BEGIN; LOCK here.orders; SELECT judge.until_awaited('here.orders'); DROP TABLE here.orders; COMMIT" &
SELECT judge.until_locked('here.orders');
VACUUM orders;
VACUUM orders;

--- reindex_swapped: the same with REINDEX
-- as owner
-- needs MAINTAIN on orders
-- setup
CREATE SCHEMA here AUTHORIZATION owner;
CREATE TABLE here.orders (id int, card text);
ALTER TABLE here.orders OWNER TO owner;
-- attack
SET search_path = here, shop;
\! psql -Xq -o /dev/null -c "BEGIN; LOCK here.orders; SELECT judge.until_awaited('here.orders'); DROP TABLE here.orders; COMMIT" &
SELECT judge.until_locked('here.orders');
REINDEX TABLE orders;

--- copy_swapped: the same with COPY
-- as owner
-- needs SELECT, EXPORT on orders
-- setup
CREATE SCHEMA here AUTHORIZATION owner;
CREATE TABLE here.orders (id int, card text);
ALTER TABLE here.orders OWNER TO owner;
-- attack
SET search_path = here, shop;
\! psql -Xq -o /dev/null -c "BEGIN; LOCK here.orders; SELECT judge.until_awaited('here.orders'); DROP TABLE here.orders; COMMIT" &
SELECT judge.until_locked('here.orders');
COPY orders TO STDOUT;

--- select_swapped: the same with a query
-- as owner
-- needs SELECT on orders
-- setup
CREATE SCHEMA here AUTHORIZATION owner;
CREATE TABLE here.orders (id int, card text);
ALTER TABLE here.orders OWNER TO owner;
-- attack
SET search_path = here, shop;
\! psql -Xq -o /dev/null -c "BEGIN; LOCK here.orders; SELECT judge.until_awaited('here.orders'); DROP TABLE here.orders; COMMIT" &
SELECT judge.until_locked('here.orders');
TABLE orders;

--- grant_swapped: the same with GRANT, which takes no lock on the table
-- as owner
-- needs GRANT on orders
-- setup
CREATE SCHEMA here AUTHORIZATION owner;
CREATE TABLE here.orders (id int, card text);
ALTER TABLE here.orders OWNER TO owner;
-- attack
SET search_path = here, shop;
\! psql -Xq -o /dev/null -c "BEGIN; LOCK here.orders; DROP TABLE here.orders; COMMIT"
GRANT SELECT ON orders TO helper;

--- path_changes_inside: the statement's own function changes where names lead
-- needs SELECT on orders
-- attack
CREATE TABLE desk.orders (id int, card text);
INSERT INTO desk.orders VALUES (1, 'x');
CREATE FUNCTION desk.elsewhere() RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('search_path', 'shop', false); RETURN ''; END $$;
CREATE FUNCTION desk.card() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT max(card) FROM orders); END $$;
SET search_path = desk;
SELECT desk.card() || desk.elsewhere() || desk.card();

--- temporary_goes: a temporary table stands before the real one until the second call
-- needs SELECT on orders
-- attack
CREATE FUNCTION desk.card() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT max(card) FROM orders); END $$;
CREATE TEMPORARY TABLE orders (card text);
SELECT desk.card();
DROP TABLE orders;
SELECT desk.card();

--- prepared_elsewhere: a prepared statement is analysed again under another path
-- needs SELECT on orders
-- attack
CREATE TABLE desk.orders (id int, customer int, status text, card text);
SET search_path = desk;
PREPARE p AS TABLE orders;
EXECUTE p;
SET search_path = shop;
EXECUTE p;

--- subcommands: several changes in one ALTER TABLE
-- as owner
-- needs ALTER on orders
-- attack
ALTER TABLE orders ALTER status SET DEFAULT 'x', DROP COLUMN card, ADD other int;

--- create_schema_elements: commands inside CREATE SCHEMA
-- as owner
-- needs GRANT on orders
-- attack
CREATE SCHEMA extra CREATE TABLE t (id int) GRANT SELECT ON shop.orders TO helper;

--- recreated_between: the table is another one when the approval comes
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
CREATE TABLE copy (LIKE orders);
INSERT INTO copy TABLE orders;
DROP TABLE orders CASCADE;
ALTER TABLE copy RENAME TO orders;
-- attack
TABLE orders;
