-- What a definition weakens is found by the gate's own decision, before and after it.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
SET client_min_messages = warning;
CREATE ROLE regress_guild;
CREATE ROLE regress_robots;
CREATE ROLE regress_night;
CREATE SCHEMA s;
CREATE SCHEMA beside;
CREATE TABLE ledger (a int);
CREATE TABLE free (a int);
CREATE TABLE keel (a int);
CREATE TABLE s.inner (a int);
CREATE TABLE part (k int) PARTITION BY LIST (k);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_2 PARTITION OF part FOR VALUES IN (2);
CREATE TABLE beside.part_3 PARTITION OF part FOR VALUES IN (3);
-- Whether a definition, which is then taken back, is called a weakening.
CREATE FUNCTION weakens(definition text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    before bigint := (SELECT coalesce(max(u.id), 0) FROM warrant.audit_unsealed u);
BEGIN
    EXECUTE 'SELECT ' || definition;
    RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = EXISTS (SELECT FROM warrant.audit_unsealed u WHERE u.id > before AND u.event = 'weakened');
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN SQLERRM;
END;
$$;

-- The strictest of all approvals answers for ADMIN, so that what follows until then is about tables.
SELECT warrant.create_policy('keel', 'approve', on_table => 'keel', min_approvals => 100);
-- Nothing else is there yet: what only closes does not weaken, what opens by itself does.
SELECT weakens(d), d FROM unnest(ARRAY[
    $d$ warrant.protect('ledger') $d$,
    $d$ warrant.create_policy('x', 'deny', on_schema => 's') $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'ledger', mode => 'monitor') $d$,
    $d$ warrant.create_policy('x', 'open', on_table => 'ledger') $d$,
    $d$ warrant.protect('ledger', except_roles => '{regress_clerk}') $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'ledger', definer_roles => '{regress_clerk}') $d$]) AS d;

-- Commands count as the gate takes them: with what a policy covers besides those that it names.
SELECT warrant.create_policy('reads', 'approve', on_table => 'ledger', commands => '{SELECT}', min_approvals => 2);
SELECT weakens(d), d FROM unnest(ARRAY[
    $d$ warrant.create_policy('x', 'approve', on_table => 'ledger', commands => '{EXPORT,ALTER,DROP,GRANT}', priority => 1, mode => 'monitor') $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'ledger', commands => '{INSERT}', priority => 1, min_approvals => 2) $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'ledger', commands => '{INSERT}', priority => 1) $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'ledger', commands => '{INSERT}', mode => 'monitor') $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'ledger', commands => '{EXPORT}', priority => 1) $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'ledger', commands => '{EXPORT}', priority => -1) $d$]) AS d;
SELECT warrant.drop_policy('reads');
SELECT warrant.create_policy('writes', 'deny', on_table => 'ledger', commands => '{WRITE}');
SELECT weakens(d), d FROM unnest(ARRAY[
    $d$ warrant.create_policy('x', 'approve', on_table => 'ledger', commands => '{TRUNCATE}', priority => 1) $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'ledger', commands => '{MAINTAIN}', priority => 1) $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'ledger', commands => '{LOCK}', priority => -1) $d$,
    $d$ warrant.create_policy('x', 'deny', on_table => 'ledger', commands => '{ALL}', priority => 1) $d$]) AS d;
SELECT warrant.drop_policy('writes');

-- A policy of effect auto is laxer than one that asks, and stricter than one that opens. Where it does not match, what comes behind it counts.
SELECT warrant.create_policy('asks', 'approve', on_table => 'ledger', commands => '{SELECT,INSERT}');
SELECT weakens(d), d FROM unnest(ARRAY[
    $d$ warrant.create_policy('x', 'auto', on_table => 'ledger', priority => 1) $d$,
    $d$ warrant.create_policy('x', 'auto', on_table => 'ledger', priority => 1, commands => '{INSERT}', hours => 'Mon 08:00-09:00 UTC') $d$,
    $d$ warrant.create_policy('x', 'auto', on_table => 'ledger', priority => 1, commands => '{UPDATE}') $d$,
    $d$ warrant.create_policy('x', 'auto', on_table => 'ledger') $d$,
    $d$ warrant.alter_policy('asks', '{"effect": "auto"}') $d$]) AS d;
