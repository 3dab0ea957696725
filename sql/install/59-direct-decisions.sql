-- The requests that a call names: one, or several at once, of which all are decided or none.
CREATE FUNCTION warrant_internal.ids_of(args jsonb) RETURNS bigint[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF args->'request_ids' IN ('null', '[]') OR args->'request_ids' @> 'null' THEN
        PERFORM warrant_internal.fail('22023', 'request_ids must not be empty, NULL or contain NULL');
    END IF;
    RETURN ARRAY(SELECT e::bigint FROM jsonb_array_elements_text(args->'request_ids') AS e);
END;
$$;

CREATE FUNCTION warrant_internal.do_approve(origin jsonb, args jsonb) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF args ? 'request_ids' THEN
        RETURN (SELECT array_agg(warrant_internal.approve_one(origin, i.id, (args->>'duration')::interval, (args->>'max_uses')::integer, args->>'comment'))::text FROM unnest(warrant_internal.ids_of(args)) AS i (id));
    END IF;
    RETURN warrant_internal.approve_one(origin, (args->>'request_id')::bigint, (args->>'duration')::interval, (args->>'max_uses')::integer, args->>'comment');
END;
$$;

CREATE FUNCTION warrant_internal.do_deny(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF args ? 'request_ids' THEN
        PERFORM warrant_internal.deny_one(origin, i.id, args->>'comment') FROM unnest(warrant_internal.ids_of(args)) AS i (id);
    ELSE
        PERFORM warrant_internal.deny_one(origin, (args->>'request_id')::bigint, args->>'comment');
    END IF;
END;
$$;

-- An approver's direct grant. Under a quorum it files a request with one approval instead, and the answer is NULL.
CREATE FUNCTION warrant_internal.do_grant(origin jsonb, args jsonb) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
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
    PERFORM warrant_internal.check_within(duration, max_uses, terms);
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

CREATE FUNCTION warrant_internal.do_revoke(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    target warrant.grants;
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
    IF NOT (warrant_internal.is_member(warrant_internal.user_of(origin), 'warrant_admin'::regrole) OR
            EXISTS (SELECT FROM pg_roles r WHERE r.oid = warrant_internal.user_of(origin) AND r.rolsuper) OR
            warrant_internal.may_decide(warrant_internal.user_of(origin), ARRAY(SELECT s.policy_id FROM warrant.grant_scopes s WHERE s.grant_id = target.id))) THEN
        PERFORM warrant_internal.fail('42501', format('permission denied to revoke grant %s', target.id));
    END IF;
    PERFORM warrant_internal.close_grant(origin, target.id, origin->>'session_user_name', 'grant_revoked', args->>'reason');
END;
$$;

-- Makes a copy a home of its own: what was granted, asked and sent elsewhere ends here.
CREATE FUNCTION warrant_internal.do_adopt(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    adopter name := origin->>'session_user_name';
BEGIN
    IF NOT warrant_internal.is_administrator(warrant_internal.user_of(origin)) THEN
        PERFORM warrant_internal.fail('42501', 'permission denied to adopt this database', 'A superuser, or a member of a role in "pg_warrant.admin_roles", can.');
    ELSIF warrant_internal.is_home() THEN
        PERFORM warrant_internal.fail('55006', 'this database is no copy');
    END IF;
    PERFORM warrant_internal.close_grant(origin, g.id, adopter, 'grant_revoked', 'it was made in another database') FROM warrant.grants g WHERE g.closed_at IS NULL;
    PERFORM warrant_internal.seal('request_cancelled', origin, jsonb_build_object('request_id', r.id, 'comment', 'it was filed in another database'))
       FROM warrant.requests r WHERE r.state = 'pending';
    UPDATE warrant.requests r SET state = 'cancelled', decided_at = warrant_internal.monotonic_now(), awaited = false WHERE r.state = 'pending';
    UPDATE warrant.deliveries d SET state = 'dropped', ended_at = clock_timestamp() WHERE d.state IN ('queued', 'sending');
    UPDATE warrant.webhooks w SET enabled = false WHERE w.enabled;
    UPDATE warrant.grant_scopes s SET policy_id = c.system_identifier, target = d.oid, schema_name = current_setting('pg_warrant.instance')
      FROM pg_control_system() AS c, pg_database d WHERE s.target_kind = '!' AND d.datname = current_database();
    PERFORM warrant_internal.seal('config_changed', origin, jsonb_build_object('comment', 'adopted this copy'));
END;
$$;
