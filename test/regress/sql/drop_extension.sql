-- The extension is not dropped with audit rows, by whatever command, unless the transaction has said that it discards them.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int);
GRANT SELECT ON ledger TO regress_clerk;
SELECT warrant.protect('ledger');
SELECT stage.settle();
SELECT count(*) > 0 AS has_rows FROM warrant.audit_log;
CREATE TABLE attempts (n int GENERATED ALWAYS AS IDENTITY, statement text);
INSERT INTO attempts (statement) VALUES
    ('DROP EXTENSION pg_warrant'),
    ('DROP EXTENSION pg_warrant CASCADE'),
    ('DROP EXTENSION IF EXISTS pg_warrant, plpgsql CASCADE'),
    ('DROP SCHEMA warrant CASCADE'),
    ('DROP SCHEMA warrant_internal CASCADE'),
    ('DO $d$ BEGIN DROP EXTENSION pg_warrant CASCADE; END $d$');
SELECT n, statement, t.state, regexp_replace(t.message || coalesce('; ' || t.hint, ''), '_[0-9]{4}_[0-9]{2}', '') AS message
  FROM attempts, LATERAL (SELECT * FROM stage.try(statement) OFFSET 0) AS t ORDER BY n;
-- Nor with its owner.
CREATE ROLE regress_installer SUPERUSER;
SELECT current_user AS me \gset
UPDATE pg_extension SET extowner = 'regress_installer'::regrole WHERE extname = 'pg_warrant';
INSERT INTO pg_shdepend SELECT d.oid, 'pg_extension'::regclass, e.oid, 0, 'pg_authid'::regclass, 'regress_installer'::regrole, 'o'
  FROM pg_extension e, pg_database d WHERE e.extname = 'pg_warrant' AND d.datname = current_database();
SELECT state FROM stage.try('DROP OWNED BY regress_installer CASCADE');
DELETE FROM pg_shdepend WHERE classid = 'pg_extension'::regclass AND refobjid = 'regress_installer'::regrole;
UPDATE pg_extension SET extowner = :'me'::regrole WHERE extname = 'pg_warrant';
DROP ROLE regress_installer;

-- Only who may, and only in the transaction that drops it.
SELECT warrant.discard_audit_log();
\c - regress_dba
BEGIN;
SELECT warrant.discard_audit_log();
ROLLBACK;
\c - :owner
BEGIN;
SELECT warrant.discard_audit_log() > 0 AS rows_go;
COMMIT;
SELECT state FROM stage.try('DROP EXTENSION pg_warrant CASCADE');
SELECT count(*) FROM warrant.policies WHERE name = 'protect public.ledger';
\c - regress_clerk
SELECT state FROM stage.try('SELECT FROM ledger');
\c - :owner
SET client_min_messages = warning;
BEGIN;
SELECT warrant.discard_audit_log() > 0 AS rows_go;
DROP EXTENSION pg_warrant CASCADE;
ROLLBACK;
SET SESSION AUTHORIZATION regress_clerk;
SELECT state FROM stage.try('SELECT FROM ledger');
RESET SESSION AUTHORIZATION;
-- Dropped and created again in one transaction: for this one the old one counts, after its commit the new one, with a log and rules of its own.
BEGIN;
SELECT warrant.discard_audit_log() > 0 AS rows_go;
DROP EXTENSION pg_warrant CASCADE;
CREATE EXTENSION pg_warrant;
SELECT warrant.protect('ledger');
SELECT count(*) FROM ledger;
SAVEPOINT created;
SET SESSION AUTHORIZATION regress_clerk;
SELECT FROM ledger;
ROLLBACK TO created;
ROLLBACK;
SET SESSION AUTHORIZATION regress_clerk;
SELECT state FROM stage.try('SELECT FROM ledger');
RESET SESSION AUTHORIZATION;
BEGIN;
SELECT warrant.discard_audit_log() > 0 AS rows_go;
DROP EXTENSION pg_warrant CASCADE;
CREATE EXTENSION pg_warrant;
SELECT warrant.protect('ledger');
COMMIT;
SELECT stage.settle();
SELECT min(seq) FROM warrant.audit_log;
\c - regress_clerk
SELECT state, detail FROM stage.try('SELECT FROM ledger');
\c - regress_chief
SELECT warrant.approve(1);
\c - regress_clerk
SELECT state FROM stage.try('SELECT FROM ledger');
\c - :owner
SET client_min_messages = warning;
-- It counts until the commit: in the transaction exempt ones go on, as do event triggers, and for others nothing is open.
CREATE TABLE dropped (name text);
CREATE FUNCTION note_drop() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO dropped SELECT object_name FROM pg_event_trigger_dropped_objects() WHERE object_type = 'extension'; END $$;
CREATE EVENT TRIGGER note_drop ON sql_drop EXECUTE FUNCTION note_drop();
BEGIN;
SELECT warrant.discard_audit_log() > 0 AS rows_go;
DROP EXTENSION pg_warrant CASCADE;
SELECT count(*) FROM ledger;
SAVEPOINT dropped;
SET SESSION AUTHORIZATION regress_clerk;
SELECT 1 AS without_tables;
SELECT FROM ledger;
ROLLBACK TO dropped;
COMMIT;
SELECT name FROM dropped;
DROP EVENT TRIGGER note_drop;
DROP FUNCTION note_drop;
DROP TABLE dropped;
SELECT to_regclass('warrant.audit_log');
-- Without rows nothing is in the way.
REVOKE warrant_approver FROM regress_chief, regress_deputy;
REVOKE warrant_admin FROM regress_dba;
REVOKE warrant_auditor FROM regress_auditor;
BEGIN;
CREATE EXTENSION pg_warrant;
DROP EXTENSION pg_warrant;
COMMIT;
\set file :directory '/sql/include/leave.sql'
\i :file
