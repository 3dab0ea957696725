-- The order of the decision: unprotected, exempt, open, deny, granted, request; and which policy governs an access. Of explain only what answers is
-- shown, and the policy: docs/functions.md has all of it.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE plain (a int);
CREATE TABLE ledger (a int);
CREATE SCHEMA vault;
CREATE TABLE vault.gold (a int);
GRANT USAGE ON SCHEMA vault TO PUBLIC;
GRANT ALL ON plain, ledger, vault.gold TO PUBLIC;

-- Nothing is protected right after CREATE EXTENSION.
SELECT rule, answer, detail FROM warrant.explain('regress_clerk', 'SELECT', 'ledger') WHERE answer <> 'goes on' OR rule = 'policy';
\c - regress_clerk
SELECT * FROM ledger;
SELECT * FROM stage.news();

-- protect: everybody else's statements still run; superusers are exempt and audited.
\c - :owner
SELECT warrant.protect('ledger');
SELECT rule, answer, detail FROM warrant.explain('regress_clerk', 'SELECT', 'ledger') WHERE answer <> 'goes on' OR rule = 'policy';
SELECT rule, answer, detail FROM warrant.explain('regress_clerk', 'UPDATE', 'ledger') WHERE answer <> 'goes on' OR rule = 'policy';
SELECT rule, answer, detail FROM warrant.explain('regress_clerk', 'SELECT', 'plain') WHERE answer <> 'goes on' OR rule = 'policy';
SELECT rule, answer, detail FROM warrant.explain(:'owner', 'SELECT', 'ledger') WHERE answer <> 'goes on' OR rule = 'policy';
SELECT * FROM ledger;
SELECT * FROM stage.news();
\c - regress_clerk
SELECT * FROM plain;
SELECT * FROM ledger;
SELECT * FROM ledger;
SELECT * FROM stage.news();

-- A member of warrant_exempt passes and is audited; nobody else's exemption comes of it.
\c - :owner
GRANT warrant_exempt TO regress_other;
SELECT rule, answer, detail FROM warrant.explain('regress_other', 'SELECT', 'ledger') WHERE answer <> 'goes on' OR rule = 'policy';
\c - regress_other
SELECT * FROM ledger;
SELECT * FROM stage.news();

-- deny does not bind who is exempt; it binds everybody else, and files no request.
\c - :owner
SELECT warrant.create_policy('no deletes', 'deny', on_table => 'ledger', commands => '{DELETE}');
SELECT rule, answer, detail FROM warrant.explain('regress_other', 'DELETE', 'ledger') WHERE answer <> 'goes on' OR rule = 'policy';
SELECT rule, answer, detail FROM warrant.explain('regress_clerk', 'DELETE', 'ledger') WHERE answer <> 'goes on' OR rule = 'policy';
\c - regress_other
DELETE FROM ledger WHERE a IS NOT NULL;
\c - regress_clerk
DELETE FROM ledger WHERE a IS NOT NULL;
SELECT * FROM stage.news();

-- A live grant runs; only for what it names.
\c - regress_chief
SELECT warrant.approve(1);
SELECT rule, answer, regexp_replace(detail, 'until .*', 'until ...') AS detail FROM warrant.explain('regress_clerk', 'SELECT', 'ledger') WHERE answer <> 'goes on';
SELECT rule, answer FROM warrant.explain('regress_clerk', 'INSERT', 'ledger') WHERE answer <> 'goes on';
\c - regress_clerk
SELECT * FROM ledger;
INSERT INTO ledger VALUES (1);
SELECT * FROM stage.news();

-- open of higher priority passes, unaudited; for the role that it names only.
\c - :owner
SELECT warrant.create_policy('readers', 'open', on_table => 'ledger', for_roles => '{regress_clerk}', commands => '{SELECT}', priority => 5);
SELECT rule, answer, detail FROM warrant.explain('regress_clerk', 'SELECT', 'ledger') WHERE answer <> 'goes on' OR rule = 'policy';
SELECT rule, answer, detail FROM warrant.explain('regress_deputy', 'SELECT', 'ledger') WHERE answer <> 'goes on' OR rule = 'policy';
\c - regress_clerk
SELECT * FROM ledger;
SELECT * FROM stage.news();

-- Priority before kind of target before named roles before effect. A policy is told by explain's first step.
\c - :owner
SELECT warrant.drop_policy(name) FROM warrant.policies WHERE name <> 'sentinel' ORDER BY id;
CREATE FUNCTION governed(role regrole, command text, target regclass) RETURNS text LANGUAGE sql
AS $$ SELECT concat_ws(' -> ', (array_agg(detail ORDER BY step) FILTER (WHERE rule = 'policy'))[1], (array_agg(answer ORDER BY step DESC))[1]) FROM warrant.explain($1, $2, $3) $$;
SELECT warrant.create_policy('whole database', 'deny', on_database => true);
SELECT governed('regress_clerk', 'SELECT', 'vault.gold'), governed('regress_clerk', 'SELECT', 'plain');
SELECT warrant.create_policy('whole schema', 'approve', on_schema => 'vault');
SELECT governed('regress_clerk', 'SELECT', 'vault.gold'), governed('regress_clerk', 'SELECT', 'plain');
SELECT warrant.create_policy('one table', 'open', on_table => 'vault.gold');
SELECT governed('regress_clerk', 'SELECT', 'vault.gold');
SELECT warrant.create_policy('named', 'approve', on_table => 'vault.gold', for_roles => '{regress_clerk}');
SELECT governed('regress_clerk', 'SELECT', 'vault.gold'), governed('regress_other', 'SELECT', 'vault.gold');
SELECT warrant.create_policy('named and denied', 'deny', on_table => 'vault.gold', for_roles => '{regress_clerk}', commands => '{READ}');
SELECT governed('regress_clerk', 'SELECT', 'vault.gold'), governed('regress_clerk', 'INSERT', 'vault.gold');
SELECT warrant.create_policy('named and open', 'open', on_table => 'vault.gold', for_roles => '{regress_clerk}', commands => '{READ}');
SELECT governed('regress_clerk', 'SELECT', 'vault.gold');
SELECT warrant.create_policy('first of all', 'approve', on_database => true, priority => 1, except_roles => '{regress_clerk}');
SELECT governed('regress_clerk', 'SELECT', 'vault.gold'), governed('regress_deputy', 'SELECT', 'vault.gold');

