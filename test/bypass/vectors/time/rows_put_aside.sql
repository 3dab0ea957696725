-- The grant has ended, and the rows of a cursor WITH HOLD, which COMMIT has put aside, are fetched by what is no FETCH of the client.

--- held_to_xml: cursor_to_xml
-- needs SELECT on orders
-- before
BEGIN;
DECLARE c CURSOR WITH HOLD FOR TABLE orders;
COMMIT;
-- attack
SELECT cursor_to_xml('c', 10, false, false, '');

--- held_to_xml_later: the same when rows were fetched before, and the grant ends by itself
-- needs SELECT on orders
-- lapses
-- before
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT CASE id WHEN 1 THEN '' ELSE card END FROM orders ORDER BY id;
COMMIT;
FETCH c;
-- attack
SELECT cursor_to_xml('c', 10, false, false, '');

--- held_in_function: a function's FETCH
-- needs SELECT on orders
-- setup
CREATE FUNCTION next_card(refcursor) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN FETCH $1 INTO r; RETURN r.card; END $$;
-- before
BEGIN;
DECLARE c SCROLL CURSOR WITH HOLD FOR TABLE orders;
COMMIT;
SELECT length(next_card('c'));
-- attack
SELECT next_card('c');

--- held_backwards: and a function's MOVE to what it has passed
-- needs SELECT on orders
-- setup
CREATE FUNCTION card(refcursor) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN MOVE FIRST FROM $1; FETCH RELATIVE 0 FROM $1 INTO r; RETURN r.card; END $$;
-- before
BEGIN;
DECLARE c SCROLL CURSOR WITH HOLD FOR TABLE orders;
COMMIT;
MOVE LAST IN c;
-- attack
SELECT card('c');

--- held_in_block: a DO block in a transaction that fetched before, and catches what it is told
-- needs SELECT on orders
-- swallows
-- before
BEGIN;
DECLARE c CURSOR WITH HOLD FOR TABLE orders;
COMMIT;
BEGIN;
MOVE c;
-- attack
DO $$
DECLARE
    c refcursor := 'c';
    r record;
BEGIN
    FOR i IN 1..3 LOOP
        BEGIN
            FETCH c INTO r;
            RAISE NOTICE 'card %', r.card;
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
    END LOOP;
END $$;

--- held_at_commit_trigger: a trigger that COMMIT fires
-- needs SELECT on orders
-- setup
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE c refcursor := 'c'; r record; BEGIN FETCH c INTO r; RAISE NOTICE 'card %', r.card; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER tell AFTER INSERT ON notes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell();
-- before
BEGIN;
DECLARE c CURSOR WITH HOLD FOR TABLE orders;
COMMIT;
BEGIN;
INSERT INTO notes VALUES (9, '');
-- attack
COMMIT;

--- held_by_loop: a loop of a procedure that commits inside it, and waits there until the grant is revoked
-- needs SELECT on orders
-- setup
CREATE PROCEDURE tell() LANGUAGE plpgsql AS $$
DECLARE
    turn int := 0;
    r record;
BEGIN
    FOR r IN SELECT * FROM shop.orders LOOP
        turn := turn + 1;
        COMMIT;
        IF turn = 1 THEN
            PERFORM judge.until_changed();
        ELSE
            RAISE NOTICE 'card %', r.card;
        END IF;
    END LOOP;
END $$;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
-- attack
\if :gated
SELECT max(id) AS last FROM warrant.my_grants \gset
\setenv LAST :last
\! psql -Xq -U boss -o /dev/null -c "SELECT judge.hold()" -c "SELECT judge.until_come(in_any_build => true)" -c "SELECT warrant.revoke($LAST)" 2>/dev/null &
SELECT judge.until_held();
\endif
CALL tell();
