-- LOCK and TRUNCATE: of what a view reads, of partitions, of what CASCADE empties.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/outcome.sql'
\i :file
\c - regress_clerk
CREATE TABLE ledger (a int PRIMARY KEY);
CREATE TABLE plain (a int PRIMARY KEY);
CREATE TABLE tied (a int PRIMARY KEY REFERENCES plain);
CREATE TABLE deep (a int REFERENCES tied);
CREATE TABLE parts (a int) PARTITION BY LIST (a);
CREATE TABLE part PARTITION OF parts FOR VALUES IN (1);
CREATE VIEW shown AS SELECT a FROM ledger WHERE a IN (SELECT a FROM parts);
CREATE VIEW outer_view AS SELECT * FROM shown;
GRANT SELECT ON ledger TO regress_other;
\c - :owner
SET client_min_messages = warning;
SELECT count(warrant.protect(t)) FROM unnest('{ledger,parts,deep}'::regclass[]) AS t;
INSERT INTO stage.attempts (statement) VALUES
    ('LOCK ledger'),
    ('LOCK plain, ledger IN ACCESS SHARE MODE'),
    ('LOCK ledger NOWAIT'),
    ('LOCK shown IN ROW SHARE MODE'),
    ('LOCK outer_view'),
    ('LOCK parts'),
    ('LOCK part'),
    ('LOCK ONLY parts'),
    ('LOCK plain'),
    ('TRUNCATE ledger'),
    ('TRUNCATE plain, ledger, parts'),
    ('TRUNCATE part'),
    ('TRUNCATE ONLY ledger RESTART IDENTITY'),
    ('TRUNCATE plain CASCADE'),
    ('TRUNCATE plain'),
    ('TRUNCATE plain, tied'),
    ('SELECT * FROM ledger FOR UPDATE');
\c - regress_clerk
SELECT * FROM stage.outcomes();
SELECT id, string_agg(relation_name || ' ' || array_to_string(commands, ','), '; ' ORDER BY relation_name) AS items FROM warrant.my_requests GROUP BY id ORDER BY id;
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{LOCK,TRUNCATE}', on_tables => '{ledger,parts,deep}');
\c - regress_clerk
SELECT * FROM stage.outcomes() WHERE outcome <> 'runs';
SELECT count(*) > 0 AS seen FROM stage.news();
TRUNCATE parts, ledger;
SELECT event, command, relation, n, outcome FROM stage.news() WHERE who = 'regress_clerk' ORDER BY relation;
-- Without the privilege there is nothing to approve.
\c - regress_other
BEGIN;
LOCK ledger;
ROLLBACK;
TRUNCATE ledger;
SELECT event, command, relation FROM stage.news() WHERE who = 'regress_other';

\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
