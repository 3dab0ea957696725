-- The requests that a call names: one, or several at once, of which all are decided or none.
CREATE FUNCTION warrant.ids_of(args jsonb) RETURNS bigint[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF args->'request_ids' IN ('null', '[]') OR args->'request_ids' @> 'null' THEN
        PERFORM warrant.fail('22023', 'request_ids must not be empty, NULL or contain NULL');
    END IF;
    RETURN ARRAY(SELECT e::bigint FROM jsonb_array_elements_text(args->'request_ids') AS e);
END;
$$;

CREATE FUNCTION warrant.do_approve(origin jsonb, args jsonb) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF args ? 'request_ids' THEN
        RETURN (SELECT array_agg(warrant.approve_one(origin, i.id, (args->>'duration')::interval, (args->>'max_uses')::integer, args->>'comment'))::text FROM unnest(warrant.ids_of(args)) AS i (id));
    END IF;
    RETURN warrant.approve_one(origin, (args->>'request_id')::bigint, (args->>'duration')::interval, (args->>'max_uses')::integer, args->>'comment');
END;
$$;

CREATE FUNCTION warrant.do_deny(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF args ? 'request_ids' THEN
        PERFORM warrant.deny_one(origin, i.id, args->>'comment') FROM unnest(warrant.ids_of(args)) AS i (id);
    ELSE
        PERFORM warrant.deny_one(origin, (args->>'request_id')::bigint, args->>'comment');
    END IF;
END;
$$;

-- An approver's direct grant. Under a quorum it files a request with one approval instead, and the answer is NULL.
CREATE FUNCTION warrant.do_grant(origin jsonb, args jsonb) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    grantee oid := (args->>'grantee')::oid;
    items warrant.item[];
    terms warrant.terms;
    duration interval := (args->>'duration')::interval;
    max_uses integer := (args->>'max_uses')::integer;
BEGIN
    IF grantee IS NULL OR NOT warrant.role_exists(grantee) THEN
        PERFORM warrant.fail('22023', 'grantee must be a role');
    END IF;
    items := warrant.items_of(grantee, args);
    terms := warrant.terms_of(warrant.policies_of(items));
    IF NOT warrant.may_decide(warrant.user_of(origin), warrant.policies_of(items)) THEN
        PERFORM warrant.fail('42501', format('permission denied to grant under policy %s', warrant.that_others_decide(warrant.user_of(origin), warrant.policies_of(items))), 'The policy names the role whose members may.');
    END IF;
    IF warrant.is_himself(origin, grantee) THEN
        PERFORM warrant.fail('42501', 'nobody grants to himself', 'Another approver can; warrant.request asks for it.');
    END IF;
    PERFORM warrant.check_within(duration, max_uses, terms);
    IF (terms).require_reason AND coalesce(args->>'reason', '') = '' THEN
        PERFORM warrant.fail('22023', format('policy %s requires a reason', warrant.that_require_reason(warrant.policies_of(items))), 'Give one in the call: reason => ''...''.');
    END IF;
    IF (terms).min_approvals > 1 THEN
        RETURN warrant.approve_one(origin, warrant.file_request(origin, grantee, items, args->>'reason', duration, max_uses, false), duration, max_uses, NULL);
    END IF;
    RETURN warrant.make_grant(origin, NULL, grantee, ARRAY[(origin->>'session_user_name')::name], coalesce(duration, (terms).default_duration),
                              coalesce(max_uses, (terms).max_uses), args->>'reason', items, warrant.names_of(origin));
END;
$$;

CREATE FUNCTION warrant.do_revoke(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    target warrant.grants;
BEGIN
    IF args->>'grant_id' IS NULL THEN
        PERFORM warrant.fail('22023', 'grant id must not be NULL');
    END IF;
    SELECT * INTO target FROM warrant.grants g WHERE g.id = (args->>'grant_id')::bigint;
    IF NOT FOUND THEN
        PERFORM warrant.fail('P0002', format('grant %s does not exist', args->>'grant_id'));
    ELSIF target.closed_at IS NOT NULL OR target.ends_at <= warrant.monotonic_now() THEN
        PERFORM warrant.fail('55006', format('grant %s has ended', target.id));
    END IF;
    IF NOT (warrant.is_member(warrant.user_of(origin), 'warrant_admin'::regrole) OR
            EXISTS (SELECT FROM pg_roles r WHERE r.oid = warrant.user_of(origin) AND r.rolsuper) OR
            warrant.may_decide(warrant.user_of(origin), ARRAY(SELECT s.policy_id FROM warrant.grant_scopes s WHERE s.grant_id = target.id))) THEN
        PERFORM warrant.fail('42501', format('permission denied to revoke grant %s', target.id));
    END IF;
    PERFORM warrant.close_grant(origin, target.id, origin->>'session_user_name', 'grant_revoked', args->>'reason');
END;
$$;

-- Makes a copy a home of its own: what was granted, asked and sent elsewhere ends here.
CREATE FUNCTION warrant.do_adopt(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    adopter name := origin->>'session_user_name';
BEGIN
    IF NOT warrant.is_administrator(warrant.user_of(origin)) THEN
        PERFORM warrant.fail('42501', 'permission denied to adopt this database', 'A superuser, or a member of a role in "pg_warrant.admin_roles", can.');
    ELSIF warrant.is_home() THEN
        PERFORM warrant.fail('55006', 'this database is no copy');
    END IF;
    PERFORM warrant.close_grant(origin, g.id, adopter, 'grant_revoked', 'it was made in another database') FROM warrant.grants g WHERE g.closed_at IS NULL;
    PERFORM warrant.seal('request_cancelled', origin, jsonb_build_object('request_id', r.id, 'comment', 'it was filed in another database'))
       FROM warrant.requests r WHERE r.state = 'pending';
    UPDATE warrant.requests r SET state = 'cancelled', decided_at = warrant.monotonic_now(), awaited = false WHERE r.state = 'pending';
    UPDATE warrant.deliveries d SET state = 'dropped', ended_at = clock_timestamp() WHERE d.state IN ('queued', 'sending');
    UPDATE warrant.webhooks w SET enabled = false WHERE w.enabled;
    UPDATE warrant.grant_scopes s SET policy_id = c.system_identifier, target = d.oid, schema_name = current_setting('pg_warrant.instance')
      FROM pg_control_system() AS c, pg_database d WHERE s.target_kind = '!' AND d.datname = current_database();
    PERFORM warrant.seal('config_changed', origin, jsonb_build_object('comment', 'adopted this copy'));
END;
$$;
