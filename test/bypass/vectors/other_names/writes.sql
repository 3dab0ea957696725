-- Writing, and writing that reads.

--- insert: INSERT
-- needs INSERT on orders
-- attack
INSERT INTO orders (id, status) VALUES (77, 'forged');

--- update: UPDATE
-- needs UPDATE on orders
-- attack
UPDATE orders SET status = 'void' WHERE id = 1;

--- delete: DELETE
-- needs DELETE on orders
-- attack
DELETE FROM orders WHERE id = 3;

--- truncate: TRUNCATE
-- needs TRUNCATE on orders
-- setup
ALTER TABLE order_lines DROP CONSTRAINT order_lines_order_id_fkey;
-- attack
TRUNCATE orders;

--- insert_returning: RETURNING of what is written shows defaults and triggers' work
-- needs SELECT on orders
-- setup
ALTER TABLE orders ALTER card SET DEFAULT 'x';
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{INSERT}', on_table => 'orders');
-- attack
INSERT INTO orders (id) VALUES (77) RETURNING card;

--- returning_subquery: RETURNING of an unprotected table reads
-- needs SELECT, EXPORT on orders
-- attack
INSERT INTO notes VALUES (9, 'x') RETURNING (SELECT max(card) FROM orders);

--- update_returning: RETURNING of old rows
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = status WHERE id = 1 RETURNING card;

--- delete_returning: the same by DELETE
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{DELETE}', on_table => 'orders');
-- attack
BEGIN;
DELETE FROM orders WHERE id > 0 RETURNING card;
ROLLBACK;

