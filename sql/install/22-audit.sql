-- Tables of the audit log, and its partitions.

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
-- These indexes find the last rows of one relation, and of one user.
CREATE INDEX audit_log_relation ON warrant.audit_log (relation_oid, seq) WHERE relation_oid IS NOT NULL;
CREATE INDEX audit_log_user ON warrant.audit_log (session_user_oid, seq) WHERE session_user_oid IS NOT NULL;
-- What happened to a request. Few rows are about one.
CREATE INDEX audit_log_request ON warrant.audit_log (request_id, seq) WHERE request_id IS NOT NULL;
CREATE INDEX audit_log_sealed_at ON warrant.audit_log USING brin (sealed_at);
ALTER TABLE warrant.audit_log ADD COLUMN rows_estimated bigint;
COMMENT ON COLUMN warrant.audit_log.rows_estimated IS 'how many rows of the object the refused statement may reach, by a unique key or the server''s statistics; NULL where they are unknown';
ALTER TABLE warrant.audit_log ADD COLUMN ticket text;
COMMENT ON COLUMN warrant.audit_log.ticket IS 'of the grant, or of the request';
ALTER TABLE warrant.audit_log ADD COLUMN columns name[];
COMMENT ON COLUMN warrant.audit_log.columns IS 'which columns were read or written, in the table''s order; NULL for the whole row, or where the row does not tell; a last element NULL stands for more than it has room for';
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
COMMENT ON TABLE warrant.audit_text IS 'the text of audited statements, apart from the log because it can hold personal data';

-- Rows that definition functions leave in their transaction; the recorder seals them after its commit.
CREATE TABLE warrant.audit_unsealed (
    id bigint DEFAULT warrant_internal.next_number(),
    occurred_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    event text NOT NULL,
    origin jsonb NOT NULL,
    policy_name text,
    policy_version integer,
    comment text,
    PRIMARY KEY (id) INCLUDE (policy_version)
);

COMMENT ON TABLE warrant.audit_unsealed IS 'internal: rows of the audit log until their transaction is committed and the recorder has sealed them';

-- Makes this month's partitions and the next four, in UTC.
CREATE FUNCTION warrant_internal.keep_partitions() RETURNS void LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'warrant_keep_partitions';
