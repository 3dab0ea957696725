-- Labels: SECURITY LABEL FOR pg_warrant puts a relation under the policies on its label.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/lacks.sql'
\i :file
CREATE ROLE regress_owner LOGIN;
CREATE ROLE regress_keeper LOGIN IN ROLE warrant_admin, regress_owner;
CREATE SCHEMA shop AUTHORIZATION regress_owner;
SET ROLE regress_owner;
CREATE TABLE shop.cards (id int, number text);
CREATE TABLE shop.notes (id int);
CREATE VIEW shop.numbers AS SELECT number FROM shop.cards;
CREATE TABLE shop.payments (day int) PARTITION BY LIST (day);
CREATE TABLE shop.payments_1 PARTITION OF shop.payments FOR VALUES IN (1);
CREATE TABLE shop.payments_2 PARTITION OF shop.payments FOR VALUES IN (2);
GRANT USAGE ON SCHEMA shop TO PUBLIC;
GRANT ALL ON ALL TABLES IN SCHEMA shop TO regress_clerk, regress_other;
RESET ROLE;

-- A policy on a label covers nothing until a relation bears it. The order of both does not matter.
\c - regress_dba
SELECT warrant.create_policy('pci', 'approve', on_label => 'pci', commands => '{READ}');
SELECT target_kind, target, target_schema, target_name FROM warrant.policies WHERE name = 'pci';
SELECT item, value, warning FROM warrant.status() WHERE item LIKE 'label %';
\c - regress_clerk
SELECT stage.lacks('TABLE shop.cards');
\c - regress_keeper
SECURITY LABEL FOR pg_warrant ON TABLE shop.cards IS 'pci';
SECURITY LABEL FOR pg_warrant ON TABLE shop.payments IS 'pci';
\c - regress_dba
SELECT item FROM warrant.status() WHERE item LIKE 'label %';
\c - regress_clerk
SELECT state, message, detail, on_table, policy FROM stage.try('TABLE shop.cards') \gx
SELECT s.statement, stage.lacks(s.statement) FROM unnest('{TABLE shop.numbers,TABLE shop.notes,INSERT INTO shop.cards VALUES (1),TABLE shop.payments,TABLE shop.payments_1,TABLE shop.payments_2}'::text[]) AS s (statement);
\c - regress_owner
SELECT s.statement, stage.lacks(s.statement) FROM unnest('{ALTER TABLE shop.cards ADD x int,DROP TABLE shop.cards CASCADE,GRANT SELECT ON shop.cards TO PUBLIC,ALTER TABLE shop.payments DETACH PARTITION shop.payments_1,ALTER TABLE shop.notes ADD x int}'::text[]) AS s (statement);
-- Who asks, is told and approves as under a policy on the table.
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'shop.payments') AS request \gset
SELECT schema_name, relation_name, policy_name FROM warrant.my_requests WHERE id = :request;
SELECT warrant.request('{READ}', on_schema => 'shop') AS of_schema \gset
SELECT schema_name, relation_name, policy_name FROM warrant.my_requests WHERE id = :of_schema;
\c - regress_chief
SELECT warrant.approve(:request) AS grant \gset
\c - regress_clerk
SELECT stage.lacks('TABLE shop.payments_2');
SELECT rule, answer, detail FROM warrant.explain('SELECT', 'shop.cards');
\c - regress_dba
SELECT name, detail FROM warrant.impact('shop.cards', '{READ}') WHERE item = 'policy';

-- Table before label before schema before database; the highest priority before all.
SELECT warrant.create_policy('on the database', 'deny', on_database => true, commands => '{READ}');
SELECT warrant.create_policy('on the schema', 'deny', on_schema => 'shop', commands => '{READ}');
\c - regress_clerk
SELECT s.name, (SELECT e.detail FROM warrant.explain('SELECT', s.name) AS e WHERE e.rule = 'policy') FROM unnest('{shop.cards,shop.notes,shop.payments_1}'::regclass[]) AS s (name);
\c - regress_dba
SELECT warrant.create_policy('on the table', 'open', on_table => 'shop.cards', commands => '{READ}');
\c - regress_clerk
SELECT e.detail FROM warrant.explain('SELECT', 'shop.cards') AS e WHERE e.rule = 'policy';
\c - regress_dba
SELECT warrant.alter_policy('pci', '{"priority": 1}');
\c - regress_clerk
SELECT e.detail FROM warrant.explain('SELECT', 'shop.cards') AS e WHERE e.rule = 'policy';
\c - regress_dba
SELECT warrant.drop_policy(name) FROM unnest('{on the database,on the schema,on the table}'::text[]) AS name;

