-- approvers(id): who may decide a request now, and who has.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE orders (a int);
CREATE TABLE notes (a int);
GRANT ALL ON orders, notes TO PUBLIC;
CREATE ROLE regress_security;
CREATE ROLE regress_guard LOGIN IN ROLE regress_security;
CREATE ROLE regress_nologin ROLE regress_other;
CREATE ROLE "regress ""d" LOGIN;
GRANT regress_security TO regress_nologin;
SET client_min_messages = warning;
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders', approvers => '{"warrant_approver": 1, "regress_security": 1}');
SELECT warrant.create_policy('notes', 'approve', on_table => 'notes', approvers => '{"warrant_approver": 2}');
SELECT now() + interval '3 days' AS soon \gset

\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'orders');
SELECT * FROM warrant.approvers(1);
SELECT * FROM warrant.approvers(NULL);
SELECT * FROM warrant.approvers(2);
-- It is for who may see the request.
\c - "regress ""d"
SELECT * FROM warrant.approvers(1);
\c - regress_dba
SELECT approver FROM warrant.approvers(1);
\c - regress_auditor
SELECT approver FROM warrant.approvers(1);

-- A delegate stands there with whom he decides for; who has voted comes first.
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.delegate('"regress ""d"', :'soon');
\c - regress_guard
SET client_min_messages = warning;
SELECT warrant.delegate('regress_deputy', :'soon');
\c - "regress ""d"
SELECT approver, roles, decides_for, until = :'soon' AS until FROM warrant.approvers(1) WHERE until IS NOT NULL;
SELECT warrant.approve(1);
SELECT approver, person, roles, decides_for, vote FROM warrant.approvers(1);
\c - regress_chief
SELECT warrant.end_delegation();
SELECT approver, decides_for, vote FROM warrant.approvers(1);
SELECT warrant.deny(1, 'not now');
SELECT * FROM warrant.approvers(1);

-- One person's other logins cannot vote again; the requester's do not decide, nor does his delegate for him.
\c - :owner
SELECT warrant.set_person('regress_chief', 'Ada'), warrant.set_person('regress_deputy', 'Ada'), warrant.set_person('regress_other', 'Ben'), warrant.set_person('regress_guard', 'Ben');
GRANT warrant_approver TO regress_other;
\c - regress_guard
SET client_min_messages = warning;
SELECT warrant.end_delegation();
SELECT warrant.request('{SELECT}', on_table => 'notes');
\c - regress_other
SET client_min_messages = warning;
SELECT warrant.delegate('"regress ""d"', :'soon');
\c - regress_deputy
SELECT approver, person, vote FROM warrant.approvers(2);
SELECT warrant.approve(2);
SELECT approver, person, vote FROM warrant.approvers(2);

-- A webhook is an approver; what is over names who has voted alone.
\c - :owner
SELECT warrant.add_webhook('desk', 'https://desk.example.com/', 'decision', 'desk');
SELECT warrant.alter_policy('notes', '{"webhook": "desk"}');
\c - regress_auditor
SELECT approver, person, roles FROM warrant.approvers(2);
\c - regress_guard
SELECT warrant.cancel(2);
SELECT * FROM warrant.approvers(2);

-- Many are cut.
\c - :owner
SET client_min_messages = error;
SELECT warrant.alter_policy('notes', '{"webhook": null, "approvers": {"regress_security": 1}}');
DO $$ BEGIN FOR i IN 1..120 LOOP EXECUTE format('CREATE ROLE regress_m%s LOGIN IN ROLE regress_security', i); END LOOP; END $$;
RESET client_min_messages;
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'notes');
SELECT count(*) FROM warrant.approvers(3);

\c - :owner
SET client_min_messages = error;
DO $$ BEGIN FOR i IN 1..120 LOOP EXECUTE format('DROP ROLE regress_m%s', i); END LOOP; END $$;
SELECT warrant.drop_policy(name) FROM warrant.policies WHERE target_kind <> '!';
DROP ROLE regress_guard, regress_nologin, "regress ""d";
\set file :directory '/sql/include/leave.sql'
\i :file
DROP ROLE regress_security;
