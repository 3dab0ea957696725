-- Packs: sets of policies for ways of working that many have. docs/packs.md gives the reason for each line.

-- The policies of a pack for one target, without it; the first word of a name is the pack's.
CREATE FUNCTION warrant_internal.pack_policies(pack text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE pack
        WHEN 'analysts' THEN '[
            {"name": "analysts copy", "effect": "approve", "commands": ["EXPORT"], "require_reason": true, "default_duration": "30 min", "max_duration": "4 h"},
            {"name": "analysts change", "effect": "deny", "commands": ["WRITE"]}]'
        WHEN 'on_call' THEN '[
            {"name": "on_call write", "effect": "approve", "commands": ["WRITE"], "require_reason": true, "default_duration": "30 min", "max_duration": "2 h", "request_ttl": "1 h"}]'
        WHEN 'migrations' THEN '[
            {"name": "migrations change", "effect": "approve", "commands": ["TRUNCATE", "ALTER", "DROP", "GRANT"], "require_reason": true, "default_duration": "1 h", "max_duration": "4 h"}]'
        WHEN 'mass_writes' THEN '[
            {"name": "mass_writes ask", "effect": "approve", "commands": ["UPDATE_ALL", "DELETE_ALL", "TRUNCATE"], "require_reason": true, "default_duration": "15 min", "max_duration": "1 h", "max_uses": 1}]'
        WHEN 'pci' THEN '[
            {"name": "pci read", "effect": "approve", "commands": ["SELECT", "LOCK"], "require_reason": true, "default_duration": "15 min", "max_duration": "1 h"},
            {"name": "pci copy", "effect": "approve", "commands": ["EXPORT"], "priority": 1, "min_approvals": 2, "require_reason": true, "require_comment": true, "default_duration": "15 min", "max_duration": "1 h", "max_uses": 1},
            {"name": "pci change", "effect": "approve", "commands": ["WRITE", "TRUNCATE", "ALTER", "DROP", "GRANT"], "priority": 2, "min_approvals": 2, "require_reason": true, "require_comment": true, "default_duration": "15 min", "max_duration": "1 h"}]'
        WHEN 'agents' THEN '[
            {"name": "agents read", "effect": "approve", "commands": ["SELECT"], "require_reason": true, "default_duration": "15 min", "max_duration": "1 h", "request_ttl": "1 h"},
            {"name": "agents change", "effect": "approve", "commands": ["WRITE", "LOCK", "EXPORT"], "priority": 1, "require_reason": true, "default_duration": "10 min", "max_duration": "10 min", "max_uses": 1, "exact": true, "request_ttl": "1 h"},
            {"name": "agents stay out", "effect": "deny", "commands": ["TRUNCATE", "MAINTAIN", "ALTER", "DROP", "GRANT"], "priority": 2}]'
        END::jsonb;
END;
$$;

CREATE FUNCTION warrant.apply_pack(pack text, targets regclass[], dry_run boolean DEFAULT true, for_roles regrole[] DEFAULT '{}',
    OUT action text, OUT policy text, OUT change text, OUT weakens boolean)
RETURNS SETOF record LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
AS $$
DECLARE
    packs CONSTANT text[] := '{analysts,on_call,migrations,mass_writes,pci,agents}';
    of_roles CONSTANT text[] := '{analysts,on_call,agents}';
    roles CONSTANT oid[] := warrant_internal.role_oids(for_roles, 'for_roles');
    document jsonb;
BEGIN
    IF pack IS NULL OR pack <> ALL (packs) THEN
        RAISE EXCEPTION 'unknown pack "%"', coalesce(warrant_internal.in_one_line(pack, 128), 'NULL') USING ERRCODE = 'invalid_parameter_value', HINT = format('Packs are %s.', array_to_string(packs, ', '));
    END IF;
    IF coalesce(cardinality(targets), 0) = 0 OR array_position(targets, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'targets must not be NULL, empty or contain NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF dry_run IS NULL THEN
        RAISE EXCEPTION 'dry_run must not be NULL' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF pack = ANY (of_roles) AND roles = '{}' THEN
        RAISE EXCEPTION 'pack "%" is about some roles', pack USING ERRCODE = 'invalid_parameter_value', HINT = 'Name them: for_roles => ''{...}''.';
    END IF;
    PERFORM warrant_internal.check_target(t) FROM unnest(targets) AS t;
    WITH wanted AS (
        SELECT t.place, e.place AS line, e.line || t.target AS policy, concat_ws(' ', e.line->>'name', t.target->>'on_table', 'label ' || quote_ident(t.target->>'on_label')) AS name
          FROM (SELECT u.target, min(u.place) AS place
                  FROM (SELECT CASE WHEN warrant_internal.label_of(c.oid) = pack THEN jsonb_build_object('on_label', pack)
                                    ELSE jsonb_build_object('on_table', format('%I.%I', n.nspname, c.relname)) END, o.place
                          FROM unnest(targets::oid[]) WITH ORDINALITY AS o (oid, place) JOIN pg_class c ON c.oid = o.oid JOIN pg_namespace n ON n.oid = c.relnamespace) AS u (target, place)
                 GROUP BY u.target) AS t
               CROSS JOIN jsonb_array_elements(warrant_internal.pack_policies(pack)) WITH ORDINALITY AS e (line, place)),
    named AS (
        SELECT w.place, w.line, w.policy, CASE WHEN octet_length(w.name) > 128 THEN left(w.name, 20) || '... ' || md5(w.name) ELSE w.name END AS name FROM wanted w)
    SELECT jsonb_build_object('policies', jsonb_agg(n.policy || jsonb_build_object('name', n.name, 'mode', coalesce(p.mode, 'monitor'),
               'for_roles', warrant_internal.roles_in_words(roles, warrant_internal.role_names(roles))) ORDER BY n.place, n.line))
      INTO document FROM named n LEFT JOIN warrant.policies p ON p.name = n.name;
    RETURN QUERY SELECT * FROM warrant.apply_policies(document, false, dry_run);
END;
$$;
REVOKE ALL ON FUNCTION warrant.apply_pack(text, regclass[], boolean, regrole[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.apply_pack(text, regclass[], boolean, regrole[]) TO warrant_admin;
COMMENT ON FUNCTION warrant.apply_pack(text, regclass[], boolean, regrole[]) IS
'Makes policies for a way of working, on each of the tables: analysts, on_call, migrations, mass_writes, pci or agents. Where tables bear the pack''s name
as their label, it makes them on the label, once for all of them. for_roles: whom they are about; migrations, mass_writes and pci may be about everybody. They watch (mode monitor) until warrant.alter_policy has them enforce, and applied again they keep their mode.
dry_run and the answer: as for warrant.apply_policies. Raises 22023, 42704, 42809, 42710.';
