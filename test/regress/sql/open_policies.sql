-- An open policy opens what it names, and the copies that reading and writing leave anyway: not ALTER, DROP and GRANT, which other policies keep.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/lacks.sql'
\i :file
SET client_min_messages = warning;
CREATE TABLE kept (a int);
CREATE TABLE loose (a int);
GRANT ALL ON kept, loose TO PUBLIC;
ALTER TABLE kept OWNER TO regress_clerk;
ALTER TABLE loose OWNER TO regress_clerk;
SELECT warrant.protect_database();
SELECT warrant.create_policy('read', 'open', on_table => 'kept', commands => '{SELECT}');
SELECT warrant.create_policy('write', 'open', on_table => 'loose', commands => '{WRITE}', for_roles => '{regress_clerk}');
\t on

-- What each of them opens: nothing of it needs approval.
SELECT t, c, e.answer FROM unnest('{kept,loose}'::regclass[]) AS t, unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,LOCK,EXPORT,MAINTAIN,ALTER,DROP,GRANT}'::text[]) WITH ORDINALITY AS w (c, place),
    LATERAL (SELECT answer FROM warrant.explain('regress_clerk', c, t) ORDER BY step DESC LIMIT 1) AS e ORDER BY t, place;
\c - regress_clerk
SELECT s, stage.lacks(s) FROM unnest(ARRAY['SELECT * FROM kept', 'CREATE TEMP TABLE copy AS SELECT * FROM kept', 'ALTER TABLE kept ADD b int',
    'DROP TABLE kept', 'GRANT SELECT ON kept TO regress_other', 'INSERT INTO loose VALUES (1)', 'TRUNCATE loose', 'DROP TABLE loose',
    'ALTER TABLE loose OWNER TO regress_clerk', 'SELECT * FROM loose']) AS s;

-- It opens a way out that it names, and no other.
\c - :owner
SELECT warrant.create_policy('change', 'open', on_table => 'loose', commands => '{DROP}', for_roles => '{regress_clerk}', priority => 1);
\c - regress_clerk
SELECT s, stage.lacks(s) FROM unnest(ARRAY['DROP TABLE loose', 'ALTER TABLE loose ADD b int', 'GRANT SELECT ON loose TO regress_other']) AS s;

-- A policy that requires approval, or denies, still closes them; with nothing else on the table an open one changes nothing.
\c - :owner
SET client_min_messages = warning;
SELECT warrant.drop_policy(name) FROM warrant.policies WHERE name <> 'sentinel' AND name <> 'read';
SELECT warrant.create_policy('ask', 'approve', on_table => 'loose', commands => '{DELETE}');
\c - regress_clerk
SELECT s, stage.lacks(s) FROM unnest(ARRAY['SELECT * FROM loose', 'DROP TABLE loose', 'ALTER TABLE loose ADD b int', 'GRANT SELECT ON loose TO regress_other',
    'ALTER TABLE kept ADD b int', 'DROP TABLE kept']) AS s;
\t off
\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
