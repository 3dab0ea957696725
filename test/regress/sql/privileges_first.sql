-- The server's own privileges come first: who lacks one gets the server's error, holds up nobody and files no request.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/outcome.sql'
\i :file
CREATE ROLE regress_owner;
CREATE SCHEMA hidden AUTHORIZATION regress_owner;
SET SESSION AUTHORIZATION regress_owner;
CREATE TABLE orders (id int PRIMARY KEY, card text, note text);
CREATE TABLE hidden.inner_table (a int);
CREATE TABLE parts (a int) PARTITION BY LIST (a);
CREATE TABLE part PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE tied (a int REFERENCES orders);
CREATE VIEW shown AS SELECT * FROM orders;
CREATE VIEW invoked WITH (security_invoker) AS SELECT * FROM orders;
CREATE VIEW outermost AS SELECT * FROM shown;
CREATE FUNCTION reads_as_owner() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM orders';
CREATE FUNCTION reads_as_caller() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM orders';
CREATE FUNCTION inlined() RETURNS SETOF orders LANGUAGE sql STABLE AS 'SELECT * FROM orders';
CREATE FUNCTION bumped() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TYPE pair AS (a int, b int);
CREATE DOMAIN cents AS int;
CREATE TYPE mood AS ENUM ('glad');
CREATE TABLE typed (c cents, m mood);
CREATE TRIGGER bump BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION bumped();
CREATE MATERIALIZED VIEW kept AS SELECT 1 AS one;
RESET SESSION AUTHORIZATION;
CREATE TABLE public.theirs (a int);
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER away FOREIGN DATA WRAPPER nothing;
CREATE FOREIGN TABLE far (a int) SERVER away;
CREATE ROLE regress_reader;
GRANT regress_reader TO regress_other;
GRANT SELECT (id), UPDATE (note), INSERT (id) ON orders TO regress_clerk;
GRANT SELECT ON parts TO regress_clerk;
GRANT SELECT ON outermost TO regress_clerk;
GRANT SELECT ON invoked TO regress_clerk;
GRANT SELECT ON orders TO regress_reader;
GRANT ALL ON theirs TO regress_clerk;
REVOKE SELECT ON orders FROM regress_owner;
GRANT TRUNCATE ON orders TO regress_clerk;
ALTER TABLE stage.attempts ADD ungated text;
GRANT UPDATE ON stage.attempts TO regress_clerk;
SET client_min_messages = warning;
SELECT count(warrant.protect(t)) FROM unnest('{orders,hidden.inner_table,parts,tied,kept,far,theirs,typed,shown}'::regclass[]) AS t;
SELECT warrant.protect_schema('hidden');
INSERT INTO stage.attempts (statement) VALUES
    ('SELECT id FROM orders'),
    ('SELECT card FROM orders'),
    ('SELECT 1 FROM orders WHERE card = ''x'''),
    ('SELECT count(*) FROM orders'),
    ('SELECT o FROM orders o'),
    ('SELECT id FROM orders FOR UPDATE'),
    ('SELECT id FROM orders FOR SHARE'),
    ('SELECT id, (SELECT max(card) FROM orders) FROM orders'),
    ('WITH w AS (SELECT card FROM orders) SELECT * FROM w'),
    ('WITH w AS (DELETE FROM orders RETURNING id) SELECT * FROM w'),
    ('SELECT * FROM theirs WHERE a IN (SELECT id FROM orders WHERE card IS NULL)'),
    ('SELECT * FROM theirs'),
    ('SELECT * FROM theirs, tied'),
    ('SELECT * FROM shown'),
    ('SELECT * FROM outermost'),
    ('SELECT * FROM invoked'),
    ('SELECT * FROM parts'),
    ('SELECT * FROM part'),
    ('SELECT * FROM far'),
    ('SELECT reads_as_owner()'),
    ('SELECT reads_as_caller()'),
    ('SELECT * FROM inlined()'),
    ('SELECT * FROM hidden.inner_table'),
    ('INSERT INTO orders (id) VALUES (1)'),
    ('INSERT INTO orders (card) VALUES (1)'),
    ('INSERT INTO orders (id) VALUES (1) RETURNING card'),
    ('INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET note = ''x'''),
    ('INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET card = ''x'''),
    ('UPDATE orders SET note = ''x'''),
    ('UPDATE orders SET note = ''x'' WHERE card = ''y'''),
    ('UPDATE orders SET card = ''x'''),
    ('DELETE FROM orders'),
    ('MERGE INTO orders USING theirs ON id = a WHEN MATCHED THEN DELETE'),
    ('EXPLAIN SELECT card FROM orders'),
    ('EXPLAIN ANALYZE DELETE FROM orders'),
    ('DECLARE c CURSOR FOR SELECT card FROM orders'),
    ('CREATE TEMP TABLE copied AS SELECT card FROM orders'),
    ('COPY (SELECT card FROM orders) TO STDOUT'),
    ('COPY orders TO STDOUT'),
    ('COPY orders (id) TO STDOUT'),
    ('LOCK theirs'),
    ('LOCK orders IN ACCESS SHARE MODE'),
    ('LOCK shown'),
    ('LOCK outermost IN ACCESS SHARE MODE'),
    ('LOCK theirs, tied'),
    ('TRUNCATE tied'),
    ('TRUNCATE theirs, tied'),
    ('TRUNCATE orders CASCADE'),
    ('ALTER TABLE theirs ADD b int'),
    ('ALTER TABLE orders RENAME TO o'),
    ('ALTER TABLE orders RENAME card TO c'),
    ('ALTER TABLE orders SET SCHEMA hidden'),
    ('ALTER TABLE orders OWNER TO regress_clerk'),
    ('ALTER SERVER away OPTIONS (a ''b'')'),
    ('ALTER DOMAIN cents SET NOT NULL'),
    ('ALTER DOMAIN cents SET DEFAULT 1'),
    ('ALTER TYPE mood RENAME VALUE ''glad'' TO ''sad'''),
    ('ALTER SEQUENCE orders RESTART'),
    ('ALTER EXTENSION pg_warrant UPDATE'),
    ('ALTER EXTENSION plpgsql ADD TABLE orders'),
    ('ALTER SCHEMA warrant OWNER TO regress_clerk'),
    ('ALTER SCHEMA hidden RENAME TO seen'),
    ('ALTER FUNCTION bumped() STABLE'),
    ('ALTER TRIGGER bump ON orders RENAME TO b'),
    ('CREATE TABLE hidden.new (a int)'),
    ('CREATE TABLE hidden.new AS SELECT 1'),
    ('CREATE VIEW hidden.new AS SELECT 1'),
    ('CREATE TABLE hidden.new () INHERITS (parts)'),
    ('CREATE TABLE child () INHERITS (theirs)'),
    ('CREATE TABLE refers (a int REFERENCES orders)'),
    ('CREATE TABLE refers (a int REFERENCES tied)'),
    ('CREATE INDEX ON orders (id)'),
    ('CREATE STATISTICS s ON id, note FROM orders'),
    ('CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION bumped()'),
    ('CREATE RULE r AS ON INSERT TO orders DO ALSO NOTHING'),
    ('CREATE POLICY p ON orders'),
    ('CREATE OR REPLACE VIEW shown AS SELECT 1 AS one'),
    ('CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION bumped()'),
    ('CREATE PUBLICATION p FOR TABLE orders'),
    ('CREATE PUBLICATION p FOR ALL TABLES'),
    ('COMMENT ON TABLE orders IS ''x'''),
    ('DROP TABLE orders'),
    ('DROP TABLE theirs, orders'),
    ('DROP VIEW shown CASCADE'),
    ('DROP SCHEMA hidden CASCADE'),
    ('DROP DOMAIN cents CASCADE'),
    ('DROP TYPE mood CASCADE'),
    ('DROP FUNCTION bumped() CASCADE'),
    ('DROP SERVER away CASCADE'),
    ('DROP TRIGGER bump ON orders'),
    ('DROP INDEX orders_pkey'),
    ('DROP EXTENSION pg_warrant CASCADE'),
    ('DROP OWNED BY regress_owner'),
    ('REASSIGN OWNED BY regress_owner TO regress_clerk'),
    ('GRANT SELECT ON tied TO regress_other'),
    ('GRANT SELECT ON theirs TO regress_other'),
    ('GRANT SELECT ON ALL TABLES IN SCHEMA hidden TO regress_other'),
    ('GRANT EXECUTE ON FUNCTION warrant_internal.act(text, jsonb, jsonb, jsonb, bytea, text) TO regress_clerk'),
    ('GRANT ALL ON SCHEMA warrant TO regress_clerk'),
    ('ANALYZE orders'),
    ('ANALYZE theirs, parts'),
    ('REINDEX TABLE orders'),
    ('REINDEX INDEX orders_pkey'),
    ('REINDEX SCHEMA hidden'),
    ('CLUSTER orders USING orders_pkey'),
    ('REFRESH MATERIALIZED VIEW kept'),
    ('SELECT count(*) FROM pg_statistic');
