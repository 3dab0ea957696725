-- The first partitions, and the workers once this is committed -----------------------------------------------------------------------

SELECT warrant.keep_partitions();

CREATE FUNCTION warrant.start_workers() RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_start_workers';
REVOKE ALL ON FUNCTION warrant.start_workers() FROM PUBLIC;
SELECT warrant.start_workers();

-- Functions without a comment of their own get one, so that \df+ shows that nobody is to call them.
DO $$
DECLARE
    internal pg_catalog.regprocedure;
BEGIN
    FOR internal IN SELECT p.oid FROM pg_catalog.pg_proc p WHERE p.pronamespace OPERATOR(pg_catalog.=) 'warrant'::pg_catalog.regnamespace
        AND pg_catalog.obj_description(p.oid, 'pg_proc') IS NULL LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION %s IS %L', internal, 'internal: called by the extension itself');
    END LOOP;
END;
$$;
