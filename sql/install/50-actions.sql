-- Actions: what the recorder executes, each in a subtransaction of its own. act is the one entry point.
--
-- Nobody else calls the functions of parts 50 to 63: only the recorder may write its tables. It numbers their rows by itself, because whoever may
-- write all data may set any sequence. PL/pgSQL stands also where SQL would do: it keeps its plans for the life of the recorder. What the library
-- calls pins search_path, for all that it calls.

CREATE FUNCTION warrant_internal.act(action text, origin jsonb, args jsonb, statement jsonb, statement_sha256 bytea, statement_text text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF action IN ('request', 'request_statement', 'extend', 'approve', 'decide_each', 'grant', 'auto', 'delegate') AND NOT warrant_internal.is_home() THEN
        PERFORM warrant_internal.fail('55000', 'this database is a copy of the one where grants were made', 'A superuser makes it one of its own: SELECT warrant.adopt().');
    END IF;
    IF origin->>'authn_id' IS NOT NULL THEN
        PERFORM warrant_internal.note_identity(origin);
    END IF;
    IF action NOT IN ('refuse', 'spend') AND NOT warrant_internal.role_exists(warrant_internal.user_of(origin)) THEN
        PERFORM warrant_internal.fail('42501', 'the role of this session is gone');
    END IF;
    CASE action
        WHEN 'refuse' THEN RETURN warrant_internal.do_refuse(origin, args, statement, statement_sha256, statement_text);
        WHEN 'spend' THEN RETURN warrant_internal.do_spend(origin, args, statement, statement_sha256, statement_text);
        WHEN 'auto' THEN PERFORM warrant_internal.do_auto(origin, args);
        WHEN 'approve' THEN RETURN warrant_internal.do_approve(origin, args);
        WHEN 'requests_named' THEN RETURN warrant_internal.requests_named(args);
        WHEN 'decide_each' THEN RETURN warrant_internal.decide_each(origin, args);
        WHEN 'grant' THEN RETURN warrant_internal.do_grant(origin, args);
        WHEN 'revoke' THEN PERFORM warrant_internal.do_revoke(origin, args);
        WHEN 'revoke_all' THEN RETURN warrant_internal.do_revoke_all(origin, args);
        WHEN 'request' THEN RETURN warrant_internal.do_request(origin, args);
        WHEN 'request_statement' THEN RETURN warrant_internal.do_request_statement(origin, args, statement, statement_sha256, statement_text);
        WHEN 'amend' THEN RETURN warrant_internal.do_amend(origin, args);
        WHEN 'cancel' THEN PERFORM warrant_internal.do_cancel(origin, args);
        WHEN 'extend' THEN RETURN warrant_internal.do_extend(origin, args);
        WHEN 'give_back' THEN PERFORM warrant_internal.do_give_back(origin, args);
        WHEN 'deny' THEN PERFORM warrant_internal.do_deny(origin, args);
        WHEN 'delegate' THEN PERFORM warrant_internal.do_delegate(origin, args);
        WHEN 'end_delegation' THEN PERFORM warrant_internal.do_end_delegation(origin, args);
        WHEN 'adopt' THEN PERFORM warrant_internal.do_adopt(origin, args);
        WHEN 'ask_result' THEN RETURN warrant_internal.do_ask_result(origin, args);
        WHEN 'webhook_answer' THEN PERFORM warrant_internal.do_webhook_answer(origin, args);
        ELSE PERFORM warrant_internal.fail('0A000', format('unknown action "%s"', action));
    END CASE;
    RETURN NULL;
END;
$$;

CREATE FUNCTION warrant_internal.fail(state text, message text, hint text DEFAULT NULL, detail text DEFAULT NULL) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    IF detail IS NOT NULL THEN
        RAISE EXCEPTION '%', message USING ERRCODE = state, DETAIL = detail, HINT = coalesce(hint, '');
    END IF;
    IF hint IS NULL THEN
        RAISE EXCEPTION '%', message USING ERRCODE = state;
    END IF;
    RAISE EXCEPTION '%', message USING ERRCODE = state, HINT = hint;
END;
$$;

-- Without a pinned search_path, which its parsed body does not need, it becomes part of what calls it.
CREATE FUNCTION warrant_internal.user_of(origin jsonb) RETURNS oid LANGUAGE sql IMMUTABLE RETURN (origin OPERATOR(pg_catalog.->>) 'session_user_oid')::pg_catalog.oid;

-- What became of an action. Its caller, and auditors, may know.
CREATE FUNCTION warrant_internal.do_ask_result(origin jsonb, args jsonb) RETURNS text LANGUAGE plpgsql
AS $$
DECLARE
    result warrant.action_results;
BEGIN
    SELECT * INTO result FROM warrant.action_results a WHERE a.action_id = (args->>'action_id')::bigint
       AND (a.session_user_oid = warrant_internal.user_of(origin) OR warrant_internal.is_member(warrant_internal.user_of(origin), 'warrant_auditor'::regrole));
    RETURN json_build_object('done', coalesce(result.done, false), 'answer', coalesce(result.answer, result.message));
END;
$$;
