-- The scene of the examples in these pages: psql -f docs/scene.sql, as a superuser, in an empty database of a throw-away server.
-- Then each person has a terminal: psql postgresql://clerk:clerk@localhost/DATABASE, and so on.
-- A clerk works, two bosses approve, an auditor reads. Table orders needs approval, salaries and notes do not.
\set ON_ERROR_STOP on
SET client_min_messages = warning;

CREATE EXTENSION pg_warrant;
SELECT format('CREATE ROLE %1$I LOGIN PASSWORD %1$L', name)
  FROM unnest('{clerk,boss,second_boss,auditor}'::text[]) AS person (name)
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
GRANT warrant_approver TO boss, second_boss;
GRANT warrant_auditor TO auditor;

CREATE TABLE orders (id int PRIMARY KEY, status text);
INSERT INTO orders SELECT g, 'open' FROM generate_series(1, 10) AS g;
CREATE TABLE salaries (employee text PRIMARY KEY, amount numeric);
INSERT INTO salaries VALUES ('ann', 5000), ('bob', 4000);
CREATE TABLE notes (id int, note text);
GRANT ALL ON orders, salaries, notes TO clerk;

SELECT warrant.protect('orders');

-- The recorder, a background worker, starts a moment after the extension is committed.
DO $$
BEGIN
    FOR tries IN 1..3000 LOOP
        IF EXISTS (SELECT FROM warrant.status() WHERE item = 'recorder' AND value LIKE 'running%') THEN
            RETURN;
        END IF;
        PERFORM pg_sleep(0.1);
    END LOOP;
    RAISE 'the recorder does not start';
END;
$$;
