-- alter_policy: what it changes and keeps, what votes and grants count afterwards, and what it refuses.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
SET client_min_messages = warning;
CREATE ROLE regress_guild;
GRANT regress_guild TO regress_chief;
CREATE ROLE "regress ""odd" LOGIN;
RESET client_min_messages;
CREATE TABLE ledger (a int);
CREATE TABLE other (a int);
INSERT INTO ledger VALUES (1);
GRANT SELECT, INSERT, UPDATE ON ledger, other TO regress_clerk, regress_other;
SELECT warrant.protect('ledger', mode => 'monitor');
\set policy 'protect public.ledger'
SELECT id AS policy_id FROM warrant.policies WHERE name = :'policy' \gset

-- Only members of warrant_admin alter.
\c - regress_clerk
SELECT state, message FROM stage.try($$SELECT warrant.alter_policy('protect public.ledger', '{"mode": "monitor"}')$$);
INSERT INTO ledger VALUES (2);

-- From monitor to enforce: the same policy, one version on.
\c - regress_dba
SELECT warrant.alter_policy(:'policy', '{"mode": "enforce"}');
SELECT id = :policy_id AS same, version, mode, terms_from FROM warrant.policies WHERE name = :'policy';
SELECT warrant.alter_policy(:'policy', '{"mode": "enforce", "commands": ["all"], "audit": null, "max_uses": null}');
SELECT version FROM warrant.policies WHERE name = :'policy';
\c - regress_clerk
INSERT INTO ledger VALUES (3);
\c - regress_chief
SELECT warrant.approve(1, duration => '30 min');
SELECT warrant.grant('regress_other', '{INSERT}', on_table => 'ledger', duration => '2 h', reason => 'books');

-- What is no term of a grant leaves all of them.
\c - regress_dba
SELECT warrant.alter_policy(:'policy', '{"priority": 3, "except_roles": ["regress_deputy"], "audit_wait": false}');
SELECT warrant.alter_policy(:'policy', '{"priority": null, "except_roles": null, "audit_wait": null, "mode": "monitor"}');
SELECT warrant.alter_policy(:'policy', '{"mode": null}');
\c - regress_clerk
INSERT INTO ledger VALUES (3);
-- Grants that are longer than the new maximum end with the COMMIT; the others live on.
\c - regress_dba
BEGIN;
SELECT warrant.alter_policy(:'policy', '{"max_duration": "1 hour"}');
ROLLBACK;
\c - regress_other
INSERT INTO ledger VALUES (4);
\c - regress_dba
SELECT warrant.alter_policy(:'policy', '{"max_duration": "1 hour"}');
SELECT version, terms_from, kept_grants FROM warrant.policies WHERE name = :'policy';
\c - regress_clerk
INSERT INTO ledger VALUES (5);
\c - regress_other
INSERT INTO ledger VALUES (5);
\c - :owner
CREATE PROCEDURE stage.until(question text) LANGUAGE plpgsql AS $$
DECLARE
    done boolean;
BEGIN
    FOR i IN 1..3000 LOOP
        EXECUTE 'SELECT ' || question INTO done;
        EXIT WHEN done;
        PERFORM pg_sleep(0.1);
    END LOOP;
END;
$$;
CALL stage.until('EXISTS (SELECT FROM warrant.grants WHERE id = 2 AND closed_at IS NOT NULL)');
SELECT id, closed_at IS NOT NULL AS closed, close_reason FROM warrant.grants ORDER BY id;
-- A grant that was kept is kept again, or not: here nobody gave a reason.
\c - regress_dba
SELECT warrant.alter_policy(:'policy', '{"max_duration": "50 min"}');
\c - regress_clerk
INSERT INTO ledger VALUES (6);
\c - regress_dba
SELECT warrant.alter_policy(:'policy', '{"require_reason": true, "max_uses": 5}');
\c - :owner
CALL stage.until($$NOT EXISTS (SELECT FROM warrant.requests WHERE id = 2 AND state = 'pending')$$);
\c - regress_clerk
SELECT state, message, detail FROM stage.try('INSERT INTO ledger VALUES (7)');
\c - regress_dba
SELECT warrant.alter_policy(:'policy', '{"require_reason": null, "max_uses": null, "max_duration": null}');
-- No later change revives what has ended.
\c - regress_clerk
SELECT state, message FROM stage.try('INSERT INTO ledger VALUES (7)');

