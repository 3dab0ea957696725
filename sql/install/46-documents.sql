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
CREATE FUNCTION warrant_internal.parameters_in(document jsonb, of_policy text, may text[], defaults jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
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
        RAISE EXCEPTION 'unknown parameter "%" of policy "%"', unknown, coalesce(of_policy, 'NULL') USING ERRCODE = 'invalid_parameter_value',
            HINT = format('Parameters are %s.', array_to_string(may, ', '));
    END IF;
    RETURN (SELECT coalesce(jsonb_object_agg(d.key, CASE WHEN d.value = 'null' THEN defaults->d.key ELSE d.value END), '{}') FROM jsonb_each(document) AS d);
END;
$$;

-- Roles as a document names them, in an order of its own.
CREATE FUNCTION warrant_internal.roles_in_words(roles oid[], names name[]) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
AS $$
BEGIN
    IF roles = '{}' THEN
        RETURN '[]';
    END IF;
    RETURN (SELECT jsonb_agg(DISTINCT quote_ident(coalesce(a.rolname, n.name, '')) COLLATE "C")
              FROM unnest(roles) WITH ORDINALITY AS r (role, place) LEFT JOIN unnest(names) WITH ORDINALITY AS n (name, place) USING (place) LEFT JOIN pg_authid a ON a.oid = r.role);
END;
$$;

-- Approvers of several roles, as create_policy takes them.
CREATE FUNCTION warrant_internal.approvers_in_words(policy warrant.policies) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
AS $$
DECLARE
    first CONSTANT integer := (policy).min_approvals - (SELECT sum(n) FROM unnest((policy).other_approvals) AS n);
BEGIN
    RETURN (SELECT jsonb_object_agg(quote_ident(coalesce(a.rolname, r.name)), r.number)
              FROM unnest((policy).approver_role || (policy).other_approver_roles, (policy).approver_role_name || (policy).other_approver_role_names,
                          first || (policy).other_approvals) AS r (role, name, number) LEFT JOIN pg_authid a ON a.oid = r.role);
END;
$$;

-- The parameters that make the policy, all of them, each in one way: what create_policy fills in where nobody says is null.
CREATE FUNCTION warrant_internal.parameters_of(policy warrant.policies, defaults jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
    SET intervalstyle = postgres SET quote_all_identifiers = off
AS $$
DECLARE
    columns CONSTANT jsonb := to_jsonb(policy);
    several CONSTANT boolean := (policy).other_approver_roles IS NOT NULL;
    approvers CONSTANT jsonb := warrant_internal.roles_in_words(ARRAY[(policy).approver_role], ARRAY[(policy).approver_role_name])->0;
BEGIN
    RETURN (SELECT jsonb_object_agg(a.name, coalesce(nullif(columns->a.name, 'null'), defaults->a.name)) FROM unnest(warrant_internal.policy_parameters()) AS a (name)) ||
        jsonb_build_object(
            'on_table', CASE (policy).target_kind WHEN 't' THEN format('%I.%I', (policy).target_schema, (policy).target_name) END,
            'on_schema', CASE (policy).target_kind WHEN 's' THEN (policy).target_schema END,
            'on_database', (policy).target_kind = 'd',
            'columns', warrant_internal.column_names((policy).target, (policy).column_numbers, (policy).columns),
            'commands', CASE WHEN (policy).commands = CASE WHEN (policy).columns IS NULL THEN warrant.expand_commands('{ALL}') ELSE warrant_internal.commands_on_columns('{ALL}') END
                             THEN '{ALL}' ELSE (policy).commands END,
            'on_label', CASE (policy).target_kind WHEN 'l' THEN (policy).target_name END,
            'for_roles', warrant_internal.roles_in_words((policy).for_roles, (policy).for_role_names),
            'except_roles', warrant_internal.roles_in_words((policy).except_roles, (policy).except_role_names),
            'definer_roles', warrant_internal.roles_in_words((policy).definer_roles, (policy).definer_role_names),
            'min_approvals', CASE WHEN several THEN 1 ELSE (policy).min_approvals END,
            'approver_role', CASE WHEN NOT several THEN nullif(approvers, '"warrant_approver"') END,
            'escalate_to', CASE WHEN (policy).escalate_to IS NOT NULL THEN warrant_internal.roles_in_words(ARRAY[(policy).escalate_to], ARRAY[(policy).escalate_to_name])->0 END,
            'approvers', CASE WHEN several THEN warrant_internal.approvers_in_words(policy) END,
            'default_duration', nullif((policy).default_duration, warrant_internal.default_duration_of((policy).effect)),
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

-- What changes from one set of parameters to another.
CREATE FUNCTION warrant_internal.changes_between(before jsonb, after jsonb) RETURNS text[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ARRAY(SELECT format('%s: %s -> %s', a.name, warrant_internal.in_words(before->a.name), warrant_internal.in_words(after->a.name))
                   FROM unnest(warrant_internal.policy_parameters()) WITH ORDINALITY AS a (name, place) WHERE before->a.name IS DISTINCT FROM after->a.name ORDER BY a.place);
END;
$$;

-- Whether what is asked for, approved or granted under the policy is something else after a change.
CREATE FUNCTION warrant_internal.terms_differ(before warrant.policies, after warrant.policies) RETURNS boolean LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN ((before).effect, (before).min_approvals, (before).approver_role, (before).other_approver_roles, (before).other_approvals, (before).default_duration, (before).max_duration, (before).max_uses, (before).require_reason, coalesce((before).require_comment, false), (before).columns, (before).ticket_pattern, (before).max_rows, coalesce((before).exact, false), (before).escalate_to)
           IS DISTINCT FROM ((after).effect, (after).min_approvals, (after).approver_role, (after).other_approver_roles, (after).other_approvals, (after).default_duration, (after).max_duration, (after).max_uses, (after).require_reason, coalesce((after).require_comment, false), (after).columns, (after).ticket_pattern, (after).max_rows, coalesce((after).exact, false), (after).escalate_to);
END;
$$;

-- Whether enough persons have approved the grant who may decide under the policy.
CREATE FUNCTION warrant_internal.has_approvals(given warrant.grants, policy warrant.policies) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    votes CONSTANT record := warrant_internal.votes_for(given);
BEGIN
    RETURN (warrant_internal.count_votes(policy, votes.logins, votes.known_by, votes.persons,
            coalesce((SELECT r.escalated FROM warrant.requests r WHERE r.id = (given).request_id), '{}'))).missing = 0;
END;
$$;

-- Whether a grant that the policy gave before would be given again after a change of it. What the change leaves as it was is not asked again.
CREATE FUNCTION warrant_internal.would_give_again(given warrant.grants, before warrant.policies, after warrant.policies) RETURNS boolean LANGUAGE plpgsql
STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    longest CONSTANT interval := coalesce((after).max_duration, current_setting('pg_warrant.max_duration')::interval);
BEGIN
    IF ((given).granted_by = '{}') <> ((after).effect = 'auto') THEN
        RETURN false;    -- a person has given it, and the policy would, or the other way round
    ELSIF (after).effect = 'auto' THEN
        RETURN (after).columns IS NOT DISTINCT FROM (before).columns AND (given).ends_at - (given).starts_at <= (after).default_duration AND coalesce((given).max_uses <= (after).max_uses, (after).max_uses IS NULL)
           AND coalesce((given).max_rows <= (after).max_rows, (after).max_rows IS NULL) AND (NOT (after).require_reason OR coalesce((given).reason, '') <> '')
           AND ((after).ticket_pattern IS NULL OR coalesce(warrant_internal.fits_pattern((given).ticket, (after).ticket_pattern), false));
    END IF;
    RETURN (after).effect = 'approve' AND (after).columns IS NOT DISTINCT FROM (before).columns
       AND ((after).max_duration IS NOT DISTINCT FROM (before).max_duration OR (given).ends_at - (given).starts_at <= longest)
       AND ((after).max_uses IS NOT DISTINCT FROM (before).max_uses OR coalesce((given).max_uses <= (after).max_uses, (after).max_uses IS NULL))
       AND ((after).max_rows IS NOT DISTINCT FROM (before).max_rows OR coalesce((given).max_rows <= (after).max_rows, (after).max_rows IS NULL))
       AND ((given).exact IS NOT NULL OR coalesce((after).exact, false) <= coalesce((before).exact, false))
       AND ((after).require_reason <= (before).require_reason OR coalesce((given).reason, '') <> '')
       AND ((after).ticket_pattern IS NULL OR (after).ticket_pattern IS NOT DISTINCT FROM (before).ticket_pattern
            OR coalesce(warrant_internal.fits_pattern((given).ticket, (after).ticket_pattern), false))
       AND (coalesce((after).require_comment, false) <= coalesce((before).require_comment, false)
            OR CASE WHEN (given).request_id IS NULL THEN NOT warrant_internal.is_blank((given).reason)
                    ELSE NOT EXISTS (SELECT FROM warrant.decisions d WHERE d.request_id = (given).request_id AND warrant_internal.is_blank(d.comment)) END)
       AND (((after).min_approvals <= (before).min_approvals AND ((after).approver_role, (after).other_approver_roles) IS NOT DISTINCT FROM ((before).approver_role, (before).other_approver_roles)
             AND ((after).other_approvals, (after).escalate_to) IS NOT DISTINCT FROM ((before).other_approvals, (before).escalate_to)) OR warrant_internal.has_approvals(given, after));
END;
$$;

-- Puts a policy after a change in the place of the one before. Votes that were given under other terms do not count from the COMMIT on, nor do grants
-- that would not be given again, and those made meanwhile. As add_policy.
CREATE FUNCTION warrant_internal.replace_policy(before warrant.policies, after warrant.policies, changes text, trial boolean) RETURNS boolean LANGUAGE plpgsql
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
    weakens := warrant_internal.weakens(before, after) OR (before.target <> after.target AND warrant_internal.weakens(NULL, after));
    IF NOT trial THEN
        PERFORM warrant_internal.warn_undecidable(after);
        PERFORM warrant_internal.note_change('policy_changed', after, changes, weakens);
    END IF;
    RETURN weakens;
END;
$$;

CREATE FUNCTION warrant.alter_policy(name text, changes jsonb) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET intervalstyle = postgres
AS $$
DECLARE
    fixed CONSTANT text[] := '{name,on_table,on_schema,on_database,on_label}';
    may CONSTANT text[] := ARRAY(SELECT a.name FROM unnest(warrant_internal.policy_parameters()) WITH ORDINALITY AS a (name, place) WHERE a.name <> ALL (fixed) ORDER BY a.place);
    defaults CONSTANT jsonb := warrant_internal.policy_defaults();
    given CONSTANT jsonb := warrant_internal.parameters_in(changes, name, may, defaults);
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
    said := nullif(array_to_string(warrant_internal.changes_between(warrant_internal.parameters_of(before, defaults), warrant_internal.parameters_of(after, defaults)), '; '), '');
    IF said IS NULL THEN
        RAISE NOTICE 'policy "%" says that already', name;
        RETURN NULL;
    END IF;
    PERFORM warrant_internal.replace_policy(before, after, said, false);
    RETURN said;
END;
$$;
REVOKE ALL ON FUNCTION warrant.alter_policy(text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.alter_policy(text, jsonb) TO warrant_admin;
COMMENT ON FUNCTION warrant.alter_policy(text, jsonb) IS
'Changes parameters of a policy, by the names that create_policy has for them, but for its name and target; null stands for the default. The policy
keeps its number, requests, and the grants that it would give again; votes given under other terms are void. Returns what has changed, NULL for
nothing. Audited as policy_changed, and as weakened where it lets more through. Raises P0002, 22023, 42704. Effective after COMMIT.';

-- The parameters that are no defaults.
CREATE FUNCTION warrant_internal.beyond_defaults(parameters jsonb, defaults jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT jsonb_object_agg(p.key, p.value) FROM jsonb_each(parameters) AS p WHERE p.value <> defaults->p.key);
END;
$$;

CREATE FUNCTION warrant.export_policies() RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    defaults CONSTANT jsonb := warrant_internal.policy_defaults();
BEGIN
    RETURN jsonb_build_object('policies', (SELECT coalesce(jsonb_agg(warrant_internal.beyond_defaults(warrant_internal.parameters_of(p, defaults), defaults) ORDER BY p.name COLLATE "C"), '[]')
                                             FROM warrant.policies p WHERE p.target_kind <> '!'));
END;
$$;
REVOKE ALL ON FUNCTION warrant.export_policies() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.export_policies() TO warrant_admin, warrant_auditor;
COMMENT ON FUNCTION warrant.export_policies() IS
'All policies as one document, {"policies": [...]}, by name. Each is an object of the parameters of create_policy; defaults are left out. Roles and
tables are written as in SQL, tables with their schema. warrant.apply_policies takes it.';

-- The policies that a document has, with all parameters. Raises 22023 for what is no such document.
CREATE FUNCTION warrant_internal.policies_in(document jsonb, defaults jsonb) RETURNS jsonb[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    may CONSTANT text[] := warrant_internal.policy_parameters();
    wanted jsonb[];
    twice text;
BEGIN
    IF jsonb_typeof(document->'policies') IS DISTINCT FROM 'array' OR document - 'policies' <> '{}' THEN
        RAISE EXCEPTION 'a document of policies has the key "policies" with an array, and no other' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'warrant.export_policies() makes such a document.';
    END IF;
    wanted := ARRAY(SELECT defaults || warrant_internal.parameters_in(e, e->>'name', may, defaults) FROM jsonb_array_elements(document->'policies') AS e);
    SELECT w->>'name' INTO twice FROM unnest(wanted) AS w GROUP BY 1 HAVING count(*) > 1 OR count(w->>'name') = 0 ORDER BY 1 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '%', CASE WHEN twice IS NULL THEN 'a policy of the document has no name' ELSE format('policy "%s" is in the document twice', twice) END
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN wanted;
END;
$$;

-- What the policy is to be on, where that is something else than it is on: an object made anew under the same name. Raises 42710 for another one.
CREATE FUNCTION warrant_internal.target_anew(before warrant.policies, said jsonb, wanted jsonb) RETURNS oid LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    targets CONSTANT text[] := '{on_table,on_schema,on_database,on_label}';
    object record;
BEGIN
    IF to_regclass(wanted->>'on_table') IS NULL AND to_regnamespace(quote_ident(wanted->>'on_schema')) IS NULL AND NOT EXISTS (SELECT FROM unnest(targets) AS t WHERE said->t <> wanted->t) THEN
        RETURN NULL;    -- it is gone, or this database
    END IF;
    object := warrant_internal.target_of(wanted);
    IF NOT warrant_internal.is_on(before, object.kind, object.target, object.in_schema, object.called) THEN
        RAISE EXCEPTION 'policy "%" exists already, on %', (before).name, warrant_internal.target_in_words(before) USING ERRCODE = 'duplicate_object',
            HINT = 'A policy keeps its target: give this one another name, or drop the other first.';
    END IF;
    RETURN nullif(object.target, (before).target);
END;
$$;

-- Makes the policy what a document wants: creates it, alters it, or leaves it. weakens is NULL where nothing changes.
CREATE FUNCTION warrant_internal.apply_policy(wanted jsonb, defaults jsonb, trial boolean, OUT action text, OUT changes text[], OUT weakens boolean) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    fixed CONSTANT text[] := '{name,on_table,on_schema,on_database,on_label}';
    before warrant.policies;
    after warrant.policies;
    said jsonb;
    given jsonb;
    anew oid;
BEGIN
    SELECT * INTO before FROM warrant.policies p WHERE p.name = wanted->>'name' AND p.target_kind <> '!' FOR UPDATE;
    IF NOT FOUND THEN
        action := 'create';
        weakens := warrant_internal.add_policy(wanted, trial);
        SELECT * INTO after FROM warrant.policies p WHERE p.name = wanted->>'name';
        said := warrant_internal.beyond_defaults(warrant_internal.parameters_of(after, defaults), defaults);
        changes := format('%s on %s', after.effect, warrant_internal.target_in_words(after)) ||
            ARRAY(SELECT format('%s: %s', a.name, warrant_internal.in_words(said->a.name)) FROM unnest(warrant_internal.policy_parameters()) WITH ORDINALITY AS a (name, place)
                   WHERE said ? a.name AND a.name <> ALL (fixed || '{effect}') ORDER BY a.place);
        RETURN;
    END IF;
    said := warrant_internal.parameters_of(before, defaults);
    given := (SELECT jsonb_object_agg(w.key, w.value) FROM jsonb_each(wanted - fixed) AS w WHERE w.value <> said->w.key);
    after := before;
    IF given IS NOT NULL THEN
        after := warrant_internal.policy_of(given, before);
        changes := warrant_internal.changes_between(said, warrant_internal.parameters_of(after, defaults));
    END IF;
    anew := warrant_internal.target_anew(before, said, wanted);
    IF anew IS NOT NULL THEN
        after.target := anew;
        after.column_numbers := warrant_internal.column_numbers(anew, after.columns);
        changes := changes || format('on %s, which was made anew', warrant_internal.target_in_words(after));
    END IF;
    action := CASE WHEN cardinality(changes) > 0 THEN 'alter' ELSE 'same' END;
    IF action = 'alter' THEN
        weakens := warrant_internal.replace_policy(before, after, array_to_string(changes, '; '), trial);
    END IF;
END;
$$;

-- One row for each change, so that what stays of a long list is not lost behind it.
CREATE FUNCTION warrant_internal.apply_document(document jsonb, prune boolean, trial boolean, OUT action text, OUT policy text, OUT change text, OUT weakens boolean)
RETURNS SETOF record LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET intervalstyle = postgres
AS $$
DECLARE
    defaults CONSTANT jsonb := warrant_internal.policy_defaults();
    policies CONSTANT jsonb[] := warrant_internal.policies_in(document, defaults);
    wanted jsonb;
    other warrant.policies;
    done record;
    words text;
    facts text;
    advice text;
BEGIN
    PERFORM warrant_internal.await_definitions();
    FOREACH wanted IN ARRAY policies LOOP
        BEGIN
            done := warrant_internal.apply_policy(wanted, defaults, trial);
        EXCEPTION WHEN OTHERS THEN    -- which of the policies it is
            GET STACKED DIAGNOSTICS words = MESSAGE_TEXT, facts = PG_EXCEPTION_DETAIL, advice = PG_EXCEPTION_HINT;
            facts := concat_ws(' ', nullif(facts, ''), format('Policy "%s" of the document.', wanted->>'name'));
            IF advice = '' THEN
                RAISE EXCEPTION '%', words USING ERRCODE = SQLSTATE, DETAIL = facts;
            END IF;
            RAISE EXCEPTION '%', words USING ERRCODE = SQLSTATE, DETAIL = facts, HINT = advice;
        END;
        RETURN QUERY SELECT done.action, wanted->>'name', c.change, done.weakens FROM unnest(coalesce(nullif(done.changes, '{}'::text[]), '{NULL}')) AS c (change);
    END LOOP;
    FOR other IN SELECT p.* FROM warrant.policies p WHERE prune AND p.target_kind <> '!' AND p.name <> ALL (ARRAY(SELECT w->>'name' FROM unnest(policies) AS w)) ORDER BY p.name COLLATE "C" LOOP
        RETURN QUERY SELECT 'drop', other.name, format('%s on %s', other.effect, warrant_internal.target_in_words(other)), warrant_internal.remove_policy(other.name, trial);
    END LOOP;
END;
$$;

CREATE FUNCTION warrant.apply_policies(doc jsonb, prune boolean DEFAULT false, dry_run boolean DEFAULT true, OUT action text, OUT policy text, OUT change text, OUT weakens boolean)
RETURNS SETOF record LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off
AS $$
DECLARE
    done record;
    actions text[] := '{}';
    names text[] := '{}';
    changes text[] := '{}';
    weakening boolean[] := '{}';
BEGIN
    IF num_nulls(doc, prune, dry_run) > 0 THEN
        RAISE EXCEPTION 'doc, prune and dry_run must not be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT dry_run THEN
        RETURN QUERY SELECT * FROM warrant_internal.apply_document(doc, prune, false);
        RETURN;
    END IF;
    BEGIN
        SELECT array_agg(d.action), array_agg(d.policy), array_agg(d.change), array_agg(d.weakens) INTO actions, names, changes, weakening
          FROM warrant_internal.apply_document(doc, prune, true) AS d;
        RAISE SQLSTATE 'WDRYR';
    EXCEPTION WHEN SQLSTATE 'WDRYR' THEN
        IF EXISTS (SELECT FROM unnest(actions) AS a WHERE a <> 'same') THEN
            RAISE NOTICE 'nothing was changed: dry_run => false does it';
        END IF;
    END;
    RETURN QUERY SELECT * FROM unnest(actions, names, changes, weakening);
END;
$$;
REVOKE ALL ON FUNCTION warrant.apply_policies(jsonb, boolean, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.apply_policies(jsonb, boolean, boolean) TO warrant_admin;
COMMENT ON FUNCTION warrant.apply_policies(jsonb, boolean, boolean) IS
'Makes the policies what a document like that of warrant.export_policies says: creates what is missing and alters what differs, all of it or nothing.
prune: drops the policies that the document does not have. dry_run: tells what it would do, and changes nothing. A row for each change: create,
alter, drop or same; the policy; what changes; whether that lets more through. Raises 22023, 42704, 42710 for another target under a name, and
what warrant.create_policy raises. Effective after COMMIT.';
