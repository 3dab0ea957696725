-- A delivery that fails is tried again while its request waits.
ALTER TABLE warrant.deliveries ADD COLUMN awaited boolean, ADD COLUMN not_before timestamptz;
ALTER TABLE warrant.deliveries ALTER COLUMN awaited SET DEFAULT true, ALTER COLUMN request_id DROP NOT NULL;
CREATE INDEX deliveries_by_request ON warrant.deliveries (request_id);

CREATE INDEX requests_by_requester ON warrant.requests (requester, requested_at);

-- Drafts.
ALTER TABLE warrant.requests DROP CONSTRAINT requests_state_check;
ALTER TABLE warrant.requests ADD CHECK (state IN ('draft', 'pending', 'approved', 'denied', 'cancelled', 'expired'));
CREATE INDEX drafts ON warrant.requests (requester, request_key) WHERE state = 'draft';
CREATE INDEX drafts_to_expire ON warrant.requests (expires_at) WHERE state = 'draft';

-- What grows with the number of grants.
CREATE INDEX grants_by_grantee ON warrant.grants (grantee, ends_at);
CREATE INDEX grant_scopes_by_policy ON warrant.grant_scopes (policy_id) WHERE NOT closed;
CREATE INDEX grant_scopes_by_target ON warrant.grant_scopes (grantee, target) WHERE NOT closed;
DROP INDEX warrant.grant_scopes_by_grantee;

-- Keys that pg_repack does not take for such.
ALTER TABLE warrant.request_items DROP CONSTRAINT request_items_request_id_fkey;
ALTER TABLE warrant.decisions DROP CONSTRAINT decisions_request_id_fkey;
ALTER TABLE warrant.deliveries DROP CONSTRAINT deliveries_request_id_fkey;
ALTER TABLE warrant.grants DROP CONSTRAINT grants_request_id_fkey;
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
ALTER TABLE warrant.request_items ADD FOREIGN KEY (request_id) REFERENCES warrant.requests;
ALTER TABLE warrant.decisions ADD FOREIGN KEY (request_id) REFERENCES warrant.requests;
ALTER TABLE warrant.deliveries ADD FOREIGN KEY (request_id) REFERENCES warrant.requests;
ALTER TABLE warrant.grants ADD FOREIGN KEY (request_id) REFERENCES warrant.requests;

CREATE TABLE warrant.reminders (
    request_id bigint,
    due_at timestamptz,
    PRIMARY KEY (request_id) INCLUDE (due_at)
);
CREATE INDEX reminders_due ON warrant.reminders (due_at);

CREATE TABLE warrant.delegations (
    delegator oid,
    delegator_name name NOT NULL,
    delegate oid NOT NULL,
    delegate_name name,
    roles oid[] NOT NULL,
    begun_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    PRIMARY KEY (delegator) INCLUDE (delegate_name)
);
CREATE INDEX delegations_by_delegate ON warrant.delegations (delegate);

-- The recorder numbers them; their sequences were never asked.
ALTER TABLE warrant.requests ALTER COLUMN id DROP IDENTITY;
ALTER TABLE warrant.deliveries ALTER COLUMN id DROP IDENTITY;
ALTER TABLE warrant.grants ALTER COLUMN id DROP IDENTITY;

-- Which policies of effect auto make no grant to whom: what a person has ended, the next statement does not begin again. Sessions read it for each such
-- grant, and keep nothing of it.
CREATE TABLE warrant.auto_stops (
    role oid NOT NULL,
    policy_id bigint NOT NULL,
    until timestamptz NOT NULL,
    stopped_by name NOT NULL,
    reason text,
    grant_id bigint,
    PRIMARY KEY (role, policy_id) INCLUDE (grant_id)
);

-- The different statements of a request: what an exact grant would compare.
CREATE TABLE warrant.request_statements (
    request_id bigint NOT NULL REFERENCES warrant.requests,
    statement_sha256 bytea NOT NULL,
    exact bytea,
    not_exact text,
    parameters text
);
CREATE INDEX ON warrant.request_statements (request_id);
