-- Delegations: who decides for whom while that one is away.
--
-- A vote is handed on, not a role: a delegate decides what his delegator could, as long as that one is still a member, and both together are one person of
-- a quorum. What was delegated to somebody he has no membership for, and so cannot hand it on.

-- Whose votes are delegated to the role now, in order.
CREATE FUNCTION warrant_internal.delegators_of(role oid) RETURNS oid[] LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'warrant_delegators_of';

-- The names that the human behind a role is known by, whatever identity the role was authenticated by.
CREATE FUNCTION warrant_internal.all_names_of(role oid) RETURNS text[] LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN ARRAY(SELECT DISTINCT n FROM (SELECT NULL UNION ALL SELECT i.identity FROM warrant.identities i WHERE i.role = all_names_of.role) AS k (told),
                        unnest(warrant_internal.names_of(all_names_of.role, k.told)) AS n);
END;
$$;

-- As whom the login may decide what the requester asks for: as itself, and for those who have delegated to it. Nobody's vote is about what he asks for,
-- or can use as a member, whoever gives it.
CREATE FUNCTION warrant_internal.voices_on(login oid, requester oid, person text) RETURNS oid[] LANGUAGE plpgsql STABLE
AS $$
DECLARE
    voices oid[] := ARRAY[login];
    delegator oid;
    names text[];
BEGIN
    FOREACH delegator IN ARRAY warrant_internal.delegators_of(login) LOOP
        names := warrant_internal.all_names_of(delegator);
        CONTINUE WHEN delegator = requester OR person = ANY (names) OR warrant_internal.is_member(delegator, requester) OR warrant_internal.is_known_as(requester, names);    -- his own
        voices := voices || delegator;
    END LOOP;
    RETURN voices;
END;
$$;

-- For whom else the login decides: those of its delegators whom one of the policies counts as members of a role that the login is no member of.
CREATE FUNCTION warrant_internal.decides_for(login oid, requester oid, person text, policy_ids bigint[], escalated bigint[] DEFAULT '{}') RETURNS oid[] LANGUAGE plpgsql STABLE
AS $$
BEGIN
    IF warrant_internal.delegators_of(login) = '{}' THEN
        RETURN '{}';
    END IF;
    RETURN ARRAY(SELECT v.role FROM unnest((warrant_internal.voices_on(login, requester, person))[2:]) AS v (role)
                  WHERE EXISTS (SELECT FROM warrant.policies p, unnest(p.approver_role || p.other_approver_roles || CASE WHEN p.id = ANY (escalated) THEN p.escalate_to END) AS a (role)
                                 WHERE p.id = ANY (policy_ids) AND warrant_internal.is_member(v.role, a.role) AND NOT warrant_internal.is_member(login, a.role)) ORDER BY v.role);
END;
$$;

-- For a message or a row of the log: for whom; NULL for nobody else.
CREATE FUNCTION warrant_internal.for_whom(names name[]) RETURNS text LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    RETURN (SELECT 'for ' || string_agg(warrant_internal.in_one_line(n, 63), ', ' ORDER BY n) FROM unnest(names) AS n);
END;
$$;

-- The approver roles that the role is a member of.
CREATE FUNCTION warrant_internal.approver_roles_of(member oid) RETURNS oid[] LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN ARRAY(SELECT DISTINCT a.role FROM (SELECT 'warrant_approver'::regrole::oid
                                              UNION ALL SELECT unnest(p.approver_role || p.other_approver_roles || p.escalate_to) FROM warrant.policies p WHERE p.effect = 'approve') AS a (role)
                  WHERE warrant_internal.is_member(member, a.role) ORDER BY 1);
END;
$$;

-- Votes that were given by it for requests that pend go with it: another delegation, to the same role too, does not bring them back. The names stay.
CREATE FUNCTION warrant_internal.close_delegation(origin jsonb, delegator oid, why text DEFAULT NULL) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    ended warrant.delegations;
BEGIN
    DELETE FROM warrant.delegations d WHERE d.delegator = close_delegation.delegator RETURNING * INTO ended;
    UPDATE warrant.decisions v SET voted_for = nullif(array_remove(v.voted_for, ended.delegator), '{}') FROM warrant.requests r
     WHERE r.state = 'pending' AND v.request_id = r.id AND ended.delegator = ANY (v.voted_for);
    PERFORM warrant_internal.guards_changed();
    PERFORM warrant_internal.seal('delegation_ended', origin, jsonb_build_object('comment', concat_ws(': ', format('%I to %I', ended.delegator_name, ended.delegate_name), why)));
END;
$$;

-- The end of a delegation. Raises 22023 for one that is over, or too far ahead.
CREATE FUNCTION warrant_internal.until_in(args jsonb) RETURNS timestamptz LANGUAGE plpgsql STABLE
AS $$
DECLARE
    farthest CONSTANT interval := '2160 hours';
    until CONSTANT timestamptz := timestamptz '2000-01-01 00:00:00+00' + (args->>'until')::interval;
BEGIN
    IF until IS NULL THEN
        PERFORM warrant_internal.fail('22023', 'until must not be NULL', 'A delegation ends by itself.');
    ELSIF until <= warrant_internal.monotonic_now() THEN
        PERFORM warrant_internal.fail('22023', 'until is over');
    ELSIF until > warrant_internal.monotonic_now() + farthest THEN
        PERFORM warrant_internal.fail('22023', 'until is more than 90 days ahead');
    END IF;
    RETURN until;
END;
$$;

