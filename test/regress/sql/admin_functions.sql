-- Functions that read or write the server's files, pages of tables or decoded changes are ADMIN where something is protected, however they are called.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/outcome.sql'
\i :file
SET client_min_messages = warning;
CREATE EXTENSION pageinspect;
RESET client_min_messages;
GRANT pg_read_server_files, pg_write_server_files TO regress_clerk;
ALTER ROLE regress_clerk REPLICATION;
GRANT EXECUTE ON FUNCTION pg_read_file(text), pg_read_file(text, bigint, bigint), pg_read_file(text, bigint, bigint, boolean), pg_read_binary_file(text),
    pg_read_binary_file(text, bigint, bigint), pg_read_binary_file(text, bigint, bigint, boolean), pg_ls_dir(text), pg_ls_dir(text, boolean, boolean),
    pg_stat_file(text), pg_stat_file(text, boolean), lo_import(text), lo_import(text, oid), lo_export(oid, text) TO regress_clerk;
\c - regress_clerk
CREATE TABLE ledger (a int);
INSERT INTO ledger VALUES (1);
CREATE FUNCTION peek() RETURNS text LANGUAGE sql AS 'SELECT pg_read_file(''PG_VERSION'')';
CREATE FUNCTION peek_inside() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    seen text := pg_read_file('PG_VERSION');
BEGIN
    RETURN seen;
END;
$$;
CREATE FUNCTION swallow() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN pg_read_file('PG_VERSION');
EXCEPTION WHEN insufficient_privilege THEN
    RETURN 'nothing';
END;
$$;
SELECT lo_from_bytea(4712, 'a');
CREATE PROCEDURE take(seen text) LANGUAGE plpgsql AS 'BEGIN END';
CREATE VIEW shown AS SELECT pg_read_file('PG_VERSION');
CREATE TABLE seen (a text DEFAULT pg_read_file('PG_VERSION'));
\c - :owner
INSERT INTO stage.attempts (statement) VALUES
    ('SELECT pg_read_file(''PG_VERSION'')'),
    ('SELECT pg_read_file(''PG_VERSION'', 0, 1)'),
    ('SELECT pg_read_file(''PG_VERSION'', 0, 1, true)'),
    ('SELECT pg_read_binary_file(''PG_VERSION'')'),
    ('SELECT pg_read_binary_file(''PG_VERSION'', 0, 1)'),
    ('SELECT pg_read_binary_file(''PG_VERSION'', 0, 1, true)'),
    ('SELECT pg_ls_dir(''base'')'),
    ('SELECT * FROM pg_ls_dir(''base'', true, true)'),
    ('SELECT * FROM pg_stat_file(''PG_VERSION'')'),
    ('SELECT * FROM pg_stat_file(''PG_VERSION'', true)'),
    ('SELECT lo_import(''PG_VERSION'')'),
    ('SELECT lo_import(''PG_VERSION'', 4711)'),
    ('SELECT lo_export(4712, ''/dev/null'')'),
    ('SELECT * FROM pg_logical_slot_get_changes(''none'', NULL, NULL)'),
    ('SELECT * FROM pg_logical_slot_get_binary_changes(''none'', NULL, NULL)'),
    ('SELECT * FROM pg_logical_slot_peek_changes(''none'', NULL, NULL)'),
    ('SELECT * FROM pg_logical_slot_peek_binary_changes(''none'', NULL, NULL)'),
    ('SELECT peek()'),
    ('SELECT peek_inside()'),
    ('SELECT * FROM shown'),
    ('INSERT INTO seen DEFAULT VALUES'),
    ('CALL take(pg_read_file(''PG_VERSION''))'),
    ('DO $d$ BEGIN PERFORM pg_read_file(''PG_VERSION''); END $d$'),
    ('EXPLAIN SELECT pg_read_file(''PG_VERSION'')'),
    ('SELECT query_to_xml(''SELECT pg_read_file(''''PG_VERSION'''')'', false, false, '''')'),
    -- Neither what only tells of files, nor large objects that stay inside.
    ('SELECT pg_relation_size(''ledger'')'),
    ('SELECT lo_get(4712)');
CREATE TABLE strict (n int GENERATED ALWAYS AS IDENTITY, statement text);
INSERT INTO strict (statement) VALUES
    ('SELECT get_raw_page(''ledger'', 0)'),
    ('SELECT get_raw_page(''ledger'', ''main'', 0)'),
    ('SELECT bt_metap(''pg_class_oid_index'')'),
    ('SELECT heap_page_items(NULL)'),
    ('SELECT pg_backend_pid() > 0');
-- Nothing is protected.
\c - regress_clerk
SELECT * FROM stage.outcomes() WHERE outcome <> 'runs';

\c - :owner
SET client_min_messages = warning;
SELECT warrant.protect('ledger');
\c - regress_clerk
SELECT * FROM stage.outcomes();
-- As the client's own statement, before its first row; the call is part of that statement's audit.
SELECT length(pg_read_file('PG_VERSION')) > 0 AS read;
SELECT swallow();
\c - :owner
SELECT count(*) FROM stage.news() WHERE event = 'refused' AND command <> 'ADMIN';
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{ADMIN}', on_database => true) AS "grant" \gset
\c - regress_clerk
SELECT * FROM stage.outcomes() WHERE outcome <> 'runs';
PREPARE kept AS SELECT length(pg_read_file('PG_VERSION')) > 0 AS read;
EXECUTE kept;
\c - :owner
SELECT count(*) > 0 AS seen FROM stage.news();
\c - regress_clerk
SELECT /* mine */ length(pg_read_file('PG_VERSION')) > 0 AS read, length(pg_read_file('PG_VERSION')) > 0 AS again;
SELECT length(swallow()) < 7 AS read;
\c - :owner
SELECT event, who, command, relation, "grant", n, outcome, rows FROM stage.news();
\c - regress_chief
SELECT warrant.revoke(:grant);
\c - regress_clerk
SELECT length(pg_read_file('PG_VERSION')) > 0 AS read;

-- Pages, for those who may read them.
\c - :owner
ALTER SYSTEM SET pg_warrant.enforce_superuser = on;
SELECT pg_reload_conf();
\c -
SHOW pg_warrant.enforce_superuser;
SELECT statement, stage.outcome(statement) FROM strict ORDER BY n;
ALTER SYSTEM RESET pg_warrant.enforce_superuser;
SELECT pg_reload_conf();
\c -
SHOW pg_warrant.enforce_superuser;
SELECT statement, stage.outcome(statement) FROM strict ORDER BY n;
\set file :directory '/sql/include/leave.sql'
\i :file
