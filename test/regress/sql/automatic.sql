-- Policies of effect auto: what a definition takes, what a statement makes itself and what it does not, and which policy governs where one does not match.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
SET client_min_messages = warning;
CREATE TABLE ledger (a int, note text);
CREATE TABLE payroll (a int);
CREATE TABLE book (k int) PARTITION BY LIST (k);
CREATE TABLE book_1 PARTITION OF book FOR VALUES IN (1);
INSERT INTO ledger VALUES (1, 'x');
GRANT ALL ON ledger, payroll, book, book_1 TO regress_clerk, regress_other;
-- The grants that policies have made, with how long they live.
CREATE VIEW made AS SELECT g.id, g.grantee_name AS who, s.policy_name AS policy, s.relation_name AS relation, s.commands, g.reason, g.ends_at - g.starts_at AS lives, g.max_uses, g.closed_by, g.close_reason
  FROM warrant.grants g JOIN warrant.grant_scopes s ON s.grant_id = g.id WHERE g.granted_by = '{}' ORDER BY g.id, s.relation_name;
GRANT SELECT ON made TO PUBLIC;

-- Definitions: nobody is asked, so what is about asking means nothing.
SELECT state, message, hint, p FROM unnest(ARRAY['request_ttl => $x$1 h$x$', 'max_duration => $x$1 h$x$', 'min_approvals => 2', 'approver_role => $x$regress_chief$x$',
    'require_comment => true', 'commands => $x${ADMIN}$x$', 'default_duration => $x$0 s$x$', 'default_duration => $x$1 month$x$', 'max_uses => 0', 'mode => $x$ask$x$'])
    WITH ORDINALITY AS c (p, n), LATERAL stage.try(format('SELECT warrant.create_policy(%L, %L, %s => %L, %s)', 'x', 'auto', CASE n WHEN 6 THEN 'on_database => true, name' ELSE 'on_table' END,
                                                          CASE n WHEN 6 THEN 'x' ELSE 'ledger' END, p)) WHERE n <> 6;
SELECT state, message, hint FROM stage.try($$SELECT warrant.create_policy('x', 'auto', on_database => true, commands => '{ADMIN}')$$);
SELECT state, message, hint FROM stage.try($$SELECT warrant.create_policy('x', 'automatic', on_table => 'ledger')$$);
SELECT warrant.create_policy('say why', 'auto', on_table => 'ledger', commands => '{SELECT,UPDATE}', require_reason => true);
SELECT default_duration, audit FROM warrant.policies WHERE name = 'say why';
SELECT warrant.export_policies();
SELECT * FROM warrant.apply_policies(warrant.export_policies());
SELECT state, message FROM stage.try($$SELECT warrant.alter_policy('say why', '{"min_approvals": 2}')$$);
SELECT warrant.alter_policy('say why', '{"default_duration": "20 min"}');
SELECT warrant.alter_policy('say why', '{"default_duration": null}');
SELECT warrant.unprotect('ledger');
SELECT warrant.create_policy('say why', 'auto', on_table => 'ledger', commands => '{SELECT,UPDATE}', require_reason => true);
RESET client_min_messages;