-- Other approvers: a grant stays when those who gave it may give it still.
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{INSERT}', on_table => 'ledger');
\c - regress_deputy
SELECT warrant.grant('regress_clerk', '{UPDATE}', on_table => 'ledger');
\c - regress_dba
SELECT warrant.alter_policy(:'policy', '{"approver_role": "regress_guild"}');
\c - regress_clerk
INSERT INTO ledger VALUES (8);
SELECT state, message FROM stage.try('UPDATE ledger SET a = 8 WHERE a IS NOT NULL');
\c - regress_deputy
SELECT id AS request FROM warrant.requests WHERE state = 'pending' ORDER BY id DESC LIMIT 1 \gset
SELECT warrant.approve(:request);
\c - regress_dba
SELECT warrant.alter_policy(:'policy', '{"approver_role": null, "min_approvals": 2}');
\c - regress_clerk
SELECT state, message FROM stage.try('INSERT INTO ledger VALUES (9)');
SELECT state, message FROM stage.try('UPDATE ledger SET a = 8 WHERE a IS NOT NULL');

-- Between vote one and vote two: both are given under the same terms, or none counts.
\c - regress_chief
SELECT id AS request FROM warrant.requests WHERE state = 'pending' AND requester_name = 'regress_clerk' ORDER BY id DESC LIMIT 1 \gset
SELECT warrant.approve(:request);
SELECT warrant.approve(:request, version => 2);
\c - regress_dba
SELECT warrant.alter_policy(:'policy', '{"default_duration": "8 h"}');
\c - regress_deputy
SELECT warrant.approve(:request, version => 2);
SELECT warrant.approve(:request, version => 3);
SELECT approver_name FROM warrant.decisions WHERE request_id = :request;
\c - regress_chief
SELECT warrant.approve(:request, version => 3);
SELECT g.granted_by, g.ends_at - g.starts_at AS lives, s.policy_version = p.version AS now FROM warrant.requests r JOIN warrant.grants g ON g.id = r.grant_id JOIN warrant.grant_scopes s ON s.grant_id = g.id JOIN warrant.policies p ON p.id = s.policy_id WHERE r.id = :request;
-- Two have approved it, and one would have been enough: it stays. For three it ends.
\c - regress_dba
SELECT warrant.alter_policy(:'policy', '{"min_approvals": 1}');
SELECT warrant.alter_policy(:'policy', '{"min_approvals": 2}');
\c - regress_clerk
UPDATE ledger SET a = 10 WHERE a = 8;
\c - regress_dba
SELECT warrant.alter_policy(:'policy', '{"min_approvals": 3}');
\c - regress_clerk
SELECT state FROM stage.try('UPDATE ledger SET a = 10 WHERE a IS NOT NULL');

-- A pending request of a policy that approves nothing any more, or asks for what the request lacks, is cancelled.
\c - regress_dba
SELECT warrant.alter_policy(:'policy', '{"min_approvals": 1, "require_reason": true}');
\c - :owner
CALL stage.until($$NOT EXISTS (SELECT FROM warrant.requests WHERE state = 'pending')$$);
\c - regress_clerk
SET pg_warrant.reason = 'inventory';
SELECT state FROM stage.try('UPDATE ledger SET a = 10 WHERE a IS NOT NULL');
\c - regress_dba
SELECT warrant.alter_policy(:'policy', '{"effect": "deny"}');
\c - regress_clerk
UPDATE ledger SET a = 10 WHERE a IS NOT NULL;
\c - :owner
CALL stage.until($$NOT EXISTS (SELECT FROM warrant.requests WHERE state = 'pending')$$);
SELECT DISTINCT comment FROM warrant.audit_log WHERE event = 'request_cancelled' ORDER BY comment;
\c - regress_dba
SELECT effect, audit, require_reason FROM warrant.policies WHERE name = :'policy';
-- What nobody said of the log follows the effect.
SELECT warrant.alter_policy(:'policy', '{"effect": "open"}');
SELECT audit FROM warrant.policies WHERE name = :'policy';
SELECT warrant.alter_policy(:'policy', '{"effect": "approve", "require_reason": false}');
SELECT audit FROM warrant.policies WHERE name = :'policy';
\c - :owner
DO $$ BEGIN PERFORM stage.settle(); END $$;
SELECT event, policy_version AS version, comment FROM warrant.audit_log WHERE event IN ('policy_changed', 'weakened') ORDER BY seq;

-- What it refuses.
\c - regress_dba
SELECT t.state, t.message, t.detail, left(t.hint, 40) AS hint FROM (VALUES (NULL), ('null'), ('[]'), ('"enforce"'), ('{}'), ('{"Mode": "monitor"}'), ('{"name": "other"}'), ('{"on_table": "public.other"}'),
    ('{"on_database": true}'), ('{"id": 1}'), ('{"version": 1}'), ('{"target": 0}'), ('{"terms_from": 0}'), ('{"kept_grants": [1]}'), ('{"": 1}')) AS c (changes),
    LATERAL stage.try(format('SELECT warrant.alter_policy(%L, %L)', 'protect public.ledger', c.changes)) AS t;
