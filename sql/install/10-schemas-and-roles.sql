-- The schemas, and the roles, which belong to the cluster.

CREATE SCHEMA warrant;
GRANT USAGE ON SCHEMA warrant TO PUBLIC;
COMMENT ON SCHEMA warrant IS 'just-in-time approval for database actions';
-- What only the extension itself calls. Nobody else has USAGE; all tables are in the other schema.
CREATE SCHEMA warrant_internal;
COMMENT ON SCHEMA warrant_internal IS 'functions that pg_warrant itself calls, and nobody else';

CREATE FUNCTION warrant_internal.is_elsewhere() RETURNS boolean LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_is_elsewhere';

-- The gate's roles. Roles belong to the cluster: another database with the extension may have made them already. Otherwise a role of
-- that name that somebody logs in as, or is a member of, is somebody else's and must not gain the gate's rights by its name.
DO $$
DECLARE
    role_name pg_catalog.name;
    existing pg_catalog.pg_roles;
BEGIN
    FOREACH role_name IN ARRAY '{warrant_admin,warrant_approver,warrant_auditor,warrant_exempt}'::pg_catalog.name[] LOOP
        SELECT * INTO existing FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) role_name;
        IF NOT FOUND THEN
            EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', role_name);
        ELSIF NOT warrant_internal.is_elsewhere() AND NOT pg_catalog.current_setting('pg_warrant.allow_restore')::boolean AND (existing.rolcanlogin OR EXISTS (SELECT FROM pg_catalog.pg_auth_members
                                                                            WHERE roleid OPERATOR(pg_catalog.=) existing.oid)) THEN
            RAISE EXCEPTION 'role "%" exists already', role_name USING ERRCODE = 'duplicate_object',
                DETAIL = 'It can log in or has members, who would gain the rights of the gate.',
                HINT = 'Take its members away, or rename it, and grant memberships again afterwards. Where a server is restored, restart it with "pg_warrant.allow_restore" on instead.';
        END IF;
    END LOOP;
END;
$$;
