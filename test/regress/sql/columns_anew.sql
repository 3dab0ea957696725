-- Columns that are dropped and made anew: what becomes of policies, requests and grants on them.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
SET client_min_messages = warning;
CREATE FUNCTION tried(VARIADIC statements text[]) RETURNS TABLE (statement text, state text, message text) LANGUAGE sql
AS $$ SELECT s, t.state, regexp_replace(t.message, ' \(request.*\)', '') FROM unnest(statements) WITH ORDINALITY AS u (s, n), LATERAL stage.try(s) AS t ORDER BY n $$;
CREATE TABLE cards (id int PRIMARY KEY, name text, card text);
INSERT INTO cards VALUES (1, 'Ada', '4111');
GRANT ALL ON cards TO regress_clerk;
SELECT warrant.protect('cards', columns => '{card}');

-- The recorder looks when a definition changes; set_person stands for any.
-- A policy covers the new column by its name, which it keeps until the recorder has noted the number; from then on it follows a rename.
BEGIN;
ALTER TABLE cards DROP COLUMN card;
ALTER TABLE cards ADD COLUMN card text;
SELECT * FROM stage.try('ALTER TABLE cards RENAME card TO pan');
SELECT state FROM stage.try('ALTER TABLE cards RENAME name TO called');
COMMIT;
SELECT warrant.set_person('regress_other', 'recorder, look');
SELECT stage.eventually($$SELECT column_numbers = '{4}' FROM stage.settle(), warrant.policies WHERE columns IS NOT NULL$$);
\c - regress_clerk
SELECT * FROM tried('SELECT card FROM cards', 'SELECT id FROM cards');
\c - :owner
SET client_min_messages = warning;
ALTER TABLE cards RENAME card TO pan;
\c - regress_clerk
SELECT * FROM tried('SELECT pan FROM cards', 'SELECT id FROM cards');
\c - :owner
SET client_min_messages = warning;
SELECT warrant.set_person('regress_other', 'recorder, look');
SELECT stage.eventually($$SELECT columns = '{pan}' FROM stage.settle(), warrant.policies WHERE columns IS NOT NULL$$);

-- Renamed, dropped and made anew at once; and with another type.
BEGIN;
ALTER TABLE cards RENAME pan TO old;
ALTER TABLE cards DROP COLUMN old;
ALTER TABLE cards ADD COLUMN pan text;
COMMIT;
SELECT warrant.set_person('regress_other', 'recorder, look');
SELECT stage.eventually($$SELECT column_numbers = '{5}' AND columns = '{pan}' FROM stage.settle(), warrant.policies WHERE columns IS NOT NULL$$);
ALTER TABLE cards ALTER COLUMN pan TYPE bigint USING 1;
ALTER TABLE cards RENAME pan TO card;
\c - regress_clerk
SELECT * FROM tried('SELECT card FROM cards', 'SELECT id FROM cards');

-- Two columns that take each other's places do not become one.
\c - :owner
SET client_min_messages = warning;
SELECT warrant.alter_policy('protect public.cards (card)', '{"columns": ["card", "called"]}');
BEGIN;
ALTER TABLE cards DROP COLUMN card;
ALTER TABLE cards RENAME called TO card;
COMMIT;
SELECT warrant.set_person('regress_other', 'recorder, look');
SELECT stage.eventually($$SELECT columns = '{card,card}' FROM stage.settle(), warrant.policies WHERE columns IS NOT NULL$$);
SELECT columns, column_numbers FROM warrant.policies WHERE columns IS NOT NULL;
\c - regress_clerk
SELECT * FROM tried('SELECT card FROM cards', 'SELECT id FROM cards');

-- One that lets pass by itself does not cover what comes in its column's place.
\c - :owner
SET client_min_messages = warning;
SELECT warrant.unprotect('cards'), warrant.protect('cards'), warrant.create_policy('automatic', 'auto', on_table => 'cards', columns => '{id,card}', commands => '{SELECT}');
ALTER TABLE cards DROP COLUMN card;
ALTER TABLE cards ADD COLUMN card text;
SELECT stage.settle();
\c - regress_clerk
SET client_min_messages = warning;
SELECT * FROM tried('SELECT id FROM cards', 'SELECT card FROM cards');
\c - :owner
SELECT columns, column_numbers FROM warrant.policies WHERE name = 'automatic';
SELECT state FROM stage.try('ALTER TABLE cards RENAME card TO note');

-- Requests and grants are for the columns that they were for.
SET client_min_messages = warning;
SELECT warrant.drop_policy('automatic');
CREATE TABLE ledger (a int, b int, c int);
GRANT ALL ON ledger TO regress_clerk;
SELECT warrant.protect('ledger');
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'ledger', columns => '{a,b}') AS request \gset
SELECT warrant.request('{SELECT}', on_table => 'ledger', columns => '{b}') AS other \gset
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'ledger', columns => '{a,b}') AS "grant" \gset
SELECT warrant.approve(:other);
\c - :owner
ALTER TABLE ledger DROP COLUMN b;
ALTER TABLE ledger ADD COLUMN b int;
\c - regress_clerk
SELECT * FROM tried('SELECT a FROM ledger', 'SELECT b FROM ledger');
SELECT commands, columns FROM warrant.my_grants WHERE relation_name = 'ledger' ORDER BY id;
SELECT state, message, hint FROM stage.try(format('SELECT warrant.extend(%s, ''10 min'')', :grant));
\c - regress_chief
SELECT commands, columns FROM warrant.active_grants WHERE relation_name = 'ledger' ORDER BY id;
SELECT item, value FROM warrant.show_request(:request) WHERE item = 'wants';
SELECT warrant.approve(:request);
SELECT warrant.deny(:request, 'ask anew');
\set file :directory '/sql/include/leave.sql'
\i :file
