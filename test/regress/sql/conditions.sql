-- Conditions of passing: what a definition takes, what of a change loosens, and what explain() shows.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
SET client_min_messages = warning;
CREATE TABLE ledger (a int);
GRANT SELECT ON ledger TO regress_clerk;

-- Hours: windows of the week and the zone of their clock, by its name.
SELECT state, message, detail, hint, h FROM unnest(ARRAY['', 'always', 'Mon-Fri 08:00-18:00', 'Mon-Fri 08:00-18:00 CET', 'Mon-Fri 08:00-18:00 +01:00',
    'Mon-Fri 08:00-18:00 Europe/Atlantis', 'Mon-Fri 08:00-18:00 europe/berlin', 'Mon-Fri 08:00-18:00 Europe/Berlin-1', '08:00-18:00 right/UTC', 'Mon 8-18 UTC',
    'Mon 18:00-18:00 UTC', 'Mon 08:00-24:30 UTC', 'Funday 08:00-18:00 UTC', 'Mo-Fr 08:00-18:00 UTC', 'Mon-Fri 08:00–18:00 UTC', repeat('Mon,', 200)])
    AS h, LATERAL stage.try(format('SELECT warrant.create_policy(%L, %L, on_table => %L, hours => %L)', 'h', 'open', 'ledger', h));
SELECT state, message, hint FROM stage.try($$SELECT warrant.create_policy('h', 'deny', on_table => 'ledger', hours => 'Mon-Fri 18:00-08:00 UTC')$$);
SELECT warrant.create_policy('h', 'open', on_table => 'ledger', commands => '{SELECT}', hours => NULL);
SELECT warrant.drop_policy('h');
SELECT warrant.create_policy('h', 'approve', on_table => 'ledger', commands => '{SELECT}', hours => '00:00-24:00 America/Argentina/Buenos_Aires');
SELECT hours FROM warrant.policies WHERE name = 'h';
SELECT state, message FROM stage.try($$SELECT warrant.alter_policy('h', '{"hours": "8-18"}')$$);
SELECT state, message FROM stage.try($$SELECT warrant.alter_policy('h', '{"effect": "deny"}')$$);
SELECT warrant.alter_policy('h', '{"hours": "Mon-Sun 00:00-24:00 UTC"}');
SELECT rule, answer FROM warrant.explain('regress_clerk', 'SELECT', 'ledger');
SELECT answer, regexp_replace(detail, 'until .*', 'until ...') AS detail FROM warrant.explain('regress_clerk', 'SELECT', 'ledger') WHERE rule = 'hours';
SELECT warrant.drop_policy('h');

-- Networks of clients. That of this test uses a Unix-domain socket, on the server's own machine.
SELECT state, message, hint, n FROM unnest(ARRAY['{}', '{NULL}', '{10.0.0.0/8,NULL}', '{{10.0.0.0/8}}', format('{%s}', repeat('10.0.0.0/8,', 100) || '10.0.0.0/8')])
    WITH ORDINALITY AS c (cidr, n), LATERAL stage.try(format('SELECT warrant.create_policy(%L, %L, on_table => %L, client_cidr => %L)', 'n', 'open', 'ledger', cidr));
SELECT state, message, hint FROM stage.try($$SELECT warrant.create_policy('n', 'deny', on_table => 'ledger', client_cidr => '{10.0.0.0/8}')$$);
SELECT warrant.create_policy('n', 'open', on_table => 'ledger', commands => '{SELECT}', client_cidr => '{10.0.0.0/8,::2/128}');
SELECT rule, answer, detail FROM warrant.explain('regress_clerk', 'SELECT', 'ledger') WHERE rule IN ('client_cidr', 'open');
SELECT answer FROM warrant_internal.decision_now('regress_clerk'::regrole, 'SELECT', 'ledger'::regclass);
\c - regress_clerk
SELECT state, message, detail, policy FROM stage.try('TABLE ledger');
SELECT rule, answer, detail FROM warrant.explain('SELECT', 'ledger') WHERE rule = 'client_cidr';
\c - :owner
SET client_min_messages = warning;
SELECT event, who, request, comment FROM stage.news() WHERE event = 'refused';
SELECT warrant.alter_policy('n', '{"client_cidr": ["10.0.0.0/8", "::ffff:127.0.0.0/104"]}');
\c - regress_clerk
TABLE ledger;
SELECT rule, answer, detail FROM warrant.explain('SELECT', 'ledger') WHERE rule IN ('client_cidr', 'open');
\c - :owner
SET client_min_messages = warning;
SELECT warrant.drop_policy('n');