-- Alone it lets nothing through that it does not grant.
\c - regress_clerk
SELECT * FROM stage.try('TABLE ledger');
SELECT * FROM stage.try('INSERT INTO ledger VALUES (2)');
SELECT rule, answer, detail FROM warrant.explain('SELECT', 'ledger') WHERE rule IN ('policy', 'auto');
SELECT state, message, detail, hint FROM stage.try($$SELECT warrant.request('{SELECT}', 'ledger', reason => 'year end')$$);
SELECT state, message, detail, hint FROM stage.try($$SELECT warrant.request('{UPDATE_ALL}', 'ledger')$$);
SELECT state, message FROM stage.try($$SELECT warrant.request('{SELECT}', 'book')$$);
-- Blanks and marks are no reason.
SET pg_warrant.reason = U&' \00A0\200E ';
SELECT state, detail FROM stage.try('TABLE ledger');
-- The reason is used by the grant, which serves until it ends.
SET pg_warrant.reason = 'year end';
SELECT rule, answer, detail FROM warrant.explain('SELECT', 'ledger') WHERE rule IN ('policy', 'auto');
TABLE ledger;
SHOW pg_warrant.reason;
TABLE ledger;
UPDATE ledger SET note = 'y' WHERE a = 1;
SELECT id, commands, policy_name, granted_by, reason FROM warrant.my_grants;
SELECT id, state FROM warrant.my_requests;
-- Another command is another grant, and EXPLAIN, PREPARE and a failed transaction make one as well.
SET pg_warrant.reason = 'correction';
BEGIN;
EXPLAIN (COSTS OFF) UPDATE ledger SET note = 'z' WHERE a = 1;
ROLLBACK;
PREPARE change AS UPDATE ledger SET note = 'z' WHERE a = 1;
EXECUTE change;
EXECUTE change;
-- It grants what it names, and what it only covers besides is refused.
SELECT state, message, detail, hint FROM stage.try('UPDATE ledger SET note = $$x$$');
-- What another needs is of no use to somebody else.
\c - regress_other
SELECT state, detail FROM stage.try('TABLE ledger');
\c - :owner
SELECT * FROM made;
SELECT event, who, command, relation, "grant", n, outcome, sqlstate, comment FROM stage.news() WHERE event <> 'role_changed' AND relation IS NOT NULL;

-- Who revokes it wants it to stop; who gives it back may have another.
\c - regress_clerk
SELECT warrant.give_back(1);
SET pg_warrant.reason = 'again';
SELECT count(*) FROM ledger;
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.revoke(3, 'no more');
SELECT role::regrole, stopped_by, reason, grant_id, until > now() + interval '59 min' AND until <= now() + interval '1 hour' AS for_an_hour FROM warrant.auto_stops;
SELECT warrant.revoke(NULL);
SELECT warrant.revoke(99);
\c - regress_clerk
SELECT rule, answer, regexp_replace(detail, 'until .*', 'until ...') AS detail FROM warrant.explain('SELECT', 'ledger') WHERE rule = 'auto';
SET pg_warrant.reason = 'once more';
SELECT state, message, regexp_replace(detail, 'until .*', 'until ...') AS detail, hint, policy FROM stage.try('TABLE ledger');
SELECT state, message, regexp_replace(detail, 'until .*', 'until ...') AS detail, hint FROM stage.try($$SELECT warrant.request('{SELECT}', 'ledger')$$);
SELECT rule, answer, regexp_replace(detail, 'until .*', 'until ...') AS detail FROM warrant.explain('SELECT', 'ledger') WHERE rule IN ('policy', 'auto');
UPDATE ledger SET note = 'other grants live on' WHERE a = 1;
SHOW pg_warrant.reason;
\c - regress_other
SET pg_warrant.reason = 'somebody else';
SELECT count(*) FROM ledger;
\c - regress_dba
SET client_min_messages = warning;
SELECT warrant.revoke_all('regress_other', 'leaver');
SELECT warrant.revoke_all('regress_other', 'leaver');
SELECT event, who, regexp_replace(comment, 'until [^,]*', 'until ...') AS comment, "grant" FROM stage.news() WHERE event = 'auto_stopped';
\c - regress_other
SET pg_warrant.reason = 'somebody else';
SELECT state, regexp_replace(detail, 'until .*', 'until ...') AS detail FROM stage.try('TABLE ledger');

