-- What a webhook is told of a request (src/courier/webhook_call.cpp reads it).
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

-- Sends a request to the webhooks that its policies ask: those that have not had it, and again those that failed. A failure that passes must not
-- keep a request from being decided while it pends.
CREATE FUNCTION warrant_internal.queue_deliveries(origin jsonb, request_id bigint, terms warrant_internal.terms, statement_sha256 bytea, statement_text text,
    statement_facts jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    now timestamptz := clock_timestamp();
    queued bigint;
    again bigint;
BEGIN
    INSERT INTO warrant.deliveries (id, request_id, webhook, facts) OVERRIDING SYSTEM VALUE
    SELECT (SELECT coalesce(max(d.id), 0) FROM warrant.deliveries d) + row_number() OVER (), queue_deliveries.request_id, w.name, warrant_internal.facts_of(origin, queue_deliveries.request_id, terms, statement_sha256, statement_text, statement_facts)
      FROM warrant.webhooks w WHERE w.name = ANY ((terms).webhooks) AND w.enabled
           AND NOT EXISTS (SELECT FROM warrant.deliveries d WHERE d.request_id = queue_deliveries.request_id AND d.webhook = w.name AND d.answer IS DISTINCT FROM 'amended');
    GET DIAGNOSTICS queued = ROW_COUNT;
    IF queued = cardinality((terms).webhooks) THEN    -- all are new
        UPDATE warrant.requests r SET awaited = true WHERE r.id = queue_deliveries.request_id;
        PERFORM warrant_internal.wake_courier();
        RETURN;
    END IF;
    UPDATE warrant.deliveries d SET state = CASE d.state WHEN 'sending' THEN 'sending' ELSE 'queued' END, ended_at = NULL,
           awaited = d.state = 'sending' OR coalesce(d.not_before <= now, true), next_at = CASE d.state WHEN 'sending' THEN d.next_at ELSE greatest(now, d.not_before) END
     WHERE d.request_id = queue_deliveries.request_id AND d.webhook = ANY ((terms).webhooks) AND d.state <> 'answered'
           AND EXISTS (SELECT FROM warrant.webhooks w WHERE w.name = d.webhook AND w.enabled);
    GET DIAGNOSTICS again = ROW_COUNT;
    IF queued + again > 0 THEN
        UPDATE warrant.requests r SET awaited = true WHERE r.id = queue_deliveries.request_id
           AND EXISTS (SELECT FROM warrant.deliveries d WHERE d.request_id = r.id AND d.awaited AND d.state IN ('queued', 'sending'));
        PERFORM warrant_internal.wake_courier();
    END IF;
END;
$$;
