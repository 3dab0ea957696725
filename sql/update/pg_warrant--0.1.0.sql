\echo Use "CREATE EXTENSION pg_warrant" to load this file. \quit

CREATE SCHEMA warrant;
GRANT USAGE ON SCHEMA warrant TO PUBLIC;
COMMENT ON SCHEMA warrant IS 'just-in-time approval for database actions';

CREATE FUNCTION warrant.is_elsewhere() RETURNS boolean LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_is_elsewhere';
REVOKE ALL ON FUNCTION warrant.is_elsewhere() FROM PUBLIC;

-- Who does what. Roles are the cluster's: another database with the extension has made them already. Otherwise a role of that name that
-- somebody logs in as, or is a member of, is somebody else's and must not gain our rights by its name.
DO $$
DECLARE
    role_name pg_catalog.name;
    existing pg_catalog.pg_roles;
BEGIN
    FOREACH role_name IN ARRAY '{warrant_admin,warrant_approver,warrant_auditor,warrant_exempt}'::pg_catalog.name[] LOOP
        SELECT * INTO existing FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) role_name;
        IF NOT FOUND THEN
            EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', role_name);
        ELSIF NOT warrant.is_elsewhere() AND NOT pg_catalog.current_setting('pg_warrant.allow_restore')::boolean AND (existing.rolcanlogin OR EXISTS (SELECT FROM pg_catalog.pg_auth_members
                                                                            WHERE roleid OPERATOR(pg_catalog.=) existing.oid)) THEN
            RAISE EXCEPTION 'role "%" exists already', role_name USING ERRCODE = 'duplicate_object',
                DETAIL = 'It can log in or has members, who would gain the rights of the gate.',
                HINT = 'Take its members away, or rename it, and grant memberships again afterwards.';
        END IF;
    END LOOP;
END;
$$;

-- Definitions -------------------------------------------------------------------------------------------------------------------

-- The gate reads the first nineteen columns by their place (src/rules/policies.cpp).
CREATE TABLE warrant.policies (
    id bigint GENERATED ALWAYS AS IDENTITY (START WITH 2) PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    name text NOT NULL UNIQUE CHECK (pg_catalog.octet_length(name) BETWEEN 1 AND 128),
    effect text NOT NULL CHECK (effect IN ('open', 'approve', 'deny')),
    target_kind "char" NOT NULL CHECK (target_kind IN ('t', 's', 'd', '!')),
    target oid NOT NULL,
    target_schema name NOT NULL,
    target_name name NOT NULL,
    commands text[] NOT NULL,
    for_roles oid[] NOT NULL,
    except_roles oid[] NOT NULL,
    priority integer NOT NULL,
    mode text NOT NULL CHECK (mode IN ('enforce', 'monitor')),
    audit text NOT NULL CHECK (audit IN ('statement', 'none')),
    audit_wait boolean NOT NULL,
    for_role_names name[] NOT NULL,
    except_role_names name[] NOT NULL,
    min_approvals integer NOT NULL CHECK (min_approvals BETWEEN 1 AND 100),
    definer_roles oid[] NOT NULL DEFAULT '{}',
    definer_role_names name[] NOT NULL DEFAULT '{}',
    approver_role oid NOT NULL,
    approver_role_name name NOT NULL,
    default_duration interval,
    max_duration interval,
    request_ttl interval,
    require_reason boolean NOT NULL,
    webhook text,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    created_by name NOT NULL DEFAULT session_user
);
CREATE INDEX policies_by_target ON warrant.policies (target_kind, target);
CREATE INDEX policies_by_name ON warrant.policies (target_schema, target_name);
COMMENT ON TABLE warrant.policies IS 'who may do what to which object: open, by approval, or not at all';

-- Every read must see this row: a table that looks empty is being rewritten, not empty. It takes no number from the sequence: under
-- wal_level = minimal the server would forget the next 32 in a crash, because the transaction that made the sequence had used it.
INSERT INTO warrant.policies (id, name, effect, target_kind, target, target_schema, target_name, commands, for_roles, except_roles, priority,
    mode, audit, audit_wait, for_role_names, except_role_names, min_approvals, approver_role, approver_role_name, require_reason)
OVERRIDING SYSTEM VALUE VALUES (1, 'sentinel', 'deny', '!', 0, '', '', '{ALL}', '{}', '{}', 0, 'enforce', 'none', false, '{}', '{}', 1, 0, '', false);

CREATE TABLE warrant.webhooks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (pg_catalog.octet_length(name) BETWEEN 1 AND 48),
    url text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('decision')),
    secret_name text NOT NULL,
    allowed_networks cidr[] NOT NULL,
    ca_file text,
    timeout_ms integer NOT NULL CHECK (timeout_ms BETWEEN 10 AND 3000),
    enabled boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    created_by name NOT NULL DEFAULT session_user
);
COMMENT ON TABLE warrant.webhooks IS 'HTTPS endpoints that decide requests';
COMMENT ON COLUMN warrant.webhooks.enabled IS 'nothing is sent otherwise, as in an adopted copy; warrant.enable_webhook ends it';
COMMENT ON COLUMN warrant.webhooks.secret_name IS 'the name of its keys in the file that pg_warrant.secret_file names';

CREATE TABLE warrant.persons (
    role oid PRIMARY KEY,
    role_name name NOT NULL,
    person text NOT NULL CHECK (person <> '')
);
COMMENT ON TABLE warrant.persons IS 'which roles are logins of one human, for four eyes and quorums';

-- Rows that definition functions leave in their transaction; the recorder seals them after its commit.
CREATE TABLE warrant.audit_unsealed (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    occurred_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    event text NOT NULL,
    origin jsonb NOT NULL,
    policy_name text,
    policy_version integer,
    comment text
);

-- What the recorder alone writes, but for the leases of deliveries ------------------------------------------------------------------------------------------------

-- src/rules/requests.cpp reads the first four columns by their place.
CREATE TABLE warrant.requests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'approved', 'denied', 'cancelled', 'expired')),
    requester oid NOT NULL,
    awaited boolean NOT NULL DEFAULT false,
    requester_name name NOT NULL,
    person text NOT NULL,
    request_key text NOT NULL,
    reason text,
    duration interval,
    min_approvals integer NOT NULL,
    requested_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    decided_at timestamptz,
    grant_id bigint
);
CREATE INDEX requests_pending ON warrant.requests (requester, request_key) WHERE state = 'pending';
CREATE INDEX requests_to_expire ON warrant.requests (expires_at) WHERE state = 'pending';
COMMENT ON TABLE warrant.requests IS 'what somebody asked for, and what became of it';
COMMENT ON COLUMN warrant.requests.awaited IS 'a webhook has not yet given its first answer';

CREATE TABLE warrant.request_items (
    request_id bigint NOT NULL REFERENCES warrant.requests,
    target_kind "char" NOT NULL,
    target oid NOT NULL,
    schema_name name NOT NULL,
    relation_name name NOT NULL,
    commands text[] NOT NULL,
    policy_id bigint NOT NULL,
    policy_name text NOT NULL,
    policy_version integer NOT NULL
);
CREATE INDEX ON warrant.request_items (request_id);
COMMENT ON TABLE warrant.request_items IS 'the accesses that a request asks for, each under the policy that governs it';

CREATE TABLE warrant.decisions (
    request_id bigint NOT NULL REFERENCES warrant.requests,
    decided_at timestamptz NOT NULL,
    approver oid NOT NULL,
    approver_name name NOT NULL,
    person text NOT NULL,
    approves boolean NOT NULL,
    duration interval,
    comment text,
    PRIMARY KEY (request_id, person)
);
COMMENT ON TABLE warrant.decisions IS 'one person''s approval or denial of a request';

-- One request to one webhook. facts holds all that is sent, so that every attempt sends the same bytes.
CREATE TABLE warrant.deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id bigint NOT NULL REFERENCES warrant.requests,
    webhook text NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'answered', 'dead', 'dropped')),
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    ended_at timestamptz,
    answer text,
    error text,
    facts jsonb NOT NULL
);
CREATE INDEX deliveries_due ON warrant.deliveries (next_at) WHERE state IN ('queued', 'sending');
CREATE INDEX deliveries_by_webhook ON warrant.deliveries (webhook, id);
COMMENT ON TABLE warrant.deliveries IS 'what was sent to which webhook, and what came of it';
COMMENT ON COLUMN warrant.deliveries.next_at IS 'when it is tried next; while it is sent, when its lease ends';

CREATE TABLE warrant.grants (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id bigint REFERENCES warrant.requests,
    grantee oid NOT NULL,
    grantee_name name NOT NULL,
    granted_by name[] NOT NULL,
    reason text,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    closed_at timestamptz,
    closed_by name,
    close_reason text
);
CREATE INDEX grants_to_expire ON warrant.grants (ends_at) WHERE closed_at IS NULL;
COMMENT ON TABLE warrant.grants IS 'approvals: who may, until when, and how they ended';

-- The gate reads the first eleven columns by their place (src/rules/grants.cpp), in one index scan.
CREATE TABLE warrant.grant_scopes (
    grant_id bigint NOT NULL,
    grantee oid NOT NULL,
    policy_id bigint NOT NULL,
    target_kind "char" NOT NULL,
    target oid NOT NULL,
    commands text[] NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    closed boolean NOT NULL DEFAULT false,
    members oid[] NOT NULL,
    schema_name name NOT NULL,
    relation_name name NOT NULL,
    policy_name text NOT NULL
);
CREATE INDEX grant_scopes_by_grantee ON warrant.grant_scopes (grantee) WHERE NOT closed;
CREATE INDEX ON warrant.grant_scopes (grant_id);
COMMENT ON COLUMN warrant.grant_scopes.members IS 'who was a member of the grantee when it was made, and may use it while he is';
COMMENT ON TABLE warrant.grant_scopes IS 'what a grant covers, each part under the policy that it satisfied';

-- The sentinel names the grants' home: server (in policy_id), database (in target) and instance (in schema_name). In a copy of it none lives.
INSERT INTO warrant.grant_scopes
SELECT 0, 0, c.system_identifier, '!', d.oid, '{ALL}', '-infinity', '-infinity', false, '{}', pg_catalog.current_setting('pg_warrant.instance'), '', 'sentinel'
  FROM pg_catalog.pg_control_system() AS c, pg_catalog.pg_database AS d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database();

CREATE SEQUENCE warrant.action_ids;
CREATE TABLE warrant.action_results (
    action_id bigint PRIMARY KEY,
    done_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    session_user_oid oid NOT NULL,
    action text NOT NULL,
    done boolean NOT NULL,
    answer text,
    sqlstate text,
    message text,
    detail text,
    hint text
);
CREATE INDEX ON warrant.action_results USING brin (done_at);

CREATE TABLE warrant.recorder_state (
    last_seq bigint NOT NULL,
    ring_id bigint NOT NULL,
    ring_position bigint NOT NULL,
    last_sealed_at timestamptz NOT NULL
) WITH (fillfactor = 50);
INSERT INTO warrant.recorder_state VALUES (0, 0, 0, '2000-01-01 00:00:00+00');

-- The audit log -----------------------------------------------------------------------------------------------------------------

CREATE TABLE warrant.audit_log (
    seq bigint NOT NULL,
    sealed_at timestamptz NOT NULL,
    occurred_at timestamptz NOT NULL,
    event text NOT NULL,
    statement_id bigint,
    executions integer NOT NULL DEFAULT 1,
    repeats integer NOT NULL DEFAULT 1,
    database_name name NOT NULL,
    session_user_name name,
    session_user_oid oid,
    current_user_name name,
    authenticated_user_name name,
    authn_id text,
    person text,
    client_addr text,
    application_name text,
    pid integer,
    session_id text,
    backend_start timestamptz,
    xid bigint,
    query_id bigint,
    command text,
    relation_oid oid,
    schema_name name,
    relation_name name,
    policy_name text,
    policy_version integer,
    grant_id bigint,
    request_id bigint,
    statement_sha256 bytea,
    statement_hmac bytea,
    outcome text,
    rows_processed bigint,
    duration interval,
    sqlstate text,
    comment text
) PARTITION BY RANGE (sealed_at);
CREATE INDEX audit_log_seq ON warrant.audit_log (seq);
CREATE INDEX audit_log_sealed_at ON warrant.audit_log USING brin (sealed_at);
COMMENT ON TABLE warrant.audit_log IS 'every decision, sealed by the recorder: seq has no gap, sealed_at never goes back';
COMMENT ON COLUMN warrant.audit_log.statement_sha256 IS 'SHA-256 over the whole text of the client''s statement';
COMMENT ON COLUMN warrant.audit_log.statement_hmac IS 'HMAC-SHA-256 of the text kept in warrant.audit_text, keyed with its salt';
COMMENT ON COLUMN warrant.audit_log.executions IS 'how often the statement made this access';
COMMENT ON COLUMN warrant.audit_log.duration IS 'from the first access to the end of the statement';

CREATE TABLE warrant.audit_text (
    seq bigint NOT NULL,
    sealed_at timestamptz NOT NULL,
    salt bytea NOT NULL,
    statement text NOT NULL
) PARTITION BY RANGE (sealed_at);
CREATE INDEX audit_text_seq ON warrant.audit_text (seq);
COMMENT ON TABLE warrant.audit_text IS 'the text of audited statements, apart from the sealed rows so that it can be forgotten';

-- Makes this month's partitions and the next four. Standalone first and attached then, so that it waits behind no reader.
CREATE FUNCTION warrant.keep_partitions() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parent text;
    child text;
    month timestamptz;
