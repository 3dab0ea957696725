-- Grants: made, closed, given directly, revoked.

-- All members of a role now, through whatever other roles. A grant serves these alone: who becomes a member later does not use it.
CREATE FUNCTION warrant_internal.members_of(role oid) RETURNS oid[] LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'warrant_members_of';

CREATE FUNCTION warrant_internal.make_grant(origin jsonb, request bigint, grantee oid, granted_by name[], duration interval, max_uses integer,
    reason text, items warrant_internal.item[], granters text[]) RETURNS bigint LANGUAGE plpgsql
AS $$
DECLARE
    duration interval := warrant_internal.as_compared(make_grant.duration);    -- which adds what it was compared as
    starts timestamptz := warrant_internal.monotonic_now();
    members oid[] := warrant_internal.members_of(grantee);
    item warrant_internal.item;
    policy_name text;
    made bigint;
    sealed bigint;
BEGIN
    INSERT INTO warrant.grants (id, request_id, grantee, grantee_name, granted_by, reason, starts_at, ends_at, max_uses)
    VALUES ((SELECT coalesce(max(g.id), 0) + 1 FROM warrant.grants g), request, grantee, pg_get_userbyid(grantee), granted_by, reason, starts, starts + duration, max_uses) RETURNING id INTO made;
    FOREACH item IN ARRAY items LOOP
        INSERT INTO warrant.grant_scopes
        SELECT made, grantee, item.policy_id, item.target_kind, item.target, item.commands, starts, starts + duration, false, members, item.schema_name, item.relation_name, p.name, make_grant.max_uses, make_grant.granters
          FROM warrant.policies p WHERE p.id = item.policy_id
        RETURNING grant_scopes.policy_name INTO policy_name;
        IF NOT FOUND THEN
            PERFORM warrant_internal.check_policies_stay(false);
        END IF;
        sealed := warrant_internal.seal('grant_created', origin, jsonb_build_object('request_id', request, 'grant_id', made, 'command', array_to_string(item.commands, ','),
                      'relation_oid', item.target, 'schema_name', item.schema_name, 'relation_name', item.relation_name, 'policy_name', policy_name,
                      'comment', format('%s for %s', pg_get_userbyid(grantee), duration) || coalesce(', max_uses ' || max_uses, '')));
    END LOOP;
    IF max_uses IS NOT NULL THEN
        INSERT INTO warrant.grant_uses VALUES (made, max_uses);
    END IF;
    RETURN made;
END;
$$;

CREATE FUNCTION warrant_internal.close_grant(origin jsonb, grant_id bigint, closer name, event text, reason text) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    request bigint;
    scope warrant.grant_scopes;
    called record;
    sealed bigint;
BEGIN
    UPDATE warrant.grants g SET closed_at = warrant_internal.monotonic_now(), closed_by = closer, close_reason = coalesce(close_grant.reason, event)
     WHERE g.id = close_grant.grant_id RETURNING g.request_id INTO request;
    FOR scope IN UPDATE warrant.grant_scopes s SET closed = true WHERE s.grant_id = close_grant.grant_id RETURNING s.* LOOP
        called := warrant_internal.object_now(scope.target_kind, scope.target, scope.schema_name, scope.relation_name);
        sealed := warrant_internal.seal(event, origin, jsonb_build_object('request_id', request, 'grant_id', scope.grant_id, 'command', array_to_string(scope.commands, ','),
                      'relation_oid', scope.target, 'schema_name', called.schema_name, 'relation_name', called.relation_name, 'policy_name', scope.policy_name, 'comment', reason));
    END LOOP;
END;
$$;

-- An approver's direct grant. Under a quorum it files a request with one approval instead, and the answer is NULL.
CREATE FUNCTION warrant_internal.do_grant(origin jsonb, args jsonb) RETURNS bigint LANGUAGE plpgsql
AS $$
DECLARE
    grantee oid := (args->>'grantee')::oid;
    items warrant_internal.item[];
    terms warrant_internal.terms;
    duration interval := (args->>'duration')::interval;
    max_uses integer := (args->>'max_uses')::integer;
BEGIN
    IF grantee IS NULL OR NOT warrant_internal.role_exists(grantee) THEN
        PERFORM warrant_internal.fail('22023', 'grantee must be a role');
    END IF;
    items := warrant_internal.items_of(grantee, args);
    terms := warrant_internal.terms_of(warrant_internal.policies_of(items));
    IF NOT warrant_internal.may_decide(warrant_internal.user_of(origin), warrant_internal.policies_of(items)) THEN
        PERFORM warrant_internal.fail('42501', format('permission denied to grant under policy %s', warrant_internal.that_others_decide(warrant_internal.user_of(origin), warrant_internal.policies_of(items))), 'The policy names the role whose members may.');
    END IF;
    IF warrant_internal.is_himself(origin, grantee) THEN
        PERFORM warrant_internal.fail('42501', 'nobody grants to himself', 'Another approver can; warrant.request asks for it.');
    END IF;
    IF duration IS NOT NULL OR max_uses IS NOT NULL THEN
        PERFORM warrant_internal.check_within(duration, max_uses, terms);
    END IF;
    IF (terms).require_reason AND coalesce(args->>'reason', '') = '' THEN
        PERFORM warrant_internal.fail('22023', format('policy %s requires a reason', warrant_internal.that_require_reason(warrant_internal.policies_of(items))), 'Give one in the call: reason => ''...''.');
    END IF;
    IF (terms).min_approvals > 1 THEN
        RETURN warrant_internal.approve_one(origin, warrant_internal.file_request(origin, grantee, items, args->>'reason', duration, max_uses, false), duration, max_uses, NULL);
    END IF;
    RETURN warrant_internal.make_grant(origin, NULL, grantee, ARRAY[(origin->>'session_user_name')::name], coalesce(duration, (terms).default_duration),
                              coalesce(max_uses, (terms).max_uses), args->>'reason', items, warrant_internal.names_of(origin));
END;
$$;

CREATE FUNCTION warrant_internal.do_revoke(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    target warrant.grants;
    policies bigint[];
BEGIN
    IF args->>'grant_id' IS NULL THEN
        PERFORM warrant_internal.fail('22023', 'grant id must not be NULL');
    END IF;
    SELECT * INTO target FROM warrant.grants g WHERE g.id = (args->>'grant_id')::bigint;
    IF NOT FOUND THEN
        PERFORM warrant_internal.fail('P0002', format('grant %s does not exist', args->>'grant_id'));
    ELSIF target.closed_at IS NOT NULL OR target.ends_at <= warrant_internal.monotonic_now() THEN
        PERFORM warrant_internal.fail('55006', format('grant %s has ended', target.id));
    END IF;
    policies := ARRAY(SELECT s.policy_id FROM warrant.grant_scopes s WHERE s.grant_id = target.id);
    IF NOT warrant_internal.may_decide(warrant_internal.user_of(origin), policies) AND
       NOT warrant_internal.is_member(warrant_internal.user_of(origin), 'warrant_admin'::regrole) THEN
        IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = warrant_internal.user_of(origin) AND r.rolsuper) THEN
            PERFORM warrant_internal.fail('42501', format('permission denied to revoke grant %s', target.id));
        END IF;
    END IF;
    PERFORM warrant_internal.close_grant(origin, target.id, origin->>'session_user_name', 'grant_revoked', args->>'reason');
END;
$$;
