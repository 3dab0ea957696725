-- What the inbox and the card tell of a statement: its words, those that were prepared, and how many rows it may reach.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE TABLE never_counted (a int, b text) WITH (autovacuum_enabled = off);
INSERT INTO never_counted SELECT i, i FROM generate_series(1, 8000) AS i;
CREATE TABLE by_key (a int PRIMARY KEY, b varchar(20) UNIQUE, c int) WITH (autovacuum_enabled = off);
INSERT INTO by_key SELECT i, i, i FROM generate_series(1, 1000) AS i;
CREATE TABLE by_two (a int, b int, c int, PRIMARY KEY (a, b)) WITH (autovacuum_enabled = off);
CREATE TABLE counted (a int PRIMARY KEY, b int) WITH (autovacuum_enabled = off);
INSERT INTO counted SELECT i, i FROM generate_series(1, 1000) AS i;
ANALYZE counted;
GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC;
SELECT count(warrant.protect(c.oid)) FROM pg_class c WHERE c.relname IN ('never_counted', 'by_key', 'by_two', 'counted');

-- Values of a unique key tell, whether the table was counted or not; else its size does, where that is known.
\c - regress_clerk
\t on
SELECT format('SELECT warrant.request_statement(%L)', s) FROM unnest(ARRAY[
    'SELECT * FROM never_counted WHERE a = 5',
    'SELECT * FROM by_key WHERE a = 5',
    'SELECT * FROM by_key WHERE 5 = a AND c > 7',
    'UPDATE by_key SET c = 1 WHERE a IN (1, 2, 3)',
    'DELETE FROM by_key WHERE b = ''x''',
    'SELECT * FROM by_key WHERE a = ANY (''{1,2,3,4}'') AND c > 7',
    'SELECT * FROM by_key WHERE a IN (1, 2, 3) AND b IN (''x'', ''y'')',
    'SELECT * FROM by_key WHERE a NOT IN (1, 2)',
    'SELECT * FROM by_key WHERE a <> ANY (''{1,2}'')',
    'SELECT * FROM by_key WHERE a IN (1, c)',
    'SELECT * FROM by_key WHERE a = ANY (''{}'')',
    'SELECT * FROM by_key WHERE a = ANY (NULL)',
    'SELECT * FROM by_key WHERE a::text = ''1''',
    'SELECT * FROM by_key WHERE a = 1 OR c > 0',
    'SELECT * FROM by_key x, by_key y WHERE x.a = 1',
    'SELECT * FROM by_key WHERE a = 1 AND EXISTS (SELECT FROM by_key)',
    'DELETE FROM by_two WHERE a IN (1, 2) AND b IN (1, 2, 3)',
    'DELETE FROM by_two WHERE a IN (1, 2)',
    'SELECT * FROM counted WHERE a IN (1, 2)',
    'SELECT * FROM counted WHERE b = 1',
    'INSERT INTO never_counted VALUES (1), (2)',
    'INSERT INTO never_counted SELECT 1']) WITH ORDINALITY AS t (s, place) ORDER BY place
\gexec
\t off
\c - regress_chief
SELECT i.value FROM warrant.my_inbox w, warrant.show_request(w.id) AS i WHERE i.item = 'statement' ORDER BY w.id;
SELECT id, rows, statement FROM warrant.my_inbox ORDER BY id LIMIT 3;
SET client_min_messages = warning;
SELECT warrant.deny('{1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22}', 'seen');

-- What was prepared under a name is what EXECUTE is about. Names, types and comments cannot pass for it.
\c - regress_clerk
PREPARE one AS SELECT * FROM by_key WHERE a = 1;
EXECUTE one;
PREPARE "x as SELECT harmless"(int, pg_catalog.varchar(20)) /* AS SELECT nothing */ AS
DELETE FROM by_key
    WHERE a = $1 AND b = $2;
EXECUTE "x as SELECT harmless"(4, 'AS');
PREPARE guess(int) AS UPDATE never_counted SET b = '' WHERE a = $1;
EXECUTE guess(4);
PREPARE keys(int, int) AS UPDATE counted SET b = 0 WHERE a IN ($1, $2, 7);
EXPLAIN (COSTS off, ANALYZE) EXECUTE keys(4, 5);
PREPARE copied AS INSERT INTO by_two VALUES (1, 1, 1), (2, 2, 2);
EXECUTE copied;
\c - regress_chief
SELECT id, commands, rows, statement FROM warrant.my_inbox;
SELECT w.id, i.value FROM warrant.my_inbox w, warrant.show_request(w.id) AS i WHERE i.item = 'statement' ORDER BY w.id;

-- Another query under the same name does not hide behind the first, neither itself nor its rows, nor when there are too many to keep them all.
\c - regress_clerk
SELECT max(id) AS id FROM warrant.my_requests WHERE state = 'pending' AND commands = '{SELECT}' \gset
PREPARE one AS SELECT a FROM by_key WHERE a = 2;
EXECUTE one;
DEALLOCATE one;
PREPARE one AS SELECT * FROM by_key;
EXECUTE one;
\c - regress_chief
SELECT statement FROM warrant.my_inbox WHERE id = :id;
SELECT value FROM warrant.show_request(:id) WHERE item = 'statement';
\c - regress_clerk
SELECT format('SELECT a - %s FROM by_key', i) FROM generate_series(1, 20) AS i \gexec
PREPARE one AS SELECT c FROM by_key WHERE a = 9;
EXECUTE one;
\c - regress_chief
SELECT value FROM warrant.show_request(:id, whole => true) WHERE item = 'statement' AND value ~ 'EXECUTE|prepared';

\set file :directory '/sql/include/leave.sql'
\i :file
