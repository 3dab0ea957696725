-- The one entry point of the recorder.
CREATE FUNCTION warrant_internal.act(action text, origin jsonb, args jsonb, statement jsonb, statement_sha256 bytea, statement_text text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF action IN ('request', 'approve', 'grant') AND NOT warrant_internal.is_home() THEN
        PERFORM warrant_internal.fail('55000', 'this database is a copy of the one where grants were made', 'A superuser makes it one of its own: SELECT warrant.adopt().');
    END IF;
    PERFORM warrant_internal.note_identity(origin);
    IF action NOT IN ('refuse', 'spend') AND NOT warrant_internal.role_exists(warrant_internal.user_of(origin)) THEN
        PERFORM warrant_internal.fail('42501', 'the role of this session is gone');
    END IF;
    CASE action
        WHEN 'refuse' THEN RETURN warrant_internal.do_refuse(origin, args, statement, statement_sha256, statement_text);
        WHEN 'spend' THEN RETURN warrant_internal.do_spend(origin, args, statement, statement_sha256, statement_text);
        WHEN 'request' THEN RETURN warrant_internal.do_request(origin, args);
        WHEN 'cancel' THEN PERFORM warrant_internal.do_cancel(origin, args);
        WHEN 'approve' THEN RETURN warrant_internal.do_approve(origin, args);
        WHEN 'deny' THEN PERFORM warrant_internal.do_deny(origin, args);
        WHEN 'grant' THEN RETURN warrant_internal.do_grant(origin, args);
        WHEN 'revoke' THEN PERFORM warrant_internal.do_revoke(origin, args);
        WHEN 'adopt' THEN PERFORM warrant_internal.do_adopt(origin, args);
        WHEN 'ask_result' THEN RETURN warrant_internal.do_ask_result(origin, args);
        WHEN 'webhook_answer' THEN PERFORM warrant_internal.do_webhook_answer(origin, args);
        ELSE PERFORM warrant_internal.fail('0A000', format('unknown action "%s"', action));
    END CASE;
    RETURN NULL;
END;
$$;
