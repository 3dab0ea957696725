-- Actions: what the recorder executes, each in a subtransaction of its own. Nobody else calls the functions of this part: only the
-- recorder may write these tables. It numbers their rows by itself: whoever may write all data may set any sequence. PL/pgSQL also where SQL would do: it keeps its plans for the life of the recorder.

-- A sealed row written in SQL.
CREATE FUNCTION warrant.seal(event text, origin jsonb, request_id bigint, grant_id bigint, command text, relation_oid oid, schema_name name,
    relation_name name, policy_name text, policy_version integer, comment text, statement jsonb DEFAULT NULL, statement_sha256 bytea DEFAULT NULL,
    statement_text text DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    made record;
    salt bytea := CASE WHEN $14 IS NOT NULL THEN decode(replace(gen_random_uuid()::text, '-', ''), 'hex') END;
BEGIN
    INSERT INTO warrant.audit_log (seq, sealed_at, occurred_at, event, database_name, session_user_name, session_user_oid, current_user_name,
        authenticated_user_name, authn_id, person, client_addr, application_name, pid, session_id, backend_start, statement_id, xid, query_id,
        request_id, grant_id, command, relation_oid, schema_name, relation_name, policy_name, policy_version, comment, statement_sha256,
        statement_hmac)
    VALUES (warrant.next_seq(), warrant.seal_time(), coalesce(($12->>'occurred_at')::timestamptz, clock_timestamp()), $1, current_database(),
        $2->>'session_user_name', ($2->>'session_user_oid')::oid, $2->>'current_user_name', $2->>'authenticated_user_name', $2->>'authn_id',
        warrant.person_of($2), $2->>'client_addr', $2->>'application_name',
        ($2->>'pid')::integer, $2->>'session_id', ($2->>'backend_start')::timestamptz, ($12->>'statement_id')::bigint,
        nullif(($12->>'xid')::bigint, 0), nullif(($12->>'query_id')::bigint, 0), $3, $4, $5, nullif($6, 0), nullif($7, ''), nullif($8, ''), $9, $10, $11, $13,
        warrant.text_hmac(salt, $14))
    RETURNING seq, sealed_at INTO made;
    IF salt IS NOT NULL THEN
        INSERT INTO warrant.audit_text (seq, sealed_at, salt, statement) VALUES (made.seq, made.sealed_at, salt, $14);
    END IF;
    RETURN made.seq;
END;
$$;

-- Rows that definition functions left, once their transaction is committed, at most a thousand. Returns how many. One that cannot be written as it
-- is must not keep the others: it is written without what it said, and that it was so.
CREATE FUNCTION warrant.seal_definitions() RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    sealed bigint := 0;
    waiting warrant.audit_unsealed;
BEGIN
    IF NOT EXISTS (SELECT FROM warrant.audit_unsealed) THEN
        RETURN 0;
    END IF;
    BEGIN
        WITH taken AS (DELETE FROM warrant.audit_unsealed u WHERE u.id IN (SELECT f.id FROM warrant.audit_unsealed f ORDER BY f.id LIMIT 1000) RETURNING *), ordered AS (SELECT * FROM taken ORDER BY id)
        SELECT count(warrant.seal(o.event, o.origin, NULL, NULL, NULL, NULL, NULL, NULL, o.policy_name, o.policy_version, o.comment,
                                  jsonb_build_object('occurred_at', o.occurred_at))) INTO sealed FROM ordered o;
        RETURN sealed;
    EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
        sealed := 0;
    END;
    FOR waiting IN WITH taken AS (DELETE FROM warrant.audit_unsealed u WHERE u.id IN (SELECT f.id FROM warrant.audit_unsealed f ORDER BY f.id LIMIT 1000) RETURNING *) SELECT * FROM taken ORDER BY id LOOP
        BEGIN
            PERFORM warrant.seal(waiting.event, waiting.origin, NULL, NULL, NULL, NULL, NULL, NULL, waiting.policy_name, waiting.policy_version, waiting.comment,
                                 jsonb_build_object('occurred_at', waiting.occurred_at));
        EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
            PERFORM warrant.seal(waiting.event, '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, format('row %s of audit_unsealed could not be written: %s', waiting.id, SQLERRM));
        END;
        sealed := sealed + 1;
    END LOOP;
    RETURN sealed;
END;
$$;

CREATE FUNCTION warrant.fail(state text, message text, hint text DEFAULT NULL) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF hint IS NULL THEN
        RAISE EXCEPTION '%', message USING ERRCODE = state;
    END IF;
    RAISE EXCEPTION '%', message USING ERRCODE = state, HINT = hint;
END;
$$;

CREATE FUNCTION warrant.user_of(origin jsonb) RETURNS oid LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN (origin->>'session_user_oid')::oid; END; $$;

CREATE FUNCTION warrant.person_of(origin jsonb) RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN warrant.person_of(warrant.user_of(origin), coalesce(origin->>'authn_id', origin->>'authenticated_user_name')); END; $$;

-- All that one human is known by, whoever says it: the person that the DBA has made of the role, and as whom the server has authenticated him (told, or
-- the role when there is neither); with the persons of the roles that were authenticated so, and as whom those persons' roles were. The same identity is
-- always the same human: that one of two logins is mapped must not make two of them.
CREATE FUNCTION warrant.names_of(role oid, told text) RETURNS text[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    names text[] := array_remove(ARRAY[(SELECT p.person FROM warrant.persons p WHERE p.role = names_of.role), told], NULL);
BEGIN
    IF names = '{}' THEN
        names := ARRAY[warrant.person_of(role, NULL)];
    END IF;
    RETURN ARRAY(WITH persons AS (
        SELECT p.person FROM warrant.persons p WHERE p.person = ANY (names)
        UNION SELECT p.person FROM warrant.identities i JOIN warrant.persons p ON p.role = i.role WHERE i.identity = ANY (names))
      SELECT unnest(names) UNION SELECT s.person FROM persons s
      UNION SELECT i.identity FROM persons s JOIN warrant.persons p ON p.person = s.person JOIN warrant.identities i ON i.role = p.role);
END;
$$;

CREATE FUNCTION warrant.names_of(origin jsonb) RETURNS text[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN warrant.names_of(warrant.user_of(origin), coalesce(origin->>'authn_id', warrant.person_of(origin))); END; $$;

-- One access that a request or grant is to cover, and the policy that governs it.
CREATE TYPE warrant.item AS (target_kind "char", target oid, schema_name name, relation_name name, commands text[], policy_id bigint);

-- The items of a request for commands on these relations: only those that a policy of approval governs. Raises when one is denied.
CREATE FUNCTION warrant.items_on(subject oid, commands text[], relations oid[]) RETURNS SETOF warrant.item LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gone oid := (SELECT r.relation FROM unnest(relations) AS r (relation) WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = r.relation) LIMIT 1);
    governed record;
    item warrant.item;
BEGIN
    IF gone IS NOT NULL THEN
        PERFORM warrant.fail('42P01', format('relation with OID %s does not exist', gone),
                             'One that an open transaction creates can be asked for once it is committed.');
    END IF;
    PERFORM warrant.check_target(r.relation) FROM unnest(relations) AS r (relation);
    FOR governed IN SELECT g.relation, n.nspname, c.relname, g.governed AS commands, p.id, p.effect, p.name
                      FROM warrant.governing_policies(subject, commands, relations, 0) g JOIN warrant.policies p ON p.id = g.policy
                      JOIN pg_class c ON c.oid = g.relation JOIN pg_namespace n ON n.oid = c.relnamespace
                     WHERE p.effect = 'approve' OR (p.effect = 'deny' AND p.mode <> 'monitor') ORDER BY p.effect <> 'deny', g.relation, p.id LOOP
        IF governed.effect = 'deny' THEN
            PERFORM warrant.fail('42501', format('%s on %s is denied by policy "%s"', governed.commands[1], governed.relation::regclass, governed.name));
        END IF;
        item := ('t'::"char", governed.relation, governed.nspname, governed.relname, governed.commands, governed.id);
        RETURN NEXT item;
    END LOOP;
END;
$$;

-- The items of a request for a whole schema (or, with NULL, the database): one for each policy that governs something in it now, or would
-- govern what is created there.
CREATE FUNCTION warrant.items_in(subject oid, commands text[], schema_name name) RETURNS SETOF warrant.item LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    of_schema oid := to_regnamespace(quote_ident(schema_name))::oid;
BEGIN
    IF schema_name IS NOT NULL AND of_schema IS NULL THEN
        PERFORM warrant.fail('3F000', format('schema "%s" does not exist', schema_name),
                             'One that an open transaction creates can be asked for once it is committed.');
    END IF;
    RETURN QUERY SELECT CASE WHEN schema_name IS NULL THEN 'd' ELSE 's' END::"char",
           coalesce(of_schema, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())),
           coalesce(schema_name, ''), ''::name, array_agg(DISTINCT c.command), p.id
      FROM (SELECT g.policy, g.governed FROM warrant.governing_policies(subject, commands, NULL, coalesce(of_schema, 0)) g
            UNION ALL SELECT warrant.governing_admin_policy(subject), '{ADMIN}' WHERE 'ADMIN' = ANY (commands) AND schema_name IS NULL) AS w (policy, governed)
      CROSS JOIN unnest(w.governed) AS c (command)
      JOIN warrant.policies p ON p.id = w.policy WHERE p.effect = 'approve' GROUP BY p.id ORDER BY p.id;
END;
$$;

-- What is named, not what a group stands for, must be about this kind of target.
CREATE FUNCTION warrant.check_kind_of_target(words text[], args jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF 'ADMIN' = ANY (words) AND NOT coalesce((args->>'on_database')::boolean, false) THEN
        PERFORM warrant.fail('22023', 'ADMIN is about the database', 'Name it: on_database => true.');
    ELSIF 'CREATE' = ANY (words) AND coalesce(args->>'on_table', args->>'on_tables') IS NOT NULL THEN
        PERFORM warrant.fail('22023', 'CREATE is about the schema that something new will be in', 'Name it: on_schema => ''...''.');
    END IF;
END;
$$;
REVOKE ALL ON FUNCTION warrant.check_kind_of_target(text[], jsonb) FROM PUBLIC;

CREATE FUNCTION warrant.items_of(subject oid, args jsonb) RETURNS warrant.item[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    commands text[];
    items warrant.item[];
BEGIN
    IF num_nonnulls(args->>'on_table', args->>'on_tables', args->>'on_schema', nullif((args->>'on_database')::boolean, false)) <> 1 THEN
        PERFORM warrant.fail('22023', 'exactly one of on_table, on_tables, on_schema and on_database must be given');
    END IF;
    IF jsonb_typeof(args->'commands') <> 'array' OR jsonb_array_length(args->'commands') = 0 THEN
        PERFORM warrant.fail('22023', 'at least one command must be given');
    END IF;
    IF jsonb_typeof(args->'on_tables') = 'array' AND (args->'on_tables' @> 'null' OR args->'on_tables' = '[]') THEN
        PERFORM warrant.fail('22023', 'on_tables must not be empty or contain NULL');
    END IF;
    commands := warrant.expand_commands(ARRAY(SELECT c FROM jsonb_array_elements_text(args->'commands') AS e (c)));
    PERFORM warrant.check_kind_of_target(ARRAY(SELECT upper(c) FROM jsonb_array_elements_text(args->'commands') AS e (c)), args);
    IF args->>'on_table' IS NOT NULL OR args->>'on_tables' IS NOT NULL THEN
        items := ARRAY(SELECT warrant.items_on(subject, commands,
            ARRAY(SELECT DISTINCT e::oid FROM jsonb_array_elements_text(coalesce(nullif(args->'on_tables', 'null'), jsonb_build_array(args->'on_table'))) AS e)));
    ELSE
        items := ARRAY(SELECT warrant.items_in(subject, commands, args->>'on_schema'));
    END IF;
    IF cardinality(items) = 0 THEN
        PERFORM warrant.fail('22023', 'nothing of it needs approval', 'Run the statement; SELECT * FROM warrant.explain(command, table) tells why.');
    END IF;
    RETURN items;
END;
$$;

-- What a request must meet under all policies of its items together: the strictest of each.
CREATE TYPE warrant.terms AS (min_approvals integer, default_duration interval, max_duration interval, request_ttl interval, require_reason boolean,
    policies text, webhooks text[], max_uses integer);
REVOKE ALL ON TYPE warrant.item, warrant.terms FROM PUBLIC;

CREATE FUNCTION warrant.terms_of(policy_ids bigint[]) RETURNS warrant.terms LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT ROW(max(p.min_approvals), least(min(coalesce(p.default_duration, warrant.setting_interval('pg_warrant.default_duration'))),
                                           min(coalesce(p.max_duration, warrant.setting_interval('pg_warrant.max_duration')))),
               min(coalesce(p.max_duration, warrant.setting_interval('pg_warrant.max_duration'))),
               min(coalesce(p.request_ttl, warrant.setting_interval('pg_warrant.request_ttl'))),
               bool_or(p.require_reason), string_agg(format('"%s"', p.name), ', ' ORDER BY p.id),
               array_agg(DISTINCT p.webhook) FILTER (WHERE p.webhook IS NOT NULL), min(p.max_uses))::warrant.terms
      FROM warrant.policies p WHERE p.id = ANY (policy_ids));
END;
$$;

CREATE FUNCTION warrant.policies_of(items warrant.item[]) RETURNS bigint[] LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN (SELECT array_agg(DISTINCT i.policy_id) FROM unnest(items) AS i); END; $$;

-- A duration and a number of uses asked for or given: within the maximum, positive.
CREATE FUNCTION warrant.check_within(duration interval, max_uses integer, terms warrant.terms) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF duration <= interval '0' THEN
        PERFORM warrant.fail('22023', 'duration must be positive');
    ELSIF duration > (terms).max_duration THEN
        PERFORM warrant.fail('22023', format('duration %s is longer than the %s that the policy allows', duration, (terms).max_duration));
    END IF;
    IF max_uses <= 0 THEN
        PERFORM warrant.fail('22023', 'max_uses must be positive');
    ELSIF max_uses > (terms).max_uses THEN
        PERFORM warrant.fail('22023', format('max_uses %s is more than the %s that the policy allows', max_uses, (terms).max_uses));
    END IF;
END;
$$;

-- Whether the role may decide about every policy of these.
CREATE FUNCTION warrant.may_decide(role oid, policy_ids bigint[]) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT coalesce(bool_and(p.id IS NOT NULL AND warrant.is_member(role, p.approver_role)), false)
              FROM unnest(policy_ids) AS w (id) LEFT JOIN warrant.policies p ON p.id = w.id);
END;
$$;

-- For a message: the policies among these that ask for a reason.
CREATE FUNCTION warrant.that_require_reason(policy_ids bigint[]) RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT string_agg(format('"%s"', p.name), ', ' ORDER BY p.id) FROM warrant.policies p WHERE p.id = ANY (policy_ids) AND p.require_reason);
END;
$$;

-- The same: those that somebody else decides.
CREATE FUNCTION warrant.that_others_decide(role oid, policy_ids bigint[]) RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT string_agg(format('"%s"', p.name), ', ' ORDER BY p.id) FROM warrant.policies p
             WHERE p.id = ANY (policy_ids) AND NOT warrant.is_member(role, p.approver_role));
