-- See and judge: what an approver reads before a decision, and a requester after it.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
SET client_min_messages = warning;
CREATE TABLE orders (id int PRIMARY KEY, status text);
CREATE TABLE "odd ""table" (a int);
INSERT INTO orders SELECT i, 'open' FROM generate_series(1, 1000) AS i;
ANALYZE orders;
GRANT ALL ON orders, "odd ""table" TO PUBLIC;
CREATE ROLE regress_security LOGIN;
SELECT warrant.protect('orders'), warrant.create_policy('two', 'approve', on_table => 'orders', commands => '{DELETE}', priority => 1, min_approvals => 2, max_uses => 3),
       warrant.create_policy('odd', 'approve', on_table => '"odd ""table"', approver_role => 'regress_security', default_duration => '2 hours');
-- The words of a card differ from run to run where they tell how long ago something was.
CREATE FUNCTION stage.card(request bigint) RETURNS TABLE (item text, value text) LANGUAGE sql AS $$
    SELECT s.item, regexp_replace(s.value, '\d+ (second|minute)s?( ago|, expires)', 'a moment\2') FROM warrant.show_request(request) AS s $$;

-- Statements gather at their request, with the rows that the server expects.
\c - regress_clerk
SET pg_warrant.reason = 'customer 7 called';
UPDATE orders SET status = 'void' WHERE id IS NOT NULL;
UPDATE orders SET status = 'void' WHERE id = 7;
UPDATE orders SET status = 'void' WHERE id = 7;
SET pg_warrant.reason = 'customer 7 called';
DELETE FROM orders WHERE id < 100;
RESET pg_warrant.reason;
SELECT warrant.request('{ALL}', on_table => '"odd ""table"', duration => '45 min', max_uses => 1);
\c - regress_chief
SELECT id, who, target, commands, rows, statement, approvals FROM warrant.my_inbox;
SELECT * FROM stage.card(1);
SELECT * FROM stage.card(2);
-- It is for others to decide, and to be read.
SELECT * FROM stage.card(3);
\c - regress_security
SELECT id, who, target, commands, rows, statement, approvals FROM warrant.my_inbox;
SELECT * FROM stage.card(3);
SELECT warrant.show_request(1);
-- Statements are for those who decide, and for auditors.
\c - regress_dba
SELECT count(*), count(*) FILTER (WHERE item = 'statement') AS statements FROM warrant.show_request(1);
\c - regress_auditor
SELECT count(*), count(*) FILTER (WHERE item = 'statement') AS statements FROM warrant.show_request(1);
\c - regress_clerk
SELECT * FROM stage.card(1);
SELECT * FROM warrant.my_inbox;
\c - regress_other
SELECT warrant.show_request(1);
SELECT warrant.request_timeline(1);
SELECT warrant.request_status(1);
SELECT warrant.show_request(99);
SELECT warrant.show_request(NULL);

-- What one has voted on is no more in one's inbox; the comments reach who asked.
\c - regress_chief
SELECT warrant.approve(1, duration => '5 min', comment => 'this one');
SELECT warrant.approve(2, comment => 'if the deputy agrees');
SELECT id, approvals FROM warrant.my_inbox;
\c - regress_clerk
SELECT state, decided_by, decision_comment FROM warrant.my_requests WHERE id = 2;
\c - regress_deputy
SELECT id, approvals FROM warrant.my_inbox;
SELECT warrant.deny(2, E'not\n  all of them');
\c - regress_clerk
SELECT id, state, decided_by, decision_comment FROM warrant.my_requests WHERE id < 3 ORDER BY id;
SELECT r.id, s - '{expires_at,grant,requested_at,requester,person,reason,max_uses,items}'::text[] AS status, s->>'grant' ~ '^lives for' AS lives FROM generate_series(1, 3) AS r (id), warrant.request_status(r.id) AS s;
SELECT * FROM stage.card(2);
UPDATE orders SET status = 'void' WHERE id = 7;
UPDATE orders SET status = 'void' WHERE id = 7;
SELECT event, who, detail FROM warrant.request_timeline(1);
SELECT event, who, detail FROM warrant.request_timeline(2);

SELECT jsonb_pretty(warrant.request_status(3) - '{expires_at,requested_at}'::text[]);

-- What was denied before is named to those who may see that request.
\c - regress_chief
SELECT value FROM stage.card(3) WHERE item = 'lately';
\c - regress_security
SELECT value FROM stage.card(3) WHERE item = 'lately';

-- How a grant ended.
\c - regress_chief
SELECT warrant.revoke(1, 'enough');
SELECT value ~ '^1, revoked .* ago by regress_chief: enough$' AS tells FROM warrant.show_request(1) WHERE item = 'grant';
SELECT warrant.request_status(1)->>'next_step' AS next_step;
-- Another request about the same object is shown with it.
\c - :owner
SELECT r.id, regexp_replace(w.words, 'revoked .* ago', 'revoked ... ago') AS words FROM warrant.requests r, warrant_internal.history_in_words(r) AS w (words) WHERE w.words LIKE 'grant%' ORDER BY r.id;
\c - regress_chief
\c - regress_security
SELECT warrant.approve(3);
\c - regress_clerk
TABLE "odd ""table";
SELECT warrant.request_status(3)->'grant' AS "grant", warrant.request_status(3)->'next_step' AS next_step;

