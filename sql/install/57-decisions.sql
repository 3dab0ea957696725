-- Decisions of persons: who may decide, whose votes count, what a vote does.

-- Whether the role has a voice in what these policies ask for together: it, or who has delegated to it, is an approver of one of them, while all are
-- there. Whoever asks: what is decided, and what is shown as somebody's to decide, goes by voices_on.
CREATE FUNCTION warrant_internal.may_decide(role oid, policy_ids bigint[]) RETURNS boolean LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'warrant_may_decide';
CREATE FUNCTION warrant_internal.may_decide(voices oid[], policy_ids bigint[], escalated bigint[] DEFAULT '{}') RETURNS boolean LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'warrant_may_one_decide';

-- For a message: the policies among these that others decide.
CREATE FUNCTION warrant_internal.that_others_decide(voices oid[], policy_ids bigint[]) RETURNS text LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN (SELECT string_agg(format('"%s"', p.name), ', ' ORDER BY p.id) FROM warrant.policies p
             WHERE p.id = ANY (policy_ids) AND NOT warrant_internal.may_decide(voices, ARRAY[p.id]));
END;
$$;

-- What votes are worth under policies. valid: whose giver may decide now; needed: by which a person is counted; missing: how many persons must still
-- approve at least; of_roles: how many of which roles. A person of number 0 does not count. escalated: under which of the policies escalate_to decides, too.
CREATE FUNCTION warrant_internal.count_votes(policy_ids bigint[], logins oid[], known_by text[], persons integer[], escalated bigint[],
    OUT valid boolean[], OUT needed boolean[], OUT missing integer, OUT roles oid[], OUT of_roles integer[]) LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'warrant_count_votes';
CREATE FUNCTION warrant_internal.count_votes(policy warrant.policies, logins oid[], known_by text[], persons integer[], escalated bigint[],
    OUT valid boolean[], OUT needed boolean[], OUT missing integer, OUT roles oid[], OUT of_roles integer[]) LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'warrant_count_votes_under';

-- The approvals of a request, in the order in which they were given: by which login (0: a webhook), as what it was known, and by which person. A vote that
-- was given for others as well has a row for each of them, as the voter's person. It does not count (0) where that one has voted himself, or for him
-- somebody before; of a pending request nor where it is not delegated any more. more: one as if he approved now, in place of what he has voted before.
CREATE FUNCTION warrant_internal.votes_for(request warrant.requests, more oid DEFAULT NULL, more_known_by text DEFAULT NULL,
    OUT logins oid[], OUT names name[], OUT known_by text[], OUT known_as jsonb[], OUT persons integer[]) LANGUAGE plpgsql STABLE
AS $$
DECLARE
    lent boolean[];
    one integer[];    -- each row: the person whose vote it is
    voter integer;    -- the row of who has given it
    taken integer[] := '{}';
BEGIN
    SELECT coalesce(array_agg(coalesce(v.lender, g.approver) ORDER BY g.place, v.lender NULLS FIRST), '{}'), coalesce(array_agg(g.name ORDER BY g.place, v.lender NULLS FIRST), '{}'),
           coalesce(array_agg(g.person ORDER BY g.place, v.lender NULLS FIRST), '{}'), array_agg(v.lender IS NOT NULL ORDER BY g.place, v.lender NULLS FIRST) INTO logins, names, known_by, lent
      FROM (SELECT d.approver, d.approver_name AS name, d.person, row_number() OVER (ORDER BY d.decided_at, d.person) AS place,
                   CASE WHEN (request).state <> 'pending' THEN d.voted_for WHEN d.voted_for IS NOT NULL THEN ARRAY(SELECT unnest(d.voted_for) INTERSECT SELECT unnest(warrant_internal.delegators_of(d.approver))) END AS lenders
              FROM warrant.decisions d WHERE d.request_id = (request).id AND d.approves AND d.person IS DISTINCT FROM more_known_by
            UNION ALL SELECT more, pg_get_userbyid(more), more_known_by, NULL,
                   warrant_internal.decides_for(more, (request).requester, (request).person, warrant_internal.policies_of(warrant_internal.items_of_request((request).id)), (request).escalated) WHERE more IS NOT NULL) AS g
           CROSS JOIN LATERAL (SELECT NULL::oid UNION ALL SELECT unnest(g.lenders)) AS v (lender);
    known_as := ARRAY(SELECT to_jsonb(CASE WHEN v.lent THEN warrant_internal.all_names_of(v.login) ELSE warrant_internal.names_of(v.login, v.known_by) END)
                        FROM unnest(logins, known_by, lent) WITH ORDINALITY AS v (login, known_by, lent, place) ORDER BY v.place);
    persons := CASE WHEN logins = '{}' THEN '{}' ELSE
        (array_replace(warrant_internal.persons_of(to_jsonb(warrant_internal.names_of((request).requester, (request).person)) || known_as), 1, 0))[2:] END;
    IF true <> ALL (lent) THEN
        RETURN;
    END IF;
    one := persons;
    FOR place IN 1 .. cardinality(logins) LOOP
        IF NOT lent[place] THEN
            voter := place;
            CONTINUE;
        END IF;
        persons[place] := 0;
        CONTINUE WHEN one[place] = 0 OR one[place] = ANY (taken);    -- as the requester, or by somebody else for him
        CONTINUE WHEN EXISTS (SELECT FROM unnest(one, lent) AS o (person, lent) WHERE NOT o.lent AND o.person = one[place] AND o.person <> one[voter]);    -- by himself
        persons[place] := one[voter];
        taken := taken || one[place];
        known_as[place] := known_as[place] || known_as[voter];
    END LOOP;
