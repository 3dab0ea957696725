-- What is for users is in schema warrant, and says what it is; what the extension alone calls is in warrant_internal, where nobody else calls it.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
-- Nothing that users see is without a comment.
SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'warrant'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL;
SELECT c.oid::regclass FROM pg_class c
 WHERE c.relnamespace = 'warrant'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition AND obj_description(c.oid, 'pg_class') IS NULL;
SELECT n.nspname, n.nspacl IS NULL AS owner_alone FROM pg_namespace n WHERE n.nspname LIKE 'warrant%' AND obj_description(n.oid, 'pg_namespace') IS NOT NULL ORDER BY n.nspname;
SELECT t.typname FROM pg_type t WHERE t.typnamespace = 'warrant'::regnamespace AND t.typrelid = 0 AND t.typelem = 0;
-- All relations are there, and no function that only the extension calls.
SELECT c.relname, c.relkind FROM pg_class c WHERE c.relnamespace = 'warrant_internal'::regnamespace ORDER BY c.relname;
SELECT string_agg(DISTINCT p.proname, ' ' ORDER BY p.proname) FROM pg_proc p WHERE p.pronamespace = 'warrant'::regnamespace;

-- Views, and action_result, call these as whoever asks; nobody names them.
SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'warrant_internal'::regnamespace AND has_function_privilege('regress_clerk', p.oid, 'EXECUTE')
 ORDER BY p.oid::regprocedure::text;
SELECT r.rolname FROM pg_roles r WHERE r.rolname ~ '^(warrant_|regress_(clerk|dba|chief|auditor))' AND has_schema_privilege(r.oid, 'warrant_internal', 'USAGE');
CREATE TABLE ledger (a int);
GRANT SELECT ON ledger TO regress_clerk;
SET client_min_messages = warning;
SELECT warrant.protect('ledger');
RESET client_min_messages;
\c - regress_clerk
SELECT state FROM stage.try('SELECT FROM ledger');
SELECT count(*) FROM warrant.my_requests;
SELECT count(*) FROM warrant.my_grants;
SELECT count(*) FROM warrant.pending;
SELECT count(*) > 0 AS some FROM warrant.commands;
SELECT * FROM warrant.action_result(0);
SELECT state, message FROM stage.try('SELECT warrant_internal.current_subject()');
\c - regress_dba
SELECT count(*) FROM warrant.pending;
SELECT state, message FROM stage.try('SELECT warrant_internal.wake_courier()');

-- It is no schema to protect.
SELECT state, message FROM stage.try('SELECT warrant.protect_schema(''warrant_internal'')');

-- A schema of the name that somebody has made is not taken over.
\c - :owner
BEGIN;
SELECT warrant.discard_audit_log() > 0 AS rows_go;
DROP EXTENSION pg_warrant;
COMMIT;
SELECT nspname FROM pg_namespace WHERE nspname LIKE 'warrant%';
CREATE SCHEMA warrant_internal AUTHORIZATION regress_clerk;
CREATE EXTENSION pg_warrant;
SELECT nspname FROM pg_namespace WHERE nspname LIKE 'warrant%';
\set file :directory '/sql/include/leave.sql'
\i :file
