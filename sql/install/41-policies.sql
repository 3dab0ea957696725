-- Policies: made and dropped.

-- Whether the policy, made (NULL before), changed or ended (NULL after), lets more through than before, or lets fewer or other persons decide.
CREATE FUNCTION warrant_internal.weakens(before warrant.policies, after warrant.policies) RETURNS boolean LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_weakens';

CREATE FUNCTION warrant_internal.why_undecidable(policy warrant.policies) RETURNS text LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'warrant_why_undecidable';

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
        RAISE EXCEPTION 'name, effect, commands, priority, mode, min_approvals, require_reason and audit_wait must not be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF name = '' OR octet_length(name) > 128 THEN
        RAISE EXCEPTION 'a policy''s name has between 1 and 128 bytes' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF effect NOT IN ('open', 'approve', 'deny') THEN
        RAISE EXCEPTION 'unknown effect "%"', effect USING ERRCODE = 'invalid_parameter_value', HINT = 'Effects are open, approve and deny.';
    END IF;
    PERFORM warrant_internal.check_mode(mode);
    IF audit NOT IN ('statement', 'none') THEN
        RAISE EXCEPTION 'unknown audit "%"', audit USING ERRCODE = 'invalid_parameter_value', HINT = 'Audit is statement or none.';
    END IF;
    IF min_approvals NOT BETWEEN 1 AND 100 THEN
        RAISE EXCEPTION 'min_approvals must be between 1 and 100' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    default_duration := warrant_internal.in_seconds(default_duration, 'default_duration');
    max_duration := warrant_internal.in_seconds(max_duration, 'max_duration');
    request_ttl := warrant_internal.in_seconds(request_ttl, 'request_ttl');
    PERFORM warrant_internal.check_max_uses(max_uses);
    IF default_duration > max_duration THEN
        RAISE EXCEPTION 'default_duration must not exceed max_duration' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF webhook IS NOT NULL AND effect <> 'approve' THEN
        RAISE EXCEPTION 'only a policy of effect approve asks a webhook' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF webhook IS NOT NULL THEN
        PERFORM warrant_internal.check_asked(webhook);
    END IF;
    made.target_schema := '';
    made.target_name := '';
    IF on_table IS NOT NULL THEN
        PERFORM warrant_internal.check_target(on_table);
        made.target_kind := 't';
        made.target := on_table;
        SELECT n.nspname, c.relname INTO made.target_schema, made.target_name
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = on_table;
    ELSIF on_schema IS NOT NULL THEN
        SELECT 's', n.oid, n.nspname INTO made.target_kind, made.target, made.target_schema FROM pg_namespace n WHERE n.nspname = on_schema;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'schema "%" does not exist', on_schema USING ERRCODE = 'invalid_schema_name';
        END IF;
        IF on_schema IN ('pg_catalog', 'information_schema', 'pg_toast', 'warrant', 'warrant_internal') OR on_schema ~ '^pg_(toast_)?temp_' THEN
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
    made.for_roles := warrant_internal.role_oids(for_roles, 'for_roles');
    made.except_roles := warrant_internal.role_oids(except_roles, 'except_roles');
    made.definer_roles := warrant_internal.role_oids(definer_roles, 'definer_roles');
    made.approver_role := (warrant_internal.role_oids(ARRAY[coalesce(approver_role, 'warrant_approver'::regrole)], 'approver_role'))[1];
    INSERT INTO warrant.policies (name, effect, target_kind, target, target_schema, target_name, commands, for_roles, except_roles,
        priority, mode, audit, audit_wait, for_role_names, except_role_names, min_approvals, approver_role, approver_role_name,
        default_duration, max_duration, request_ttl, require_reason, webhook, definer_roles, definer_role_names, max_uses)
    VALUES (made.name, made.effect, made.target_kind, made.target, made.target_schema, made.target_name, made.commands, made.for_roles,
        made.except_roles, priority, mode, coalesce(audit, CASE effect WHEN 'open' THEN 'none' ELSE 'statement' END), audit_wait,
        warrant_internal.role_names(made.for_roles), warrant_internal.role_names(made.except_roles), min_approvals, made.approver_role,
        (warrant_internal.role_names(ARRAY[made.approver_role]))[1], default_duration, max_duration, request_ttl, require_reason, webhook,
        made.definer_roles, warrant_internal.role_names(made.definer_roles), max_uses)
    ON CONFLICT ON CONSTRAINT policies_name_key DO NOTHING RETURNING * INTO made;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'policy "%" exists already', name USING ERRCODE = 'duplicate_object';
    END IF;
    PERFORM warrant_internal.note_definition(event.word, name, 1,
            format('%s on %s', effect, CASE made.target_kind WHEN 't' THEN format('%I.%I', made.target_schema, made.target_name)
                                                             WHEN 's' THEN format('schema %I', made.target_schema) ELSE 'this database' END))
       FROM unnest('{policy_created,weakened}'::text[]) WITH ORDINALITY AS event (word, place)
      WHERE event.word = 'policy_created' OR warrant_internal.weakens(NULL, made) ORDER BY event.place;
    RETURN name;
END;
$$;
-- By its name alone, which no other function has: its parameters stand above.
REVOKE ALL ON FUNCTION warrant.create_policy FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.create_policy TO warrant_admin;
COMMENT ON FUNCTION warrant.create_policy IS
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
    PERFORM warrant_internal.note_definition('policy_dropped', gone.name, gone.version, gone.effect);
    IF warrant_internal.weakens(gone, NULL) THEN
        PERFORM warrant_internal.note_definition('weakened', gone.name, gone.version, 'dropped');
    END IF;
END;
$$;
REVOKE ALL ON FUNCTION warrant.drop_policy(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.drop_policy(text) TO warrant_admin;
COMMENT ON FUNCTION warrant.drop_policy(text) IS 'Removes a policy; grants made under it end. Raises P0002. Effective after COMMIT.';
