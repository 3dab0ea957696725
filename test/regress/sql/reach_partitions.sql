-- Partitions, inheritance children and toast tables are the table that they belong to, whichever of them the statement names.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/lacks.sql'
\i :file
CREATE TABLE sales (k int, v text) PARTITION BY LIST (k);
CREATE TABLE sales_1 PARTITION OF sales FOR VALUES IN (1);
CREATE TABLE sales_2 PARTITION OF sales FOR VALUES IN (2) PARTITION BY LIST (v);
CREATE TABLE sales_2_a PARTITION OF sales_2 FOR VALUES IN ('a');
CREATE TABLE sales_2_rest PARTITION OF sales_2 DEFAULT;
CREATE TABLE sales_rest PARTITION OF sales DEFAULT;
CREATE TABLE loose (k int, v text);
ALTER TABLE loose ALTER v SET STORAGE EXTERNAL;
INSERT INTO loose VALUES (5, repeat('secret', 1000));
GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC;
GRANT pg_read_all_data TO regress_clerk;

-- A protected default partition at the bottom governs all above it, and neither its siblings nor theirs.
SET client_min_messages = warning;
SELECT warrant.protect('sales_2_rest');
\c - regress_clerk
\t on
SELECT stage.lacks('SELECT * FROM ' || t) FROM unnest('{sales,sales_1,sales_2,sales_2_a,sales_2_rest,sales_rest}'::text[]) AS t;
SELECT stage.lacks('SELECT * FROM sales WHERE k = 1');
SELECT stage.lacks($$INSERT INTO sales VALUES (1, 'a')$$);
SELECT stage.lacks($$INSERT INTO sales_2 VALUES (2, 'b')$$);
SELECT stage.lacks($$INSERT INTO sales_2_rest VALUES (2, 'b')$$);
-- An update of the key may bring its rows where nothing protects them; another one may not.
SELECT stage.lacks($$UPDATE sales SET k = 2, v = 'b' WHERE k = 1$$);

-- A protected parent governs all below it.
\c - :owner
SET client_min_messages = warning;
SELECT warrant.unprotect('sales_2_rest');
SELECT warrant.protect('sales');
\c - regress_clerk
SELECT stage.lacks('SELECT * FROM ' || t) FROM unnest('{sales,sales_1,sales_2,sales_2_a,sales_2_rest,sales_rest,loose}'::text[]) AS t;
SELECT stage.lacks('SELECT * FROM ONLY sales');
SELECT stage.lacks('SELECT tableoid, ctid FROM sales_rest');
SELECT stage.lacks('TRUNCATE sales_1');
\set VERBOSITY terse
COPY sales_1 TO STDOUT;
COPY (SELECT FROM ONLY sales_rest) TO STDOUT;
SELECT stage.lacks('DELETE FROM loose USING sales_2_a WHERE loose.k IS NOT NULL');
SELECT stage.lacks('SELECT * FROM loose JOIN sales_2_rest USING (k)');

-- A table that was read before it became a partition; with its toast table, which nothing else tells.
SELECT format('SELECT count(*) FROM %s', reltoastrelid::regclass) AS toasted FROM pg_class WHERE oid = 'loose'::regclass \gset
SELECT stage.lacks(:'toasted');
\c - :owner
SET client_min_messages = warning;
SELECT warrant.create_policy('open loose', 'open', on_table => 'loose', audit => 'none');
CREATE FUNCTION attach() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'ALTER TABLE sales ATTACH PARTITION loose FOR VALUES IN (5)';
CREATE FUNCTION detach() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'ALTER TABLE sales DETACH PARTITION loose';
\c - regress_chief
SELECT FROM warrant.grant('regress_clerk', '{ALTER}', on_table => 'sales');
\c - regress_clerk
SELECT stage.lacks('SELECT * FROM loose'), stage.lacks(:'toasted');
SELECT attach();
SELECT stage.lacks('SELECT * FROM loose'), stage.lacks(:'toasted');
SELECT detach();
SELECT stage.lacks('SELECT * FROM loose'), stage.lacks(:'toasted');
SELECT attach();
\c - :owner
ALTER TABLE sales DETACH PARTITION sales_rest;
ALTER TABLE sales DETACH PARTITION loose CONCURRENTLY;
\c - regress_clerk
SELECT stage.lacks('SELECT * FROM loose'), stage.lacks(:'toasted');

-- Toast tables change their numbers with VACUUM FULL, CLUSTER and rewrites.
\c - :owner
SET client_min_messages = warning;
SELECT warrant.drop_policy('open loose'), warrant.protect('loose');
CREATE INDEX by_k ON loose (k);
CREATE VIEW toast_of AS SELECT c.reltoastrelid::regclass AS name FROM pg_class c WHERE c.oid = 'loose'::regclass;
SELECT stage.lacks(format('SELECT count(*) FROM %s', name)) FROM toast_of;
\c - regress_clerk
SELECT stage.lacks(format('SELECT count(*) FROM %s', name)) FROM toast_of;
\c - :owner
VACUUM FULL loose;
\c - regress_clerk
SELECT stage.lacks(format('SELECT count(*) FROM %s', name)) FROM toast_of;
\c - :owner
CLUSTER loose USING by_k;
\c - regress_clerk
SELECT stage.lacks(format('SELECT count(*) FROM %s', name)) FROM toast_of;
\c - :owner
ALTER TABLE loose ADD w float DEFAULT random();
\c - regress_clerk
SELECT stage.lacks(format('SELECT count(*) FROM %s', name)) FROM toast_of;
\c - :owner
TRUNCATE loose;
\c - regress_clerk
SELECT stage.lacks(format('SELECT count(*) FROM %s', name)) FROM toast_of;
SELECT stage.lacks('SELECT * FROM loose');

-- A new name and a new schema are the same table; what took the old name is another.
\c - :owner
ALTER TABLE loose RENAME TO fixed;
CREATE SCHEMA away;
GRANT USAGE ON SCHEMA away TO PUBLIC;
ALTER TABLE fixed SET SCHEMA away;
CREATE TABLE loose (k int);
GRANT ALL ON loose TO PUBLIC;
\c - regress_clerk
SELECT stage.lacks('SELECT * FROM away.fixed'), stage.lacks('SELECT * FROM loose');

-- Inheritance: two parents, one of them protected; ONLY or not.
\c - :owner
SET client_min_messages = warning;
CREATE TABLE mother (a int);
CREATE TABLE father (b int);
CREATE TABLE child (c int) INHERITS (mother, father);
CREATE TABLE grandchild () INHERITS (child);
CREATE TABLE cousin () INHERITS (father);
GRANT ALL ON mother, father, child, grandchild, cousin TO PUBLIC;
SELECT warrant.protect('mother');
\c - regress_clerk
SELECT t, stage.lacks('SELECT * FROM ' || t), stage.lacks('SELECT * FROM ONLY ' || t) FROM unnest('{mother,father,child,grandchild,cousin}'::text[]) AS t;
SELECT stage.lacks('UPDATE father SET b = 1 WHERE b IS NOT NULL'), stage.lacks('DELETE FROM grandchild WHERE b IS NOT NULL');
\c - :owner
ALTER TABLE child NO INHERIT mother;
\c - regress_clerk
SELECT t, stage.lacks('SELECT * FROM ' || t) FROM unnest('{mother,father,child,grandchild}'::text[]) AS t;
\t off
\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