END;
$$;

-- Those by which a grant was made; of one without a request the approver's own.
CREATE FUNCTION warrant_internal.votes_for(given warrant.grants, OUT logins oid[], OUT known_by text[], OUT persons integer[]) LANGUAGE plpgsql STABLE
AS $$
DECLARE
    request warrant.requests;
BEGIN
    IF (given).request_id IS NULL THEN
        SELECT coalesce(array_agg(r.oid ORDER BY r.oid), '{}'), coalesce(array_agg(r.rolname::text ORDER BY r.oid), '{}') INTO logins, known_by
          FROM pg_roles r WHERE r.rolname = ANY ((given).granted_by);
        persons := warrant_internal.persons_of(ARRAY(SELECT to_jsonb(warrant_internal.names_of(v.login, v.name)) FROM unnest(logins, known_by) WITH ORDINALITY AS v (login, name, place) ORDER BY v.place));
        RETURN;
    END IF;
    SELECT * INTO request FROM warrant.requests r WHERE r.id = (given).request_id;
    SELECT v.logins, v.known_by, v.persons INTO logins, known_by, persons FROM warrant_internal.votes_for(request) AS v;
END;
$$;

-- The votes of the person who acts. Persons are compared as they were known at the vote and as they are known now: a set_person in between must
-- not make two of one.
CREATE FUNCTION warrant_internal.own_votes(origin jsonb, request_id bigint) RETURNS text[] LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN ARRAY(SELECT d.person FROM warrant.decisions d WHERE d.request_id = own_votes.request_id
                    AND warrant_internal.names_of(origin) && ARRAY[d.person, warrant_internal.person_of(d.approver, d.person)]);
END;
$$;

-- The checks that approving and denying share: another person, a member of an approver role, who says why where a policy wants it.
CREATE FUNCTION warrant_internal.check_decider(origin jsonb, request warrant.requests, policy_ids bigint[], comment text) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    IF NOT warrant_internal.may_decide(warrant_internal.voices_on(warrant_internal.user_of(origin), (request).requester, (request).person), policy_ids, (request).escalated) THEN
        PERFORM warrant_internal.fail('42501', format('permission denied to decide request %s', (request).id),
                             'Members of "' || nullif(array_to_string(warrant_internal.deciding_roles((request).id), '" and "'), '') || '" decide it.');
    END IF;
    IF warrant_internal.is_requester(origin, request) THEN
        PERFORM warrant_internal.fail('42501', format('request %s must be decided by another person', (request).id),
                             CASE WHEN NOT warrant_internal.is_in_pool(origin) THEN 'warrant.cancel withdraws it.' END);
    END IF;
    PERFORM warrant_internal.check_comment(policy_ids, comment, 'comment');
END;
$$;

-- Who has approved, each person once; of a pending request those who may decide still and whom its policies count. The requester is not counted. granters:
-- all names of who gave. missing, roles and of_roles: as count_votes, of a pending request.
CREATE FUNCTION warrant_internal.approvers_of(request warrant.requests, OUT approvers name[], OUT granters text[], OUT missing integer, OUT roles oid[], OUT of_roles integer[])
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    votes CONSTANT record := warrant_internal.votes_for(request);
    pends CONSTANT boolean := (request).state = 'pending';
    valid boolean[];
    needed boolean[];
