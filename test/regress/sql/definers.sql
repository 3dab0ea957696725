-- What the server checks as a trusted definer, the owner of a view or of a SECURITY DEFINER function, is audited and not gated; nothing else is.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/lacks.sql'
\i :file
SET client_min_messages = warning;
CREATE ROLE regress_trusted;
CREATE ROLE regress_member ROLE regress_clerk;
GRANT regress_trusted TO regress_other;
CREATE TABLE pay (id int PRIMARY KEY, amount int);
INSERT INTO pay VALUES (1, 100);
CREATE TABLE slip (id int REFERENCES pay ON DELETE CASCADE);
INSERT INTO slip VALUES (1);
CREATE TABLE front (id int);
ALTER TABLE pay OWNER TO regress_trusted;
ALTER TABLE slip OWNER TO regress_trusted;
GRANT ALL ON pay, slip, front TO PUBLIC;
SET ROLE regress_trusted;
CREATE VIEW shown AS SELECT * FROM pay;
CREATE VIEW invoked WITH (security_invoker) AS SELECT * FROM pay;
CREATE FUNCTION total() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT sum(amount) FROM public.pay';
CREATE FUNCTION own_total() RETURNS bigint LANGUAGE sql AS 'SELECT sum(amount) FROM public.pay';
CREATE FUNCTION raise_pay() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN UPDATE public.pay SET amount = amount + 1 WHERE amount IS NOT NULL; END $$;
CREATE FUNCTION empties() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN TRUNCATE public.slip; END $$;
CREATE FUNCTION writes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN UPDATE public.pay SET amount = 0 WHERE amount IS NOT NULL; RETURN NEW; END $$;
GRANT ALL ON shown, invoked TO PUBLIC;
SET ROLE regress_other;
CREATE VIEW others AS SELECT * FROM pay;
CREATE VIEW on_shown AS SELECT * FROM shown;
CREATE FUNCTION others_total() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT sum(amount) FROM public.pay';
CREATE FUNCTION others_shown() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT sum(amount) FROM public.shown';
GRANT ALL ON others, on_shown TO PUBLIC;
SET ROLE regress_trusted;
CREATE VIEW on_others AS SELECT * FROM others;
GRANT ALL ON on_others TO PUBLIC;
SET ROLE regress_member;
CREATE VIEW members AS SELECT * FROM pay;
GRANT ALL ON members TO PUBLIC;
RESET ROLE;
CREATE TRIGGER writes BEFORE INSERT ON front FOR EACH ROW EXECUTE FUNCTION writes();
SELECT warrant.create_policy('pay', 'approve', on_table => 'pay', definer_roles => '{regress_trusted}');
SELECT warrant.create_policy('slip', 'approve', on_table => 'slip', definer_roles => '{regress_trusted}');
SELECT definer_role_names FROM warrant.policies WHERE name = 'pay';
SELECT * FROM stage.news();
\t on

-- Trusted: its view, also through another's; its function and trigger; both together.
\c - regress_clerk
SELECT s, stage.lacks(s) FROM unnest(ARRAY['SELECT * FROM shown', 'SELECT * FROM on_shown', 'SELECT total()', 'SELECT others_shown()', 'SELECT raise_pay()',
    'UPDATE shown SET amount = 2 WHERE id IS NOT NULL', 'INSERT INTO front VALUES (1)', 'CREATE TEMP TABLE copy AS SELECT * FROM shown', 'COPY shown TO STDOUT']) AS s;
SELECT total();
SELECT event, who, command, relation, n, outcome FROM stage.news() WHERE event = 'exempt' AND outcome = 'ok';

-- Not trusted: the table itself, another's view and function, the trusted one's view of those, what runs as the caller, DDL.
SELECT s, stage.lacks(s) FROM unnest(ARRAY['SELECT * FROM pay', 'SELECT * FROM others', 'SELECT * FROM on_others', 'SELECT others_total()', 'SELECT own_total()',
    'SELECT * FROM invoked', 'SELECT * FROM members', 'SELECT empties()', 'DELETE FROM pay WHERE amount IS NOT NULL']) AS s;

-- Both ways in one statement: the untrusted one is refused, once.
SELECT s, stage.lacks(s) FROM unnest(ARRAY['SELECT * FROM shown, pay', 'SELECT total() FROM pay', 'SELECT * FROM shown, others', 'UPDATE pay SET amount = (SELECT 1 FROM shown) WHERE amount IS NOT NULL']) AS s;

-- Who may become the definer is not trusted for it, nor is what a foreign key does in the owner's name.
\c - regress_other
SET ROLE regress_trusted;
SELECT s, stage.lacks(s) FROM unnest(ARRAY['SELECT * FROM pay', 'SELECT own_total()', 'SELECT total()']) AS s;
RESET ROLE;
\c - regress_chief
SELECT warrant."grant"('regress_clerk', '{DELETE}', on_table => 'pay');
\c - regress_clerk
SELECT s, stage.lacks(s) FROM unnest(ARRAY['DELETE FROM pay WHERE amount IS NOT NULL', 'DELETE FROM pay WHERE id = 2']) AS s;

-- Each policy that governs must trust it, a denial too; and the policy counts that wins for him who asks.
\c - :owner
SET client_min_messages = warning;
SELECT warrant.create_policy('database', 'approve', on_database => true, priority => 1, for_roles => '{regress_clerk}');
\c - regress_clerk
SELECT s, stage.lacks(s) FROM unnest(ARRAY['SELECT * FROM shown', 'SELECT total()']) AS s;
\c - regress_chief
SELECT s, stage.lacks(s) FROM unnest(ARRAY['SELECT total()']) AS s;
\c - :owner
SET client_min_messages = warning;
SELECT warrant.drop_policy('database'), warrant.drop_policy('pay');
SELECT warrant.create_policy('pay', 'deny', on_table => 'pay', definer_roles => '{regress_trusted}');
\c - regress_clerk
SELECT s, stage.lacks(s) FROM unnest(ARRAY['SELECT total()', 'SELECT others_total()']) AS s;

-- Another policy in the family.
\c - :owner
SET client_min_messages = warning;
CREATE TABLE child () INHERITS (pay);
SELECT warrant.protect('child');
\c - regress_clerk
SELECT s, stage.lacks(s) FROM unnest(ARRAY['SELECT total()']) AS s;
\t off
\c - :owner
SELECT warrant.create_policy('null', 'approve', on_table => 'front', definer_roles => NULL);
DROP VIEW members;
DROP OWNED BY regress_trusted CASCADE;
DROP ROLE regress_trusted, regress_member;
\set file :directory '/sql/include/leave.sql'
\i :file
