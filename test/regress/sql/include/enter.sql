-- Gives a test a database of its own, so that ids start at 1, and the people who act in it.
\set ECHO none
\set home :DBNAME
\set owner :USER
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE DATABASE regress_warrant TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
\c regress_warrant
SET client_min_messages = warning;
BEGIN;
CREATE EXTENSION pg_warrant;
CREATE ROLE regress_clerk LOGIN;
CREATE ROLE regress_other LOGIN;
CREATE ROLE regress_chief LOGIN IN ROLE warrant_approver;
CREATE ROLE regress_deputy LOGIN IN ROLE warrant_approver;
CREATE ROLE regress_dba LOGIN IN ROLE warrant_admin;
CREATE ROLE regress_auditor LOGIN IN ROLE warrant_auditor;
GRANT CREATE ON SCHEMA public TO PUBLIC;
COMMIT;

DO $$
BEGIN
    FOR i IN 1..3000 LOOP
        EXIT WHEN EXISTS (SELECT FROM warrant_internal.recorder_status() WHERE item = 'recorder' AND warning IS NULL);
        PERFORM pg_sleep(0.1);
    END LOOP;
END;
$$;

CREATE SCHEMA stage;
GRANT USAGE ON SCHEMA stage TO PUBLIC;
CREATE TABLE stage.mark (seq bigint);
DO $$ BEGIN PERFORM warrant.action_result(0); END $$;    -- what has happened until now is sealed then
INSERT INTO stage.mark SELECT coalesce(max(seq), 0) FROM warrant.audit_log;

-- The recorder answers in order: with this answer everything before it is sealed.
CREATE FUNCTION stage.settle() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM warrant.action_result(0); END $$;

-- Looks until a query answers true: what the recorder does by itself comes a moment later, and sooner where the query settles.
CREATE FUNCTION stage.eventually(query text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    so boolean;
BEGIN
    FOR i IN 1..3000 LOOP
        EXECUTE query INTO so;
        EXIT WHEN so;
        PERFORM pg_sleep(0.1);
    END LOOP;
    RETURN so;
END;
$$;

-- What the audit log has gained since the last call, each attempt together with its outcome.
CREATE FUNCTION stage.news(OUT event text, OUT who name, OUT command text, OUT relation name, OUT request bigint, OUT "grant" bigint,
    OUT n integer, OUT outcome text, OUT rows bigint, OUT sqlstate text, OUT comment text)
RETURNS SETOF record LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    seen bigint := (SELECT seq FROM stage.mark);
BEGIN
    PERFORM stage.settle();
    UPDATE stage.mark SET seq = (SELECT coalesce(max(l.seq), 0) FROM warrant.audit_log l);
    RETURN QUERY SELECT a.event, CASE WHEN a.session_user_oid = r.oid THEN 'superuser' ELSE a.session_user_name END, a.command, a.relation_name, a.request_id, a.grant_id, coalesce(o.executions, a.executions) * a.repeats,
            coalesce(o.outcome, a.outcome), coalesce(o.rows_processed, a.rows_processed), coalesce(o.sqlstate, a.sqlstate), a.comment
      FROM warrant.audit_log a JOIN pg_roles r ON r.rolname = current_user
           LEFT JOIN warrant.audit_log o ON o.event = 'outcome' AND a.event IN ('allowed', 'exempt', 'would_refuse')
           AND (o.statement_id, o.command) = (a.statement_id, a.command) AND o.relation_oid IS NOT DISTINCT FROM a.relation_oid
           AND o.grant_id IS NOT DISTINCT FROM a.grant_id
     WHERE a.seq > seen AND a.event <> 'outcome' ORDER BY a.seq;
END;
$$;

-- Runs a statement and tells the fields of its error that a program would look at.
CREATE FUNCTION stage.try(statement text, OUT state text, OUT message text, OUT detail text, OUT hint text, OUT on_table text, OUT policy text)
LANGUAGE plpgsql SET client_min_messages = warning AS $$
DECLARE
    in_schema text;
BEGIN
    EXECUTE statement;
    state := '00000';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
        in_schema = SCHEMA_NAME, on_table = TABLE_NAME, policy = CONSTRAINT_NAME;
    on_table := nullif(concat_ws('.', nullif(in_schema, ''), nullif(on_table, '')), '');
    detail := nullif(detail, '');
    hint := nullif(hint, '');
    policy := nullif(policy, '');
END;
$$;
RESET client_min_messages;
\set ECHO all
