-- What reaches rows or code beside the gate is ADMIN where something is protected: files, programs, publications, untrusted code, the gate itself.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
\set file :directory '/sql/include/outcome.sql'
\i :file
GRANT pg_read_server_files, pg_write_server_files, pg_execute_server_program TO regress_clerk;
GRANT CREATE ON DATABASE regress_warrant TO regress_clerk;
GRANT CREATE, USAGE ON SCHEMA warrant TO regress_clerk WITH GRANT OPTION;
\c - regress_clerk
CREATE TABLE ledger (a int);
CREATE TABLE plain (a int);
SET client_min_messages = error;
CREATE PUBLICATION news FOR TABLE plain;
RESET client_min_messages;
\c - :owner
INSERT INTO stage.attempts (statement) VALUES
    ('COPY plain TO ''/dev/null'''),
    ('COPY plain FROM ''/dev/null'''),
    ('COPY (SELECT 1) TO ''/dev/null'''),
    ('COPY plain TO PROGRAM ''cat >/dev/null'''),
    ('COPY plain FROM PROGRAM ''true'''),
    ('DO $d$ BEGIN COPY plain TO ''/dev/null''; END $d$'),
    ('COPY ledger TO ''/dev/null'''),
    ('LOAD ''$libdir/plugins/none'''),
    ('CREATE PUBLICATION p FOR TABLE plain, ledger'),
    ('ALTER PUBLICATION news ADD TABLE ledger'),
    ('ALTER PUBLICATION news SET TABLE ledger'),
    ('CREATE TABLE warrant.mine (a int)'),
    ('GRANT USAGE ON SCHEMA warrant TO regress_other'),
    -- Nothing of it: other tables' publications, what leaves one, trusted code, an extension that brings code of its own.
    ('CREATE PUBLICATION p FOR TABLE plain'),
    ('CREATE PUBLICATION p'),
    ('ALTER PUBLICATION news ADD TABLE missing'),
    ('ALTER PUBLICATION news DROP TABLE plain'),
    ('ALTER PUBLICATION news RENAME TO olds'),
    ('DROP PUBLICATION news'),
    ('DO $d$ BEGIN PERFORM 1; END $d$'),
    ('CREATE FUNCTION trusted() RETURNS int LANGUAGE sql AS ''SELECT 1'''),
    ('CREATE FUNCTION standard() RETURNS int RETURN 1'),
    ('CREATE EXTENSION hstore');
CREATE TABLE strict (n int GENERATED ALWAYS AS IDENTITY, statement text);
INSERT INTO strict (statement) VALUES
    ('CREATE PUBLICATION p FOR ALL TABLES'),
    ('CREATE PUBLICATION p FOR TABLES IN SCHEMA public'),
    ('CREATE PUBLICATION p FOR TABLES IN SCHEMA CURRENT_SCHEMA'),
    ('ALTER PUBLICATION news ADD TABLES IN SCHEMA public'),
    ('CREATE SUBSCRIPTION s CONNECTION ''dbname=nowhere'' PUBLICATION p WITH (connect = false, slot_name = NONE)'),
    ('CREATE FUNCTION untrusted(int) RETURNS int LANGUAGE internal AS ''int4um'''),
    ('CREATE PROCEDURE untrusted() LANGUAGE c AS ''$libdir/plpgsql'', ''plpgsql_call_handler'''),
    ('CREATE EVENT TRIGGER hears ON ddl_command_end EXECUTE FUNCTION heard()'),
    ('ALTER EVENT TRIGGER there DISABLE'),
    ('ALTER EVENT TRIGGER there RENAME TO gone'),
    ('DROP EVENT TRIGGER there'),
    ('ALTER SCHEMA warrant OWNER TO regress_clerk'),
    ('ALTER SCHEMA warrant_internal OWNER TO regress_clerk'),
    ('GRANT USAGE ON SCHEMA warrant_internal TO PUBLIC'),
    ('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA warrant_internal TO PUBLIC'),
    ('GRANT EXECUTE ON FUNCTION warrant_internal.sweep() TO PUBLIC'),
    ('GRANT SELECT ON warrant.audit_text TO PUBLIC'),
    ('REVOKE ALL ON ALL TABLES IN SCHEMA warrant FROM warrant_auditor'),
    ('GRANT EXECUTE ON FUNCTION warrant.drop_policy(text) TO PUBLIC'),
    ('ALTER EXTENSION pg_warrant UPDATE'),
    ('DROP EXTENSION pg_warrant CASCADE'),
    ('DO LANGUAGE raw $d$ BEGIN PERFORM 1; END $d$'),
    ('CREATE FUNCTION raw() RETURNS int LANGUAGE raw AS $f$ BEGIN RETURN 1; END $f$'),
    ('DO LANGUAGE plpgsql $d$ BEGIN PERFORM 1; END $d$');