BEGIN
    missing := 0;
    IF pends THEN
        SELECT c.valid, c.needed, c.missing, c.roles, c.of_roles INTO valid, needed, missing, roles, of_roles
          FROM warrant_internal.count_votes(coalesce(warrant_internal.policies_of(warrant_internal.items_of_request((request).id)), '{}'), votes.logins, votes.known_by, votes.persons, (request).escalated) AS c;
    END IF;
    approvers := ARRAY(SELECT f.name FROM (SELECT DISTINCT ON (v.person) v.name, v.place FROM unnest(votes.names, votes.persons, needed) WITH ORDINALITY AS v (name, person, needed, place)
                                            WHERE v.person > 0 AND (v.needed OR NOT pends) ORDER BY v.person, v.place) AS f ORDER BY f.place);
    granters := ARRAY(SELECT n FROM unnest(votes.logins, votes.known_as, valid) WITH ORDINALITY AS v (login, known_as, valid, place), jsonb_array_elements_text(v.known_as) AS n
                       WHERE v.login <> 0 AND (v.valid OR NOT pends) ORDER BY v.place);
    IF pends THEN
        missing := greatest(missing, (request).min_approvals - cardinality(approvers));
    END IF;
END;
$$;

-- What is missing, in words: 2 approvals by members of "dba" and 1 by members of "security".
CREATE FUNCTION warrant_internal.missing_in_words(roles oid[], of_roles integer[], more text DEFAULT '') RETURNS text LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN (SELECT string_agg(concat(m.number, CASE m.place WHEN 1 THEN more || CASE m.number WHEN 1 THEN ' approval' ELSE ' approvals' END END, ' by members of ',
                                     coalesce('"' || warrant_internal.in_one_line(a.rolname, 63) || '"', 'a role that is gone')), ' and ' ORDER BY m.place)
              FROM unnest(roles, of_roles) WITH ORDINALITY AS m (role, number, place) LEFT JOIN pg_roles a ON a.oid = m.role);
END;
$$;

-- Whether one more vote, by the role with these names, would bring the request nearer to its grant. Any does where votes are enough that did not count
-- for a while, as that of one whose role was taken away and given back: a grant is made by an approval only.
CREATE FUNCTION warrant_internal.would_help(request warrant.requests, role oid, known_by text) RETURNS boolean LANGUAGE plpgsql STABLE
AS $$
DECLARE
    policies CONSTANT bigint[] := warrant_internal.policies_of(warrant_internal.items_of_request((request).id));
    before CONSTANT record := warrant_internal.votes_for(request);
    votes CONSTANT record := warrant_internal.votes_for(request, role, known_by);
    counted CONSTANT record := warrant_internal.count_votes(policies, votes.logins, votes.known_by, votes.persons, (request).escalated);
    votes_again CONSTANT boolean := EXISTS (SELECT FROM warrant.decisions d WHERE d.request_id = (request).id AND d.person = known_by);
BEGIN
    RETURN (warrant_internal.approvers_of(request)).missing = 0
           OR (votes_again OR coalesce(true = ANY (counted.needed[cardinality(before.logins) + 1:]), false))
           -- Who votes himself takes the place of the one who has voted for him.
              AND (NOT (votes_again OR EXISTS (SELECT FROM warrant.decisions d WHERE d.request_id = (request).id AND d.voted_for IS NOT NULL))
                   OR (SELECT sum(n) FROM unnest(counted.of_roles) AS n)
                      IS DISTINCT FROM (SELECT sum(n) FROM unnest((warrant_internal.count_votes(policies, before.logins, before.known_by, before.persons, (request).escalated)).of_roles) AS n));
END;
$$;

-- The items that are left when of these only such commands on such objects are approved; NULL is all.
CREATE FUNCTION warrant_internal.narrowed(items warrant_internal.item[], commands text[], objects text[]) RETURNS warrant_internal.item[] LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN ARRAY(SELECT (i.target_kind, i.target, i.schema_name, i.relation_name, l.commands, i.policy_id, i.columns)::warrant_internal.item
                   FROM unnest(items) WITH ORDINALITY AS i, LATERAL (SELECT ARRAY(SELECT c.command FROM unnest(i.commands) AS c (command)
                        WHERE narrowed.commands IS NULL OR c.command = ANY (narrowed.commands))) AS l (commands)
                  WHERE l.commands <> '{}' AND (objects IS NULL OR concat(i.target_kind, i.target) = ANY (objects)) ORDER BY i.ordinality);
END;
$$;

-- What all approvals so far have in common. One that does not count any more narrows still, as it does the duration.
CREATE FUNCTION warrant_internal.approved_by_all(request_id bigint, items warrant_internal.item[]) RETURNS warrant_internal.item[] LANGUAGE plpgsql STABLE
AS $$
DECLARE
    vote warrant.decisions;
