-- What a person reads to judge a request, and a program to go on after it.
--
-- Their functions read all tables, and so each asks first who looks. Words that somebody else chose (a reason, a statement, a name) stay in one line, without
-- marks that turn the direction: a card must not be able to say what its reader takes for ours.

CREATE FUNCTION warrant_internal.in_one_line(words text, most integer) RETURNS text LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_in_one_line';
CREATE FUNCTION warrant_internal.as_written(words text) RETURNS text LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_as_written';
CREATE FUNCTION warrant_internal.widths_within(room integer, wanted integer[], narrowest integer[]) RETURNS integer[] LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_widths_within';
CREATE FUNCTION warrant_internal.in_words(length interval) RETURNS text LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_in_words';
CREATE FUNCTION warrant_internal.commands_in_words(commands text[]) RETURNS text LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_commands_in_words';
CREATE FUNCTION warrant_internal.danger_of(commands text[]) RETURNS integer LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_danger_of';

-- What an item is about, by its name of now.
CREATE FUNCTION warrant_internal.target_in_words(item warrant.request_items) RETURNS text LANGUAGE plpgsql STABLE
AS $$
DECLARE
    called record := warrant_internal.object_now((item).target_kind, (item).target, (item).schema_name, (item).relation_name);
BEGIN
    RETURN CASE (item).target_kind WHEN 't' THEN format('%I.%I', called.schema_name, called.relation_name)
                                        || coalesce(' (' || (SELECT string_agg(coalesce(quote_ident(a.attname), quote_ident(c.name) || ', which was dropped'), ', ' ORDER BY c.place)
                                                               FROM ROWS FROM (unnest((item).columns), unnest((item).column_names)) WITH ORDINALITY AS c (number, name, place)
                                                                    LEFT JOIN pg_attribute a ON a.attrelid = (item).target AND a.attnum = c.number AND NOT a.attisdropped) || ')', '')
                                   WHEN 's' THEN format('schema %I', called.schema_name) ELSE 'this database' END;
END;
$$;

-- As whom somebody sees a request: 'decider', 'auditor', 'reader' (administrators, and approvers of other policies), 'requester', or NULL. Statements are for
-- the first two.
CREATE FUNCTION warrant_internal.seen_as(looker oid, request warrant.requests) RETURNS text LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN CASE WHEN warrant_internal.may_decide(warrant_internal.voices_on(looker, (request).requester, (request).person), warrant_internal.policies_of(warrant_internal.items_of_request((request).id)),
                                                      (request).escalated) THEN 'decider'
                WHEN pg_has_role(looker, 'warrant_auditor', 'USAGE') THEN 'auditor'
                WHEN pg_has_role(looker, 'warrant_approver', 'USAGE') OR pg_has_role(looker, 'warrant_admin', 'USAGE') THEN 'reader'
                WHEN looker = (request).requester THEN 'requester' END;
END;
$$;

-- The request, for somebody who may see it. Raises 22023 for NULL, P0002 for an unknown id, 42501.
CREATE FUNCTION warrant_internal.request_to_see(looker oid, request_id bigint) RETURNS warrant.requests LANGUAGE plpgsql STABLE
AS $$
DECLARE
    request warrant.requests;
BEGIN
    IF request_id IS NULL THEN
        RAISE EXCEPTION 'request id must not be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT * INTO request FROM warrant.requests r WHERE r.id = request_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'request % does not exist', request_id USING ERRCODE = 'no_data_found';
    END IF;
    IF warrant_internal.seen_as(looker, request) IS NULL THEN
        RAISE EXCEPTION 'permission denied to see request %', request_id
            USING ERRCODE = 'insufficient_privilege', HINT = 'Its requester, those who may decide, auditors and administrators see it.';
    END IF;
    RETURN request;
END;
$$;

-- A pending request whose time is over has expired, also before the sweep says so; in a copy of the database nothing pends.
CREATE FUNCTION warrant_internal.state_now(request warrant.requests) RETURNS text LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN CASE WHEN (request).state IN ('draft', 'pending') AND ((request).expires_at <= warrant_internal.monotonic_now() OR NOT warrant_internal.is_home()) THEN 'expired'
                ELSE (request).state END;
END;
$$;

-- The roles whose members decide a request.
CREATE FUNCTION warrant_internal.deciding_roles(request_id bigint) RETURNS name[] LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN ARRAY(SELECT DISTINCT coalesce(a.rolname, o.name) FROM warrant.request_items i JOIN warrant.policies p ON p.id = i.policy_id JOIN warrant.requests r ON r.id = i.request_id,
                        LATERAL (SELECT * FROM unnest(p.approver_role || p.other_approver_roles, p.approver_role_name || p.other_approver_role_names)
                                 UNION ALL SELECT p.escalate_to, p.escalate_to_name WHERE p.id = ANY (r.escalated)) AS o (role, name)
                   LEFT JOIN pg_roles a ON a.oid = o.role WHERE i.request_id = deciding_roles.request_id ORDER BY 1);
END;
$$;

-- How a grant is: lives, or how it ended.
CREATE FUNCTION warrant_internal.grant_in_words(id bigint) RETURNS text LANGUAGE plpgsql STABLE
AS $$
DECLARE
    made warrant.grants;
    left_over integer;
    at timestamptz := warrant_internal.monotonic_now();
