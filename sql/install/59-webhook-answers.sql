-- What the courier reports: the answers of webhooks, and what went wrong.

-- A webhook's answer, which only the courier reports: one vote of webhook:<name>, when the request still waits under policies that ask it.
-- It may narrow what was asked for, never widen it. An answer that came twice counts once: its delivery has ended.
CREATE FUNCTION warrant_internal.vote(origin jsonb, delivery warrant.deliveries, args jsonb) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request warrant.requests;
    items warrant_internal.item[] := warrant_internal.items_of_request((delivery).request_id);
    terms warrant_internal.terms := warrant_internal.terms_of(warrant_internal.policies_of(items));
    person text := 'webhook:' || (delivery).webhook;
    voter jsonb := origin || jsonb_build_object('session_user_oid', NULL, 'session_user_name', NULL, 'current_user_name', NULL, 'authn_id', NULL,
                                                'authenticated_user_name', person);
    comment text := nullif(concat_ws(' ', nullif(args->>'reason', ''), '(approver ' || nullif(args->>'approver', '') || ', unverified)'), '');
BEGIN
    SELECT * INTO request FROM warrant.requests r WHERE r.id = (delivery).request_id;
    IF request.state <> 'pending' OR request.expires_at <= warrant_internal.monotonic_now() THEN
        RETURN NULL;    -- somebody was quicker
    END IF;
    IF NOT warrant_internal.role_exists(request.requester) THEN
        RETURN 'the role that filed the request is gone';
    END IF;
    IF NOT EXISTS (SELECT FROM warrant.webhooks w WHERE w.name = (delivery).webhook AND w.enabled) OR
          EXISTS (SELECT FROM unnest(items) AS i LEFT JOIN warrant.policies p ON p.id = i.policy_id AND p.webhook = (delivery).webhook WHERE p.id IS NULL) THEN
        RETURN 'a policy of the request does not ask this webhook';
    END IF;
    IF args->>'outcome' = 'denied' THEN
        PERFORM warrant_internal.enter_denial(voter, request, 0, person, person, comment);
    ELSE
        PERFORM warrant_internal.enter_approval(voter, request, items, terms, 0, person, person,
            CASE WHEN args ? 'ttl_s' THEN least(make_interval(secs => (args->>'ttl_s')::double precision), coalesce(request.duration, (terms).default_duration)) END,
            (args->>'max_uses')::integer, comment);
    END IF;
    RETURN NULL;
END;
$$;

-- The endpoint is gone, as it says itself (410): nothing more is sent there. A policy that asks it is decided by persons.
CREATE FUNCTION warrant_internal.disable_gone(origin jsonb, delivery warrant.deliveries) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE warrant.webhooks w SET enabled = false WHERE w.name = (delivery).webhook AND w.enabled;
    IF FOUND THEN
        PERFORM warrant_internal.seal('webhook_changed', origin, jsonb_build_object('request_id', (delivery).request_id, 'comment', format('%s: disabled, its endpoint answers 410', (delivery).webhook)));
    END IF;
END;
$$;

-- An error that may pass puts the delivery off, another one sets it aside; either drops the delivery that is not needed any more. The log
-- says each error once, however often it comes.
CREATE FUNCTION warrant_internal.do_webhook_answer(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    now timestamptz := clock_timestamp();
    delivery warrant.deliveries;
    failed boolean := args->>'outcome' = 'error';
    needed boolean;
    again boolean;
    earliest timestamptz := now + make_interval(secs => (args->>'retry_after_s')::double precision);
    problem text := args->>'error';
BEGIN
    IF NOT warrant_internal.is_courier((origin->>'pid')::integer) THEN
        PERFORM warrant_internal.fail('42501', 'only the courier reports answers');
    END IF;
    SELECT * INTO delivery FROM warrant.deliveries d WHERE d.id = (args->>'delivery_id')::bigint;
    IF NOT FOUND OR delivery.state NOT IN ('queued', 'sending') THEN
        RETURN;    -- its first answer counts
    END IF;
    needed := warrant_internal.is_needed(delivery);
    again := failed AND needed AND (args->>'may_repeat')::boolean;
    IF args->>'outcome' IN ('approved', 'denied') THEN
        problem := warrant_internal.vote(origin, delivery, args);
    END IF;
    UPDATE warrant.deliveries d SET state = CASE WHEN again THEN 'queued' WHEN failed AND needed THEN 'dead' WHEN failed THEN 'dropped' ELSE 'answered' END,
           next_at = greatest(now + warrant_internal.retry_delay(delivery.attempts), earliest), not_before = earliest,
           ended_at = CASE WHEN NOT again THEN now END, answer = CASE WHEN NOT failed THEN args->>'outcome' END, error = problem, awaited = false
     WHERE d.id = delivery.id;
    IF again THEN
        PERFORM warrant_internal.wake_courier();    -- which does not know yet when it is due
    END IF;
    IF (args->>'gone')::boolean THEN
        PERFORM warrant_internal.disable_gone(origin, delivery);
    END IF;
    PERFORM warrant_internal.note_awaited(delivery.request_id);
    IF failed AND (delivery.error IS NULL OR (NOT coalesce(again, false) AND problem <> delivery.error)) THEN
        PERFORM warrant_internal.seal('webhook_failed', origin, jsonb_build_object('request_id', delivery.request_id, 'comment', format('%s: %s', delivery.webhook, problem)));
    END IF;
END;
$$;
