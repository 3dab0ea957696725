-- Reminders of requests that nobody decides, and escalation to others. The sweep does both, once for each request and policy.

-- When pending requests are to be looked at next, as their policies are now: of all, or of one. No row for one that is not.
CREATE FUNCTION warrant_internal.looks_at(request bigint DEFAULT NULL) RETURNS TABLE (request_id bigint, due_at timestamptz) LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN QUERY
    SELECT r.id, min(m.at) FROM warrant.policies p JOIN warrant.request_items i ON i.policy_id = p.id JOIN warrant.requests r ON r.id = i.request_id AND r.state = 'pending',
           LATERAL (VALUES (CASE WHEN r.reminded_at IS NULL THEN r.requested_at + p.remind_after END), (CASE WHEN p.id <> ALL (r.escalated) THEN r.requested_at + p.escalate_after END)) AS m (at)
     WHERE p.effect = 'approve' AND num_nonnulls(p.remind_after, p.escalate_after) > 0 AND (looks_at.request IS NULL OR r.id = looks_at.request)
     GROUP BY r.id HAVING min(m.at) IS NOT NULL;
END;
$$;

-- Policies were altered.
CREATE FUNCTION warrant_internal.look_anew() RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO warrant.reminders AS m SELECT l.request_id, l.due_at FROM warrant_internal.looks_at() AS l
        ON CONFLICT ON CONSTRAINT reminders_pkey DO UPDATE SET due_at = excluded.due_at WHERE m.due_at IS DISTINCT FROM excluded.due_at;
END;
$$;

-- Takes a request back from those whom its policies name no more in escalate_to. Whom they name now it goes to when its time has come, and is told then.
CREATE FUNCTION warrant_internal.take_back(request_id bigint) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE warrant.requests r SET escalated = s.policies, escalated_to = s.roles, escalated_at = CASE WHEN s.policies <> '{}' THEN r.escalated_at END
      FROM (SELECT coalesce(array_agg(p.id ORDER BY e.place), '{}') AS policies, coalesce(array_agg(e.role ORDER BY e.place), '{}') AS roles
              FROM warrant.requests q, unnest(q.escalated, q.escalated_to) WITH ORDINALITY AS e (policy, role, place) JOIN warrant.policies p ON p.id = e.policy AND p.escalate_to = e.role
             WHERE q.id = take_back.request_id) AS s
     WHERE r.id = take_back.request_id AND r.escalated <> s.policies;
END;
$$;

-- Reminds the approvers of a pending request, and lets others decide it as well, where it is time for that.
CREATE FUNCTION warrant_internal.look_at(request_id bigint, at timestamptz) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    nobody CONSTANT jsonb := '{}'::jsonb;
    request warrant.requests;
    reminds boolean;
    newly bigint[];
    roles text;
    counted record;
    next timestamptz;
BEGIN
    SELECT * INTO request FROM warrant.requests r WHERE r.id = look_at.request_id AND r.state = 'pending' AND r.expires_at > at;
    SELECT bool_or(request.reminded_at IS NULL AND request.requested_at + p.remind_after <= at), array_agg(DISTINCT p.id) FILTER (WHERE p.id <> ALL (request.escalated) AND request.requested_at + p.escalate_after <= at),
           string_agg(DISTINCT format('"%s"', warrant_internal.in_one_line(a.rolname, 63)), ' and ') FILTER (WHERE p.id <> ALL (request.escalated) AND request.requested_at + p.escalate_after <= at)
      INTO reminds, newly, roles FROM warrant.request_items i JOIN warrant.policies p ON p.id = i.policy_id AND p.effect = 'approve' LEFT JOIN pg_roles a ON a.oid = p.escalate_to WHERE i.request_id = request.id;
    IF newly IS NOT NULL THEN
        UPDATE warrant.requests r SET escalated = r.escalated || newly, escalated_at = at,
               escalated_to = r.escalated_to || ARRAY(SELECT p.escalate_to FROM unnest(newly) WITH ORDINALITY AS n (id, place) JOIN warrant.policies p ON p.id = n.id ORDER BY n.place) WHERE r.id = request.id RETURNING * INTO request;
        PERFORM warrant_internal.seal('request_escalated', nobody, jsonb_build_object('request_id', request.id, 'comment', format('members of %s may decide it, too', coalesce(roles, 'a role that is gone'))));
    END IF;
    IF reminds THEN
        UPDATE warrant.requests r SET reminded_at = at WHERE r.id = request.id;
        counted := warrant_internal.approvers_of(request);
        PERFORM warrant_internal.seal('request_reminded', nobody, jsonb_build_object('request_id', request.id, 'comment', format('waits for %s', warrant_internal.missing_in_words(counted.roles, counted.of_roles))));
    END IF;
    SELECT l.due_at INTO next FROM warrant_internal.looks_at(request.id) AS l WHERE request.id IS NOT NULL;
    IF next IS NULL THEN
        DELETE FROM warrant.reminders m WHERE m.request_id = look_at.request_id;
    ELSE
        UPDATE warrant.reminders m SET due_at = next WHERE m.request_id = look_at.request_id;
    END IF;
END;
$$;

-- For a card: to whom the request goes besides its approvers, and when.
CREATE FUNCTION warrant_internal.escalation_in_words(request warrant.requests, at timestamptz, OUT item text, OUT value text) RETURNS SETOF record LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN QUERY
    SELECT CASE WHEN e.is_done THEN 'escalated' ELSE 'escalates' END,
           CASE WHEN e.is_done THEN format('%s ago, to members of %s', warrant_internal.in_words(at - (request).escalated_at), e.role)
                ELSE format('in %s, to members of %s', warrant_internal.in_words(greatest((request).requested_at + e.escalate_after - at, interval '0')), e.role) END
      FROM (SELECT p.id = ANY ((request).escalated) AS is_done, p.escalate_after, coalesce(a.rolname, p.escalate_to_name)::text AS role
              FROM warrant.policies p LEFT JOIN pg_roles a ON a.oid = p.escalate_to
             WHERE p.escalate_after IS NOT NULL AND p.id IN (SELECT i.policy_id FROM warrant.request_items i WHERE i.request_id = (request).id)) AS e ORDER BY 1 DESC, e.role;
END;
$$;