BEGIN
    SELECT * INTO made FROM warrant.grants g WHERE g.id = grant_in_words.id;
    SELECT u.uses_left INTO left_over FROM warrant.grant_uses u WHERE u.grant_id = grant_in_words.id;
    RETURN CASE WHEN made.id IS NULL THEN NULL
                WHEN NOT warrant_internal.is_home() THEN 'made in another database'
                WHEN made.closed_by IS NOT NULL THEN concat_ws(': ', format('%s %s ago by %s', CASE made.close_event WHEN 'grant_given_back' THEN 'given back' ELSE 'revoked' END,
                                                                                warrant_internal.in_words(at - made.closed_at), made.closed_by), made.close_reason)
                WHEN made.ends_at <= at THEN format('expired %s ago', warrant_internal.in_words(at - made.ends_at))
                WHEN left_over = 0 THEN 'used up'
                WHEN made.closed_at IS NOT NULL THEN concat_ws(': ', format('ended %s ago', warrant_internal.in_words(at - made.closed_at)), made.close_reason)
                WHEN made.starts_at > at THEN concat_ws(', ', format('begins in %s, for %s', warrant_internal.in_words(made.starts_at - at), warrant_internal.in_words(made.ends_at - made.starts_at)), left_over || ' uses left')
                ELSE concat_ws(', ', format('lives for %s more', warrant_internal.in_words(made.ends_at - at)), left_over || ' uses left') END;
END;
$$;

-- What else the requester asked for in the last 30 days under whatever login, what came of it, and what was denied last: of the same object, if any was.
CREATE FUNCTION warrant_internal.history_in_words(request warrant.requests) RETURNS SETOF text LANGUAGE plpgsql STABLE
AS $$
DECLARE
    logins CONSTANT oid[] := (request).requester || ARRAY(SELECT o.role FROM warrant.persons p JOIN warrant.persons o ON o.person = p.person WHERE p.role = (request).requester);
    asked bigint;
    ends text;
    at timestamptz := warrant_internal.monotonic_now();
BEGIN
    SELECT sum(s.n), string_agg(format('%s %s', s.n, s.state), ', ' ORDER BY s.n DESC, s.state) INTO asked, ends
      FROM (SELECT CASE WHEN r.state IN ('draft', 'pending') AND r.expires_at <= at THEN 'expired' ELSE r.state END AS state, count(*) AS n FROM warrant.requests r
             WHERE r.requester = ANY (logins) AND r.id <> (request).id AND r.requested_at > at - interval '30 d' GROUP BY 1) AS s;
    RETURN NEXT CASE WHEN asked > 0 THEN format('%s other request%s in 30 days: %s', asked, CASE WHEN asked > 1 THEN 's' END, ends) ELSE 'no other request in 30 days' END;
    RETURN QUERY
    SELECT concat('request ' || r.id, CASE WHEN seen THEN format(', %s,', warrant_internal.in_one_line(warrant_internal.scope_in_words(warrant_internal.items_of_request(r.id)), 60)) END)
           || format(' was denied %s ago', warrant_internal.in_words(at - r.decided_at)) || CASE WHEN r.requester <> (request).requester THEN format(' to %I', r.requester_name) ELSE '' END
           || CASE WHEN seen THEN coalesce((SELECT concat(' by ', d.approver_name, ': ' || d.comment) FROM warrant.decisions d WHERE d.request_id = r.id AND NOT d.approves ORDER BY d.decided_at DESC LIMIT 1), '') ELSE '' END
      FROM warrant.requests r, LATERAL (SELECT warrant_internal.seen_as(warrant_internal.current_subject(), r) IS NOT NULL AS seen) AS s WHERE r.requester = ANY (logins) AND r.id <> (request).id AND r.requested_at > at - interval '30 d' AND r.state = 'denied'
     ORDER BY EXISTS (SELECT FROM warrant.request_items i JOIN warrant.request_items o ON (o.target_kind, o.target) = (i.target_kind, i.target)
                       WHERE i.request_id = (request).id AND o.request_id = r.id) DESC, r.decided_at DESC LIMIT 1;
    -- Also of one that nobody was asked for, as by an auto policy.
    RETURN QUERY
    SELECT format('grant %s of the same object was revoked %s ago', g.id, warrant_internal.in_words(at - g.closed_at)) || CASE WHEN g.grantee <> (request).requester THEN format(' from %I', g.grantee_name) ELSE '' END
      FROM warrant.grants g WHERE g.grantee = ANY (logins) AND g.request_id IS DISTINCT FROM (request).id AND g.ends_at > at - interval '30 d' AND g.close_event = 'grant_revoked' AND g.closed_by <> g.grantee_name AND g.closed_at > at - interval '30 d'
       AND EXISTS (SELECT FROM warrant.request_items i JOIN warrant.grant_scopes s ON (s.target_kind, s.target) = (i.target_kind, i.target) WHERE i.request_id = (request).id AND s.grant_id = g.id)
     ORDER BY g.closed_at DESC LIMIT 1;
END;
$$;

