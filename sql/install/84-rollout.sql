-- What the DBA reads to roll out without fear: whom a policy would concern, what was seen in monitor mode, and the policies that would keep it open.
--
-- Names that others chose stand in lines that somebody is to run: none may end a comment, or turn the direction of what stands behind it.

-- How the gate would decide now for a role that holds the server's privileges, and which policy governs: free, exempt, open, granted, auto, asks, denied, and
-- would ask or would deny in monitor mode. The object is a relation, for CREATE a schema.
CREATE FUNCTION warrant_internal.decision_now(role oid, command text, object oid, OUT answer text, OUT policy_id bigint) LANGUAGE c STABLE STRICT
    AS 'MODULE_PATHNAME', 'warrant_decision_now';

-- The same for each column of those that is decided about by itself, and, with no name, for what is not. NULL is the whole object.
CREATE FUNCTION warrant_internal.decisions_now(role oid, command text, object oid, columns name[], OUT answer text, OUT policy_id bigint, OUT column_name name) RETURNS SETOF record
    LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'warrant_decisions_now';

CREATE FUNCTION warrant_internal.seen_since(since interval) RETURNS timestamptz LANGUAGE plpgsql STABLE
AS $$
BEGIN
    IF since IS NULL OR since <= '0' THEN
        RAISE EXCEPTION 'since must be a length of time' USING ERRCODE = 'invalid_parameter_value', HINT = 'For a date: now() - ''2026-01-31''.';
    END IF;
    RETURN CASE WHEN since > interval '1000 years' THEN '-infinity' ELSE clock_timestamp() - since END;
END;
$$;

-- What the log has of statements, each kind once: grouped by numbers, of which a row can be had fast, and by names only where there are no numbers. Days are a
-- bit each, of which the log of 63 fits. Columns count where a policy is on some. Sorting the log took ten times as long as hashing it.
CREATE FUNCTION warrant_internal.accesses_seen(after timestamptz, OUT role oid, OUT acting name, OUT command text, OUT object oid, OUT in_schema name, OUT columns name[],
    OUT application text, OUT times bigint, OUT watched bigint, OUT refused bigint, OUT first_at timestamptz, OUT last_at timestamptz, OUT last_seq bigint, OUT days bigint)
RETURNS SETOF record LANGUAGE plpgsql STABLE SET enable_sort = off
AS $$
DECLARE
    by_columns CONSTANT boolean := EXISTS (SELECT FROM warrant.policies p WHERE p.columns IS NOT NULL);
BEGIN
    RETURN QUERY
    SELECT l.session_user_oid, nullif(l.current_user_name, l.session_user_name), l.command, l.relation_oid, CASE WHEN l.relation_oid IS NULL THEN l.schema_name END, CASE WHEN by_columns THEN l.columns END,
           l.application_name,
           sum(l.repeats), coalesce(sum(l.repeats) FILTER (WHERE l.event = 'would_refuse'), 0), coalesce(sum(l.repeats) FILTER (WHERE l.event = 'refused'), 0),
           min(l.sealed_at), max(l.sealed_at), max(l.seq), bit_or(1::bigint << (l.sealed_at::date - '2000-01-01'::date) % 63)
      FROM warrant.audit_log l
     WHERE l.sealed_at > after AND l.event IN ('would_refuse', 'exempt', 'allowed', 'refused') AND l.command IS NOT NULL
     GROUP BY 1, 2, 3, 4, 5, 6, 7;
END;
$$;

-- The accesses of the log by the names of now, those of several applications and of a table made anew together. role, acting and object are NULL once gone.
-- Who acts besides is somebody whose code the role called. The log tells the current user, whom SET ROLE changes as well: then it is nobody, where the
-- role is a member and the other has no such code.
CREATE FUNCTION warrant_internal.accesses_by_name(after timestamptz, OUT role oid, OUT who text, OUT acting oid, OUT command text, OUT object oid, OUT target text,
    OUT columns name[], OUT times bigint, OUT watched bigint, OUT refused bigint, OUT first_at timestamptz, OUT last_at timestamptz, OUT days bigint, OUT applications text[])
RETURNS SETOF record LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN QUERY
    WITH seen AS MATERIALIZED (
        SELECT a.*, r.rolname, u.oid AS acts, c.oid AS relation, c.relname, s.nspname, gone.session_user_name, gone.schema_name, gone.relation_name
          FROM warrant_internal.accesses_seen(after) a
               LEFT JOIN pg_roles r ON r.oid = a.role
               LEFT JOIN pg_roles u ON u.rolname = a.acting AND (NOT warrant_internal.is_member(r.oid, u.oid) OR EXISTS (SELECT FROM pg_proc f WHERE f.proowner = u.oid AND f.prosecdef))
               LEFT JOIN pg_class c ON c.oid = a.object LEFT JOIN pg_namespace s ON s.oid = c.relnamespace
               LEFT JOIN LATERAL (SELECT l.session_user_name, l.schema_name, l.relation_name FROM warrant.audit_log l
                                   WHERE (r.oid IS NULL OR (c.oid IS NULL AND a.object IS NOT NULL)) AND l.seq = a.last_seq) AS gone ON true),
    named AS (
        SELECT a.*, coalesce(a.rolname, a.session_user_name)::text AS who, CASE a.command WHEN 'ADMIN' THEN 0 WHEN 'CREATE' THEN n.oid ELSE coalesce(a.relation, anew.oid) END AS living,
               CASE a.command WHEN 'ADMIN' THEN 'this database' WHEN 'CREATE' THEN format('schema %I', a.in_schema)
                              ELSE format('%I.%I', coalesce(a.nspname, a.schema_name), coalesce(a.relname, a.relation_name)) END AS target
          FROM seen a LEFT JOIN pg_namespace n ON n.nspname = coalesce(a.in_schema, a.schema_name)
               LEFT JOIN pg_class anew ON a.relation IS NULL AND anew.relname = a.relation_name AND anew.relnamespace = n.oid)
    SELECT CASE WHEN n.rolname IS NOT NULL THEN n.role END, n.who, n.acts, n.command, n.living, n.target, n.columns, sum(n.times)::bigint, sum(n.watched)::bigint, sum(n.refused)::bigint,
           min(n.first_at), max(n.last_at), bit_or(n.days), array_agg(DISTINCT coalesce(nullif(n.application, ''), 'unnamed'))
      FROM named n GROUP BY 1, n.who, n.acts, n.command, n.living, n.target, n.columns;
