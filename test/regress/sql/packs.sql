-- Packs: each is applied, watches, enforces, refuses, and is approved.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
SET client_min_messages = warning;
CREATE ROLE regress_staff;
CREATE ROLE "regress ""odd";
GRANT regress_staff TO regress_clerk;
CREATE TABLE ledger (a int);
CREATE TABLE cards (a int);
INSERT INTO ledger VALUES (1);
INSERT INTO cards VALUES (1);
ALTER TABLE ledger OWNER TO regress_clerk;
GRANT ALL ON ledger, cards TO regress_clerk, regress_other, regress_deputy;
-- What has been watched, or refused, since the last look.
CREATE FUNCTION stage.seen(OUT event text, OUT command text, OUT policy text) RETURNS SETOF record LANGUAGE sql SECURITY DEFINER AS $$
    SELECT l.event, l.command, l.policy_name FROM warrant.audit_log l, stage.mark m WHERE l.seq > m.seq AND l.event IN ('would_refuse', 'refused', 'allowed') AND l.session_user_name = 'regress_clerk' ORDER BY l.seq $$;
GRANT EXECUTE ON FUNCTION stage.seen() TO PUBLIC;
-- The policies of a pack enforce from now on.
CREATE FUNCTION stage.enforce(pack text) RETURNS SETOF text LANGUAGE sql AS $$ SELECT warrant.alter_policy(p.name, '{"mode": "enforce"}') FROM warrant.policies p WHERE p.name ~ ('^' || pack || ' ') ORDER BY p.name COLLATE "C" $$;

-- What it refuses.
\c - regress_clerk
SELECT state, message FROM stage.try($$SELECT * FROM warrant.apply_pack('pci', '{ledger}')$$);
\c - regress_dba
SELECT p.call, t.state, t.message, t.hint FROM (VALUES ($$NULL, '{ledger}'$$), ($$'', '{ledger}'$$), ($$'Analysts', '{ledger}'$$), ($$'pci', NULL$$), ($$'pci', '{}'$$), ($$'pci', '{NULL}'$$), ($$'pci', '{missing}'$$),
    ($$'pci', '{4000000000}'$$), ($$'pci', '{pg_class}'$$), ($$'pci', '{warrant.policies}'$$), ($$'pci', '{ledger}', NULL$$), ($$'pci', '{ledger}', true, NULL$$), ($$'pci', '{ledger}', true, '{NULL}'$$),
    ($$'pci', '{ledger}', true, '{4000000000}'$$), ($$'analysts', '{ledger}'$$), ($$'on_call', '{ledger}', for_roles => '{}'$$), ($$'agents', '{ledger}'$$)) AS p (call), LATERAL stage.try(format('SELECT * FROM warrant.apply_pack(%s)', p.call)) AS t;

-- Twice the same, and tables and roles that need quotes.
CREATE TABLE "the ""cards""" (a int);
SELECT * FROM warrant.apply_pack('analysts', ARRAY['"the ""cards"""', 'ledger', 'public.ledger']::regclass[], for_roles => ARRAY['"regress ""odd"', 'regress_staff']::regrole[]);
SELECT count(*) FROM warrant.policies WHERE name <> 'sentinel';

-- analysts: reading is free, copies need an approval, changes are denied.
SELECT * FROM warrant.apply_pack('analysts', '{ledger}', for_roles => '{regress_staff}', dry_run => false);
\c - regress_clerk
SELECT count(*) FROM ledger;
COPY ledger TO STDOUT;
UPDATE ledger SET a = 2 WHERE a IS NOT NULL;
\c - :owner
SELECT stage.settle();
SELECT * FROM stage.seen();
SELECT count(*) AS news FROM stage.news();
\c - regress_dba
SELECT * FROM stage.enforce('analysts');
SELECT * FROM warrant.apply_pack('analysts', '{ledger}', for_roles => '{regress_staff}', dry_run => false);
\c - regress_clerk
SELECT count(*) FROM ledger;
UPDATE ledger SET a = 3 WHERE a IS NOT NULL;
SELECT state, message, detail FROM stage.try('CREATE TABLE copied AS TABLE ledger');
SELECT warrant.request('{EXPORT}', on_table => 'ledger', reason => 'month''s end');
\c - regress_other
UPDATE ledger SET a = 3 WHERE a IS NOT NULL;
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.approve(1);
\c - regress_clerk
COPY ledger TO STDOUT;
\c - regress_dba
SELECT warrant.drop_policy(name) FROM warrant.policies WHERE name ~ '^analysts';

