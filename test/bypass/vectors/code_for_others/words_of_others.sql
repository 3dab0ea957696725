-- Views and rules of clerk's: his words, which a superuser's statement reaches when it fills a relation or changes one.

--- copied_from_view: INSERT from a view that clerk has replaced
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE VIEW mine AS SELECT card FROM orders;
\c - dba
INSERT INTO desk.loot TABLE desk.mine;

--- made_from_view: CREATE TABLE AS from it, through a view of the superuser's
-- needs SELECT, EXPORT on orders
-- subject dba
-- setup
GRANT CREATE ON SCHEMA shop TO clerk;
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE VIEW mine AS SELECT card FROM orders;
\c - dba
CREATE VIEW desk.over AS TABLE desk.mine;
CREATE TABLE desk.loot AS TABLE desk.over;

--- materialized_over_view: a materialized view of the superuser's, refreshed by him
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE VIEW mine AS SELECT card FROM orders;
\c - dba
CREATE MATERIALIZED VIEW desk.copy AS TABLE desk.mine WITH NO DATA;
REFRESH MATERIALIZED VIEW desk.copy;
TABLE desk.copy;

--- trusted_over_view: one of a definer whom the policy trusts, refreshed by a superuser
-- needs SELECT, EXPORT on orders
-- subject dba
-- setup
CREATE VIEW desk.mine AS SELECT ''::text AS card;
ALTER VIEW desk.mine OWNER TO clerk;
GRANT SELECT ON desk.mine TO helper;
CREATE MATERIALIZED VIEW report AS TABLE desk.mine;
ALTER MATERIALIZED VIEW report OWNER TO helper;
-- gate
SELECT warrant.create_policy('trusting', 'approve', on_table => 'orders', definer_roles => '{helper}');
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
CREATE OR REPLACE VIEW desk.mine AS SELECT card FROM shop.orders;
\c - dba
REFRESH MATERIALIZED VIEW shop.report;
TABLE shop.report;

--- rule_of_others: a rule of clerk's on a table of his that a superuser fills
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE TABLE bait (i int);
CREATE RULE steal AS ON INSERT TO bait DO ALSO INSERT INTO loot SELECT card FROM orders;
\c - dba
INSERT INTO desk.bait VALUES (1);

--- rule_below_cascade: a rule that stands in for a foreign key's action
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE TABLE child (id int PRIMARY KEY, note int REFERENCES notes ON DELETE CASCADE);
INSERT INTO child VALUES (1, 2);
CREATE RULE steal AS ON DELETE TO child DO ALSO INSERT INTO loot SELECT card FROM orders;
\c - dba
DELETE FROM shop.notes WHERE id = 2;

--- deleted_through_view: a superuser's DELETE from a view that clerk has replaced
-- needs DELETE on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{DELETE}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE VIEW mine AS SELECT * FROM orders;
\c - dba
DELETE FROM desk.mine WHERE id = 2;