-- The text of a statement that was refused, by one of its rows. Only the first of them have it, and they stand next to each other in the log. A text that is
-- not the one of the digest is the beginning of it.
CREATE FUNCTION warrant_internal.refused_text(row_seq bigint) RETURNS text LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN (SELECT x.statement || CASE WHEN sha256(convert_to(x.statement, getdatabaseencoding())) <> l.statement_sha256 THEN ' ... (the log keeps no more of it)' ELSE '' END
              FROM warrant.audit_log o,
                   LATERAL (SELECT t.seq, t.statement FROM warrant.audit_text t WHERE t.seq <= o.seq ORDER BY t.seq DESC LIMIT 1) AS x
              JOIN warrant.audit_log l ON l.seq = x.seq
             WHERE o.seq = row_seq AND l.statement_sha256 = o.statement_sha256 AND (l.seq = o.seq OR (l.event = o.event AND l.statement_id = o.statement_id)) LIMIT 1);
END;
$$;

-- The different statements that were refused for a request last, those first that may reach the most rows, or are of unknown rows.
CREATE FUNCTION warrant_internal.statements_of(request_id bigint, OUT seq bigint, OUT estimated bigint, OUT times bigint, OUT statement_sha256 bytea) RETURNS SETOF record LANGUAGE plpgsql STABLE
AS $$
DECLARE
    most_refusals CONSTANT integer := 1000;
BEGIN
    RETURN QUERY
    SELECT coalesce(max(t.with_text), max(t.seq)), CASE WHEN bool_and(t.estimated IS NOT NULL) THEN max(t.estimated) END, sum(t.times)::bigint, t.statement_sha256
      FROM (SELECT l.statement_sha256, max(l.seq) AS seq, max(l.seq) FILTER (WHERE l.statement_hmac IS NOT NULL) AS with_text, max(l.rows_estimated) AS estimated, max(l.repeats) AS times
              FROM (SELECT * FROM warrant.audit_log a WHERE a.request_id = statements_of.request_id AND (a.event = 'refused' OR (a.event = 'request_created' AND a.statement_sha256 IS NOT NULL)) ORDER BY a.seq DESC LIMIT most_refusals) AS l
             GROUP BY l.statement_sha256, l.statement_id) AS t
     GROUP BY t.statement_sha256 ORDER BY 2 DESC NULLS FIRST, 1 DESC;
END;
$$;

-- The rows of a card about statements: the first few, and how many there are besides. Our words stand before the requester's, who could imitate them.
CREATE FUNCTION warrant_internal.statements_in_words(request_id bigint, whole boolean) RETURNS SETOF text LANGUAGE plpgsql STABLE
AS $$
DECLARE
    most CONSTANT integer := CASE WHEN whole THEN 1000 ELSE 5 END;
    shown record;
    others integer := 0;
    rows text;
BEGIN
    FOR shown IN SELECT s.*, row_number() OVER () AS place FROM warrant_internal.statements_of(request_id) AS s LOOP
        rows := coalesce('about ' || shown.estimated || CASE shown.estimated WHEN 1 THEN ' row' ELSE ' rows' END, 'rows unknown');
        IF shown.place <= most THEN
            RETURN NEXT format('%s, %s: %s', rows, CASE shown.times WHEN 1 THEN 'once' ELSE shown.times || ' times' END,
                               coalesce(warrant_internal.refused_text(shown.seq), 'its text is not kept'));
            RETURN QUERY SELECT 'prepared for it: ' || s.prepared FROM warrant.request_statements s
                          WHERE s.request_id = statements_in_words.request_id AND s.statement_sha256 = shown.statement_sha256 AND s.prepared IS NOT NULL;
        END IF;
        others := greatest(shown.place - most, 0);
    END LOOP;
    IF EXISTS (SELECT FROM warrant.audit_log a WHERE a.request_id = statements_in_words.request_id AND a.event = 'refused' OFFSET 1000) THEN
        RETURN NEXT 'and what was refused before the last 1000 times is not looked at: warrant.audit_log has it, for auditors';
    END IF;
    IF others > 0 THEN
        RETURN NEXT format('and %s other statement%s, none with more rows', others, CASE WHEN others > 1 THEN 's' END);
    ELSIF shown IS NULL THEN
        RETURN NEXT 'none yet: it was asked for before one was tried';
    END IF;
END;
$$;

-- The whole text of the one statement that is asked for, line by line, because a comment ends with its line; then the values of its parameters.
CREATE FUNCTION warrant_internal.exact_text(request warrant.requests) RETURNS SETOF text LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN QUERY SELECT t.line FROM (SELECT warrant_internal.refused_text(s.seq) AS statement FROM warrant_internal.statements_of((request).id) AS s LIMIT 1) AS x,
                        regexp_split_to_table(coalesce(x.statement, 'its text is not kept'), E'\r\n?|\n') WITH ORDINALITY AS t (line, place) ORDER BY t.place;
    RETURN QUERY SELECT 'with ' || s.parameters FROM warrant.request_statements s WHERE s.request_id = (request).id AND s.parameters IS NOT NULL AND s.exact = (request).exact;
END;
$$;

-- Through whom and from where the request came. Of another's session, who called a function of the requester's or granted, only those hear who judge.
CREATE FUNCTION warrant_internal.session_in_words(request warrant.requests, judges boolean) RETURNS text LANGUAGE plpgsql STABLE
AS $$
DECLARE
    filed warrant.audit_log;
    other text;
