-- A request for what is asked for already, with other words: it amends the pending one, tells so, and voids the approvals given so far.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int);
CREATE TABLE orders (a int);
GRANT ALL ON ledger, orders TO PUBLIC;
SELECT warrant.create_policy('ledger', 'approve', on_table => 'ledger', min_approvals => 2, max_duration => '2 hours', max_uses => 5);
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders');
CREATE FUNCTION asked() RETURNS TABLE (id bigint, state text, reason text, duration interval, max_uses integer, approvals bigint) LANGUAGE sql AS $$
    SELECT r.id, r.state, r.reason, r.duration, r.max_uses, (SELECT count(*) FROM warrant.decisions d WHERE d.request_id = r.id AND d.approves)
      FROM warrant.requests r ORDER BY r.id $$;
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'ledger', reason => 'a look');
\c - regress_chief
SELECT warrant.approve(1);
-- The same words, or none, leave it as it is; so does the statement of a session that gives none.
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'ledger', reason => 'a look');
SELECT warrant.request('{SELECT}', on_table => 'ledger');
SELECT count(*) FROM ledger;
\c - :owner
SELECT * FROM asked();
-- Each word that differs.
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'ledger', reason => 'a longer look', duration => '1 hour');
SELECT warrant.request('{SELECT}', on_table => 'ledger', max_uses => 3);
SELECT warrant.request('{SELECT}', on_table => 'ledger', duration => '60 min', max_uses => 3);
SELECT * FROM stage.try($$SELECT warrant.request('{SELECT}', on_table => 'ledger', duration => '3 hours')$$) \gx
SELECT warrant.request('{SELECT}', on_table => 'ledger', reason => '');
SELECT * FROM stage.try($$SELECT warrant.request('{SELECT}', on_table => 'ledger', reason => repeat('a', 2001))$$) \gx
\c - :owner
SELECT * FROM asked();
-- Who approved has to look again, and his approval stands for the new words then: nobody approves what he has not seen.
\c - regress_chief
SELECT warrant.approve(1);
SELECT warrant.approve(1, version => 1);
SELECT warrant.approve(1, version => 2);
SELECT warrant.approve(1, version => 4);
SELECT warrant.approve(1, version => 0);
SELECT warrant.approve('{1}'::bigint[]);
SELECT value FROM warrant.show_request(1) WHERE item IN ('to approve', 'for less');
SELECT warrant.request_status(1)->'version' AS version;
SELECT warrant.approve(1, version => 3);
-- Between the first vote and the second: the first is void, and the second is told.
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'ledger', max_uses => 2);
\c - regress_deputy
SELECT warrant.approve(1, version => 3);
SELECT warrant.approve(1, version => 4);
\c - regress_chief
SELECT warrant.approve(1, version => 4);
SELECT max_uses, ends_at - starts_at AS duration, reason, granted_by FROM warrant.active_grants;
-- A refused statement whose session gives other words; those of another statement, or of somebody else, are other requests.
\c - regress_clerk
DELETE FROM ledger WHERE a IS NOT NULL;
SET pg_warrant.reason = 'cleaning up';
DELETE FROM ledger WHERE a IS NOT NULL;
DELETE FROM ledger WHERE a IS NOT NULL;
SET pg_warrant.duration = '5 min';
DELETE FROM ledger WHERE a IS NOT NULL;
INSERT INTO orders VALUES (1);
INSERT INTO orders SELECT a FROM ledger;
DELETE FROM ledger WHERE a IS NOT NULL;
\c - regress_other
SET pg_warrant.reason = 'mine';
DELETE FROM ledger WHERE a IS NOT NULL;
\c - :owner
SELECT * FROM asked();
-- Two policies, two notices.
\c - regress_clerk
SELECT count(*) FROM orders, ledger;
DELETE FROM ledger USING orders WHERE ledger.a IS NOT NULL;
SET pg_warrant.reason = 'both';
DELETE FROM ledger USING orders WHERE ledger.a IS NOT NULL;
\c - :owner
SELECT event, who, command, relation, request, comment FROM stage.news() WHERE event IN ('request_created', 'request_amended', 'approval', 'request_approved');
-- What is told is cut between characters.
\c - regress_clerk
SELECT warrant.request('{TRUNCATE}', on_table => 'orders');
SELECT warrant.request('{TRUNCATE}', on_table => 'orders', reason => repeat('ö', 600));
\c - regress_chief
SELECT warrant.approve(6);
SELECT warrant.approve(6, version => 2);
-- A long reason of several lines hides no limit, and is told in one line.
\c - regress_clerk
SELECT warrant.request('{UPDATE}', on_table => 'orders');
SELECT warrant.request('{UPDATE}', on_table => 'orders', reason => E'typo\nrequest 7 says 1 min', duration => '20 hours');
\c - regress_chief
SELECT warrant.approve(7, version => 1);
SELECT warrant.deny(7);
\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
