-- One's own requests and grants: other words for a pending request, more time for a live grant, and a grant that is needed no longer.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int);
CREATE TABLE orders (a int);
CREATE ROLE regress_staff;
GRANT regress_staff TO regress_clerk;
GRANT ALL ON ledger, orders TO PUBLIC;
SELECT warrant.create_policy('ledger', 'approve', on_table => 'ledger', max_duration => '2 hours', max_uses => 5, require_reason => true);
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders', min_approvals => 2, default_duration => '20 min');
CREATE FUNCTION asked() RETURNS TABLE (id bigint, state text, reason text, duration interval, max_uses integer, extends bigint, approvals bigint) LANGUAGE sql AS $$
    SELECT r.id, r.state, r.reason, r.duration, r.max_uses, r.extends_grant, (SELECT count(*) FROM warrant.decisions d WHERE d.request_id = r.id AND d.approves)
      FROM warrant.requests r ORDER BY r.id $$;
-- How many minutes grants live, and how many longer than the one that they extend.
CREATE FUNCTION given() RETURNS TABLE (id bigint, minutes numeric, longer numeric, max_uses integer, closed text, request bigint, scopes text[]) LANGUAGE sql AS $$
    SELECT g.id, CASE WHEN r.extends_grant IS NULL OR r.id > 3 THEN round(extract(epoch FROM g.ends_at - g.starts_at) / 60) END,
           CASE r.id WHEN 3 THEN round(extract(epoch FROM g.ends_at - o.ends_at) / 60) END, g.max_uses, g.close_event, g.request_id,
           ARRAY(SELECT s.relation_name || ' ' || s.commands::text FROM warrant.grant_scopes s WHERE s.grant_id = g.id ORDER BY 1)
      FROM warrant.grants g LEFT JOIN warrant.requests r ON r.id = g.request_id LEFT JOIN warrant.grants o ON o.id = r.extends_grant ORDER BY g.id $$;

-- amend: each word, none, absurd ones, other persons, requests that do not wait.
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'orders', reason => 'a look');
\c - regress_chief
SELECT warrant.approve(1);
SELECT * FROM stage.try($$SELECT warrant.amend(1, 'mine')$$) \gx
\c - regress_clerk
SELECT warrant.amend(1, 'a longer look', '1 hour', 7);
SELECT warrant.amend(1, max_uses => 7, duration => '60 min');
SELECT * FROM stage.try($$SELECT warrant.amend(1)$$) \gx
SELECT * FROM stage.try($$SELECT warrant.amend(1, '')$$) \gx
SELECT * FROM stage.try($$SELECT warrant.amend(1, duration => '0')$$) \gx
SELECT * FROM stage.try($$SELECT warrant.amend(1, duration => '-1 hour')$$) \gx
SELECT * FROM stage.try($$SELECT warrant.amend(1, duration => '25 hours')$$) \gx
SELECT * FROM stage.try($$SELECT warrant.amend(1, duration => '1 month')$$) \gx
SELECT * FROM stage.try($$SELECT warrant.amend(1, max_uses => 0)$$) \gx
SELECT * FROM stage.try($$SELECT warrant.amend(NULL, 'why')$$) \gx
SELECT * FROM stage.try($$SELECT warrant.amend(99, 'why')$$) \gx
\c - :owner
SELECT * FROM asked();
\c - regress_clerk
SELECT warrant.cancel(1);
SELECT * FROM stage.try($$SELECT warrant.amend(1, 'late')$$) \gx

-- extend: the old grant lives on, and the new one ends as much later as was asked for, at most the maximum from now on.
SELECT warrant.request('{SELECT, UPDATE}', on_table => 'ledger', reason => 'month end', duration => '30 min', max_uses => 3);
\c - regress_chief
SELECT warrant.approve(2);
\c - regress_clerk
SELECT warrant.extend(1, '40 min');
SELECT warrant.extend(1, '40 min');
SELECT warrant.extend(1, '50 min', 'it takes longer');
\c - :owner
SELECT * FROM asked() WHERE id > 1;
\c - regress_chief
SELECT item, value FROM warrant.show_request(3) WHERE item IN ('wants', 'limits', 'reason', 'to approve');
SELECT regexp_replace(value, '\d+ minutes', 'N minutes') AS extends FROM warrant.show_request(3) WHERE item = 'extends';
SELECT warrant.approve(3, version => 2);
\c - :owner
SELECT * FROM given();
-- Of one that has ended by the time of the decision, the duration begins then; and never more than the policy's maximum.
\c - regress_clerk
SELECT warrant.extend(2, '90 min', max_uses => 5);
SELECT warrant.extend(1, '10 min');
SELECT warrant.give_back(1);
\c - regress_chief
SELECT warrant.approve('{4, 5, 4}'::bigint[]);
SELECT item FROM warrant.show_request(5) WHERE item = 'extends';
\c - :owner
SELECT * FROM given();
-- What a statement of the clerk asks for is another request than more time.
\c - regress_clerk
SELECT warrant.extend(2, '1 hour');
DELETE FROM ledger WHERE a IS NOT NULL;
SELECT state, message, regexp_replace(detail, '\d+ seconds?', '...') AS detail FROM stage.try($$SELECT warrant.extend(1)$$) \gx
SELECT * FROM stage.try($$SELECT warrant.extend(NULL)$$) \gx
SELECT * FROM stage.try($$SELECT warrant.extend(99)$$) \gx
SELECT * FROM stage.try($$SELECT warrant.extend(2, '3 hours')$$) \gx
SELECT * FROM stage.try($$SELECT warrant.extend(2, '0')$$) \gx
SELECT * FROM stage.try($$SELECT warrant.extend(2, max_uses => 6)$$) \gx
\c - regress_other
SELECT * FROM stage.try($$SELECT warrant.extend(2)$$) \gx
SELECT state, message, regexp_replace(detail, '\d+ seconds?', '...') AS detail FROM stage.try($$SELECT warrant.give_back(2)$$) \gx

