-- Exact grants: each serves one statement, as its text, parameters, session and objects were when it was refused or asked for.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE orders (id int PRIMARY KEY, status text, due date DEFAULT '2026-01-02');
CREATE TABLE archive (id int);
INSERT INTO orders SELECT i, 'open' FROM generate_series(1, 20) AS i;
GRANT ALL ON orders, archive TO PUBLIC;
GRANT CREATE ON DATABASE regress_warrant TO regress_clerk;
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders');
-- Asked for, before it runs.
\c - regress_clerk
SELECT warrant.request_statement(E'DELETE FROM orders -- the one that was ordered twice\n WHERE id = 7;', reason => 'ordered twice', duration => '1 hour');
SELECT warrant.request_statement(E'DELETE FROM orders -- the one that was ordered twice\n WHERE id = 7');
SELECT id, state, commands, max_uses, exact FROM warrant.my_requests;
\c - regress_chief
SELECT item, value FROM warrant.show_request(1) WHERE item IN ('wants', 'limits', 'statement', 'exactly');
SELECT warrant.approve(1);
SELECT exact, max_uses, commands FROM warrant.active_grants;
\c - regress_clerk
SELECT * FROM warrant.needs(E'DELETE FROM orders -- the one that was ordered twice\n WHERE id = 7');
SELECT * FROM warrant.needs('DELETE FROM orders WHERE id = 7');
SELECT rule, answer, detail FROM warrant.explain('DELETE', 'orders') WHERE rule = 'grant';
-- No other text: a comment, a blank, capitals, an escape, a name with its schema, a part of a longer one.
DELETE FROM orders WHERE id = 7;
DELETE FROM orders --the one that was ordered twice
 WHERE id = 7;
delete FROM orders -- the one that was ordered twice
 WHERE id = 7;
DELETE FROM U&"\006Frders" -- the one that was ordered twice
 WHERE id = 7;
WITH w AS (DELETE FROM orders -- the one that was ordered twice
 WHERE id = 7 RETURNING 1) SELECT 1;
-- Not another way: prepared, explained, by a cursor, in a function, in a block.
PREPARE p AS DELETE FROM orders -- the one that was ordered twice
 WHERE id = 7;
EXECUTE p;
EXPLAIN (COSTS OFF) DELETE FROM orders -- the one that was ordered twice
 WHERE id = 7;
DO $$ BEGIN DELETE FROM orders -- the one that was ordered twice
 WHERE id = 7; END $$;
SELECT state, message FROM stage.try(E'DELETE FROM orders -- the one that was ordered twice\n WHERE id = 7');
-- Not in another session: another user by SET ROLE, another path, another time zone.
SET search_path = pg_catalog, public;
DELETE FROM orders -- the one that was ordered twice
 WHERE id = 7;
SET search_path = '$user', public;
SET TimeZone = 'Asia/Tokyo';
DELETE FROM orders -- the one that was ordered twice
 WHERE id = 7;
RESET TimeZone;
-- It is still there, and serves what it is for, once; blanks and semicolons around it do not count.
   DELETE FROM orders -- the one that was ordered twice
 WHERE id = 7 ;
SELECT count(*) FROM warrant.my_grants;
DELETE FROM orders -- the one that was ordered twice
 WHERE id = 7;
