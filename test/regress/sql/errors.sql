-- The errors that a program can tell apart: their SQLSTATE, and the fields of a refusal.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int);
CREATE TABLE orders (a int);
CREATE VIEW shown AS SELECT 1 AS a;
CREATE MATERIALIZED VIEW kept AS SELECT 1 AS a;
CREATE SCHEMA "The Room";
CREATE TABLE "The Room"."Chair" (a int);
GRANT USAGE ON SCHEMA "The Room" TO PUBLIC;
GRANT ALL ON orders TO regress_clerk WITH GRANT OPTION;
GRANT SELECT ON stage.mark TO regress_clerk;
GRANT ALL ON ledger, orders, shown, kept, "The Room"."Chair" TO PUBLIC;
SELECT warrant.create_policy('ask', 'approve', on_table => 'ledger');
SELECT warrant.create_policy('ask too', 'approve', on_table => 'orders');
SELECT warrant.create_policy('never', 'deny', on_table => 'ledger', commands => '{DELETE}');
SELECT warrant.create_policy('view', 'deny', on_table => 'shown'), warrant.create_policy('stored', 'deny', on_table => 'kept');
SELECT warrant.create_policy('room', 'approve', on_schema => 'The Room', require_reason => true);
\c - regress_clerk
\x on
-- 42501: TABLE, SCHEMA and CONSTRAINT are set; DETAIL begins with the request when there is one.
SELECT * FROM stage.try('SELECT * FROM ledger');
SELECT * FROM stage.try('DELETE FROM ledger WHERE a IS NOT NULL');
SELECT * FROM stage.try('SELECT * FROM shown');
SELECT * FROM stage.try('SELECT * FROM kept');
SELECT * FROM stage.try('SELECT * FROM "The Room"."Chair"');
-- One statement under two policies: two requests. One under one policy: one request.
SELECT * FROM stage.try('SELECT * FROM ledger, orders');
SELECT * FROM stage.try('UPDATE ledger SET a = 1 WHERE a IS NOT NULL RETURNING a');
-- What can never run files no request for the rest either.
SELECT * FROM stage.try('SELECT * FROM orders, shown');
\x off
SELECT id, relation_name, commands, policy_name FROM warrant.my_requests ORDER BY id;
SELECT * FROM stage.news();
\x on

-- 22023: bad arguments of a request.
SELECT * FROM stage.try($$SELECT warrant.request('{SELECT}')$$);
SELECT * FROM stage.try($$SELECT warrant.request('{SELECT}', on_table => NULL)$$);
SELECT * FROM stage.try($$SELECT warrant.request('{SELECT}', on_table => 'ledger', on_database => true)$$);
SELECT * FROM stage.try($$SELECT warrant.request('{SELECT}', on_tables => '{ledger,NULL}')$$);
SELECT * FROM stage.try($$SELECT warrant.request('{SELECT}', on_tables => '{}')$$);
SELECT * FROM stage.try($$SELECT warrant.request('{BROWSE}', on_table => 'ledger')$$);
SELECT * FROM stage.try($$SELECT warrant.request('{}', on_table => 'ledger')$$);
SELECT * FROM stage.try($$SELECT warrant.request(NULL, on_table => 'ledger')$$);
SELECT * FROM stage.try($$SELECT warrant.request('{NULL}', on_table => 'ledger')$$);
SELECT * FROM stage.try($$SELECT warrant.request('{SELECT}', on_table => 'ledger', duration => '-1 min')$$);
SELECT * FROM stage.try($$SELECT warrant.request('{SELECT}', on_table => 'ledger', duration => '0')$$);
SELECT * FROM stage.try($$SELECT warrant.request('{UPDATE}', on_table => 'ledger', duration => '25 hours')$$);
SELECT * FROM stage.try($$SELECT warrant.request('{SELECT}', on_table => '"The Room"."Chair"')$$);
SELECT * FROM stage.try($$SELECT warrant.request('{SELECT}', on_table => 'stage.mark')$$);
SET pg_warrant.duration = 'soon';
SET pg_warrant.duration = '-5 min';
-- 42602: a setting that is none of the gate's.
SELECT * FROM stage.try($$SET pg_warrant.reasn = 'x'$$);
SELECT * FROM stage.try($$SET pg_warrant.enforcement = off$$);
-- 3F000, 42P01, 42809, 42501: targets that are not there, cannot be or are denied.
SELECT * FROM stage.try($$SELECT warrant.request('{SELECT}', on_schema => 'missing')$$);
SELECT * FROM stage.try($$SELECT warrant.request('{SELECT}', on_table => 4000000000::oid)$$);
SELECT * FROM stage.try($$SELECT warrant.request('{SELECT}', on_table => 'warrant.policies')$$);
SELECT * FROM stage.try($$SELECT warrant.request('{DELETE}', on_table => 'ledger')$$);
-- P0002, 55006: an unknown request, and one that is decided.
SELECT * FROM stage.try('SELECT warrant.cancel(9999)');
SELECT warrant.cancel(1);
SELECT * FROM stage.try('SELECT warrant.cancel(1)');
-- 54000: an action that is larger than a record may be.
SELECT * FROM stage.try($$SELECT warrant.request(array_fill('SELECT'::text, ARRAY[4000]), on_table => 'ledger')$$);
\x off
-- 53400: too many pending requests of one subject; the refused statement says so too.
SELECT state, count(*) FROM generate_series(1, 127) AS i, LATERAL stage.try(format('SELECT warrant.request(%L, on_table => %L)',
    (SELECT array_agg(c) FROM unnest('{SELECT,INSERT,UPDATE,TRUNCATE,LOCK,EXPORT,GRANT}'::text[]) WITH ORDINALITY AS w (c, n) WHERE i & (1 << (n - 1)::int) <> 0), 'orders')) GROUP BY state ORDER BY state;
SELECT count(DISTINCT id) FROM warrant.my_requests WHERE state = 'pending';
\x on
SELECT * FROM stage.try('INSERT INTO ledger VALUES (1)');
SELECT * FROM stage.try($$SELECT warrant.request('{INSERT}', on_table => 'ledger')$$);
\x off

-- wait_for: 25001 in a block, P0002, 57014, and for what the request became 42501 and 55006; quiet when it is approved.
\set VERBOSITY sqlstate
BEGIN;
CALL warrant.wait_for(2);
ROLLBACK;
CALL warrant.wait_for(9999);
CALL warrant.wait_for(NULL);
CALL warrant.wait_for(2, NULL);
CALL warrant.wait_for(2, '-1 s');
CALL warrant.wait_for(2, '10 ms');
CALL warrant.wait_for(1);
\c - regress_other
CALL warrant.wait_for(2);
\c - regress_chief
SELECT warrant.deny(2);
SELECT warrant.approve(3);
\c - regress_clerk
CALL warrant.wait_for(2);
CALL warrant.wait_for(3);
\set VERBOSITY default
CALL warrant.wait_for(2);
CALL warrant.wait_for(1);
CALL warrant.wait_for(4, '10 ms');
CALL warrant.wait_for(9999);
BEGIN;
CALL warrant.wait_for(4);
ROLLBACK;

-- 42501: the actions of others' ranks.
SELECT warrant.approve(4);
SELECT warrant.deny(4);
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'ledger');
SELECT warrant.revoke(1);

\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
