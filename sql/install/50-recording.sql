-- Actions: what the recorder executes, each in a subtransaction of its own. Nobody else calls the functions of this part: only the recorder may write
-- these tables. It numbers their rows by itself, because whoever may write all data may set any sequence. PL/pgSQL stands also where SQL would do: it
-- keeps its plans for the life of the recorder.

-- Writes a sealed row for code in SQL.
CREATE FUNCTION warrant.seal(event text, origin jsonb, request_id bigint, grant_id bigint, command text, relation_oid oid, schema_name name,
    relation_name name, policy_name text, policy_version integer, comment text, statement jsonb DEFAULT NULL, statement_sha256 bytea DEFAULT NULL,
    statement_text text DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    made record;
    salt bytea := CASE WHEN $14 IS NOT NULL THEN decode(replace(gen_random_uuid()::text, '-', ''), 'hex') END;
BEGIN
    INSERT INTO warrant.audit_log (seq, sealed_at, occurred_at, event, database_name, session_user_name, session_user_oid, current_user_name,
        authenticated_user_name, authn_id, person, client_addr, application_name, pid, session_id, backend_start, statement_id, xid, query_id,
        request_id, grant_id, command, relation_oid, schema_name, relation_name, policy_name, policy_version, comment, statement_sha256,
        statement_hmac)
    VALUES (warrant.next_seq(), warrant.seal_time(), coalesce(($12->>'occurred_at')::timestamptz, clock_timestamp()), $1, current_database(),
        $2->>'session_user_name', ($2->>'session_user_oid')::oid, $2->>'current_user_name', $2->>'authenticated_user_name', $2->>'authn_id',
        warrant.person_of($2), $2->>'client_addr', $2->>'application_name',
        ($2->>'pid')::integer, $2->>'session_id', ($2->>'backend_start')::timestamptz, ($12->>'statement_id')::bigint,
        nullif(($12->>'xid')::bigint, 0), nullif(($12->>'query_id')::bigint, 0), $3, $4, $5, nullif($6, 0), nullif($7, ''), nullif($8, ''), $9, $10, $11, $13,
        warrant.text_hmac(salt, $14))
    RETURNING seq, sealed_at INTO made;
    IF salt IS NOT NULL THEN
        INSERT INTO warrant.audit_text (seq, sealed_at, salt, statement) VALUES (made.seq, made.sealed_at, salt, $14);
    END IF;
    RETURN made.seq;
END;
$$;

-- Seals rows that definition functions left, once their transaction is committed, at most a thousand, and returns how many. A row that cannot be
-- written as it is must not keep the others back: it is written without its contents, and says so.
CREATE FUNCTION warrant.seal_definitions() RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
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
        SELECT count(warrant.seal(o.event, o.origin, NULL, NULL, NULL, NULL, NULL, NULL, o.policy_name, o.policy_version, o.comment,
                                  jsonb_build_object('occurred_at', o.occurred_at))) INTO sealed FROM ordered o;
        RETURN sealed;
    EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
        sealed := 0;
    END;
    FOR waiting IN WITH taken AS (DELETE FROM warrant.audit_unsealed u WHERE u.id IN (SELECT f.id FROM warrant.audit_unsealed f ORDER BY f.id LIMIT 1000) RETURNING *) SELECT * FROM taken ORDER BY id LOOP
        BEGIN
            PERFORM warrant.seal(waiting.event, waiting.origin, NULL, NULL, NULL, NULL, NULL, NULL, waiting.policy_name, waiting.policy_version, waiting.comment,
                                 jsonb_build_object('occurred_at', waiting.occurred_at));
        EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
            PERFORM warrant.seal(waiting.event, '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, format('row %s of audit_unsealed could not be written: %s', waiting.id, SQLERRM));
        END;
        sealed := sealed + 1;
    END LOOP;
    RETURN sealed;
END;
$$;

CREATE FUNCTION warrant.fail(state text, message text, hint text DEFAULT NULL) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF hint IS NULL THEN
        RAISE EXCEPTION '%', message USING ERRCODE = state;
    END IF;
    RAISE EXCEPTION '%', message USING ERRCODE = state, HINT = hint;
END;
$$;

CREATE FUNCTION warrant.user_of(origin jsonb) RETURNS oid LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN (origin->>'session_user_oid')::oid; END; $$;

CREATE FUNCTION warrant.person_of(origin jsonb) RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN warrant.person_of(warrant.user_of(origin), coalesce(origin->>'authn_id', origin->>'authenticated_user_name')); END; $$;

-- All names that one human is known by: the person that the DBA has made of the role, and the identity that the server has authenticated (told, or
-- the role when there is neither); with the persons of the roles that were authenticated by that identity, and the identities of those persons'
-- roles. One identity is always one human: that only one of two logins is mapped must not make two of them.
CREATE FUNCTION warrant.names_of(role oid, told text) RETURNS text[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    names text[] := array_remove(ARRAY[(SELECT p.person FROM warrant.persons p WHERE p.role = names_of.role), told], NULL);
BEGIN
    IF names = '{}' THEN
        names := ARRAY[warrant.person_of(role, NULL)];
    END IF;
    RETURN ARRAY(WITH persons AS (
        SELECT p.person FROM warrant.persons p WHERE p.person = ANY (names)
        UNION SELECT p.person FROM warrant.identities i JOIN warrant.persons p ON p.role = i.role WHERE i.identity = ANY (names))
      SELECT unnest(names) UNION SELECT s.person FROM persons s
      UNION SELECT i.identity FROM persons s JOIN warrant.persons p ON p.person = s.person JOIN warrant.identities i ON i.role = p.role);
END;
$$;

CREATE FUNCTION warrant.names_of(origin jsonb) RETURNS text[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN warrant.names_of(warrant.user_of(origin), coalesce(origin->>'authn_id', warrant.person_of(origin))); END; $$;
