-- Definitions: ordinary transactional SQL. The gate sees them after COMMIT. SECURITY DEFINER marks them as what may write our tables. --
-- Those that make names, or keep them in the audit, do it the same way under every setting of the session.

-- The live ADMIN grant that lets the session user weaken definitions, 0 when he needs none. Raises 42501 when he needs one and has none.
CREATE FUNCTION warrant.approval_to_weaken() RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_approval_to_weaken';
REVOKE ALL ON FUNCTION warrant.approval_to_weaken() FROM PUBLIC;

CREATE FUNCTION warrant.note_definition(event text, policy_name text, policy_version integer, note text) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    approval bigint := CASE event WHEN 'weakened' THEN nullif(warrant.approval_to_weaken(), 0) END;
BEGIN
    INSERT INTO warrant.audit_unsealed (event, origin, policy_name, policy_version, comment)
    VALUES (event, warrant.origin(), policy_name, policy_version, nullif(concat(note, ', under grant ' || approval), ''));
END;
$$;
REVOKE ALL ON FUNCTION warrant.note_definition(text, text, integer, text) FROM PUBLIC;

-- The type regrole takes a number that is no role's.
CREATE FUNCTION warrant.role_oids(roles regrole[], parameter text) RETURNS oid[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
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
REVOKE ALL ON FUNCTION warrant.role_oids(regrole[], text) FROM PUBLIC;

CREATE FUNCTION warrant.role_names(roles oid[]) RETURNS name[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT coalesce(array_agg(r.rolname ORDER BY u.place), '{}') FROM unnest(roles) WITH ORDINALITY u (role, place) JOIN pg_roles r ON r.oid = u.role);
END;
$$;
REVOKE ALL ON FUNCTION warrant.role_names(oid[]) FROM PUBLIC;

-- A duration in seconds: 22023 for months, years, negative fields, zero and more than 1000 years. NULL stands for the setting.
CREATE FUNCTION warrant.in_seconds(duration interval, parameter text) RETURNS interval LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_in_seconds';
-- As comparisons take it, a month for 30 days, and at least a second: of what was stored otherwise.
CREATE FUNCTION warrant.as_compared(duration interval) RETURNS interval LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_as_compared';
REVOKE ALL ON FUNCTION warrant.in_seconds(interval, text), warrant.as_compared(interval) FROM PUBLIC;

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

CREATE FUNCTION warrant.check_mode(mode text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF mode IS NULL OR mode NOT IN ('enforce', 'monitor') THEN
        RAISE EXCEPTION 'unknown mode "%"', coalesce(mode, 'NULL') USING ERRCODE = 'invalid_parameter_value', HINT = 'Modes are enforce and monitor.';
    END IF;
END;
$$;
REVOKE ALL ON FUNCTION warrant.check_mode(text) FROM PUBLIC;

-- Whether a policy that is made (NULL before), changed or ended (NULL after) lets through, or lets fewer or others decide about, what was not so.
CREATE FUNCTION warrant.weakens(before warrant.policies, after warrant.policies) RETURNS boolean LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_weakens';
CREATE FUNCTION warrant.why_undecidable(policy warrant.policies) RETURNS text LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'warrant_why_undecidable';
REVOKE ALL ON FUNCTION warrant.weakens(warrant.policies, warrant.policies), warrant.why_undecidable(warrant.policies) FROM PUBLIC;

CREATE FUNCTION warrant.create_policy(
    name text, effect text, on_table regclass DEFAULT NULL, on_schema name DEFAULT NULL, on_database boolean DEFAULT false,
    for_roles regrole[] DEFAULT '{}', except_roles regrole[] DEFAULT '{}', commands text[] DEFAULT '{ALL}', priority integer DEFAULT 0,
    mode text DEFAULT 'enforce', min_approvals integer DEFAULT 1, approver_role regrole DEFAULT NULL, default_duration interval DEFAULT NULL,
    max_duration interval DEFAULT NULL, request_ttl interval DEFAULT NULL, max_uses integer DEFAULT NULL, require_reason boolean DEFAULT false,
    audit text DEFAULT NULL, audit_wait boolean DEFAULT true, webhook text DEFAULT NULL, definer_roles regrole[] DEFAULT '{}'
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off SET quote_all_identifiers = off
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
    PERFORM warrant.check_mode(mode);
    IF audit NOT IN ('statement', 'none') THEN
        RAISE EXCEPTION 'unknown audit "%"', audit USING ERRCODE = 'invalid_parameter_value', HINT = 'Audit is statement or none.';
    END IF;
    IF min_approvals NOT BETWEEN 1 AND 100 THEN
        RAISE EXCEPTION 'min_approvals must be between 1 and 100' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    default_duration := warrant.in_seconds(default_duration, 'default_duration');
    max_duration := warrant.in_seconds(max_duration, 'max_duration');
    request_ttl := warrant.in_seconds(request_ttl, 'request_ttl');
    PERFORM warrant.check_max_uses(max_uses);
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
    IF made.commands = '{ADMIN}' AND made.target_kind <> 'd' THEN
        RAISE EXCEPTION 'ADMIN is about the database' USING ERRCODE = 'invalid_parameter_value', HINT = 'Name it: on_database => true.';
    END IF;
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
      WHERE event.word = 'policy_created' OR warrant.weakens(NULL, made) ORDER BY event.place;
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
definer_roles: owners whose views and SECURITY DEFINER functions are audited, not gated. Returns the name. Raises 22023, 42704, 42809, 42710. Effective after COMMIT.';

CREATE FUNCTION warrant.drop_policy(name text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off
AS $$
DECLARE
    gone warrant.policies;
BEGIN
    DELETE FROM warrant.policies p WHERE p.name = drop_policy.name AND p.target_kind <> '!' RETURNING * INTO gone;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'policy "%" does not exist', coalesce(name, 'NULL') USING ERRCODE = 'no_data_found';
    END IF;
    PERFORM warrant.note_definition('policy_dropped', gone.name, gone.version, gone.effect);
    IF warrant.weakens(gone, NULL) THEN
        PERFORM warrant.note_definition('weakened', gone.name, gone.version, 'dropped');
    END IF;
END;
$$;
REVOKE ALL ON FUNCTION warrant.drop_policy(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.drop_policy(text) TO warrant_admin;
COMMENT ON FUNCTION warrant.drop_policy(text) IS 'Removes a policy; grants made under it end. Raises P0002. Effective after COMMIT.';

-- The partitions and children below a relation, or the parents above it.
CREATE FUNCTION warrant.descendants_of(relation oid) RETURNS SETOF oid LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY WITH RECURSIVE found (relation) AS (
        SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = descendants_of.relation
        UNION SELECT i.inhrelid FROM found f JOIN pg_inherits i ON i.inhparent = f.relation) SELECT f.relation FROM found f;
END;
$$;
CREATE FUNCTION warrant.ancestors_of(relation oid) RETURNS SETOF oid LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY WITH RECURSIVE found (relation) AS (
        SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = ancestors_of.relation
        UNION SELECT i.inhparent FROM found f JOIN pg_inherits i ON i.inhrelid = f.relation) SELECT f.relation FROM found f;
END;
$$;

-- The relations and the views over them, at any depth: who reads a view is asked for what it reads. A materialized view is read by itself.
CREATE FUNCTION warrant.with_views_over(relations oid[]) RETURNS oid[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (WITH RECURSIVE found (relation) AS (
                SELECT r.relation FROM unnest(relations) AS r (relation)
                UNION SELECT v.oid FROM found f JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = f.relation AND d.classid = 'pg_rewrite'::regclass
                             JOIN pg_rewrite w ON w.oid = d.objid JOIN pg_class v ON v.oid = w.ev_class AND v.relkind = 'v')
            SELECT array_agg(f.relation) FROM found f);
END;
$$;
REVOKE ALL ON FUNCTION warrant.descendants_of(oid), warrant.ancestors_of(oid), warrant.with_views_over(oid[]) FROM PUBLIC;

-- The roles that a new policy will gate, for its NOTICE: those that hold a privilege on what leads there, or may create in the schema, and are not
-- exempt. Superusers need none, and are exempt unless the configuration gates them. In PL/pgSQL, which keeps its plan for a thousand calls.
CREATE FUNCTION warrant.affected_roles(relations oid[], creates_in oid, exempt oid[]) RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT coalesce(string_agg(DISTINCT a.role, ', '), 'nobody')
      FROM (SELECT coalesce(quote_ident(r.rolname), 'PUBLIC')
              FROM (SELECT x.grantee FROM unnest(warrant.with_views_over(relations)) AS o (relation) JOIN pg_class c ON c.oid = o.relation
                           CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x
                    UNION SELECT x.grantee FROM pg_namespace n CROSS JOIN LATERAL aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) x
                     WHERE n.oid = creates_in AND x.privilege_type = 'CREATE') AS a
                   LEFT JOIN pg_roles r ON r.oid = a.grantee
             WHERE a.grantee = 0 OR (NOT r.rolsuper AND NOT warrant.is_member(r.oid, 'warrant_exempt'::regrole)
                   AND NOT EXISTS (SELECT FROM unnest(exempt) AS e (role) WHERE warrant.is_member(r.oid, e.role)))
            UNION ALL SELECT 'superusers' WHERE current_setting('pg_warrant.enforce_superuser')::boolean) AS a (role));
END;
$$;
REVOKE ALL ON FUNCTION warrant.affected_roles(oid[], oid, oid[]) FROM PUBLIC;

-- What happens to statements under a new policy, for its NOTICE.
CREATE FUNCTION warrant.protect_effect(mode text) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN current_setting('pg_warrant.enforcement') = 'off' THEN 'would need approval after COMMIT, but the gate is off'
                WHEN $1 = 'monitor' THEN 'is only watched after COMMIT, and nothing of it refused'
                WHEN current_setting('pg_warrant.enforcement') = 'monitor' THEN 'would need approval after COMMIT, but the gate only watches'
                ELSE 'needs approval after COMMIT' END
$$;
REVOKE ALL ON FUNCTION warrant.protect_effect(text) FROM PUBLIC;

-- Whether the policy is on this target; one whose target is gone is on what bears the name now. A database has no policies on others.
CREATE FUNCTION warrant.is_on(policy warrant.policies, kind "char", target oid, schema_name name, table_name name) RETURNS boolean LANGUAGE plpgsql
STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (policy).target_kind = kind AND (kind = 'd' OR (policy).target = target
           OR (((policy).target_schema, (policy).target_name) = (schema_name, table_name) AND NOT warrant.target_exists(kind, (policy).target)));
END;
$$;
REVOKE ALL ON FUNCTION warrant.is_on(warrant.policies, "char", oid, name, name) FROM PUBLIC;

-- The policy of this name on this target, or the next name of the kind that is free: the first may be on another object, renamed since.
CREATE FUNCTION warrant.policy_on(wanted text, kind "char", target oid, schema_name name, table_name name, OUT name text, OUT policy warrant.policies)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    place integer := 1;
BEGIN
    LOOP
        name := wanted || CASE WHEN place > 1 THEN format(' (%s)', place) ELSE '' END;
        IF octet_length(name) > 128 THEN
            name := left(name, 20) || '... ' || md5(name);
        END IF;
        -- Beside a parameter of type name the text has another collation than the index.
        SELECT * INTO policy FROM warrant.policies p WHERE p.name = policy_on.name COLLATE "default";
        EXIT WHEN NOT FOUND OR warrant.is_on(policy, kind, target, schema_name, table_name);
        place := place + 1;
    END LOOP;
END;
$$;
REVOKE ALL ON FUNCTION warrant.policy_on(text, "char", oid, name, name) FROM PUBLIC;

-- An approve policy on one target under a name made from it; the same target and parameters give the same policy.
CREATE FUNCTION warrant.ensure_policy(policy_name text, on_table regclass, on_schema name, commands text[], mode text, except_roles regrole[])
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kind "char" := CASE WHEN on_table IS NOT NULL THEN 't' WHEN on_schema IS NOT NULL THEN 's' ELSE 'd' END;
    object oid := coalesce(on_table, (SELECT n.oid FROM pg_namespace n WHERE n.nspname = on_schema));
    schema_name name := coalesce(on_schema, (SELECT c.relnamespace::regnamespace::name FROM pg_class c WHERE c.oid = on_table));
    table_name name := coalesce((SELECT c.relname FROM pg_class c WHERE c.oid = on_table), '');
    found record;
    existing warrant.policies;
BEGIN
    PERFORM warrant.check_mode(mode);
    SELECT * INTO found FROM warrant.policy_on(policy_name, kind, object, schema_name, table_name);
    policy_name := found.name;
    existing := found.policy;
    IF existing.id IS NULL THEN
        RETURN warrant.create_policy(policy_name, 'approve', on_table => on_table, on_schema => on_schema, on_database => kind = 'd',
                                     commands => commands, mode => mode, except_roles => except_roles);
    END IF;
    IF (existing.effect, existing.commands, existing.mode, existing.except_roles, existing.for_roles) IS DISTINCT FROM
       ('approve'::text, warrant.expand_commands(commands), mode, warrant.role_oids(except_roles, 'except_roles'), '{}'::oid[]) THEN
        RAISE EXCEPTION 'policy "%" exists already and says something else', policy_name USING ERRCODE = 'duplicate_object',
            HINT = format('Drop it first: SELECT warrant.drop_policy(%L).', policy_name);
    END IF;
    IF kind <> 'd' AND existing.target <> object THEN
        UPDATE warrant.policies p SET target = object, version = p.version + 1 WHERE p.id = existing.id RETURNING * INTO existing;
        PERFORM warrant.note_definition('policy_changed', policy_name, existing.version, format('on %s, which was made anew', coalesce(on_table::text, 'schema ' || quote_ident(on_schema))));
        RAISE NOTICE 'policy "%" is on the new object now', policy_name;
    ELSE
        RAISE NOTICE 'policy "%" protects it already', policy_name;
    END IF;
    RETURN policy_name;
END;
$$;
REVOKE ALL ON FUNCTION warrant.ensure_policy(text, regclass, name, text[], text, regrole[]) FROM PUBLIC;

CREATE FUNCTION warrant.protect(target regclass, commands text[] DEFAULT '{ALL}', mode text DEFAULT 'enforce', except_roles regrole[] DEFAULT '{}')
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off SET quote_all_identifiers = off
AS $$
DECLARE
    policy_name text;
    below oid[] := ARRAY(SELECT * FROM warrant.descendants_of(target));
    above oid[] := ARRAY(SELECT * FROM warrant.ancestors_of(target));
BEGIN
    IF target IS NULL THEN
        RAISE EXCEPTION 'target must not be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM warrant.check_target(target);
    policy_name := (SELECT format('protect %I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = target);
    policy_name := warrant.ensure_policy(policy_name, target, NULL, commands, mode, except_roles);
    RAISE NOTICE '% on % %; affected roles: %', array_to_string(commands, ', '),
        target || CASE cardinality(below) WHEN 0 THEN '' ELSE format(' and its partitions and children (%s)', cardinality(below)) END
               || CASE cardinality(above) WHEN 0 THEN '' ELSE format(' and what it is a part of (%s)', cardinality(above)) END,
        warrant.protect_effect(mode), warrant.affected_roles(target::oid || below || above, NULL, except_roles::oid[]);
    RETURN policy_name;
END;
$$;
REVOKE ALL ON FUNCTION warrant.protect(regclass, text[], text, regrole[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.protect(regclass, text[], text, regrole[]) TO warrant_admin;
COMMENT ON FUNCTION warrant.protect(regclass, text[], text, regrole[]) IS
'Requires approval for commands on a table or view, for everybody but except_roles; returns the policy''s name. Doing it twice gives the
same policy, also for a table that was dropped and made anew; with other parameters 42710. Raises 22023 for NULL and unknown commands, 42809 for what cannot be protected.';

CREATE FUNCTION warrant.protect_schema(schema_name name, commands text[] DEFAULT '{ALL}', mode text DEFAULT 'enforce', except_roles regrole[] DEFAULT '{}')
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
AS $$
DECLARE
    policy_name text;
    schema oid;
    relations oid[];
BEGIN
    IF schema_name IS NULL THEN
        RAISE EXCEPTION 'schema_name must not be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    policy_name := warrant.ensure_policy(format('protect schema %I', schema_name), NULL, schema_name, commands, mode, except_roles);
    schema := quote_ident(schema_name)::regnamespace;
    relations := ARRAY(SELECT oid FROM pg_class WHERE relnamespace = schema AND relkind IN ('r', 'p', 'f', 'v', 'm'));
    RAISE NOTICE '% on the % relations of schema % %; affected roles: %',
        array_to_string(commands, ', '), cardinality(relations), quote_ident(schema_name), warrant.protect_effect(mode),
        warrant.affected_roles(relations, CASE WHEN 'CREATE' = ANY (warrant.expand_commands(commands)) THEN schema END, except_roles::oid[]);
    RETURN policy_name;
END;
$$;
REVOKE ALL ON FUNCTION warrant.protect_schema(name, text[], text, regrole[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.protect_schema(name, text[], text, regrole[]) TO warrant_admin;
COMMENT ON FUNCTION warrant.protect_schema(name, text[], text, regrole[]) IS 'As warrant.protect, for everything in a schema, also what comes into it later.';

CREATE FUNCTION warrant.protect_database(commands text[] DEFAULT '{ALL}', mode text DEFAULT 'enforce', except_roles regrole[] DEFAULT '{}')
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    policy_name text := warrant.ensure_policy('protect database', NULL, NULL, commands, mode, except_roles);
BEGIN
    RAISE NOTICE '% on everything in this database %, except in catalogues, other extensions'' relations and temporary ones',
        array_to_string(commands, ', '), warrant.protect_effect(mode);
    RETURN policy_name;
END;
$$;
REVOKE ALL ON FUNCTION warrant.protect_database(text[], text, regrole[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.protect_database(text[], text, regrole[]) TO warrant_admin;
COMMENT ON FUNCTION warrant.protect_database(text[], text, regrole[]) IS 'As warrant.protect, for everything in this database.';

CREATE FUNCTION warrant.unprotect(target regclass) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
AS $$
DECLARE
    dropped text[];
BEGIN
    IF target IS NULL THEN
        RAISE EXCEPTION 'target must not be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    dropped := ARRAY(SELECT p.name FROM warrant.policies p LEFT JOIN pg_class c ON c.oid = unprotect.target LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
                      WHERE p.effect <> 'open' AND (p.target = unprotect.target OR (p.target_schema, p.target_name) = (n.nspname, c.relname)) AND warrant.is_on(p, 't', unprotect.target, n.nspname, c.relname) ORDER BY p.id);
    IF dropped = '{}' THEN
        RAISE EXCEPTION '% has no policy of its own', target USING ERRCODE = 'no_data_found',
            HINT = 'A policy on its schema or on the database is ended by warrant.drop_policy.';
    END IF;
    PERFORM warrant.drop_policy(d.name) FROM unnest(dropped) AS d (name);
    IF EXISTS (SELECT FROM warrant.policies p JOIN pg_class c ON c.oid = unprotect.target
                WHERE p.effect <> 'open' AND ((p.target_kind = 's' AND p.target = c.relnamespace) OR p.target_kind = 'd')) THEN
        RAISE NOTICE 'policies on its schema or on the database still cover %', unprotect.target;
    END IF;
END;
$$;
REVOKE ALL ON FUNCTION warrant.unprotect(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.unprotect(regclass) TO warrant_admin;
COMMENT ON FUNCTION warrant.unprotect(regclass) IS
'Drops the approve and deny policies on the table itself, those of a table of its name that is gone included; audited as weakened. Raises P0002 when there is none. Effective after COMMIT.';

CREATE FUNCTION warrant.set_person(role regrole, person text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
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
REVOKE ALL ON FUNCTION warrant.set_person(regrole, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.set_person(regrole, text) TO warrant_admin;
COMMENT ON FUNCTION warrant.set_person(regrole, text) IS
'Says whose login a role is, for four eyes and quorums; NULL forgets it. Audited as weakened. Effective after COMMIT.';

-- What a URL may look like: https, or http to this machine; no user name or password, which would stand in a table. Without backslashes, which
-- would mean something else to a caller without standard_conforming_strings.
CREATE FUNCTION warrant.check_webhook_url(url text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF url !~ '^https://[^/?#@[:space:]]+([/?][^#[:space:]]*)?$' AND url !~ '^http://(localhost|127[.][0-9.]+|[[]::1[]])(:[0-9]+)?([/?][^#[:space:]]*)?$' THEN
        RAISE EXCEPTION 'invalid webhook url' USING ERRCODE = 'invalid_parameter_value',
            DETAIL = 'It must begin with https:// and have neither user name nor fragment; http:// only leads to this machine.';
    END IF;
END;
$$;
REVOKE ALL ON FUNCTION warrant.check_webhook_url(text) FROM PUBLIC;

CREATE FUNCTION warrant.add_webhook(name text, url text, kind text, secret_name text, allowed_networks cidr[] DEFAULT '{}',
    ca_file text DEFAULT NULL, timeout interval DEFAULT '3 s') RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    timeout_ms double precision := extract(epoch FROM warrant.in_seconds(timeout, 'timeout')) * 1000;
BEGIN
    IF num_nulls(name, url, kind, secret_name, allowed_networks, timeout) > 0 OR array_position(allowed_networks, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'only ca_file may be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF name !~ '^[A-Za-z0-9_.-]{1,48}$' OR secret_name !~ '^[A-Za-z0-9_.-]{1,128}$' THEN
        RAISE EXCEPTION 'names of webhooks and secrets have letters, digits, dots, hyphens and underscores'
            USING ERRCODE = 'invalid_parameter_value', DETAIL = 'A webhook''s has at most 48 of them, a secret''s 128.';
    END IF;
    PERFORM warrant.check_webhook_url(url);
    IF kind <> 'decision' THEN
        RAISE EXCEPTION 'unknown kind of webhook "%"', kind USING ERRCODE = 'invalid_parameter_value', HINT = 'The kind is decision.';
    END IF;
    IF timeout_ms NOT BETWEEN 10 AND 3000 THEN
        RAISE EXCEPTION 'timeout must be between 10 ms and 3 s' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF ca_file !~ '^/' THEN
        RAISE EXCEPTION 'ca_file must be an absolute path' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    BEGIN
        INSERT INTO warrant.webhooks (name, url, kind, secret_name, allowed_networks, ca_file, timeout_ms)
        VALUES (name, url, kind, secret_name, allowed_networks, ca_file, timeout_ms);
    EXCEPTION WHEN unique_violation THEN
        RAISE EXCEPTION 'webhook "%" exists already', name USING ERRCODE = 'duplicate_object';
    END;
    PERFORM warrant.note_definition('webhook_added', NULL, NULL, name), warrant.note_definition('weakened', NULL, NULL, format('webhook %s decides', name));
    RETURN name;
END;
$$;
REVOKE ALL ON FUNCTION warrant.add_webhook(text, text, text, text, cidr[], text, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.add_webhook(text, text, text, text, cidr[], text, interval) TO warrant_admin;
COMMENT ON FUNCTION warrant.add_webhook(text, text, text, text, cidr[], text, interval) IS
'Adds an HTTPS endpoint that decides the requests of the policies that name it: one signed POST a request, and its answer is one vote.
kind: decision. secret_name: of its keys in pg_warrant.secret_file. allowed_networks: loopback, private and other inner addresses that it may
lead to. ca_file: the only authorities trusted, PEM, instead of the system''s. timeout: of a call, at most 3 s. Returns the name.
Raises 22023, 42710. Audited as weakened. Effective after COMMIT.';

CREATE FUNCTION warrant.drop_webhook(name text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    asking text;
BEGIN
    DELETE FROM warrant.webhooks w WHERE w.name = drop_webhook.name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'webhook "%" does not exist', coalesce(name, 'NULL') USING ERRCODE = 'no_data_found';
    END IF;
    SELECT string_agg(format('"%s"', p.name), ', ' ORDER BY p.name) INTO asking FROM warrant.policies p WHERE p.webhook = drop_webhook.name;
    IF asking IS NOT NULL THEN
        RAISE EXCEPTION 'webhook "%" is still asked', name USING ERRCODE = 'dependent_objects_still_exist',
            DETAIL = format('By policies: %s.', asking);
    END IF;
    PERFORM warrant.note_definition('webhook_dropped', NULL, NULL, name);
END;
$$;
REVOKE ALL ON FUNCTION warrant.drop_webhook(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.drop_webhook(text) TO warrant_admin;
COMMENT ON FUNCTION warrant.drop_webhook(text) IS
'Removes a webhook; what waits to be sent to it is not sent. Raises P0002, and 2BP01 while a policy asks it. Effective after COMMIT.';

CREATE FUNCTION warrant.enable_webhook(name text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE warrant.webhooks w SET enabled = true WHERE w.name = enable_webhook.name AND NOT w.enabled;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'webhook "%" does not exist, or is enabled', coalesce(name, 'NULL') USING ERRCODE = 'no_data_found';
    END IF;
    PERFORM warrant.note_definition('webhook_changed', NULL, NULL, format('%s: enabled', name)),
            warrant.note_definition('weakened', NULL, NULL, format('webhook %s decides', name));
END;
$$;
REVOKE ALL ON FUNCTION warrant.enable_webhook(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.enable_webhook(text) TO warrant_admin;
COMMENT ON FUNCTION warrant.enable_webhook(text) IS
'Lets a webhook decide again that came with a copy of a database or with a dump. Audited as weakened. Raises P0002. Effective after COMMIT.';
