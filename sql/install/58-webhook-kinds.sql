-- The kinds of webhooks: which there are, and what SQL knows of each. How a message says its facts, and what an answer means, is in
-- src/courier/kinds.hpp.

-- The kinds that there are, and whether what one answers is a vote. Raises for another.
CREATE FUNCTION warrant_internal.webhook_decides(kind text) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CASE kind
        WHEN 'decision' THEN RETURN true;
        ELSE RAISE EXCEPTION 'unknown kind of webhook "%"', kind USING ERRCODE = 'invalid_parameter_value', HINT = 'The kind is decision.';
    END CASE;
END;
$$;

-- Whether a delivery is still worth sending, as the kind of its webhook has it: a request for a decision is while it pends.
CREATE FUNCTION warrant_internal.is_needed(delivery warrant.deliveries) RETURNS boolean LANGUAGE plpgsql STABLE
AS $$
BEGIN
    CASE (SELECT w.kind FROM warrant.webhooks w WHERE w.name = (delivery).webhook AND w.enabled)
        WHEN 'decision' THEN
            RETURN EXISTS (SELECT FROM warrant.requests r WHERE r.id = (delivery).request_id AND r.state = 'pending' AND r.expires_at > clock_timestamp());
        ELSE RETURN false;
    END CASE;
END;
$$;

-- What a webhook that decides is told of a request. src/courier/decision.cpp reads it.
CREATE FUNCTION warrant_internal.facts_of(origin jsonb, request_id bigint, terms warrant_internal.terms, statement_sha256 bytea, statement_text text, statement_facts jsonb) RETURNS jsonb
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN coalesce(statement_facts, '{}') || (SELECT jsonb_build_object('request_id', 'req_' || replace(gen_random_uuid()::text, '-', ''), 'subject', origin,
            'statement', statement_text, 'statement_sha256', encode(statement_sha256, 'hex'),
            'nonce', replace(gen_random_uuid()::text, '-', ''),
            'requested_at_us', (extract(epoch FROM r.requested_at) * 1000000)::bigint, 'expires_at_us', (extract(epoch FROM r.expires_at) * 1000000)::bigint,
            'reason', r.reason, 'ticket', r.ticket, 'profile', r.profile, 'duration_s', extract(epoch FROM r.duration)::bigint, 'max_rows', least(r.max_rows, (terms).max_rows), 'policy', of.policies,
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

-- Sends a request to the webhooks that decide it, as its policies say: those that have not had it, and again those that failed. A failure that
-- passes must not keep a request from being decided while it pends.
CREATE FUNCTION warrant_internal.queue_deliveries(origin jsonb, request_id bigint, terms warrant_internal.terms, statement_sha256 bytea, statement_text text,
    statement_facts jsonb) RETURNS void LANGUAGE plpgsql
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

-- The answer of a webhook that decides: one vote of webhook:<name>, when the request still waits under policies that ask it. It may narrow what
-- was asked for, never widen it.
CREATE FUNCTION warrant_internal.vote(origin jsonb, delivery warrant.deliveries, args jsonb) RETURNS text LANGUAGE plpgsql
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
    IF request.state IS DISTINCT FROM 'pending' OR request.expires_at <= warrant_internal.monotonic_now() THEN
        RETURN NULL;    -- somebody was quicker
    END IF;
    IF NOT warrant_internal.role_exists(request.requester) THEN
        RETURN 'the role that filed the request is gone';
    END IF;
    IF args->>'outcome' <> 'denied' AND warrant_internal.dropped_column(request.id, items) IS NOT NULL THEN
        RETURN warrant_internal.dropped_column(request.id, items);
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
            (args->>'max_uses')::integer, comment, max_rows => (args->>'max_rows')::bigint);
    END IF;
    RETURN NULL;
END;
$$;
