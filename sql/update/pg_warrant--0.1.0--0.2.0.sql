\echo Use "ALTER EXTENSION pg_warrant UPDATE TO '0.2.0'" to load this file. \quit

-- Limits on uses. Columns come last and are NULL in what there is: no table is rewritten, and what has no number has no limit.
ALTER TABLE warrant.policies ADD COLUMN max_uses integer CHECK (max_uses > 0);
ALTER TABLE warrant.requests ADD COLUMN max_uses integer;
ALTER TABLE warrant.decisions ADD COLUMN max_uses integer;
ALTER TABLE warrant.grants ADD COLUMN max_uses integer;
ALTER TABLE warrant.grant_scopes ADD COLUMN max_uses integer;
ALTER TYPE warrant.terms ADD ATTRIBUTE max_uses integer;

CREATE TABLE warrant.grant_uses (
    grant_id bigint PRIMARY KEY,
    uses_left integer NOT NULL CHECK (uses_left >= 0)
) WITH (fillfactor = 50);
COMMENT ON TABLE warrant.grant_uses IS 'how many statements may still run under a grant of a limited number of uses';
GRANT SELECT ON warrant.grant_uses TO warrant_auditor, warrant_approver;

-- A publication FOR ALL TABLES refuses UPDATE of a table without one, the recorder's too.
ALTER TABLE warrant.grant_scopes REPLICA IDENTITY FULL;
ALTER TABLE warrant.recorder_state REPLICA IDENTITY FULL;

-- Functions whose parameters are others now.
DROP FUNCTION warrant.governing_schema_policy(oid, oid);
DROP FUNCTION warrant.create_policy(text, text, regclass, name, boolean, regrole[], regrole[], text[], integer, text, integer, regrole, interval,
    interval, interval, boolean, text, boolean, text, regrole[]);
DROP FUNCTION warrant.check_within(interval, warrant.terms);
DROP FUNCTION warrant.file_request(jsonb, oid, warrant.item[], text, interval, boolean, bytea, text, jsonb);
DROP FUNCTION warrant.make_grant(jsonb, bigint, oid, name[], interval, text, warrant.item[]);
DROP FUNCTION warrant.enter_approval(jsonb, warrant.requests, warrant.item[], warrant.terms, oid, text, text, interval, text);
DROP FUNCTION warrant.approve_one(jsonb, bigint, interval, text);
DROP FUNCTION warrant.request(text[], regclass, regclass[], name, boolean, text, interval);
DROP FUNCTION warrant.approve(bigint, interval, text);
DROP FUNCTION warrant.approve(bigint[], interval, text);
DROP FUNCTION warrant.grant(regrole, text[], regclass, regclass[], name, boolean, interval, text);

-- Everything else is as the script of 0.2.0 has it.
CREATE FUNCTION warrant.governing_schema_policy(subject oid, command text, schema oid) RETURNS bigint LANGUAGE c
    AS 'MODULE_PATHNAME', 'warrant_governing_schema_policy';

REVOKE ALL ON FUNCTION warrant.governing_schema_policy(oid, text, oid) FROM PUBLIC;

-- A number of uses must be positive; NULL is no limit.
CREATE FUNCTION warrant.check_max_uses(value integer) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF value <= 0 THEN
        RAISE EXCEPTION 'max_uses must be positive' USING ERRCODE = 'invalid_parameter_value';
    END IF;
END;
$$;

REVOKE ALL ON FUNCTION warrant.check_max_uses(integer) FROM PUBLIC;

-- Whether a new policy lets through, or lets fewer or others decide about, what one that it takes precedence over does not.
CREATE OR REPLACE FUNCTION warrant.relaxes(made warrant.policies) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT made.effect = 'open' OR made.except_roles <> '{}' OR made.definer_roles <> '{}' OR made.webhook IS NOT NULL OR EXISTS (
        SELECT FROM warrant.policies q
         WHERE q.id <> made.id AND q.target_kind <> '!' AND q.effect <> 'open' AND q.mode = 'enforce' AND q.commands && made.commands
           AND (q.target_kind = 'd' OR made.target_kind = 'd' OR (q.target_schema = made.target_schema AND 's' IN (q.target_kind, made.target_kind))
                OR (q.target_kind, q.target) = (made.target_kind, made.target))
           AND (made.priority, strpos('dst', made.target_kind::text), (made.for_roles <> '{}')::integer)
               > (q.priority, strpos('dst', q.target_kind::text), (q.for_roles <> '{}')::integer)
           AND (made.mode = 'monitor' OR (made.effect = 'approve' AND (q.effect = 'deny' OR made.min_approvals < q.min_approvals
                OR made.approver_role <> q.approver_role OR made.require_reason < q.require_reason OR coalesce(made.max_uses, 2147483647) > coalesce(q.max_uses, 2147483647)
                OR coalesce(made.max_duration, warrant.setting_interval('pg_warrant.max_duration')) > coalesce(q.max_duration, warrant.setting_interval('pg_warrant.max_duration'))))))
