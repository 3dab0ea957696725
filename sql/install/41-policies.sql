-- Policies: made and dropped.

ALTER TABLE warrant.policies ADD COLUMN require_comment boolean;
COMMENT ON COLUMN warrant.policies.require_comment IS 'who decides its requests has to say why; NULL for no';

-- Approvers of several roles: those besides approver_role, and how many persons of each; min_approvals counts all. NULL: of approver_role alone.
ALTER TABLE warrant.policies ADD COLUMN other_approver_roles oid[];
ALTER TABLE warrant.policies ADD COLUMN other_approver_role_names name[];
ALTER TABLE warrant.policies ADD COLUMN other_approvals integer[];
COMMENT ON COLUMN warrant.policies.min_approvals IS 'persons who must approve, members of approver_role and of the other roles together';
COMMENT ON COLUMN warrant.policies.other_approver_roles IS 'roles whose members must approve as well; OIDs, 0 in the place of one that is gone; NULL for none';
COMMENT ON COLUMN warrant.policies.other_approvals IS 'how many members of each of them; the rest of min_approvals are members of approver_role';
ALTER TABLE warrant.policies ADD COLUMN max_rows bigint;
COMMENT ON COLUMN warrant.policies.max_rows IS 'rows that each statement may read and write under one of its grants; NULL for no limit';
ALTER TABLE warrant.policies ADD COLUMN remind_after interval;
ALTER TABLE warrant.policies ADD COLUMN escalate_after interval;
ALTER TABLE warrant.policies ADD COLUMN escalate_to oid;
ALTER TABLE warrant.policies ADD COLUMN escalate_to_name name;
COMMENT ON COLUMN warrant.policies.remind_after IS 'how long a request waits until its approvers are reminded; NULL: they are not';
COMMENT ON COLUMN warrant.policies.escalate_after IS 'how long a request waits until members of escalate_to may decide it, too; NULL: they may not';
COMMENT ON COLUMN warrant.policies.escalate_to IS 'OID; 0 once the role is gone';
ALTER TABLE warrant.policies ADD COLUMN ticket_pattern text;
COMMENT ON COLUMN warrant.policies.ticket_pattern IS 'a regular expression that matches the whole ticket of each request; NULL: requests need none';

ALTER TABLE warrant.policies ADD COLUMN exact boolean;
COMMENT ON COLUMN warrant.policies.exact IS 'each of its grants is for exactly one statement; NULL for no';

ALTER TABLE warrant.policies ADD COLUMN on_refusal text;
COMMENT ON COLUMN warrant.policies.on_refusal IS 'what a refused statement does: request files its request, refuse files nothing; NULL for request';

-- Conditions of passing; NULL is none.
ALTER TABLE warrant.policies ADD COLUMN hours text;
COMMENT ON COLUMN warrant.policies.hours IS 'in which hours of the week statements pass; NULL: always';
ALTER TABLE warrant.policies ADD COLUMN client_cidr cidr[];
COMMENT ON COLUMN warrant.policies.client_cidr IS 'from which networks statements pass; NULL: from everywhere';

-- Columns of the table that it is about; NULL for the whole table. The numbers follow renames, and survive pg_upgrade; the names are what a dump has.
ALTER TABLE warrant.policies ADD COLUMN columns name[];
ALTER TABLE warrant.policies ADD COLUMN column_numbers smallint[];
COMMENT ON COLUMN warrant.policies.columns IS 'the columns that it is about, in the order of their numbers; NULL: the whole table';
COMMENT ON COLUMN warrant.policies.column_numbers IS 'their numbers in the table; 0 in the place of one that is not there';

-- Raises 22023 for what are no hours, and for a time zone that the server does not know.
CREATE FUNCTION warrant_internal.check_hours(hours text) RETURNS void LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'warrant_check_hours';

-- Raises 22023 for what is no pattern of tickets, or one that could keep somebody waiting.
CREATE FUNCTION warrant_internal.check_ticket_pattern(pattern text) RETURNS void LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'warrant_check_ticket_pattern';

-- Whether the whole ticket matches the pattern. For sessions: the recorder evaluates no pattern.
CREATE FUNCTION warrant_internal.fits_pattern(ticket text, pattern text) RETURNS boolean LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'warrant_fits_pattern';

-- Whether the policy, made (NULL before), changed or ended (NULL after), lets more through than before, or lets fewer or other persons decide.
CREATE FUNCTION warrant_internal.weakens(before warrant.policies, after warrant.policies) RETURNS boolean LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_weakens';

CREATE FUNCTION warrant_internal.why_undecidable(policy warrant.policies) RETURNS text LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'warrant_why_undecidable';

CREATE FUNCTION warrant_internal.why_undecidable(policy warrant.policies, requester oid) RETURNS text LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'warrant_why_undecidable';

