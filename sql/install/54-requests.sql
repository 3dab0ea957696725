-- Requests: filed, amended, cancelled.

-- The reason comes last: where a message is cut, or a reason looks like the rest, the limits are told.
CREATE FUNCTION warrant_internal.words_of(request warrant.requests) RETURNS text LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN concat_ws(', ', 'starts_at: ' || (request).starts_at, 'duration: ' || (request).duration, 'max_uses: ' || (request).max_uses, 'max_rows: ' || (request).max_rows, 'ticket: ' || (request).ticket, 'reason: ' || (request).reason);
END;
$$;

-- Makes a pending request of a draft that lacks nothing any more, or tells what it lacks, where something new was given for it.
CREATE FUNCTION warrant_internal.complete_draft(origin jsonb, request bigint, amended boolean) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    terms warrant_internal.terms := warrant_internal.terms_of(warrant_internal.policies_of(warrant_internal.items_of_request(request)));
    draft warrant.requests;
    lacks text;
    asked_at timestamptz := warrant_internal.monotonic_now();
BEGIN
    SELECT * INTO draft FROM warrant.requests r WHERE r.id = request;
    IF (terms).min_approvals IS NULL THEN
        PERFORM warrant_internal.check_policies_stay(false);
    END IF;
    lacks := warrant_internal.lacking(terms, draft.reason, draft.ticket, draft.ticket_fits);
    IF lacks IS NOT NULL THEN
        IF amended THEN
            PERFORM warrant_internal.tell(format('request %s is a draft still: it lacks %s', request, lacks));
        END IF;
        RETURN;
    END IF;
    UPDATE warrant.requests r SET state = 'pending', requested_at = asked_at, expires_at = asked_at + warrant_internal.as_compared((terms).request_ttl),
           min_approvals = (terms).min_approvals WHERE r.id = request;
    IF (terms).looks_after IS NOT NULL THEN
        INSERT INTO warrant.reminders VALUES (request, asked_at + warrant_internal.as_compared((terms).looks_after));
    END IF;
    PERFORM warrant_internal.seal('request_created', origin, jsonb_build_object('request_id', request, 'command', array_to_string(i.commands, ','),
                         'relation_oid', i.target, 'schema_name', o.schema_name, 'relation_name', o.relation_name, 'columns', i.column_names, 'policy_name', i.policy_name,
                         'policy_version', i.policy_version, 'comment', draft.reason))
       FROM warrant.request_items i, warrant_internal.object_now(i.target_kind, i.target, i.schema_name, i.relation_name) AS o WHERE i.request_id = request;
    PERFORM warrant_internal.tell(format('request %s is no draft any more: it waits for its decision', request));
END;
$$;