$$;

CREATE FUNCTION warrant.create_policy(
    name text, effect text, on_table regclass DEFAULT NULL, on_schema name DEFAULT NULL, on_database boolean DEFAULT false,
    for_roles regrole[] DEFAULT '{}', except_roles regrole[] DEFAULT '{}', commands text[] DEFAULT '{ALL}', priority integer DEFAULT 0,
    mode text DEFAULT 'enforce', min_approvals integer DEFAULT 1, approver_role regrole DEFAULT NULL, default_duration interval DEFAULT NULL,
    max_duration interval DEFAULT NULL, request_ttl interval DEFAULT NULL, max_uses integer DEFAULT NULL, require_reason boolean DEFAULT false,
    audit text DEFAULT NULL, audit_wait boolean DEFAULT true, webhook text DEFAULT NULL, definer_roles regrole[] DEFAULT '{}'
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    made warrant.policies;
BEGIN
    IF num_nonnulls(on_table, on_schema, nullif(on_database, false)) <> 1 THEN
        RAISE EXCEPTION 'exactly one of on_table, on_schema and on_database must be given' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF num_nulls(name, effect, commands, priority, mode, min_approvals, require_reason, audit_wait) > 0 THEN
        RAISE EXCEPTION 'only targets, approver_role, durations, max_uses, audit and webhook may be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF name = '' OR octet_length(name) > 128 THEN
        RAISE EXCEPTION 'a policy''s name has between 1 and 128 bytes' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF effect NOT IN ('open', 'approve', 'deny') THEN
        RAISE EXCEPTION 'unknown effect "%"', effect USING ERRCODE = 'invalid_parameter_value', HINT = 'Effects are open, approve and deny.';
    END IF;
    IF mode NOT IN ('enforce', 'monitor') THEN
        RAISE EXCEPTION 'unknown mode "%"', mode USING ERRCODE = 'invalid_parameter_value', HINT = 'Modes are enforce and monitor.';
    END IF;
    IF audit NOT IN ('statement', 'none') THEN
        RAISE EXCEPTION 'unknown audit "%"', audit USING ERRCODE = 'invalid_parameter_value', HINT = 'Audit is statement or none.';
    END IF;
    IF min_approvals NOT BETWEEN 1 AND 100 THEN
        RAISE EXCEPTION 'min_approvals must be between 1 and 100' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM warrant.check_duration(default_duration, 'default_duration'), warrant.check_duration(max_duration, 'max_duration'),
            warrant.check_duration(request_ttl, 'request_ttl'), warrant.check_max_uses(max_uses);
    IF default_duration > max_duration THEN
        RAISE EXCEPTION 'default_duration must not exceed max_duration' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF webhook IS NOT NULL AND effect <> 'approve' THEN
        RAISE EXCEPTION 'only a policy of effect approve asks a webhook' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM FROM warrant.webhooks w WHERE w.name = webhook FOR KEY SHARE;
    IF NOT FOUND AND webhook IS NOT NULL THEN
        RAISE EXCEPTION 'webhook "%" does not exist', webhook USING ERRCODE = 'invalid_parameter_value', HINT = 'warrant.add_webhook adds it.';
    END IF;
    made.target_schema := '';
    made.target_name := '';
    IF on_table IS NOT NULL THEN
        PERFORM warrant.check_target(on_table);
        made.target_kind := 't';
        made.target := on_table;
        SELECT n.nspname, c.relname INTO made.target_schema, made.target_name
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = on_table;
    ELSIF on_schema IS NOT NULL THEN
        SELECT 's', n.oid, n.nspname INTO made.target_kind, made.target, made.target_schema FROM pg_namespace n WHERE n.nspname = on_schema;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'schema "%" does not exist', on_schema USING ERRCODE = 'invalid_schema_name';
        END IF;
        IF on_schema IN ('pg_catalog', 'information_schema', 'pg_toast', 'warrant') OR on_schema ~ '^pg_(toast_)?temp_' THEN
            RAISE EXCEPTION 'schema "%" cannot be protected', on_schema USING ERRCODE = 'wrong_object_type';
        END IF;
    ELSE
        made.target_kind := 'd';
        made.target := (SELECT d.oid FROM pg_database d WHERE d.datname = current_database());
    END IF;
    made.name := name;
    made.effect := effect;
    made.commands := warrant.expand_commands(commands);
    made.for_roles := warrant.role_oids(for_roles, 'for_roles');
    made.except_roles := warrant.role_oids(except_roles, 'except_roles');
    made.definer_roles := warrant.role_oids(definer_roles, 'definer_roles');
    made.approver_role := coalesce(approver_role, 'warrant_approver'::regrole);
    BEGIN
        INSERT INTO warrant.policies (name, effect, target_kind, target, target_schema, target_name, commands, for_roles, except_roles,
            priority, mode, audit, audit_wait, for_role_names, except_role_names, min_approvals, approver_role, approver_role_name,
            default_duration, max_duration, request_ttl, require_reason, webhook, definer_roles, definer_role_names, max_uses)
        VALUES (made.name, made.effect, made.target_kind, made.target, made.target_schema, made.target_name, made.commands, made.for_roles,
            made.except_roles, priority, mode, coalesce(audit, CASE effect WHEN 'open' THEN 'none' ELSE 'statement' END), audit_wait,
            warrant.role_names(made.for_roles), warrant.role_names(made.except_roles), min_approvals, made.approver_role,
            (warrant.role_names(ARRAY[made.approver_role]))[1], default_duration, max_duration, request_ttl, require_reason, webhook,
            made.definer_roles, warrant.role_names(made.definer_roles), max_uses)
        RETURNING * INTO made;
    EXCEPTION WHEN unique_violation THEN
        RAISE EXCEPTION 'policy "%" exists already', name USING ERRCODE = 'duplicate_object';
    END;
    PERFORM warrant.note_definition(event.word, name, 1,
            format('%s on %s', effect, CASE made.target_kind WHEN 't' THEN format('%I.%I', made.target_schema, made.target_name)
                                                             WHEN 's' THEN format('schema %I', made.target_schema) ELSE 'this database' END))
       FROM unnest('{policy_created,weakened}'::text[]) WITH ORDINALITY AS event (word, place)
      WHERE event.word = 'policy_created' OR warrant.relaxes(made) ORDER BY event.place;
    RETURN name;
END;
$$;

REVOKE ALL ON FUNCTION warrant.create_policy(text, text, regclass, name, boolean, regrole[], regrole[], text[], integer, text, integer, regrole,
    interval, interval, interval, integer, boolean, text, boolean, text, regrole[]) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION warrant.create_policy(text, text, regclass, name, boolean, regrole[], regrole[], text[], integer, text, integer,
    regrole, interval, interval, interval, integer, boolean, text, boolean, text, regrole[]) TO warrant_admin;

COMMENT ON FUNCTION warrant.create_policy(text, text, regclass, name, boolean, regrole[], regrole[], text[], integer, text, integer, regrole,
    interval, interval, interval, integer, boolean, text, boolean, text, regrole[]) IS
'Adds a policy: who (for_roles minus except_roles, everybody when empty) may do which commands to one table, schema or this database:
open, approve or deny. The highest priority wins, then table before schema before database, then named roles before all, then deny before
approve before open. mode: enforce or monitor (audits would_refuse). min_approvals: distinct persons, members of approver_role
(warrant_approver). default_duration, max_duration, request_ttl: NULL for the settings. max_uses: of each grant, in statements; NULL for no limit.
audit: statement or none (NULL: none for open).
audit_wait: the row is durable before the statement''s first effect. webhook: decides its requests, with one vote.
definer_roles: owners whose views and SECURITY DEFINER functions are audited, not gated. Returns the name. Raises 22023, 42809, 42710. Effective after COMMIT.';

-- The items of a request for a whole schema (or, with NULL, the database): one for each policy that governs something in it now, or would
-- govern what is created there.
CREATE OR REPLACE FUNCTION warrant.items_in(subject oid, commands text[], schema_name name) RETURNS SETOF warrant.item LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF schema_name IS NOT NULL AND to_regnamespace(quote_ident(schema_name)) IS NULL THEN
        PERFORM warrant.fail('3F000', format('schema "%s" does not exist', schema_name));
    END IF;
    RETURN QUERY SELECT CASE WHEN schema_name IS NULL THEN 'd' ELSE 's' END::"char",
           coalesce(to_regnamespace(quote_ident(schema_name))::oid, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())),
           coalesce(schema_name, ''), ''::name, array_agg(DISTINCT w.command), p.id
      FROM (SELECT c.command, warrant.governing_policy(subject, c.command, r.oid)
              FROM pg_class r CROSS JOIN unnest(commands) AS c (command)
             WHERE c.command <> 'ADMIN' AND r.relkind IN ('r', 'p', 'f', 'v', 'm') AND (schema_name IS NULL OR r.relnamespace = to_regnamespace(quote_ident(schema_name)))
            UNION ALL SELECT c.command, warrant.governing_schema_policy(subject, c.command, n.oid) FROM pg_namespace n CROSS JOIN unnest(commands) AS c (command)
             WHERE c.command <> 'ADMIN' AND (schema_name IS NULL OR n.nspname = schema_name)
            UNION ALL SELECT 'ADMIN', warrant.governing_admin_policy(subject) WHERE 'ADMIN' = ANY (commands) AND schema_name IS NULL) AS w (command, policy)
      JOIN warrant.policies p ON p.id = w.policy WHERE p.effect = 'approve' GROUP BY p.id ORDER BY p.id;
