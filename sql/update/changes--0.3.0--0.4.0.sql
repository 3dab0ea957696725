-- What has a state of its own. Functions and views follow as they are now: a view that has lost or moved a column, and a function whose parameters
-- or result are others now, is dropped here first.

-- The recorder opens the log before anything else: while functions move, it is not in the middle of a call.
LOCK TABLE warrant.audit_log IN SHARE MODE;

-- What users do not call moves out of their way, before it is made anew. From here on its schema says that it is internal.
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
ALTER TYPE warrant.terms SET SCHEMA warrant_internal;

-- What grows with the number of grants.
DROP FUNCTION warrant_internal.guards_changed();
CREATE INDEX grant_scopes_by_policy ON warrant.grant_scopes (policy_id) WHERE NOT closed;
CREATE INDEX grant_scopes_by_target ON warrant.grant_scopes (grantee, target) WHERE NOT closed;
DROP INDEX warrant.grant_scopes_by_grantee;
DROP FUNCTION warrant_internal.items_on(oid, text[], oid);
DROP TRIGGER invalidate ON warrant.grant_scopes;
CREATE TRIGGER invalidate AFTER TRUNCATE ON warrant.grant_scopes FOR EACH STATEMENT EXECUTE FUNCTION warrant_internal.invalidate('grant_epoch');
CREATE TRIGGER invalidate_grantee AFTER INSERT OR UPDATE OR DELETE ON warrant.grant_scopes
    FOR EACH ROW EXECUTE FUNCTION warrant_internal.invalidate('grant_epoch');
ALTER TABLE warrant.grant_scopes ENABLE ALWAYS TRIGGER invalidate;
ALTER TABLE warrant.grant_scopes ENABLE ALWAYS TRIGGER invalidate_grantee;
CREATE INDEX audit_log_relation ON warrant.audit_log (relation_oid, seq) WHERE relation_oid IS NOT NULL;
CREATE INDEX audit_log_user ON warrant.audit_log (session_user_oid, seq) WHERE session_user_oid IS NOT NULL;

-- A delivery that fails is tried again while its request waits.
ALTER TABLE warrant.deliveries ADD COLUMN awaited boolean, ADD COLUMN not_before timestamptz;
ALTER TABLE warrant.deliveries ALTER COLUMN awaited SET DEFAULT true;
DROP FUNCTION warrant_internal.claim_deliveries(boolean, integer);
-- The recorder does it itself.
DROP FUNCTION warrant_internal.notify_after(bigint);
DROP FUNCTION warrant_internal.seal(text, jsonb, bigint, bigint, text, oid, name, name, text, integer, text, jsonb, bytea, text);
DROP FUNCTION warrant_internal.next_seq();
DROP FUNCTION warrant_internal.check_decider(jsonb, warrant.requests);
DROP FUNCTION warrant_internal.seal_time();
COMMENT ON COLUMN warrant.deliveries.awaited IS 'it has had no answer, and no error, since somebody was refused by its request';
COMMENT ON COLUMN warrant.deliveries.not_before IS 'what the endpoint asked for with Retry-After';
CREATE INDEX deliveries_by_request ON warrant.deliveries (request_id);
DROP FUNCTION warrant_internal.check_duration(interval, text);
DROP FUNCTION warrant_internal.protect_notice(oid[], oid[]);
DROP FUNCTION warrant_internal.relaxes(warrant.policies);

CREATE TABLE warrant.identities (
    role oid CHECK (role IS NOT NULL),
    identity text CHECK (identity IS NOT NULL),
    UNIQUE (role, identity)
);
COMMENT ON TABLE warrant.identities IS 'as whom the server has authenticated the logins that have asked, decided or been refused: two logins of one identity are one human';
ALTER TABLE warrant.grant_scopes ADD COLUMN granters text[];
COMMENT ON COLUMN warrant.grant_scopes.granters IS 'the persons who approved it, who cannot use it themselves, whatever their login';
DROP FUNCTION warrant_internal.make_grant(jsonb, bigint, oid, name[], interval, integer, text, warrant_internal.item[]);

