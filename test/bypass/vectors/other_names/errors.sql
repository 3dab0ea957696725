-- Who may write, but not read, looks at what the errors quote. Gated, the statement runs, and its error says nothing.

--- failing_row: a constraint's error quotes the row
-- needs nothing
-- error 23502
-- fails
-- setup
ALTER TABLE orders ALTER status SET NOT NULL;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = NULL WHERE id = 1;

--- quoted_value: a conversion's error quotes the value
-- needs nothing
-- error 22008
-- fails
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = card::date::text WHERE id = 1;

--- quoted_in_where: the same in WHERE
-- needs nothing
-- error 22003
-- fails
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{DELETE}', on_table => 'orders');
-- attack
DELETE FROM orders WHERE card::int = 1;

--- quoted_name: a name that nothing bears
-- needs nothing
-- error 42P01
-- fails
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = ('x' || card)::regclass::text WHERE id > 0;

--- quoted_context: an error whose context quotes it
-- needs nothing
-- error 22P02
-- fails
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = (card || ' {')::json::text WHERE id > 0;

--- quoted_key: a unique key
-- needs nothing
-- error 23505
-- fails
-- setup
UPDATE orders SET status = CASE id WHEN 1 THEN card ELSE id::text END WHERE id > 0;
ALTER TABLE orders ADD UNIQUE (status);
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = card WHERE id = 2;

--- quoted_foreign_key: a foreign key, checked when the statement ends
-- needs nothing
-- error 23503
-- fails
-- setup
CREATE TABLE cards (card text PRIMARY KEY);
ALTER TABLE orders ADD FOREIGN KEY (status) REFERENCES cards NOT VALID;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = card WHERE id > 0;

--- quoted_unique: a new unique index
-- as owner
-- needs nothing
-- error 23505
-- fails
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('owner', '{ALTER}', on_table => 'orders');
-- attack
CREATE UNIQUE INDEX ON orders (card);

--- quoted_exclusion: a new exclusion constraint
-- as owner
-- needs nothing
-- watch notes
-- error 23P01
-- fails
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('owner', '{ALTER}', on_table => 'orders');
-- attack
ALTER TABLE orders ADD EXCLUDE (card WITH =);

--- caught_error: a block that looks at the error itself
-- needs nothing
-- swallows
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
DO $$
DECLARE
    message text;
BEGIN
    UPDATE shop.orders SET status = card::date::text WHERE id > 0;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
    RAISE NOTICE '%', message;
END $$;

--- caught_context: a block that looks at the context of an error whose own words quote nothing
-- needs nothing
-- swallows
-- setup
CREATE FUNCTION read_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL transaction_read_only = on;
    EXECUTE format('DELETE FROM shop.notes WHERE id > 0 /* %s */', OLD.card);
    RETURN NEW;
END $$;
CREATE TRIGGER read_only BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION read_only();
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
DO $$
DECLARE
    context text;
BEGIN
    UPDATE shop.orders SET status = 'seen' WHERE id > 0;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
    RAISE NOTICE '%', context;
END $$;

--- caught_foreign_key: a block that looks at a foreign key's error, raised when the statement ends
-- needs nothing
-- swallows
-- setup
CREATE TABLE cards (card text PRIMARY KEY);
ALTER TABLE orders ADD FOREIGN KEY (status) REFERENCES cards NOT VALID;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
DO $$
DECLARE
    found text;
BEGIN
    UPDATE shop.orders SET status = card WHERE id > 0;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS found = PG_EXCEPTION_DETAIL;
    RAISE NOTICE '%', found;
END $$;

--- upsert_error: INSERT ... ON CONFLICT
-- needs nothing
-- error 22008
-- fails
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{INSERT,UPDATE}', on_table => 'orders');
-- attack
INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET status = orders.card::date::text;

--- quoted_notice: a notice quotes the value
-- needs nothing
-- swallows
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
BEGIN;
UPDATE orders SET status = to_regtype('x' || card || repeat('y', 60))::text WHERE id > 0;
ROLLBACK;

--- overlapped_row: an INSERT meets a row that it may not share its place with
-- needs nothing
-- error 23P01
-- fails
-- shows \[100,200\)
-- setup
ALTER TABLE orders ADD span int4range, ADD EXCLUDE USING gist (span WITH &&);
UPDATE orders SET span = '[100,200)' WHERE id = 1;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{INSERT}', on_table => 'orders');
-- attack
INSERT INTO orders (id, span) VALUES (9, '(,)');

--- overlapped_copy: the same by COPY
-- needs nothing
-- error 23P01
-- fails
-- shows \[100,200\)
-- setup
ALTER TABLE orders ADD span int4range, ADD EXCLUDE USING gist (span WITH &&);
UPDATE orders SET span = '[100,200)' WHERE id = 1;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{INSERT}', on_table => 'orders');
-- attack
COPY orders (id, span) FROM STDIN;
9	(,)
\.

--- every_row: a constraint's error, from an UPDATE that reads no column
-- needs nothing
-- error 23502
-- fails
-- setup
ALTER TABLE orders ALTER status SET NOT NULL;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = NULL WHERE id > 0;

--- referenced_row: DELETE of everything, and a foreign key that says which row is needed
-- needs nothing
-- error 23503
-- fails
-- shows id\)=\([1-3]\)
-- setup
ALTER TABLE order_lines DROP CONSTRAINT order_lines_order_id_fkey, ADD FOREIGN KEY (order_id) REFERENCES orders;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{DELETE}', on_table => 'orders');
-- attack
DELETE FROM orders WHERE id > 0;

