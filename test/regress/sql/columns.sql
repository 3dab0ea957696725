-- Policies on columns: what touches a column, which policy answers for it, what definitions take, and what becomes of them when columns change.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
SET client_min_messages = warning;
CREATE TABLE customers (id int PRIMARY KEY, name text, card text UNIQUE, cvv text, note text, town int);
INSERT INTO customers VALUES (1, 'Ada', '4111', '123', '', 1);
CREATE TABLE towns (town int PRIMARY KEY, card text);
CREATE TABLE copies (note text);
GRANT ALL ON customers, towns, copies TO regress_clerk;
CREATE FUNCTION tried(VARIADIC statements text[]) RETURNS TABLE (statement text, state text, message text) LANGUAGE sql
AS $$ SELECT s, t.state, regexp_replace(t.message, ' \(request.*\)', '') FROM unnest(statements) WITH ORDINALITY AS u (s, n), LATERAL stage.try(s) AS t ORDER BY n $$;

-- What a definition takes.
SELECT state, message, hint FROM unnest(ARRAY['{}', '{NULL}', '{card,NULL}', '{{card}}', '{cards}', '{ctid}', '{Card}', '{"card; DROP"}', format('{%s}', repeat('card,', 100) || 'card')])
    WITH ORDINALITY AS c (columns, n), LATERAL stage.try(format('SELECT warrant.create_policy(%L, %L, on_table => %L, columns => %L)', 'c', 'approve', 'customers', columns)) ORDER BY n;
SELECT state, message, hint FROM unnest(ARRAY['{DELETE}', '{SELECT,DROP}', '{ddl}', '{export}', '{TRUNCATE}', '{ADMIN}', '{CREATE}', '{SELECTS}', '{}', '{NULL}'])
    WITH ORDINALITY AS c (commands, n), LATERAL stage.try(format('SELECT warrant.create_policy(%L, %L, on_table => %L, columns => %L, commands => %L)', 'c', 'approve', 'customers', '{card}', commands)) ORDER BY n;
SELECT state, message FROM stage.try($$SELECT warrant.create_policy('c', 'approve', on_schema => 'public', columns => '{card}')$$);
SELECT state, message FROM stage.try($$SELECT warrant.create_policy('c', 'approve', on_database => true, columns => '{card}')$$);
SELECT state, message FROM stage.try($$SELECT warrant.protect(NULL, columns => '{card}')$$);
RESET client_min_messages;
SELECT warrant.protect('customers', columns => '{cvv,card,card}');
SELECT warrant.protect('customers', columns => '{card,cvv}');
SET client_min_messages = warning;
SELECT state, message, hint FROM stage.try($$SELECT warrant.protect('customers', commands => '{READ}', columns => '{card,cvv}')$$);
SELECT columns, column_numbers, commands FROM warrant.policies WHERE columns IS NOT NULL;
SELECT w, commands FROM unnest('{READ,WRITE,ALL}'::text[]) AS w, LATERAL warrant_internal.commands_on_columns(ARRAY[w]) AS commands;

-- What touches a column is what the server asks privileges on the column for.
\c - regress_clerk
SELECT id, name FROM customers;
SELECT count(*) FROM customers;
SELECT ctid, tableoid::regclass FROM customers;
SELECT * FROM tried('TABLE customers', 'SELECT card FROM customers', 'SELECT c::text FROM customers c', 'SELECT row_to_json(c) FROM customers c', 'SELECT 1 FROM customers c WHERE c IS NOT NULL',
    'SELECT (c).card FROM customers c', 'SELECT c.cvv FROM customers c', 'SELECT card(c) FROM customers c', 'SELECT id FROM customers WHERE cvv = $$123$$', 'SELECT id FROM customers ORDER BY card',
    'SELECT count(*) FROM customers GROUP BY cvv', 'SELECT id FROM customers JOIN towns USING (town)', 'SELECT 1 FROM customers JOIN towns USING (card)', 'SELECT 1 FROM customers NATURAL JOIN towns',
    'SELECT id FROM customers FOR UPDATE', 'EXPLAIN SELECT card FROM customers', 'DECLARE c CURSOR FOR SELECT card FROM customers', 'SELECT DISTINCT ON (cvv) id FROM customers',
    'WITH w AS MATERIALIZED (SELECT card FROM customers) SELECT count(*) FROM w', 'SELECT (SELECT cvv FROM customers)', 'SELECT max(card) OVER () FROM customers');