END;
$$;

CREATE OR REPLACE FUNCTION warrant.terms_of(policy_ids bigint[]) RETURNS warrant.terms LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
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

-- Files a request, or finds the pending one for the same; sharing says which.
CREATE FUNCTION warrant.file_request(origin jsonb, requester oid, items warrant.item[], reason text, duration interval, max_uses integer,
    may_share boolean, statement_sha256 bytea DEFAULT NULL, statement_text text DEFAULT NULL, statement_facts jsonb DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    terms warrant.terms := warrant.terms_of(warrant.policies_of(items));
    key text := (SELECT string_agg(format('%s:%s:%s:%s', i.target_kind, i.target, i.policy_id, i.commands), ';' ORDER BY i.target_kind, i.target, i.policy_id)
                   FROM unnest(items) AS i);
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
            RETURN request;
        END IF;
    END IF;
    IF (terms).require_reason AND coalesce(reason, '') = '' THEN
        PERFORM warrant.fail('22023', format('policy %s requires a reason', (terms).policies), 'SET pg_warrant.reason = ''...'', or give one to warrant.request.');
    END IF;
    IF (SELECT count(*) FROM warrant.requests r WHERE r.state = 'pending' AND r.requester = file_request.requester)
       >= current_setting('pg_warrant.max_pending')::bigint THEN
        PERFORM warrant.fail('53400', format('%s requests are pending already', current_setting('pg_warrant.max_pending')),
                             'Cancel some with warrant.cancel, or wait for their decisions.');
    END IF;
    INSERT INTO warrant.requests (requester, requester_name, person, request_key, reason, duration, min_approvals, requested_at, expires_at, max_uses)
    VALUES (requester, (warrant.role_names(ARRAY[requester]))[1],
            CASE requester WHEN warrant.user_of(origin) THEN warrant.person_of(origin) ELSE warrant.person_of(requester, NULL) END,
            key, nullif(reason, ''), duration, (terms).min_approvals, asked_at, asked_at + (terms).request_ttl, max_uses)
    RETURNING id INTO request;
    INSERT INTO warrant.request_items
    SELECT request, i.target_kind, i.target, i.schema_name, i.relation_name, i.commands, i.policy_id, p.name, p.version
      FROM unnest(items) AS i JOIN warrant.policies p ON p.id = i.policy_id;
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

CREATE FUNCTION warrant.make_grant(origin jsonb, request bigint, grantee oid, granted_by name[], duration interval, max_uses integer,
    reason text, items warrant.item[]) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    starts timestamptz := warrant.monotonic_now();
    made bigint;
    covered bigint;
BEGIN
    INSERT INTO warrant.grants (request_id, grantee, grantee_name, granted_by, reason, starts_at, ends_at, max_uses)
    VALUES (request, grantee, (warrant.role_names(ARRAY[grantee]))[1], granted_by, reason, starts, starts + duration, max_uses) RETURNING id INTO made;
    INSERT INTO warrant.grant_scopes
    SELECT made, grantee, i.policy_id, i.target_kind, i.target, i.commands, starts, starts + duration, false, warrant.members_of(grantee), i.schema_name, i.relation_name, p.name, make_grant.max_uses
      FROM unnest(items) AS i JOIN warrant.policies p ON p.id = i.policy_id;
    GET DIAGNOSTICS covered = ROW_COUNT;
    PERFORM warrant.check_policies_stay(covered = cardinality(items));
    IF max_uses IS NOT NULL THEN
        INSERT INTO warrant.grant_uses VALUES (made, max_uses);
    END IF;
    PERFORM warrant.guards_changed();
    PERFORM warrant.seal('grant_created', origin, request, made, array_to_string(s.commands, ','), s.target, s.schema_name, s.relation_name, s.policy_name,
                         NULL, format('%s for %s', (warrant.role_names(ARRAY[s.grantee]))[1], duration) || coalesce(', max_uses ' || s.max_uses, ''))
       FROM warrant.grant_scopes s WHERE s.grant_id = made;
    RETURN made;
END;
$$;

CREATE OR REPLACE FUNCTION warrant.do_request(origin jsonb, args jsonb) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN warrant.file_request(origin, warrant.user_of(origin), warrant.items_of(warrant.user_of(origin), args), args->>'reason',
                                (args->>'duration')::interval, (args->>'max_uses')::integer, true);
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
    IF (SELECT count(*) FROM warrant.decisions d WHERE d.request_id = (request).id AND d.approves) < greatest((request).min_approvals, (terms).min_approvals) THEN
        PERFORM warrant.seal('approval', origin, (request).id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, comment);
        RETURN NULL;
    END IF;
    PERFORM warrant.seal('request_approved', origin, (request).id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, comment);
    made := warrant.make_grant(origin, (request).id, (request).requester, ARRAY(SELECT d.approver_name FROM warrant.decisions d WHERE d.request_id = (request).id),
        least((SELECT min(d.duration) FROM warrant.decisions d WHERE d.request_id = (request).id), (request).duration,
              CASE WHEN (request).duration IS NULL AND NOT EXISTS (SELECT FROM warrant.decisions d WHERE d.request_id = (request).id AND d.duration IS NOT NULL)
                   THEN (terms).default_duration END, (terms).max_duration),
        least((SELECT min(d.max_uses) FROM warrant.decisions d WHERE d.request_id = (request).id), (request).max_uses, (terms).max_uses),
        (request).reason, items);
    UPDATE warrant.requests r SET state = 'approved', decided_at = warrant.monotonic_now(), grant_id = made WHERE r.id = (request).id;
    RETURN made;
END;
$$;

CREATE OR REPLACE FUNCTION warrant.enter_denial(origin jsonb, request warrant.requests, approver oid, approver_name text, person text, comment text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO warrant.decisions VALUES ((request).id, warrant.monotonic_now(), approver, approver_name, person, false, NULL, comment, NULL);
    UPDATE warrant.requests r SET state = 'denied', decided_at = warrant.monotonic_now() WHERE r.id = (request).id;
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
    PERFORM warrant.check_within(duration, max_uses, terms);
    IF duration > request.duration THEN
        PERFORM warrant.fail('22023', format('an approval cannot be longer than the %s that were asked for', request.duration));
    ELSIF max_uses > request.max_uses THEN
        PERFORM warrant.fail('22023', format('an approval cannot have more than the %s uses that were asked for', request.max_uses));
    END IF;
    RETURN warrant.enter_approval(origin, request, items, terms, warrant.user_of(origin), origin->>'session_user_name', warrant.person_of(origin),
                                  duration, max_uses, comment);
END;
$$;

-- A webhook's answer, which only the courier reports: one vote of webhook:<name>, when the request still waits under policies that ask it.
-- It may narrow what was asked for, never widen it. An answer that came twice counts once: its delivery has ended.
CREATE OR REPLACE FUNCTION warrant.vote(origin jsonb, delivery warrant.deliveries, args jsonb) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
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

CREATE OR REPLACE FUNCTION warrant.do_approve(origin jsonb, args jsonb) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF args ? 'request_ids' THEN
        RETURN (SELECT array_agg(warrant.approve_one(origin, i.id, (args->>'duration')::interval, (args->>'max_uses')::integer, args->>'comment'))::text FROM unnest(warrant.ids_of(args)) AS i (id));
    END IF;
    RETURN warrant.approve_one(origin, (args->>'request_id')::bigint, (args->>'duration')::interval, (args->>'max_uses')::integer, args->>'comment');
END;
$$;

-- An approver's direct grant. Under a quorum it is a request with one approval, and the answer NULL.
CREATE OR REPLACE FUNCTION warrant.do_grant(origin jsonb, args jsonb) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
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
        PERFORM warrant.fail('42501', format('permission denied to grant under policy %s', (terms).policies), 'The policy names the role whose members may.');
    END IF;
    IF warrant.person_of(origin) = warrant.person_of(grantee, NULL) OR warrant.is_member(warrant.user_of(origin), grantee) THEN
        PERFORM warrant.fail('42501', 'nobody grants to himself', 'Another approver can; warrant.request asks for it.');
    END IF;
    PERFORM warrant.check_within(duration, max_uses, terms);
    IF (terms).require_reason AND coalesce(args->>'reason', '') = '' THEN
        PERFORM warrant.fail('22023', format('policy %s requires a reason', (terms).policies));
    END IF;
    IF (terms).min_approvals > 1 THEN
        RETURN warrant.approve_one(origin, warrant.file_request(origin, grantee, items, args->>'reason', duration, max_uses, false), duration, max_uses, NULL);
    END IF;
    RETURN warrant.make_grant(origin, NULL, grantee, ARRAY[(origin->>'session_user_name')::name], coalesce(duration, (terms).default_duration),
                              coalesce(max_uses, (terms).max_uses), args->>'reason', items);
END;
$$;

-- A refused statement: its rows, and the requests for what an approval would help. Answers the requests' ids, or why there is none and,
-- on a second line, what to do about it.
CREATE OR REPLACE FUNCTION warrant.do_refuse(origin jsonb, args jsonb, statement jsonb, statement_sha256 bytea, statement_text text) RETURNS text LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    policy bigint;
    request bigint;
    requests bigint[] := '{}'::bigint[];
    refusal text;
    advice text;
    wanted record;
BEGIN
    IF (args->>'file')::boolean AND NOT warrant.is_home() THEN
        args := args || '{"file": false}';
        refusal := 'this database is a copy of the one where grants were made';
        advice := 'A superuser makes it one of its own: SELECT warrant.adopt().';
    END IF;
    FOR policy IN SELECT DISTINCT (i->>'policy')::bigint FROM jsonb_array_elements(args->'items') AS i
                   WHERE (args->>'file')::boolean AND i->>'answer' = 'request' ORDER BY 1 LOOP
        BEGIN
            request := warrant.file_request(origin, warrant.user_of(origin), ARRAY(
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
            nullif((wanted.i->>'policy_version')::integer, 0), refusal, statement, statement_sha256, statement_text);
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
                         l->>'policy_name', (l->>'policy_version')::integer, NULL, statement, statement_sha256, statement_text)
       FROM jsonb_array_elements(args->'lines') AS l;
    PERFORM warrant.seal('grant_used_up', origin, g.request_id, s.grant_id, array_to_string(s.commands, ','), s.target, s.schema_name, s.relation_name,
                         s.policy_name, NULL, NULL, jsonb_build_object('statement_id', statement->'statement_id'))
       FROM warrant.grant_uses u JOIN warrant.grants g ON g.id = u.grant_id JOIN warrant.grant_scopes s ON s.grant_id = u.grant_id
      WHERE u.grant_id = ANY (spent) AND u.uses_left = 0;
    RETURN NULL;
END;
$$;

-- The one entry point of the recorder.
CREATE OR REPLACE FUNCTION warrant.act(action text, origin jsonb, args jsonb, statement jsonb, statement_sha256 bytea, statement_text text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF action IN ('request', 'approve', 'grant') AND NOT warrant.is_home() THEN
        PERFORM warrant.fail('55000', 'this database is a copy of the one where grants were made', 'A superuser makes it one of its own: SELECT warrant.adopt().');
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

CREATE FUNCTION warrant.request(commands text[], on_table regclass DEFAULT NULL, on_tables regclass[] DEFAULT NULL, on_schema name DEFAULT NULL,
    on_database boolean DEFAULT false, reason text DEFAULT NULL, duration interval DEFAULT NULL, max_uses integer DEFAULT NULL)
RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_action';

COMMENT ON FUNCTION warrant.request(text[], regclass, regclass[], name, boolean, text, interval, integer) IS
'Asks for commands on one table, several, a schema or this database; returns the request''s id, that of a pending one for the same.
max_uses: in statements. Raises 22023 for none or two targets, unknown commands, a duration or max_uses that is not positive or more than the
policy allows, and when nothing of it needs approval; 42501 when a policy denies it; 53400 when too many are pending. Durable at once, whatever the transaction does.';

CREATE FUNCTION warrant.approve(request_id bigint, duration interval DEFAULT NULL, max_uses integer DEFAULT NULL, comment text DEFAULT NULL) RETURNS bigint
    LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';

COMMENT ON FUNCTION warrant.approve(bigint, interval, integer, text) IS
'Approves a request, as the client''s own top-level statement only. Returns the grant''s id, NULL while more approvals are needed. duration
and max_uses (statements) narrow what was asked for. Raises 42501 (not an approver, one''s own request, called indirectly), P0002, 55006, 22023. Durable at once.';

CREATE FUNCTION warrant.approve(request_ids bigint[], duration interval DEFAULT NULL, max_uses integer DEFAULT NULL, comment text DEFAULT NULL) RETURNS bigint[]
    LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';

COMMENT ON FUNCTION warrant.approve(bigint[], interval, integer, text) IS 'As warrant.approve, for several requests: all of them or none.';

CREATE FUNCTION warrant.grant(grantee regrole, commands text[], on_table regclass DEFAULT NULL, on_tables regclass[] DEFAULT NULL,
    on_schema name DEFAULT NULL, on_database boolean DEFAULT false, duration interval DEFAULT NULL, reason text DEFAULT NULL,
    max_uses integer DEFAULT NULL)
RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';

COMMENT ON FUNCTION warrant.grant(regrole, text[], regclass, regclass[], name, boolean, interval, text, integer) IS
'An approver''s grant without a request, never to himself; under a quorum a request with one approval, and NULL. Top-level statement only.
Raises 42501, 22023. Durable at once.';

CREATE OR REPLACE FUNCTION warrant.status(OUT item text, OUT value text, OUT warning text) RETURNS SETOF record LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'enforcement', current_setting('pg_warrant.enforcement'),
           CASE current_setting('pg_warrant.enforcement') WHEN 'enforce' THEN NULL ELSE 'nothing is refused' END
    UNION ALL SELECT 'definition_approval', current_setting('pg_warrant.definition_approval'),
           CASE WHEN NOT current_setting('pg_warrant.definition_approval')::boolean THEN 'one administrator alone can weaken definitions' END
    UNION ALL SELECT 'home', CASE WHEN warrant.is_home() THEN 'here' ELSE 'elsewhere' END,
           CASE WHEN NOT warrant.is_home() THEN 'this is a copy: no grant lives and nothing is sent until warrant.adopt()' END
    UNION ALL SELECT 'allow_restore', 'on', 'superusers can write the tables of the gate' WHERE current_setting('pg_warrant.allow_restore')::boolean
    UNION ALL SELECT * FROM warrant.recorder_status()
    UNION ALL SELECT 'policies', count(*)::text, CASE count(*) WHEN 0 THEN 'nothing is protected' END FROM warrant.policies WHERE target_kind <> '!'
    UNION ALL SELECT 'pending requests', count(*)::text, NULL FROM warrant.requests WHERE state = 'pending'
    UNION ALL SELECT 'live grants', count(*)::text, NULL FROM warrant.grants g
     WHERE closed_at IS NULL AND NOT EXISTS (SELECT FROM warrant.grant_uses u WHERE u.grant_id = g.id AND u.uses_left = 0)
    UNION ALL SELECT format('webhook %s', w.name),
           format('%s answered, %s waiting, %s dead', d.answered, d.waiting, d.dead), CASE WHEN w.enabled THEN last.error ELSE 'disabled; warrant.enable_webhook ends it' END
      FROM warrant.webhooks w
           CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE d.state = 'answered') AS answered, count(*) FILTER (WHERE d.state IN ('queued', 'sending')) AS waiting,
                                      count(*) FILTER (WHERE d.state = 'dead') AS dead FROM warrant.deliveries d WHERE d.webhook = w.name) AS d
           LEFT JOIN LATERAL (SELECT d.error FROM warrant.deliveries d WHERE d.webhook = w.name AND (d.error IS NOT NULL OR d.answer IS NOT NULL)
                               ORDER BY d.id DESC LIMIT 1) AS last ON true
    UNION ALL SELECT 'policies whose target is gone', count(*)::text, CASE WHEN count(*) > 0 THEN 'they cover what bears the name now' END
      FROM warrant.policies p WHERE (p.target_kind = 't' AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = p.target))
                                 OR (p.target_kind = 's' AND NOT EXISTS (SELECT FROM pg_namespace n WHERE n.oid = p.target))
    UNION ALL SELECT 'audit partitions ahead', count(*)::text, CASE WHEN count(*) < 2 THEN 'the keeper has not run' END
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'warrant.audit_log'::regclass
       AND c.relname > 'audit_log' || to_char(clock_timestamp() AT TIME ZONE 'UTC', '_YYYY_MM')
