-- Deliveries: what is sent to webhooks, when it is claimed, tried again and dropped.

-- Whether a delivery is still worth sending, as the kind of its webhook has it: a request for a decision is while it pends.
CREATE FUNCTION warrant_internal.is_needed(delivery warrant.deliveries) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CASE (SELECT w.kind FROM warrant.webhooks w WHERE w.name = (delivery).webhook AND w.enabled)
        WHEN 'decision' THEN
            RETURN EXISTS (SELECT FROM warrant.requests r WHERE r.id = (delivery).request_id AND r.state = 'pending' AND r.expires_at > clock_timestamp());
        ELSE RETURN false;
    END CASE;
END;
$$;

-- What a webhook that decides is told of a request (src/courier/decision.cpp reads it).
CREATE FUNCTION warrant_internal.facts_of(origin jsonb, request_id bigint, terms warrant_internal.terms, statement_sha256 bytea, statement_text text, statement_facts jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN coalesce(statement_facts, '{}') || (SELECT jsonb_build_object('request_id', 'req_' || replace(gen_random_uuid()::text, '-', ''), 'subject', origin,
            'statement', statement_text, 'statement_sha256', encode(statement_sha256, 'hex'),
            'nonce', replace(gen_random_uuid()::text, '-', ''),
            'requested_at_us', (extract(epoch FROM r.requested_at) * 1000000)::bigint, 'expires_at_us', (extract(epoch FROM r.expires_at) * 1000000)::bigint,
            'reason', r.reason, 'duration_s', extract(epoch FROM r.duration)::bigint, 'policy', of.policies,
            'system_identifier', warrant_internal.system_identifier()::text, 'cluster_name', current_setting('cluster_name'), 'items', of.items)
        FROM warrant.requests r CROSS JOIN LATERAL (
             SELECT string_agg(DISTINCT i.policy_name, ', ') AS policies, jsonb_agg(jsonb_build_object('type', CASE i.target_kind WHEN 's' THEN 'pg_schema' WHEN 'd' THEN 'pg_database'
                    ELSE CASE c.relkind WHEN 'v' THEN 'pg_view' WHEN 'm' THEN 'pg_matview' WHEN 'f' THEN 'pg_foreign_table' ELSE 'pg_table' END END,
                'object', concat_ws('.', current_database(), nullif(i.schema_name, ''), nullif(i.relation_name, '')), 'oid', i.target::bigint,
                'relkind', c.relkind, 'commands', i.commands)) AS items
               FROM warrant.request_items i LEFT JOIN pg_class c ON c.oid = i.target AND i.target_kind = 't' WHERE i.request_id = r.id) AS of
       WHERE r.id = facts_of.request_id);
END;
$$;

-- Whether those who are refused by the request wait for an answer: while one is on its way that nobody has had yet, from a webhook that still counts.
CREATE FUNCTION warrant_internal.note_awaited(request_id bigint) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_awaited CONSTANT boolean := EXISTS (SELECT FROM warrant.deliveries d WHERE d.request_id = note_awaited.request_id AND d.awaited AND d.state IN ('queued', 'sending')
                                               AND warrant_internal.is_needed(d));
BEGIN
    UPDATE warrant.requests r SET awaited = is_awaited WHERE r.id = note_awaited.request_id AND r.awaited <> is_awaited;
END;
$$;

-- Sends a request to the webhooks that its policies ask: those that have not had it, and again those that failed. A failure that passes must not
-- keep a request from being decided while it pends.
CREATE FUNCTION warrant_internal.queue_deliveries(origin jsonb, request_id bigint, terms warrant_internal.terms, statement_sha256 bytea, statement_text text,
    statement_facts jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    now timestamptz := clock_timestamp();
    queued bigint;
    again bigint := 0;
BEGIN
    INSERT INTO warrant.deliveries (id, request_id, webhook, facts)
    SELECT (SELECT coalesce(max(d.id), 0) FROM warrant.deliveries d) + row_number() OVER (), queue_deliveries.request_id, w.name, warrant_internal.facts_of(origin, queue_deliveries.request_id, terms, statement_sha256, statement_text, statement_facts)
      FROM warrant.webhooks w WHERE w.name = ANY ((terms).webhooks) AND w.enabled
           AND NOT EXISTS (SELECT FROM warrant.deliveries d WHERE d.request_id = queue_deliveries.request_id AND d.webhook = w.name AND d.answer IS DISTINCT FROM 'amended');
    GET DIAGNOSTICS queued = ROW_COUNT;
    IF queued < cardinality((terms).webhooks) THEN    -- not all are new
        UPDATE warrant.deliveries d SET state = CASE d.state WHEN 'sending' THEN 'sending' ELSE 'queued' END, ended_at = NULL,
               awaited = d.state = 'sending' OR coalesce(d.not_before <= now, true), next_at = CASE d.state WHEN 'sending' THEN d.next_at ELSE greatest(now, d.not_before) END
         WHERE d.request_id = queue_deliveries.request_id AND d.webhook = ANY ((terms).webhooks) AND d.state <> 'answered'
               AND EXISTS (SELECT FROM warrant.webhooks w WHERE w.name = d.webhook AND w.enabled);
        GET DIAGNOSTICS again = ROW_COUNT;
    END IF;
    IF queued + again > 0 THEN
        PERFORM warrant_internal.wake_courier();
    END IF;
    PERFORM warrant_internal.note_awaited(request_id);
END;
$$;

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
CREATE FUNCTION warrant_internal.retry_delay(attempts integer) RETURNS interval LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN random() * CASE attempts WHEN 1 THEN interval '1 s' WHEN 2 THEN interval '5 s' WHEN 3 THEN interval '30 s' ELSE interval '5 min' END; END; $$;

-- Ends what was sent of a request that has other words now: it is sent anew.
CREATE FUNCTION warrant_internal.void_deliveries(request_id bigint) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE warrant.deliveries d SET state = 'answered', answer = 'amended', awaited = false, ended_at = coalesce(d.ended_at, clock_timestamp())
     WHERE d.request_id = void_deliveries.request_id;
END;
$$;

-- Ends the deliveries that are not needed any more since the request has ended. One that is being sent ends with its answer.
CREATE FUNCTION warrant_internal.drop_deliveries(request_id bigint) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE warrant.deliveries d SET state = 'dropped', ended_at = clock_timestamp(), awaited = false WHERE d.request_id = drop_deliveries.request_id AND d.state = 'queued'
       AND NOT warrant_internal.is_needed(d);
END;
$$;
