-- The scene of docs/approver.md, after docs/scene.sql, where every role may connect without a password: thirty requests of five people wait.
\set ON_ERROR_STOP off
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT format('CREATE ROLE %I LOGIN', name) FROM unnest('{ann,ben,cleo,dan,eva,eva_batch,deputy}'::text[]) AS person (name) WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
CREATE TABLE customers AS SELECT g AS id, 'customer ' || g AS name FROM generate_series(1, 8000) AS g;
CREATE TABLE invoices AS SELECT g AS id, g % 8000 AS customer, 100 AS amount, 'sent' AS status FROM generate_series(1, 20000) AS g;
CREATE TABLE payments AS SELECT g AS id, g AS invoice, 100 AS amount FROM generate_series(1, 18000) AS g;
ALTER TABLE customers ADD PRIMARY KEY (id);
ALTER TABLE invoices ADD PRIMARY KEY (id);
ALTER TABLE payments ADD PRIMARY KEY (id);
ANALYZE customers, invoices, payments;
GRANT ALL ON customers, invoices, payments TO ann, ben, cleo, dan, eva, eva_batch;
ALTER TABLE customers OWNER TO ben;
SELECT warrant.protect(t) FROM unnest('{customers,invoices,payments}'::regclass[]) AS t;
SELECT warrant.create_policy('two for payments', 'approve', on_table => 'payments', commands => '{DELETE,TRUNCATE}', priority => 1, min_approvals => 2);
SELECT warrant.set_person('eva', 'eva'), warrant.set_person('eva_batch', 'eva');

-- Denied this morning.
\c - eva
SET pg_warrant.reason = 'to look around';
SELECT * FROM customers;
\c - boss
SELECT warrant.deny(1, 'use the support tool');

-- Support.
\c - ann
SET application_name = 'psql';
SET pg_warrant.reason = 'customer 812 was billed twice, INC-204';
UPDATE invoices SET status = 'void' WHERE id = 8812;
SET pg_warrant.reason = 'customer 812 was billed twice, INC-204';
DELETE FROM payments WHERE id = 8812;
SET pg_warrant.reason = 'customer 812 has moved, INC-205';
UPDATE customers SET name = 'customer 812, Berlin' WHERE id = 812;
SET pg_warrant.reason = 'INC-206: which bill has customer 90 not got?';
SELECT * FROM invoices WHERE customer = 90;
SET pg_warrant.reason = 'INC-206: which bill has customer 90 not got?';
SELECT * FROM customers WHERE id = 90;
SET pg_warrant.reason = 'INC-206: which bill has customer 90 not got?';
SELECT * FROM payments WHERE id = 90;

-- A developer.
\c - ben
SET application_name = 'release';
SET pg_warrant.reason = 'release 4.2: column for notes';
ALTER TABLE customers ADD COLUMN note text;
SET application_name = 'psql';
SET pg_warrant.reason = 'CHG-88: payments 11 to 14 have a cent too much';
UPDATE payments SET amount = 99 WHERE id = 11;
UPDATE payments SET amount = 99 WHERE id = 12;
UPDATE payments SET amount = 99 WHERE id > 0;
UPDATE payments SET amount = 99 WHERE id = 13;
UPDATE payments SET amount = 99 WHERE id = 14;
SET pg_warrant.reason = 'CHG-89: drafts of 2019';
DELETE FROM invoices WHERE status = 'draft' AND id IN (5, 6, 7, 11, 12, 13, 14) OR id < 4000;
SET pg_warrant.reason = 'CHG-89: drafts of 2019';
INSERT INTO invoices VALUES (20001, 1, 100, 'draft');
SET pg_warrant.reason = 'CHG-90';
INSERT INTO customers VALUES (8001, 'a test');
SET pg_warrant.reason = 'CHG-90';
INSERT INTO payments VALUES (18001, 1, 100);

-- An analyst.
\c - cleo
SET application_name = 'notebook';
SET pg_warrant.reason = 'figures of the quarter, FIN-12';
SELECT count(*) FROM customers;
SET pg_warrant.reason = 'figures of the quarter, FIN-12';
SELECT sum(amount) FROM invoices;
SET pg_warrant.reason = 'figures of the quarter, FIN-12';
SELECT sum(amount) FROM payments;
SELECT warrant.request('{READ}', on_tables => '{customers,invoices,payments}', reason => 'dashboard of the board, FIN-13', duration => '2 hours');
SET pg_warrant.reason = 'figures of the quarter, FIN-12';
COPY customers TO STDOUT;
SELECT warrant.request('{SELECT,LOCK}', on_table => 'invoices', reason => 'a stable read for FIN-12', duration => '15 min', max_uses => 1);

-- Operations.
\c - dan
SET application_name = 'psql", approved by second_boss';
SET pg_warrant.reason = 'as agreed';
UPDATE customers SET name = 'x' WHERE id = 3;
SET application_name = 'psql';
SET pg_warrant.reason = E'OPS-7\napprovals  | 2 of 2';
DELETE FROM payments WHERE id > 0;
SET pg_warrant.reason = 'OPS-8: one wrong invoice';
SELECT U&'UPDATE invoices SET status = ''void'' WHERE id = 8 /* \202Eyad a rof hguone \202C*/ OR id > 0'
\gexec
SET pg_warrant.reason = 'OPS-9: monthly';
SELECT warrant.request('{ALL}', on_table => 'invoices', reason => 'cleaning up', duration => '1 day');
LOCK payments;
SET pg_warrant.reason = 'OPS-9: monthly';
TRUNCATE payments;

-- Finance.
\c - eva
SET application_name = 'ledger';
SET pg_warrant.reason = 'a rounding error, FIN-20';
SET pg_warrant.duration = '10 min';
UPDATE invoices SET amount = 101 WHERE id = 70;
SELECT warrant.amend((SELECT max(id) FROM warrant.my_requests), duration => '20 hours');
SET pg_warrant.reason = 'a rounding error, FIN-20';
INSERT INTO payments VALUES (18002, 70, 1);
SET pg_warrant.reason = 'a rounding error, FIN-20';
UPDATE payments SET amount = 101 WHERE id = 70;
SET pg_warrant.reason = 'a rounding error, FIN-20';
SELECT * FROM invoices WHERE id = 70;
SET pg_warrant.reason = 'a rounding error, FIN-20';
DELETE FROM invoices WHERE id = 70;
\c - eva_batch
SET application_name = 'ledger';
SET pg_warrant.reason = 'check of addresses';
SELECT * FROM customers;
\c - postgres
SELECT count(*) FROM warrant.pending;
