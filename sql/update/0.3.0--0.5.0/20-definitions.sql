-- Keys that pg_repack does not take for such, so that it leaves our tables out.
ALTER TABLE warrant.policies DROP CONSTRAINT policies_pkey, DROP CONSTRAINT policies_name_key;
ALTER TABLE warrant.policies ADD PRIMARY KEY (id) INCLUDE (max_uses), ADD CONSTRAINT policies_name_key UNIQUE (name) INCLUDE (max_uses);
ALTER TABLE warrant.webhooks DROP CONSTRAINT webhooks_pkey, DROP CONSTRAINT webhooks_name_key, ALTER COLUMN created_by DROP NOT NULL;
ALTER TABLE warrant.webhooks ADD PRIMARY KEY (id) INCLUDE (created_by), ADD CONSTRAINT webhooks_name_key UNIQUE (name) INCLUDE (created_by);
ALTER TABLE warrant.persons DROP CONSTRAINT persons_pkey, ALTER COLUMN role_name DROP NOT NULL;
ALTER TABLE warrant.persons ADD PRIMARY KEY (role) INCLUDE (role_name);

-- Policies on labels.
ALTER TABLE warrant.policies DROP CONSTRAINT policies_target_kind_check;
ALTER TABLE warrant.policies ADD CONSTRAINT policies_target_kind_check CHECK (target_kind IN ('t', 'l', 's', 'd', '!'));
ALTER TABLE warrant.policies DROP CONSTRAINT policies_effect_check, ADD CONSTRAINT policies_effect_check CHECK (effect IN ('open', 'auto', 'approve', 'deny'));

-- Which kinds there are says a function.
ALTER TABLE warrant.webhooks DROP CONSTRAINT webhooks_kind_check;

-- Numbers of definitions come from the library, not from sequences.
CREATE FUNCTION warrant_internal.next_number() RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_next_number';
ALTER TABLE warrant.policies ALTER COLUMN id DROP IDENTITY, ALTER COLUMN id SET DEFAULT warrant_internal.next_number();
ALTER TABLE warrant.webhooks ALTER COLUMN id DROP IDENTITY, ALTER COLUMN id SET DEFAULT warrant_internal.next_number();

-- What was ALL has become more.
UPDATE warrant.policies SET commands = warrant.expand_commands(commands OPERATOR(pg_catalog.||) '{UPDATE_ALL,DELETE_ALL}'::pg_catalog.text[])
 WHERE commands OPERATOR(pg_catalog.@>) '{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,LOCK,EXPORT,MAINTAIN,ALTER,DROP,CREATE,GRANT}'::pg_catalog.text[];

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
