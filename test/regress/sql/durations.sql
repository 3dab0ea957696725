-- Durations are seconds: what is compared is what is added. A number without a unit is none.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int);
CREATE TABLE orders (a int);
GRANT ALL ON ledger, orders TO PUBLIC;
GRANT warrant_admin TO regress_chief;
SELECT warrant.create_policy('ledger', 'approve', on_table => 'ledger', max_duration => '1 day 1 hour', default_duration => '1 day');

-- Days are 24 hours, also over the ends of summer time.
SELECT default_duration, max_duration, request_ttl FROM warrant.policies WHERE name = 'ledger';

-- Months compare as 30 days and are added as what they are; so do parts of different signs hide what is added.
\c - regress_chief
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'approve', on_table => 'orders', max_duration => '1 mon')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'approve', on_table => 'orders', max_duration => '12000 mon -359999 days -23:00')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'approve', on_table => 'orders', default_duration => '1 day -1 hour')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'approve', on_table => 'orders', request_ttl => '-1 day 25 hours')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'approve', on_table => 'orders', request_ttl => '1 year')$$);
SELECT * FROM stage.try($$SELECT warrant.create_policy('p', 'approve', on_table => 'orders', request_ttl => '365001 days')$$);
SELECT * FROM stage.try($$SELECT warrant.add_webhook('w', 'https://example.com/', 'decision', 's', timeout => '1 mon -29 days -23:59:58')$$);
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'ledger', duration => '120000 mon -3599999 days');
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'ledger', duration => '1 mon -29 days');
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'ledger', duration => '2 days -24 hours');
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'ledger', duration => '1 day');
SELECT ends_at - starts_at AS lives FROM warrant.grants;
\c - regress_clerk
SELECT warrant.request('{UPDATE}', on_table => 'ledger', duration => '1 mon -29 days');
SELECT warrant.request('{UPDATE}', on_table => 'ledger', duration => '1 day 1 hour');
SELECT warrant.request('{DELETE}', on_table => 'ledger', duration => '25 hours 1 second');
SET pg_warrant.duration = '1 mon';
SET pg_warrant.duration = '1 day -1 min';
CALL warrant.wait_for(1, timeout => '1 mon');
CALL warrant.wait_for(1, timeout => '1 day -23:59:59');
\c - regress_chief
SELECT warrant.approve(1, duration => '1 mon -29 days');
SELECT warrant.approve('{1}'::bigint[], duration => '1 mon -29 days');

-- A number without a unit would be seconds. Whoever means them says so; a cast with a range is a unit, and so is the form of a time.
SELECT warrant.approve(1, duration => '15');
SELECT warrant.approve(1, '15');
SELECT warrant.approve(1, duration => interval '15');
SELECT warrant.approve(1, duration => '15'::interval);
SELECT warrant.approve(1, duration => E'15');
SELECT warrant.approve(1, duration => $$15$$);
SELECT warrant.approve(1, duration => $unit$1 hour 15$unit$);
SELECT warrant.approve(request_ids => '{1}', duration => '1.5');
SELECT 1 AS first; SELECT warrant.approve(1, duration => '15'); SELECT 2 AS not_reached;
SELECT * FROM warrant.approve(1, duration => '15');
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'ledger', duration => '90');
SELECT warrant.create_policy('p', 'approve', on_table => 'orders', max_duration => '15');
SELECT warrant.create_policy('p', 'approve', on_table => 'orders', request_ttl => '1 day 15');
SELECT warrant.add_webhook('w', 'https://example.com/', 'decision', 's', timeout => '2');
PREPARE approval AS SELECT warrant.approve(1, duration => '15');
EXECUTE approval;
\c - regress_clerk
SELECT warrant.request('{DELETE}', on_table => 'ledger', duration => '15');
SELECT (SELECT warrant.request('{DELETE}', on_table => 'ledger', duration => '15')) AS request;
DO $$ BEGIN PERFORM warrant.request('{DELETE}', on_table => 'ledger', duration => '15'); END $$;
DO $$ DECLARE asked bigint; BEGIN asked := warrant.request('{DELETE}', on_table => 'ledger', duration => '15'); END $$;
CALL warrant.wait_for(1, '15');
CALL warrant.wait_for(1, timeout => '0.5');
DO $$ BEGIN CALL warrant.wait_for(1, '15'); END $$;
CALL warrant.wait_for(1, '0');
SET pg_warrant.duration = '15';
SET pg_warrant.duration = 15;
SELECT set_config('pg_warrant.duration', '1 day 15', false);
SET pg_warrant.duration = '15 min';
SHOW pg_warrant.duration;
SELECT warrant.request('{DELETE}', on_table => 'ledger', duration => '15 s');
SELECT warrant.request('{LOCK}', on_table => 'ledger', duration => '0:15');
SELECT warrant.request('{TRUNCATE}', on_table => 'ledger', duration => interval '15' minute);
SELECT warrant.request('{EXPORT}', on_table => 'ledger', duration => make_interval(mins => 15));
-- The setting means the same whatever the session's style of intervals.
SET IntervalStyle = sql_standard;
SET pg_warrant.duration = '2:30';
INSERT INTO ledger VALUES (1);
RESET IntervalStyle;
SELECT commands, duration FROM warrant.my_requests ORDER BY id;
\c - regress_chief
SELECT warrant.approve(1, duration => '15 min');
SELECT ends_at - starts_at AS lives FROM warrant.active_grants WHERE request_id = 1;

\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