BEGIN
    SELECT * INTO filed FROM warrant.audit_log l WHERE l.request_id = (request).id AND l.event = 'request_created' ORDER BY l.seq LIMIT 1;
    SELECT l.session_user_name INTO other FROM warrant.audit_log l
     WHERE l.request_id = (request).id AND l.event IN ('request_created', 'refused') AND l.session_user_oid <> (request).requester ORDER BY l.seq LIMIT 1;
    RETURN concat_ws(', ', 'person ' || nullif(warrant_internal.person_of((request).requester, (request).person), (request).requester_name),
                     CASE WHEN filed.session_user_oid = (request).requester THEN nullif('from ' || filed.client_addr, 'from ') END,
                     CASE WHEN filed.session_user_oid = (request).requester THEN 'application "' || replace(nullif(filed.application_name, ''), '"', '') || '"' END,
                     CASE WHEN judges THEN 'by a statement of ' || other WHEN other IS NOT NULL THEN 'by a statement of somebody else' END);
END;
$$;

-- What the request asks for, the most dangerous first: each object, or of many those of the same commands together. Their number stands before the names,
-- so that it is seen where the row is cut.
CREATE FUNCTION warrant_internal.items_in_words(request_id bigint, whole boolean) RETURNS SETOF text LANGUAGE plpgsql STABLE
AS $$
DECLARE
    most CONSTANT integer := 6;
BEGIN
    RETURN QUERY
    WITH items AS (SELECT (array_agg(i ORDER BY i.policy_name))[1] AS i, i.commands, warrant_internal.danger_of(i.commands) AS danger, i.schema_name, i.relation_name,
                          CASE count(*) WHEN 1 THEN 'policy ' ELSE 'policies ' END || string_agg(i.policy_name, ', ' ORDER BY i.policy_name) AS policies,
                          whole IS TRUE OR count(*) OVER () <= most AS alone
                     FROM warrant.request_items i WHERE i.request_id = items_in_words.request_id
                    GROUP BY i.target_kind, i.target, i.commands, i.columns, i.column_names, i.schema_name, i.relation_name),
         sets AS (SELECT s.danger, min(s.schema_name) AS schema_name, min(s.relation_name) AS relation_name, min(s.policies) AS policies, count(*) AS objects, min(s.commands) AS commands,
                         (array_agg(s.i ORDER BY s.schema_name, s.relation_name, s.policies))[1:most] AS first
                    FROM items s GROUP BY s.danger, CASE WHEN s.alone THEN s.i END)
    SELECT CASE s.objects WHEN 1 THEN format('%s on %s (%s)', warrant_internal.commands_in_words(s.commands), warrant_internal.target_in_words(s.first[1]), s.policies)
                          ELSE format('%s on %s objects: %s', warrant_internal.commands_in_words(s.commands), s.objects,
                                      (SELECT string_agg(warrant_internal.target_in_words(f), ', ') FROM unnest(s.first) AS f) || CASE WHEN s.objects > most THEN ', ...' ELSE '' END) END
      FROM sets s ORDER BY s.danger DESC, s.schema_name, s.relation_name, s.policies;
END;
$$;

-- Whether a client at this address, as the log has it, is in one of the networks.
CREATE FUNCTION warrant_internal.lets_in(networks cidr[], client_addr text) RETURNS boolean LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_lets_in';

