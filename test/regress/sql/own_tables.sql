-- The gate's own tables: nobody but its functions and workers writes, locks or alters them, superusers included, in every mode.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int);
GRANT ALL ON ledger TO regress_clerk;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
SELECT warrant.protect('ledger');
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'ledger');
\c - :owner
CREATE TABLE stage.stray (a int);
CREATE FUNCTION stage.stray() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$ SELECT $$;
CREATE DOMAIN stage.stray_domain AS int;
CREATE TABLE attempts (n int GENERATED ALWAYS AS IDENTITY, statement text);
INSERT INTO attempts (statement) VALUES
    ('INSERT INTO warrant.persons VALUES (10, ''x'', ''y'')'),
    ('INSERT INTO warrant.grant_scopes SELECT * FROM warrant.grant_scopes'),
    ('UPDATE warrant.policies SET mode = ''monitor'''),
    ('UPDATE warrant.requests SET state = ''approved'''),
    ('UPDATE warrant.recorder_state SET last_seq = 0'),
    ('DELETE FROM warrant.policies'),
    ('DELETE FROM warrant.audit_log'),
    ('DELETE FROM warrant.audit_unsealed'),
    ('WITH gone AS (DELETE FROM warrant.audit_log RETURNING 1) SELECT count(*) FROM gone'),
    ('MERGE INTO warrant.persons p USING (SELECT 1) AS s ON true WHEN MATCHED THEN DELETE'),
    ('SELECT FROM warrant.policies FOR UPDATE'),
    ('SELECT FROM warrant.policies FOR KEY SHARE'),
    ('COPY warrant.decisions FROM ''/dev/null'''),
    ('TRUNCATE warrant.audit_log'),
    ('TRUNCATE ledger, warrant.decisions'),
    ('TRUNCATE warrant.requests CASCADE'),
    ('LOCK TABLE warrant.policies'),
    ('LOCK warrant.grant_scopes IN ROW SHARE MODE'),
    ('LOCK warrant.pending'),
    ('ALTER TABLE warrant.policies ADD COLUMN x int'),
    ('ALTER TABLE warrant.policies DISABLE TRIGGER ALL'),
    ('ALTER TABLE warrant.policies OWNER TO regress_clerk'),
    ('ALTER TABLE warrant.policies RENAME TO gone'),
    ('ALTER TABLE warrant.policies RENAME COLUMN name TO gone'),
    ('ALTER TABLE warrant.policies SET SCHEMA public'),
    ('ALTER TABLE warrant.policies ENABLE ROW LEVEL SECURITY'),
    ('ALTER TABLE warrant.policies SET UNLOGGED'),
    ('ALTER INDEX warrant.policies_by_target RENAME TO gone'),
    ('ALTER VIEW warrant.pending RENAME TO gone'),
    ('ALTER TABLE warrant.requests ALTER id ADD GENERATED ALWAYS AS IDENTITY'),
    ('ALTER TABLE ledger ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES warrant.persons (role)'),
    ('ALTER TABLE ledger INHERIT warrant.policy_epoch'),
    ('CREATE TABLE tied (a oid REFERENCES warrant.persons)'),
    ('CREATE TABLE tied (a bigint, FOREIGN KEY (a) REFERENCES warrant.requests)'),
    ('CREATE TABLE heir () INHERITS (warrant.persons)'),
    ('CREATE TRIGGER t BEFORE INSERT ON warrant.policies FOR EACH ROW EXECUTE FUNCTION f()'),
    ('CREATE RULE r AS ON INSERT TO warrant.persons DO INSTEAD NOTHING'),
    ('CREATE POLICY p ON warrant.policies'),
    ('CREATE INDEX ON warrant.policies (name)'),
    ('REINDEX TABLE warrant.policies'),
    ('CLUSTER warrant.policies USING policies_pkey'),
    ('DROP TABLE warrant.policies'),
    ('DROP TABLE warrant.audit_log CASCADE'),
    ('DROP INDEX warrant.policies_by_target'),
    ('DROP TRIGGER invalidate ON warrant.policies'),
    ('DROP VIEW warrant.pending'),
    ('DROP FUNCTION warrant.revoke(bigint, text)'),
    ('CREATE FUNCTION warrant.mine() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$$$'),
    ('CREATE FUNCTION warrant_internal.mine() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$$$'),
    ('ALTER FUNCTION warrant_internal.act(text, jsonb, jsonb, jsonb, bytea, text) SECURITY DEFINER'),
    ('ALTER FUNCTION warrant_internal.sweep() RENAME TO gone'),
    ('ALTER FUNCTION warrant_internal.sweep() OWNER TO regress_clerk'),
    ('ALTER FUNCTION warrant_internal.sweep() SET SCHEMA public'),
    ('ALTER PROCEDURE warrant.wait_for(bigint, interval) RENAME TO gone'),
    ('ALTER TYPE warrant_internal.item RENAME TO gone'),
    ('ALTER TYPE warrant_internal.item OWNER TO regress_clerk'),
    ('ALTER TYPE warrant_internal.item SET SCHEMA public'),
    ('ALTER TYPE warrant_internal.item ADD ATTRIBUTE stray int'),
    ('DROP FUNCTION warrant_internal.fail(text, text, text, text)'),
    ('ALTER EXTENSION pg_warrant DROP TABLE warrant.policies'),
    ('ALTER EXTENSION pg_warrant DROP SCHEMA warrant_internal'),
    ('DROP SCHEMA warrant_internal CASCADE'),
    ('ALTER SCHEMA warrant_internal RENAME TO gone'),
    ('DROP SCHEMA warrant CASCADE'),
    ('ALTER SCHEMA warrant RENAME TO gone'),
    ('CREATE TABLE warrant.stray (a int)'),
    ('CREATE TABLE warrant.stray AS SELECT 1 AS a'),
    ('SELECT 1 AS a INTO warrant.stray'),
    ('CREATE VIEW warrant.stray AS SELECT 1 AS a'),
    ('CREATE MATERIALIZED VIEW warrant.stray AS SELECT 1 AS a'),
    ('CREATE SEQUENCE warrant.stray'),
    ('CREATE TYPE warrant.stray AS ENUM ()'),
    ('CREATE TABLE warrant_internal.stray (a int)'),
    ('CREATE TYPE warrant_internal.stray AS (a int)'),
    ('CREATE DOMAIN warrant.stray AS int'),
    ('CREATE COLLATION warrant.stray FROM "C"'),
    ('ALTER TABLE stage.stray SET SCHEMA warrant'),
    ('ALTER FUNCTION stage.stray() SET SCHEMA warrant'),
    ('ALTER FUNCTION stage.stray() SET SCHEMA warrant_internal'),
    ('ALTER TABLE stage.stray SET SCHEMA warrant_internal'),
    ('ALTER DOMAIN stage.stray_domain SET SCHEMA warrant'),
    ('DO $d$ BEGIN DELETE FROM warrant.policies; END $d$'),
    ('SELECT warrant_internal.seal(''allowed'', ''{}'')'),
    ('SELECT warrant_internal.act(''approve'', jsonb_build_object(''session_user_oid'', ''regress_chief''::regrole::oid), ''{"request_id": 1}'', NULL, NULL, NULL)');
