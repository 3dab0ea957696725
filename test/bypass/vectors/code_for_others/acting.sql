-- Code that the server runs in somebody's name while another one works: what clerk has left in tables, views and functions of his own, before
-- a superuser, an exempt user or one with a grant comes along. They pass, so it is clerk who has to, and the matching grants are his.

--- analyze_by_dba: the function of an index, in ANALYZE by a superuser
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
CREATE FUNCTION spy(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE t text; BEGIN t := desk.steal(); RETURN i; END $$;
CREATE TABLE bait (i int);
INSERT INTO bait SELECT generate_series(1, 10);
CREATE INDEX bait_spied ON bait (spy(i));
\c - dba
ANALYZE desk.bait;

--- analyze_by_exempt: the same by an exempt user, who is no superuser
-- needs SELECT, EXPORT on orders
-- subject helper
-- setup
GRANT clerk TO helper;
-- gate
GRANT warrant_exempt TO helper;
SELECT warrant.protect('orders');
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
CREATE FUNCTION spy(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE t text; BEGIN t := desk.steal(); RETURN i; END $$;
CREATE TABLE bait (i int);
INSERT INTO bait SELECT generate_series(1, 10);
CREATE INDEX bait_spied ON bait (spy(i));
\c - helper
ANALYZE desk.bait;

--- analyze_by_grantee: the same by one who has a grant
-- needs SELECT, EXPORT on orders
-- subject helper
-- setup
GRANT clerk TO helper;
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('helper', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
CREATE FUNCTION spy(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE t text; BEGIN t := desk.steal(); RETURN i; END $$;
CREATE TABLE bait (i int);
INSERT INTO bait SELECT generate_series(1, 10);
CREATE INDEX bait_spied ON bait (spy(i));
\c - helper
ANALYZE desk.bait;

--- vacuum_full_by_dba: in VACUUM FULL, which builds indexes anew
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
CREATE FUNCTION spy(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE t text; BEGIN t := desk.steal(); RETURN i; END $$;
CREATE TABLE bait (i int);
INSERT INTO bait SELECT generate_series(1, 10);
CREATE INDEX bait_spied ON bait (spy(i));
\c - dba
VACUUM FULL desk.bait;

--- reindex_by_dba: in REINDEX of a table
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
CREATE FUNCTION spy(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE t text; BEGIN t := desk.steal(); RETURN i; END $$;
CREATE TABLE bait (i int);
INSERT INTO bait SELECT generate_series(1, 10);
CREATE INDEX bait_spied ON bait (spy(i));
\c - dba
REINDEX TABLE desk.bait;

--- reindex_schema_by_dba: in REINDEX of a schema
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
CREATE FUNCTION spy(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE t text; BEGIN t := desk.steal(); RETURN i; END $$;
CREATE TABLE bait (i int);
INSERT INTO bait SELECT generate_series(1, 10);
CREATE INDEX bait_spied ON bait (spy(i));
\c - dba
REINDEX SCHEMA desk;

--- reindex_concurrently_by_dba: in REINDEX CONCURRENTLY
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
CREATE FUNCTION spy(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE t text; BEGIN t := desk.steal(); RETURN i; END $$;
CREATE TABLE bait (i int);
INSERT INTO bait SELECT generate_series(1, 10);
CREATE INDEX bait_spied ON bait (spy(i));
\c - dba
REINDEX INDEX CONCURRENTLY desk.bait_spied;

--- cluster_by_dba: in CLUSTER
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
CREATE FUNCTION spy(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE t text; BEGIN t := desk.steal(); RETURN i; END $$;
CREATE TABLE bait (i int);
INSERT INTO bait SELECT generate_series(1, 10);
CREATE INDEX bait_spied ON bait (spy(i));
\c - dba
CLUSTER desk.bait USING bait_spied;

--- create_index_by_dba: in CREATE INDEX
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
CREATE FUNCTION spy(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE t text; BEGIN t := desk.steal(); RETURN i; END $$;
CREATE TABLE bait (i int);
INSERT INTO bait SELECT generate_series(1, 10);
\c - dba
CREATE INDEX ON desk.bait (desk.spy(i));

--- create_index_concurrently_by_dba: in CREATE INDEX CONCURRENTLY
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
CREATE FUNCTION spy(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE t text; BEGIN t := desk.steal(); RETURN i; END $$;
CREATE TABLE bait (i int);
INSERT INTO bait SELECT generate_series(1, 10);
\c - dba
CREATE INDEX CONCURRENTLY ON desk.bait (desk.spy(i));

--- predicate_by_dba: the condition of a partial index
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
CREATE FUNCTION spy(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE t text; BEGIN t := desk.steal(); RETURN i; END $$;
CREATE TABLE bait (i int);
INSERT INTO bait SELECT generate_series(1, 10);
\c - dba
CREATE INDEX ON desk.bait (i) WHERE desk.spy(i) > 0;

--- index_rebuilt_by_alter: the function of an index that ALTER TABLE builds anew
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
CREATE FUNCTION spy(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE t text; BEGIN t := desk.steal(); RETURN i; END $$;
CREATE TABLE bait (i int);
INSERT INTO bait SELECT generate_series(1, 10);
CREATE INDEX bait_spied ON bait (spy(i));
\c - dba
ALTER TABLE desk.bait SET UNLOGGED;

--- statistics_by_dba: an expression that ANALYZE samples
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
CREATE FUNCTION spy(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE t text; BEGIN t := desk.steal(); RETURN i; END $$;
CREATE TABLE bait (i int);
INSERT INTO bait SELECT generate_series(1, 10);
CREATE STATISTICS spied ON (spy(i)), i FROM bait;
\c - dba
ANALYZE desk.bait;

--- range_by_dba: the difference of a range type, which ANALYZE calls without an expression
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
CREATE FUNCTION difference(a int, b int) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE t text; BEGIN t := desk.steal(); RETURN a - b; END $$;
CREATE TYPE span AS RANGE (subtype = int4, subtype_diff = difference);
CREATE TABLE spans (s span);
INSERT INTO spans SELECT span(g, g + 1) FROM generate_series(1, 10) AS g;
\c - dba
ANALYZE desk.spans;

--- brin_summarized_by_dba: the function of a BRIN index, for which no command stands
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
CREATE FUNCTION spy(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE t text; BEGIN t := desk.steal(); RETURN i; END $$;
CREATE TABLE bait (i int);
INSERT INTO bait SELECT generate_series(1, 10);
CREATE INDEX bait_brin ON bait USING brin (spy(i)) WITH (pages_per_range = 1);
INSERT INTO bait SELECT generate_series(1, 1000);
\c - dba
SELECT brin_summarize_new_values('desk.bait_brin');

--- refresh_by_dba: a materialized view that a superuser refreshes
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE MATERIALIZED VIEW mirror AS TABLE orders WITH NO DATA;
\c - dba
REFRESH MATERIALIZED VIEW desk.mirror;
TABLE desk.mirror;

--- refresh_through_function: a function in the query of a materialized view
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
CREATE FUNCTION spy(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE t text; BEGIN t := desk.steal(); RETURN i; END $$;
CREATE TABLE bait (i int);
INSERT INTO bait SELECT generate_series(1, 10);
CREATE MATERIALIZED VIEW mirror AS SELECT i, steal() FROM bait WITH NO DATA;
\c - dba
REFRESH MATERIALIZED VIEW desk.mirror;

--- refresh_of_view_of_dba: a materialized view over a view of a superuser
-- needs SELECT, EXPORT on orders
-- subject dba
-- setup
CREATE VIEW window_ AS TABLE orders;
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE MATERIALIZED VIEW mirror AS TABLE window_ WITH NO DATA;
\c - dba
REFRESH MATERIALIZED VIEW desk.mirror;
TABLE desk.mirror;

--- cascade_by_dba: a trigger below a foreign key's action, which runs as the table's owner
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
CREATE TABLE child (id int PRIMARY KEY, note int REFERENCES notes ON DELETE CASCADE);
INSERT INTO child VALUES (1, 2);
CREATE FUNCTION spying() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM desk.steal(); RETURN old; END $$;
CREATE TRIGGER spying BEFORE DELETE ON child FOR EACH ROW EXECUTE FUNCTION spying();
\c - dba
DELETE FROM notes WHERE id = 2;

--- cascaded_update_by_dba: the same for ON UPDATE CASCADE, by a simple expression
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
CREATE TABLE child (id int PRIMARY KEY, note int REFERENCES notes ON UPDATE CASCADE);
INSERT INTO child VALUES (1, 2);
CREATE FUNCTION spying() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE t text; BEGIN t := desk.steal(); RETURN new; END $$;
CREATE TRIGGER spying BEFORE UPDATE ON child FOR EACH ROW EXECUTE FUNCTION spying();
\c - dba
UPDATE notes SET id = 3 WHERE id = 2;

--- cascade_by_grantee: the same below a deletion by one who has a grant
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
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
CREATE TABLE child (id int PRIMARY KEY, note int REFERENCES notes ON DELETE CASCADE);
INSERT INTO child VALUES (1, 2);
CREATE FUNCTION spying() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM desk.steal(); RETURN old; END $$;
CREATE TRIGGER spying BEFORE DELETE ON child FOR EACH ROW EXECUTE FUNCTION spying();
\c - helper
DELETE FROM notes WHERE id = 2;

--- set_default_by_dba: the default of a column that ON DELETE SET DEFAULT fills
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
CREATE FUNCTION a_note() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM desk.steal(); RETURN 1; END $$;
CREATE TABLE child (id int PRIMARY KEY, note int DEFAULT a_note() REFERENCES notes ON DELETE SET DEFAULT);
INSERT INTO child VALUES (1, 2);
\c - dba
DELETE FROM notes WHERE id = 2;

--- definer_called_by_dba: a SECURITY DEFINER function that a superuser calls
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
\c - dba
SELECT desk.steal();

--- definer_called_by_exempt: the same, called by an exempt user
-- needs SELECT, EXPORT on orders
-- subject helper
-- gate
GRANT warrant_exempt TO helper;
SELECT warrant.protect('orders');
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
\c - helper
SELECT desk.steal();

--- definer_called_by_excepted: the same, called by one whom the policy excepts
-- needs SELECT, EXPORT on orders
-- subject helper
-- gate
SELECT warrant.protect('orders', except_roles => '{helper}');
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
\c - helper
SELECT desk.steal();

--- definer_called_by_open: the same, called by one for whom the table is open
-- needs SELECT, EXPORT on orders
-- subject helper
-- gate
SELECT warrant.protect('orders');
SELECT warrant.create_policy('open_to_helper', 'open', on_table => 'orders', for_roles => '{helper}');
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        INSERT INTO loot SELECT card FROM orders;
    END IF;
    RETURN '';
END $$;
\c - helper
SELECT desk.steal();

--- definer_trigger_of_dba: a SECURITY DEFINER trigger, where a superuser writes
-- needs SELECT, EXPORT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT,EXPORT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE TABLE bait (i int);
CREATE FUNCTION spying() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN INSERT INTO desk.loot SELECT card FROM shop.orders; RETURN new; END $$;
CREATE TRIGGER spying BEFORE INSERT ON bait FOR EACH ROW EXECUTE FUNCTION spying();
\c - dba
INSERT INTO desk.bait VALUES (1);

--- definer_in_analyze: a superuser's SECURITY DEFINER function, called by the function of an index that a superuser makes
-- needs SELECT on orders
-- subject dba
-- setup
CREATE FUNCTION a_card() RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = shop AS $$ BEGIN RETURN (SELECT min(card) FROM orders); END $$;
-- granted
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION keep(t text) RETURNS void LANGUAGE sql AS 'INSERT INTO desk.loot VALUES (t)';
CREATE FUNCTION spy(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE t text; BEGIN t := shop.a_card(); PERFORM desk.keep(t); RETURN i; END $$;
CREATE TABLE bait (i int);
INSERT INTO bait SELECT generate_series(1, 10);
\c - dba
CREATE INDEX ON desk.bait (desk.spy(i));

--- range_through_definer: the same, called by the difference of a range type in a transaction that has called it before, so that nothing tells who calls it
-- needs nothing
-- setup
CREATE FUNCTION a_card_if(wanted boolean) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = shop AS $$
BEGIN
    IF wanted THEN RETURN (SELECT min(card) FROM orders); END IF;
    RETURN '';
END $$;
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE SEQUENCE calls;
CREATE FUNCTION keep(t text) RETURNS void LANGUAGE sql AS 'INSERT INTO desk.loot VALUES (t)';
CREATE FUNCTION difference(a int, b int) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    n bigint;
    t text;
BEGIN
    n := nextval('desk.calls');
    t := shop.a_card_if(n > 10);
    IF t <> '' THEN PERFORM desk.keep(t); END IF;
    RETURN a - b;
END $$;
CREATE TYPE span AS RANGE (subtype = int4, subtype_diff = difference);
CREATE TABLE spans (s span);
INSERT INTO spans SELECT span(g, g + 1) FROM generate_series(1, 10) AS g;
\c - dba
BEGIN;
ANALYZE desk.spans;
ANALYZE desk.spans;
COMMIT;

--- definer_in_definer: a superuser's SECURITY DEFINER function in that of clerk, which a superuser calls
-- needs SELECT on orders
-- subject dba
-- setup
CREATE FUNCTION a_card() RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = shop AS $$ BEGIN RETURN (SELECT min(card) FROM orders); END $$;
-- granted
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION trojan() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ DECLARE t text; BEGIN t := shop.a_card(); INSERT INTO desk.loot VALUES (t); END $$;
\c - dba
SELECT desk.trojan();

--- cursor_in_definer: a cursor of a superuser, fetched by a SECURITY DEFINER function
-- needs SELECT on orders
-- subject dba
-- granted
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION fetcher(c refcursor) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ DECLARE r record; BEGIN FETCH c INTO r; INSERT INTO desk.loot VALUES (r.card); END $$;
\c - dba
BEGIN;
DECLARE mine CURSOR FOR SELECT card FROM shop.orders;
SELECT desk.fetcher('mine');
COMMIT;

--- own_table_emptied: an owner who empties his own table in ANALYZE by a superuser
-- needs DELETE on kept
-- subject dba
-- setup
SET ROLE clerk;
CREATE TABLE desk.kept (card text);
INSERT INTO desk.kept VALUES ('0');
RESET ROLE;
-- gate
SELECT warrant.protect('desk.kept', '{DELETE}');
-- granted
SELECT warrant.grant('clerk', '{DELETE}', on_table => 'kept', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE TABLE loot (card text);
CREATE FUNCTION steal() RETURNS text LANGUAGE plpgsql SET search_path = shop, desk AS $$
BEGIN
    IF current_user = 'clerk' AND session_user <> 'clerk' THEN
        DELETE FROM kept WHERE card >= '';
    END IF;
    RETURN '';
END $$;
CREATE FUNCTION spy(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE t text; BEGIN t := desk.steal(); RETURN i; END $$;
CREATE TABLE bait (i int);
INSERT INTO bait SELECT generate_series(1, 10);
CREATE INDEX bait_spied ON bait (spy(i));
\c - dba
ANALYZE desk.bait;

--- altered_in_create_index: an owner who changes his table from inside the CREATE INDEX by a superuser, who may change it
-- needs ALTER on kept
-- subject dba
-- setup
SET ROLE clerk;
CREATE TABLE desk.kept (i int);
INSERT INTO desk.kept SELECT generate_series(1, 10);
RESET ROLE;
-- gate
SELECT warrant.protect('desk.kept', '{ALTER}');
-- granted
SELECT warrant.grant('clerk', '{ALTER}', on_table => 'kept', duration => '10 min');
-- attack
SET search_path = desk, shop;
CREATE FUNCTION change() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF session_user <> 'clerk' THEN COMMENT ON TABLE desk.kept IS 'mine'; END IF;
    RETURN '';
END $$;
CREATE FUNCTION spy(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE t text; BEGIN t := desk.change(); RETURN i; END $$;
\c - dba
CREATE INDEX ON desk.kept (desk.spy(i));