-- on_call: writing needs an approval with a reason.
SELECT * FROM warrant.apply_pack('on_call', '{ledger}', for_roles => '{regress_staff}', dry_run => false);
\c - :owner
SELECT count(*) > 0 AS news FROM stage.news();
\c - regress_clerk
UPDATE ledger SET a = 4 WHERE a IS NOT NULL;
SELECT stage.settle();
SELECT * FROM stage.seen();
\c - regress_dba
SELECT * FROM stage.enforce('on_call');
\c - regress_clerk
SELECT state, message, detail FROM stage.try('UPDATE ledger SET a = 5 WHERE a IS NOT NULL');
SELECT warrant.request('{WRITE}', on_table => 'ledger', reason => 'order 7 hangs') AS request \gset
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.approve(:request, duration => '3 h');
SELECT warrant.approve(:request);
SELECT ends_at - starts_at AS lives FROM warrant.grants ORDER BY id DESC LIMIT 1;
\c - regress_clerk
UPDATE ledger SET a = 5 WHERE a IS NOT NULL;
\c - regress_dba
SELECT warrant.drop_policy(name) FROM warrant.policies WHERE name ~ '^on_call';

-- migrations: whoever changes the table's shape needs an approval; its rows are free.
SELECT * FROM warrant.apply_pack('migrations', '{ledger,cards}', dry_run => false);
\c - :owner
SELECT count(*) > 0 AS news FROM stage.news();
\c - regress_clerk
ALTER TABLE ledger ADD COLUMN b int;
INSERT INTO ledger VALUES (6);
SELECT stage.settle();
SELECT * FROM stage.seen();
\c - regress_dba
SELECT * FROM stage.enforce('migrations');
\c - regress_clerk
SELECT state, message, detail FROM stage.try('ALTER TABLE ledger DROP COLUMN b');
INSERT INTO ledger VALUES (6);
SELECT warrant.request('{ALTER}', on_tables => '{ledger,cards}', reason => 'V12 drops b') AS request \gset
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.approve(:request);
\c - regress_clerk
ALTER TABLE ledger DROP COLUMN b;
SELECT state, message FROM stage.try('TRUNCATE ledger');
\c - regress_dba
SELECT warrant.drop_policy(name) FROM warrant.policies WHERE name ~ '^migrations';

-- pci: one approves reading, two approve a copy or a change, and a copy is made once.
SELECT * FROM warrant.apply_pack('pci', '{cards}', dry_run => false);
\c - :owner
SELECT count(*) > 0 AS news FROM stage.news();
\c - regress_clerk
SELECT * FROM cards;
COPY cards TO STDOUT;
UPDATE cards SET a = 2 WHERE a IS NOT NULL;
SELECT stage.settle();
SELECT * FROM stage.seen();
\c - regress_dba
SELECT * FROM stage.enforce('pci');
\c - regress_clerk
SELECT state, message FROM stage.try('SELECT * FROM cards');
SELECT state, message FROM stage.try('UPDATE cards SET a = 3 WHERE a IS NOT NULL');
SELECT warrant.request('{SELECT,EXPORT,UPDATE}', on_table => 'cards', reason => 'chargeback 12');
\c - regress_chief
SET client_min_messages = warning;
SELECT max(id) AS request FROM warrant.requests \gset
SELECT warrant.approve(:request);
SELECT warrant.approve(:request, comment => 'the bank asked');
\c - regress_clerk
SELECT state, message FROM stage.try('SELECT * FROM cards');
\c - regress_deputy
SET client_min_messages = warning;
SELECT max(id) AS request FROM warrant.requests \gset
SELECT warrant.approve(:request, comment => 'and so did the auditor');
\c - regress_clerk
COPY cards TO STDOUT;
SELECT state, message FROM stage.try('CREATE TABLE copied AS TABLE cards');
\c - regress_dba
SELECT warrant.drop_policy(name) FROM warrant.policies WHERE name ~ '^pci';

-- Tables that bear the pack's name as their label are covered by it, each once and together with those that come later.
\c - :owner
SET client_min_messages = warning;
CREATE TABLE payments (a int);
CREATE VIEW numbers AS SELECT a FROM cards;
SECURITY LABEL FOR pg_warrant ON TABLE cards IS 'pci';
SECURITY LABEL FOR pg_warrant ON VIEW numbers IS 'pci';
SECURITY LABEL FOR pg_warrant ON TABLE ledger IS 'other';
GRANT ALL ON payments, numbers TO regress_clerk;
\c - regress_dba
SELECT policy, count(*), min(change) FILTER (WHERE change ~ ' on ') AS target FROM warrant.apply_pack('pci', '{ledger,cards,numbers,public.cards}') GROUP BY policy ORDER BY policy COLLATE "C";
SELECT count(*) FROM warrant.apply_pack('pci', '{cards}', dry_run => false);
SELECT DISTINCT action FROM warrant.apply_pack('pci', '{numbers,cards}', dry_run => false);
SELECT name, target_kind, target_name, mode FROM warrant.policies WHERE name ~ '^pci' ORDER BY id;
SELECT * FROM stage.enforce('pci');
SELECT DISTINCT action FROM warrant.apply_pack('pci', '{cards}', dry_run => false);
\c - regress_other
SELECT state, policy FROM stage.try('SELECT * FROM cards');
\c - regress_clerk
SELECT state FROM stage.try('SELECT * FROM payments');
\c - :owner
SECURITY LABEL FOR pg_warrant ON TABLE payments IS 'pci';
\c - regress_clerk
SELECT state, policy FROM stage.try('SELECT * FROM payments');
-- Columns of such a table can be open beside it, but not for copies.
\c - :owner
SET client_min_messages = warning;
ALTER TABLE payments ADD COLUMN day int;
SELECT warrant.create_policy('days are open', 'open', on_table => 'payments', columns => '{day}', commands => '{READ}');
\c - regress_clerk
SELECT state FROM stage.try('SELECT day FROM payments');
SELECT state, policy FROM stage.try('SELECT a, day FROM payments');
SELECT state, policy FROM stage.try('CREATE TABLE copied AS SELECT day FROM payments');
\c - :owner
SET client_min_messages = warning;
SELECT count(warrant.drop_policy(name)) FROM warrant.policies WHERE name ~ '^(pci|days)';
DROP TABLE payments;
DROP VIEW numbers;
SECURITY LABEL FOR pg_warrant ON TABLE cards IS NULL;
SECURITY LABEL FOR pg_warrant ON TABLE ledger IS NULL;
\c - regress_dba

