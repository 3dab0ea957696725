-- Tables in which the recorder keeps what it knows, and how far it has come.

CREATE TABLE warrant.identities (
    role oid CHECK (role IS NOT NULL),
    identity text CHECK (identity IS NOT NULL),
    UNIQUE (role, identity)
);
COMMENT ON TABLE warrant.identities IS 'as whom the server has authenticated the logins that have asked, decided or been refused: two logins of one identity are one human';

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
COMMENT ON TABLE warrant.action_results IS 'internal: what became of each action, for warrant.action_result; kept for a day';

CREATE TABLE warrant.known_settings (
    name text CHECK (name IS NOT NULL),
    value text NOT NULL,
    UNIQUE (name)
);
COMMENT ON TABLE warrant.known_settings IS 'the settings of pg_warrant as the log knows them';

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
COMMENT ON TABLE warrant.recorder_state IS 'internal: how far the recorder has come';
