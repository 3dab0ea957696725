-- propose_policies and assessment where what was watched is a policy on columns: it goes before one on the table, which opens nothing of them.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
SET client_min_messages = warning;
CREATE TABLE cards (id int PRIMARY KEY, holder text, "no, ""x""" text, pin text);
INSERT INTO cards VALUES (1, 'ann', '4111', '1234');
GRANT ALL ON cards TO regress_clerk, regress_other;
SELECT warrant.create_policy('numbers', 'approve', on_table => 'cards', columns => '{"no, \"x\"",pin}', mode => 'monitor', commands => '{ALL}');
CREATE FUNCTION stage.proposed(min_days integer DEFAULT 3) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT regexp_replace(p, 'until \d{4}-\d\d-\d\d', 'until TODAY', 'g') FROM warrant.propose_policies('1 day', min_days) AS p
$$;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA stage TO PUBLIC;
CREATE TABLE stage.lines (place bigint, line text);
GRANT SELECT ON stage.lines TO regress_dba;
RESET client_min_messages;
-- Only one of the columns is read; EXPORT is rare; what is about no columns cannot be opened on them; a whole row has both.
\c - regress_clerk
SELECT id, "no, ""x""" FROM cards;
SELECT holder FROM cards;
COPY (SELECT "no, ""x""" FROM cards) TO STDOUT;
\c - regress_other
SELECT * FROM cards;
UPDATE cards SET pin = '0000' WHERE id = 1;
\c - :owner
SELECT stage.settle();
\c - regress_auditor
SELECT who, command, times, asks, now FROM warrant.assessment('1 day') WHERE who LIKE 'regress%' ORDER BY 1, 2;
\pset format unaligned
\pset tuples_only on
SELECT * FROM stage.proposed();
\pset format aligned
\pset tuples_only off
-- What is proposed suffices, and opens nothing else.
\c - :owner
INSERT INTO stage.lines SELECT p.place, p.line FROM warrant.propose_policies() WITH ORDINALITY AS p (line, place);
\c - regress_dba
\set ECHO none
\o /dev/null
SELECT line FROM stage.lines ORDER BY place \gexec
SELECT line FROM stage.lines ORDER BY place \gexec
\o
\set ECHO all
SELECT name, columns, commands FROM warrant.policies WHERE effect = 'open' ORDER BY name;
\c - regress_auditor
SELECT who, command, now FROM warrant.assessment('1 day') WHERE who LIKE 'regress%' ORDER BY 1, 2;
\pset tuples_only on
SELECT line FROM stage.proposed() AS p (line) WHERE line !~ 'Rare|To end';
\pset tuples_only off
\c - :owner
SELECT warrant.alter_policy('numbers', '{"mode": "enforce"}');
\c - regress_clerk
SELECT "no, ""x""" FROM cards;
SELECT state FROM stage.try('SELECT pin FROM cards');
\c - :owner
-- A policy for a named role goes before one for everybody: what opens has a higher priority.
SELECT warrant.alter_policy('numbers', '{"mode": "monitor", "for_roles": ["regress_clerk"]}');
\c - regress_clerk
SELECT pin FROM cards;
\c - :owner
SELECT stage.settle();
TRUNCATE stage.lines;
INSERT INTO stage.lines SELECT p.place, p.line FROM warrant.propose_policies() WITH ORDINALITY AS p (line, place);
\pset tuples_only on
SELECT regexp_replace(line, 'until \d{4}-\d\d-\d\d', 'until TODAY') FROM stage.lines WHERE line ~ 'create_policy' ORDER BY place;
\pset tuples_only off
\c - regress_dba
\set ECHO none
\o /dev/null
SELECT line FROM stage.lines ORDER BY place \gexec
\o
\set ECHO all
SELECT who, command, now FROM warrant.assessment('1 day') WHERE who LIKE 'regress%' ORDER BY 1, 2;
-- Columns and the table watched together: each part has its own line.
\c - :owner
SET client_min_messages = warning;
CREATE TABLE both_ways (a int, b int);
GRANT SELECT ON both_ways TO regress_clerk;
SELECT warrant.create_policy('all of it', 'approve', on_table => 'both_ways', mode => 'monitor'),
       warrant.create_policy('b alone', 'approve', on_table => 'both_ways', columns => '{b}', mode => 'monitor');
\c - regress_clerk
SELECT * FROM both_ways;
\c - :owner
SELECT stage.settle();
SELECT substring(line FROM 'create_policy\(([^\n]*)') FROM stage.proposed() AS p (line) WHERE line ~ 'both_ways' AND line ~ 'create_policy';
DROP TABLE cards, both_ways;
\c - regress_auditor
SELECT count(*) FILTER (WHERE line ~ 'create_policy') AS made, count(*) FILTER (WHERE line ~ 'Gone') > 0 AS gone FROM stage.proposed() AS p (line);
-- A label that no policy is on is told.
\c - :owner
SET client_min_messages = warning;
CREATE TABLE labelled (a int);
SECURITY LABEL FOR pg_warrant ON TABLE labelled IS 'pcii';
SELECT * FROM warrant.status() WHERE item LIKE 'label%';
SELECT warrant.create_policy('on pcii', 'approve', on_label => 'pcii');
SELECT * FROM warrant.status() WHERE item LIKE 'label%';
DROP TABLE labelled;
SELECT * FROM warrant.status() WHERE item LIKE 'label%';
\set file :directory '/sql/include/leave.sql'
\i :file