END;
$$;

-- The answers, those that stop somebody first.
CREATE FUNCTION warrant_internal.worst_of(answers text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    RETURN (SELECT a.answer FROM unnest(answers) AS a (answer)
             ORDER BY array_position('{denied,asks,would deny,would ask,gone,auto,granted,open,exempt,free}', a.answer) LIMIT 1);
END;
$$;

-- How the gate would decide now for all who have to pass. A grant leads into the code of others.
CREATE FUNCTION warrant_internal.decided_now(role oid, acting oid, command text, object oid, columns name[]) RETURNS text LANGUAGE plpgsql STABLE
AS $$
DECLARE
    answer CONSTANT text := coalesce(warrant_internal.worst_of(ARRAY(SELECT d.answer FROM warrant_internal.decisions_now(role, command, object, columns) AS d)), 'gone');
BEGIN
    RETURN CASE WHEN acting IS NULL OR answer = 'granted' THEN answer
                ELSE warrant_internal.worst_of(answer || ARRAY(SELECT d.answer FROM warrant_internal.decisions_now(acting, command, object, columns) AS d)) END;
END;
$$;

-- Applications' names have no control characters, so that one parts the names of several lists.
CREATE FUNCTION warrant_internal.union_of(names text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE
AS $$ BEGIN RETURN ARRAY(SELECT DISTINCT n.name FROM string_to_table(names, chr(1)) AS n (name) ORDER BY 1); END; $$;

-- The first few names that others chose, and how many there are besides.
CREATE FUNCTION warrant_internal.few_of(names text[], most integer) RETURNS text LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN concat((SELECT string_agg(warrant_internal.in_one_line(n.name, 24), ', ' ORDER BY n.place) FROM unnest(names) WITH ORDINALITY AS n (name, place) WHERE n.place <= most),
                  ' and ' || nullif(greatest(cardinality(names) - most, 0), 0) || ' more');
END;
$$;

CREATE FUNCTION warrant.assessment(since interval DEFAULT '30 days', OUT who text, OUT command text, OUT target text, OUT times bigint, OUT asks bigint, OUT now text,
    OUT first_on date, OUT last_on date, OUT applications text) RETURNS SETOF record LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET jit = off
AS $$
BEGIN
    RETURN QUERY
    SELECT warrant_internal.in_one_line(a.who, 63), a.command, warrant_internal.in_one_line(a.target, 160), sum(a.times)::bigint, sum(a.watched + a.refused)::bigint,
           warrant_internal.worst_of(array_agg(warrant_internal.decided_now(a.role, a.acting, a.command, a.object, a.columns))), min(a.first_at)::date, max(a.last_at)::date,
           warrant_internal.few_of(warrant_internal.union_of(string_agg(array_to_string(a.applications, chr(1)), chr(1))), 2)
      FROM warrant_internal.accesses_by_name(warrant_internal.seen_since(since)) AS a
     GROUP BY a.role, a.who, a.command, a.target ORDER BY 5 DESC, 4 DESC, 3, 2, 1;
END;
$$;
REVOKE ALL ON FUNCTION warrant.assessment(interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.assessment(interval) TO warrant_admin, warrant_auditor;
COMMENT ON FUNCTION warrant.assessment(interval) IS
'What the log has of the time since then, those that ask most first: who used which command on what, in how many statements (times), how many of them were
refused or would have been in monitor mode (asks), what the policies of now would answer (now), and from which applications. Raises 22023 for NULL and what is
no length of time.';

-- A literal that reads as it runs: what shows nothing, or turns the direction of what stands behind it, is written by its number.
CREATE FUNCTION warrant_internal.plain_literal(words text) RETURNS text LANGUAGE plpgsql STABLE
AS $$
DECLARE
    utf8 CONSTANT boolean := pg_char_to_encoding(getdatabaseencoding()) = 6;
BEGIN
    IF warrant_internal.in_one_line(words, 1000000) = words THEN
        RETURN quote_literal(words);
    END IF;
    RETURN (SELECT 'U&''' || string_agg(CASE WHEN c.letter IN ('''', '\') THEN c.letter || c.letter
                                             WHEN c.letter <> ' ' AND (utf8 OR c.letter < ' ') AND warrant_internal.in_one_line('x' || c.letter || 'x', 9) <> 'x' || c.letter || 'x'
                                             THEN '\+' || lpad(to_hex(ascii(c.letter)), 6, '0') ELSE c.letter END, '' ORDER BY c.place) || ''''
              FROM string_to_table(words, NULL) WITH ORDINALITY AS c (letter, place));
END;
$$;

-- The owners of the views over a relation by which the role may have written it: they have to pass then, and the log tells the view's user alone.
CREATE FUNCTION warrant_internal.view_owners(role oid, command text, views oid[]) RETURNS oid[] LANGUAGE plpgsql STABLE
AS $$
DECLARE
    privilege CONSTANT text := replace(command, '_ALL', '');
BEGIN
    IF views IS NULL OR views = '{}' OR privilege NOT IN ('INSERT', 'UPDATE', 'DELETE') THEN
        RETURN '{}';
    END IF;
    RETURN ARRAY(SELECT DISTINCT v.relowner FROM pg_class v WHERE v.oid = ANY (views) AND v.relowner <> role
                    AND CASE privilege WHEN 'DELETE' THEN has_table_privilege(role, v.oid, 'DELETE') ELSE has_any_column_privilege(role, v.oid, privilege) END);
END;
$$;

-- What would have to be open for what was seen in monitor mode: who has to pass, beside the policy that would ask, and of which columns where it is on some. A family is governed by the policies of all
-- its members, so under a policy on a schema or the database it takes an open policy on the schema.
CREATE FUNCTION warrant_internal.openings(after timestamptz, OUT kind "char", OUT object oid, OUT columns name[], OUT priority integer, OUT command text, OUT role oid, OUT who text,
    OUT acts boolean, OUT times bigint, OUT last_at timestamptz, OUT days bigint, OUT applications text, OUT answer text, OUT policy text, OUT target text) RETURNS SETOF record LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN QUERY
    WITH seen AS MATERIALIZED (SELECT * FROM warrant_internal.accesses_by_name(after) AS n WHERE n.watched > 0),
    views AS MATERIALIZED (SELECT o.object, ARRAY(SELECT v.oid FROM unnest(warrant_internal.with_views_over(ARRAY[o.object])) AS v (oid) WHERE v.oid <> o.object) AS views
                             FROM (SELECT DISTINCT n.object FROM seen n) AS o)
    SELECT s.kind, s.object, CASE WHEN p.columns IS NOT NULL THEN d.columns END, p.priority + (s.kind = p.target_kind AND p.for_roles <> '{}')::integer, a.command, w.role,
           coalesce(r.rolname::text, a.who), w.role <> a.role, a.watched, a.last_at, a.days, array_to_string(a.applications, chr(1)),
           CASE WHEN w.role IS NULL OR a.object IS NULL THEN 'gone' ELSE d.answer END, p.name, a.target
      FROM seen a LEFT JOIN views v ON v.object = a.object
           CROSS JOIN LATERAL (SELECT a.role UNION SELECT u FROM unnest(warrant_internal.view_owners(a.role, a.command, v.views) || a.acting) AS u WHERE u IS NOT NULL) AS w (role)
           LEFT JOIN LATERAL (SELECT n.answer, n.policy_id, array_agg(n.column_name ORDER BY n.column_name) FILTER (WHERE n.column_name IS NOT NULL) AS columns
                                FROM warrant_internal.decisions_now(w.role, a.command, a.object, a.columns) AS n GROUP BY n.answer, n.policy_id) AS d ON true
           LEFT JOIN warrant.policies p ON p.id = d.policy_id LEFT JOIN pg_roles r ON r.oid = w.role
           CROSS JOIN LATERAL (SELECT CASE WHEN a.command = 'ADMIN' THEN 'd' WHEN p.target_kind IN ('t', 'l') THEN 't'
                                           WHEN a.command = 'CREATE' OR EXISTS (SELECT FROM pg_inherits i WHERE a.object IN (i.inhrelid, i.inhparent)) THEN 's' ELSE 't' END::"char" AS kind) AS k
           CROSS JOIN LATERAL (SELECT k.kind, CASE WHEN k.kind = 'd' THEN 0 WHEN k.kind = 't' THEN coalesce((SELECT c.oid FROM pg_class c WHERE c.oid = p.target AND p.target_kind = 't'),
                                                                                       CASE p.target_kind WHEN 'l' THEN warrant_internal.that_bears(p.target_name, a.object) END, a.object)
                                                   WHEN a.command = 'CREATE' THEN a.object ELSE (SELECT c.relnamespace FROM pg_class c WHERE c.oid = a.object) END AS object) AS s;
END;
$$;

-- Of the relation's family the one that bears the label, for which a policy on the label governs: the relation itself if it does.
CREATE FUNCTION warrant_internal.that_bears(label text, relation oid) RETURNS oid LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN (SELECT f.member FROM (SELECT relation UNION ALL SELECT warrant_internal.ancestors_of(relation) UNION ALL SELECT warrant_internal.descendants_of(relation)) AS f (member)
             WHERE warrant_internal.label_of(f.member) = label ORDER BY f.member <> relation, f.member LIMIT 1);
END;
$$;

-- A policy's name that is not there yet. NULL where the policy is there as it would be made: it does not suffice.
CREATE FUNCTION warrant_internal.proposed_name(wanted text, effect text, kind "char", object oid, columns name[], commands text[], roles oid[]) RETURNS text LANGUAGE plpgsql STABLE
AS $$
DECLARE
    place integer := 1;
    candidate text;
    existing warrant.policies;
BEGIN
    LOOP
        candidate := wanted || CASE WHEN place > 1 THEN format(' (%s)', place) ELSE '' END;
        candidate := CASE WHEN octet_length(candidate) > 128 THEN left(candidate, 20) || '... ' || md5(candidate) ELSE candidate END;
        SELECT * INTO existing FROM warrant.policies p WHERE p.name = candidate;
        EXIT WHEN NOT FOUND;
        IF existing.effect = proposed_name.effect AND existing.target_kind = kind AND (kind = 'd' OR existing.target = object) AND existing.commands @> commands AND existing.for_roles @> roles
           AND CASE WHEN columns IS NULL THEN existing.columns IS NULL ELSE existing.columns @> columns END THEN
            RETURN NULL;
        END IF;
        place := place + 1;
    END LOOP;
    RETURN candidate;
END;
$$;

CREATE FUNCTION warrant_internal.columns_in_words(columns name[]) RETURNS text LANGUAGE plpgsql IMMUTABLE
AS $$ BEGIN RETURN (SELECT string_agg(quote_ident(c.name), ', ' ORDER BY c.place) FROM unnest(columns) WITH ORDINALITY AS c (name, place)); END; $$;

-- The columns of several lists, each once.
CREATE FUNCTION warrant_internal.columns_of_all(lists jsonb) RETURNS name[] LANGUAGE plpgsql IMMUTABLE
AS $$ BEGIN RETURN (SELECT array_agg(DISTINCT c.name::name) FROM jsonb_array_elements(lists) AS l (list), jsonb_array_elements_text(nullif(l.list, 'null')) AS c (name)); END; $$;

-- The statement that makes a policy, and the name that it gives, NULL where the policy is there. more: further parameters, as they are written.
CREATE FUNCTION warrant_internal.policy_in_sql(effect text, kind "char", object oid, columns name[], commands text[], roles oid[], more text, OUT name text, OUT sql text) LANGUAGE plpgsql STABLE
AS $$
DECLARE
    sorted CONSTANT oid[] := ARRAY(SELECT r.oid FROM pg_roles r WHERE r.oid = ANY (roles) ORDER BY r.rolname);
    target CONSTANT text := CASE kind WHEN 't' THEN object::regclass::text WHEN 's' THEN 'schema ' || object::regnamespace::text ELSE 'this database' END;
    new_name CONSTANT text := warrant_internal.proposed_name(format('%s %s on %s for %s', CASE effect WHEN 'open' THEN effect ELSE 'ask' END, array_to_string(commands, ', '), target || coalesce(' (' || warrant_internal.columns_in_words(columns) || ')', ''),
                                                                array_to_string(warrant_internal.role_names(sorted), ', ')), effect, kind, object, columns, commands, sorted);
    literal CONSTANT text := warrant_internal.plain_literal(new_name);
BEGIN
    name := new_name;
    IF name IS NULL THEN
        sql := format('-- A policy that opens it on %s is there already, and another one asks all the same.', warrant_internal.in_one_line(target, 160));
        RETURN;
    END IF;
    sql := format(E'SELECT warrant.create_policy(%s,\n    %L, %s, commands => %L%s,\n    for_roles => %s)\n WHERE NOT EXISTS (SELECT FROM warrant.policies WHERE name = %s);', literal, effect,
                  CASE kind WHEN 't' THEN 'on_table => ' || warrant_internal.plain_literal(target)
                            WHEN 's' THEN 'on_schema => ' || warrant_internal.plain_literal((SELECT n.nspname FROM pg_namespace n WHERE n.oid = object)::text) ELSE 'on_database => true' END,
                  commands, concat(', columns => ' || warrant_internal.plain_literal(columns::text), more), warrant_internal.plain_literal(sorted::regrole[]::text), literal);
END;
$$;

CREATE FUNCTION warrant_internal.count_in_words(number bigint, thing text) RETURNS text LANGUAGE plpgsql IMMUTABLE
AS $$ BEGIN RETURN concat(to_char(number, 'FM999,999,999,999,999,999'), ' ', thing, CASE WHEN number <> 1 THEN 's' END); END; $$;


-- What would have to be open, as few policies as do, and what is to ask all the same. use: daily, seldom, asks (what is neither reading nor writing, and rare),
-- would deny, gone. Roles that act are others' code, and count no statements of their own. An open policy on INSERT, UPDATE and DELETE together would open
-- TRUNCATE, so DELETE has its own. On columns, EXPORT and UPDATE_ALL are open with SELECT and UPDATE, and nothing else can be: apart. One on SELECT opens EXPORT, and one on UPDATE or DELETE the same for all rows: daily has the roles of each command.
CREATE FUNCTION warrant_internal.proposals(after timestamptz, min_days integer, OUT use text, OUT kind "char", OUT object oid, OUT columns name[], OUT priority integer, OUT commands text[], OUT roles oid[],
    OUT names text[], OUT acting text[], OUT policy text, OUT target text, OUT times bigint, OUT days integer, OUT span integer, OUT last_at timestamptz, OUT applications text[],
    OUT daily jsonb) RETURNS SETOF record LANGUAGE plpgsql STABLE
AS $$
DECLARE
    harmless CONSTANT text[] := '{SELECT,INSERT,UPDATE,DELETE,LOCK,MAINTAIN}';
BEGIN
    RETURN QUERY
    WITH found AS MATERIALIZED (SELECT * FROM warrant_internal.openings(after)),
    whole AS (SELECT bit_count(bit_or(f.days)::bit(64))::integer AS span FROM found f),
    by_role AS (
        SELECT f.kind, f.object, warrant_internal.columns_of_all(jsonb_agg(to_jsonb(f.columns))) AS columns, f.priority, f.command, f.role, f.who, min(f.policy) AS policy, f.target, bool_and(f.acts) AS acts, sum(f.times) AS times,
               max(f.last_at) AS last_at, bit_or(f.days) AS days, string_agg(f.applications, chr(1)) AS applications, w.span,
               CASE WHEN f.answer <> 'would ask' THEN f.answer
                    WHEN count(f.columns) > 0 AND f.command <> ALL ('{SELECT,INSERT,UPDATE,EXPORT,UPDATE_ALL}') THEN 'apart' WHEN bit_count(bit_or(f.days)::bit(64)) >= min_days THEN 'daily'
                    WHEN f.command <> ALL (harmless) THEN 'asks' WHEN w.span >= min_days THEN 'seldom' ELSE 'daily' END AS use
          FROM found f CROSS JOIN whole w WHERE f.answer IN ('would ask', 'would deny', 'gone')
         GROUP BY f.answer, f.kind, f.object, f.columns IS NULL, f.priority, f.command, f.role, f.who, f.target, w.span),
    anyway AS (
        SELECT u.kind, u.object, jsonb_object_agg(u.command, u.roles) AS daily
          FROM (SELECT b.kind, b.object, b.command, jsonb_agg(b.role::bigint) AS roles FROM by_role b WHERE b.use = 'daily' AND b.columns IS NULL GROUP BY b.kind, b.object, b.command) AS u GROUP BY u.kind, u.object),
    by_command AS (
        SELECT b.use, b.kind, b.object, b.columns, b.priority, CASE WHEN b.columns IS NULL OR b.use <> 'daily' THEN b.command WHEN b.command = 'EXPORT' THEN 'SELECT' WHEN b.command = 'UPDATE_ALL' THEN 'UPDATE' ELSE b.command END AS command,
               array_agg(DISTINCT b.role ORDER BY b.role) AS roles, array_agg(DISTINCT b.who ORDER BY b.who) AS names,
               array_agg(DISTINCT b.who) FILTER (WHERE b.acts) AS acting, min(b.policy) AS policy, min(b.target) AS target, coalesce(sum(b.times) FILTER (WHERE NOT b.acts), sum(b.times)) AS times,
               max(b.last_at) AS last_at, bit_or(b.days) AS days, string_agg(b.applications, chr(1)) AS applications, b.span
          FROM by_role b GROUP BY b.use, b.kind, b.object, b.columns, b.priority, 6, b.span, CASE WHEN b.use IN ('would deny', 'gone') THEN b.target END)
    SELECT c.use, c.kind, c.object, c.columns, c.priority, warrant.expand_commands(array_agg(c.command)), c.roles, c.names, min(c.acting), min(c.policy), min(c.target), sum(c.times)::bigint,
           bit_count(bit_or(c.days)::bit(64))::integer, c.span, max(c.last_at), warrant_internal.union_of(string_agg(c.applications, chr(1))),
           (array_agg(e.daily))[1]
      FROM by_command c LEFT JOIN anyway e ON (e.kind, e.object) = (c.kind, c.object) GROUP BY c.use, c.kind, c.object, c.columns, c.priority, c.roles, c.names, c.span, c.command = 'DELETE', CASE WHEN c.use IN ('would deny', 'gone') THEN c.target END
     ORDER BY min(c.target), array_position('{daily,seldom,asks,apart,would deny,gone}', c.use), min(array_position(warrant.expand_commands('{ALL}'), c.command)), c.names, c.columns;
END;
$$;

-- Why a line is there, or what is not.
CREATE FUNCTION warrant_internal.reason_of(proposal record) RETURNS text LANGUAGE plpgsql STABLE
AS $$
DECLARE
    callers CONSTANT bigint := cardinality(proposal.names) - coalesce(cardinality(proposal.acting), 0);
BEGIN
    RETURN concat(CASE proposal.use WHEN 'seldom' THEN 'Seldom, so leave it out if it is to ask: ' WHEN 'asks' THEN CASE WHEN proposal.columns IS NULL THEN 'Asks, being rare: ' ELSE 'Rare, and asks where the columns are not open: ' END
                                    WHEN 'apart' THEN 'Asks, as nothing opens it on columns: ' WHEN 'would deny' THEN format('Policy "%s" would deny it: ', proposal.policy)
                                    WHEN 'gone' THEN 'Gone: ' END,
        CASE WHEN callers = 0 THEN 'others'' code' WHEN proposal.use IN ('daily', 'seldom') THEN warrant_internal.count_in_words(callers, 'role') ELSE warrant_internal.few_of(proposal.names, 3) END,
        format(' ran %s on %s %s', array_to_string(proposal.commands, ', '), proposal.target || coalesce(' (' || warrant_internal.columns_in_words(proposal.columns) || ')', ''), warrant_internal.count_in_words(proposal.times, 'time')),
        format(' on %s of %s until %s, from %s', proposal.days, warrant_internal.count_in_words(proposal.span, 'day'), to_char(proposal.last_at, 'YYYY-MM-DD'), warrant_internal.few_of(proposal.applications, 3)));
END;
$$;

-- An open policy on a command would open another as well. What keeps that one as it is for those who do not use it daily, like the policy that asks now.
CREATE FUNCTION warrant_internal.implied_in_sql(proposal record, OUT name text, OUT sql text) RETURNS SETOF record LANGUAGE plpgsql STABLE
AS $$
DECLARE
    named text;
    implied text;
    why text;
    asked oid[];
    like_it warrant.policies;
BEGIN
    FOR named, implied, why IN SELECT * FROM (VALUES ('SELECT', 'EXPORT', 'What reads may take rows out as well'), ('UPDATE', 'UPDATE_ALL', 'What changes rows may change all of them as well'),
                                                     ('DELETE', 'DELETE_ALL', 'What deletes rows may delete all of them as well')) AS i (named, implied, why)
                                WHERE proposal.columns IS NULL AND i.named = ANY (proposal.commands) AND i.implied <> ALL (proposal.commands) LOOP
        asked := ARRAY(SELECT r.role FROM unnest(proposal.roles) AS r (role) WHERE NOT coalesce(proposal.daily->implied @> to_jsonb(r.role::bigint), false)
                          AND (proposal.kind <> 't' OR (warrant_internal.decision_now(r.role, implied, proposal.object)).answer = 'would ask'));
        SELECT * INTO like_it FROM warrant.policies p WHERE p.name = proposal.policy AND p.commands && ARRAY[named, implied];
        CONTINUE WHEN asked = '{}' OR like_it.id IS NULL;
        SELECT w.name, format(E'-- %s, so %s asks where it was not seen daily\n%s', why, implied, w.sql) INTO name, sql
          FROM warrant_internal.policy_in_sql('approve', proposal.kind, proposal.object, NULL, ARRAY[implied], asked,
            concat(', mode => ''monitor''', ', priority => ' || nullif(proposal.priority, 0), CASE WHEN like_it.other_approver_roles IS NOT NULL THEN ', approvers => ' || warrant_internal.plain_literal(warrant_internal.approvers_in_words(like_it)::text)
                        ELSE concat(', min_approvals => ' || nullif(like_it.min_approvals, 1),
                                    ', approver_role => ' || warrant_internal.plain_literal(nullif(like_it.approver_role, 'warrant_approver'::regrole::oid)::regrole::text)) END)) AS w;
        RETURN NEXT;
    END LOOP;
END;
$$;

CREATE FUNCTION warrant.propose_policies(since interval DEFAULT '30 days', min_days integer DEFAULT 3) RETURNS SETOF text LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET work_mem = '64MB' SET jit = off SET quote_all_identifiers = off SET standard_conforming_strings = on
AS $$
DECLARE
    after CONSTANT timestamptz := warrant_internal.seen_since(since);
    proposal record;
    reason text;
    more record;
    to_end text[] := '{}';
    opens integer := 0;
BEGIN
    IF min_days IS NULL OR min_days NOT BETWEEN 1 AND 60 THEN
        RAISE EXCEPTION 'min_days must be between 1 and 60' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR proposal IN SELECT * FROM warrant_internal.proposals(after, min_days) LOOP
        reason := concat('-- ', warrant_internal.in_one_line(warrant_internal.reason_of(proposal), 400),
                         E'\n--   in code that others call: ' || warrant_internal.in_one_line(array_to_string(proposal.acting, ', '), 400));
        IF proposal.columns IS NOT NULL AND proposal.use IN ('daily', 'seldom') AND proposal.commands && '{SELECT,UPDATE}' THEN
            reason := concat(reason, E'\n--   opens ', CASE WHEN proposal.commands @> '{SELECT}' THEN 'EXPORT' END, CASE WHEN proposal.commands @> '{SELECT,UPDATE}' THEN ' and ' END,
                             CASE WHEN proposal.commands @> '{UPDATE}' THEN 'UPDATE_ALL' END, ' of them as well');
        END IF;
        IF proposal.use NOT IN ('daily', 'seldom') THEN
            RETURN NEXT reason;
            CONTINUE;
        END IF;
        opens := opens + 1;
        RETURN NEXT reason || E'\n' || (warrant_internal.policy_in_sql('open', proposal.kind, proposal.object, proposal.columns, proposal.commands, proposal.roles, ', priority => ' || nullif(proposal.priority, 0))).sql;
        FOR more IN SELECT * FROM warrant_internal.implied_in_sql(proposal) LOOP
            RETURN NEXT more.sql;
            to_end := to_end || more.name;
        END LOOP;
    END LOOP;
    IF opens = 0 THEN
        RETURN NEXT '-- Nothing more has to be open for what was seen in monitor mode.';
    END IF;
    RETURN QUERY SELECT format('-- To end monitor mode: SELECT warrant.alter_policy(%s, ''{"mode": "enforce"}'');', warrant_internal.plain_literal(p.name))
                   FROM (SELECT unnest(to_end) AS name UNION (SELECT p.name FROM warrant.policies p WHERE p.target_kind <> '!' AND p.mode = 'monitor' ORDER BY p.name LIMIT 100)) AS p
                  WHERE p.name IS NOT NULL ORDER BY p.name;
END;
$$;
REVOKE ALL ON FUNCTION warrant.propose_policies(interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.propose_policies(interval, integer) TO warrant_admin, warrant_auditor;
COMMENT ON FUNCTION warrant.propose_policies(interval, integer) IS
'SQL to read and run: open policies, as narrow as what the log has seen in monitor mode since then and the policies of now would ask for, on columns where
the policy that would ask is on some. A comment in each
gives the reason. What is neither reading nor writing, such as EXPORT or DROP, is proposed only when it was seen on min_days days. Running a line twice makes
no second policy. Raises 22023 for NULL, and what is no length of time.';

-- Who holds a privilege on what leads to a relation: the roles that a GRANT names, owners, and the server's roles that read or write everything.
CREATE FUNCTION warrant_internal.privileges_on(relations oid[], OUT grantee oid, OUT privilege text) RETURNS SETOF record LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN QUERY
    SELECT x.grantee, x.privilege_type FROM unnest(relations) AS o (relation) JOIN pg_class c ON c.oid = o.relation CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) AS x
    UNION SELECT x.grantee, x.privilege_type FROM unnest(relations) AS o (relation) JOIN pg_attribute a ON a.attrelid = o.relation AND a.attacl IS NOT NULL CROSS JOIN LATERAL aclexplode(a.attacl) AS x
    UNION SELECT c.relowner, 'OWNER' FROM unnest(relations) AS o (relation) JOIN pg_class c ON c.oid = o.relation
    UNION SELECT r.oid, p.privilege FROM (VALUES ('pg_read_all_data', 'SELECT'), ('pg_write_all_data', 'INSERT'), ('pg_write_all_data', 'UPDATE'), ('pg_write_all_data', 'DELETE'), ('pg_maintain', 'MAINTAIN'))
                 AS p (role, privilege) JOIN pg_roles r ON r.rolname = p.role;
END;
$$;

-- The logins that can use one of the commands, by which roles, and whether they are asked. Owners can do what has no privilege of its own.
CREATE FUNCTION warrant_internal.logins_on(relations oid[], commands text[], OUT login oid, OUT who text, OUT may text[], OUT through text[], OUT exempt boolean) RETURNS SETOF record LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN QUERY
    WITH held AS MATERIALIZED (
        SELECT p.grantee, array_agg(CASE w.command WHEN 'OWNER' THEN 'owner' ELSE w.command END) AS may
          FROM warrant_internal.privileges_on(relations) p
               CROSS JOIN LATERAL unnest(CASE WHEN p.privilege IN ('UPDATE', 'DELETE') THEN ARRAY[p.privilege, p.privilege || '_ALL'] ELSE ARRAY[p.privilege] END) AS w (command)
         WHERE w.command = ANY (commands || '{OWNER}'::text[]) GROUP BY p.grantee),
    reached AS (
        SELECT r.oid, r.rolname, h.may, CASE WHEN h.grantee = 0 THEN 'PUBLIC' WHEN h.grantee <> r.oid THEN quote_ident(g.rolname) END AS through
          FROM pg_roles r JOIN held h ON h.grantee = 0 OR h.grantee = r.oid OR warrant_internal.is_member(r.oid, h.grantee) LEFT JOIN pg_roles g ON g.oid = h.grantee
         WHERE r.rolcanlogin AND (NOT r.rolsuper OR current_setting('pg_warrant.enforce_superuser')::boolean))
    SELECT r.oid, r.rolname::text, ARRAY(SELECT m.word FROM (SELECT DISTINCT unnest(string_to_array(string_agg(array_to_string(r.may, ','), ','), ',')) AS word) AS m
                                          ORDER BY array_position(warrant.expand_commands('{ALL}'), m.word)),
           array_agg(DISTINCT r.through) FILTER (WHERE r.through IS NOT NULL), warrant_internal.is_member(r.oid, 'warrant_exempt'::regrole)
      FROM reached r GROUP BY r.oid, r.rolname;
END;
$$;

-- The code whose text names one of the relations. Nobody can tell what a text that is put together at run time will name.
CREATE FUNCTION warrant_internal.functions_naming(relations oid[]) RETURNS SETOF oid LANGUAGE plpgsql STABLE
AS $$
DECLARE
    named CONSTANT text := (SELECT string_agg(regexp_replace(n.name, '([^[:alnum:]_ ])', '\\\1', 'g'), '|') FROM (SELECT DISTINCT lower(w.name) AS name
                                     FROM pg_class c CROSS JOIN LATERAL unnest(ARRAY[c.relname::text, replace(c.relname, '"', '""')]) AS w (name) WHERE c.oid = ANY (relations)) AS n);
BEGIN
    RETURN QUERY
    SELECT f.oid FROM pg_proc f JOIN pg_language l ON l.oid = f.prolang AND l.lanname NOT IN ('internal', 'c')
     WHERE f.pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'warrant'::regnamespace, 'warrant_internal'::regnamespace)
       AND (lower(f.prosrc) ~ format('(^|[^[:alnum:]_])(%s)($|[^[:alnum:]_])', named)
            OR EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY (relations)));
END;
$$;

-- The rows of impact() about relations: what a policy on the target covers besides, and by what else somebody comes to it.
CREATE FUNCTION warrant_internal.ways_to(target oid, family oid[], commands text[], OUT item text, OUT name text, OUT detail text) RETURNS SETOF record LANGUAGE plpgsql STABLE
AS $$
DECLARE
    reaching CONSTANT oid[] := warrant_internal.with_views_over(family);
BEGIN
    RETURN QUERY SELECT CASE WHEN d.oid IS NOT NULL THEN CASE WHEN c.relispartition THEN 'partition' ELSE 'child' END ELSE 'part of' END, c.oid::regclass::text,
                        CASE WHEN d.oid IS NOT NULL THEN 'covered with it' ELSE 'covered for its rows here' END
                   FROM pg_class c LEFT JOIN warrant_internal.descendants_of(target) AS d (oid) ON d.oid = c.oid WHERE c.oid = ANY (family) AND c.oid <> target ORDER BY 1 DESC, 2;
    RETURN QUERY SELECT CASE WHEN v.relkind IN ('v', 'm') THEN 'view' ELSE 'rule' END, v.oid::regclass::text,
                        CASE v.relkind WHEN 'v' THEN 'its readers need SELECT here as well' WHEN 'm' THEN 'materialized: REFRESH reads here' ELSE 'writing to it comes here' END
                   FROM (SELECT DISTINCT w.ev_class FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY (reaching)) AS w
                        JOIN pg_class v ON v.oid = w.ev_class WHERE v.oid <> ALL (family) ORDER BY 1 DESC, 2;
    RETURN QUERY SELECT 'function', f.oid::regprocedure::text,
                        CASE WHEN f.prosecdef THEN format('its text names it; runs as %I, who is asked as well', r.rolname) ELSE 'its text names it; runs as its caller' END
                   FROM warrant_internal.functions_naming(reaching) AS n (oid) JOIN pg_proc f ON f.oid = n.oid JOIN pg_roles r ON r.oid = f.proowner ORDER BY 2;
    RETURN QUERY
    WITH RECURSIVE keys AS (
        SELECT k.conrelid, k.confrelid, k.confdeltype, k.confupdtype, 1 AS depth FROM pg_constraint k WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conrelid = ANY (family)
        UNION SELECT k.conrelid, k.confrelid, k.confdeltype, k.confupdtype, f.depth + 1 FROM keys f JOIN pg_constraint k ON k.contype = 'f' AND k.conparentid = 0 AND k.conrelid = f.confrelid
               WHERE f.confdeltype = 'c' AND f.depth < 20 AND k.confrelid <> k.conrelid)
    SELECT 'cascade', k.confrelid::regclass::text,
           concat_ws('; ', CASE WHEN bool_or(k.confdeltype = 'c') AND 'DELETE' = ANY (commands) THEN 'DELETE there deletes here' END,
                           CASE WHEN bool_or(k.depth = 1 AND k.confdeltype IN ('n', 'd')) AND 'UPDATE' = ANY (commands) THEN 'DELETE there updates here' END,
                           CASE WHEN bool_or(k.depth = 1 AND k.confupdtype IN ('c', 'n', 'd')) AND 'UPDATE' = ANY (commands) THEN 'UPDATE there updates here' END,
                           CASE WHEN 'TRUNCATE' = ANY (commands) THEN 'TRUNCATE CASCADE there empties it' END)
      FROM keys k WHERE k.confrelid <> ALL (family) AND (k.depth = 1 OR k.confdeltype = 'c') GROUP BY k.confrelid ORDER BY 2;
    RETURN QUERY SELECT 'publication', p.pubname::text, 'its subscribers get what is written' FROM pg_publication p
                  WHERE p.puballtables OR EXISTS (SELECT FROM pg_publication_rel r WHERE r.prpubid = p.oid AND r.prrelid = ANY (family))
                        OR EXISTS (SELECT FROM pg_publication_namespace n JOIN pg_class c ON c.relnamespace = n.pnnspid WHERE n.pnpubid = p.oid AND c.oid = ANY (family)) ORDER BY 2;
END;
$$;

-- The rows of impact() about people: who is asked, who is not, who is connected, and who was seen in the log.
CREATE FUNCTION warrant_internal.people_on(family oid[], commands text[], OUT item text, OUT name text, OUT detail text) RETURNS SETOF record LANGUAGE plpgsql STABLE
AS $$
DECLARE
    most_rows CONSTANT integer := 20000;
BEGIN
    RETURN QUERY SELECT CASE WHEN l.exempt THEN 'exempt' ELSE 'would ask' END, l.who, concat(array_to_string(l.may, ', '), ', by ' || array_to_string(l.through, ', '), CASE WHEN l.exempt THEN '; member of warrant_exempt' END)
                   FROM warrant_internal.logins_on(warrant_internal.with_views_over(family), commands) AS l ORDER BY l.exempt, l.who;
    IF NOT current_setting('pg_warrant.enforce_superuser')::boolean THEN
        RETURN QUERY SELECT 'exempt', 'superusers', warrant_internal.few_of(array_agg(r.rolname::text ORDER BY r.rolname), 5) FROM pg_roles r WHERE r.rolsuper AND r.rolcanlogin;
    END IF;
    RETURN QUERY SELECT 'connected', l.who, format('%s now, from %s', warrant_internal.count_in_words(count(*), 'session'), warrant_internal.few_of(array_agg(DISTINCT coalesce(nullif(a.application_name, ''), a.backend_type)), 3))
                   FROM warrant_internal.logins_on(warrant_internal.with_views_over(family), commands) AS l JOIN pg_stat_activity a ON a.usesysid = l.login
                  WHERE a.datname = current_database() GROUP BY l.who ORDER BY 2;
    RETURN QUERY
    SELECT 'seen', s.who, format('%s, %s, last on %s', string_agg(format('%s %s', s.command, warrant_internal.count_in_words(s.times, 'time')), ', ' ORDER BY s.times DESC, s.command),
                                 'from ' || warrant_internal.few_of(warrant_internal.union_of(string_agg(s.applications, chr(1))), 3), to_char(max(s.last_at), 'YYYY-MM-DD'))
      FROM (SELECT l.session_user_name::text AS who, l.command, sum(l.repeats) AS times, max(l.sealed_at) AS last_at, string_agg(DISTINCT coalesce(l.application_name, 'unnamed'), chr(1)) AS applications
              FROM unnest(family) AS f (relation) CROSS JOIN LATERAL (SELECT * FROM warrant.audit_log a WHERE a.relation_oid = f.relation ORDER BY a.seq DESC LIMIT most_rows) AS l
             WHERE l.event IN ('allowed', 'exempt', 'would_refuse', 'refused') AND l.command = ANY (commands) GROUP BY 1, 2) AS s GROUP BY s.who ORDER BY 2;
END;
$$;

CREATE FUNCTION warrant.impact(target regclass, commands text[] DEFAULT '{ALL}', OUT item text, OUT name text, OUT detail text) RETURNS SETOF record LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET jit = off SET quote_all_identifiers = off
AS $$
DECLARE
    most CONSTANT integer := 12;
    wanted CONSTANT text[] := warrant.expand_commands(commands);
    family oid[];
BEGIN
    IF target IS NULL THEN
        RAISE EXCEPTION 'target must not be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF wanted = '{ADMIN}' THEN
        RAISE EXCEPTION 'ADMIN is about the database' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM warrant_internal.check_target(target);
    family := target::oid || ARRAY(SELECT * FROM warrant_internal.descendants_of(target)) || ARRAY(SELECT * FROM warrant_internal.ancestors_of(target));
    RETURN QUERY
    WITH found AS MATERIALIZED (
        SELECT 1 AS part, f.* FROM warrant_internal.people_on(family, wanted) WITH ORDINALITY AS f
        UNION ALL SELECT 2, f.* FROM warrant_internal.ways_to(target, family, wanted) WITH ORDINALITY AS f
        UNION ALL SELECT 3, 'policy', p.name, concat_ws(', ', p.effect || CASE p.mode WHEN 'monitor' THEN ' in monitor mode' ELSE '' END, warrant_internal.commands_in_words(p.commands)), p.id
                    FROM warrant.policies p WHERE p.commands && wanted AND (p.target_kind = 'd' OR (p.target_kind = 't' AND p.target = ANY (family))
                         OR (p.target_kind = 'l' AND EXISTS (SELECT FROM unnest(family) AS f (relation) WHERE warrant_internal.label_of(f.relation) = p.target_name))
                         OR (p.target_kind = 's' AND p.target IN (SELECT c.relnamespace FROM pg_class c WHERE c.oid = ANY (family))))),
    placed AS (SELECT f.*, row_number() OVER (PARTITION BY f.part, f.item ORDER BY f.ordinality) AS place, count(*) OVER (PARTITION BY f.part, f.item) AS n, min(f.ordinality) OVER (PARTITION BY f.part, f.item) AS first FROM found f)
    SELECT p.item, CASE WHEN p.place > most THEN format('and %s more', p.n - most) ELSE warrant_internal.in_one_line(p.name, 40) END, CASE WHEN p.place <= most THEN warrant_internal.in_one_line(p.detail, 62) END
      FROM placed p WHERE p.place <= most + 1 ORDER BY p.part, p.first, p.ordinality;
END;
$$;
REVOKE ALL ON FUNCTION warrant.impact(regclass, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.impact(regclass, text[]) TO warrant_admin, warrant_auditor;
COMMENT ON FUNCTION warrant.impact(regclass, text[]) IS
'Whom and what a policy on the table would concern, before there is one: which logins would be asked and which are exempt, who of them is connected now or was
seen in the log, partitions, views, functions and foreign keys that lead to it, and the policies that govern it already. Raises 22023 for NULL and unknown
commands, 42809 for what cannot be protected.';
