-- These indexes find the last rows of one relation, and of one user.
CREATE INDEX audit_log_relation ON warrant.audit_log (relation_oid, seq) WHERE relation_oid IS NOT NULL;
CREATE INDEX audit_log_user ON warrant.audit_log (session_user_oid, seq) WHERE session_user_oid IS NOT NULL;
-- What happened to a request.
CREATE INDEX audit_log_request ON warrant.audit_log (request_id, seq) WHERE request_id IS NOT NULL;

-- A key that pg_repack does not take for such.
ALTER TABLE warrant.audit_unsealed DROP CONSTRAINT audit_unsealed_pkey;
ALTER TABLE warrant.audit_unsealed ADD PRIMARY KEY (id) INCLUDE (policy_version);

ALTER TABLE warrant.audit_unsealed ALTER COLUMN id DROP IDENTITY, ALTER COLUMN id SET DEFAULT warrant_internal.next_number();
