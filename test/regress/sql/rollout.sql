-- impact, assessment and propose_policies: what a policy would concern, what monitor mode has seen, and what would keep it open.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
SET client_min_messages = warning;
CREATE ROLE regress_sales;
CREATE ROLE regress_code;
CREATE ROLE regress_robot LOGIN IN ROLE warrant_exempt;
CREATE ROLE "regress ""two words"" 'x' {,}" LOGIN IN ROLE regress_sales;
CREATE ROLE U&"regress_\202Eback\0009--" LOGIN;
CREATE ROLE regress_leaver LOGIN;
CREATE TABLE customers (id int PRIMARY KEY);
CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers ON DELETE CASCADE, status text);
CREATE TABLE lines (id int PRIMARY KEY, "order" int REFERENCES orders ON DELETE CASCADE ON UPDATE CASCADE, item text);
CREATE TABLE sales (day int) PARTITION BY LIST (day);
CREATE TABLE sales_1 PARTITION OF sales FOR VALUES IN (1);
CREATE TABLE sales_2 PARTITION OF sales FOR VALUES IN (2);
CREATE SCHEMA "the room";
CREATE TABLE "the room".U&"it's\202E ""odd"" \005C {x}
; DROP TABLE lines; --" (a int);
CREATE TABLE short_lived (a int);
CREATE VIEW open_orders AS SELECT * FROM orders WHERE status = 'open';
ALTER VIEW open_orders OWNER TO regress_code;
CREATE RULE kept AS ON DELETE TO customers DO ALSO INSERT INTO orders (id) VALUES (OLD.id + 1000);
CREATE FUNCTION how_many() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM orders';
ALTER FUNCTION how_many() OWNER TO regress_code;
CREATE FUNCTION in_words() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM FROM public.ORDERS; END';
CREATE FUNCTION elsewhere() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM FROM orders_archive; END';
CREATE FUNCTION parsed() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM open_orders; END;
CREATE TABLE "Odd ""Ones""" (a int);
CREATE FUNCTION counts_odd() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM "Odd ""Ones"""';
CREATE PUBLICATION regress_news FOR TABLE lines;
GRANT ALL ON orders, lines TO regress_clerk, regress_code;
GRANT SELECT, UPDATE ON open_orders TO regress_clerk;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM open_orders;
GRANT SELECT ON orders, sales TO regress_sales;
GRANT UPDATE (status), SELECT (id) ON orders TO regress_other;
GRANT SELECT ON orders TO regress_robot, regress_leaver, U&"regress_\202Eback\0009--";
GRANT SELECT ON short_lived TO regress_clerk, regress_auditor;
GRANT SELECT, INSERT ON sales, sales_1 TO regress_clerk;
GRANT USAGE ON SCHEMA "the room" TO PUBLIC;
GRANT ALL ON ALL TABLES IN SCHEMA "the room" TO PUBLIC;
RESET client_min_messages;

-- Who may ask.
\c - regress_clerk
SELECT state, message FROM stage.try('SELECT warrant.assessment()');
SELECT state, message FROM stage.try('SELECT warrant.propose_policies()');
SELECT state, message FROM stage.try($$SELECT warrant.impact('orders')$$);
\c - regress_chief
SELECT state, message FROM stage.try('SELECT warrant.assessment()');
-- Nothing was seen.
\c - regress_auditor
SELECT * FROM warrant.assessment();
SELECT * FROM warrant.propose_policies();
-- What is no length of time, and all times.
SELECT state, message, hint FROM (VALUES ('NULL'), ('''-1 day'''), ('''0'''), ('''-178000000 years''')) AS s (since), stage.try(format('SELECT warrant.assessment(%s)', since));
SELECT state, message FROM (VALUES ('NULL'), ('''-1 day''')) AS s (since), stage.try(format('SELECT warrant.propose_policies(%s)', since));
SELECT state, message FROM (VALUES ('NULL'), ('0'), ('61'), ('-1')) AS d (days), stage.try(format('SELECT warrant.propose_policies(min_days => %s)', days));
SELECT count(*) FROM warrant.assessment('100000 years');
SELECT count(*) FROM warrant.assessment('1 microsecond');

-- Whom a policy would concern, before there is one.
\c - regress_dba
SELECT state, message FROM (VALUES ('NULL'), ('''pg_class'''), ('''orders_pkey'''), ('123456789')) AS t (target), stage.try(format('SELECT warrant.impact(%s)', target));
SELECT state, message FROM (VALUES ('NULL'), ('''{}'''), ('''{NULL}'''), ('''{NOTHING}'''), ('''{ADMIN}''')) AS c (commands), stage.try(format('SELECT warrant.impact(''orders'', %s)', commands));
-- Since 17 there is a privilege for MAINTAIN.
SELECT item, name, replace(replace(detail, :'owner', 'superuser'), ', MAINTAIN', '') AS detail FROM warrant.impact('orders') WHERE item <> 'connected';
SELECT item, name, replace(detail, :'owner', 'superuser') AS detail FROM warrant.impact('lines', '{WRITE}') WHERE item NOT IN ('connected', 'exempt');
SELECT item, name, detail FROM warrant.impact('sales', '{READ}') WHERE item NOT IN ('connected', 'exempt');
SELECT item, name, detail FROM warrant.impact('sales_2', '{READ}') WHERE item NOT IN ('connected', 'exempt');
SELECT name, detail FROM warrant.impact('"Odd ""Ones"""') WHERE item = 'function';
SELECT max(char_length(name)) <= 40 AS short FROM warrant.impact((SELECT c.oid FROM pg_class c WHERE c.relnamespace = '"the room"'::regnamespace));
\c - regress_auditor
SET application_name = 'watcher';
SELECT item, name, detail FROM warrant.impact('short_lived', '{SELECT}') WHERE item <> 'exempt';

