-- Expressions that the server evaluates with the table's, the type's or the planner's consent.

--- column_default: a default
-- needs SELECT on orders
-- setup
CREATE FUNCTION top_card() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT max(card) FROM orders';
CREATE TABLE mine (card text DEFAULT top_card());
-- attack
INSERT INTO mine DEFAULT VALUES RETURNING card;

--- default_of_new_column: a default, when the column is added
-- needs SELECT on orders
-- setup
CREATE FUNCTION top_card() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT max(card) FROM orders';
-- attack
CREATE TABLE desk.mine AS SELECT 1 AS id;
ALTER TABLE desk.mine ADD card text DEFAULT top_card();

--- column_type: USING, when the type changes
-- needs SELECT on orders
-- setup
CREATE FUNCTION top_card() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT max(card) FROM orders';
-- attack
CREATE TABLE desk.mine AS SELECT 1 AS id;
ALTER TABLE desk.mine ALTER id TYPE text USING top_card();

--- generated_column: GENERATED
-- needs SELECT on orders
-- setup
CREATE FUNCTION top_card() RETURNS text LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER AS $$ BEGIN RETURN (SELECT max(card) FROM orders); END $$;
CREATE TABLE mine (id int, card text GENERATED ALWAYS AS (id || top_card()) STORED);
-- attack
INSERT INTO mine VALUES (1) RETURNING card;

--- check_constraint: CHECK
-- needs SELECT on orders
-- setup
CREATE FUNCTION top_card() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RAISE NOTICE 'card %', (SELECT max(card) FROM orders); RETURN 'x'; END $$;
CREATE TABLE mine (id int CHECK (top_card() = 'x'));
-- attack
INSERT INTO mine VALUES (1);

--- check_validated: VALIDATE CONSTRAINT
-- needs SELECT on orders
-- setup
CREATE FUNCTION top_card() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RAISE NOTICE 'card %', (SELECT max(card) FROM orders); RETURN 'x'; END $$;
-- attack
CREATE TABLE desk.mine AS SELECT 1 AS id;
ALTER TABLE desk.mine ADD CONSTRAINT c CHECK (top_card() = 'x') NOT VALID;
ALTER TABLE desk.mine VALIDATE CONSTRAINT c;

--- domain: a domain's check
-- needs SELECT on orders
-- setup
CREATE FUNCTION top_card() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RAISE NOTICE 'card %', (SELECT max(card) FROM orders); RETURN 'x'; END $$;
CREATE DOMAIN told AS int CHECK (top_card() = 'x');
-- attack
SELECT 1::told;

