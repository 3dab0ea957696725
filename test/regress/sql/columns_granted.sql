-- Requests and grants on columns: what they ask for and cover, and what they say.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
SET client_min_messages = warning;
CREATE TABLE customers (id int PRIMARY KEY, name text, card text, cvv text, note text);
INSERT INTO customers VALUES (1, 'Ada', '4111', '123', ''), (2, 'Bob', '4222', '456', '');
CREATE TABLE ledger (a int, b int, c int);
INSERT INTO ledger VALUES (1, 2, 3);
GRANT ALL ON customers, ledger TO regress_clerk, regress_other;
CREATE FUNCTION tried(VARIADIC statements text[]) RETURNS TABLE (statement text, state text, message text) LANGUAGE sql
AS $$ SELECT s, t.state, t.message FROM unnest(statements) WITH ORDINALITY AS u (s, n), LATERAL stage.try(s) AS t ORDER BY n $$;
SELECT warrant.protect('customers', columns => '{card,cvv}'), warrant.protect('ledger');
RESET client_min_messages;

-- A refused statement asks for the columns that it touches, and each set of them is a request.
\c - regress_clerk
SELECT state, message, detail FROM stage.try('SELECT id, card FROM customers');
SELECT * FROM tried('SELECT card FROM customers', 'SELECT cvv FROM customers', 'TABLE customers', 'UPDATE customers SET note = card', 'UPDATE customers SET cvv = $$1$$ WHERE card = $$2$$');
\c - regress_chief
SELECT relation_name, commands, columns, column_names FROM warrant.request_items ORDER BY request_id;
SELECT id, target, commands FROM warrant.pending ORDER BY id;
SELECT item, value FROM warrant.show_request(1) WHERE item IN ('wants', 'gives');
SELECT warrant.approve(1);
\c - regress_clerk
SELECT id, card FROM customers ORDER BY id;
SELECT * FROM tried('SELECT cvv FROM customers', 'TABLE customers', 'UPDATE customers SET note = card', 'INSERT INTO customers (id, card) VALUES (3, $$1$$)');
SELECT t.message FROM stage.try('SELECT id, card FROM customers WHERE cvv = $$123$$') AS t;

-- Asked for in words.
SELECT state, message, hint FROM unnest(ARRAY['''{SELECT}'', columns => ''{card}''', '''{SELECT}'', on_schema => ''public'', columns => ''{card}''', '''{SELECT}'', on_tables => ''{customers}'', columns => ''{card}''',
    '''{SELECT}'', on_table => ''customers'', columns => ''{}''', '''{SELECT}'', on_table => ''customers'', columns => ''{NULL}''', '''{SELECT}'', on_table => ''customers'', columns => ''{cards}''',
    '''{DELETE}'', on_table => ''customers'', columns => ''{card}''', '''{SELECT,LOCK}'', on_table => ''customers'', columns => ''{card}''', '''{SELECT}'', on_table => ''customers'', columns => ''{name}''',
    '''{DDL}'', on_table => ''customers'', columns => ''{card}''']) WITH ORDINALITY AS c (call, n), LATERAL stage.try(format('SELECT warrant.request(%s)', call)) ORDER BY n;
SELECT warrant.request('{SELECT}', on_table => 'customers', columns => '{name,cvv}');
SELECT warrant.request('{READ,EXPORT}', on_table => 'customers', columns => '{cvv,card}');
SELECT warrant.request('{SELECT}', on_table => 'customers');
SELECT warrant.request('{SELECT}', on_table => 'ledger', columns => '{b,a}');
SELECT warrant.request('{SELECT}', on_table => 'ledger', columns => '{a,b}');
\c - regress_chief
SELECT warrant.approve(9);