-- What the server says by itself.
ALTER SYSTEM SET pg_warrant.enforcement = off;
SELECT pg_reload_conf();
\c - regress_clerk
UPDATE stage.attempts SET ungated = stage.outcome(statement);
\c - :owner
ALTER SYSTEM RESET pg_warrant.enforcement;
SELECT pg_reload_conf();
\c - regress_clerk
SHOW pg_warrant.enforcement;
SELECT a.n, a.statement, CASE o.outcome WHEN a.ungated THEN 'the same: ' || o.outcome ELSE o.outcome END AS outcome
  FROM stage.attempts a CROSS JOIN LATERAL (SELECT stage.outcome(a.statement)) AS o (outcome) ORDER BY a.n;
-- Whatever is refused by the server alone is refused as it does it.
SELECT a.statement, a.ungated FROM stage.attempts a
 WHERE a.ungated <> 'runs' AND a.ungated NOT IN ('cannot COPY to/from client in PL/pgSQL') AND stage.outcome(a.statement) <> a.ungated ORDER BY a.n;
PREPARE planned AS SELECT card FROM orders;
EXECUTE planned;
COPY orders TO STDOUT;
COPY orders (id) TO STDOUT;
COPY (SELECT card FROM orders) TO STDOUT;
SELECT id, string_agg(relation_name || ' ' || array_to_string(commands, ','), '; ' ORDER BY relation_name) AS items FROM warrant.my_requests GROUP BY id ORDER BY id;
-- Who asks by name must be able to run it, directly, by a role that he can set, an ancestor or a view; a group of commands is for what he can.
CREATE FUNCTION pg_temp.asks(commands text[], VARIADIC tables regclass[]) RETURNS text LANGUAGE plpgsql AS
$$ BEGIN RETURN warrant.request(commands, on_tables => tables) > 0; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM; END $$;
SELECT pg_temp.asks('{SELECT}', 'orders') AS columns, pg_temp.asks('{DELETE}', 'orders') AS none, pg_temp.asks('{SELECT}', 'tied') AS others,
       pg_temp.asks('{SELECT,DELETE}', 'orders') AS one_lacks, pg_temp.asks('{WRITE}', 'orders') AS some_of_a_group, pg_temp.asks('{WRITE}', 'tied') AS none_of_a_group,
       pg_temp.asks('{SELECT}', 'theirs', 'tied') AS among_several, pg_temp.asks('{SELECT}', 'part') AS through_parent;