SELECT warrant.drop_policy('asks');
SELECT warrant.create_policy('says why', 'auto', on_table => 'ledger', commands => '{SELECT}', require_reason => true, hours => 'Mon-Fri 08:00-18:00 UTC', priority => 1);
SELECT weakens(d), d FROM unnest(ARRAY[
    $d$ warrant.alter_policy('says why', '{"require_reason": false}') $d$,
    $d$ warrant.alter_policy('says why', '{"hours": null}') $d$,
    $d$ warrant.alter_policy('says why', '{"hours": "Mon-Fri 09:00-18:00 UTC"}') $d$,
    $d$ warrant.alter_policy('says why', '{"default_duration": "10 min"}') $d$,
    $d$ warrant.alter_policy('says why', '{"default_duration": "20 min"}') $d$,
    $d$ warrant.alter_policy('says why', '{"max_uses": 1}') $d$,
    $d$ warrant.alter_policy('says why', '{"commands": ["SELECT", "EXPORT"]}') $d$,
    $d$ warrant.alter_policy('says why', '{"effect": "deny", "hours": null}') $d$,
    $d$ warrant.alter_policy('says why', '{"effect": "open"}') $d$,
    $d$ warrant.drop_policy('says why') $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'ledger', mode => 'monitor') $d$,
    $d$ warrant.create_policy('x', 'deny', on_table => 'ledger') $d$]) AS d;
SELECT warrant.create_policy('behind', 'deny', on_table => 'ledger');
SELECT weakens(d), d FROM unnest(ARRAY[
    $d$ warrant.alter_policy('behind', '{"effect": "approve"}') $d$,
    $d$ warrant.alter_policy('behind', '{"commands": ["SELECT"]}') $d$,
    $d$ warrant.alter_policy('says why', '{"hours": "Mon 08:00-18:00 UTC"}') $d$]) AS d;
SELECT warrant.alter_policy('behind', '{"effect": "open"}');
SELECT weakens(d), d FROM unnest(ARRAY[
    $d$ warrant.alter_policy('says why', '{"hours": "Mon 08:00-18:00 UTC"}') $d$,
    $d$ warrant.alter_policy('says why', '{"priority": 2}') $d$,
    $d$ warrant.alter_policy('behind', '{"effect": "approve"}') $d$]) AS d;
SELECT warrant.drop_policy('behind');
SELECT warrant.drop_policy('says why');

-- Every condition of an approval counts; durations count in seconds.
SELECT warrant.create_policy('strict', 'approve', on_table => 'ledger', max_duration => '1 hour', default_duration => '10 min', max_uses => 3, require_reason => true);
SELECT weakens(format('warrant.create_policy(%L, %L, on_table => %L, priority => 1, %s)', 'x', 'approve', 'ledger', c)), c FROM unnest(ARRAY[
    $c$ max_duration => '60 min', default_duration => '600 s', max_uses => 3, require_reason => true $c$,
    $c$ max_duration => '61 min', default_duration => '10 min', max_uses => 3, require_reason => true $c$,
    $c$ max_duration => '1 hour', default_duration => '11 min', max_uses => 3, require_reason => true $c$,
    $c$ max_duration => '1 hour', max_uses => 3, require_reason => true $c$,
    $c$ default_duration => '10 min', max_uses => 3, require_reason => true $c$,
    $c$ max_duration => '5 min', default_duration => '5 min', max_uses => 4, require_reason => true $c$,
    $c$ max_duration => '5 min', max_uses => 1 $c$,
    $c$ max_duration => '5 min', max_uses => 1, require_reason => true, audit => 'none' $c$,
    $c$ max_duration => '5 min', max_uses => 1, require_reason => true, audit_wait => false $c$,
    $c$ max_duration => '5 min', max_uses => 1, require_reason => true, approver_role => 'regress_guild' $c$,
    $c$ max_duration => '5 min', max_uses => 1, require_reason => true, min_approvals => 2 $c$]) AS c;