BEGIN
    FOR vote IN SELECT * FROM warrant.decisions d WHERE d.request_id = approved_by_all.request_id AND (d.commands IS NOT NULL OR d.objects IS NOT NULL) LOOP
        items := warrant_internal.narrowed(items, vote.commands, vote.objects);
    END LOOP;
    RETURN items;
END;
$$;

-- What of a request its grant does not cover; NULL for nothing.
CREATE FUNCTION warrant_internal.left_out_in_words(request_id bigint, grant_id bigint) RETURNS text LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN nullif(warrant_internal.scope_in_words(ARRAY(
        SELECT (i.target_kind, i.target, i.schema_name, i.relation_name, l.commands, i.policy_id, i.columns)::warrant_internal.item
          FROM unnest(warrant_internal.items_of_request(request_id)) AS i, LATERAL (SELECT ARRAY(SELECT c.command FROM unnest(i.commands) AS c (command)
               WHERE NOT EXISTS (SELECT FROM warrant.grant_scopes s WHERE s.grant_id = left_out_in_words.grant_id AND s.target_kind = i.target_kind AND s.target = i.target
                                    AND s.policy_id = i.policy_id AND s.columns IS NOT DISTINCT FROM i.columns AND c.command = ANY (s.commands)))) AS l (commands) WHERE l.commands <> '{}')), '');
END;
$$;

-- The commands that an approval names. Raises 22023 for none, and for one that was not asked for.
CREATE FUNCTION warrant_internal.commands_named(request_id bigint, items warrant_internal.item[], words text[]) RETURNS text[] LANGUAGE plpgsql
AS $$
DECLARE
    word text;
BEGIN
    IF words = '{}' OR array_position(words, NULL) IS NOT NULL THEN
        PERFORM warrant_internal.fail('22023', 'commands must not be empty or contain NULL');
    END IF;
    FOREACH word IN ARRAY words LOOP
        IF NOT EXISTS (SELECT FROM unnest(items) AS i WHERE i.commands && warrant.expand_commands(ARRAY[word])) THEN
            PERFORM warrant_internal.fail('22023', format('request %s does not ask for %s', request_id, upper(word)), NULL,
                                 format('It asks for %s.', warrant_internal.scope_in_words(items)));
        END IF;
    END LOOP;
    RETURN warrant.expand_commands(words);
END;
$$;

-- The objects that an approval names, as a card has them or without the schema: so that who decides needs no privilege on what it is about. Raises 22023
-- for none, for one that is not among the items, and for a name that several have.
CREATE FUNCTION warrant_internal.objects_named(request_id bigint, items warrant_internal.item[], names text[]) RETURNS text[] LANGUAGE plpgsql
AS $$
DECLARE
    name text;
    found text[];
    objects text[] := '{}';
BEGIN
    IF names = '{}' OR array_position(names, NULL) IS NOT NULL THEN
        PERFORM warrant_internal.fail('22023', 'objects must not be empty or contain NULL');
    END IF;
    FOREACH name IN ARRAY names LOOP
        found := ARRAY(SELECT DISTINCT concat(i.target_kind, i.target) FROM unnest(items) AS i
                        WHERE name IN (CASE i.target_kind WHEN 't' THEN format('%I.%I', i.schema_name, i.relation_name) WHEN 's' THEN format('schema %I', i.schema_name) ELSE 'this database' END,
                                       CASE i.target_kind WHEN 't' THEN quote_ident(i.relation_name) WHEN 's' THEN quote_ident(i.schema_name) END));
        IF cardinality(found) <> 1 THEN
            PERFORM warrant_internal.fail('22023', format(CASE cardinality(found) WHEN 0 THEN 'request %s is not about "%s"' ELSE 'request %s is about several objects of the name "%s"' END,
                                          request_id, warrant_internal.in_one_line(name, 100)), NULL, format('It asks for %s.', warrant_internal.scope_in_words(items)));
        END IF;
        objects := objects || found;
    END LOOP;
    RETURN objects;
END;
$$;

-- The identity of the one statement that the request's grant is to serve; NULL for whatever its commands serve. An approval of exactly one statement
-- narrows what the others allow.
CREATE FUNCTION warrant_internal.exact_of(request warrant.requests) RETURNS bytea LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN coalesce((request).exact, (SELECT d.exact FROM warrant.decisions d WHERE d.request_id = (request).id AND d.exact IS NOT NULL LIMIT 1));
END;
$$;

