-- Profiles: commands on a target that may be asked for by one name.
--
-- A profile lets nothing through, and nobody decide: what it stands for anybody could ask for by writing it out. So none weakens.

CREATE FUNCTION warrant_internal.target_in_words(profile warrant.profiles) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
AS $$
BEGIN
    RETURN CASE (profile).target_kind WHEN 't' THEN format('%I.%I', (profile).target_schema, (profile).target_name)
                                      WHEN 's' THEN format('schema %I', (profile).target_schema) ELSE 'this database' END;
END;
$$;

-- The profile that parameters make: those of create_profile, all of them, roles and a table as policy_of takes them. Whatever makes or changes profiles
-- asks it.
CREATE FUNCTION warrant_internal.profile_of(parameters jsonb) RETURNS warrant.profiles LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    on_database CONSTANT boolean := (parameters->>'on_database')::boolean;
    made warrant.profiles := jsonb_populate_record(NULL::warrant.profiles, parameters - 'for_roles');
BEGIN
    made.commands := ARRAY(SELECT upper(c.word) FROM unnest(made.commands) WITH ORDINALITY AS c (word, place) GROUP BY 1 ORDER BY min(c.place));
    IF num_nulls(made.name, parameters->>'commands', on_database) > 0 THEN
        RAISE EXCEPTION 'name, commands and on_database must not be NULL' USING ERRCODE = 'invalid_parameter_value';
    ELSIF made.name = '' OR octet_length(made.name) > 128 THEN
        RAISE EXCEPTION 'a profile''s name has between 1 and 128 bytes' USING ERRCODE = 'invalid_parameter_value';
    ELSIF made.name <> warrant_internal.in_one_line(made.name, 128) THEN    -- refusals and cards show it
        RAISE EXCEPTION 'a profile''s name has only characters that show, and no blanks around it' USING ERRCODE = 'invalid_parameter_value';
    ELSIF made.commands = '{}' THEN
        RAISE EXCEPTION 'at least one command must be given' USING ERRCODE = 'invalid_parameter_value';
    ELSIF num_nonnulls(parameters->>'on_table', parameters->>'on_schema', nullif(on_database, false)) <> 1 THEN
        RAISE EXCEPTION 'exactly one of on_table, on_schema and on_database must be given' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM warrant.expand_commands(made.commands);
    IF 'ADMIN' = ANY (made.commands) AND NOT on_database THEN
        RAISE EXCEPTION 'ADMIN is about the database' USING ERRCODE = 'invalid_parameter_value', HINT = 'Name it: on_database => true.';
    ELSIF 'CREATE' = ANY (made.commands) AND parameters->>'on_table' IS NOT NULL THEN
        RAISE EXCEPTION 'CREATE is about the schema that something new will be in' USING ERRCODE = 'invalid_parameter_value', HINT = 'Name it: on_schema => ''...''.';
    END IF;
    SELECT * INTO made.target_kind, made.target, made.target_schema, made.target_name FROM warrant_internal.target_of(parameters);
    made.for_roles := warrant_internal.roles_in(parameters->'for_roles', 'for_roles');
    made.for_role_names := warrant_internal.role_names(made.for_roles);
    RETURN made;
END;
$$;

-- As add_policy; nobody is asked for an approval.
CREATE FUNCTION warrant_internal.add_profile(made warrant.profiles, trial boolean) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO warrant.profiles (name, commands, target_kind, target, target_schema, target_name, for_roles, for_role_names)
    VALUES ((made).name, (made).commands, (made).target_kind, (made).target, (made).target_schema, (made).target_name, (made).for_roles, (made).for_role_names)
    ON CONFLICT ON CONSTRAINT profiles_name_key DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'profile "%" exists already', warrant_internal.in_one_line((made).name, 128) USING ERRCODE = 'duplicate_object';
    END IF;
    IF NOT trial THEN
        PERFORM warrant_internal.note_definition('profile_changed', NULL, NULL, format('%s: %s on %s', (made).name, array_to_string((made).commands, ','), warrant_internal.target_in_words(made)));
    END IF;
END;
$$;

CREATE FUNCTION warrant.create_profile(name text, commands text[], on_table regclass DEFAULT NULL, on_schema name DEFAULT NULL, on_database boolean DEFAULT false,
    for_roles regrole[] DEFAULT '{}') RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
AS $$
BEGIN
    PERFORM warrant_internal.add_profile(warrant_internal.profile_of(jsonb_build_object('name', name, 'commands', commands, 'on_table', on_table::oid::bigint,
        'on_schema', on_schema, 'on_database', on_database, 'for_roles', for_roles::oid[]::bigint[])), false);
    RETURN name;
