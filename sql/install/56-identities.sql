-- Who acts: which human is behind a login, as far as is known.

-- Without a pinned search_path, which its parsed body does not need, it becomes part of what calls it.
CREATE FUNCTION warrant_internal.person_of(origin jsonb) RETURNS text LANGUAGE sql STABLE
    RETURN warrant_internal.person_of(warrant_internal.user_of(origin), coalesce(origin OPERATOR(pg_catalog.->>) 'authn_id', origin OPERATOR(pg_catalog.->>) 'authenticated_user_name'));

CREATE FUNCTION warrant_internal.are_persons_known() RETURNS boolean LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'warrant_are_persons_known';

-- Whether the role or a member of it is known by one of the names: by its person, or else its own name, or by an identity.
CREATE FUNCTION warrant_internal.is_known_as(role oid, names text[]) RETURNS boolean LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'warrant_is_known_as';

-- All names that one human is known by. They are the person that the DBA has made of the role, and the identity that the server has authenticated
-- (told), or the role when there is neither. With them go the persons of the roles that were authenticated by that identity, and the identities of
-- those persons' roles. One identity is always one human: that only one of two logins is mapped must not make two of them.
CREATE FUNCTION warrant_internal.names_of(role oid, told text) RETURNS text[] LANGUAGE plpgsql STABLE
AS $$
DECLARE
    mapped text := nullif(warrant_internal.person_of(role, ''), '');
    names text[] := array_remove(ARRAY[mapped, told], NULL);
BEGIN
    IF names = '{}' THEN
        names := ARRAY[warrant_internal.person_of(role, NULL)];
    END IF;
    IF mapped IS NULL AND NOT warrant_internal.are_persons_known() THEN
        RETURN names;    -- an identity alone leads to no other name
    END IF;
    RETURN ARRAY(WITH persons AS (
        SELECT p.person FROM warrant.persons p WHERE p.person = ANY (names)
        UNION SELECT p.person FROM warrant.identities i JOIN warrant.persons p ON p.role = i.role WHERE i.identity = ANY (names))
      SELECT unnest(names) UNION SELECT s.person FROM persons s
      UNION SELECT i.identity FROM persons s JOIN warrant.persons p ON p.person = s.person JOIN warrant.identities i ON i.role = p.role);
END;
$$;

CREATE FUNCTION warrant_internal.names_of(origin jsonb) RETURNS text[] LANGUAGE plpgsql STABLE
AS $$ BEGIN RETURN warrant_internal.names_of(warrant_internal.user_of(origin), coalesce(origin->>'authn_id', warrant_internal.person_of(origin))); END; $$;

-- Which of these are one person, each given by all names that it is known by: numbers from 1, the same for one person. They are one when they share a name,
-- or a third has names of both. With the names of now and of the time of a vote, a set_person in between must not make two of one.
CREATE FUNCTION warrant_internal.persons_of(known_as jsonb[]) RETURNS integer[] LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    persons integer[] := '{}';
    names text[];
BEGIN
    FOR place IN 1 .. coalesce(cardinality(known_as), 0) LOOP
        names := warrant_internal.elements_of(known_as[place]);
        persons := persons || place;
        FOR earlier IN 1 .. place - 1 LOOP
            IF persons[earlier] <> persons[place] AND known_as[earlier] ?| names THEN
                persons := array_replace(persons, greatest(persons[earlier], persons[place]), least(persons[earlier], persons[place]));
            END IF;
        END LOOP;
    END LOOP;
    RETURN persons;
END;
$$;

-- Remembers the identity as which the server has authenticated the session that acts.
CREATE FUNCTION warrant_internal.note_identity(origin jsonb) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM warrant.identities i WHERE i.role = (origin->>'authenticated_user_oid')::oid AND i.identity = origin->>'authn_id') THEN
        INSERT INTO warrant.identities VALUES ((origin->>'authenticated_user_oid')::oid, origin->>'authn_id');
    END IF;
END;
$$;

-- Whether many persons may be behind the login: the server knows all of them as one. So it is in a session whose user is not its login.
CREATE FUNCTION warrant_internal.is_pool(role oid) RETURNS boolean LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'warrant_is_pool';
CREATE FUNCTION warrant_internal.is_in_pool(origin jsonb) RETURNS boolean LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN warrant_internal.user_of(origin) <> (origin->>'authenticated_user_oid')::oid OR warrant_internal.is_pool(warrant_internal.user_of(origin));
END;
$$;

-- Whether the person who acts can use what the role is given, as this role or a member of it. Any login of the person counts, as far as is known.
-- Of a login that has not been seen the gate asks again when the grant is used.
CREATE FUNCTION warrant_internal.is_himself(origin jsonb, role oid) RETURNS boolean LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN warrant_internal.user_of(origin) = role OR warrant_internal.is_member(warrant_internal.user_of(origin), role) OR
           warrant_internal.is_known_as(role, warrant_internal.names_of(origin));
END;
$$;

-- Whether the person who acts is the one that the request is of, under the same login or another.
CREATE FUNCTION warrant_internal.is_requester(origin jsonb, request warrant.requests) RETURNS boolean LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN (request).person = ANY (warrant_internal.names_of(origin)) OR warrant_internal.is_himself(origin, (request).requester);
END;
$$;
