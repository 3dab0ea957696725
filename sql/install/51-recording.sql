-- Actions: what the recorder executes, each in a subtransaction of its own. Nobody else calls the functions of this part: only the recorder may write
-- these tables. It numbers their rows by itself, because whoever may write all data may set any sequence. PL/pgSQL stands also where SQL would do: it
-- keeps its plans for the life of the recorder.

-- Writes a row of the log. Each object has columns by their names: what the session was, what the access, and what the statement.
CREATE FUNCTION warrant_internal.seal(event text, origin jsonb, access jsonb DEFAULT NULL, statement jsonb DEFAULT NULL, statement_sha256 bytea DEFAULT NULL,
    statement_text text DEFAULT NULL) RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_seal';

-- Seals rows that definition functions left, once their transaction is committed, at most a thousand, and returns how many. A row that cannot be
-- written as it is must not keep the others back: it is written without its contents, and says so.
CREATE FUNCTION warrant_internal.seal_definitions() RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    sealed bigint := 0;
    waiting warrant.audit_unsealed;
BEGIN
    IF NOT EXISTS (SELECT FROM warrant.audit_unsealed) THEN
        RETURN 0;
    END IF;
    BEGIN
        WITH taken AS (DELETE FROM warrant.audit_unsealed u WHERE u.id IN (SELECT f.id FROM warrant.audit_unsealed f ORDER BY f.id LIMIT 1000) RETURNING *), ordered AS (SELECT * FROM taken ORDER BY id)
        SELECT count(warrant_internal.seal(o.event, o.origin, jsonb_build_object('policy_name', o.policy_name, 'policy_version', o.policy_version, 'comment', o.comment),
                                  jsonb_build_object('occurred_at', o.occurred_at))) INTO sealed FROM ordered o;
        RETURN sealed;
    EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
        sealed := 0;
    END;
    FOR waiting IN WITH taken AS (DELETE FROM warrant.audit_unsealed u WHERE u.id IN (SELECT f.id FROM warrant.audit_unsealed f ORDER BY f.id LIMIT 1000) RETURNING *) SELECT * FROM taken ORDER BY id LOOP
        BEGIN
            PERFORM warrant_internal.seal(waiting.event, waiting.origin, jsonb_build_object('policy_name', waiting.policy_name, 'policy_version', waiting.policy_version,
                                 'comment', waiting.comment), jsonb_build_object('occurred_at', waiting.occurred_at));
        EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
            PERFORM warrant_internal.seal(waiting.event, '{}', jsonb_build_object('comment', format('row %s of audit_unsealed could not be written: %s', waiting.id, SQLERRM)));
        END;
        sealed := sealed + 1;
    END LOOP;
    RETURN sealed;
END;
$$;

CREATE FUNCTION warrant_internal.fail(state text, message text, hint text DEFAULT NULL) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF hint IS NULL THEN
        RAISE EXCEPTION '%', message USING ERRCODE = state;
    END IF;
    RAISE EXCEPTION '%', message USING ERRCODE = state, HINT = hint;
END;
$$;

-- Without a pinned search_path, which their parsed bodies do not need, they become part of what calls them.
CREATE FUNCTION warrant_internal.user_of(origin jsonb) RETURNS oid LANGUAGE sql IMMUTABLE RETURN (origin OPERATOR(pg_catalog.->>) 'session_user_oid')::pg_catalog.oid;

CREATE FUNCTION warrant_internal.person_of(origin jsonb) RETURNS text LANGUAGE sql STABLE
    RETURN warrant_internal.person_of(warrant_internal.user_of(origin), coalesce(origin OPERATOR(pg_catalog.->>) 'authn_id', origin OPERATOR(pg_catalog.->>) 'authenticated_user_name'));

-- All names that one human is known by: the person that the DBA has made of the role, and the identity that the server has authenticated (told, or
-- the role when there is neither); with the persons of the roles that were authenticated by that identity, and the identities of those persons'
-- roles. One identity is always one human: that only one of two logins is mapped must not make two of them.
CREATE FUNCTION warrant_internal.names_of(role oid, told text) RETURNS text[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    mapped text := nullif(warrant_internal.person_of(role, ''), '');
    names text[] := array_remove(ARRAY[mapped, told], NULL);
BEGIN
    IF names = '{}' THEN
        names := ARRAY[warrant_internal.person_of(role, NULL)];
    END IF;
    IF mapped IS NULL AND NOT EXISTS (SELECT FROM warrant.persons) THEN
        RETURN names;    -- an identity alone leads to no other name
    END IF;
    RETURN ARRAY(WITH persons AS (
        SELECT p.person FROM warrant.persons p WHERE p.person = ANY (names)
        UNION SELECT p.person FROM warrant.identities i JOIN warrant.persons p ON p.role = i.role WHERE i.identity = ANY (names))
      SELECT unnest(names) UNION SELECT s.person FROM persons s
      UNION SELECT i.identity FROM persons s JOIN warrant.persons p ON p.person = s.person JOIN warrant.identities i ON i.role = p.role);
END;
$$;

CREATE FUNCTION warrant_internal.names_of(origin jsonb) RETURNS text[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN warrant_internal.names_of(warrant_internal.user_of(origin), coalesce(origin->>'authn_id', warrant_internal.person_of(origin))); END; $$;
