-- The sweep: what has expired, and what nobody can use any more.

-- Closes what has expired and what became impossible; returns when to look again.
CREATE FUNCTION warrant_internal.sweep() RETURNS timestamptz LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    now timestamptz := warrant_internal.monotonic_now();
    nobody CONSTANT jsonb := '{}'::jsonb;
    at_home CONSTANT boolean := warrant_internal.is_home();
    ended record;
    orphans integer := 0;
BEGIN
    FOR ended IN (SELECT r.id FROM warrant.requests r WHERE r.state = 'pending' AND r.expires_at <= now ORDER BY r.expires_at, r.id LIMIT 100)
                 UNION ALL (SELECT r.id FROM warrant.requests r WHERE r.state = 'draft' AND r.expires_at <= now ORDER BY r.expires_at, r.id LIMIT 100) LOOP
        PERFORM warrant_internal.end_request(nobody, ended.id, 'expired');
    END LOOP;
    FOR ended IN SELECT g.id FROM warrant.grants g WHERE g.closed_at IS NULL AND g.ends_at <= now ORDER BY g.ends_at, g.id LIMIT 100 LOOP
        PERFORM warrant_internal.close_grant(nobody, ended.id, NULL, 'grant_expired', NULL);
    END LOOP;
    FOR ended IN SELECT m.request_id AS id FROM warrant.reminders m WHERE at_home AND m.due_at <= now ORDER BY m.due_at, m.request_id LIMIT 100 LOOP
        PERFORM warrant_internal.look_at(ended.id, now);
    END LOOP;
    FOR ended IN SELECT d.delegator FROM warrant.delegations d WHERE d.ends_at <= now LIMIT 100 LOOP
        PERFORM warrant_internal.close_delegation(nobody, ended.delegator, 'its time is over');
    END LOOP;
    IF warrant_internal.policies_moved() THEN
        -- From one policy to the next in the index, whatever the number of their grants.
        FOR ended IN WITH RECURSIVE used (policy) AS (
                       (SELECT s.policy_id FROM warrant.grant_scopes s WHERE NOT s.closed ORDER BY s.policy_id LIMIT 1)
                       UNION ALL SELECT (SELECT s.policy_id FROM warrant.grant_scopes s WHERE NOT s.closed AND s.policy_id > u.policy ORDER BY s.policy_id LIMIT 1)
                                   FROM used u WHERE u.policy IS NOT NULL)
                     SELECT s.grant_id AS id, min(s.policy_name) AS policy_name FROM used u JOIN warrant.grant_scopes s ON s.policy_id = u.policy AND NOT s.closed JOIN warrant.grants g ON g.id = s.grant_id
                      WHERE NOT EXISTS (SELECT FROM warrant.policies p WHERE p.id = u.policy) AND g.closed_at IS NULL
                        AND NOT EXISTS (SELECT FROM warrant.grant_scopes o JOIN warrant.policies p ON p.id = o.policy_id WHERE o.grant_id = s.grant_id)
                      GROUP BY s.grant_id LIMIT 100 LOOP
            PERFORM warrant_internal.close_grant(nobody, ended.id, NULL, 'grant_revoked', warrant_internal.with_changer('its policy is gone', ended.policy_name, 'policy_dropped'));
            orphans := orphans + 1;
        END LOOP;
        FOR ended IN SELECT s.grant_id AS id, min(p.name) AS policy_name FROM warrant.policies p JOIN warrant.grant_scopes s ON s.policy_id = p.id AND NOT s.closed JOIN warrant.grants g ON g.id = s.grant_id
                      WHERE p.terms_from IS NOT NULL AND NOT warrant_internal.stands(s, p) AND g.closed_at IS NULL
                        AND NOT EXISTS (SELECT FROM warrant.grant_scopes o JOIN warrant.policies q ON q.id = o.policy_id AND warrant_internal.stands(o, q) WHERE o.grant_id = s.grant_id)
                      GROUP BY s.grant_id LIMIT 100 LOOP
            PERFORM warrant_internal.close_grant(nobody, ended.id, NULL, 'grant_revoked', warrant_internal.with_changer('its policy has other terms', ended.policy_name, 'policy_changed'));
            orphans := orphans + 1;
        END LOOP;
        FOR ended IN SELECT DISTINCT i.request_id AS id FROM warrant.requests r JOIN warrant.request_items i ON i.request_id = r.id
                            JOIN warrant.policies p ON p.id = i.policy_id AND i.policy_version < p.terms_from WHERE r.state = 'pending' LIMIT 100 LOOP
            PERFORM warrant_internal.restate_request(ended.id);
            orphans := orphans + 1;
        END LOOP;
        IF orphans >= 100 THEN
            RETURN now;    -- there may be more
        END IF;
        PERFORM warrant_internal.look_anew();
        PERFORM warrant_internal.policies_swept();
    END IF;
    -- The oldest have the lowest numbers.
    DELETE FROM warrant.action_results a WHERE a.action_id IN (SELECT o.action_id FROM warrant.action_results o ORDER BY o.action_id LIMIT 1000) AND a.done_at < now - interval '1 day';
    DELETE FROM warrant.deliveries d WHERE d.id IN (SELECT o.id FROM warrant.deliveries o ORDER BY o.id LIMIT 1000) AND d.ended_at < now - interval '30 days';
    DELETE FROM warrant.auto_stops s WHERE s.until <= now;
    RETURN least((SELECT min(r.expires_at) FROM warrant.requests r WHERE r.state = 'pending'),
                 (SELECT min(r.expires_at) FROM warrant.requests r WHERE r.state = 'draft'),
                 (SELECT min(g.ends_at) FROM warrant.grants g WHERE g.closed_at IS NULL), (SELECT min(d.ends_at) FROM warrant.delegations d),
                 (SELECT min(m.due_at) FROM warrant.reminders m WHERE at_home));
