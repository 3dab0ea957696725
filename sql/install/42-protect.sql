-- protect and its kin: policies made from a table, a schema or the database.

-- The partitions and children below a relation, or the parents above it.
CREATE FUNCTION warrant_internal.descendants_of(relation oid) RETURNS SETOF oid LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY WITH RECURSIVE found (relation) AS (
        SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = descendants_of.relation
        UNION SELECT i.inhrelid FROM found f JOIN pg_inherits i ON i.inhparent = f.relation) SELECT f.relation FROM found f;
END;
$$;
CREATE FUNCTION warrant_internal.ancestors_of(relation oid) RETURNS SETOF oid LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY WITH RECURSIVE found (relation) AS (
        SELECT i.inhparent FROM pg_inherits i WHERE i.inhrelid = ancestors_of.relation
        UNION SELECT i.inhparent FROM found f JOIN pg_inherits i ON i.inhrelid = f.relation) SELECT f.relation FROM found f;
END;
$$;

-- The relations and the views over them, at any depth: who reads a view is asked for what it reads. A materialized view is read by itself. OFFSET 0
-- makes the planner look from each relation for its views, instead of through all views of the database for each relation.
CREATE FUNCTION warrant_internal.with_views_over(relations oid[]) RETURNS oid[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (WITH RECURSIVE found (relation) AS (
                SELECT r.relation FROM unnest(relations) AS r (relation)
                UNION SELECT o.view FROM found f CROSS JOIN LATERAL (
                    SELECT v.oid FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid JOIN pg_class v ON v.oid = w.ev_class AND v.relkind = 'v'
                     WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = f.relation AND d.classid = 'pg_rewrite'::regclass OFFSET 0) AS o (view))
            SELECT array_agg(f.relation) FROM found f);
END;
$$;

-- The roles that a new policy will gate, for its NOTICE: those that hold a privilege on what leads there, or may create in the schema, and are not
-- exempt. Superusers need none, and are exempt unless the configuration gates them. In PL/pgSQL, which keeps its plan for a thousand calls.
CREATE FUNCTION warrant_internal.affected_roles(relations oid[], creates_in oid, exempt oid[]) RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT coalesce(string_agg(DISTINCT a.role, ', '), 'nobody')
      FROM (SELECT coalesce(quote_ident(r.rolname), 'PUBLIC')
              FROM (SELECT x.grantee FROM unnest(warrant_internal.with_views_over(relations)) AS o (relation) JOIN pg_class c ON c.oid = o.relation
                           CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x
                    UNION SELECT x.grantee FROM pg_namespace n CROSS JOIN LATERAL aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) x
                     WHERE n.oid = creates_in AND x.privilege_type = 'CREATE') AS a
                   LEFT JOIN pg_roles r ON r.oid = a.grantee
             WHERE a.grantee = 0 OR (NOT r.rolsuper AND NOT warrant_internal.is_member(r.oid, 'warrant_exempt'::regrole)
                   AND NOT EXISTS (SELECT FROM unnest(exempt) AS e (role) WHERE warrant_internal.is_member(r.oid, e.role)))
            UNION ALL SELECT 'superusers' WHERE current_setting('pg_warrant.enforce_superuser')::boolean) AS a (role));
END;
$$;

-- What happens to statements under a new policy, for its NOTICE.
CREATE FUNCTION warrant_internal.protect_effect(mode text) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN current_setting('pg_warrant.enforcement') = 'off' THEN 'would need approval after COMMIT, but the gate is off'
                WHEN $1 = 'monitor' THEN 'is only watched after COMMIT'
                WHEN current_setting('pg_warrant.enforcement') = 'monitor' THEN 'would need approval after COMMIT, but the gate only watches'
                ELSE 'needs approval after COMMIT' END
$$;

-- Whether the policy is on this target; a policy whose target is gone is on what bears the name now. A policy on a database is on this one.
CREATE FUNCTION warrant_internal.is_on(policy warrant.policies, kind "char", target oid, schema_name name, table_name name) RETURNS boolean LANGUAGE plpgsql
STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (policy).target_kind = kind AND CASE kind
        WHEN 'd' THEN true WHEN 'l' THEN (policy).target_name = table_name
        ELSE (policy).target = target OR (((policy).target_schema, (policy).target_name) = (schema_name, table_name) AND NOT warrant_internal.target_exists(kind, (policy).target)) END;
