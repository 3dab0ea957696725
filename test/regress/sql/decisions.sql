-- Decisions: with a comment, for a part of what was asked, several at once.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int);
CREATE TABLE orders (a int);
GRANT ALL ON ledger, orders TO PUBLIC;
-- A policy that wants to know why: of whoever approves, denies or grants. What shows nothing says nothing.
SELECT warrant.create_policy('ledger', 'approve', on_table => 'ledger', require_comment => true);
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders', min_approvals => 2);
SELECT warrant.create_policy('nothing', 'approve', on_table => 'orders', require_comment => NULL);
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'ledger');
SELECT warrant.request('{UPDATE}', on_table => 'ledger');
\c - regress_chief
SELECT value FROM warrant.show_request(1) WHERE item IN ('to approve', 'for less', 'to deny');
SELECT warrant.approve(1);
SELECT warrant.approve(1, comment => '');
SELECT warrant.approve(1, comment => E' \t\u200b\u3000');
SELECT warrant.deny(2);
SELECT warrant.deny('{1,2}'::bigint[], comment => '  ');
SELECT warrant.grant('regress_clerk', '{INSERT}', on_table => 'ledger');
SELECT warrant.approve(1, comment => 'end of the month');
SELECT warrant.deny(2, 'not in May');
SELECT warrant.grant('regress_clerk', '{INSERT}', on_table => 'ledger', reason => 'as agreed');
-- Who may not decide at all hears of that.
\c - regress_other
SELECT warrant.approve(1);
-- It is a term of the policy: without it the gate is weaker, and with it a grant without a comment ends.
\c - regress_dba
SELECT warrant.alter_policy('ledger', '{"require_comment": null}');
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{DELETE}', on_table => 'ledger');
\c - regress_dba
SELECT warrant.alter_policy('ledger', '{"require_comment": true}');
\c - :owner
SELECT event, who, command, comment FROM stage.news() WHERE event IN ('weakened', 'policy_changed', 'request_approved', 'request_denied');
\c - regress_clerk
SELECT count(*) FROM ledger;
DELETE FROM ledger;
\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
