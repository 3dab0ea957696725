-- Keys include a column that may be NULL, or are of one that could be: a tool that rewrites whatever has a unique key of columns that cannot, as pg_repack
-- does with a whole database, then leaves our tables out, which it could only stop at.

-- Definitions -------------------------------------------------------------------------------------------------------------------

-- The gate reads the first nineteen columns by their place (src/rules/policies.cpp).
CREATE TABLE warrant.policies (
    id bigint GENERATED ALWAYS AS IDENTITY (START WITH 2),
    version integer NOT NULL DEFAULT 1,
    name text NOT NULL CHECK (pg_catalog.octet_length(name) BETWEEN 1 AND 128),
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
    created_by name NOT NULL DEFAULT session_user,
    max_uses integer CHECK (max_uses > 0),
    PRIMARY KEY (id) INCLUDE (max_uses),
    CONSTRAINT policies_name_key UNIQUE (name) INCLUDE (max_uses)
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
    id bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL CHECK (pg_catalog.octet_length(name) BETWEEN 1 AND 48),
    url text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('decision')),
    secret_name text NOT NULL,
    allowed_networks cidr[] NOT NULL,
    ca_file text,
    timeout_ms integer NOT NULL CHECK (timeout_ms BETWEEN 10 AND 3000),
    enabled boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    created_by name DEFAULT session_user,
    PRIMARY KEY (id) INCLUDE (created_by),
    CONSTRAINT webhooks_name_key UNIQUE (name) INCLUDE (created_by)
);
COMMENT ON TABLE warrant.webhooks IS 'HTTPS endpoints that decide requests';
COMMENT ON COLUMN warrant.webhooks.enabled IS 'nothing is sent otherwise, as in an adopted copy; warrant.enable_webhook ends it';
COMMENT ON COLUMN warrant.webhooks.secret_name IS 'the name of its keys in the file that pg_warrant.secret_file names';

CREATE TABLE warrant.persons (
    role oid,
    role_name name,
    person text NOT NULL CHECK (person <> ''),
    PRIMARY KEY (role) INCLUDE (role_name)
);
COMMENT ON TABLE warrant.persons IS 'which roles are logins of one human, for four eyes and quorums';

CREATE TABLE warrant.identities (
    role oid CHECK (role IS NOT NULL),
    identity text CHECK (identity IS NOT NULL),
    UNIQUE (role, identity)
);
COMMENT ON TABLE warrant.identities IS 'as whom the server has authenticated the logins that have asked, decided or been refused: two logins of one identity are one human';

-- Rows that definition functions leave in their transaction; the recorder seals them after its commit.
CREATE TABLE warrant.audit_unsealed (
    id bigint GENERATED ALWAYS AS IDENTITY,
    occurred_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    event text NOT NULL,
    origin jsonb NOT NULL,
    policy_name text,
    policy_version integer,
    comment text,
    PRIMARY KEY (id) INCLUDE (policy_version)
);

COMMENT ON TABLE warrant.audit_unsealed IS 'internal: rows of the audit log until their transaction is committed and the recorder has sealed them';

-- What the recorder alone writes, but for the leases of deliveries ------------------------------------------------------------------------------------------------

-- src/rules/requests.cpp reads the first four columns by their place.
CREATE TABLE warrant.requests (
    id bigint GENERATED ALWAYS AS IDENTITY,
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
    grant_id bigint,
    max_uses integer,
    amended_at timestamptz,
    PRIMARY KEY (id) INCLUDE (max_uses)
);
CREATE INDEX requests_pending ON warrant.requests (requester, request_key) WHERE state = 'pending';
CREATE INDEX requests_to_expire ON warrant.requests (expires_at) WHERE state = 'pending';
COMMENT ON TABLE warrant.requests IS 'what somebody asked for, and what became of it';
COMMENT ON COLUMN warrant.requests.awaited IS 'a webhook has not yet given its first answer';
COMMENT ON COLUMN warrant.requests.amended_at IS 'when it got other words last; approvals given before are void';

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
    max_uses integer,
    PRIMARY KEY (request_id, person) INCLUDE (max_uses)
);
COMMENT ON TABLE warrant.decisions IS 'one person''s approval or denial of a request';