END;
$$;

-- The roles, with 0 in the place of each that is gone.
CREATE FUNCTION warrant_internal.without_gone(roles oid[]) RETURNS oid[] LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN (SELECT coalesce(array_agg(coalesce(a.oid, 0) ORDER BY r.place), '{}') FROM unnest(roles) WITH ORDINALITY AS r (role, place) LEFT JOIN pg_roles a ON a.oid = r.role);
END;
$$;

-- The server gives OIDs again, so definitions forget those of what is gone, and keep its name. Rows that an open transaction changes are left to the
-- next call, as the recorder waits for nobody.
CREATE FUNCTION warrant_internal.forget_gone() RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    gone record;
BEGIN
    -- Row by row, as a statement that finds none would have all sessions read the policies anew. Not by warrant_internal.target_exists: a call for each of
    -- 10,000 policies took 0.7 % of a core.
    FOR gone IN SELECT q.id FROM warrant.policies q
                 WHERE q.target <> 0 AND CASE q.target_kind WHEN 't' THEN NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = q.target)
                                                            WHEN 's' THEN NOT EXISTS (SELECT FROM pg_namespace n WHERE n.oid = q.target) END FOR UPDATE SKIP LOCKED LOOP
        UPDATE warrant.policies p SET target = 0 WHERE p.id = gone.id;
    END LOOP;
    FOR gone IN SELECT q.id FROM warrant.policies q WHERE q.target_kind <> '!'
                   AND EXISTS (SELECT FROM unnest(q.for_roles || q.except_roles || q.definer_roles || q.approver_role || q.escalate_to || q.other_approver_roles) AS r (role)
                                WHERE r.role <> 0 AND NOT EXISTS (SELECT FROM pg_roles a WHERE a.oid = r.role)) FOR UPDATE SKIP LOCKED LOOP
        UPDATE warrant.policies p SET for_roles = warrant_internal.without_gone(p.for_roles), except_roles = warrant_internal.without_gone(p.except_roles),
               definer_roles = warrant_internal.without_gone(p.definer_roles), approver_role = (warrant_internal.without_gone(ARRAY[p.approver_role]))[1],
               escalate_to = CASE WHEN p.escalate_to IS NOT NULL THEN (warrant_internal.without_gone(ARRAY[p.escalate_to]))[1] END,
               other_approver_roles = nullif(warrant_internal.without_gone(p.other_approver_roles), '{}')
         WHERE p.id = gone.id;
    END LOOP;
    FOR gone IN SELECT q.id FROM warrant.profiles q
                 WHERE (q.target <> 0 AND NOT warrant_internal.target_exists(q.target_kind, q.target))
                    OR EXISTS (SELECT FROM unnest(q.for_roles) AS r (role) WHERE r.role <> 0 AND NOT EXISTS (SELECT FROM pg_roles a WHERE a.oid = r.role)) FOR UPDATE SKIP LOCKED LOOP
        UPDATE warrant.profiles p SET target = CASE WHEN warrant_internal.target_exists(p.target_kind, p.target) THEN p.target ELSE 0 END,
               for_roles = warrant_internal.without_gone(p.for_roles) WHERE p.id = gone.id;
    END LOOP;
    FOR gone IN DELETE FROM warrant.persons s WHERE s.role IN (SELECT q.role FROM warrant.persons q
                 WHERE NOT EXISTS (SELECT FROM pg_roles a WHERE a.oid = q.role) FOR UPDATE SKIP LOCKED) RETURNING s.role_name LOOP
        PERFORM warrant_internal.seal('person_changed', '{}', jsonb_build_object('comment', format('%s: nobody in particular, the role is gone', gone.role_name)));
    END LOOP;
    DELETE FROM warrant.auto_stops s WHERE NOT EXISTS (SELECT FROM pg_roles a WHERE a.oid = s.role);
    FOR gone IN SELECT d.delegator, CASE WHEN NOT warrant_internal.role_exists(d.delegator) THEN 'the delegator is gone' WHEN NOT warrant_internal.role_exists(d.delegate) THEN 'the delegate is gone'
                                         ELSE 'the delegator has no vote any more' END AS why
                  FROM warrant.delegations d WHERE NOT warrant_internal.role_exists(d.delegate) OR NOT EXISTS (SELECT FROM unnest(d.roles) AS r WHERE warrant_internal.is_member(d.delegator, r)) LOOP
        PERFORM warrant_internal.close_delegation('{}', gone.delegator, gone.why);
    END LOOP;
    DELETE FROM warrant.identities i WHERE NOT EXISTS (SELECT FROM pg_roles a WHERE a.oid = i.role);
