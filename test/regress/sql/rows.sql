-- Limits on rows: what may be asked, given and approved, and which rows a statement is charged for.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (id int PRIMARY KEY, amount int, note text);
INSERT INTO ledger SELECT i, i, 'n' || i FROM generate_series(1, 20) AS i;
CREATE TABLE notes (id int, body text);
CREATE TABLE parts (id int, v int) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (20);
INSERT INTO parts SELECT i, i FROM generate_series(0, 19) AS i;
CREATE VIEW ledger_view AS SELECT * FROM ledger;
CREATE TABLE behind (id int, v int);
INSERT INTO behind SELECT i, i FROM generate_series(1, 20) AS i;
CREATE VIEW shown AS SELECT * FROM behind WHERE v > 0;
CREATE TABLE free (id int, body text);
CREATE TABLE many AS SELECT i AS id FROM generate_series(1, 10000) AS i;
GRANT ALL ON ledger, notes, parts, parts_1, parts_2, ledger_view, shown, free, many TO PUBLIC;
GRANT CREATE ON SCHEMA public TO PUBLIC;
ANALYZE;

-- Between 1 and 10^15; a maximum that is higher, or gone, weakens.
SELECT * FROM stage.try($$SELECT warrant.create_policy('ledger', 'approve', on_table => 'ledger', max_rows => 0)$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('ledger', 'approve', on_table => 'ledger', max_rows => -1)$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('ledger', 'approve', on_table => 'ledger', max_rows => 1000000000000001)$$);
SELECT warrant.create_policy('ledger', 'approve', on_table => 'ledger', max_rows => 10);
SELECT warrant.create_policy('notes', 'approve', on_table => 'notes', min_approvals => 2);
SELECT warrant.create_policy('parts', 'approve', on_table => 'parts');
SELECT warrant.create_policy('shown', 'approve', on_table => 'shown');
SELECT warrant.alter_policy('ledger', '{"max_rows": 9}');
SELECT event, comment FROM stage.news() WHERE event = 'weakened';
SELECT warrant.alter_policy('ledger', '{"max_rows": null}');
SELECT event, comment FROM stage.news() WHERE event = 'weakened';
SELECT warrant.alter_policy('ledger', '{"max_rows": 10}');
SELECT p->'max_rows' AS exported FROM jsonb_array_elements(warrant.export_policies()->'policies') AS p WHERE p->>'name' = 'ledger';

-- A request, an amendment, an approval and a grant stay within it; where nobody asks for a number the policy's holds.
\c - regress_clerk
SELECT * FROM stage.try($$SELECT warrant.request('{ALL}', on_table => 'ledger', max_rows => 11)$$);
SELECT * FROM stage.try($$SELECT warrant.request('{ALL}', on_table => 'ledger', max_rows => 0)$$);
SELECT warrant.request('{ALL}', on_table => 'ledger', max_rows => 8);
SELECT warrant.request('{ALL}', on_table => 'ledger', max_rows => 7);
SELECT * FROM stage.try($$SELECT warrant.amend(1, max_rows => 11)$$);
SELECT warrant.amend(1, max_rows => 6);
SELECT warrant.request('{ALL}', on_table => 'notes', max_rows => 9);
SELECT warrant.request('{ALL}', on_table => 'shown');
SELECT id, relation_name, max_rows FROM warrant.my_requests ORDER BY id;
\c - regress_chief
SELECT value FROM warrant.show_request(1) WHERE item IN ('limits', 'amended') AND value NOT LIKE '% ago%';
SELECT warrant.request_status(1)->'max_rows' AS asked;
SELECT warrant.approve(1, version => 3, max_rows => 7);
SELECT warrant.approve(1, version => 3, max_rows => 0);
SELECT warrant.approve(1, version => 3, max_rows => 5);
SELECT warrant.approve(2, max_rows => 4);
SELECT warrant.grant('regress_clerk', '{ALL}', on_table => 'parts', max_rows => 12);
SELECT warrant.approve(3, max_rows => 5);
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'ledger', max_rows => 11);
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'ledger');
\c - regress_deputy
SELECT warrant.approve(2, max_rows => 6);
SELECT grantee_name, relation_name, max_rows FROM warrant.active_grants ORDER BY id;
SELECT event, comment FROM stage.news() WHERE event IN ('request_amended', 'grant_created');
\c - regress_clerk
SELECT relation_name, max_rows FROM warrant.my_grants ORDER BY id;
SELECT rule, answer, regexp_replace(detail, 'until .*, rows', 'until ..., rows') AS detail FROM warrant.explain('SELECT', 'ledger') WHERE rule = 'grant';

