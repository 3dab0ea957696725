-- Dump and restore of definitions, and the names that they need for it.
--
-- Dumps carry definitions: objects and roles by their names, because their OIDs are others where they are restored. A superuser may COPY them into
-- tables that have none yet, and with pg_warrant.allow_restore write everything.

-- Whether a row comes from a dump, not from one of our definition functions; asked by their triggers.
CREATE FUNCTION warrant_internal.is_restoring() RETURNS boolean LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_is_restoring';

-- A role that is not there stays as 0. An approve or deny policy for it then covers everybody for whom no other policy is as strict, an open one
-- nobody.
CREATE FUNCTION warrant_internal.roles_named(names name[]) RETURNS oid[] LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT coalesce(array_agg(coalesce(r.oid, 0) ORDER BY n.place), '{}') FROM unnest($1) WITH ORDINALITY AS n (name, place) LEFT JOIN pg_roles r ON r.rolname = n.name $$;

-- The object of that name, 0 when there is none.
CREATE FUNCTION warrant_internal.target_named(kind "char", in_schema name, called name) RETURNS oid LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(CASE $1
        WHEN 't' THEN (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE (n.nspname, c.relname) = ($2, $3))
        WHEN 's' THEN (SELECT n.oid FROM pg_namespace n WHERE n.nspname = $2)
        WHEN 'd' THEN (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) END, 0)
$$;

CREATE FUNCTION warrant_internal.restore_policy() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT warrant_internal.is_restoring() THEN
        RETURN NEW;
    END IF;
    NEW.id := warrant_internal.next_number();
    NEW.terms_from := NULL;    -- grants and votes are not in a dump
    NEW.kept_grants := NULL;
    NEW.target := warrant_internal.target_named(NEW.target_kind, NEW.target_schema, NEW.target_name);
    NEW.column_numbers := warrant_internal.column_numbers(NEW.target, NEW.columns);
    NEW.for_roles := warrant_internal.roles_named(NEW.for_role_names);
    NEW.except_roles := warrant_internal.roles_named(NEW.except_role_names);
    NEW.definer_roles := warrant_internal.roles_named(NEW.definer_role_names);
    NEW.approver_role := (warrant_internal.roles_named(ARRAY[NEW.approver_role_name]))[1];
    NEW.other_approver_roles := nullif(warrant_internal.roles_named(NEW.other_approver_role_names), '{}');
    NEW.escalate_to := (warrant_internal.roles_named(ARRAY[NEW.escalate_to_name]))[1];
    NEW.default_duration := warrant_internal.as_compared(NEW.default_duration);
    NEW.max_duration := warrant_internal.as_compared(NEW.max_duration);
    NEW.request_ttl := warrant_internal.as_compared(NEW.request_ttl);
    PERFORM warrant_internal.note_definition('policy_created', NEW.name, NEW.version, 'restored, as ' || NEW.effect);
    IF warrant_internal.weakens(NULL, NEW) THEN
        PERFORM warrant_internal.note_definition('weakened', NEW.name, NEW.version, 'restored, as ' || NEW.effect);
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER restore BEFORE INSERT ON warrant.policies FOR EACH ROW EXECUTE FUNCTION warrant_internal.restore_policy();
ALTER TABLE warrant.policies ENABLE ALWAYS TRIGGER restore;

CREATE FUNCTION warrant_internal.restore_person() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF warrant_internal.is_restoring() THEN
        NEW.role := nullif((warrant_internal.roles_named(ARRAY[NEW.role_name]))[1], 0);
        IF NEW.role IS NULL THEN
            RAISE WARNING 'role "%" is not there, and not restored as "%"', warrant_internal.in_one_line(NEW.role_name, 63), warrant_internal.in_one_line(NEW.person, 128)
                USING HINT = 'Where it is created again, warrant.set_person says whose it is.';
            RETURN NULL;
        END IF;
        PERFORM warrant_internal.note_definition('person_changed', NULL, NULL, format('%s: %s, restored', NEW.role_name, NEW.person));
        IF EXISTS (SELECT FROM warrant.policies p WHERE p.target_kind <> '!') THEN
            PERFORM warrant_internal.note_definition('weakened', NULL, NULL, 'persons restored');
        END IF;
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER restore BEFORE INSERT ON warrant.persons FOR EACH ROW EXECUTE FUNCTION warrant_internal.restore_person();
ALTER TABLE warrant.persons ENABLE ALWAYS TRIGGER restore;

