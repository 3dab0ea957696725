-- A migration in one transaction: what it creates it may also fill, index, read and grant, under the CREATE that made it; and nobody is asked for
-- what a rollback takes away.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/lacks.sql'
\i :file
GRANT CREATE ON DATABASE regress_warrant TO regress_clerk;
\c - regress_clerk
CREATE SCHEMA vault;
CREATE TABLE vault.gold (id int PRIMARY KEY, kind text);
INSERT INTO vault.gold VALUES (1, 'bar');
CREATE TABLE vault.coins (id int, year int) PARTITION BY RANGE (year);
CREATE TABLE vault.coins_old PARTITION OF vault.coins FOR VALUES FROM (0) TO (2000);
\c - :owner
SET client_min_messages = warning;
GRANT USAGE ON SCHEMA vault TO PUBLIC;
SELECT warrant.protect_schema('vault');
\c - regress_chief
SELECT warrant."grant"('regress_clerk', '{CREATE}', on_schema => 'vault');
\c - regress_clerk
BEGIN;
CREATE TABLE vault.silver (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text);
INSERT INTO vault.silver (note) SELECT repeat('x', 3000) FROM generate_series(1, 3);
CREATE INDEX ON vault.silver (lower(left(note, 3)));
ALTER TABLE vault.silver ADD COLUMN b int DEFAULT 1 CHECK (b > 0);
SAVEPOINT s;
UPDATE vault.silver SET note = 'y' WHERE id = 1;
DELETE FROM vault.silver WHERE id = 2;
SELECT id, left(note, 3), b FROM vault.silver ORDER BY id FOR UPDATE;
ANALYZE vault.silver;
GRANT SELECT ON vault.silver TO regress_other;
CREATE VIEW vault.seen AS SELECT id FROM vault.silver;
CREATE MATERIALIZED VIEW vault.kept AS SELECT id FROM vault.seen;
REFRESH MATERIALIZED VIEW vault.kept;
CREATE UNIQUE INDEX ON vault.kept (id);
REFRESH MATERIALIZED VIEW CONCURRENTLY vault.kept;
CREATE TABLE vault.copied AS SELECT k.id, s.note FROM vault.kept k JOIN vault.seen USING (id) JOIN vault.silver s USING (id);
SELECT count(*) FROM vault.copied;
CREATE TABLE vault.parts (a int) PARTITION BY LIST (a);
CREATE TABLE vault.part PARTITION OF vault.parts FOR VALUES IN (1);
CREATE TABLE vault.apart (a int);
ALTER TABLE vault.parts ATTACH PARTITION vault.apart FOR VALUES IN (2);
INSERT INTO vault.parts VALUES (1), (2);
SELECT count(*) FROM vault.part;
TRUNCATE vault.copied;
CREATE FUNCTION silver() RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$ BEGIN RETURN (SELECT count(*) FROM vault.silver); END $$;
-- A parallel worker would not know of it.
SELECT count(set_config(name, 'on', true)) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SELECT silver();
ALTER TABLE vault.copied RENAME TO copied_again;
DROP TABLE vault.copied_again;
SELECT stage.lacks('SELECT * FROM vault.gold');
COMMIT;
-- With the commit it is protected like the rest.
SELECT stage.lacks('SELECT * FROM vault.silver'), stage.lacks('SELECT * FROM vault.seen'), stage.lacks('INSERT INTO vault.part VALUES (1)');
\c - :owner
SELECT stage.settle();
SELECT DISTINCT command, relation_name, grant_id FROM warrant.audit_log WHERE event = 'allowed' AND session_user_name = 'regress_clerk' AND relation_name IN ('silver', 'part') ORDER BY 2, 1;

-- Whatever of it is not covered files no request, for who decides would find nothing.
\c - regress_clerk
\set VERBOSITY terse
SELECT count(*) AS before FROM warrant.my_requests \gset
BEGIN;
CREATE TABLE vault.new AS SELECT 1 AS a;
SAVEPOINT s;
CREATE TABLE out AS SELECT * FROM vault.new;
ROLLBACK TO s;
COPY vault.new TO STDOUT;
ROLLBACK TO s;
ALTER TABLE vault.new SET SCHEMA public;
ROLLBACK TO s;
SELECT command, relation_name, request_ids FROM warrant.last_refusal();
\set VERBOSITY sqlstate
SELECT warrant.request('{SELECT}', on_table => 'vault.new');
\set VERBOSITY terse
ROLLBACK;
BEGIN;
CREATE SCHEMA room;
SELECT warrant.request('{CREATE}', on_schema => 'room');
ROLLBACK;
SELECT count(*) - :before AS filed FROM warrant.my_requests;
\set VERBOSITY default