-- Gives a pending request the reason, duration, uses and ticket that are given now, where they differ. Approvals that it had were of something else, and
-- so was what a webhook was sent: neither counts any more. Of a draft nobody has seen anything.
CREATE FUNCTION warrant_internal.amend_request(origin jsonb, request bigint, new_reason text, new_duration interval, new_max_uses integer, new_max_rows bigint, new_ticket text, fits text[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    pending warrant.requests;
    words text;
    voided bigint;
BEGIN
    SELECT * INTO pending FROM warrant.requests r WHERE r.id = request;
    words := concat_ws(', ', CASE WHEN nullif(new_reason, '') <> coalesce(pending.reason, '') THEN 'reason' END,
                             CASE WHEN new_duration IS NOT NULL AND new_duration IS DISTINCT FROM pending.duration THEN 'duration' END,
                             CASE WHEN new_max_uses IS NOT NULL AND new_max_uses IS DISTINCT FROM pending.max_uses THEN 'max_uses' END,
                             CASE WHEN new_max_rows IS NOT NULL AND new_max_rows IS DISTINCT FROM pending.max_rows THEN 'max_rows' END,
                             CASE WHEN nullif(new_ticket, '') <> coalesce(pending.ticket, '') THEN 'ticket' END);
    IF pending.state = 'draft' THEN
        UPDATE warrant.requests r SET reason = coalesce(nullif(new_reason, ''), r.reason), duration = coalesce(new_duration, r.duration),
               max_uses = coalesce(new_max_uses, r.max_uses), max_rows = coalesce(new_max_rows, r.max_rows), ticket = coalesce(nullif(new_ticket, ''), r.ticket),
               ticket_fits = CASE WHEN new_ticket <> '' THEN fits ELSE r.ticket_fits END WHERE r.id = request;
        PERFORM warrant_internal.complete_draft(origin, request, words <> '');
        RETURN;
    END IF;
    IF words = '' THEN
        RETURN;
    END IF;
    UPDATE warrant.requests r SET reason = coalesce(nullif(new_reason, ''), r.reason), duration = coalesce(new_duration, r.duration),
           max_uses = coalesce(new_max_uses, r.max_uses), max_rows = coalesce(new_max_rows, r.max_rows), ticket = coalesce(nullif(new_ticket, ''), r.ticket),
           ticket_fits = CASE WHEN new_ticket <> '' THEN fits ELSE r.ticket_fits END, amended_at = warrant_internal.monotonic_now(), version = r.version + 1,
           changed_in = coalesce(r.changed_in, '{}') || (SELECT jsonb_object_agg(w.word, r.version + 1) FROM unnest(string_to_array(words, ', ')) AS w (word))
     WHERE r.id = request RETURNING * INTO pending;
    PERFORM warrant_internal.take_back(request);
    DELETE FROM warrant.decisions d WHERE d.request_id = request;
    GET DIAGNOSTICS voided = ROW_COUNT;
    PERFORM warrant_internal.void_deliveries(request);
    PERFORM warrant_internal.seal('request_amended', origin, jsonb_build_object('request_id', request, 'command', array_to_string(i.commands, ','),
                         'relation_oid', i.target, 'schema_name', o.schema_name, 'relation_name', o.relation_name, 'columns', i.column_names, 'policy_name', i.policy_name,
                         'policy_version', i.policy_version, 'comment', concat_ws(', ', warrant_internal.words_of(pending), 'approvals void: ' || nullif(voided, 0))))
       FROM warrant.request_items i, warrant_internal.object_now(i.target_kind, i.target, i.schema_name, i.relation_name) AS o WHERE i.request_id = request;
    PERFORM warrant_internal.tell(format('request %s was amended (%s)', request, words) || CASE WHEN voided > 0 THEN '; the approvals given so far are void' ELSE '' END);
END;
$$;

-- A digest of the items, since an index takes no long ones.
CREATE FUNCTION warrant_internal.key_of(items warrant_internal.item[]) RETURNS text LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_key_of';

-- Files a request, or finds the pending one or the draft for the same items, which another reason, ticket or limit amends; may_share says whether it may
-- find one. A statement, known by its identity, finds the one that asks for exactly it as well. What a statement files is a draft where it lacks something, and a ticket that does not fit is none. A call has to give all.
CREATE FUNCTION warrant_internal.file_request(origin jsonb, requester oid, items warrant_internal.item[], reason text, duration interval, max_uses integer,
    may_share boolean, statement_sha256 bytea DEFAULT NULL, statement_text text DEFAULT NULL, statement_facts jsonb DEFAULT NULL,
    extends bigint DEFAULT NULL, profile text DEFAULT NULL, max_rows bigint DEFAULT NULL, ticket text DEFAULT NULL, fits text[] DEFAULT '{}',
    starts_at timestamptz DEFAULT NULL, exact bytea DEFAULT NULL, not_exact text DEFAULT NULL, statement jsonb DEFAULT NULL,
    identity bytea DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    terms warrant_internal.terms := warrant_internal.terms_of(warrant_internal.policies_of(items));
    -- More or another time is another thing to ask for, and so is another statement.
    key text := concat_ws(' of statement ', concat_ws(' of grant ', warrant_internal.key_of(items), extends) || coalesce(' from ' || file_request.starts_at, ''),
                          encode(sha256(exact), 'hex'));
    of_statement CONSTANT boolean := statement_sha256 IS NOT NULL AND statement IS NULL;    -- refused, not asked for in a call
    given text := nullif(file_request.ticket, '');
    draft warrant.requests;
    lacks text;
    asked_at timestamptz := warrant_internal.monotonic_now();
    request bigint;
    pending bigint;
    item warrant_internal.item;
    called record;
    filed warrant.request_items;
    sealed bigint;
BEGIN
    IF (terms).min_approvals IS NULL THEN
        PERFORM warrant_internal.check_policies_stay(false);
    END IF;
    PERFORM warrant_internal.check_exact(items, exact, not_exact);
    IF duration IS NOT NULL OR max_uses IS NOT NULL THEN
        PERFORM warrant_internal.check_within(duration, max_uses, terms);
    END IF;
    IF max_rows IS NOT NULL THEN
        PERFORM warrant_internal.check_rows_within(max_rows, terms);
    END IF;
    IF of_statement AND NOT coalesce((terms).ticket_patterns <@ fits, true) THEN
        given := NULL;
    END IF;
    SELECT count(*), min(f.id) FILTER (WHERE may_share AND f.request_key = key AND f.expires_at > asked_at) INTO pending, request
      FROM (SELECT r.id, r.request_key, r.expires_at FROM warrant.requests r WHERE r.state = 'pending' AND r.requester = file_request.requester
            UNION ALL SELECT r.id, r.request_key, r.expires_at FROM warrant.requests r WHERE r.state = 'draft' AND r.requester = file_request.requester) AS f;
    IF request IS NULL AND may_share AND identity IS NOT NULL THEN
        request := (SELECT min(r.id) FROM warrant.requests r
                     WHERE r.state = 'pending' AND r.requester = file_request.requester AND r.exact = identity AND r.expires_at > asked_at
                       AND NOT EXISTS (SELECT FROM unnest(items) AS i
                                        WHERE NOT EXISTS (SELECT FROM warrant.request_items a
                                                           WHERE a.request_id = r.id AND a.target_kind = i.target_kind AND a.target = i.target AND a.policy_id = i.policy_id
                                                             AND i.commands <@ a.commands AND a.columns IS NOT DISTINCT FROM i.columns)));
    END IF;
    IF NOT of_statement AND EXISTS (SELECT FROM warrant.requests r WHERE r.id = request AND r.state = 'pending') THEN
        PERFORM warrant_internal.check_given(warrant_internal.policies_of(items), terms, NULL, given, fits);
    ELSIF NOT of_statement THEN
        SELECT * INTO draft FROM warrant.requests r WHERE r.id = request;
        PERFORM warrant_internal.check_given(warrant_internal.policies_of(items), terms, coalesce(nullif(reason, ''), draft.reason, ''), coalesce(given, draft.ticket, ''),
                                             CASE WHEN given IS NULL AND draft.ticket IS NOT NULL THEN draft.ticket_fits ELSE fits END);
    END IF;
    IF given IS NOT NULL THEN
        PERFORM warrant_internal.check_ticket(given);
    END IF;
    IF request IS NOT NULL THEN
        PERFORM warrant_internal.amend_request(origin, request, reason, duration, max_uses, max_rows, given, fits);
        IF (terms).webhooks IS NOT NULL AND EXISTS (SELECT FROM warrant.requests r WHERE r.id = request AND r.state = 'pending') THEN
            PERFORM warrant_internal.queue_deliveries(origin, request, terms, statement_sha256, statement_text, statement_facts);
        END IF;
        RETURN request;
    END IF;
    lacks := warrant_internal.lacking(terms, reason, given, fits);
    IF pending >= current_setting('pg_warrant.max_pending')::bigint THEN
        PERFORM warrant_internal.fail('53400', format('%s requests are pending already', current_setting('pg_warrant.max_pending')),
                             'Cancel some with warrant.cancel, or wait for their decisions.');
    END IF;
    INSERT INTO warrant.requests (id, requester, requester_name, person, request_key, reason, duration, min_approvals, requested_at, expires_at, max_uses, extends_grant, profile, max_rows, state, ticket,
                                  ticket_fits, starts_at, exact)
    VALUES ((SELECT coalesce(max(r.id), 0) + 1 FROM warrant.requests r), requester, pg_get_userbyid(requester),
            CASE requester WHEN warrant_internal.user_of(origin) THEN warrant_internal.person_of(origin) ELSE warrant_internal.person_of(requester, NULL) END,
            key, nullif(reason, ''), duration, (terms).min_approvals, asked_at, asked_at + warrant_internal.as_compared((terms).request_ttl), max_uses, extends, file_request.profile, max_rows,
            CASE WHEN lacks IS NULL THEN 'pending' ELSE 'draft' END, given, CASE WHEN given IS NOT NULL THEN fits END, file_request.starts_at, file_request.exact)
    RETURNING id INTO request;
    FOREACH item IN ARRAY items LOOP
        called := warrant_internal.object_now(item.target_kind, item.target, item.schema_name, item.relation_name);
        INSERT INTO warrant.request_items    -- a name that the requester's transaction has given may never be
        SELECT request, item.target_kind, item.target, called.schema_name, called.relation_name, item.commands, item.policy_id, p.name, p.version,
               item.columns, warrant_internal.column_names(item.target, item.columns, NULL)
          FROM warrant.policies p WHERE p.id = item.policy_id
        RETURNING * INTO filed;
        IF NOT FOUND THEN
            PERFORM warrant_internal.check_policies_stay(false);
        END IF;
        sealed := warrant_internal.seal(CASE WHEN lacks IS NULL THEN 'request_created' ELSE 'draft_created' END, origin, jsonb_build_object('request_id', request, 'command', array_to_string(filed.commands, ','),
                      'relation_oid', filed.target, 'schema_name', filed.schema_name, 'relation_name', filed.relation_name, 'columns', filed.column_names, 'policy_name', filed.policy_name,
                      'policy_version', filed.policy_version, 'rows_estimated', CASE WHEN statement IS NOT NULL THEN statement_facts->'estimated_rows' END,
                      'comment', CASE WHEN lacks IS NOT NULL THEN 'lacks ' || lacks WHEN profile IS NULL THEN nullif(reason, '') ELSE concat_ws(', ', 'profile: ' || profile, 'reason: ' || nullif(reason, '')) END),
                      statement, CASE WHEN statement IS NOT NULL THEN statement_sha256 END, CASE WHEN statement IS NOT NULL AND sealed IS NULL THEN statement_text END);
    END LOOP;
    IF lacks IS NULL AND (terms).looks_after IS NOT NULL THEN
        INSERT INTO warrant.reminders VALUES (request, asked_at + warrant_internal.as_compared((terms).looks_after));
    END IF;
    IF may_share AND lacks IS NULL AND (terms).webhooks IS NOT NULL THEN
        PERFORM warrant_internal.queue_deliveries(origin, request, terms, statement_sha256, statement_text, statement_facts);
    END IF;
    RETURN request;
END;
$$;

-- The beginning that is asked for: moments are microseconds since the beginning of 2000. Raises 22023 for one that is over, or too far ahead.
CREATE FUNCTION warrant_internal.start_in(args jsonb) RETURNS timestamptz LANGUAGE plpgsql STABLE
AS $$
DECLARE
    farthest CONSTANT interval := '720 hours';
    starts CONSTANT timestamptz := timestamptz '2000-01-01 00:00:00+00' + (args->>'starts_at')::interval;
BEGIN
    IF starts < warrant_internal.monotonic_now() THEN
        PERFORM warrant_internal.fail('22023', 'starts_at is over', 'Leave it out for a grant that begins with its approval.');
    ELSIF starts > warrant_internal.monotonic_now() + farthest THEN
        PERFORM warrant_internal.fail('22023', 'starts_at is more than 30 days ahead');
    END IF;
    RETURN starts;
END;
$$;

-- Tells who asks which of the policies only watch: what is asked for under them runs already. The request is for when they no longer do.
CREATE FUNCTION warrant_internal.tell_watched(items warrant_internal.item[]) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    enforcement CONSTANT text := current_setting('pg_warrant.enforcement');
    everything CONSTANT boolean := enforcement <> 'enforce';
BEGIN
    PERFORM warrant_internal.tell(CASE WHEN everything THEN format('pg_warrant.enforcement is %s: what you ask for runs already', enforcement)
                                       ELSE format('policy "%s" only watches: what you ask for under it runs already', p.name) END)
       FROM warrant.policies p WHERE p.id = ANY (warrant_internal.policies_of(items)) AND (everything OR p.mode = 'monitor') ORDER BY p.id LIMIT CASE WHEN everything THEN 1 ELSE 5 END;
END;
$$;

-- Answers the request's number, or what the session is to look at before: see patterns_to_fit.
CREATE FUNCTION warrant_internal.do_request(origin jsonb, args jsonb) RETURNS text LANGUAGE plpgsql
AS $$
DECLARE
    requester CONSTANT oid := warrant_internal.user_of(origin);
    items CONSTANT warrant_internal.item[] := warrant_internal.items_of(requester, warrant_internal.written_out(requester, args));
    asked text := warrant_internal.patterns_to_fit(warrant_internal.terms_of(warrant_internal.policies_of(items)), args->>'ticket', args);
    request bigint;
BEGIN
    IF asked IS NOT NULL THEN
        RETURN asked;
    END IF;
    request := warrant_internal.file_request(origin, requester, items, args->>'reason', (args->>'duration')::interval, (args->>'max_uses')::integer, true, profile => args->>'profile',
                                             max_rows => (args->>'max_rows')::bigint, ticket => args->>'ticket', fits => warrant_internal.fitted(args), starts_at => warrant_internal.start_in(args));
    PERFORM warrant_internal.tell(format('request %s is under policy "%s", which members of "%s" decide: %s', request, w.name, array_to_string(w.roles, '" and "'), rtrim(lower(left(w.why, 1)) || substr(w.why, 2), '.')))
       FROM (SELECT p.name, p.approver_role_name || p.other_approver_role_names AS roles, warrant_internal.why_undecidable(p, requester) AS why FROM warrant.policies p WHERE p.id = ANY (warrant_internal.policies_of(items)) ORDER BY p.id OFFSET 0) AS w
      WHERE w.why IS NOT NULL;
    PERFORM warrant_internal.tell_watched(items);
    RETURN request;
END;
$$;

-- Notes a statement of a request, as far as an exact grant would compare it. Of many that differ no more are noted.
CREATE FUNCTION warrant_internal.attach_statement(request bigint, statement_sha256 bytea, args jsonb) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    most CONSTANT integer := 20;
    identity CONSTANT bytea := decode(nullif(args->>'exact', ''), 'hex');
BEGIN
    IF EXISTS (SELECT FROM warrant.request_statements s WHERE s.request_id = request AND s.statement_sha256 = attach_statement.statement_sha256 AND s.exact IS NOT DISTINCT FROM identity
                  AND s.prepared IS NOT DISTINCT FROM args->>'prepared') THEN
        RETURN;
    ELSIF (SELECT count(*) FROM warrant.request_statements s WHERE s.request_id = request) < most THEN
        INSERT INTO warrant.request_statements VALUES (request, statement_sha256, identity, nullif(args->>'not_exact', ''), args->>'parameters', args->>'prepared');
    ELSE    -- what was prepared before under the same name must not stand for this
        UPDATE warrant.request_statements s SET prepared = NULL WHERE s.request_id = request AND s.statement_sha256 = attach_statement.statement_sha256;
    END IF;
END;
$$;

-- Asks for exactly one statement, which was analysed, and neither planned nor run. Answers as do_request.
CREATE FUNCTION warrant_internal.do_request_statement(origin jsonb, args jsonb, statement jsonb, statement_sha256 bytea, statement_text text) RETURNS text LANGUAGE plpgsql
AS $$
DECLARE
    given CONSTANT jsonb := args->'with';
    asked text;
    policies CONSTANT bigint[] := warrant_internal.policies_to_ask(args->'items');
    items warrant_internal.item[] := '{}';
    policy bigint;
    rows bigint;
    request bigint;
BEGIN
    FOREACH policy IN ARRAY policies LOOP
        items := items || warrant_internal.items_refused(args->'items', policy);
        rows := greatest(rows, warrant_internal.rows_refused(args->'items', policy));
    END LOOP;
    asked := warrant_internal.patterns_to_fit(warrant_internal.terms_of(warrant_internal.policies_of(items)), given->>'ticket', args);
    IF asked IS NOT NULL THEN
        RETURN asked;
    END IF;
    request := warrant_internal.file_request(origin, warrant_internal.user_of(origin), items, given->>'reason', (given->>'duration')::interval, coalesce((given->>'max_uses')::integer, 1),
        true, statement_sha256, statement_text, jsonb_strip_nulls(jsonb_build_object('command_tag', nullif(args->>'tag', ''), 'estimated_rows', rows)),
        max_rows => (given->>'max_rows')::bigint, ticket => given->>'ticket', fits => warrant_internal.fitted(args), exact => decode(args->>'exact', 'hex'), statement => statement);
    PERFORM warrant_internal.attach_statement(request, statement_sha256, args);
    RETURN request;
END;
$$;

-- A request that can still be decided, or is a draft of one. Raises P0002 for an unknown id, 55006 for a decided one.
CREATE FUNCTION warrant_internal.pending_request(request_id bigint, or_draft boolean DEFAULT false) RETURNS warrant.requests LANGUAGE plpgsql
AS $$
DECLARE
    request warrant.requests;
BEGIN
    IF request_id IS NULL THEN
        PERFORM warrant_internal.fail('22023', 'request id must not be NULL');
    END IF;
    PERFORM warrant_internal.restate_request(request_id);
    SELECT * INTO request FROM warrant.requests r WHERE r.id = request_id;
    IF NOT FOUND THEN
        PERFORM warrant_internal.fail('P0002', format('request %s does not exist', request_id));
    ELSIF request.state IN ('pending', 'draft') AND request.expires_at <= warrant_internal.monotonic_now() THEN
        PERFORM warrant_internal.fail('55006', format('request %s has expired', request_id));
    ELSIF request.state = 'draft' AND NOT or_draft THEN
        PERFORM warrant_internal.fail('55006', format('request %s is a draft', request_id), NULL, 'Its requester has not given what its policy requires.');
    ELSIF request.state NOT IN ('pending', 'draft') THEN
        PERFORM warrant_internal.fail('55006', format('request %s is %s', request_id, request.state));
    END IF;
    RETURN request;
END;
$$;

-- Ends a pending request, or a draft; outcome is its state from now on.
CREATE FUNCTION warrant_internal.end_request(origin jsonb, request_id bigint, outcome text, comment text DEFAULT NULL) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    sealed bigint;
BEGIN
    UPDATE warrant.requests r SET state = outcome, decided_at = warrant_internal.monotonic_now(), awaited = false,
           closed_by = CASE WHEN outcome NOT IN ('approved', 'denied') THEN origin->>'session_user_name' END, close_reason = CASE WHEN outcome NOT IN ('approved', 'denied') THEN comment END
     WHERE r.id = end_request.request_id;
    DELETE FROM warrant.reminders m WHERE m.request_id = end_request.request_id;
    PERFORM warrant_internal.drop_deliveries(request_id);
    sealed := warrant_internal.seal('request_' || outcome, origin, jsonb_build_object('request_id', request_id, 'comment', comment));
END;
$$;

-- What the gate ends because of a policy, with whose change of it that was. The change has just been sealed, or is about to be.
CREATE FUNCTION warrant_internal.with_changer(words text, policy_name text, event text) RETURNS text LANGUAGE plpgsql STABLE
AS $$
DECLARE
    most CONSTANT integer := 1000;    -- rows of the log
    who text := (SELECT u.origin->>'session_user_name' FROM warrant.audit_unsealed u WHERE u.policy_name = with_changer.policy_name AND u.event = with_changer.event ORDER BY u.id DESC LIMIT 1);
BEGIN
    IF who IS NULL THEN
        who := (SELECT l.session_user_name FROM (SELECT a.event, a.policy_name, a.session_user_name, a.seq FROM warrant.audit_log a ORDER BY a.seq DESC LIMIT most) AS l
                 WHERE l.policy_name = with_changer.policy_name AND l.event = with_changer.event ORDER BY l.seq DESC LIMIT 1);
    END IF;
    RETURN concat(words, ', ' || CASE event WHEN 'policy_dropped' THEN 'dropped by ' ELSE 'changed by ' END || warrant_internal.in_one_line(who, 63));
END;
$$;

-- Why the request cannot be asked for any more under what its policy has become; NULL where it can. A draft is still to get its reason and ticket.
CREATE FUNCTION warrant_internal.why_not_asked(request warrant.requests, policy warrant.policies) RETURNS text LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN CASE WHEN (policy).effect <> 'approve' THEN 'approves nothing any more'
                WHEN (policy).exact AND (request).exact IS NULL THEN 'approves single statements alone'
                WHEN (request).state <> 'pending' THEN NULL
                WHEN (policy).require_reason AND coalesce((request).reason, '') = '' THEN 'requires a reason'
                WHEN (policy).ticket_pattern IS NOT NULL AND NOT (policy).ticket_pattern = ANY (coalesce((request).ticket_fits, '{}')) THEN 'requires another ticket' END;
END;
$$;

-- Puts a pending request under the terms that its policies have now. Votes that were given under others are void, and so is what a webhook was sent;
-- what cannot be asked for any more ends. A draft is looked at when it is completed. Whether there are other terms.
CREATE FUNCTION warrant_internal.restate_request(request_id bigint) RETURNS boolean LANGUAGE plpgsql
AS $$
DECLARE
    nobody CONSTANT jsonb := '{}'::jsonb;
    request CONSTANT bigint := restate_request.request_id;
    changed text;
    why_ended text;
    voided bigint;
BEGIN
    SELECT string_agg(format('"%s"', p.name), ', ' ORDER BY p.id),
           string_agg(warrant_internal.with_changer(format('policy "%s" %s', p.name, a.why), p.name, 'policy_changed'), ', ' ORDER BY p.id) FILTER (WHERE a.why IS NOT NULL)
      INTO changed, why_ended FROM warrant.requests r JOIN warrant.request_items i ON i.request_id = r.id
           JOIN warrant.policies p ON p.id = i.policy_id AND i.policy_version < p.terms_from CROSS JOIN LATERAL warrant_internal.why_not_asked(r, p) AS a (why)
     WHERE r.id = request AND r.state IN ('pending', 'draft');
    IF changed IS NULL THEN
        RETURN false;
    ELSIF why_ended IS NOT NULL THEN
        PERFORM warrant_internal.end_request(nobody, request, 'cancelled', why_ended);
        RETURN true;
    END IF;
    UPDATE warrant.request_items i SET policy_version = p.version FROM warrant.policies p WHERE i.request_id = request AND p.id = i.policy_id;
    UPDATE warrant.requests r SET min_approvals = (warrant_internal.terms_of(warrant_internal.policies_of(warrant_internal.items_of_request(request)))).min_approvals,
           amended_at = warrant_internal.monotonic_now(), version = r.version + 1,
           changed_in = coalesce(r.changed_in, '{}') || jsonb_build_object('the terms of its policy', r.version + 1) WHERE r.id = request;
    PERFORM warrant_internal.take_back(request);
    DELETE FROM warrant.decisions d WHERE d.request_id = request;
    GET DIAGNOSTICS voided = ROW_COUNT;
    PERFORM warrant_internal.void_deliveries(request);
    PERFORM warrant_internal.seal('request_amended', nobody, jsonb_build_object('request_id', request, 'comment',
        concat_ws(', ', format('other terms of policy %s', changed), 'approvals void: ' || nullif(voided, 0))));
    RETURN true;
END;
$$;

-- The pending request or draft, which is of the person who acts; what says what is done to it.
CREATE FUNCTION warrant_internal.own_request(origin jsonb, request_id bigint, what text) RETURNS warrant.requests LANGUAGE plpgsql
AS $$
DECLARE
    request warrant.requests := warrant_internal.pending_request(request_id, true);
BEGIN
    IF NOT (CASE WHEN warrant_internal.is_in_pool(origin) THEN request.requester = warrant_internal.user_of(origin) ELSE warrant_internal.is_requester(origin, request) END) THEN
        PERFORM warrant_internal.fail('42501', format('permission denied to %s request %s', what, request.id));
    END IF;
    RETURN request;
END;
$$;

CREATE FUNCTION warrant_internal.do_cancel(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    request warrant.requests := warrant_internal.own_request(origin, (args->>'request_id')::bigint, 'cancel');
BEGIN
    PERFORM warrant_internal.end_request(origin, request.id, 'cancelled');
    PERFORM warrant_internal.tell(format('cancelled request %s: %s', request.id, warrant_internal.scope_in_words(warrant_internal.items_of_request(request.id))));
END;
$$;

-- Answers as patterns_to_fit.
CREATE FUNCTION warrant_internal.do_amend(origin jsonb, args jsonb) RETURNS text LANGUAGE plpgsql
AS $$
DECLARE
    request warrant.requests := warrant_internal.own_request(origin, (args->>'request_id')::bigint, 'amend');
    policies CONSTANT bigint[] := warrant_internal.policies_of(warrant_internal.items_of_request(request.id));
    terms warrant_internal.terms := warrant_internal.terms_of(policies);
    asked text := warrant_internal.patterns_to_fit(terms, args->>'ticket', args);
BEGIN
    IF asked IS NOT NULL THEN
        RETURN asked;
    ELSIF num_nonnulls(nullif(args->>'reason', ''), args->>'duration', args->>'max_uses', args->>'max_rows', nullif(args->>'ticket', '')) = 0 THEN
        PERFORM warrant_internal.fail('22023', 'nothing to amend is given', 'Give a reason, a duration, max_uses, max_rows or a ticket.');
    END IF;
    -- A draft may get its reason later, but is told of it with the ticket that does not fit.
    PERFORM warrant_internal.check_given(policies, terms, CASE WHEN request.state = 'draft' AND warrant_internal.lacking(terms, 'given', args->>'ticket', warrant_internal.fitted(args)) IS NOT NULL AND args->>'ticket' <> ''
                                                               THEN coalesce(nullif(args->>'reason', ''), request.reason, '') END,
                                         nullif(args->>'ticket', ''), warrant_internal.fitted(args));
    PERFORM warrant_internal.check_within((args->>'duration')::interval, (args->>'max_uses')::integer, terms);
    PERFORM warrant_internal.check_rows_within((args->>'max_rows')::bigint, terms);
    PERFORM warrant_internal.amend_request(origin, request.id, args->>'reason', (args->>'duration')::interval, (args->>'max_uses')::integer, (args->>'max_rows')::bigint, args->>'ticket', warrant_internal.fitted(args));
    IF (terms).webhooks IS NOT NULL AND EXISTS (SELECT FROM warrant.requests r WHERE r.id = request.id AND r.state = 'pending') THEN
        PERFORM warrant_internal.queue_deliveries(origin, request.id, terms, NULL, NULL, NULL);
    END IF;
    RETURN NULL;
END;
$$;
