-- Definitions as documents: the parameters of policies and profiles as JSON objects, by which they are altered, exported and applied, and labels beside them.

CREATE FUNCTION warrant_internal.await_definitions() RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_await_definitions';

-- The parameters of create_policy, in its order; whoever adds one adds it to documents.
CREATE FUNCTION warrant_internal.policy_parameters() RETURNS text[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT p.proargnames FROM pg_proc p WHERE p.oid = 'warrant.create_policy'::regproc);
END;
$$;

-- What each parameter of a function is where nobody says.
CREATE FUNCTION warrant_internal.defaults_of(function regproc) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    defaults jsonb;
BEGIN
    EXECUTE (SELECT format('SELECT jsonb_build_object(%s)', string_agg(format('%L, %s', a.name, coalesce(pg_get_function_arg_default(p.oid, a.place::integer), 'NULL')), ', '))
               FROM pg_proc p CROSS JOIN unnest(p.proargnames) WITH ORDINALITY AS a (name, place) WHERE p.oid = function) INTO defaults;
    RETURN defaults;
END;
$$;

CREATE FUNCTION warrant_internal.policy_defaults() RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN warrant_internal.defaults_of('warrant.create_policy');
END;
$$;

-- The parameters that a document gives of a policy or profile, with the default for each that is null. Raises 22023 for what is not among those that it may give.
CREATE FUNCTION warrant_internal.parameters_in(document jsonb, called text, may text[], defaults jsonb, what text DEFAULT 'policy') RETURNS jsonb LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unknown text;
BEGIN
    IF jsonb_typeof(document) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'the parameters of a % are a JSON object', what USING ERRCODE = 'invalid_parameter_value',
            DETAIL = format('They are %s.', coalesce(jsonb_typeof(document), 'NULL'));
    END IF;
    SELECT min(k.key) INTO unknown FROM jsonb_object_keys(document) AS k (key) WHERE k.key <> ALL (may);
    IF unknown IS NOT NULL THEN
        IF what = 'policy' AND unknown = ANY (warrant_internal.policy_parameters()) THEN
            RAISE EXCEPTION 'the % of a policy cannot be changed', CASE unknown WHEN 'name' THEN unknown ELSE 'target' END
                USING ERRCODE = 'invalid_parameter_value', HINT = 'Drop the policy, and create another.';
        END IF;
        RAISE EXCEPTION 'unknown parameter "%" of % "%"', warrant_internal.in_one_line(unknown, 63), what, coalesce(warrant_internal.in_one_line(called, 128), 'NULL') USING ERRCODE = 'invalid_parameter_value',
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

-- The roles, in the place of one that is gone what bears its name now.
CREATE FUNCTION warrant_internal.roles_now(roles oid[], names name[]) RETURNS oid[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT array_agg(coalesce(a.oid, b.oid, r.role) ORDER BY r.place) FROM unnest(roles, names) WITH ORDINALITY AS r (role, name, place)
              LEFT JOIN pg_authid a ON a.oid = r.role LEFT JOIN pg_authid b ON b.rolname = r.name);
END;
$$;

-- The policy about roles that were dropped and made anew under their names.
CREATE FUNCTION warrant_internal.with_roles_now(policy warrant.policies) RETURNS warrant.policies LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM unnest((policy).for_roles || (policy).except_roles || (policy).definer_roles || (policy).approver_role || (policy).other_approver_roles || (policy).escalate_to) AS r (role)
                    WHERE NOT EXISTS (SELECT FROM pg_authid a WHERE a.oid = r.role)) THEN
        RETURN policy;    -- as nearly each
    END IF;
    policy.for_roles := coalesce(warrant_internal.roles_now((policy).for_roles, (policy).for_role_names), '{}');
    policy.except_roles := coalesce(warrant_internal.roles_now((policy).except_roles, (policy).except_role_names), '{}');
    policy.definer_roles := coalesce(warrant_internal.roles_now((policy).definer_roles, (policy).definer_role_names), '{}');
    policy.approver_role := (warrant_internal.roles_now(ARRAY[(policy).approver_role], ARRAY[(policy).approver_role_name]))[1];
    policy.other_approver_roles := warrant_internal.roles_now((policy).other_approver_roles, (policy).other_approver_role_names);
    policy.escalate_to := (warrant_internal.roles_now(ARRAY[(policy).escalate_to], ARRAY[(policy).escalate_to_name]))[1];
    RETURN policy;
END;
$$;