SELECT warrant.drop_policy('strict');

-- Who is meant counts, also who is a member of two roles.
SELECT warrant.create_policy('robots', 'deny', on_schema => 'public', for_roles => '{regress_robots}');
SELECT weakens(d), d FROM unnest(ARRAY[
    $d$ warrant.protect('ledger') $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'ledger', for_roles => '{regress_clerk}') $d$,
    $d$ warrant.create_policy('x', 'approve', on_schema => 'public', for_roles => '{regress_clerk}') $d$,
    $d$ warrant.create_policy('x', 'approve', on_schema => 'public') $d$]) AS d;
-- A third that answers for everybody leaves nothing to take, unless it excepts somebody.
SELECT warrant.create_policy('nobody', 'deny', on_table => 'ledger', priority => 20);
SELECT weakens($d$ warrant.create_policy('x', 'approve', on_table => 'ledger', for_roles => '{regress_clerk}', priority => 10) $d$);
SELECT warrant.drop_policy('nobody');
SELECT warrant.create_policy('nobody', 'deny', on_table => 'ledger', priority => 20, except_roles => '{regress_night}');
SELECT weakens($d$ warrant.create_policy('x', 'approve', on_table => 'ledger', for_roles => '{regress_clerk}', priority => 10) $d$);
SELECT warrant.drop_policy('nobody'), warrant.drop_policy('robots');

-- Nobody is a member of too many: denied as long as three others are not about him.
SELECT warrant.create_policy('base', 'deny', on_table => 'ledger'),
       warrant.create_policy('but 1', 'approve', on_table => 'ledger', except_roles => '{regress_night}', priority => 1),
       warrant.create_policy('but 2', 'approve', on_table => 'ledger', except_roles => '{regress_robots}', priority => 2),
       warrant.create_policy('but 3', 'approve', on_table => 'ledger', except_roles => '{regress_guild}', priority => 3);
SELECT weakens(d), d FROM unnest(ARRAY[
    $d$ warrant.create_policy('x', 'approve', on_table => 'ledger', for_roles => '{regress_clerk}', priority => 10) $d$,
    $d$ warrant.create_policy('x', 'deny', on_table => 'ledger', for_roles => '{regress_clerk}', priority => 10) $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'ledger', for_roles => '{regress_clerk}', priority => -1) $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'ledger', for_roles => '{regress_night}', priority => 3) $d$]) AS d;
-- Who is a member of what a fourth is about is denied by it, whatever else he is.
GRANT regress_robots TO regress_clerk;
SELECT warrant.create_policy('no robots', 'deny', on_table => 'ledger', for_roles => '{regress_robots}', priority => 20);
SELECT weakens($d$ warrant.create_policy('x', 'approve', on_table => 'ledger', for_roles => '{regress_clerk}', priority => 10) $d$);
REVOKE regress_robots FROM regress_clerk;
SELECT warrant.drop_policy(n) FROM unnest('{base,"but 1","but 2","but 3","no robots"}'::text[]) AS n;

-- A policy on a schema or the database can outrank those on tables, by its priority.
SELECT warrant.create_policy('table', 'deny', on_table => 's.inner');
SELECT weakens(d), d FROM unnest(ARRAY[
    $d$ warrant.protect_schema('s') $d$,
    $d$ warrant.protect_database() $d$,
    $d$ warrant.create_policy('x', 'approve', on_schema => 's', priority => 1) $d$,
    $d$ warrant.create_policy('x', 'approve', on_schema => 'beside', priority => 1) $d$,
    $d$ warrant.create_policy('x', 'approve', on_database => true, priority => 1) $d$]) AS d;
