\echo Use "ALTER EXTENSION pg_warrant UPDATE TO '0.3.0'" to load this file. \quit

-- The recorder numbers rows by itself: whoever may write all data may set any sequence.
DROP SEQUENCE warrant.action_ids;

-- Pending requests are found by a digest, so that one can be for hundreds of tables.
UPDATE warrant.requests SET request_key = pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(request_key, 'UTF8')), 'hex')
 WHERE state OPERATOR(pg_catalog.=) 'pending';

CREATE OR REPLACE FUNCTION warrant.role_oids(roles regrole[], parameter text) RETURNS oid[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gone oid;
BEGIN
    IF roles IS NULL OR array_position(roles, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'parameter "%" must not be or contain NULL', parameter USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT u.role INTO gone FROM unnest(roles::oid[]) AS u (role) WHERE NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = u.role) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'role with OID % does not exist', gone USING ERRCODE = 'undefined_object', DETAIL = format('It is in parameter "%s".', parameter);
    END IF;
    RETURN roles::oid[];
END;
$$;

CREATE OR REPLACE FUNCTION warrant.check_duration(value interval, parameter text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF value <= interval '0' THEN
        RAISE EXCEPTION '% must be positive', parameter USING ERRCODE = 'invalid_parameter_value';
    ELSIF value > interval '1000 years' THEN
        RAISE EXCEPTION '% must not exceed 1000 years', parameter USING ERRCODE = 'invalid_parameter_value';
    END IF;
END;
$$;

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
                OR made.approver_role <> q.approver_role OR made.require_reason < q.require_reason OR made.audit < q.audit OR coalesce(made.max_uses, 2147483647) > coalesce(q.max_uses, 2147483647)
                OR coalesce(made.max_duration, warrant.setting_interval('pg_warrant.max_duration')) > coalesce(q.max_duration, warrant.setting_interval('pg_warrant.max_duration'))))))
$$;

