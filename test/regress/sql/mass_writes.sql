-- Which UPDATEs and DELETEs need UPDATE_ALL or DELETE_ALL besides: those whose WHERE names no column of their target.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/lacks.sql'
\i :file
SET client_min_messages = warning;
CREATE TABLE pay (id int PRIMARY KEY, amount int, paid boolean);
INSERT INTO pay VALUES (1, 100, true), (2, 200, false);
CREATE TABLE other (id int, amount int);
INSERT INTO other VALUES (1, 1);
CREATE TABLE parts (k int, v text) PARTITION BY LIST (k);
CREATE TABLE part_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE line (pay_id int REFERENCES pay ON DELETE CASCADE ON UPDATE CASCADE, n int);
CREATE VIEW open_pay AS SELECT * FROM pay WHERE NOT paid;
CREATE VIEW small_pay AS SELECT id, amount, paid AND true AS paid, 1 AS one FROM open_pay WHERE amount < 150 AND (id > 0 AND id < 9);
CREATE VIEW any_pay AS SELECT * FROM pay WHERE true;
CREATE VIEW barred WITH (security_barrier) AS SELECT * FROM pay WHERE amount > 0;
CREATE VIEW over_barred AS SELECT * FROM barred;
CREATE VIEW ruled AS SELECT id, amount FROM pay;
CREATE RULE upd AS ON UPDATE TO ruled DO INSTEAD UPDATE pay SET amount = NEW.amount WHERE id = OLD.id;
CREATE RULE del AS ON DELETE TO ruled DO INSTEAD DELETE FROM pay;
CREATE VIEW triggered AS SELECT id, sum(amount) AS amount FROM pay GROUP BY 1;
CREATE FUNCTION instead() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$;
CREATE TRIGGER instead INSTEAD OF UPDATE OR DELETE ON triggered FOR EACH ROW EXECUTE FUNCTION instead();
CREATE TABLE noted (id int);
CREATE TABLE notes (id int, n int);
CREATE RULE note AS ON UPDATE TO noted DO ALSO UPDATE notes SET n = n + 1;
CREATE RULE kept AS ON DELETE TO noted DO INSTEAD INSERT INTO notes VALUES (OLD.id, 0);
GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC;
SELECT warrant.create_policy('masses of ' || t, 'approve', on_table => t, commands => '{UPDATE_ALL,DELETE_ALL,TRUNCATE}') IS NOT NULL AS made
  FROM unnest('{pay,parts,line,noted,notes}'::regclass[]) AS t;

-- Daily work is free, and so is what names rows in whatever way. It stops accidents, not intent.
\c - regress_clerk
\t on
SELECT s, stage.lacks(s) FROM unnest(ARRAY[
    'UPDATE pay SET amount = 1 WHERE id = 1',
    'UPDATE pay SET amount = 1 WHERE paid',
    'UPDATE pay SET amount = 1 WHERE id = id',
    'UPDATE pay SET amount = 1 WHERE id > 0 OR true',
    'UPDATE pay SET amount = 1 WHERE pay IS NOT NULL',
    'UPDATE pay SET amount = 1 WHERE ctid = ''(0,1)''',
    'UPDATE pay SET amount = 1 WHERE xmin IS NOT NULL',
    'UPDATE pay SET amount = other.amount FROM other WHERE other.id = pay.id',
    'UPDATE pay SET amount = 1 WHERE EXISTS (SELECT FROM other WHERE other.id = pay.id)',
    'UPDATE pay SET amount = 1 WHERE id IN (SELECT id FROM other)',
    'UPDATE pay SET amount = 1 WHERE (SELECT min(x) FROM (SELECT pay.id AS x FROM other) AS o) = 1',
    'DELETE FROM pay WHERE id = 1',
    'DELETE FROM pay USING other WHERE pay.id = other.id',
    'DELETE FROM ONLY pay WHERE id = 1',
    'WITH w AS (DELETE FROM pay WHERE id = 1 RETURNING *) SELECT * FROM w',
    'WITH w AS (SELECT id FROM other) DELETE FROM pay WHERE id IN (SELECT id FROM w)',
    'INSERT INTO pay VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET amount = 0',
    'MERGE INTO pay USING other ON pay.id = other.id WHEN MATCHED THEN UPDATE SET amount = 0',
    'MERGE INTO pay USING other ON true WHEN MATCHED AND pay.id = 1 THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (9, 9)',
    'UPDATE pay SET id = 9 WHERE id = 1',
    'DELETE FROM parts WHERE k = 1',
    'EXPLAIN DELETE FROM pay WHERE id = 1']) AS s;
