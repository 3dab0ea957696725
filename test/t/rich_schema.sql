-- One or more of each kind of object that an ordinary database has. Run by the role that is to own them.
CREATE SCHEMA shop;
CREATE SCHEMA past;
SET search_path = shop, public;

CREATE DOMAIN percent AS numeric(5, 2) DEFAULT 0 CHECK (VALUE BETWEEN 0 AND 100);
CREATE TYPE mood AS ENUM ('glad', 'plain', 'sad');
CREATE TYPE address AS (street text, town text, code varchar(10));
CREATE TYPE span AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE COLLATION plain_c FROM "C";
CREATE TEXT SEARCH CONFIGURATION words (COPY = pg_catalog.simple);
COMMENT ON TYPE mood IS 'how a customer feels';

CREATE FUNCTION net(gross numeric, rate numeric DEFAULT 20) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE
	AS 'SELECT round(gross / (1 + rate / 100), 2)';
CREATE FUNCTION near(a numeric, b numeric) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT abs(a - b) < 1';
CREATE OPERATOR ~== (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = near, COMMUTATOR = ~==);
CREATE AGGREGATE product(numeric) (SFUNC = numeric_mul, STYPE = numeric, INITCOND = '1');
CREATE FUNCTION as_address(text) RETURNS address LANGUAGE sql IMMUTABLE AS $$SELECT ROW($1, NULL, NULL)::shop.address$$;
CREATE CAST (text AS address) WITH FUNCTION as_address(text);

CREATE TABLE customers (
	id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text COLLATE plain_c NOT NULL,
	feels mood DEFAULT 'plain',
	lives address,
	rebate percent,
	seen tstzrange,
	tags text[] DEFAULT '{}',
	extra jsonb,
	shout text GENERATED ALWAYS AS (upper(name)) STORED,
	UNIQUE (name)
);
CREATE TABLE orders (
	id bigserial PRIMARY KEY,
	customer int NOT NULL REFERENCES customers ON UPDATE CASCADE ON DELETE CASCADE DEFERRABLE,
	placed date NOT NULL DEFAULT '2024-01-01',
	total numeric(10, 2) CHECK (total >= 0)
) WITH (fillfactor = 90);
CREATE TABLE lines (
	order_id bigint REFERENCES orders ON DELETE CASCADE,
	pos int,
	article text NOT NULL,
	amount float8,
	PRIMARY KEY (order_id, pos)
);
CREATE TABLE rooms (room int, booked int4range, EXCLUDE USING gist (booked WITH &&));
CREATE TABLE measured (at timestamptz NOT NULL, sensor int, value float8, PRIMARY KEY (at, sensor)) PARTITION BY RANGE (at);
CREATE TABLE measured_2023 PARTITION OF measured FOR VALUES FROM ('2023-01-01 00:00+00') TO ('2024-01-01 00:00+00');
CREATE TABLE measured_2024 PARTITION OF measured FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2025-01-01 00:00+00')
	PARTITION BY HASH (sensor);
CREATE TABLE measured_2024_0 PARTITION OF measured_2024 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE measured_2024_1 PARTITION OF measured_2024 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE measured_rest PARTITION OF measured DEFAULT;
CREATE TABLE past.things (id int PRIMARY KEY, what text, born timestamp);
CREATE TABLE past.papers (pages int DEFAULT 1) INHERITS (past.things);
CREATE UNLOGGED TABLE past.scraps (a int, b bytea, c xml, d inet, e interval, f point, g bit varying(8), h uuid, i tsvector, j money);
CREATE TABLE past."Odd name" (a int, b text);
CREATE SEQUENCE past.tickets START 10 INCREMENT 5 MAXVALUE 1000 CYCLE OWNED BY past.things.id;

CREATE INDEX ON orders (placed DESC NULLS LAST) INCLUDE (total);
CREATE INDEX lower_name ON customers (lower(name)) WHERE feels <> 'sad';
CREATE INDEX ON customers USING gin (tags);
CREATE INDEX ON measured USING brin (at);
CREATE STATISTICS order_stats (dependencies, mcv) ON customer, placed FROM orders;
ALTER TABLE customers ALTER COLUMN name SET STATISTICS 500, CLUSTER ON customers_pkey;