$$;

CREATE OR REPLACE VIEW warrant.pending WITH (security_barrier) AS
    SELECT r.id, r.requester_name, i.schema_name, i.relation_name, i.commands, i.policy_name, r.reason, r.duration, r.requested_at, r.expires_at,
           r.min_approvals, (SELECT pg_catalog.count(*) FROM warrant.decisions d WHERE d.request_id OPERATOR(pg_catalog.=) r.id AND d.approves) AS approvals,
           r.max_uses
      FROM warrant.requests r JOIN warrant.request_items i ON i.request_id OPERATOR(pg_catalog.=) r.id
     WHERE r.state OPERATOR(pg_catalog.=) 'pending' AND r.expires_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp();

CREATE OR REPLACE VIEW warrant.active_grants WITH (security_barrier) AS
    SELECT g.id, g.grantee_name, s.schema_name, s.relation_name, s.commands, s.policy_name, g.granted_by, g.reason, g.request_id, g.starts_at, g.ends_at,
           g.max_uses, u.uses_left
      FROM warrant.grants g JOIN warrant.grant_scopes s ON s.grant_id OPERATOR(pg_catalog.=) g.id
           LEFT JOIN warrant.grant_uses u ON u.grant_id OPERATOR(pg_catalog.=) g.id
     WHERE g.closed_at IS NULL AND g.ends_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()
       AND (u.uses_left IS NULL OR u.uses_left OPERATOR(pg_catalog.>) 0);