-- How long a grant would live, and for how many statements, if the request were approved as it is: the least of what was asked, voted and allowed.
CREATE FUNCTION warrant_internal.limits_of(request warrant.requests, terms warrant_internal.terms, OUT duration interval, OUT uses integer, OUT rows bigint) LANGUAGE plpgsql STABLE
AS $$
BEGIN
    SELECT least(min(d.duration), (request).duration), least(min(d.max_uses), (request).max_uses, (terms).max_uses), least(min(d.max_rows), (request).max_rows, (terms).max_rows) INTO duration, uses, rows
      FROM warrant.decisions d WHERE d.request_id = (request).id AND d.approves;
    duration := least(coalesce(duration, (terms).default_duration), (terms).max_duration);
    IF uses IS NULL AND warrant_internal.exact_of(request) IS NOT NULL THEN    -- this statement, and not again
        uses := 1;
    END IF;
END;
$$;

-- The identity of the one statement that an approval of the request is to be for. Raises 22023 where it has none, or several.
CREATE FUNCTION warrant_internal.exact_named(request warrant.requests) RETURNS bytea LANGUAGE plpgsql
AS $$
DECLARE
    found bytea := warrant_internal.exact_of(request);
    attached bigint;
    why text;
BEGIN
    IF found IS NOT NULL THEN
        RETURN found;
    END IF;
    attached := (SELECT count(*) FROM warrant.request_statements s WHERE s.request_id = (request).id);
    SELECT s.exact, s.not_exact INTO found, why FROM warrant.request_statements s WHERE s.request_id = (request).id LIMIT 1;
    IF attached = 1 AND found IS NOT NULL THEN
        RETURN found;
    END IF;
    PERFORM warrant_internal.fail('22023', CASE attached WHEN 0 THEN format('request %s has no statement that could be approved exactly', (request).id)
                                                        WHEN 1 THEN format('the statement of request %s cannot be approved exactly: %s', (request).id, why)
                                                        ELSE format('request %s has several statements', (request).id) END,
                         'Deny it, and have exactly one asked for: SELECT warrant.request_statement(''...'').');
END;
$$;