-- The lines of a card, as they come: show_request brings each into one line.
CREATE FUNCTION warrant_internal.card_of(looker oid, request warrant.requests, whole boolean, OUT item text, OUT value text) RETURNS SETOF record LANGUAGE plpgsql STABLE
AS $$
DECLARE
    role CONSTANT text := warrant_internal.seen_as(looker, request);
    state CONSTANT text := warrant_internal.state_now(request);
    pends CONSTANT boolean := state = 'pending';
    at CONSTANT timestamptz := warrant_internal.monotonic_now();
    mine CONSTANT jsonb := warrant_internal.origin();
    counted CONSTANT record := warrant_internal.approvers_of(request);
    terms CONSTANT warrant_internal.terms := warrant_internal.terms_of(warrant_internal.policies_of(warrant_internal.items_of_request(request.id)));
    limits CONSTANT record := warrant_internal.limits_of(request, terms);
    lacks CONSTANT text := CASE WHEN state = 'draft' THEN coalesce(warrant_internal.lacking(terms, request.reason, request.ticket, request.ticket_fits), 'nothing any more') END;
    unasked CONSTANT boolean := request.duration IS NULL AND request.extends_grant IS NULL AND NOT EXISTS (SELECT FROM warrant.decisions d WHERE d.request_id = request.id AND d.approves AND d.duration IS NOT NULL);
    roles CONSTANT name[] := warrant_internal.deciding_roles(request.id);
    comment CONSTANT text := CASE WHEN EXISTS (SELECT FROM warrant.request_items i JOIN warrant.policies p ON p.id = i.policy_id WHERE i.request_id = request.id AND p.require_comment)
                                  THEN ', comment => ''''' END;
BEGIN
    RETURN QUERY VALUES
        ('request', format('%s, %s', request.id, CASE WHEN pends THEN format('pending for %s, expires in %s', warrant_internal.in_words(at - request.requested_at), warrant_internal.in_words(request.expires_at - at))
                                                     WHEN lacks IS NOT NULL THEN format('a draft that lacks %s, expires in %s', lacks, warrant_internal.in_words(request.expires_at - at))
                                                     ELSE format('%s %s ago', state, warrant_internal.in_words(at - coalesce(request.decided_at, least(request.expires_at, at)))) END)),
        ('by', concat_ws(', ', quote_ident(request.requester_name), warrant_internal.session_in_words(request, role <> 'requester')));
    IF request.profile IS NOT NULL THEN
        RETURN QUERY VALUES ('profile', request.profile);
    END IF;
    RETURN QUERY SELECT 'wants', w FROM warrant_internal.items_in_words(request.id, whole) AS w;
    IF pends AND EXISTS (SELECT FROM warrant.request_items i WHERE i.request_id = request.id AND 'ADMIN' = ANY (i.commands)) THEN
        RETURN QUERY VALUES ('caution', 'ADMIN can read values of every protected table in statistics and files, and run code beside the checks');
    END IF;
    IF pends THEN
        RETURN QUERY SELECT 'caution', format('asked from %s, which %s not let in', CASE f.client_addr WHEN '[local]' THEN 'the server''s own machine' ELSE f.client_addr END,
                            CASE count(*) WHEN 1 THEN 'policy ' || min(p.name) || ' does' ELSE 'policies ' || string_agg(p.name, ', ' ORDER BY p.name) || ' do' END)
           FROM (SELECT l.client_addr, l.session_user_oid FROM warrant.audit_log l WHERE l.request_id = request.id AND l.event IN ('request_created', 'draft_created') ORDER BY l.seq LIMIT 1) AS f
           JOIN warrant.policies p ON p.id = ANY (warrant_internal.policies_of(warrant_internal.items_of_request(request.id))) AND NOT warrant_internal.lets_in(p.client_cidr, f.client_addr)
          WHERE f.session_user_oid = request.requester GROUP BY f.client_addr;
        RETURN QUERY VALUES ('limits', format('for %s%s, %s', warrant_internal.in_words(limits.duration),
            CASE WHEN unasked THEN format(' (none was asked for; the most is %s)', warrant_internal.in_words(terms.max_duration)) END,
            coalesce(warrant_internal.uses_in_words(limits.uses, limits.rows), 'any number of statements')
            || CASE WHEN warrant_internal.exact_of(request) IS NULL THEN '' WHEN request.exact IS NULL THEN ': exactly one that was refused' ELSE ': exactly the one below' END));
    END IF;
    IF request.extends_grant IS NOT NULL THEN
        RETURN QUERY SELECT 'extends', format('grant %s, whose end in %s is where the duration begins', g.id, warrant_internal.in_words(g.ends_at - at))
           FROM warrant.grants g WHERE g.id = request.extends_grant AND g.closed_at IS NULL AND g.ends_at > at AND NOT EXISTS (SELECT FROM warrant.grant_uses u WHERE u.grant_id = g.id AND u.uses_left <= 0);
        IF pends AND NOT FOUND THEN
            RETURN QUERY VALUES ('extends', format('nothing, so the duration begins with the approval: grant %s is over, %s', request.extends_grant,
                                                   coalesce(warrant_internal.grant_in_words(request.extends_grant), 'its row is gone')));
        END IF;
    END IF;
    IF pends AND request.starts_at > at THEN
        RETURN QUERY VALUES ('begins', format('%s, in %s', to_char(request.starts_at, 'YYYY-MM-DD HH24:MI:SSOF'), warrant_internal.in_words(request.starts_at - at)));
    END IF;
    RETURN QUERY VALUES ('reason', coalesce(request.reason, 'none given'));
    IF request.ticket IS NOT NULL THEN
        RETURN QUERY VALUES ('ticket', request.ticket);
    END IF;
    IF request.amended_at IS NOT NULL THEN
        RETURN QUERY VALUES ('amended', concat_ws(': ', format('%s ago', warrant_internal.in_words(at - request.amended_at)),
                                (SELECT string_agg(k, ', ' ORDER BY k) FROM jsonb_object_keys(request.changed_in) AS k)));
    END IF;
    IF role IN ('decider', 'auditor') THEN
        RETURN QUERY SELECT 'statement', w FROM warrant_internal.statements_in_words(request.id, whole) AS w;
        IF request.exact IS NULL THEN    -- of one that could be approved exactly
            RETURN QUERY SELECT 'statement', 'with ' || min(s.parameters) FROM warrant.request_statements s WHERE s.request_id = request.id HAVING count(*) = 1 AND min(s.parameters) IS NOT NULL;
        END IF;
    END IF;
    IF request.exact IS NOT NULL AND role IN ('decider', 'auditor') THEN
        RETURN QUERY SELECT 'exactly', w FROM warrant_internal.exact_text(request) AS w;
    END IF;
    IF role <> 'requester' THEN
        RETURN QUERY SELECT 'lately', w FROM warrant_internal.history_in_words(request) AS w;
    END IF;
    RETURN QUERY VALUES ('approvals', concat_ws(': ', format('%s of %s', cardinality(counted.approvers), greatest(request.min_approvals, cardinality(counted.approvers) + counted.missing)), nullif(array_to_string(counted.approvers, ', '), '')));
    RETURN QUERY SELECT CASE WHEN d.approves THEN 'approved' ELSE 'denied' END, concat_ws(': ', concat_ws(' ', d.approver_name, warrant_internal.for_whom(d.voted_for_names)), d.comment)
      FROM warrant.decisions d WHERE d.request_id = request.id AND (d.comment IS NOT NULL OR NOT d.approves OR d.voted_for_names IS NOT NULL) ORDER BY d.decided_at;
    IF pends AND EXISTS (SELECT FROM warrant.decisions d WHERE d.request_id = request.id AND (d.commands IS NOT NULL OR d.objects IS NOT NULL)) THEN
        RETURN QUERY VALUES ('so far', warrant_internal.scope_in_words(warrant_internal.approved_by_all(request.id, warrant_internal.items_of_request(request.id))));
    END IF;
    IF request.grant_id IS NOT NULL THEN
        RETURN QUERY VALUES ('grant', format('%s, %s', request.grant_id, warrant_internal.grant_in_words(request.grant_id)));
        RETURN QUERY SELECT 'left out', o.words FROM warrant_internal.left_out_in_words(request.id, request.grant_id) AS o (words) WHERE o.words IS NOT NULL;
    END IF;
    IF lacks IS NOT NULL AND warrant_internal.is_requester(mine, request) THEN
        RETURN QUERY VALUES ('complete', format('SELECT warrant.amend(%s%s%s);', request.id, CASE WHEN lacks LIKE '%reason%' THEN ', reason => ''''' END,
                                                CASE WHEN lacks LIKE '%ticket%' THEN ', ticket => ''''' END));
    END IF;
    IF NOT pends THEN
        RETURN;
    END IF;
    RETURN QUERY VALUES ('decided by', coalesce('members of ' || nullif(array_to_string(roles, ' and '), ''), 'nobody: its policy is gone'));
    RETURN QUERY SELECT e.item, e.value FROM warrant_internal.escalation_in_words(request, at) AS e;
    IF cardinality(roles) > 1 THEN
        RETURN QUERY SELECT 'waits for', m.words FROM warrant_internal.missing_in_words(counted.roles, counted.of_roles) AS m (words) WHERE m.words IS NOT NULL;
    END IF;
    IF role <> 'decider' OR warrant_internal.is_requester(mine, request) THEN
        RETURN;
    END IF;
    IF warrant_internal.would_help(request, looker, warrant_internal.person_of(mine)) THEN
        RETURN QUERY VALUES ('to approve', format('SELECT warrant.approve(%s, version => %s%s);', request.id, request.version, comment)),
                            ('for less', format('SELECT warrant.approve(%s, version => %s, duration => ''%s'', max_uses => 1%s);', request.id, request.version, to_char(least(interval '10 min', greatest(limits.duration / 2, interval '1 s')), 'HH24:MI:SS'), comment));
    END IF;
    RETURN QUERY VALUES ('to deny', format('SELECT warrant.deny(%s, '''');', request.id));