-- Who may put a label on, and take it away: administrators who own the relation. ALTER is asked for besides, where a policy governs it.
\c - regress_owner
SELECT state, message, detail FROM stage.try($$SECURITY LABEL FOR pg_warrant ON TABLE shop.notes IS 'pci'$$);
SELECT state, message FROM stage.try($$SECURITY LABEL FOR pg_warrant ON TABLE shop.cards IS NULL$$);
\c - regress_dba
SELECT state, message FROM stage.try($$SECURITY LABEL FOR pg_warrant ON TABLE shop.notes IS 'pci'$$);
\c - regress_keeper
SELECT state, message FROM stage.try($$SECURITY LABEL FOR pg_warrant ON TABLE shop.cards IS NULL$$);
\c - :owner
CREATE TABLE labelled_too (id int);
CREATE FUNCTION relabel() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN SECURITY LABEL FOR pg_warrant ON TABLE shop.notes IS 'mine'; END $$;
ALTER FUNCTION relabel() OWNER TO regress_owner;
SELECT state, message FROM stage.try('SELECT relabel()');
-- What can have one, and which.
CREATE SEQUENCE counter;
CREATE TEMPORARY TABLE passing (id int);
SELECT statement, state, message, hint FROM (VALUES
    ($$COLUMN shop.cards.number IS 'pci'$$),
    ($$SEQUENCE counter IS 'pci'$$),
    ($$SCHEMA shop IS 'pci'$$),
    ($$ROLE regress_clerk IS 'pci'$$),
    ($$DATABASE regress_warrant IS 'pci'$$),
    ($$FUNCTION relabel() IS 'pci'$$),
    ($$TABLE passing IS 'pci'$$),
    ($$TABLE warrant.policies IS 'pci'$$),
    ($$TABLE pg_class IS 'pci'$$),
    ($$TABLE shop.notes IS ''$$),
    ($$TABLE shop.notes IS ' pci'$$),
    ($$TABLE shop.notes IS E'p\nci'$$),
    ($$TABLE shop.notes IS U&'p\202Eci'$$),
    (format('TABLE shop.notes IS %L', repeat('x', 64))),
    (format('TABLE shop.notes IS %L', repeat('x', 63))),
    ($$VIEW shop.numbers IS '"of" l''été'$$),
    ($$TABLE nowhere IS 'pci'$$)) AS s (statement), LATERAL stage.try('SECURITY LABEL FOR pg_warrant ON ' || s.statement) \g (format=unaligned)
SELECT state, message FROM (VALUES ($$on_label => ''$$), ($$on_label => ' x'$$), ($$on_label => repeat('x', 64)$$), ($$on_label => U&'x\202E'$$), ($$on_label => NULL$$),
    ($$on_label => 'pci', on_schema => 'shop'$$), ($$on_label => 'pci', commands => '{ADMIN}'$$)) AS c (parameters),
    LATERAL stage.try(format('SELECT warrant.create_policy(''x'', ''deny'', %s)', c.parameters));
SECURITY LABEL FOR pg_warrant ON TABLE shop.notes IS NULL;
SECURITY LABEL FOR pg_warrant ON VIEW shop.numbers IS NULL;
SELECT event, who, comment FROM stage.news() WHERE event IN ('label_changed', 'weakened', 'policy_created') AND (event <> 'policy_created' OR comment LIKE '%label%');

-- What weakens: the end of a label that a policy is on, and a label that opens, or comes before what is stricter.
SELECT warrant.create_policy('no notes', 'deny', on_schema => 'shop', commands => '{READ}');
SELECT warrant.create_policy('free', 'open', on_label => 'public', commands => '{READ}');
SELECT count(*) FROM stage.news();
SECURITY LABEL FOR pg_warrant ON TABLE shop.notes IS 'pci';
SECURITY LABEL FOR pg_warrant ON TABLE shop.notes IS 'pci';
SECURITY LABEL FOR pg_warrant ON TABLE shop.notes IS 'unused';
SECURITY LABEL FOR pg_warrant ON TABLE shop.notes IS 'public';
SECURITY LABEL FOR pg_warrant ON TABLE shop.notes IS 'unused';
SECURITY LABEL FOR pg_warrant ON TABLE shop.payments_1 IS 'public';
SECURITY LABEL FOR pg_warrant ON TABLE labelled_too IS 'unused';
SECURITY LABEL FOR pg_warrant ON TABLE labelled_too IS 'public';
SECURITY LABEL FOR pg_warrant ON TABLE labelled_too IS 'pci';
SELECT event, comment FROM stage.news() WHERE event IN ('label_changed', 'weakened');
SELECT warrant.drop_policy('no notes');
SELECT warrant.create_policy('lax', 'open', on_schema => 'shop', commands => '{READ}', priority => 2);
SELECT warrant.alter_policy('free', '{"effect": "deny"}');
SELECT warrant.alter_policy('pci', '{"min_approvals": 2}');
SELECT warrant.alter_policy('pci', '{"min_approvals": 1}');
SELECT event, comment FROM stage.news() WHERE event = 'weakened';
SELECT warrant.drop_policy(name) FROM unnest('{lax,free}'::text[]) AS name;