CREATE OR REPLACE FUNCTION warrant.create_policy(
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
    made.approver_role := (warrant.role_oids(ARRAY[coalesce(approver_role, 'warrant_approver'::regrole)], 'approver_role'))[1];
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

COMMENT ON FUNCTION warrant.create_policy(text, text, regclass, name, boolean, regrole[], regrole[], text[], integer, text, integer, regrole,
    interval, interval, interval, integer, boolean, text, boolean, text, regrole[]) IS
'Adds a policy: who (for_roles minus except_roles, everybody when empty) may do which commands to one table, schema or this database:
open, approve or deny. The highest priority wins, then table before schema before database, then named roles before all, then deny before
approve before open. mode: enforce or monitor (audits would_refuse). min_approvals: distinct persons, members of approver_role
(warrant_approver). default_duration, max_duration, request_ttl: NULL for the settings. max_uses: of each grant, in statements; NULL for no limit.
audit: statement or none (NULL: none for open).
audit_wait: the row is durable before the statement''s first effect. webhook: decides its requests, with one vote.
definer_roles: owners whose views and SECURITY DEFINER functions are audited, not gated. Returns the name. Raises 22023, 42704, 42809, 42710. Effective after COMMIT.';

CREATE OR REPLACE FUNCTION warrant.set_person(role regrole, person text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF role IS NULL OR person = '' THEN
        RAISE EXCEPTION 'role must not be NULL and person not empty' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    DELETE FROM warrant.persons p WHERE p.role = set_person.role;
    IF person IS NOT NULL THEN
        INSERT INTO warrant.persons VALUES (role, (warrant.role_names(warrant.role_oids(ARRAY[role], 'role')))[1], person);
    END IF;
    PERFORM warrant.note_definition('person_changed', NULL, NULL, format('%s: %s', role, coalesce(person, 'nobody in particular')));
    PERFORM warrant.note_definition('weakened', NULL, NULL, 'set_person');
END;
$$;

CREATE OR REPLACE FUNCTION warrant.check_webhook_url(url text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF url !~ '^https://[^/?#@[:space:]]+([/?][^#[:space:]]*)?$' AND url !~ '^http://(localhost|127[.][0-9.]+|[[]::1[]])(:[0-9]+)?([/?][^#[:space:]]*)?$' THEN
        RAISE EXCEPTION 'invalid webhook url' USING ERRCODE = 'invalid_parameter_value',
            DETAIL = 'It must begin with https:// and have neither user name nor fragment; http:// only leads to this machine.';
    END IF;
END;
$$;

CREATE OR REPLACE FUNCTION warrant.keep_names() RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    renamed bigint := 0;
    now_named record;
BEGIN
    FOR now_named IN
        SELECT p.id, coalesce(n.nspname, p.target_schema) AS in_schema, coalesce(c.relname, p.target_name) AS name, warrant.names_now(p.for_roles, p.for_role_names) AS for_names,
               warrant.names_now(p.except_roles, p.except_role_names) AS except_names,
               warrant.names_now(p.definer_roles, p.definer_role_names) AS definer_names, (warrant.names_now(ARRAY[p.approver_role], ARRAY[p.approver_role_name]))[1] AS approver
          FROM warrant.policies p LEFT JOIN pg_class c ON p.target_kind = 't' AND c.oid = p.target
               LEFT JOIN pg_namespace n ON n.oid = CASE p.target_kind WHEN 't' THEN c.relnamespace WHEN 's' THEN p.target END
         WHERE p.target_kind <> '!' LOOP
        CONTINUE WHEN EXISTS (SELECT FROM warrant.policies p WHERE p.id = now_named.id AND (p.target_schema, p.target_name, p.for_role_names, p.except_role_names, p.definer_role_names, p.approver_role_name)
                                  = (now_named.in_schema, now_named.name, now_named.for_names, now_named.except_names, now_named.definer_names, now_named.approver));
        UPDATE warrant.policies p SET target_schema = now_named.in_schema, target_name = now_named.name, for_role_names = now_named.for_names,
               except_role_names = now_named.except_names, definer_role_names = now_named.definer_names, approver_role_name = now_named.approver
         WHERE p.id = (SELECT q.id FROM warrant.policies q WHERE q.id = now_named.id FOR UPDATE SKIP LOCKED);
        renamed := renamed + FOUND::integer;
    END LOOP;
    UPDATE warrant.persons s SET role_name = r.rolname FROM pg_roles r WHERE r.oid = s.role AND r.rolname <> s.role_name
       AND s.role IN (SELECT q.role FROM warrant.persons q JOIN pg_roles o ON o.oid = q.role WHERE o.rolname <> q.role_name FOR UPDATE OF q SKIP LOCKED);
    RETURN renamed;
END;
$$;

CREATE OR REPLACE FUNCTION warrant.queue_deliveries(origin jsonb, request_id bigint, terms warrant.terms, statement_sha256 bytea, statement_text text,
    statement_facts jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO warrant.deliveries (id, request_id, webhook, facts) OVERRIDING SYSTEM VALUE
    SELECT (SELECT coalesce(max(d.id), 0) FROM warrant.deliveries d) + row_number() OVER (), queue_deliveries.request_id, w.name, warrant.facts_of(origin, queue_deliveries.request_id, terms, statement_sha256, statement_text, statement_facts)
      FROM warrant.webhooks w WHERE w.name = ANY ((terms).webhooks) AND w.enabled;
    IF FOUND THEN
        UPDATE warrant.requests r SET awaited = true WHERE r.id = queue_deliveries.request_id;
        PERFORM warrant.wake_courier();
    END IF;
END;
$$;

CREATE OR REPLACE FUNCTION warrant.file_request(origin jsonb, requester oid, items warrant.item[], reason text, duration interval, max_uses integer,
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
    INSERT INTO warrant.requests (id, requester, requester_name, person, request_key, reason, duration, min_approvals, requested_at, expires_at, max_uses)
    OVERRIDING SYSTEM VALUE VALUES ((SELECT coalesce(max(r.id), 0) + 1 FROM warrant.requests r), requester, (warrant.role_names(ARRAY[requester]))[1],
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

CREATE OR REPLACE FUNCTION warrant.make_grant(origin jsonb, request bigint, grantee oid, granted_by name[], duration interval, max_uses integer,
    reason text, items warrant.item[]) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    starts timestamptz := warrant.monotonic_now();
    made bigint;
    covered bigint;
BEGIN
    INSERT INTO warrant.grants (id, request_id, grantee, grantee_name, granted_by, reason, starts_at, ends_at, max_uses)
    OVERRIDING SYSTEM VALUE VALUES ((SELECT coalesce(max(g.id), 0) + 1 FROM warrant.grants g), request, grantee, (warrant.role_names(ARRAY[grantee]))[1], granted_by, reason, starts, starts + duration, max_uses) RETURNING id INTO made;
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

-- Whether what a role is given, the one who acts can use: as this role or a member of it, with this login or another of the same person.
CREATE FUNCTION warrant.is_himself(origin jsonb, role oid) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN warrant.user_of(origin) = role OR warrant.is_member(warrant.user_of(origin), role) OR
           EXISTS (SELECT FROM unnest(role || warrant.members_of(role)) AS m (member) WHERE warrant.person_of(m.member, NULL) = warrant.person_of(origin));
END;
$$;

CREATE OR REPLACE FUNCTION warrant.check_decider(origin jsonb, request warrant.requests) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT warrant.may_decide(warrant.user_of(origin), warrant.policies_of(warrant.items_of_request((request).id))) THEN
        PERFORM warrant.fail('42501', format('permission denied to decide request %s', (request).id),
                             'Its policies name the roles whose members may.');
    END IF;
    IF warrant.person_of(origin) = (request).person OR warrant.is_himself(origin, (request).requester) THEN
        PERFORM warrant.fail('42501', format('request %s must be decided by another person', (request).id),
                             'warrant.cancel withdraws it.');
    END IF;
    IF EXISTS (SELECT FROM warrant.decisions d WHERE d.request_id = (request).id
                  AND warrant.person_of(origin) IN (d.person, warrant.person_of(d.approver, d.person))) THEN
        PERFORM warrant.fail('55006', format('request %s was approved by the same person before', (request).id));
    END IF;
END;
$$;

CREATE OR REPLACE FUNCTION warrant.approve_one(origin jsonb, request_id bigint, duration interval, max_uses integer, comment text) RETURNS bigint LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request warrant.requests := warrant.pending_request(request_id);
    items warrant.item[] := warrant.items_of_request(request_id);
    terms warrant.terms := warrant.terms_of(warrant.policies_of(items));
BEGIN
    PERFORM warrant.check_decider(origin, request);
    IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = request.requester) THEN
        PERFORM warrant.fail('55006', format('role "%s", which filed request %s, is gone', request.requester_name, request.id));
    END IF;
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
    IF warrant.is_himself(origin, grantee) THEN
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

-- Nobody calls the recorder's functions but the recorder.
REVOKE ALL ON FUNCTION warrant.is_himself(jsonb, oid) FROM PUBLIC;
COMMENT ON FUNCTION warrant.is_himself(jsonb, oid) IS 'internal: called by the extension itself';