-- Keeps an approval that was found valid; with the last one that the policies need the grant is made.
CREATE FUNCTION warrant_internal.enter_approval(origin jsonb, request warrant.requests, items warrant_internal.item[], terms warrant_internal.terms, approver oid,
    approver_name text, person text, duration interval, max_uses integer, comment text, commands text[] DEFAULT NULL, objects text[] DEFAULT NULL, max_rows bigint DEFAULT NULL,
    exact bytea DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    voted_for CONSTANT oid[] := nullif(warrant_internal.decides_for(approver, (request).requester, (request).person, warrant_internal.policies_of(items), (request).escalated), '{}');
    voted_for_names CONSTANT name[] := nullif(warrant_internal.role_names(voted_for), '{}');
    said CONSTANT text := nullif(concat_ws(': ', warrant_internal.for_whom(voted_for_names), comment), '');
    counted record;
    limits record;
    made bigint;
BEGIN
    INSERT INTO warrant.decisions VALUES ((request).id, warrant_internal.monotonic_now(), approver, approver_name, person, true, duration, comment, max_uses, commands, objects, max_rows, exact, voted_for, voted_for_names);
    counted := warrant_internal.approvers_of(request);
    IF counted.missing > 0 THEN
        PERFORM warrant_internal.seal('approval', origin, jsonb_build_object('request_id', (request).id, 'comment', said));
        RETURN NULL;
    END IF;
    limits := warrant_internal.limits_of(request, terms);
    PERFORM warrant_internal.end_request(origin, (request).id, 'approved', said);
    items := warrant_internal.approved_by_all((request).id, items);
    made := warrant_internal.make_grant(origin, (request).id, (request).requester, counted.approvers,
        warrant_internal.from_now(request, limits.duration, (terms).max_duration), limits.uses, (request).reason, items, ARRAY(SELECT DISTINCT n.name FROM unnest(counted.granters) AS n (name) ORDER BY n.name), limits.rows,
        (request).ticket, (request).starts_at, warrant_internal.exact_of(request));
    UPDATE warrant.requests r SET grant_id = made WHERE r.id = (request).id;
    RETURN made;
END;
$$;

CREATE FUNCTION warrant_internal.enter_denial(origin jsonb, request warrant.requests, approver oid, approver_name text, person text, comment text)
RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    voted_for CONSTANT oid[] := nullif(warrant_internal.decides_for(approver, (request).requester, (request).person, warrant_internal.policies_of(warrant_internal.items_of_request((request).id)), (request).escalated), '{}');
    voted_for_names CONSTANT name[] := nullif(warrant_internal.role_names(voted_for), '{}');
BEGIN
    INSERT INTO warrant.decisions VALUES ((request).id, warrant_internal.monotonic_now(), approver, approver_name, person, false, NULL, comment, NULL, NULL, NULL, NULL, NULL, voted_for, voted_for_names);
    PERFORM warrant_internal.end_request(origin, (request).id, 'denied', nullif(concat_ws(': ', warrant_internal.for_whom(voted_for_names), comment), ''));
END;
$$;

-- Nobody approves what he has not seen: an amended request takes the number of the version that is meant.
CREATE FUNCTION warrant_internal.check_version(request warrant.requests, version integer) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    call text := format('SELECT warrant.approve(%s, version => %s)', (request).id, (request).version);
    changed text;
BEGIN
    IF version = (request).version OR (version IS NULL AND (request).version = 1) THEN
        RETURN;
    ELSIF version NOT BETWEEN 1 AND (request).version THEN
        PERFORM warrant_internal.fail('22023', format('request %s has no version %s', (request).id, version), format('warrant.show_request(%s) has the call to copy.', (request).id));
    END IF;
    SELECT string_agg(c.key, ', ' ORDER BY c.key) INTO changed FROM jsonb_each_text((request).changed_in) AS c WHERE c.value::integer > coalesce(version, 1);
    PERFORM warrant_internal.fail('55006', format('request %s was amended: it is version %s now', (request).id, (request).version) || coalesce(', not ' || version, ''),
                         format('To approve it as it is now: %s;', call),
                         format('Changed since: %s.', changed) || coalesce(' It says now: ' || nullif(warrant_internal.in_one_line(warrant_internal.words_of(request), 300), ''), ''));
END;
$$;

-- A column that the items name, and that was dropped since they were asked for; NULL where there is none. What bears its name now is another column.
CREATE FUNCTION warrant_internal.dropped_column(request_id bigint, items warrant_internal.item[]) RETURNS text LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN (SELECT format('column "%s" of %s was dropped since it was asked for', warrant_internal.in_one_line(n.name, 63), format('%I.%I', i.schema_name, i.relation_name))
              FROM unnest(items) AS i JOIN warrant.request_items r ON r.request_id = dropped_column.request_id AND r.target = i.target AND r.columns = i.columns,
                   ROWS FROM (unnest(r.columns), unnest(r.column_names)) AS n (number, name)
             WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = i.target AND a.attnum = n.number AND NOT a.attisdropped)
               AND EXISTS (SELECT FROM pg_class c WHERE c.oid = i.target) LIMIT 1);
END;
$$;

CREATE FUNCTION warrant_internal.approve_one(origin jsonb, request_id bigint, duration interval, max_uses integer, comment text, version integer DEFAULT NULL,
    command_words text[] DEFAULT NULL, object_names text[] DEFAULT NULL, max_rows bigint DEFAULT NULL, exact boolean DEFAULT false) RETURNS bigint LANGUAGE plpgsql
AS $$
DECLARE
    request warrant.requests := warrant_internal.pending_request(request_id);
    items warrant_internal.item[] := warrant_internal.items_of_request(request_id);
    terms warrant_internal.terms := warrant_internal.terms_of(warrant_internal.policies_of(items));
    commands text[];
    objects text[];
    counted record;
    helps boolean;
    which text;
    made bigint;
