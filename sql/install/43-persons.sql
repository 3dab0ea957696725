-- Persons: whose login a role is.

CREATE FUNCTION warrant.set_person(role regrole, person text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
AS $$
BEGIN
    IF role IS NULL OR person = '' THEN
        RAISE EXCEPTION 'role must not be NULL and person not empty' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    DELETE FROM warrant.persons p WHERE p.role = set_person.role;
    IF person IS NOT NULL THEN
        INSERT INTO warrant.persons VALUES (role, (warrant_internal.role_names(warrant_internal.role_oids(ARRAY[role], 'role')))[1], person);
    END IF;
    PERFORM warrant_internal.note_definition('person_changed', NULL, NULL, format('%s: %s', role, coalesce(person, 'nobody in particular')));
    PERFORM warrant_internal.note_definition('weakened', NULL, NULL, 'set_person');
END;
$$;
REVOKE ALL ON FUNCTION warrant.set_person(regrole, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.set_person(regrole, text) TO warrant_admin;
COMMENT ON FUNCTION warrant.set_person(regrole, text) IS
'Says whose login a role is, for four eyes and quorums; NULL forgets it. Audited as weakened. Effective after COMMIT.';