-- Short grants are no way around it: one that has ended can be revoked, and what stops is as long as any. All logins of the person are stopped.
\c - :owner
SET client_min_messages = warning;
SELECT warrant.create_policy('quick', 'auto', on_table => 'payroll', commands => '{SELECT}', default_duration => '2 hours');
SELECT warrant.set_person('regress_clerk', 'one'), warrant.set_person('regress_deputy', 'one');
GRANT SELECT ON payroll TO regress_deputy;
\c - regress_clerk
SET client_min_messages = warning;
SET pg_warrant.duration = '1 second';
TABLE payroll;
SELECT pg_sleep(1.1);
SELECT warrant.revoke(5);
\c - regress_chief
SET client_min_messages = warning;
SELECT warrant.revoke(5, 'too quick');
SELECT role::regrole, s.until > now() + interval '119 min' AND s.until <= now() + interval '2 hours' AS for_two_hours FROM warrant.auto_stops s WHERE reason = 'too quick' ORDER BY 1;
\c - regress_clerk
SELECT state, regexp_replace(detail, 'grant [0-9]+ (.*) until .*', 'grant N \1 until ...') AS detail FROM stage.try('TABLE payroll');
\c - regress_deputy
SELECT state, message FROM stage.try('TABLE payroll');
-- Who has neither asked nor got anything is stopped as well.
\c - :owner
SET client_min_messages = warning;
SELECT warrant.set_person('regress_clerk', NULL), warrant.set_person('regress_deputy', NULL), warrant.drop_policy('quick');
SELECT count(*) FROM warrant.auto_stops WHERE role = 'regress_dba'::regrole;
SELECT warrant.revoke_all('regress_dba');
SELECT p.name FROM warrant.auto_stops s JOIN warrant.policies p ON p.id = s.policy_id WHERE s.role = 'regress_dba'::regrole;

-- Behind it comes the next policy, of lower priority or further away: it governs what this one does not grant.
\c - regress_dba
SET client_min_messages = warning;
SELECT warrant.create_policy('ask', 'approve', on_table => 'ledger', priority => -1);
\c - regress_clerk
SELECT * FROM stage.try('TABLE ledger');
SELECT state, message FROM stage.try('INSERT INTO ledger VALUES (2)');
SELECT rule, answer, regexp_replace(detail, 'until .*', 'until ...') AS detail FROM warrant.explain('SELECT', 'ledger') WHERE rule IN ('policy', 'approve');
SELECT warrant.request('{SELECT,UPDATE}', 'ledger', reason => 'ahead');
\c - regress_dba
SET client_min_messages = warning;
SELECT rule, answer, detail FROM warrant.explain('regress_dba', 'SELECT', 'ledger') WHERE rule IN ('policy', 'auto');
-- Where both are equal the one that asks governs.
SELECT warrant.alter_policy('ask', '{"priority": 0}');
\c - regress_deputy
SET pg_warrant.reason = 'why';
\c - :owner
GRANT SELECT ON ledger TO regress_deputy;
\c - regress_deputy
SET pg_warrant.reason = 'why';
SELECT state, message FROM stage.try('TABLE ledger');
\c - regress_dba
SET client_min_messages = warning;
SELECT warrant.drop_policy('ask');

-- No grant is made for a statement that is refused all the same: another policy asks, denies, or the server refuses.
SELECT warrant.create_policy('ask payroll', 'approve', on_table => 'payroll');
\c - :owner
GRANT SELECT ON payroll TO regress_deputy;
CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM ledger';
CREATE TABLE secret (a int);
\c - regress_deputy
SET pg_warrant.reason = 'both';
SELECT state, message FROM stage.try('SELECT FROM ledger, payroll');
SELECT state, message FROM stage.try('SELECT FROM ledger, secret');
SELECT state, message FROM stage.try('DELETE FROM ledger');
SHOW pg_warrant.reason;
SELECT count(*) FROM made WHERE who = 'regress_deputy';
SET pg_warrant.reason = 'inside a function';
SET pg_warrant.duration = '1 min';
SELECT peek();
SELECT policy, relation, lives FROM made WHERE who = 'regress_deputy';
\c - :owner

