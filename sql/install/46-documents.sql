-- Policies as documents: their parameters as JSON objects, by which they are altered, exported and applied.

CREATE FUNCTION warrant_internal.await_definitions() RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_await_definitions';

-- The parameters of create_policy, in its order; whoever adds one adds it to documents.
CREATE FUNCTION warrant_internal.policy_parameters() RETURNS text[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT p.proargnames FROM pg_proc p WHERE p.oid = 'warrant.create_policy'::regproc);
END;
$$;

-- What each parameter is where nobody says.
CREATE FUNCTION warrant_internal.policy_defaults() RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    defaults jsonb;
BEGIN
    EXECUTE (SELECT format('SELECT jsonb_build_object(%s)', string_agg(format('%L, %s', a.name, coalesce(pg_get_function_arg_default('warrant.create_policy'::regproc, a.place::integer), 'NULL')), ', '))
               FROM unnest(warrant_internal.policy_parameters()) WITH ORDINALITY AS a (name, place)) INTO defaults;
    RETURN defaults;
END;
$$;

-- The parameters that a document gives, with the default for each that is null. Raises 22023 for what is not among those that it may give.
CREATE FUNCTION warrant_internal.parameters_in(document jsonb, may text[]) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unknown text;
BEGIN
    IF jsonb_typeof(document) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'the parameters of a policy are a JSON object' USING ERRCODE = 'invalid_parameter_value',
            DETAIL = format('They are %s.', coalesce(jsonb_typeof(document), 'NULL'));
    END IF;
    SELECT min(k.key) INTO unknown FROM jsonb_object_keys(document) AS k (key) WHERE k.key <> ALL (may);
    IF unknown IS NOT NULL THEN
        IF unknown = ANY (warrant_internal.policy_parameters()) THEN
            RAISE EXCEPTION 'the % of a policy cannot be changed', CASE unknown WHEN 'name' THEN unknown ELSE 'target' END
                USING ERRCODE = 'invalid_parameter_value', HINT = 'Drop the policy, and create another.';
        END IF;
        RAISE EXCEPTION 'unknown parameter "%"', unknown USING ERRCODE = 'invalid_parameter_value',
            HINT = format('Parameters are %s.', array_to_string(may, ', '));
    END IF;
    RETURN (SELECT coalesce(jsonb_object_agg(d.key, CASE WHEN d.value = 'null' THEN warrant_internal.policy_defaults()->d.key ELSE d.value END), '{}') FROM jsonb_each(document) AS d);
END;
$$;

-- Roles as a document names them, in an order of its own.
CREATE FUNCTION warrant_internal.roles_in_words(roles oid[], names name[]) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
AS $$
BEGIN
    RETURN (SELECT coalesce(jsonb_agg(DISTINCT quote_ident(n.name) COLLATE "C"), '[]') FROM unnest(warrant_internal.names_now(roles, names)) AS n (name));
END;
$$;

-- The parameters that make the policy, all of them, each in one way: what create_policy fills in where nobody says is null.
CREATE FUNCTION warrant_internal.parameters_of(policy warrant.policies) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
    SET intervalstyle = postgres SET quote_all_identifiers = off
AS $$
DECLARE
    columns CONSTANT jsonb := to_jsonb(policy);
    approvers CONSTANT jsonb := warrant_internal.roles_in_words(ARRAY[(policy).approver_role], ARRAY[(policy).approver_role_name])->0;
BEGIN
    RETURN (SELECT jsonb_object_agg(a.name, columns->a.name) FROM unnest(warrant_internal.policy_parameters()) AS a (name)) ||
        jsonb_build_object(
            'on_table', CASE (policy).target_kind WHEN 't' THEN format('%I.%I', (policy).target_schema, (policy).target_name) END,
            'on_schema', CASE (policy).target_kind WHEN 's' THEN (policy).target_schema END,
            'on_database', (policy).target_kind = 'd',
            'commands', CASE WHEN (policy).commands = warrant.expand_commands('{ALL}') THEN '{ALL}' ELSE (policy).commands END,
            'for_roles', warrant_internal.roles_in_words((policy).for_roles, (policy).for_role_names),
            'except_roles', warrant_internal.roles_in_words((policy).except_roles, (policy).except_role_names),
            'definer_roles', warrant_internal.roles_in_words((policy).definer_roles, (policy).definer_role_names),
            'approver_role', nullif(approvers, '"warrant_approver"'),
            'audit', nullif((policy).audit, warrant_internal.audit_of((policy).effect)));
END;
$$;

