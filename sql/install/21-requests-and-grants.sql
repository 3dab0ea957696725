-- Tables of requests, with their decisions and deliveries, and of grants. The recorder alone writes them, but for the leases of deliveries.

CREATE TABLE warrant.requests (
    id bigint,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('draft', 'pending', 'approved', 'denied', 'cancelled', 'expired')),
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
    PRIMARY KEY (id) INCLUDE (max_uses)
);
CREATE INDEX requests_pending ON warrant.requests (requester, request_key) WHERE state = 'pending';
CREATE INDEX requests_by_requester ON warrant.requests (requester, requested_at);
CREATE INDEX requests_to_expire ON warrant.requests (expires_at) WHERE state = 'pending';
CREATE INDEX drafts ON warrant.requests (requester, request_key) WHERE state = 'draft';
CREATE INDEX drafts_to_expire ON warrant.requests (expires_at) WHERE state = 'draft';
COMMENT ON TABLE warrant.requests IS 'what somebody asked for, and what became of it';
COMMENT ON COLUMN warrant.requests.state IS 'draft: it lacks what its policy requires, and nobody is asked';
COMMENT ON COLUMN warrant.requests.person IS 'the requester''s, as known when it was filed';
COMMENT ON COLUMN warrant.requests.request_key IS 'digest of its items, by which a pending one for the same is found';
COMMENT ON COLUMN warrant.requests.awaited IS 'a webhook has not yet given its first answer';
ALTER TABLE warrant.requests ADD COLUMN amended_at timestamptz;
COMMENT ON COLUMN warrant.requests.amended_at IS 'when it got other words last; approvals given before are void';
ALTER TABLE warrant.requests ADD COLUMN version integer NOT NULL DEFAULT 1;
COMMENT ON COLUMN warrant.requests.version IS 'grows when it is amended; who approves an amended one names it';
ALTER TABLE warrant.requests ADD COLUMN changed_in jsonb;
COMMENT ON COLUMN warrant.requests.changed_in IS 'which words were amended, each with the version that changed it last';
ALTER TABLE warrant.requests ADD COLUMN extends_grant bigint;
ALTER TABLE warrant.requests ADD COLUMN max_rows bigint;
COMMENT ON COLUMN warrant.requests.max_rows IS 'rows that each statement may read and write; NULL for what the policy allows';
ALTER TABLE warrant.requests ADD COLUMN exact bytea;
COMMENT ON COLUMN warrant.requests.exact IS 'the identity of the one statement that it asks for; NULL where it asks for commands';
COMMENT ON COLUMN warrant.requests.extends_grant IS 'the grant at whose end the new one''s duration begins; NULL for a request of its own';
ALTER TABLE warrant.requests ADD COLUMN profile text;
COMMENT ON COLUMN warrant.requests.profile IS 'the profile by whose name it was asked for; NULL where it was written out';
ALTER TABLE warrant.requests ADD COLUMN ticket text;
ALTER TABLE warrant.requests ADD COLUMN ticket_fits text[];
COMMENT ON COLUMN warrant.requests.ticket_fits IS 'the patterns that its ticket was seen to match';
ALTER TABLE warrant.requests ADD COLUMN starts_at timestamptz;
COMMENT ON COLUMN warrant.requests.starts_at IS 'before which its grant does not begin; NULL: it begins with the approval';

