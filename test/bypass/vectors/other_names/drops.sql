-- Commands that reach the table from elsewhere.

--- truncate_cascades: TRUNCATE of a table that the protected one refers to
-- needs TRUNCATE on orders
-- as owner
-- attack
TRUNCATE customers CASCADE;

--- drop_table: DROP
-- as owner
-- needs DROP on orders
-- attack
DROP TABLE orders CASCADE;

--- drop_schema: the schema goes
-- as owner
-- needs DROP on orders
-- attack
DROP SCHEMA shop CASCADE;

--- drop_owned: all that the role owns goes
-- as owner
-- needs DROP on orders
-- attack
DROP OWNED BY owner CASCADE;

--- drop_type: a column's type goes, with the column
-- needs ALTER on orders
-- setup
CREATE TYPE mood AS ENUM ('fine');
ALTER TABLE orders ADD mood mood;
ALTER TYPE mood OWNER TO clerk;
-- attack
DROP TYPE mood CASCADE;

--- drop_domain: the same with a domain
-- needs ALTER on orders
-- setup
CREATE DOMAIN mood AS text;
ALTER TABLE orders ADD mood mood;
ALTER DOMAIN mood OWNER TO clerk;
-- attack
DROP DOMAIN mood CASCADE;

--- drop_function: a default's function goes, with the default
-- needs ALTER on orders
-- setup
CREATE FUNCTION state() RETURNS text LANGUAGE sql AS 'SELECT ''new''';
ALTER TABLE orders ALTER status SET DEFAULT state();
ALTER FUNCTION state() OWNER TO clerk;
-- attack
DROP FUNCTION state() CASCADE;

--- drop_trigger_function: a trigger's function goes, with the trigger
-- needs ALTER on orders
-- setup
CREATE FUNCTION check_state() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER check_state BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION check_state();
ALTER FUNCTION check_state() OWNER TO clerk;
-- attack
DROP FUNCTION check_state() CASCADE;

--- drop_referenced: the table that it refers to goes, with the foreign key
-- needs ALTER on orders
-- setup
ALTER TABLE customers OWNER TO clerk;
-- attack
DROP TABLE customers CASCADE;

--- drop_view_below: the view that a protected view reads goes
-- needs DROP on protected_view
-- setup
CREATE VIEW lower_view AS TABLE notes;
CREATE VIEW protected_view AS TABLE lower_view;
ALTER VIEW lower_view OWNER TO clerk;
-- attack
DROP VIEW lower_view CASCADE;


--- drop_index: an index goes
-- as owner
-- needs ALTER on orders
-- setup
CREATE INDEX by_card ON orders (card);
ALTER TABLE orders OWNER TO owner;
-- attack
DROP INDEX by_card;

--- drop_trigger: a trigger goes
-- as owner
-- needs ALTER on orders
-- setup
CREATE FUNCTION check_state() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER check_state BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION check_state();
-- attack
DROP TRIGGER check_state ON orders;

--- reassign_owned: all that the role owns becomes somebody else's
-- as owner
-- needs ALTER on orders
-- setup
GRANT clerk TO owner;
GRANT CREATE ON DATABASE market TO clerk;
-- attack
REASSIGN OWNED BY owner TO clerk;

--- truncate_list: the second of several
-- needs TRUNCATE on order_lines
-- attack
TRUNCATE notes, order_lines;

--- drop_list: DROP of several
-- as owner
-- needs DROP on order_lines
-- attack
DROP TABLE IF EXISTS nosuch, notes, order_lines;

--- truncate_parent: TRUNCATE of the parent of a protected partition
-- needs TRUNCATE on payments
-- gate
SELECT warrant.protect('payments_new');
-- attack
TRUNCATE payments;

--- truncate_only_leaf: TRUNCATE of a protected parent's leaf
-- needs TRUNCATE on payments_new
-- gate
SELECT warrant.protect('payments');
-- attack
TRUNCATE payments_new;

--- drop_schema_of_function: the schema of a default's function goes
-- needs ALTER on orders
-- setup
CREATE FUNCTION desk.first_state() RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;
ALTER TABLE orders ALTER status SET DEFAULT desk.first_state();
-- attack
DROP SCHEMA desk CASCADE;

--- drop_server: the server of a protected foreign table goes
-- needs DROP on mirror
-- setup
CREATE EXTENSION postgres_fdw;
CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw;
CREATE FOREIGN TABLE mirror (id int) SERVER loop;
ALTER SERVER loop OWNER TO clerk;
-- attack
DROP SERVER loop CASCADE;

--- drop_sequence: a default's sequence goes, with the default
-- as owner
-- needs ALTER on orders
-- setup
SET ROLE owner;
CREATE SEQUENCE numbers;
ALTER TABLE orders ALTER id SET DEFAULT nextval('numbers');
-- attack
DROP SEQUENCE numbers CASCADE;

--- drop_key: the key that a foreign key needs goes, with the foreign key
-- as owner
-- needs ALTER on orders
-- attack
ALTER TABLE customers DROP CONSTRAINT customers_pkey CASCADE;

--- drop_collation: a column's collation goes, with the column
-- needs ALTER on orders
-- setup
CREATE COLLATION plain FROM "C";
ALTER TABLE orders ADD word text COLLATE plain;
ALTER COLLATION plain OWNER TO clerk;
-- attack
DROP COLLATION plain CASCADE;