INSERT INTO customers (name, feels, lives, rebate, seen, tags, extra)
	SELECT 'customer ' || g, (enum_range(NULL::mood))[1 + g % 3], ROW('street ' || g, 'town', g::text)::address, g % 50,
		tstzrange('2024-01-01 00:00+00', timestamptz '2024-01-01 00:00+00' + g * interval '1 h'), ARRAY['t' || g % 5, 'all'],
		jsonb_build_object('n', g, 'deep', jsonb_build_array(g, NULL))
	  FROM generate_series(1, 60) AS g;
INSERT INTO orders (customer, placed, total) SELECT 1 + g % 60, date '2024-01-01' + g % 90, g * 1.25 FROM generate_series(1, 200) AS g;
INSERT INTO lines SELECT o, p, 'article ' || p, o / p::float8 FROM generate_series(1, 200) AS o, generate_series(1, 3) AS p;
INSERT INTO rooms SELECT g, int4range(g * 10, g * 10 + 5) FROM generate_series(1, 20) AS g;
INSERT INTO measured SELECT timestamptz '2023-06-01 00:00+00' + g * interval '3 days', g % 7, g / 3.0 FROM generate_series(1, 300) AS g;
INSERT INTO past.things VALUES (1, 'a thing', '2020-02-02 20:20'), (2, NULL, 'infinity');
INSERT INTO past.papers VALUES (3, 'a paper', NULL, 12);
INSERT INTO past.scraps VALUES (1, '\x00ff', '<a/>', '10.1.2.3/8', '1 mon 2 days 03:04:05', '(1,2)', B'101',
	'00000000-0000-0000-0000-000000000001', 'a b c', '12.34');
INSERT INTO past."Odd name" VALUES (1, E'tab\t, \\ and\nline');

CREATE VIEW owing AS SELECT c.name, sum(o.total) AS owes FROM customers c JOIN orders o ON o.customer = c.id GROUP BY c.name;
CREATE VIEW cheap WITH (security_barrier) AS SELECT id, customer, total FROM orders WHERE total < 50 WITH LOCAL CHECK OPTION;
CREATE VIEW mine WITH (security_invoker) AS SELECT * FROM cheap;
CREATE RECURSIVE VIEW counted (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM counted WHERE n < 5;
CREATE MATERIALIZED VIEW by_day AS SELECT placed, count(*) AS n, sum(total) AS total FROM orders GROUP BY placed;
CREATE UNIQUE INDEX ON by_day (placed);
CREATE RULE forget AS ON DELETE TO past.things DO ALSO INSERT INTO past.scraps (a) VALUES (OLD.id);
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'UPDATE' AND NEW.total IS DISTINCT FROM OLD.total THEN
		INSERT INTO past.scraps (a) VALUES (NEW.id);
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER changed BEFORE UPDATE ON orders FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION note_change();
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON lines DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note_change();
ALTER TABLE lines DISABLE TRIGGER later;
CREATE FUNCTION owed(who text) RETURNS numeric LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = shop AS $$
BEGIN
	RETURN (SELECT owes FROM owing WHERE name = who);
END $$;
CREATE FUNCTION all_lines(bigint) RETURNS SETOF lines LANGUAGE sql STABLE AS 'SELECT * FROM shop.lines WHERE order_id = $1';
CREATE PROCEDURE raise_prices(by numeric) LANGUAGE plpgsql AS $$
BEGIN
	UPDATE shop.orders SET total = total * by;
	COMMIT;
END $$;
ALTER TABLE past."Odd name" ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON past."Odd name" FOR SELECT USING (a < 10);
COMMENT ON TABLE orders IS 'what customers want';
COMMENT ON COLUMN orders.total IS 'with tax';
GRANT USAGE ON SCHEMA shop TO PUBLIC;
GRANT SELECT, UPDATE (total) ON orders TO PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA past GRANT SELECT ON TABLES TO PUBLIC;
SELECT lo_from_bytea(4711, '\x0102');
COMMENT ON LARGE OBJECT 4711 IS 'a large one';
RESET search_path;
