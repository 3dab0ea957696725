-- Drops the extension's functions that are gone, and those whose parameters or result are others now, which OR REPLACE could not change: what follows
-- makes them anew. The declarations above say which functions there are. No declaration is declared, so they are dropped as well.
DO $$
DECLARE
    undeclared pg_catalog.regprocedure;
BEGIN
    FOR undeclared IN
        SELECT p.oid FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_depend m ON m.refobjid OPERATOR(pg_catalog.=) e.oid
          JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) m.objid JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
         WHERE e.extname OPERATOR(pg_catalog.=) 'pg_warrant' AND m.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass
           AND m.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass AND m.deptype OPERATOR(pg_catalog.=) 'e'
           AND NOT EXISTS (
               SELECT FROM pg_catalog.pg_proc d
                WHERE d.pronamespace OPERATOR(pg_catalog.=) 'warrant_internal'::pg_catalog.regnamespace
                  AND d.proname OPERATOR(pg_catalog.=) pg_catalog.concat(n.nspname, '.', p.proname)
                  AND d.pronargdefaults OPERATOR(pg_catalog.>=) p.pronargdefaults
                  AND pg_catalog.concat(d.prokind, pg_catalog.pg_get_function_identity_arguments(d.oid), ' ', pg_catalog.pg_get_function_result(d.oid))
                      OPERATOR(pg_catalog.=)
                      pg_catalog.concat(p.prokind, pg_catalog.pg_get_function_identity_arguments(p.oid), ' ', pg_catalog.pg_get_function_result(p.oid)))
    LOOP
        EXECUTE pg_catalog.format('DROP ROUTINE %s', undeclared);
    END LOOP;
END;
$$;
