-- Foreign tables: a protected one is refused here; one that leads back into this database is refused there.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/lacks.sql'
\i :file
SET client_min_messages = warning;
CREATE EXTENSION postgres_fdw;
CREATE EXTENSION file_fdw;
CREATE TABLE pay (id int PRIMARY KEY, amount int);
INSERT INTO pay VALUES (1, 100);
SELECT format('CREATE SERVER back FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L)',
    split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), current_database()) AS server \gset
:server;
CREATE USER MAPPING FOR regress_clerk SERVER back OPTIONS (user 'regress_clerk', password_required 'false');
CREATE FOREIGN TABLE pay_back (id int, amount int) SERVER back OPTIONS (table_name 'pay');
CREATE FOREIGN TABLE plain_back (id int) SERVER back OPTIONS (table_name 'plain');
CREATE TABLE plain (id int);
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE passwords (line text) SERVER files OPTIONS (program 'echo secret');
CREATE TABLE parent (line text);
CREATE FOREIGN TABLE below () INHERITS (parent) SERVER files OPTIONS (program 'echo secret');
GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC;
SELECT warrant.protect(t) FROM unnest('{pay,passwords,below}'::regclass[]) AS t;
\c - regress_clerk
\t on
SELECT s, stage.lacks(s) FROM unnest(ARRAY['SELECT * FROM passwords', 'SELECT * FROM below', 'SELECT * FROM parent', 'SELECT * FROM plain_back', 'SELECT * FROM pay_back', 'INSERT INTO pay_back VALUES (2, 1)', 'DELETE FROM pay_back WHERE id IS NOT NULL',
    'SELECT count(*) FROM pay_back AS a JOIN plain_back AS b USING (id)', 'EXPLAIN SELECT * FROM passwords']) AS s;
\c - regress_chief
SELECT warrant."grant"('regress_clerk', '{SELECT}', on_table => 'passwords');
SELECT warrant."grant"('regress_clerk', '{SELECT}', on_table => 'pay');
\c - regress_clerk
SELECT * FROM passwords;
SELECT * FROM pay_back;
\t off
\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