-- One request to one webhook. facts holds all that is sent, so that every attempt sends the same bytes.
CREATE TABLE warrant.deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY,
    request_id bigint NOT NULL REFERENCES warrant.requests,
    webhook text NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'answered', 'dead', 'dropped')),
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    ended_at timestamptz,
    answer text,
    error text,
    facts jsonb NOT NULL,
    awaited boolean DEFAULT true,
    not_before timestamptz,
    PRIMARY KEY (id) INCLUDE (not_before)
);
CREATE INDEX deliveries_by_request ON warrant.deliveries (request_id);
CREATE INDEX deliveries_due ON warrant.deliveries (next_at) WHERE state IN ('queued', 'sending');
CREATE INDEX deliveries_by_webhook ON warrant.deliveries (webhook, id);
COMMENT ON TABLE warrant.deliveries IS 'what was sent to which webhook, and what came of it';
COMMENT ON COLUMN warrant.deliveries.next_at IS 'when it is tried next; while it is sent, when its lease ends';
COMMENT ON COLUMN warrant.deliveries.awaited IS 'it has had no answer, and no error, since somebody was refused by its request';
COMMENT ON COLUMN warrant.deliveries.not_before IS 'what the endpoint asked for with Retry-After';

CREATE TABLE warrant.grants (
    id bigint GENERATED ALWAYS AS IDENTITY,
    request_id bigint REFERENCES warrant.requests,
    grantee oid NOT NULL,
    grantee_name name NOT NULL,
    granted_by name[] NOT NULL,
    reason text,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    closed_at timestamptz,
    closed_by name,
    close_reason text,
    max_uses integer,
    PRIMARY KEY (id) INCLUDE (request_id)
);
CREATE INDEX grants_to_expire ON warrant.grants (ends_at) WHERE closed_at IS NULL;
COMMENT ON TABLE warrant.grants IS 'approvals: who may, until when, and how they ended';

-- The gate reads the first eleven columns and max_uses by their place (src/rules/grants.cpp), in one index scan.
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
    policy_name text NOT NULL,
    max_uses integer,
    granters text[]
);
CREATE INDEX grant_scopes_by_target ON warrant.grant_scopes (grantee, target) WHERE NOT closed;
CREATE INDEX ON warrant.grant_scopes (grant_id);
CREATE INDEX grant_scopes_by_policy ON warrant.grant_scopes (policy_id) WHERE NOT closed;
COMMENT ON COLUMN warrant.grant_scopes.members IS 'who was a member of the grantee when it was made, and may use it while he is';
COMMENT ON COLUMN warrant.grant_scopes.granters IS 'the persons who approved it, who cannot use it themselves, whatever their login';
COMMENT ON TABLE warrant.grant_scopes IS 'what a grant covers, each part under the policy that it satisfied';

-- One row for each limited grant. No trigger: a use voids nobody's cache, because what limited grants allow is not kept. src/rules/uses.cpp
-- reads both columns by their place.
CREATE TABLE warrant.grant_uses (
    grant_id bigint CHECK (grant_id IS NOT NULL),
    uses_left integer NOT NULL CHECK (uses_left >= 0),
    CONSTRAINT grant_uses_pkey UNIQUE (grant_id)
) WITH (fillfactor = 50);
COMMENT ON TABLE warrant.grant_uses IS 'how many statements may still run under a grant of a limited number of uses';

-- The sentinel names the grants' home: server (in policy_id), database (in target) and instance (in schema_name). In a copy of it none lives.
INSERT INTO warrant.grant_scopes
SELECT 0, 0, c.system_identifier, '!', d.oid, '{ALL}', '-infinity', '-infinity', false, '{}', pg_catalog.current_setting('pg_warrant.instance'), '', 'sentinel', NULL
  FROM pg_catalog.pg_control_system() AS c, pg_catalog.pg_database AS d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database();

CREATE TABLE warrant.action_results (
    action_id bigint,
    done_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    session_user_oid oid NOT NULL,
    action text NOT NULL,
    done boolean NOT NULL,
    answer text,
    sqlstate text,
    message text,
    detail text,
    hint text,
    PRIMARY KEY (action_id) INCLUDE (sqlstate)
);
CREATE INDEX ON warrant.action_results USING brin (done_at);

CREATE TABLE warrant.known_settings (
    name text CHECK (name IS NOT NULL),
    value text NOT NULL,
    UNIQUE (name)
);
COMMENT ON TABLE warrant.known_settings IS 'the settings of the gate as the log knows them';