END;
$$;

-- The policy of this name on this target, or the next name of the kind that is free: the first may be on another object, renamed since.
CREATE FUNCTION warrant_internal.policy_on(wanted text, kind "char", target oid, schema_name name, table_name name, OUT name text, OUT policy warrant.policies)
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
        EXIT WHEN NOT FOUND OR warrant_internal.is_on(policy, kind, target, schema_name, table_name);
        place := place + 1;
    END LOOP;
END;
$$;

-- An approve policy on one target under a name made from it; the same target and parameters give the same policy.
CREATE FUNCTION warrant_internal.ensure_policy(policy_name text, on_table regclass, on_schema name, commands text[], mode text, except_roles regrole[],
    columns name[] DEFAULT NULL) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kind "char" := CASE WHEN on_table IS NOT NULL THEN 't' WHEN on_schema IS NOT NULL THEN 's' ELSE 'd' END;
    object oid := coalesce(on_table, (SELECT n.oid FROM pg_namespace n WHERE n.nspname = on_schema));
    schema_name name := coalesce(on_schema, (SELECT c.relnamespace::regnamespace::name FROM pg_class c WHERE c.oid = on_table));
    table_name name := coalesce((SELECT c.relname FROM pg_class c WHERE c.oid = on_table), '');
    found record;
    existing warrant.policies;
BEGIN
    PERFORM warrant_internal.check_mode(mode);
    SELECT * INTO found FROM warrant_internal.policy_on(policy_name, kind, object, schema_name, table_name);
    policy_name := found.name;
    existing := found.policy;
    IF existing.id IS NULL THEN
        RETURN warrant.create_policy(policy_name, 'approve', on_table => on_table, on_schema => on_schema, on_database => kind = 'd',
                                     commands => commands, mode => mode, except_roles => except_roles, columns => columns);
    END IF;
    IF (existing.effect, existing.commands, existing.mode, existing.except_roles, existing.for_roles, existing.hours, existing.client_cidr,
        (SELECT array_agg(c ORDER BY c COLLATE "C") FROM unnest(warrant_internal.column_names(existing.target, existing.column_numbers, existing.columns)) AS c)) IS DISTINCT FROM
       ('approve'::text, warrant.expand_commands(commands), mode, warrant_internal.role_oids(except_roles, 'except_roles'), '{}'::oid[], NULL::text, NULL::cidr[], columns) THEN
        RAISE EXCEPTION 'policy "%" exists already and says something else', warrant_internal.in_one_line(policy_name, 128) USING ERRCODE = 'duplicate_object',
            HINT = format('Drop it first: SELECT warrant.drop_policy(%s).', warrant_internal.plain_literal(policy_name));
    END IF;
    IF kind <> 'd' AND existing.target <> object THEN
        UPDATE warrant.policies p SET target = object, column_numbers = warrant_internal.column_numbers(object, p.columns), version = p.version + 1 WHERE p.id = existing.id RETURNING * INTO existing;
        PERFORM warrant_internal.note_definition('policy_changed', policy_name, existing.version, format('on %s, which was made anew', coalesce(on_table::text, 'schema ' || quote_ident(on_schema))));
        RAISE NOTICE 'policy "%" is on the new object now', warrant_internal.in_one_line(policy_name, 128);
    ELSE
        RAISE NOTICE 'policy "%" protects it already', warrant_internal.in_one_line(policy_name, 128);
    END IF;
    RETURN policy_name;
END;
$$;

CREATE FUNCTION warrant.protect(target regclass, commands text[] DEFAULT '{ALL}', mode text DEFAULT 'enforce', except_roles regrole[] DEFAULT '{}',
    columns name[] DEFAULT NULL) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off SET quote_all_identifiers = off
AS $$
DECLARE
    policy_name text;
    below oid[] := ARRAY(SELECT * FROM warrant_internal.descendants_of(target));
    above oid[] := ARRAY(SELECT * FROM warrant_internal.ancestors_of(target));
    named text := '';