END;
$$;

CREATE FUNCTION warrant.show_request(request_id bigint, whole boolean DEFAULT false, OUT item text, OUT value text) RETURNS SETOF record LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    room CONSTANT integer := 120 - length(' to approve |  ');
    looker CONSTANT oid := warrant_internal.current_subject();
    full_length integer;
    is_cut boolean := false;
BEGIN
    FOR item, value IN SELECT c.item, CASE WHEN c.item = 'exactly' THEN warrant_internal.as_written(c.value) ELSE warrant_internal.in_one_line(c.value, 100000) END FROM warrant_internal.card_of(looker, warrant_internal.request_to_see(looker, request_id), whole) AS c LOOP
        full_length := length(value);
        value := CASE WHEN whole OR item = 'exactly' THEN value ELSE warrant_internal.in_one_line(value, room) END;
        is_cut := is_cut OR (whole IS NOT TRUE AND (length(value) < full_length OR (item = 'statement' AND value LIKE 'and %') OR (item = 'wants' AND value ~ '^[A-Z, ]+ on \d+ objects: ')));
        RETURN NEXT;
    END LOOP;
    IF is_cut THEN
        item := 'in full';
        value := format('SELECT * FROM warrant.show_request(%s, whole => true);', request_id);
        RETURN NEXT;
    END IF;
END;
$$;
COMMENT ON FUNCTION warrant.show_request(bigint, boolean) IS
'All that there is to know of a request, a row for each thing: who asks for what from where and why, the statements so far with the rows that they
may reach by the server''s statistics, who has approved, and the calls that decide it. What is wider than 120 columns is cut, unless whole. For its requester, those who may decide it, warrant_approver,
warrant_auditor and warrant_admin; statements for those who may decide it and warrant_auditor only. Raises P0002, 42501, 22023 for NULL.';

CREATE FUNCTION warrant.approvers(request_id bigint, OUT approver name, OUT person text, OUT roles name[], OUT decides_for name[], OUT until timestamptz, OUT vote text) RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    most CONSTANT integer := 100;
    request CONSTANT warrant.requests := warrant_internal.request_to_see(warrant_internal.current_subject(), request_id);
    pends CONSTANT boolean := warrant_internal.state_now(request) = 'pending';
    policies CONSTANT bigint[] := warrant_internal.policies_of(warrant_internal.items_of_request(request.id));
    counted CONSTANT name[] := (warrant_internal.approvers_of(request)).approvers;
    deciders CONSTANT text[] := ARRAY(SELECT n FROM warrant.decisions d, unnest(warrant_internal.names_of(d.approver, d.person)) AS n WHERE d.request_id = request.id AND d.approver <> 0);
    found record;
    shown integer := 0;
    names text[];
    lenders oid[];
