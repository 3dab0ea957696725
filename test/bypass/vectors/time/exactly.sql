-- Beside a grant of exactly one statement, which was approved as it was: whatever differs is another one.

--- exactly_other_text: two words more
-- needs DELETE on orders
-- gate
SELECT warrant.protect('orders');
SET SESSION AUTHORIZATION clerk;
SELECT warrant.request_statement('DELETE FROM orders WHERE id = 7') AS id \gset
\setenv ID :id
\! psql -X -U boss -d market -c "SELECT warrant.approve($ID)" >/dev/null 2>&1
-- attack
DELETE FROM orders WHERE id = 7 OR true;

--- exactly_view: the view that it reads is another one now
-- needs SELECT on orders
-- setup
SET ROLE clerk;
CREATE VIEW desk.list AS SELECT status AS what FROM orders;
-- gate
SELECT warrant.protect('orders');
SET SESSION AUTHORIZATION clerk;
SELECT warrant.request_statement('SELECT what FROM desk.list') AS id \gset
\setenv ID :id
\! psql -X -U boss -d market -c "SELECT warrant.approve($ID)" >/dev/null 2>&1
-- attack
CREATE OR REPLACE VIEW desk.list AS SELECT card AS what FROM orders;
SELECT what FROM desk.list;

--- exactly_function: the function that hides what it is given shows it now
-- needs SELECT on orders
-- setup
SET ROLE clerk;
CREATE FUNCTION desk.hidden(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN '***'; END $$;
-- gate
SELECT warrant.protect('orders');
SET SESSION AUTHORIZATION clerk;
SELECT warrant.request_statement('SELECT desk.hidden(card) FROM orders') AS id \gset
\setenv ID :id
\! psql -X -U boss -d market -c "SELECT warrant.approve($ID)" >/dev/null 2>&1
-- attack
CREATE OR REPLACE FUNCTION desk.hidden(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN $1; END $$;
SELECT desk.hidden(card) FROM orders;

--- exactly_aggregate: the function that an aggregate calls
-- needs SELECT on orders
-- setup
SET ROLE clerk;
CREATE FUNCTION desk.next(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN '***'; END $$;
CREATE AGGREGATE desk.hidden(text) (SFUNC = desk.next, STYPE = text);
-- gate
SELECT warrant.protect('orders');
SET SESSION AUTHORIZATION clerk;
SELECT warrant.request_statement('SELECT desk.hidden(card) FROM orders') AS id \gset
\setenv ID :id
\! psql -X -U boss -d market -c "SELECT warrant.approve($ID)" >/dev/null 2>&1
-- attack
CREATE OR REPLACE FUNCTION desk.next(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN $2; END $$;
SELECT desk.hidden(card) FROM orders;

--- exactly_domain: a check of a domain inside a type calls a function with what it checks
-- needs SELECT on orders
-- setup
SET ROLE clerk;
CREATE DOMAIN desk.word AS text;
CREATE TYPE desk.words AS (word desk.word);
CREATE FUNCTION desk.tell(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$;
-- gate
SELECT warrant.protect('orders');
SET SESSION AUTHORIZATION clerk;
SELECT warrant.request_statement('SELECT count((''('' || card || '')'')::desk.words) FROM orders') AS id \gset
\setenv ID :id
\! psql -X -U boss -d market -c "SELECT warrant.approve($ID)" >/dev/null 2>&1
-- attack
ALTER DOMAIN desk.word ADD CHECK (desk.tell(VALUE));
SELECT count(('(' || card || ')')::desk.words) FROM orders;

--- exactly_path: the schema that is searched first has another function
-- needs SELECT on orders
-- setup
SET ROLE clerk;
CREATE FUNCTION desk.told(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN '***'; END $$;
RESET ROLE;
CREATE SCHEMA drawer AUTHORIZATION clerk;
SET ROLE clerk;
CREATE FUNCTION drawer.told(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN $1; END $$;
-- gate
SELECT warrant.protect('orders');
SET SESSION AUTHORIZATION clerk;
SELECT warrant.request_statement('SELECT told(card) FROM orders') AS id \gset
\setenv ID :id
\! psql -X -U boss -d market -c "SELECT warrant.approve($ID)" >/dev/null 2>&1
-- attack
SET search_path = drawer, shop;
SELECT told(card) FROM orders;

--- exactly_setting: a row policy reads a setting of an application
-- needs SELECT on orders
-- setup
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON orders USING (current_setting('app.tenant', true) = 'all');
-- gate
SELECT warrant.protect('orders');
SET SESSION AUTHORIZATION clerk;
SELECT warrant.request_statement('SELECT card FROM orders') AS id \gset
\setenv ID :id
\! psql -X -U boss -d market -c "SELECT warrant.approve($ID)" >/dev/null 2>&1
-- attack
SET app.tenant = 'all';
SELECT card FROM orders;

--- exactly_role: a row policy lets another role see more
-- needs SELECT on orders
-- setup
GRANT helper TO clerk;
GRANT ALL ON orders TO helper;
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY helpers ON orders USING (current_user = 'helper');
-- gate
SELECT warrant.protect('orders');
SET SESSION AUTHORIZATION clerk;
SELECT warrant.request_statement('SELECT card FROM orders') AS id \gset
\setenv ID :id
\! psql -X -U boss -d market -c "SELECT warrant.approve($ID)" >/dev/null 2>&1
-- attack
SET ROLE helper;
SELECT card FROM orders;

--- exactly_inside: what its function does to the same table, under the use that is spent
-- needs DELETE on orders
-- setup
SET ROLE clerk;
CREATE FUNCTION desk.nothing() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM orders WHERE id > 0; RETURN 7; END $$;
-- gate
SELECT warrant.protect('orders', '{DELETE}');
SET SESSION AUTHORIZATION clerk;
SELECT warrant.request_statement('DELETE FROM orders WHERE id = desk.nothing()') AS id \gset
\setenv ID :id
\! psql -X -U boss -d market -c "SELECT warrant.approve($ID)" >/dev/null 2>&1
-- attack
DELETE FROM orders WHERE id = desk.nothing();

--- exactly_twice: once more, when the first time was rolled back
-- needs DELETE on orders
-- gate
SELECT warrant.protect('orders');
SET SESSION AUTHORIZATION clerk;
SELECT warrant.request_statement('DELETE FROM orders WHERE id = 1') AS id \gset
\setenv ID :id
\! psql -X -U boss -d market -c "SELECT warrant.approve($ID)" >/dev/null 2>&1
-- attack
BEGIN;
SAVEPOINT first;
DELETE FROM orders WHERE id = 1;
ROLLBACK TO first;
DELETE FROM orders WHERE id = 1;
COMMIT;