-- Which roles of a parameter are others after a change, under the names that they had before.
CREATE FUNCTION warrant_internal.roles_anew(parameter text, before oid[], names name[], after oid[]) RETURNS text[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
AS $$
BEGIN
    RETURN ARRAY(SELECT DISTINCT format('%s: %I, which was made anew', parameter, a.rolname) FROM unnest(before, names) AS b (role, name) JOIN pg_authid a ON a.rolname = b.name
                  WHERE a.oid = ANY (after) AND NOT EXISTS (SELECT FROM pg_authid o WHERE o.oid = b.role) ORDER BY 1);
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

-- The same for policies: also a role that was dropped and made anew, which has the same name.
CREATE FUNCTION warrant_internal.changes_between(before warrant.policies, after warrant.policies, defaults jsonb) RETURNS text[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN warrant_internal.changes_between(warrant_internal.parameters_of(before, defaults), warrant_internal.parameters_of(after, defaults))
        || warrant_internal.roles_anew('for_roles', (before).for_roles, (before).for_role_names, (after).for_roles)
        || warrant_internal.roles_anew('except_roles', (before).except_roles, (before).except_role_names, (after).except_roles)
        || warrant_internal.roles_anew('definer_roles', (before).definer_roles, (before).definer_role_names, (after).definer_roles)
        || warrant_internal.roles_anew('approvers', (before).approver_role || (before).other_approver_roles, (before).approver_role_name || (before).other_approver_role_names,
                                       (after).approver_role || (after).other_approver_roles)
        || warrant_internal.roles_anew('escalate_to', ARRAY[(before).escalate_to], ARRAY[(before).escalate_to_name], ARRAY[(after).escalate_to]);
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

-- What of requests and grants ends, in words, because the policy is not any more what it was before; NULL for nothing.
CREATE FUNCTION warrant_internal.ended_since(before warrant.policies) RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    now CONSTANT timestamptz := warrant_internal.monotonic_now();
    policy warrant.policies;
    grants bigint;
    requests bigint;
    voided bigint;
BEGIN
    SELECT * INTO policy FROM warrant.policies p WHERE p.id = (before).id;
    SELECT count(DISTINCT s.grant_id) INTO grants FROM warrant.grant_scopes s JOIN warrant.grants g ON g.id = s.grant_id
     WHERE s.policy_id = (before).id AND NOT s.closed AND g.closed_at IS NULL AND g.ends_at > now
       AND warrant_internal.stands(s, before) AND (policy.id IS NULL OR NOT warrant_internal.stands(s, policy));
    SELECT count(DISTINCT r.id) FILTER (WHERE a.why IS NOT NULL),
           count(DISTINCT r.id) FILTER (WHERE a.why IS NULL AND i.policy_version >= coalesce((before).terms_from, 0) AND EXISTS (SELECT FROM warrant.decisions d WHERE d.request_id = r.id))
      INTO requests, voided FROM warrant.requests r JOIN warrant.request_items i ON i.request_id = r.id AND i.policy_id = (before).id AND i.policy_version < policy.terms_from
           CROSS JOIN LATERAL warrant_internal.why_not_asked(r, policy) AS a (why)
     WHERE r.state = 'pending' AND r.expires_at > now AND warrant_internal.why_not_asked(r, before) IS NULL;
    RETURN nullif(concat_ws('; ', 'ends ' || nullif(concat_ws(' and ', CASE WHEN requests > 0 THEN warrant_internal.count_in_words(requests, 'pending request') END,
                                                              CASE WHEN grants > 0 THEN warrant_internal.count_in_words(grants, 'live grant') END), ''),
                            'voids the votes on ' || CASE WHEN voided > 0 THEN warrant_internal.count_in_words(voided, 'pending request') END), '');
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
    ends text;
BEGIN
    PERFORM warrant_internal.await_definitions();
    SELECT * INTO before FROM warrant.policies p WHERE p.name = alter_policy.name AND p.target_kind <> '!' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'policy "%" does not exist', coalesce(warrant_internal.in_one_line(name, 128), 'NULL') USING ERRCODE = 'no_data_found';
    END IF;
    after := warrant_internal.policy_of(given, before);
    said := nullif(array_to_string(warrant_internal.changes_between(before, after, defaults), '; '), '');
    IF said IS NULL THEN
        RAISE NOTICE 'policy "%" says that already', warrant_internal.in_one_line(name, 128);
        RETURN NULL;
    END IF;
    PERFORM warrant_internal.replace_policy(before, after, said, false);
    ends := warrant_internal.ended_since(before);
    IF ends IS NOT NULL THEN
        RAISE NOTICE '%', ends;
    END IF;
    RETURN said;
END;
$$;
REVOKE ALL ON FUNCTION warrant.alter_policy(text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.alter_policy(text, jsonb) TO warrant_admin;
COMMENT ON FUNCTION warrant.alter_policy(text, jsonb) IS
'Changes parameters of a policy, by the names that create_policy has for them, but for its name and target; null stands for the default. The policy
keeps its number, requests, and the grants that it would give again; votes given under other terms are void. Returns what has changed, NULL for
nothing, and tells in a NOTICE how many requests and grants end. A role that was made anew under its name is taken anew where it is given. Audited as policy_changed, and as weakened where it lets more through. Raises P0002, 22023, 42704. Effective after COMMIT.';

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
    of_profiles CONSTANT jsonb := warrant_internal.defaults_of('warrant.create_profile');
BEGIN
    RETURN jsonb_build_object(
        'policies', (SELECT coalesce(jsonb_agg(warrant_internal.beyond_defaults(warrant_internal.parameters_of(p, defaults), defaults) ORDER BY p.name COLLATE "C"), '[]')
                       FROM warrant.policies p WHERE p.target_kind <> '!'),
        'profiles', (SELECT coalesce(jsonb_agg(warrant_internal.beyond_defaults(warrant_internal.parameters_of(p), of_profiles) ORDER BY p.name COLLATE "C"), '[]') FROM warrant.profiles p),
        'labels', (SELECT coalesce(jsonb_object_agg(l.label, l.relations), '{}')
                     FROM (SELECT s.label, jsonb_agg(s.called ORDER BY s.called COLLATE "C") FROM warrant_internal.labelled() AS s GROUP BY s.label) AS l (label, relations)));
END;
$$;
REVOKE ALL ON FUNCTION warrant.export_policies() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.export_policies() TO warrant_admin, warrant_auditor;
COMMENT ON FUNCTION warrant.export_policies() IS
'All policies, profiles and labels as one document, {"policies": [...], "profiles": [...], "labels": {...}}, by name. Each policy and profile is an object
of the parameters of create_policy and create_profile; defaults are left out. labels has the tables that bear each. Roles and tables are written as in
SQL, tables with their schema. warrant.apply_policies takes it.';

-- Raises 22023 for what is no document.
CREATE FUNCTION warrant_internal.check_document(document jsonb) RETURNS void LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unknown text;
BEGIN
    IF jsonb_typeof(document->'policies') IS DISTINCT FROM 'array' THEN
        RAISE EXCEPTION 'a document of policies has the key "policies" with an array' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'warrant.export_policies() makes such a document.';
    ELSIF document ? 'profiles' AND jsonb_typeof(document->'profiles') <> 'array' THEN
        RAISE EXCEPTION '"profiles" of a document is an array' USING ERRCODE = 'invalid_parameter_value';
    ELSIF document ? 'labels' AND jsonb_typeof(document->'labels') <> 'object' THEN
        RAISE EXCEPTION '"labels" of a document is an object' USING ERRCODE = 'invalid_parameter_value', HINT = 'Such as {"pci": ["public.cards"]}.';
    END IF;
    SELECT min(k.key) INTO unknown FROM jsonb_object_keys(document) AS k (key) WHERE k.key <> ALL ('{policies,profiles,labels}');
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'unknown key "%" of a document', warrant_internal.in_one_line(unknown, 63) USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Keys are policies, profiles and labels.';
    END IF;
END;
$$;

-- What a list of policies or profiles of a document has, with all parameters.
CREATE FUNCTION warrant_internal.listed(list jsonb, what text, defaults jsonb) RETURNS jsonb[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    may CONSTANT text[] := (SELECT p.proargnames FROM pg_proc p WHERE p.oid = CASE what WHEN 'policy' THEN 'warrant.create_policy'::regproc ELSE 'warrant.create_profile'::regproc END);
    wanted CONSTANT jsonb[] := ARRAY(SELECT defaults || warrant_internal.parameters_in(e, e->>'name', may, defaults, what) FROM jsonb_array_elements(list) AS e);
    twice text;
BEGIN
    SELECT w->>'name' INTO twice FROM unnest(wanted) AS w GROUP BY 1 HAVING count(*) > 1 OR count(w->>'name') = 0 ORDER BY 1 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '%', CASE WHEN twice IS NULL THEN format('a %s of the document has no name', what) ELSE format('%s "%s" is in the document twice', what, warrant_internal.in_one_line(twice, 128)) END
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
        RAISE EXCEPTION 'policy "%" exists already, on %', warrant_internal.in_one_line((before).name, 128), warrant_internal.in_one_line(warrant_internal.target_in_words(before), 200) USING ERRCODE = 'duplicate_object',
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
    END IF;
    after := warrant_internal.with_roles_now(after);
    IF given IS NOT NULL OR after <> before THEN
        changes := warrant_internal.changes_between(before, after, defaults);
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
        changes := array_remove(changes || warrant_internal.ended_since(before), NULL);
    END IF;
END;
$$;

-- Relations that bear a label, as documents name them.
CREATE FUNCTION warrant_internal.labelled(OUT relation oid, OUT called text, OUT label text) RETURNS SETOF record LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
    SET quote_all_identifiers = off
AS $$
BEGIN
    RETURN QUERY SELECT c.oid, format('%I.%I', n.nspname, c.relname), l.label FROM pg_seclabel l JOIN pg_class c ON c.oid = l.objoid JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE l.classoid = 'pg_class'::regclass AND l.objsubid = 0 AND l.provider = 'pg_warrant';
END;
$$;

-- The labels that a document puts on relations. Raises 22023 for what is none and for a relation that is there twice, 42P01 for one that does not exist.
CREATE FUNCTION warrant_internal.labels_in(labels jsonb, OUT relation oid, OUT label text) RETURNS SETOF record LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relations oid[] := '{}';
    item record;
BEGIN
    FOR item IN SELECT l.key, l.value FROM jsonb_each(labels) AS l ORDER BY l.key COLLATE "C" LOOP
        PERFORM warrant_internal.check_label(item.key);
        IF jsonb_typeof(item.value) <> 'array' OR EXISTS (SELECT FROM jsonb_array_elements(item.value) AS e WHERE jsonb_typeof(e) <> 'string') THEN
            RAISE EXCEPTION 'label "%" of the document must have an array of tables', item.key USING ERRCODE = 'invalid_parameter_value', HINT = 'Such as {"pci": ["public.cards"]}.';
        END IF;
        label := item.key;
        FOR relation IN SELECT e::regclass FROM jsonb_array_elements_text(item.value) AS e LOOP
            IF relation = ANY (relations) THEN
                RAISE EXCEPTION '% has two labels in the document, or one twice', relation::regclass USING ERRCODE = 'invalid_parameter_value', HINT = 'A relation has one label.';
            END IF;
            PERFORM warrant_internal.check_target(relation);
            relations := relations || relation;
            RETURN NEXT;
        END LOOP;
    END LOOP;
END;
$$;

-- How labels become what a document says. A label that it takes away is NULL: prune does that.
CREATE FUNCTION warrant_internal.label_changes(labels jsonb, prune boolean, OUT action text, OUT change text, OUT weakens boolean, OUT relation oid, OUT label text)
RETURNS SETOF record LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
AS $$
BEGIN
    RETURN QUERY
    SELECT c.action, format('label of %s: %s', c.called, CASE c.action WHEN 'same' THEN c.after ELSE format('%s -> %s', coalesce(c.before, 'no label'), coalesce(c.after, 'no label')) END),
           CASE WHEN c.action <> 'same' THEN warrant_internal.label_weakens(c.relation, c.before, c.after) END, c.relation, c.after
      FROM (SELECT coalesce(w.relation, l.relation) AS relation, coalesce(l.called, (SELECT format('%I.%I', n.nspname, r.relname) FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace WHERE r.oid = w.relation)) AS called,
                   l.label AS before, w.label AS after,
                   CASE WHEN l.label = w.label THEN 'same' WHEN l.label IS NULL THEN 'create' WHEN w.label IS NULL THEN 'drop' ELSE 'alter' END AS action
              FROM warrant_internal.labels_in(labels) AS w FULL JOIN warrant_internal.labelled() AS l USING (relation) WHERE w.relation IS NOT NULL OR prune) AS c
     ORDER BY c.action = 'drop', c.called COLLATE "C";
END;
$$;

-- One row for each change, so that what stays of a long list is not lost behind it. Labels it only tells: SECURITY LABEL sets them.
CREATE FUNCTION warrant_internal.apply_document(document jsonb, prune boolean, trial boolean,
    OUT action text, OUT policy text, OUT change text, OUT weakens boolean, OUT relation oid, OUT label text)
RETURNS SETOF record LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET intervalstyle = postgres SET quote_all_identifiers = off
AS $$
DECLARE
    defaults CONSTANT jsonb := warrant_internal.policy_defaults();
    of_profiles CONSTANT jsonb := warrant_internal.defaults_of('warrant.create_profile');
    policies jsonb[];
    profiles jsonb[];
    part text;
    wanted jsonb;
    other_policy warrant.policies;
    other_profile warrant.profiles;
    done record;
    words text;
    facts text;
    advice text;
BEGIN
    PERFORM warrant_internal.check_document(document);
    policies := warrant_internal.listed(document->'policies', 'policy', defaults);
    profiles := warrant_internal.listed(coalesce(document->'profiles', '[]'), 'profile', of_profiles);
    PERFORM warrant_internal.await_definitions();
    FOR part, wanted IN SELECT 'policy', w FROM unnest(policies) AS w UNION ALL SELECT 'profile', w FROM unnest(profiles) AS w LOOP
        BEGIN
            IF part = 'policy' THEN
                done := warrant_internal.apply_policy(wanted, defaults, trial);
            ELSE
                done := warrant_internal.apply_profile(wanted, of_profiles, trial);
            END IF;
        EXCEPTION WHEN OTHERS THEN    -- which of them it is
            GET STACKED DIAGNOSTICS words = MESSAGE_TEXT, facts = PG_EXCEPTION_DETAIL, advice = PG_EXCEPTION_HINT;
            facts := concat_ws(' ', nullif(facts, ''), format('%s "%s" of the document.', initcap(part), warrant_internal.in_one_line(wanted->>'name', 128)));
            IF advice = '' THEN
                RAISE EXCEPTION '%', words USING ERRCODE = SQLSTATE, DETAIL = facts;
            END IF;
            RAISE EXCEPTION '%', words USING ERRCODE = SQLSTATE, DETAIL = facts, HINT = advice;
        END;
        RETURN QUERY SELECT done.action, CASE part WHEN 'policy' THEN wanted->>'name' END, CASE part WHEN 'policy' THEN c.change ELSE concat_ws(': ', format('profile "%s"', wanted->>'name'), c.change) END,
                            done.weakens, NULL::oid, NULL::text FROM unnest(coalesce(nullif(done.changes, '{}'::text[]), '{NULL}')) AS c (change);
    END LOOP;
    FOR other_policy IN SELECT p.* FROM warrant.policies p WHERE prune AND p.target_kind <> '!' AND p.name <> ALL (ARRAY(SELECT w->>'name' FROM unnest(policies) AS w)) ORDER BY p.name COLLATE "C" LOOP
        weakens := warrant_internal.remove_policy(other_policy.name, trial);
        RETURN QUERY SELECT 'drop', other_policy.name, c.change, weakens, NULL::oid, NULL::text
                       FROM unnest(array_remove(ARRAY[format('%s on %s', other_policy.effect, warrant_internal.target_in_words(other_policy)), warrant_internal.ended_since(other_policy)], NULL)) AS c (change);
    END LOOP;
    FOR other_profile IN SELECT p.* FROM warrant.profiles p WHERE prune AND p.name <> ALL (ARRAY(SELECT w->>'name' FROM unnest(profiles) AS w)) ORDER BY p.name COLLATE "C" LOOP
        CONTINUE WHEN NOT document ? 'profiles';    -- the former format had none
        PERFORM warrant_internal.remove_profile(other_profile.name, trial);
        RETURN QUERY SELECT 'drop', NULL, format('profile "%s": on %s', other_profile.name, warrant_internal.target_in_words(other_profile)), false, NULL::oid, NULL::text;
    END LOOP;
    IF NOT document ? 'labels' THEN
        RETURN;    -- nor labels
    END IF;
    -- Last: whether they weaken depends on the policies that are there then.
    RETURN QUERY SELECT c.action, NULL::text, c.change, c.weakens, c.relation, c.label FROM warrant_internal.label_changes(document->'labels', prune) AS c;
END;
$$;

-- What apply_policies does but for labels. A dry run takes back what it did.
CREATE FUNCTION warrant_internal.apply_definitions(document jsonb, prune boolean, dry_run boolean,
    OUT action text, OUT policy text, OUT change text, OUT weakens boolean, OUT relation oid, OUT label text)
RETURNS SETOF record LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off
AS $$
DECLARE
    actions text[] := '{}';
    names text[] := '{}';
    changes text[] := '{}';
    weakening boolean[] := '{}';
    relations oid[] := '{}';
    labels text[] := '{}';
BEGIN
    IF num_nulls(document, prune, dry_run) > 0 THEN
        RAISE EXCEPTION 'doc, prune and dry_run must not be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT dry_run THEN
        RETURN QUERY SELECT * FROM warrant_internal.apply_document(document, prune, false);
        RETURN;
    END IF;
    BEGIN
        SELECT array_agg(d.action), array_agg(d.policy), array_agg(d.change), array_agg(d.weakens), array_agg(d.relation), array_agg(d.label)
          INTO actions, names, changes, weakening, relations, labels FROM warrant_internal.apply_document(document, prune, true) AS d;
        RAISE SQLSTATE 'WDRYR';
    EXCEPTION WHEN SQLSTATE 'WDRYR' THEN
        IF EXISTS (SELECT FROM unnest(actions) AS a WHERE a <> 'same') THEN
            RAISE NOTICE 'nothing was changed: dry_run => false does it';
        END IF;
    END;
    RETURN QUERY SELECT * FROM unnest(actions, names, changes, weakening, relations, labels);
END;
$$;
REVOKE ALL ON FUNCTION warrant_internal.apply_definitions(jsonb, boolean, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant_internal.apply_definitions(jsonb, boolean, boolean) TO warrant_admin;

-- Puts labels on relations, or takes them away, by the server's command, which asks for what it always asks for of whoever calls apply_policies.
CREATE FUNCTION warrant_internal.set_labels(relations oid[], labels text[]) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    item record;
BEGIN
    FOR item IN SELECT l.relation, l.label, format('%s %I.%I', CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, n.nspname, c.relname) AS called
                  FROM unnest(relations, labels) WITH ORDINALITY AS l (relation, label, place) JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY l.place LOOP
        EXECUTE format('SECURITY LABEL FOR pg_warrant ON %s IS %L', item.called, item.label);
        IF (SELECT l.label FROM pg_seclabel l WHERE l.objoid = item.relation AND l.classoid = 'pg_class'::regclass AND l.objsubid = 0 AND l.provider = 'pg_warrant') IS DISTINCT FROM item.label THEN
            RAISE EXCEPTION '% is another relation than before', warrant_internal.in_one_line(item.called, 200) USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Somebody has just renamed it. Apply the document again.';
        END IF;
    END LOOP;
    RETURN true;
END;
$$;
REVOKE ALL ON FUNCTION warrant_internal.set_labels(oid[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant_internal.set_labels(oid[], text[]) TO warrant_admin;

-- No SECURITY DEFINER, because the caller sets the labels. ATOMIC, because it names what is in a schema on which the caller has no USAGE.
CREATE FUNCTION warrant.apply_policies(doc jsonb, prune boolean DEFAULT false, dry_run boolean DEFAULT true, OUT action text, OUT policy text, OUT change text, OUT weakens boolean)
RETURNS SETOF record LANGUAGE sql SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC WITH done AS MATERIALIZED (SELECT * FROM warrant_internal.apply_definitions($1, $2, $3) WITH ORDINALITY)
    SELECT d.action, d.policy, d.change, d.weakens FROM done d
     WHERE (SELECT warrant_internal.set_labels(pg_catalog.array_agg(l.relation ORDER BY l.ordinality), pg_catalog.array_agg(l.label ORDER BY l.ordinality))
              FROM done l WHERE NOT $3 AND l.relation IS NOT NULL AND l.action OPERATOR(pg_catalog.<>) 'same')
     ORDER BY d.ordinality; END;
REVOKE ALL ON FUNCTION warrant.apply_policies(jsonb, boolean, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.apply_policies(jsonb, boolean, boolean) TO warrant_admin;
COMMENT ON FUNCTION warrant.apply_policies(jsonb, boolean, boolean) IS
'Makes policies, profiles and labels what a document like that of warrant.export_policies says: creates what is missing and alters what differs, all of
it or nothing. prune: drops what the document does not have, of policies, and of profiles and labels where it has a key for them. dry_run: tells what
it would do, and changes nothing. A row for each change: create, alter, drop or same; the policy, NULL for a profile or label; what changes, and how
many requests and grants end; whether that lets more through. Labels are set by SECURITY LABEL as the caller, who has to own the tables. Raises 22023, 42P01,
42704, 42710 for another target under a name, and what warrant.create_policy, warrant.create_profile and SECURITY LABEL raise. Effective after COMMIT.';
