-- Monitor mode, of a policy and of the gate: decides, runs, and audits would_refuse; files and asks for nothing.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE watched (a int);
CREATE TABLE strict (a int);
CREATE TABLE spare (a int);
CREATE ROLE regress_guild;
GRANT ALL ON watched, strict, spare TO PUBLIC;
SELECT warrant.protect('watched', mode => 'monitor');
SELECT warrant.protect('strict');
SELECT * FROM stage.news();
\c - regress_clerk
SELECT * FROM watched;
INSERT INTO watched VALUES (1), (2);
SELECT * FROM stage.news();
SELECT count(*) FROM warrant.my_requests;
SELECT count(*) FROM warrant.last_refusal();
-- The policy beside it still refuses, and a statement that needs both is refused.
SELECT * FROM strict;
SELECT * FROM watched, strict;
SELECT * FROM stage.news();
-- Who lacks a privilege would not have been asked.
\c - :owner
REVOKE DELETE ON watched FROM PUBLIC;
\c - regress_clerk
DELETE FROM watched WHERE a IS NOT NULL;
PREPARE emptied AS DELETE FROM watched WHERE a IS NOT NULL;
EXECUTE emptied;
EXPLAIN DELETE FROM watched WHERE a IS NOT NULL;
SELECT * FROM stage.news();
\c - :owner
GRANT DELETE ON watched TO PUBLIC;
\c - regress_clerk
EXPLAIN (COSTS off) DELETE FROM watched WHERE a IS NOT NULL;
SELECT * FROM stage.news();
-- explain tells what happens, and status() warns of no approver whom nobody asks.
\c - :owner
SELECT warrant.create_policy('nobody decides', 'approve', on_table => 'spare', mode => 'monitor', approver_role => 'regress_guild');
SELECT warrant.create_policy('nobody decides either', 'approve', on_table => 'spare', priority => -1, approver_role => 'regress_guild');
SELECT item, value, warning FROM warrant.status() WHERE item LIKE 'policy %' OR item = 'policies in monitor mode';
SELECT warrant.drop_policy('nobody decides either');
SELECT rule, answer, detail FROM warrant.explain('regress_clerk', 'SELECT', 'spare') WHERE answer <> 'goes on';
SELECT rule, answer, detail FROM warrant.explain('regress_clerk', 'SELECT', 'watched') WHERE answer <> 'goes on';
SELECT rule, answer, detail FROM warrant.explain('regress_clerk', 'SELECT', 'strict') WHERE answer <> 'goes on';
-- A grant is found, and audited as one.
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'watched');
\c - regress_clerk
SELECT * FROM watched;
SELECT * FROM stage.news();

-- A deny policy in monitor mode.
\c - :owner
SELECT warrant.create_policy('no deletes', 'deny', on_table => 'watched', commands => '{DELETE}', mode => 'monitor');
\c - regress_clerk
DELETE FROM watched WHERE a = 2;
SELECT * FROM stage.news();
SELECT * FROM stage.try($$SELECT warrant.request('{DELETE}', on_table => 'watched')$$);
\c - regress_auditor
SELECT rule, answer, detail FROM warrant.explain('regress_clerk', 'DELETE', 'watched') WHERE answer <> 'goes on';

-- The whole gate in monitor mode.
\c - :owner
ALTER SYSTEM SET pg_warrant.enforcement = monitor;
SELECT pg_reload_conf();
\c - regress_clerk
SHOW pg_warrant.enforcement;
SELECT * FROM strict;
TRUNCATE strict;
COPY strict TO stdout;
SELECT warrant.request('{SELECT}', on_tables => '{strict,watched}') IS NOT NULL AS filed;
SELECT * FROM stage.news() WHERE coalesce(comment, '') NOT LIKE 'pg\_warrant.%';
\c - :owner
SELECT rule, answer, detail FROM warrant.explain('regress_clerk', 'SELECT', 'strict') WHERE answer <> 'goes on';
SELECT warrant.create_policy('nobody would decide', 'approve', on_table => 'spare', priority => -1, approver_role => 'regress_guild');
SELECT item, value, warning FROM warrant.status() WHERE item LIKE 'policy %';

