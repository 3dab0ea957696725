-- Requests that need a ticket: patterns when they are defined, tickets of calls and of settings, and where a ticket is told.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int);
CREATE TABLE orders (a int);
CREATE TABLE drinks (a int);
GRANT ALL ON ledger, orders, drinks TO PUBLIC;
-- What is no pattern of tickets: it is told when it is defined.
CREATE FUNCTION stage.pattern(pattern text) RETURNS TABLE (state text, message text) LANGUAGE sql AS $$
    SELECT t.state, t.message FROM stage.try(format('SELECT warrant.create_policy(%L, %L, on_table => %L, ticket_pattern => %L)', 'bad', 'approve', 'drinks', pattern)) AS t $$;
SELECT p, t.* FROM (VALUES ('OPS-['), ('a)|(?:b'), ('(?i)ops-[0-9]+'), ('***=OPS'), ('(a)\1'), ('(?=OPS).*'), ('(?<!x)OPS'), (''), (E'OPS\n'), ('OPS\'), ('(a?b?c?d?e?f?g?){40}'),
    ('((a{200}){200}){200}')) AS v (p), stage.pattern(p) AS t;
SELECT state, message FROM stage.pattern(repeat('a', 201));
SELECT count(*) FROM warrant.policies WHERE name = 'bad';
SELECT warrant.create_policy('ledger', 'approve', on_table => 'ledger', ticket_pattern => 'OPS-[0-9]+|CHG-\d{1,3}');
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders', ticket_pattern => 'OPS-[0-9]+', min_approvals => 2);
SELECT warrant.create_policy('drinks', 'approve', on_table => 'drinks');
SELECT warrant.export_policies()->'policies'->1->>'ticket_pattern' AS pattern;
-- The whole ticket has to match.
\c - regress_clerk
CREATE FUNCTION asked(ticket text) RETURNS TABLE (state text, message text, detail text, hint text) LANGUAGE sql AS $$
    SELECT t.state, t.message, t.detail, t.hint FROM stage.try(format('SELECT warrant.request(%L, on_table => %L, ticket => %L)', '{SELECT}', 'ledger', ticket)) AS t $$;
SELECT * FROM asked(NULL) \gx
SELECT * FROM asked('') \gx
SELECT v.place, a.state, a.message, a.detail FROM (VALUES (1, 'OPS-7x'), (2, 'xOPS-7'), (3, 'ops-7'), (4, E'OPS-7\n'), (5, ' OPS-7'), (6, 'CHG-1234'), (7, E'OPS-7\u202E'), (8, 'OPS-' || repeat('1', 100)), (9, 'OPS-7"; --')) AS v (place, t), asked(t) AS a ORDER BY 1;
SELECT warrant.request('{SELECT}', on_table => 'ledger', ticket => 'OPS-7');
SELECT warrant.request('{SELECT}', on_table => 'ledger');
SELECT state, ticket FROM warrant.my_requests;
SELECT item, value FROM warrant.show_request(1) WHERE item IN ('ticket', 'reason');
SELECT warrant.request_status(1)->>'ticket' AS ticket;
-- A policy without a pattern takes any ticket, of one line.
SELECT warrant.request('{SELECT}', on_table => 'drinks', ticket => 'the party, "really"');
SELECT state, message FROM stage.try($$SELECT warrant.request('{INSERT}', on_table => 'drinks', ticket => E'a\nb')$$);
-- Both patterns of two policies.
SELECT state, message, detail FROM stage.try($$SELECT warrant.request('{UPDATE}', on_tables => '{ledger,orders}', ticket => 'CHG-1')$$);
SELECT warrant.request('{UPDATE}', on_tables => '{ledger,orders}', ticket => 'OPS-1');
-- Another ticket amends it, and voids approvals.
\c - regress_chief
SELECT warrant.approve(3);
\c - regress_clerk
SELECT warrant.amend(3, ticket => 'OPS-2');
SELECT state, message FROM stage.try($$SELECT warrant.amend(3, ticket => 'CHG-2')$$);
SELECT state, message FROM stage.try($$SELECT warrant.amend(3, ticket => '')$$);
SELECT warrant.request('{UPDATE}', on_tables => '{ledger,orders}', ticket => 'OPS-3', reason => 'both');
\c - regress_chief
SELECT warrant.approve(3);
SELECT warrant.approve(3, version => 3);
\c - regress_deputy
SELECT warrant.approve(3, version => 3);
-- The rows of what runs under its grant have the ticket; a grant that is extended keeps it.
\c - regress_clerk
UPDATE orders SET a = 1 WHERE a IS NOT NULL;
SELECT ticket FROM warrant.my_grants;
SELECT warrant.extend(1);
SELECT id, ticket FROM warrant.my_requests WHERE id = 4;
\c - :owner
CREATE VIEW stage.ticketed AS SELECT l.seq, l.event, l.relation_name, l.request_id, l.grant_id, l.ticket FROM warrant.audit_log l WHERE l.request_id IS NOT NULL OR l.grant_id IS NOT NULL;
SELECT stage.settle();
SELECT event, relation_name, request_id, grant_id, ticket FROM stage.ticketed ORDER BY seq;
-- By ticket.
\c - regress_chief
SELECT * FROM warrant.approve_all(ticket => 'OPS-7');
SELECT * FROM warrant.approve_all(ticket => 'OPS-none');
SELECT * FROM warrant.approve_all(ticket => '');
SELECT * FROM warrant.approve_all(ticket => 'OPS-7', requester => 'regress_clerk');
SELECT * FROM warrant.deny_all(ticket => 'the party, "really"', comment => 'no');
-- A direct grant needs one as well.
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'ledger');
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'ledger', ticket => 'no');
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'ledger', ticket => 'CHG-5');
SELECT warrant.grant('regress_other', '{SELECT}', on_table => 'orders', ticket => 'OPS-5');
SELECT grantee_name, relation_name, ticket FROM warrant.active_grants ORDER BY id, relation_name;
-- The setting is for one request.
\c - regress_other
SET pg_warrant.ticket = 'OPS-8';
DELETE FROM ledger WHERE a IS NOT NULL;
SHOW pg_warrant.ticket;
DELETE FROM drinks WHERE a IS NOT NULL;
DELETE FROM ledger WHERE a IS NOT NULL;
SET pg_warrant.ticket = 'CHG-8';
DELETE FROM ledger WHERE a IS NOT NULL;
SET pg_warrant.ticket = 'no ticket';
DELETE FROM ledger WHERE a IS NOT NULL;
SET pg_warrant.ticket TO DEFAULT;
DO $$ BEGIN PERFORM set_config('pg_warrant.ticket', repeat('x', 101), false); END $$;
SELECT id, state, relation_name, ticket FROM warrant.my_requests ORDER BY id;
-- Another pattern: what has no ticket for it ends, and what has one stays.
\c - regress_dba
SELECT warrant.alter_policy('ledger', '{"ticket_pattern": "CHG-.*"}');
SELECT state, message FROM stage.try($$SELECT warrant.alter_policy('ledger', '{"ticket_pattern": "CHG-("}')$$);
\c - :owner
SELECT stage.eventually($$SELECT count(*) = 2 FROM warrant.grants WHERE close_reason LIKE 'its policy has other terms%' OR closed_at IS NULL AND ticket = 'CHG-5'$$);
SELECT stage.eventually($$SELECT NOT EXISTS (SELECT FROM warrant.requests r WHERE r.state = 'pending' AND r.ticket = 'OPS-7')$$);
SELECT id, state, ticket FROM warrant.requests ORDER BY id;
SELECT id, close_reason, ticket FROM warrant.grants ORDER BY id;
SELECT event, policy_name FROM warrant.audit_log WHERE event = 'weakened' AND policy_name = 'ledger' ORDER BY seq;
\c - regress_other
SELECT count(*) FROM ledger;
\c - :owner
SELECT relation_name, grant_id, ticket FROM stage.ticketed WHERE event = 'allowed' ORDER BY seq DESC LIMIT 1;
\set file :directory '/sql/include/leave.sql'
\i :file
