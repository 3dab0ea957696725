# Ordinary statements of all kinds answer the same, letter for letter: results, notices, command tags, errors with their contexts.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Test::More;
use ThreeServers;

my $servers = ThreeServers->started('harmless_statements', { fill => sub { $_[0]->safe_as('clerk', ThreeServers->rich_schema, 'work') } });

my %statements = (
	'definitions' => <<'SQL',
CREATE TABLE t (a int PRIMARY KEY, b text DEFAULT 'x', c int REFERENCES shop.orders);
CREATE TABLE t (a int);
CREATE TABLE IF NOT EXISTS t (a int);
ALTER TABLE t ADD COLUMN d numeric DEFAULT random() > 2, ALTER COLUMN b SET NOT NULL;
ALTER TABLE t ADD COLUMN d numeric DEFAULT 1.5, ALTER COLUMN b SET NOT NULL;
ALTER TABLE t ALTER COLUMN d TYPE int USING d::int + 1, ADD CHECK (d > 0) NOT VALID;
ALTER TABLE t RENAME TO u;
ALTER TABLE u RENAME COLUMN b TO bb;
CREATE INDEX CONCURRENTLY ON u (bb);
CREATE VIEW v AS SELECT * FROM u;
ALTER TABLE u DROP COLUMN bb;
CREATE OR REPLACE VIEW v AS SELECT a, bb, c, d, 1 AS e FROM u;
DROP TABLE u;
COMMENT ON TABLE u IS 'one';
CREATE SCHEMA side CREATE TABLE inside (a int) CREATE VIEW seen AS SELECT * FROM inside;
ALTER TABLE u SET SCHEMA side;
GRANT SELECT ON ALL TABLES IN SCHEMA side TO PUBLIC;
REVOKE ALL ON side.u FROM nobody_there;
CREATE TABLE part (a int) PARTITION BY LIST (a);
CREATE TABLE part1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part2 (a int);
ALTER TABLE part ATTACH PARTITION part2 FOR VALUES IN (2);
ALTER TABLE part DETACH PARTITION part1 CONCURRENTLY;
INSERT INTO part VALUES (2), (1);
CREATE TABLE made AS SELECT g FROM generate_series(1, 3) AS g;
SELECT * INTO selected FROM made;
CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM made WITH NO DATA;
SELECT * FROM m;
REFRESH MATERIALIZED VIEW m;
SELECT * FROM m;
CREATE TYPE e AS ENUM ('a');
ALTER TYPE e ADD VALUE 'b';
CREATE STATISTICS s ON g, (g % 2) FROM made;
CREATE RULE r AS ON INSERT TO made DO ALSO NOTIFY made;
DROP SCHEMA side CASCADE;
DROP TABLE part, part1, made, selected CASCADE;
DROP TYPE e;
REASSIGN OWNED BY clerk TO clerk;
SQL
	'data' => <<'SQL',
INSERT INTO shop.customers (name, feels) VALUES ('new', 'glad') RETURNING id > 0, shout;
INSERT INTO shop.customers (name) VALUES ('new') ON CONFLICT (name) DO UPDATE SET feels = 'sad' RETURNING name, feels;
INSERT INTO shop.customers (name) VALUES ('new');
INSERT INTO shop.orders (customer, total) VALUES (-1, 5);
INSERT INTO shop.orders (customer, total) VALUES (1, -5);
INSERT INTO shop.customers (name, rebate) VALUES ('cheap', 101);
UPDATE shop.orders o SET total = total + 1 FROM shop.customers c WHERE c.id = o.customer AND c.name = 'customer 5' RETURNING o.id, o.total, c.name;
DELETE FROM shop.customers WHERE id = 7;
SELECT count(*) FROM shop.orders WHERE customer = 7;
MERGE INTO shop.rooms r USING (VALUES (1, 'up'), (99, 'down')) AS s (room, how) ON r.room = s.room
	WHEN MATCHED THEN UPDATE SET room = -r.room WHEN NOT MATCHED THEN INSERT VALUES (s.room, int4range(5000, 5001));
WITH gone AS (DELETE FROM shop.lines WHERE order_id = 3 RETURNING *), more AS (INSERT INTO past.scraps (a) SELECT pos FROM gone RETURNING a) SELECT sum(a) FROM more;
UPDATE shop.cheap SET total = 100 WHERE id = 4;
UPDATE shop.cheap SET total = 10 WHERE id = 4;
DELETE FROM past.things WHERE id = 1;
SELECT a FROM past.scraps ORDER BY a;
INSERT INTO shop.measured VALUES ('2024-03-03 00:00+00', 1, 2), ('2030-01-01 00:00+00', 1, 2);
UPDATE shop.measured SET at = at + interval '10 years' WHERE sensor = 1 AND at < '2023-07-01';
SELECT tableoid::regclass, count(*) FROM shop.measured GROUP BY 1 ORDER BY 1;
SELECT * FROM shop.orders WHERE id < 4 ORDER BY id FOR UPDATE SKIP LOCKED;
SELECT name, lag(id) OVER (ORDER BY id) FROM shop.customers ORDER BY id LIMIT 3;
SELECT * FROM shop.owing ORDER BY name LIMIT 3;
SELECT shop.owed('customer 9'), 1.2 OPERATOR(shop.~==) 1.5, shop.product(total) > 0 FROM shop.orders WHERE id < 5;
SELECT * FROM shop.all_lines(5);
CREATE FUNCTION past.down(n int) RETURNS SETOF int LANGUAGE sql STABLE AS 'SELECT 0';
CREATE OR REPLACE FUNCTION past.down(n int) RETURNS SETOF int LANGUAGE sql STABLE AS 'SELECT n UNION ALL SELECT d FROM past.down(n - 1) AS d WHERE n > 0';
SELECT * FROM past.down(3);
CALL shop.raise_prices(2);
TRUNCATE shop.lines, shop.rooms;
TRUNCATE shop.customers;
SELECT 1 / 0;
SELECT * FROM missing;
SELECT missing FROM shop.orders;
SELEC;
SQL
	'transactions' => <<'SQL',
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT count(*) FROM shop.orders;
SAVEPOINT a;
INSERT INTO shop.orders (customer, total) VALUES (1, -5);
SELECT 1;
ROLLBACK TO a;
INSERT INTO past.things VALUES (50, 'kept', NULL);
RELEASE a;
DECLARE c SCROLL CURSOR FOR SELECT id FROM shop.orders ORDER BY id;
FETCH 3 FROM c;
MOVE BACKWARD 2 FROM c;
FETCH c;
DELETE FROM past.things WHERE CURRENT OF c;
ROLLBACK;
BEGIN;
DECLARE h CURSOR WITH HOLD FOR SELECT id FROM shop.orders ORDER BY id;
COMMIT;
FETCH 2 FROM h;
CLOSE h;
BEGIN READ ONLY;
INSERT INTO past.things VALUES (51);
ROLLBACK;
BEGIN;
INSERT INTO past.things VALUES (52);
PREPARE TRANSACTION 'two';
COMMIT PREPARED 'two';
SELECT count(*) FROM past.things WHERE id = 52;
BEGIN;
LOCK TABLE shop.orders IN SHARE ROW EXCLUSIVE MODE;
SELECT mode FROM pg_locks WHERE relation = 'shop.orders'::regclass AND pid = pg_backend_pid() ORDER BY mode;
COMMIT;
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
SET LOCAL statement_timeout = '1ms';
SELECT pg_sleep(1);
COMMIT AND CHAIN;
SHOW transaction_isolation;
ROLLBACK;
SQL
	'sessions' => <<'SQL',
PREPARE p (int) AS SELECT id, total FROM shop.orders WHERE id = $1;
EXECUTE p (3);
EXPLAIN (COSTS off) EXECUTE p (3);
ALTER TABLE shop.orders ADD COLUMN added int;
EXECUTE p (3);
ALTER TABLE shop.orders DROP COLUMN added;
DEALLOCATE p;
EXPLAIN (COSTS off, VERBOSE) SELECT * FROM shop.mine JOIN shop.customers c ON c.id = customer WHERE c.feels = 'glad';
EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, BUFFERS off) UPDATE shop.orders SET total = total WHERE id = 3;
LISTEN news;
NOTIFY news, 'x';
UNLISTEN *;
SET search_path = shop;
SELECT count(*) FROM orders;
CREATE TEMP TABLE orders (a int) ON COMMIT DROP;
CREATE TEMP TABLE orders (a int);
SELECT count(*) FROM orders;
DISCARD ALL;
DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM shop.orders ORDER BY id LIMIT 2 LOOP RAISE NOTICE 'order %', r.id; END LOOP;
	BEGIN INSERT INTO shop.orders (customer) VALUES (-1); SET CONSTRAINTS ALL IMMEDIATE; EXCEPTION WHEN foreign_key_violation THEN RAISE NOTICE 'caught %', SQLERRM; END;
	PERFORM 1 / 0; END $$;