-- Under a policy on the whole table a grant on columns covers what touches no others.
\c - regress_clerk
SELECT a, b FROM ledger;
SELECT a FROM ledger WHERE b = 2;
SELECT count(*) FROM ledger;
SELECT a FROM ledger ORDER BY a;
SELECT t.message FROM unnest('{TABLE ledger,SELECT a FROM ledger WHERE c = 3,SELECT l FROM ledger l,SELECT ctid FROM ledger,SELECT a FROM ledger x JOIN ledger y USING (a) WHERE y.c = 1,DELETE FROM ledger,COPY ledger (a) TO STDOUT}'::text[]) AS s, LATERAL stage.try(s) AS t;
SELECT a FROM ledger x JOIN ledger y USING (a, b);
SELECT relation_name, commands, columns FROM warrant.my_grants ORDER BY id;
SELECT id, state, columns FROM warrant.my_requests WHERE id IN (1, 4, 10) ORDER BY id;
\c - :owner
ALTER TABLE ledger RENAME a TO first;
\c - regress_clerk
SELECT first FROM ledger;
\c - :owner
ALTER TABLE ledger DROP COLUMN b;
ALTER TABLE ledger ADD COLUMN b int;
\c - regress_clerk
SELECT first FROM ledger;
SELECT t.message ~ 'requires approval' AS refused FROM stage.try('SELECT b FROM ledger') AS t;

-- Given directly, narrowed and extended.
\c - regress_chief
SELECT warrant.grant('regress_other', '{SELECT,UPDATE}', on_table => 'customers', columns => '{cvv}');
SELECT warrant.grant('regress_other', '{ALL}', on_table => 'customers', columns => '{id}');
\c - regress_other
SELECT cvv FROM customers WHERE id = 1;
UPDATE customers SET cvv = '9' WHERE id = 1;
SELECT t.message ~ 'requires approval' AS refused FROM unnest('{SELECT card FROM customers,UPDATE customers SET card = 1::text,TABLE customers}'::text[]) AS s, LATERAL stage.try(s) AS t;
SELECT warrant.extend(3, '10 min') AS extension \gset
\c - regress_chief
SELECT item, value FROM warrant.show_request(:extension) WHERE item = 'wants';
SELECT warrant.approve(:extension, commands => '{SELECT}');
SELECT warrant.revoke(3);
\c - regress_other
SELECT cvv FROM customers WHERE id = 2;
SELECT t.message ~ 'requires approval' AS refused FROM unnest('{UPDATE customers SET cvv = 1::text,SELECT card FROM customers}'::text[]) AS s, LATERAL stage.try(s) AS t;
-- Who has a grant on some columns is told how to ask for no more than a statement needs, where that covers it.
\c - :owner
SET client_min_messages = warning;
CREATE TABLE staff (id int, "Name" text, "a,b" text, salary int);
CREATE TABLE "odd
table" (a int, b int);
GRANT ALL ON staff, "odd
table" TO PUBLIC;
SELECT warrant.protect('staff'), warrant.protect(E'"odd\ntable"') IS NOT NULL AS protected;
\c - regress_clerk
SELECT hint FROM stage.try('SELECT id, salary FROM staff');
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'staff', columns => '{id,"Name"}') AS "grant" \gset
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => E'"odd\ntable"', columns => '{a}') AS "grant" \gset
\c - regress_clerk
SELECT s.statement, t.hint FROM (VALUES (1, 'SELECT id FROM staff'), (2, 'SELECT id, salary FROM staff'), (3, 'SELECT "Name", "a,b" FROM staff'), (4, 'UPDATE staff SET salary = 1 WHERE id = 1'), (5, 'SELECT s FROM staff s'), (6, 'SELECT ctid FROM staff'),
    (7, 'DELETE FROM staff WHERE id = 1'), (8, 'DELETE FROM staff WHERE salary = 1'), (9, 'SELECT x.id FROM staff x JOIN staff y ON x.salary = y.id WHERE y."a,b" > $$$$'), (10, E'SELECT b FROM "odd\ntable"'), (11, 'UPDATE staff SET salary = 1 WHERE id = 1 RETURNING salary')) AS s (n, statement), LATERAL stage.try(s.statement) AS t ORDER BY s.n \gx
\c - regress_other
SELECT hint FROM stage.try('SELECT id, salary FROM staff');
-- What the hint asks for covers the statement.
\c - regress_clerk
SELECT warrant.request('{SELECT,UPDATE}', on_table => 'public.staff', columns => '{id,salary}') AS id \gset
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.approve(:id) AS "grant" \gset
\c - regress_clerk
UPDATE staff SET salary = 1 WHERE id = 1;
SELECT message FROM stage.try('UPDATE staff SET salary = 1 WHERE "a,b" = $$Ada$$');
\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