END;
$$;
REVOKE ALL ON FUNCTION warrant.that_require_reason(bigint[]), warrant.that_others_decide(oid, bigint[]) FROM PUBLIC;

-- How many persons agree to a request as it stands: those who may decide still, as they are known now, and not the one who asks.
CREATE FUNCTION warrant.approvals_of(request warrant.requests, policy_ids bigint[]) RETURNS bigint LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    approvals bigint := 0;
    counted text[] := warrant.names_of((request).requester, (request).person);
    voter text[];
BEGIN
    FOR voter IN SELECT warrant.names_of(d.approver, d.person) FROM warrant.decisions d
                  WHERE d.request_id = (request).id AND d.approves AND warrant.vote_counts(d, policy_ids) ORDER BY d.decided_at, d.person LOOP
        approvals := approvals + CASE WHEN voter && counted THEN 0 ELSE 1 END;
        counted := counted || voter;
    END LOOP;
    RETURN approvals;
END;
$$;

-- Whether who gave it may decide still: a member of the approver roles, or the webhook that the policies ask.
CREATE FUNCTION warrant.vote_counts(vote warrant.decisions, policy_ids bigint[]) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE WHEN (vote).approver <> 0 THEN warrant.may_decide((vote).approver, policy_ids)
           ELSE NOT EXISTS (SELECT FROM unnest(policy_ids) AS w (id) LEFT JOIN warrant.policies p ON p.id = w.id AND 'webhook:' || p.webhook = (vote).person WHERE p.id IS NULL) END;
END;
$$;

REVOKE ALL ON FUNCTION warrant.approvals_of(warrant.requests, bigint[]), warrant.vote_counts(warrant.decisions, bigint[]) FROM PUBLIC;

-- A policy can be dropped while an action under it runs: then it is as if it had been gone before.
CREATE FUNCTION warrant.check_policies_stay(still_there boolean) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT still_there THEN
        PERFORM warrant.fail('55006', 'the policy has just been dropped', 'Run the statement again.');
    END IF;
END;
$$;