--- domain_altered: a domain's new check over the columns that have it
-- needs ALTER, SELECT on orders
-- setup
CREATE DOMAIN card_number AS text;
ALTER TABLE orders ALTER card TYPE card_number;
ALTER DOMAIN card_number OWNER TO clerk;
-- attack
CREATE FUNCTION desk.tell(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN true; END $$;
ALTER DOMAIN card_number ADD CHECK (desk.tell(VALUE));

--- index_expression: an index over a function that reads
-- needs SELECT on orders
-- setup
CREATE FUNCTION top_card(int) RETURNS text LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER AS $$ BEGIN RAISE NOTICE 'card %', (SELECT max(card) FROM shop.orders); RETURN 'x'; END $$;
-- attack
CREATE TABLE desk.mine AS SELECT 1 AS id;
CREATE INDEX ON desk.mine (top_card(id));

--- index_predicate: an index's WHERE
-- needs SELECT on orders
-- setup
CREATE FUNCTION top_card(int) RETURNS text LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER AS $$ BEGIN RAISE NOTICE 'card %', (SELECT max(card) FROM orders); RETURN 'x'; END $$;
CREATE TABLE mine (id int);
CREATE INDEX ON mine (id) WHERE top_card(id) = 'x';
-- attack
INSERT INTO mine VALUES (1);

--- partition_bound: the bound of a partition
-- needs SELECT on orders
-- setup
CREATE FUNCTION top_card() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT max(card) FROM orders';
-- attack
CREATE TABLE desk.mine (card text) PARTITION BY LIST (card);
CREATE TABLE desk.part PARTITION OF desk.mine FOR VALUES IN (top_card());
SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'part';

--- cast: a cast
-- needs SELECT on orders
-- setup
CREATE TYPE code AS ENUM ('a');
CREATE FUNCTION look(code) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT max(card) FROM orders';
CREATE CAST (code AS text) WITH FUNCTION look(code) AS IMPLICIT;
-- attack
SELECT 'a'::code::text;

--- operator: an operator
-- needs SELECT on orders
-- setup
CREATE FUNCTION look(int, int) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT max(card) FROM orders';
CREATE OPERATOR ### (LEFTARG = int, RIGHTARG = int, FUNCTION = look);
-- attack
SELECT 1 ### 2;

--- sort_support: the comparison that sorting calls
-- needs SELECT on orders
-- setup
CREATE TYPE rank AS (n int);
CREATE FUNCTION look(rank, rank) RETURNS int LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER AS $$ BEGIN RAISE NOTICE 'card %', (SELECT max(card) FROM orders); RETURN 0; END $$;
CREATE FUNCTION less(rank, rank) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.n < $2.n';
CREATE OPERATOR <<<< (LEFTARG = rank, RIGHTARG = rank, FUNCTION = less);
CREATE OPERATOR ==== (LEFTARG = rank, RIGHTARG = rank, FUNCTION = less);
CREATE OPERATOR CLASS by_rank DEFAULT FOR TYPE rank USING btree AS OPERATOR 1 <<<<, OPERATOR 3 ====, FUNCTION 1 look(rank, rank);
-- attack
SELECT n FROM (VALUES (ROW(1)::rank), (ROW(2)::rank)) AS v (n) ORDER BY n;

--- aggregate: an aggregate
-- needs SELECT on orders
-- setup
CREATE FUNCTION look(text, int) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT max(card) FROM orders';
CREATE AGGREGATE looks(int) (SFUNC = look, STYPE = text);
-- attack
SELECT looks(id) FROM notes;

--- window_function: the same over a window
-- needs SELECT on orders
-- setup
CREATE FUNCTION look(text, int) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT max(card) FROM orders';
CREATE AGGREGATE looks(int) (SFUNC = look, STYPE = text);
-- attack
SELECT looks(id) OVER (ORDER BY id) FROM notes;

--- plan_time: an immutable function that the planner calls
-- needs SELECT on orders
-- setup
CREATE FUNCTION top_card() RETURNS text LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER AS $$ BEGIN RETURN (SELECT max(card) FROM orders); END $$;
-- attack
EXPLAIN SELECT * FROM notes WHERE note = top_card();

--- plan_time_at_prepare: the same when a cached plan is made
-- needs SELECT on orders
-- setup
CREATE FUNCTION top_card() RETURNS text LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER AS $$ BEGIN RAISE NOTICE 'card %', (SELECT max(card) FROM orders); RETURN ''; END $$;
-- attack
PREPARE p AS SELECT * FROM notes WHERE note = top_card();
EXECUTE p;

--- selectivity: an operator of the user's that the planner tries on the statistics' values
-- needs SELECT on orders
-- setup
ANALYZE orders;
-- attack
CREATE FUNCTION desk.tell(text, text) RETURNS boolean LANGUAGE plpgsql COST 1 AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN true; END $$;
CREATE OPERATOR desk.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = desk.tell, RESTRICT = eqsel);
EXPLAIN SELECT 1 FROM orders WHERE card OPERATOR(desk.===) 'x';

--- selectivity_inlined: the same through a function that becomes part of the plan
-- needs SELECT on orders
-- setup
ANALYZE orders;
-- attack
CREATE FUNCTION desk.all_orders() RETURNS SETOF shop.orders LANGUAGE sql STABLE AS 'TABLE shop.orders';
CREATE FUNCTION desk.tell(text, text) RETURNS boolean LANGUAGE plpgsql COST 1 AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN true; END $$;
CREATE OPERATOR desk.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = desk.tell, RESTRICT = eqsel);
EXPLAIN SELECT 1 FROM desk.all_orders() WHERE card OPERATOR(desk.===) 'x';

--- selectivity_of_write: the same for a statement that only writes
-- needs DELETE, SELECT on orders
-- setup
ANALYZE orders;
-- attack
CREATE FUNCTION desk.tell(text, text) RETURNS boolean LANGUAGE plpgsql COST 1 AS $$ BEGIN RAISE NOTICE 'card %', $1; RETURN true; END $$;
CREATE OPERATOR desk.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = desk.tell, RESTRICT = eqsel);
EXPLAIN DELETE FROM orders WHERE card OPERATOR(desk.===) 'x';

--- parallel_worker: a function's query that runs in a parallel worker alone
-- needs SELECT on orders
-- setup
CREATE TABLE large AS SELECT g AS id FROM generate_series(1, 50000) AS g;
GRANT SELECT ON large TO clerk;
ANALYZE large;
CREATE FUNCTION top_card(int) RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000 SECURITY DEFINER AS $$ BEGIN RETURN (SELECT max(card) FROM orders); END $$;
-- attack
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SELECT id FROM large WHERE id < 3 AND top_card(id) = 'x' OR id = 7;
SELECT max(top_card(id)) FROM large WHERE id < 20;

--- parallel_scan: the scan itself in parallel
-- needs SELECT on orders
-- setup
ALTER TABLE orders SET (parallel_workers = 2);
-- attack
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT card FROM orders;

--- just_in_time: compiled
-- needs SELECT on orders
-- attack
SET jit_above_cost = 0;
SELECT max(card) FROM orders;

--- raw_table_expression: a table as a function's argument
-- needs SELECT on orders
-- attack
SELECT row_to_json(o) FROM orders o;

--- xml_table: XMLTABLE over a column
-- needs SELECT on orders
-- attack
SELECT x.card FROM orders, XMLTABLE('/a' PASSING (format('<a>%s</a>', card)::xml) COLUMNS card text PATH '.') AS x;
