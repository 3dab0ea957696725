-- status(): what deserves attention, and nothing that is not so.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int);
CREATE TABLE orders (a int);
CREATE TABLE plain (a int);
SET client_min_messages = warning;
SELECT warrant.protect('ledger'), warrant.protect('orders'), warrant.create_policy('may', 'open', on_table => 'plain');

-- A recorder is started a moment after CREATE EXTENSION, and nothing is wrong until then.
CREATE DATABASE regress_second TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c regress_second
CREATE EXTENSION pg_warrant;
SELECT bool_and(s.value ~ '^(starting|running)') AS starts, bool_or(coalesce(s.warning ~ 'max_worker_processes', false)) AS blames FROM generate_series(1, 20), warrant.status() AS s WHERE s.item = 'recorder';
\c regress_warrant
DROP DATABASE regress_second;

-- What names nothing in the configuration.
SELECT item, value, warning FROM warrant.status() WHERE item LIKE 'pg\_warrant.%';
ALTER SYSTEM SET pg_warrant.pool_roles = regress_clerk, regress_nobody;
ALTER SYSTEM SET pg_warrant.admin_roles = regress_missing;
ALTER SYSTEM SET pg_warrant.required_databases = regress_warrant, regress_nowhere;
ALTER SYSTEM SET pg_warrant.secret_file = '/nowhere/keys';
ALTER SYSTEM SET pg_warrant.max_duration = '10 min';
SELECT pg_reload_conf();
\c -
SELECT item, value, warning FROM warrant.status() WHERE item LIKE 'pg\_warrant.%';
ALTER SYSTEM RESET pg_warrant.pool_roles;
ALTER SYSTEM RESET pg_warrant.admin_roles;
ALTER SYSTEM RESET pg_warrant.required_databases;
ALTER SYSTEM RESET pg_warrant.secret_file;
ALTER SYSTEM RESET pg_warrant.max_duration;
SELECT pg_reload_conf();
\c -
SELECT item, value, warning FROM warrant.status() WHERE item LIKE 'pg\_warrant.%';
SELECT warrant.add_webhook('desk', 'https://localhost/', 'decision', 'desk');
SELECT stage.settle();
SELECT item, value, warning FROM warrant.status() WHERE item = 'pg_warrant.secret_file' OR item = 'webhook desk';

-- What is gone: a policy that opened it covers nothing.
DROP TABLE plain;
SELECT value, warning FROM warrant.status() WHERE item = 'policies whose target is gone';
DROP TABLE ledger, orders;
SELECT value, warning FROM warrant.status() WHERE item = 'policies whose target is gone';
-- The log's last row, as the log has it when no other is coming.
SELECT stage.eventually($$SELECT s.value::bigint = (SELECT max(seq) FROM warrant.audit_log) FROM warrant.status() AS s WHERE item = 'last_seq'$$);
-- The views' question bears every argument.
SELECT warrant_internal.is_here(0, 0, ''), stage.try('SELECT warrant_internal.is_here(NULL, NULL, NULL)');
\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