SELECT warrant.drop_policy('table');
-- Also those that cover by its name what was made anew, before and after the gate has noticed that their own is gone.
CREATE SCHEMA again;
CREATE TABLE again.made (a int);
SELECT warrant.create_policy('by name', 'deny', on_table => 'again.made'), warrant.create_policy('by schema', 'deny', on_schema => 'beside');
SET client_min_messages = error;
DROP TABLE again.made, beside.part_3;
DROP SCHEMA beside;
CREATE SCHEMA beside;
CREATE TABLE again.made (a int);
CREATE TABLE beside.part_3 PARTITION OF part FOR VALUES IN (3);
CREATE FUNCTION covered_by_name() RETURNS TABLE (weakens boolean, definition text) LANGUAGE sql AS $$ SELECT weakens(d), d FROM unnest(ARRAY[
    $d$ warrant.create_policy('x', 'approve', on_schema => 'again', priority => 1) $d$,
    $d$ warrant.create_policy('x', 'approve', on_schema => 'beside', priority => 1) $d$,
    $d$ warrant.create_policy('x', 'approve', on_schema => 's', priority => 1) $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'again.made', priority => 1) $d$]) AS d $$;
SELECT * FROM covered_by_name();
SELECT stage.eventually($$SELECT NOT EXISTS (SELECT FROM warrant.policies WHERE name LIKE 'by %' AND target <> 0) FROM stage.settle()$$);
SELECT name, target FROM warrant.policies WHERE name LIKE 'by %' ORDER BY name;
SELECT * FROM covered_by_name();
SELECT warrant.drop_policy('by schema');
SELECT weakens($d$ warrant.create_policy('x', 'approve', on_database => true, priority => 1) $d$);
SELECT warrant.drop_policy('by name'), warrant.create_policy('by schema', 'deny', on_schema => 'again');
DROP SCHEMA again CASCADE;
CREATE SCHEMA again;
SELECT weakens($d$ warrant.create_policy('x', 'approve', on_database => true, priority => 1) $d$);
SELECT warrant.drop_policy('by schema');
DROP SCHEMA again;
SET client_min_messages = warning;

-- In a family the strictest answers for all: with more approvals, others can take a table over from one partition, or from another schema.
SELECT warrant.protect('part');
SELECT weakens(d), d FROM unnest(ARRAY[
    $d$ warrant.protect('part_1') $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'part_1', approver_role => 'regress_guild', priority => 5) $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'part_1', min_approvals => 2) $d$,
    $d$ warrant.create_policy('x', 'deny', on_table => 'part_1') $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'part_1', approver_role => 'regress_guild', min_approvals => 2) $d$,
    $d$ warrant.create_policy('x', 'approve', on_schema => 'beside', approver_role => 'regress_guild', min_approvals => 2) $d$,
    $d$ warrant.create_policy('x', 'approve', on_schema => 's', approver_role => 'regress_guild', min_approvals => 2) $d$]) AS d;
SELECT warrant.unprotect('part'), warrant.protect('part_1');
-- From one partition to the table, and so to another's.
SELECT weakens(d), d FROM unnest(ARRAY[
    $d$ warrant.create_policy('x', 'approve', on_table => 'part_2', approver_role => 'regress_guild', min_approvals => 2) $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'free', approver_role => 'regress_guild') $d$]) AS d;
-- A policy that is as strict as the one whose place it takes is younger: the table's, which others decide, may answer instead. So may one that only
-- watches, and leaves no rows.
SELECT warrant.create_policy('of parent', 'approve', on_table => 'part', approver_role => 'regress_guild');
SELECT weakens(d), d FROM unnest(ARRAY[
    $d$ warrant.create_policy('x', 'approve', on_table => 'part_1', priority => 1) $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'part_1', priority => -1) $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'part_1', priority => 1, for_roles => '{regress_clerk}') $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'part_2') $d$]) AS d;
