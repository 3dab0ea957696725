-- What all functions that define something use.
--
-- Definitions: ordinary transactional SQL. The gate sees them after COMMIT. SECURITY DEFINER marks them as what may write our tables.
-- Definition functions that make names, or keep them in the audit, pin settings so that every session makes the same ones.

-- The live ADMIN grant that lets the session user weaken definitions, 0 when the user needs none. Raises 42501 when it is needed and missing.
CREATE FUNCTION warrant_internal.approval_to_weaken() RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_approval_to_weaken';

CREATE FUNCTION warrant_internal.note_definition(event text, policy_name text, policy_version integer, note text) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    approval bigint := CASE event WHEN 'weakened' THEN nullif(warrant_internal.approval_to_weaken(), 0) END;
BEGIN
    INSERT INTO warrant.audit_unsealed (event, origin, policy_name, policy_version, comment)
    VALUES (event, warrant_internal.origin(), policy_name, policy_version, nullif(concat(note, ', under grant ' || approval), ''));
END;
$$;

-- The roles are looked up, because the type regrole takes a number that is no role's.
CREATE FUNCTION warrant_internal.role_oids(roles regrole[], parameter text) RETURNS oid[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gone oid;
BEGIN
    IF roles IS NULL OR array_position(roles, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'parameter "%" must not be or contain NULL', parameter USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT u.role INTO gone FROM unnest(roles::oid[]) AS u (role) WHERE NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = u.role) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'role with OID % does not exist', gone USING ERRCODE = 'undefined_object', DETAIL = format('It is in parameter "%s".', parameter);
    END IF;
    RETURN roles::oid[];
END;
$$;

CREATE FUNCTION warrant_internal.role_names(roles oid[]) RETURNS name[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT coalesce(array_agg(r.rolname ORDER BY u.place), '{}') FROM unnest(roles) WITH ORDINALITY u (role, place) JOIN pg_roles r ON r.oid = u.role);
END;
$$;

-- A duration in seconds: 22023 for months, years, negative fields, zero and more than 1000 years. NULL stands for the setting.
CREATE FUNCTION warrant_internal.in_seconds(duration interval, parameter text) RETURNS interval LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_in_seconds';

-- A duration as comparisons take it, a month for 30 days, and at least a second: for durations that an older release has stored.
CREATE FUNCTION warrant_internal.as_compared(duration interval) RETURNS interval LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_as_compared';

-- A number of uses must be positive; NULL is no limit.
CREATE FUNCTION warrant_internal.check_max_uses(value integer) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF value <= 0 THEN
        RAISE EXCEPTION 'max_uses must be positive' USING ERRCODE = 'invalid_parameter_value';
    END IF;
END;
$$;

-- A number of rows: NULL is no limit.
CREATE FUNCTION warrant_internal.is_row_limit(value bigint) RETURNS boolean LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT $1 IS NULL OR $1 BETWEEN 1 AND 1000000000000000 $$;

CREATE FUNCTION warrant_internal.check_mode(mode text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF mode IS NULL OR mode NOT IN ('enforce', 'monitor') THEN
        RAISE EXCEPTION 'unknown mode "%"', coalesce(mode, 'NULL') USING ERRCODE = 'invalid_parameter_value', HINT = 'Modes are enforce and monitor.';
    END IF;
END;
$$;