END;
$$;
REVOKE ALL ON FUNCTION warrant.create_profile(text, text[], regclass, name, boolean, regrole[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.create_profile(text, text[], regclass, name, boolean, regrole[]) TO warrant_admin;
COMMENT ON FUNCTION warrant.create_profile(text, text[], regclass, name, boolean, regrole[]) IS
'Names commands on one table, schema or this database, for members of for_roles (everybody when empty) to ask for: warrant.request(profile => ''...'').
Such a request needs what a request for the same commands and target needs. Returns the name. Raises 22023, 42704, 42809, 3F000, 42710. Effective after COMMIT.';

CREATE FUNCTION warrant_internal.remove_profile(name text, trial boolean) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM warrant.profiles p WHERE p.name = remove_profile.name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'profile "%" does not exist', coalesce(warrant_internal.in_one_line(name, 128), 'NULL') USING ERRCODE = 'no_data_found';
    END IF;
    IF NOT trial THEN
        PERFORM warrant_internal.note_definition('profile_changed', NULL, NULL, format('%s: dropped', name));
    END IF;
END;
$$;

CREATE FUNCTION warrant.drop_profile(name text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM warrant_internal.remove_profile(name, false);
END;
$$;
REVOKE ALL ON FUNCTION warrant.drop_profile(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.drop_profile(text) TO warrant_admin;
COMMENT ON FUNCTION warrant.drop_profile(text) IS
'Removes a profile. Requests and grants by its name stay: they are for what it stood for when they were asked. Raises P0002. Effective after COMMIT.';

-- The parameters that make the profile, all of them, each in one way.
CREATE FUNCTION warrant_internal.parameters_of(profile warrant.profiles) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
AS $$
BEGIN
    RETURN jsonb_build_object(
        'name', (profile).name, 'commands', (profile).commands,
        'on_table', CASE (profile).target_kind WHEN 't' THEN format('%I.%I', (profile).target_schema, (profile).target_name) END,
        'on_schema', CASE (profile).target_kind WHEN 's' THEN (profile).target_schema END,
        'on_database', (profile).target_kind = 'd',
        'for_roles', warrant_internal.roles_in_words((profile).for_roles, (profile).for_role_names));
END;
$$;

-- The profile about objects and roles that were dropped and made anew under their names.
CREATE FUNCTION warrant_internal.made_anew(profile warrant.profiles) RETURNS warrant.profiles LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT warrant_internal.target_exists((profile).target_kind, (profile).target) THEN
        profile.target := warrant_internal.target_named((profile).target_kind, (profile).target_schema, (profile).target_name);
    END IF;
    profile.for_roles := coalesce(warrant_internal.roles_now((profile).for_roles, (profile).for_role_names), '{}');
    RETURN profile;
END;
$$;

-- Makes the profile what a document wants, as apply_policy does. A profile keeps its name alone.
CREATE FUNCTION warrant_internal.apply_profile(wanted jsonb, defaults jsonb, trial boolean, OUT action text, OUT changes text[], OUT weakens boolean) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
AS $$
DECLARE
    before warrant.profiles;
    after warrant.profiles;
    said jsonb;
    says jsonb;
BEGIN
    SELECT * INTO before FROM warrant.profiles p WHERE p.name = wanted->>'name' FOR UPDATE;
    IF NOT FOUND THEN
        after := warrant_internal.profile_of(wanted);
        PERFORM warrant_internal.add_profile(after, trial);
        action := 'create';
        weakens := false;
        changes := ARRAY[format('%s on %s', array_to_string((after).commands, ','), warrant_internal.target_in_words(after))]
            || CASE WHEN (after).for_roles <> '{}' THEN format('for_roles: %s', warrant_internal.in_words(warrant_internal.parameters_of(after)->'for_roles')) END;
        changes := array_remove(changes, NULL);
        RETURN;
    END IF;
    said := warrant_internal.parameters_of(before);
    after := CASE WHEN said = wanted THEN warrant_internal.made_anew(before) ELSE warrant_internal.profile_of(wanted) END;
    says := warrant_internal.parameters_of(after);
    changes := ARRAY(SELECT format('%s: %s -> %s', k.key, warrant_internal.in_words(said->k.key), warrant_internal.in_words(says->k.key))
                       FROM unnest('{commands,for_roles}'::text[]) AS k (key) WHERE said->k.key <> says->k.key)
        || CASE WHEN (after.target_kind, after.target_schema, after.target_name) <> (before.target_kind, before.target_schema, before.target_name)
                THEN format('on %s -> %s', warrant_internal.target_in_words(before), warrant_internal.target_in_words(after))
                WHEN after.target <> before.target AND after.target <> 0 THEN format('on %s, which was made anew', warrant_internal.target_in_words(after)) END
        || warrant_internal.roles_anew('for_roles', before.for_roles, before.for_role_names, after.for_roles);
    changes := array_remove(changes, NULL);
    action := CASE WHEN changes = '{}' THEN 'same' ELSE 'alter' END;
    IF action = 'alter' THEN
        weakens := false;
        UPDATE warrant.profiles p SET commands = after.commands, target_kind = after.target_kind, target = after.target, target_schema = after.target_schema, target_name = after.target_name,
               for_roles = after.for_roles, for_role_names = after.for_role_names WHERE p.id = before.id;
        IF NOT trial THEN
            PERFORM warrant_internal.note_definition('profile_changed', NULL, NULL, format('%s: %s', before.name, array_to_string(changes, '; ')));
        END IF;
    END IF;
END;
$$;