BEGIN
    FOR found IN
        WITH asked AS (SELECT DISTINCT a.role FROM warrant.policies p, unnest(p.approver_role || p.other_approver_roles || CASE WHEN p.id = ANY (request.escalated) THEN p.escalate_to END) AS a (role)
                    WHERE pends AND p.id = ANY (policies)),
        members AS MATERIALIZED (SELECT m.login, array_agg(r.rolname ORDER BY r.rolname) AS roles
                                   FROM asked a JOIN pg_roles r ON r.oid = a.role, unnest(a.role || warrant_internal.members_of(a.role)) AS m (login) GROUP BY m.login),
        logins AS (SELECT * FROM members UNION ALL SELECT DISTINCT d.delegate, NULL::name[] FROM warrant.delegations d
                    WHERE d.delegator IN (SELECT m.login FROM members m) AND d.delegate NOT IN (SELECT m.login FROM members m))
        SELECT l.login, r.rolname AS name, l.roles, d.approves, d.approver_name, d.person, d.voted_for_names
          FROM logins l JOIN pg_roles r ON r.oid = l.login AND r.rolcanlogin LEFT JOIN warrant.decisions d ON d.request_id = request.id AND d.approver = l.login
        UNION ALL SELECT d.approver, coalesce(r.rolname, d.approver_name), NULL, d.approves, d.approver_name, d.person, d.voted_for_names
          FROM warrant.decisions d LEFT JOIN pg_roles r ON r.oid = d.approver
         WHERE d.request_id = request.id AND NOT EXISTS (SELECT FROM logins l JOIN pg_roles o ON o.oid = l.login AND o.rolcanlogin WHERE l.login = d.approver)
        UNION ALL SELECT DISTINCT 0::oid, ('webhook:' || w.name)::name, NULL::name[], NULL::boolean, NULL::name, NULL::text, NULL::name[]
          FROM warrant.policies p JOIN warrant.webhooks w ON w.name = p.webhook AND w.enabled
         WHERE pends AND p.id = ANY (policies) AND NOT EXISTS (SELECT FROM warrant.decisions d WHERE d.request_id = request.id AND d.person = 'webhook:' || w.name)
         ORDER BY 4 DESC NULLS LAST, 2 LOOP
        approver := found.name;
        person := CASE WHEN found.login <> 0 THEN warrant_internal.person_of(found.login, found.person) END;
        roles := found.roles;
        decides_for := found.voted_for_names;
        until := NULL;
        vote := CASE WHEN found.approves THEN 'approved' || CASE WHEN pends AND found.approver_name <> ALL (counted) THEN ', does not count' ELSE '' END WHEN NOT found.approves THEN 'denied' END;
        IF found.approves IS NULL AND found.login <> 0 THEN
            names := warrant_internal.all_names_of(found.login);
            lenders := warrant_internal.decides_for(found.login, request.requester, request.person, policies, request.escalated);
            CONTINUE WHEN names && deciders OR found.login = request.requester OR request.person = ANY (names) OR warrant_internal.is_known_as(request.requester, names)
                       OR (roles IS NULL AND lenders = '{}');
            SELECT array_agg(r.rolname ORDER BY r.rolname), min(d.ends_at) INTO decides_for, until FROM warrant.delegations d JOIN pg_roles r ON r.oid = d.delegator WHERE d.delegator = ANY (lenders);
        END IF;
        shown := shown + 1;
        IF shown > most THEN
            RAISE NOTICE 'there are more than %', most;
            RETURN;
        END IF;
        RETURN NEXT;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION warrant.approvers(bigint) IS
'Who may decide a pending request now, a row for each login, and who has: person (as known), roles (of those that its policies name), decides_for (whose vote he has besides,
until when), vote (approved or denied; NULL for none). Of a request that is decided only who has voted. At most 100 rows, a NOTICE says when there are more. Who may see it, and errors: as show_request.';

-- Whose session refused, asked through a function, or used the grant, the requester is not told: the card does not tell it either.
CREATE FUNCTION warrant_internal.doer_of(line warrant.audit_log, request warrant.requests, judges boolean) RETURNS text LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN CASE WHEN judges OR (line).session_user_oid = (request).requester OR (line).event NOT IN ('refused', 'request_created', 'allowed', 'outcome')
                THEN warrant_internal.in_one_line((line).session_user_name, 63) ELSE 'somebody else' END;
END;
$$;

CREATE FUNCTION warrant.request_timeline(request_id bigint, OUT at timestamptz, OUT event text, OUT who text, OUT detail text) RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request CONSTANT warrant.requests := warrant_internal.request_to_see(warrant_internal.current_subject(), request_id);
    judges CONSTANT boolean := warrant_internal.seen_as(warrant_internal.current_subject(), request) <> 'requester';
    -- The rows of the log under the grant have no index of their own, which each row would pay for: they are looked for while it lived, and a little longer,
    -- as a statement ends after it.
    lived CONSTANT tstzrange := (SELECT tstzrange(g.starts_at - interval '1 minute', least(g.closed_at, g.ends_at) + interval '5 min') FROM warrant.grants g WHERE g.id = request.grant_id);
    most CONSTANT integer := 200;