SELECT pg_temp.asks('{ALTER}', 'theirs') AS trigger, pg_temp.asks('{ALTER}', 'orders') AS alters, pg_temp.asks('{DROP}', 'orders') AS drops,
       pg_temp.asks('{GRANT}', 'orders') AS grants, pg_temp.asks('{LOCK}', 'tied') AS locks,
       pg_temp.asks('{TRUNCATE}', 'orders') AS truncates;
CREATE TEMP TABLE passing (a int);
SELECT pg_temp.asks('{SELECT}', 'passing') AS temporary;
SELECT warrant.request('{CREATE}', on_schema => 'hidden');
SELECT warrant.request('{SELECT}', on_schema => 'hidden');
SELECT warrant.request('{SELECT}', on_schema => 'public') > 0 AS schema, warrant.request('{SELECT}', on_database => true) > 0 AS database;
\c - regress_other
SELECT warrant.request('{SELECT}', on_table => 'orders') > 0 AS by_membership;
SELECT warrant.request('{INSERT}', on_table => 'orders');
\c - :owner
CREATE VIEW selling AS SELECT note FROM orders;
GRANT SELECT, DELETE ON selling TO regress_deputy;
CREATE SCHEMA not_begun AUTHORIZATION regress_deputy;
SELECT warrant.protect_schema('not_begun');
\c - regress_deputy
SELECT warrant.request('{WRITE, DDL}', on_schema => 'not_begun') > 0 AS will_own_what_he_makes;
SELECT warrant.request('{SELECT}', on_table => 'orders') > 0 AS through_view;
SELECT warrant.request('{UPDATE}', on_table => 'orders');
-- A view of one's own, which anybody may make, leads no further than its owner, or the caller, may go.
CREATE TEMP VIEW mine AS SELECT * FROM tied;
CREATE TEMP VIEW mine_as_caller WITH (security_invoker) AS SELECT * FROM tied;
SELECT warrant.request('{SELECT}', on_table => 'tied');
-- A grant to who lacks the privilege says so, and explain knows.
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{SELECT,DELETE}', on_tables => '{orders,tied}');
SELECT rule, answer, detail FROM warrant.explain('regress_clerk', 'SELECT', 'tied') WHERE answer <> 'goes on';
SELECT rule, answer, detail FROM warrant.explain('regress_clerk', 'DELETE', 'orders') WHERE answer <> 'goes on';
SELECT rule, answer FROM warrant.explain('regress_clerk', 'SELECT', 'orders') WHERE answer <> 'goes on';
SELECT rule, answer, detail FROM warrant.explain('regress_clerk', 'DROP', 'orders') WHERE answer <> 'goes on';
\c - regress_clerk
SELECT * FROM tied;
SELECT count(*) FROM orders;
\c - :owner
DROP SCHEMA hidden CASCADE;
DROP OWNED BY regress_owner, regress_reader CASCADE;
DROP ROLE regress_owner, regress_reader;
\set file :directory '/sql/include/leave.sql'
\i :file