DO $$ DECLARE c CURSOR FOR SELECT * FROM pay FOR UPDATE; BEGIN OPEN c; MOVE c; UPDATE pay SET amount = amount WHERE CURRENT OF c; END $$;

-- The accidents.
SELECT s, stage.lacks(s) FROM unnest(ARRAY[
    'UPDATE pay SET amount = 1',
    'UPDATE pay SET amount = amount + 1',
    'UPDATE pay SET amount = 1 RETURNING id',
    'UPDATE pay SET amount = 1 WHERE true',
    'UPDATE pay SET amount = 1 WHERE 1 = 1 AND now() > ''2000-01-01''',
    'UPDATE pay SET amount = 1 WHERE random() < 2',
    'UPDATE pay SET amount = 1 WHERE tableoid = ''pay''::regclass',
    'UPDATE pay SET amount = (SELECT max(amount) FROM other WHERE other.id = pay.id)',
    'UPDATE pay SET amount = other.amount FROM other',
    'UPDATE pay SET amount = other.amount FROM other WHERE other.id = 1',
    'UPDATE pay SET amount = 1 FROM pay AS p WHERE p.id = 1',
    'UPDATE pay SET amount = 1 WHERE EXISTS (SELECT FROM pay AS p WHERE p.id = 1)',
    'UPDATE pay SET amount = 1 WHERE EXISTS (SELECT id FROM pay WHERE pay.id = 1)',
    'DELETE FROM pay',
    'DELETE FROM ONLY pay',
    'DELETE FROM pay USING other WHERE other.id = 1',
    'WITH w AS (DELETE FROM pay RETURNING *) SELECT * FROM w WHERE id = 1',
    'WITH w AS (UPDATE pay SET amount = 1 WHERE id = 1), v AS (UPDATE pay SET amount = 2) SELECT 1',
    'WITH w AS (UPDATE pay SET amount = 1 WHERE id = 1) DELETE FROM pay',
    'MERGE INTO pay USING other ON true WHEN MATCHED THEN UPDATE SET amount = 0',
    'MERGE INTO pay USING other ON other.id = 1 WHEN MATCHED AND pay.id = 1 THEN UPDATE SET amount = 0 WHEN MATCHED THEN DELETE',
    'DELETE FROM parts', 'UPDATE part_1 SET v = ''''',
    'TRUNCATE pay CASCADE',
    'EXPLAIN DELETE FROM pay',
    'EXPLAIN ANALYZE UPDATE pay SET amount = 1']) AS s;

-- The planner's folding changes nothing, nor does a cached plan, of this session or of a function.
PREPARE by_id (int) AS UPDATE pay SET amount = amount WHERE id = $1 OR true;
PREPARE always (boolean) AS UPDATE pay SET amount = amount WHERE $1;
SET plan_cache_mode = force_generic_plan;
SELECT stage.lacks('EXECUTE by_id(1)') FROM generate_series(1, 2);
SELECT stage.lacks('EXECUTE always(false)') FROM generate_series(1, 2);
CREATE FUNCTION of_one() RETURNS void LANGUAGE plpgsql AS $$ BEGIN UPDATE pay SET amount = amount WHERE id = 1; END $$;
CREATE FUNCTION of_all() RETURNS void LANGUAGE plpgsql AS $$ BEGIN UPDATE pay SET amount = amount; END $$;
CREATE FUNCTION atomic_one() RETURNS void BEGIN ATOMIC UPDATE pay SET amount = amount WHERE id = 1; END;
CREATE FUNCTION atomic_all() RETURNS void BEGIN ATOMIC UPDATE pay SET amount = amount; END;
SELECT f, stage.lacks(format('SELECT %s()', f)) FROM unnest('{of_one,of_all,atomic_one,atomic_all,of_one,of_all,atomic_one,atomic_all}'::text[]) AS f;

-- A cascade names keys. A rule's action is a write of its own.
SELECT stage.lacks('UPDATE noted SET id = 1 WHERE id = 1'), stage.lacks('UPDATE noted SET id = 1');
SELECT stage.lacks('DELETE FROM noted WHERE id = 1'), stage.lacks('DELETE FROM noted');

-- A view's own condition restricts the table behind it.
SELECT v, stage.lacks(format('UPDATE %s SET amount = 1', v)), stage.lacks(format('UPDATE %s SET amount = 1 WHERE id = 1', v))
  FROM unnest('{open_pay,small_pay,any_pay,barred,over_barred,ruled}'::text[]) AS v;
SELECT stage.lacks('DELETE FROM ruled WHERE id = 1');

-- It is no condition of who writes to the view, where the view is what the policy is on.
\t off
\c - regress_dba
SET client_min_messages = warning;
SELECT warrant.create_policy('masses of ' || t, 'approve', on_table => t, commands => '{UPDATE_ALL,DELETE_ALL}') IS NOT NULL AS made
  FROM unnest('{open_pay,small_pay,any_pay,barred,over_barred,ruled,triggered}'::regclass[]) AS t;
\c - regress_clerk
\t on
SELECT v, stage.lacks(format('UPDATE %s SET amount = 1', v)), stage.lacks(format('UPDATE %s SET amount = 1 WHERE id = 1', v)),
    stage.lacks(format('DELETE FROM %s WHERE true', v)), stage.lacks(format('DELETE FROM %s WHERE id > 0', v))
  FROM unnest('{open_pay,small_pay,any_pay,barred,over_barred,ruled,triggered}'::text[]) AS v;
SELECT stage.lacks('UPDATE small_pay SET amount = 1 WHERE paid'), stage.lacks('UPDATE small_pay SET amount = 1 WHERE one = 1'),
    stage.lacks('UPDATE small_pay SET amount = 1 WHERE true AND true'), stage.lacks('UPDATE open_pay SET amount = 1 WHERE paid AND (paid AND paid)');
\t off

-- A row policy is not a condition of who writes.
\c - :owner
ALTER TABLE pay ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON pay USING (id > 0);
\c - regress_clerk
SELECT stage.lacks('UPDATE pay SET amount = 1'), stage.lacks('UPDATE pay SET amount = 1 WHERE id = 1');

-- In a policy UPDATE implies UPDATE_ALL, and DELETE implies DELETE_ALL. In a grant only what is named, and WRITE names neither.
\c - regress_dba
SET client_min_messages = warning;
SELECT count(warrant.drop_policy(name)) FROM warrant.policies WHERE target_kind <> '!';
SELECT warrant.protect('other');
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant."grant"('regress_clerk', '{WRITE}', on_table => 'other');
\c - regress_clerk
UPDATE other SET amount = 1 WHERE id = 1;
SELECT stage.lacks('UPDATE other SET amount = 1 WHERE id = 1'), stage.lacks('UPDATE other SET amount = 1'), stage.lacks('DELETE FROM other');
SELECT command FROM warrant.last_refusal();
SELECT rule, answer FROM warrant.explain('UPDATE_ALL', 'other') WHERE answer <> 'goes on';
SELECT rule, answer FROM warrant.explain('UPDATE', 'other') WHERE answer <> 'goes on';
SELECT warrant.request('{WRITE,UPDATE_ALL,DELETE_ALL}', on_table => 'other', reason => 'empty it') AS masses \gset
SELECT commands FROM warrant.my_requests WHERE id = :masses;
\c - regress_chief
SET client_min_messages = warning;
SELECT target, commands FROM warrant.pending WHERE id >= :masses - 2 ORDER BY id;
SELECT item, value FROM warrant.show_request(:masses) WHERE item IN ('wants', 'allows');
SELECT warrant.approve(:masses) AS masses \gset
\c - regress_clerk
UPDATE other SET amount = 1;
DELETE FROM other;

-- UPDATE_ALL alone does not update.
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.revoke_all('regress_clerk', reason => 'all done');
SELECT warrant."grant"('regress_clerk', '{UPDATE_ALL}', on_table => 'other');
\c - regress_clerk
SELECT stage.lacks('UPDATE other SET amount = 1');

-- For roles that update daily, the policies on masses are beside an open one: of equal rank approve comes before open.
\c - regress_dba
SET client_min_messages = warning;
SELECT warrant.create_policy('daily', 'open', on_table => 'other', commands => '{WRITE}', for_roles => '{regress_clerk}');
SELECT warrant.create_policy('accidents', 'approve', on_table => 'other', commands => '{UPDATE_ALL,DELETE_ALL,TRUNCATE}', for_roles => '{regress_clerk}');
\c - regress_clerk
SELECT stage.lacks('UPDATE other SET amount = 1 WHERE id = 1'), stage.lacks('UPDATE other SET amount = 1'), stage.lacks('DELETE FROM other'), stage.lacks('TRUNCATE other');

-- What is only watched.
\c - regress_dba
SET client_min_messages = warning;
SELECT warrant.create_policy('watched', 'approve', on_table => 'pay', commands => '{UPDATE_ALL}', mode => 'monitor');
\c - :owner
SELECT count(*) > 0 AS news FROM stage.news();
\c - regress_clerk
UPDATE pay SET amount = 1 WHERE id = 1;
UPDATE pay SET amount = 1;
SELECT event, command, relation, outcome, rows FROM stage.news() WHERE event <> 'request_cancelled';
\set file :directory '/sql/include/leave.sql'
\i :file