BEGIN
    FOREACH parent IN ARRAY '{audit_log,audit_text}'::text[] LOOP
        FOR ahead IN 0..4 LOOP
            month := date_trunc('month', clock_timestamp(), 'UTC') + make_interval(months => ahead);
            child := parent || to_char(month AT TIME ZONE 'UTC', '_YYYY_MM');
            CONTINUE WHEN to_regclass('warrant.' || child) IS NOT NULL;
            EXECUTE format('CREATE TABLE warrant.%I (LIKE warrant.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', child, parent);
            EXECUTE format('ALTER TABLE warrant.%I ATTACH PARTITION warrant.%I FOR VALUES FROM (%L) TO (%L)',
                           parent, child, month, date_trunc('month', month + interval '32 days', 'UTC'));
            EXECUTE format('GRANT SELECT ON warrant.%I TO warrant_auditor', child);
            -- Inside CREATE EXTENSION it is a member already.
            IF NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.deptype = 'e'
                              AND d.objid = to_regclass('warrant.' || child)) THEN
                EXECUTE format('ALTER EXTENSION pg_warrant ADD TABLE warrant.%I', child);
            END IF;
        END LOOP;
    END LOOP;
END;
$$;
REVOKE ALL ON FUNCTION warrant.keep_partitions() FROM PUBLIC;

-- Invalidation ------------------------------------------------------------------------------------------------------------------

-- Two empty tables whose relcache entries stand for "the policies" and "the grants" in every backend.
CREATE TABLE warrant.policy_epoch ();
CREATE TABLE warrant.grant_epoch ();

CREATE FUNCTION warrant.invalidate() RETURNS trigger LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_invalidate';
REVOKE ALL ON FUNCTION warrant.invalidate() FROM PUBLIC;

CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON warrant.policies
    FOR EACH STATEMENT EXECUTE FUNCTION warrant.invalidate('policy_epoch');
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON warrant.grant_scopes
    FOR EACH STATEMENT EXECUTE FUNCTION warrant.invalidate('grant_epoch');
ALTER TABLE warrant.policies ENABLE ALWAYS TRIGGER invalidate;
ALTER TABLE warrant.grant_scopes ENABLE ALWAYS TRIGGER invalidate;

-- Who reads what ----------------------------------------------------------------------------------------------------------------

GRANT SELECT ON warrant.policies, warrant.persons, warrant.webhooks, warrant.deliveries, warrant.requests, warrant.request_items, warrant.decisions, warrant.grants,
    warrant.grant_scopes, warrant.audit_log, warrant.audit_text TO warrant_auditor;
GRANT SELECT ON warrant.policies, warrant.persons, warrant.webhooks, warrant.deliveries TO warrant_admin;
GRANT SELECT ON warrant.policies, warrant.requests, warrant.request_items, warrant.decisions, warrant.grants, warrant.grant_scopes
    TO warrant_approver;

-- What SQL asks of the gate's own code ------------------------------------------------------------------------------------------

CREATE FUNCTION warrant.expand_commands(commands text[]) RETURNS text[] LANGUAGE c IMMUTABLE AS 'MODULE_PATHNAME', 'warrant_expand_commands';
COMMENT ON FUNCTION warrant.expand_commands(text[]) IS 'the commands that words and groups stand for; 22023 for an unknown one';

CREATE FUNCTION warrant.check_target(target regclass) RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_check_target';
CREATE FUNCTION warrant.is_member(role oid, of_role oid) RETURNS boolean LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'warrant_is_member';
CREATE FUNCTION warrant.current_subject() RETURNS oid LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'warrant_current_subject';
CREATE FUNCTION warrant.governing_policy(subject oid, command text, relation oid) RETURNS bigint LANGUAGE c
    AS 'MODULE_PATHNAME', 'warrant_governing_policy';
CREATE FUNCTION warrant.governing_schema_policy(subject oid, schema oid) RETURNS bigint LANGUAGE c
    AS 'MODULE_PATHNAME', 'warrant_governing_schema_policy';
CREATE FUNCTION warrant.governing_admin_policy(subject oid) RETURNS bigint LANGUAGE c
    AS 'MODULE_PATHNAME', 'warrant_governing_admin_policy';
CREATE FUNCTION warrant.next_seq() RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_next_seq';
CREATE FUNCTION warrant.seal_time() RETURNS timestamptz LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_seal_time';
CREATE FUNCTION warrant.monotonic_now() RETURNS timestamptz LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_monotonic_now';
CREATE FUNCTION warrant.text_hmac(salt bytea, statement text) RETURNS bytea LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_text_hmac';
CREATE FUNCTION warrant.origin() RETURNS jsonb LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_origin';
CREATE FUNCTION warrant.is_courier(pid integer) RETURNS boolean LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'warrant_is_courier';
CREATE FUNCTION warrant.wake_courier() RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_wake_courier';
CREATE FUNCTION warrant.is_administrator(role oid) RETURNS boolean LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'warrant_is_administrator';
CREATE FUNCTION warrant.guards_changed() RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_guards_changed';
REVOKE ALL ON FUNCTION warrant.is_administrator(oid), warrant.is_courier(integer), warrant.wake_courier(), warrant.guards_changed() FROM PUBLIC;
REVOKE ALL ON FUNCTION warrant.governing_policy(oid, text, oid), warrant.governing_schema_policy(oid, oid), warrant.governing_admin_policy(oid), warrant.next_seq(), warrant.seal_time(), warrant.origin(), warrant.text_hmac(bytea, text),
    warrant.check_target(regclass) FROM PUBLIC;

-- Who a role's human is: as the DBA said, as the server authenticated him (the identity, or the role he logged in as), or the role itself.
CREATE FUNCTION warrant.person_of(role oid, authenticated text) RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN coalesce((SELECT p.person FROM warrant.persons p WHERE p.role = person_of.role), authenticated,
                    (SELECT r.rolname::text FROM pg_roles r WHERE r.oid = person_of.role), 'role ' || role);
END;
$$;
REVOKE ALL ON FUNCTION warrant.person_of(oid, text) FROM PUBLIC;

-- Whether this is the database where the grants were made, not a copy of it.
CREATE FUNCTION warrant.is_home() RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM warrant.grant_scopes s, pg_control_system() AS c
                    WHERE s.grantee = 0 AND NOT s.closed AND s.target_kind = '!' AND s.policy_id = c.system_identifier
                      AND s.target = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) AND s.schema_name = current_setting('pg_warrant.instance'));
END;
$$;
REVOKE ALL ON FUNCTION warrant.is_home() FROM PUBLIC;

-- Of one that is kept in seconds; in seconds, because '1d' must not become a day of 23 hours.
CREATE FUNCTION warrant.setting_interval(setting text) RETURNS interval LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN make_interval(secs => extract(epoch FROM current_setting(setting)::interval)::double precision);
END;
$$;
REVOKE ALL ON FUNCTION warrant.setting_interval(text) FROM PUBLIC;

-- Definitions: ordinary transactional SQL. The gate sees them after COMMIT. SECURITY DEFINER marks them as what may write our tables. --

-- The live ADMIN grant that lets the session user weaken definitions, 0 when he needs none. Raises 42501 when he needs one and has none.
CREATE FUNCTION warrant.approval_to_weaken() RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_approval_to_weaken';
REVOKE ALL ON FUNCTION warrant.approval_to_weaken() FROM PUBLIC;

CREATE FUNCTION warrant.note_definition(event text, policy_name text, policy_version integer, note text) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    approval bigint := CASE event WHEN 'weakened' THEN nullif(warrant.approval_to_weaken(), 0) END;
BEGIN
    INSERT INTO warrant.audit_unsealed (event, origin, policy_name, policy_version, comment)
    VALUES (event, warrant.origin(), policy_name, policy_version, nullif(concat(note, ', under grant ' || approval), ''));
END;
$$;
REVOKE ALL ON FUNCTION warrant.note_definition(text, text, integer, text) FROM PUBLIC;