CREATE FUNCTION warrant_internal.restore_webhook() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF warrant_internal.is_restoring() THEN
        NEW.id := warrant_internal.next_number();
        NEW.enabled := false;
        PERFORM warrant_internal.note_definition('webhook_added', NULL, NULL, NEW.name || ', restored');
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER restore BEFORE INSERT ON warrant.webhooks FOR EACH ROW EXECUTE FUNCTION warrant_internal.restore_webhook();
ALTER TABLE warrant.webhooks ENABLE ALWAYS TRIGGER restore;

-- One whose target is not there yet, or never again, can be asked for by nobody, and a role that is not there is nobody.
CREATE FUNCTION warrant_internal.restore_profile() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF warrant_internal.is_restoring() THEN
        NEW.id := warrant_internal.next_number();
        NEW.target := warrant_internal.target_named(NEW.target_kind, NEW.target_schema, NEW.target_name);
        NEW.for_roles := warrant_internal.roles_named(NEW.for_role_names);
        PERFORM warrant_internal.note_definition('profile_changed', NULL, NULL, NEW.name || ', restored');
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER restore BEFORE INSERT ON warrant.profiles FOR EACH ROW EXECUTE FUNCTION warrant_internal.restore_profile();
ALTER TABLE warrant.profiles ENABLE ALWAYS TRIGGER restore;

SELECT pg_catalog.pg_extension_config_dump('warrant.policies', $$WHERE target_kind <> '!'$$);
SELECT pg_catalog.pg_extension_config_dump('warrant.persons', '');
SELECT pg_catalog.pg_extension_config_dump('warrant.webhooks', '');
SELECT pg_catalog.pg_extension_config_dump('warrant.profiles', '');

-- Roles as they are called now; a role that is gone keeps its last name.
CREATE FUNCTION warrant_internal.names_now(roles oid[], names name[]) RETURNS name[] LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(array_agg(coalesce(a.rolname, n.name, '') ORDER BY r.place), '{}')
      FROM unnest($1) WITH ORDINALITY AS r (role, place) LEFT JOIN unnest($2) WITH ORDINALITY AS n (name, place) USING (place) LEFT JOIN pg_roles a ON a.oid = r.role
$$;

-- Names follow renames, so that a dump finds what they mean now. A column that came in the place of one that is gone, under its name, is followed from now on. Looks at what may have been renamed since the last call, and returns how many
-- policies and profiles it changed. Policies that an open transaction drops are left to the next call, as the recorder waits for nobody.
CREATE FUNCTION warrant_internal.keep_names() RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moved oid[] := warrant_internal.renamed_targets();    -- NULL: all that policies name
    renamed bigint := 0;
    now_named record;