BEGIN
    PERFORM warrant_internal.check_decider(origin, request, warrant_internal.policies_of(items), comment);
    IF warrant_internal.own_votes(origin, request_id) <> '{}' THEN
        IF NOT warrant_internal.would_help(request, warrant_internal.user_of(origin), warrant_internal.person_of(origin)) THEN
            PERFORM warrant_internal.fail('55006', format('request %s was approved by the same person before', request_id), 'warrant.deny takes that back, and denies it.');
        END IF;
        DELETE FROM warrant.decisions d WHERE d.request_id = request.id AND d.person = ANY (warrant_internal.own_votes(origin, request.id));
    END IF;
    IF NOT warrant_internal.role_exists(request.requester) THEN
        PERFORM warrant_internal.fail('55006', format('role "%s", which filed request %s, is gone', request.requester_name, request.id));
    END IF;
    PERFORM warrant_internal.check_version(request, version);
    IF duration IS NOT NULL OR max_uses IS NOT NULL THEN
        PERFORM warrant_internal.check_within(duration, max_uses, terms);
    END IF;
    PERFORM warrant_internal.check_rows_within(max_rows, terms);
    IF duration > request.duration THEN
        PERFORM warrant_internal.fail('22023', format('an approval cannot be longer than the %s that were asked for', request.duration));
    ELSIF max_uses > request.max_uses THEN
        PERFORM warrant_internal.fail('22023', format('an approval cannot have more than the %s asked for', CASE request.max_uses WHEN 1 THEN '1 use that was' ELSE request.max_uses || ' uses that were' END));
    ELSIF max_rows > request.max_rows THEN
        PERFORM warrant_internal.fail('22023', format('an approval cannot have more rows than the %s that were asked for', request.max_rows));
    END IF;
    IF command_words IS NOT NULL OR object_names IS NOT NULL THEN
        commands := CASE WHEN command_words IS NOT NULL THEN warrant_internal.commands_named(request_id, items, command_words) END;
        objects := CASE WHEN object_names IS NOT NULL THEN warrant_internal.objects_named(request_id, items, object_names) END;
        IF warrant_internal.narrowed(warrant_internal.approved_by_all(request_id, items), commands, objects) = '{}' THEN
            PERFORM warrant_internal.fail('22023', format('nothing of request %s is left that all approvals allow', request_id), 'warrant.deny denies it.',
                                 format('Approved so far: %s.', warrant_internal.scope_in_words(warrant_internal.approved_by_all(request_id, items))));
        END IF;
    END IF;
    which := warrant_internal.dropped_column(request_id, warrant_internal.narrowed(warrant_internal.approved_by_all(request_id, items), commands, objects));
    IF which IS NOT NULL THEN
        PERFORM warrant_internal.fail('55006', which, format('Deny it: SELECT warrant.deny(%s, ''...''). A column that bears the name now is asked for anew.', request_id));
    END IF;
    helps := warrant_internal.would_help(request, warrant_internal.user_of(origin), warrant_internal.person_of(origin));
    made := warrant_internal.enter_approval(origin, request, items, terms, warrant_internal.user_of(origin), origin->>'session_user_name', warrant_internal.person_of(origin),
                                   duration, max_uses, comment, commands, objects, max_rows, CASE WHEN exact THEN warrant_internal.exact_named(request) END);
    which := (SELECT concat_ws(' ', request.id, warrant_internal.for_whom(d.voted_for_names)) FROM warrant.decisions d
               WHERE d.request_id = request.id AND d.person = warrant_internal.person_of(origin));
    IF made IS NOT NULL THEN
        PERFORM warrant_internal.tell_granted('approved request ' || which, made, warrant_internal.items_of_grant(made));
        PERFORM warrant_internal.tell(format('not approved of it: %s', o.words)) FROM warrant_internal.left_out_in_words(request_id, made) AS o (words) WHERE o.words IS NOT NULL;
        RETURN made;
    END IF;
    counted := warrant_internal.approvers_of(request);
    PERFORM warrant_internal.tell(format('approved request %s: %s %s', which, CASE WHEN helps THEN 'it needs' ELSE 'this adds nothing to what is missing, which is' END,
                                         warrant_internal.missing_in_words(counted.roles, counted.of_roles, CASE WHEN helps THEN ' more' ELSE '' END)));
    RETURN NULL;
END;
$$;

CREATE FUNCTION warrant_internal.deny_one(origin jsonb, request_id bigint, comment text) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    request warrant.requests := warrant_internal.pending_request(request_id);
BEGIN
    PERFORM warrant_internal.check_decider(origin, request, warrant_internal.policies_of(warrant_internal.items_of_request(request_id)), comment);
    DELETE FROM warrant.decisions d WHERE d.request_id = request.id AND d.person = ANY (warrant_internal.own_votes(origin, request.id));
    PERFORM warrant_internal.enter_denial(origin, request, warrant_internal.user_of(origin), origin->>'session_user_name', warrant_internal.person_of(origin), comment);
    PERFORM warrant_internal.tell(format('denied request %s of %s: %s', (SELECT concat_ws(' ', request.id, warrant_internal.for_whom(d.voted_for_names)) FROM warrant.decisions d
                                                                                WHERE d.request_id = request.id AND d.person = warrant_internal.person_of(origin)), warrant_internal.in_one_line(request.requester_name, 63),
                                         warrant_internal.scope_in_words(warrant_internal.items_of_request(request_id))));
END;
$$;