-- None, as many, and one more.
SELECT count(*) FROM ledger WHERE id > 100;
SELECT count(*) FROM ledger WHERE id <= 5;
SELECT count(*) FROM ledger WHERE id <= 6;
SELECT state, message, hint FROM stage.try('SELECT * FROM ledger');
SELECT id FROM ledger ORDER BY id LIMIT 5;
SELECT EXISTS (SELECT FROM ledger), (SELECT max(id) FROM ledger WHERE id < 5);
\set VERBOSITY terse
SELECT 'a' FROM ledger a WHERE id < 4 UNION ALL SELECT 'b' FROM ledger b WHERE id < 4;
SELECT 1 FROM generate_series(1, 6) AS i, LATERAL (SELECT * FROM ledger l WHERE l.id = i) AS l;
SELECT i, (SELECT note FROM ledger WHERE id = i) FROM generate_series(1, 6) AS i;
SELECT count(*) FROM free JOIN ledger USING (id);
SELECT id FROM ledger_view WHERE id < 3;
SELECT id FROM ledger_view;
SELECT id FROM ledger WHERE ctid = ANY (ARRAY(SELECT format('(0,%s)', i)::tid FROM generate_series(1, 6) AS i));
SELECT count(*) FROM ledger TABLESAMPLE BERNOULLI (100);
SELECT id FROM ledger WHERE id < 7 FOR UPDATE;
SET enable_seqscan = off;
SELECT count(id) FROM ledger;
SET enable_indexscan = off;
SET enable_indexonlyscan = off;
SELECT count(*) FROM ledger WHERE id < 7;
SELECT count(*) FROM ledger WHERE id < 6;
RESET ALL;

