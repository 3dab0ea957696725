-- Tables of definitions: policies, webhooks, persons, profiles.
--
-- The unique keys of our tables include a column that may be NULL, or are of such a column. pg_repack, run on a whole database, rewrites each table
-- that has a unique key of NOT NULL columns alone. At ours it is refused, and would stop.

-- Definitions, and their rows of the log, are numbered by the library: whoever may write all data may set any sequence.
CREATE FUNCTION warrant_internal.next_number() RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_next_number';

-- src/rules/policy.cpp has what the gate reads. A column that a release adds stands in 41, beside its parameter: an ALTER TABLE, which the update
-- runs as well.
CREATE TABLE warrant.policies (
    id bigint DEFAULT warrant_internal.next_number(),
    version integer NOT NULL DEFAULT 1,
    name text NOT NULL CHECK (pg_catalog.octet_length(name) BETWEEN 1 AND 128),
    effect text NOT NULL CHECK (effect IN ('open', 'auto', 'approve', 'deny')),
    target_kind "char" NOT NULL CHECK (target_kind IN ('t', 'l', 's', 'd', '!')),
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
ALTER TABLE warrant.policies ADD COLUMN terms_from integer;
ALTER TABLE warrant.policies ADD COLUMN kept_grants bigint[];
COMMENT ON TABLE warrant.policies IS 'who may do what to which object: open, by approval, or not at all';
COMMENT ON COLUMN warrant.policies.version IS '1, and one more each time that it is altered, or put on an object made anew';
COMMENT ON COLUMN warrant.policies.terms_from IS 'the version since which grants and votes have been given under its present terms; earlier ones do not count. NULL: all count';
COMMENT ON COLUMN warrant.policies.kept_grants IS 'the grants that count all the same, because they would be given again';
COMMENT ON COLUMN warrant.policies.target_kind IS 't: a relation, l: the relations of a label, s: a schema, d: this database; !: the sentinel';
COMMENT ON COLUMN warrant.policies.target IS 'OID of the object; 0 once it is gone';
COMMENT ON COLUMN warrant.policies.target_name IS 'name of the relation, or the label; empty for other kinds';
COMMENT ON COLUMN warrant.policies.for_roles IS 'OIDs; 0 in the place of a role that is gone';
COMMENT ON COLUMN warrant.policies.audit_wait IS 'a statement waits until its row of the log is durable';

-- Each read of policies must see this sentinel: a table without it is being rewritten, not empty.
INSERT INTO warrant.policies (id, name, effect, target_kind, target, target_schema, target_name, commands, for_roles, except_roles, priority,
    mode, audit, audit_wait, for_role_names, except_role_names, min_approvals, approver_role, approver_role_name, require_reason)
VALUES (1, 'sentinel', 'deny', '!', 0, '', '', '{ALL}', '{}', '{}', 0, 'enforce', 'none', false, '{}', '{}', 1, 0, '', false);

CREATE TABLE warrant.webhooks (
    id bigint DEFAULT warrant_internal.next_number(),
    name text NOT NULL CHECK (pg_catalog.octet_length(name) BETWEEN 1 AND 48),
    url text NOT NULL,
    kind text NOT NULL,
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
COMMENT ON TABLE warrant.webhooks IS 'HTTPS endpoints that are sent signed messages';
COMMENT ON COLUMN warrant.webhooks.allowed_networks IS 'inner networks that it may lead to';
COMMENT ON COLUMN warrant.webhooks.enabled IS 'nothing is sent otherwise, as in an adopted copy; warrant.enable_webhook ends it';
COMMENT ON COLUMN warrant.webhooks.secret_name IS 'the name of its keys in the file that pg_warrant.secret_file names';

CREATE TABLE warrant.persons (
    role oid,
    role_name name,
    person text NOT NULL CHECK (person <> ''),
    PRIMARY KEY (role) INCLUDE (role_name)
);
COMMENT ON TABLE warrant.persons IS 'which roles are logins of one human, for four eyes and quorums';

CREATE TABLE warrant.profiles (
    id bigint DEFAULT warrant_internal.next_number(),
    name text NOT NULL CHECK (pg_catalog.octet_length(name) BETWEEN 1 AND 128),
    commands text[] NOT NULL,
    target_kind "char" NOT NULL CHECK (target_kind IN ('t', 's', 'd')),
    target oid NOT NULL,
    target_schema name NOT NULL,
    target_name name NOT NULL,
    for_roles oid[] NOT NULL,
    for_role_names name[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    created_by name DEFAULT session_user,
    PRIMARY KEY (id) INCLUDE (created_by),
    CONSTRAINT profiles_name_key UNIQUE (name) INCLUDE (created_by)
);
COMMENT ON TABLE warrant.profiles IS 'commands on a target that may be asked for by one name';
COMMENT ON COLUMN warrant.profiles.commands IS 'as they were given, groups not spelled out';
COMMENT ON COLUMN warrant.profiles.target_kind IS 't: a relation, s: a schema, d: this database';
COMMENT ON COLUMN warrant.profiles.target IS 'OID of the object; 0 once it is gone';
COMMENT ON COLUMN warrant.profiles.for_roles IS 'OIDs of the roles whose members may ask for it, none for everybody; 0 in the place of a role that is gone';
