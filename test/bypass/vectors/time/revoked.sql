-- The grant has ended, by a revoke or by itself.

--- cursor_after_revoke: FETCH from a cursor that was declared under a grant
-- needs SELECT on orders
-- before
BEGIN;
DECLARE c CURSOR FOR TABLE orders;
-- attack
FETCH ALL FROM c;

--- cursor_after_expiry: the same when the grant ends by itself
-- needs SELECT on orders
-- lapses
-- before
BEGIN;
DECLARE c CURSOR FOR TABLE orders;
-- attack
FETCH ALL FROM c;

--- cursor_next: a cursor that was read from before
-- needs SELECT on orders
-- before
BEGIN;
DECLARE c CURSOR FOR SELECT CASE id WHEN 1 THEN '' ELSE card END FROM orders ORDER BY id;
FETCH c;
-- attack
FETCH c;

--- move_then_fetch: MOVE first
-- needs SELECT on orders
-- before
BEGIN;
DECLARE c SCROLL CURSOR FOR TABLE orders;
-- attack
MOVE LAST IN c;
FETCH PRIOR FROM c;

--- held_cursor: a cursor WITH HOLD, materialised at COMMIT
-- needs SELECT on orders
-- before
BEGIN;
DECLARE c CURSOR WITH HOLD FOR TABLE orders;
COMMIT;
-- attack
FETCH ALL FROM c;

--- held_at_commit: one that is not materialised yet
-- needs SELECT on orders
-- before
BEGIN;
DECLARE c CURSOR WITH HOLD FOR TABLE orders;
-- attack
COMMIT;
FETCH ALL FROM c;

--- cursor_of_function: a function reads on from a cursor
-- needs SELECT on orders
-- setup
CREATE FUNCTION next_card(refcursor) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN FETCH $1 INTO r; RETURN r.card; END $$;
-- before
BEGIN;
DECLARE c CURSOR FOR TABLE orders;
-- attack
SELECT next_card('c');

--- prepared_statement: EXECUTE of what was prepared under a grant
-- needs SELECT on orders
-- before
PREPARE p AS TABLE orders;
SELECT count(*) FROM orders;
-- attack
EXECUTE p;

--- generic_plan: a plan that was kept
-- needs SELECT on orders
-- before
SET plan_cache_mode = force_generic_plan;
PREPARE p (int) AS SELECT CASE $1 WHEN 0 THEN '' ELSE card END FROM orders;
EXECUTE p (0);
EXECUTE p (0);
-- attack
EXECUTE p (1);

--- long_transaction: later in the transaction
-- needs SELECT on orders
-- before
BEGIN;
SELECT count(*) FROM orders;
-- attack
TABLE orders;

--- repeatable_read: under a snapshot that still shows the grant
-- needs SELECT on orders
-- before
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM orders;
-- attack
TABLE orders;

--- serializable: the same
-- needs SELECT on orders
-- before
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT count(*) FROM orders;
-- attack
TABLE orders;

--- frozen_now: now() stands still in a transaction, expiry does not
-- needs SELECT on orders
-- lapses
-- before
BEGIN;
SELECT now() IS NOT NULL, count(*) FROM orders;
-- attack
TABLE orders;

--- time_zone: the session's own clock face
-- needs SELECT on orders
-- lapses
-- before
SET TimeZone = 'Etc/GMT+12';
SELECT count(*) FROM orders;
-- attack
SET TimeZone = 'Etc/GMT-14';
SET DateStyle = 'SQL, DMY';
TABLE orders;

--- savepoint_after_expiry: inside a savepoint that is older than the end
-- needs SELECT on orders
-- lapses
-- before
BEGIN;
SAVEPOINT s;
SELECT count(*) FROM orders;
-- attack
ROLLBACK TO s;
TABLE orders;

--- write_after_revoke: writing on
-- needs UPDATE on orders
-- before
BEGIN;
-- attack
UPDATE orders SET status = 'void' WHERE id > 0;
COMMIT;

--- deferred_after_revoke: a deferred trigger writes at COMMIT, when the grant has ended
-- needs DELETE on orders
-- setup
CREATE FUNCTION wipe() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN DELETE FROM orders WHERE id > 0; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER wipe AFTER INSERT ON notes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wipe();
-- before
BEGIN;
INSERT INTO notes VALUES (9, '');
-- attack
COMMIT;

--- long_function: a function that reads again and again
-- needs SELECT on orders
-- lapses
-- before
CREATE FUNCTION desk.later() RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN PERFORM count(*) FROM shop.orders; PERFORM pg_sleep(0); RETURN (SELECT max(card) FROM shop.orders); END $$;
SELECT length(desk.later());
-- attack
SELECT desk.later();

--- expiry_inside_function: the grant ends in the middle of one
-- needs SELECT on orders
-- lapses
-- before
SELECT 1;
-- attack
DO $$ BEGIN PERFORM pg_sleep(0.1); RAISE NOTICE 'card %', (SELECT max(card) FROM shop.orders); END $$;

--- copy_after_revoke: COPY under a transaction's older snapshot
-- needs SELECT, EXPORT on orders
-- before
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM orders;
-- attack
COPY orders TO STDOUT;

--- at_its_end: the very moment when the grant has ended, with what was decided before
-- needs SELECT on orders
-- gate
SELECT warrant.protect('orders');
SELECT judge.until_closed();
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', duration => '1 second');
-- attack
\if :gated
SELECT set_config('my.end', least(min(ends_at), now() + '2 s')::text, false) FROM warrant.my_grants;
\else
SELECT set_config('my.end', now()::text, false);
\endif
DO $$
DECLARE
    found text;
BEGIN
    FOR turn IN 1..2 LOOP
        WHILE turn = 2 AND clock_timestamp() < current_setting('my.end')::timestamptz LOOP
        END LOOP;
        SELECT max(card) INTO found FROM shop.orders;
    END LOOP;
    RAISE NOTICE 'card %', found;
END $$;

--- ended_not_closed: the grant has ended, and the recorder, which closes it, is held up until it is asked
-- needs SELECT on orders
-- lapses
-- before
\if :gated
\! kill -STOP $(psql -XqAt -U dba -c "SELECT judge.recorder()")
\endif
-- attack
\if :gated
\! (psql -Xq -U dba -c "SELECT judge.until_recorder_awaited()"; kill -CONT $(psql -XqAt -U dba -c "SELECT judge.recorder()")) >/dev/null 2>&1 &
\endif
TABLE orders;

--- ended_not_closed_kept: the same with what was decided before
-- needs SELECT on orders
-- lapses
-- before
SELECT count(*) FROM orders;
\if :gated
\! kill -STOP $(psql -XqAt -U dba -c "SELECT judge.recorder()")
\endif
-- attack
\if :gated
\! (psql -Xq -U dba -c "SELECT judge.until_recorder_awaited()"; kill -CONT $(psql -XqAt -U dba -c "SELECT judge.recorder()")) >/dev/null 2>&1 &
\endif
TABLE orders;
