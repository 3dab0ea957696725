-- What waits: a row a request, who sees it, and what becomes of names, roles and objects that are odd or gone.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
SET client_min_messages = warning;
CREATE ROLE regress_desk LOGIN;
CREATE ROLE regress_both LOGIN;
CREATE ROLE regress_gone LOGIN;
CREATE ROLE "regress ""odd, with a name that is long" LOGIN;
CREATE ROLE regress_at_desk ROLE regress_desk, regress_both;
CREATE ROLE regress_security ROLE regress_both;
CREATE TABLE orders (id int PRIMARY KEY, status text);
INSERT INTO orders SELECT i, 'open' FROM generate_series(1, 1000) AS i;
CREATE TABLE ledger (a int);
CREATE TABLE secrets (a int);
SELECT format('CREATE TABLE %I (a int)', U&'a \202E"table" with' || E'\n' || 'a name that is longer than any column')
\gexec
ANALYZE orders, ledger, secrets;
GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC;
SELECT warrant.protect('orders'), warrant.create_policy('desk', 'approve', on_table => 'ledger', approver_role => 'regress_at_desk'),
       warrant.create_policy('security', 'approve', on_table => 'secrets', approver_role => 'regress_security'), warrant.protect_schema('public');

-- Where the longest of everything come together, a row is not wider than a window.
\c - "regress ""odd, with a name that is long"
SELECT warrant.request('{SELECT,INSERT,UPDATE,TRUNCATE,LOCK}', on_tables => (SELECT array_agg(c.oid::regclass) FROM pg_class c WHERE c.relname ~ '^(a .*|orders)$'), reason => '') AS made;
\c - regress_clerk
SET pg_warrant.reason = 'a reason that has more words than the row of a window has room for';
UPDATE orders SET status = 'void' WHERE id = 7;
UPDATE orders SET status = 'a status that is so long that nobody would write it into a table of orders, were it not for a test of the width of its row' WHERE id IS NOT NULL;
\c - regress_gone
SELECT warrant.request('{DELETE}', on_table => 'orders') AS made;
\c - regress_chief
SELECT id, who, target, commands, rows, approvals FROM warrant.pending;
SELECT greatest(max(length(id::text)), 2) + greatest(max(length(who)), 3) + greatest(max(length(target)), 6) + greatest(max(length(commands)), 8) + greatest(max(length(rows::text)), 4)
       + greatest(max(length(statement)), 9) + greatest(max(length(age)), 3) + 9 + 8 * 3 - 1 <= 120 AS fits FROM warrant.my_inbox;
SELECT greatest(max(length(id::text)), 2) + greatest(max(length(who)), 3) + greatest(max(length(target)), 6) + greatest(max(length(commands)), 8) + greatest(max(length(rows::text)), 4)
       + greatest(max(length(statement)), 9) + greatest(max(length(age)), 3) + 9 + greatest(max(length(reason)), 6) + 9 * 3 - 1 <= 120 AS fits FROM warrant.pending;

-- Others decide by a policy's approver role; of two roles each has a voice, and both are needed.
\c - regress_clerk
SELECT * FROM ledger;
SELECT warrant.request('{SELECT}', on_table => 'secrets') AS made;
SELECT warrant.request('{INSERT}', on_tables => '{ledger,secrets}') AS made;
\c - regress_desk
SELECT id, who, target, commands, statement FROM warrant.pending;
SELECT id FROM warrant.my_inbox;
SELECT count(*) FROM warrant.show_request(6);
\c - regress_both
SELECT id, who, target, commands, statement FROM warrant.pending;
SELECT id FROM warrant.my_inbox;
SELECT value FROM warrant.show_request(6) WHERE item IN ('wants', 'decided by');
\c - regress_chief
SELECT id, target, statement FROM warrant.pending WHERE id > 3;
SELECT id FROM warrant.my_inbox;
\c - regress_dba
SELECT count(*), count(statement) AS statements FROM warrant.pending;
\c - regress_auditor
SELECT count(*), count(statement) AS statements FROM warrant.pending;
SELECT count(*) FROM warrant.my_inbox;
\c - regress_other
SELECT count(*) FROM warrant.pending;

-- They see the grants that they may revoke.
\c - regress_desk
SELECT warrant.approve(4) AS "grant";
SELECT id, grantee_name, relation_name FROM warrant.active_grants;
\c - regress_both
SELECT warrant.approve(6) AS "grant";
SELECT id, grantee_name, relation_name FROM warrant.active_grants ORDER BY id, relation_name;
\c - regress_desk
SELECT id, grantee_name, relation_name FROM warrant.active_grants;
SELECT warrant.revoke(2);
SELECT warrant.revoke(1);
SELECT count(*) FROM warrant.active_grants;
\c - regress_other
SELECT count(*) FROM warrant.active_grants;

-- Nobody's own request is in one's inbox, under whatever login; pending has it.
\c - regress_dba
SELECT warrant.set_person('regress_clerk', 'charlie') AS a, warrant.set_person('regress_deputy', 'charlie') AS b;
\c - regress_deputy
SELECT count(*) FROM warrant.my_inbox WHERE id = 2;
SELECT id, who FROM warrant.pending WHERE id = 2;
SELECT item FROM warrant.show_request(2) WHERE item ~ '^to ';

-- What has got another name has it, and what is gone is called as it was.
\c - :owner
ALTER ROLE "regress ""odd, with a name that is long" RENAME TO regress_short;
ALTER TABLE secrets RENAME TO secret;
SELECT id, who, target FROM warrant.pending WHERE id IN (1, 5) ORDER BY id;
BEGIN;
DROP ROLE regress_gone;
DROP TABLE orders;
SELECT id, who, target FROM warrant.pending WHERE id = 3;
SELECT value FROM warrant.show_request(3) WHERE item IN ('by', 'wants');
SELECT item->'relation' AS relation, item->'policy' AS policy FROM jsonb_array_elements(warrant.request_status(3)->'items') AS item;
SELECT warrant.drop_policy('security') AS dropped;
DROP ROLE regress_security;
SELECT id, target, approvals FROM warrant.pending WHERE id = 5;
SELECT value FROM warrant.show_request(5) WHERE item IN ('decided by', 'to approve');
ROLLBACK;

-- Columns and profiles are cut like any other target, and as late as the row allows.
SELECT warrant.create_profile('a profile whose name is longer than any row of a window has room for', '{SELECT}', on_table => 'ledger') AS made;
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'orders', columns => '{id,status}', max_rows => 10) AS made;
SELECT warrant.request(profile => 'a profile whose name is longer than any row of a window has room for', max_rows => 10, reason => 'short') AS made;
\c - regress_chief
SELECT target FROM warrant.my_inbox WHERE id > 6;
\c - :owner
SELECT id, target FROM warrant.pending WHERE id > 6 ORDER BY id;
SELECT greatest(max(length(id::text)), 2) + greatest(max(length(who)), 3) + greatest(max(length(target)), 6) + greatest(max(length(commands)), 8) + greatest(max(length(rows::text)), 4)
       + greatest(max(length(statement)), 9) + greatest(max(length(age)), 3) + 9 + greatest(max(length(reason)), 6) + 9 * 3 - 1 <= 120 AS fits FROM warrant.pending;
SELECT warrant.request_status(NULL);
SELECT warrant.request_timeline(NULL);
DROP ROLE regress_at_desk, regress_security, regress_desk, regress_both, regress_gone, regress_short;
\set file :directory '/sql/include/leave.sql'
\i :file