CREATE FUNCTION warrant.role_oids(roles regrole[], parameter text) RETURNS oid[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF roles IS NULL OR array_position(roles, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'parameter "%" must not be or contain NULL', parameter USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN roles::oid[];
END;
$$;
REVOKE ALL ON FUNCTION warrant.role_oids(regrole[], text) FROM PUBLIC;

CREATE FUNCTION warrant.role_names(roles oid[]) RETURNS name[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT coalesce(array_agg(r.rolname ORDER BY u.place), '{}') FROM unnest(roles) WITH ORDINALITY u (role, place) JOIN pg_roles r ON r.oid = u.role);
END;
$$;
REVOKE ALL ON FUNCTION warrant.role_names(oid[]) FROM PUBLIC;

-- A duration must be positive; NULL stands for the setting.
CREATE FUNCTION warrant.check_duration(value interval, parameter text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF value <= interval '0' THEN
        RAISE EXCEPTION '% must be positive', parameter USING ERRCODE = 'invalid_parameter_value';
    END IF;
END;
$$;
REVOKE ALL ON FUNCTION warrant.check_duration(interval, text) FROM PUBLIC;

-- Whether a new policy lets through, or lets fewer or others decide about, what one that it takes precedence over does not.
CREATE FUNCTION warrant.relaxes(made warrant.policies) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT made.effect = 'open' OR made.except_roles <> '{}' OR made.definer_roles <> '{}' OR made.webhook IS NOT NULL OR EXISTS (
        SELECT FROM warrant.policies q
         WHERE q.id <> made.id AND q.target_kind <> '!' AND q.effect <> 'open' AND q.mode = 'enforce' AND q.commands && made.commands
           AND (q.target_kind = 'd' OR made.target_kind = 'd' OR (q.target_schema = made.target_schema AND 's' IN (q.target_kind, made.target_kind))
                OR (q.target_kind, q.target) = (made.target_kind, made.target))
           AND (made.priority, strpos('dst', made.target_kind::text), (made.for_roles <> '{}')::integer)
               > (q.priority, strpos('dst', q.target_kind::text), (q.for_roles <> '{}')::integer)
           AND (made.mode = 'monitor' OR (made.effect = 'approve' AND (q.effect = 'deny' OR made.min_approvals < q.min_approvals
                OR made.approver_role <> q.approver_role OR made.require_reason < q.require_reason
                OR coalesce(made.max_duration, warrant.setting_interval('pg_warrant.max_duration')) > coalesce(q.max_duration, warrant.setting_interval('pg_warrant.max_duration'))))))
$$;
REVOKE ALL ON FUNCTION warrant.relaxes(warrant.policies) FROM PUBLIC;

CREATE FUNCTION warrant.create_policy(
    name text, effect text, on_table regclass DEFAULT NULL, on_schema name DEFAULT NULL, on_database boolean DEFAULT false,
    for_roles regrole[] DEFAULT '{}', except_roles regrole[] DEFAULT '{}', commands text[] DEFAULT '{ALL}', priority integer DEFAULT 0,
    mode text DEFAULT 'enforce', min_approvals integer DEFAULT 1, approver_role regrole DEFAULT NULL, default_duration interval DEFAULT NULL,
    max_duration interval DEFAULT NULL, request_ttl interval DEFAULT NULL, require_reason boolean DEFAULT false, audit text DEFAULT NULL,
    audit_wait boolean DEFAULT true, webhook text DEFAULT NULL, definer_roles regrole[] DEFAULT '{}'
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    made warrant.policies;
BEGIN
    IF num_nonnulls(on_table, on_schema, nullif(on_database, false)) <> 1 THEN
        RAISE EXCEPTION 'exactly one of on_table, on_schema and on_database must be given' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF num_nulls(name, effect, commands, priority, mode, min_approvals, require_reason, audit_wait) > 0 THEN
        RAISE EXCEPTION 'only targets, approver_role, durations, audit and webhook may be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF name = '' OR octet_length(name) > 128 THEN
        RAISE EXCEPTION 'a policy''s name has between 1 and 128 bytes' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF effect NOT IN ('open', 'approve', 'deny') THEN
        RAISE EXCEPTION 'unknown effect "%"', effect USING ERRCODE = 'invalid_parameter_value', HINT = 'Effects are open, approve and deny.';
    END IF;
    IF mode NOT IN ('enforce', 'monitor') THEN
        RAISE EXCEPTION 'unknown mode "%"', mode USING ERRCODE = 'invalid_parameter_value', HINT = 'Modes are enforce and monitor.';
    END IF;
    IF audit NOT IN ('statement', 'none') THEN
        RAISE EXCEPTION 'unknown audit "%"', audit USING ERRCODE = 'invalid_parameter_value', HINT = 'Audit is statement or none.';
    END IF;
    IF min_approvals NOT BETWEEN 1 AND 100 THEN
        RAISE EXCEPTION 'min_approvals must be between 1 and 100' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM warrant.check_duration(default_duration, 'default_duration'), warrant.check_duration(max_duration, 'max_duration'),
            warrant.check_duration(request_ttl, 'request_ttl');
    IF default_duration > max_duration THEN
        RAISE EXCEPTION 'default_duration must not exceed max_duration' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF webhook IS NOT NULL AND effect <> 'approve' THEN
        RAISE EXCEPTION 'only a policy of effect approve asks a webhook' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM FROM warrant.webhooks w WHERE w.name = webhook FOR KEY SHARE;
    IF NOT FOUND AND webhook IS NOT NULL THEN
        RAISE EXCEPTION 'webhook "%" does not exist', webhook USING ERRCODE = 'invalid_parameter_value', HINT = 'warrant.add_webhook adds it.';
    END IF;
    made.target_schema := '';
    made.target_name := '';
    IF on_table IS NOT NULL THEN
        PERFORM warrant.check_target(on_table);
        made.target_kind := 't';
        made.target := on_table;
        SELECT n.nspname, c.relname INTO made.target_schema, made.target_name
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = on_table;
    ELSIF on_schema IS NOT NULL THEN
        SELECT 's', n.oid, n.nspname INTO made.target_kind, made.target, made.target_schema FROM pg_namespace n WHERE n.nspname = on_schema;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'schema "%" does not exist', on_schema USING ERRCODE = 'invalid_schema_name';
        END IF;
        IF on_schema IN ('pg_catalog', 'information_schema', 'pg_toast', 'warrant') OR on_schema ~ '^pg_(toast_)?temp_' THEN
            RAISE EXCEPTION 'schema "%" cannot be protected', on_schema USING ERRCODE = 'wrong_object_type';
        END IF;
    ELSE
        made.target_kind := 'd';
        made.target := (SELECT d.oid FROM pg_database d WHERE d.datname = current_database());
    END IF;
    made.name := name;
    made.effect := effect;
    made.commands := warrant.expand_commands(commands);
    made.for_roles := warrant.role_oids(for_roles, 'for_roles');
    made.except_roles := warrant.role_oids(except_roles, 'except_roles');
    made.definer_roles := warrant.role_oids(definer_roles, 'definer_roles');
    made.approver_role := coalesce(approver_role, 'warrant_approver'::regrole);
    BEGIN
        INSERT INTO warrant.policies (name, effect, target_kind, target, target_schema, target_name, commands, for_roles, except_roles,
            priority, mode, audit, audit_wait, for_role_names, except_role_names, min_approvals, approver_role, approver_role_name,
            default_duration, max_duration, request_ttl, require_reason, webhook, definer_roles, definer_role_names)
        VALUES (made.name, made.effect, made.target_kind, made.target, made.target_schema, made.target_name, made.commands, made.for_roles,
            made.except_roles, priority, mode, coalesce(audit, CASE effect WHEN 'open' THEN 'none' ELSE 'statement' END), audit_wait,
            warrant.role_names(made.for_roles), warrant.role_names(made.except_roles), min_approvals, made.approver_role,
            (warrant.role_names(ARRAY[made.approver_role]))[1], default_duration, max_duration, request_ttl, require_reason, webhook,
            made.definer_roles, warrant.role_names(made.definer_roles))
        RETURNING * INTO made;
    EXCEPTION WHEN unique_violation THEN
        RAISE EXCEPTION 'policy "%" exists already', name USING ERRCODE = 'duplicate_object';
    END;
    PERFORM warrant.note_definition(event.word, name, 1,
            format('%s on %s', effect, CASE made.target_kind WHEN 't' THEN format('%I.%I', made.target_schema, made.target_name)
                                                             WHEN 's' THEN format('schema %I', made.target_schema) ELSE 'this database' END))
       FROM unnest('{policy_created,weakened}'::text[]) WITH ORDINALITY AS event (word, place)
      WHERE event.word = 'policy_created' OR warrant.relaxes(made) ORDER BY event.place;
    RETURN name;
END;
$$;
REVOKE ALL ON FUNCTION warrant.create_policy(text, text, regclass, name, boolean, regrole[], regrole[], text[], integer, text, integer, regrole,
    interval, interval, interval, boolean, text, boolean, text, regrole[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.create_policy(text, text, regclass, name, boolean, regrole[], regrole[], text[], integer, text, integer,
    regrole, interval, interval, interval, boolean, text, boolean, text, regrole[]) TO warrant_admin;
COMMENT ON FUNCTION warrant.create_policy(text, text, regclass, name, boolean, regrole[], regrole[], text[], integer, text, integer, regrole,
    interval, interval, interval, boolean, text, boolean, text, regrole[]) IS
'Adds a policy: who (for_roles minus except_roles, everybody when empty) may do which commands to one table, schema or this database:
open, approve or deny. The highest priority wins, then table before schema before database, then named roles before all, then deny before
approve before open. mode: enforce or monitor (audits would_refuse). min_approvals: distinct persons, members of approver_role
(warrant_approver). default_duration, max_duration, request_ttl: NULL for the settings. audit: statement or none (NULL: none for open).
audit_wait: the row is durable before the statement''s first effect. webhook: decides its requests, with one vote.
definer_roles: owners whose views and SECURITY DEFINER functions are audited, not gated. Returns the name. Raises 22023, 42809, 42710. Effective after COMMIT.';

CREATE FUNCTION warrant.drop_policy(name text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gone warrant.policies;
BEGIN
    DELETE FROM warrant.policies p WHERE p.name = drop_policy.name AND p.target_kind <> '!' RETURNING * INTO gone;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'policy "%" does not exist', coalesce(name, 'NULL') USING ERRCODE = 'no_data_found';
    END IF;
    PERFORM warrant.note_definition('policy_dropped', gone.name, gone.version, gone.effect);
    IF gone.effect <> 'open' THEN
        PERFORM warrant.note_definition('weakened', gone.name, gone.version, 'dropped');
    END IF;
END;
$$;
REVOKE ALL ON FUNCTION warrant.drop_policy(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.drop_policy(text) TO warrant_admin;
COMMENT ON FUNCTION warrant.drop_policy(text) IS 'Removes a policy; grants made under it end. Raises P0002. Effective after COMMIT.';

-- The roles that a new policy will gate, for its NOTICE: those that hold a privilege and are not exempt.
CREATE FUNCTION warrant.protect_notice(relations oid[], exempt oid[]) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(string_agg(DISTINCT coalesce(quote_ident(r.rolname), 'PUBLIC'), ', '), 'nobody but superusers')
      FROM unnest($1) AS o (relation) JOIN pg_class c ON c.oid = o.relation
           CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
           LEFT JOIN pg_roles r ON r.oid = a.grantee
     WHERE a.grantee = 0 OR (NOT r.rolsuper AND NOT warrant.is_member(r.oid, 'warrant_exempt'::regrole)
           AND NOT EXISTS (SELECT FROM unnest($2) AS e (role) WHERE warrant.is_member(r.oid, e.role)))
$$;
REVOKE ALL ON FUNCTION warrant.protect_notice(oid[], oid[]) FROM PUBLIC;

-- An approve policy on one target under a name made from it; the same target and parameters give the same policy.
CREATE FUNCTION warrant.ensure_policy(policy_name text, on_table regclass, on_schema name, commands text[], mode text, except_roles regrole[])
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    existing warrant.policies;
BEGIN
    IF octet_length(policy_name) > 128 THEN
        policy_name := left(policy_name, 20) || '... ' || md5(policy_name);
    END IF;
    SELECT * INTO existing FROM warrant.policies p WHERE p.name = policy_name;
    IF NOT FOUND THEN
        RETURN warrant.create_policy(policy_name, 'approve', on_table => on_table, on_schema => on_schema,
                                     on_database => on_table IS NULL AND on_schema IS NULL, commands => commands, mode => mode,
                                     except_roles => except_roles);
    END IF;
    IF (existing.commands, existing.mode, existing.except_roles) IS DISTINCT FROM
       (warrant.expand_commands(commands), mode, warrant.role_oids(except_roles, 'except_roles'))
       OR (on_table IS NOT NULL AND existing.target <> on_table) THEN
        RAISE EXCEPTION 'policy "%" exists already and says something else', policy_name USING ERRCODE = 'duplicate_object',
            HINT = format('Drop it first: SELECT warrant.drop_policy(%L).', policy_name);
    END IF;
    RAISE NOTICE 'policy "%" protects it already', policy_name;
    RETURN policy_name;
END;
$$;
REVOKE ALL ON FUNCTION warrant.ensure_policy(text, regclass, name, text[], text, regrole[]) FROM PUBLIC;

CREATE FUNCTION warrant.protect(target regclass, commands text[] DEFAULT '{ALL}', mode text DEFAULT 'enforce', except_roles regrole[] DEFAULT '{}')
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    policy_name text;
    partitions bigint;
BEGIN
    IF target IS NULL THEN
        RAISE EXCEPTION 'target must not be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM warrant.check_target(target);
    policy_name := (SELECT format('protect %I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = target);
    policy_name := warrant.ensure_policy(policy_name, target, NULL, commands, mode, except_roles);
    WITH RECURSIVE family (relation) AS (
        SELECT inhrelid FROM pg_inherits WHERE inhparent = target UNION SELECT i.inhrelid FROM pg_inherits i JOIN family f ON i.inhparent = f.relation)
    SELECT count(*) INTO partitions FROM family;
    RAISE NOTICE '% on % needs approval after COMMIT; affected roles: %', array_to_string(commands, ', '),
        target || CASE partitions WHEN 0 THEN '' ELSE format(' and its partitions and children (%s)', partitions) END,
        warrant.protect_notice(ARRAY[target::oid], except_roles::oid[]);
    RETURN policy_name;
END;
$$;
REVOKE ALL ON FUNCTION warrant.protect(regclass, text[], text, regrole[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.protect(regclass, text[], text, regrole[]) TO warrant_admin;
COMMENT ON FUNCTION warrant.protect(regclass, text[], text, regrole[]) IS
'Requires approval for commands on a table or view, for everybody but except_roles; returns the policy''s name. Doing it twice gives the
same policy; with other parameters 42710. Raises 22023 for NULL and unknown commands, 42809 for what cannot be protected.';

CREATE FUNCTION warrant.protect_schema(schema_name name, commands text[] DEFAULT '{ALL}', mode text DEFAULT 'enforce', except_roles regrole[] DEFAULT '{}')
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    policy_name text;
    relations oid[];
BEGIN
    IF schema_name IS NULL THEN
        RAISE EXCEPTION 'schema_name must not be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    policy_name := warrant.ensure_policy(format('protect schema %I', schema_name), NULL, schema_name, commands, mode, except_roles);
    relations := ARRAY(SELECT oid FROM pg_class WHERE relnamespace = quote_ident(schema_name)::regnamespace AND relkind IN ('r', 'p', 'f', 'v', 'm'));
    RAISE NOTICE '% on the % relations of schema % needs approval after COMMIT; affected roles: %',
        array_to_string(commands, ', '), cardinality(relations), quote_ident(schema_name), warrant.protect_notice(relations, except_roles::oid[]);
    RETURN policy_name;
END;
$$;
REVOKE ALL ON FUNCTION warrant.protect_schema(name, text[], text, regrole[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.protect_schema(name, text[], text, regrole[]) TO warrant_admin;
COMMENT ON FUNCTION warrant.protect_schema(name, text[], text, regrole[]) IS 'As warrant.protect, for everything in a schema, also what comes into it later.';

CREATE FUNCTION warrant.protect_database(commands text[] DEFAULT '{ALL}', mode text DEFAULT 'enforce', except_roles regrole[] DEFAULT '{}')
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    policy_name text := warrant.ensure_policy('protect database', NULL, NULL, commands, mode, except_roles);
BEGIN
    RAISE NOTICE '% on everything in this database needs approval after COMMIT, except in catalogues, other extensions'' relations and temporary ones',
        array_to_string(commands, ', ');
    RETURN policy_name;
END;
$$;
REVOKE ALL ON FUNCTION warrant.protect_database(text[], text, regrole[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.protect_database(text[], text, regrole[]) TO warrant_admin;
COMMENT ON FUNCTION warrant.protect_database(text[], text, regrole[]) IS 'As warrant.protect, for everything in this database.';

CREATE FUNCTION warrant.unprotect(target regclass) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    dropped text[];
BEGIN
    IF target IS NULL THEN
        RAISE EXCEPTION 'target must not be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    dropped := ARRAY(SELECT p.name FROM warrant.policies p WHERE p.target_kind = 't' AND p.target = unprotect.target AND p.effect <> 'open' ORDER BY p.id);
    IF dropped = '{}' THEN
        RAISE EXCEPTION '% has no policy of its own', target USING ERRCODE = 'no_data_found',
            HINT = 'A policy on its schema or on the database is ended by warrant.drop_policy.';
    END IF;
    PERFORM warrant.drop_policy(d.name) FROM unnest(dropped) AS d (name);
    IF EXISTS (SELECT FROM warrant.policies p JOIN pg_class c ON c.oid = unprotect.target
                WHERE p.effect <> 'open' AND ((p.target_kind = 's' AND p.target = c.relnamespace) OR p.target_kind = 'd')) THEN
        RAISE NOTICE 'policies on its schema or on the database still cover %', unprotect.target;
    END IF;
END;
$$;
REVOKE ALL ON FUNCTION warrant.unprotect(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.unprotect(regclass) TO warrant_admin;
COMMENT ON FUNCTION warrant.unprotect(regclass) IS
'Drops the approve and deny policies on the table itself; audited as weakened. Raises P0002 when there is none. Effective after COMMIT.';

CREATE FUNCTION warrant.set_person(role regrole, person text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF role IS NULL OR person = '' THEN
        RAISE EXCEPTION 'role must not be NULL and person not empty' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    DELETE FROM warrant.persons p WHERE p.role = set_person.role;
    IF person IS NOT NULL THEN
        INSERT INTO warrant.persons VALUES (role, (warrant.role_names(ARRAY[role::oid]))[1], person);
    END IF;
    PERFORM warrant.note_definition('person_changed', NULL, NULL, format('%s: %s', role, coalesce(person, 'nobody in particular')));
    PERFORM warrant.note_definition('weakened', NULL, NULL, 'set_person');
END;
$$;
REVOKE ALL ON FUNCTION warrant.set_person(regrole, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.set_person(regrole, text) TO warrant_admin;
COMMENT ON FUNCTION warrant.set_person(regrole, text) IS
'Says whose login a role is, for four eyes and quorums; NULL forgets it. Audited as weakened. Effective after COMMIT.';

-- What a URL may look like: https, or http to this machine; no user name or password, which would stand in a table.
CREATE FUNCTION warrant.check_webhook_url(url text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF url !~ '^https://[^/?#@[:space:]]+([/?][^#[:space:]]*)?$' AND url !~ '^http://(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?([/?][^#[:space:]]*)?$' THEN
        RAISE EXCEPTION 'invalid webhook url' USING ERRCODE = 'invalid_parameter_value',
            DETAIL = 'It must begin with https:// and have neither user name nor fragment; http:// only leads to this machine.';
    END IF;
END;
$$;
REVOKE ALL ON FUNCTION warrant.check_webhook_url(text) FROM PUBLIC;

CREATE FUNCTION warrant.add_webhook(name text, url text, kind text, secret_name text, allowed_networks cidr[] DEFAULT '{}',
    ca_file text DEFAULT NULL, timeout interval DEFAULT '3 s') RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    timeout_ms double precision := extract(epoch FROM timeout) * 1000;
BEGIN
    IF num_nulls(name, url, kind, secret_name, allowed_networks, timeout) > 0 OR array_position(allowed_networks, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'only ca_file may be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF name !~ '^[A-Za-z0-9_.-]{1,48}$' OR secret_name !~ '^[A-Za-z0-9_.-]{1,128}$' THEN
        RAISE EXCEPTION 'names of webhooks and secrets have letters, digits, dots, hyphens and underscores'
            USING ERRCODE = 'invalid_parameter_value', DETAIL = 'A webhook''s has at most 48 of them, a secret''s 128.';
    END IF;
    PERFORM warrant.check_webhook_url(url);
    IF kind <> 'decision' THEN
        RAISE EXCEPTION 'unknown kind of webhook "%"', kind USING ERRCODE = 'invalid_parameter_value', HINT = 'The kind is decision.';
    END IF;
    IF timeout_ms NOT BETWEEN 10 AND 3000 THEN
        RAISE EXCEPTION 'timeout must be between 10 ms and 3 s' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF ca_file !~ '^/' THEN
        RAISE EXCEPTION 'ca_file must be an absolute path' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    BEGIN
        INSERT INTO warrant.webhooks (name, url, kind, secret_name, allowed_networks, ca_file, timeout_ms)
        VALUES (name, url, kind, secret_name, allowed_networks, ca_file, timeout_ms);
    EXCEPTION WHEN unique_violation THEN
        RAISE EXCEPTION 'webhook "%" exists already', name USING ERRCODE = 'duplicate_object';
    END;
    PERFORM warrant.note_definition('webhook_added', NULL, NULL, name), warrant.note_definition('weakened', NULL, NULL, format('webhook %s decides', name));
    RETURN name;
END;
$$;
REVOKE ALL ON FUNCTION warrant.add_webhook(text, text, text, text, cidr[], text, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.add_webhook(text, text, text, text, cidr[], text, interval) TO warrant_admin;
COMMENT ON FUNCTION warrant.add_webhook(text, text, text, text, cidr[], text, interval) IS
'Adds an HTTPS endpoint that decides the requests of the policies that name it: one signed POST a request, and its answer is one vote.
kind: decision. secret_name: of its keys in pg_warrant.secret_file. allowed_networks: loopback, private and other inner addresses that it may
lead to. ca_file: the only authorities trusted, PEM, instead of the system''s. timeout: of a call, at most 3 s. Returns the name.
Raises 22023, 42710. Audited as weakened. Effective after COMMIT.';

CREATE FUNCTION warrant.drop_webhook(name text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    asking text;
BEGIN
    DELETE FROM warrant.webhooks w WHERE w.name = drop_webhook.name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'webhook "%" does not exist', coalesce(name, 'NULL') USING ERRCODE = 'no_data_found';
    END IF;
    SELECT string_agg(format('"%s"', p.name), ', ' ORDER BY p.name) INTO asking FROM warrant.policies p WHERE p.webhook = drop_webhook.name;
    IF asking IS NOT NULL THEN
        RAISE EXCEPTION 'webhook "%" is still asked', name USING ERRCODE = 'dependent_objects_still_exist',
            DETAIL = format('By policies: %s.', asking);
    END IF;
    PERFORM warrant.note_definition('webhook_dropped', NULL, NULL, name);
END;
$$;
REVOKE ALL ON FUNCTION warrant.drop_webhook(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.drop_webhook(text) TO warrant_admin;
COMMENT ON FUNCTION warrant.drop_webhook(text) IS
'Removes a webhook; what waits to be sent to it is not sent. Raises P0002, and 2BP01 while a policy asks it. Effective after COMMIT.';

CREATE FUNCTION warrant.enable_webhook(name text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE warrant.webhooks w SET enabled = true WHERE w.name = enable_webhook.name AND NOT w.enabled;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'webhook "%" does not exist, or is enabled', coalesce(name, 'NULL') USING ERRCODE = 'no_data_found';
    END IF;
    PERFORM warrant.note_definition('webhook_changed', NULL, NULL, format('%s: enabled', name)),
            warrant.note_definition('weakened', NULL, NULL, format('webhook %s decides', name));
END;
$$;
REVOKE ALL ON FUNCTION warrant.enable_webhook(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.enable_webhook(text) TO warrant_admin;
COMMENT ON FUNCTION warrant.enable_webhook(text) IS
'Lets a webhook decide again that came with a copy of a database or with a dump. Audited as weakened. Raises P0002. Effective after COMMIT.';

-- Dumps carry definitions: objects and roles by their names, because their OIDs are others where they are restored. A superuser may COPY
-- them into tables that have none yet; with pg_warrant.allow_restore he may write everything. ---------------------------------------------

-- Whether a row comes from a dump, not from one of our definition functions; asked by their triggers.
CREATE FUNCTION warrant.is_restoring() RETURNS boolean LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_is_restoring';
REVOKE ALL ON FUNCTION warrant.is_restoring() FROM PUBLIC;

-- A role that is not there stays as 0: a policy of approval or denial for it covers everybody then, an open one nobody.
CREATE FUNCTION warrant.roles_named(names name[]) RETURNS oid[] LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT coalesce(array_agg(coalesce(r.oid, 0) ORDER BY n.place), '{}') FROM unnest($1) WITH ORDINALITY AS n (name, place) LEFT JOIN pg_roles r ON r.rolname = n.name $$;
REVOKE ALL ON FUNCTION warrant.roles_named(name[]) FROM PUBLIC;

CREATE FUNCTION warrant.restore_policy() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT warrant.is_restoring() THEN
        RETURN NEW;
    END IF;
    NEW.id := nextval('warrant.policies_id_seq');
    NEW.target := coalesce(CASE NEW.target_kind
        WHEN 't' THEN (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE (n.nspname, c.relname) = (NEW.target_schema, NEW.target_name))
        WHEN 's' THEN (SELECT n.oid FROM pg_namespace n WHERE n.nspname = NEW.target_schema)
        WHEN 'd' THEN (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) END, 0);
    NEW.for_roles := warrant.roles_named(NEW.for_role_names);
    NEW.except_roles := warrant.roles_named(NEW.except_role_names);
    NEW.definer_roles := warrant.roles_named(NEW.definer_role_names);
    NEW.approver_role := (warrant.roles_named(ARRAY[NEW.approver_role_name]))[1];
    PERFORM warrant.note_definition('policy_created', NEW.name, NEW.version, 'restored, as ' || NEW.effect);
    RETURN NEW;
END;
$$;
REVOKE ALL ON FUNCTION warrant.restore_policy() FROM PUBLIC;
CREATE TRIGGER restore BEFORE INSERT ON warrant.policies FOR EACH ROW EXECUTE FUNCTION warrant.restore_policy();
ALTER TABLE warrant.policies ENABLE ALWAYS TRIGGER restore;

CREATE FUNCTION warrant.restore_person() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF warrant.is_restoring() THEN
        NEW.role := nullif((warrant.roles_named(ARRAY[NEW.role_name]))[1], 0);
        PERFORM warrant.note_definition('person_changed', NULL, NULL, format('%s: %s, restored', NEW.role_name, NEW.person));
    END IF;
    RETURN CASE WHEN NEW.role IS NOT NULL THEN NEW END;
END;
$$;
REVOKE ALL ON FUNCTION warrant.restore_person() FROM PUBLIC;
CREATE TRIGGER restore BEFORE INSERT ON warrant.persons FOR EACH ROW EXECUTE FUNCTION warrant.restore_person();
ALTER TABLE warrant.persons ENABLE ALWAYS TRIGGER restore;

CREATE FUNCTION warrant.restore_webhook() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF warrant.is_restoring() THEN
        NEW.id := nextval('warrant.webhooks_id_seq');
        NEW.enabled := false;
        PERFORM warrant.note_definition('webhook_added', NULL, NULL, NEW.name || ', restored');
    END IF;
    RETURN NEW;
END;
$$;
REVOKE ALL ON FUNCTION warrant.restore_webhook() FROM PUBLIC;
CREATE TRIGGER restore BEFORE INSERT ON warrant.webhooks FOR EACH ROW EXECUTE FUNCTION warrant.restore_webhook();
ALTER TABLE warrant.webhooks ENABLE ALWAYS TRIGGER restore;

SELECT pg_catalog.pg_extension_config_dump('warrant.policies', $$WHERE target_kind <> '!'$$);
SELECT pg_catalog.pg_extension_config_dump('warrant.persons', '');
SELECT pg_catalog.pg_extension_config_dump('warrant.webhooks', '');

-- Roles as they are called now; one that is gone keeps its last name.
CREATE FUNCTION warrant.names_now(roles oid[], names name[]) RETURNS name[] LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(array_agg(coalesce(a.rolname, n.name, '') ORDER BY r.place), '{}')
      FROM unnest($1) WITH ORDINALITY AS r (role, place) LEFT JOIN unnest($2) WITH ORDINALITY AS n (name, place) USING (place) LEFT JOIN pg_roles a ON a.oid = r.role
$$;
REVOKE ALL ON FUNCTION warrant.names_now(oid[], name[]) FROM PUBLIC;

-- Names follow renames, so that a dump finds what they mean now. Returns how many policies' did.
CREATE FUNCTION warrant.keep_names() RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    renamed bigint := 0;
    now_named record;
BEGIN
    FOR now_named IN
        SELECT p.id, coalesce(n.nspname, p.target_schema) AS in_schema, coalesce(c.relname, p.target_name) AS name, warrant.names_now(p.for_roles, p.for_role_names) AS for_names,
               warrant.names_now(p.except_roles, p.except_role_names) AS except_names,
               warrant.names_now(p.definer_roles, p.definer_role_names) AS definer_names, (warrant.names_now(ARRAY[p.approver_role], ARRAY[p.approver_role_name]))[1] AS approver
          FROM warrant.policies p LEFT JOIN pg_class c ON p.target_kind = 't' AND c.oid = p.target
               LEFT JOIN pg_namespace n ON n.oid = CASE p.target_kind WHEN 't' THEN c.relnamespace WHEN 's' THEN p.target END
         WHERE p.target_kind <> '!' LOOP
        CONTINUE WHEN EXISTS (SELECT FROM warrant.policies p WHERE p.id = now_named.id AND (p.target_schema, p.target_name, p.for_role_names, p.except_role_names, p.definer_role_names, p.approver_role_name)
                                  = (now_named.in_schema, now_named.name, now_named.for_names, now_named.except_names, now_named.definer_names, now_named.approver));
        UPDATE warrant.policies p SET target_schema = now_named.in_schema, target_name = now_named.name, for_role_names = now_named.for_names,
               except_role_names = now_named.except_names, definer_role_names = now_named.definer_names, approver_role_name = now_named.approver WHERE p.id = now_named.id;
        renamed := renamed + 1;
    END LOOP;
    UPDATE warrant.persons s SET role_name = r.rolname FROM pg_roles r WHERE r.oid = s.role AND r.rolname <> s.role_name;
    RETURN renamed;
END;
$$;
REVOKE ALL ON FUNCTION warrant.keep_names() FROM PUBLIC;

-- Actions: what the recorder executes, each in a subtransaction of its own. Nobody else calls the functions of this part: only the
-- recorder may write these tables. PL/pgSQL also where SQL would do: it keeps its plans for the life of the recorder.

-- A sealed row written in SQL.
CREATE FUNCTION warrant.seal(event text, origin jsonb, request_id bigint, grant_id bigint, command text, relation_oid oid, schema_name name,
    relation_name name, policy_name text, policy_version integer, comment text, statement jsonb DEFAULT NULL, statement_sha256 bytea DEFAULT NULL,
    statement_text text DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    made record;
    salt bytea := CASE WHEN $14 IS NOT NULL THEN decode(replace(gen_random_uuid()::text, '-', ''), 'hex') END;
BEGIN
    INSERT INTO warrant.audit_log (seq, sealed_at, occurred_at, event, database_name, session_user_name, session_user_oid, current_user_name,
        authenticated_user_name, authn_id, person, client_addr, application_name, pid, session_id, backend_start, statement_id, xid, query_id,
        request_id, grant_id, command, relation_oid, schema_name, relation_name, policy_name, policy_version, comment, statement_sha256,
        statement_hmac)
    VALUES (warrant.next_seq(), warrant.seal_time(), coalesce(($12->>'occurred_at')::timestamptz, clock_timestamp()), $1, current_database(),
        $2->>'session_user_name', ($2->>'session_user_oid')::oid, $2->>'current_user_name', $2->>'authenticated_user_name', $2->>'authn_id',
        warrant.person_of($2), $2->>'client_addr', $2->>'application_name',
        ($2->>'pid')::integer, $2->>'session_id', ($2->>'backend_start')::timestamptz, ($12->>'statement_id')::bigint,
        nullif(($12->>'xid')::bigint, 0), nullif(($12->>'query_id')::bigint, 0), $3, $4, $5, nullif($6, 0), nullif($7, ''), nullif($8, ''), $9, $10, $11, $13,
        warrant.text_hmac(salt, $14))
    RETURNING seq, sealed_at INTO made;
    IF salt IS NOT NULL THEN
        INSERT INTO warrant.audit_text (seq, sealed_at, salt, statement) VALUES (made.seq, made.sealed_at, salt, $14);
    END IF;
    RETURN made.seq;
END;
$$;

-- Rows that definition functions left, once their transaction is committed. Returns how many.
CREATE FUNCTION warrant.seal_definitions() RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    sealed bigint := 0;
BEGIN
    IF EXISTS (SELECT FROM warrant.audit_unsealed) THEN
        WITH taken AS (DELETE FROM warrant.audit_unsealed RETURNING *), ordered AS (SELECT * FROM taken ORDER BY id)
        SELECT count(warrant.seal(o.event, o.origin, NULL, NULL, NULL, NULL, NULL, NULL, o.policy_name, o.policy_version, o.comment,
                                  jsonb_build_object('occurred_at', o.occurred_at))) INTO sealed FROM ordered o;
    END IF;
    RETURN sealed;
END;
$$;

CREATE FUNCTION warrant.notify_after(after_seq bigint) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT warrant.is_home() THEN
        RETURN;
    END IF;
    PERFORM pg_notify('warrant', json_build_object('event', l.event, 'request_id', l.request_id)::text) FROM warrant.audit_log l
     WHERE l.seq > after_seq AND (l.event LIKE 'request\_%' OR l.event LIKE 'grant\_%') ORDER BY l.seq;
END;
$$;

CREATE FUNCTION warrant.fail(state text, message text, hint text DEFAULT NULL) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF hint IS NULL THEN
        RAISE EXCEPTION '%', message USING ERRCODE = state;
    END IF;
    RAISE EXCEPTION '%', message USING ERRCODE = state, HINT = hint;
END;
$$;

CREATE FUNCTION warrant.user_of(origin jsonb) RETURNS oid LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN (origin->>'session_user_oid')::oid; END; $$;

CREATE FUNCTION warrant.person_of(origin jsonb) RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN warrant.person_of(warrant.user_of(origin), coalesce(origin->>'authn_id', origin->>'authenticated_user_name')); END; $$;

-- One access that a request or grant is to cover, and the policy that governs it.
CREATE TYPE warrant.item AS (target_kind "char", target oid, schema_name name, relation_name name, commands text[], policy_id bigint);

-- The items of a request for commands on one relation: only those that a policy of approval governs. Raises when one is denied.
CREATE FUNCTION warrant.items_on(subject oid, commands text[], relation oid) RETURNS SETOF warrant.item LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    denied record;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = relation) THEN
        PERFORM warrant.fail('42P01', format('relation with OID %s does not exist', relation));
    END IF;
    PERFORM warrant.check_target(relation);
    SELECT p.name, w.command INTO denied FROM unnest(commands) AS w (command)
      JOIN warrant.policies p ON p.id = warrant.governing_policy(subject, w.command, relation) WHERE p.effect = 'deny';
    IF FOUND THEN
        PERFORM warrant.fail('42501', format('%s on %s is denied by policy "%s"', denied.command, relation::regclass, denied.name));
    END IF;
    RETURN QUERY SELECT 't'::"char", relation, n.nspname, c.relname, array_agg(w.command ORDER BY w.place), p.id
      FROM unnest(commands) WITH ORDINALITY AS w (command, place)
      JOIN warrant.policies p ON p.id = warrant.governing_policy(subject, w.command, relation)
      JOIN pg_class c ON c.oid = relation JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE p.effect = 'approve' GROUP BY n.nspname, c.relname, p.id ORDER BY p.id;
END;
$$;

-- The items of a request for a whole schema (or, with NULL, the database): one for each policy that governs something in it now.
CREATE FUNCTION warrant.items_in(subject oid, commands text[], schema_name name) RETURNS SETOF warrant.item LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF schema_name IS NOT NULL AND to_regnamespace(quote_ident(schema_name)) IS NULL THEN
        PERFORM warrant.fail('3F000', format('schema "%s" does not exist', schema_name));
    END IF;
    RETURN QUERY SELECT CASE WHEN schema_name IS NULL THEN 'd' ELSE 's' END::"char",
           coalesce(to_regnamespace(quote_ident(schema_name))::oid, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())),
           coalesce(schema_name, ''), ''::name, array_agg(DISTINCT w.command), p.id
      FROM (SELECT c.command, warrant.governing_policy(subject, c.command, r.oid)
              FROM pg_class r CROSS JOIN unnest(commands) AS c (command)
             WHERE c.command <> 'ADMIN' AND r.relkind IN ('r', 'p', 'f', 'v', 'm') AND (schema_name IS NULL OR r.relnamespace = to_regnamespace(quote_ident(schema_name)))
            UNION ALL SELECT 'CREATE', warrant.governing_schema_policy(subject, n.oid) FROM pg_namespace n
             WHERE 'CREATE' = ANY (commands) AND (schema_name IS NULL OR n.nspname = schema_name)
            UNION ALL SELECT 'ADMIN', warrant.governing_admin_policy(subject) WHERE 'ADMIN' = ANY (commands) AND schema_name IS NULL) AS w (command, policy)
      JOIN warrant.policies p ON p.id = w.policy WHERE p.effect = 'approve' GROUP BY p.id ORDER BY p.id;
END;
$$;

CREATE FUNCTION warrant.items_of(subject oid, args jsonb) RETURNS warrant.item[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    commands text[];
    items warrant.item[];
BEGIN
    IF num_nonnulls(args->>'on_table', args->>'on_tables', args->>'on_schema', nullif((args->>'on_database')::boolean, false)) <> 1 THEN
        PERFORM warrant.fail('22023', 'exactly one of on_table, on_tables, on_schema and on_database must be given');
    END IF;
    IF jsonb_typeof(args->'commands') <> 'array' OR jsonb_array_length(args->'commands') = 0 THEN
        PERFORM warrant.fail('22023', 'at least one command must be given');
    END IF;
    IF jsonb_typeof(args->'on_tables') = 'array' AND (args->'on_tables' @> 'null' OR args->'on_tables' = '[]') THEN
        PERFORM warrant.fail('22023', 'on_tables must not be empty or contain NULL');
    END IF;
    commands := warrant.expand_commands(ARRAY(SELECT c FROM jsonb_array_elements_text(args->'commands') AS e (c)));
    IF args->>'on_table' IS NOT NULL OR args->>'on_tables' IS NOT NULL THEN
        items := ARRAY(SELECT warrant.items_on(subject, commands, t.relation)
                         FROM (SELECT DISTINCT e::oid FROM jsonb_array_elements_text(coalesce(nullif(args->'on_tables', 'null'), jsonb_build_array(args->'on_table'))) AS e) AS t (relation));
    ELSE
        items := ARRAY(SELECT warrant.items_in(subject, commands, args->>'on_schema'));
    END IF;
    IF cardinality(items) = 0 THEN
        PERFORM warrant.fail('22023', 'nothing of it needs approval', 'Run the statement; SELECT * FROM warrant.explain(...) tells why.');
    END IF;
    RETURN items;
END;
$$;

-- What a request must meet under all policies of its items together: the strictest of each.
CREATE TYPE warrant.terms AS (min_approvals integer, default_duration interval, max_duration interval, request_ttl interval, require_reason boolean,
    policies text, webhooks text[]);
REVOKE ALL ON TYPE warrant.item, warrant.terms FROM PUBLIC;

CREATE FUNCTION warrant.terms_of(policy_ids bigint[]) RETURNS warrant.terms LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT ROW(max(p.min_approvals), least(min(coalesce(p.default_duration, warrant.setting_interval('pg_warrant.default_duration'))),
                                           min(coalesce(p.max_duration, warrant.setting_interval('pg_warrant.max_duration')))),
               min(coalesce(p.max_duration, warrant.setting_interval('pg_warrant.max_duration'))),
               min(coalesce(p.request_ttl, warrant.setting_interval('pg_warrant.request_ttl'))),
               bool_or(p.require_reason), string_agg(format('"%s"', p.name), ', ' ORDER BY p.id),
               array_agg(DISTINCT p.webhook) FILTER (WHERE p.webhook IS NOT NULL))::warrant.terms
      FROM warrant.policies p WHERE p.id = ANY (policy_ids));
END;
$$;

CREATE FUNCTION warrant.policies_of(items warrant.item[]) RETURNS bigint[] LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN (SELECT array_agg(DISTINCT i.policy_id) FROM unnest(items) AS i); END; $$;

-- A duration asked for or given: within the maximum, positive.
CREATE FUNCTION warrant.check_within(duration interval, terms warrant.terms) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF duration <= interval '0' THEN
        PERFORM warrant.fail('22023', 'duration must be positive');
    ELSIF duration > (terms).max_duration THEN
        PERFORM warrant.fail('22023', format('duration %s is longer than the %s that the policy allows', duration, (terms).max_duration));
    END IF;
END;
$$;

-- Whether the role may decide about every policy of these.
CREATE FUNCTION warrant.may_decide(role oid, policy_ids bigint[]) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT coalesce(bool_and(p.id IS NOT NULL AND warrant.is_member(role, p.approver_role)), false)
              FROM unnest(policy_ids) AS w (id) LEFT JOIN warrant.policies p ON p.id = w.id);
END;
$$;

-- A policy can be dropped while an action under it runs: then it is as if it had been gone before.
CREATE FUNCTION warrant.check_policies_stay(still_there boolean) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT still_there THEN
        PERFORM warrant.fail('55006', 'the policy has just been dropped', 'Run the statement again.');
    END IF;
END;
$$;

-- What a webhook is told of a request (src/courier/letter.cpp reads it).
CREATE FUNCTION warrant.facts_of(origin jsonb, request_id bigint, terms warrant.terms, statement_sha256 bytea, statement_text text, statement_facts jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN coalesce(statement_facts, '{}') || (SELECT jsonb_build_object('request_id', 'req_' || replace(gen_random_uuid()::text, '-', ''), 'subject', origin,
            'statement', statement_text, 'statement_sha256', encode(statement_sha256, 'hex'),
            'nonce', replace(gen_random_uuid()::text, '-', ''),
            'requested_at_us', (extract(epoch FROM r.requested_at) * 1000000)::bigint, 'expires_at_us', (extract(epoch FROM r.expires_at) * 1000000)::bigint,
            'reason', r.reason, 'duration_s', extract(epoch FROM r.duration)::bigint, 'policy', (SELECT string_agg(DISTINCT i.policy_name, ', ') FROM warrant.request_items i WHERE i.request_id = r.id),
            'system_identifier', (SELECT c.system_identifier::text FROM pg_control_system() AS c), 'cluster_name', current_setting('cluster_name'),
            'items', (SELECT jsonb_agg(jsonb_build_object('type', CASE i.target_kind WHEN 's' THEN 'pg_schema' WHEN 'd' THEN 'pg_database'
                    ELSE CASE c.relkind WHEN 'v' THEN 'pg_view' WHEN 'm' THEN 'pg_matview' WHEN 'f' THEN 'pg_foreign_table' ELSE 'pg_table' END END,
                'object', concat_ws('.', current_database(), nullif(i.schema_name, ''), nullif(i.relation_name, '')), 'oid', i.target::bigint,
                'relkind', c.relkind, 'commands', i.commands))
               FROM warrant.request_items i LEFT JOIN pg_class c ON c.oid = i.target AND i.target_kind = 't' WHERE i.request_id = r.id))
        FROM warrant.requests r WHERE r.id = facts_of.request_id);
END;
$$;

CREATE FUNCTION warrant.queue_deliveries(origin jsonb, request_id bigint, terms warrant.terms, statement_sha256 bytea, statement_text text,
    statement_facts jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO warrant.deliveries (request_id, webhook, facts)
    SELECT queue_deliveries.request_id, w.name, warrant.facts_of(origin, queue_deliveries.request_id, terms, statement_sha256, statement_text, statement_facts)
      FROM warrant.webhooks w WHERE w.name = ANY ((terms).webhooks) AND w.enabled;
    IF FOUND THEN
        UPDATE warrant.requests r SET awaited = true WHERE r.id = queue_deliveries.request_id;
        PERFORM warrant.wake_courier();
    END IF;
END;
$$;

-- Files a request, or finds the pending one for the same; sharing says which.
CREATE FUNCTION warrant.file_request(origin jsonb, requester oid, items warrant.item[], reason text, duration interval, may_share boolean,
    statement_sha256 bytea DEFAULT NULL, statement_text text DEFAULT NULL, statement_facts jsonb DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    terms warrant.terms := warrant.terms_of(warrant.policies_of(items));
    key text := (SELECT string_agg(format('%s:%s:%s:%s', i.target_kind, i.target, i.policy_id, i.commands), ';' ORDER BY i.target_kind, i.target, i.policy_id)
                   FROM unnest(items) AS i);
    asked_at timestamptz := warrant.monotonic_now();
    request bigint;
    filed bigint;
BEGIN
    PERFORM warrant.check_policies_stay((terms).min_approvals IS NOT NULL);
    PERFORM warrant.check_within(duration, terms);
    IF may_share THEN
        SELECT r.id INTO request FROM warrant.requests r
         WHERE r.state = 'pending' AND r.requester = file_request.requester AND r.request_key = key AND r.expires_at > asked_at;
        IF FOUND THEN
            RETURN request;
        END IF;
    END IF;
    IF (terms).require_reason AND coalesce(reason, '') = '' THEN
        PERFORM warrant.fail('22023', format('policy %s requires a reason', (terms).policies), 'SET pg_warrant.reason = ''...'', or give one to warrant.request.');
    END IF;
    IF (SELECT count(*) FROM warrant.requests r WHERE r.state = 'pending' AND r.requester = file_request.requester)
       >= current_setting('pg_warrant.max_pending')::bigint THEN
        PERFORM warrant.fail('53400', format('%s requests are pending already', current_setting('pg_warrant.max_pending')),
                             'Cancel some with warrant.cancel, or wait for their decisions.');
    END IF;
    INSERT INTO warrant.requests (requester, requester_name, person, request_key, reason, duration, min_approvals, requested_at, expires_at)
    VALUES (requester, (warrant.role_names(ARRAY[requester]))[1],
            CASE requester WHEN warrant.user_of(origin) THEN warrant.person_of(origin) ELSE warrant.person_of(requester, NULL) END,
            key, nullif(reason, ''), duration, (terms).min_approvals, asked_at, asked_at + (terms).request_ttl)
    RETURNING id INTO request;
    INSERT INTO warrant.request_items
    SELECT request, i.target_kind, i.target, i.schema_name, i.relation_name, i.commands, i.policy_id, p.name, p.version
      FROM unnest(items) AS i JOIN warrant.policies p ON p.id = i.policy_id;
    GET DIAGNOSTICS filed = ROW_COUNT;
    PERFORM warrant.check_policies_stay(filed = cardinality(items));
    PERFORM warrant.seal('request_created', origin, request, NULL, array_to_string(i.commands, ','), i.target, i.schema_name, i.relation_name,
                         i.policy_name, i.policy_version, nullif(reason, ''))
       FROM warrant.request_items i WHERE i.request_id = request;
    IF may_share AND (terms).webhooks IS NOT NULL THEN
        PERFORM warrant.queue_deliveries(origin, request, terms, statement_sha256, statement_text, statement_facts);
    END IF;
    RETURN request;
END;
$$;

-- All members of a role now, through whatever other roles. A grant serves them alone: a membership that is younger does not use it.
CREATE FUNCTION warrant.members_of(role oid) RETURNS oid[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (WITH RECURSIVE found (member) AS (
                SELECT m.member FROM pg_auth_members m WHERE m.roleid = members_of.role
                UNION SELECT m.member FROM found f JOIN pg_auth_members m ON m.roleid = f.member)
            SELECT coalesce(array_agg(f.member), '{}') FROM found f);
END;
$$;

CREATE FUNCTION warrant.make_grant(origin jsonb, request bigint, grantee oid, granted_by name[], duration interval, reason text,
    items warrant.item[]) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    starts timestamptz := warrant.monotonic_now();
    made bigint;
    covered bigint;
BEGIN
    INSERT INTO warrant.grants (request_id, grantee, grantee_name, granted_by, reason, starts_at, ends_at)
    VALUES (request, grantee, (warrant.role_names(ARRAY[grantee]))[1], granted_by, reason, starts, starts + duration) RETURNING id INTO made;
    INSERT INTO warrant.grant_scopes
    SELECT made, grantee, i.policy_id, i.target_kind, i.target, i.commands, starts, starts + duration, false, warrant.members_of(grantee), i.schema_name, i.relation_name, p.name
      FROM unnest(items) AS i JOIN warrant.policies p ON p.id = i.policy_id;
    GET DIAGNOSTICS covered = ROW_COUNT;
    PERFORM warrant.check_policies_stay(covered = cardinality(items));
    PERFORM warrant.guards_changed();
    PERFORM warrant.seal('grant_created', origin, request, made, array_to_string(s.commands, ','), s.target, s.schema_name, s.relation_name, s.policy_name,
                         NULL, format('%s for %s', (warrant.role_names(ARRAY[s.grantee]))[1], duration))
       FROM warrant.grant_scopes s WHERE s.grant_id = made;
    RETURN made;
END;
$$;

CREATE FUNCTION warrant.close_grant(origin jsonb, grant_id bigint, closer name, event text, reason text) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request bigint;
BEGIN
    UPDATE warrant.grants g SET closed_at = warrant.monotonic_now(), closed_by = closer, close_reason = coalesce(close_grant.reason, event)
     WHERE g.id = close_grant.grant_id RETURNING g.request_id INTO request;
    UPDATE warrant.grant_scopes s SET closed = true WHERE s.grant_id = close_grant.grant_id;
    PERFORM warrant.guards_changed();
    PERFORM warrant.seal(event, origin, request, s.grant_id, array_to_string(s.commands, ','), s.target, s.schema_name, s.relation_name, s.policy_name, NULL, reason)
       FROM warrant.grant_scopes s WHERE s.grant_id = close_grant.grant_id;
END;
$$;

-- A request that can still be decided. Raises P0002 for an unknown id, 55006 for a decided one.
CREATE FUNCTION warrant.pending_request(request_id bigint) RETURNS warrant.requests LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request warrant.requests;
BEGIN
    IF request_id IS NULL THEN
        PERFORM warrant.fail('22023', 'request id must not be NULL');
    END IF;
    SELECT * INTO request FROM warrant.requests r WHERE r.id = request_id;
    IF NOT FOUND THEN
        PERFORM warrant.fail('P0002', format('request %s does not exist', request_id));
    ELSIF request.state = 'pending' AND request.expires_at <= warrant.monotonic_now() THEN
        PERFORM warrant.fail('55006', format('request %s has expired', request_id));
    ELSIF request.state <> 'pending' THEN
        PERFORM warrant.fail('55006', format('request %s is %s', request_id, request.state));
    END IF;
    RETURN request;
END;
$$;

CREATE FUNCTION warrant.items_of_request(request_id bigint) RETURNS warrant.item[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT array_agg(ROW(i.target_kind, i.target, i.schema_name, i.relation_name, i.commands, i.policy_id)::warrant.item)
              FROM warrant.request_items i WHERE i.request_id = $1);
END;
$$;

-- The checks that approving and denying share: another person, a member of every approver role, each person once. Persons are compared as
-- they were then and as they are known now: a set_person in between must not make two of one.
CREATE FUNCTION warrant.check_decider(origin jsonb, request warrant.requests) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT warrant.may_decide(warrant.user_of(origin), warrant.policies_of(warrant.items_of_request((request).id))) THEN
        PERFORM warrant.fail('42501', format('permission denied to decide request %s', (request).id),
                             'Its policies name the roles whose members may.');
    END IF;
    IF warrant.person_of(origin) IN ((request).person, warrant.person_of((request).requester, NULL)) OR warrant.user_of(origin) = (request).requester
        OR warrant.is_member(warrant.user_of(origin), (request).requester) THEN
        PERFORM warrant.fail('42501', format('request %s must be decided by another person', (request).id),
                             'warrant.cancel withdraws it.');
    END IF;
    IF EXISTS (SELECT FROM warrant.decisions d WHERE d.request_id = (request).id
                  AND warrant.person_of(origin) IN (d.person, warrant.person_of(d.approver, d.person))) THEN
        PERFORM warrant.fail('55006', format('request %s was approved by the same person before', (request).id));
    END IF;
END;
$$;

CREATE FUNCTION warrant.do_request(origin jsonb, args jsonb) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN warrant.file_request(origin, warrant.user_of(origin), warrant.items_of(warrant.user_of(origin), args), args->>'reason',
                                (args->>'duration')::interval, true);
END;
$$;

CREATE FUNCTION warrant.do_cancel(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request warrant.requests := warrant.pending_request((args->>'request_id')::bigint);
BEGIN
    IF request.requester <> warrant.user_of(origin) THEN
        PERFORM warrant.fail('42501', format('permission denied to cancel request %s', request.id));
    END IF;
    UPDATE warrant.requests r SET state = 'cancelled', decided_at = warrant.monotonic_now() WHERE r.id = request.id;
    PERFORM warrant.seal('request_cancelled', origin, request.id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
END;
$$;

-- An approval that was found valid: kept, and with the last one that the quorum needs the grant is made.
CREATE FUNCTION warrant.enter_approval(origin jsonb, request warrant.requests, items warrant.item[], terms warrant.terms, approver oid,
    approver_name text, person text, duration interval, comment text) RETURNS bigint LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    made bigint;
BEGIN
    INSERT INTO warrant.decisions VALUES ((request).id, warrant.monotonic_now(), approver, approver_name, person, true, duration, comment);
    IF (SELECT count(*) FROM warrant.decisions d WHERE d.request_id = (request).id AND d.approves) < greatest((request).min_approvals, (terms).min_approvals) THEN
        PERFORM warrant.seal('approval', origin, (request).id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, comment);
        RETURN NULL;
    END IF;
    PERFORM warrant.seal('request_approved', origin, (request).id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, comment);
    made := warrant.make_grant(origin, (request).id, (request).requester, ARRAY(SELECT d.approver_name FROM warrant.decisions d WHERE d.request_id = (request).id),
        least((SELECT min(d.duration) FROM warrant.decisions d WHERE d.request_id = (request).id), (request).duration,
              CASE WHEN (request).duration IS NULL AND NOT EXISTS (SELECT FROM warrant.decisions d WHERE d.request_id = (request).id AND d.duration IS NOT NULL)
                   THEN (terms).default_duration END, (terms).max_duration), (request).reason, items);
    UPDATE warrant.requests r SET state = 'approved', decided_at = warrant.monotonic_now(), grant_id = made WHERE r.id = (request).id;
    RETURN made;
END;
$$;

CREATE FUNCTION warrant.enter_denial(origin jsonb, request warrant.requests, approver oid, approver_name text, person text, comment text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO warrant.decisions VALUES ((request).id, warrant.monotonic_now(), approver, approver_name, person, false, NULL, comment);
    UPDATE warrant.requests r SET state = 'denied', decided_at = warrant.monotonic_now() WHERE r.id = (request).id;
    PERFORM warrant.seal('request_denied', origin, (request).id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, comment);
END;
$$;

CREATE FUNCTION warrant.approve_one(origin jsonb, request_id bigint, duration interval, comment text) RETURNS bigint LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request warrant.requests := warrant.pending_request(request_id);
    items warrant.item[] := warrant.items_of_request(request_id);
    terms warrant.terms := warrant.terms_of(warrant.policies_of(items));
BEGIN
    PERFORM warrant.check_decider(origin, request);
    PERFORM warrant.check_within(duration, terms);
    IF duration > request.duration THEN
        PERFORM warrant.fail('22023', format('an approval cannot be longer than the %s that were asked for', request.duration));
    END IF;
    RETURN warrant.enter_approval(origin, request, items, terms, warrant.user_of(origin), origin->>'session_user_name', warrant.person_of(origin),
                                  duration, comment);
END;
$$;

CREATE FUNCTION warrant.deny_one(origin jsonb, request_id bigint, comment text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request warrant.requests := warrant.pending_request(request_id);
BEGIN
    PERFORM warrant.check_decider(origin, request);
    PERFORM warrant.enter_denial(origin, request, warrant.user_of(origin), origin->>'session_user_name', warrant.person_of(origin), comment);
END;
$$;

-- A webhook's answer, which only the courier reports: one vote of webhook:<name>, when the request still waits under policies that ask it.
-- It may shorten what was asked for. An answer that came twice counts once: its delivery has ended.
CREATE FUNCTION warrant.vote(origin jsonb, delivery warrant.deliveries, args jsonb) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request warrant.requests;
    items warrant.item[] := warrant.items_of_request((delivery).request_id);
    terms warrant.terms := warrant.terms_of(warrant.policies_of(items));
    person text := 'webhook:' || (delivery).webhook;
    voter jsonb := origin || jsonb_build_object('session_user_oid', NULL, 'session_user_name', NULL, 'current_user_name', NULL, 'authn_id', NULL,
                                                'authenticated_user_name', person);
    comment text := nullif(concat_ws(' ', nullif(args->>'reason', ''), '(approver ' || nullif(args->>'approver', '') || ', unverified)'), '');
BEGIN
    SELECT * INTO request FROM warrant.requests r WHERE r.id = (delivery).request_id;
    IF request.state <> 'pending' OR request.expires_at <= warrant.monotonic_now() THEN
        RETURN NULL;    -- somebody was quicker
    END IF;
    IF NOT EXISTS (SELECT FROM warrant.webhooks w WHERE w.name = (delivery).webhook AND w.enabled) OR
          EXISTS (SELECT FROM unnest(items) AS i LEFT JOIN warrant.policies p ON p.id = i.policy_id AND p.webhook = (delivery).webhook WHERE p.id IS NULL) THEN
        RETURN 'a policy of the request does not ask this webhook';
    END IF;
    IF args->>'outcome' = 'denied' THEN
        PERFORM warrant.enter_denial(voter, request, 0, person, person, comment);
    ELSE
        PERFORM warrant.enter_approval(voter, request, items, terms, 0, person, person,
            CASE WHEN args ? 'ttl_s' THEN least(make_interval(secs => (args->>'ttl_s')::double precision), coalesce(request.duration, (terms).default_duration)) END,
            comment);
    END IF;
    RETURN NULL;
END;
$$;

CREATE FUNCTION warrant.do_webhook_answer(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    retry_after CONSTANT interval := '5 s';
    delivery warrant.deliveries;
    outcome text := args->>'outcome';
    problem text := args->>'error';
    again boolean;
BEGIN
    IF NOT warrant.is_courier((origin->>'pid')::integer) THEN
        PERFORM warrant.fail('42501', 'only the courier reports answers');
    END IF;
    SELECT * INTO delivery FROM warrant.deliveries d WHERE d.id = (args->>'delivery_id')::bigint;
    IF NOT FOUND OR delivery.state NOT IN ('queued', 'sending') THEN
        RETURN;    -- its first answer counts
    END IF;
    IF outcome IN ('approved', 'denied') THEN
        problem := warrant.vote(origin, delivery, args);
    END IF;
    again := outcome = 'error' AND (args->>'may_repeat')::boolean AND delivery.attempts < 2;
    UPDATE warrant.deliveries d SET state = CASE WHEN again THEN 'queued' WHEN outcome = 'error' THEN 'dead' ELSE 'answered' END,
           next_at = clock_timestamp() + retry_after, ended_at = CASE WHEN NOT again THEN clock_timestamp() END,
           answer = nullif(outcome, 'error'), error = problem
     WHERE d.id = delivery.id;
    UPDATE warrant.requests r SET awaited = false
     WHERE r.id = delivery.request_id AND r.awaited
           AND NOT EXISTS (SELECT FROM warrant.deliveries d WHERE d.request_id = r.id AND d.error IS NULL AND d.state IN ('queued', 'sending'));
    IF outcome = 'error' AND NOT again THEN
        PERFORM warrant.seal('webhook_failed', origin, delivery.request_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, format('%s: %s', delivery.webhook, problem));
    END IF;
END;
$$;

-- What the courier is to send now, each row leased to it: while the lease runs it is not claimed again. At its start the courier knows that
-- nobody sends what its predecessor had claimed.
CREATE FUNCTION warrant.claim_deliveries(at_start boolean, most integer, OUT delivery_id bigint, OUT letter text) RETURNS SETOF record
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    lease CONSTANT interval := '30 s';
    most_attempts CONSTANT integer := 5;
BEGIN
    IF NOT warrant.is_home() THEN
        RETURN;
    END IF;
    IF at_start THEN
        UPDATE warrant.deliveries d SET state = 'queued', next_at = clock_timestamp() WHERE d.state = 'sending';
    END IF;
    UPDATE warrant.deliveries d SET state = CASE WHEN d.attempts >= most_attempts THEN 'dead' ELSE 'dropped' END, ended_at = clock_timestamp(),
           error = CASE WHEN d.attempts >= most_attempts THEN 'the courier ended while it was sent' ELSE d.error END
     WHERE d.state IN ('queued', 'sending') AND d.next_at <= clock_timestamp()
       AND (d.attempts >= most_attempts OR NOT EXISTS (SELECT FROM warrant.requests r WHERE r.id = d.request_id AND r.state = 'pending' AND r.expires_at > clock_timestamp())
            OR NOT EXISTS (SELECT FROM warrant.webhooks w WHERE w.name = d.webhook AND w.enabled));
    RETURN QUERY
    WITH due AS (SELECT d.id FROM warrant.deliveries d WHERE d.state IN ('queued', 'sending') AND d.next_at <= clock_timestamp() ORDER BY d.next_at, d.id LIMIT most),
    claimed AS (UPDATE warrant.deliveries d SET state = 'sending', attempts = d.attempts + 1, next_at = clock_timestamp() + lease
                  FROM due WHERE d.id = due.id RETURNING d.*)
    SELECT c.id, jsonb_build_object('url', w.url, 'secret_name', w.secret_name, 'allowed_networks', w.allowed_networks, 'ca_file', w.ca_file,
                                    'timeout_ms', w.timeout_ms, 'facts', c.facts)::text
      FROM claimed c JOIN warrant.webhooks w ON w.name = c.webhook ORDER BY c.id;
END;
$$;

-- Several requests at once: all or none.
CREATE FUNCTION warrant.ids_of(args jsonb) RETURNS bigint[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF args->'request_ids' IN ('null', '[]') OR args->'request_ids' @> 'null' THEN
        PERFORM warrant.fail('22023', 'request_ids must not be empty, NULL or contain NULL');
    END IF;
    RETURN ARRAY(SELECT e::bigint FROM jsonb_array_elements_text(args->'request_ids') AS e);
END;
$$;

CREATE FUNCTION warrant.do_approve(origin jsonb, args jsonb) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF args ? 'request_ids' THEN
        RETURN (SELECT array_agg(warrant.approve_one(origin, i.id, (args->>'duration')::interval, args->>'comment'))::text FROM unnest(warrant.ids_of(args)) AS i (id));
    END IF;
    RETURN warrant.approve_one(origin, (args->>'request_id')::bigint, (args->>'duration')::interval, args->>'comment');
END;
$$;

CREATE FUNCTION warrant.do_deny(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF args ? 'request_ids' THEN
        PERFORM warrant.deny_one(origin, i.id, args->>'comment') FROM unnest(warrant.ids_of(args)) AS i (id);
    ELSE
        PERFORM warrant.deny_one(origin, (args->>'request_id')::bigint, args->>'comment');
    END IF;
END;
$$;

-- An approver's direct grant. Under a quorum it is a request with one approval, and the answer NULL.
CREATE FUNCTION warrant.do_grant(origin jsonb, args jsonb) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    grantee oid := (args->>'grantee')::oid;
    items warrant.item[];
    terms warrant.terms;
    duration interval := (args->>'duration')::interval;
BEGIN
    IF grantee IS NULL OR NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = grantee) THEN
        PERFORM warrant.fail('22023', 'grantee must be a role');
    END IF;
    items := warrant.items_of(grantee, args);
    terms := warrant.terms_of(warrant.policies_of(items));
    IF NOT warrant.may_decide(warrant.user_of(origin), warrant.policies_of(items)) THEN
        PERFORM warrant.fail('42501', format('permission denied to grant under policy %s', (terms).policies), 'The policy names the role whose members may.');
    END IF;
    IF warrant.person_of(origin) = warrant.person_of(grantee, NULL) OR warrant.is_member(warrant.user_of(origin), grantee) THEN
        PERFORM warrant.fail('42501', 'nobody grants to himself', 'Another approver can; warrant.request asks for it.');
    END IF;
    PERFORM warrant.check_within(duration, terms);
    IF (terms).require_reason AND coalesce(args->>'reason', '') = '' THEN
        PERFORM warrant.fail('22023', format('policy %s requires a reason', (terms).policies));
    END IF;
    IF (terms).min_approvals > 1 THEN
        RETURN warrant.approve_one(origin, warrant.file_request(origin, grantee, items, args->>'reason', duration, false), duration, NULL);
    END IF;
    RETURN warrant.make_grant(origin, NULL, grantee, ARRAY[(origin->>'session_user_name')::name], coalesce(duration, (terms).default_duration), args->>'reason', items);
END;
$$;

CREATE FUNCTION warrant.do_revoke(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    target warrant.grants;
BEGIN
    IF args->>'grant_id' IS NULL THEN
        PERFORM warrant.fail('22023', 'grant id must not be NULL');
    END IF;
    SELECT * INTO target FROM warrant.grants g WHERE g.id = (args->>'grant_id')::bigint;
    IF NOT FOUND THEN
        PERFORM warrant.fail('P0002', format('grant %s does not exist', args->>'grant_id'));
    ELSIF target.closed_at IS NOT NULL OR target.ends_at <= warrant.monotonic_now() THEN
        PERFORM warrant.fail('55006', format('grant %s has ended', target.id));
    END IF;
    IF NOT (warrant.is_member(warrant.user_of(origin), 'warrant_admin'::regrole) OR
            EXISTS (SELECT FROM pg_roles r WHERE r.oid = warrant.user_of(origin) AND r.rolsuper) OR
            warrant.may_decide(warrant.user_of(origin), ARRAY(SELECT s.policy_id FROM warrant.grant_scopes s WHERE s.grant_id = target.id))) THEN
        PERFORM warrant.fail('42501', format('permission denied to revoke grant %s', target.id));
    END IF;
    PERFORM warrant.close_grant(origin, target.id, origin->>'session_user_name', 'grant_revoked', args->>'reason');
END;
$$;

-- Makes a copy a home of its own: what was granted, asked and sent elsewhere ends here.
CREATE FUNCTION warrant.do_adopt(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    adopter name := origin->>'session_user_name';
BEGIN
    IF NOT warrant.is_administrator(warrant.user_of(origin)) THEN
        PERFORM warrant.fail('42501', 'permission denied to adopt this database', 'A superuser, or a member of a role in "pg_warrant.admin_roles", can.');
    ELSIF warrant.is_home() THEN
        PERFORM warrant.fail('55006', 'this database is no copy');
    END IF;
    PERFORM warrant.close_grant(origin, g.id, adopter, 'grant_revoked', 'it was made in another database') FROM warrant.grants g WHERE g.closed_at IS NULL;
    PERFORM warrant.seal('request_cancelled', origin, r.id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'it was filed in another database')
       FROM warrant.requests r WHERE r.state = 'pending';
    UPDATE warrant.requests r SET state = 'cancelled', decided_at = warrant.monotonic_now(), awaited = false WHERE r.state = 'pending';
    UPDATE warrant.deliveries d SET state = 'dropped', ended_at = clock_timestamp() WHERE d.state IN ('queued', 'sending');
    UPDATE warrant.webhooks w SET enabled = false WHERE w.enabled;
    UPDATE warrant.grant_scopes s SET policy_id = c.system_identifier, target = d.oid, schema_name = current_setting('pg_warrant.instance')
      FROM pg_control_system() AS c, pg_database d WHERE s.target_kind = '!' AND d.datname = current_database();
    PERFORM warrant.seal('config_changed', origin, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'adopted this copy');
END;
$$;

-- A refused statement: its rows, and the requests for what an approval would help. Answers the requests' ids, or why there is none and,
-- on a second line, what to do about it.
CREATE FUNCTION warrant.do_refuse(origin jsonb, args jsonb, statement jsonb, statement_sha256 bytea, statement_text text) RETURNS text LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    policy bigint;
    request bigint;
    requests bigint[] := '{}'::bigint[];
    refusal text;
    advice text;
    wanted record;
BEGIN
    IF (args->>'file')::boolean AND NOT warrant.is_home() THEN
        args := args || '{"file": false}';
        refusal := 'this database is a copy of the one where grants were made';
        advice := 'A superuser makes it one of its own: SELECT warrant.adopt().';
    END IF;
    FOR policy IN SELECT DISTINCT (i->>'policy')::bigint FROM jsonb_array_elements(args->'items') AS i
                   WHERE (args->>'file')::boolean AND i->>'answer' = 'request' ORDER BY 1 LOOP
        BEGIN
            request := warrant.file_request(origin, warrant.user_of(origin), ARRAY(
                SELECT ROW(w.kind, w.relation, w.schema_name, w.relation_name, w.commands, policy)::warrant.item
                  FROM (SELECT (i->>'kind')::"char" AS kind, (i->>'relation')::oid AS relation, i->>'schema' AS schema_name, i->>'name' AS relation_name,
                               array_agg(i->>'command' ORDER BY i->>'command') AS commands
                          FROM jsonb_array_elements(args->'items') AS i WHERE (i->>'policy')::bigint = policy GROUP BY 1, 2, 3, 4) AS w),
                args->>'reason', nullif(args->>'duration', '')::interval, true, statement_sha256, statement_text,
                jsonb_strip_nulls(jsonb_build_object('command_tag', nullif(args->>'tag', ''), 'estimated_rows',
                    (SELECT max((i->>'rows')::bigint) FROM jsonb_array_elements(args->'items') AS i WHERE (i->>'policy')::bigint = policy AND (i->>'rows')::bigint >= 0))));
            requests := requests || request;
        EXCEPTION WHEN invalid_parameter_value OR configuration_limit_exceeded OR invalid_datetime_format OR object_in_use THEN
            GET STACKED DIAGNOSTICS refusal = MESSAGE_TEXT, advice = PG_EXCEPTION_HINT;
        END;
    END LOOP;
    FOR wanted IN SELECT i, row_number() OVER () AS place FROM jsonb_array_elements(args->'items') AS i LOOP
        PERFORM warrant.seal('refused', origin,
            (SELECT q.request_id FROM warrant.request_items q WHERE q.request_id = ANY (requests) AND q.policy_id = (wanted.i->>'policy')::bigint LIMIT 1),
            NULL, wanted.i->>'command', CASE WHEN wanted.i->>'kind' = 't' THEN (wanted.i->>'relation')::oid END, wanted.i->>'schema', wanted.i->>'name', nullif(wanted.i->>'policy_name', ''),
            nullif((wanted.i->>'policy_version')::integer, 0), refusal, statement, statement_sha256, statement_text);
    END LOOP;
    RETURN coalesce(nullif(array_to_string(requests, ','), ''), concat_ws(E'\n', refusal, nullif(advice, '')), '');
END;
$$;

-- What became of an action. Its caller, and auditors, may know.
CREATE FUNCTION warrant.do_ask_result(origin jsonb, args jsonb) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result warrant.action_results;
BEGIN
    SELECT * INTO result FROM warrant.action_results a WHERE a.action_id = (args->>'action_id')::bigint
       AND (a.session_user_oid = warrant.user_of(origin) OR warrant.is_member(warrant.user_of(origin), 'warrant_auditor'::regrole));
    RETURN json_build_object('done', coalesce(result.done, false), 'answer', coalesce(result.answer, result.message));
END;
$$;

-- The one entry point of the recorder.
CREATE FUNCTION warrant.act(action text, origin jsonb, args jsonb, statement jsonb, statement_sha256 bytea, statement_text text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF action IN ('request', 'approve', 'grant') AND NOT warrant.is_home() THEN
        PERFORM warrant.fail('55000', 'this database is a copy of the one where grants were made', 'A superuser makes it one of its own: SELECT warrant.adopt().');
    END IF;
    CASE action
        WHEN 'refuse' THEN RETURN warrant.do_refuse(origin, args, statement, statement_sha256, statement_text);
        WHEN 'request' THEN RETURN warrant.do_request(origin, args);
        WHEN 'cancel' THEN PERFORM warrant.do_cancel(origin, args);
        WHEN 'approve' THEN RETURN warrant.do_approve(origin, args);
        WHEN 'deny' THEN PERFORM warrant.do_deny(origin, args);
        WHEN 'grant' THEN RETURN warrant.do_grant(origin, args);
        WHEN 'revoke' THEN PERFORM warrant.do_revoke(origin, args);
        WHEN 'adopt' THEN PERFORM warrant.do_adopt(origin, args);
        WHEN 'ask_result' THEN RETURN warrant.do_ask_result(origin, args);
        WHEN 'webhook_answer' THEN PERFORM warrant.do_webhook_answer(origin, args);
        ELSE PERFORM warrant.fail('0A000', format('unknown action "%s"', action));
    END CASE;
    RETURN NULL;
END;
$$;

-- Closes what has expired and what became impossible; returns when to look again.
CREATE FUNCTION warrant.sweep() RETURNS timestamptz LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    now timestamptz := warrant.monotonic_now();
    nobody CONSTANT jsonb := '{}'::jsonb;
    ended record;
BEGIN
    FOR ended IN SELECT r.id FROM warrant.requests r WHERE r.state = 'pending' AND r.expires_at <= now ORDER BY r.id LIMIT 100 LOOP
        UPDATE warrant.requests r SET state = 'expired', decided_at = now WHERE r.id = ended.id;
        PERFORM warrant.seal('request_expired', nobody, ended.id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    END LOOP;
    FOR ended IN SELECT g.id FROM warrant.grants g WHERE g.closed_at IS NULL AND g.ends_at <= now ORDER BY g.id LIMIT 100 LOOP
        PERFORM warrant.close_grant(nobody, ended.id, NULL, 'grant_expired', NULL);
    END LOOP;
    FOR ended IN SELECT DISTINCT s.grant_id AS id FROM warrant.grant_scopes s JOIN warrant.grants g ON g.id = s.grant_id
                  WHERE g.closed_at IS NULL AND NOT EXISTS (SELECT FROM warrant.grant_scopes o JOIN warrant.policies p ON p.id = o.policy_id WHERE o.grant_id = s.grant_id)
                  LIMIT 100 LOOP
        PERFORM warrant.close_grant(nobody, ended.id, NULL, 'grant_revoked', 'its policy is gone');
    END LOOP;
    DELETE FROM warrant.action_results a WHERE a.done_at < now - interval '1 day';
    DELETE FROM warrant.deliveries d WHERE d.ended_at < now - interval '30 days';
    RETURN least((SELECT min(r.expires_at) FROM warrant.requests r WHERE r.state = 'pending'),
                 (SELECT min(g.ends_at) FROM warrant.grants g WHERE g.closed_at IS NULL));
END;
$$;

DO $$
DECLARE
    internal pg_catalog.regprocedure;
BEGIN
    FOR internal IN SELECT p.oid FROM pg_catalog.pg_proc p WHERE p.pronamespace OPERATOR(pg_catalog.=) 'warrant'::pg_catalog.regnamespace
        AND (p.proname IN ('seal', 'seal_definitions', 'notify_after', 'fail', 'user_of', 'items_on', 'items_in', 'items_of', 'terms_of',
             'policies_of', 'check_policies_stay', 'check_within', 'may_decide', 'file_request', 'members_of', 'make_grant', 'close_grant', 'pending_request', 'items_of_request',
             'check_decider', 'approve_one', 'deny_one', 'enter_approval', 'enter_denial', 'vote', 'facts_of', 'queue_deliveries', 'claim_deliveries', 'ids_of', 'act', 'sweep', 'person_of') OR p.proname LIKE 'do\_%') LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', internal);
    END LOOP;
END;
$$;

-- The public calls: each sends its own name and arguments to the recorder -------------------------------------------------------------

CREATE FUNCTION warrant.request(commands text[], on_table regclass DEFAULT NULL, on_tables regclass[] DEFAULT NULL, on_schema name DEFAULT NULL,
    on_database boolean DEFAULT false, reason text DEFAULT NULL, duration interval DEFAULT NULL)
RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_action';
COMMENT ON FUNCTION warrant.request(text[], regclass, regclass[], name, boolean, text, interval) IS
'Asks for commands on one table, several, a schema or this database; returns the request''s id, that of a pending one for the same.
Raises 22023 for none or two targets, unknown commands, a duration that is not positive or longer than the policy allows, and when nothing
of it needs approval; 42501 when a policy denies it; 53400 when too many are pending. Durable at once, whatever the transaction does.';

CREATE FUNCTION warrant.cancel(request_id bigint) RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_action';
COMMENT ON FUNCTION warrant.cancel(bigint) IS 'Withdraws one''s own pending request. Raises P0002, 55006, 42501. Durable at once.';

CREATE FUNCTION warrant.approve(request_id bigint, duration interval DEFAULT NULL, comment text DEFAULT NULL) RETURNS bigint
    LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.approve(bigint, interval, text) IS
'Approves a request, as the client''s own top-level statement only. Returns the grant''s id, NULL while more approvals are needed. duration
narrows what was asked for. Raises 42501 (not an approver, one''s own request, called indirectly), P0002, 55006, 22023. Durable at once.';
CREATE FUNCTION warrant.approve(request_ids bigint[], duration interval DEFAULT NULL, comment text DEFAULT NULL) RETURNS bigint[]
    LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.approve(bigint[], interval, text) IS 'As warrant.approve, for several requests: all of them or none.';

CREATE FUNCTION warrant.deny(request_id bigint, comment text DEFAULT NULL) RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.deny(bigint, text) IS 'Denies a request, as the client''s own top-level statement only. Raises 42501, P0002, 55006. Durable at once.';
CREATE FUNCTION warrant.deny(request_ids bigint[], comment text DEFAULT NULL) RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.deny(bigint[], text) IS 'As warrant.deny, for several requests: all of them or none.';

CREATE FUNCTION warrant.grant(grantee regrole, commands text[], on_table regclass DEFAULT NULL, on_tables regclass[] DEFAULT NULL,
    on_schema name DEFAULT NULL, on_database boolean DEFAULT false, duration interval DEFAULT NULL, reason text DEFAULT NULL)
RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.grant(regrole, text[], regclass, regclass[], name, boolean, interval, text) IS
'An approver''s grant without a request, never to himself; under a quorum a request with one approval, and NULL. Top-level statement only.
Raises 42501, 22023. Durable at once.';

CREATE FUNCTION warrant.revoke(grant_id bigint, reason text DEFAULT NULL) RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.revoke(bigint, text) IS
'Ends a grant: the next statement of every session is refused. For those who could have made it, and warrant_admin. Top-level statement
only. Raises 42501, P0002, 55006. Durable at once.';

CREATE PROCEDURE warrant.wait_for(request_id bigint, timeout interval DEFAULT '10 min') LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_wait_for';
COMMENT ON PROCEDURE warrant.wait_for(bigint, interval) IS
'Returns when the request is approved, holding no locks meanwhile. Raises 42501 denied, 55006 cancelled or expired, 57014 still pending at
the end, P0002 unknown, 25001 in a transaction block.';

CREATE FUNCTION warrant.ask_result(action_id bigint) RETURNS text LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_action';
CREATE FUNCTION warrant.action_result(action_id bigint, OUT done boolean, OUT answer text) LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$ SELECT (r.a->>'done')::boolean, r.a->>'answer' FROM (SELECT warrant.ask_result($1)::jsonb) AS r (a) $$;
COMMENT ON FUNCTION warrant.action_result(bigint) IS
'Whether an action whose call ended with 40003 was done, and its answer. Kept for a day; not done for an action of somebody else.';

CREATE FUNCTION warrant.adopt() RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.adopt() IS
'Makes a copy of a database a home of its own: ends the grants, requests and deliveries that came with it, and disables its webhooks. For
superusers and members of pg_warrant.admin_roles, as a top-level statement. Raises 42501, and 55006 where grants live. Durable at once.';

CREATE FUNCTION warrant.discard_audit_log() RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_discard_audit_log';
COMMENT ON FUNCTION warrant.discard_audit_log() IS
'Lets the current transaction drop the extension together with its audit log, which is refused otherwise; written to the server log. Returns
the last row''s number. For superusers and members of pg_warrant.admin_roles. Raises 42501, and 25P01 outside a transaction block.';

-- Questions ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION warrant.explain(role regrole, command text, target regclass, OUT step integer, OUT rule text, OUT answer text, OUT detail text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_explain';
REVOKE ALL ON FUNCTION warrant.explain(regrole, text, regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.explain(regrole, text, regclass) TO warrant_admin, warrant_approver, warrant_auditor;
COMMENT ON FUNCTION warrant.explain(regrole, text, regclass) IS 'How the gate decides for a role, a command and a table, step by step.';

CREATE FUNCTION warrant.last_refusal(OUT refused_at timestamptz, OUT command text, OUT schema_name name, OUT relation_name name,
    OUT policy_name text, OUT request_ids bigint[]) RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_last_refusal';
COMMENT ON FUNCTION warrant.last_refusal() IS 'What this session was refused last, and the requests that it filed; no row when nothing was.';

CREATE FUNCTION warrant.recorder_status(OUT item text, OUT value text, OUT warning text) RETURNS SETOF record
    LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_recorder_status';
REVOKE ALL ON FUNCTION warrant.recorder_status() FROM PUBLIC;
CREATE FUNCTION warrant.status(OUT item text, OUT value text, OUT warning text) RETURNS SETOF record LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'enforcement', current_setting('pg_warrant.enforcement'),
           CASE current_setting('pg_warrant.enforcement') WHEN 'enforce' THEN NULL ELSE 'nothing is refused' END
    UNION ALL SELECT 'definition_approval', current_setting('pg_warrant.definition_approval'),
           CASE WHEN NOT current_setting('pg_warrant.definition_approval')::boolean THEN 'one administrator alone can weaken definitions' END
    UNION ALL SELECT 'home', CASE WHEN warrant.is_home() THEN 'here' ELSE 'elsewhere' END,
           CASE WHEN NOT warrant.is_home() THEN 'this is a copy: no grant lives and nothing is sent until warrant.adopt()' END
    UNION ALL SELECT 'allow_restore', 'on', 'superusers can write the tables of the gate' WHERE current_setting('pg_warrant.allow_restore')::boolean
    UNION ALL SELECT * FROM warrant.recorder_status()
    UNION ALL SELECT 'policies', count(*)::text, CASE count(*) WHEN 0 THEN 'nothing is protected' END FROM warrant.policies WHERE target_kind <> '!'
    UNION ALL SELECT 'pending requests', count(*)::text, NULL FROM warrant.requests WHERE state = 'pending'
    UNION ALL SELECT 'live grants', count(*)::text, NULL FROM warrant.grants WHERE closed_at IS NULL
    UNION ALL SELECT format('webhook %s', w.name),
           format('%s answered, %s waiting, %s dead', d.answered, d.waiting, d.dead), CASE WHEN w.enabled THEN last.error ELSE 'disabled; warrant.enable_webhook ends it' END
      FROM warrant.webhooks w
           CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE d.state = 'answered') AS answered, count(*) FILTER (WHERE d.state IN ('queued', 'sending')) AS waiting,
                                      count(*) FILTER (WHERE d.state = 'dead') AS dead FROM warrant.deliveries d WHERE d.webhook = w.name) AS d
           LEFT JOIN LATERAL (SELECT d.error FROM warrant.deliveries d WHERE d.webhook = w.name AND (d.error IS NOT NULL OR d.answer IS NOT NULL)
                               ORDER BY d.id DESC LIMIT 1) AS last ON true
    UNION ALL SELECT 'policies whose target is gone', count(*)::text, CASE WHEN count(*) > 0 THEN 'they cover what bears the name now' END
      FROM warrant.policies p WHERE (p.target_kind = 't' AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = p.target))
                                 OR (p.target_kind = 's' AND NOT EXISTS (SELECT FROM pg_namespace n WHERE n.oid = p.target))
    UNION ALL SELECT 'audit partitions ahead', count(*)::text, CASE WHEN count(*) < 2 THEN 'the keeper has not run' END
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'warrant.audit_log'::regclass
       AND c.relname > 'audit_log' || to_char(clock_timestamp() AT TIME ZONE 'UTC', '_YYYY_MM')
$$;
REVOKE ALL ON FUNCTION warrant.status() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.status() TO warrant_admin, warrant_approver, warrant_auditor;
COMMENT ON FUNCTION warrant.status() IS 'The state of the gate here: workers, slots, queue, and what deserves attention.';

CREATE FUNCTION warrant.statements(OUT statement text, OUT needs text, OUT known boolean) RETURNS SETOF record
    LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_statements';
COMMENT ON FUNCTION warrant.statements() IS 'internal: each statement of this server, and what the gate knows of it';
CREATE VIEW warrant.commands AS
    SELECT s.statement, s.needs FROM warrant.statements() s WHERE s.needs IS NOT NULL;
COMMENT ON VIEW warrant.commands IS 'what each statement needs; those that are not here touch no protected object';
GRANT SELECT ON warrant.commands TO PUBLIC;

CREATE VIEW warrant.pending WITH (security_barrier) AS
    SELECT r.id, r.requester_name, i.schema_name, i.relation_name, i.commands, i.policy_name, r.reason, r.duration, r.requested_at, r.expires_at,
           r.min_approvals, (SELECT pg_catalog.count(*) FROM warrant.decisions d WHERE d.request_id OPERATOR(pg_catalog.=) r.id AND d.approves) AS approvals
      FROM warrant.requests r JOIN warrant.request_items i ON i.request_id OPERATOR(pg_catalog.=) r.id
     WHERE r.state OPERATOR(pg_catalog.=) 'pending' AND r.expires_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp();
COMMENT ON VIEW warrant.pending IS 'requests that wait for a decision, a row for each item';

CREATE VIEW warrant.active_grants WITH (security_barrier) AS
    SELECT g.id, g.grantee_name, s.schema_name, s.relation_name, s.commands, s.policy_name, g.granted_by, g.reason, g.request_id, g.starts_at, g.ends_at
      FROM warrant.grants g JOIN warrant.grant_scopes s ON s.grant_id OPERATOR(pg_catalog.=) g.id
     WHERE g.closed_at IS NULL AND g.ends_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp();
COMMENT ON VIEW warrant.active_grants IS 'grants that live now, a row for each scope';

CREATE VIEW warrant.my_requests WITH (security_barrier) AS
    SELECT r.id, r.state, i.schema_name, i.relation_name, i.commands, i.policy_name, r.reason, r.duration, r.requested_at, r.expires_at, r.decided_at, r.grant_id
      FROM warrant.requests r JOIN warrant.request_items i ON i.request_id OPERATOR(pg_catalog.=) r.id
     WHERE r.requester OPERATOR(pg_catalog.=) (SELECT warrant.current_subject());
COMMENT ON VIEW warrant.my_requests IS 'what the caller, as the gate sees him, asked for, a row for each item';

CREATE VIEW warrant.my_grants WITH (security_barrier) AS
    SELECT g.id, s.schema_name, s.relation_name, s.commands, s.policy_name, g.grantee_name, g.granted_by, g.reason, g.starts_at, g.ends_at
      FROM warrant.grants g JOIN warrant.grant_scopes s ON s.grant_id OPERATOR(pg_catalog.=) g.id
     WHERE g.closed_at IS NULL AND g.ends_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()
       AND EXISTS (SELECT FROM pg_catalog.pg_roles a WHERE a.oid OPERATOR(pg_catalog.=) (SELECT warrant.current_subject()) AND
                   (a.oid OPERATOR(pg_catalog.=) g.grantee OR (a.oid OPERATOR(pg_catalog.=) ANY (s.members) AND warrant.is_member(a.oid, g.grantee))));
COMMENT ON VIEW warrant.my_grants IS 'grants that the caller, as the gate sees him, can use now, a row for each scope';

GRANT SELECT ON warrant.my_requests, warrant.my_grants TO PUBLIC;
GRANT SELECT ON warrant.pending, warrant.active_grants TO warrant_approver, warrant_auditor, warrant_admin;

-- The first partitions, and the workers once this is committed -----------------------------------------------------------------------

SELECT warrant.keep_partitions();

CREATE FUNCTION warrant.start_workers() RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_start_workers';
REVOKE ALL ON FUNCTION warrant.start_workers() FROM PUBLIC;
SELECT warrant.start_workers();

-- What \df+ shows beside the gate's own parts.
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