-- Who is to decide for somebody: another person, by a login that is his alone and that the gate gates.
CREATE FUNCTION warrant_internal.check_delegate(origin jsonb, delegate oid) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    role pg_roles;
BEGIN
    SELECT * INTO role FROM pg_roles r WHERE r.oid = delegate;
    IF role.oid IS NULL THEN
        PERFORM warrant_internal.fail('22023', 'the delegate must be a role');
    ELSIF warrant_internal.all_names_of(role.oid) && warrant_internal.names_of(origin) OR role.oid = warrant_internal.user_of(origin) THEN
        PERFORM warrant_internal.fail('22023', 'nobody delegates to himself');
    ELSIF role.rolsuper THEN
        PERFORM warrant_internal.fail('22023', format('"%s" is a superuser', role.rolname), 'A superuser decides as a named member of an approver role, or not at all.');
    ELSIF NOT role.rolcanlogin THEN
        PERFORM warrant_internal.fail('22023', format('"%s" cannot log in', role.rolname), 'Name the login of the person who is to decide.');
    ELSIF warrant_internal.is_pool(role.oid) THEN
        PERFORM warrant_internal.fail('22023', format('"%s" is a login that many share', role.rolname), 'Name the login of the person who is to decide.');
    END IF;
END;
$$;

CREATE FUNCTION warrant_internal.do_delegate(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    most CONSTANT integer := 20;    -- votes that one has
    mine CONSTANT oid := warrant_internal.user_of(origin);
    delegate CONSTANT oid := (args->>'to')::oid;
    until timestamptz := warrant_internal.until_in(args);
    roles CONSTANT oid[] := warrant_internal.approver_roles_of(mine);
    known warrant.delegations;
    words text;
BEGIN
    PERFORM warrant_internal.check_delegate(origin, delegate);
    IF roles = '{}' THEN
        PERFORM warrant_internal.fail('42501', 'there is no vote to delegate',
                                      CASE WHEN warrant_internal.delegators_of(mine) <> '{}' THEN 'What was delegated to you is not yours to hand on.' ELSE 'Members of approver roles have one.' END);
    END IF;
    SELECT * INTO known FROM warrant.delegations d WHERE d.delegator = mine;
    IF known.ends_at <= warrant_internal.monotonic_now() THEN
        PERFORM warrant_internal.close_delegation('{}', mine, 'its time is over');
        known := NULL;
    ELSIF known.delegate <> delegate THEN
        PERFORM warrant_internal.fail('55006', format('your vote is delegated to "%s" already', coalesce((SELECT r.rolname FROM pg_roles r WHERE r.oid = known.delegate), known.delegate_name)),
                                      'SELECT warrant.end_delegation() ends that.');
    END IF;
    IF known.delegator IS NULL AND cardinality(warrant_internal.delegators_of(delegate)) >= most THEN
        PERFORM warrant_internal.fail('53400', format('%s votes are delegated to "%s" already', most, pg_get_userbyid(delegate)));
    END IF;
    INSERT INTO warrant.delegations VALUES (mine, pg_get_userbyid(mine), delegate, pg_get_userbyid(delegate), roles, warrant_internal.monotonic_now(), until)
        ON CONFLICT ON CONSTRAINT delegations_pkey DO UPDATE SET ends_at = excluded.ends_at, roles = excluded.roles;
    PERFORM warrant_internal.guards_changed();
    words := to_char(until, 'YYYY-MM-DD HH24:MI:SSOF');
    PERFORM warrant_internal.seal('delegated', origin, jsonb_build_object('comment', format('%I to %I until %s', pg_get_userbyid(mine), pg_get_userbyid(delegate), words)));
    PERFORM warrant_internal.tell(format('%s decides for you until %s', warrant_internal.in_one_line(pg_get_userbyid(delegate), 63), words));
END;
$$;

-- Ends a delegation before its time: one's own, one to oneself, or as an administrator anybody's.
CREATE FUNCTION warrant_internal.do_end_delegation(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    mine CONSTANT oid := warrant_internal.user_of(origin);
    whose CONSTANT oid := coalesce((args->>'delegator')::oid, mine);
    known warrant.delegations;
BEGIN
    SELECT * INTO known FROM warrant.delegations d WHERE d.delegator = whose;
    IF NOT (whose = mine OR coalesce(known.delegate = mine, false) OR warrant_internal.is_member(mine, 'warrant_admin'::regrole) OR warrant_internal.all_names_of(whose) && warrant_internal.names_of(origin)
            OR EXISTS (SELECT FROM pg_roles r WHERE r.oid = mine AND r.rolsuper)) THEN
        PERFORM warrant_internal.fail('42501', format('permission denied to end a delegation of "%s"', pg_get_userbyid(whose)),
                                      CASE WHEN EXISTS (SELECT FROM warrant.delegations d WHERE d.delegator = mine AND d.delegate = whose)
                                           THEN 'The argument is who delegates: SELECT warrant.end_delegation() ends your own.'
                                           ELSE 'Who delegates, his delegate and members of "warrant_admin" can.' END);
    ELSIF known.delegator IS NULL THEN
        PERFORM warrant_internal.fail('55006', format('"%s" has delegated to nobody', pg_get_userbyid(whose)));
    END IF;
    PERFORM warrant_internal.close_delegation(origin, whose);
    PERFORM warrant_internal.tell(format('%s no longer decides for %s', warrant_internal.in_one_line(pg_get_userbyid(known.delegate), 63), warrant_internal.in_one_line(pg_get_userbyid(whose), 63)));
END;
$$;