-- Uses, networks, and a definer: in whose name code runs has no reason of his own.
SET client_min_messages = warning;
SELECT warrant.drop_policy('say why');
SELECT warrant.drop_policy('ask payroll');
CREATE ROLE regress_owner LOGIN;
ALTER TABLE payroll OWNER TO regress_owner;
SELECT warrant.create_policy('once', 'auto', on_table => 'payroll', commands => '{SELECT}', max_uses => 1, client_cidr => '{127.0.0.0/8}');
SELECT warrant.create_policy('elsewhere', 'auto', on_table => 'payroll', commands => '{SELECT}', priority => 1, client_cidr => '{10.0.0.0/8}');
\c - regress_clerk
TABLE payroll;
TABLE payroll;
SELECT rule, answer, detail FROM warrant.explain('SELECT', 'payroll') WHERE rule IN ('policy', 'auto');
\c - :owner
SELECT id, policy, max_uses FROM made WHERE relation = 'payroll';
SET client_min_messages = warning;
CREATE FUNCTION regress_peek() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN (SELECT count(*) FROM payroll); END';
ALTER FUNCTION regress_peek() OWNER TO regress_owner;
GRANT warrant_exempt TO regress_other;
SELECT warrant.alter_policy('once', '{"max_uses": null}');
\c - regress_other
SELECT regress_peek();
SELECT regress_peek();
\c - :owner
SELECT who, policy FROM made WHERE who = 'regress_owner';
SELECT session_user_name, current_user_name, comment FROM warrant.audit_log WHERE event = 'grant_created' ORDER BY seq DESC LIMIT 1;
SET client_min_messages = warning;
SELECT warrant.alter_policy('once', '{"require_reason": true}');
\c - regress_other
SET pg_warrant.reason = 'mine';
SELECT state, message, detail FROM stage.try('SELECT regress_peek()');
\c - :owner
REVOKE warrant_exempt FROM regress_other;

-- Tables that belong together: the strictest governs, and a partition that comes is covered.
SET client_min_messages = warning;
SELECT warrant.create_policy('whole', 'auto', on_table => 'book');
SELECT warrant.create_policy('part', 'auto', on_table => 'book_1', require_reason => true);
\c - regress_clerk
SELECT state, message, policy FROM stage.try('TABLE book');
SET pg_warrant.reason = 'parts';
TABLE book;
SELECT policy, relation, commands FROM made WHERE relation LIKE 'book%';
\c - :owner
SET client_min_messages = warning;
SELECT warrant.alter_policy('part', '{"effect": "approve", "require_reason": false}');
\c - regress_clerk
SELECT state, message FROM stage.try('TABLE book');
\c - :owner
SET client_min_messages = warning;
SELECT warrant.drop_policy('part');
SELECT warrant.drop_policy('whole');