-- Each row counts before anything is computed of it.
CREATE FUNCTION tell(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN $1; END $$;
CREATE FUNCTION holds(ledger) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'saw %', $1.id; RETURN false; END $$;
CREATE FUNCTION tell_same(int, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN false; END $$;
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = tell_same);
CREATE DOMAIN told AS int CHECK (tell(VALUE) > 0);
SELECT tell(id) FROM ledger WHERE id < 6;
SELECT tell(id) FROM ledger;
SELECT id FROM ledger WHERE tell(id) < 0;
SELECT id FROM ledger WHERE holds(ledger);
SELECT id FROM ledger WHERE id === 3;
SELECT id FROM ledger WHERE id::told < 0;
SELECT id FROM ledger WHERE CASE id WHEN 3 THEN false ELSE tell(amount) < 0 END;
SELECT id FROM ledger WHERE EXISTS (SELECT tell(ledger.id)) AND id < 0 OR EXISTS (SELECT tell(ledger.id) OFFSET 0);
SELECT id FROM ledger WHERE id < tell(3);
UPDATE ledger SET amount = 0 WHERE tell(id) < 0;
\set VERBOSITY default
SELECT detail, hint FROM stage.try('SELECT id FROM ledger WHERE tell(id) < 0');
\set VERBOSITY terse

-- The planner would show statistics to an operator or SQL function of the reader's before anything is counted.
CREATE OPERATOR ==== (LEFTARG = int, RIGHTARG = int, FUNCTION = tell_same, RESTRICT = eqsel, JOIN = eqjoinsel);
CREATE FUNCTION wrapped(int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 ==== 3';
CREATE FUNCTION found() RETURNS SETOF ledger STABLE LANGUAGE sql AS 'SELECT * FROM ledger WHERE amount ==== 3';
EXPLAIN (COSTS OFF) SELECT id FROM ledger WHERE amount ==== 3;
EXPLAIN (COSTS OFF) SELECT id FROM ledger WHERE amount ==== ANY (ARRAY[3, 4]);
EXPLAIN (COSTS OFF) SELECT id FROM ledger WHERE wrapped(amount);
EXPLAIN (COSTS OFF) SELECT 1 FROM (SELECT amount ==== 3 AS it FROM ledger) AS l WHERE it;
EXPLAIN (COSTS OFF) SELECT 1 FROM (SELECT wrapped(amount) AS it FROM ledger) AS l WHERE it;
EXPLAIN (COSTS OFF) SELECT 1 FROM ledger_view WHERE amount ==== 3;
EXPLAIN (COSTS OFF) SELECT 1 FROM ledger JOIN behind ON amount ==== v;
EXPLAIN (COSTS OFF) SELECT 1 FROM behind WHERE v ==== ANY (SELECT amount FROM ledger);
EXPLAIN (COSTS OFF) SELECT id FROM found();
SELECT (SELECT count(*) FROM ledger WHERE amount ==== 3);
UPDATE ledger SET amount = 0 WHERE amount ==== 3;
SELECT id, wrapped(NULL) FROM ledger WHERE id < 2;

-- A row that another session has just changed is found again by a plan that is not counted.
SELECT (SELECT count(*) FROM ledger WHERE id > f.id) FROM free f FOR UPDATE;
UPDATE free SET body = (SELECT note FROM ledger WHERE id = free.id);
DELETE FROM free WHERE CASE WHEN id > 0 THEN EXISTS (SELECT FROM ledger WHERE ledger.id > free.id OFFSET 0) ELSE false END;
WITH l AS MATERIALIZED (SELECT id FROM ledger WHERE id < 3) UPDATE free SET body = (SELECT max(l.id) FROM l WHERE l.id > free.id);
UPDATE free SET body = (SELECT note FROM ledger WHERE id = 1) WHERE false;
UPDATE free SET body = note FROM ledger WHERE ledger.id = free.id AND ledger.id < 3;

-- What is written. A row that is found and changed counts once.
UPDATE ledger SET amount = amount + 1 WHERE id <= 5 RETURNING id;
UPDATE ledger SET amount = amount + 1 WHERE id <= 6;
DELETE FROM ledger WHERE id > 14;
INSERT INTO ledger SELECT i FROM generate_series(101, 105) AS i;
INSERT INTO ledger SELECT i FROM generate_series(201, 206) AS i;
INSERT INTO ledger VALUES (101), (102), (103), (104), (105) ON CONFLICT (id) DO UPDATE SET amount = 1;
INSERT INTO ledger VALUES (101), (102), (103), (104), (105), (106) ON CONFLICT (id) DO UPDATE SET amount = 1;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SET enable_seqscan = off;
MERGE INTO ledger l USING (VALUES (1), (2), (301), (302)) AS s (id) ON l.id = s.id WHEN MATCHED THEN UPDATE SET amount = 2 WHEN NOT MATCHED THEN INSERT VALUES (s.id);
MERGE INTO ledger l USING generate_series(401, 406) AS s (id) ON l.id = s.id WHEN MATCHED THEN DO NOTHING WHEN NOT MATCHED THEN INSERT VALUES (s.id);
RESET ALL;
WITH w AS (INSERT INTO ledger VALUES (501), (502), (503) RETURNING id) SELECT count(*) FROM ledger WHERE id < 4;
COPY ledger FROM STDIN;
601	1	a
602	1	a
\.
COPY ledger FROM STDIN;
701	1	a
702	1	a
703	1	a
704	1	a
705	1	a
706	1	a
\.
COPY (SELECT id FROM ledger WHERE id < 3) TO STDOUT;
COPY (SELECT id FROM ledger) TO STDOUT;
COPY ledger TO STDOUT;
TRUNCATE ledger;
CREATE TEMP TABLE copy AS SELECT * FROM ledger;
EXPLAIN (COSTS OFF) SELECT id FROM ledger;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT id FROM ledger;
BEGIN;
LOCK TABLE ledger;
ROLLBACK;

-- Partitions share what their table has, a view counts what is read behind it.
SELECT count(*) FROM parts WHERE id < 12;
SELECT count(*) FROM parts;
SELECT count(*) FROM parts_1;
SELECT (SELECT count(*) FROM parts_1) + (SELECT count(*) FROM parts_2);
UPDATE parts SET v = 0 WHERE id < 12;
DELETE FROM parts WHERE id < 13;
SELECT id FROM shown WHERE id < 3;
SELECT count(*) FROM shown;
SELECT id FROM shown WHERE tell(id) < 0;
INSERT INTO shown SELECT i, i FROM generate_series(1, 6) AS i;
INSERT INTO shown VALUES (1, 1), (2, 2);
DELETE FROM shown WHERE id < 8;

-- All that a statement does adds up: its functions, repetitions, and its cursors over all fetches.
CREATE FUNCTION read_one(int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT note FROM ledger WHERE id = $1); END $$;
CREATE FUNCTION read_sql(int) RETURNS text VOLATILE LANGUAGE sql AS $$ SELECT note FROM ledger WHERE id = $1 $$;
SELECT read_one(i) FROM generate_series(1, 5) AS i;
SELECT read_one(i) FROM generate_series(1, 6) AS i;
SELECT read_sql(i) FROM generate_series(1, 6) AS i;
SELECT read_one(i), (SELECT note FROM ledger WHERE id = i) FROM generate_series(1, 3) AS i;
DO $$ BEGIN FOR i IN 1 .. 8 LOOP PERFORM FROM ledger WHERE id = i; RAISE NOTICE 'read %', i; END LOOP; END $$;
DO $$ BEGIN FOR i IN 1 .. 8 LOOP BEGIN PERFORM FROM ledger WHERE id = i; RAISE NOTICE 'read %', i;
    EXCEPTION WHEN insufficient_privilege THEN RAISE NOTICE 'not %', i; END; END LOOP; END $$;
CREATE PROCEDURE read_all() LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1 .. 8 LOOP PERFORM FROM ledger WHERE id = i; RAISE NOTICE 'read %', i; COMMIT; END LOOP; END $$;
CALL read_all();
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT id FROM ledger WHERE id < 8;
FETCH 3 FROM c;
MOVE BACKWARD ALL FROM c;
SAVEPOINT before;
FETCH 3 FROM c;
ROLLBACK;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM ledger;
FETCH 5 FROM c;
MOVE 1 FROM c;
ROLLBACK;
BEGIN;
DECLARE held NO SCROLL CURSOR WITH HOLD FOR SELECT id FROM ledger WHERE id < 6;
FETCH 2 FROM held;
COMMIT;
FETCH ALL FROM held;
CLOSE held;
BEGIN;
DECLARE held NO SCROLL CURSOR WITH HOLD FOR SELECT id FROM ledger;
FETCH 2 FROM held;
COMMIT;
PREPARE p AS SELECT id FROM ledger WHERE id < $1;
EXECUTE p(3);
EXECUTE p(30);
EXECUTE p(2);

-- An error may quote a row, and counts as one; that of a row too many is not shown.
DO $$ BEGIN FOR i IN 1 .. 8 LOOP BEGIN PERFORM FROM ledger WHERE id = i AND note::int = 0;
    EXCEPTION WHEN OTHERS THEN RAISE NOTICE '%', SQLERRM; END; END LOOP; END $$;

-- So does what a built-in function reports of a row that it does not let through, whoever wants to hear it.
SET client_min_messages = error;
SELECT id FROM ledger WHERE id = 1 AND to_regtype(repeat('x', 64) || note) IS NOT NULL;
SELECT id FROM ledger WHERE set_config('client_min_messages', 'notice', false) IS NOT NULL AND to_regtype(repeat('x', 64) || note) IS NOT NULL;
RESET client_min_messages;
\set VERBOSITY default
SELECT id FROM ledger WHERE to_regtype(repeat('x', 64) || note) IS NOT NULL;
\set VERBOSITY terse
SELECT id FROM ledger WHERE id = (SELECT 1 FROM set_config('client_min_messages', 'debug1', true)) AND to_regtype(repeat('x', 64) || note) IS NOT NULL;
WITH told AS (UPDATE ledger SET amount = 0 WHERE to_regtype(repeat('x', 64) || note) IS NOT NULL RETURNING id) SELECT id FROM told;
DO $$ BEGIN FOR i IN 1 .. 8 LOOP BEGIN PERFORM FROM ledger WHERE to_regtype(repeat('x', 64) || note) IS NOT NULL;
    EXCEPTION WHEN insufficient_privilege THEN RAISE NOTICE '%', SQLERRM; END; END LOOP; END $$;

-- A view's own rows count, and what a statement writes into a view counts once.
\c :DBNAME :owner
CREATE VIEW codes AS VALUES ('code 1'), ('code 2'), ('code 3');
CREATE VIEW code AS SELECT 'code 0' AS code UNION ALL SELECT 'code 4';
GRANT SELECT ON codes, code TO PUBLIC;
SELECT warrant.create_policy('codes', 'approve', on_table => 'codes'), warrant.create_policy('code', 'approve', on_table => 'code');
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.grant('regress_clerk', '{SELECT}', on_tables => '{codes,code}', max_rows => 1);
\c - regress_clerk
SELECT count(*) FROM codes WHERE column1 = 'code 2';
SELECT * FROM code;
SELECT * FROM code LIMIT 1;

-- All grants that a statement reads a table under have one number of rows, the smallest.
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'parts', max_rows => 5);
SELECT warrant.grant('regress_other', '{UPDATE}', on_table => 'parts', max_rows => 6);
\c - regress_other
DO $$ BEGIN PERFORM FROM parts_1 WHERE id < 3; UPDATE parts_2 SET v = 0 WHERE id < 12; END $$;
DO $$ BEGIN PERFORM FROM parts_1 WHERE id < 3; UPDATE parts_2 SET v = 0 WHERE id < 13; END $$;
DO $$ BEGIN UPDATE parts_2 SET v = 0 WHERE id < 16; PERFORM FROM parts_1 WHERE id < 3; END $$;
UPDATE parts_2 SET v = 0 WHERE id < 16;
\c - regress_clerk

-- No parallel worker reads: it would not know what others have read.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SET parallel_leader_participation = off;
SELECT count(*) FROM ledger WHERE id < 6;
SELECT count(*) FROM ledger;
CREATE FUNCTION read_safely(int) RETURNS text PARALLEL SAFE LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT note FROM ledger WHERE id = $1); END $$;
SELECT count(read_safely(id + 900)) FROM many WHERE id < 9000;
SET max_parallel_workers_per_gather = 0;
SELECT count(read_safely(id + 900)) FROM many WHERE id < 9000;
RESET ALL;

