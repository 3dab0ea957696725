-- What an exact grant compares beyond the text: whatever its names led to, as it was, and the session's settings.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE orders (id int PRIMARY KEY, status text, due date);
CREATE TABLE archive (id int, note text);
CREATE TABLE lines (id int, part int) PARTITION BY LIST (part);
CREATE TABLE lines_1 PARTITION OF lines FOR VALUES IN (1);
INSERT INTO orders SELECT i, 'open', '2026-01-02' FROM generate_series(1, 20) AS i;
INSERT INTO lines SELECT i, 1 FROM generate_series(1, 3) AS i;
GRANT ALL ON orders, archive, lines TO PUBLIC;
GRANT CREATE ON SCHEMA public TO regress_clerk;
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders', exact => true);
SELECT warrant.create_policy('lines', 'approve', on_table => 'lines', exact => true);
\c - regress_clerk
CREATE DOMAIN note AS text CHECK (VALUE <> '');
CREATE TYPE slip AS (note note);
CREATE FUNCTION joined(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN concat($1, $2); END $$;
CREATE AGGREGATE all_of(text) (SFUNC = joined, STYPE = text);
CREATE OPERATOR ~~> (LEFTARG = text, RIGHTARG = text, FUNCTION = joined);
CREATE FUNCTION on_lines() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
\c - :owner
CREATE TRIGGER watch BEFORE UPDATE ON lines_1 FOR EACH ROW EXECUTE FUNCTION on_lines();
ALTER TABLE archive ADD CONSTRAINT is_named CHECK (joined(note, 'x') <> 'x');
-- Asked for: each statement reads or writes in another way what is changed before it runs.
\c - regress_clerk
SELECT warrant.request_statement('INSERT INTO archive SELECT id, status::note FROM orders');
SELECT warrant.request_statement('INSERT INTO archive SELECT id, (''('' || status || '')'')::slip::text FROM orders');
SELECT warrant.request_statement('SELECT all_of(status) FROM orders');
SELECT warrant.request_statement('SELECT status ~~> ''!'' FROM orders WHERE id = 1');
SELECT warrant.request_statement('INSERT INTO archive SELECT id, status FROM orders');
SELECT warrant.request_statement('UPDATE lines SET id = 9 WHERE id = 1');
SELECT warrant.request_statement('UPDATE lines SET id = 8 WHERE id = 2');
SELECT warrant.request_statement('SELECT count(*) FROM orders');
SELECT warrant.request_statement('DELETE FROM orders WHERE id = 3');
\c - regress_chief
SELECT * FROM warrant.approve_all(ARRAY[1,2,3,4,5,6,7,8,9]);
-- A domain's check, also inside another type.
\c - regress_clerk
ALTER DOMAIN note ADD CHECK (joined(VALUE, '') IS NOT NULL);
INSERT INTO archive SELECT id, status::note FROM orders;
INSERT INTO archive SELECT id, ('(' || status || ')')::slip::text FROM orders;
-- The function of an aggregate, an operator and a check.
CREATE OR REPLACE FUNCTION joined(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN concat($2, $1); END $$;
SELECT all_of(status) FROM orders;
SELECT status ~~> '!' FROM orders WHERE id = 1;
INSERT INTO archive SELECT id, status FROM orders;
-- The function of a trigger of a partition, and the trigger.
\c - :owner
CREATE OR REPLACE FUNCTION on_lines() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id = 7; RETURN NEW; END $$;
\c - regress_clerk
UPDATE lines SET id = 9 WHERE id = 1;
\c - :owner
DROP TRIGGER watch ON lines_1;
\c - regress_clerk
UPDATE lines SET id = 8 WHERE id = 2;
-- A row policy, and a setting of an application that one reads.
\c - :owner
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON orders USING (id > current_setting('app.least')::int);
\c - regress_clerk
SET app.least = '10';
SELECT count(*) FROM orders;
SELECT warrant.request_statement('SELECT count(*) AS mine FROM orders') AS id \gset
\c - regress_chief
SELECT warrant.approve(:id);
\c - regress_clerk
SET app.least = '1';
SELECT count(*) AS mine FROM orders;
SET app.least = '10';
SELECT count(*) AS mine FROM orders;
-- It runs once, whatever becomes of its transaction.
\c - :owner
DROP POLICY tenant ON orders;
ALTER TABLE orders DISABLE ROW LEVEL SECURITY;
\c - regress_clerk
BEGIN;
SAVEPOINT before;
DELETE FROM orders WHERE id = 3;
ROLLBACK TO before;
DELETE FROM orders WHERE id = 3;
ROLLBACK;
-- Other settings: one that a function's text is read by, one by which an index finds fewer rows; but none of ours.
SELECT warrant.request_statement('DELETE FROM orders WHERE id = 4') AS id \gset
\c - regress_chief
SELECT warrant.approve(:id);
\c - regress_clerk
SET transform_null_equals = on;
DELETE FROM orders WHERE id = 4;
RESET transform_null_equals;
SET gin_fuzzy_search_limit = 1;
DELETE FROM orders WHERE id = 4;
RESET gin_fuzzy_search_limit;
SET pg_warrant.reason = 'tidy up';
DELETE FROM orders WHERE id = 4;
-- Whoever amends it asks for what it was, and approvals of what it was before do not count.
SELECT warrant.request_statement('DELETE FROM orders WHERE id = 5') AS id \gset
SELECT warrant.amend(:id, max_uses => 3);
\c - regress_chief
SELECT warrant.approve(:id, version => 1);
SELECT warrant.approve(:id, version => 2);
SELECT exact, max_uses FROM warrant.active_grants ORDER BY id DESC LIMIT 1;
\set file :directory '/sql/include/leave.sql'
\i :file
