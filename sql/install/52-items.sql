-- Items: the accesses that a request or grant covers.

-- One access that a request or grant is to cover, and the policy that governs it.
CREATE TYPE warrant_internal.item AS (target_kind "char", target oid, schema_name name, relation_name name, commands text[], policy_id bigint);

-- The items of a request for commands on these relations: only those that a policy of approval governs. Raises when one is denied.
CREATE FUNCTION warrant_internal.items_on(subject oid, commands text[], relations oid[]) RETURNS SETOF warrant_internal.item LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gone oid := (SELECT r.relation FROM unnest(relations) AS r (relation) WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = r.relation) LIMIT 1);
    governed record;
    item warrant_internal.item;
BEGIN
    IF gone IS NOT NULL THEN
        PERFORM warrant_internal.fail('42P01', format('relation with OID %s does not exist', gone),
                             'One that an open transaction creates can be asked for once it is committed.');
    END IF;
    PERFORM warrant_internal.check_target(r.relation) FROM unnest(relations) AS r (relation);
    FOR governed IN SELECT g.relation, n.nspname, c.relname, g.governed AS commands, p.id, p.effect, p.name
                      FROM warrant_internal.governing_policies(subject, commands, relations, 0) g JOIN warrant.policies p ON p.id = g.policy
                      JOIN pg_class c ON c.oid = g.relation JOIN pg_namespace n ON n.oid = c.relnamespace
                     WHERE p.effect = 'approve' OR (p.effect = 'deny' AND p.mode <> 'monitor') ORDER BY p.effect <> 'deny', g.relation, p.id LOOP
        IF governed.effect = 'deny' THEN
            PERFORM warrant_internal.fail('42501', format('%s on %s is denied by policy "%s"', governed.commands[1], governed.relation::regclass, governed.name));
        END IF;
        item := ('t'::"char", governed.relation, governed.nspname, governed.relname, governed.commands, governed.id);
        RETURN NEXT item;
    END LOOP;
END;
$$;

-- The items of a request for a whole schema, or with NULL for the database. One is for each policy that governs something in it now, or would
-- govern what is created there.
CREATE FUNCTION warrant_internal.items_in(subject oid, commands text[], schema_name name) RETURNS SETOF warrant_internal.item LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    of_schema oid := to_regnamespace(quote_ident(schema_name))::oid;
BEGIN
    IF schema_name IS NOT NULL AND of_schema IS NULL THEN
        PERFORM warrant_internal.fail('3F000', format('schema "%s" does not exist', schema_name),
                             'One that an open transaction creates can be asked for once it is committed.');
    END IF;
    RETURN QUERY SELECT CASE WHEN schema_name IS NULL THEN 'd' ELSE 's' END::"char",
           coalesce(of_schema, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())),
           coalesce(schema_name, ''), ''::name, array_agg(DISTINCT c.command), p.id
      FROM (SELECT g.policy, g.governed FROM warrant_internal.governing_policies(subject, commands, NULL, coalesce(of_schema, 0)) g
            UNION ALL SELECT warrant_internal.governing_admin_policy(subject), '{ADMIN}' WHERE 'ADMIN' = ANY (commands) AND schema_name IS NULL) AS w (policy, governed)
      CROSS JOIN unnest(w.governed) AS c (command)
      JOIN warrant.policies p ON p.id = w.policy WHERE p.effect = 'approve' GROUP BY p.id ORDER BY p.id;
END;
$$;

-- A word that names a command, unlike one for a group of commands, must be about this kind of target.
CREATE FUNCTION warrant_internal.check_kind_of_target(words text[], args jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF 'ADMIN' = ANY (words) AND NOT coalesce((args->>'on_database')::boolean, false) THEN
        PERFORM warrant_internal.fail('22023', 'ADMIN is about the database', 'Name it: on_database => true.');
    ELSIF 'CREATE' = ANY (words) AND coalesce(args->>'on_table', args->>'on_tables') IS NOT NULL THEN
        PERFORM warrant_internal.fail('22023', 'CREATE is about the schema that something new will be in', 'Name it: on_schema => ''...''.');
    END IF;
END;
$$;

CREATE FUNCTION warrant_internal.items_of(subject oid, args jsonb) RETURNS warrant_internal.item[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    commands text[];
    items warrant_internal.item[];
BEGIN
    IF num_nonnulls(args->>'on_table', args->>'on_tables', args->>'on_schema', nullif((args->>'on_database')::boolean, false)) <> 1 THEN
        PERFORM warrant_internal.fail('22023', 'exactly one of on_table, on_tables, on_schema and on_database must be given');
    END IF;
    IF jsonb_typeof(args->'commands') <> 'array' OR jsonb_array_length(args->'commands') = 0 THEN
        PERFORM warrant_internal.fail('22023', 'at least one command must be given');
    END IF;
    IF jsonb_typeof(args->'on_tables') = 'array' AND (args->'on_tables' @> 'null' OR args->'on_tables' = '[]') THEN
        PERFORM warrant_internal.fail('22023', 'on_tables must not be empty or contain NULL');
    END IF;
    commands := warrant.expand_commands(ARRAY(SELECT c FROM jsonb_array_elements_text(args->'commands') AS e (c)));
    PERFORM warrant_internal.check_kind_of_target(ARRAY(SELECT upper(c) FROM jsonb_array_elements_text(args->'commands') AS e (c)), args);
    IF args->>'on_table' IS NOT NULL OR args->>'on_tables' IS NOT NULL THEN
        items := ARRAY(SELECT warrant_internal.items_on(subject, commands,
            ARRAY(SELECT DISTINCT e::oid FROM jsonb_array_elements_text(coalesce(nullif(args->'on_tables', 'null'), jsonb_build_array(args->'on_table'))) AS e)));
    ELSE
        items := ARRAY(SELECT warrant_internal.items_in(subject, commands, args->>'on_schema'));
    END IF;
    IF cardinality(items) = 0 THEN
        PERFORM warrant_internal.fail('22023', 'nothing of it needs approval', 'Run the statement; SELECT * FROM warrant.explain(command, table) tells why.');
    END IF;
    RETURN items;
END;
$$;

CREATE FUNCTION warrant_internal.items_of_request(request_id bigint) RETURNS warrant_internal.item[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT array_agg(ROW(i.target_kind, i.target, o.schema_name, o.relation_name, i.commands, i.policy_id)::warrant_internal.item)
              FROM warrant.request_items i, warrant_internal.object_now(i.target_kind, i.target, i.schema_name, i.relation_name) AS o WHERE i.request_id = $1);
END;
$$;

CREATE FUNCTION warrant_internal.policies_of(items warrant_internal.item[]) RETURNS bigint[] LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_policies_of';
