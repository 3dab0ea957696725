-- The people and tables of docs/cookbook.md, after docs/scene.sql, where every role may connect without a password.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT format('CREATE ROLE %I LOGIN', name)
  FROM unnest('{shop_app,deploy,reporter,engineer,contractor,nightly_backup,assistant}'::text[]) AS role (name)
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
UNION ALL
SELECT format('CREATE ROLE %I', name)
  FROM unnest('{mask_owner,security_team,north_lead,south_lead}'::text[]) AS role (name)
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
GRANT north_lead TO boss;
GRANT south_lead, security_team TO second_boss;

CREATE TABLE carts (id int PRIMARY KEY, status text);
CREATE TABLE customers (id int PRIMARY KEY, name text, email text, city text, card_number text);
CREATE TABLE machines (id int PRIMARY KEY, state text);
CREATE TABLE ledger (id int PRIMARY KEY, amount numeric);
CREATE TABLE prices (article text PRIMARY KEY, price numeric);
CREATE TABLE contracts (id int PRIMARY KEY, words text);
CREATE TABLE payouts (id int PRIMARY KEY, amount numeric, state text);
CREATE TABLE journal (at timestamptz DEFAULT now(), entry text);
CREATE TABLE measurements (at timestamptz, value numeric);
CREATE TABLE complaints (id int PRIMARY KEY, words text);
INSERT INTO carts VALUES (1, 'open'), (2, 'open');
INSERT INTO customers VALUES (1, 'Ada', 'ada@example.org', 'London', '4111 1111'), (2, 'Bo', 'bo@example.org', 'Oslo', '4222 2222');
INSERT INTO machines VALUES (1, 'stuck'), (2, 'running');
INSERT INTO ledger VALUES (1, 100), (2, 200);
INSERT INTO prices VALUES ('tea', 3), ('milk', 1);
INSERT INTO contracts VALUES (1, 'secret');
INSERT INTO payouts VALUES (1, 100, 'due'), (2, 250, 'due');
INSERT INTO journal (entry) VALUES ('opened');
INSERT INTO measurements VALUES ('2026-01-01', 1), ('2026-01-02', 2);
INSERT INTO complaints VALUES (1, 'too late'), (2, 'too dear');
CREATE TABLE patients (id int PRIMARY KEY, name text, diagnosis text);
INSERT INTO patients VALUES (1, 'Cy', 'a cold'), (2, 'Dee', 'a broken leg');
CREATE TABLE vaults (id int PRIMARY KEY, place text);
CREATE TABLE cards (id int PRIMARY KEY, number text);
CREATE TABLE card_holders (id int PRIMARY KEY, name text);
CREATE TABLE invoices (id int PRIMARY KEY, state text);
INSERT INTO invoices SELECT id, 'sent' FROM generate_series(1, 9) AS id;
GRANT ALL ON invoices TO assistant;
CREATE SCHEMA north;
CREATE SCHEMA south;
CREATE TABLE north.stock AS SELECT 1 AS article, 10 AS pieces;
CREATE TABLE south.stock AS SELECT 1 AS article, 20 AS pieces;
CREATE SCHEMA app AUTHORIZATION deploy;

GRANT USAGE ON SCHEMA north, south, app TO clerk, contractor;
GRANT ALL ON ALL TABLES IN SCHEMA public, north, south TO clerk;
GRANT SELECT, UPDATE ON carts TO shop_app;
GRANT ALL ON machines TO engineer;
GRANT SELECT ON measurements TO reporter;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO nightly_backup;
