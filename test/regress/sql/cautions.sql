-- What a requester and who decides are warned of, and what a card counts.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
SET client_min_messages = warning;
CREATE TABLE ledger (a int, b int);
CREATE TABLE payroll (a int);
CREATE SCHEMA books;
CREATE TABLE books.one (a int);
CREATE TABLE books.two (a int);
GRANT USAGE ON SCHEMA books TO PUBLIC;
GRANT SELECT, UPDATE, DELETE ON ledger, payroll, books.one, books.two TO PUBLIC;
SELECT warrant.create_policy('office', 'approve', on_table => 'ledger', client_cidr => '{10.0.0.0/8}', require_comment => true);
SELECT warrant.create_policy('night', 'approve', on_table => 'payroll', hours => format('%s 00:00-24:00 UTC', to_char(now() AT TIME ZONE 'UTC' + interval '3 days', 'Dy')));
SELECT warrant.create_policy('one', 'approve', on_table => 'books.one');
SELECT warrant.create_policy('two', 'approve', on_table => 'books.two');
-- A condition that the session does not meet is told to the requester, once for each policy, and stands on the card.
\c - regress_clerk
SELECT warrant.request('{SELECT,UPDATE}', on_table => 'ledger');
\set VERBOSITY terse
SELECT warrant.request('{SELECT}', on_table => 'payroll');
\set VERBOSITY default
SELECT warrant.request('{SELECT}', on_tables => '{books.one,books.two}');
\c - regress_chief
SELECT item, value FROM warrant.show_request(1) WHERE item IN ('caution', 'to approve', 'to deny');
SELECT item, value FROM warrant.show_request(2) WHERE item = 'caution';
-- What the card prints says nothing by itself.
SELECT warrant.approve(1, version => 1, comment => '');
SELECT warrant.deny(1, '');
SELECT * FROM warrant.approve_all('{1}', comment => '');
SELECT * FROM warrant.deny_all('{1}', comment => ' ');
\c - :owner
SET client_min_messages = warning;
SELECT warrant.alter_policy('office', '{"client_cidr": ["127.0.0.1/32"]}');
\c - regress_chief
SELECT item, value FROM warrant.show_request(1) WHERE item = 'caution';
SELECT warrant.deny(1, 'no');
-- Objects are counted, not policies; what has no statement shows its reason.
\c - regress_clerk
SELECT warrant.cancel(2);
SELECT warrant.cancel(3);
SELECT warrant.request('{SELECT}', on_schema => 'books', reason => 'month end');
\c - regress_chief
SELECT id, target, commands, statement FROM warrant.my_inbox;
SELECT value FROM warrant.show_request(4) WHERE item = 'wants';
SELECT warrant.deny(4);
-- A statement that was asked for exactly finds that request, in whatever state of the session, and another one does not.
\c - regress_clerk
SELECT warrant.request_statement('UPDATE books.one SET a = 1', reason => 'once');
UPDATE books.one SET a = 1;
UPDATE books.one SET a = 2;
SELECT id, state, exact, reason FROM warrant.my_requests WHERE state = 'pending' ORDER BY id;
\c - regress_other
UPDATE books.one SET a = 1;
\c - regress_chief
SELECT warrant.deny(6);
SELECT warrant.deny(7);
-- Why a grant has ended is told whom it concerns, and an extension's card says that it is gone.
SELECT warrant.approve(5);
\c - regress_clerk
UPDATE books.one SET a = 1;
UPDATE books.one SET a = 1;
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'books.two');
\c - regress_clerk
SELECT warrant.extend(2, duration => '1 hour', reason => 'longer');
SELECT warrant.give_back(2);
SELECT state, message, regexp_replace(detail, '\d+ seconds?', '...') AS detail FROM stage.try('SELECT warrant.extend(2)');
SELECT state, message, regexp_replace(detail, '\d+ seconds?', '...') AS detail FROM stage.try('SELECT warrant.give_back(2)');
\c - regress_other
SELECT state, message, detail FROM stage.try('SELECT warrant.extend(2)');
\c - regress_chief
SELECT item, regexp_replace(value, '\d+ seconds?', '...') AS value FROM warrant.show_request((SELECT max(id) FROM warrant.pending), whole => true) WHERE item = 'extends';
\set file :directory '/sql/include/leave.sql'
\i :file
