-- needs(): what a text would need, without planning, running or calling anything of it.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE orders (id int PRIMARY KEY, customer int, status text);
CREATE TABLE customers (id int PRIMARY KEY, name text);
CREATE TABLE free (id int);
CREATE TABLE hidden (id int);
CREATE TABLE "Q ""uo' te" (id int);
INSERT INTO orders VALUES (1, 1, 'open');
CREATE VIEW all_orders AS SELECT * FROM orders;
GRANT ALL ON orders, customers, free, all_orders, "Q ""uo' te" TO PUBLIC;
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders');
SELECT warrant.create_policy('customers', 'deny', on_table => 'customers');
SELECT warrant.create_policy('quoted', 'approve', on_table => '"Q ""uo'' te"', mode => 'monitor');
SELECT warrant.create_policy('hidden', 'approve', on_table => 'hidden');
CREATE TABLE called (by text);
GRANT ALL ON called TO PUBLIC;
CREATE FUNCTION tell(what text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO called VALUES (what); RETURN true; END $$;
CREATE FUNCTION folded() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE WARNING 'a user''s function runs'; RETURN 1; END $$;
CREATE FUNCTION open_orders() RETURNS SETOF orders LANGUAGE sql STABLE AS $$ SELECT * FROM orders WHERE status = 'open' $$;
CREATE DOMAIN small AS int CHECK (tell('a constraint'));
CREATE DOMAIN tiny AS int CHECK (VALUE < 10);
CREATE TYPE pair AS (a small, b int);
\c - regress_clerk
-- Each access of each statement.
SELECT * FROM warrant.needs('SELECT * FROM orders');
SELECT * FROM warrant.needs('SELECT 1; UPDATE orders SET status = ''void'' WHERE id = 7; DELETE FROM orders USING customers c WHERE c.id = customer RETURNING c.name');
SELECT * FROM warrant.needs('INSERT INTO free SELECT id FROM orders');
SELECT * FROM warrant.needs('SELECT * INTO there FROM orders');
SELECT * FROM warrant.needs('SELECT id FROM all_orders FOR UPDATE');
SELECT * FROM warrant.needs('WITH gone AS (DELETE FROM orders) SELECT 1');
SELECT * FROM warrant.needs('SELECT * FROM open_orders()');
SELECT * FROM warrant.needs('SELECT * FROM "Q ""uo'' te"');
SELECT * FROM warrant.needs('MERGE INTO free f USING orders o ON o.id = f.id WHEN MATCHED THEN DELETE');
SELECT * FROM warrant.needs('TRUNCATE orders; LOCK TABLE customers IN SHARE MODE; SET search_path = nowhere; BEGIN; COMMIT');
SELECT * FROM warrant.needs('SELECT id FROM free');
SELECT * FROM warrant.needs('');
SELECT * FROM warrant.needs(' ; -- nothing');
-- Nothing of it runs: no function, no constraint, no sequence.
SELECT * FROM warrant.needs('SELECT tell(''ran''), folded() FROM orders WHERE tell(status) AND id = folded()');
SELECT * FROM warrant.needs('SELECT ''(1,2)''::pair FROM orders');
SELECT * FROM warrant.needs('SELECT ''{1}''::small[]');
SELECT * FROM warrant.needs('SELECT ''{1}''::tiny[]');
SELECT * FROM warrant.needs('SELECT ''1''::small, 1::small FROM orders');
SELECT * FROM called;
-- The server's own words, which point into the text.
SELECT * FROM warrant.needs('SELEC 1');
SELECT * FROM warrant.needs('SELECT * FROM nowhere');
SELECT * FROM warrant.needs('SELECT nothing FROM orders');
SELECT * FROM warrant.needs('SELECT * FROM hidden');
SELECT * FROM warrant.needs('DROP TABLE orders');
SELECT * FROM warrant.needs('DROP TABLE nowhere');
SELECT * FROM warrant.needs('SELECT $1');
SELECT * FROM warrant.needs('DELETE FROM warrant.policies');
-- What is not known before it runs.
SELECT * FROM warrant.needs('COPY orders TO STDOUT');
SELECT * FROM warrant.needs('CALL nothing()');
SELECT * FROM warrant.needs('DO $$ BEGIN NULL; END $$');
SELECT * FROM warrant.needs('EXPLAIN SELECT * FROM orders');
SELECT * FROM warrant.needs('EXECUTE p');
SELECT * FROM warrant.needs(NULL);
SELECT * FROM warrant.needs(repeat('-', 100001));
-- It takes no lock that others wait for, and leaves none behind.
BEGIN;
SELECT * FROM warrant.needs('TRUNCATE orders; LOCK TABLE orders');
SELECT mode FROM pg_locks WHERE relation = 'orders'::regclass AND pid = pg_backend_pid() AND mode LIKE '%Exclusive%';
ROLLBACK;
-- Nothing is filed or recorded.
SELECT count(*) FROM warrant.my_requests;
\c - :owner
SELECT count(*) FROM stage.news() WHERE event IN ('refused', 'allowed', 'request_created');
-- The answers follow grants and exemptions.
SELECT * FROM warrant.needs('DELETE FROM orders');
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'orders', duration => '1 hour');
\c - regress_clerk
SELECT * FROM warrant.needs('SELECT * FROM orders; DELETE FROM orders RETURNING id');
\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