BEGIN
    RETURN QUERY
    SELECT t.since, t.event, t.doer, t.words FROM (
        SELECT min(l.seq) AS place, min(l.sealed_at) AS since, l.event, w.doer,
               concat_ws(', ', 'grant ' || l.grant_id, warrant_internal.in_one_line(l.comment, 200), CASE WHEN l.event = 'refused' AND sum(l.repeats) > 1 THEN sum(l.repeats) || ' times' END) AS words
          FROM warrant.audit_log l, warrant_internal.doer_of(l, request, judges) AS w (doer) WHERE l.request_id = request.id GROUP BY l.event, w.doer, l.grant_id, l.comment
        UNION ALL
        SELECT min(l.seq), min(l.sealed_at), l.event, w.doer,
               concat_ws(', ', 'grant ' || l.grant_id, format('%s on %s', l.command, warrant_internal.in_one_line(concat_ws('.', l.schema_name, l.relation_name), 130)),
                         'failed with ' || nullif(l.sqlstate, '00000'), CASE WHEN sum(l.executions * l.repeats) > 1 THEN sum(l.executions * l.repeats) || ' times' END)
          FROM warrant.audit_log l, warrant_internal.doer_of(l, request, judges) AS w (doer)
         WHERE l.grant_id = request.grant_id AND l.request_id IS NULL AND l.event = 'allowed' AND l.sealed_at >= lower(lived) AND l.sealed_at < upper(lived)
         GROUP BY l.event, w.doer, l.grant_id, l.command, l.schema_name, l.relation_name, l.sqlstate) AS t
     ORDER BY t.place LIMIT most;
END;
$$;
COMMENT ON FUNCTION warrant.request_timeline(bigint) IS
'What happened to a request and its grant, and what ran under that, in order, by the audit log: 200 lines at most. Who may see it, and errors: as show_request.';

CREATE FUNCTION warrant.request_status(request_id bigint) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request CONSTANT warrant.requests := warrant_internal.request_to_see(warrant_internal.current_subject(), request_id);
    state CONSTANT text := warrant_internal.state_now(request);
    counted CONSTANT record := warrant_internal.approvers_of(request);
    lives CONSTANT boolean := warrant_internal.is_home() AND EXISTS (SELECT FROM warrant.grants g LEFT JOIN warrant.grant_uses u ON u.grant_id = g.id
                                 WHERE g.id = request.grant_id AND g.closed_at IS NULL AND g.ends_at > warrant_internal.monotonic_now() AND coalesce(u.uses_left, 1) > 0);
    begins CONSTANT timestamptz := (SELECT g.starts_at FROM warrant.grants g WHERE g.id = request.grant_id);
    denial warrant.decisions;
BEGIN
    SELECT * INTO denial FROM warrant.decisions d WHERE d.request_id = request.id AND NOT d.approves ORDER BY d.decided_at DESC LIMIT 1;
    RETURN jsonb_build_object('request_id', request.id, 'left_out', CASE WHEN request.grant_id IS NOT NULL THEN warrant_internal.left_out_in_words(request.id, request.grant_id) END, 'version', request.version, 'state', state, 'approvals', cardinality(counted.approvers),
        'missing', CASE state WHEN 'pending' THEN counted.missing ELSE 0 END,
        'waits_for', CASE state WHEN 'pending' THEN (SELECT jsonb_object_agg(coalesce(a.rolname, 'a role that is gone'), m.number)
                         FROM unnest(counted.roles, counted.of_roles) AS m (role, number) LEFT JOIN pg_roles a ON a.oid = m.role) END,
        'approvers', warrant_internal.deciding_roles(request_id), 'denied_by', denial.approver_name, 'deny_comment', denial.comment, 'grant_id', request.grant_id,
        'grant', warrant_internal.in_one_line(warrant_internal.grant_in_words(request.grant_id), 400), 'expires_at', CASE WHEN state IN ('draft', 'pending') THEN request.expires_at
                   ELSE (SELECT least(g.ends_at, g.closed_at) FROM warrant.grants g WHERE g.id = request.grant_id) END,
        'next_step', CASE WHEN state = 'draft' THEN 'amend it' WHEN state = 'pending' THEN 'wait' WHEN lives AND begins > warrant_internal.monotonic_now() THEN 'wait until it begins' WHEN lives THEN 'run the statement' WHEN state = 'denied' THEN 'ask who denied it' ELSE 'ask again' END,
        'requester', request.requester_name, 'profile', request.profile, 'person', request.person, 'reason', request.reason, 'ticket', request.ticket, 'starts_at', request.starts_at, 'reminded_at', request.reminded_at, 'escalated_at', request.escalated_at, 'duration_s', extract(epoch FROM request.duration)::bigint, 'max_uses', request.max_uses, 'max_rows', request.max_rows, 'requested_at', request.requested_at,
        'items', (SELECT jsonb_agg(jsonb_build_object('schema', nullif(n.schema_name, ''), 'relation', nullif(n.relation_name, ''), 'commands', i.commands, 'policy', i.policy_name)
                                   ORDER BY n.schema_name, n.relation_name, i.policy_name)
                    FROM warrant.request_items i, warrant_internal.object_now(i.target_kind, i.target, i.schema_name, i.relation_name) AS n WHERE i.request_id = request.id));
END;
$$;
COMMENT ON FUNCTION warrant.request_status(bigint) IS
'How a request stands, for programs: request_id, version, left_out (what of it was not approved), state, approvals, missing (approvals, at least), waits_for (how many of which role), approvers (roles), denied_by, deny_comment, grant_id, grant (in words),
expires_at (of the pending request, then of the grant), next_step (amend it, wait, wait until it begins, run the statement, ask again, ask who denied it), and what was asked: requester, person, profile,
reason, ticket, starts_at, duration_s, max_uses, max_rows, requested_at, reminded_at, escalated_at, items (schema, relation, commands, policy). Who may see it, and errors: as show_request.';