-- mass_writes: all rows at once ask, with a reason and once; daily work does not.
SELECT * FROM warrant.apply_pack('mass_writes', '{ledger}', dry_run => false);
\c - :owner
SELECT count(*) > 0 AS news FROM stage.news();
\c - regress_clerk
UPDATE ledger SET a = 6 WHERE a IS NOT NULL;
UPDATE ledger SET a = 6;
SELECT event, command, relation FROM stage.news() WHERE event NOT LIKE 'grant%';
\c - regress_dba
SELECT * FROM stage.enforce('mass_writes');
\c - regress_clerk
UPDATE ledger SET a = 6 WHERE a IS NOT NULL;
SELECT state, message, detail FROM stage.try('UPDATE ledger SET a = 6');
SELECT state, message FROM stage.try('TRUNCATE ledger');
SET pg_warrant.reason = 'all of them';
SELECT state, message FROM stage.try('DELETE FROM ledger WHERE true');
SELECT warrant.request('{UPDATE_ALL}', on_table => 'ledger', reason => 'a new year') AS masses \gset
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.approve(:masses);
\c - regress_clerk
UPDATE ledger SET a = 6;
SELECT state FROM stage.try('UPDATE ledger SET a = 6');
\c - regress_dba
SELECT count(warrant.drop_policy(name)) FROM warrant.policies WHERE name ~ '^mass_writes';

-- agents: reading for a while, each change by itself, and no other shape.
SELECT * FROM warrant.apply_pack('agents', '{ledger}', for_roles => '{regress_staff}', dry_run => false);
\c - :owner
SELECT count(*) > 0 AS news FROM stage.news();
\c - regress_clerk
SELECT count(*) > 0 AS rows FROM ledger;
UPDATE ledger SET a = 7 WHERE a IS NOT NULL;
VACUUM ledger;
SELECT stage.settle();
SELECT * FROM stage.seen();
\c - regress_dba
SELECT * FROM stage.enforce('agents');
\c - regress_clerk
SELECT state, message FROM stage.try('DROP TABLE ledger');
SELECT state, message, detail FROM stage.try('SELECT * FROM ledger');
SELECT warrant.request('{SELECT}', on_table => 'ledger', reason => 'answer a question');
SELECT warrant.request('{UPDATE}', on_table => 'ledger', reason => 'correct a row');
SELECT warrant.request_statement('UPDATE ledger SET a = 8 WHERE a IS NOT NULL', reason => 'correct a row');
\c - regress_chief
SET client_min_messages = warning;
SELECT max(id) AS change, max(id) - 1 AS read FROM warrant.requests \gset
SELECT warrant.approve(:read);
SELECT warrant.approve(:change, max_uses => 2);
SELECT warrant.approve(:change);
\c - regress_clerk
SELECT count(*) > 0 AS rows FROM ledger;
SELECT count(*) > 0 AS rows FROM ledger;
UPDATE ledger SET a = 8 WHERE a IS NOT NULL;
SELECT state FROM stage.try('UPDATE ledger SET a = 9 WHERE a IS NOT NULL');
\c - :owner
DROP ROLE "regress ""odd";
DROP OWNED BY regress_staff;
DROP ROLE regress_staff;
-- A policy that only watches comes before one that refuses.
\c - :owner
SET client_min_messages = warning;
SELECT warrant.drop_policy(p.name) FROM warrant.policies p WHERE p.name <> 'sentinel';
SELECT warrant.protect('ledger');
SELECT DISTINCT action, policy, weakens FROM warrant.apply_pack('analysts', '{ledger}', for_roles => '{regress_clerk}');
SELECT DISTINCT action, policy, weakens FROM warrant.apply_pack('analysts', '{ledger}', for_roles => '{regress_clerk}', dry_run => false);
\set file :directory '/sql/include/leave.sql'
\i :file