CREATE LANGUAGE raw HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler;
CREATE FUNCTION heard() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER there ON table_rewrite EXECUTE FUNCTION heard();

-- Nothing is protected: nothing changes.
\c - regress_clerk
SELECT * FROM stage.outcomes();

\c - :owner
SET client_min_messages = warning;
SELECT warrant.protect('ledger');
\c - regress_clerk
SELECT * FROM stage.outcomes();
SELECT state, message, detail, on_table, policy FROM stage.try('COPY plain TO ''/dev/null''');
SELECT command, schema_name, relation_name, policy_name, request_ids FROM warrant.last_refusal();

-- The approval is that of what is protected; it covers the database, and nothing that another command covers.
\c - regress_chief
SELECT target, commands, warrant.request_status(id)->'items' AS items FROM warrant.pending WHERE commands = 'ADMIN';
SELECT id FROM warrant.pending WHERE commands = 'ADMIN' \gset
SELECT item, value FROM warrant.show_request(:id) WHERE item IN ('wants', 'caution');
SELECT warrant.approve(:id) AS "grant" \gset
\c - regress_clerk
SELECT * FROM stage.outcomes();
COPY plain TO '/dev/null';
\c - :owner
SELECT rule, answer, split_part(detail, ' until', 1) AS detail FROM warrant.explain('regress_clerk', 'ADMIN', 'ledger') WHERE answer <> 'goes on';
SELECT DISTINCT event, who, command, relation, "grant" FROM stage.news() WHERE command = 'ADMIN' ORDER BY event;
\c - regress_chief
SELECT warrant.grant('regress_clerk', '{ADMIN}', on_schema => 'public');
SELECT warrant.revoke(:grant);
SELECT warrant.grant('regress_clerk', '{ALL}', on_database => true);
\c - regress_clerk
SELECT * FROM stage.outcomes() WHERE statement IN ('LOAD ''$libdir/plugins/none''', 'COPY ledger TO ''/dev/null''');

SELECT warrant.request('{ADMIN,SELECT}', on_database => true, reason => 'a dump') > 0 AS filed;

-- A policy that names it goes before: this one lets a role run it, and says nothing about tables.
\c - :owner
SELECT warrant.create_policy('operators', 'open', on_database => true, for_roles => '{regress_clerk}', commands => '{ADMIN}');
\c - regress_clerk
SELECT * FROM stage.outcomes() WHERE outcome <> 'runs';
\c - :owner
SELECT warrant.create_policy('never', 'deny', on_database => true, commands => '{ADMIN}', priority => 1);
\c - regress_clerk
SELECT statement, outcome FROM stage.outcomes() WHERE statement ~ 'LOAD|PROGRAM';
\c - :owner
SELECT warrant.drop_policy('never'), warrant.drop_policy('operators');

-- Superusers are exempt, and audited.
SELECT count(*) > 0 AS seen FROM stage.news();
SELECT statement, stage.outcome(statement) FROM strict ORDER BY n;
SELECT event, who, command, sum(n) FROM stage.news() GROUP BY event, who, command;
ALTER SYSTEM SET pg_warrant.enforce_superuser = on;
SELECT pg_reload_conf();
\c -
SHOW pg_warrant.enforce_superuser;
SELECT statement, stage.outcome(statement) FROM strict ORDER BY n;
ALTER SYSTEM RESET pg_warrant.enforce_superuser;
SELECT pg_reload_conf();
\c -
SHOW pg_warrant.enforce_superuser;
DROP EVENT TRIGGER there;
REVOKE ALL ON SCHEMA warrant FROM regress_clerk CASCADE;
\set file :directory '/sql/include/leave.sql'
\i :file