-- What a webhook is told of a request (src/courier/letter.cpp reads it).
CREATE FUNCTION warrant.facts_of(origin jsonb, request_id bigint, terms warrant.terms, statement_sha256 bytea, statement_text text, statement_facts jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN coalesce(statement_facts, '{}') || (SELECT jsonb_build_object('request_id', 'req_' || replace(gen_random_uuid()::text, '-', ''), 'subject', origin,
            'statement', statement_text, 'statement_sha256', encode(statement_sha256, 'hex'),
            'nonce', replace(gen_random_uuid()::text, '-', ''),
            'requested_at_us', (extract(epoch FROM r.requested_at) * 1000000)::bigint, 'expires_at_us', (extract(epoch FROM r.expires_at) * 1000000)::bigint,
            'reason', r.reason, 'duration_s', extract(epoch FROM r.duration)::bigint, 'policy', (SELECT string_agg(DISTINCT i.policy_name, ', ') FROM warrant.request_items i WHERE i.request_id = r.id),
            'system_identifier', (SELECT c.system_identifier::text FROM pg_control_system() AS c), 'cluster_name', current_setting('cluster_name'),
            'items', (SELECT jsonb_agg(jsonb_build_object('type', CASE i.target_kind WHEN 's' THEN 'pg_schema' WHEN 'd' THEN 'pg_database'
                    ELSE CASE c.relkind WHEN 'v' THEN 'pg_view' WHEN 'm' THEN 'pg_matview' WHEN 'f' THEN 'pg_foreign_table' ELSE 'pg_table' END END,
                'object', concat_ws('.', current_database(), nullif(i.schema_name, ''), nullif(i.relation_name, '')), 'oid', i.target::bigint,
                'relkind', c.relkind, 'commands', i.commands))
               FROM warrant.request_items i LEFT JOIN pg_class c ON c.oid = i.target AND i.target_kind = 't' WHERE i.request_id = r.id))
        FROM warrant.requests r WHERE r.id = facts_of.request_id);
END;
$$;

-- Sends a request to the webhooks that its policies ask: those that have not had it, and again those that failed. A failure that passes must not
-- keep a request from being decided while it pends.
CREATE FUNCTION warrant.queue_deliveries(origin jsonb, request_id bigint, terms warrant.terms, statement_sha256 bytea, statement_text text,
    statement_facts jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    now timestamptz := clock_timestamp();
    queued bigint;
    again bigint;
BEGIN
    INSERT INTO warrant.deliveries (id, request_id, webhook, facts) OVERRIDING SYSTEM VALUE
    SELECT (SELECT coalesce(max(d.id), 0) FROM warrant.deliveries d) + row_number() OVER (), queue_deliveries.request_id, w.name, warrant.facts_of(origin, queue_deliveries.request_id, terms, statement_sha256, statement_text, statement_facts)
      FROM warrant.webhooks w WHERE w.name = ANY ((terms).webhooks) AND w.enabled
           AND NOT EXISTS (SELECT FROM warrant.deliveries d WHERE d.request_id = queue_deliveries.request_id AND d.webhook = w.name AND d.answer IS DISTINCT FROM 'amended');
    GET DIAGNOSTICS queued = ROW_COUNT;
    UPDATE warrant.deliveries d SET state = CASE d.state WHEN 'sending' THEN 'sending' ELSE 'queued' END, ended_at = NULL,
           awaited = d.state = 'sending' OR coalesce(d.not_before <= now, true), next_at = CASE d.state WHEN 'sending' THEN d.next_at ELSE greatest(now, d.not_before) END
     WHERE d.request_id = queue_deliveries.request_id AND d.webhook = ANY ((terms).webhooks) AND d.state <> 'answered'
           AND EXISTS (SELECT FROM warrant.webhooks w WHERE w.name = d.webhook AND w.enabled);
    GET DIAGNOSTICS again = ROW_COUNT;
    IF queued + again > 0 THEN
        UPDATE warrant.requests r SET awaited = true WHERE r.id = queue_deliveries.request_id
           AND EXISTS (SELECT FROM warrant.deliveries d WHERE d.request_id = r.id AND d.awaited AND d.state IN ('queued', 'sending'));
        PERFORM warrant.wake_courier();
    END IF;
END;
$$;

CREATE FUNCTION warrant.words_of(request warrant.requests) RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN concat_ws(', ', 'reason: ' || (request).reason, 'duration: ' || (request).duration, 'max_uses: ' || (request).max_uses);
END;
$$;

-- Gives a pending request the words that are given now and differ: who approved has approved something else, and what a webhook was sent says
-- something else, so that its answer counts no more.
CREATE FUNCTION warrant.amend_request(origin jsonb, request bigint, new_reason text, new_duration interval, new_max_uses integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    pending warrant.requests;
    words text;
    voided bigint;
BEGIN
    SELECT * INTO pending FROM warrant.requests r WHERE r.id = request;
    words := concat_ws(', ', CASE WHEN nullif(new_reason, '') <> coalesce(pending.reason, '') THEN 'reason' END,
                             CASE WHEN new_duration IS NOT NULL AND new_duration IS DISTINCT FROM pending.duration THEN 'duration' END,
                             CASE WHEN new_max_uses IS NOT NULL AND new_max_uses IS DISTINCT FROM pending.max_uses THEN 'max_uses' END);
    IF words = '' THEN
        RETURN;
    END IF;
    UPDATE warrant.requests r SET reason = coalesce(nullif(new_reason, ''), r.reason), duration = coalesce(new_duration, r.duration),
           max_uses = coalesce(new_max_uses, r.max_uses), amended_at = warrant.monotonic_now() WHERE r.id = request RETURNING * INTO pending;
    DELETE FROM warrant.decisions d WHERE d.request_id = request;
    GET DIAGNOSTICS voided = ROW_COUNT;
    UPDATE warrant.deliveries d SET state = 'answered', answer = 'amended', awaited = false, ended_at = coalesce(d.ended_at, clock_timestamp())
     WHERE d.request_id = request;
    PERFORM warrant.seal('request_amended', origin, request, NULL, array_to_string(i.commands, ','), i.target, o.schema_name, o.relation_name,
                         i.policy_name, i.policy_version, concat_ws(', ', warrant.words_of(pending), 'approvals void: ' || nullif(voided, 0)))
       FROM warrant.request_items i, warrant.object_now(i.target_kind, i.target, i.schema_name, i.relation_name) AS o WHERE i.request_id = request;
    PERFORM warrant.tell(format('request %s was amended (%s)', request, words) || CASE WHEN voided > 0 THEN '; the approvals given so far are void' ELSE '' END);
END;
$$;

-- Files a request, or finds the pending one for the same, which other words amend; may_share says whether it may.
CREATE FUNCTION warrant.file_request(origin jsonb, requester oid, items warrant.item[], reason text, duration interval, max_uses integer,
    may_share boolean, statement_sha256 bytea DEFAULT NULL, statement_text text DEFAULT NULL, statement_facts jsonb DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    terms warrant.terms := warrant.terms_of(warrant.policies_of(items));
    key text := (SELECT encode(sha256(convert_to(string_agg(format('%s:%s:%s:%s', i.target_kind, i.target, i.policy_id, i.commands), ';'
                               ORDER BY i.target_kind, i.target, i.policy_id), 'UTF8')), 'hex') FROM unnest(items) AS i);    -- an index takes no long ones
    asked_at timestamptz := warrant.monotonic_now();
    request bigint;
    filed bigint;
BEGIN
    PERFORM warrant.check_policies_stay((terms).min_approvals IS NOT NULL);
    PERFORM warrant.check_within(duration, max_uses, terms);
    IF may_share THEN
        SELECT r.id INTO request FROM warrant.requests r
         WHERE r.state = 'pending' AND r.requester = file_request.requester AND r.request_key = key AND r.expires_at > asked_at;
        IF FOUND THEN
            PERFORM warrant.amend_request(origin, request, reason, duration, max_uses);
            IF (terms).webhooks IS NOT NULL THEN
                PERFORM warrant.queue_deliveries(origin, request, terms, statement_sha256, statement_text, statement_facts);
            END IF;
            RETURN request;
        END IF;
    END IF;
    IF (terms).require_reason AND coalesce(reason, '') = '' THEN
        PERFORM warrant.fail('22023', format('policy %s requires a reason', warrant.that_require_reason(warrant.policies_of(items))), CASE WHEN statement_sha256 IS NULL
            THEN 'Give one in the call: reason => ''...''.' ELSE 'SET pg_warrant.reason = ''...'', or give one to warrant.request.' END);
    END IF;
    IF (SELECT count(*) FROM warrant.requests r WHERE r.state = 'pending' AND r.requester = file_request.requester)
       >= current_setting('pg_warrant.max_pending')::bigint THEN
        PERFORM warrant.fail('53400', format('%s requests are pending already', current_setting('pg_warrant.max_pending')),
                             'Cancel some with warrant.cancel, or wait for their decisions.');
    END IF;
    INSERT INTO warrant.requests (id, requester, requester_name, person, request_key, reason, duration, min_approvals, requested_at, expires_at, max_uses)
    OVERRIDING SYSTEM VALUE VALUES ((SELECT coalesce(max(r.id), 0) + 1 FROM warrant.requests r), requester, (warrant.role_names(ARRAY[requester]))[1],
            CASE requester WHEN warrant.user_of(origin) THEN warrant.person_of(origin) ELSE warrant.person_of(requester, NULL) END,
            key, nullif(reason, ''), duration, (terms).min_approvals, asked_at, asked_at + warrant.as_compared((terms).request_ttl), max_uses)
    RETURNING id INTO request;
    INSERT INTO warrant.request_items    -- a name that the requester's transaction has given may never be
    SELECT request, i.target_kind, i.target, o.schema_name, o.relation_name, i.commands, i.policy_id, p.name, p.version
      FROM unnest(items) AS i JOIN warrant.policies p ON p.id = i.policy_id
           CROSS JOIN LATERAL warrant.object_now(i.target_kind, i.target, i.schema_name, i.relation_name) AS o;
    GET DIAGNOSTICS filed = ROW_COUNT;
    PERFORM warrant.check_policies_stay(filed = cardinality(items));
    PERFORM warrant.seal('request_created', origin, request, NULL, array_to_string(i.commands, ','), i.target, i.schema_name, i.relation_name,
                         i.policy_name, i.policy_version, nullif(reason, ''))
       FROM warrant.request_items i WHERE i.request_id = request;
    IF may_share AND (terms).webhooks IS NOT NULL THEN
        PERFORM warrant.queue_deliveries(origin, request, terms, statement_sha256, statement_text, statement_facts);
    END IF;
    RETURN request;
END;
$$;

-- All members of a role now, through whatever other roles. A grant serves them alone: a membership that is younger does not use it.
CREATE FUNCTION warrant.members_of(role oid) RETURNS oid[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (WITH RECURSIVE found (member) AS (
                SELECT m.member FROM pg_auth_members m WHERE m.roleid = members_of.role
                UNION SELECT m.member FROM found f JOIN pg_auth_members m ON m.roleid = f.member)
            SELECT coalesce(array_agg(f.member), '{}') FROM found f);
END;
$$;

CREATE FUNCTION warrant.make_grant(origin jsonb, request bigint, grantee oid, granted_by name[], duration interval, max_uses integer,
    reason text, items warrant.item[], granters text[]) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    duration interval := warrant.as_compared(make_grant.duration);    -- which adds what it was compared as
    starts timestamptz := warrant.monotonic_now();
    made bigint;
    covered bigint;
BEGIN
    INSERT INTO warrant.grants (id, request_id, grantee, grantee_name, granted_by, reason, starts_at, ends_at, max_uses)
    OVERRIDING SYSTEM VALUE VALUES ((SELECT coalesce(max(g.id), 0) + 1 FROM warrant.grants g), request, grantee, (warrant.role_names(ARRAY[grantee]))[1], granted_by, reason, starts, starts + duration, max_uses) RETURNING id INTO made;
    INSERT INTO warrant.grant_scopes
    SELECT made, grantee, i.policy_id, i.target_kind, i.target, i.commands, starts, starts + duration, false, warrant.members_of(grantee), i.schema_name, i.relation_name, p.name, make_grant.max_uses, make_grant.granters
      FROM unnest(items) AS i JOIN warrant.policies p ON p.id = i.policy_id;
    GET DIAGNOSTICS covered = ROW_COUNT;
    PERFORM warrant.check_policies_stay(covered = cardinality(items));
    IF max_uses IS NOT NULL THEN
        INSERT INTO warrant.grant_uses VALUES (made, max_uses);
    END IF;
    PERFORM warrant.guards_changed(grantee);
    PERFORM warrant.seal('grant_created', origin, request, made, array_to_string(s.commands, ','), s.target, s.schema_name, s.relation_name, s.policy_name,
                         NULL, format('%s for %s', (warrant.role_names(ARRAY[s.grantee]))[1], duration) || coalesce(', max_uses ' || s.max_uses, ''))
       FROM warrant.grant_scopes s WHERE s.grant_id = made;
    RETURN made;
END;
$$;

CREATE FUNCTION warrant.close_grant(origin jsonb, grant_id bigint, closer name, event text, reason text) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request bigint;
    grantee oid;
BEGIN
    UPDATE warrant.grants g SET closed_at = warrant.monotonic_now(), closed_by = closer, close_reason = coalesce(close_grant.reason, event)
     WHERE g.id = close_grant.grant_id RETURNING g.request_id, g.grantee INTO request, grantee;
    UPDATE warrant.grant_scopes s SET closed = true WHERE s.grant_id = close_grant.grant_id;
    PERFORM warrant.guards_changed(grantee);
    PERFORM warrant.seal(event, origin, request, s.grant_id, array_to_string(s.commands, ','), s.target, o.schema_name, o.relation_name, s.policy_name, NULL, reason)
       FROM warrant.grant_scopes s, warrant.object_now(s.target_kind, s.target, s.schema_name, s.relation_name) AS o WHERE s.grant_id = close_grant.grant_id;
END;
$$;

-- A request that can still be decided. Raises P0002 for an unknown id, 55006 for a decided one.
CREATE FUNCTION warrant.pending_request(request_id bigint) RETURNS warrant.requests LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request warrant.requests;
BEGIN
    IF request_id IS NULL THEN
        PERFORM warrant.fail('22023', 'request id must not be NULL');
    END IF;
    SELECT * INTO request FROM warrant.requests r WHERE r.id = request_id;
    IF NOT FOUND THEN
        PERFORM warrant.fail('P0002', format('request %s does not exist', request_id));
    ELSIF request.state = 'pending' AND request.expires_at <= warrant.monotonic_now() THEN
        PERFORM warrant.fail('55006', format('request %s has expired', request_id));
    ELSIF request.state <> 'pending' THEN
        PERFORM warrant.fail('55006', format('request %s is %s', request_id, request.state));
    END IF;
    RETURN request;
END;
$$;

CREATE FUNCTION warrant.items_of_request(request_id bigint) RETURNS warrant.item[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT array_agg(ROW(i.target_kind, i.target, o.schema_name, o.relation_name, i.commands, i.policy_id)::warrant.item)
              FROM warrant.request_items i, warrant.object_now(i.target_kind, i.target, i.schema_name, i.relation_name) AS o WHERE i.request_id = $1);
END;
$$;

-- Remembers as whom the server has authenticated who acts.
CREATE FUNCTION warrant.note_identity(origin jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF origin->>'authn_id' IS NOT NULL AND NOT EXISTS (SELECT FROM warrant.identities i
        WHERE i.role = (origin->>'authenticated_user_oid')::oid AND i.identity = origin->>'authn_id') THEN
        INSERT INTO warrant.identities VALUES ((origin->>'authenticated_user_oid')::oid, origin->>'authn_id');
    END IF;
END;
$$;

REVOKE ALL ON FUNCTION warrant.note_identity(jsonb) FROM PUBLIC;

-- Whether many are behind the login: all of them are one person to the server. So is who acts under a login that is not his.
CREATE FUNCTION warrant.is_pool(role oid) RETURNS boolean LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'warrant_is_pool';
CREATE FUNCTION warrant.is_in_pool(origin jsonb) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN warrant.user_of(origin) <> (origin->>'authenticated_user_oid')::oid OR warrant.is_pool(warrant.user_of(origin));
END;
$$;
REVOKE ALL ON FUNCTION warrant.is_pool(oid), warrant.is_in_pool(jsonb) FROM PUBLIC;

-- Whether what a role is given, the one who acts can use: as this role or a member of it, with this login or another of the same person, as far
-- as is known; of a login that has not been seen the gate asks again when it uses the grant.
CREATE FUNCTION warrant.is_himself(origin jsonb, role oid) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    names text[] := warrant.names_of(origin);
BEGIN
    RETURN warrant.user_of(origin) = role OR warrant.is_member(warrant.user_of(origin), role) OR
           EXISTS (SELECT FROM unnest(role || warrant.members_of(role)) AS m (member) WHERE warrant.person_of(m.member, NULL) = ANY (names))
        OR EXISTS (SELECT FROM unnest(role || warrant.members_of(role)) AS m (member) JOIN warrant.identities i ON i.role = m.member
                    WHERE i.identity = ANY (names));
END;
$$;

-- Whether who acts is the person that the request is of, as himself or under another of his logins.
CREATE FUNCTION warrant.is_requester(origin jsonb, request warrant.requests) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (request).person = ANY (warrant.names_of(origin)) OR warrant.is_himself(origin, (request).requester);
END;
$$;

-- The votes of the person who acts. Persons are compared as they were then and as they are known now: a set_person in between must not make
-- two of one.
CREATE FUNCTION warrant.own_votes(origin jsonb, request_id bigint) RETURNS text[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(SELECT d.person FROM warrant.decisions d WHERE d.request_id = own_votes.request_id
                    AND warrant.names_of(origin) && ARRAY[d.person, warrant.person_of(d.approver, d.person)]);
END;
$$;
REVOKE ALL ON FUNCTION warrant.is_requester(jsonb, warrant.requests), warrant.own_votes(jsonb, bigint) FROM PUBLIC;

-- The checks that approving and denying share: another person, a member of every approver role.
CREATE FUNCTION warrant.check_decider(origin jsonb, request warrant.requests) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT warrant.may_decide(warrant.user_of(origin), warrant.policies_of(warrant.items_of_request((request).id))) THEN
        PERFORM warrant.fail('42501', format('permission denied to decide request %s', (request).id),
                             'Its policies name the roles whose members may.');
    END IF;
    IF warrant.is_requester(origin, request) THEN
        PERFORM warrant.fail('42501', format('request %s must be decided by another person', (request).id),
                             CASE WHEN NOT warrant.is_in_pool(origin) THEN 'warrant.cancel withdraws it.' END);
    END IF;
END;
$$;

CREATE FUNCTION warrant.do_request(origin jsonb, args jsonb) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN warrant.file_request(origin, warrant.user_of(origin), warrant.items_of(warrant.user_of(origin), args), args->>'reason',
                                (args->>'duration')::interval, (args->>'max_uses')::integer, true);
END;
$$;

-- The request has ended: nobody waits for an answer any more. One that is being asked for ends with it.
CREATE FUNCTION warrant.drop_deliveries(request_id bigint) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE warrant.deliveries d SET state = 'dropped', ended_at = clock_timestamp(), awaited = false WHERE d.request_id = drop_deliveries.request_id AND d.state = 'queued';
END;
$$;
REVOKE ALL ON FUNCTION warrant.drop_deliveries(bigint) FROM PUBLIC;

CREATE FUNCTION warrant.do_cancel(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request warrant.requests := warrant.pending_request((args->>'request_id')::bigint);
BEGIN
    IF NOT (CASE WHEN warrant.is_in_pool(origin) THEN request.requester = warrant.user_of(origin) ELSE warrant.is_requester(origin, request) END) THEN
        PERFORM warrant.fail('42501', format('permission denied to cancel request %s', request.id));
    END IF;
    UPDATE warrant.requests r SET state = 'cancelled', decided_at = warrant.monotonic_now() WHERE r.id = request.id;
    PERFORM warrant.drop_deliveries(request.id);
    PERFORM warrant.seal('request_cancelled', origin, request.id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
END;
$$;

-- An approval that was found valid: kept, and with the last one that the quorum needs the grant is made.
CREATE FUNCTION warrant.enter_approval(origin jsonb, request warrant.requests, items warrant.item[], terms warrant.terms, approver oid,
    approver_name text, person text, duration interval, max_uses integer, comment text) RETURNS bigint LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    made bigint;
BEGIN
    INSERT INTO warrant.decisions VALUES ((request).id, warrant.monotonic_now(), approver, approver_name, person, true, duration, comment, max_uses);
    IF warrant.approvals_of(request, warrant.policies_of(items)) < greatest((request).min_approvals, (terms).min_approvals) THEN
        PERFORM warrant.seal('approval', origin, (request).id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, comment);
        RETURN NULL;
    END IF;
    PERFORM warrant.seal('request_approved', origin, (request).id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, comment);
    made := warrant.make_grant(origin, (request).id, (request).requester, ARRAY(SELECT d.approver_name FROM warrant.decisions d WHERE d.request_id = (request).id AND warrant.vote_counts(d, warrant.policies_of(items))),
        least((SELECT min(d.duration) FROM warrant.decisions d WHERE d.request_id = (request).id), (request).duration,
              CASE WHEN (request).duration IS NULL AND NOT EXISTS (SELECT FROM warrant.decisions d WHERE d.request_id = (request).id AND d.duration IS NOT NULL)
                   THEN (terms).default_duration END, (terms).max_duration),
        least((SELECT min(d.max_uses) FROM warrant.decisions d WHERE d.request_id = (request).id), (request).max_uses, (terms).max_uses),
        (request).reason, items,
        ARRAY(SELECT DISTINCT n.name FROM warrant.decisions d CROSS JOIN LATERAL unnest(warrant.names_of(d.approver, d.person)) AS n (name)
               WHERE d.request_id = (request).id AND d.approver <> 0 AND warrant.vote_counts(d, warrant.policies_of(items)) ORDER BY n.name));
    UPDATE warrant.requests r SET state = 'approved', decided_at = warrant.monotonic_now(), grant_id = made WHERE r.id = (request).id;
    PERFORM warrant.drop_deliveries((request).id);
    RETURN made;
END;
$$;

CREATE FUNCTION warrant.enter_denial(origin jsonb, request warrant.requests, approver oid, approver_name text, person text, comment text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO warrant.decisions VALUES ((request).id, warrant.monotonic_now(), approver, approver_name, person, false, NULL, comment, NULL);
    UPDATE warrant.requests r SET state = 'denied', decided_at = warrant.monotonic_now() WHERE r.id = (request).id;
    PERFORM warrant.drop_deliveries((request).id);
    PERFORM warrant.seal('request_denied', origin, (request).id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, comment);
END;
$$;

CREATE FUNCTION warrant.approve_one(origin jsonb, request_id bigint, duration interval, max_uses integer, comment text) RETURNS bigint LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request warrant.requests := warrant.pending_request(request_id);
    items warrant.item[] := warrant.items_of_request(request_id);
    terms warrant.terms := warrant.terms_of(warrant.policies_of(items));
BEGIN
    PERFORM warrant.check_decider(origin, request);
    IF warrant.own_votes(origin, request_id) <> '{}' THEN
        PERFORM warrant.fail('55006', format('request %s was approved by the same person before', request_id), 'warrant.deny takes that back, and denies it.');
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = request.requester) THEN
        PERFORM warrant.fail('55006', format('role "%s", which filed request %s, is gone', request.requester_name, request.id));
    END IF;
    PERFORM warrant.check_within(duration, max_uses, terms);
    IF duration > request.duration THEN
        PERFORM warrant.fail('22023', format('an approval cannot be longer than the %s that were asked for', request.duration));
    ELSIF max_uses > request.max_uses THEN
        PERFORM warrant.fail('22023', format('an approval cannot have more than the %s uses that were asked for', request.max_uses));
    END IF;
    IF request.amended_at IS NOT NULL THEN    -- perhaps since he looked
        PERFORM warrant.tell(format('request %s had been amended; it says now: %s', request.id, warrant.words_of(request)));
    END IF;
    RETURN warrant.enter_approval(origin, request, items, terms, warrant.user_of(origin), origin->>'session_user_name', warrant.person_of(origin),
                                  duration, max_uses, comment);
END;
$$;

CREATE FUNCTION warrant.deny_one(origin jsonb, request_id bigint, comment text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request warrant.requests := warrant.pending_request(request_id);
BEGIN
    PERFORM warrant.check_decider(origin, request);
    DELETE FROM warrant.decisions d WHERE d.request_id = request.id AND d.person = ANY (warrant.own_votes(origin, request.id));
    PERFORM warrant.enter_denial(origin, request, warrant.user_of(origin), origin->>'session_user_name', warrant.person_of(origin), comment);
END;
$$;

-- A webhook's answer, which only the courier reports: one vote of webhook:<name>, when the request still waits under policies that ask it.
-- It may narrow what was asked for, never widen it. An answer that came twice counts once: its delivery has ended.
CREATE FUNCTION warrant.vote(origin jsonb, delivery warrant.deliveries, args jsonb) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request warrant.requests;
    items warrant.item[] := warrant.items_of_request((delivery).request_id);
    terms warrant.terms := warrant.terms_of(warrant.policies_of(items));
    person text := 'webhook:' || (delivery).webhook;
    voter jsonb := origin || jsonb_build_object('session_user_oid', NULL, 'session_user_name', NULL, 'current_user_name', NULL, 'authn_id', NULL,
                                                'authenticated_user_name', person);
    comment text := nullif(concat_ws(' ', nullif(args->>'reason', ''), '(approver ' || nullif(args->>'approver', '') || ', unverified)'), '');
BEGIN
    SELECT * INTO request FROM warrant.requests r WHERE r.id = (delivery).request_id;
    IF request.state <> 'pending' OR request.expires_at <= warrant.monotonic_now() THEN
        RETURN NULL;    -- somebody was quicker
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = request.requester) THEN
        RETURN 'the role that filed the request is gone';
    END IF;
    IF NOT EXISTS (SELECT FROM warrant.webhooks w WHERE w.name = (delivery).webhook AND w.enabled) OR
          EXISTS (SELECT FROM unnest(items) AS i LEFT JOIN warrant.policies p ON p.id = i.policy_id AND p.webhook = (delivery).webhook WHERE p.id IS NULL) THEN
        RETURN 'a policy of the request does not ask this webhook';
    END IF;
    IF args->>'outcome' = 'denied' THEN
        PERFORM warrant.enter_denial(voter, request, 0, person, person, comment);
    ELSE
        PERFORM warrant.enter_approval(voter, request, items, terms, 0, person, person,
            CASE WHEN args ? 'ttl_s' THEN least(make_interval(secs => (args->>'ttl_s')::double precision), coalesce(request.duration, (terms).default_duration)) END,
            (args->>'max_uses')::integer, comment);
    END IF;
    RETURN NULL;
END;
$$;

-- How long after a failure a delivery is tried again: full jitter, so that what failed together does not come again together.
CREATE FUNCTION warrant.retry_delay(attempts integer) RETURNS interval LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN random() * CASE attempts WHEN 1 THEN interval '1 s' WHEN 2 THEN interval '5 s' WHEN 3 THEN interval '30 s' ELSE interval '5 min' END; END; $$;

-- The endpoint is gone, as it says itself (410): nothing more is sent there. A policy that asks it is decided by persons.
CREATE FUNCTION warrant.disable_gone(origin jsonb, delivery warrant.deliveries) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE warrant.webhooks w SET enabled = false WHERE w.name = (delivery).webhook AND w.enabled;
    IF FOUND THEN
        PERFORM warrant.seal('webhook_changed', origin, (delivery).request_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, format('%s: disabled, its endpoint answers 410', (delivery).webhook));
    END IF;
END;
$$;

-- An error that may pass puts the delivery off, another one sets it aside. The log says each once, however often it comes.
CREATE FUNCTION warrant.do_webhook_answer(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    now timestamptz := clock_timestamp();
    delivery warrant.deliveries;
    failed boolean := args->>'outcome' = 'error';
    again boolean;
    earliest timestamptz := now + make_interval(secs => (args->>'retry_after_s')::double precision);
    problem text := args->>'error';
BEGIN
    IF NOT warrant.is_courier((origin->>'pid')::integer) THEN
        PERFORM warrant.fail('42501', 'only the courier reports answers');
    END IF;
    SELECT * INTO delivery FROM warrant.deliveries d WHERE d.id = (args->>'delivery_id')::bigint;
    IF NOT FOUND OR delivery.state NOT IN ('queued', 'sending') THEN
        RETURN;    -- its first answer counts
    END IF;
    again := failed AND (args->>'may_repeat')::boolean AND EXISTS (SELECT FROM warrant.requests r WHERE r.id = delivery.request_id AND r.state = 'pending');
    IF NOT failed AND args->>'outcome' <> 'pending' THEN
        problem := warrant.vote(origin, delivery, args);
    END IF;
    UPDATE warrant.deliveries d SET state = CASE WHEN again THEN 'queued' WHEN failed THEN 'dead' ELSE 'answered' END,
           next_at = greatest(now + warrant.retry_delay(delivery.attempts), earliest), not_before = earliest,
           ended_at = CASE WHEN NOT again THEN now END, answer = CASE WHEN NOT failed THEN args->>'outcome' END, error = problem, awaited = false
     WHERE d.id = delivery.id;
    UPDATE warrant.requests r SET awaited = false
     WHERE r.id = delivery.request_id AND r.awaited
           AND NOT EXISTS (SELECT FROM warrant.deliveries d WHERE d.request_id = r.id AND d.awaited AND d.state IN ('queued', 'sending'));
    IF again THEN
        PERFORM warrant.wake_courier();    -- which does not know yet when it is due
    END IF;
    IF (args->>'gone')::boolean THEN
        PERFORM warrant.disable_gone(origin, delivery);
    END IF;
    IF failed AND (delivery.error IS NULL OR (NOT coalesce(again, false) AND problem <> delivery.error)) THEN
        PERFORM warrant.seal('webhook_failed', origin, delivery.request_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, format('%s: %s', delivery.webhook, problem));
    END IF;
END;
$$;

-- What the courier is to send now, each row leased to it: while the lease runs it is not claimed again. At its start the courier knows that
-- nobody sends what its predecessor had claimed; what was tried often waits nevertheless, since it may be what ended the courier. What was queued
-- after last_id may still be lost with this server, and its request's number be given again.
CREATE FUNCTION warrant.claim_deliveries(at_start boolean, most integer, last_id bigint, OUT delivery_id bigint, OUT letter text) RETURNS SETOF record
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    now timestamptz := clock_timestamp();
    lease CONSTANT interval := '30 s';
BEGIN
    IF NOT warrant.is_home() THEN
        RETURN;
    END IF;
    IF at_start THEN
        UPDATE warrant.deliveries d SET state = 'queued', next_at = now + CASE WHEN d.attempts < 3 THEN interval '0' ELSE warrant.retry_delay(d.attempts) END
         WHERE d.state = 'sending';
    END IF;
    UPDATE warrant.deliveries d SET state = 'dropped', ended_at = now
     WHERE d.state IN ('queued', 'sending') AND d.next_at <= now
       AND (NOT EXISTS (SELECT FROM warrant.requests r WHERE r.id = d.request_id AND r.state = 'pending' AND r.expires_at > now)
            OR NOT EXISTS (SELECT FROM warrant.webhooks w WHERE w.name = d.webhook AND w.enabled));
    RETURN QUERY
    WITH due AS (SELECT d.id FROM warrant.deliveries d WHERE d.state IN ('queued', 'sending') AND d.next_at <= now AND d.id <= last_id ORDER BY d.next_at, d.id LIMIT most),
    claimed AS (UPDATE warrant.deliveries d SET state = 'sending', attempts = d.attempts + 1, next_at = now + lease
                  FROM due WHERE d.id = due.id RETURNING d.*)
    SELECT c.id, jsonb_build_object('webhook', w.name, 'url', w.url, 'secret_name', w.secret_name, 'allowed_networks', w.allowed_networks, 'ca_file', w.ca_file,
                                    'timeout_ms', w.timeout_ms, 'facts', c.facts)::text
      FROM claimed c JOIN warrant.webhooks w ON w.name = c.webhook ORDER BY c.id;
END;
$$;

-- Several requests at once: all or none.
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

-- An approver's direct grant. Under a quorum it is a request with one approval, and the answer NULL.
CREATE FUNCTION warrant.do_grant(origin jsonb, args jsonb) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    grantee oid := (args->>'grantee')::oid;
    items warrant.item[];
    terms warrant.terms;
    duration interval := (args->>'duration')::interval;
    max_uses integer := (args->>'max_uses')::integer;
BEGIN
    IF grantee IS NULL OR NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = grantee) THEN
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
    PERFORM warrant.seal('request_cancelled', origin, r.id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'it was filed in another database')
       FROM warrant.requests r WHERE r.state = 'pending';
    UPDATE warrant.requests r SET state = 'cancelled', decided_at = warrant.monotonic_now(), awaited = false WHERE r.state = 'pending';
    UPDATE warrant.deliveries d SET state = 'dropped', ended_at = clock_timestamp() WHERE d.state IN ('queued', 'sending');
    UPDATE warrant.webhooks w SET enabled = false WHERE w.enabled;
    UPDATE warrant.grant_scopes s SET policy_id = c.system_identifier, target = d.oid, schema_name = current_setting('pg_warrant.instance')
      FROM pg_control_system() AS c, pg_database d WHERE s.target_kind = '!' AND d.datname = current_database();
    PERFORM warrant.seal('config_changed', origin, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'adopted this copy');
END;
$$;

-- Somebody else than who asks, as nobody has proved to be him.
CREATE FUNCTION warrant.origin_of(role oid, origin jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name text := (warrant.role_names(ARRAY[role]))[1];
BEGIN
    RETURN origin || jsonb_build_object('session_user_oid', role, 'session_user_name', name, 'authenticated_user_name', name, 'authn_id', NULL);
END;
$$;

-- Whether grants cover all that a statement wanted under a policy, so young ones that its session may have decided without them: a request would ask
-- for them again. An older one does not serve it, for whatever reason.
CREATE FUNCTION warrant.is_granted_meanwhile(origin jsonb, requester oid, policy bigint, items jsonb) RETURNS boolean LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    now timestamptz := warrant.monotonic_now();
    young CONSTANT interval := '10 s';
BEGIN
    RETURN NOT EXISTS (
        SELECT FROM jsonb_array_elements(items) AS i
         WHERE (i->>'policy')::bigint = is_granted_meanwhile.policy AND NOT EXISTS (
            SELECT FROM warrant.grant_scopes s
             WHERE s.grantee = requester AND s.target = (i->>'relation')::oid AND s.target_kind = (i->>'kind')::"char" AND NOT s.closed
                   AND s.policy_id = is_granted_meanwhile.policy AND i->>'command' = ANY (s.commands)
                   AND s.starts_at > now - young AND s.ends_at > now AND NOT coalesce(s.granters && warrant.names_of(origin), false)
                   AND (s.max_uses IS NULL OR EXISTS (SELECT FROM warrant.grant_uses u WHERE u.grant_id = s.grant_id AND u.uses_left > 0))));
END;
$$;
REVOKE ALL ON FUNCTION warrant.is_granted_meanwhile(jsonb, oid, bigint, jsonb) FROM PUBLIC;

-- A refused statement: its rows, and the requests for what an approval would help. Answers the requests' ids, or why there is none and,
-- on a second line, what to do about it.
CREATE FUNCTION warrant.do_refuse(origin jsonb, args jsonb, statement jsonb, statement_sha256 bytea, statement_text text) RETURNS text LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    policy bigint;
    request bigint;
    requests bigint[] := '{}'::bigint[];
    refusal text := nullif(args->>'unfiled', '');
    advice text;
    wanted record;
    requester oid := coalesce((args->>'file_for')::oid, warrant.user_of(origin));
    files boolean := (args->>'file')::boolean OR args ? 'file_for';
BEGIN
    IF files AND NOT warrant.is_home() THEN
        files := false;
        refusal := 'this database is a copy of the one where grants were made';
        advice := 'A superuser makes it one of its own: SELECT warrant.adopt().';
    END IF;
    IF files AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = requester) THEN
        files := false;
        refusal := 'the role of this session is gone';
    END IF;
    FOR policy IN SELECT DISTINCT (i->>'policy')::bigint FROM jsonb_array_elements(args->'items') AS i
                   WHERE files AND i->>'answer' = 'request' ORDER BY 1 LOOP
        IF warrant.is_granted_meanwhile(origin, requester, policy, args->'items') THEN
            refusal := 'it was granted a moment ago';
            advice := 'Run the statement again.';
            CONTINUE;
        END IF;
        BEGIN
            request := warrant.file_request(CASE requester WHEN warrant.user_of(origin) THEN origin ELSE warrant.origin_of(requester, origin) END, requester, ARRAY(
                SELECT ROW(w.kind, w.relation, w.schema_name, w.relation_name, w.commands, policy)::warrant.item
                  FROM (SELECT (i->>'kind')::"char" AS kind, (i->>'relation')::oid AS relation, i->>'schema' AS schema_name, i->>'name' AS relation_name,
                               array_agg(i->>'command' ORDER BY i->>'command') AS commands
                          FROM jsonb_array_elements(args->'items') AS i WHERE (i->>'policy')::bigint = policy GROUP BY 1, 2, 3, 4) AS w),
                args->>'reason', nullif(args->>'duration', '')::interval, NULL, true, statement_sha256, statement_text,
                jsonb_strip_nulls(jsonb_build_object('command_tag', nullif(args->>'tag', ''), 'estimated_rows',
                    (SELECT max((i->>'rows')::bigint) FROM jsonb_array_elements(args->'items') AS i WHERE (i->>'policy')::bigint = policy AND (i->>'rows')::bigint >= 0))));
            requests := requests || request;
        EXCEPTION WHEN invalid_parameter_value OR configuration_limit_exceeded OR invalid_datetime_format OR object_in_use THEN
            GET STACKED DIAGNOSTICS refusal = MESSAGE_TEXT, advice = PG_EXCEPTION_HINT;
        END;
    END LOOP;
    FOR wanted IN SELECT i, row_number() OVER () AS place FROM jsonb_array_elements(args->'items') AS i LOOP
        PERFORM warrant.seal('refused', origin,
            (SELECT q.request_id FROM warrant.request_items q WHERE q.request_id = ANY (requests) AND q.policy_id = (wanted.i->>'policy')::bigint LIMIT 1),
            NULL, wanted.i->>'command', CASE WHEN wanted.i->>'kind' = 't' THEN (wanted.i->>'relation')::oid END, wanted.i->>'schema', wanted.i->>'name', nullif(wanted.i->>'policy_name', ''),
            nullif((wanted.i->>'policy_version')::integer, 0), nullif(concat_ws(' ', args->>'comment', refusal), ''), statement, statement_sha256, CASE WHEN wanted.place <= 16 THEN statement_text END);
    END LOOP;
    RETURN coalesce(nullif(array_to_string(requests, ','), ''), concat_ws(E'\n', refusal, nullif(advice, '')), '');
END;
$$;

-- A statement that runs under limited grants: one use of each, together with its rows. Answers NULL, or which grant somebody else used up, or
-- ended, meanwhile; then nothing is spent or written. Nobody else writes these tables, so that what is looked at stays.
CREATE FUNCTION warrant.do_spend(origin jsonb, args jsonb, statement jsonb, statement_sha256 bytea, statement_text text) RETURNS text LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    spent bigint[] := ARRAY(SELECT e::bigint FROM jsonb_array_elements_text(args->'grants') AS e);
    used_up bigint;
BEGIN
    SELECT w.id INTO used_up FROM unnest(spent) AS w (id)
     WHERE NOT EXISTS (SELECT FROM warrant.grant_uses u JOIN warrant.grants g ON g.id = u.grant_id
                        WHERE u.grant_id = w.id AND u.uses_left > 0 AND g.closed_at IS NULL AND g.ends_at > warrant.monotonic_now());
    IF FOUND THEN
        RETURN used_up;    -- nothing is spent
    END IF;
    UPDATE warrant.grant_uses u SET uses_left = u.uses_left - 1 WHERE u.grant_id = ANY (spent);
    PERFORM warrant.seal(l->>'event', origin, NULL, nullif((l->>'grant')::bigint, 0), l->>'command', (l->>'relation')::oid, l->>'schema', l->>'name',
                         l->>'policy_name', (l->>'policy_version')::integer, NULL, statement, statement_sha256, CASE WHEN place <= 16 THEN statement_text END)
       FROM jsonb_array_elements(args->'lines') WITH ORDINALITY AS e (l, place);
    PERFORM warrant.seal('grant_used_up', origin, g.request_id, s.grant_id, array_to_string(s.commands, ','), s.target, o.schema_name, o.relation_name,
                         s.policy_name, NULL, NULL, jsonb_build_object('statement_id', statement->'statement_id'))
       FROM warrant.grant_uses u JOIN warrant.grants g ON g.id = u.grant_id JOIN warrant.grant_scopes s ON s.grant_id = u.grant_id
            CROSS JOIN LATERAL warrant.object_now(s.target_kind, s.target, s.schema_name, s.relation_name) AS o
      WHERE u.grant_id = ANY (spent) AND u.uses_left = 0;
    RETURN NULL;
END;
$$;

-- What became of an action. Its caller, and auditors, may know.
CREATE FUNCTION warrant.do_ask_result(origin jsonb, args jsonb) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result warrant.action_results;
BEGIN
    SELECT * INTO result FROM warrant.action_results a WHERE a.action_id = (args->>'action_id')::bigint
       AND (a.session_user_oid = warrant.user_of(origin) OR warrant.is_member(warrant.user_of(origin), 'warrant_auditor'::regrole));
    RETURN json_build_object('done', coalesce(result.done, false), 'answer', coalesce(result.answer, result.message));
END;
$$;

-- The one entry point of the recorder.
CREATE FUNCTION warrant.act(action text, origin jsonb, args jsonb, statement jsonb, statement_sha256 bytea, statement_text text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF action IN ('request', 'approve', 'grant') AND NOT warrant.is_home() THEN
        PERFORM warrant.fail('55000', 'this database is a copy of the one where grants were made', 'A superuser makes it one of its own: SELECT warrant.adopt().');
    END IF;
    PERFORM warrant.note_identity(origin);
    IF action NOT IN ('refuse', 'spend') AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = warrant.user_of(origin)) THEN
        PERFORM warrant.fail('42501', 'the role of this session is gone');
    END IF;
    CASE action
        WHEN 'refuse' THEN RETURN warrant.do_refuse(origin, args, statement, statement_sha256, statement_text);
        WHEN 'spend' THEN RETURN warrant.do_spend(origin, args, statement, statement_sha256, statement_text);
        WHEN 'request' THEN RETURN warrant.do_request(origin, args);
        WHEN 'cancel' THEN PERFORM warrant.do_cancel(origin, args);
        WHEN 'approve' THEN RETURN warrant.do_approve(origin, args);
        WHEN 'deny' THEN PERFORM warrant.do_deny(origin, args);
        WHEN 'grant' THEN RETURN warrant.do_grant(origin, args);
        WHEN 'revoke' THEN PERFORM warrant.do_revoke(origin, args);
        WHEN 'adopt' THEN PERFORM warrant.do_adopt(origin, args);
        WHEN 'ask_result' THEN RETURN warrant.do_ask_result(origin, args);
        WHEN 'webhook_answer' THEN PERFORM warrant.do_webhook_answer(origin, args);
        ELSE PERFORM warrant.fail('0A000', format('unknown action "%s"', action));
    END CASE;
    RETURN NULL;
END;
$$;

-- Closes what has expired and what became impossible; returns when to look again.
CREATE FUNCTION warrant.sweep() RETURNS timestamptz LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    now timestamptz := warrant.monotonic_now();
    nobody CONSTANT jsonb := '{}'::jsonb;
    ended record;
    orphans integer := 0;
BEGIN
    FOR ended IN SELECT r.id FROM warrant.requests r WHERE r.state = 'pending' AND r.expires_at <= now ORDER BY r.expires_at, r.id LIMIT 100 LOOP
        UPDATE warrant.requests r SET state = 'expired', decided_at = now WHERE r.id = ended.id;
        PERFORM warrant.drop_deliveries(ended.id);
        PERFORM warrant.seal('request_expired', nobody, ended.id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    END LOOP;
    FOR ended IN SELECT g.id FROM warrant.grants g WHERE g.closed_at IS NULL AND g.ends_at <= now ORDER BY g.ends_at, g.id LIMIT 100 LOOP
        PERFORM warrant.close_grant(nobody, ended.id, NULL, 'grant_expired', NULL);
    END LOOP;
    IF warrant.policies_moved() THEN
        -- From one policy to the next in the index, whatever the number of their grants.
        FOR ended IN WITH RECURSIVE used (policy) AS (
                       (SELECT s.policy_id FROM warrant.grant_scopes s WHERE NOT s.closed ORDER BY s.policy_id LIMIT 1)
                       UNION ALL SELECT (SELECT s.policy_id FROM warrant.grant_scopes s WHERE NOT s.closed AND s.policy_id > u.policy ORDER BY s.policy_id LIMIT 1)
                                   FROM used u WHERE u.policy IS NOT NULL)
                     SELECT DISTINCT s.grant_id AS id FROM used u JOIN warrant.grant_scopes s ON s.policy_id = u.policy AND NOT s.closed JOIN warrant.grants g ON g.id = s.grant_id
                      WHERE NOT EXISTS (SELECT FROM warrant.policies p WHERE p.id = u.policy) AND g.closed_at IS NULL
                        AND NOT EXISTS (SELECT FROM warrant.grant_scopes o JOIN warrant.policies p ON p.id = o.policy_id WHERE o.grant_id = s.grant_id)
                      LIMIT 100 LOOP
            PERFORM warrant.close_grant(nobody, ended.id, NULL, 'grant_revoked', 'its policy is gone');
            orphans := orphans + 1;
        END LOOP;
        IF orphans = 100 THEN
            RETURN now;    -- there may be more
        END IF;
        PERFORM warrant.policies_swept();
    END IF;
    -- The oldest have the lowest numbers.
    DELETE FROM warrant.action_results a WHERE a.action_id IN (SELECT o.action_id FROM warrant.action_results o ORDER BY o.action_id LIMIT 1000) AND a.done_at < now - interval '1 day';
    DELETE FROM warrant.deliveries d WHERE d.id IN (SELECT o.id FROM warrant.deliveries o ORDER BY o.id LIMIT 1000) AND d.ended_at < now - interval '30 days';
    RETURN least((SELECT min(r.expires_at) FROM warrant.requests r WHERE r.state = 'pending'),
                 (SELECT min(g.ends_at) FROM warrant.grants g WHERE g.closed_at IS NULL));
END;
$$;

-- Whether the table, schema or database is still there.
CREATE FUNCTION warrant.target_exists(kind "char", target oid) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE kind WHEN 't' THEN EXISTS (SELECT FROM pg_class c WHERE c.oid = target)
                     WHEN 's' THEN EXISTS (SELECT FROM pg_namespace n WHERE n.oid = target) ELSE true END;
END;
$$;

-- Leaves a row for a change of one of the gate's settings, unless the log knows the value already.
CREATE FUNCTION warrant.note_setting(setting text, now text, at timestamptz) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gate CONSTANT text := 'pg_warrant.enforcement';
    was text := (SELECT k.value FROM warrant.known_settings k WHERE k.name = setting);
BEGIN
    IF was = now THEN
        RETURN;
    END IF;
    UPDATE warrant.known_settings k SET value = now WHERE k.name = setting;
    IF NOT FOUND THEN
        INSERT INTO warrant.known_settings VALUES (setting, now);
    END IF;
    IF was IS NOT NULL OR (setting = gate AND now <> 'enforce') THEN
        PERFORM warrant.seal(CASE WHEN setting <> gate THEN 'config_changed' WHEN now = 'enforce' THEN 'gate_on' ELSE 'gate_off' END, '{}',
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, CASE setting WHEN 'pg_warrant.secret_file' THEN setting || ' is another'
            ELSE format('%s: "%s", was "%s"', setting, now, coalesce(was, 'enforce')) END, jsonb_build_object('occurred_at', at));
    END IF;
END;
$$;

-- Leaves a row for each setting of the gate that is not what the log knows, and for each value that was in force in between. What a new log finds is
-- where it begins, but for a gate that is not on. changes: since the last call, of text without the value, and what the server has now where that is
-- no text, whatever the recorder itself has read so far.
CREATE FUNCTION warrant.note_settings(changes jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed record;
BEGIN
    FOR changed IN SELECT c.name, c.value, c.at FROM jsonb_to_recordset(changes) AS c (name text, value text, at timestamptz, last boolean)
                    WHERE NOT c.last ORDER BY c.at LOOP
        IF changed.value IS NOT NULL THEN
            PERFORM warrant.note_setting(changed.name, changed.value, changed.at);
        ELSE
            PERFORM warrant.seal('config_changed', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, changed.name || ' was another for a while',
                                 jsonb_build_object('occurred_at', changed.at));
        END IF;
    END LOOP;
    FOR changed IN SELECT s.name, coalesce(c.value, s.setting) AS value, c.at
                     FROM pg_settings s LEFT JOIN jsonb_to_recordset(changes) AS c (name text, value text, at timestamptz, last boolean) ON c.name = s.name AND c.last
                    WHERE s.name LIKE 'pg\_warrant.%' AND s.context IN ('sighup', 'postmaster') ORDER BY s.name LOOP
        PERFORM warrant.note_setting(changed.name, changed.value, changed.at);
    END LOOP;
END;
$$;
REVOKE ALL ON FUNCTION warrant.note_setting(text, text, timestamptz), warrant.note_settings(jsonb) FROM PUBLIC;

-- Roles that are gone as 0, in their places.
CREATE FUNCTION warrant.without_gone(roles oid[]) RETURNS oid[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT coalesce(array_agg(coalesce(a.oid, 0) ORDER BY r.place), '{}') FROM unnest(roles) WITH ORDINALITY AS r (role, place) LEFT JOIN pg_roles a ON a.oid = r.role);
END;
$$;

-- The server gives numbers again: definitions forget those of what is gone, and keep its name. Rows that an open transaction changes are left to
-- the next time, as the recorder waits for nobody.
CREATE FUNCTION warrant.forget_gone() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gone record;
BEGIN
    UPDATE warrant.policies p SET target = 0 WHERE p.id IN (SELECT q.id FROM warrant.policies q
        WHERE q.target_kind IN ('t', 's') AND q.target <> 0 AND NOT warrant.target_exists(q.target_kind, q.target) FOR UPDATE SKIP LOCKED);
    UPDATE warrant.policies p SET for_roles = warrant.without_gone(p.for_roles), except_roles = warrant.without_gone(p.except_roles),
           definer_roles = warrant.without_gone(p.definer_roles), approver_role = (warrant.without_gone(ARRAY[p.approver_role]))[1]
     WHERE p.id IN (SELECT q.id FROM warrant.policies q WHERE q.target_kind <> '!'
        AND EXISTS (SELECT FROM unnest(q.for_roles || q.except_roles || q.definer_roles || q.approver_role) AS r (role)
                     WHERE r.role <> 0 AND NOT EXISTS (SELECT FROM pg_roles a WHERE a.oid = r.role)) FOR UPDATE SKIP LOCKED);
    FOR gone IN DELETE FROM warrant.persons s WHERE s.role IN (SELECT q.role FROM warrant.persons q
                 WHERE NOT EXISTS (SELECT FROM pg_roles a WHERE a.oid = q.role) FOR UPDATE SKIP LOCKED) RETURNING s.role_name LOOP
        PERFORM warrant.seal('person_changed', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, format('%s: nobody in particular, the role is gone', gone.role_name));
    END LOOP;
    DELETE FROM warrant.identities i WHERE NOT EXISTS (SELECT FROM pg_roles a WHERE a.oid = i.role);
END;
$$;
REVOKE ALL ON FUNCTION warrant.without_gone(oid[]), warrant.forget_gone() FROM PUBLIC;

-- Closes what nobody can decide or use any more: a role, a policy or what it is about is gone, and its number may be given to another one day.
-- The recorder calls it when something was dropped, a portion at a time: first of the pending requests, then of grantees and targets. place is where
-- the last call has stopped, NULL at the beginning; returns where the next is to go on, NULL at the end.
CREATE FUNCTION warrant.sweep_orphans(place jsonb) RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    nobody CONSTANT jsonb := '{}'::jsonb;
    most CONSTANT integer := 100;    -- that are closed
    ended record;
    seen integer := 0;
    closed integer := 0;
    last_grantee oid := coalesce(place->>'grantee', '0')::oid;
    last_target oid := coalesce(place->>'target', '0')::oid;
    last_end timestamptz := coalesce(place->>'expires_at', '-infinity')::timestamptz;
    last_id bigint := coalesce(place->>'id', '0')::bigint;
BEGIN
    IF place->>'grantee' IS NULL THEN
        FOR ended IN SELECT r.id, r.expires_at,
                            CASE WHEN NOT EXISTS (SELECT FROM pg_roles a WHERE a.oid = r.requester) THEN 'the role that filed it is gone'
                                 WHEN EXISTS (SELECT FROM warrant.request_items i WHERE i.request_id = r.id AND NOT EXISTS (SELECT FROM warrant.policies p WHERE p.id = i.policy_id))
                                 THEN 'its policy is gone'
                                 WHEN NOT EXISTS (SELECT FROM warrant.request_items i WHERE i.request_id = r.id AND warrant.target_exists(i.target_kind, i.target))
                                 THEN 'what it asks for is gone' END AS reason
                       FROM warrant.requests r WHERE r.state = 'pending' AND r.expires_at >= last_end AND (r.expires_at, r.id) > (last_end, last_id)
                      ORDER BY r.expires_at, r.id LIMIT 500 LOOP
            seen := seen + 1;
            last_end := ended.expires_at;
            last_id := ended.id;
            CONTINUE WHEN ended.reason IS NULL;
            UPDATE warrant.requests r SET state = 'cancelled', decided_at = warrant.monotonic_now(), awaited = false WHERE r.id = ended.id;
            PERFORM warrant.seal('request_cancelled', nobody, ended.id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ended.reason);
            closed := closed + 1;
            EXIT WHEN closed = most;
        END LOOP;
        IF seen = 500 OR closed = most THEN
            RETURN jsonb_build_object('expires_at', last_end, 'id', last_id);
        END IF;
    END IF;
    -- From one grantee and target to the next in the index, whatever the number of their grants.
    FOR ended IN WITH RECURSIVE used (grantee, target, place) AS (
                   (SELECT s.grantee, s.target, 1 FROM warrant.grant_scopes s WHERE NOT s.closed AND s.grantee > '0' AND (s.grantee, s.target) > (last_grantee, last_target)
                     ORDER BY s.grantee, s.target LIMIT 1)
                   UNION ALL SELECT n.grantee, n.target, u.place + 1 FROM used u CROSS JOIN LATERAL (
                       SELECT s.grantee, s.target FROM warrant.grant_scopes s WHERE NOT s.closed AND (s.grantee, s.target) > (u.grantee, u.target)
                        ORDER BY s.grantee, s.target LIMIT 1) n WHERE u.place < 1000),
                 last AS (SELECT u.grantee, u.target FROM used u WHERE u.place = 1000),
                 gone AS MATERIALIZED (
                   SELECT u.grantee, u.target, a.oid IS NULL AS of_role FROM used u LEFT JOIN pg_authid a ON a.oid = u.grantee
                    WHERE a.oid IS NULL OR NOT (EXISTS (SELECT FROM pg_class c WHERE c.oid = u.target) OR EXISTS (SELECT FROM pg_namespace n WHERE n.oid = u.target)
                                                OR EXISTS (SELECT FROM pg_database d WHERE d.oid = u.target)))
                 SELECT NULL::bigint AS id, NULL::text AS reason, l.grantee, l.target FROM last l
                 UNION ALL
                 (SELECT DISTINCT s.grant_id, CASE WHEN g.of_role THEN 'its role is gone' ELSE 'what it covers is gone' END, NULL::oid, NULL::oid
                   FROM gone g JOIN warrant.grant_scopes s ON s.grantee = g.grantee AND s.target = g.target
                  WHERE NOT s.closed AND (g.of_role OR NOT EXISTS (SELECT FROM warrant.grant_scopes o WHERE o.grant_id = s.grant_id AND warrant.target_exists(o.target_kind, o.target)))
                  LIMIT most) LOOP
        IF ended.id IS NULL THEN
            seen := -1;
            place := jsonb_build_object('grantee', ended.grantee, 'target', ended.target);
            CONTINUE;
        END IF;
        PERFORM warrant.close_grant(nobody, ended.id, NULL, 'grant_revoked', ended.reason);
        closed := closed + 1;
    END LOOP;
    IF closed >= most THEN    -- there may be more among these
        RETURN jsonb_build_object('grantee', last_grantee, 'target', last_target);
    ELSIF seen = -1 THEN
        RETURN place;
    END IF;
    PERFORM warrant.forget_gone();
    RETURN NULL;
END;
$$;
REVOKE ALL ON FUNCTION warrant.target_exists("char", oid), warrant.sweep_orphans(jsonb) FROM PUBLIC;

DO $$
DECLARE
    internal pg_catalog.regprocedure;
BEGIN
    FOR internal IN SELECT p.oid FROM pg_catalog.pg_proc p WHERE p.pronamespace OPERATOR(pg_catalog.=) 'warrant'::pg_catalog.regnamespace
        AND (p.proname IN ('seal', 'seal_definitions', 'fail', 'user_of', 'items_on', 'items_in', 'items_of', 'terms_of',
             'policies_of', 'check_policies_stay', 'check_within', 'may_decide', 'words_of', 'amend_request', 'file_request', 'members_of', 'make_grant', 'close_grant', 'pending_request', 'items_of_request',
             'is_himself', 'origin_of', 'check_decider', 'approve_one', 'deny_one', 'enter_approval', 'enter_denial', 'vote', 'facts_of', 'queue_deliveries', 'retry_delay', 'disable_gone', 'claim_deliveries', 'ids_of', 'act', 'sweep', 'person_of', 'names_of') OR p.proname LIKE 'do\_%') LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', internal);
    END LOOP;
END;
$$;
