-- A duration and a number of uses asked for or given: within the maximum, positive.
CREATE FUNCTION warrant_internal.check_within(duration interval, max_uses integer, terms warrant_internal.terms) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF duration <= interval '0' THEN
        PERFORM warrant_internal.fail('22023', 'duration must be positive');
    ELSIF duration > (terms).max_duration THEN
        PERFORM warrant_internal.fail('22023', format('duration %s is longer than the %s that is allowed', duration, (terms).max_duration));
    END IF;
    IF max_uses <= 0 THEN
        PERFORM warrant_internal.fail('22023', 'max_uses must be positive');
    ELSIF max_uses > (terms).max_uses THEN
        PERFORM warrant_internal.fail('22023', format('max_uses %s is more than the %s that the policy allows', max_uses, (terms).max_uses));
    END IF;
END;
$$;

-- Whether the role may decide about every policy of these.
CREATE FUNCTION warrant_internal.may_decide(role oid, policy_ids bigint[]) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT coalesce(bool_and(p.id IS NOT NULL AND warrant_internal.is_member(role, p.approver_role)), false)
              FROM unnest(policy_ids) AS w (id) LEFT JOIN warrant.policies p ON p.id = w.id);
END;
$$;

-- For a message: the policies among these that ask for a reason.
CREATE FUNCTION warrant_internal.that_require_reason(policy_ids bigint[]) RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT string_agg(format('"%s"', p.name), ', ' ORDER BY p.id) FROM warrant.policies p WHERE p.id = ANY (policy_ids) AND p.require_reason);
END;
$$;

-- For a message: the policies among these that somebody else decides.
CREATE FUNCTION warrant_internal.that_others_decide(role oid, policy_ids bigint[]) RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT string_agg(format('"%s"', p.name), ', ' ORDER BY p.id) FROM warrant.policies p
             WHERE p.id = ANY (policy_ids) AND NOT warrant_internal.is_member(role, p.approver_role));
END;
$$;

-- How many persons agree to a request as it stands: those who may decide still, as they are known now, and not the one who asks.
CREATE FUNCTION warrant_internal.approvals_of(request warrant.requests, policy_ids bigint[]) RETURNS bigint LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    approvals bigint := 0;
    counted text[] := warrant_internal.names_of((request).requester, (request).person);
    voter text[];
BEGIN
    FOR voter IN SELECT warrant_internal.names_of(d.approver, d.person) FROM warrant.decisions d
                  WHERE d.request_id = (request).id AND d.approves AND warrant_internal.vote_counts(d, policy_ids) ORDER BY d.decided_at, d.person LOOP
        approvals := approvals + CASE WHEN voter && counted THEN 0 ELSE 1 END;
        counted := counted || voter;
    END LOOP;
    RETURN approvals;
END;
$$;

-- Whether the giver of the vote may still decide: a member of the approver roles, or the webhook that the policies ask.
CREATE FUNCTION warrant_internal.vote_counts(vote warrant.decisions, policy_ids bigint[]) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE WHEN (vote).approver <> 0 THEN warrant_internal.may_decide((vote).approver, policy_ids)
           ELSE NOT EXISTS (SELECT FROM unnest(policy_ids) AS w (id) LEFT JOIN warrant.policies p ON p.id = w.id AND 'webhook:' || p.webhook = (vote).person WHERE p.id IS NULL) END;
END;
$$;


-- A policy can be dropped while an action under it runs: then it is as if it had been gone before.
CREATE FUNCTION warrant_internal.check_policies_stay(still_there boolean) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT still_there THEN
        PERFORM warrant_internal.fail('55006', 'the policy has just been dropped', 'Run the statement again.');
    END IF;
END;
$$;