BEGIN
    IF target IS NULL THEN
        RAISE EXCEPTION 'target must not be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM warrant_internal.check_target(target);
    IF columns IS NOT NULL THEN
        commands := warrant_internal.commands_on_columns(commands);
        columns := ARRAY(SELECT c FROM unnest((warrant_internal.columns_of(target, columns)).names) AS c ORDER BY c COLLATE "C");
        named := (SELECT format(' (%s)', string_agg(quote_ident(c), ', ' ORDER BY place)) FROM unnest(columns) WITH ORDINALITY AS n (c, place));
    END IF;
    policy_name := (SELECT format('protect %I.%I%s', n.nspname, c.relname, named) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = target);
    policy_name := warrant_internal.ensure_policy(policy_name, target, NULL, commands, mode, except_roles, columns);
    RAISE NOTICE '% on % %; affected roles: %', array_to_string(commands, ', '),
        target || named || CASE cardinality(below) WHEN 0 THEN '' ELSE format(' and its partitions and children (%s)', cardinality(below)) END
               || CASE cardinality(above) WHEN 0 THEN '' ELSE format(' and what it is a part of (%s)', cardinality(above)) END,
        warrant_internal.protect_effect(mode), warrant_internal.affected_roles(target::oid || below || above, NULL, except_roles::oid[]);
    RETURN policy_name;
END;
$$;
REVOKE ALL ON FUNCTION warrant.protect(regclass, text[], text, regrole[], name[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.protect(regclass, text[], text, regrole[], name[]) TO warrant_admin;
COMMENT ON FUNCTION warrant.protect(regclass, text[], text, regrole[], name[]) IS
'Requires approval for commands on a table or view, or on columns of it, for everybody but except_roles; returns the policy''s name. Doing it
twice gives the same policy, also for a table that was dropped and made anew; with other parameters 42710. Raises 22023 for NULL and unknown
commands, 42703 for unknown columns, 42809 for what cannot be protected.';

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
    policy_name := warrant_internal.ensure_policy(format('protect schema %I', schema_name), NULL, schema_name, commands, mode, except_roles);
    schema := quote_ident(schema_name)::regnamespace;
    relations := ARRAY(SELECT oid FROM pg_class WHERE relnamespace = schema AND relkind IN ('r', 'p', 'f', 'v', 'm'));
    RAISE NOTICE '% on the % relations of schema % %; affected roles: %',
        array_to_string(commands, ', '), cardinality(relations), quote_ident(schema_name), warrant_internal.protect_effect(mode),
        warrant_internal.affected_roles(relations, CASE WHEN 'CREATE' = ANY (warrant.expand_commands(commands)) THEN schema END, except_roles::oid[]);
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
    policy_name text := warrant_internal.ensure_policy('protect database', NULL, NULL, commands, mode, except_roles);
BEGIN
    RAISE NOTICE '% on everything in this database %, except in catalogues, other extensions'' relations and temporary ones',
        array_to_string(commands, ', '), warrant_internal.protect_effect(mode);
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
                      WHERE p.effect <> 'open' AND (p.target = unprotect.target OR (p.target_schema, p.target_name) = (n.nspname, c.relname)) AND warrant_internal.is_on(p, 't', unprotect.target, n.nspname, c.relname) ORDER BY p.id);
    IF dropped = '{}' THEN
        RAISE EXCEPTION '% has no approve or deny policy of its own', target USING ERRCODE = 'no_data_found',
            HINT = 'A policy on its label, its schema or the database is ended by warrant.drop_policy.';
    END IF;
    PERFORM warrant.drop_policy(d.name) FROM unnest(dropped) AS d (name);
    RAISE NOTICE 'dropped after COMMIT: %', (SELECT string_agg(format('policy "%s"', warrant_internal.in_one_line(d.name, 128)), ', ') FROM unnest(dropped) AS d (name));
    IF EXISTS (SELECT FROM warrant.policies p JOIN pg_class c ON c.oid = unprotect.target
                WHERE p.effect <> 'open' AND ((p.target_kind = 's' AND p.target = c.relnamespace) OR (p.target_kind = 'l' AND p.target_name = warrant_internal.label_of(c.oid)) OR p.target_kind = 'd')) THEN
        RAISE NOTICE 'policies on its label, its schema or the database still cover %', unprotect.target;
    END IF;
END;
$$;
REVOKE ALL ON FUNCTION warrant.unprotect(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.unprotect(regclass) TO warrant_admin;
COMMENT ON FUNCTION warrant.unprotect(regclass) IS
'Drops the approve, auto and deny policies on the table itself, those of a table of its name that is gone included; audited as weakened. Raises P0002 when there is none. Effective after COMMIT.';