-- A ticket: of the session that asks, whole, and of nobody else. The grant has it, and it is used by that.
SET client_min_messages = warning;
SELECT warrant.drop_policy('elsewhere');
SELECT warrant.alter_policy('once', '{"require_reason": false, "ticket_pattern": "OPS-[0-9]+"}');
GRANT warrant_exempt TO regress_other;
\c - regress_clerk
SELECT state, detail, hint FROM stage.try('TABLE payroll');
SET pg_warrant.ticket = 'OPS-7 x';
SELECT state, detail FROM stage.try('TABLE payroll');
SELECT rule, answer, detail FROM warrant.explain('SELECT', 'payroll') WHERE rule IN ('policy', 'auto');
SET pg_warrant.ticket = 'OPS-7';
SELECT rule, answer, detail FROM warrant.explain('SELECT', 'payroll') WHERE rule IN ('policy', 'auto');
TABLE payroll;
SHOW pg_warrant.ticket;
TABLE payroll;
SELECT policy_name, ticket FROM warrant.my_grants WHERE policy_name = 'once';
\c - regress_other
SET pg_warrant.ticket = 'OPS-8';
SELECT state, detail FROM stage.try('SELECT regress_peek()');
-- Another pattern ends the grants whose tickets do not match it.
\c - :owner
SET client_min_messages = warning;
REVOKE warrant_exempt FROM regress_other;
SELECT rule, answer, detail FROM warrant.explain('regress_other', 'SELECT', 'payroll') WHERE rule = 'auto';
SELECT warrant.alter_policy('once', '{"ticket_pattern": "OPS-[0-9]"}');
\c - regress_clerk
TABLE payroll;
\c - :owner
SET client_min_messages = warning;
SELECT warrant.alter_policy('once', '{"ticket_pattern": "CHG-[0-9]"}');
\c - regress_clerk
SELECT state, detail FROM stage.try('TABLE payroll');
\c - :owner
SET client_min_messages = warning;
-- In a family the policy that wants a ticket governs.
SELECT warrant.create_policy('whole', 'auto', on_table => 'book', require_reason => true);
SELECT warrant.create_policy('part', 'auto', on_table => 'book_1', ticket_pattern => 'OPS-[0-9]+');
\c - regress_clerk
SET pg_warrant.reason = 'parts';
SELECT state, detail FROM stage.try('INSERT INTO book VALUES (1)');
SET pg_warrant.ticket = 'OPS-1';
SELECT state, policy FROM stage.try('INSERT INTO book VALUES (1)');
\c - :owner
SET client_min_messages = warning;
SELECT warrant.drop_policy('part');
SELECT warrant.drop_policy('whole');

-- A parallel worker has a copy of its leader's claims, and is not told which of them are used: they count for nothing there. Those of a role are never used.
CREATE TABLE many AS SELECT i AS id FROM generate_series(1, 10000) AS i;
ANALYZE many;
GRANT SELECT ON many TO PUBLIC;
CREATE FUNCTION noted(int) RETURNS bigint PARALLEL SAFE LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM ledger WHERE a = $1); END $$;
SELECT warrant.create_policy('why', 'auto', on_table => 'ledger', require_reason => true);
\c - regress_clerk
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SET pg_warrant.reason = 'of the leader';
\set VERBOSITY terse
SELECT count(noted(id)) FROM many WHERE id < 9000;
\set VERBOSITY default
SHOW pg_warrant.reason;
\c - :owner
SET client_min_messages = warning;
SELECT warrant.alter_policy('why', '{"require_reason": false, "ticket_pattern": "OPS-[0-9]+"}');
\c - regress_clerk
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SET pg_warrant.ticket = 'OPS-1';
\set VERBOSITY terse
SELECT count(noted(id)) FROM many WHERE id < 9000;
\set VERBOSITY default
\c - :owner
ALTER ROLE regress_clerk SET pg_warrant.ticket = 'OPS-2';
\c - regress_clerk
SET client_min_messages = warning;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SELECT count(noted(id)) FROM many WHERE id < 9000;
\c - :owner
SET client_min_messages = warning;
ALTER ROLE regress_clerk RESET pg_warrant.ticket;
SELECT warrant.drop_policy('why');

-- At most so many live at a time.
ALTER SYSTEM SET pg_warrant.max_pending = 3;
SELECT pg_reload_conf();
\c -
SET client_min_messages = warning;
SELECT warrant.drop_policy('once');
SELECT warrant.create_policy('any', 'auto', on_schema => 'public', max_uses => 2);
GRANT ALL ON ledger TO regress_auditor;
\c - regress_auditor
SET client_min_messages = warning;
SELECT state, message, hint FROM stage.try($$SELECT warrant.request('{SELECT}', on_schema => 'public')$$);
SELECT state, message, hint FROM stage.try($$SELECT warrant.request('{SELECT}', on_database => true)$$);
SELECT count(*) FROM ledger;
INSERT INTO ledger VALUES (2, 'y');
UPDATE ledger SET note = 'z' WHERE a = 2;
SELECT * FROM stage.try('DELETE FROM ledger WHERE a = 2');
-- One that is used up, and one that is given back, leave room.
SELECT count(*) FROM ledger;
DELETE FROM ledger WHERE a = 2;
SELECT state, message FROM stage.try('TABLE ledger');
SELECT warrant.give_back(max(id)) FROM warrant.my_grants;
SELECT count(*) FROM ledger;
\c - :owner
ALTER SYSTEM RESET pg_warrant.max_pending;
SELECT pg_reload_conf();