SELECT n, statement, t.state, CASE WHEN t.message LIKE '%belongs to the gate' THEN 'the gate''s' ELSE t.message END AS message
  FROM attempts, LATERAL (SELECT * FROM stage.try(statement) OFFSET 0) AS t ORDER BY n;
VACUUM FULL warrant.policies;
VACUUM warrant.policies;
ANALYZE warrant.policies;
SELECT * FROM stage.try('UPDATE warrant.policies SET mode = ''monitor''');
-- SELECT is allowed, and everything is as it was.
SELECT name, mode FROM warrant.policies ORDER BY id;
SELECT count(*) FROM warrant.persons;
SELECT id, state FROM warrant.requests;

-- In monitor mode and when the gate is off as well.
ALTER SYSTEM SET pg_warrant.enforcement = monitor;
SELECT pg_reload_conf();
\c -
SHOW pg_warrant.enforcement;
SELECT n, statement FROM attempts, LATERAL (SELECT * FROM stage.try(statement) OFFSET 0) AS t WHERE t.state NOT IN ('42501', '2BP01') ORDER BY n;
ALTER SYSTEM SET pg_warrant.enforcement = off;
SELECT pg_reload_conf();
\c -
SHOW pg_warrant.enforcement;
SELECT n, statement FROM attempts, LATERAL (SELECT * FROM stage.try(statement) OFFSET 0) AS t WHERE t.state NOT IN ('42501', '2BP01') ORDER BY n;
ALTER SYSTEM RESET pg_warrant.enforcement;
SELECT pg_reload_conf();
\c -
SHOW pg_warrant.enforcement;