-- Only what is committed counts: neither a label of one's own transaction, nor one that is taken away in it.
\c - regress_keeper
CREATE TABLE drawer (id int);
GRANT ALL ON drawer TO regress_clerk;
BEGIN;
SECURITY LABEL FOR pg_warrant ON TABLE drawer IS 'pci';
SELECT stage.lacks('TABLE drawer');
ROLLBACK;
SELECT stage.lacks('TABLE drawer');
SECURITY LABEL FOR pg_warrant ON TABLE drawer IS 'pci';
SELECT stage.lacks('TABLE drawer');
\c - :owner
SET ROLE regress_keeper;
BEGIN;
RESET ROLE;
SECURITY LABEL FOR pg_warrant ON TABLE drawer IS NULL;
SET SESSION AUTHORIZATION regress_clerk;
SELECT stage.lacks('TABLE drawer');
RESET SESSION AUTHORIZATION;
SAVEPOINT sooner;
ROLLBACK;
\c - regress_clerk
SELECT stage.lacks('TABLE drawer');
-- A table that is dropped and made anew has no label.
\c - :owner
DROP TABLE drawer;
CREATE TABLE drawer (id int);
GRANT ALL ON drawer TO regress_clerk;
\c - regress_clerk
SELECT stage.lacks('TABLE drawer');

-- Documents name the label. A policy keeps it.
\c - regress_dba
SELECT jsonb_path_query(warrant.export_policies(), '$.policies[*] ? (@.name == "pci")');
SELECT * FROM warrant.apply_policies(warrant.export_policies());
SELECT * FROM warrant.apply_policies('{"policies": [{"name": "second", "effect": "deny", "on_label": "secret"}]}');
SELECT state, message, hint FROM stage.try($$SELECT * FROM warrant.apply_policies('{"policies": [{"name": "pci", "effect": "approve", "on_label": "other"}]}')$$);
SELECT state, message, hint FROM stage.try($$SELECT * FROM warrant.apply_policies('{"policies": [{"name": "pci", "effect": "approve", "on_schema": "shop"}]}')$$);
SELECT state, message, hint FROM stage.try($$SELECT warrant.alter_policy('pci', '{"on_label": "other"}')$$);

-- Where weakening needs two, a label is not taken away by one.
\c - :owner
ALTER SYSTEM SET pg_warrant.definition_approval = on;
SELECT pg_reload_conf();
\c -
SELECT state, message FROM stage.try('SECURITY LABEL FOR pg_warrant ON TABLE shop.cards IS NULL');
SELECT state, message FROM stage.try($$SECURITY LABEL FOR pg_warrant ON TABLE shop.cards IS 'other'$$);
SELECT state, message FROM stage.try($$SECURITY LABEL FOR pg_warrant ON TABLE shop.notes IS 'pci'$$);
ALTER SYSTEM RESET pg_warrant.definition_approval;
SELECT pg_reload_conf();
\c -
SECURITY LABEL FOR pg_warrant ON TABLE shop.cards IS NULL;
SELECT warrant.unprotect('shop.notes');
\c - regress_clerk
SELECT stage.lacks('TABLE shop.cards');
\c - :owner
SET client_min_messages = warning;
-- A relation that is dropped takes its label with it, which is told and noted, once it has happened.
SELECT s.n AS seen FROM (SELECT count(*) AS n FROM stage.news()) AS s \gset
SET client_min_messages = error;
CREATE TABLE "odd ""table" (id int);
CREATE TABLE plain (id int);
SECURITY LABEL FOR pg_warrant ON TABLE "odd ""table" IS 'pci';
SECURITY LABEL FOR pg_warrant ON TABLE labelled_too IS 'pci';
SELECT warrant.drop_policy('pci');
RESET client_min_messages;
BEGIN;
DROP TABLE labelled_too;
ROLLBACK;
DROP TABLE "odd ""table", plain;
DROP TABLE labelled_too;
SELECT comment FROM stage.news() WHERE event = 'label_changed' AND comment LIKE '%dropped';
SET client_min_messages = error;
DROP SCHEMA shop CASCADE;
DROP FUNCTION relabel();
DROP ROLE regress_owner, regress_keeper;
\set file :directory '/sql/include/leave.sql'
\i :file
