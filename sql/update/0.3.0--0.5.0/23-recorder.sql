-- Tables of what the recorder knows.

CREATE TABLE warrant.identities (
    role oid CHECK (role IS NOT NULL),
    identity text CHECK (identity IS NOT NULL),
    UNIQUE (role, identity)
);

CREATE TABLE warrant.known_settings (
    name text CHECK (name IS NOT NULL),
    value text NOT NULL,
    UNIQUE (name)
);

ALTER TABLE warrant.recorder_state ADD COLUMN wall_offset bigint, ADD COLUMN boot_id text;

-- A key that pg_repack does not take for such.
ALTER TABLE warrant.action_results DROP CONSTRAINT action_results_pkey;
ALTER TABLE warrant.action_results ADD PRIMARY KEY (action_id) INCLUDE (sqlstate);
