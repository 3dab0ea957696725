-- Items: the accesses that a request or grant covers.

-- One access that a request or grant is to cover, and the policy that governs it.
CREATE TYPE warrant_internal.item AS (target_kind "char", target oid, schema_name name, relation_name name, commands text[], policy_id bigint, columns smallint[]);

-- The items of a request for commands on these relations, or on columns of one: only those that a policy of approval governs. Raises when one is denied.
CREATE FUNCTION warrant_internal.items_on(subject oid, commands text[], relations oid[], columns name[]) RETURNS warrant_internal.item[] LANGUAGE c
    AS 'MODULE_PATHNAME', 'warrant_items_on';

-- The items of a request for a whole schema, or with NULL for the database. One is for each policy that governs something in it now, or would
-- govern what is created there.
CREATE FUNCTION warrant_internal.items_in(subject oid, commands text[], schema_name name) RETURNS SETOF warrant_internal.item LANGUAGE plpgsql
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
           coalesce(schema_name, ''), ''::name, array_agg(DISTINCT c.command), p.id, NULL::smallint[]
      FROM (SELECT g.policy, g.governed FROM warrant_internal.governing_policies(subject, commands, NULL, coalesce(of_schema, 0)) g
            UNION ALL SELECT warrant_internal.governing_admin_policy(subject), '{ADMIN}' WHERE 'ADMIN' = ANY (commands) AND schema_name IS NULL) AS w (policy, governed)
      CROSS JOIN unnest(w.governed) AS c (command)
      JOIN warrant.policies p ON p.id = w.policy WHERE p.effect = 'approve' GROUP BY p.id ORDER BY p.id;
END;
$$;

-- A word that names a command, unlike one for a group of commands, must be about this kind of target.
CREATE FUNCTION warrant_internal.check_kind_of_target(words text[], args jsonb) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    IF 'ADMIN' = ANY (words) AND NOT coalesce((args->>'on_database')::boolean, false) THEN
        PERFORM warrant_internal.fail('22023', 'ADMIN is about the database', 'Name it: on_database => true.');
    ELSIF 'CREATE' = ANY (words) AND coalesce(args->>'on_table', args->>'on_tables') IS NOT NULL THEN
        PERFORM warrant_internal.fail('22023', 'CREATE is about the schema that something new will be in', 'Name it: on_schema => ''...''.');
    END IF;
END;
$$;

-- The elements of an array in the arguments of a call.
CREATE FUNCTION warrant_internal.elements_of(list jsonb) RETURNS text[] LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_elements_of';

-- The arguments of a request with what the profile that they name stands for now. Raises P0002 for an unknown one, 42501 for who may not ask for it,
-- 55006 where its target is gone.
CREATE FUNCTION warrant_internal.written_out(requester oid, args jsonb) RETURNS jsonb LANGUAGE plpgsql
AS $$
DECLARE
    profile warrant.profiles;
BEGIN
    IF args->>'profile' IS NULL THEN
        RETURN args;
    END IF;
    IF num_nonnulls(args->>'commands', args->>'on_table', args->>'on_tables', args->>'on_schema', nullif((args->>'on_database')::boolean, false)) > 0 THEN
        PERFORM warrant_internal.fail('22023', 'a profile is asked for without commands and target', 'The profile has them.');
    END IF;
    SELECT * INTO profile FROM warrant.profiles p WHERE p.name = args->>'profile';
    IF profile.id IS NULL THEN
        PERFORM warrant_internal.fail('P0002', format('profile "%s" does not exist', warrant_internal.in_one_line(args->>'profile', 128)),
                             'SELECT * FROM warrant.my_profiles shows those that you may ask for.');
    ELSIF profile.for_roles <> '{}' AND NOT EXISTS (SELECT FROM unnest(profile.for_roles) AS r (role) WHERE warrant_internal.is_member(requester, r.role)) THEN
        PERFORM warrant_internal.fail('42501', format('permission denied to ask for profile "%s"', profile.name), 'SELECT * FROM warrant.my_profiles shows those that you may ask for.');
    ELSIF NOT warrant_internal.target_exists(profile.target_kind, profile.target) THEN
        PERFORM warrant_internal.fail('55006', format('what profile "%s" is about is gone', profile.name), 'An administrator makes it anew, or drops it.',
                             format('It was on %s.', warrant_internal.target_in_words(profile)));
    END IF;
    RETURN args || jsonb_build_object('commands', profile.commands, CASE profile.target_kind WHEN 't' THEN 'on_table' WHEN 's' THEN 'on_schema' ELSE 'on_database' END,
        CASE profile.target_kind WHEN 't' THEN to_jsonb(profile.target::bigint) WHEN 's' THEN to_jsonb((SELECT n.nspname FROM pg_namespace n WHERE n.oid = profile.target)) ELSE 'true' END);
END;
$$;

CREATE FUNCTION warrant_internal.governing_policy(subject oid, command text, relation oid) RETURNS bigint LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'warrant_governing_policy';