SELECT * FROM tried('INSERT INTO customers (id, name) VALUES (2, $$Bob$$)', 'INSERT INTO customers VALUES (3, $$Eve$$)', 'INSERT INTO customers VALUES (4, $$Eve$$, $$1$$)', 'INSERT INTO customers (id, card) VALUES (5, $$1$$)',
    'INSERT INTO customers (id) VALUES (2) ON CONFLICT (card) DO NOTHING', 'INSERT INTO customers (id) VALUES (2) ON CONFLICT (id) DO UPDATE SET card = $$1$$',
    'INSERT INTO customers (id) VALUES (6) RETURNING cvv', 'INSERT INTO customers (id) VALUES (7) RETURNING id',
    'UPDATE customers SET note = $$x$$ WHERE id = 1', 'UPDATE customers SET card = $$x$$ WHERE id = 1', 'UPDATE customers SET note = $$x$$ WHERE card = $$4111$$', 'UPDATE customers SET note = card',
    'UPDATE customers SET note = $$x$$ RETURNING *', 'DELETE FROM customers WHERE id = 7', 'DELETE FROM customers WHERE cvv = $$123$$', 'DELETE FROM customers WHERE id = 8 RETURNING card',
    'MERGE INTO customers c USING towns t ON c.card = t.card WHEN MATCHED THEN DELETE', 'MERGE INTO customers c USING towns t ON c.town = t.town WHEN MATCHED THEN UPDATE SET card = $$1$$',
    'MERGE INTO customers c USING towns t ON c.town = t.town WHEN MATCHED THEN UPDATE SET note = cvv', 'MERGE INTO customers c USING towns t ON c.town = t.town WHEN MATCHED THEN UPDATE SET note = $$y$$',
    'MERGE INTO towns t USING customers c ON c.town = t.town WHEN MATCHED THEN UPDATE SET card = c.card', 'INSERT INTO copies SELECT card FROM customers', 'INSERT INTO copies SELECT name FROM customers',
    'CREATE TEMPORARY TABLE mine AS SELECT cvv FROM customers', 'CREATE TEMPORARY TABLE mine AS SELECT name FROM customers', 'LOCK customers');
INSERT INTO customers (id) VALUES (6) RETURNING *;
COPY customers (id, note) TO STDOUT;
COPY customers (id, cvv) TO STDOUT;
COPY customers TO STDOUT;
COPY (SELECT card FROM customers) TO STDOUT;
\copy customers (id, card) FROM /dev/null
COPY customers (id, name) FROM STDIN;
9	Zoe
\.