-- Warns of a policy, new or changed, whose requests nobody could decide, or too few.
CREATE FUNCTION warrant_internal.warn_undecidable(policy warrant.policies) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    why CONSTANT text := warrant_internal.why_undecidable(policy);
BEGIN
    IF why IS NOT NULL THEN
        RAISE WARNING 'policy "%" asks for approvals that nobody can give', warrant_internal.in_one_line((policy).name, 128)
            USING DETAIL = why, HINT = format('GRANT "%s" to whoever is to decide.', warrant_internal.in_one_line(array_to_string((policy).approver_role_name || (policy).other_approver_role_names, '" or "'), 400));
    END IF;
END;
$$;

-- What a policy says of the log where nobody says it.
CREATE FUNCTION warrant_internal.audit_of(effect text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE $1 WHEN 'open' THEN 'none' ELSE 'statement' END $$;

-- How long a grant lives where its policy does not say it; NULL for as long as the setting says. One that nobody has looked at is short.
CREATE FUNCTION warrant_internal.default_duration_of(effect text) RETURNS interval LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE $1 WHEN 'auto' THEN interval '15 minutes' END $$;

-- Raises 22023 for what means nothing in a policy of effect auto, which asks nobody.
CREATE FUNCTION warrant_internal.check_automatic(policy warrant.policies) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    parameter text;
BEGIN
    IF (policy).commands = '{ADMIN}' THEN
        RAISE EXCEPTION 'a policy of effect auto cannot be about ADMIN' USING ERRCODE = 'invalid_parameter_value', HINT = 'ADMIN is granted by persons.';
    END IF;
    parameter := CASE WHEN (policy).request_ttl IS NOT NULL THEN 'request_ttl' WHEN (policy).max_duration IS NOT NULL THEN 'max_duration'
                      WHEN (policy).webhook IS NOT NULL THEN 'webhook' WHEN (policy).require_comment THEN 'require_comment'
                      WHEN (policy).other_approver_roles IS NOT NULL THEN 'approvers' WHEN (policy).min_approvals <> 1 THEN 'min_approvals' WHEN (policy).approver_role <> 'warrant_approver'::regrole THEN 'approver_role' END;
    IF parameter IS NOT NULL THEN
        RAISE EXCEPTION '"%" means nothing in a policy of effect auto', parameter USING ERRCODE = 'invalid_parameter_value',
            HINT = 'It asks nobody: a grant lives for default_duration, 15 minutes where that is not given.';
    END IF;
END;
$$;

-- The roles of a parameter, each an OID or a name as the type regrole reads it.
CREATE FUNCTION warrant_internal.roles_in(list jsonb, parameter text) RETURNS oid[] LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF jsonb_typeof(list) NOT IN ('array', 'null') THEN
        RAISE EXCEPTION 'parameter "%" must be an array of roles', parameter USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN warrant_internal.role_oids(CASE WHEN list <> 'null' THEN ARRAY(SELECT e::regrole FROM jsonb_array_elements_text(list) AS e) END, parameter);
END;
$$;

-- Puts approvers of several roles into a policy. Those of one role are its short form. Raises 22023, 42704.
CREATE FUNCTION warrant_internal.with_approvers(policy warrant.policies, approvers jsonb) RETURNS warrant.policies LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    most_roles CONSTANT integer := 10;
    most_approvals CONSTANT integer := 100;
    keys CONSTANT text[] := CASE jsonb_typeof(approvers) WHEN 'object' THEN ARRAY(SELECT k FROM jsonb_object_keys(approvers) AS k) ELSE '{}' END;
    numbers integer[] := '{}';
    roles oid[];
BEGIN
    IF cardinality(keys) NOT BETWEEN 1 AND most_roles THEN
        RAISE EXCEPTION 'approvers must be an object of 1 to % roles', most_roles USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Such as {"dba": 1, "security": 1}: a person of each.';
    END IF;
    FOR place IN 1 .. cardinality(keys) LOOP
        IF jsonb_typeof(approvers->keys[place]) <> 'number' OR approvers->>keys[place] !~ '^[0-9]{1,3}$' OR (approvers->>keys[place])::integer NOT BETWEEN 1 AND most_approvals THEN
            RAISE EXCEPTION 'approvers must have a whole number between 1 and % for each role', most_approvals USING ERRCODE = 'invalid_parameter_value',
                DETAIL = format('For role "%s" it is %s.', warrant_internal.in_one_line(keys[place], 63), warrant_internal.in_one_line((approvers->keys[place])::text, 40));
        END IF;
        numbers := numbers || (approvers->>keys[place])::integer;
    END LOOP;
    roles := warrant_internal.roles_in(to_jsonb(keys), 'approvers');
    IF (SELECT count(DISTINCT r) FROM unnest(roles) AS r) < cardinality(roles) THEN
        RAISE EXCEPTION 'approvers must not name a role twice' USING ERRCODE = 'invalid_parameter_value';
    ELSIF (SELECT sum(n) FROM unnest(numbers) AS n) > most_approvals THEN
        RAISE EXCEPTION 'approvers must not be more than % persons together', most_approvals USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT array_agg(o.role ORDER BY o.name), array_agg(o.number ORDER BY o.name) INTO roles, numbers
      FROM (SELECT r.oid AS role, r.rolname COLLATE "C" AS name, n.number FROM unnest(roles, numbers) AS n (role, number) JOIN pg_roles r ON r.oid = n.role) AS o;
    policy.approver_role := roles[1];
    policy.approver_role_name := (warrant_internal.role_names(roles[:1]))[1];
    policy.min_approvals := (SELECT sum(n) FROM unnest(numbers) AS n);
    policy.other_approver_roles := nullif(roles[2:], '{}');
    policy.other_approver_role_names := nullif(warrant_internal.role_names(roles[2:]), '{}');
    policy.other_approvals := nullif(numbers[2:], '{}');
    RETURN policy;
END;
$$;

-- Checks when a policy reminds and escalates. Both have to come while a request still waits.
CREATE FUNCTION warrant_internal.with_reminders(policy warrant.policies) RETURNS warrant.policies LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    waits CONSTANT interval := coalesce((policy).request_ttl, current_setting('pg_warrant.request_ttl')::interval);
BEGIN
    policy.remind_after := warrant_internal.in_seconds((policy).remind_after, 'remind_after');
    policy.escalate_after := warrant_internal.in_seconds((policy).escalate_after, 'escalate_after');
    IF (policy).effect <> 'approve' AND num_nonnulls((policy).remind_after, (policy).escalate_after, (policy).escalate_to) > 0 THEN
        RAISE EXCEPTION 'only a policy of effect approve reminds and escalates' USING ERRCODE = 'invalid_parameter_value';
    ELSIF num_nulls((policy).escalate_after, (policy).escalate_to) = 1 THEN
        RAISE EXCEPTION 'escalate_after and escalate_to must be given together' USING ERRCODE = 'invalid_parameter_value';
    ELSIF (policy).escalate_to = ANY ((policy).approver_role || (policy).other_approver_roles) THEN
        RAISE EXCEPTION 'escalate_to must be another role than the approvers' USING ERRCODE = 'invalid_parameter_value';
    ELSIF greatest((policy).remind_after, (policy).escalate_after) >= waits THEN
        RAISE EXCEPTION '% must be shorter than request_ttl', CASE WHEN (policy).escalate_after >= waits THEN 'escalate_after' ELSE 'remind_after' END
            USING ERRCODE = 'invalid_parameter_value', DETAIL = format('A request of the policy waits for %s.', waits);
    END IF;
    RETURN policy;
END;
$$;

-- Labels, which SECURITY LABEL FOR pg_warrant puts on relations. They come into messages, and stand where a name stands.
CREATE FUNCTION warrant_internal.check_label(label text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF label = '' OR octet_length(label) > 63 OR label <> warrant_internal.in_one_line(label, 63) THEN
        RAISE EXCEPTION 'a label has between 1 and 63 bytes of characters that show, and no blanks around it' USING ERRCODE = 'invalid_parameter_value';
    END IF;
END;
$$;

CREATE FUNCTION warrant_internal.label_of(relation oid) RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT l.label FROM pg_seclabel l WHERE l.objoid = relation AND l.classoid = 'pg_class'::regclass AND l.objsubid = 0 AND l.provider = 'pg_warrant');
END;
$$;

-- Whether another label of the relation, which is not stored yet, lets more through. NULL is no label.
CREATE FUNCTION warrant_internal.label_weakens(relation oid, before text, after text) RETURNS boolean LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_label_weakens';

-- Warns of what only watches and takes the place of something stricter: who makes such a policy means to refuse nothing more, not less.
CREATE FUNCTION warrant_internal.warn_of_watching(what text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE WARNING '% only watches, and loosens what was in force before', warrant_internal.in_one_line(what, 150)
        USING DETAIL = 'Nothing refuses what it governs.', HINT = 'See what decides now: SELECT * FROM warrant.explain(role, command, table).';
END;
$$;

-- Checks and notes a label that a relation is to have, empty for none. The library calls it for SECURITY LABEL, whoever may do that.
CREATE FUNCTION warrant_internal.note_label(relation oid, label text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
AS $$
DECLARE
    before CONSTANT text := warrant_internal.label_of(relation);
    after CONSTANT text := nullif(note_label.label, '');
    words text;
BEGIN
    IF after IS NOT NULL THEN
        PERFORM warrant_internal.check_target(relation), warrant_internal.check_label(after);
    END IF;
    IF before IS NOT DISTINCT FROM after THEN
        RETURN;
    END IF;
    words := (SELECT format('%I.%I: %s -> %s', n.nspname, c.relname, coalesce(before, 'no label'), coalesce(after, 'no label')) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relation);
    PERFORM warrant_internal.note_definition('label_changed', NULL, NULL, words);
    IF warrant_internal.label_weakens(relation, before, after) THEN
        PERFORM warrant_internal.note_definition('weakened', NULL, NULL, words);
        IF EXISTS (SELECT FROM warrant.policies p WHERE p.target_kind = 'l' AND p.target_name = after AND p.mode = 'monitor') THEN
            PERFORM warrant_internal.warn_of_watching(format('a policy on label "%s"', after));
        END IF;
    END IF;
    IF after IS NOT NULL AND NOT EXISTS (SELECT FROM warrant.policies p WHERE p.target_kind = 'l' AND p.target_name = after) THEN
        RAISE NOTICE 'no policy is on label "%"', after USING HINT = format('warrant.create_policy(..., on_label => %L) puts one on it.', after);
    END IF;
END;
$$;
GRANT EXECUTE ON FUNCTION warrant_internal.note_label(oid, text) TO warrant_admin;

-- Notes that a relation which is dropped takes its label with it.
CREATE FUNCTION warrant_internal.note_dropped_label(relation oid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
AS $$
DECLARE
    label CONSTANT text := warrant_internal.label_of(relation);
    called CONSTANT text := (SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relation);
BEGIN
    PERFORM warrant_internal.note_definition('label_changed', NULL, NULL, format('%s: %s, dropped', called, label));
    RAISE WARNING 'label "%" is dropped with %', warrant_internal.in_one_line(label, 128), warrant_internal.in_one_line(called, 200) USING HINT = 'What is made anew under its name has none: SECURITY LABEL FOR pg_warrant puts it there.';
END;
$$;

-- What a new policy is on.
CREATE FUNCTION warrant_internal.target_of(parameters jsonb, OUT kind "char", OUT target oid, OUT in_schema name, OUT called name) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    on_table CONSTANT regclass := CASE jsonb_typeof(parameters->'on_table') WHEN 'number' THEN (parameters->>'on_table')::oid ELSE (parameters->>'on_table')::regclass END;
    on_schema CONSTANT name := parameters->>'on_schema';
    on_label CONSTANT text := parameters->>'on_label';
BEGIN
    called := '';
    IF on_table IS NOT NULL THEN
        PERFORM warrant_internal.check_target(on_table);
        kind := 't';
        target := on_table;
        SELECT n.nspname, c.relname INTO in_schema, called FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = on_table;
    ELSIF on_schema IS NOT NULL THEN
        SELECT 's', n.oid, n.nspname INTO kind, target, in_schema FROM pg_namespace n WHERE n.nspname = on_schema;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'schema "%" does not exist', on_schema USING ERRCODE = 'invalid_schema_name';
        END IF;
        IF on_schema IN ('pg_catalog', 'information_schema', 'pg_toast', 'warrant', 'warrant_internal') OR on_schema ~ '^pg_(toast_)?temp_' THEN
            RAISE EXCEPTION 'schema "%" cannot be protected', on_schema USING ERRCODE = 'wrong_object_type';
        END IF;
    ELSIF on_label IS NOT NULL THEN
        PERFORM warrant_internal.check_label(on_label);
        kind := 'l';
        target := 0;
        in_schema := '';
        called := on_label;
    ELSE
        kind := 'd';
        target := (SELECT d.oid FROM pg_database d WHERE d.datname = current_database());
        in_schema := '';
    END IF;
END;
$$;

-- The columns of a table, each once, in the order of their numbers. Raises 22023 for none, or more than 100, 42703 for one that the table does not have.
CREATE FUNCTION warrant_internal.columns_of(target oid, columns name[], OUT names name[], OUT numbers smallint[]) LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    missing name;
BEGIN
    IF coalesce(array_ndims(columns), 0) <> 1 THEN
        RAISE EXCEPTION 'columns must not be empty' USING ERRCODE = 'invalid_parameter_value', HINT = 'NULL is the whole table.';
    ELSIF cardinality(columns) > 100 OR array_position(columns, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'columns has at most 100 names, none of them NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT c.name INTO missing FROM unnest(columns) AS c (name)
     WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = target AND a.attname = c.name AND a.attnum > 0 AND NOT a.attisdropped) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'column "%" of % does not exist', missing, target::regclass USING ERRCODE = 'undefined_column';
    END IF;
    SELECT array_agg(a.attname ORDER BY a.attnum), array_agg(a.attnum ORDER BY a.attnum) INTO names, numbers
      FROM pg_attribute a WHERE a.attrelid = target AND a.attname = ANY (columns) AND a.attnum > 0 AND NOT a.attisdropped;
END;
$$;

-- The numbers of columns that a table has by these names, 0 for others.
CREATE FUNCTION warrant_internal.column_numbers(target oid, columns name[]) RETURNS smallint[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT array_agg(coalesce(a.attnum, 0) ORDER BY c.place) FROM unnest(columns) WITH ORDINALITY AS c (name, place)
              LEFT JOIN pg_attribute a ON a.attrelid = target AND a.attname = c.name AND a.attnum > 0 AND NOT a.attisdropped);
END;
$$;

-- What columns of a table are called now; one that is gone keeps its last name.
CREATE FUNCTION warrant_internal.column_names(target oid, numbers smallint[], names name[]) RETURNS name[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT array_agg(coalesce(a.attname, c.name) ORDER BY c.place) FROM unnest(numbers, names) WITH ORDINALITY AS c (number, name, place)
              LEFT JOIN pg_attribute a ON a.attrelid = target AND a.attnum = c.number AND a.attnum > 0 AND NOT a.attisdropped);
END;
$$;

-- The numbers of columns, in the place of one that is gone that of what bears its name now.
CREATE FUNCTION warrant_internal.column_numbers_now(target oid, numbers smallint[], names name[]) RETURNS smallint[] LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT array_agg(coalesce(a.attnum, b.attnum, c.number) ORDER BY c.place) FROM unnest(numbers, names) WITH ORDINALITY AS c (number, name, place)
              LEFT JOIN pg_attribute a ON a.attrelid = target AND a.attnum = c.number AND a.attnum > 0 AND NOT a.attisdropped
              LEFT JOIN pg_attribute b ON b.attrelid = target AND b.attname = c.name AND b.attnum > 0 AND NOT b.attisdropped AND b.attnum <> ALL (numbers));
END;
$$;

-- Of the commands that a policy names those that it can have on columns. A group has a part of it there; raises 22023 for a command alone.
CREATE FUNCTION warrant_internal.commands_on_columns(commands text[]) RETURNS text[] LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    on_columns CONSTANT text[] := '{SELECT,INSERT,UPDATE}';
    kept CONSTANT text[] := ARRAY(SELECT c FROM unnest(warrant.expand_commands(commands)) AS c WHERE c = ANY (on_columns));
    other text;
BEGIN
    SELECT upper(w) INTO other FROM unnest(commands) AS w WHERE upper(w) <> ALL (on_columns || '{READ,WRITE,ALL}'::text[]) LIMIT 1;
    IF FOUND AND warrant.expand_commands(commands) <> warrant.expand_commands('{ALL}') THEN
        RAISE EXCEPTION '% is not about columns', other USING ERRCODE = 'invalid_parameter_value',
            HINT = 'A policy on columns is about SELECT, INSERT and UPDATE, and covers UPDATE_ALL, EXPORT, ALTER, DROP and GRANT with them.';
    END IF;
    RETURN kept;
END;
$$;

-- The policy that parameters make of the one before, or, with NULL, of nothing. Whatever makes or changes policies asks it, so that a parameter is
-- checked here alone. They are create_policy's, by their names and all of them where there is no policy before: roles by OID or as the type regrole
-- reads them, and so a table.
CREATE FUNCTION warrant_internal.policy_of(parameters jsonb, before warrant.policies) RETURNS warrant.policies LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    new CONSTANT boolean := before IS NULL;
    made warrant.policies;
BEGIN
    IF new AND num_nonnulls(parameters->>'on_table', parameters->>'on_schema', parameters->>'on_label', nullif((parameters->>'on_database')::boolean, false)) <> 1 THEN
        RAISE EXCEPTION 'exactly one of on_table, on_schema, on_database and on_label must be given' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Columns that have the name of a parameter and take it as it is given.
    made := jsonb_populate_record(before, parameters - '{for_roles,except_roles,definer_roles,approver_role,escalate_to}'::text[]);
    IF num_nulls(made.name, made.effect, made.commands, made.priority, made.mode, made.min_approvals, made.require_reason, made.audit_wait) > 0
       OR parameters->'require_comment' = 'null' THEN
        RAISE EXCEPTION 'name, effect, commands, priority, mode, min_approvals, require_reason, require_comment and audit_wait must not be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF made.name = '' OR octet_length(made.name) > 128 THEN
        RAISE EXCEPTION 'a policy''s name has between 1 and 128 bytes' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF made.effect NOT IN ('open', 'auto', 'approve', 'deny') THEN
        RAISE EXCEPTION 'unknown effect "%"', made.effect USING ERRCODE = 'invalid_parameter_value', HINT = 'Effects are open, auto, approve and deny.';
    END IF;
    PERFORM warrant_internal.check_mode(made.mode);
    IF made.audit NOT IN ('statement', 'none') THEN
        RAISE EXCEPTION 'unknown audit "%"', made.audit USING ERRCODE = 'invalid_parameter_value', HINT = 'Audit is statement or none.';
    END IF;
    IF made.audit IS NULL OR (NOT parameters ? 'audit' AND before.audit = warrant_internal.audit_of(before.effect)) THEN
        made.audit := warrant_internal.audit_of(made.effect);
    END IF;
    IF made.min_approvals NOT BETWEEN 1 AND 100 THEN
        RAISE EXCEPTION 'min_approvals must be between 1 and 100' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF parameters ? 'default_duration' THEN    -- what an older release has stored may be in months
        made.default_duration := warrant_internal.in_seconds(made.default_duration, 'default_duration');
    END IF;
    IF parameters ? 'max_duration' THEN
        made.max_duration := warrant_internal.in_seconds(made.max_duration, 'max_duration');
    END IF;
    IF parameters ? 'request_ttl' THEN
        made.request_ttl := warrant_internal.in_seconds(made.request_ttl, 'request_ttl');
    END IF;
    IF made.default_duration IS NULL OR (NOT parameters ? 'default_duration' AND made.default_duration = warrant_internal.default_duration_of(before.effect)) THEN
        made.default_duration := warrant_internal.default_duration_of(made.effect);
    END IF;
    PERFORM warrant_internal.check_max_uses(made.max_uses);
    IF NOT warrant_internal.is_row_limit(made.max_rows) THEN
        RAISE EXCEPTION 'max_rows must be between 1 and 10^15' USING ERRCODE = 'invalid_parameter_value', HINT = 'NULL is no limit.';
    END IF;
    IF made.default_duration > made.max_duration THEN
        RAISE EXCEPTION 'default_duration must not exceed max_duration' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF parameters->'exact' = 'null' THEN
        RAISE EXCEPTION 'exact must not be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF made.exact AND made.effect <> 'approve' THEN
        RAISE EXCEPTION 'only a policy of effect approve is exact' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF made.on_refusal NOT IN ('request', 'refuse') THEN
        RAISE EXCEPTION 'unknown on_refusal "%"', made.on_refusal USING ERRCODE = 'invalid_parameter_value', HINT = 'On_refusal is request or refuse.';
    END IF;
    IF parameters->'on_refusal' = 'null' THEN
        RAISE EXCEPTION 'on_refusal must not be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF made.on_refusal = 'refuse' AND made.effect <> 'approve' THEN
        RAISE EXCEPTION 'only a policy of effect approve has on_refusal refuse' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF made.webhook IS NOT NULL AND made.effect <> 'approve' THEN
        RAISE EXCEPTION 'only a policy of effect approve asks a webhook' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF parameters->>'webhook' IS NOT NULL THEN
        PERFORM warrant_internal.check_asked(made.webhook);
    END IF;
    IF parameters ? 'ticket_pattern' THEN
        PERFORM warrant_internal.check_ticket_pattern(made.ticket_pattern);
    END IF;
    IF parameters ? 'hours' THEN    -- a zone that the server knew then may be gone
        PERFORM warrant_internal.check_hours(made.hours);
    END IF;
    IF made.hours IS NOT NULL AND made.effect = 'deny' THEN
        RAISE EXCEPTION 'a policy of effect deny has no hours' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Hours say when statements pass. To refuse at night, let them pass by day: effect open or approve, with the hours of the day.';
    END IF;
    IF made.client_cidr IS NOT NULL AND coalesce(array_ndims(made.client_cidr), 0) <> 1 THEN
        RAISE EXCEPTION 'client_cidr must not be empty' USING ERRCODE = 'invalid_parameter_value', HINT = 'NULL is everywhere.';
    ELSIF cardinality(made.client_cidr) > 100 OR array_position(made.client_cidr, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'client_cidr has at most 100 networks, none of them NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF made.client_cidr IS NOT NULL AND made.effect = 'deny' THEN
        RAISE EXCEPTION 'a policy of effect deny has no client_cidr' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'It says from where statements pass. To refuse some clients, let pass from where the others are: effect open or approve.';
    END IF;
    IF new THEN
        SELECT * INTO made.target_kind, made.target, made.target_schema, made.target_name FROM warrant_internal.target_of(parameters);
    END IF;
    IF parameters->>'columns' IS NOT NULL THEN
        IF made.target_kind <> 't' THEN
            RAISE EXCEPTION 'only a policy on a table has columns' USING ERRCODE = 'invalid_parameter_value';
        END IF;
        SELECT c.names, c.numbers INTO made.columns, made.column_numbers FROM warrant_internal.columns_of(made.target, made.columns) AS c;
    END IF;
    IF made.columns IS NULL THEN
        made.column_numbers := NULL;
        made.commands := warrant.expand_commands(made.commands);
    ELSE
        made.commands := warrant_internal.commands_on_columns(made.commands);
    END IF;
    IF made.commands = '{ADMIN}' AND made.target_kind <> 'd' THEN
        RAISE EXCEPTION 'ADMIN is about the database' USING ERRCODE = 'invalid_parameter_value', HINT = 'Name it: on_database => true.';
    END IF;
    IF parameters ? 'for_roles' THEN
        made.for_roles := warrant_internal.roles_in(parameters->'for_roles', 'for_roles');
        made.for_role_names := warrant_internal.role_names(made.for_roles);
    END IF;
    IF parameters ? 'except_roles' THEN
        made.except_roles := warrant_internal.roles_in(parameters->'except_roles', 'except_roles');
        made.except_role_names := warrant_internal.role_names(made.except_roles);
    END IF;
    IF parameters ? 'definer_roles' THEN
        made.definer_roles := warrant_internal.roles_in(parameters->'definer_roles', 'definer_roles');
        made.definer_role_names := warrant_internal.role_names(made.definer_roles);
    END IF;
    IF parameters->'approvers' <> 'null' THEN
        IF coalesce((parameters->>'min_approvals')::integer, 1) <> 1 OR parameters->>'approver_role' IS NOT NULL THEN
            RAISE EXCEPTION 'approvers must not be given beside min_approvals and approver_role' USING ERRCODE = 'invalid_parameter_value',
                HINT = 'Those two are the short form of approvers of one role.';
        END IF;
        made := warrant_internal.with_approvers(made, parameters->'approvers');
    ELSIF parameters ? 'approvers' OR parameters ? 'approver_role' OR parameters ? 'min_approvals' THEN
        IF made.other_approver_roles IS NOT NULL AND NOT parameters ? 'approvers' THEN
            RAISE EXCEPTION 'policy "%" has approvers of several roles', warrant_internal.in_one_line(made.name, 128) USING ERRCODE = 'invalid_parameter_value',
                HINT = 'Change approvers; null for them, in the same call, stands for approvers of one role.';
        END IF;
        IF parameters ? 'approver_role' OR before.other_approver_roles IS NOT NULL THEN
            made.approver_role := (warrant_internal.roles_in(jsonb_build_array(coalesce(parameters->>'approver_role', 'warrant_approver')), 'approver_role'))[1];
            made.approver_role_name := (warrant_internal.role_names(ARRAY[made.approver_role]))[1];
        END IF;
        IF before.other_approver_roles IS NOT NULL THEN
            made.min_approvals := coalesce((parameters->>'min_approvals')::integer, 1);
        END IF;
        made.other_approver_roles := NULL;
        made.other_approver_role_names := NULL;
        made.other_approvals := NULL;
    END IF;
    IF made.other_approver_roles IS NOT NULL AND made.webhook IS NOT NULL THEN
        RAISE EXCEPTION 'a policy with approvers of several roles asks no webhook' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'A webhook is a member of no role: nobody could say for which of them it votes.';
    END IF;
    IF parameters ? 'escalate_to' THEN
        made.escalate_to := CASE WHEN parameters->>'escalate_to' IS NOT NULL THEN (warrant_internal.roles_in(jsonb_build_array(parameters->>'escalate_to'), 'escalate_to'))[1] END;
        made.escalate_to_name := (warrant_internal.role_names(ARRAY[made.escalate_to]))[1];
    END IF;
    IF parameters ?| '{effect,remind_after,escalate_after,escalate_to}' THEN
        made := warrant_internal.with_reminders(made);
    END IF;
    IF made.effect = 'auto' THEN
        PERFORM warrant_internal.check_automatic(made);
    END IF;
    RETURN made;
END;
$$;

-- A policy's target in words.
CREATE FUNCTION warrant_internal.target_in_words(policy warrant.policies) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
AS $$
BEGIN
    RETURN CASE (policy).target_kind WHEN 't' THEN format('%I.%I', (policy).target_schema, (policy).target_name)
                                                   || coalesce(' (' || (SELECT string_agg(quote_ident(c), ', ') FROM unnest((policy).columns) AS c) || ')', '')
                                     WHEN 's' THEN format('schema %I', (policy).target_schema)
                                     WHEN 'l' THEN format('label %I', (policy).target_name) ELSE 'this database' END;
END;
$$;

-- Notes in the log what became of a policy, and what of it weakens.
CREATE FUNCTION warrant_internal.note_change(event text, policy warrant.policies, words text, weakens boolean, weakening text DEFAULT NULL) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM warrant_internal.note_definition(event, (policy).name, (policy).version, words);
    IF weakens THEN
        PERFORM warrant_internal.note_definition('weakened', (policy).name, (policy).version, coalesce(weakening, words));
    END IF;
    IF weakens AND event <> 'policy_dropped' AND (policy).mode = 'monitor' THEN
        PERFORM warrant_internal.warn_of_watching(format('policy "%s"', (policy).name));
    END IF;
END;
$$;

-- Adds the policy that the parameters make; whether that weakens. A trial, which is rolled back, is neither noted nor asked for an approval.
CREATE FUNCTION warrant_internal.add_policy(parameters jsonb, trial boolean) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    made warrant.policies := warrant_internal.policy_of(parameters, NULL);
    name CONSTANT text := made.name;
    weakens boolean;
BEGIN
    made.id := warrant_internal.next_number();
    made.version := 1;
    made.created_at := clock_timestamp();
    made.created_by := session_user;
    INSERT INTO warrant.policies VALUES (made.*) ON CONFLICT ON CONSTRAINT policies_name_key DO NOTHING RETURNING * INTO made;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'policy "%" exists already', warrant_internal.in_one_line(name, 128) USING ERRCODE = 'duplicate_object';
    END IF;
    weakens := warrant_internal.weakens(NULL, made);
    IF NOT trial THEN
        PERFORM warrant_internal.warn_undecidable(made);
        PERFORM warrant_internal.note_change('policy_created', made, format('%s on %s', made.effect, warrant_internal.target_in_words(made)), weakens);
    END IF;
    RETURN weakens;
END;
$$;

CREATE FUNCTION warrant.create_policy(
    name text, effect text, on_table regclass DEFAULT NULL, on_schema name DEFAULT NULL, on_database boolean DEFAULT false,
    for_roles regrole[] DEFAULT '{}', except_roles regrole[] DEFAULT '{}', commands text[] DEFAULT '{ALL}', priority integer DEFAULT 0,
    mode text DEFAULT 'enforce', min_approvals integer DEFAULT 1, approver_role regrole DEFAULT NULL, default_duration interval DEFAULT NULL,
    max_duration interval DEFAULT NULL, request_ttl interval DEFAULT NULL, max_uses integer DEFAULT NULL, require_reason boolean DEFAULT false,
    audit text DEFAULT NULL, audit_wait boolean DEFAULT true, webhook text DEFAULT NULL, definer_roles regrole[] DEFAULT '{}',
    require_comment boolean DEFAULT false, ticket_pattern text DEFAULT NULL, hours text DEFAULT NULL, client_cidr cidr[] DEFAULT NULL, columns name[] DEFAULT NULL,
    approvers jsonb DEFAULT NULL, on_label text DEFAULT NULL, max_rows bigint DEFAULT NULL, exact boolean DEFAULT false,
    remind_after interval DEFAULT NULL, escalate_after interval DEFAULT NULL, escalate_to regrole DEFAULT NULL, on_refusal text DEFAULT 'request'
) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off SET intervalstyle = postgres
AS $$
BEGIN
    PERFORM warrant_internal.add_policy(jsonb_build_object(
        'name', name, 'effect', effect, 'on_table', on_table::oid::bigint, 'on_schema', on_schema, 'on_database', on_database,
        'for_roles', for_roles::oid[]::bigint[], 'except_roles', except_roles::oid[]::bigint[], 'commands', commands, 'priority', priority,
        'mode', mode, 'min_approvals', min_approvals, 'approver_role', approver_role::oid::bigint, 'default_duration', default_duration,
        'max_duration', max_duration, 'request_ttl', request_ttl, 'max_uses', max_uses, 'require_reason', require_reason,
        'audit', audit, 'audit_wait', audit_wait, 'webhook', webhook, 'definer_roles', definer_roles::oid[]::bigint[],
        'require_comment', require_comment, 'ticket_pattern', ticket_pattern, 'hours', hours, 'client_cidr', client_cidr, 'columns', columns, 'approvers', approvers, 'on_label', on_label, 'max_rows', max_rows,
        'exact', exact, 'on_refusal', on_refusal,
        'remind_after', remind_after, 'escalate_after', escalate_after, 'escalate_to', escalate_to::oid::bigint), false);
    RETURN name;
END;
$$;
-- By its name alone, which no other function has: its parameters stand above.
REVOKE ALL ON FUNCTION warrant.create_policy FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.create_policy TO warrant_admin;
COMMENT ON FUNCTION warrant.create_policy IS
'Adds a policy: who (for_roles minus except_roles, everybody when empty) may do which commands to one table, schema or this database,
or to the tables of a label: open, auto, approve or deny. The highest priority wins, then columns before table before label before schema before database, then named roles before all, then deny before
approve before auto before open. auto: the statement makes itself a grant for default_duration (15 minutes), as long as its conditions are met (hours,
client_cidr, with require_reason a pg_warrant.reason, with ticket_pattern a pg_warrant.ticket); where they are not, the next policy governs. mode: enforce or monitor (audits would_refuse). min_approvals: distinct persons, members of approver_role
(warrant_approver). approvers: instead of the two, how many persons of each of several roles must approve. default_duration, max_duration, request_ttl: NULL for the settings. max_uses: of each grant, in statements; NULL for no limit.
max_rows: that each statement may read and write under a grant; NULL for no limit.
audit: statement or none (NULL: none for open).
audit_wait: the row is durable before the statement''s first effect. webhook: decides its requests, with one vote.
definer_roles: owners whose views and SECURITY DEFINER functions are audited, not gated. require_comment: whoever approves or
denies says why. ticket_pattern: a regular expression for the whole ticket that each request, direct grant and grant by auto needs. hours: in which statements pass at all, such as Mon-Fri 08:00-18:00 Europe/Berlin. client_cidr: from which networks
they pass. remind_after: how long a request waits until its approvers are reminded. escalate_after: until members of escalate_to may decide, too, whatever role they stand for. columns: of on_table, which alone it is about, for SELECT, INSERT and UPDATE; each column that is touched has to pass.
exact: each approval is of exactly one statement. on_refusal: request, where a refused statement files its request, or refuse, where it files nothing, and
warrant.request or warrant.request_statement asks. Returns the name. Raises 22023, 42703, 42704, 42809, 42710. Effective after COMMIT.';

-- As add_policy.
CREATE FUNCTION warrant_internal.remove_policy(name text, trial boolean) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gone warrant.policies;
    weakens boolean;
BEGIN
    DELETE FROM warrant.policies p WHERE p.name = remove_policy.name AND p.target_kind <> '!' RETURNING * INTO gone;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'policy "%" does not exist', coalesce(warrant_internal.in_one_line(name, 128), 'NULL') USING ERRCODE = 'no_data_found';
    END IF;
    weakens := warrant_internal.weakens(gone, NULL);
    IF NOT trial THEN
        PERFORM warrant_internal.note_change('policy_dropped', gone, gone.effect, weakens, 'dropped');
    END IF;
    RETURN weakens;
END;
$$;

CREATE FUNCTION warrant.drop_policy(name text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off
AS $$
BEGIN
    PERFORM warrant_internal.remove_policy(name, false);
END;
$$;
REVOKE ALL ON FUNCTION warrant.drop_policy(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.drop_policy(text) TO warrant_admin;
COMMENT ON FUNCTION warrant.drop_policy(text) IS 'Removes a policy; grants made under it end. Raises P0002. Effective after COMMIT.';
