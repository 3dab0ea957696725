-- Who does what. Roles are the cluster's, so another database may have made them already; a role of that name that somebody logs in
-- as, or is a member of, is somebody else's and must not gain our rights by its name.
DO $$
DECLARE
    role_name pg_catalog.name;
    existing pg_catalog.pg_roles;
BEGIN
    FOREACH role_name IN ARRAY '{warrant_admin,warrant_approver,warrant_auditor,warrant_exempt}'::pg_catalog.name[] LOOP
        SELECT * INTO existing FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) role_name;
        IF NOT FOUND THEN
            EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', role_name);
        ELSIF NOT pg_catalog.shobj_description(existing.oid, 'pg_authid') IS NOT DISTINCT FROM 'pg_warrant'
              AND (existing.rolcanlogin OR EXISTS (SELECT FROM pg_catalog.pg_auth_members
                                                 WHERE roleid OPERATOR(pg_catalog.=) existing.oid)) THEN
            RAISE EXCEPTION 'role "%" exists already and is not ours', role_name USING ERRCODE = 'duplicate_object',
                DETAIL = 'It can log in or has members, who would gain the rights of the gate.',
                HINT = 'Rename that role, or take its members away.';
        END IF;
        EXECUTE pg_catalog.format('COMMENT ON ROLE %I IS %L', role_name, 'pg_warrant');
    END LOOP;
END;
$$;