-- An approval is a person's, whatever the number of logins; who has voted is shown only how to take it back.
\c - regress_other
SELECT warrant.request('{DELETE}', on_table => 'orders');
\c - regress_chief
SELECT warrant.approve(4);
SELECT item, value FROM warrant.show_request(4) WHERE item IN ('approvals', 'to approve', 'for less', 'to deny');
\c - :owner
SELECT warrant.set_person('regress_deputy', 'charlie'), warrant.set_person('regress_chief', 'charlie');
\c - regress_deputy
SELECT count(*) FROM warrant.my_inbox;
SELECT item, value FROM warrant.show_request(4) WHERE item IN ('approvals', 'to approve', 'for less', 'to deny');
\c - :owner
SELECT warrant.set_person('regress_other', 'charlie');
\c - regress_auditor
SELECT value FROM warrant.show_request(4) WHERE item = 'approvals';
SELECT warrant.request_status(4)->'missing' AS missing;
\c - :owner
SELECT warrant.set_person('regress_other', NULL), warrant.set_person('regress_deputy', NULL), warrant.set_person('regress_chief', NULL);

-- However many statements and objects there are, what reaches most is shown, and the others are counted.
\c - regress_other
DELETE FROM orders WHERE id > 0 /* all of them */;
SELECT format('DELETE FROM orders WHERE id = %s', i) FROM generate_series(1, 6) AS i \gexec
DELETE FROM orders WHERE id = 7 AND status IN ('a long statement', 'whose end is seen', 'by those alone', 'who ask for it', 'in full');
\c - regress_deputy
SELECT value FROM warrant.show_request(4) WHERE item = 'statement';
SELECT item, value FROM warrant.show_request(4) WHERE item = 'in full';
SELECT value FROM warrant.show_request(4, whole => true) WHERE item IN ('statement', 'in full');
SELECT max(length(value)) < 106 AS fits FROM warrant.show_request(4, NULL);
\c - :owner
SELECT format('CREATE TABLE many%s (a int)', i) FROM generate_series(10, 21) AS i \gexec
CREATE TABLE "zz
approvals  | 2 of 2" (a int);
GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC;
SELECT warrant.create_policy('everything', 'approve', on_schema => 'public', priority => -1) AS made;
\c - regress_other
SELECT warrant.request('{SELECT}', on_tables => (SELECT array_agg(c.oid::regclass) FROM pg_class c WHERE c.relname ~ '^(many|zz)'));
\c - regress_deputy
SELECT value FROM warrant.show_request(5) WHERE item = 'wants';
SELECT id, target, commands FROM warrant.my_inbox;

-- A plan that returns one row may read all of them, and of children nobody has counted the rows.
\c - :owner
CREATE TABLE child () INHERITS (many10);
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'orders', max_uses => 1) AS made;
\c - regress_clerk
SET plan_cache_mode = force_generic_plan;
PREPARE counted AS SELECT count(*) > 5 AS many FROM orders;
EXECUTE counted;
EXECUTE counted;
DELETE FROM many10 WHERE a IS NOT NULL;
\c - regress_deputy
SELECT i.item, i.value FROM warrant.my_inbox b, LATERAL warrant.show_request(b.id) AS i WHERE b.who = 'regress_clerk' AND i.item IN ('wants', 'statement') ORDER BY b.id;

-- Whose statement it was, where somebody else called a function of the requester's.
\c - regress_clerk
CREATE FUNCTION public.tidy() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM many11';
GRANT EXECUTE ON FUNCTION public.tidy() TO PUBLIC;
\c - :owner
\set VERBOSITY terse
SELECT public.tidy();
\set VERBOSITY default
SELECT value = concat('regress_clerk, by a statement of ', session_user) AS tells FROM warrant.requests r, warrant.show_request(r.id) AS i WHERE i.item = 'by' AND r.id = (SELECT max(id) FROM warrant.requests);
\c - regress_clerk
SELECT value FROM warrant.my_requests r, warrant.show_request(r.id) AS i WHERE i.item = 'by' AND r.relation_name = 'many11';