SELECT warrant.drop_policy('of parent'), warrant.unprotect('part_1'), warrant.create_policy('watch', 'approve', on_table => 'part', mode => 'monitor');
SELECT weakens(d), d FROM unnest(ARRAY[
    $d$ warrant.create_policy('x', 'deny', on_table => 'part_1', mode => 'monitor', audit => 'none') $d$,
    $d$ warrant.create_policy('x', 'deny', on_table => 'part_1', mode => 'monitor') $d$]) AS d;
SELECT warrant.drop_policy('watch'), warrant.protect('part_1');
-- What an open policy covers up comes to light when it goes.
SELECT warrant.create_policy('below', 'approve', on_table => 'part_2', approver_role => 'regress_guild', min_approvals => 2),
       warrant.create_policy('above', 'open', on_table => 'part_2', priority => 1);
SELECT weakens($d$ warrant.drop_policy('above') $d$), weakens($d$ warrant.drop_policy('below') $d$);
SELECT warrant.drop_policy(n) FROM unnest('{below,above,"protect public.part_1"}'::text[]) AS n;
SELECT warrant.create_policy('seen', 'open', on_table => 'free', audit => 'statement'), warrant.create_policy('unseen', 'open', on_table => 'ledger');
SELECT weakens($d$ warrant.drop_policy('seen') $d$), weakens($d$ warrant.drop_policy('unseen') $d$);
SELECT warrant.drop_policy('seen'), warrant.drop_policy('unseen');

-- ADMIN is answered for by the policies that name it, or else by the strictest that asks for approval, wherever it is.
SELECT warrant.drop_policy('keel'), warrant.create_policy('two', 'approve', on_table => 'ledger', min_approvals => 2);
SELECT weakens(d), d FROM unnest(ARRAY[
    $d$ warrant.protect('free') $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'free', approver_role => 'regress_guild') $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'free', min_approvals => 3) $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'free', min_approvals => 3, approver_role => 'regress_guild') $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'free', min_approvals => 3, for_roles => '{regress_dba}', approver_role => 'regress_guild') $d$,
    $d$ warrant.create_policy('x', 'approve', on_database => true, commands => '{ADMIN}') $d$,
    $d$ warrant.create_policy('x', 'approve', on_database => true, commands => '{ADMIN}', min_approvals => 2, mode => 'monitor') $d$,
    $d$ warrant.create_policy('x', 'approve', on_database => true, commands => '{ADMIN}', min_approvals => 2, approver_role => 'regress_guild') $d$,
    $d$ warrant.create_policy('x', 'approve', on_database => true, commands => '{ADMIN}', min_approvals => 2) $d$,
    $d$ warrant.create_policy('x', 'deny', on_database => true, commands => '{ADMIN}') $d$]) AS d;
-- Where all is denied, nobody approves ADMIN; a policy that only watches does not answer for it.
SELECT warrant.drop_policy('two'), warrant.create_policy('never', 'deny', on_table => 'ledger');
SELECT weakens(d), d FROM unnest(ARRAY[
    $d$ warrant.protect('free') $d$,
    $d$ warrant.create_policy('x', 'approve', on_table => 'free', mode => 'monitor') $d$,
    $d$ warrant.create_policy('x', 'deny', on_table => 'free') $d$]) AS d;
SELECT warrant.create_policy('watch', 'approve', on_table => 'free', mode => 'monitor');
SELECT rule, answer, detail FROM warrant.explain('regress_clerk', 'ADMIN', 'free') WHERE answer <> 'goes on' OR rule = 'policy';
SELECT warrant.drop_policy('never'), warrant.drop_policy('watch');

