-- What a request for a schema, the database or a list of tables finds in one pass is what each statement finds for its own relation.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE SCHEMA depot;
CREATE TABLE depot.plain (a int);
CREATE TABLE depot.own (a int);
CREATE TABLE depot.denied (a int);
CREATE TABLE depot.opened (a int);
CREATE TABLE depot.parent (a int);
CREATE TABLE depot.child () INHERITS (depot.parent);
CREATE TABLE depot.second (a int);
CREATE TABLE depot.of_two () INHERITS (depot.parent, depot.second);
CREATE TABLE depot.sold (d int) PARTITION BY RANGE (d);
CREATE TABLE depot.sold_1 PARTITION OF depot.sold FOR VALUES FROM (0) TO (10);
CREATE TABLE depot.sold_2 PARTITION OF depot.sold FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (d);
CREATE TABLE depot.sold_2_1 PARTITION OF depot.sold_2 FOR VALUES FROM (10) TO (15);
CREATE VIEW depot.seen AS SELECT * FROM depot.plain;
CREATE MATERIALIZED VIEW depot.stored AS SELECT * FROM depot.plain;
CREATE SEQUENCE depot.numbers;
CREATE TABLE depot.of_extension (a int);
ALTER EXTENSION plpgsql ADD TABLE depot.of_extension;
CREATE TABLE depot.before (a int);
CREATE TABLE outside (a int);
SELECT warrant.protect_schema('depot', '{SELECT,DROP}');
SELECT warrant.protect_database('{DELETE}');
SELECT warrant.protect('depot.own', '{ALL}'), warrant.protect('depot.sold_2_1'), warrant.protect('depot.second'), warrant.protect('depot.before');
SELECT warrant.create_policy('never', 'deny', on_table => 'depot.denied', commands => '{INSERT}'),
       warrant.create_policy('free', 'open', on_table => 'depot.opened', commands => '{SELECT}'),
       warrant.create_policy('other', 'approve', on_table => 'depot.plain', commands => '{UPDATE}', for_roles => '{regress_other}');
-- A policy whose table is gone covers what bears its name.
DROP TABLE depot.before;
SELECT stage.eventually($$SELECT count(*) = 1 FROM stage.settle(), warrant.policies WHERE target = 0 AND target_kind = 't'$$);
CREATE TABLE depot.before (a int);

CREATE FUNCTION pg_temp.governing_policy(subject oid, command text, relation oid) RETURNS bigint LANGUAGE c AS '$libdir/pg_warrant', 'warrant_governing_policy';
CREATE FUNCTION pg_temp.one_by_one(schema oid, OUT relation oid, OUT command text, OUT policy bigint) RETURNS SETOF record LANGUAGE sql AS $$
    SELECT c.oid, w.command, pg_temp.governing_policy('regress_clerk'::regrole, w.command, c.oid)
      FROM pg_class c CROSS JOIN unnest(warrant.expand_commands('{ALL}')) AS w (command)
     WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND (schema = 0 OR c.relnamespace = schema)
       AND pg_temp.governing_policy('regress_clerk'::regrole, w.command, c.oid) IS NOT NULL $$;
CREATE FUNCTION pg_temp.in_one_pass(relations oid[], schema oid, OUT relation oid, OUT command text, OUT policy bigint) RETURNS SETOF record LANGUAGE sql AS $$
    SELECT g.relation, w.command, g.policy FROM warrant_internal.governing_policies('regress_clerk'::regrole, '{ALL}', relations, schema) g, unnest(g.governed) AS w (command) $$;

CREATE TEMP VIEW expected AS SELECT * FROM pg_temp.one_by_one(0);
-- The list: long enough for one pass, with what is not there and what nothing governs.
SELECT count(*) > 100 AS many FROM pg_temp.expected;
CREATE TEMP VIEW found AS SELECT * FROM pg_temp.in_one_pass(
    ARRAY(SELECT oid FROM pg_class WHERE relkind IN ('r', 'p', 'f', 'v', 'm') UNION ALL SELECT 1::oid), 0);
SELECT f.relation::regclass, f.command, f.policy FROM (TABLE pg_temp.found EXCEPT TABLE pg_temp.expected) f;
SELECT e.relation::regclass, e.command, e.policy FROM (TABLE pg_temp.expected EXCEPT TABLE pg_temp.found) e;
-- A short list goes another way.
CREATE VIEW pg_temp.few AS SELECT oid FROM pg_class WHERE relnamespace = 'depot'::regnamespace AND relkind IN ('r', 'p', 'v', 'm');
SELECT count(*) FROM (SELECT * FROM pg_temp.in_one_pass(ARRAY(SELECT oid FROM pg_temp.few), 0) EXCEPT SELECT * FROM pg_temp.one_by_one('depot'::regnamespace)) d;
SELECT count(*) FROM (SELECT * FROM pg_temp.one_by_one('depot'::regnamespace) EXCEPT SELECT * FROM pg_temp.in_one_pass(ARRAY(SELECT oid FROM pg_temp.few), 0)) d;
-- The schema and the database: besides, what governs what would be created there.
SELECT p.name, array_agg(g.command ORDER BY g.command) FROM pg_temp.in_one_pass(NULL, 'depot'::regnamespace) g JOIN warrant.policies p ON p.id = g.policy GROUP BY p.name ORDER BY p.name;
SELECT s.policy, s.command FROM pg_temp.one_by_one('depot'::regnamespace) s EXCEPT SELECT g.policy, g.command FROM pg_temp.in_one_pass(NULL, 'depot'::regnamespace) g;
SELECT s.policy, s.command FROM pg_temp.one_by_one(0) s EXCEPT SELECT g.policy, g.command FROM pg_temp.in_one_pass(NULL, 0) g;
-- Nobody else asks.
\c - regress_clerk
SELECT * FROM warrant_internal.governing_policies('regress_clerk'::regrole, '{ALL}', NULL, 0);
\c - :owner
ALTER EXTENSION plpgsql DROP TABLE depot.of_extension;
\set file :directory '/sql/include/leave.sql'
\i :file
