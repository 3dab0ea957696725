-- In sessions of pg_warrant.pool_roles the role of SET ROLE is the subject, whatever runs in its name; and they decide nothing.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/lacks.sql'
\i :file
SET client_min_messages = warning;
CREATE TABLE ledger (a int);
CREATE ROLE regress_pool LOGIN NOINHERIT;
CREATE ROLE regress_inner LOGIN IN ROLE regress_pool;
GRANT ALL ON ledger TO PUBLIC;
CREATE FUNCTION definers() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM ledger';
ALTER FUNCTION definers() OWNER TO regress_other;
SELECT warrant.protect('ledger');
\c - regress_chief
SELECT warrant."grant"('regress_clerk', '{SELECT}', on_table => 'ledger');
\c - :owner
-- Later than the grant, so that it does not serve the login itself.
GRANT regress_clerk, regress_other, regress_chief, warrant_approver TO regress_pool;
\t on

-- Not in the setting: the login asks.
\c - regress_pool
SET ROLE regress_clerk;
SELECT stage.lacks('SELECT * FROM ledger');
\c - :owner
ALTER SYSTEM SET pg_warrant.pool_roles = 'regress_pool, missing';
SELECT pg_reload_conf();
\c - regress_pool
SELECT stage.lacks('SELECT * FROM ledger');
SET ROLE regress_clerk;
SELECT stage.lacks('SELECT * FROM ledger');
SELECT definers();
SELECT count(*) FROM warrant.my_grants;
SELECT event, who, command, relation, outcome FROM stage.news() WHERE event = 'allowed';
SET ROLE regress_other;
SELECT stage.lacks('SELECT * FROM ledger'), stage.lacks('SELECT definers()');
SELECT count(*) FROM warrant.my_grants;
SELECT id, commands FROM warrant.my_requests;
CALL warrant.wait_for(2, '1 ms');
SELECT warrant.cancel(2);
RESET ROLE;
SELECT stage.lacks('SELECT * FROM ledger');
SELECT id, commands FROM warrant.my_requests;

-- A cursor belongs to who declared it.
SET ROLE regress_clerk;
BEGIN;
DECLARE rows CURSOR FOR SELECT count(*) FROM ledger;
SET ROLE regress_other;
FETCH FROM rows;
ROLLBACK;

-- What a subject was refused is not told to the next one in the session, nor taken for his own refusal in one statement.
SET ROLE regress_other;
SELECT stage.lacks('DELETE FROM ledger WHERE a IS NOT NULL');
SELECT command, relation_name, policy_name FROM warrant.last_refusal();
SET ROLE regress_clerk;
SELECT command, relation_name, policy_name FROM warrant.last_refusal();
RESET ROLE;
SELECT command, relation_name, policy_name FROM warrant.last_refusal();
DO $$
DECLARE
    asked bigint[];
BEGIN
    FOR i IN 1..4 LOOP
        EXECUTE format('SET LOCAL ROLE %I', CASE i % 2 WHEN 0 THEN 'regress_other' ELSE 'regress_clerk' END);
        BEGIN
            TRUNCATE ledger;
        EXCEPTION WHEN insufficient_privilege THEN
            asked := asked || (SELECT l.request_ids[1] FROM warrant.last_refusal() AS l);
        END;
    END LOOP;
    RAISE NOTICE 'own requests: %', asked[1] = asked[3] AND asked[2] = asked[4] AND asked[1] <> asked[2];
END;
$$;
SET ROLE regress_other;
SELECT stage.lacks('DELETE FROM ledger WHERE a IS NOT NULL');
DISCARD ALL;
SET ROLE regress_other;
SELECT command, relation_name, policy_name FROM warrant.last_refusal();

-- A login that is a member of it is no pool, nor is the role when another has it.
\c - regress_inner
SET ROLE regress_clerk;
SELECT stage.lacks('SELECT * FROM ledger');
\c - :owner
SET SESSION AUTHORIZATION regress_pool;
SET ROLE regress_clerk;
SELECT stage.lacks('SELECT * FROM ledger');
SET SESSION AUTHORIZATION regress_inner;
SELECT command, relation_name, policy_name FROM warrant.last_refusal();
RESET SESSION AUTHORIZATION;

-- They decide nothing, as whomever.
\c - regress_pool
SELECT state, message, detail FROM stage.try('SELECT warrant.approve(3)');
SELECT warrant.approve(3);
SET ROLE regress_chief;
SELECT warrant.approve(3);
SELECT warrant.approve(ARRAY[3]);
SELECT warrant.deny(3);
SELECT warrant."grant"('regress_other', '{SELECT}', on_table => 'ledger');
SELECT warrant.revoke(1);
SELECT warrant.adopt();
\c - regress_chief
SELECT warrant.approve(3);
-- Nobody takes back what another one behind the same login asked for, nor does the login itself.
\c - regress_pool
SET ROLE regress_other;
SELECT warrant.request('{TRUNCATE}', on_table => 'ledger') AS asked \gset
SET ROLE regress_clerk;
SELECT state, message ~ 'permission denied to cancel' AS denied FROM stage.try('SELECT warrant.cancel(' || :asked || ')');
RESET ROLE;
SELECT state, message ~ 'permission denied to cancel' AS denied FROM stage.try('SELECT warrant.cancel(' || :asked || ')');
SET ROLE regress_other;
SELECT state FROM stage.try('SELECT warrant.cancel(' || :asked || ')');

\t off
\c - :owner
ALTER SYSTEM RESET pg_warrant.pool_roles;
SELECT pg_reload_conf();
DROP FUNCTION definers();
DROP ROLE regress_pool, regress_inner;
\set file :directory '/sql/include/leave.sql'
\i :file