-- Keys that pg_repack does not take for such, so that it leaves our tables out.
ALTER TABLE warrant.request_items DROP CONSTRAINT request_items_request_id_fkey;
ALTER TABLE warrant.decisions DROP CONSTRAINT decisions_request_id_fkey;
ALTER TABLE warrant.deliveries DROP CONSTRAINT deliveries_request_id_fkey;
ALTER TABLE warrant.grants DROP CONSTRAINT grants_request_id_fkey;
ALTER TABLE warrant.policies DROP CONSTRAINT policies_pkey, DROP CONSTRAINT policies_name_key;
ALTER TABLE warrant.policies ADD PRIMARY KEY (id) INCLUDE (max_uses), ADD CONSTRAINT policies_name_key UNIQUE (name) INCLUDE (max_uses);
ALTER TABLE warrant.webhooks DROP CONSTRAINT webhooks_pkey, DROP CONSTRAINT webhooks_name_key, ALTER COLUMN created_by DROP NOT NULL;
ALTER TABLE warrant.webhooks ADD PRIMARY KEY (id) INCLUDE (created_by), ADD CONSTRAINT webhooks_name_key UNIQUE (name) INCLUDE (created_by);
ALTER TABLE warrant.persons DROP CONSTRAINT persons_pkey, ALTER COLUMN role_name DROP NOT NULL;
ALTER TABLE warrant.persons ADD PRIMARY KEY (role) INCLUDE (role_name);
ALTER TABLE warrant.audit_unsealed DROP CONSTRAINT audit_unsealed_pkey;
ALTER TABLE warrant.audit_unsealed ADD PRIMARY KEY (id) INCLUDE (policy_version);
ALTER TABLE warrant.requests DROP CONSTRAINT requests_pkey;
ALTER TABLE warrant.requests ADD PRIMARY KEY (id) INCLUDE (max_uses);
ALTER TABLE warrant.decisions DROP CONSTRAINT decisions_pkey;
ALTER TABLE warrant.decisions ADD PRIMARY KEY (request_id, person) INCLUDE (max_uses);
ALTER TABLE warrant.deliveries DROP CONSTRAINT deliveries_pkey;
ALTER TABLE warrant.deliveries ADD PRIMARY KEY (id) INCLUDE (not_before);
ALTER TABLE warrant.grants DROP CONSTRAINT grants_pkey;
ALTER TABLE warrant.grants ADD PRIMARY KEY (id) INCLUDE (request_id);
ALTER TABLE warrant.grant_uses DROP CONSTRAINT grant_uses_pkey, ALTER COLUMN grant_id DROP NOT NULL, ADD CHECK (grant_id IS NOT NULL);
ALTER TABLE warrant.grant_uses ADD CONSTRAINT grant_uses_pkey UNIQUE (grant_id);
ALTER TABLE warrant.grant_uses REPLICA IDENTITY FULL;
ALTER TABLE warrant.identities REPLICA IDENTITY FULL;
ALTER TABLE warrant.action_results DROP CONSTRAINT action_results_pkey;
ALTER TABLE warrant.action_results ADD PRIMARY KEY (action_id) INCLUDE (sqlstate);
ALTER TABLE warrant.request_items ADD FOREIGN KEY (request_id) REFERENCES warrant.requests;
ALTER TABLE warrant.decisions ADD FOREIGN KEY (request_id) REFERENCES warrant.requests;
ALTER TABLE warrant.deliveries ADD FOREIGN KEY (request_id) REFERENCES warrant.requests;
ALTER TABLE warrant.grants ADD FOREIGN KEY (request_id) REFERENCES warrant.requests;

ALTER TABLE warrant.recorder_state ADD COLUMN wall_offset bigint, ADD COLUMN boot_id text;

-- A request that is asked for again with other words.
ALTER TABLE warrant.requests ADD COLUMN amended_at timestamptz;
COMMENT ON COLUMN warrant.requests.amended_at IS 'when it got other words last; approvals given before are void';
CREATE TABLE warrant.known_settings (
    name text CHECK (name IS NOT NULL),
    value text NOT NULL,
    UNIQUE (name)
);
ALTER TABLE warrant.known_settings REPLICA IDENTITY FULL;
COMMENT ON TABLE warrant.known_settings IS 'the settings of the gate as the log knows them';

DO $$
DECLARE
    made record;
BEGIN
    FOR made IN SELECT r.oid, r.rolname, w.words FROM (VALUES
            ('warrant_admin', 'pg_warrant: makes and drops policies, webhooks and persons'),
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