-- protect() takes no policy with a condition for its own.
SELECT warrant.create_policy('protect public.ledger', 'approve', on_table => 'ledger', hours => '00:00-24:00 UTC');
SELECT state, message FROM stage.try($$SELECT warrant.protect('ledger')$$);
SELECT warrant.drop_policy('protect public.ledger');

-- What lets more minutes pass weakens, whatever the effects; those of two zones cannot be compared, and weaken.
CREATE FUNCTION weakens(before text, after text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    last bigint;
BEGIN
    EXECUTE format('SELECT warrant.create_policy(%L, on_table => %L, %s)', 'w', 'ledger', before);
    last := (SELECT coalesce(max(u.id), 0) FROM warrant.audit_unsealed u);
    EXECUTE format('SELECT warrant.create_policy(%L, on_table => %L, priority => 1, %s)', 'v', 'ledger', after);
    RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = EXISTS (SELECT FROM warrant.audit_unsealed u WHERE u.id > last AND u.event = 'weakened');
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN SQLERRM;
END;
$$;
SELECT weakens($$effect => 'approve'$$ || b, $$effect => 'approve'$$ || a), b AS before, a AS after FROM (VALUES
    ('', $$, hours => 'Mon-Fri 08:00-18:00 UTC'$$),
    ($$, hours => 'Mon-Fri 08:00-18:00 UTC'$$, $$, hours => 'Mon-Thu 08:00-12:00,12:00-18:00 UTC'$$),
    ($$, hours => 'Mon-Fri 08:00-18:00 UTC'$$, $$, hours => 'Mon-Fri 08:00-18:01 UTC'$$),
    ($$, hours => 'Mon-Fri 08:00-18:00 UTC'$$, $$, hours => 'Mon-Fri 09:00-17:00 Europe/Berlin'$$),
    ($$, hours => '00:00-24:00 UTC'$$, $$, hours => 'Mon-Fri 09:00-17:00 Europe/Berlin'$$),
    ($$, hours => '00:00-24:00 UTC'$$, ''),
    ($$, hours => 'Mon-Fri 08:00-18:00 UTC'$$, '')) AS v (b, a);
SELECT weakens($$effect => 'approve'$$ || b, $$effect => 'approve'$$ || a), b AS before, a AS after FROM (VALUES
    ('', $$, client_cidr => '{10.0.0.0/8}'$$),
    ($$, client_cidr => '{10.0.0.0/8,::/0}'$$, $$, client_cidr => '{10.1.0.0/16,::1/128,::ffff:10.2.0.0/112}'$$),
    ($$, client_cidr => '{10.0.0.0/8}'$$, $$, client_cidr => '{10.0.0.0/7}'$$),
    ($$, client_cidr => '{10.0.0.0/8}'$$, $$, client_cidr => '{10.0.0.0/8,::1/128}'$$),
    ($$, client_cidr => '{0.0.0.0/0,::/0}'$$, '')) AS v (b, a);
SELECT weakens($$effect => 'open', hours => 'Mon-Fri 08:00-18:00 UTC'$$, $$effect => 'approve'$$) AS approval_for_hours,
       weakens($$effect => 'open', hours => 'Mon-Fri 08:00-18:00 UTC'$$, $$effect => 'deny'$$) AS denial_for_hours,
       weakens($$effect => 'approve'$$, $$effect => 'open', hours => 'Mon-Fri 08:00-18:00 UTC'$$) AS hours_for_approval;
SELECT to_char(now() AT TIME ZONE 'UTC' + interval '3 days', 'Dy') || ' 12:00-12:01 UTC' AS closed \gset
-- A policy that only watches a condition of one partition hides no other condition that refuses; nor does one on a table close ADMIN.
CREATE TABLE parts (a int) PARTITION BY RANGE (a);
CREATE TABLE part1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE TABLE part2 PARTITION OF parts FOR VALUES FROM (10) TO (20);
GRANT ALL ON parts, part1, part2 TO PUBLIC;
SELECT warrant.create_policy('lock', 'open', on_table => 'part2', client_cidr => '{10.0.0.0/8}');
SELECT warrant.create_policy('watch', 'open', on_table => 'part1', mode => 'monitor', hours => :'closed');
SELECT warrant.create_policy('admin', 'approve', on_table => 'ledger', priority => 9, hours => :'closed');
SELECT rule, answer, detail FROM warrant.explain('regress_clerk', 'ADMIN', NULL);
\c - regress_clerk
DELETE FROM parts;
SELECT count(*) FROM part1;
\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
