-- Triggers, rules, row policies and cascades: code of somebody else that a statement on another table runs.

--- row_trigger: a trigger of an unprotected table reads
-- needs SELECT on orders
-- setup
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN NEW.note := (SELECT max(card) FROM orders); RETURN NEW; END $$;
CREATE TRIGGER look BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION look();
-- attack
INSERT INTO notes VALUES (9, '') RETURNING note;

--- statement_trigger: one for the statement
-- needs DELETE on orders
-- setup
CREATE FUNCTION wipe() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN DELETE FROM orders WHERE id > 0; RETURN NULL; END $$;
CREATE TRIGGER wipe AFTER UPDATE ON notes FOR EACH STATEMENT EXECUTE FUNCTION wipe();
-- attack
UPDATE notes SET note = '' WHERE false;

--- truncate_trigger: one at TRUNCATE
-- needs DELETE on orders
-- setup
CREATE FUNCTION wipe() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN DELETE FROM orders WHERE id > 0; RETURN NULL; END $$;
CREATE TRIGGER wipe AFTER TRUNCATE ON notes FOR EACH STATEMENT EXECUTE FUNCTION wipe();
-- attack
TRUNCATE notes;

--- trigger_at_copy: one that COPY fires
-- needs SELECT on orders
-- setup
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RAISE NOTICE 'card %', (SELECT max(card) FROM orders); RETURN NEW; END $$;
CREATE TRIGGER look BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION look();
-- attack
COPY notes FROM STDIN;
9	x
\.

--- trigger_condition: the WHEN of a trigger
-- needs SELECT on orders
-- setup
CREATE FUNCTION top_card() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RAISE NOTICE 'card %', (SELECT max(card) FROM orders); RETURN ''; END $$;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER look BEFORE INSERT ON notes FOR EACH ROW WHEN (NEW.note = top_card()) EXECUTE FUNCTION nothing();
-- attack
INSERT INTO notes VALUES (9, '');

--- deferred_trigger: one that waits for COMMIT
-- needs DELETE on orders
-- setup
CREATE FUNCTION wipe() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN DELETE FROM orders WHERE id > 0; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER wipe AFTER INSERT ON notes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wipe();
-- attack
BEGIN;
INSERT INTO notes VALUES (9, '');
COMMIT;

--- trigger_made_immediate: one that SET CONSTRAINTS fires
-- needs DELETE on orders
-- setup
CREATE FUNCTION wipe() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN DELETE FROM orders WHERE id > 0; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER wipe AFTER INSERT ON notes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wipe();
-- attack
BEGIN;
INSERT INTO notes VALUES (9, '');
SET CONSTRAINTS ALL IMMEDIATE;
COMMIT;

--- event_trigger: one that a command fires
-- needs SELECT on orders
-- setup
CREATE FUNCTION look() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RAISE NOTICE 'card %', (SELECT max(card) FROM orders); END $$;
CREATE EVENT TRIGGER look ON ddl_command_end EXECUTE FUNCTION look();
-- attack
CREATE TABLE desk.anything ();

--- rule_also: a rule that writes besides
-- needs DELETE on orders
-- setup
CREATE RULE wipe AS ON INSERT TO notes DO ALSO DELETE FROM orders WHERE id > 0;
-- attack
INSERT INTO notes VALUES (9, '');

--- rule_instead: a rule that reads instead
-- needs SELECT on orders
-- setup
CREATE RULE look AS ON UPDATE TO notes DO INSTEAD SELECT card FROM orders;
-- attack
UPDATE notes SET note = '' WHERE id > 0;

--- conditional_rule: a rule's condition
-- needs SELECT on orders
-- shows ^kept$
-- setup
CREATE RULE look AS ON DELETE TO notes WHERE EXISTS (SELECT FROM orders WHERE orders.id = OLD.id) DO INSTEAD NOTHING;
-- attack
DELETE FROM notes WHERE id = 1;
SELECT 'kept' FROM notes WHERE id = 1;

--- row_policy: a row policy with a subquery
-- needs SELECT on orders
-- shows water the plants
-- setup
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY look ON notes USING (id IN (SELECT id FROM orders));
-- attack
TABLE notes;

--- row_policy_function: a row policy that calls a function
-- needs SELECT on orders
-- setup
CREATE FUNCTION top_card() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RAISE NOTICE 'card %', (SELECT max(card) FROM orders); RETURN ''; END $$;
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY look ON notes USING (top_card() = '');
-- attack
TABLE notes;

--- cascaded_delete: a foreign key deletes
-- needs DELETE on orders
-- attack
DELETE FROM customers WHERE id = 1;

--- cascaded_update: a foreign key updates
-- needs UPDATE on orders
-- attack
UPDATE customers SET id = 9 WHERE id = 1;

