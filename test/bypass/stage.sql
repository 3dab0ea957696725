-- The people and the observer, once per server. dba decides everything, owner made the shop, clerk is who tries; all of them are ordinary but dba.
CREATE ROLE dba SUPERUSER LOGIN;
CREATE ROLE owner LOGIN;
CREATE ROLE clerk LOGIN;
CREATE ROLE helper LOGIN;
CREATE ROLE boss LOGIN;
CREATE DATABASE market OWNER dba;
\c market dba
ALTER DATABASE market SET search_path = shop, desk, public;
CREATE SCHEMA judge;
CREATE TABLE judge.watched (name text, relation oid);

-- Names what a vector is after, before it is tried.
CREATE FUNCTION judge.watch(names text[]) RETURNS void LANGUAGE sql AS $$
    DELETE FROM judge.watched;
    INSERT INTO judge.watched SELECT name, to_regclass(name) FROM unnest(names) AS name;
$$;

-- For races: returns when another session has locked the relation, or has dropped it already.
CREATE FUNCTION judge.until_locked(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR turn IN 1..500 LOOP
        EXIT WHEN to_regclass(name) IS NULL
            OR EXISTS (SELECT FROM pg_locks WHERE relation = to_regclass(name) AND mode = 'AccessExclusiveLock' AND granted);
        PERFORM pg_sleep(0.01);
    END LOOP;
END;
$$;

-- And when somebody waits for a lock on it, or nobody has come for long.
CREATE FUNCTION judge.until_awaited(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR turn IN 1..200 LOOP
        EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE relation = to_regclass(name) AND NOT granted);
        PERFORM pg_sleep(0.01);
    END LOOP;
END;
$$;

-- The recorder's process, for what is tried while it is held up.
CREATE FUNCTION judge.recorder() RETURNS int LANGUAGE sql AS $$
    SELECT pid FROM pg_stat_activity WHERE backend_type = 'pg_warrant recorder' AND datname = current_database();
$$;

-- Returns when it has closed the grants of earlier tries: it changes no rules any more, for which what is decided would be decided anew.
CREATE FUNCTION judge.until_closed() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR turn IN 1..500 LOOP
        EXIT WHEN NOT EXISTS (SELECT FROM warrant.grants WHERE closed_at IS NULL);
        PERFORM pg_sleep(0.01);
    END LOOP;
END;
$$;

-- Returns when clerk's session waits for the recorder, or has ended.
CREATE FUNCTION judge.until_recorder_awaited() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR turn IN 1..1000 LOOP
        EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'clerk' AND wait_event_type IS DISTINCT FROM 'Extension');
        PERFORM pg_stat_clear_snapshot(), pg_sleep(0.01);
    END LOOP;
END;
$$;

-- When it is in that schema.
CREATE FUNCTION judge.until(schema text, name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR turn IN 1..500 LOOP
        EXIT WHEN EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = schema AND relname = name);
        PERFORM pg_sleep(0.01);
    END LOOP;
END;
$$;

-- When somebody waits for another's transaction to end.
CREATE FUNCTION judge.until_stuck() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR turn IN 1..500 LOOP
        EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted);
        PERFORM pg_sleep(0.01);
    END LOOP;
END;
$$;

-- For races that only a debugging build can hold (Hold in src/pg/mutants.hpp): one session holds, waits until the other one has come, which a
-- release build never does, and makes its change. The other one begins when it is held, and goes on when the change is made.
CREATE FUNCTION judge.hold() RETURNS void LANGUAGE sql AS 'SELECT pg_advisory_lock(1)';
CREATE FUNCTION judge.until_come(in_any_build boolean = false) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR turn IN 1..500 LOOP
        EXIT WHEN (current_setting('pg_warrant.wait_point', true) IS NULL AND NOT in_any_build) OR EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted);
        PERFORM pg_sleep(0.01);
    END LOOP;
END;
$$;
CREATE FUNCTION judge.until_held() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR turn IN 1..500 LOOP
        EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted);
        PERFORM pg_sleep(0.01);
    END LOOP;
END;
$$;
CREATE FUNCTION judge.until_changed() RETURNS void LANGUAGE sql AS 'SELECT pg_advisory_lock(1), pg_advisory_unlock(1)';
GRANT USAGE ON SCHEMA judge TO PUBLIC;

