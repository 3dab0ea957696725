-- All members of a role now, through whatever other roles. A grant serves these alone: who becomes a member later does not use it.
CREATE FUNCTION warrant_internal.members_of(role oid) RETURNS oid[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (WITH RECURSIVE found (member) AS (
                SELECT m.member FROM pg_auth_members m WHERE m.roleid = members_of.role
                UNION SELECT m.member FROM found f JOIN pg_auth_members m ON m.roleid = f.member)
            SELECT coalesce(array_agg(f.member), '{}') FROM found f);
END;
$$;

CREATE FUNCTION warrant_internal.make_grant(origin jsonb, request bigint, grantee oid, granted_by name[], duration interval, max_uses integer,
    reason text, items warrant_internal.item[], granters text[]) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    duration interval := warrant_internal.as_compared(make_grant.duration);    -- which adds what it was compared as
    starts timestamptz := warrant_internal.monotonic_now();
    members oid[] := warrant_internal.members_of(grantee);
    made bigint;
    covered bigint;
BEGIN
    INSERT INTO warrant.grants (id, request_id, grantee, grantee_name, granted_by, reason, starts_at, ends_at, max_uses)
    OVERRIDING SYSTEM VALUE VALUES ((SELECT coalesce(max(g.id), 0) + 1 FROM warrant.grants g), request, grantee, pg_get_userbyid(grantee), granted_by, reason, starts, starts + duration, max_uses) RETURNING id INTO made;
    WITH scopes AS (
        INSERT INTO warrant.grant_scopes
        SELECT made, grantee, i.policy_id, i.target_kind, i.target, i.commands, starts, starts + duration, false, members, i.schema_name, i.relation_name, p.name, make_grant.max_uses, make_grant.granters
          FROM unnest(items) AS i JOIN warrant.policies p ON p.id = i.policy_id
        RETURNING *)
    SELECT count(warrant_internal.seal('grant_created', origin, jsonb_build_object('request_id', request, 'grant_id', made, 'command', array_to_string(s.commands, ','),
                              'relation_oid', s.target, 'schema_name', s.schema_name, 'relation_name', s.relation_name, 'policy_name', s.policy_name,
                              'comment', format('%s for %s', pg_get_userbyid(s.grantee), duration) || coalesce(', max_uses ' || s.max_uses, ''))))
      INTO covered FROM scopes s;
    PERFORM warrant_internal.check_policies_stay(covered = cardinality(items));
    IF max_uses IS NOT NULL THEN
        INSERT INTO warrant.grant_uses VALUES (made, max_uses);
    END IF;
    PERFORM warrant_internal.guards_changed(grantee);
    RETURN made;
END;
$$;

CREATE FUNCTION warrant_internal.close_grant(origin jsonb, grant_id bigint, closer name, event text, reason text) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request bigint;
    grantee oid;
BEGIN
    UPDATE warrant.grants g SET closed_at = warrant_internal.monotonic_now(), closed_by = closer, close_reason = coalesce(close_grant.reason, event)
     WHERE g.id = close_grant.grant_id RETURNING g.request_id, g.grantee INTO request, grantee;
    UPDATE warrant.grant_scopes s SET closed = true WHERE s.grant_id = close_grant.grant_id;
    PERFORM warrant_internal.guards_changed(grantee);
    PERFORM warrant_internal.seal(event, origin, jsonb_build_object('request_id', request, 'grant_id', s.grant_id, 'command', array_to_string(s.commands, ','),
                         'relation_oid', s.target, 'schema_name', o.schema_name, 'relation_name', o.relation_name, 'policy_name', s.policy_name, 'comment', reason))
       FROM warrant.grant_scopes s, warrant_internal.object_now(s.target_kind, s.target, s.schema_name, s.relation_name) AS o WHERE s.grant_id = close_grant.grant_id;
END;
$$;

-- A request that can still be decided. Raises P0002 for an unknown id, 55006 for a decided one.
CREATE FUNCTION warrant_internal.pending_request(request_id bigint) RETURNS warrant.requests LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request warrant.requests;
BEGIN
    IF request_id IS NULL THEN
        PERFORM warrant_internal.fail('22023', 'request id must not be NULL');
    END IF;
    SELECT * INTO request FROM warrant.requests r WHERE r.id = request_id;
    IF NOT FOUND THEN
        PERFORM warrant_internal.fail('P0002', format('request %s does not exist', request_id));
    ELSIF request.state = 'pending' AND request.expires_at <= warrant_internal.monotonic_now() THEN
        PERFORM warrant_internal.fail('55006', format('request %s has expired', request_id));
    ELSIF request.state <> 'pending' THEN
        PERFORM warrant_internal.fail('55006', format('request %s is %s', request_id, request.state));
    END IF;
    RETURN request;
END;
$$;

CREATE FUNCTION warrant_internal.items_of_request(request_id bigint) RETURNS warrant_internal.item[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT array_agg(ROW(i.target_kind, i.target, o.schema_name, o.relation_name, i.commands, i.policy_id)::warrant_internal.item)
              FROM warrant.request_items i, warrant_internal.object_now(i.target_kind, i.target, i.schema_name, i.relation_name) AS o WHERE i.request_id = $1);
END;
$$;
