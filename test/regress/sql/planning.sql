-- The planner runs others' code, so a statement is decided on before it is planned: the values in the statistics and in the rows stay unseen.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE patients (id int PRIMARY KEY, illness text);
INSERT INTO patients SELECT g, CASE WHEN g % 2 = 0 THEN 'measles' ELSE 'mumps' END FROM generate_series(1, 100) AS g;
CREATE TABLE plain (id int, illness text);
INSERT INTO plain VALUES (1, 'cold');
CREATE TABLE visits (patient int REFERENCES patients ON DELETE CASCADE, day int);
ANALYZE patients, plain;
GRANT ALL ON patients, plain, visits TO PUBLIC;
SELECT warrant.protect('patients');

-- An operator of the clerk's own is shown the most common values by the planner, under EXPLAIN as well.
\c - regress_clerk
CREATE FUNCTION peek(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'seen: %', $1; RETURN true; END $$;
CREATE OPERATOR ### (FUNCTION = peek, LEFTARG = text, RIGHTARG = text, RESTRICT = eqsel);
EXPLAIN (COSTS off) SELECT * FROM plain WHERE illness ### 'x';
EXPLAIN SELECT * FROM patients WHERE illness ### 'x';
SELECT * FROM patients WHERE illness ### 'x';
SELECT * FROM plain p WHERE EXISTS (SELECT FROM patients q WHERE q.illness ### p.illness);
WITH q AS (SELECT * FROM patients) SELECT * FROM q WHERE illness ### 'x';
UPDATE patients SET illness = '' WHERE illness ### 'x';
DELETE FROM plain USING patients q WHERE q.illness ### 'x';
INSERT INTO plain SELECT * FROM patients WHERE illness ### 'x';
COPY (SELECT * FROM patients WHERE illness ### 'x') TO STDOUT;
CREATE TEMP TABLE copied AS SELECT * FROM patients WHERE illness ### 'x';

-- An SQL function that the planner puts in the place of its call, at any depth, with arguments given, left out or costly.
CREATE FUNCTION all_patients(a int DEFAULT 1) RETURNS SETOF patients LANGUAGE sql STABLE AS 'SELECT * FROM patients WHERE a = a';
CREATE FUNCTION again() RETURNS SETOF patients LANGUAGE sql STABLE AS 'SELECT * FROM all_patients()';
EXPLAIN SELECT * FROM all_patients() AS p WHERE p.illness ### 'x';
EXPLAIN SELECT * FROM all_patients(1+1+1+1+1+1+1+1+1+1+1+1+1+1+1) AS p WHERE p.illness ### 'x';
EXPLAIN SELECT * FROM again() AS p WHERE p.illness ### 'x';
SELECT (SELECT count(*) FROM again() AS p WHERE p.illness ### 'x');

-- An immutable function runs while its statement is planned.
CREATE FUNCTION first_illness() RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN (SELECT illness FROM patients LIMIT 1); END $$;
EXPLAIN SELECT first_illness();
-- Parse and Describe plan and run nothing, and tell the columns alone.
SELECT id, first_illness() FROM patients WHERE illness ### 'x' \gdesc

-- PREPARE plans nothing; EXECUTE does. A plan that is kept asks when it starts.
PREPARE p AS SELECT count(*) FROM patients WHERE illness ### 'x';
EXPLAIN EXECUTE p;
EXECUTE p;
PREPARE q AS SELECT count(*) FROM patients;
SET plan_cache_mode = force_generic_plan;
EXECUTE q;

-- Inside a function as outside, whoever swallows it.
DO $$
BEGIN
    PERFORM FROM patients WHERE illness ### 'x';
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'refused';
END $$;

-- One request and one row each, with all that the statement lacks.
\c - :owner
SELECT id, items FROM (SELECT request_id AS id, string_agg(array_to_string(commands, ',') || ' ' || relation_name, ', ' ORDER BY relation_name) AS items
  FROM warrant.request_items GROUP BY 1) AS i ORDER BY 1;
SELECT event, command, relation, request, n, outcome FROM stage.news();

-- With the grant planning shows what it does, and a statement still writes one row.
\c - regress_chief
SELECT warrant."grant"('regress_clerk', '{SELECT}', on_table => 'patients');
\c - regress_clerk
EXPLAIN (COSTS off) SELECT * FROM patients WHERE illness ### 'x';
SELECT count(*) FROM patients;
SELECT count(*) FROM again();
PREPARE q AS SELECT count(*) FROM patients;
SET plan_cache_mode = force_generic_plan;
EXECUTE q;
EXECUTE q;
\c - :owner
SELECT event, command, relation, request, n, outcome FROM stage.news();

-- The server's own lookups ask nobody. A statement in a trigger that a cascade fires does, however much it looks like one.
CREATE TABLE tokens (token text);
INSERT INTO tokens VALUES ('secret'), ('secret');
ANALYZE tokens;
GRANT ALL ON tokens TO PUBLIC;
SELECT warrant.unprotect('patients'), warrant.create_policy('reading', 'approve', on_table => 'patients', commands => '{SELECT}');
SELECT warrant.protect('tokens');
\c - regress_clerk
INSERT INTO visits VALUES (3, 1), (1000, 1);
INSERT INTO visits VALUES (3, 1);
CREATE FUNCTION spy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM ONLY tokens x WHERE x.token ### 'x' FOR KEY SHARE OF x;
    RETURN OLD;
END $$;
-- Who may read the patients is told what the operator says.
\c - :owner
SELECT warrant.drop_policy('reading');
CREATE TRIGGER spy BEFORE DELETE ON visits FOR EACH ROW EXECUTE FUNCTION spy();
\c - regress_clerk
DELETE FROM patients WHERE id = 3;
\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
