-- Code that catches errors, commits, or runs its statements in loops.

--- caught: a block that catches the refusal
-- needs SELECT on orders
-- swallows
-- attack
DO $$ BEGIN RAISE NOTICE 'card %', (SELECT max(card) FROM shop.orders); EXCEPTION WHEN insufficient_privilege THEN RAISE NOTICE 'next time'; END $$;

--- caught_in_loop: many times
-- needs DELETE on orders
-- swallows
-- attack
DO $$
BEGIN
    FOR i IN 1..200 LOOP
        BEGIN
            DELETE FROM shop.orders WHERE id = i;
        EXCEPTION WHEN insufficient_privilege THEN
            NULL;
        END;
    END LOOP;
END $$;

--- savepoint: after the refusal the transaction goes on
-- needs SELECT on orders
-- swallows
-- attack
\set ON_ERROR_STOP off
BEGIN;
SAVEPOINT s;
TABLE orders;
ROLLBACK TO s;
TABLE orders;
COMMIT;

--- error_rollback: psql does the same by itself
-- needs DELETE on orders
-- swallows
-- attack
\set ON_ERROR_STOP off
\set ON_ERROR_ROLLBACK on
BEGIN;
DELETE FROM orders WHERE id > 0;
DELETE FROM orders WHERE id > 0;
COMMIT;

--- commits_in_loop: a procedure that commits on its way
-- needs SELECT on orders
-- setup
CREATE PROCEDURE tell() LANGUAGE plpgsql AS $$
DECLARE
    c text;
BEGIN
    FOR i IN 1..3 LOOP
        COMMIT;
        SELECT card INTO c FROM shop.orders WHERE id = i;
        RAISE NOTICE 'card %', c;
    END LOOP;
END $$;
-- attack
CALL tell();

--- loop_over_query: FOR ... IN query
-- needs SELECT on orders
-- attack
DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM shop.orders LOOP RAISE NOTICE 'card %', r.card; END LOOP; END $$;

--- expression_assignment: an assignment, which has no plan of its own
-- needs SELECT on orders
-- setup
CREATE FUNCTION top_card() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT max(card) FROM orders';
-- attack
DO $$ DECLARE c text; BEGIN c := shop.top_card(); RAISE NOTICE 'card %', c; END $$;

--- kept_plan_in_function: the second call runs a plan that was kept
-- needs SELECT on orders
-- setup
CREATE FUNCTION card(wanted boolean) RETURNS text LANGUAGE plpgsql AS $$ BEGIN IF wanted THEN RETURN (SELECT max(card) FROM shop.orders); END IF; RETURN ''; END $$;
-- before
SELECT length(card(true));
-- attack
SELECT card(true);

--- copy_in_function: a utility statement inside a function
-- needs TRUNCATE on order_lines
-- attack
DO $$ BEGIN TRUNCATE shop.order_lines; END $$;

--- execute_utility: the same as a text
-- needs LOCK on orders
-- shows ^it is locked$
-- attack
BEGIN;
DO $$ BEGIN EXECUTE 'LOCK TABLE shop.orders'; END $$;
SELECT 'it is locked' FROM pg_locks WHERE relation = 'shop.orders'::regclass AND mode = 'AccessExclusiveLock' AND granted;

--- two_phase: PREPARE TRANSACTION carries the change over
-- needs UPDATE on orders
-- attack
BEGIN;
UPDATE orders SET status = 'void' WHERE id > 0;
PREPARE TRANSACTION 'later';
COMMIT PREPARED 'later';