-- Monitor mode makes nothing, and has nothing to refuse.
SET client_min_messages = warning;
SELECT warrant.alter_policy('any', '{"mode": "monitor"}');
SELECT count(*) AS before FROM made \gset
SELECT count(*) AS seen FROM stage.news() \gset
\c - regress_clerk
INSERT INTO ledger VALUES (9);
SELECT rule, answer, detail FROM warrant.explain('INSERT', 'ledger') WHERE rule = 'auto';
\c - :owner
SELECT count(*) - :before AS made FROM made;
SELECT event, who, command, relation, "grant" FROM stage.news() WHERE event IN ('allowed', 'would_refuse');
SET client_min_messages = warning;
SELECT warrant.alter_policy('any', '{"mode": "enforce", "max_uses": null, "default_duration": "30 min"}');

-- What a grant was given for counts when its policy is altered, and who gave it.
\c - regress_clerk
SET client_min_messages = warning;
SELECT count(*) FROM ledger;
\c - :owner
SET client_min_messages = warning;
SELECT warrant.alter_policy('any', '{"default_duration": "1 hour"}');
SELECT cardinality(kept_grants) FROM warrant.policies WHERE name = 'any';
SELECT warrant.alter_policy('any', '{"default_duration": "10 min"}');
SELECT cardinality(kept_grants) FROM warrant.policies WHERE name = 'any';
\c - regress_clerk
SET client_min_messages = warning;
SELECT count(*) FROM ledger;
\c - :owner
SET client_min_messages = warning;
SELECT warrant.alter_policy('any', '{"effect": "approve"}');
SELECT default_duration, cardinality(kept_grants) FROM warrant.policies WHERE name = 'any';
\c - regress_clerk
SELECT state, message FROM stage.try('TABLE ledger');
\c - :owner
SET client_min_messages = warning;
SELECT warrant.alter_policy('any', '{"effect": "auto", "default_duration": null}');
-- A table that is made anew is not granted by what its name was given.
SELECT warrant.drop_policy('any');
SELECT warrant.create_policy('gone', 'auto', on_table => 'payroll');
DROP TABLE payroll CASCADE;
CREATE TABLE payroll (a int);
GRANT SELECT ON payroll TO regress_clerk;
\c - regress_clerk
TABLE payroll;
\c - :owner
SELECT count(*) FROM made WHERE policy = 'gone';
DROP FUNCTION regress_peek(), peek();
DROP OWNED BY regress_owner;
DROP ROLE regress_owner;
-- What lacks both a reason and a ticket is told of both.
CREATE TABLE both_wanted (a int);
GRANT ALL ON both_wanted TO PUBLIC;
SET client_min_messages = warning;
SELECT warrant.create_policy('both wanted', 'auto', on_table => 'both_wanted', commands => '{READ}', require_reason => true, ticket_pattern => 'OPS-[0-9]+');
\c - regress_clerk
SELECT detail, hint FROM stage.try('TABLE both_wanted');
SET pg_warrant.reason = 'one of them';
SELECT detail, hint FROM stage.try('TABLE both_wanted');
RESET pg_warrant.reason;
SET pg_warrant.ticket = 'OPS-1';
SELECT detail, hint FROM stage.try('TABLE both_wanted');
SET pg_warrant.reason = 'both';
SET pg_warrant.ticket = 'OPS-1';
SET client_min_messages = warning;
TABLE both_wanted;
\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