-- What monitor mode sees.
\c - :owner
SET client_min_messages = warning;
SELECT warrant.protect('orders', mode => 'monitor'), warrant.protect('sales', mode => 'monitor'), warrant.protect('short_lived', mode => 'monitor');
SELECT warrant.protect_schema('the room', mode => 'monitor');
SELECT warrant.create_policy('no emptying', 'deny', on_table => 'orders', commands => '{TRUNCATE}', mode => 'monitor');
INSERT INTO customers VALUES (1), (2);
CREATE FUNCTION stage.seen(since interval DEFAULT '1 day', OUT who text, OUT command text, OUT target text, OUT times bigint, OUT asks bigint, OUT now text, OUT days integer, OUT applications text)
RETURNS SETOF record LANGUAGE sql AS $$
    SELECT a.who, a.command, a.target, a.times, a.asks, a.now, a.last_on - a.first_on, a.applications FROM warrant.assessment(since) AS a WHERE a.who LIKE 'regress%'
$$;
-- Without the dates.
CREATE FUNCTION stage.proposed(min_days integer DEFAULT 3) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT regexp_replace(p, 'until \d{4}-\d\d-\d\d', 'until TODAY', 'g') FROM warrant.propose_policies('1 day', min_days) AS p
$$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA stage TO PUBLIC;
SELECT rolname AS back FROM pg_roles WHERE rolname ~ '^regress_.*back' \gset
SELECT relname AS odd FROM pg_class WHERE relnamespace = '"the room"'::regnamespace \gset
\set work :directory '/sql/include/rollout_work.sql'
\i :work
-- Besides: what is rare and neither read nor write, what would be denied, and what will be gone.
\c - regress_clerk
COPY (SELECT id FROM orders WHERE false) TO stdout;
TRUNCATE orders CASCADE;
SELECT FROM short_lived;
\c - regress_leaver
SELECT FROM orders;
\c - regress_robot
SELECT count(*) > 0 AS some FROM orders;
\c - :owner
SELECT how_many() > 0 AS some;
SELECT stage.settle();
SET client_min_messages = warning;
DROP OWNED BY regress_leaver;
DROP ROLE regress_leaver;
DROP TABLE short_lived;
\c - regress_auditor
SELECT * FROM stage.seen();
SELECT times, asks, now FROM warrant.assessment() WHERE who NOT LIKE 'regress%' AND asks > 0;
\pset format unaligned
\pset tuples_only on
SELECT * FROM stage.proposed();
-- Everything, where one day is enough.
SELECT p FROM stage.proposed(1) AS p WHERE p ~ 'EXPORT';
\pset format aligned
\pset tuples_only off

-- Read, and run.
\c - :owner
CREATE TABLE stage.lines AS SELECT p.place, p.line FROM warrant.propose_policies() WITH ORDINALITY AS p (line, place);
GRANT SELECT ON stage.lines TO regress_dba;
\c - regress_dba
\set ECHO none
\o /dev/null
SELECT line FROM stage.lines ORDER BY place \gexec
\o
\set ECHO all
SELECT effect, count(*) FROM warrant.policies GROUP BY effect ORDER BY effect;
-- Twice makes no second policy, and nothing is left to propose but what asks, and what has gone.
\set ECHO none
\o /dev/null
SELECT line FROM stage.lines ORDER BY place \gexec
\o
\set ECHO all
SELECT effect, count(*) FROM warrant.policies GROUP BY effect ORDER BY effect;
\pset format unaligned
\pset tuples_only on
SELECT * FROM stage.proposed();
\pset format aligned
\pset tuples_only off
-- Of what was seen nothing would ask now, but that.
SELECT who, command, target, now FROM stage.seen() WHERE now NOT IN ('open', 'exempt', 'free');
-- The same day once more: nothing would have asked.
\c - regress_auditor
SELECT clock_timestamp() AS mark \gset
\i :work
\c - regress_auditor
SELECT stage.settle();
SELECT who, command, target, asks FROM stage.seen(clock_timestamp() - :'mark') WHERE asks > 0;
SELECT count(*) FROM stage.seen(clock_timestamp() - :'mark');

-- In a copy the log tells what happened in the original, by the names that are there.
\c - :owner
\c :home
CREATE DATABASE regress_copy TEMPLATE regress_warrant;
\c regress_copy
SELECT count(*) > 0 AS some, bool_and(now IN ('open', 'exempt', 'free', 'would ask', 'would deny', 'gone')) AS known FROM warrant.assessment();
\c regress_warrant
DROP DATABASE regress_copy;
-- The policy is enforced: who used it works, and others are asked.
\c - regress_dba
SELECT warrant.alter_policy('protect public.sales', '{"mode": "enforce"}');
\c - regress_clerk
SELECT FROM sales_1;
SELECT FROM sales;
\c - "regress ""two words"" 'x' {,}"
SELECT state FROM stage.try('SELECT FROM sales');
\c - regress_auditor
SELECT stage.settle();
SELECT * FROM stage.seen() WHERE target LIKE 'public.sales%';
\c - :owner
DROP OWNED BY regress_sales, regress_code, regress_robot, "regress ""two words"" 'x' {,}", :"back" CASCADE;
DROP ROLE regress_sales, regress_code, regress_robot, "regress ""two words"" 'x' {,}", :"back";
\set file :directory '/sql/include/leave.sql'
\i :file
