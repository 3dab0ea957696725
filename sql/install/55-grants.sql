-- Grants: made, closed, given directly, revoked.

-- All members of a role now, through whatever other roles. A grant serves these alone: who becomes a member later does not use it.
CREATE FUNCTION warrant_internal.members_of(role oid) RETURNS oid[] LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'warrant_members_of';

CREATE FUNCTION warrant_internal.make_grant(origin jsonb, request bigint, grantee oid, granted_by name[], duration interval, max_uses integer,
    reason text, items warrant_internal.item[], granters text[], max_rows bigint DEFAULT NULL, ticket text DEFAULT NULL,
    starts_at timestamptz DEFAULT NULL, exact bytea DEFAULT NULL, given text DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql
AS $$
DECLARE
    duration interval := warrant_internal.as_compared(make_grant.duration);    -- which adds what it was compared as
    starts timestamptz := greatest(warrant_internal.monotonic_now(), make_grant.starts_at);
    members oid[] := warrant_internal.members_of(grantee);
    item warrant_internal.item;
    scope warrant.grant_scopes;
    made bigint;
    sealed bigint;
BEGIN
    INSERT INTO warrant.grants (id, request_id, grantee, grantee_name, granted_by, reason, starts_at, ends_at, max_uses, max_rows, ticket, exact)
    VALUES ((SELECT coalesce(max(g.id), 0) + 1 FROM warrant.grants g), request, grantee, pg_get_userbyid(grantee), granted_by, reason, starts, starts + duration, max_uses, max_rows, make_grant.ticket, make_grant.exact) RETURNING id INTO made;
    FOREACH item IN ARRAY items LOOP
        INSERT INTO warrant.grant_scopes
        SELECT made, grantee, item.policy_id, item.target_kind, item.target, item.commands, starts, starts + duration, false, members, item.schema_name, item.relation_name, p.name, make_grant.max_uses, make_grant.granters,
               coalesce((SELECT min(i.policy_version) FROM warrant.request_items i WHERE i.request_id = request AND i.policy_id = item.policy_id), p.version),
               make_grant.exact, item.columns, warrant_internal.column_names(item.target, item.columns, NULL), make_grant.max_rows
          FROM warrant.policies p WHERE p.id = item.policy_id
        RETURNING * INTO scope;
        IF NOT FOUND THEN
            PERFORM warrant_internal.check_policies_stay(false);
        END IF;
        sealed := warrant_internal.seal('grant_created', origin, jsonb_build_object('request_id', request, 'grant_id', made, 'command', array_to_string(item.commands, ','),
                      'relation_oid', item.target, 'schema_name', item.schema_name, 'relation_name', item.relation_name, 'columns', scope.column_names, 'policy_name', scope.policy_name,
                      'comment', concat(format('%s for %s', pg_get_userbyid(grantee), duration), ' from ' || make_grant.starts_at, ', max_uses ' || max_uses, ', max_rows ' || max_rows,
                                        CASE WHEN exact IS NOT NULL THEN ', exactly one statement' END, ', given ' || make_grant.given,
                                        CASE granted_by WHEN '{}' THEN concat(', by the policy itself', ', reason: ' || make_grant.reason) END)));
    END LOOP;
    IF max_uses IS NOT NULL THEN
        INSERT INTO warrant.grant_uses VALUES (made, max_uses);
    END IF;
    RETURN made;
END;
$$;

-- Tells who decided what came of it.
CREATE FUNCTION warrant_internal.tell_granted(what text, id bigint, items warrant_internal.item[]) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    made warrant.grants;
BEGIN
    SELECT * INTO made FROM warrant.grants g WHERE g.id = tell_granted.id;
    PERFORM warrant_internal.tell(format('%s: %s gets %s for %s%s%s (grant %s)', what, warrant_internal.in_one_line(made.grantee_name, 63), warrant_internal.scope_in_words(items),
                                         warrant_internal.in_words(made.ends_at - made.starts_at),
                                         CASE WHEN made.starts_at > warrant_internal.monotonic_now() THEN format(' from %s on', to_char(made.starts_at, 'YYYY-MM-DD HH24:MI:SSOF')) END, ', ' || warrant_internal.uses_in_words(made.max_uses, made.max_rows)
                                         || CASE WHEN made.exact IS NOT NULL THEN ', and for exactly the statement of the request' ELSE '' END, id));
END;
$$;

-- What was asked for as the extension of a grant goes with it when it is revoked.
CREATE FUNCTION warrant_internal.close_grant(origin jsonb, grant_id bigint, closer name, event text, reason text) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    ended warrant.grants;
    scope warrant.grant_scopes;
    called record;
    sealed bigint;
BEGIN
    UPDATE warrant.grants g SET closed_at = warrant_internal.monotonic_now(), closed_by = closer, close_event = event, close_reason = close_grant.reason
     WHERE g.id = close_grant.grant_id RETURNING g.* INTO ended;
    FOR scope IN UPDATE warrant.grant_scopes s SET closed = true WHERE s.grant_id = close_grant.grant_id RETURNING s.* LOOP
        called := warrant_internal.object_now(scope.target_kind, scope.target, scope.schema_name, scope.relation_name);
        sealed := warrant_internal.seal(event, origin, jsonb_build_object('request_id', ended.request_id, 'grant_id', scope.grant_id, 'command', array_to_string(scope.commands, ','),
                      'relation_oid', scope.target, 'schema_name', called.schema_name, 'relation_name', called.relation_name,
                      'columns', warrant_internal.column_names(scope.target, scope.columns, scope.column_names), 'policy_name', scope.policy_name, 'comment', reason));
    END LOOP;
    IF event = 'grant_revoked' THEN
        PERFORM warrant_internal.end_request(origin, r.id, 'cancelled', format('grant %s, which it was to extend, was revoked', ended.id))
           FROM warrant.requests r WHERE r.state = 'pending' AND r.requester = ended.grantee AND r.extends_grant = ended.id;
    END IF;
END;
$$;

-- An approver's direct grant. Under a quorum it files a request with one approval instead, and the answer is NULL. Or it answers as patterns_to_fit.
CREATE FUNCTION warrant_internal.do_grant(origin jsonb, args jsonb) RETURNS text LANGUAGE plpgsql
AS $$
DECLARE
    grantee oid := (args->>'grantee')::oid;
    voices CONSTANT oid[] := warrant_internal.voices_on(warrant_internal.user_of(origin), grantee, NULL);
    given_for oid[];
    items warrant_internal.item[];
    terms warrant_internal.terms;
    duration interval := (args->>'duration')::interval;
    max_uses integer := (args->>'max_uses')::integer;
    max_rows bigint := (args->>'max_rows')::bigint;
    asked text;
    made bigint;
BEGIN
    IF grantee IS NULL OR NOT warrant_internal.role_exists(grantee) THEN
        PERFORM warrant_internal.fail('22023', 'grantee must be a role');
    END IF;
    items := warrant_internal.items_of(grantee, args);
    terms := warrant_internal.terms_of(warrant_internal.policies_of(items));
    IF NOT warrant_internal.may_decide(voices, warrant_internal.policies_of(items)) THEN
        PERFORM warrant_internal.fail('42501', format('permission denied to grant under policy %s', warrant_internal.that_others_decide(voices, warrant_internal.policies_of(items))),
            (SELECT format('Members of %s may.', string_agg(DISTINCT format('"%s"', warrant_internal.in_one_line(o.rolname, 63)), ' or ')) FROM warrant.policies p, unnest(p.approver_role || p.other_approver_roles) AS r (role)
               JOIN pg_roles o ON o.oid = r.role WHERE p.id = ANY (warrant_internal.policies_of(items)) HAVING count(*) > 0));
    END IF;
    IF warrant_internal.is_himself(origin, grantee) THEN
        PERFORM warrant_internal.fail('42501', 'nobody grants to himself', 'Another approver can; warrant.request asks for it.');
    END IF;
    IF duration IS NOT NULL OR max_uses IS NOT NULL THEN
        PERFORM warrant_internal.check_within(duration, max_uses, terms);
    END IF;
    PERFORM warrant_internal.check_rows_within(max_rows, terms);
    PERFORM warrant_internal.check_exact(items, NULL);
    PERFORM warrant_internal.check_comment(warrant_internal.policies_of(items), args->>'reason', 'reason');
    asked := warrant_internal.patterns_to_fit(terms, args->>'ticket', args);
    IF asked IS NOT NULL THEN
        RETURN asked;
    END IF;
    PERFORM warrant_internal.check_given(warrant_internal.policies_of(items), terms, coalesce(args->>'reason', ''), coalesce(args->>'ticket', ''), warrant_internal.fitted(args));
    IF (warrant_internal.count_votes(warrant_internal.policies_of(items), voices, array_fill(warrant_internal.person_of(origin), ARRAY[cardinality(voices)]),
                                      array_fill(1, ARRAY[cardinality(voices)]), '{}')).missing > 0 THEN
        made := warrant_internal.file_request(origin, grantee, items, args->>'reason', duration, max_uses, false, max_rows => max_rows, ticket => args->>'ticket', fits => warrant_internal.fitted(args));
        PERFORM warrant_internal.tell(format('filed request %s of %s: %s', made, warrant_internal.in_one_line(pg_get_userbyid(grantee), 63), warrant_internal.scope_in_words(items)));
        RETURN warrant_internal.approve_one(origin, made, duration, max_uses, args->>'reason', max_rows => max_rows);
    END IF;
    given_for := warrant_internal.decides_for(warrant_internal.user_of(origin), grantee, NULL, warrant_internal.policies_of(items));
    made := warrant_internal.make_grant(origin, NULL, grantee, ARRAY[(origin->>'session_user_name')::name], coalesce(duration, (terms).default_duration),
                              coalesce(max_uses, (terms).max_uses), args->>'reason', items,
                              warrant_internal.names_of(origin) || ARRAY(SELECT n FROM unnest(given_for) AS f (role), unnest(warrant_internal.all_names_of(f.role)) AS n),
                              coalesce(max_rows, (terms).max_rows), nullif(args->>'ticket', ''), given => warrant_internal.for_whom(warrant_internal.role_names(given_for)));
    PERFORM warrant_internal.tell_granted('granted', made, items);
    RETURN made;
END;
$$;

CREATE FUNCTION warrant_internal.is_live(made warrant.grants) RETURNS boolean LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN (made).closed_at IS NULL AND (made).ends_at > warrant_internal.monotonic_now();
END;
$$;

-- Whether the grant is to the person who acts.
CREATE FUNCTION warrant_internal.is_grantee(origin jsonb, made warrant.grants) RETURNS boolean LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN (made).grantee = warrant_internal.user_of(origin)
           OR (NOT warrant_internal.is_in_pool(origin) AND warrant_internal.names_of((made).grantee, NULL) && warrant_internal.names_of(origin));
END;
$$;

-- A grant that still lives. Raises P0002 for an unknown id, 55006 for one that has ended: why, is told those whom the grant concerns.
CREATE FUNCTION warrant_internal.live_grant(origin jsonb, grant_id bigint) RETURNS warrant.grants LANGUAGE plpgsql
AS $$
DECLARE
    live warrant.grants;
BEGIN
    IF grant_id IS NULL THEN
        PERFORM warrant_internal.fail('22023', 'grant id must not be NULL');
    END IF;
    SELECT * INTO live FROM warrant.grants g WHERE g.id = grant_id;
    IF NOT FOUND THEN
        PERFORM warrant_internal.fail('P0002', format('grant %s does not exist', grant_id));
    ELSIF NOT warrant_internal.is_live(live) THEN
        PERFORM warrant_internal.fail('55006', format('grant %s has ended', grant_id), NULL,
            CASE WHEN warrant_internal.is_grantee(origin, live) OR warrant_internal.may_revoke(warrant_internal.user_of(origin), ARRAY(SELECT s.policy_id FROM warrant.grant_scopes s WHERE s.grant_id = live.id))
                 THEN (SELECT format('It %s.', rtrim(regexp_replace(warrant_internal.in_one_line(w.words, 400), '^(revoked|given)', 'was \1'), '.')) FROM warrant_internal.grant_in_words(live.id) AS w (words)) END);
    END IF;
    RETURN live;
END;
$$;

CREATE FUNCTION warrant_internal.items_of_grant(grant_id bigint) RETURNS warrant_internal.item[] LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN ARRAY(SELECT (s.target_kind, s.target, s.schema_name, s.relation_name, s.commands, s.policy_id, s.columns)::warrant_internal.item
                   FROM warrant.grant_scopes s WHERE s.grant_id = items_of_grant.grant_id);
END;
$$;

-- Whether the role may end what was granted or asked for under these policies: who decides about it, and administrators. escalated: under which of them
-- escalate_to has decided, or may, too.
CREATE FUNCTION warrant_internal.may_revoke(role oid, policy_ids bigint[], escalated bigint[] DEFAULT '{}') RETURNS boolean LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN warrant_internal.may_decide(role || warrant_internal.delegators_of(role), policy_ids, escalated) OR warrant_internal.is_member(role, 'warrant_admin'::regrole)
           OR EXISTS (SELECT FROM pg_roles r WHERE r.oid = role AND r.rolsuper);
END;
$$;

-- How long a policy of effect auto is kept from granting to whom its grant was revoked from: as long as a grant of it can live, and an hour at least. What
-- the user asked for would be too short.
CREATE FUNCTION warrant_internal.stopped_for(policy warrant.policies) RETURNS interval LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN greatest(warrant_internal.as_compared(least(policy.default_duration, current_setting('pg_warrant.max_duration')::interval)), interval '1 hour');
END;
$$;

-- Keeps the policy, of effect auto, from granting to the role and to the person's other logins. Returns until when.
CREATE FUNCTION warrant_internal.stop_automatic(origin jsonb, policy warrant.policies, grantee oid, revoked bigint, words text) RETURNS timestamptz LANGUAGE plpgsql
AS $$
DECLARE
    ends CONSTANT timestamptz := warrant_internal.monotonic_now() + warrant_internal.stopped_for(policy);
BEGIN
    INSERT INTO warrant.auto_stops AS s (role, policy_id, until, stopped_by, reason, grant_id)
    SELECT l.role, policy.id, ends, (origin->>'session_user_name')::name, words, revoked
      FROM (SELECT grantee AS role UNION SELECT o.role FROM warrant.persons m JOIN warrant.persons o ON o.person = m.person WHERE m.role = grantee) AS l
        ON CONFLICT ON CONSTRAINT auto_stops_pkey DO UPDATE
       SET until = greatest(s.until, excluded.until), stopped_by = excluded.stopped_by, reason = excluded.reason, grant_id = excluded.grant_id;
    PERFORM warrant_internal.seal('auto_stopped', origin, jsonb_build_object('grant_id', revoked, 'policy_name', policy.name, 'policy_version', policy.version,
                                  'comment', concat_ws(', ', format('%s until %s', pg_get_userbyid(grantee), ends), nullif(words, ''))));
    RETURN ends;
END;
$$;

-- A grant that a policy has made can be revoked when it has ended, too: a user who asks for short ones would be quicker than whoever wants to stop him.
CREATE FUNCTION warrant_internal.do_revoke(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    target warrant.grants := (SELECT g FROM warrant.grants g WHERE g.id = (args->>'grant_id')::bigint AND g.granted_by = '{}' AND NOT warrant_internal.is_live(g));
    ended CONSTANT boolean := target.id IS NOT NULL;
    policies bigint[];
    others text;
    policy warrant.policies;
BEGIN
    target := CASE WHEN ended THEN target ELSE warrant_internal.live_grant(origin, (args->>'grant_id')::bigint) END;
    policies := ARRAY(SELECT s.policy_id FROM warrant.grant_scopes s WHERE s.grant_id = target.id);
    IF NOT warrant_internal.may_revoke(warrant_internal.user_of(origin), policies, (SELECT r.escalated FROM warrant.requests r WHERE r.id = target.request_id)) THEN
        PERFORM warrant_internal.fail('42501', format('permission denied to revoke grant %s', target.id));
    END IF;
    IF NOT ended THEN
        PERFORM warrant_internal.close_grant(origin, target.id, origin->>'session_user_name', 'grant_revoked', args->>'reason');
    END IF;
    SELECT string_agg(DISTINCT o.grant_id::text, ', ') INTO others FROM warrant.grant_scopes s JOIN warrant.grant_scopes o ON o.grantee = s.grantee AND o.target = s.target AND NOT o.closed
     WHERE s.grant_id = target.id AND o.commands && s.commands AND o.ends_at > warrant_internal.monotonic_now();
    PERFORM warrant_internal.tell(concat_ws('; also granted, and not revoked: ', format(CASE WHEN ended THEN 'grant %s of %s has ended: %s' ELSE 'revoked grant %s of %s: %s' END, target.id, warrant_internal.in_one_line(target.grantee_name, 63),
        warrant_internal.scope_in_words(warrant_internal.items_of_grant(target.id))), others));
    FOR policy IN SELECT p.* FROM warrant.policies p WHERE p.id = ANY (policies) AND p.effect = 'auto' AND target.granted_by = '{}' ORDER BY p.id LOOP
        PERFORM warrant_internal.tell(format('policy "%s" makes no other to %s until %s', policy.name, warrant_internal.in_one_line(target.grantee_name, 63),
            to_char(warrant_internal.stop_automatic(origin, policy, target.grantee, target.id, args->>'reason'), 'YYYY-MM-DD HH24:MI:SSOF')));
    END LOOP;
END;
$$;

-- The policies of effect auto that are about the role.
CREATE FUNCTION warrant_internal.automatic_for(role oid) RETURNS SETOF warrant.policies LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN QUERY SELECT p.* FROM warrant.policies p
     WHERE p.effect = 'auto' AND NOT EXISTS (SELECT FROM unnest(p.except_roles) AS r (id) WHERE warrant_internal.is_member(automatic_for.role, r.id))
           AND (p.for_roles = '{}' OR EXISTS (SELECT FROM unnest(p.for_roles) AS r (id) WHERE warrant_internal.is_member(automatic_for.role, r.id)));
END;
$$;

-- What a role that is revoked from can still use: grants of roles that it is a member of, and of other logins of the person,
-- and policies of effect auto that others have to stop.
CREATE FUNCTION warrant_internal.tell_what_lives_on(role oid, name text) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM warrant_internal.tell(format('grant %s of %s lives on, which %s can use as a member', s.grant_id, warrant_internal.in_one_line(pg_get_userbyid(s.grantee), 63), name))
       FROM (SELECT DISTINCT l.grant_id, l.grantee FROM warrant.grant_scopes l
              WHERE NOT l.closed AND l.grantee <> role AND role = ANY (l.members) AND l.ends_at > warrant_internal.monotonic_now() ORDER BY 1 LIMIT 3) AS s;
    PERFORM warrant_internal.tell(format('the same person has grants as %s', o.names))
       FROM (SELECT string_agg(DISTINCT warrant_internal.in_one_line(pg_get_userbyid(l.grantee), 63), ', ') AS names FROM warrant.persons mine
               JOIN warrant.persons other ON other.person = mine.person AND other.role <> mine.role
               JOIN warrant.grant_scopes l ON l.grantee = other.role AND NOT l.closed AND l.ends_at > warrant_internal.monotonic_now() WHERE mine.role = tell_what_lives_on.role) AS o
      WHERE o.names IS NOT NULL;
    PERFORM warrant_internal.tell(format('policy "%s" still grants to %s by itself', a.name, tell_what_lives_on.name))
       FROM (SELECT p.name FROM warrant_internal.automatic_for(tell_what_lives_on.role) AS p
              WHERE p.mode = 'enforce' AND NOT EXISTS (SELECT FROM warrant.auto_stops s WHERE s.role = tell_what_lives_on.role AND s.policy_id = p.id AND s.until > warrant_internal.monotonic_now())
              ORDER BY p.id LIMIT 3) AS a;
END;
$$;

-- Ends all grants of one who leaves, and withdraws what is asked for. What the caller may not end stays, and is named.
CREATE FUNCTION warrant_internal.do_revoke_all(origin jsonb, args jsonb) RETURNS bigint LANGUAGE plpgsql
AS $$
DECLARE
    -- What an action has time for: grants and requests, and rows of the log for the grants.
    most CONSTANT integer := 200;
    most_rows CONSTANT integer := 1000;
    role CONSTANT oid := (args->>'grantee')::oid;
    name CONSTANT text := warrant_internal.in_one_line(pg_get_userbyid(role), 63);
    ended bigint[];
    withdrawn bigint[];
    others text[];
    all_are_mine CONSTANT boolean := warrant_internal.may_revoke(warrant_internal.user_of(origin), '{}');
    mine bigint[];       -- policies
    besides bigint[];    -- those of which that what was escalated is
    more boolean;
    stopped text[];
    ends timestamptz;
BEGIN
    IF role IS NULL OR NOT warrant_internal.role_exists(role) THEN
        PERFORM warrant_internal.fail('22023', 'grantee must be a role');
    END IF;
    mine := ARRAY(SELECT p.id FROM warrant.policies p WHERE warrant_internal.may_revoke(warrant_internal.user_of(origin), ARRAY[p.id]));
    besides := ARRAY(SELECT p.id FROM warrant.policies p WHERE p.escalate_to IS NOT NULL AND warrant_internal.may_revoke(warrant_internal.user_of(origin), ARRAY[p.id], ARRAY[p.id]));
    WITH live AS (SELECT s.grant_id AS id, all_are_mine OR bool_and(s.policy_id = ANY (mine) OR (s.policy_id = ANY (besides)
                              AND EXISTS (SELECT FROM warrant.grants g JOIN warrant.requests r ON r.id = g.request_id WHERE g.id = s.grant_id AND s.policy_id = ANY (r.escalated)))) AS may, count(*) AS rows FROM warrant.grant_scopes s
                   WHERE s.grantee = role AND NOT s.closed AND s.ends_at > warrant_internal.monotonic_now() GROUP BY s.grant_id),
         counted AS (SELECT l.*, row_number() OVER w AS place, sum(l.rows) OVER w - l.rows AS rows_before FROM live l WINDOW w AS (PARTITION BY l.may ORDER BY l.id))
    SELECT coalesce(array_agg(c.id ORDER BY c.id) FILTER (WHERE c.may AND c.place <= most AND c.rows_before < most_rows), '{}'), coalesce(bool_or(c.may AND NOT (c.place <= most AND c.rows_before < most_rows)), false),
           coalesce(array_agg('grant ' || c.id ORDER BY c.id) FILTER (WHERE NOT c.may AND c.place <= most), '{}') INTO ended, more, others FROM counted c;
    PERFORM warrant_internal.close_grant(origin, e.id, origin->>'session_user_name', 'grant_revoked', args->>'reason') FROM unnest(ended) AS e (id);
    WITH asked AS (SELECT r.id, all_are_mine OR NOT EXISTS (SELECT FROM warrant.request_items i WHERE i.request_id = r.id AND NOT (i.policy_id = ANY (mine) OR (i.policy_id = ANY (besides) AND i.policy_id = ANY (r.escalated)))) AS may FROM warrant.requests r
                    WHERE r.state = 'pending' AND r.requester = role AND r.expires_at > warrant_internal.monotonic_now()
                   UNION ALL SELECT r.id, all_are_mine OR NOT EXISTS (SELECT FROM warrant.request_items i WHERE i.request_id = r.id AND NOT i.policy_id = ANY (mine)) FROM warrant.requests r
                    WHERE r.state = 'draft' AND r.requester = role AND r.expires_at > warrant_internal.monotonic_now()),
         counted AS (SELECT a.*, row_number() OVER (PARTITION BY a.may ORDER BY a.id) AS place FROM asked a)
    SELECT coalesce(array_agg(c.id ORDER BY c.id) FILTER (WHERE c.may AND c.place <= most), '{}'), more OR coalesce(bool_or(c.may AND c.place > most), false),
           others || coalesce(array_agg('request ' || c.id ORDER BY c.id) FILTER (WHERE NOT c.may AND c.place <= most), '{}') INTO withdrawn, more, others FROM counted c;
    PERFORM warrant_internal.end_request(origin, w.id, 'cancelled', args->>'reason') FROM unnest(withdrawn) AS w (id);
    IF ended = '{}' AND withdrawn = '{}' AND others <> '{}' THEN
        PERFORM warrant_internal.fail('42501', format('permission denied to revoke the grants of "%s"', name), 'Those who could have made them can, and members of "warrant_admin".');
    END IF;
    PERFORM warrant_internal.tell(format(w.what, name, warrant_internal.in_one_line(array_to_string(w.ids, ', '), 100)))
       FROM (VALUES ('revoked grants of %s: %s', ended), ('cancelled requests of %s: %s', withdrawn)) AS w (what, ids) WHERE w.ids <> '{}';
    IF others <> '{}' THEN
        PERFORM warrant_internal.tell(format('for others to revoke: %s', warrant_internal.in_one_line(array_to_string(others, ', '), 100)));
    END IF;
    IF ended = '{}' AND withdrawn = '{}' THEN
        PERFORM warrant_internal.tell(format('%s has no grant and no pending request', name));
    ELSIF more THEN
        PERFORM warrant_internal.tell('there are more: run it again');
    END IF;
    -- Those that are not stopped yet come first.
    WITH automatic AS (SELECT p FROM warrant_internal.automatic_for(role) AS p LEFT JOIN warrant.auto_stops s ON s.role = (args->>'grantee')::oid AND s.policy_id = p.id
                        WHERE all_are_mine OR p.id = ANY (mine) ORDER BY s.until NULLS FIRST, p.id LIMIT most)
    SELECT array_agg(format('"%s"', (a.p).name) ORDER BY (a.p).id), min(warrant_internal.stop_automatic(origin, a.p, role, NULL, args->>'reason')) INTO stopped, ends FROM automatic a;
    IF stopped <> '{}' THEN
        PERFORM warrant_internal.tell(format('%s gets no grant before %s by policy %s', name, to_char(ends, 'YYYY-MM-DD HH24:MI:SSOF'), warrant_internal.in_one_line(array_to_string(stopped, ', '), 100)));
    END IF;
    PERFORM warrant_internal.tell_what_lives_on(role, name);
    RETURN cardinality(ended);
END;
$$;

-- The live grant, which is to the person who acts and to nobody else; what says what is done with it.
CREATE FUNCTION warrant_internal.own_grant(origin jsonb, grant_id bigint, what text) RETURNS warrant.grants LANGUAGE plpgsql
AS $$
DECLARE
    live warrant.grants := warrant_internal.live_grant(origin, grant_id);
BEGIN
    IF warrant_internal.is_grantee(origin, live) THEN
        RETURN live;
    END IF;
    PERFORM warrant_internal.fail('42501', format('permission denied to %s grant %s', what, live.id),
                         CASE WHEN warrant_internal.is_member(warrant_internal.user_of(origin), live.grantee) THEN format('It is to all members of "%s".', live.grantee_name) END);
END;
$$;

CREATE FUNCTION warrant_internal.do_give_back(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    live warrant.grants := warrant_internal.own_grant(origin, (args->>'grant_id')::bigint, 'give back');
BEGIN
    PERFORM warrant_internal.close_grant(origin, live.id, origin->>'session_user_name', 'grant_given_back', NULL);
    PERFORM warrant_internal.tell(format('gave grant %s back: %s', live.id, warrant_internal.scope_in_words(warrant_internal.items_of_grant(live.id))));
END;
$$;

-- What a grant covers, as it is governed now. Raises 42501 where it is denied now, 55006 where nothing of it needs approval, or its uses are spent.
CREATE FUNCTION warrant_internal.items_to_extend(live warrant.grants) RETURNS warrant_internal.item[] LANGUAGE plpgsql
AS $$
DECLARE
    scope warrant.grant_scopes;
    governed warrant_internal.item[] := '{}';
    items warrant_internal.item[];
BEGIN
    IF (live).exact IS NOT NULL THEN
        PERFORM warrant_internal.fail('55006', format('grant %s is for exactly one statement', (live).id), 'warrant.request_statement asks for it anew.');
    END IF;
    IF EXISTS (SELECT FROM warrant.grant_uses u WHERE u.grant_id = (live).id AND u.uses_left <= 0) THEN
        PERFORM warrant_internal.fail('55006', format('the uses of grant %s are spent', (live).id), 'warrant.request asks for others.');
    END IF;
    FOR scope IN SELECT s.* FROM warrant.grant_scopes s WHERE s.grant_id = (live).id LOOP
        IF scope.columns IS NOT NULL AND cardinality(scope.columns) > (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = scope.target AND a.attnum = ANY (scope.columns) AND NOT a.attisdropped) THEN
            PERFORM warrant_internal.fail('55006', format('a column of grant %s was dropped', (live).id), 'warrant.request asks for what is there now.');
        END IF;
        governed := governed || CASE scope.target_kind WHEN 't' THEN warrant_internal.items_on((live).grantee, scope.commands, ARRAY[scope.target],
                warrant_internal.column_names(scope.target, scope.columns, scope.column_names))
            ELSE ARRAY(SELECT i FROM warrant_internal.items_in((live).grantee, scope.commands, nullif(scope.schema_name, '')) AS i WHERE i.policy_id = scope.policy_id) END;
    END LOOP;
    items := ARRAY(SELECT (g.target_kind, g.target, g.schema_name, g.relation_name, array_agg(DISTINCT c.command), g.policy_id, g.columns)::warrant_internal.item
                     FROM unnest(governed) AS g, unnest(g.commands) AS c (command)
                    GROUP BY g.target_kind, g.target, g.schema_name, g.relation_name, g.policy_id, g.columns ORDER BY g.schema_name, g.relation_name, g.policy_id);
    IF items = '{}' THEN
        IF (live).granted_by = '{}' THEN
            PERFORM warrant_internal.fail('55006', format('grant %s was made by a policy, which no person extends', (live).id), 'When it has ended, the next statement gets another.');
        END IF;
        PERFORM warrant_internal.fail('55006', format('nothing of grant %s needs approval any more', (live).id));
    END IF;
    RETURN items;
END;
$$;

-- Asks for more time than a grant has: a request for all that it covers. Who has the grant held the server's privileges when it was asked for.
-- It keeps the ticket, and the beginning of one that has not begun. Answers as do_request.
CREATE FUNCTION warrant_internal.do_extend(origin jsonb, args jsonb) RETURNS text LANGUAGE plpgsql
AS $$
DECLARE
    live warrant.grants := warrant_internal.own_grant(origin, (args->>'grant_id')::bigint, 'extend');
    items warrant_internal.item[] := warrant_internal.items_to_extend(live);
    asked text := warrant_internal.patterns_to_fit(warrant_internal.terms_of(warrant_internal.policies_of(items)), live.ticket, args);
BEGIN
    IF asked IS NOT NULL THEN
        RETURN asked;
    END IF;
    RETURN warrant_internal.file_request(origin, live.grantee, items, coalesce(nullif(args->>'reason', ''), live.reason), (args->>'duration')::interval,
                                         coalesce((args->>'max_uses')::integer, live.max_uses), true, extends => live.id,
                                         profile => (SELECT r.profile FROM warrant.requests r WHERE r.id = live.request_id),
                                         max_rows => least(live.max_rows, (warrant_internal.terms_of(warrant_internal.policies_of(items))).max_rows), ticket => live.ticket,
                                         fits => warrant_internal.fitted(args), starts_at => CASE WHEN live.starts_at > warrant_internal.monotonic_now() THEN live.starts_at END);
END;
$$;

-- How long the grant of an approved request lives from its beginning on: where it extends one that still lives, the duration begins at that one's end, to the
-- second. A webhook is not told of that one, so that its limit is one from now on.
CREATE FUNCTION warrant_internal.from_now(request warrant.requests, duration interval, max_duration interval) RETURNS interval LANGUAGE plpgsql STABLE
AS $$
DECLARE
    longer interval := (SELECT date_trunc('second', g.ends_at - greatest(warrant_internal.monotonic_now(), (request).starts_at)) FROM warrant.grants g
                         WHERE g.id = (request).extends_grant AND g.closed_at IS NULL AND g.ends_at > warrant_internal.monotonic_now() AND
                               NOT EXISTS (SELECT FROM warrant.grant_uses u WHERE u.grant_id = g.id AND u.uses_left <= 0));
BEGIN
    RETURN least(duration + coalesce(longer, interval '0'), max_duration,
                 (SELECT min(d.duration) FROM warrant.decisions d WHERE d.request_id = (request).id AND d.approver = 0));
END;
$$;