--- deferred_key: a unique key that COMMIT checks
-- needs nothing
-- error 23505
-- fails
-- setup
UPDATE orders SET status = CASE id WHEN 1 THEN card ELSE id::text END WHERE id > 0;
ALTER TABLE orders ADD UNIQUE (status) DEFERRABLE INITIALLY DEFERRED;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
BEGIN;
UPDATE orders SET status = card WHERE id = 2;
COMMIT;

--- deferred_foreign_key: a foreign key that the end of a statement checks, which is its transaction's
-- needs nothing
-- error 23503
-- fails
-- setup
CREATE TABLE cards (card text PRIMARY KEY);
ALTER TABLE orders ADD FOREIGN KEY (status) REFERENCES cards DEFERRABLE INITIALLY DEFERRED NOT VALID;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = card WHERE id > 0;

--- deferred_in_block: the same where a block ends its transaction
-- needs nothing
-- error 23503
-- fails
-- setup
CREATE TABLE cards (card text PRIMARY KEY);
ALTER TABLE orders ADD FOREIGN KEY (status) REFERENCES cards DEFERRABLE INITIALLY DEFERRED NOT VALID;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
DO $$ BEGIN UPDATE orders SET status = card WHERE id > 0; COMMIT; END $$;

--- deferred_overlap: an exclusion constraint that COMMIT checks quotes the row beside the new one
-- needs nothing
-- error 23P01
-- fails
-- shows \[100,200\)
-- setup
ALTER TABLE orders ADD span int4range, ADD EXCLUDE USING gist (span WITH &&) DEFERRABLE INITIALLY DEFERRED;
UPDATE orders SET span = '[100,200)' WHERE id = 1;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{INSERT}', on_table => 'orders');
-- attack
BEGIN;
INSERT INTO orders (id, span) VALUES (9, '(,)');
COMMIT;

--- deferred_unlogged: the same on a server that logs no errors
-- needs nothing
-- error 23505
-- fails
-- setup
UPDATE orders SET status = CASE id WHEN 1 THEN card ELSE id::text END WHERE id > 0;
ALTER TABLE orders ADD UNIQUE (status) DEFERRABLE INITIALLY DEFERRED;
ALTER ROLE clerk SET log_min_messages = 'fatal';
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = card WHERE id = 2;

--- deferred_silenced: the same of a session that ends the log of errors before COMMIT
-- needs nothing
-- error 23505
-- fails
-- setup
UPDATE orders SET status = CASE id WHEN 1 THEN card ELSE id::text END WHERE id > 0;
ALTER TABLE orders ADD UNIQUE (status) DEFERRABLE INITIALLY DEFERRED;
GRANT SET ON PARAMETER log_min_messages TO clerk;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
BEGIN;
UPDATE orders SET status = card WHERE id = 2;
SET LOCAL log_min_messages = 'log';
COMMIT;

--- undeferred_key: a block has the constraint checked, and looks at the error itself
-- needs nothing
-- swallows
-- setup
UPDATE orders SET status = CASE id WHEN 1 THEN card ELSE id::text END WHERE id > 0;
ALTER TABLE orders ADD UNIQUE (status) DEFERRABLE INITIALLY DEFERRED;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
DO $$
DECLARE
    message text;
BEGIN
    UPDATE shop.orders SET status = card WHERE id = 2;
    SET CONSTRAINTS ALL IMMEDIATE;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = PG_EXCEPTION_DETAIL;
    RAISE NOTICE '%', message;
END $$;

--- quoted_by_limit: an error of a limit quotes the value
-- needs nothing
-- error 54000
-- fails
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = 'x' WHERE (card || repeat('x', 3000))::tsquery IS NOT NULL;

--- quoted_by_internal: an internal error quotes a number
-- needs nothing
-- error XX000
-- fails
-- shows 49291580
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{DELETE}', on_table => 'orders');
-- attack
DELETE FROM orders WHERE (pg_identify_object(substr(card, 1, 8)::oid, 1, 0)).identity IS NOT NULL;

--- quoted_by_system: an error of the operating system names a file of the value
-- needs nothing
-- error 58P01
-- fails
-- shows 49291580
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{INSERT,UPDATE}', on_table => 'orders');
-- attack
INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET status = pg_tablespace_location(substr(orders.card, 1, 8)::oid);

--- quoted_parameters: a trigger's query finds nothing, and its error tells its parameters
-- needs nothing
-- error P0002
-- fails
-- setup
CREATE FUNCTION looks() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found int;
BEGIN
    SELECT id INTO STRICT found FROM shop.notes WHERE note = NEW.card;
    RETURN NEW;
END $$;
CREATE TRIGGER looks BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION looks();
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
SET plpgsql.print_strict_params = on;
UPDATE orders SET status = 'x' WHERE id = 1;

--- quoted_around_raise: a trigger raises what may be told, inside a query that it has made of the value
-- needs nothing
-- error P0001
-- fails
-- setup
CREATE FUNCTION minds(text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'this order cannot be changed'; END $$;
CREATE FUNCTION asks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT shop.minds(%L)', NEW.card);
    RETURN NEW;
END $$;
CREATE TRIGGER asks BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION asks();
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = 'x' WHERE id = 1;

--- deferred_conversion: a trigger that COMMIT fires quotes the value
-- needs nothing
-- error 22008
-- fails
-- setup
CREATE FUNCTION dated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM NEW.card::date; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER dated AFTER UPDATE ON orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dated();
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders');
-- attack
UPDATE orders SET status = 'x' WHERE id = 1;