-- Nor does the end of a role weaken: what was about its members is about everybody then, but not in the place of what is as strict.
CREATE ROLE regress_leaver;
SELECT warrant.create_policy('base', 'deny', on_table => 'ledger'),
       warrant.create_policy('watched', 'approve', on_table => 'ledger', mode => 'monitor', for_roles => '{regress_leaver}', priority => 2),
       warrant.create_policy('asked', 'approve', on_table => 'ledger', for_roles => '{regress_leaver}', priority => 1),
       warrant.create_policy('guild', 'approve', on_table => 'free', approver_role => 'regress_guild', for_roles => '{regress_leaver}', priority => 1),
       warrant.create_policy('ours', 'approve', on_table => 'free'),
       warrant.create_policy('alone', 'deny', on_table => 'free', commands => '{TRUNCATE}', for_roles => '{regress_leaver}'),
       warrant.create_policy('seen', 'approve', on_table => 's.inner', mode => 'monitor'),
       warrant.create_policy('shut', 'approve', on_table => 's.inner', for_roles => '{regress_leaver}'),
       warrant.create_policy('by guild', 'approve', on_database => true, commands => '{ADMIN}', approver_role => 'regress_guild', for_roles => '{regress_leaver}', priority => 1),
       warrant.create_policy('no admin', 'deny', on_database => true, commands => '{ADMIN}');
DROP ROLE regress_leaver;
GRANT ALL ON ledger, free, s.inner TO regress_clerk;
SET client_min_messages = error;
SELECT t.command, t.relation, e.detail FROM (VALUES ('SELECT', 'ledger'), ('SELECT', 'free'), ('TRUNCATE', 'free'), ('SELECT', 's.inner'), ('ADMIN', 'free')) AS t (command, relation)
       CROSS JOIN LATERAL warrant.explain('regress_clerk', t.command, t.relation) AS e WHERE e.rule = 'policy';
SET client_min_messages = warning;
SELECT weakens($d$ warrant.create_policy('x', 'approve', on_table => 'ledger', for_roles => '{regress_clerk}', priority => 10) $d$),
       weakens($d$ warrant.create_policy('x', 'approve', on_table => 's.inner', priority => 10, mode => 'monitor') $d$);
SELECT warrant.drop_policy(p.name) FROM warrant.policies p WHERE p.name IN ('base', 'watched', 'asked', 'guild', 'ours', 'alone', 'seen', 'shut', 'by guild', 'no admin') ORDER BY p.id;

-- Steps within one transaction add up.
SELECT warrant.protect('ledger');
BEGIN;
SELECT warrant.create_policy('lowest', 'approve', on_table => 'ledger', priority => -1, approver_role => 'regress_guild'),
       weakens($d$ warrant.drop_policy('protect public.ledger') $d$), weakens($d$ warrant.create_policy('x', 'approve', on_table => 'ledger', priority => -2) $d$);
SELECT weakens($d$ warrant.create_policy('x', 'approve', on_table => 'ledger', priority => 1, approver_role => 'regress_guild') $d$);
ROLLBACK;

-- A row of a dump is looked at as well.
SELECT warrant.drop_policy('protect public.ledger');
COPY warrant.policies (name, effect, target_kind, target) FROM stdin;
x	approve	t	0
\.
COPY warrant.policies (name, effect, target_kind, target, target_schema, target_name, commands, for_roles, except_roles, priority, mode, audit,
    audit_wait, for_role_names, except_role_names, min_approvals, approver_role, approver_role_name, require_reason) FROM stdin;
closes	approve	t	0	public	ledger	{SELECT}	{}	{}	0	enforce	statement	t	{}	{}	1	0	warrant_approver	f
opens	open	t	0	public	ledger	{SELECT}	{}	{}	1	enforce	none	t	{}	{}	1	0	warrant_approver	f
\.
COPY warrant.persons (role_name, person) FROM stdin;
regress_clerk	Clerk
\.
SELECT event, comment FROM stage.news() WHERE event = 'weakened' AND comment LIKE '%restored%';
SELECT warrant.set_person('regress_clerk', NULL);
DROP ROLE regress_guild, regress_robots, regress_night;
\set file :directory '/sql/include/leave.sql'
\i :file
