-- What several parts of the script ask, nearly all of it of the library: policies, persons, time, what is there.

CREATE FUNCTION warrant.expand_commands(commands text[]) RETURNS text[] LANGUAGE c IMMUTABLE AS 'MODULE_PATHNAME', 'warrant_expand_commands';
COMMENT ON FUNCTION warrant.expand_commands(text[]) IS 'the commands that words and groups stand for; 22023 for an unknown one';

CREATE FUNCTION warrant_internal.check_target(target regclass) RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_check_target';
CREATE FUNCTION warrant_internal.is_member(role oid, of_role oid) RETURNS boolean LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'warrant_is_member';
CREATE FUNCTION warrant_internal.current_subject() RETURNS oid LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'warrant_current_subject';
CREATE FUNCTION warrant_internal.governing_admin_policy(subject oid) RETURNS bigint LANGUAGE c
    AS 'MODULE_PATHNAME', 'warrant_governing_admin_policy';
CREATE FUNCTION warrant_internal.governing_policies(subject oid, commands text[], relations oid[], in_schema oid, OUT relation oid, OUT policy bigint, OUT governed text[])
    RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_governing_policies';
CREATE FUNCTION warrant_internal.monotonic_now() RETURNS timestamptz LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_monotonic_now';
CREATE FUNCTION warrant_internal.text_hmac(salt bytea, statement text) RETURNS bytea LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_text_hmac';
CREATE FUNCTION warrant_internal.origin() RETURNS jsonb LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_origin';
CREATE FUNCTION warrant_internal.is_courier(pid integer) RETURNS boolean LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'warrant_is_courier';
CREATE FUNCTION warrant_internal.wake_courier() RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_wake_courier';
CREATE FUNCTION warrant_internal.is_administrator(role oid) RETURNS boolean LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'warrant_is_administrator';
CREATE FUNCTION warrant_internal.guards_changed() RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_guards_changed';
CREATE FUNCTION warrant_internal.policies_moved() RETURNS boolean LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_policies_moved';
CREATE FUNCTION warrant_internal.policies_swept() RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_policies_swept';
CREATE FUNCTION warrant_internal.renamed_targets() RETURNS oid[] LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_renamed_targets';
CREATE FUNCTION warrant_internal.names_left() RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_names_left';
CREATE FUNCTION warrant_internal.tell(message text) RETURNS void LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'warrant_tell';

-- The person behind a role: as the DBA said, as the server authenticated the session (the identity, or the role that logged in), or the role itself.
CREATE FUNCTION warrant_internal.person_of(role oid, authenticated text) RETURNS text LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'warrant_person_of';

CREATE FUNCTION warrant_internal.system_identifier() RETURNS bigint LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'warrant_system_identifier';

CREATE FUNCTION warrant_internal.role_exists(role oid) RETURNS boolean LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'warrant_role_exists';

CREATE FUNCTION warrant_internal.is_here(system bigint, database oid, instance name) RETURNS boolean LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_is_here';

-- Whether this is the database where the grants were made, not a copy of it.
CREATE FUNCTION warrant_internal.is_home() RETURNS boolean LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_is_home';

-- What an object is called now, for audit rows; once it is gone, the names that are stored beside its OID.
CREATE FUNCTION warrant_internal.object_now(kind "char", object oid, INOUT schema_name name, INOUT relation_name name) LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'warrant_object_now';

-- Whether the table, schema or database is still there.
CREATE FUNCTION warrant_internal.target_exists(kind "char", target oid) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE kind WHEN 't' THEN EXISTS (SELECT FROM pg_class c WHERE c.oid = target)
                     WHEN 's' THEN EXISTS (SELECT FROM pg_namespace n WHERE n.oid = target) ELSE true END;
END;
$$;
