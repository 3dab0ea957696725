-- One use serves a statement to its end, however often it reads, and no other.

--- once_loop: a block that reads in a loop
-- needs SELECT on orders
-- granted
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', max_uses => 1);
-- attack
DO $$ BEGIN FOR i IN 1..3 LOOP RAISE NOTICE 'card %', (SELECT card FROM orders WHERE id = i); END LOOP; END $$;

--- once_planned: the planner calls a function that reads, which the execution calls again
-- needs SELECT on orders
-- setup
CREATE FUNCTION last_order() RETURNS int STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT max(id) FROM orders); END $$;
ANALYZE orders;
-- granted
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', max_uses => 1);
-- attack
SELECT card FROM orders WHERE id = last_order();

--- once_cursor: a cursor whose every row a function reads
-- needs SELECT on orders
-- setup
CREATE FUNCTION card(int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT card FROM orders WHERE id = $1); END $$;
-- granted
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', max_uses => 1);
-- attack
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT card(id) FROM notes;
COMMIT;
FETCH c;
FETCH c;