-- A new relation is no door to others' rows: neither as their parent, nor as their part, nor once it was.
\c - regress_chief
SELECT warrant."grant"('regress_clerk', '{ALTER}', on_tables => '{vault.gold,vault.coins}');
SELECT warrant."grant"('regress_clerk', '{UPDATE}', on_tables => '{vault.coins}');
\c - regress_clerk
BEGIN;
CREATE TABLE vault.above (id int, kind text);
SELECT stage.lacks('SELECT * FROM vault.above');
ALTER TABLE vault.gold INHERIT vault.above;
SELECT stage.lacks('SELECT * FROM vault.above');
ROLLBACK;
SELECT message, detail, hint FROM stage.try($try$DO $do$
    BEGIN
        CREATE TABLE vault.above (id int, kind text);
        ALTER TABLE vault.gold INHERIT vault.above;
        PERFORM FROM vault.above;
    END;
$do$$try$) \gx
-- A part of what is there already is asked for as its whole.
BEGIN;
CREATE TABLE vault.coins_new PARTITION OF vault.coins FOR VALUES FROM (2000) TO (3000);
INSERT INTO vault.coins_new VALUES (1, 2001);
ROLLBACK;
SELECT schema_name, relation_name, commands FROM warrant.my_requests WHERE state = 'pending' AND commands = '{INSERT}' AND relation_name = 'coins';
BEGIN;
CREATE TABLE vault.coins_new PARTITION OF vault.coins FOR VALUES FROM (2000) TO (3000);
UPDATE vault.coins SET year = 2001 WHERE id IS NOT NULL;
ALTER TABLE vault.coins DETACH PARTITION vault.coins_new;
SELECT stage.lacks('SELECT * FROM vault.coins_new');
ROLLBACK;
BEGIN;
CREATE TABLE vault.inner_new (id int, year int);
CREATE TABLE vault.coins_new (id int, year int) PARTITION BY RANGE (year);
ALTER TABLE vault.coins_new ATTACH PARTITION vault.inner_new FOR VALUES FROM (2000) TO (3000);
SELECT stage.lacks('SELECT * FROM vault.inner_new');
ALTER TABLE vault.coins ATTACH PARTITION vault.coins_new FOR VALUES FROM (2000) TO (3000);
UPDATE vault.coins SET year = 2001 WHERE id IS NOT NULL;
ALTER TABLE vault.coins DETACH PARTITION vault.coins_new;
SELECT stage.lacks('SELECT * FROM vault.inner_new'), stage.lacks('SELECT * FROM vault.coins_new');
ROLLBACK;
-- What was there before is not new by another name, nor by other storage; what is gone again was.
BEGIN;
ALTER TABLE vault.gold RENAME TO new;
SELECT stage.lacks('SELECT * FROM vault.new');
ALTER TABLE vault.new SET UNLOGGED;
SELECT stage.lacks('SELECT * FROM vault.new');
SAVEPOINT s;
CREATE TABLE vault.gold (id int);
SELECT stage.lacks('SELECT * FROM vault.gold');
ROLLBACK TO s;
ALTER TABLE vault.new RENAME TO gold;
SELECT stage.lacks('SELECT * FROM vault.gold');
ROLLBACK;
-- It is covered for who made it alone.
\c - :owner
GRANT CREATE, USAGE ON SCHEMA vault TO PUBLIC;
BEGIN;
SET SESSION AUTHORIZATION regress_clerk;
CREATE TABLE vault.mine (a int);
GRANT ALL ON vault.mine TO PUBLIC;
SELECT stage.lacks('SELECT * FROM vault.mine');
SET SESSION AUTHORIZATION regress_other;
SELECT stage.lacks('SELECT * FROM vault.mine');
ROLLBACK;
RESET SESSION AUTHORIZATION;
-- What is denied stays denied.
SELECT warrant.create_policy('never', 'deny', on_schema => 'vault', commands => '{DELETE}');
\c - regress_clerk
BEGIN;
CREATE TABLE vault.mine (a int);
SELECT stage.lacks('SELECT * FROM vault.mine'), stage.lacks('DELETE FROM vault.mine WHERE a IS NOT NULL');
ROLLBACK;

-- Where CREATE is free so is what it makes, until the commit. A role that is not there yet asks for nothing, nor does anybody in such a schema.
\c - :owner
SELECT warrant.drop_policy('never'), warrant.drop_policy('protect schema vault'), warrant.create_policy('reads', 'approve', on_database => true, commands => '{SELECT}');
\c - regress_clerk
BEGIN;
CREATE SCHEMA room CREATE TABLE chair (a int);
INSERT INTO room.chair VALUES (1);
SELECT * FROM room.chair;
COMMIT;
SELECT stage.lacks('SELECT * FROM room.chair');
\c - :owner
GRANT USAGE ON SCHEMA room TO PUBLIC;
GRANT SELECT ON room.chair TO PUBLIC;
SELECT warrant.drop_policy('reads'), warrant.protect_database('{CREATE,SELECT}');
BEGIN;
CREATE ROLE regress_new;
SET SESSION AUTHORIZATION regress_new;
SELECT * FROM room.chair;
ROLLBACK;
\c - regress_clerk
BEGIN;
CREATE SCHEMA hall;
CREATE TABLE hall.chair (a int);
ROLLBACK;
\c - regress_chief
SELECT warrant."grant"('regress_clerk', '{CREATE}', on_database => true, max_uses => 1);
\c - regress_clerk
BEGIN;
CREATE SCHEMA hall CREATE TABLE chair (a int);
INSERT INTO hall.chair VALUES (1);
SELECT * FROM hall.chair;
COMMIT;
\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
