-- Terms: what the policies of a request demand together.

-- The interval of a setting that is kept in seconds; it is made of seconds, because '1d' must not become a day of 23 hours.
CREATE FUNCTION warrant_internal.setting_interval(setting text) RETURNS interval LANGUAGE sql STABLE
    RETURN pg_catalog.make_interval(secs => pg_catalog.date_part('epoch', pg_catalog.current_setting(setting)::pg_catalog.interval));

-- What a request must meet under all policies of its items together: the strictest of each.
CREATE TYPE warrant_internal.terms AS (min_approvals integer, default_duration interval, max_duration interval, request_ttl interval, require_reason boolean,
    policies text, webhooks text[], max_uses integer);
REVOKE ALL ON TYPE warrant_internal.item, warrant_internal.terms FROM PUBLIC;

CREATE FUNCTION warrant_internal.terms_of(policy_ids bigint[]) RETURNS warrant_internal.terms LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT ROW(max(p.min_approvals), least(min(coalesce(p.default_duration, warrant_internal.setting_interval('pg_warrant.default_duration'))),
                                           min(coalesce(p.max_duration, warrant_internal.setting_interval('pg_warrant.max_duration')))),
               min(coalesce(p.max_duration, warrant_internal.setting_interval('pg_warrant.max_duration'))),
               min(coalesce(p.request_ttl, warrant_internal.setting_interval('pg_warrant.request_ttl'))),
               bool_or(p.require_reason), string_agg(format('"%s"', p.name), ', ' ORDER BY p.id),
               array_agg(DISTINCT p.webhook) FILTER (WHERE p.webhook IS NOT NULL), min(p.max_uses))::warrant_internal.terms
      FROM warrant.policies p WHERE p.id = ANY (policy_ids));
END;
$$;

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

-- For a message: the policies among these that ask for a reason.
CREATE FUNCTION warrant_internal.that_require_reason(policy_ids bigint[]) RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT string_agg(format('"%s"', p.name), ', ' ORDER BY p.id) FROM warrant.policies p WHERE p.id = ANY (policy_ids) AND p.require_reason);
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
