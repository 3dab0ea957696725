-- What the roles are for, where nobody has said something else.

DO $$
DECLARE
    made record;
BEGIN
    FOR made IN SELECT r.oid, r.rolname, w.words FROM (VALUES
            ('warrant_admin', 'pg_warrant: makes and drops policies, webhooks, profiles and persons'),
            ('warrant_approver', 'pg_warrant: decides requests, where a policy names nobody else'),
            ('warrant_auditor', 'pg_warrant: reads requests, grants and the audit log'),
            ('warrant_exempt', 'pg_warrant: is audited, not gated')) AS w (name, words)
        JOIN pg_catalog.pg_roles r ON r.rolname OPERATOR(pg_catalog.=) w.name::pg_catalog.name LOOP
        IF pg_catalog.shobj_description(made.oid, 'pg_authid') IS NULL THEN
            EXECUTE pg_catalog.format('COMMENT ON ROLE %I IS %L', made.rolname, made.words);
        END IF;
    END LOOP;
END;
$$;
