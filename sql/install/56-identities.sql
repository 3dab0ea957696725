-- Remembers the identity as which the server has authenticated the session that acts.
CREATE FUNCTION warrant_internal.note_identity(origin jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF origin->>'authn_id' IS NULL THEN
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM warrant.identities i WHERE i.role = (origin->>'authenticated_user_oid')::oid AND i.identity = origin->>'authn_id') THEN
        INSERT INTO warrant.identities VALUES ((origin->>'authenticated_user_oid')::oid, origin->>'authn_id');
    END IF;
END;
$$;


-- Whether many persons may be behind the login: the server knows all of them as one. So it is in a session whose user is not its login.
CREATE FUNCTION warrant_internal.is_pool(role oid) RETURNS boolean LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'warrant_is_pool';
CREATE FUNCTION warrant_internal.is_in_pool(origin jsonb) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN warrant_internal.user_of(origin) <> (origin->>'authenticated_user_oid')::oid OR warrant_internal.is_pool(warrant_internal.user_of(origin));
END;
$$;

-- Whether the person who acts can use what the role is given: as this role or a member of it, with this login or another of the same person, as
-- far as is known. Of a login that has not been seen the gate asks again when the grant is used.
CREATE FUNCTION warrant_internal.is_himself(origin jsonb, role oid) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    names text[] := warrant_internal.names_of(origin);
BEGIN
    RETURN warrant_internal.user_of(origin) = role OR warrant_internal.is_member(warrant_internal.user_of(origin), role) OR
           EXISTS (SELECT FROM unnest(role || warrant_internal.members_of(role)) AS m (member) WHERE warrant_internal.person_of(m.member, NULL) = ANY (names))
        OR EXISTS (SELECT FROM unnest(role || warrant_internal.members_of(role)) AS m (member) JOIN warrant.identities i ON i.role = m.member
                    WHERE i.identity = ANY (names));
END;
$$;

-- Whether the person who acts is the one that the request is of, under the same login or another.
CREATE FUNCTION warrant_internal.is_requester(origin jsonb, request warrant.requests) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (request).person = ANY (warrant_internal.names_of(origin)) OR warrant_internal.is_himself(origin, (request).requester);
END;
$$;

-- The votes of the person who acts. Persons are compared as they were known at the vote and as they are known now: a set_person in between must
-- not make two of one.
CREATE FUNCTION warrant_internal.own_votes(origin jsonb, request_id bigint) RETURNS text[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(SELECT d.person FROM warrant.decisions d WHERE d.request_id = own_votes.request_id
                    AND warrant_internal.names_of(origin) && ARRAY[d.person, warrant_internal.person_of(d.approver, d.person)]);
END;
$$;

-- The checks that approving and denying share: another person, a member of every approver role.
CREATE FUNCTION warrant_internal.check_decider(origin jsonb, request warrant.requests, policy_ids bigint[]) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT warrant_internal.may_decide(warrant_internal.user_of(origin), policy_ids) THEN
        PERFORM warrant_internal.fail('42501', format('permission denied to decide request %s', (request).id),
                             'Its policies name the roles whose members may.');
    END IF;
    IF warrant_internal.is_requester(origin, request) THEN
        PERFORM warrant_internal.fail('42501', format('request %s must be decided by another person', (request).id),
                             CASE WHEN NOT warrant_internal.is_in_pool(origin) THEN 'warrant.cancel withdraws it.' END);
    END IF;
END;
$$;
