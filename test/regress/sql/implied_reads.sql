-- UPDATE, DELETE, MERGE and ON CONFLICT include reading their own target as long as the server's own functions do it; what shows it to
-- anybody else needs SELECT.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/lacks.sql'
\i :file
CREATE TYPE mood AS ENUM ('low', 'high');
CREATE DOMAIN amount AS int CHECK (VALUE > -1000);
CREATE TABLE stock (id int PRIMARY KEY, n amount, label text, mood mood, tags text[]);
INSERT INTO stock SELECT g, g, 'secret', 'low', '{a,b}' FROM generate_series(1, 3) AS g;
CREATE TABLE other (id int, label text);
INSERT INTO other VALUES (1, 'x'), (4, 'y');
CREATE VIEW shelf AS SELECT * FROM stock WHERE n >= 0;
GRANT ALL ON stock, other, shelf TO PUBLIC;
SELECT warrant.protect('stock');

\c - regress_clerk
CREATE FUNCTION peek(anyelement) RETURNS anyelement LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'seen: %', $1; RETURN $1; END $$;
CREATE FUNCTION mine() RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN 1; END $$;
CREATE FUNCTION harmless(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
CREATE FUNCTION peek_eq(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'seen: %', $1; RETURN $1 = $2; END $$;
CREATE OPERATOR ### (FUNCTION = peek_eq, LEFTARG = text, RIGHTARG = text);
CREATE AGGREGATE peek_all(text) (SFUNC = textcat, STYPE = text, INITCOND = '');
CREATE DOMAIN peeking AS text CHECK (peek(VALUE) IS NOT NULL);
CREATE TYPE peeking_row AS (label peeking);
CREATE FUNCTION to_mine(peeking_row) RETURNS json LANGUAGE sql AS $$ SELECT '1'::json $$;

\c - regress_chief
SELECT warrant."grant"('regress_clerk', '{WRITE}', on_table => 'stock');
\c - regress_clerk

-- Included: everything is the server's own, or has nothing to do with the target.
\t on
SELECT stage.lacks($$UPDATE stock SET n = n - 1, label = upper(label) WHERE id = 1 AND label LIKE 's%'$$);
SELECT stage.lacks($$UPDATE stock SET mood = 'high' WHERE mood = 'low'$$);
SELECT stage.lacks($$UPDATE stock SET tags = array_append(tags, 'c') WHERE 'a' = ANY (tags)$$);
SELECT stage.lacks($$UPDATE stock SET n = CASE id WHEN 1 THEN n ELSE 0 END WHERE id IS NOT NULL$$);
SELECT stage.lacks($$UPDATE stock SET n = 0 WHERE id = mine()$$);
SELECT stage.lacks($$UPDATE stock SET n = mine() WHERE id IS NOT NULL$$);
SELECT stage.lacks($$UPDATE stock SET label = other.label FROM other WHERE stock.id = other.id AND peek(other.label) = 'x'$$);
SELECT stage.lacks($$DELETE FROM stock WHERE id = 1$$);
SELECT stage.lacks($$DELETE FROM stock WHERE EXISTS (SELECT FROM other WHERE other.id = stock.id)$$);
SELECT stage.lacks($$DELETE FROM stock USING other WHERE stock.id = other.id$$);
SELECT stage.lacks($$INSERT INTO stock VALUES (1, 1, 'a') ON CONFLICT (id) DO UPDATE SET n = stock.n + EXCLUDED.n WHERE stock.n > 0$$);
SELECT stage.lacks($$INSERT INTO stock VALUES (1, 1, 'a') ON CONFLICT (id) DO UPDATE SET label = peek(EXCLUDED.label)$$);
SELECT stage.lacks($$MERGE INTO stock USING other ON stock.id = other.id WHEN MATCHED AND stock.n > 0 THEN UPDATE SET label = other.label || stock.label
    WHEN NOT MATCHED THEN INSERT VALUES (other.id, 0, other.label)$$);
SELECT stage.lacks($$WITH gone AS (DELETE FROM stock WHERE id = 1) INSERT INTO other VALUES (1, '')$$);
SELECT stage.lacks($$UPDATE shelf SET n = n + 1 WHERE id = 1$$);

-- Not included.
SELECT stage.lacks($$UPDATE stock SET n = 0 WHERE peek(id) = 1$$);
SELECT stage.lacks($$UPDATE stock SET n = harmless(id) WHERE id IS NOT NULL$$);
SELECT stage.lacks($$UPDATE stock SET label = peek(upper(label)) WHERE id IS NOT NULL$$);
SELECT stage.lacks($$DELETE FROM stock WHERE label ### 'x'$$);
SELECT stage.lacks($$UPDATE stock SET n = 0 WHERE (label::peeking) IS NOT NULL$$);
SELECT stage.lacks($$UPDATE stock SET n = 0 WHERE (ARRAY[label]::peeking[]) IS NOT NULL$$);
SELECT stage.lacks($$UPDATE stock SET n = 0 WHERE format('(%s)', label)::peeking_row IS NOT NULL$$);
SELECT stage.lacks($$UPDATE stock SET n = 0 WHERE to_json(ROW(label)::peeking_row) IS NOT NULL$$);
SELECT stage.lacks($$UPDATE stock SET n = 0 WHERE jsonb_populate_record(NULL::peeking_row, jsonb_build_object('label', label)) IS NOT NULL$$);
SELECT stage.lacks($$UPDATE stock SET n = 0 WHERE (SELECT count(label) FROM jsonb_to_record(jsonb_build_object('label', stock.label)) AS r (label peeking)) = 1$$);
SELECT stage.lacks($$UPDATE stock SET n = 0 WHERE CASE label WHEN 'x' THEN false ELSE peek(label) IS NOT NULL END$$);
SELECT stage.lacks($$UPDATE stock SET n = 0 WHERE (SELECT peek(x) FROM (SELECT stock.label AS x) AS s) IS NOT NULL$$);
SELECT stage.lacks($$UPDATE stock SET n = (SELECT peek(id) FROM other WHERE other.id = stock.id)$$);
SELECT stage.lacks($$UPDATE stock SET label = (SELECT peek_all(stock.label || other.label) FROM other) WHERE id IS NOT NULL$$);
SELECT stage.lacks($$UPDATE stock SET n = 0 WHERE set_config('my.label', label, false) IS NOT NULL$$);
SELECT stage.lacks($$UPDATE stock SET n = 0 WHERE pg_notify('my', label) IS NULL$$);
SELECT stage.lacks($$UPDATE stock SET n = 0 WHERE pg_get_object_address('schema', ARRAY[label], '{}') IS NULL$$);
SELECT stage.lacks($$UPDATE stock SET n = 0 WHERE pg_get_partition_constraintdef(label::regclass) IS NULL$$);
SELECT stage.lacks($$UPDATE stock SET n = 0 WHERE row_to_json(stock) IS NOT NULL$$);
SELECT stage.lacks($$UPDATE stock SET n = 0 WHERE id = 1 RETURNING label$$);
SELECT stage.lacks($$WITH gone AS (DELETE FROM stock WHERE id IS NOT NULL RETURNING *) SELECT * FROM gone$$);
SELECT stage.lacks($$INSERT INTO stock VALUES (9) RETURNING id$$);
SELECT stage.lacks($$INSERT INTO stock VALUES (1, 1, 'a') ON CONFLICT (id) DO UPDATE SET label = peek(stock.label)$$);
SELECT stage.lacks($$MERGE INTO stock USING other ON peek(stock.id) = other.id WHEN MATCHED THEN DELETE$$);
SELECT stage.lacks($$MERGE INTO stock USING other ON stock.id = other.id WHEN MATCHED AND peek(stock.label) = '' THEN DELETE$$);
SELECT stage.lacks($$MERGE INTO stock USING other ON stock.id = other.id WHEN MATCHED THEN UPDATE SET label = peek(stock.label)$$);
SELECT stage.lacks($$UPDATE stock SET n = b.n FROM stock AS b WHERE b.id = stock.id$$);
SELECT stage.lacks($$DELETE FROM stock USING stock AS b WHERE b.id = stock.id + 1$$);
SELECT stage.lacks($$DELETE FROM stock WHERE id IN (SELECT max(id) FROM stock)$$);
SELECT stage.lacks($$INSERT INTO stock SELECT id + 10, n FROM stock$$);
SELECT stage.lacks($$WITH one AS (UPDATE stock SET n = 0 WHERE id = 1), two AS (DELETE FROM stock WHERE peek(id) = 2) SELECT$$);
SELECT stage.lacks($$DELETE FROM other USING stock WHERE stock.id = other.id$$);
SELECT stage.lacks($$UPDATE shelf SET label = peek(label) WHERE id IS NOT NULL$$);
SELECT stage.lacks($$SELECT * FROM stock FOR UPDATE$$);

-- A plan that is kept comes to the same answer.
SET plan_cache_mode = force_generic_plan;
PREPARE included(int) AS UPDATE stock SET n = n + 1 WHERE id = $1 AND $1 = mine();
PREPARE shown(int) AS UPDATE stock SET n = n + 1 WHERE id = $1 AND peek(id) = 2;
SELECT stage.lacks('EXECUTE included(1)');
SELECT stage.lacks('EXECUTE included(1)');
SELECT stage.lacks('EXECUTE shown(2)');
\t off
\c - regress_chief
SELECT warrant."grant"('regress_clerk', '{SELECT}', on_table => 'stock');
\c - regress_clerk
SET plan_cache_mode = force_generic_plan;
PREPARE shown(int) AS UPDATE stock SET n = n + 1 WHERE id = $1 AND peek(id) = 2;
EXECUTE shown(2);
EXECUTE shown(2);
SELECT stage.lacks($$UPDATE stock SET n = 0 WHERE id = 1 RETURNING label$$);

-- A view's own update includes its reading too.
\c - :owner
SELECT warrant.unprotect('stock');
SELECT warrant.protect('shelf');
\c - regress_chief
SELECT warrant."grant"('regress_clerk', '{WRITE}', on_table => 'shelf');
\c - regress_clerk
SELECT stage.lacks($$UPDATE shelf SET n = n + 1 WHERE id = 1$$);
SELECT stage.lacks($$UPDATE shelf SET label = peek(label) WHERE id IS NOT NULL$$);
SELECT stage.lacks($$DELETE FROM shelf WHERE id = 1 RETURNING label$$);
\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