-- Raises 22023 where a policy of effect auto governs one of the commands on one of the relations, and no person is asked.
CREATE FUNCTION warrant_internal.refuse_to_ask(subject oid, commands text[], relations oid[]) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    governing bigint;
    policy warrant.policies;
    command text;
    until timestamptz;
    granted text[];
    claims text;    -- what it wants of the session
BEGIN
    SELECT c.command, p.id INTO command, governing FROM unnest(relations) AS r (relation) CROSS JOIN unnest(commands) WITH ORDINALITY AS c (command, place)
      JOIN warrant.policies p ON p.id = warrant_internal.governing_policy(subject, c.command, r.relation) WHERE p.effect = 'auto' AND p.mode = 'enforce' ORDER BY c.place LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT p.* INTO policy FROM warrant.policies p WHERE p.id = governing;
    until := warrant_internal.revoked_until(policy.id, subject);
    granted := array_remove(warrant.expand_commands(policy.commands), 'ADMIN');
    claims := concat_ws(' and ', CASE WHEN policy.require_reason THEN 'a reason' END, CASE WHEN policy.ticket_pattern IS NOT NULL THEN 'a ticket' END);
    PERFORM warrant_internal.fail('22023', format('no person is asked for %s: policy "%s" governs it', command, policy.name),
        CASE WHEN until IS NOT NULL OR command <> ALL (granted) THEN 'An administrator can make a policy of effect approve, of lower priority: it asks a person for what is left.'
             WHEN claims <> '' THEN format('Run the statement with %s: SET %s.', claims, concat_ws(' and ', CASE WHEN policy.require_reason THEN 'pg_warrant.reason' END, CASE WHEN policy.ticket_pattern IS NOT NULL THEN 'pg_warrant.ticket' END)) ELSE 'Run the statement.' END,
        format('It grants %s by itself%s, and nothing else.', array_to_string(granted, ', '), ', for ' || nullif(claims, '')) || coalesce(' Grants were revoked, and it makes none until ' || to_char(until, 'YYYY-MM-DD HH24:MI:SSOF') || '.', ''));
END;
$$;

CREATE FUNCTION warrant_internal.items_of(subject oid, args jsonb) RETURNS warrant_internal.item[] LANGUAGE plpgsql
AS $$
DECLARE
    words text[];
    commands text[];
    columns name[];
    relations oid[];
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
    words := warrant_internal.elements_of(args->'commands');
    commands := warrant.expand_commands(words);
    words := upper(words::text)::text[];
    IF words && '{ADMIN,CREATE}' THEN
        PERFORM warrant_internal.check_kind_of_target(words, args);
    END IF;
    IF args->>'columns' IS NOT NULL THEN
        IF args->>'on_table' IS NULL THEN
            PERFORM warrant_internal.fail('22023', 'columns are those of one table', 'Name it: on_table => ''...''.');
        END IF;
        columns := warrant_internal.elements_of(args->'columns')::name[];
        PERFORM warrant_internal.columns_of((args->>'on_table')::oid, columns);
        IF EXISTS (SELECT FROM unnest(words) AS w WHERE w <> ALL ('{SELECT,INSERT,UPDATE,UPDATE_ALL,EXPORT,READ,WRITE,ALL}')) THEN
            PERFORM warrant_internal.fail('22023', 'only SELECT, INSERT, UPDATE, UPDATE_ALL and EXPORT are asked for on columns');
        END IF;
    END IF;
    IF args->>'on_table' IS NOT NULL OR args->>'on_tables' IS NOT NULL THEN
        relations := CASE WHEN args->>'on_table' IS NULL THEN warrant_internal.elements_of(args->'on_tables')::oid[] ELSE ARRAY[(args->>'on_table')::oid] END;
        items := warrant_internal.items_on(subject, commands, relations, columns);
    ELSE
        items := ARRAY(SELECT warrant_internal.items_in(subject, commands, args->>'on_schema'));
    END IF;
    IF cardinality(items) = 0 THEN
        -- Of a schema or the database the first relations are enough for an answer.
        PERFORM warrant_internal.refuse_to_ask(subject, commands, coalesce(relations, ARRAY(SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname = coalesce(args->>'on_schema', n.nspname) AND c.oid >= 16384 ORDER BY c.oid LIMIT 100)));
        PERFORM warrant_internal.fail('22023', 'nothing of it needs approval', 'Run the statement' || CASE WHEN coalesce(args->>'on_table', args->'on_tables'->>0) IS NOT NULL THEN format('; SELECT * FROM warrant.explain(%L, %L) tells why', commands[1],
                                             (SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                                               WHERE c.oid = coalesce(args->>'on_table', args->'on_tables'->>0)::oid)) ELSE '' END || '.');
    END IF;
    RETURN items;
END;
$$;

CREATE FUNCTION warrant_internal.items_of_request(request_id bigint) RETURNS warrant_internal.item[] LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'warrant_items_of_request';

CREATE FUNCTION warrant_internal.policies_of(items warrant_internal.item[]) RETURNS bigint[] LANGUAGE c IMMUTABLE STRICT AS 'MODULE_PATHNAME', 'warrant_policies_of';

CREATE FUNCTION warrant_internal.scope_in_words(items warrant_internal.item[]) RETURNS text LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'warrant_scope_in_words';
