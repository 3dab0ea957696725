-- Definitions that weaken are audited as such; with pg_warrant.definition_approval they need an ADMIN grant, which another person gives.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int);
CREATE TABLE other (a int);
CREATE SCHEMA s;
CREATE ROLE regress_guild;
SELECT count(*) FROM stage.news();
-- What tightens, or has nothing to relax, is not weakened.
\c - regress_dba
SET client_min_messages = warning;
SELECT warrant.create_policy('two', 'approve', on_table => 'ledger', min_approvals => 2, require_reason => true);
SELECT warrant.create_policy('none', 'deny', on_schema => 's');
SELECT warrant.create_policy('stricter', 'deny', on_table => 'ledger', commands => '{TRUNCATE}', priority => 1);
SELECT warrant.create_policy('beside', 'approve', on_table => 'other', mode => 'monitor');
SELECT warrant.create_policy('below', 'approve', on_database => true, priority => -1);
\c - :owner
SELECT event, comment FROM stage.news() WHERE event LIKE 'policy%' OR event = 'weakened';
\c - regress_dba
SELECT warrant.create_policy('one', 'approve', on_table => 'ledger', for_roles => '{regress_clerk}', require_reason => true);
SELECT warrant.create_policy('longer', 'approve', on_table => 'ledger', min_approvals => 2, require_reason => true, priority => 2, max_duration => '2 days');
SELECT warrant.create_policy('no reason', 'approve', on_table => 'ledger', min_approvals => 2, priority => 3);
SELECT warrant.create_policy('not audited', 'approve', on_table => 'ledger', min_approvals => 2, require_reason => true, priority => 6, audit => 'none');
SELECT warrant.create_policy('others decide', 'approve', on_table => 'ledger', min_approvals => 2, require_reason => true, priority => 7, approver_role => 'regress_guild');
SELECT warrant.create_policy('approve, not deny', 'approve', on_schema => 's', priority => 1);
SELECT warrant.create_policy('only watched', 'approve', on_table => 'ledger', min_approvals => 3, require_reason => true, priority => 8, mode => 'monitor');
SELECT warrant.create_policy('open', 'open', on_table => 'other');
SELECT warrant.create_policy('excepted', 'deny', on_table => 'other', except_roles => '{regress_clerk}');
SELECT warrant.set_person('regress_clerk', 'clerk');
SELECT warrant.drop_policy(n) FROM unnest('{one,longer,"no reason","not audited","others decide","approve, not deny","only watched",open,excepted}'::text[]) AS n;
\c - :owner
SELECT event, comment, count(*) FROM stage.news() WHERE event = 'weakened' GROUP BY 1, 2 ORDER BY 2;

ALTER SYSTEM SET pg_warrant.definition_approval = on;
SELECT pg_reload_conf();
\c -
SHOW pg_warrant.definition_approval;
-- Superusers as well.
SELECT state, message, hint FROM stage.try($$SELECT warrant.drop_policy('two')$$);
\c - regress_dba
SELECT state FROM stage.try($$SELECT warrant.drop_policy('two')$$);
SELECT state FROM stage.try($$SELECT warrant.unprotect('ledger')$$);
SELECT state FROM stage.try($$SELECT warrant.create_policy('open', 'open', on_table => 'other')$$);
SELECT state FROM stage.try($$SELECT warrant.set_person('regress_dba', 'chief')$$);
SELECT state FROM stage.try($$SELECT warrant.create_policy('watch', 'approve', on_table => 'ledger', commands => '{EXPORT,ALTER,DROP,GRANT}', priority => 9, mode => 'monitor')$$);
SELECT state FROM stage.try($$SELECT warrant.create_policy('admin', 'approve', on_database => true, commands => '{ADMIN}', approver_role => 'regress_guild')$$);
SELECT state FROM stage.try($$SELECT warrant.create_policy('elsewhere', 'approve', on_table => 'other', min_approvals => 3, approver_role => 'regress_guild')$$);
SELECT state FROM stage.try($$SELECT warrant.add_webhook('desk', 'https://desk.example.com/', 'decision', 'desk')$$);
-- What does not weaken needs nobody.
SELECT warrant.create_policy('more', 'deny', on_table => 'ledger', commands => '{DELETE}', priority => 1);
-- With a grant of another person it is done, and the audit says under which.
SELECT warrant.request('{ADMIN}', on_database => true, reason => 'clearing up');
\c - regress_chief
SELECT warrant.approve(1);
\c - regress_deputy
SELECT warrant.approve(1);
\c - regress_dba
SELECT warrant.drop_policy('more');
SELECT warrant.set_person('regress_clerk', NULL);
\c - :owner
SELECT event, comment FROM stage.news() WHERE event = 'weakened';
-- A dump's persons come before there are policies.
SELECT count(*) AS persons FROM warrant.persons;
SELECT state FROM stage.try($$COPY warrant.persons FROM '/dev/null'$$);
-- A grant of one use lets one statement weaken, however much.
\c - regress_chief
SELECT warrant.revoke(1);
SELECT warrant.grant('regress_dba', '{ADMIN}', on_database => true, max_uses => 1, reason => 'once');
\c - regress_deputy
SELECT warrant.approve(2);
\c - regress_dba
SELECT warrant.set_person('regress_clerk', 'clerk'), warrant.set_person('regress_other', 'other');
SELECT state FROM stage.try($$SELECT warrant.set_person('regress_clerk', NULL)$$);
\c - :owner
SELECT event, comment, "grant" FROM stage.news() WHERE event IN ('weakened', 'grant_used_up');
ALTER SYSTEM RESET pg_warrant.definition_approval;
SELECT pg_reload_conf();
\c -
SHOW pg_warrant.definition_approval;
DROP ROLE regress_guild;
\set file :directory '/sql/include/leave.sql'
\i :file