BEGIN
    IF moved = '{}' THEN
        RETURN 0;
    END IF;
    FOR now_named IN
        SELECT p.id, coalesce(n.nspname, p.target_schema) AS in_schema, coalesce(c.relname, p.target_name) AS name, warrant_internal.names_now(p.for_roles, p.for_role_names) AS for_names,
               warrant_internal.names_now(p.except_roles, p.except_role_names) AS except_names,
               warrant_internal.names_now(p.definer_roles, p.definer_role_names) AS definer_names, (warrant_internal.names_now(ARRAY[p.approver_role], ARRAY[p.approver_role_name]))[1] AS approver,
               nullif(warrant_internal.names_now(p.other_approver_roles, p.other_approver_role_names), '{}') AS other_approvers,
               (warrant_internal.names_now(ARRAY[p.escalate_to], ARRAY[p.escalate_to_name]))[1] AS escalates, k.columns, k.numbers
          FROM warrant.policies p LEFT JOIN pg_class c ON p.target_kind = 't' AND c.oid = p.target
               LEFT JOIN pg_namespace n ON n.oid = CASE p.target_kind WHEN 't' THEN c.relnamespace WHEN 's' THEN p.target END
               CROSS JOIN LATERAL (SELECT CASE WHEN p.columns IS NOT NULL THEN warrant_internal.column_names(p.target, p.column_numbers, p.columns) END,
                                          CASE WHEN p.columns IS NOT NULL AND p.effect IN ('approve', 'deny') THEN warrant_internal.column_numbers_now(p.target, p.column_numbers, p.columns)
                                               ELSE p.column_numbers END) AS k (columns, numbers)
         WHERE p.target_kind <> '!' AND (moved IS NULL OR p.target = ANY (moved))
           AND (n.nspname <> p.target_schema OR c.relname <> p.target_name OR k.columns <> p.columns OR k.numbers <> p.column_numbers OR
                (moved IS NULL AND EXISTS (SELECT FROM unnest(p.approver_role || p.other_approver_roles || p.escalate_to || p.for_roles || p.except_roles || p.definer_roles,
                                                       p.approver_role_name || p.other_approver_role_names || p.escalate_to_name || p.for_role_names || p.except_role_names || p.definer_role_names) AS r (role, name)
                                             JOIN pg_authid a ON a.oid = r.role WHERE a.rolname IS DISTINCT FROM r.name))) LOOP
        UPDATE warrant.policies p SET target_schema = now_named.in_schema, target_name = now_named.name, for_role_names = now_named.for_names,
               except_role_names = now_named.except_names, definer_role_names = now_named.definer_names, approver_role_name = now_named.approver,
               other_approver_role_names = now_named.other_approvers, escalate_to_name = CASE WHEN p.escalate_to IS NOT NULL THEN now_named.escalates END,
               columns = now_named.columns, column_numbers = now_named.numbers
         WHERE p.id = (SELECT q.id FROM warrant.policies q WHERE q.id = now_named.id FOR UPDATE SKIP LOCKED);
        IF FOUND THEN
            renamed := renamed + 1;
        ELSE
            PERFORM warrant_internal.names_left();
        END IF;
    END LOOP;
    FOR now_named IN
        SELECT p.id, coalesce(n.nspname, p.target_schema) AS in_schema, coalesce(c.relname, p.target_name) AS name, warrant_internal.names_now(p.for_roles, p.for_role_names) AS for_names
          FROM warrant.profiles p LEFT JOIN pg_class c ON p.target_kind = 't' AND c.oid = p.target
               LEFT JOIN pg_namespace n ON n.oid = CASE p.target_kind WHEN 't' THEN c.relnamespace WHEN 's' THEN p.target END
         WHERE (moved IS NULL OR p.target = ANY (moved))
           AND (n.nspname <> p.target_schema OR c.relname <> p.target_name OR p.for_role_names <> warrant_internal.names_now(p.for_roles, p.for_role_names)) LOOP
        UPDATE warrant.profiles p SET target_schema = now_named.in_schema, target_name = now_named.name, for_role_names = now_named.for_names
         WHERE p.id = (SELECT q.id FROM warrant.profiles q WHERE q.id = now_named.id FOR UPDATE SKIP LOCKED);
        IF FOUND THEN
            renamed := renamed + 1;
        ELSE
            PERFORM warrant_internal.names_left();
        END IF;
    END LOOP;
    IF moved IS NULL THEN
        UPDATE warrant.persons s SET role_name = r.rolname FROM pg_roles r WHERE r.oid = s.role AND r.rolname <> s.role_name
           AND s.role IN (SELECT q.role FROM warrant.persons q JOIN pg_roles o ON o.oid = q.role WHERE o.rolname <> q.role_name FOR UPDATE OF q SKIP LOCKED);
        IF EXISTS (SELECT FROM warrant.persons s JOIN pg_roles r ON r.oid = s.role WHERE r.rolname <> s.role_name) THEN
            PERFORM warrant_internal.names_left();
        END IF;
    END IF;
    RETURN renamed;
END;
$$;