CREATE OR REPLACE VIEW warrant.my_requests WITH (security_barrier) AS
    SELECT r.id, r.state, i.schema_name, i.relation_name, i.commands, i.policy_name, r.reason, r.duration, r.requested_at, r.expires_at, r.decided_at, r.grant_id, r.max_uses
      FROM warrant.requests r JOIN warrant.request_items i ON i.request_id OPERATOR(pg_catalog.=) r.id
     WHERE r.requester OPERATOR(pg_catalog.=) (SELECT warrant.current_subject());

CREATE OR REPLACE VIEW warrant.my_grants WITH (security_barrier) AS
    SELECT g.id, s.schema_name, s.relation_name, s.commands, s.policy_name, g.grantee_name, g.granted_by, g.reason, g.starts_at, g.ends_at, g.max_uses, u.uses_left
      FROM warrant.grants g JOIN warrant.grant_scopes s ON s.grant_id OPERATOR(pg_catalog.=) g.id
           LEFT JOIN warrant.grant_uses u ON u.grant_id OPERATOR(pg_catalog.=) g.id
     WHERE g.closed_at IS NULL AND g.ends_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()
       AND (u.uses_left IS NULL OR u.uses_left OPERATOR(pg_catalog.>) 0)
       AND EXISTS (SELECT FROM pg_catalog.pg_roles a WHERE a.oid OPERATOR(pg_catalog.=) (SELECT warrant.current_subject()) AND
                   (a.oid OPERATOR(pg_catalog.=) g.grantee OR (a.oid OPERATOR(pg_catalog.=) ANY (s.members) AND warrant.is_member(a.oid, g.grantee))));

-- Nobody calls the recorder's functions but the recorder.
DO $$
DECLARE
    internal pg_catalog.regprocedure;
BEGIN
    FOR internal IN SELECT p.oid FROM pg_catalog.pg_proc p WHERE p.pronamespace OPERATOR(pg_catalog.=) 'warrant'::pg_catalog.regnamespace
        AND p.proname IN ('check_within', 'file_request', 'make_grant', 'enter_approval', 'approve_one', 'do_spend') LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', internal);
    END LOOP;
    FOR internal IN SELECT p.oid FROM pg_catalog.pg_proc p WHERE p.pronamespace OPERATOR(pg_catalog.=) 'warrant'::pg_catalog.regnamespace
        AND pg_catalog.obj_description(p.oid, 'pg_proc') IS NULL LOOP
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION %s IS %L', internal, 'internal: called by the extension itself');
    END LOOP;
END;
$$;
