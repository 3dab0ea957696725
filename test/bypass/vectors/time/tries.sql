-- Trying on and on. The rate is 1000 here, and as many come at once.

--- many_tries: more refusals in a second than a subject may have
-- needs SELECT on orders
-- shows 2500 tries in a second
-- attack
DO $$
DECLARE
    begun timestamptz;
BEGIN
    FOR turn IN 1..5 LOOP
        begun := clock_timestamp();
        FOR try IN 1..2500 LOOP
            BEGIN
                PERFORM FROM orders;
            EXCEPTION WHEN insufficient_privilege THEN NULL;
            END;
        END LOOP;
        IF clock_timestamp() - begun < '1 s' THEN
            RAISE NOTICE '2500 tries in a second';
            EXIT;
        END IF;
        PERFORM FROM orders;
    END LOOP;
END $$;
