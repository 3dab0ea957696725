-- Under a policy that approves single statements alone: what is said of commands that can never be one, and of requests for more than one.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE orders (id int, total int);
CREATE TABLE archive (id int);
CREATE TABLE free (id int);
CREATE TABLE "two
lines" (id int);
CREATE VIEW totals AS SELECT total FROM orders;
ALTER VIEW totals OWNER TO regress_chief;
GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC;
SET client_min_messages = warning;
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders', exact => true);
SELECT warrant.create_policy('it''s "\' || U&'\202E', 'approve', on_table => '"two
lines"', exact => true) IS NOT NULL AS made;
SELECT warrant.protect('archive');
-- The statement says what would help, and a request for it, and what a request for a statement says, do not send each other round.
\c - regress_clerk
TRUNCATE orders;
LOCK TABLE orders;
COPY orders TO STDOUT;
DO 'BEGIN DELETE FROM orders WHERE id = 1; END';
SELECT s.statement, t.message, t.detail, t.hint FROM (VALUES (4, $$SELECT warrant.request('{TRUNCATE}', on_table => 'orders')$$),
    (5, $$SELECT warrant.request_statement('TRUNCATE orders')$$), (6, $$SELECT warrant.request('{SELECT}', on_table => 'orders')$$), (7, $$SELECT warrant.request('{WRITE,DDL}', on_table => 'orders')$$),
    (8, 'TRUNCATE "two' || E'\n' || 'lines"')) AS s (n, statement), LATERAL stage.try(s.statement) AS t ORDER BY s.n \gx
-- A request over many objects names those that stop it.
SELECT s.n, t.message, t.detail, t.hint FROM (VALUES (1, $$SELECT warrant.request('{SELECT}', on_schema => 'public')$$), (2, $$SELECT warrant.request('{SELECT}', on_database => true)$$),
    (3, $$SELECT warrant.request('{SELECT}', on_tables => '{archive,orders}')$$)) AS s (n, statement), LATERAL stage.try(s.statement) AS t ORDER BY s.n \gx
SELECT warrant.request('{SELECT}', on_tables => '{archive}') > 0 AS filed;
-- needs() and explain() do not promise a request where there will be none.
SELECT command, object, answer, detail FROM warrant.needs('TRUNCATE orders; LOCK TABLE orders; DELETE FROM orders; TRUNCATE archive; SELECT * FROM orders FOR UPDATE');
SELECT c.command, e.answer, e.detail FROM unnest('{SELECT,DELETE_ALL,LOCK,TRUNCATE,ALTER}'::text[]) WITH ORDINALITY AS c (command, n), LATERAL warrant.explain(c.command, 'orders') AS e
 WHERE e.rule = 'approve' ORDER BY c.n;
-- What somebody else's view writes is approved for nobody's statement.
SELECT command, object, answer, detail FROM warrant.needs('UPDATE totals SET total = 1 WHERE total = 2');
\c - :owner
-- Whoever follows the hint gets on.
SET client_min_messages = warning;
SELECT warrant.alter_policy('orders', '{"exact": false}');
\c - regress_clerk
SELECT message FROM stage.try('TRUNCATE orders');
\set file :directory '/sql/include/leave.sql'
\i :file
