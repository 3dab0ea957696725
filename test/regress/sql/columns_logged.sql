-- Which columns of a relation the log says that a statement has read and written.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
SET client_min_messages = warning;
-- What the log has gained, each access with its columns.
CREATE FUNCTION stage.touched(OUT event text, OUT command text, OUT relation name, OUT policy text, OUT columns name[]) RETURNS SETOF record LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    seen bigint := (SELECT seq FROM stage.mark);
BEGIN
    PERFORM stage.settle();
    UPDATE stage.mark SET seq = (SELECT max(l.seq) FROM warrant.audit_log l);
    RETURN QUERY SELECT l.event, l.command, l.relation_name, l.policy_name, l.columns FROM warrant.audit_log l
                  WHERE l.seq > seen AND l.event IN ('allowed', 'refused', 'would_refuse', 'exempt') ORDER BY l.seq;
END;
$$;
CREATE TABLE plain (id int PRIMARY KEY, name text, gone text, card text, note text);
ALTER TABLE plain DROP COLUMN gone;
CREATE TABLE quick (id int PRIMARY KEY, name text, card text);
CREATE TABLE secret (id int PRIMARY KEY, name text, card text, cvv text);
CREATE TABLE watched (id int, name text);
INSERT INTO plain VALUES (1, 'Ada', '4111', '');
CREATE VIEW names AS SELECT name, id FROM plain;
GRANT ALL ON plain, quick, secret, watched, names TO regress_clerk;
SELECT warrant.create_policy('plain', 'approve', on_table => 'plain'), warrant.create_policy('quick', 'approve', on_table => 'quick', audit_wait => false),
       warrant.create_policy('card', 'approve', on_table => 'secret', columns => '{cvv,card}', audit_wait => false),
       warrant.create_policy('rest', 'open', on_table => 'secret', commands => '{ALL}', audit => 'statement'),
       warrant.create_policy('watched', 'approve', on_table => 'watched', mode => 'monitor');
RESET client_min_messages;
SELECT count(*) > 0 AS begun FROM stage.touched();

-- A refused access.
\c - regress_clerk
SELECT state FROM stage.try('SELECT card, id FROM plain WHERE name = $$Ada$$');
\c - regress_clerk
SELECT state FROM stage.try('SELECT card, id FROM plain WHERE name = $$Ada$$');
SELECT state FROM stage.try('UPDATE plain SET note = card WHERE id = 1 RETURNING name');
SELECT state FROM stage.try('SELECT id FROM secret WHERE cvv = $$1$$');
SELECT state FROM stage.try('DELETE FROM plain');
SELECT * FROM stage.touched();

-- What a grant lets run.
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.grant('regress_clerk', '{ALL}', on_table => 'plain');
SELECT warrant.grant('regress_clerk', '{ALL}', on_table => 'quick');
SELECT warrant.grant('regress_clerk', '{SELECT,INSERT,UPDATE}', on_table => 'secret');
\c - regress_clerk
SELECT card, id FROM plain WHERE name = 'Ada';
SELECT * FROM plain;
SELECT plain FROM plain;
SELECT count(*) FROM plain;
SELECT ctid FROM plain;
SELECT id FROM names;
SELECT a.id FROM plain a, plain b WHERE b.note = '';
INSERT INTO plain (card, id) VALUES ('4222', 2);
INSERT INTO plain (id) VALUES (3) ON CONFLICT (id) DO UPDATE SET note = excluded.card;
UPDATE plain SET note = card, name = '' WHERE id = 2;
UPDATE plain SET note = card WHERE id = 2 RETURNING name;
DELETE FROM plain WHERE id = 2;
COPY plain (id, note) TO STDOUT;
DO $$ BEGIN LOCK plain IN SHARE MODE; END $$;
SELECT * FROM stage.touched();

-- Under a policy on columns a row has those that it governs, and another row has the rest. A row that no statement waits for has columns only there.
SELECT card, id FROM quick;
SELECT id, card, cvv FROM secret;
SELECT name FROM secret;
SELECT cvv FROM secret;
SELECT secret FROM secret;
UPDATE secret SET name = id::text, cvv = '' WHERE id = 1;
SELECT name FROM watched;
SELECT * FROM stage.touched();

