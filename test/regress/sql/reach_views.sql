-- Views are ways to their tables, whoever owns them: nested, barriers, invokers, updatable, with rules and triggers; and tables with rules.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/lacks.sql'
\i :file
SET client_min_messages = warning;
CREATE TABLE pay (id int PRIMARY KEY, amount int);
INSERT INTO pay VALUES (1, 100);
CREATE TABLE log (what text);
CREATE TABLE front (id int, amount int);
GRANT ALL ON pay, log, front TO PUBLIC;
CREATE VIEW plain_view AS SELECT * FROM pay;
GRANT ALL ON plain_view TO PUBLIC;
SET ROLE regress_other;
CREATE VIEW others_view AS SELECT id, amount FROM plain_view;
GRANT ALL ON others_view TO PUBLIC;
RESET ROLE;
CREATE VIEW barrier WITH (security_barrier) AS SELECT * FROM others_view WHERE amount > 0;
CREATE VIEW invoker WITH (security_invoker) AS SELECT * FROM plain_view;
CREATE VIEW checked AS SELECT * FROM pay WHERE amount < 1000 WITH CHECK OPTION;
CREATE VIEW total AS SELECT sum(amount) AS amount FROM pay;
CREATE VIEW triggered AS SELECT id, amount FROM pay GROUP BY 1, 2;
CREATE FUNCTION instead() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN UPDATE pay SET amount = NEW.amount WHERE id = NEW.id; RETURN NEW; END $$;
CREATE TRIGGER instead INSTEAD OF UPDATE ON triggered FOR EACH ROW EXECUTE FUNCTION instead();
CREATE VIEW ruled AS SELECT 1 AS id, 2 AS amount;
CREATE RULE ins AS ON INSERT TO ruled DO INSTEAD INSERT INTO pay VALUES (NEW.id, NEW.amount);
CREATE RULE del AS ON DELETE TO ruled DO INSTEAD DELETE FROM pay WHERE id = OLD.id;
CREATE RULE also AS ON INSERT TO front DO ALSO INSERT INTO pay SELECT NEW.id + 100, NEW.amount;
CREATE RULE tell AS ON UPDATE TO front DO ALSO INSERT INTO log SELECT amount::text FROM pay WHERE id = NEW.id;
CREATE RULE lookup AS ON DELETE TO front WHERE EXISTS (SELECT FROM pay WHERE pay.id = OLD.id) DO INSTEAD NOTHING;
CREATE MATERIALIZED VIEW stored AS SELECT * FROM pay WITH NO DATA;
GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC;
INSERT INTO front VALUES (1, 1);
DELETE FROM pay WHERE id > 100;
SELECT warrant.protect('pay');

\c - regress_clerk
\t on
SELECT v, stage.lacks('SELECT * FROM ' || v) FROM unnest('{plain_view,others_view,barrier,invoker,checked,total,triggered,ruled}'::text[]) AS v;
SELECT stage.lacks('TABLE barrier');
SELECT stage.lacks('SELECT FROM barrier LIMIT 0');
SELECT stage.lacks('SELECT * FROM front WHERE false AND EXISTS (SELECT FROM total)');
SELECT stage.lacks('SELECT * FROM front ORDER BY (SELECT amount FROM others_view)');
SELECT stage.lacks('WITH t AS MATERIALIZED (SELECT * FROM invoker) SELECT 1 FROM t');
SELECT stage.lacks('SELECT * FROM barrier FOR UPDATE');
\set VERBOSITY terse
COPY (TABLE invoker) TO STDOUT;
SELECT stage.lacks('EXPLAIN SELECT * FROM total');
SELECT stage.lacks('CREATE TEMP VIEW again AS SELECT * FROM barrier');
SELECT v, stage.lacks(format('INSERT INTO %s VALUES (2, 5)', v)), stage.lacks(format('UPDATE %s SET amount = amount + 1 WHERE id = 1', v)),
    stage.lacks(format('DELETE FROM %s WHERE id = 1', v)) FROM unnest('{plain_view,others_view,barrier,invoker,checked}'::text[]) AS v;
SELECT stage.lacks('UPDATE triggered SET amount = 1 WHERE id IS NOT NULL');
SELECT stage.lacks('INSERT INTO ruled VALUES (2, 5)');
SELECT stage.lacks('DELETE FROM ruled WHERE id IS NOT NULL');
SELECT stage.lacks('INSERT INTO front VALUES (1, 1)');
SELECT stage.lacks('UPDATE front SET amount = 7 WHERE id IS NOT NULL');
SELECT stage.lacks('DELETE FROM front WHERE id IS NOT NULL');
CREATE TEMP TABLE mine (id int);
CREATE RULE mine AS ON INSERT TO mine DO ALSO DELETE FROM others_view WHERE others_view.id = NEW.id;
SELECT stage.lacks('INSERT INTO mine VALUES (1)');

-- Under a grant for the writing each of them runs, and what shows rows needs SELECT still.
\c - regress_chief
SELECT warrant."grant"('regress_clerk', '{WRITE}', on_table => 'pay');
\c - regress_clerk
SELECT v, stage.lacks(format('INSERT INTO %s VALUES (2, 5)', v)), stage.lacks(format('UPDATE %s SET amount = amount + 1 WHERE id = 1', v)),
    stage.lacks(format('DELETE FROM %s WHERE id = 1', v)), stage.lacks(format('DELETE FROM %s RETURNING *', v))
  FROM unnest('{plain_view,others_view,barrier,invoker,checked}'::text[]) AS v;
SELECT stage.lacks('UPDATE triggered SET amount = 1 WHERE id IS NOT NULL');
SELECT stage.lacks('INSERT INTO ruled VALUES (2, 5)');
SELECT stage.lacks('DELETE FROM ruled WHERE id IS NOT NULL');
SELECT stage.lacks('INSERT INTO front VALUES (1, 1)');
SELECT stage.lacks('UPDATE front SET amount = 7 WHERE id IS NOT NULL');

-- A rule that writes down what others may only change.
\c - :owner
CREATE RULE harvest AS ON UPDATE TO pay DO ALSO INSERT INTO log VALUES (OLD.amount::text);
\c - regress_clerk
SELECT stage.lacks('UPDATE pay SET amount = 7 WHERE amount IS NOT NULL');

-- The view itself can be protected, its table not.
\c - :owner
SET client_min_messages = warning;
DROP RULE harvest ON pay;
SELECT warrant.unprotect('pay');
SELECT warrant.protect('plain_view');
\c - regress_clerk
SELECT v, stage.lacks('SELECT * FROM ' || v), stage.lacks(format('UPDATE %s SET amount = amount + 1 WHERE id = 1', v))
  FROM unnest('{pay,plain_view,others_view,barrier,invoker,checked}'::text[]) AS v;
\t off
\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
