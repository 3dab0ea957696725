-- The grant lives, but its uses are spent.

--- used_up_query: once more
-- needs SELECT on orders
-- uses 1
-- before
SELECT count(*) FROM orders;
-- attack
TABLE orders;

--- used_up_transaction: later in the transaction, under the snapshot that saw the use
-- needs SELECT on orders
-- uses 1
-- before
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM orders;
-- attack
TABLE orders;

--- used_up_savepoint: once more after a rollback of what spent it
-- needs SELECT on orders
-- uses 1
-- before
BEGIN;
SAVEPOINT s;
SELECT count(*) FROM orders;
-- attack
ROLLBACK TO s;
TABLE orders;

--- used_up_prepared: what was prepared while there were uses
-- needs SELECT on orders
-- uses 2
-- before
SET plan_cache_mode = force_generic_plan;
PREPARE p (int) AS SELECT CASE $1 WHEN 0 THEN '' ELSE card END FROM orders;
EXECUTE p (0);
EXECUTE p (0);
-- attack
EXECUTE p (1);

--- used_up_cursor_open: another statement while a cursor that has its use is open
-- needs SELECT on orders
-- uses 1
-- before
BEGIN;
DECLARE c CURSOR FOR SELECT CASE id WHEN 1 THEN '' ELSE status END FROM orders ORDER BY id;
FETCH c;
-- attack
TABLE orders;

--- used_up_cursor_again: a second cursor of the same name and query
-- needs SELECT on orders
-- uses 1
-- before
BEGIN;
DECLARE c CURSOR FOR SELECT card FROM orders WHERE id < 0;
FETCH c;
CLOSE c;
-- attack
DECLARE c CURSOR FOR SELECT card FROM orders;
FETCH ALL FROM c;

--- used_up_held: a cursor with the name of one WITH HOLD that had its use
-- needs SELECT on orders
-- uses 1
-- before
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT status FROM orders;
COMMIT;
FETCH c;
-- attack
CLOSE c;
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT card FROM orders;
COMMIT;
FETCH ALL FROM c;

--- used_up_parallel: a function that parallel workers call, each a process of its own
-- needs SELECT on orders
-- uses 1
-- setup
CREATE FUNCTION card_of(int) RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$ BEGIN RETURN (SELECT max(card) FROM orders WHERE id = $1); END $$;
GRANT EXECUTE ON FUNCTION card_of TO PUBLIC;
-- before
SELECT count(*) FROM orders;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
-- attack
SELECT card_of(id) FROM notes;

--- used_up_workers: parallel workers read it for a leader who has no use left
-- needs SELECT on orders
-- uses 1
-- before
SELECT count(*) FROM orders;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
-- attack
TABLE orders;

--- used_up_caught: a block that tries until it gets it
-- needs SELECT on orders
-- uses 1
-- swallows
-- before
SELECT count(*) FROM orders;
-- attack
DO $$
BEGIN
    FOR i IN 1..3 LOOP
        BEGIN
            RAISE NOTICE 'card %', (SELECT max(card) FROM orders);
        EXCEPTION WHEN insufficient_privilege THEN NULL;
        END;
    END LOOP;
END $$;

--- used_up_explain: EXPLAIN, which spends nothing, of what would read
-- needs SELECT on orders
-- uses 1
-- before
SELECT count(*) FROM orders;
-- attack
EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM orders WHERE card <> '';
TABLE orders;

--- used_up_copy: COPY, whose use another command has spent
-- needs SELECT, EXPORT on orders
-- uses 1
-- before
COPY (SELECT status FROM orders) TO STDOUT;
-- attack
COPY orders TO STDOUT;

--- used_up_write: writing once more
-- needs UPDATE on orders
-- uses 1
-- before
UPDATE orders SET status = status WHERE id < 0;
-- attack
UPDATE orders SET status = 'void' WHERE id > 0;

--- used_up_plan: EXPLAIN, which spends nothing and shows what the samples hold
-- needs SELECT on orders
-- uses 1
-- shows ^Seq Scan on orders
-- before
SELECT count(*) FROM orders;
-- attack
EXPLAIN SELECT * FROM orders WHERE card > '4';

--- used_up_second_command: what a statement has paid for with its first command serves no other statement
-- needs SELECT, UPDATE on orders
-- uses 1
-- gate
SELECT warrant.protect('orders');
SELECT judge.until_closed();
-- before
DO $$ BEGIN PERFORM FROM orders; UPDATE orders SET status = status WHERE id < 0; END $$;
-- attack
UPDATE orders SET status = 'void' WHERE id > 0;