-- A relation's rows, as one digest.
CREATE FUNCTION judge.rows_of(relation regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    digest text;
BEGIN
    EXECUTE format('SELECT count(*) || '' '' || md5(string_agg(t::text, '''' ORDER BY t::text)) FROM %s AS t', relation) INTO digest;
    RETURN digest;
END;
$$;

CREATE FUNCTION judge.holds(relation regclass, secret text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    found boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %s AS t WHERE strpos(t::text, $1) > 0)', relation) INTO found USING secret;
    RETURN found;
END;
$$;

-- All that a vector could change about what is watched, with partitions and children, and where the secret is found besides: one fact a line.
CREATE FUNCTION judge.facts(secret text) RETURNS SETOF text LANGUAGE plpgsql SET search_path = shop, desk, public AS $$
DECLARE
    family oid[] := ARRAY(
        WITH RECURSIVE family (relation) AS (
            SELECT w.relation FROM judge.watched w
            UNION SELECT i.inhrelid FROM family f JOIN pg_inherits i ON i.inhparent = f.relation)
        SELECT c.oid FROM family f JOIN pg_class c ON c.oid = f.relation);
    r record;
BEGIN
    RETURN QUERY SELECT 'name ' || w.name || ' is ' || coalesce(to_regclass(w.name)::oid::text, 'gone') FROM judge.watched w;
    FOR r IN SELECT c AS class, c.oid::regclass AS name, c.relkind AS kind FROM pg_class c WHERE c.oid = ANY (family) LOOP
        RETURN NEXT 'class ' || r.class;
        IF r.kind IN ('r', 'p', 'm') AND (r.class).relispopulated THEN
            RETURN NEXT 'rows of ' || (r.class).oid || ': ' || judge.rows_of(r.name);
        END IF;
        IF r.kind IN ('v', 'm') THEN
            RETURN NEXT 'view ' || (r.class).oid || ': ' || pg_get_viewdef(r.name);
        END IF;
    END LOOP;
    FOR r IN SELECT c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE c.relkind IN ('r', 'm') AND c.relispopulated AND n.nspname !~ '^(pg_.*|information_schema|warrant|judge)$'
                AND c.oid <> ALL (family)
    LOOP
        IF judge.holds(r.name, secret) THEN
            RETURN NEXT 'the secret is in ' || r.name;
        END IF;
    END LOOP;
    RETURN QUERY SELECT 'column ' || a::text FROM pg_attribute a WHERE a.attrelid = ANY (family)
        UNION ALL SELECT 'default ' || d::text FROM pg_attrdef d WHERE d.adrelid = ANY (family)
        UNION ALL SELECT 'constraint ' || c::text FROM pg_constraint c WHERE c.conrelid = ANY (family) OR c.confrelid = ANY (family)
        UNION ALL SELECT 'trigger ' || t::text FROM pg_trigger t WHERE t.tgrelid = ANY (family)
        UNION ALL SELECT 'rule ' || w.oid || w.rulename || w.ev_enabled::text FROM pg_rewrite w WHERE w.ev_class = ANY (family)
        UNION ALL SELECT 'row policy ' || p::text FROM pg_policy p WHERE p.polrelid = ANY (family)
        UNION ALL SELECT 'index ' || i::text || c::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = ANY (family)
        UNION ALL SELECT 'child ' || i::text FROM pg_inherits i WHERE i.inhrelid = ANY (family) OR i.inhparent = ANY (family)
        UNION ALL SELECT 'statistics object ' || s.oid || s.stxname FROM pg_statistic_ext s WHERE s.stxrelid = ANY (family)
        UNION ALL SELECT 'statistics ' || md5(s::text) FROM pg_statistic s WHERE s.starelid = ANY (family)
        UNION ALL SELECT 'comment ' || d::text FROM pg_description d WHERE d.classoid = 'pg_class'::regclass AND d.objoid = ANY (family)
        UNION ALL SELECT 'published ' || p::text FROM pg_publication_rel p WHERE p.prrelid = ANY (family)
        UNION ALL SELECT 'the secret is in large object ' || l.loid FROM pg_largeobject l WHERE position(secret::bytea IN l.data) > 0
        UNION ALL SELECT 'the secret is the comment of ' || d.objoid FROM pg_description d WHERE strpos(d.description, secret) > 0;
END;
$$;
