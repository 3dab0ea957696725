-- Who owns nothing of the table, and has privileges that reach far.

--- trigger_by_privilege: who has the TRIGGER privilege makes one
-- needs ALTER on orders
-- attack
CREATE FUNCTION desk.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO notes VALUES (OLD.id + 10, OLD.card); RETURN NEW; END $$;
CREATE TRIGGER keep AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION desk.keep();

--- references_privilege: who has the REFERENCES privilege tries values
-- needs ALTER on orders
-- attack
CREATE TABLE desk.guesses (id int REFERENCES orders);

--- grant_option: who may pass a privilege on does
-- needs GRANT on orders
-- setup
GRANT SELECT ON orders TO clerk WITH GRANT OPTION;
-- attack
GRANT SELECT ON orders TO helper;

--- server_options: the server of a protected foreign table leads elsewhere
-- needs ALTER on mirror
-- shows ^done$
-- setup
CREATE EXTENSION postgres_fdw;
CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw;
CREATE FOREIGN TABLE mirror (id int) SERVER loop;
ALTER SERVER loop OWNER TO clerk;
-- attack
ALTER SERVER loop OPTIONS (ADD host 'elsewhere');
SELECT 'done';
