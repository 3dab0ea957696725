-- What a person reads to judge a request, and a program to go on after it.
--
-- Their functions read all tables, and so each asks first who looks. Words that somebody else chose (a reason, a statement, an application's name) stay in
-- one line, without marks that turn the direction: a card must not be able to say what its reader takes for ours.

CREATE FUNCTION warrant_internal.in_one_line(words text, most integer) RETURNS text LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_in_one_line';
CREATE FUNCTION warrant_internal.in_words(length interval) RETURNS text LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_in_words';
CREATE FUNCTION warrant_internal.commands_in_words(commands text[]) RETURNS text LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_commands_in_words';

-- What an item is about, by its name of now.
CREATE FUNCTION warrant_internal.target_in_words(item warrant.request_items) RETURNS text LANGUAGE plpgsql STABLE
AS $$
DECLARE
    called record := warrant_internal.object_now((item).target_kind, (item).target, (item).schema_name, (item).relation_name);
BEGIN
    RETURN CASE (item).target_kind WHEN 't' THEN format('%I.%I', called.schema_name, called.relation_name)
                                   WHEN 's' THEN format('schema %I', called.schema_name) ELSE 'this database' END;
END;
$$;

-- As whom somebody sees a request: 'decider', 'auditor', 'reader' (administrators, and approvers of other policies), 'requester', or NULL. Statements are for
-- the first two.
CREATE FUNCTION warrant_internal.seen_as(looker oid, request warrant.requests) RETURNS text LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN CASE WHEN warrant_internal.may_decide(looker, ARRAY(SELECT i.policy_id FROM warrant.request_items i WHERE i.request_id = (request).id)) THEN 'decider'
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

-- A pending request whose time is over has expired, also before the sweep says so.
CREATE FUNCTION warrant_internal.state_now(request warrant.requests) RETURNS text LANGUAGE plpgsql STABLE
AS $$ BEGIN RETURN CASE WHEN (request).state = 'pending' AND (request).expires_at <= warrant_internal.monotonic_now() THEN 'expired' ELSE (request).state END; END; $$;

-- Who has approved, and may decide still.
CREATE FUNCTION warrant_internal.approvers_of(request_id bigint) RETURNS name[] LANGUAGE plpgsql STABLE
AS $$
DECLARE
    policies bigint[] := ARRAY(SELECT i.policy_id FROM warrant.request_items i WHERE i.request_id = approvers_of.request_id);
BEGIN
    RETURN ARRAY(SELECT d.approver_name FROM warrant.decisions d
                  WHERE d.request_id = approvers_of.request_id AND d.approves AND warrant_internal.vote_counts(d, policies) ORDER BY d.decided_at);
END;
$$;

-- The roles whose members decide a request. Somebody has to be a member of each.
CREATE FUNCTION warrant_internal.deciding_roles(request_id bigint) RETURNS name[] LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN ARRAY(SELECT DISTINCT coalesce(a.rolname, p.approver_role_name) FROM warrant.request_items i JOIN warrant.policies p ON p.id = i.policy_id
                   LEFT JOIN pg_roles a ON a.oid = p.approver_role WHERE i.request_id = deciding_roles.request_id ORDER BY 1);
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
                WHEN made.closed_by IS NOT NULL THEN concat_ws(': ', format('revoked %s ago by %s', warrant_internal.in_words(at - made.closed_at), made.closed_by), made.close_reason)
                WHEN made.ends_at <= at THEN format('expired %s ago', warrant_internal.in_words(at - made.ends_at))
                WHEN left_over = 0 THEN 'used up'
                WHEN made.closed_at IS NOT NULL THEN concat_ws(': ', format('ended %s ago', warrant_internal.in_words(at - made.closed_at)), made.close_reason)
                ELSE concat_ws(', ', format('lives for %s more', warrant_internal.in_words(made.ends_at - at)), left_over || ' uses left') END;
END;
$$;

-- What else the requester asked for in the last 30 days, and what came of it.
CREATE FUNCTION warrant_internal.history_in_words(request warrant.requests) RETURNS text LANGUAGE plpgsql STABLE
AS $$
DECLARE
    asked bigint;
    ends text;
    at timestamptz := warrant_internal.monotonic_now();
BEGIN
    SELECT sum(s.n), string_agg(format('%s %s', s.n, s.state), ', ' ORDER BY s.n DESC, s.state) INTO asked, ends
      FROM (SELECT CASE WHEN r.state = 'pending' AND r.expires_at <= at THEN 'expired' ELSE r.state END AS state, count(*) AS n FROM warrant.requests r
             WHERE r.requester = (request).requester AND r.id <> (request).id AND r.requested_at > at - interval '30 d' GROUP BY 1) AS s;
    RETURN CASE WHEN asked > 0 THEN format('%s other request%s in 30 days: %s', asked, CASE WHEN asked > 1 THEN 's' END, ends) ELSE 'no other request in 30 days' END;
END;
$$;

-- The different statements that were refused for a request, the last one first, with the rows that they may reach by the server's statistics.
CREATE FUNCTION warrant_internal.statements_of(request_id bigint, most integer, OUT statement text, OUT estimated bigint, OUT times bigint)
RETURNS SETOF record LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN QUERY
    SELECT (SELECT x.statement FROM warrant.audit_text x WHERE x.seq = s.with_text), s.estimated, s.times
      FROM (SELECT max(l.seq) FILTER (WHERE l.statement_hmac IS NOT NULL) AS with_text, max(l.rows_estimated) AS estimated, max(l.seq) AS last,
                   sum(l.repeats)::bigint / count(DISTINCT (l.relation_oid, l.command)) AS times
              FROM warrant.audit_log l WHERE l.request_id = statements_of.request_id AND l.event = 'refused'
             GROUP BY l.statement_sha256 ORDER BY last DESC LIMIT most) AS s ORDER BY s.last DESC;
END;
$$;

-- What the session was from which the request came.
CREATE FUNCTION warrant_internal.session_in_words(request warrant.requests) RETURNS text LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN (SELECT concat_ws(', ', CASE WHEN (request).person <> (request).requester_name THEN 'person ' || warrant_internal.in_one_line((request).person, 40) END,
                             'in ' || nullif(warrant_internal.in_one_line(l.application_name, 30), ''), 'from ' || coalesce(nullif(l.client_addr, ''), 'a local socket'))
              FROM warrant.audit_log l WHERE l.request_id = (request).id AND l.event = 'request_created' ORDER BY l.seq LIMIT 1);
END;
$$;

-- How long a grant would live, and for how many statements, if the request were approved as it is.
CREATE FUNCTION warrant_internal.limits_in_words(request warrant.requests, terms warrant_internal.terms) RETURNS text LANGUAGE plpgsql STABLE
AS $$
DECLARE
    uses integer := least((request).max_uses, (terms).max_uses);
BEGIN
    RETURN 'for ' || warrant_internal.in_words(least(coalesce((request).duration, (terms).default_duration), (terms).max_duration)) ||
           CASE WHEN uses IS NULL THEN ', any number of statements' ELSE format(', %s statement%s', uses, CASE WHEN uses <> 1 THEN 's' END) END;
END;
$$;

CREATE FUNCTION warrant.show_request(request_id bigint, OUT item text, OUT value text) RETURNS SETOF record LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    looker CONSTANT oid := warrant_internal.current_subject();
    request CONSTANT warrant.requests := warrant_internal.request_to_see(looker, request_id);
    role CONSTANT text := warrant_internal.seen_as(looker, request);
    state CONSTANT text := warrant_internal.state_now(request);
    pends CONSTANT boolean := state = 'pending';
    at CONSTANT timestamptz := warrant_internal.monotonic_now();
    approvers CONSTANT name[] := warrant_internal.approvers_of(request_id);
    terms CONSTANT warrant_internal.terms := warrant_internal.terms_of(ARRAY(SELECT i.policy_id FROM warrant.request_items i WHERE i.request_id = request.id));
    decides CONSTANT boolean := pends AND role = 'decider' AND NOT warrant_internal.is_requester(warrant_internal.origin(), request);
    most_statements CONSTANT integer := 6;
BEGIN
    RETURN QUERY VALUES
        ('request', format('%s, %s', request.id, CASE WHEN pends THEN format('pending for %s, expires in %s', warrant_internal.in_words(at - request.requested_at), warrant_internal.in_words(request.expires_at - at))
                                                     ELSE format('%s %s ago', state, warrant_internal.in_words(at - coalesce(request.decided_at, request.expires_at))) END)),
        ('by', concat_ws(', ', quote_ident(warrant_internal.in_one_line(request.requester_name, 60)), warrant_internal.session_in_words(request)));
    RETURN QUERY SELECT 'wants', format('%s on %s (policy %s)', warrant_internal.commands_in_words(i.commands), warrant_internal.target_in_words(i), i.policy_name)
      FROM warrant.request_items i WHERE i.request_id = request.id ORDER BY i.schema_name, i.relation_name LIMIT 10;
    RETURN QUERY SELECT 'wants', format('and %s objects more', count(*) - 10) FROM warrant.request_items i WHERE i.request_id = request.id HAVING count(*) > 10;
    RETURN QUERY VALUES ('limits', warrant_internal.limits_in_words(request, terms)), ('reason', coalesce(warrant_internal.in_one_line(request.reason, 200), 'none given'));
    IF request.amended_at IS NOT NULL THEN
        RETURN QUERY VALUES ('amended', format('%s ago', warrant_internal.in_words(at - request.amended_at)));
    END IF;
    IF role IN ('decider', 'auditor') THEN
        RETURN QUERY SELECT 'statement', concat_ws(' ', warrant_internal.in_one_line(coalesce(s.statement, 'its text is not kept'), 160),
                            format('-- %s, %s', coalesce('up to ' || s.estimated || CASE s.estimated WHEN 1 THEN ' row' ELSE ' rows' END, 'rows unknown'),
                                                CASE s.times WHEN 1 THEN 'once' ELSE s.times || ' times' END))
          FROM warrant_internal.statements_of(request_id, most_statements) AS s;
        IF NOT FOUND THEN
            RETURN QUERY VALUES ('statement', 'none yet: it was asked for before one was tried');
        END IF;
    END IF;
    IF role <> 'requester' THEN
        RETURN QUERY VALUES ('lately', warrant_internal.history_in_words(request));
    END IF;
    RETURN QUERY VALUES ('approvals', format('%s of %s%s', cardinality(approvers), greatest(request.min_approvals, terms.min_approvals),
                                             CASE WHEN approvers <> '{}' THEN ': ' || array_to_string(approvers, ', ') END)),
                        ('decided by', 'members of ' || array_to_string(warrant_internal.deciding_roles(request_id), ' who are members of '));
    RETURN QUERY SELECT CASE WHEN d.approves THEN 'approved' ELSE 'denied' END, concat_ws(': ', d.approver_name, warrant_internal.in_one_line(d.comment, 160))
      FROM warrant.decisions d WHERE d.request_id = request.id AND (d.comment IS NOT NULL OR NOT d.approves) ORDER BY d.decided_at;
    IF request.grant_id IS NOT NULL THEN
        RETURN QUERY VALUES ('grant', format('%s, %s', request.grant_id, warrant_internal.grant_in_words(request.grant_id)));
    END IF;
    IF decides THEN
        RETURN QUERY VALUES ('to approve', format('SELECT warrant.approve(%s);', request.id)),
                            ('for less', format('SELECT warrant.approve(%s, duration => ''10 min'', max_uses => 1);', request.id)),
                            ('to deny', format('SELECT warrant.deny(%s, ''why'');', request.id));
    END IF;
END;
$$;
COMMENT ON FUNCTION warrant.show_request(bigint) IS
'All that there is to know of a request, a row for each thing: who asks for what from where and why, the statements so far with the rows that they
may reach by the server''s statistics, who has approved, and the calls that decide it. For its requester, those who may decide it, warrant_approver,
warrant_auditor and warrant_admin; statements for those who may decide it and warrant_auditor only. Raises P0002, 42501, 22023 for NULL.';

CREATE FUNCTION warrant.request_timeline(request_id bigint, OUT at timestamptz, OUT event text, OUT who text, OUT detail text) RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request CONSTANT warrant.requests := warrant_internal.request_to_see(warrant_internal.current_subject(), request_id);
BEGIN
    RETURN QUERY
    SELECT min(l.sealed_at), l.event, l.session_user_name::text,
           concat_ws(', ', 'grant ' || l.grant_id, warrant_internal.in_one_line(l.comment, 200), CASE WHEN l.event = 'refused' AND sum(l.repeats) > 1 THEN sum(l.repeats) || ' times' END)
      FROM warrant.audit_log l WHERE l.request_id = request.id
     GROUP BY l.event, l.session_user_name, l.grant_id, l.comment ORDER BY min(l.seq);
END;
$$;
COMMENT ON FUNCTION warrant.request_timeline(bigint) IS
'What happened to a request and its grant, in order, by the audit log. Who may see it, and errors: as show_request.';

CREATE FUNCTION warrant.request_status(request_id bigint) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request CONSTANT warrant.requests := warrant_internal.request_to_see(warrant_internal.current_subject(), request_id);
    state CONSTANT text := warrant_internal.state_now(request);
    approvals CONSTANT integer := cardinality(warrant_internal.approvers_of(request_id));
    terms CONSTANT warrant_internal.terms := warrant_internal.terms_of(ARRAY(SELECT i.policy_id FROM warrant.request_items i WHERE i.request_id = request.id));
    lives boolean := EXISTS (SELECT FROM warrant.grants g LEFT JOIN warrant.grant_uses u ON u.grant_id = g.id WHERE g.id = request.grant_id AND g.closed_at IS NULL
                                AND g.ends_at > warrant_internal.monotonic_now() AND coalesce(u.uses_left, 1) > 0);
    denial warrant.decisions;
BEGIN
    SELECT * INTO denial FROM warrant.decisions d WHERE d.request_id = request.id AND NOT d.approves ORDER BY d.decided_at DESC LIMIT 1;
    RETURN jsonb_build_object('request_id', request.id, 'state', state, 'approvals', approvals,
        'missing', CASE state WHEN 'pending' THEN greatest(greatest(request.min_approvals, terms.min_approvals) - approvals, 0) ELSE 0 END,
        'approvers', warrant_internal.deciding_roles(request_id), 'denied_by', denial.approver_name, 'deny_comment', denial.comment, 'grant_id', request.grant_id,
        'grant', warrant_internal.grant_in_words(request.grant_id), 'expires_at', CASE state WHEN 'pending' THEN request.expires_at
                   ELSE (SELECT g.ends_at FROM warrant.grants g WHERE g.id = request.grant_id) END,
        'next_step', CASE WHEN state = 'pending' THEN 'wait' WHEN lives THEN 'run the statement' WHEN state = 'denied' THEN 'ask who denied it' ELSE 'ask again' END);
END;
$$;
COMMENT ON FUNCTION warrant.request_status(bigint) IS
'How a request stands, for programs: request_id, state, approvals, missing (approvals), approvers (roles), denied_by, deny_comment, grant_id, grant (in words),
expires_at (of the pending request, then of the grant), next_step (wait, run the statement, ask again, ask who denied it). Who may see it, and errors: as show_request.';

CREATE FUNCTION warrant_internal.inbox(OUT id bigint, OUT who text, OUT wants text, OUT rows text, OUT statement text, OUT age text, OUT approvals text) RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    looker CONSTANT oid := warrant_internal.current_subject();
    mine CONSTANT jsonb := warrant_internal.origin();
    at CONSTANT timestamptz := warrant_internal.monotonic_now();
    decides bigint[];
BEGIN
    IF NOT warrant_internal.is_home() THEN
        RETURN;
    END IF;
    decides := ARRAY(SELECT p.id FROM warrant.policies p WHERE p.effect = 'approve' AND warrant_internal.may_decide(looker, ARRAY[p.id]));
    RETURN QUERY
    WITH waiting AS MATERIALIZED (
        SELECT r.id, r.requester, r.requester_name, r.person, r.requested_at, r.min_approvals FROM warrant.requests r WHERE r.state = 'pending' AND r.expires_at > at),
    asked AS MATERIALIZED (
        SELECT i.request_id, min(concat(warrant_internal.commands_in_words(i.commands), ' on ', warrant_internal.target_in_words(i))) AS wants, count(*) AS items
          FROM waiting w JOIN warrant.request_items i ON i.request_id = w.id GROUP BY i.request_id HAVING bool_and(i.policy_id = ANY (decides))),
    own AS MATERIALIZED (
        SELECT f.requester, f.person FROM (SELECT DISTINCT w.requester, w.person FROM waiting w) AS f
         WHERE f.person = ANY (warrant_internal.names_of(mine)) OR warrant_internal.is_himself(mine, f.requester)),
    voted AS MATERIALIZED (
        SELECT v.request_id, warrant_internal.approvers_of(v.request_id) AS approvers, warrant_internal.own_votes(mine, v.request_id) AS own_votes
          FROM (SELECT DISTINCT d.request_id FROM waiting w JOIN warrant.decisions d ON d.request_id = w.id) AS v)
    SELECT w.id, warrant_internal.in_one_line(w.requester_name, 16), warrant_internal.in_one_line(concat(a.wants, ' and ' || nullif(a.items - 1, 0) || ' more'), 34),
           s.rows_estimated::text, warrant_internal.in_one_line(x.statement, 28), warrant_internal.in_words(at - w.requested_at),
           format('%s/%s', coalesce(cardinality(v.approvers), 0), w.min_approvals)
      FROM waiting w JOIN asked a ON a.request_id = w.id LEFT JOIN own o ON o.requester = w.requester AND o.person = w.person LEFT JOIN voted v ON v.request_id = w.id
      LEFT JOIN LATERAL (SELECT l.seq, l.sealed_at, l.rows_estimated FROM warrant.audit_log l WHERE l.request_id = w.id AND l.event = 'refused' ORDER BY l.seq DESC LIMIT 1) AS s ON true
      LEFT JOIN warrant.audit_text x ON x.seq = s.seq AND x.sealed_at = s.sealed_at
     WHERE o.person IS NULL AND coalesce(v.own_votes, '{}') = '{}' ORDER BY w.requested_at, w.id;
END;
$$;
CREATE VIEW warrant.my_inbox WITH (security_barrier) AS SELECT * FROM warrant_internal.inbox();
COMMENT ON VIEW warrant.my_inbox IS
'requests that the caller may decide and has not voted on, a row for each, the oldest first; rows: which the last statement that was refused may reach,
by the server''s statistics';
GRANT SELECT ON warrant.my_inbox TO PUBLIC;