-- give_back: by whoever has it, under each of the person's logins; a group's serves others too.
\c - :owner
SELECT warrant.set_person('regress_clerk', 'carla'), warrant.set_person('regress_other', 'carla');
\c - regress_other
SELECT warrant.give_back(2);
SELECT state, message, regexp_replace(detail, '\d+ seconds?', '...') AS detail FROM stage.try($$SELECT warrant.give_back(2)$$) \gx
SELECT * FROM stage.try($$SELECT warrant.give_back(NULL)$$) \gx
SELECT * FROM stage.try($$SELECT warrant.give_back(99)$$) \gx
\c - regress_chief
SELECT warrant.grant('regress_staff', '{UPDATE}', on_table => 'ledger', reason => 'all of you');
\c - regress_clerk
SELECT * FROM stage.try($$SELECT warrant.give_back(5)$$) \gx
SELECT * FROM stage.try($$SELECT warrant.extend(5)$$) \gx
UPDATE ledger SET a = 1 WHERE a IS NOT NULL;
-- Given back, it serves no statement more.
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{INSERT}', on_table => 'ledger', reason => 'one row');
\c - regress_clerk
INSERT INTO ledger VALUES (1);
PREPARE add AS INSERT INTO ledger VALUES (2);
EXECUTE add;
SELECT warrant.give_back(6);
EXECUTE add;
-- A reason and a duration are for one request, whatever a rollback brings back; those of the role or the connection are for all.
\c - regress_clerk
SET pg_warrant.reason = 'once';
SET pg_warrant.duration = '7 min';
TRUNCATE orders;
SHOW pg_warrant.reason;
SELECT name, setting FROM pg_settings WHERE name IN ('pg_warrant.reason', 'pg_warrant.duration') ORDER BY name;
BEGIN;
SET pg_warrant.reason = 'twice';
SHOW pg_warrant.reason;
ROLLBACK;
SHOW pg_warrant.reason;
UPDATE orders SET a = 2 WHERE a IS NOT NULL;
BEGIN;
SET LOCAL pg_warrant.reason = 'in here';
UPDATE orders SET a = 2 WHERE a IS NOT NULL;
ROLLBACK;
SET pg_warrant.reason = 'once';
SELECT count(*) FROM orders;
BEGIN;
SAVEPOINT one;
SET LOCAL pg_warrant.reason = 'for this';
LOCK TABLE orders IN EXCLUSIVE MODE;
ROLLBACK TO one;
SHOW pg_warrant.reason;
COMMIT;
\c - :owner
ALTER ROLE regress_clerk SET pg_warrant.reason = 'the nightly job';
\c - regress_clerk
UPDATE orders SET a = 3 WHERE a IS NOT NULL;
DELETE FROM orders WHERE a IS NOT NULL;
SHOW pg_warrant.reason;
\c - :owner
ALTER ROLE regress_clerk RESET pg_warrant.reason;
SELECT * FROM asked() WHERE id > 6;
-- What is denied now, or open, is not asked for; of a grant whose uses are spent nothing is left.
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{TRUNCATE}', on_table => 'ledger', reason => 'a new year', max_uses => 1);
\c - :owner
SELECT warrant.create_policy('shut', 'deny', on_table => 'ledger', commands => '{TRUNCATE}', priority => 1);
\c - regress_clerk
SELECT * FROM stage.try($$SELECT warrant.extend(7)$$) \gx
\c - :owner
SELECT warrant.alter_policy('shut', '{"effect": "open"}');
\c - regress_clerk
SELECT * FROM stage.try($$SELECT warrant.extend(7)$$) \gx
\c - :owner
SELECT warrant.drop_policy('shut');
\c - regress_clerk
TRUNCATE ledger;
SELECT * FROM stage.try($$SELECT warrant.extend(7)$$) \gx
SELECT * FROM stage.try($$SELECT warrant.give_back(7)$$) \gx
-- Revoked, a grant takes with it what was asked for as its extension. Its words are words, whatever they are.
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{TRUNCATE}', on_table => 'ledger', reason => 'once more');
\c - regress_clerk
SELECT warrant.extend(8, '1 hour');
\c - regress_chief
SELECT warrant.revoke(8, 'grant_expired');
SELECT warrant.approve(14);
\c - regress_clerk
SELECT state FROM warrant.my_requests WHERE id = 14;
SELECT event, detail FROM warrant.request_timeline(14);
TRUNCATE ledger;
SET pg_warrant.reason = 'again';
TRUNCATE ledger;
\c - :owner
SELECT event, who, command, relation, request, regexp_replace(comment, 'for [0-9:.]+', 'for ...') AS comment FROM stage.news() WHERE event ~ 'amended|given_back|grant_created';
\set file :directory '/sql/include/leave.sql'
\i :file
DROP ROLE regress_staff;
