-- What a statement leaves behind: a refusal, or spent uses.

-- The origin of a role other than the one that asks. It has no identity, program and address, since nobody has authenticated as that role.
CREATE FUNCTION warrant_internal.origin_of(role oid, origin jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE
AS $$
DECLARE
    name text := pg_get_userbyid(role);
BEGIN
    RETURN origin || jsonb_build_object('session_user_oid', role, 'session_user_name', name, 'authenticated_user_name', name, 'authn_id', NULL,
                                        'application_name', NULL, 'client_addr', NULL);
END;
$$;

-- Whether grants cover all that a statement wanted under a policy, grants so young that its session may have decided without them: a request would
-- ask for them again. An older grant was known to the session, and does not serve the statement for whatever reason.
CREATE FUNCTION warrant_internal.is_granted_meanwhile(origin jsonb, requester oid, policy bigint, items jsonb, exact bytea DEFAULT NULL) RETURNS boolean LANGUAGE plpgsql
AS $$
DECLARE
    now timestamptz := warrant_internal.monotonic_now();
    young CONSTANT interval := '10 s';
    names text[];
BEGIN
    IF NOT EXISTS (SELECT FROM warrant.grant_scopes s WHERE s.grantee = requester AND NOT s.closed AND s.policy_id = is_granted_meanwhile.policy
                      AND s.starts_at > now - young) THEN
        RETURN false;    -- nearly always
    END IF;
    names := warrant_internal.names_of(origin);
    RETURN NOT EXISTS (
        SELECT FROM jsonb_array_elements(items) AS i
         WHERE (i->>'policy')::bigint = is_granted_meanwhile.policy AND NOT EXISTS (
            SELECT FROM warrant.grant_scopes s
             WHERE s.grantee = requester AND s.target = (i->>'relation')::oid AND s.target_kind = (i->>'kind')::"char" AND NOT s.closed
                   AND s.policy_id = is_granted_meanwhile.policy AND i->>'command' = ANY (s.commands)
                   AND (s.columns IS NULL OR warrant_internal.column_numbers(s.target, warrant_internal.elements_of(i->'columns')::name[]) <@ s.columns)
                   AND s.starts_at > now - young AND s.starts_at <= now AND s.ends_at > now AND NOT coalesce(s.granters && names, false)
                   AND (s.exact IS NULL OR s.exact = is_granted_meanwhile.exact)
                   AND EXISTS (SELECT FROM warrant.policies p WHERE p.id = s.policy_id AND warrant_internal.stands(s, p))
                   AND (s.max_uses IS NULL OR EXISTS (SELECT FROM warrant.grant_uses u WHERE u.grant_id = s.grant_id AND u.uses_left > 0))));
END;
$$;

-- Of the items of a refused statement: the policies that an approval is asked for under, each once; what is asked for under one of them; and how many
-- rows the server expects there, NULL where nobody knows.
CREATE FUNCTION warrant_internal.policies_to_ask(items jsonb) RETURNS bigint[] LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_policies_to_ask';
CREATE FUNCTION warrant_internal.items_refused(items jsonb, policy bigint) RETURNS warrant_internal.item[] LANGUAGE c IMMUTABLE STRICT
    AS 'MODULE_PATHNAME', 'warrant_items_refused';
CREATE FUNCTION warrant_internal.rows_refused(items jsonb, policy bigint) RETURNS bigint LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_rows_refused';

-- Records a refused statement, and files the requests for what an approval would help. Returns the requests' ids, or why there is none and, on a
-- second line, what to do about it. A library that knows of it is told, after the ids, of each policy that has no request: a line with the policy's
-- number and why, and a line with what to do.
CREATE FUNCTION warrant_internal.do_refuse(origin jsonb, args jsonb, statement jsonb, statement_sha256 bytea, statement_text text) RETURNS text LANGUAGE plpgsql
AS $$
DECLARE
    policy bigint;
    request bigint;
    requests bigint[] := '{}'::bigint[];
    filed jsonb := '{}';    -- the request of each policy
    unfiled jsonb := '{}';  -- why a policy has none
    told text := '';
    refusal text := nullif(args->>'unfiled', '');
    advice text;
    requester oid := coalesce((args->>'file_for')::oid, warrant_internal.user_of(origin));
    files boolean := (args->>'file')::boolean OR args ? 'file_for';
    identity CONSTANT bytea := decode(nullif(args->>'exact', ''), 'hex');
BEGIN
    IF files AND NOT warrant_internal.is_home() THEN
        files := false;
        refusal := 'this database is a copy of the one where grants were made';
        advice := 'A superuser makes it one of its own: SELECT warrant.adopt().';
    END IF;
    IF files AND NOT warrant_internal.role_exists(requester) THEN
        files := false;
        refusal := 'the role of this session is gone';
    END IF;
    FOREACH policy IN ARRAY CASE WHEN files THEN warrant_internal.policies_to_ask(args->'items') ELSE '{}' END LOOP
        IF warrant_internal.is_granted_meanwhile(origin, requester, policy, args->'items', identity) THEN
            refusal := 'it was granted a moment ago';
            advice := 'Run the statement again.';
            unfiled := unfiled || jsonb_build_object(policy, refusal);
            told := told || format(E'\n%s %s\n%s', policy, refusal, advice);
            CONTINUE;
        END IF;
        BEGIN
            request := warrant_internal.file_request(CASE requester WHEN warrant_internal.user_of(origin) THEN origin ELSE warrant_internal.origin_of(requester, origin) END, requester,
                warrant_internal.items_refused(args->'items', policy), args->>'reason', nullif(args->>'duration', '')::interval, NULL, true, statement_sha256, statement_text,
                jsonb_strip_nulls(jsonb_build_object('command_tag', nullif(args->>'tag', ''), 'estimated_rows', warrant_internal.rows_refused(args->'items', policy))),
                ticket => args->>'ticket', fits => warrant_internal.fitted(args),
                exact => CASE WHEN EXISTS (SELECT FROM warrant.policies p WHERE p.id = policy AND p.exact) THEN identity END, not_exact => args->>'not_exact',
                identity => identity);
            IF args ? 'exact' THEN
                PERFORM warrant_internal.attach_statement(request, statement_sha256, args);
            END IF;
            requests := array_remove(requests, request) || request;
            filed := filed || jsonb_build_object(policy, request);
        EXCEPTION WHEN invalid_parameter_value OR configuration_limit_exceeded OR invalid_datetime_format OR object_in_use THEN
            GET STACKED DIAGNOSTICS refusal = MESSAGE_TEXT, advice = PG_EXCEPTION_HINT;
            refusal := warrant_internal.in_one_line(refusal, 1000);
            advice := warrant_internal.in_one_line(advice, 1000);
            unfiled := unfiled || jsonb_build_object(policy, refusal);
            told := told || format(E'\n%s %s\n%s', policy, refusal, advice);
        END;
    END LOOP;
    PERFORM warrant_internal.seal('refused', origin, jsonb_build_object('request_id', filed->(i->>'policy'), 'command', i->'command',
            'relation_oid', CASE WHEN i->>'kind' = 't' THEN i->'relation' END, 'schema_name', i->'schema', 'relation_name', i->'name',
            'columns', i->'touched', 'policy_name', nullif(i->>'policy_name', ''), 'policy_version', i->'policy_version', 'rows_estimated', nullif(i->'rows', '-1'), 'comment', nullif(concat_ws(' ', args->>'comment',
            CASE WHEN filed->(i->>'policy') IS NULL THEN coalesce(unfiled->>(i->>'policy'), i->>'unfiled', refusal) END), '')),
            statement, statement_sha256, CASE WHEN place <= 16 THEN statement_text END)
       FROM jsonb_array_elements(args->'items') WITH ORDINALITY AS e (i, place);
    IF requests <> '{}' THEN
        RETURN array_to_string(requests, ',') || CASE WHEN args ? 'apart' AND octet_length(told) < 2000 THEN told ELSE '' END;
    END IF;
    RETURN coalesce(concat_ws(E'\n', refusal, nullif(advice, '')), '');
END;
$$;

-- Until when a policy of effect auto makes no grant to the role, because one that it had made was revoked; NULL when none was.
CREATE FUNCTION warrant_internal.revoked_until(policy bigint, grantee oid) RETURNS timestamptz LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'warrant_revoked_until';

-- Makes the grants that policies of effect auto give for a statement, which its session decides once more. What the session has not heard of yet (the
-- policy was altered, another session has a grant) makes none.
CREATE FUNCTION warrant_internal.do_auto(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    subject CONSTANT oid := coalesce((args->>'file_for')::oid, warrant_internal.user_of(origin));
    asked CONSTANT interval := nullif(args->>'duration', '')::interval;
    reason CONSTANT text := nullif(args->>'reason', '');
    most CONSTANT bigint := current_setting('pg_warrant.max_pending')::bigint;
    policy warrant.policies;
    items warrant_internal.item[];
    live bigint;
    made bigint;
BEGIN
    IF NOT warrant_internal.role_exists(subject) THEN
        PERFORM warrant_internal.fail('42501', 'the role of this session is gone');
    END IF;
    SELECT count(*) INTO live FROM warrant.grants g WHERE g.grantee = subject AND g.ends_at > warrant_internal.monotonic_now() AND g.closed_at IS NULL AND g.granted_by = '{}'
       AND NOT EXISTS (SELECT FROM warrant.grant_uses u WHERE u.grant_id = g.id AND u.uses_left = 0);
    FOR policy IN SELECT p.* FROM warrant.policies p WHERE p.id = ANY (warrant_internal.policies_to_ask(args->'items')) AND p.effect = 'auto'
                     AND NOT EXISTS (SELECT FROM jsonb_array_elements(args->'items') AS i WHERE (i->>'policy')::bigint = p.id AND (i->>'policy_version')::integer <> p.version) ORDER BY p.id LOOP
        CONTINUE WHEN warrant_internal.is_granted_meanwhile(origin, subject, policy.id, args->'items') OR warrant_internal.revoked_until(policy.id, subject) IS NOT NULL
                   OR (policy.require_reason AND warrant_internal.is_blank(reason))
                   OR (policy.ticket_pattern IS NOT NULL AND NOT policy.ticket_pattern = ANY (warrant_internal.fitted(args)));
        IF live >= most THEN
            PERFORM warrant_internal.fail('53400', format('%s grants that policies have made live already', live), 'Give some back with warrant.give_back, or wait for their end.');
        END IF;
        items := warrant_internal.items_refused(args->'items', policy.id);
        made := warrant_internal.make_grant(origin, NULL, subject, '{}', least(asked, policy.default_duration, current_setting('pg_warrant.max_duration')::interval),
                                            policy.max_uses, reason, items, '{}', policy.max_rows, CASE WHEN policy.ticket_pattern IS NOT NULL THEN args->>'ticket' END);
        live := live + 1;
        PERFORM warrant_internal.tell_granted(format('policy "%s"', policy.name), made, items);
    END LOOP;
END;
$$;

-- Spends one use of each limited grant that a statement runs under, and writes the statement's rows. Returns NULL, or which grant somebody else used
-- up, or ended, meanwhile; then nothing is spent or written. Only the recorder writes these tables, so that what is looked at stays.
CREATE FUNCTION warrant_internal.do_spend(origin jsonb, args jsonb, statement jsonb, statement_sha256 bytea, statement_text text) RETURNS text LANGUAGE plpgsql
AS $$
DECLARE
    spent bigint[] := ARRAY(SELECT e::bigint FROM jsonb_array_elements_text(args->'grants') AS e);
    used_up bigint;
BEGIN
    SELECT w.id INTO used_up FROM unnest(spent) AS w (id)
     WHERE NOT EXISTS (SELECT FROM warrant.grant_uses u JOIN warrant.grants g ON g.id = u.grant_id
                        WHERE u.grant_id = w.id AND u.uses_left > 0 AND g.closed_at IS NULL AND g.ends_at > warrant_internal.monotonic_now());
    IF FOUND THEN
        RETURN used_up;    -- nothing is spent
    END IF;
    UPDATE warrant.grant_uses u SET uses_left = u.uses_left - 1, used_at = warrant_internal.monotonic_now() WHERE u.grant_id = ANY (spent);
    PERFORM warrant_internal.seal(l->>'event', origin, jsonb_build_object('grant_id', l->'grant', 'command', l->'command', 'relation_oid', l->'relation',
                         'schema_name', l->'schema', 'relation_name', l->'name', 'columns', l->'columns', 'policy_name', l->'policy_name', 'policy_version', l->'policy_version'),
                         statement, statement_sha256, CASE WHEN place <= 16 THEN statement_text END)
       FROM jsonb_array_elements(args->'lines') WITH ORDINALITY AS e (l, place);
    PERFORM warrant_internal.seal('grant_used_up', origin, jsonb_build_object('request_id', g.request_id, 'grant_id', s.grant_id, 'command', array_to_string(s.commands, ','),
                         'relation_oid', s.target, 'schema_name', o.schema_name, 'relation_name', o.relation_name,
                         'columns', warrant_internal.column_names(s.target, s.columns, s.column_names), 'policy_name', s.policy_name),
                         jsonb_build_object('statement_id', statement->'statement_id'))
       FROM warrant.grant_uses u JOIN warrant.grants g ON g.id = u.grant_id JOIN warrant.grant_scopes s ON s.grant_id = u.grant_id
            CROSS JOIN LATERAL warrant_internal.object_now(s.target_kind, s.target, s.schema_name, s.relation_name) AS o
      WHERE u.grant_id = ANY (spent) AND u.uses_left = 0;
    RETURN NULL;
END;
$$;
