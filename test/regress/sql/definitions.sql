-- protect, create_policy, drop_policy, unprotect, set_person: what they accept, and what they refuse with which SQLSTATE.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int PRIMARY KEY);
CREATE TABLE part (k int) PARTITION BY LIST (k);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE VIEW shown AS SELECT 1 AS a;
CREATE MATERIALIZED VIEW kept AS SELECT 1 AS a;
CREATE SEQUENCE numbers;
CREATE TYPE pair AS (a int, b int);
CREATE TABLE "odd ""name" (a int);
CREATE TABLE abcdefghij_abcdefghij_abcdefghij_abcdefghij_abcdefghij_abcdefgh (a int);
GRANT SELECT ON ledger TO regress_clerk;
GRANT UPDATE ON ledger TO regress_other WITH GRANT OPTION;

-- Only members of warrant_admin define.
\c - regress_clerk
SELECT * FROM stage.try($$SELECT warrant.protect('ledger')$$);
SELECT * FROM stage.try($$SELECT warrant.protect_schema('public')$$);
SELECT * FROM stage.try($$SELECT warrant.protect_database()$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'deny', on_table => 'ledger')$$);
SELECT * FROM stage.try($$SELECT warrant.drop_policy('p')$$);
SELECT * FROM stage.try($$SELECT warrant.unprotect('ledger')$$);
SELECT * FROM stage.try($$SELECT warrant.set_person('regress_clerk', 'ann')$$);

-- protect: twice gives the same policy; with other parameters an error.
\c - regress_dba
SELECT warrant.protect('ledger');
SELECT warrant.protect('ledger');
SELECT warrant.protect('ledger', '{all}', 'enforce', '{}');
SELECT * FROM stage.try($$SELECT warrant.protect('ledger', mode => 'monitor')$$);
SELECT * FROM stage.try($$SELECT warrant.protect('ledger', '{SELECT}')$$);
SELECT * FROM stage.try($$SELECT warrant.protect('ledger', except_roles => '{regress_clerk}')$$);
SELECT warrant.protect('part'), warrant.protect('shown'), warrant.protect('kept');
SELECT warrant.protect('"odd ""name"', '{WRITE}', except_roles => '{regress_clerk}');
SELECT warrant.protect('abcdefghij_abcdefghij_abcdefghij_abcdefghij_abcdefghij_abcdefgh');
SELECT name, effect, target_kind, target_schema, target_name, commands, mode, except_role_names FROM warrant.policies WHERE name <> 'sentinel' ORDER BY id;

-- A name too long for a policy is shortened, and stays the table's own.
SELECT repeat(U&'\00e9', 31) AS long \gset
\c - :owner
CREATE SCHEMA :"long";
CREATE TABLE :"long".:"long" (a int);
SELECT :'long' || '1' AS longer \gset
CREATE TABLE :"long".:"longer" (a int);
GRANT USAGE ON SCHEMA :"long" TO PUBLIC;
\c - regress_dba
SELECT warrant.protect(format('%I.%I', :'long', :'long')::regclass), warrant.protect(format('%I.%I', :'long', :'longer')::regclass);
SELECT warrant.protect(format('%I.%I', :'long', :'long')::regclass);

-- What cannot be a target.
SELECT * FROM stage.try($$SELECT warrant.protect(NULL)$$);
SELECT * FROM stage.try($$SELECT warrant.protect('missing')$$);
SELECT * FROM stage.try($$SELECT warrant.protect(4000000000::oid)$$);
SELECT * FROM stage.try($$SELECT warrant.protect('ledger_pkey')$$);
SELECT * FROM stage.try($$SELECT warrant.protect('numbers')$$);
SELECT * FROM stage.try($$SELECT warrant.protect('pair')$$);
SELECT * FROM stage.try($$SELECT warrant.protect('pg_class')$$);
SELECT * FROM stage.try($$SELECT warrant.protect('information_schema.tables')$$);
SELECT * FROM stage.try($$SELECT warrant.protect('warrant.policies')$$);
CREATE TEMP TABLE scratch (a int);
SELECT * FROM stage.try($$SELECT warrant.protect('scratch')$$);
SELECT * FROM stage.try($$SELECT warrant.protect('part_1', '{}')$$);
SELECT * FROM stage.try($$SELECT warrant.protect('part_1', '{BROWSE}')$$);
SELECT * FROM stage.try($$SELECT warrant.protect('part_1', '{SELECT,NULL}')$$);
SELECT * FROM stage.try($$SELECT warrant.protect('part_1', NULL)$$);
SELECT * FROM stage.try($$SELECT warrant.protect('part_1', mode => 'loose')$$);
SELECT * FROM stage.try($$SELECT warrant.protect('part_1', mode => NULL)$$);
SELECT * FROM stage.try($$SELECT warrant.protect('part_1', except_roles => NULL)$$);
SELECT * FROM stage.try($$SELECT warrant.protect('part_1', except_roles => '{NULL}')$$);
SELECT * FROM stage.try($$SELECT warrant.protect_schema(NULL)$$);
SELECT * FROM stage.try($$SELECT warrant.protect_schema('missing')$$);
SELECT * FROM stage.try($$SELECT warrant.protect_schema('pg_catalog')$$);
SELECT * FROM stage.try($$SELECT warrant.protect_schema('information_schema')$$);
SELECT * FROM stage.try($$SELECT warrant.protect_schema('warrant')$$);
SELECT state FROM stage.try(format('SELECT warrant.protect_schema(%L)', (SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema())));