-- The requests that a call names, each once.
CREATE FUNCTION warrant_internal.ids_of(args jsonb) RETURNS bigint[] LANGUAGE plpgsql
AS $$
BEGIN
    IF args->'request_ids' IN ('null', '[]') OR args->'request_ids' @> 'null' THEN
        PERFORM warrant_internal.fail('22023', 'request_ids must not be empty, NULL or contain NULL');
    END IF;
    RETURN ARRAY(SELECT e.id::bigint FROM jsonb_array_elements_text(args->'request_ids') WITH ORDINALITY AS e (id, place) GROUP BY e.id::bigint ORDER BY min(e.place));
END;
$$;

CREATE FUNCTION warrant_internal.do_approve(origin jsonb, args jsonb) RETURNS text LANGUAGE plpgsql
AS $$
BEGIN
    IF args ? 'request_ids' THEN
        RETURN (SELECT array_agg(warrant_internal.approve_one(origin, i.id, (args->>'duration')::interval, (args->>'max_uses')::integer, args->>'comment', max_rows => (args->>'max_rows')::bigint))::text FROM unnest(warrant_internal.ids_of(args)) AS i (id));
    END IF;
    RETURN warrant_internal.approve_one(origin, (args->>'request_id')::bigint, (args->>'duration')::interval, (args->>'max_uses')::integer, args->>'comment', (args->>'version')::integer,
                                        CASE WHEN args->>'commands' IS NOT NULL THEN warrant_internal.elements_of(args->'commands') END,
                                        CASE WHEN args->>'objects' IS NOT NULL THEN warrant_internal.elements_of(args->'objects') END, (args->>'max_rows')::bigint,
                                        coalesce((args->>'exact')::boolean, false));
END;
$$;

CREATE FUNCTION warrant_internal.do_deny(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    IF args ? 'request_ids' THEN
        PERFORM warrant_internal.deny_one(origin, i.id, args->>'comment') FROM unnest(warrant_internal.ids_of(args)) AS i (id);
    ELSE
        PERFORM warrant_internal.deny_one(origin, (args->>'request_id')::bigint, args->>'comment');
    END IF;
END;
$$;

-- The requests that approve_all and deny_all are about: those of the numbers, or the oldest that a role has pending, or a ticket.
CREATE FUNCTION warrant_internal.requests_named(args jsonb) RETURNS text LANGUAGE plpgsql
AS $$
DECLARE
    most CONSTANT integer := 100;
    ids bigint[];
BEGIN
    IF num_nonnulls(args->>'request_ids', args->>'requester', nullif(args->>'ticket', '')) <> 1 THEN
        PERFORM warrant_internal.fail('22023', 'exactly one of request_ids, requester and ticket must be given');
    ELSIF args->>'request_ids' IS NOT NULL THEN
        ids := warrant_internal.ids_of(args);
        IF cardinality(ids) > most THEN
            PERFORM warrant_internal.fail('22023', format('more than %s requests are not decided by one call', most));
        END IF;
    ELSE
        ids := ARRAY(WITH pending AS MATERIALIZED (SELECT r.id, r.requester, r.ticket, r.expires_at FROM warrant.requests r WHERE r.state = 'pending')
                     SELECT r.id FROM pending r WHERE (r.requester = (args->>'requester')::oid OR r.ticket = args->>'ticket')
                        AND r.expires_at > warrant_internal.monotonic_now() ORDER BY r.id LIMIT most + 1);
        IF cardinality(ids) > most THEN
            PERFORM warrant_internal.tell('there are more: run it again');
        END IF;
    END IF;
    RETURN ids[:most];
END;
$$;

-- Decides one of them. Answers the grant's number or 0, and what was done or why not.
CREATE FUNCTION warrant_internal.decide_each(origin jsonb, args jsonb) RETURNS text LANGUAGE plpgsql
AS $$
DECLARE
    id CONSTANT bigint := (args->>'request_id')::bigint;
    given CONSTANT jsonb := args->'with';
    made bigint;
BEGIN
    IF args->>'call' = 'deny_all' THEN
        PERFORM warrant_internal.deny_one(origin, id, given->>'comment');
        RETURN '0 denied';
    END IF;
    made := warrant_internal.approve_one(origin, id, (given->>'duration')::interval, (given->>'max_uses')::integer, given->>'comment', max_rows => (given->>'max_rows')::bigint);
    RETURN coalesce(made || ' approved', '0 approved, needs more approvals');
EXCEPTION WHEN insufficient_privilege OR object_in_use OR invalid_parameter_value OR no_data_found THEN
    RETURN '0 ' || warrant_internal.in_one_line(SQLERRM, 200);
END;
$$;
