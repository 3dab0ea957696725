-- A grant that begins later: asked for, approved, told, extended, given back and revoked; and nothing runs under it before.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int);
GRANT ALL ON ledger TO PUBLIC;
SELECT warrant.create_policy('ledger', 'approve', on_table => 'ledger', max_duration => '8 hours');
-- Times are told without what is different each time.
CREATE FUNCTION stage.timeless(words text) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(regexp_replace(words, '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?( ?[A-Z]+|[+-]\d+(:\d+)?)?', 'THEN', 'g'), '\d+ (hours?|minutes?|seconds?|days?)', 'A WHILE', 'g') $$;
CREATE FUNCTION stage.try_timeless(statement text) RETURNS TABLE (state text, message text, detail text, hint text) LANGUAGE sql AS $$
    SELECT t.state, t.message, stage.timeless(t.detail), t.hint FROM stage.try(statement) AS t $$;
\c - regress_clerk
SELECT state, message, hint FROM stage.try($$SELECT warrant.request('{UPDATE}', on_table => 'ledger', starts_at => now() - interval '1 second')$$);
SELECT state, message FROM stage.try($$SELECT warrant.request('{UPDATE}', on_table => 'ledger', starts_at => now() + interval '721 hours')$$);
SELECT state, message FROM stage.try($$SELECT warrant.request('{UPDATE}', on_table => 'ledger', starts_at => 'infinity')$$);
SELECT state, message FROM stage.try($$SELECT warrant.request('{UPDATE}', on_table => 'ledger', starts_at => '-infinity')$$);
SELECT date_trunc('hour', now()) + interval '24 hours' AS tonight \gset
SET timezone = 'Asia/Kathmandu';
SET datestyle = 'German';
SELECT warrant.request('{UPDATE}', on_table => 'ledger', starts_at => :'tonight'::text::timestamptz, duration => '1 hour', reason => 'tonight');
\c - regress_clerk
SELECT id, starts_at = :'tonight' AS as_asked FROM warrant.my_requests;
-- The same again is the same request, another time another one, and so is what a statement wants now.
SELECT warrant.request('{UPDATE}', on_table => 'ledger', starts_at => :'tonight');
SELECT warrant.request('{UPDATE}', on_table => 'ledger', starts_at => :'tonight'::timestamptz + interval '1 hour');
UPDATE ledger SET a = 1 WHERE a IS NOT NULL;
SELECT warrant.cancel(2), warrant.cancel(3);
SELECT item, stage.timeless(value) AS value FROM warrant.show_request(1) WHERE item IN ('begins', 'limits');
\c - regress_chief
SET client_min_messages = error;
SELECT warrant.approve(1);
RESET client_min_messages;
\c - regress_clerk
SELECT id, starts_at = :'tonight' AS begins, ends_at - starts_at AS duration FROM warrant.my_grants;
SELECT s->>'next_step' AS next_step, stage.timeless(s->>'grant') AS "grant" FROM warrant.request_status(1) AS s;
SELECT * FROM stage.try_timeless('UPDATE ledger SET a = 1 WHERE a IS NOT NULL') \gx
SELECT rule, answer, stage.timeless(detail) AS detail FROM warrant.explain('UPDATE', 'ledger') WHERE rule = 'grant';
-- What it does not cover is asked for.
SELECT message FROM stage.try('DELETE FROM ledger WHERE a IS NOT NULL');
SELECT message FROM stage.try('UPDATE ledger SET a = (SELECT max(a) FROM ledger) WHERE a IS NOT NULL');
-- Somebody who cannot wait asks for what begins at once.
SELECT warrant.request('{UPDATE}', on_table => 'ledger');
\c - :owner
SELECT count(*) AS refused, bool_and(request_id IS NULL) AS without_request FROM warrant.audit_log WHERE event = 'refused' AND comment LIKE 'grant 1 for it begins at %';
SELECT stage.timeless(comment) AS comment FROM warrant.audit_log WHERE event = 'grant_created';
-- Extended, it begins when the first one does.
\c - regress_clerk
SELECT warrant.extend(1, duration => '30 min');
\c - regress_chief
SET client_min_messages = error;
SELECT max(id) AS extension FROM warrant.my_inbox \gset
SELECT warrant.approve(:extension);
RESET client_min_messages;
\c - regress_clerk
SELECT id, starts_at = :'tonight' AS begins, ends_at - starts_at AS duration FROM warrant.my_grants ORDER BY id;
SELECT warrant.give_back(1);
SELECT message FROM stage.try('UPDATE ledger SET a = 1 WHERE a IS NOT NULL');
\c - regress_chief
SELECT warrant.revoke(2, 'not tonight');
\c - regress_clerk
SELECT message FROM stage.try('UPDATE ledger SET a = 1 WHERE a IS NOT NULL');
-- One whose time comes before its approval begins with it.
SELECT warrant.request('{SELECT}', on_table => 'ledger', starts_at => clock_timestamp() + interval '200 milliseconds', duration => '1 hour') AS soon \gset
SELECT pg_sleep(0.3);
\c - regress_chief
SET client_min_messages = error;
SELECT warrant.approve(:soon);
RESET client_min_messages;
\c - regress_clerk
SELECT count(*) FROM ledger;
SELECT ends_at - starts_at AS duration, starts_at <= clock_timestamp() AS begun FROM warrant.my_grants;
-- One that begins while the session looks: refused before, run after.
SELECT warrant.request('{INSERT}', on_table => 'ledger', starts_at => clock_timestamp() + interval '3 seconds', duration => '1 hour', max_uses => 1) AS soon \gset
\c - regress_chief
SET client_min_messages = error;
SELECT warrant.approve(:soon);
RESET client_min_messages;
\c - regress_clerk
CREATE FUNCTION inserted() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger VALUES (1);
    RETURN true;
EXCEPTION WHEN insufficient_privilege THEN
    RETURN false;
END $$;
SELECT stage.eventually($$SELECT EXISTS (SELECT FROM warrant.grants g WHERE g.max_uses = 1 AND g.starts_at <= clock_timestamp())$$);
SELECT inserted();
SELECT inserted();
\set file :directory '/sql/include/leave.sql'
\i :file
