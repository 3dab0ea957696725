-- explain() of certain columns: the answer is that of a statement which touches these and no others.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
SET client_min_messages = warning;
CREATE TABLE customers (id int PRIMARY KEY, name text, card text, cvv text, "odd ""one" text, gone int);
ALTER TABLE customers DROP COLUMN gone;
GRANT SELECT, INSERT ON customers TO regress_clerk;
GRANT SELECT (id, name), UPDATE (name) ON customers TO regress_other;
SELECT warrant.create_policy('cards', 'approve', on_table => 'customers', columns => '{card}');
SELECT warrant.create_policy('codes', 'deny', on_table => 'customers', columns => '{cvv}', commands => '{SELECT}');
CREATE FUNCTION asked(role regrole, command text, columns name[]) RETURNS text LANGUAGE sql
AS $$ SELECT string_agg(concat_ws(', ', rule || ': ' || answer, detail), '; ' ORDER BY step) FROM warrant.explain(role, command, 'customers', columns) WHERE rule IN ('policy', 'grant') OR answer <> 'goes on' $$;
SELECT c.columns, asked('regress_clerk', 'SELECT', c.columns) FROM unnest(ARRAY[NULL, '{id}', '{id,name}', '{card}', '{card,cvv}', '{cvv,card,id}', '{id,id}', '{"odd \"one"}']) WITH ORDINALITY AS s (columns_in, n), LATERAL (SELECT s.columns_in::name[]) AS c (columns) ORDER BY n;
SELECT asked('regress_clerk', 'INSERT', '{cvv}'), asked('regress_clerk', 'insert', '{id,card}');
SELECT asked('regress_clerk', 'EXPORT', '{card}'), asked('regress_other', 'EXPORT', '{card}'), asked('regress_other', 'EXPORT', '{id}');
-- It answers as the statement does.
\c - regress_clerk
SELECT state FROM stage.try('SELECT id, name FROM customers');
SELECT state, policy FROM stage.try('SELECT id, card FROM customers');
SELECT state, policy FROM stage.try('SELECT cvv FROM customers');
\c - :owner
SET client_min_messages = warning;

-- What governs the table governs columns of which no policy is.
SELECT warrant.create_policy('table', 'approve', on_table => 'customers', commands => '{READ}', priority => -1);
SELECT asked('regress_clerk', 'SELECT', '{id,name}'), asked('regress_clerk', 'SELECT', '{id,card}'), asked('regress_clerk', 'SELECT', NULL);
-- A grant on columns is for these.
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'customers', columns => '{id,card}');
\c - :owner
SELECT c.columns, regexp_replace(asked('regress_clerk', 'SELECT', c.columns), 'until .*', 'until ...') FROM (VALUES (1, '{id}'::name[]), (2, '{id,name}'), (3, '{card}'), (4, '{id,card}')) AS c (n, columns) ORDER BY n;

-- The server's privileges come first, and are asked for each column.
SELECT c.columns, asked('regress_other', 'SELECT', c.columns) FROM (VALUES (1, '{id}'::name[]), (2, '{id,card}'), (3, '{card}')) AS c (n, columns) ORDER BY n;
SELECT asked('regress_other', 'UPDATE', '{name}'), asked('regress_other', 'UPDATE', '{id}'), asked('regress_other', 'INSERT', '{id}');
CREATE VIEW cards AS SELECT card FROM customers;
GRANT SELECT ON cards TO regress_other;
SELECT asked('regress_other', 'SELECT', '{card}');

-- A child knows its parent's policies by its own columns.
CREATE TABLE vips (perk text) INHERITS (customers);
GRANT ALL ON vips TO regress_clerk;
SELECT detail FROM warrant.explain('regress_clerk', 'SELECT', 'vips', '{card}') WHERE rule = 'policy';
SELECT detail FROM warrant.explain('regress_clerk', 'SELECT', 'vips', '{perk}') WHERE rule = 'policy';

-- What it does not take.
SELECT c.arguments, t.state, t.message, t.hint FROM unnest(ARRAY['SELECT'', ''customers'', ''{}', 'SELECT'', ''customers'', ''{NULL}', 'SELECT'', ''customers'', ''{{id}}', 'SELECT'', ''customers'', ''{ctid}', 'SELECT'', ''customers'', ''{gone}',
    'SELECT'', ''customers'', ''{Card}', 'DELETE'', ''customers'', ''{id}', 'EXPORT'', ''customers'', ''{id}', 'CREATE'', ''customers'', ''{id}', 'ADMIN'', ''customers'', ''{id}', 'READ'', ''customers'', ''{id}', 'SELECT'', ''cards'', ''{id}']) AS c (arguments),
    LATERAL stage.try(format($$SELECT * FROM warrant.explain('regress_clerk', '%s')$$, c.arguments)) AS t;
SELECT state, message FROM stage.try($$SELECT * FROM warrant.explain('regress_clerk', 'SELECT', 'customers', array_fill('id'::name, ARRAY[101]))$$);
SELECT state, message FROM stage.try($$SELECT * FROM warrant.explain('regress_clerk', 'ADMIN', NULL, '{id}')$$);
\c - regress_clerk
SELECT state, message FROM stage.try($$SELECT * FROM warrant.explain('regress_clerk', 'SELECT', 'customers', '{id}')$$);
SELECT rule, answer FROM warrant.explain('SELECT', 'customers') WHERE answer <> 'goes on';
\c - :owner
SET client_min_messages = error;
DROP TABLE customers CASCADE;
\set file :directory '/sql/include/leave.sql'
\i :file