COPY (SELECT id, total FROM shop.orders WHERE id < 3 ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER);
COPY past.things FROM STDIN;
60	copied	2020-01-01 00:00:00
x	wrong	\N
\.
COPY past.things (id, what) FROM STDIN WITH (FORMAT csv);
61,"copied, too"
\.
SELECT id, what FROM past.things ORDER BY id;
SET ROLE boss;
RESET ROLE;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT count(*), sum(total) FROM shop.orders;
ALTER SYSTEM SET work_mem = '5MB';
SET log_statement = 'none';
SELECT lo_create(99), lo_put(99, 0, 'abc');
SELECT lo_get(99), lo_unlink(99);
SELECT nextval('past.tickets'), currval('past.tickets'), setval('past.tickets', 50);
SECURITY LABEL FOR other ON TABLE shop.orders IS 'x';
SQL
	'roles' => <<'SQL');
CREATE ROLE helper LOGIN PASSWORD 'x';
ALTER ROLE helper SET work_mem = '5MB';
GRANT helper TO clerk;
CREATE USER reader IN ROLE helper;
ALTER ROLE reader RENAME TO looker;
DROP ROLE looker;
GRANT SELECT ON shop.orders TO helper WITH GRANT OPTION;
REVOKE ALL ON shop.orders FROM helper CASCADE;
DROP OWNED BY helper;
REVOKE helper FROM clerk;
DROP ROLE helper, nobody_there;
DROP ROLE helper;
SELECT rolname FROM pg_roles WHERE rolname !~ '^(pg_|warrant_)' ORDER BY 1;
SQL

# The owner's work comes first, since the others see what it leaves.
for my $what ('definitions', 'data', 'transactions', 'sessions', 'roles')
{
	$servers->same_answers("$what as $_", $_, $statements{$what}) for $what eq 'roles' ? () : 'clerk', 'dba';
}
like($servers->same_answers('what is left', 'dba', "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1;\nSELECT count(*), sum(total) FROM shop.orders;"),
	qr/\(1 row\)/, 'something is left');
$servers->stop;
done_testing();