-- A value of a document for people.
CREATE FUNCTION warrant_internal.in_words(value jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE jsonb_typeof(value) WHEN 'array' THEN format('{%s}', (SELECT string_agg(e, ', ') FROM jsonb_array_elements_text(value) AS e))
                                    ELSE coalesce(value #>> '{}', 'default') END;
END;
$$;

-- What changes from one set of parameters to another, NULL where nothing does.
CREATE FUNCTION warrant_internal.changes_between(before jsonb, after jsonb) RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT string_agg(format('%s: %s -> %s', a.name, warrant_internal.in_words(before->a.name), warrant_internal.in_words(after->a.name)), '; ' ORDER BY a.place)
              FROM unnest(warrant_internal.policy_parameters()) WITH ORDINALITY AS a (name, place) WHERE before->a.name IS DISTINCT FROM after->a.name);
END;
$$;

-- Whether what is asked for, approved or granted under the policy is something else after a change.
CREATE FUNCTION warrant_internal.terms_differ(before warrant.policies, after warrant.policies) RETURNS boolean LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ((before).effect, (before).min_approvals, (before).approver_role, (before).default_duration, (before).max_duration, (before).max_uses, (before).require_reason)
           IS DISTINCT FROM ((after).effect, (after).min_approvals, (after).approver_role, (after).default_duration, (after).max_duration, (after).max_uses, (after).require_reason);
END;
$$;

-- Whether as many persons as the policy asks for have approved the grant, who may decide under it.
CREATE FUNCTION warrant_internal.has_approvals(given warrant.grants, policy warrant.policies) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    vote record;
    voter text[];
    persons text[] := '{}';
    approvals integer := 0;
BEGIN
    FOR vote IN SELECT d.approver, d.person FROM warrant.decisions d WHERE d.request_id = (given).request_id AND d.approves
                UNION ALL SELECT r.oid, r.rolname FROM pg_roles r WHERE (given).request_id IS NULL AND r.rolname = ANY ((given).granted_by) LOOP
        CONTINUE WHEN NOT CASE vote.approver WHEN 0 THEN coalesce('webhook:' || (policy).webhook = vote.person, false)
                                             ELSE warrant_internal.is_member(vote.approver, (policy).approver_role) END;
        voter := warrant_internal.names_of(vote.approver, vote.person);
        approvals := approvals + CASE WHEN NOT voter && persons THEN 1 ELSE 0 END;
        persons := persons || voter;
    END LOOP;
    RETURN approvals >= (policy).min_approvals;
END;
$$;

-- Whether a grant that the policy gave before would be given again after a change of it. What the change leaves as it was is not asked again.
CREATE FUNCTION warrant_internal.would_give_again(given warrant.grants, before warrant.policies, after warrant.policies) RETURNS boolean LANGUAGE plpgsql
STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    longest CONSTANT interval := coalesce((after).max_duration, current_setting('pg_warrant.max_duration')::interval);
BEGIN
    RETURN (after).effect = 'approve'
       AND ((after).max_duration IS NOT DISTINCT FROM (before).max_duration OR (given).ends_at - (given).starts_at <= longest)
       AND ((after).max_uses IS NOT DISTINCT FROM (before).max_uses OR coalesce((given).max_uses <= (after).max_uses, (after).max_uses IS NULL))
       AND ((after).require_reason <= (before).require_reason OR coalesce((given).reason, '') <> '')
       AND (((after).min_approvals <= (before).min_approvals AND (after).approver_role = (before).approver_role) OR warrant_internal.has_approvals(given, after));
END;
$$;

-- Puts a policy after a change in the place of the one before. Votes that were given under other terms do not count from the COMMIT on, nor do grants
-- that would not be given again, and those made meanwhile.
CREATE FUNCTION warrant_internal.replace_policy(before warrant.policies, after warrant.policies, changes text) RETURNS boolean LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    weakens boolean;
BEGIN
    after.version := (before).version + 1;
    IF warrant_internal.terms_differ(before, after) THEN
        after.terms_from := after.version;
        after.kept_grants := ARRAY(SELECT g.id FROM warrant.grants g WHERE g.closed_at IS NULL AND warrant_internal.would_give_again(g, before, after)
            AND EXISTS (SELECT FROM warrant.grant_scopes s WHERE s.grant_id = g.id AND s.policy_id = (before).id AND NOT s.closed AND warrant_internal.stands(s, before)) ORDER BY g.id);
    END IF;
    EXECUTE (SELECT format('UPDATE warrant.policies p SET (%s) = ROW (%s) WHERE p.id = ($1).id', string_agg(quote_ident(a.attname), ', '), string_agg(format('($1).%I', a.attname), ', '))
               FROM pg_attribute a WHERE a.attrelid = 'warrant.policies'::regclass AND a.attnum > 0 AND NOT a.attisdropped) USING after;
    weakens := warrant_internal.weakens(before, after);
    PERFORM warrant_internal.note_definition('policy_changed', after.name, after.version, changes);
    IF weakens THEN
        PERFORM warrant_internal.note_definition('weakened', after.name, after.version, changes);
    END IF;
    RETURN weakens;
END;
$$;

CREATE FUNCTION warrant.alter_policy(name text, changes jsonb) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET intervalstyle = postgres
AS $$
DECLARE
    fixed CONSTANT text[] := '{name,on_table,on_schema,on_database}';
    may CONSTANT text[] := ARRAY(SELECT a.name FROM unnest(warrant_internal.policy_parameters()) WITH ORDINALITY AS a (name, place) WHERE a.name <> ALL (fixed) ORDER BY a.place);
    given CONSTANT jsonb := warrant_internal.parameters_in(changes, may);
    before warrant.policies;
    after warrant.policies;
    said text;
BEGIN
    PERFORM warrant_internal.await_definitions();
    SELECT * INTO before FROM warrant.policies p WHERE p.name = alter_policy.name AND p.target_kind <> '!' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'policy "%" does not exist', coalesce(name, 'NULL') USING ERRCODE = 'no_data_found';
    END IF;
    after := warrant_internal.policy_of(given, before);
    said := warrant_internal.changes_between(warrant_internal.parameters_of(before), warrant_internal.parameters_of(after));
    IF said IS NULL THEN
        RAISE NOTICE 'policy "%" says that already', name;
        RETURN NULL;
    END IF;
    PERFORM warrant_internal.replace_policy(before, after, said);
    RETURN said;
END;
$$;
REVOKE ALL ON FUNCTION warrant.alter_policy(text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.alter_policy(text, jsonb) TO warrant_admin;
COMMENT ON FUNCTION warrant.alter_policy(text, jsonb) IS
'Changes parameters of a policy, by the names that create_policy has for them, but for its name and target; null stands for the default. The policy
keeps its number, requests, and the grants that it would give again; votes given under other terms are void. Returns what has changed, NULL for
nothing. Audited as policy_changed, and as weakened where it lets more through. Raises P0002, 22023, 42704. Effective after COMMIT.';