SELECT c.changes, t.state, t.message FROM (VALUES ('{"mode": "loose"}'), ('{"mode": ""}'), ('{"mode": 1}'), ('{"mode": {}}'), ('{"effect": null}'), ('{"effect": "none"}'), ('{"commands": []}'), ('{"commands": "SELECT"}'),
    ('{"commands": ["SELECT", null]}'), ('{"commands": ["BROWSE"]}'), ('{"commands": ["ADMIN"]}'), ('{"commands": {"a": 1}}'), ('{"priority": "high"}'), ('{"priority": 1e10}'), ('{"min_approvals": 0}'), ('{"min_approvals": 1.5}'),
    ('{"min_approvals": 101}'), ('{"approver_role": "regress_nobody"}'), ('{"approver_role": ["regress_chief"]}'), ('{"approver_role": ""}'), ('{"approver_role": "-"}'), ('{"approver_role": 4000000000}'), ('{"for_roles": "regress_clerk"}'),
    ('{"for_roles": [null]}'), ('{"for_roles": ["regress_nobody"]}'), ('{"for_roles": [["regress_clerk"]]}'), ('{"for_roles": {}}'), ('{"except_roles": [4000000000]}'), ('{"definer_roles": [true]}'), ('{"default_duration": "-1 s"}'),
    ('{"default_duration": "soon"}'), ('{"max_duration": "1 month"}'), ('{"max_duration": "7 h"}'), ('{"request_ttl": "0"}'), ('{"max_uses": 0}'), ('{"max_uses": "many"}'), ('{"require_reason": "perhaps"}'), ('{"audit": "some"}'),
    ('{"audit_wait": 7}'), ('{"webhook": "nowhere"}'), ('{"webhook": ""}')) AS c (changes),
    LATERAL stage.try(format('SELECT warrant.alter_policy(%L, %L)', 'protect public.ledger', c.changes)) AS t;
SELECT state, message FROM unnest(ARRAY['NULL', '''''', '''sentinel''', '''nothing''']) AS n (name), stage.try(format($$SELECT warrant.alter_policy(%s, '{"mode": "monitor"}')$$, name));

-- Names that need quotes, or are read from the right.
\c - :owner
SELECT U&'\202Eledger "of" \05D0' AS odd \gset
CREATE TABLE :"odd" (a int);
\c - regress_dba
SELECT warrant.create_policy(:'odd', 'approve', on_table => quote_ident(:'odd')::regclass) = :'odd' AS made;
SELECT warrant.alter_policy(:'odd', '{"mode": "monitor", "for_roles": ["\"regress \"\"odd\"", "regress_clerk", "regress_clerk"]}');
SELECT for_role_names FROM warrant.policies WHERE name = :'odd';
SELECT warrant.alter_policy(:'odd', '{"for_roles": ["regress_clerk", "\"regress \"\"odd\""]}');
-- Roles and tables that are gone stay named, and stand in nobody's way.
\c - :owner
SET client_min_messages = warning;
DROP TABLE :"odd";
DROP ROLE "regress ""odd";
\c - regress_dba
SELECT warrant.alter_policy(:'odd', '{"mode": "enforce", "commands": ["WRITE"]}');
SELECT for_role_names, commands, mode FROM warrant.policies WHERE name = :'odd';
SELECT warrant.alter_policy(:'odd', '{"for_roles": []}');
SELECT warrant.drop_policy(:'odd');

-- With two: what weakens needs a grant of ADMIN, and what does not needs nobody.
\c - :owner
ALTER SYSTEM SET pg_warrant.definition_approval = on;
SELECT pg_reload_conf();
\c -
SHOW pg_warrant.definition_approval;
\c - regress_dba
SELECT c.changes, t.state FROM (VALUES ('{"mode": "monitor"}'), ('{"effect": "open"}'), ('{"except_roles": ["regress_clerk"]}'), ('{"commands": ["SELECT"]}'), ('{"max_duration": "2 days"}'), ('{"default_duration": "9 h"}'), ('{"audit": "none"}'),
    ('{"approver_role": "regress_guild"}'), ('{"definer_roles": ["regress_clerk"]}'), ('{"for_roles": ["regress_other"]}'), ('{"min_approvals": 2}'), ('{"require_reason": true}'), ('{"max_uses": 3}'), ('{"effect": "deny"}')) AS c (changes),
    LATERAL stage.try(format('DO $d$ BEGIN PERFORM warrant.alter_policy(%L, %L); RAISE division_by_zero; END $d$', 'protect public.ledger', c.changes)) AS t;
\c - :owner
ALTER SYSTEM RESET pg_warrant.definition_approval;
SELECT pg_reload_conf();
\c -
REVOKE regress_guild FROM regress_chief;
DROP ROLE regress_guild;
\set file :directory '/sql/include/leave.sql'
\i :file