--- cascaded_null: a foreign key empties
-- needs UPDATE on orders
-- setup
ALTER TABLE orders DROP CONSTRAINT orders_customer_fkey, ADD FOREIGN KEY (customer) REFERENCES customers ON DELETE SET NULL;
-- attack
DELETE FROM customers WHERE id = 1;

--- cascade_of_cascade: through a table between
-- needs DELETE on order_lines
-- attack
DELETE FROM orders WHERE id = 1;

--- trigger_of_cascade: a trigger on a table that a cascade reaches
-- needs SELECT on payments
-- setup
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RAISE NOTICE 'card %', (SELECT max(card) FROM payments); RETURN OLD; END $$;
CREATE TRIGGER look BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION look();
-- granted
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'payments', duration => '10 min');
SELECT warrant.grant('owner', '{SELECT}', on_table => 'payments', duration => '10 min');
-- attack
DELETE FROM customers WHERE id = 1;

--- trigger_of_lookup: a trigger below a foreign key's own query reads in its name
-- needs SELECT, LOCK on payments
-- setup
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE c text; BEGIN SELECT card INTO c FROM payments LIMIT 1 FOR KEY SHARE; RAISE NOTICE 'card %', c; RETURN NEW; END $$;
CREATE TRIGGER look BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION look();
-- granted
SELECT warrant.grant('clerk', '{SELECT,LOCK}', on_table => 'payments', duration => '10 min');
SELECT warrant.grant('owner', '{SELECT,LOCK}', on_table => 'payments', duration => '10 min');
-- attack
UPDATE customers SET id = 9 WHERE id = 1;

--- lookup_calls_cast: a foreign key's lookup calls a cast of the user's
-- needs SELECT on payments
-- setup
CREATE TYPE code AS ENUM ('a', 'b');
CREATE FUNCTION look(code) RETURNS int LANGUAGE plpgsql SECURITY DEFINER IMMUTABLE AS $$ BEGIN RAISE NOTICE 'card %', (SELECT max(card) FROM payments); RETURN 1; END $$;
CREATE CAST (code AS int) WITH FUNCTION look(code) AS IMPLICIT;
CREATE TABLE words (word int PRIMARY KEY);
INSERT INTO words VALUES (1);
CREATE TABLE uses (word code REFERENCES words);
-- attack
INSERT INTO uses VALUES ('a');

--- copy_into_view: COPY FROM into a view whose trigger writes
-- needs INSERT on orders
-- setup
CREATE VIEW front AS SELECT 1 AS id;
CREATE FUNCTION put() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO orders (id) VALUES (NEW.id); RETURN NEW; END $$;
CREATE TRIGGER put INSTEAD OF INSERT ON front FOR EACH ROW EXECUTE FUNCTION put();
-- attack
COPY front FROM STDIN;
77
\.

--- transition_table: a trigger that is handed the rows of a cascade
-- needs DELETE on orders
-- setup
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN INSERT INTO notes SELECT id + 10, card FROM gone; RETURN NULL; END $$;
CREATE TRIGGER keep AFTER DELETE ON orders REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION keep();
-- attack
DELETE FROM customers WHERE id = 1;

--- lookup_imitated: a query of a trigger below a cascade that looks like a foreign key's own
-- needs SELECT, LOCK on payments_new
-- shows it is there
-- setup
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 FROM ONLY payments_new x WHERE card LIKE '49%' FOR KEY SHARE OF x; IF FOUND THEN RAISE NOTICE 'it is there'; END IF; RETURN NEW; END $$;
CREATE TRIGGER look BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION look();
-- granted
SELECT warrant.grant('clerk', '{SELECT,LOCK}', on_table => 'payments_new', duration => '10 min');
SELECT warrant.grant('owner', '{SELECT,LOCK}', on_table => 'payments_new', duration => '10 min');
-- attack
UPDATE customers SET id = 9 WHERE id = 1;

--- lookup_tells_statistics: one whose operator the planner tries on the statistics' values
-- needs SELECT, LOCK on payments_new
-- setup
INSERT INTO payments TABLE payments;
ANALYZE payments_new;
CREATE FUNCTION tell(text, text) RETURNS boolean LANGUAGE plpgsql COST 1 AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN true; END $$;
CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = tell, RESTRICT = eqsel);
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 FROM ONLY payments_new x WHERE card === 'x' FOR KEY SHARE OF x; RETURN NEW; END $$;
CREATE TRIGGER look BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION look();
-- granted
SELECT warrant.grant('clerk', '{SELECT,LOCK}', on_table => 'payments_new', duration => '10 min');
SELECT warrant.grant('owner', '{SELECT,LOCK}', on_table => 'payments_new', duration => '10 min');
-- attack
UPDATE customers SET id = 9 WHERE id = 1;