ALTER TABLE warrant.requests ADD COLUMN reminded_at timestamptz;
ALTER TABLE warrant.requests ADD COLUMN escalated_at timestamptz;
ALTER TABLE warrant.requests ADD COLUMN escalated bigint[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN warrant.requests.escalated IS 'the policies of it whose escalate_to may decide, too';
ALTER TABLE warrant.requests ADD COLUMN escalated_to oid[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN warrant.requests.escalated_to IS 'the role that each of them named then';
ALTER TABLE warrant.requests ADD COLUMN closed_by name;
COMMENT ON COLUMN warrant.requests.closed_by IS 'who ended it otherwise than by a decision; NULL when the gate did';
ALTER TABLE warrant.requests ADD COLUMN close_reason text;
COMMENT ON COLUMN warrant.requests.close_reason IS 'why it ended otherwise than by a decision';

CREATE TABLE warrant.reminders (
    request_id bigint,
    due_at timestamptz,
    PRIMARY KEY (request_id) INCLUDE (due_at)
);
CREATE INDEX reminders_due ON warrant.reminders (due_at);
COMMENT ON TABLE warrant.reminders IS 'internal: when the recorder looks at a pending request again, to remind its approvers or to let others decide, too';

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
ALTER TABLE warrant.request_items ADD COLUMN columns smallint[];
ALTER TABLE warrant.request_items ADD COLUMN column_names name[];
COMMENT ON COLUMN warrant.request_items.columns IS 'for SELECT, INSERT, UPDATE and EXPORT: of which columns of the relation, by number; NULL: of all';
COMMENT ON COLUMN warrant.request_items.column_names IS 'these columns'' names when it was filed';

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
COMMENT ON COLUMN warrant.decisions.approver IS 'OID; 0 for a webhook';
ALTER TABLE warrant.decisions ADD COLUMN commands text[];
ALTER TABLE warrant.decisions ADD COLUMN objects text[];
ALTER TABLE warrant.decisions ADD COLUMN max_rows bigint;
COMMENT ON COLUMN warrant.decisions.max_rows IS 'rows that each statement may read and write; NULL for what was asked for';
ALTER TABLE warrant.decisions ADD COLUMN exact bytea;
COMMENT ON COLUMN warrant.decisions.exact IS 'the identity of the one statement that is approved; NULL for whatever the commands serve';
COMMENT ON COLUMN warrant.decisions.commands IS 'the commands that are approved, of those asked for; NULL for all';
COMMENT ON COLUMN warrant.decisions.objects IS 'the objects for which it is approved, each kind and OID; NULL for all';

ALTER TABLE warrant.decisions ADD COLUMN voted_for oid[];
ALTER TABLE warrant.decisions ADD COLUMN voted_for_names name[];
COMMENT ON COLUMN warrant.decisions.voted_for IS 'the roles whose delegated votes it is as well, where they are members of an approver role that the approver is none of; NULL for none';
COMMENT ON COLUMN warrant.decisions.voted_for_names IS 'their names when it was given';

-- The different statements of a request: what an exact grant would compare.
CREATE TABLE warrant.request_statements (
    request_id bigint NOT NULL REFERENCES warrant.requests,
    statement_sha256 bytea NOT NULL,
    exact bytea,
    not_exact text,
    parameters text
);
CREATE INDEX ON warrant.request_statements (request_id);
COMMENT ON TABLE warrant.request_statements IS 'the different statements that were refused for a request, or asked for, up to 20';
COMMENT ON COLUMN warrant.request_statements.exact IS 'the statement''s identity: digests of its text, parameters, session and objects; NULL where it cannot be approved exactly';
COMMENT ON COLUMN warrant.request_statements.not_exact IS 'why it cannot';
COMMENT ON COLUMN warrant.request_statements.parameters IS 'the values of its parameters';
ALTER TABLE warrant.request_statements ADD COLUMN prepared text;
COMMENT ON COLUMN warrant.request_statements.prepared IS 'of EXECUTE: the query that was prepared under the name that it gives';

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
COMMENT ON TABLE warrant.delegations IS 'who decides for whom, and until when; ended ones are in the audit log';
COMMENT ON COLUMN warrant.delegations.roles IS 'the approver roles of the delegator when it began: it ends when he is a member of none of them';

-- One message to one webhook. facts holds all that is sent, so that every attempt sends the same bytes.
CREATE TABLE warrant.deliveries (
    id bigint,
    request_id bigint REFERENCES warrant.requests,
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
COMMENT ON COLUMN warrant.deliveries.request_id IS 'NULL in a message that is about no request; what a webhook is to decide is always about one';
COMMENT ON COLUMN warrant.deliveries.state IS 'dead: after an error that does not pass; dropped: nobody waited for it any more';
COMMENT ON COLUMN warrant.deliveries.next_at IS 'when it is tried next; while it is sent, when its lease ends';
COMMENT ON COLUMN warrant.deliveries.awaited IS 'it has had no answer, and no error, since somebody was refused by its request';
COMMENT ON COLUMN warrant.deliveries.not_before IS 'what the endpoint asked for with Retry-After';

CREATE TABLE warrant.grants (
    id bigint,
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
ALTER TABLE warrant.grants ADD COLUMN max_rows bigint;
COMMENT ON COLUMN warrant.grants.max_rows IS 'rows that each statement may read and write; NULL for no limit';
CREATE INDEX grants_to_expire ON warrant.grants (ends_at) WHERE closed_at IS NULL;
CREATE INDEX grants_by_grantee ON warrant.grants (grantee, ends_at);
ALTER TABLE warrant.grants ADD COLUMN ticket text;
ALTER TABLE warrant.grants ADD COLUMN exact bytea;
COMMENT ON COLUMN warrant.grants.exact IS 'the identity of the one statement that it serves; NULL for whatever its scopes cover';
COMMENT ON TABLE warrant.grants IS 'approvals: who may, until when, and how they ended';
COMMENT ON COLUMN warrant.grants.closed_by IS 'who revoked it; NULL when the gate ended it';
ALTER TABLE warrant.grants ADD COLUMN close_event text;
COMMENT ON COLUMN warrant.grants.close_event IS 'the event by which it was closed; NULL while it is not, and in what an older release closed';

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
    max_uses integer
);
CREATE INDEX grant_scopes_by_target ON warrant.grant_scopes (grantee, target) WHERE NOT closed;
CREATE INDEX ON warrant.grant_scopes (grant_id);
CREATE INDEX grant_scopes_by_policy ON warrant.grant_scopes (policy_id) WHERE NOT closed;
COMMENT ON COLUMN warrant.grant_scopes.members IS 'who was a member of the grantee when it was made, and may use it while he is';
ALTER TABLE warrant.grant_scopes ADD COLUMN granters text[];
COMMENT ON COLUMN warrant.grant_scopes.granters IS 'the persons who approved it, who cannot use it themselves, whatever their login';
ALTER TABLE warrant.grant_scopes ADD COLUMN policy_version integer;
ALTER TABLE warrant.grant_scopes ADD COLUMN exact bytea;
COMMENT ON COLUMN warrant.grant_scopes.exact IS 'as that of the grant';
COMMENT ON COLUMN warrant.grant_scopes.policy_version IS 'of the policy when it was made';
ALTER TABLE warrant.grant_scopes ADD COLUMN columns smallint[];
ALTER TABLE warrant.grant_scopes ADD COLUMN column_names name[];
COMMENT ON COLUMN warrant.grant_scopes.columns IS 'for SELECT, INSERT, UPDATE and EXPORT: of which columns of the relation, by number; NULL: of all';
COMMENT ON COLUMN warrant.grant_scopes.column_names IS 'these columns'' names when it was made';
ALTER TABLE warrant.grant_scopes ADD COLUMN max_rows bigint;
COMMENT ON COLUMN warrant.grant_scopes.max_rows IS 'that of the grant';
COMMENT ON TABLE warrant.grant_scopes IS 'what a grant covers, each part under the policy that it satisfied';

-- One row for each limited grant. The table has no trigger: a use voids nobody's cache, because decisions under limited grants are not kept.
CREATE TABLE warrant.grant_uses (
    grant_id bigint CHECK (grant_id IS NOT NULL),
    uses_left integer NOT NULL CHECK (uses_left >= 0),
    CONSTRAINT grant_uses_pkey UNIQUE (grant_id)
) WITH (fillfactor = 50);
ALTER TABLE warrant.grant_uses ADD COLUMN used_at timestamptz;
COMMENT ON COLUMN warrant.grant_uses.used_at IS 'when the last statement ran under it';
COMMENT ON TABLE warrant.grant_uses IS 'how many statements may still run under a grant of a limited number of uses';

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
COMMENT ON TABLE warrant.auto_stops IS 'to whom a policy of effect auto makes no grant, because its grants were revoked';
COMMENT ON COLUMN warrant.auto_stops.grant_id IS 'the grant that was revoked; NULL where all were';

-- The sentinel names the grants' home: server (in policy_id), database (in target) and instance (in schema_name). In a copy of the database no grant
-- lives.
INSERT INTO warrant.grant_scopes
SELECT 0, 0, c.system_identifier, '!', d.oid, '{ALL}', '-infinity', '-infinity', false, '{}', pg_catalog.current_setting('pg_warrant.instance'), '', 'sentinel', NULL
  FROM pg_catalog.pg_control_system() AS c, pg_catalog.pg_database AS d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database();