-- Neither pg_write_all_data, nor a warrant role, nor SET ROLE helps.
CREATE ROLE regress_writer LOGIN IN ROLE pg_write_all_data, pg_read_all_data, warrant_admin, warrant_exempt;
GRANT ALL ON ALL TABLES IN SCHEMA warrant TO regress_writer;
GRANT USAGE, CREATE ON SCHEMA warrant, warrant_internal TO regress_writer;
GRANT ALL ON attempts TO regress_writer;
\c - regress_writer
SELECT n, statement FROM attempts, LATERAL (SELECT * FROM stage.try(statement) OFFSET 0) AS t WHERE t.state NOT IN ('42501', '2BP01') ORDER BY n;

-- Whoever may write all data may set any sequence. No policy takes over the grants of one in whose place it stands: nothing of ours is numbered by one.
\c - :owner
SELECT warrant.create_policy('first', 'approve', on_table => 'ledger', commands => '{UPDATE}', priority => 1);
\c - regress_clerk
SELECT warrant.request('{UPDATE}', on_table => 'ledger');
\c - regress_chief
SELECT warrant.approve(2);
\c - regress_clerk
UPDATE ledger SET a = 1 WHERE a IS NOT NULL;
\c - regress_writer
CREATE FUNCTION pg_temp.set_sequences(number bigint) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(setval(oid, number, false)) FROM pg_class WHERE relnamespace IN ('warrant'::regnamespace, 'warrant_internal'::regnamespace) AND relkind = 'S' $$;
SELECT pg_temp.set_sequences((SELECT id FROM warrant.policies WHERE name = 'first'));
\c - :owner
SELECT warrant.drop_policy('first');
SELECT warrant.create_policy('second', 'approve', on_table => 'ledger', commands => '{UPDATE}', priority => 1, min_approvals => 2, max_duration => '10 min');
\c - regress_clerk
UPDATE ledger SET a = 1 WHERE a IS NOT NULL;
\c - regress_writer
CREATE FUNCTION pg_temp.set_sequences(number bigint) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(setval(oid, number)) FROM pg_class WHERE relnamespace IN ('warrant'::regnamespace, 'warrant_internal'::regnamespace) AND relkind = 'S' $$;
SELECT pg_temp.set_sequences(9223372036854775807);
\c - :owner
SELECT warrant.create_policy('third', 'deny', on_table => 'ledger', commands => '{INSERT}');
SELECT warrant.create_policy('third', 'deny', on_table => 'ledger', commands => '{INSERT}');
SELECT warrant.drop_policy('third');
\c - regress_clerk
SELECT warrant.request('{DELETE}', on_table => 'ledger');
\c - regress_chief
SELECT warrant.approve(4);
\c - :owner
DROP OWNED BY regress_writer;
DROP ROLE regress_writer;
-- A tool that rewrites whatever has a unique key of columns that cannot be NULL, as pg_repack does with a whole database, leaves ours out.
SELECT i.indexrelid::regclass FROM pg_index i WHERE i.indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'warrant'::regnamespace AND relkind = 'r')
   AND i.indisunique AND i.indpred IS NULL AND 0 <> ALL (i.indkey)
   AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) AND NOT a.attnotnull);
\set file :directory '/sql/include/leave.sql'
\i :file