CREATE TABLE warrant.recorder_state (
    last_seq bigint NOT NULL,
    ring_id bigint NOT NULL,
    ring_position bigint NOT NULL,
    last_sealed_at timestamptz NOT NULL,
    wall_offset bigint,
    boot_id text
) WITH (fillfactor = 50);
COMMENT ON COLUMN warrant.recorder_state.wall_offset IS 'microseconds that the wall clock is ahead of the time since that start of the machine: a step changes it';
INSERT INTO warrant.recorder_state VALUES (0, 0, 0, '2000-01-01 00:00:00+00');

COMMENT ON TABLE warrant.action_results IS 'internal: what became of each action, for warrant.action_result; kept for a day';
COMMENT ON TABLE warrant.recorder_state IS 'internal: how far the recorder has come';
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
-- The last rows of one relation and of one user.
CREATE INDEX audit_log_relation ON warrant.audit_log (relation_oid, seq) WHERE relation_oid IS NOT NULL;
CREATE INDEX audit_log_user ON warrant.audit_log (session_user_oid, seq) WHERE session_user_oid IS NOT NULL;
CREATE INDEX audit_log_sealed_at ON warrant.audit_log USING brin (sealed_at);
COMMENT ON TABLE warrant.audit_log IS 'every decision, sealed by the recorder: seq has no gap and is the order, sealed_at is the clock';
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

-- Makes this month's partitions and the next four, in UTC.
CREATE FUNCTION warrant.keep_partitions() RETURNS void LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'warrant_keep_partitions';
REVOKE ALL ON FUNCTION warrant.keep_partitions() FROM PUBLIC;

-- A publication FOR ALL TABLES refuses UPDATE of a table without one, the recorder's too.
ALTER TABLE warrant.grant_scopes REPLICA IDENTITY FULL;
ALTER TABLE warrant.recorder_state REPLICA IDENTITY FULL;
ALTER TABLE warrant.grant_uses REPLICA IDENTITY FULL;
ALTER TABLE warrant.identities REPLICA IDENTITY FULL;
ALTER TABLE warrant.known_settings REPLICA IDENTITY FULL;

-- Invalidation ------------------------------------------------------------------------------------------------------------------

-- Two empty tables whose relcache entries stand for "the policies" and "the grants" in every backend.
CREATE TABLE warrant.policy_epoch ();
CREATE TABLE warrant.grant_epoch ();
COMMENT ON TABLE warrant.policy_epoch IS 'internal: sessions forget the policies they know when this changes';
COMMENT ON TABLE warrant.grant_epoch IS 'internal: sessions forget the grants they know when this changes';

CREATE FUNCTION warrant.invalidate() RETURNS trigger LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_invalidate';
REVOKE ALL ON FUNCTION warrant.invalidate() FROM PUBLIC;

CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON warrant.policies
    FOR EACH STATEMENT EXECUTE FUNCTION warrant.invalidate('policy_epoch');
CREATE TRIGGER invalidate AFTER TRUNCATE ON warrant.grant_scopes FOR EACH STATEMENT EXECUTE FUNCTION warrant.invalidate('grant_epoch');
CREATE TRIGGER invalidate_grantee AFTER INSERT OR UPDATE OR DELETE ON warrant.grant_scopes
    FOR EACH ROW EXECUTE FUNCTION warrant.invalidate('grant_epoch');
ALTER TABLE warrant.policies ENABLE ALWAYS TRIGGER invalidate;
ALTER TABLE warrant.grant_scopes ENABLE ALWAYS TRIGGER invalidate;
ALTER TABLE warrant.grant_scopes ENABLE ALWAYS TRIGGER invalidate_grantee;

-- Who reads what ----------------------------------------------------------------------------------------------------------------

GRANT SELECT ON warrant.policies, warrant.persons, warrant.identities, warrant.webhooks, warrant.deliveries, warrant.requests, warrant.request_items, warrant.decisions, warrant.grants,
    warrant.grant_scopes, warrant.grant_uses, warrant.audit_log, warrant.audit_text TO warrant_auditor;
GRANT SELECT ON warrant.policies, warrant.persons, warrant.identities, warrant.webhooks, warrant.deliveries TO warrant_admin;
GRANT SELECT ON warrant.policies, warrant.requests, warrant.request_items, warrant.decisions, warrant.grants, warrant.grant_scopes, warrant.grant_uses
    TO warrant_approver;