-- Off: runs, and audits nothing.
\c - :owner
ALTER SYSTEM SET pg_warrant.enforcement = off;
SELECT pg_reload_conf();
\c - regress_clerk
SHOW pg_warrant.enforcement;
SELECT * FROM strict;
SELECT warrant.request('{SELECT}', on_tables => '{strict,watched}') IS NOT NULL AS filed;
SELECT * FROM stage.news() WHERE coalesce(comment, '') NOT LIKE 'pg\_warrant.%';
\c - :owner
SELECT item, value, warning FROM warrant.status() WHERE item = 'enforcement';
-- What protect says depends on it.
SELECT rule, answer, detail FROM warrant.explain('regress_clerk', 'SELECT', 'strict') WHERE answer <> 'goes on';
SELECT rule, answer, detail FROM warrant.explain(:'owner', 'SELECT', 'strict') WHERE answer <> 'goes on';
SELECT item, value, warning FROM warrant.status() WHERE item LIKE 'policy %';
BEGIN; SELECT warrant.protect('spare'), warrant.protect_schema('public', mode => 'monitor'); ROLLBACK;
ALTER SYSTEM RESET pg_warrant.enforcement;
SELECT pg_reload_conf();
\c - regress_clerk
SHOW pg_warrant.enforcement;
SELECT * FROM strict;

-- enforce_superuser gates superusers.
\c - :owner
ALTER SYSTEM SET pg_warrant.enforce_superuser = on;
SELECT pg_reload_conf();
\c -
SHOW pg_warrant.enforce_superuser;
SELECT * FROM strict;
BEGIN; SELECT warrant.protect('spare'), warrant.protect_schema('public', mode => 'monitor'); ROLLBACK;
ALTER SYSTEM RESET pg_warrant.enforce_superuser;
SELECT pg_reload_conf();
\c -
SELECT * FROM strict;
SELECT * FROM stage.news() WHERE coalesce(comment, '') NOT LIKE 'pg\_warrant.%';

BEGIN; SELECT warrant.protect('spare'), warrant.protect_schema('public', mode => 'monitor'); ROLLBACK;
SELECT rolname, shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname LIKE 'warrant%' ORDER BY 1;
DROP ROLE regress_guild;

-- One that comes before what refuses opens it, and says so, however it is made.
\c - :owner
CREATE TABLE vault (id int, pin text);
GRANT ALL ON vault TO regress_clerk;
SET client_min_messages = warning;
SELECT warrant.create_policy('shut', 'deny', on_table => 'vault'), warrant.create_policy('room', 'deny', on_schema => 'public', commands => '{SELECT}');
SELECT warrant.protect('vault', columns => '{pin}', mode => 'monitor');
SELECT warrant.create_policy('first', 'approve', on_table => 'vault', priority => 1, mode => 'monitor', commands => '{LOCK}');
SELECT warrant.create_policy('behind', 'approve', on_table => 'vault', priority => -1, mode => 'monitor');
SELECT warrant.alter_policy('behind', '{"max_uses": 3}');
SELECT warrant.alter_policy('behind', '{"priority": 2}');
SELECT action, weakens FROM warrant.apply_policies('{"policies": [{"name": "applied", "effect": "approve", "on_table": "public.vault", "priority": 3, "mode": "monitor"}]}');
SELECT warrant.drop_policy('behind');
SELECT action, weakens FROM warrant.apply_policies('{"policies": [{"name": "applied", "effect": "approve", "on_table": "public.vault", "priority": 3, "mode": "monitor"}]}', dry_run => false);
SELECT warrant.create_policy('labelled', 'approve', on_label => 'seen', mode => 'monitor');
CREATE TABLE shelf (id int);
SECURITY LABEL FOR pg_warrant ON TABLE shelf IS 'seen';
SELECT count(*) FROM stage.news() WHERE event = 'weakened';
\set file :directory '/sql/include/leave.sql'
\i :file