-- As a part of a text of several.
SELECT warrant.request_statement('UPDATE orders SET status = ''sent'' WHERE id = 3');
\c - regress_chief
SELECT id FROM warrant.requests WHERE exact IS NOT NULL ORDER BY id DESC LIMIT 1 \gset
SELECT warrant.approve(:id);
\c - regress_clerk
SELECT 1 AS one\; UPDATE orders SET status = 'sent' WHERE id = 3\; UPDATE orders SET status = 'sent' WHERE id = 3;
SELECT 1 AS one\; UPDATE orders SET status = 'sent' WHERE id = 3;
SELECT status FROM orders WHERE id = 3;
\c - :owner
SELECT status FROM orders WHERE id = 3;
-- Other objects under the same names: a table in its place, a view that was changed, a function that was replaced.
CREATE VIEW late AS SELECT id FROM orders WHERE due < current_date;
CREATE FUNCTION is_late(due date) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN due < '2026-06-01'; END $$;
GRANT ALL ON late TO PUBLIC;
\c - regress_clerk
SELECT warrant.request_statement('SELECT count(*) FROM late') AS view, warrant.request_statement('SELECT count(*) FROM orders WHERE is_late(due)') AS function \gset
\c - regress_chief
SELECT warrant.approve(:view);
SELECT warrant.approve(:function);
\c - :owner
CREATE OR REPLACE VIEW late AS SELECT id FROM orders;
CREATE OR REPLACE FUNCTION is_late(due date) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
\c - regress_clerk
SELECT count(*) FROM late;
SELECT count(*) FROM orders WHERE is_late(due);
-- A refused statement is narrowed by its approval.
INSERT INTO archive SELECT id FROM orders WHERE id < 3;
SELECT warrant.cancel(id) FROM warrant.my_requests WHERE state = 'pending' GROUP BY id;
INSERT INTO archive SELECT id FROM orders WHERE id < 3;
SELECT max(id) AS id FROM warrant.my_requests \gset
\c - regress_chief
SELECT warrant.approve(:id, exact => true, max_uses => 2);
\c - regress_clerk
INSERT INTO archive SELECT id FROM orders WHERE id < 4;
INSERT INTO archive SELECT id FROM orders WHERE id < 3;
INSERT INTO archive SELECT id FROM orders WHERE id < 3;
INSERT INTO archive SELECT id FROM orders WHERE id < 3;
SELECT max(id) AS id FROM warrant.my_requests \gset
-- Several statements, or one that cannot be served: nobody can tell which is meant.
\c - regress_chief
SELECT warrant.approve(:id, exact => true);
SELECT warrant.deny(:id);
\c - regress_clerk
EXPLAIN SELECT * FROM orders;
SELECT max(id) AS id FROM warrant.my_requests \gset
\c - regress_chief
SELECT warrant.approve(:id, exact => true);
SELECT warrant.deny(:id);
\c - regress_clerk
SELECT warrant.request('{LOCK}', on_table => 'orders') AS id \gset
\c - regress_chief
SELECT warrant.approve(:id, exact => true);
SELECT warrant.approve(:id, exact => NULL);
-- What cannot be asked for.
\c - regress_clerk
SELECT warrant.request_statement(NULL);
SELECT warrant.request_statement('');
SELECT warrant.request_statement('DELETE FROM orders; SELECT 1');
SELECT warrant.request_statement('TRUNCATE orders');
SELECT warrant.request_statement('SELECT * INTO copied FROM orders');
SELECT warrant.request_statement('SELECT 1');
SELECT warrant.request_statement('DELETE FROM orders WHERE id = $1');
SELECT warrant.request_statement('DELETE FROM orders', max_uses => 0);
SELECT warrant.request_statement('DELETE FROM orders', duration => '1 month');
SELECT warrant.request_statement('DELETE FROM orders', reason => repeat('a', 2001));
SELECT warrant.request_statement('DELETE FROM orders WHERE status = ''' || repeat('a', 9000) || '''');
SELECT warrant.request_statement('DELETE FROM nowhere');
SELECT warrant.request_statement('DELETE FROM warrant.policies');
-- A grant of exactly one statement is not extended.
SELECT warrant.request_statement('DELETE FROM orders WHERE id = 1') AS id \gset
\c - regress_chief
SELECT warrant.approve(:id) AS grant \gset
\c - regress_clerk
SELECT warrant.extend(:grant);
-- A policy that approves single statements alone.
\c - :owner
SELECT warrant.alter_policy('orders', '{"exact": true}');
SELECT warrant.create_policy('open', 'open', on_table => 'archive', exact => true);
SELECT warrant.create_policy('auto', 'auto', on_table => 'archive', exact => true);
SELECT warrant.create_policy('null', 'approve', on_table => 'archive', exact => NULL);
SELECT event, comment FROM stage.news() WHERE event IN ('policy_changed', 'weakened');
\c - regress_clerk
DELETE FROM orders WHERE id = 1;
SELECT warrant.request('{DELETE}', on_table => 'orders');
DELETE FROM orders WHERE id = 2;
DELETE FROM orders WHERE id = 4;
EXPLAIN DELETE FROM orders;
SELECT id, state, exact FROM warrant.my_requests ORDER BY id DESC LIMIT 2;
SELECT max(id) - 1 AS first FROM warrant.my_requests \gset
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{DELETE}', on_table => 'orders');
SELECT warrant.approve(:first);
\c - regress_clerk
DELETE FROM orders WHERE id = 4;
DELETE FROM orders WHERE id = 2;
DELETE FROM orders WHERE id = 2;
-- The card shows what would run: blanks stay, and what does not show has an escape.
SELECT warrant.request_statement(E'DELETE FROM orders\n  WHERE status = ''a   b\u202e\u200bc''') AS hidden \gset
\c - regress_chief
SELECT value FROM warrant.show_request(:hidden) WHERE item = 'exactly';
\c - :owner
SELECT warrant.alter_policy('orders', '{"exact": false}');
SELECT event, comment FROM stage.news() WHERE event = 'weakened';
-- Under a policy on columns: the statement's columns are asked for, and its text alone is served.
CREATE TABLE customers (id int PRIMARY KEY, name text, card text, cvv text);
INSERT INTO customers VALUES (1, 'Ada', '4111', '1'), (2, 'Bob', '4222', '2');
GRANT ALL ON customers TO PUBLIC;
SELECT warrant.create_policy('cards', 'approve', on_table => 'customers', columns => '{card,cvv}');
\c - regress_clerk
SELECT warrant.request_statement('SELECT name, card FROM customers WHERE id = 1', max_uses => 3) AS id \gset
SELECT warrant.request_statement('SELECT name FROM customers');
\c - regress_chief
SELECT item, value FROM warrant.show_request(:id) WHERE item IN ('wants', 'exactly');
SELECT warrant.approve(:id);
SELECT commands, column_names, exact IS NOT NULL AS exact FROM warrant.grant_scopes ORDER BY grant_id DESC LIMIT 1;
\c - regress_clerk
SELECT name, card FROM customers WHERE id = 2;
SELECT card FROM customers WHERE id = 1;
SELECT name, card FROM customers WHERE id = 1;
SELECT state FROM stage.try('SELECT name, card FROM customers WHERE id = 1');
\c - :owner
ALTER TABLE customers RENAME card TO old;
ALTER TABLE customers RENAME cvv TO card;
\c - regress_clerk
SELECT name, card FROM customers WHERE id = 1;
\c - :owner
ALTER TABLE customers RENAME card TO cvv;
ALTER TABLE customers RENAME old TO card;
ALTER TABLE customers DROP COLUMN card;
ALTER TABLE customers ADD COLUMN card text DEFAULT 'anew';
\c - regress_clerk
SELECT name, card FROM customers WHERE id = 1;
SELECT warrant.cancel(id) FROM warrant.my_requests WHERE state = 'pending' GROUP BY id ORDER BY id;
-- Under a label, until it is taken off or another table bears it.
\c - :owner
CREATE TABLE payments (id int, amount int);
INSERT INTO payments VALUES (1, 10);
GRANT ALL ON payments TO PUBLIC;
SECURITY LABEL FOR pg_warrant ON TABLE payments IS 'pci';
SELECT warrant.create_policy('pci', 'approve', on_label => 'pci');
\c - regress_clerk
SELECT warrant.request_statement('SELECT amount FROM payments', max_uses => 2) AS id \gset
\c - regress_chief
SELECT warrant.approve(:id);
\c - regress_clerk
SELECT amount FROM payments;
SELECT id FROM payments;
\c - :owner
SECURITY LABEL FOR pg_warrant ON TABLE payments IS NULL;
SECURITY LABEL FOR pg_warrant ON TABLE archive IS 'pci';
ALTER TABLE payments RENAME TO paid;
ALTER TABLE archive RENAME TO payments;
ALTER TABLE payments RENAME id TO amount;
\c - regress_clerk
SELECT amount FROM payments;
-- A profile names no statement, and leads to none: what it gives and exactly one statement are two grants.
\c - :owner
SELECT warrant.create_profile('reader', '{READ}', on_table => 'orders');
\c - regress_clerk
SELECT warrant.cancel(id) FROM warrant.my_requests WHERE state = 'pending' GROUP BY id ORDER BY id;
SELECT warrant.request_statement('SELECT status FROM orders WHERE id = 5') AS id \gset
SELECT warrant.request(profile => 'reader') AS reader \gset
SELECT :id = :reader AS same;
\c - regress_chief
SELECT warrant.approve(:reader, exact => true);
SELECT warrant.approve(:id);
SELECT warrant.approve(:reader);
\c - regress_clerk
SELECT status FROM orders WHERE id = 5;
SELECT status FROM orders WHERE id = 5;
SELECT status FROM orders WHERE id = 6;
SELECT exact, uses_left FROM warrant.my_grants ORDER BY id DESC LIMIT 2;
-- With a ticket, which the policy's pattern asks for, and a limit on rows.
\c - :owner
SELECT warrant.create_policy('tickets', 'approve', on_table => 'customers', ticket_pattern => 'OPS-\d+', max_rows => 2, priority => 5);
\c - regress_clerk
SELECT warrant.request_statement('SELECT name FROM customers ORDER BY id');
SELECT warrant.request_statement('SELECT name FROM customers ORDER BY id', ticket => 'OPS-');
SELECT warrant.request_statement('SELECT name FROM customers ORDER BY id', ticket => E'OPS-1\nx');
SELECT warrant.request_statement('SELECT name FROM customers ORDER BY id', ticket => 'OPS-1', max_rows => 0);
SELECT warrant.request_statement('SELECT name FROM customers ORDER BY id', ticket => 'OPS-1', max_rows => 3);
SELECT warrant.request_statement('SELECT name FROM customers ORDER BY id', ticket => 'OPS-1', max_rows => 1, max_uses => 2) AS id \gset
\c - regress_chief
SELECT item, value FROM warrant.show_request(:id) WHERE item IN ('ticket', 'limits', 'exactly');
SELECT warrant.approve(:id);
\c - regress_clerk
SELECT name FROM customers ORDER BY id;
SELECT name FROM customers ORDER BY id LIMIT 1;
\c - :owner
DELETE FROM customers WHERE id = 2;
\c - regress_clerk
SELECT name FROM customers ORDER BY id;
SELECT name FROM customers ORDER BY id;
\c - :owner
SELECT stage.settle();
SELECT event, outcome, ticket, sqlstate FROM warrant.audit_log WHERE ticket = 'OPS-1' AND event IN ('grant_created', 'allowed', 'outcome', 'grant_used_up') ORDER BY seq;
\set file :directory '/sql/include/leave.sql'
\i :file