-- Roles are there: the type regrole takes any number.
SELECT * FROM stage.try($$SELECT warrant.protect('part_1', except_roles => '{4000000000}')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'approve', on_table => 'part_1', for_roles => '{-}')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'approve', on_table => 'part_1', definer_roles => '{regress_clerk,4000000000}')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'approve', on_table => 'part_1', approver_role => 4000000000)$$);
SELECT * FROM stage.try($$SELECT warrant.set_person(4000000000, 'nobody')$$);
SELECT * FROM stage.try($$SELECT warrant.set_person(4000000000, NULL)$$);

SELECT * FROM stage.try($$SELECT warrant.add_webhook('w', 'https://1/', 'oracle', 'k')$$);
-- A webhook without https is this machine's, however the caller's session reads backslashes.
DO $$ BEGIN SET standard_conforming_strings = off; EXCEPTION WHEN OTHERS THEN NULL; END $$;    -- 19 has it on for ever
SELECT * FROM stage.try($$SELECT warrant.add_webhook('w', 'http://1/', 'decision', 'k')$$);
SELECT * FROM stage.try($$SELECT warrant.add_webhook('w', 'http://127x1/', 'decision', 'k')$$);
SELECT state FROM unnest('{http://localhost/,http://127.0.0.1:80/x?y,http://[::1]/}'::text[]) WITH ORDINALITY AS u (url, n),
    stage.try(format('DO $d$ BEGIN PERFORM warrant.add_webhook(%L, %L, %L, %L); RAISE division_by_zero; END $d$', 'w' || n, url, 'decision', 'k'));
RESET standard_conforming_strings;

-- create_policy: exactly one target, and sane values.
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'deny')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'deny', on_table => NULL)$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'deny', on_table => 'ledger', on_schema => 'public')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'deny', on_schema => 'public', on_database => true)$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'deny', on_database => NULL)$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy(NULL, 'deny', on_table => 'ledger')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('', 'deny', on_table => 'ledger')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy(repeat('x', 129), 'deny', on_table => 'ledger')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'maybe', on_table => 'ledger')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', NULL, on_table => 'ledger')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'approve', on_table => 'ledger', min_approvals => 0)$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'approve', on_table => 'ledger', min_approvals => 101)$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'approve', on_table => 'ledger', default_duration => '-1 s')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'approve', on_table => 'ledger', max_duration => '0')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'approve', on_table => 'ledger', request_ttl => '-1 day')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'approve', on_table => 'ledger', request_ttl => '178000000 years')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'approve', on_table => 'ledger', default_duration => '2 h', max_duration => '1 h')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'approve', on_table => 'ledger', audit => 'some')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'approve', on_table => 'ledger', for_roles => '{regress_nobody}')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'approve', on_table => 'ledger', for_roles => NULL)$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('sentinel', 'deny', on_table => 'ledger')$$);
SELECT warrant.create_policy(repeat('x', 128), 'deny', on_table => 'ledger', audit => 'none') = repeat('x', 128) AS longest;
SELECT * FROM stage.try($$SELECT warrant.create_policy(repeat('x', 128), 'open', on_table => 'ledger')$$);

-- A schema and the database, also under names that need quotes.
\c - :owner
CREATE SCHEMA "the room";
CREATE TABLE "the room".chair (a int);
GRANT USAGE ON SCHEMA "the room" TO PUBLIC;
GRANT SELECT ON "the room".chair TO PUBLIC;
\c - regress_dba
SELECT warrant.protect_schema('the room');
SELECT warrant.protect_schema('the room');
SELECT warrant.protect_database('{TRUNCATE}');
SELECT warrant.protect_database('{TRUNCATE}');
SELECT * FROM stage.try('SELECT warrant.protect_database()');