-- Of several grants the one of more rows serves.
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'ledger', max_rows => 8, duration => '5 min');
\c - regress_clerk
SELECT count(*) FROM ledger WHERE id <= 8;
SELECT count(*) FROM ledger;

-- More time is for as many rows. A grant of more rows than the policy has now does not live on.
SELECT warrant.extend(1);
SELECT max_rows FROM warrant.my_requests ORDER BY id DESC LIMIT 1;
\c :DBNAME :owner
SELECT warrant.alter_policy('ledger', '{"max_rows": 5}');
SELECT id FROM warrant.active_grants a WHERE relation_name = 'ledger' AND EXISTS (SELECT FROM warrant.policies p WHERE p.name = 'ledger' AND a.id = ANY (p.kept_grants)) ORDER BY id;
\c - regress_clerk
SELECT count(*) FROM ledger WHERE id <= 6;

-- In monitor mode nothing fails, and without audit rows are counted as ever.
\c :DBNAME :owner
SELECT warrant.alter_policy('ledger', '{"mode": "monitor"}');
\c - regress_clerk
SELECT count(*) > 5 AS reads_all FROM ledger;
\c :DBNAME :owner
SELECT warrant.alter_policy('ledger', '{"mode": "enforce", "audit": "none"}');
\c - regress_clerk
SELECT count(*) > 5 AS reads_all FROM ledger;
SELECT count(*) FROM ledger WHERE id <= 5;
SELECT count(*) FROM ledger;
SELECT read_one(i) FROM generate_series(1, 6) AS i;
\c :DBNAME :owner
\set file :directory '/sql/include/leave.sql'
\i :file
