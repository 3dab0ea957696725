-- Rows of the log that SQL writes.

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
