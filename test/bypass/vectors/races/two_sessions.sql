-- Two sessions of one person, who has the one change what names lead to while the other waits for a lock; then he tries the plain way.

--- view_comes_earlier: a view takes the table's name, in a schema that is searched earlier, while LOCK waits for another table
-- needs LOCK on orders
-- shows ^it is locked$
-- setup
CREATE SCHEMA first AUTHORIZATION clerk;
CREATE TABLE desk.orders (id int);
CREATE TABLE desk.other (id int);
-- attack
\! psql -Xq -o /dev/null -c "BEGIN; LOCK desk.other; SELECT judge.until_awaited('desk.other'); CREATE VIEW first.orders AS TABLE shop.orders; COMMIT" &
SELECT judge.until_locked('desk.other');
SET search_path = first, desk;
BEGIN;
LOCK orders, other;
SELECT 'it is locked' FROM pg_locks WHERE relation = 'shop.orders'::regclass AND mode = 'AccessExclusiveLock' AND granted;
COMMIT;
BEGIN;
LOCK orders;
SELECT 'it is locked' FROM pg_locks WHERE relation = 'shop.orders'::regclass AND mode = 'AccessExclusiveLock' AND granted;

--- schema_taken: another schema takes the name of the one that has the table
-- needs LOCK on orders
-- shows ^it is locked$
-- setup
GRANT CREATE ON DATABASE market TO clerk;
CREATE SCHEMA here AUTHORIZATION clerk;
CREATE TABLE here.orders (id int);
CREATE TABLE here.other (id int);
GRANT ALL ON here.orders, here.other TO clerk;
-- attack
\! psql -Xq -o /dev/null -c "BEGIN; LOCK here.other; SELECT judge.until_awaited('here.other'); ALTER SCHEMA here RENAME TO gone; CREATE SCHEMA here; CREATE VIEW here.orders AS TABLE shop.orders; CREATE TABLE here.other (id int); COMMIT" &
SELECT judge.until_locked('here.other');
\! psql -XqAt -c BEGIN -c "LOCK here.orders, here.other" -c "SELECT 'it is locked' FROM pg_locks WHERE relation = 'shop.orders'::regclass AND mode = 'AccessExclusiveLock' AND granted" 2>/dev/null
BEGIN;
LOCK here.orders;
SELECT 'it is locked' FROM pg_locks WHERE relation = 'shop.orders'::regclass AND mode = 'AccessExclusiveLock' AND granted;

--- grant_takes_another: who may ALTER the table, and not GRANT, gives it another's name while GRANT waits
-- as owner
-- needs GRANT on orders
-- setup
CREATE SCHEMA here AUTHORIZATION owner;
CREATE TABLE here.orders (id int);
ALTER TABLE here.orders OWNER TO owner;
CREATE FUNCTION write_down() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO shop.notes VALUES (3, tg_tag) ON CONFLICT DO NOTHING; END $$;
CREATE EVENT TRIGGER write_down ON ddl_command_start WHEN TAG IN ('GRANT') EXECUTE FUNCTION write_down();
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('owner', '{ALTER}', on_table => 'orders');
-- granted
SELECT warrant.grant('owner', '{GRANT}', on_table => 'orders');
-- attack
\! psql -Xq -o /dev/null -c "BEGIN; LOCK notes; SELECT judge.until_awaited('shop.notes'); ALTER TABLE here.orders RENAME TO before; ALTER TABLE shop.orders SET SCHEMA here; COMMIT" &
SELECT judge.until_locked('shop.notes');
\! psql -Xq -c "GRANT SELECT ON here.orders TO helper" 2>/dev/null
ALTER TABLE here.orders SET SCHEMA shop;
GRANT SELECT ON orders TO helper;

--- grant_takes_more: who may ALTER the table, and not GRANT, moves it to where GRANT ON ALL TABLES IN SCHEMA waits
-- as owner
-- needs GRANT on orders
-- setup
CREATE SCHEMA here AUTHORIZATION owner;
CREATE FUNCTION write_down() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO shop.notes VALUES (3, tg_tag) ON CONFLICT DO NOTHING; END $$;
CREATE EVENT TRIGGER write_down ON ddl_command_start WHEN TAG IN ('GRANT') EXECUTE FUNCTION write_down();
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('owner', '{ALTER}', on_table => 'orders');
-- granted
SELECT warrant.grant('owner', '{GRANT}', on_table => 'orders');
-- attack
\! psql -Xq -o /dev/null -c "BEGIN; LOCK notes; SELECT judge.until_awaited('shop.notes'); ALTER TABLE shop.orders SET SCHEMA here; COMMIT" &
SELECT judge.until_locked('shop.notes');
\set ON_ERROR_STOP off
GRANT SELECT ON ALL TABLES IN SCHEMA here TO helper;
ALTER TABLE here.orders SET SCHEMA shop;

--- grant_takes_columns: the same with privileges on columns alone
-- as owner
-- needs GRANT on orders
-- setup
CREATE SCHEMA here AUTHORIZATION owner;
CREATE FUNCTION write_down() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO shop.notes VALUES (3, tg_tag) ON CONFLICT DO NOTHING; END $$;
CREATE EVENT TRIGGER write_down ON ddl_command_start WHEN TAG IN ('GRANT') EXECUTE FUNCTION write_down();
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('owner', '{ALTER}', on_table => 'orders');
-- granted
SELECT warrant.grant('owner', '{GRANT}', on_table => 'orders');
-- attack
\! psql -Xq -o /dev/null -c "BEGIN; LOCK notes; SELECT judge.until_awaited('shop.notes'); ALTER TABLE shop.orders SET SCHEMA here; COMMIT" &
SELECT judge.until_locked('shop.notes');
\set ON_ERROR_STOP off
GRANT SELECT (card) ON ALL TABLES IN SCHEMA here TO helper;
ALTER TABLE here.orders SET SCHEMA shop;

--- grant_takes_passing: it has left the schema again before GRANT, which waits for yet another session, comes to it
-- as owner
-- needs GRANT on payments
-- setup
CREATE SCHEMA here AUTHORIZATION owner;
CREATE TABLE here.first (id int);
ALTER TABLE here.first OWNER TO owner;
CREATE FUNCTION write_down() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO shop.notes VALUES (3, tg_tag) ON CONFLICT DO NOTHING; END $$;
CREATE EVENT TRIGGER write_down ON ddl_command_start WHEN TAG IN ('GRANT') EXECUTE FUNCTION write_down();
-- gate
SELECT warrant.protect('payments');
SELECT warrant.grant('owner', '{ALTER}', on_table => 'payments');
-- granted
SELECT warrant.grant('owner', '{GRANT}', on_table => 'payments');
-- attack
\! psql -Xq -o /dev/null -c "BEGIN; ALTER TABLE here.first RENAME TO earliest; SELECT judge.until('here', 'payments'), judge.until('shop', 'payments'); ROLLBACK" &
SELECT judge.until_locked('here.first');
\! psql -Xq -o /dev/null -c "BEGIN; LOCK notes; SELECT judge.until_awaited('shop.notes'); ALTER TABLE shop.payments SET SCHEMA here; COMMIT" -c "SELECT judge.until_stuck()" -c "ALTER TABLE here.payments SET SCHEMA shop" &
SELECT judge.until_locked('shop.notes');
GRANT SELECT ON ALL TABLES IN SCHEMA here TO helper;