END;
$$;

-- Closes what nobody can decide or use any more: a role, a policy or what it is about is gone, and its OID may be given to another one day. The
-- recorder calls it when something was dropped, a portion at a time: first of the pending requests, then of grantees and targets. place is where the
-- last call has stopped, NULL at the beginning. Returns where the next call is to go on, NULL at the end.
CREATE FUNCTION warrant_internal.sweep_orphans(place jsonb) RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    nobody CONSTANT jsonb := '{}'::jsonb;
    most CONSTANT integer := 100;    -- that are closed
    ended record;
    seen integer := 0;
    closed integer := 0;
    last_grantee oid := coalesce(place->>'grantee', '0')::oid;
    last_target oid := coalesce(place->>'target', '0')::oid;
    last_end timestamptz := coalesce(place->>'expires_at', '-infinity')::timestamptz;
    last_id bigint := coalesce(place->>'id', '0')::bigint;
BEGIN
    IF place->>'grantee' IS NULL THEN
        FOR ended IN SELECT r.id, r.expires_at,
                            CASE WHEN NOT EXISTS (SELECT FROM pg_roles a WHERE a.oid = r.requester) THEN 'the role that filed it is gone'
                                 WHEN EXISTS (SELECT FROM warrant.request_items i WHERE i.request_id = r.id AND NOT EXISTS (SELECT FROM warrant.policies p WHERE p.id = i.policy_id))
                                 THEN (SELECT warrant_internal.with_changer('its policy is gone', i.policy_name, 'policy_dropped') FROM warrant.request_items i
                                        WHERE i.request_id = r.id AND NOT EXISTS (SELECT FROM warrant.policies p WHERE p.id = i.policy_id) ORDER BY i.policy_id LIMIT 1)
                                 WHEN NOT EXISTS (SELECT FROM warrant.request_items i WHERE i.request_id = r.id AND warrant_internal.target_exists(i.target_kind, i.target))
                                 THEN 'what it asks for is gone' END AS reason
                       FROM warrant.requests r WHERE r.state = 'pending' AND r.expires_at >= last_end AND (r.expires_at, r.id) > (last_end, last_id)
                      ORDER BY r.expires_at, r.id LIMIT 500 LOOP
            seen := seen + 1;
            last_end := ended.expires_at;
            last_id := ended.id;
            CONTINUE WHEN ended.reason IS NULL;
            PERFORM warrant_internal.end_request(nobody, ended.id, 'cancelled', ended.reason);
            closed := closed + 1;
            EXIT WHEN closed = most;
        END LOOP;
        IF seen = 500 OR closed = most THEN
            RETURN jsonb_build_object('expires_at', last_end, 'id', last_id);
        END IF;
    END IF;
    -- From one grantee and target to the next in the index, whatever the number of their grants.
    FOR ended IN WITH RECURSIVE used (grantee, target, place) AS (
                   (SELECT s.grantee, s.target, 1 FROM warrant.grant_scopes s WHERE NOT s.closed AND s.grantee > '0' AND (s.grantee, s.target) > (last_grantee, last_target)
                     ORDER BY s.grantee, s.target LIMIT 1)
                   UNION ALL SELECT n.grantee, n.target, u.place + 1 FROM used u CROSS JOIN LATERAL (
                       SELECT s.grantee, s.target FROM warrant.grant_scopes s WHERE NOT s.closed AND (s.grantee, s.target) > (u.grantee, u.target)
                        ORDER BY s.grantee, s.target LIMIT 1) n WHERE u.place < 1000),
                 last AS (SELECT u.grantee, u.target FROM used u WHERE u.place = 1000),
                 gone AS MATERIALIZED (
                   SELECT u.grantee, u.target, a.oid IS NULL AS of_role FROM used u LEFT JOIN pg_authid a ON a.oid = u.grantee
                    WHERE a.oid IS NULL OR NOT (EXISTS (SELECT FROM pg_class c WHERE c.oid = u.target) OR EXISTS (SELECT FROM pg_namespace n WHERE n.oid = u.target)
                                                OR EXISTS (SELECT FROM pg_database d WHERE d.oid = u.target)))
                 SELECT NULL::bigint AS id, NULL::text AS reason, l.grantee, l.target FROM last l
                 UNION ALL
                 (SELECT DISTINCT s.grant_id, CASE WHEN g.of_role THEN 'its role is gone' ELSE 'what it covers is gone' END, NULL::oid, NULL::oid
                   FROM gone g JOIN warrant.grant_scopes s ON s.grantee = g.grantee AND s.target = g.target
                  WHERE NOT s.closed AND (g.of_role OR NOT EXISTS (SELECT FROM warrant.grant_scopes o WHERE o.grant_id = s.grant_id AND warrant_internal.target_exists(o.target_kind, o.target)))
                  LIMIT most) LOOP
        IF ended.id IS NULL THEN
            seen := -1;
            place := jsonb_build_object('grantee', ended.grantee, 'target', ended.target);
            CONTINUE;
        END IF;
        PERFORM warrant_internal.close_grant(nobody, ended.id, NULL, 'grant_revoked', ended.reason);
        closed := closed + 1;
    END LOOP;
    IF closed >= most THEN    -- there may be more among these
        RETURN jsonb_build_object('grantee', last_grantee, 'target', last_target);
    ELSIF seen = -1 THEN
        RETURN place;
    END IF;
    PERFORM warrant_internal.forget_gone();
    RETURN NULL;
END;
$$;
