-- Deliveries, of all kinds of webhooks: when one is claimed, tried again and dropped, and what its answer changes.

-- What the courier is to send now, each row leased to it: while the lease runs it is not claimed again. At its start the courier knows that
-- nobody sends what its predecessor had claimed; what was tried often waits nevertheless, since it may be what ended the courier. What was queued
-- after last_id may still be lost with this server, and its request's number be given again.
CREATE FUNCTION warrant_internal.claim_deliveries(at_start boolean, most integer, last_id bigint, OUT delivery_id bigint, OUT letter text) RETURNS SETOF record
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    now timestamptz := clock_timestamp();
    lease CONSTANT interval := '30 s';
BEGIN
    IF NOT warrant_internal.is_home() THEN
        RETURN;
    END IF;
    IF at_start THEN
        UPDATE warrant.deliveries d SET state = 'queued', next_at = now + CASE WHEN d.attempts < 3 THEN interval '0' ELSE warrant_internal.retry_delay(d.attempts) END
         WHERE d.state = 'sending';
    END IF;
    LOOP    -- until all that is claimed below is needed
        WITH due AS (SELECT d.id, warrant_internal.is_needed(d) AS needed FROM warrant.deliveries d
                      WHERE d.state IN ('queued', 'sending') AND d.next_at <= now AND d.id <= last_id ORDER BY d.next_at, d.id LIMIT most)
        UPDATE warrant.deliveries d SET state = 'dropped', ended_at = now FROM due WHERE d.id = due.id AND NOT due.needed;
        EXIT WHEN NOT FOUND;
    END LOOP;
    RETURN QUERY
    WITH due AS (SELECT d.id FROM warrant.deliveries d WHERE d.state IN ('queued', 'sending') AND d.next_at <= now AND d.id <= last_id ORDER BY d.next_at, d.id LIMIT most),
    claimed AS (UPDATE warrant.deliveries d SET state = 'sending', attempts = d.attempts + 1, next_at = now + lease
                  FROM due WHERE d.id = due.id RETURNING d.*)
    SELECT c.id, jsonb_build_object('webhook', w.name, 'kind', w.kind, 'url', w.url, 'secret_name', w.secret_name, 'allowed_networks', w.allowed_networks, 'ca_file', w.ca_file,
                                    'timeout_ms', w.timeout_ms, 'facts', c.facts)::text
      FROM claimed c JOIN warrant.webhooks w ON w.name = c.webhook ORDER BY c.id;
END;
$$;

-- How long after a failure a delivery is tried again: full jitter, so that what failed together does not come again together.
CREATE FUNCTION warrant_internal.retry_delay(attempts integer) RETURNS interval LANGUAGE plpgsql
AS $$ BEGIN RETURN random() * CASE attempts WHEN 1 THEN interval '1 s' WHEN 2 THEN interval '5 s' WHEN 3 THEN interval '30 s' ELSE interval '5 min' END; END; $$;

-- Ends what was sent of a request that has other words now: it is sent anew.
CREATE FUNCTION warrant_internal.void_deliveries(request_id bigint) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE warrant.deliveries d SET state = 'answered', answer = 'amended', awaited = false, ended_at = coalesce(d.ended_at, clock_timestamp())
     WHERE d.request_id = void_deliveries.request_id;
END;
$$;

-- Ends the deliveries that are not needed any more since the request has ended. One that is being sent ends with its answer.
CREATE FUNCTION warrant_internal.drop_deliveries(request_id bigint) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE warrant.deliveries d SET state = 'dropped', ended_at = clock_timestamp(), awaited = false WHERE d.request_id = drop_deliveries.request_id AND d.state = 'queued'
       AND NOT warrant_internal.is_needed(d);
END;
$$;

-- Whether those who are refused by the request wait for an answer: while one is on its way that nobody has had yet, from a webhook that still counts.
CREATE FUNCTION warrant_internal.note_awaited(request_id bigint) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    is_awaited CONSTANT boolean := EXISTS (SELECT FROM warrant.deliveries d WHERE d.request_id = note_awaited.request_id AND d.awaited AND d.state IN ('queued', 'sending')
                                               AND warrant_internal.is_needed(d));
BEGIN
    UPDATE warrant.requests r SET awaited = is_awaited WHERE r.id = note_awaited.request_id AND r.awaited <> is_awaited;
END;
$$;

-- The endpoint is gone, as it says itself (410): nothing more is sent there. A policy that asks it is decided by persons.
CREATE FUNCTION warrant_internal.disable_gone(origin jsonb, delivery warrant.deliveries) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE warrant.webhooks w SET enabled = false WHERE w.name = (delivery).webhook AND w.enabled;
    IF FOUND THEN
        PERFORM warrant_internal.seal('webhook_changed', origin, jsonb_build_object('request_id', (delivery).request_id, 'comment', format('%s: disabled, its endpoint answers 410', (delivery).webhook)));
    END IF;
END;
$$;

-- What a webhook has answered, or what went wrong. An error that may pass puts the delivery off, another one sets it aside; either drops the delivery
-- that is not needed any more. The log says each error once, however often it comes.
CREATE FUNCTION warrant_internal.do_webhook_answer(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql
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
    PERFORM warrant_internal.restate_request(d.request_id) FROM warrant.deliveries d WHERE d.id = (args->>'delivery_id')::bigint;
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