-- A grant on columns, and one of one use.
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.revoke(1);
SELECT warrant.revoke(2);
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'plain', columns => '{card,id}', max_uses => 1);
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'quick', columns => '{id,card}');
\c - regress_clerk
SELECT id FROM plain ORDER BY card;
SELECT card FROM quick;
SELECT * FROM stage.touched();
-- The rows of a request and of a grant have the columns that they are on.
SELECT warrant.request('{SELECT}', on_table => 'secret', columns => '{cvv,card}', reason => 'r');
\c - :owner
SELECT stage.settle();
SELECT event, relation_name, columns FROM warrant.audit_log WHERE columns IS NOT NULL AND event ~ '^(request|grant)_' ORDER BY seq;

-- Code that reads a table more than once has a row for what it had not read before, and at last one for whatever it reads.
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.grant('regress_clerk', '{ALL}', on_table => 'plain');
\c - :owner
CREATE FUNCTION read_columns(relation name, VARIADIC columns text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..array_length(columns, 1) LOOP
        EXECUTE format('SELECT %s FROM %I', columns[i], relation);
    END LOOP;
END;
$$;
CREATE TABLE wide (id int);
DO $$ BEGIN EXECUTE (SELECT format('ALTER TABLE wide %s', string_agg(format('ADD column_number_%s int', n), ', ')) FROM generate_series(1, 1599) n); END $$;
CREATE TABLE odd ("it's" int, "a ""quoted"", \one {}" int, "NULL" int, U&"\202Eright" int, "two
lines" int);
GRANT ALL ON wide, odd TO regress_clerk;
SET client_min_messages = warning;
SELECT warrant.create_policy('wide', 'approve', on_table => 'wide'), warrant.create_policy('odd', 'approve', on_table => 'odd');
SELECT count(*) > 0 AS begun FROM stage.touched();
\c - regress_clerk
SELECT read_columns('plain', 'id,name', 'name', 'card', 'name,card', 'id', 'id,card', 'count(*)', 'plain', 'note');
SELECT * FROM stage.touched();
SELECT state FROM stage.try('TABLE wide');
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.grant('regress_clerk', '{ALL}', on_table => 'wide');
SELECT count(*) AS begun FROM stage.touched();
\c - regress_clerk
SELECT read_columns('wide', VARIADIC (SELECT array_agg('column_number_' || n ORDER BY n) || ARRAY['id'] FROM generate_series(1, 20) n));
SELECT * FROM stage.touched();

-- More than an entry has room for: NULL stands for what is left out, so that nobody can tell of a column that it is not among it.
DO $$ BEGIN PERFORM * FROM wide; END $$;
\c - :owner
SELECT stage.settle();
SELECT event, cardinality(columns) AS columns, columns[cardinality(columns)] IS NULL AS cut, octet_length(array_to_json(columns)::text) AS bytes,
       'id' = ANY (columns) AS id, 'column_number_1599' = ANY (columns) AS last, ('nowhere' = ANY (columns)) IS NOT FALSE AS perhaps
  FROM warrant.audit_log WHERE relation_name = 'wide' AND event IN ('allowed', 'refused') AND cardinality(columns) > 1 ORDER BY seq;

-- Names that mean something elsewhere.
\c - regress_clerk
SELECT state FROM stage.try('TABLE odd');
\c - regress_clerk
SELECT state FROM stage.try('TABLE odd');
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.grant('regress_clerk', '{ALL}', on_table => 'odd', max_uses => 1);
SELECT warrant.grant('regress_clerk', '{ALL}', on_table => 'odd');
\c - regress_clerk
DO $$ BEGIN PERFORM * FROM odd; END $$;
DO $$ BEGIN PERFORM * FROM odd; END $$;
\c - :owner
SELECT stage.settle();
SELECT l.event, count(*), bool_and(l.columns = ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = 'odd'::regclass AND attnum > 0 ORDER BY attnum)) AS complete
  FROM warrant.audit_log l WHERE relation_name = 'odd' AND event IN ('allowed', 'refused') GROUP BY l.event ORDER BY l.event;

-- What is renamed or dropped afterwards keeps its name in the log.
ALTER TABLE plain RENAME card TO renamed;
ALTER TABLE plain DROP COLUMN note;
SELECT columns FROM warrant.audit_log WHERE relation_name = 'plain' AND event = 'refused' ORDER BY seq;
\set file :directory '/sql/include/leave.sql'
\i :file
