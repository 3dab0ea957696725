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

CREATE FUNCTION warrant.create_profile(name text, commands text[], on_table regclass DEFAULT NULL, on_schema name DEFAULT NULL, on_database boolean DEFAULT false,
    for_roles regrole[] DEFAULT '{}') RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
AS $$
DECLARE
    words CONSTANT text[] := ARRAY(SELECT upper(c.word) FROM unnest(commands) WITH ORDINALITY AS c (word, place) GROUP BY 1 ORDER BY min(c.place));
    roles CONSTANT oid[] := warrant_internal.role_oids(for_roles, 'for_roles');
    made warrant.profiles;
BEGIN
    IF num_nulls(name, commands, on_database) > 0 THEN
        RAISE EXCEPTION 'name, commands and on_database must not be NULL' USING ERRCODE = 'invalid_parameter_value';
    ELSIF name = '' OR octet_length(name) > 128 THEN
        RAISE EXCEPTION 'a profile''s name has between 1 and 128 bytes' USING ERRCODE = 'invalid_parameter_value';
    ELSIF name <> warrant_internal.in_one_line(name, 128) THEN    -- refusals and cards show it
        RAISE EXCEPTION 'a profile''s name has only characters that show, and no blanks around it' USING ERRCODE = 'invalid_parameter_value';
    ELSIF words = '{}' THEN
        RAISE EXCEPTION 'at least one command must be given' USING ERRCODE = 'invalid_parameter_value';
    ELSIF num_nonnulls(on_table, on_schema, nullif(on_database, false)) <> 1 THEN
        RAISE EXCEPTION 'exactly one of on_table, on_schema and on_database must be given' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM warrant.expand_commands(words);
    IF 'ADMIN' = ANY (words) AND NOT on_database THEN
        RAISE EXCEPTION 'ADMIN is about the database' USING ERRCODE = 'invalid_parameter_value', HINT = 'Name it: on_database => true.';
    ELSIF 'CREATE' = ANY (words) AND on_table IS NOT NULL THEN
        RAISE EXCEPTION 'CREATE is about the schema that something new will be in' USING ERRCODE = 'invalid_parameter_value', HINT = 'Name it: on_schema => ''...''.';
    END IF;
    SELECT * INTO made.target_kind, made.target, made.target_schema, made.target_name
      FROM warrant_internal.target_of(jsonb_build_object('on_table', on_table::oid::bigint, 'on_schema', on_schema));
    INSERT INTO warrant.profiles (name, commands, target_kind, target, target_schema, target_name, for_roles, for_role_names)
    VALUES (create_profile.name, words, made.target_kind, made.target, made.target_schema, made.target_name, roles, warrant_internal.role_names(roles))
    ON CONFLICT ON CONSTRAINT profiles_name_key DO NOTHING RETURNING * INTO made;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'profile "%" exists already', name USING ERRCODE = 'duplicate_object';
    END IF;
    PERFORM warrant_internal.note_definition('profile_changed', NULL, NULL, format('%s: %s on %s', name, array_to_string(words, ','), warrant_internal.target_in_words(made)));
    RETURN name;
END;
$$;
REVOKE ALL ON FUNCTION warrant.create_profile(text, text[], regclass, name, boolean, regrole[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.create_profile(text, text[], regclass, name, boolean, regrole[]) TO warrant_admin;
COMMENT ON FUNCTION warrant.create_profile(text, text[], regclass, name, boolean, regrole[]) IS
'Names commands on one table, schema or this database, for members of for_roles (everybody when empty) to ask for: warrant.request(profile => ''...'').
Such a request needs what a request for the same commands and target needs. Returns the name. Raises 22023, 42704, 42809, 3F000, 42710. Effective after COMMIT.';

CREATE FUNCTION warrant.drop_profile(name text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM warrant.profiles p WHERE p.name = drop_profile.name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'profile "%" does not exist', coalesce(name, 'NULL') USING ERRCODE = 'no_data_found';
    END IF;
    PERFORM warrant_internal.note_definition('profile_changed', NULL, NULL, format('%s: dropped', name));
END;
$$;
REVOKE ALL ON FUNCTION warrant.drop_profile(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.drop_profile(text) TO warrant_admin;
COMMENT ON FUNCTION warrant.drop_profile(text) IS
'Removes a profile. Requests and grants by its name stay: they are for what it stood for when they were asked. Raises P0002. Effective after COMMIT.';