-- for_roles and except_roles go by membership.
CREATE ROLE regress_team ROLE regress_clerk;
SELECT warrant.create_policy('the team', 'deny', on_table => 'plain', for_roles => '{regress_team}', priority => 9);
SELECT warrant.create_policy('but the team', 'deny', on_table => 'ledger', except_roles => '{regress_team}', priority => 9);
SELECT governed('regress_clerk', 'SELECT', 'plain'), governed('regress_clerk', 'SELECT', 'ledger');
SELECT governed('regress_deputy', 'SELECT', 'plain'), governed('regress_deputy', 'SELECT', 'ledger');
SELECT governed(:'owner', 'SELECT', 'plain');

-- Commands and their groups; in a policy SELECT implies EXPORT, WRITE implies TRUNCATE, any implies ALTER, DROP and GRANT.
SELECT warrant.expand_commands('{READ}') AS read, warrant.expand_commands('{WRITE}') AS write, warrant.expand_commands('{DDL}') AS ddl;
SELECT warrant.expand_commands('{ALL}');
SELECT warrant.expand_commands('{select,Insert,SELECT}');
SELECT warrant.drop_policy(name) FROM warrant.policies WHERE name <> 'sentinel' ORDER BY id;
SELECT warrant.create_policy('read', 'deny', on_table => 'plain', commands => '{SELECT}'), warrant.create_policy('insert', 'deny', on_table => 'ledger', commands => '{INSERT}');
SELECT warrant.create_policy('write', 'deny', on_table => 'vault.gold', commands => '{WRITE}');
-- CREATE is explained for the schema that a table is in, ADMIN for the database.
SELECT rule, answer, detail FROM warrant.explain('regress_clerk', 'CREATE', 'vault.gold') WHERE answer <> 'goes on' OR rule = 'policy';
SELECT rule, answer, detail FROM warrant.explain('regress_clerk', 'ADMIN', NULL) WHERE answer <> 'goes on' OR rule = 'policy';
SELECT * FROM warrant.explain('regress_clerk', 'ADMIN', NULL) EXCEPT SELECT * FROM warrant.explain('regress_clerk', 'ADMIN', 'vault.gold');
SELECT * FROM warrant.explain('regress_clerk', 'CREATE', NULL);
SELECT warrant.create_policy('useless', 'approve', on_table => 'vault.gold', commands => '{ADMIN}');
SELECT warrant.create_policy('useless', 'approve', on_schema => 'vault', commands => '{ADMIN}');
-- Of its owner: others lack the privileges that come before.
ALTER TABLE plain OWNER TO regress_clerk;
ALTER TABLE ledger OWNER TO regress_clerk;
ALTER TABLE vault.gold OWNER TO regress_clerk;
SELECT t AS target, string_agg(c, ' ' ORDER BY n) AS denied FROM unnest('{plain,ledger,vault.gold}'::regclass[]) AS t, unnest(warrant.expand_commands('{ALL}')) WITH ORDINALITY AS w (c, n)
 WHERE governed('regress_clerk', c, t) LIKE '%refuse: denied' GROUP BY t;
ALTER TABLE plain OWNER TO :owner;
ALTER TABLE ledger OWNER TO :owner;
ALTER TABLE vault.gold OWNER TO :owner;
GRANT ALL ON plain, ledger, vault.gold TO regress_clerk;
SELECT warrant.drop_policy(name) FROM warrant.policies WHERE name <> 'sentinel' ORDER BY id;

SELECT warrant.create_policy('whole database', 'deny', on_database => true);
SELECT warrant.create_policy('whole schema', 'approve', on_schema => 'vault');

-- Schema and database policies cover neither catalogues nor temporary tables nor other extensions' relations; they cover what comes later.
\c - regress_clerk
CREATE TEMP TABLE scratch AS SELECT 1 AS a;
SELECT * FROM scratch;
SELECT count(*) > 0 AS readable FROM pg_class;
SELECT count(*) > 0 AS readable FROM information_schema.tables;
\c - :owner
CREATE TABLE vault.later (a int);
GRANT SELECT ON vault.later TO PUBLIC;
SELECT governed('regress_clerk', 'SELECT', 'vault.later');
\c - regress_clerk
SELECT * FROM vault.later;

\c - :owner
DROP TABLE vault.later;
DROP ROLE regress_team;
\set file :directory '/sql/include/leave.sql'
\i :file
