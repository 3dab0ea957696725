-- What users do not call moves out of their way, before it is made anew. From here on its schema says that it is internal.

-- The recorder opens the log before anything else: while functions move, it is not in the middle of a call.
LOCK TABLE warrant.audit_log IN SHARE MODE;

CREATE SCHEMA warrant_internal;
COMMENT ON SCHEMA warrant_internal IS 'functions that pg_warrant itself calls, and nobody else';
DO $$
DECLARE
    internal pg_catalog.oid;
BEGIN
    FOR internal IN SELECT p.oid FROM pg_catalog.pg_proc p WHERE p.pronamespace OPERATOR(pg_catalog.=) 'warrant'::pg_catalog.regnamespace AND p.proname OPERATOR(pg_catalog.<>) ALL ('{
            action_result,add_webhook,adopt,approve,cancel,create_policy,deny,discard_audit_log,drop_policy,drop_webhook,enable_webhook,expand_commands,explain,grant,last_refusal,
            protect,protect_database,protect_schema,request,revoke,set_person,status,unprotect,wait_for}'::pg_catalog.name[]) LOOP
        EXECUTE pg_catalog.format('ALTER FUNCTION %s SET SCHEMA warrant_internal', internal::pg_catalog.regprocedure);
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION %s IS NULL', internal::pg_catalog.regprocedure);
    END LOOP;
END;
$$;
ALTER TYPE warrant.item SET SCHEMA warrant_internal;
ALTER TYPE warrant_internal.item ADD ATTRIBUTE columns smallint[];
ALTER TYPE warrant.terms SET SCHEMA warrant_internal;