--- update_calls_function: a function of the user's sees the old rows
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
CREATE FUNCTION desk.tell(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN 'x'; END $$;
UPDATE orders SET status = desk.tell(card) WHERE id > 0;

--- delete_calls_function: the same in WHERE
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{DELETE}', on_table => 'orders');
-- attack
CREATE FUNCTION desk.tell(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN false; END $$;
DELETE FROM orders WHERE desk.tell(card);

--- update_calls_operator: the same by an operator
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
CREATE FUNCTION desk.tell(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN false; END $$;
CREATE OPERATOR desk.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = desk.tell);
UPDATE orders SET status = 'x' WHERE card OPERATOR(desk.===) 'x';

--- update_calls_domain: the same by a check of a domain
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
CREATE FUNCTION desk.tell(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN true; END $$;
CREATE DOMAIN desk.told AS text CHECK (desk.tell(VALUE));
UPDATE orders SET status = card::desk.told WHERE id > 0;

--- view_condition_tells: a view's WHERE shows the rows of an update that names no column
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
CREATE TABLE desk.told (card text);
CREATE FUNCTION desk.tell(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO desk.told VALUES ($1); RETURN true; END $$;
CREATE VIEW desk.open AS SELECT * FROM orders WHERE desk.tell(card);
UPDATE desk.open SET status = 'read' WHERE id > 0;
TABLE desk.told;

--- view_barrier_tells: the same of a view that the planner keeps apart
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
CREATE TABLE desk.told (card text);
CREATE FUNCTION desk.tell(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO desk.told VALUES ($1); RETURN true; END $$;
CREATE VIEW desk.open WITH (security_barrier) AS SELECT * FROM orders WHERE desk.tell(card);
UPDATE desk.open SET status = 'read' WHERE id = 1;
TABLE desk.told;

--- view_check_tells: the check of a view sees the columns that the update leaves as they are
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
CREATE TABLE desk.told (card text);
CREATE FUNCTION desk.tell(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO desk.told VALUES ($1); RETURN true; END $$;
CREATE VIEW desk.open AS SELECT * FROM orders WHERE id > 0 WITH CHECK OPTION;
CREATE VIEW desk.checked AS SELECT * FROM desk.open WHERE desk.tell(card) WITH LOCAL CHECK OPTION;
UPDATE desk.checked SET status = 'read' WHERE id > 0;
TABLE desk.told;

--- view_delete_tells: a deletion through a view in a prepared statement
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{DELETE}', on_table => 'orders');
-- attack
CREATE TABLE desk.told (card text);
CREATE FUNCTION desk.tell(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO desk.told VALUES ($1); RETURN false; END $$;
CREATE VIEW desk.open AS SELECT * FROM orders WHERE EXISTS (SELECT FROM notes WHERE desk.tell(card));
PREPARE emptying AS DELETE FROM desk.open WHERE id > 0;
EXECUTE emptying;
TABLE desk.told;

--- update_sets_setting: a function of the server's own carries the rows out
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = set_config('my.card', card, false) WHERE id > 0;
SELECT current_setting('my.card');

--- update_casts_to_json: a cast to JSON that an enum's owner has made, which no node of the statement names
-- needs SELECT on orders
-- shows ^digit 4$
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
CREATE TYPE desk.digit AS ENUM ('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
CREATE TABLE desk.told (digit text);
CREATE FUNCTION desk.tell(desk.digit) RETURNS json LANGUAGE sql AS $$ INSERT INTO desk.told VALUES ($1) RETURNING '1'::json $$;
CREATE CAST (desk.digit AS json) WITH FUNCTION desk.tell(desk.digit);
UPDATE orders SET status = to_json(left(card, 1)::desk.digit) WHERE id > 0;
SELECT DISTINCT 'digit ' || digit FROM desk.told;

--- update_chooses_view: a function of the server's own reads the view that the value names
-- needs SELECT on orders
-- shows ^digit 4$
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
CREATE TABLE desk.told (digit int);
CREATE FUNCTION desk.tell(int) RETURNS int LANGUAGE sql AS 'INSERT INTO desk.told VALUES ($1) RETURNING 1';
SELECT format('CREATE VIEW desk.view_%s AS SELECT desk.tell(%1$s)', g) FROM generate_series(0, 9) AS g \gexec
UPDATE orders SET status = 'read' WHERE table_to_xml(('desk.view_' || left(card, 1))::regclass, true, true, '') IS NOT NULL;
SELECT DISTINCT 'digit ' || digit FROM desk.told;

--- update_chooses_lock: a function of the server's own locks what the value names until the transaction ends
-- needs SELECT on orders
-- shows ^digit 4$
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
SELECT format('CREATE TABLE desk.digit_%s (); CREATE VIEW desk.view_%1$s AS TABLE desk.digit_%1$s', g) FROM generate_series(0, 9) AS g \gexec
BEGIN;
UPDATE orders SET status = 'read' WHERE pg_get_viewdef(('desk.view_' || left(card, 1))::regclass) IS NOT NULL;
SELECT DISTINCT 'digit ' || right(relation::regclass::text, 1) FROM pg_locks WHERE pid = pg_backend_pid() AND relation::regclass::text LIKE 'desk.digit%';
COMMIT;

--- update_reads_again: the target read a second time
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = (SELECT max(o.card) FROM orders o) WHERE id > 0;

--- delete_using: another table's deletion reads
-- needs SELECT on orders
-- attack
BEGIN;
DELETE FROM notes USING orders o WHERE o.id = notes.id RETURNING o.card;
ROLLBACK;

--- on_conflict: INSERT that updates
-- needs INSERT, UPDATE on orders
-- attack
INSERT INTO orders (id, status) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET status = EXCLUDED.status;

--- on_conflict_returning: and shows
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{INSERT,UPDATE}', on_table => 'orders');
-- attack
INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET status = orders.status RETURNING card;

--- merge: MERGE into the table
-- needs UPDATE, DELETE on orders
-- attack
MERGE INTO orders USING (VALUES (1), (2)) AS v (id) ON v.id = orders.id WHEN MATCHED AND v.id = 1 THEN UPDATE SET status = 'x' WHEN MATCHED THEN DELETE;

--- modifying_cte: a CTE that takes rows out and hands them on
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{DELETE}', on_table => 'orders');
-- attack
BEGIN;
WITH gone AS (DELETE FROM orders WHERE id > 0 RETURNING card) SELECT * FROM gone;
ROLLBACK;

--- unreferenced_cte: a CTE that only writes
-- needs DELETE on orders
-- attack
WITH gone AS (DELETE FROM orders WHERE id > 0) SELECT 1;

--- for_update: rows are locked and shown
-- needs SELECT, LOCK on orders
-- attack
SELECT card FROM orders FOR UPDATE;

--- for_key_share: the weakest of these locks
-- needs LOCK on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
-- attack
SELECT card FROM orders FOR KEY SHARE;

--- lock_table: LOCK
-- needs LOCK on orders
-- shows ^it is locked$
-- attack
BEGIN;
LOCK TABLE orders IN ACCESS EXCLUSIVE MODE;
SELECT 'it is locked' FROM pg_locks WHERE relation = 'shop.orders'::regclass AND mode = 'AccessExclusiveLock' AND granted;

--- lock_view: LOCK of a view locks its table
-- needs LOCK on orders
-- shows ^it is locked$
-- setup
CREATE VIEW seen AS TABLE orders;
-- attack
BEGIN;
LOCK TABLE seen;
SELECT 'it is locked' FROM pg_locks WHERE relation = 'shop.orders'::regclass AND mode = 'AccessExclusiveLock' AND granted;

--- explain: EXPLAIN shows the planner's opinion of the values
-- needs SELECT on orders
-- shows Seq Scan on orders
-- attack
EXPLAIN SELECT * FROM orders WHERE status = 'new';

--- explain_analyze: EXPLAIN ANALYZE runs it
-- needs DELETE on orders
-- attack
EXPLAIN ANALYZE DELETE FROM orders WHERE id > 0;

--- explain_execute: EXPLAIN of a prepared statement
-- needs SELECT on orders
-- shows Seq Scan on orders
-- attack
PREPARE p AS TABLE orders;
EXPLAIN EXECUTE p;

--- cursor: DECLARE and FETCH
-- needs SELECT on orders
-- attack
BEGIN;
DECLARE c CURSOR FOR TABLE orders;
FETCH ALL FROM c;

--- current_of: writing where a cursor stands
-- needs SELECT, UPDATE, LOCK on orders
-- attack
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM orders FOR UPDATE;
FETCH c;
UPDATE orders SET status = 'x' WHERE CURRENT OF c;
COMMIT;

--- merge_do_nothing: MERGE that does nothing tells how many rows there are
-- needs SELECT on orders
-- shows ^MERGE
-- attack
\set QUIET off
MERGE INTO orders USING notes ON orders.id = notes.id WHEN MATCHED THEN DO NOTHING;

--- in_subtransaction: inside a savepoint
-- needs UPDATE on orders
-- attack
BEGIN;
SAVEPOINT a;
UPDATE orders SET status = 'x' WHERE id > 0;
RELEASE a;
COMMIT;

--- replication_session: in a session whose triggers sleep
-- needs DELETE on orders
-- setup
GRANT SET ON PARAMETER session_replication_role TO clerk;
-- attack
SET session_replication_role = replica;
DELETE FROM orders WHERE id > 0;

--- update_converts: a column definition checks a domain of the user's
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
CREATE FUNCTION desk.tell(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN true; END $$;
CREATE DOMAIN desk.told AS text CHECK (desk.tell(VALUE));
UPDATE orders SET status = (SELECT x.c FROM json_to_record(json_build_object('c', card)) AS x (c desk.told)) WHERE id > 0;