-- Of many objects the one that is deleted from is named, whatever its name, and an approval tells all that it gives.
\c - :owner
CREATE TABLE payroll (a int);
SELECT format('CREATE TABLE more%s (a int)', i) FROM generate_series(1, 6) AS i \gexec
GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC;
SELECT string_agg(t.t, ', ') AS reads FROM (SELECT 'many' || i FROM generate_series(10, 21) AS i UNION ALL SELECT 'more' || i FROM generate_series(1, 6) AS i) AS t (t) \gset
\c - regress_clerk
\set VERBOSITY terse
WITH c AS (SELECT 1 FROM :reads), d AS (DELETE FROM payroll RETURNING 1) SELECT * FROM c;
\set VERBOSITY default
\c - regress_deputy
SELECT max(id) AS request FROM warrant.pending \gset
SELECT target, commands FROM warrant.my_inbox WHERE id = :request;
SELECT item, value FROM warrant.show_request(:request) WHERE item IN ('wants', 'in full');
SELECT item, value FROM warrant.show_request(:request, whole => true) WHERE item IN ('wants', 'in full');
SELECT warrant.approve(:request);

-- The last of many objects is for others to decide: they read the statement, too.
\c - :owner
CREATE TABLE zz_last (a int);
GRANT ALL ON zz_last TO PUBLIC;
SELECT warrant.create_policy('last', 'approve', on_table => 'zz_last', approver_role => 'regress_security') AS made;
\c - regress_other
\set VERBOSITY terse
SELECT count(*) AS of_all FROM :reads, zz_last;
\set VERBOSITY default
\c - regress_security
SELECT target, statement FROM warrant.my_inbox WHERE target = 'public.zz_last';
SELECT i.value FROM warrant.my_inbox b, warrant.show_request(b.id) AS i WHERE b.target = 'public.zz_last' AND i.item = 'statement';

-- Where the log keeps only the beginning of a text, it says so.
\c - regress_other
\set VERBOSITY terse
SELECT format('DELETE FROM payroll WHERE a = 1 %s OR true', repeat(' ', 8300)) AS long \gset
:long;
\set VERBOSITY default
\c - regress_deputy
SELECT i.value FROM warrant.pending b, warrant.show_request(b.id) AS i WHERE b.target = 'public.payroll' AND i.item = 'statement';
SELECT statement LIKE 'DELETE FROM payroll WHERE a%...%' AS is_cut FROM warrant.my_inbox WHERE target = 'public.payroll';

-- Of what was denied, the same object comes before a later one.
\c - regress_other
SELECT warrant.request('{SELECT}', on_table => 'payroll') AS first \gset
\c - regress_deputy
SELECT warrant.deny(:first, 'not the payroll');
\c - regress_other
SELECT warrant.request('{SELECT}', on_table => 'more1') AS second \gset
\c - regress_deputy
SELECT warrant.deny(:second, 'not this either');
\c - regress_other
SELECT warrant.request('{UPDATE}', on_table => 'payroll') AS third \gset
SELECT warrant.request('{UPDATE}', on_table => 'more2') AS fourth \gset
\c - regress_deputy
SELECT i.item, regexp_replace(i.value, '^.* by ', 'by ') AS words FROM unnest(ARRAY[:third, :fourth]) AS r (id), warrant.show_request(r.id) AS i WHERE i.item = 'lately' AND i.value LIKE 'request%';

-- In a copy nothing pends, and nothing lives.
\c - :owner
CREATE TABLE stage.before AS SELECT id, warrant.request_status(id)->>'state' AS state FROM warrant.requests WHERE id IN (1, 5);
SELECT * FROM stage.before ORDER BY id;
\c :home
CREATE DATABASE regress_copy TEMPLATE regress_warrant;
\c regress_copy
SELECT id, warrant.request_status(id)->>'state' AS state, warrant.request_status(id)->>'grant' AS "grant" FROM stage.before ORDER BY id;
SELECT count(*) FROM warrant.show_request(5) WHERE item ~ '^to ';
\c regress_warrant
DROP DATABASE regress_copy;

-- Words of others stay in one line, and turn nothing round.
\c - :owner
SELECT warrant_internal.in_one_line(w.words, 12), char_length(warrant_internal.in_one_line(w.words, 12)) AS characters
  FROM (VALUES (E'\n one\r\n\ttwo '), (U&'\202Egrant\202C \200B\2066x'), ('twelve chars'), ('thirteen char'), (U&'\00e4\00f6\00fc\00df \00e4\00f6\00fc\00df \00e4\00f6\00fc\00df'), (''), (U&'a\0085\00a0b'), (U&'\3000\2003\2800x\00ad\FE0F\+0E0041')) AS w (words);
SELECT warrant_internal.in_words(w.length) FROM (VALUES ('0'::interval), ('1 s'), ('119 s'), ('2 min'), ('119 min'), ('2 h'), ('47 h'), ('2 d'), ('400 d'), ('-3 s')) AS w (length);
SELECT warrant_internal.commands_in_words(w.commands)
  FROM (VALUES ('{SELECT}'::text[]), ('{ALL}'), ('{DELETE,UPDATE,INSERT,LOCK}'), ('{SELECT,CREATE,ALTER,DROP,TRUNCATE,GRANT,INSERT,UPDATE,DELETE}')) AS w (commands);
DROP OWNED BY regress_security;
DROP ROLE regress_security;
\set file :directory '/sql/include/leave.sql'
\i :file