-- unprotect drops the policies on the table itself that gate, and tells what still covers it.
SELECT warrant.unprotect('ledger');
SELECT * FROM stage.try($$SELECT warrant.unprotect('ledger')$$);
SELECT * FROM stage.try($$SELECT warrant.unprotect('part_1')$$);
SELECT * FROM stage.try($$SELECT warrant.unprotect('"the room".chair')$$);
SELECT * FROM stage.try($$SELECT warrant.unprotect(NULL)$$);
SELECT warrant.drop_policy('protect database');
SELECT * FROM stage.try($$SELECT warrant.drop_policy('protect database')$$);
SELECT * FROM stage.try($$SELECT warrant.drop_policy(NULL)$$);
SELECT * FROM stage.try($$SELECT warrant.drop_policy('sentinel')$$);
SELECT name FROM warrant.policies ORDER BY id;

-- Persons.
SELECT warrant.set_person('regress_clerk', 'ann'), warrant.set_person('regress_other', 'bob');
SELECT warrant.set_person('regress_other', NULL);
SELECT warrant.set_person('regress_clerk', 'eve');
SELECT role_name, person FROM warrant.persons;
SELECT * FROM stage.try($$SELECT warrant.set_person(NULL, 'ann')$$);
SELECT * FROM stage.try($$SELECT warrant.set_person('regress_clerk', '')$$);

-- explain's own arguments.
SELECT * FROM stage.try($$SELECT warrant.explain(NULL, 'SELECT', 'ledger')$$);
SELECT * FROM stage.try($$SELECT warrant.explain('regress_clerk', NULL, 'ledger')$$);
SELECT * FROM stage.try($$SELECT warrant.explain('regress_clerk', 'READ', 'ledger')$$);
SELECT * FROM stage.try($$SELECT warrant.explain('regress_clerk', 'WRITE', 'ledger')$$);
SELECT * FROM stage.try($$SELECT warrant.explain('regress_clerk', 'BROWSE', 'ledger')$$);
SELECT * FROM stage.try($$SELECT warrant.explain('regress_clerk', 'SELECT', 'numbers')$$);
SELECT * FROM stage.try($$SELECT warrant.explain('regress_clerk', 'SELECT', NULL)$$);

-- What the audit log says of all this: only what was committed.
BEGIN;
SELECT warrant.create_policy('never', 'deny', on_table => 'ledger');
ROLLBACK;
SELECT event, who, comment FROM stage.news();

-- Whom a new policy affects: also who comes by a view or through a partition's parent, and in a schema who creates there.
\c - :owner
CREATE SCHEMA shop;
CREATE TABLE shop.sales (k int) PARTITION BY LIST (k);
CREATE TABLE shop.sales_1 PARTITION OF shop.sales FOR VALUES IN (1) PARTITION BY LIST (k);
CREATE TABLE shop.sales_1_1 PARTITION OF shop.sales_1 FOR VALUES IN (1);
CREATE TABLE shop.sales_2 PARTITION OF shop.sales FOR VALUES IN (2);
CREATE VIEW shop.totals AS SELECT count(*) FROM shop.sales;
CREATE VIEW shop.over_totals AS SELECT * FROM shop.totals;
CREATE SCHEMA fresh AUTHORIZATION regress_clerk;
GRANT USAGE ON SCHEMA shop, fresh TO PUBLIC;
GRANT SELECT ON shop.over_totals TO regress_other;
GRANT SELECT ON shop.sales TO regress_auditor;
GRANT SELECT ON shop.sales_1_1 TO regress_clerk;
GRANT SELECT ON shop.sales_2 TO regress_deputy;
\c - regress_dba
BEGIN;
SELECT warrant.protect('shop.sales_1', except_roles => '{regress_chief}');
SELECT warrant.protect('shop.sales_1_1');
SELECT warrant.protect('shop.sales_2');
SELECT warrant.protect('shop.sales');
SELECT warrant.protect('shop.totals');
SELECT warrant.protect_schema('fresh'), warrant.protect_schema('shop', '{SELECT}');
ROLLBACK;

\c - :owner
DROP SCHEMA shop, fresh CASCADE;
\set file :directory '/sql/include/leave.sql'
\i :file