-- What a definition and its owner could do about the column is asked for as well.
\c - :owner
SET client_min_messages = warning;
ALTER TABLE customers OWNER TO regress_clerk;
\c - regress_clerk
SELECT * FROM tried('ALTER TABLE customers ADD CHECK (cvv <> note)', 'ALTER TABLE customers RENAME card TO free', 'ALTER TABLE customers DROP COLUMN card', 'CREATE INDEX ON customers (lower(card))',
    'GRANT SELECT (card) ON customers TO regress_other', 'DROP TABLE customers', 'CREATE TABLE child () INHERITS (customers)', 'CREATE TRIGGER t AFTER INSERT ON customers EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    'TRUNCATE customers', 'ALTER TABLE customers ADD COLUMN open text GENERATED ALWAYS AS (card) STORED');
SELECT state, message FROM stage.try('SELECT most_common_vals FROM pg_stats');
\c - :owner
SET client_min_messages = warning;
ALTER TABLE customers OWNER TO :owner;
GRANT ALL ON customers TO regress_clerk;
INSERT INTO customers VALUES (1, 'Ada', '4111', '123', '', 1), (2, 'Bob', '4222', '456', '', 2);

-- What the refusal says, and what explain() does. Refused for another column, the statement asks anew.
\c - regress_clerk
SELECT state, message, detail, on_table, policy FROM stage.try('SELECT cvv, card FROM customers');
SELECT state, message FROM stage.try('DO $$ BEGIN BEGIN PERFORM card FROM customers; EXCEPTION WHEN OTHERS THEN NULL; END; PERFORM cvv FROM customers; END $$');
SELECT rule, answer, detail FROM warrant.explain('SELECT', 'customers') WHERE rule IN ('policy', 'approve');
SELECT rule, answer, detail FROM warrant.explain('DELETE', 'customers') WHERE rule IN ('policy', 'approve');

-- Through views: a view touches what its query does.
\c - :owner
SET client_min_messages = warning;
CREATE VIEW names AS SELECT id, name FROM customers;
CREATE VIEW masked AS SELECT id, right(card, 2) AS last FROM customers;
GRANT ALL ON names, masked TO regress_clerk;
\c - regress_clerk
TABLE names;
SELECT * FROM tried('TABLE masked', 'SELECT id FROM masked', 'UPDATE names SET name = $$Ann$$ WHERE id = 1', 'UPDATE names SET name = $$Ann$$ WHERE id = 1 RETURNING *');
\c - :owner
SET client_min_messages = warning;
SELECT warrant.alter_policy('protect public.customers (card, cvv)', jsonb_build_object('definer_roles', jsonb_build_array(quote_ident(:'owner')))) IS NOT NULL;
\c - regress_clerk
TABLE masked;
SELECT * FROM tried('SELECT card FROM customers');

-- A prepared statement asks anew when a column comes under a policy.
PREPARE p AS SELECT note FROM customers WHERE id = 2;
EXECUTE p;
\setenv PGUSER :owner
\! psql -qAtX -c "SELECT warrant.create_policy('notes', 'deny', on_table => 'customers', columns => '{note}', commands => '{SELECT}')" regress_warrant
SELECT * FROM tried('EXECUTE p', 'SELECT id FROM customers', 'UPDATE customers SET note = $$x$$ WHERE id = 1', 'UPDATE customers SET note = note || $$x$$');

-- The order: columns come before the table, and each column has to pass by itself.
\c - :owner
SET client_min_messages = warning;
SELECT warrant.drop_policy('notes');
SELECT warrant.create_policy('table', 'deny', on_table => 'customers', commands => '{READ}');
SELECT warrant.create_policy('names', 'open', on_table => 'customers', columns => '{id,name}', commands => '{READ}');
\c - regress_clerk
SELECT id, name FROM customers ORDER BY id;
SELECT t.policy, t.message FROM unnest('{SELECT card FROM customers,SELECT id\, note FROM customers,SELECT id\, card FROM customers,SELECT count(*) FROM customers,TABLE customers,SELECT id FROM customers c WHERE c IS NOT NULL}'::text[]) AS s, LATERAL stage.try(s) AS t;
COPY customers (id, name) TO STDOUT;
INSERT INTO copies SELECT name FROM customers WHERE id = 1;
\c - :owner
SET client_min_messages = warning;
SELECT warrant.alter_policy('table', '{"priority": 1}');
\c - regress_clerk
SELECT t.policy, t.message FROM unnest('{SELECT card FROM customers,SELECT id FROM customers}'::text[]) AS s, LATERAL stage.try(s) AS t;
\c - :owner
SET client_min_messages = warning;
SELECT warrant.alter_policy('table', '{"priority": 0, "effect": "approve"}');
SELECT warrant.drop_policy('names');
-- Two policies are two requests, and both have to be granted.
\c - regress_clerk
SELECT state, message, detail FROM stage.try('SELECT id, cvv FROM customers');
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.approve(14);
\c - regress_clerk
SELECT id, note FROM customers ORDER BY id;
SELECT t.policy, t.message FROM stage.try('SELECT id, cvv FROM customers') AS t;
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.approve(3);
\c - regress_clerk
SELECT id, cvv FROM customers ORDER BY id;
\c - :owner
SELECT event, command, relation, "grant", n, rows FROM stage.news() WHERE who = 'regress_clerk' AND event = 'allowed';
SELECT warrant.revoke(2);
\c - regress_clerk
SELECT t.policy, t.message FROM unnest('{SELECT id\, cvv FROM customers,SELECT id FROM customers}'::text[]) AS s, LATERAL stage.try(s) AS t;
\c - :owner
SET client_min_messages = warning;
SELECT warrant.drop_policy('table');
DROP VIEW masked;

-- Columns that change: a policy follows its column, and covers what bears the name of one that is gone.
ALTER TABLE customers RENAME card TO pan;
ALTER TABLE customers ALTER COLUMN pan TYPE varchar(30);
ALTER TABLE customers ADD COLUMN card text;
\c - regress_clerk
SELECT * FROM tried('SELECT pan FROM customers', 'SELECT card FROM customers', 'SELECT cvv FROM customers');
\c - :owner
SET client_min_messages = warning;
SELECT stage.eventually($$SELECT columns = '{pan,cvv}' FROM warrant.policies WHERE columns IS NOT NULL$$);
SELECT p->'columns' FROM jsonb_array_elements(warrant.export_policies()->'policies') AS p;
ALTER TABLE customers DROP COLUMN pan;
\c - regress_clerk
SELECT * FROM tried('SELECT card FROM customers', 'SELECT cvv FROM customers', 'ALTER TABLE customers ADD COLUMN x text');
\c - :owner
SET client_min_messages = warning;
ALTER TABLE customers ADD COLUMN pan text;
\c - regress_clerk
SELECT * FROM tried('SELECT pan FROM customers', 'SELECT card FROM customers');
\c - :owner
SET client_min_messages = warning;
ALTER TABLE customers DROP COLUMN pan, DROP COLUMN cvv;
\c - regress_clerk
SELECT count(*) FROM (SELECT * FROM customers) AS c;
\c - :owner
SET client_min_messages = warning;
DROP TABLE customers CASCADE;
CREATE TABLE customers (cvv text, x int, pan text);
GRANT ALL ON customers TO regress_clerk;
\c - regress_clerk
SELECT * FROM tried('SELECT pan FROM customers', 'SELECT cvv FROM customers', 'SELECT x FROM customers');
\c - :owner
SELECT warrant.protect('customers', columns => '{pan,cvv}');
SELECT columns, column_numbers FROM warrant.policies WHERE columns IS NOT NULL ORDER BY id;
SET client_min_messages = warning;
SELECT warrant.drop_policy(name) FROM warrant.policies WHERE target_kind <> '!';

-- An open policy does not cover what bears the name of its column.
SELECT warrant.protect('customers'), warrant.create_policy('x', 'open', on_table => 'customers', columns => '{x}');
\c - regress_clerk
SELECT * FROM tried('SELECT x FROM customers', 'SELECT cvv FROM customers');
\c - :owner
SET client_min_messages = warning;
ALTER TABLE customers DROP COLUMN x;
ALTER TABLE customers ADD COLUMN x int;
\c - regress_clerk
SELECT * FROM tried('SELECT x FROM customers', 'SELECT cvv FROM customers');
\c - :owner
SET client_min_messages = warning;
SELECT warrant.unprotect('customers'), warrant.drop_policy('x');

-- Relatives have the columns of the same names, wherever they stand.
CREATE TABLE part (k int, card text, note text) PARTITION BY LIST (k);
CREATE TABLE part_1 (note text, dropped int, card text, k int);
ALTER TABLE part_1 DROP COLUMN dropped;
ALTER TABLE part ATTACH PARTITION part_1 FOR VALUES IN (1);
CREATE TABLE part_2 PARTITION OF part FOR VALUES IN (2);
INSERT INTO part VALUES (1, '4111', ''), (2, '4222', '');
CREATE TABLE parent (a int);
CREATE TABLE child (b int, c text) INHERITS (parent);
GRANT ALL ON part, part_1, part_2, parent, child TO regress_clerk;
SELECT warrant.protect('part', columns => '{card}'), warrant.protect('child', columns => '{b}');
\c - regress_clerk
SELECT * FROM tried('SELECT k, note FROM part', 'SELECT k, note FROM part_1', 'SELECT card FROM part', 'SELECT card FROM part_1', 'TABLE part_1', 'SELECT card FROM part_2', 'UPDATE part_1 SET card = $$1$$', 'UPDATE part_1 SET note = $$1$$',
    'SELECT note FROM part_1 p WHERE p IS NULL', 'TABLE parent', 'SELECT b FROM child', 'SELECT c FROM child', 'SELECT a FROM parent p WHERE p IS NULL', 'DELETE FROM parent');
\c - :owner
SET client_min_messages = warning;
ALTER TABLE part RENAME card TO pan;
\c - regress_clerk
SELECT * FROM tried('SELECT pan FROM part_1', 'SELECT note FROM part_1');
\c - :owner
SET client_min_messages = warning;
SELECT warrant.unprotect('part'), warrant.unprotect('child');
-- A row that leaves the part that protects its column.
SELECT warrant.protect('part_1', columns => '{pan}');
\c - regress_clerk
SELECT * FROM tried('UPDATE part SET k = 2 WHERE k = 1', 'UPDATE part SET note = $$n$$ WHERE k = 1', 'SELECT pan FROM part_2', 'SELECT pan FROM part_1', 'SELECT pan FROM part');
\c - :owner
SET client_min_messages = warning;
SELECT warrant.unprotect('part_1');

-- A toast table has the values of whatever column.
CREATE TABLE letters (id int, body text);
GRANT ALL ON letters TO regress_clerk;
SELECT warrant.protect('letters', columns => '{body}');
SELECT reltoastrelid::regclass AS toast FROM pg_class WHERE oid = 'letters'::regclass \gset
GRANT USAGE ON SCHEMA pg_toast TO regress_clerk;
GRANT SELECT ON :toast TO regress_clerk;
\c - regress_clerk
SELECT * FROM tried('SELECT id FROM letters');
SELECT state, message ~ 'SELECT .* requires approval' AS refused FROM stage.try('SELECT chunk_data FROM ' || :'toast');
SELECT state, message ~ 'SELECT .* requires approval' AS refused FROM stage.try('SELECT count(*) FROM ' || :'toast');
\c - :owner
SET client_min_messages = warning;
REVOKE USAGE ON SCHEMA pg_toast FROM regress_clerk;
SELECT warrant.unprotect('letters');

-- Names with quotes and marks; what the log and a document say.
CREATE TABLE "Odd ""table" ("a ""b" text, "DROP TABLE x; --" text, "‮נ" text);
SELECT warrant.create_policy('odd', 'approve', on_table => '"Odd ""table"', columns => ARRAY['a "b', 'DROP TABLE x; --', '‮נ']);
GRANT ALL ON "Odd ""table" TO regress_clerk;
SELECT comment = 'approve on public."Odd ""table" ("a ""b", "DROP TABLE x; --", "‮נ")' AS told FROM stage.news() WHERE event = 'policy_created' AND comment LIKE '%Odd%';
SELECT p->'columns' = '["a \"b", "DROP TABLE x; --", "‮נ"]' AS exported FROM jsonb_array_elements(warrant.export_policies()->'policies') AS p;
SELECT action, change FROM warrant.apply_policies(warrant.export_policies());
\c - regress_clerk
SELECT message ~ 'SELECT \("a ""b", "DROP TABLE x; --"\) on table' AS named FROM stage.try('SELECT "DROP TABLE x; --", "a ""b" FROM "Odd ""table"');
\c - :owner
SET client_min_messages = warning;
DROP TABLE "Odd ""table";
SELECT warrant.drop_policy('odd');

-- Changes: fewer columns weaken, more do not; a grant under other columns ends.
CREATE TABLE ledger (a int, b int, c int);
GRANT ALL ON ledger TO regress_clerk;
SELECT warrant.create_policy('ledger', 'approve', on_table => 'ledger', columns => '{a,b}');
SELECT count(*) > 0 FROM stage.news();
SELECT state, message, hint FROM unnest(ARRAY['{"columns": []}', '{"columns": ["d"]}', '{"columns": "a"}', '{"commands": ["DELETE"]}', '{"commands": ["ALL"]}', '{"columns": ["b", "a"]}']) WITH ORDINALITY AS c (changes, n),
    LATERAL stage.try(format('SELECT warrant.alter_policy(%L, %L)', 'ledger', changes)) ORDER BY n;
SELECT warrant.alter_policy('ledger', '{"columns": ["a", "b", "c"]}');
SELECT event, comment FROM stage.news() WHERE event IN ('policy_changed', 'policy_created', 'weakened');
SELECT warrant.alter_policy('ledger', '{"columns": ["a"]}');
SELECT event, comment FROM stage.news() WHERE event IN ('policy_changed', 'policy_created', 'weakened');
SELECT warrant.alter_policy('ledger', '{"columns": null}');
SELECT event, comment FROM stage.news() WHERE event IN ('policy_changed', 'policy_created', 'weakened');
SELECT warrant.alter_policy('ledger', '{"columns": ["a"], "commands": ["WRITE"]}');
SELECT event, comment FROM stage.news() WHERE event IN ('policy_changed', 'policy_created', 'weakened');
SELECT commands FROM warrant.policies WHERE name = 'ledger';
SELECT warrant.create_policy('b', 'open', on_table => 'ledger', columns => '{b}');
SELECT event, comment FROM stage.news() WHERE event IN ('policy_changed', 'policy_created', 'weakened');
SELECT action, change, weakens FROM warrant.apply_policies('{"policies": [{"name": "ledger", "effect": "approve", "on_table": "public.ledger", "columns": ["b", "a"]}]}', prune => true);
SELECT action, change, weakens FROM warrant.apply_policies('{"policies": [{"name": "ledger", "effect": "approve", "on_table": "public.ledger", "columns": ["b", "a"]}]}', prune => true, dry_run => false);
SELECT action, change, weakens FROM warrant.apply_policies('{"policies": [{"name": "ledger", "effect": "approve", "on_table": "public.ledger", "columns": ["b", "a"]}]}');
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'ledger');
\c - regress_clerk
TABLE ledger;
\c - :owner
SET client_min_messages = warning;
SELECT warrant.alter_policy('ledger', '{"columns": ["a", "b", "c"]}');
\c - regress_clerk
SELECT * FROM tried('SELECT a FROM ledger');
\set file :directory '/sql/include/leave.sql'
\i :file
