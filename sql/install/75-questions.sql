-- Questions: how the gate decides, what was refused, how it is.

CREATE FUNCTION warrant.explain(role regrole, command text, target regclass, columns name[] DEFAULT NULL, OUT step integer, OUT rule text, OUT answer text, OUT detail text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_explain';
REVOKE ALL ON FUNCTION warrant.explain(regrole, text, regclass, name[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.explain(regrole, text, regclass, name[]) TO warrant_admin, warrant_approver, warrant_auditor;
COMMENT ON FUNCTION warrant.explain(regrole, text, regclass, name[]) IS
'How the gate decides for a role, one command and a table, step by step. columns: those that reading, INSERT or UPDATE touches; NULL for the whole table. Of
several columns it tells the first that does not run. CREATE is explained for the schema that the table is in, ADMIN for the database; for ADMIN target may be NULL. Raises
22023 for a group of commands, an unknown one and NULL, 42703, 42P01, 42809.';
CREATE FUNCTION warrant.explain(command text, target regclass, OUT step integer, OUT rule text, OUT answer text, OUT detail text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_explain';
COMMENT ON FUNCTION warrant.explain(text, regclass) IS 'The same for the user of this session, whatever SET ROLE says outside of a pool; anybody may ask.';

CREATE FUNCTION warrant.needs(sql text, OUT statement integer, OUT command text, OUT object text, OUT policy text, OUT answer text, OUT detail text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_needs';
COMMENT ON FUNCTION warrant.needs(text) IS
'What the statements of a text would need of what is protected, under which policy, and how the gate would answer now: a row for each access, none for what
needs nothing. Nothing of it is planned, run, filed or recorded; the server''s privileges come first. Of functions and triggers that a statement calls it tells
nothing. Raises what the server says of the text; 0A000 for commands other than TRUNCATE, LOCK and DROP of relations, and where a user''s function would be
called; 22023 for NULL; 54000 for more than 100000 bytes.';

CREATE FUNCTION warrant.last_refusal(OUT refused_at timestamptz, OUT command text, OUT schema_name name, OUT relation_name name,
    OUT policy_name text, OUT request_ids bigint[]) RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_last_refusal';
COMMENT ON FUNCTION warrant.last_refusal() IS 'What the subject was refused last in this session, and the requests that it filed; no row when nothing was, and after DISCARD ALL.';

CREATE FUNCTION warrant_internal.recorder_status(OUT item text, OUT value text, OUT warning text) RETURNS SETOF record
    LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_recorder_status';
CREATE FUNCTION warrant.status(OUT item text, OUT value text, OUT warning text) RETURNS SETOF record LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'enforcement', current_setting('pg_warrant.enforcement'),
           CASE current_setting('pg_warrant.enforcement') WHEN 'enforce' THEN NULL ELSE 'nothing is refused' END
    UNION ALL SELECT 'definition_approval', current_setting('pg_warrant.definition_approval'),
           CASE WHEN NOT current_setting('pg_warrant.definition_approval')::boolean THEN 'one administrator alone can weaken definitions' END
    UNION ALL SELECT 'home', CASE WHEN warrant_internal.is_home() THEN 'here' ELSE 'elsewhere' END,
           CASE WHEN NOT warrant_internal.is_home() THEN 'this is a copy: no grant lives and nothing is sent until warrant.adopt()' END
    UNION ALL SELECT 'allow_restore', 'on', 'superusers can write the tables of the gate' WHERE current_setting('pg_warrant.allow_restore')::boolean
    UNION ALL SELECT r.item, CASE r.item WHEN 'last_seq' THEN (SELECT s.last_seq::text FROM warrant.recorder_state s) ELSE r.value END, r.warning
      FROM warrant_internal.recorder_status() r
    UNION ALL SELECT 'policies', count(*)::text, CASE count(*) WHEN 0 THEN 'nothing is protected' END FROM warrant.policies WHERE target_kind <> '!'
    UNION ALL SELECT 'policies in monitor mode', count(*)::text, CASE WHEN count(*) > 0 THEN 'they refuse nothing' END FROM warrant.policies WHERE target_kind <> '!' AND mode = 'monitor'
    UNION ALL SELECT 'pending requests', count(*)::text, NULL FROM warrant.requests WHERE state = 'pending' AND expires_at > clock_timestamp() AND warrant_internal.is_home()
    UNION ALL SELECT 'live grants', count(*)::text, NULL FROM warrant.grants g
     WHERE closed_at IS NULL AND ends_at > clock_timestamp() AND warrant_internal.is_home() AND NOT EXISTS (SELECT FROM warrant.grant_uses u WHERE u.grant_id = g.id AND u.uses_left = 0)
    UNION ALL SELECT format('webhook %s', w.name),
           format('%s answered, %s waiting, %s dead', d.answered, d.waiting, d.dead),
           CASE WHEN w.enabled THEN last.error || CASE last.state WHEN 'queued' THEN to_char(last.next_at AT TIME ZONE 'UTC', '"; the next try is at "HH24:MI:SS" UTC"') ELSE '' END
                ELSE concat_ws('; ', last.error, 'disabled; warrant.enable_webhook ends it') END
      FROM warrant.webhooks w
           CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE d.state = 'answered') AS answered, count(*) FILTER (WHERE d.state IN ('queued', 'sending')) AS waiting,
                                      count(*) FILTER (WHERE d.state = 'dead') AS dead FROM warrant.deliveries d WHERE d.webhook = w.name) AS d
           LEFT JOIN LATERAL (SELECT d.error, d.state, d.next_at FROM warrant.deliveries d WHERE d.webhook = w.name AND (d.error IS NOT NULL OR d.answer IS NOT NULL)
                               ORDER BY d.id DESC LIMIT 1) AS last ON true
    UNION ALL SELECT format('policy %s', p.name), CASE current_setting('pg_warrant.enforcement') WHEN 'enforce' THEN 'asks for approval' ELSE 'would ask for approval' END, warrant_internal.why_undecidable(p) FROM warrant.policies p
     WHERE p.target_kind <> '!' AND p.effect = 'approve' AND warrant_internal.why_undecidable(p) IS NOT NULL
    UNION ALL SELECT format('label %s', l.label), 'on no relation', format('policy "%s" is on it, and covers nothing', l.policy)
      FROM (SELECT p.target_name::text, min(p.name) FROM warrant.policies p WHERE p.target_kind = 'l' GROUP BY 1) AS l (label, policy)
     WHERE NOT EXISTS (SELECT FROM pg_seclabel s WHERE s.provider = 'pg_warrant' AND s.label = l.label)
    UNION ALL SELECT format('label %s', s.label), 'on ' || warrant_internal.count_in_words(count(*), 'relation'), 'no policy is on it'
      FROM pg_seclabel s WHERE s.provider = 'pg_warrant' AND NOT EXISTS (SELECT FROM warrant.policies p WHERE p.target_kind = 'l' AND p.target_name = s.label) GROUP BY s.label
    UNION ALL SELECT 'policies whose target is gone', (g.gating + g.opens)::text,
           nullif(concat_ws('; ', nullif(g.gating, 0) || CASE g.gating WHEN 1 THEN ' covers' ELSE ' cover' END || ' what bears the name now',
                            nullif(g.opens, 0) || CASE g.opens WHEN 1 THEN ' is open and covers nothing' ELSE ' are open and cover nothing' END), '')
      FROM (SELECT count(*) FILTER (WHERE p.effect <> 'open') AS gating, count(*) FILTER (WHERE p.effect = 'open') AS opens FROM warrant.policies p
             WHERE p.target_kind IN ('t', 's') AND NOT warrant_internal.target_exists(p.target_kind, p.target)) AS g
    UNION ALL SELECT 'audit partitions ahead', count(*)::text, CASE WHEN count(*) < 2 THEN 'the keeper has not run' END
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'warrant.audit_log'::regclass
       AND left(c.relname, 17) > 'audit_log' || to_char(clock_timestamp() AT TIME ZONE 'UTC', '_YYYY_MM')
$$;
REVOKE ALL ON FUNCTION warrant.status() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.status() TO warrant_admin, warrant_approver, warrant_auditor;
COMMENT ON FUNCTION warrant.status() IS 'The state of pg_warrant in this database: workers, slots, queue, and what deserves attention.';

CREATE FUNCTION warrant_internal.statements(OUT statement text, OUT needs text, OUT known boolean) RETURNS SETOF record
    LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_statements';
COMMENT ON FUNCTION warrant_internal.statements() IS 'each statement of this server, and what the gate knows of it';
CREATE VIEW warrant.commands AS
    SELECT s.statement, s.needs FROM warrant_internal.statements() s WHERE s.needs IS NOT NULL;
COMMENT ON VIEW warrant.commands IS 'what each statement needs; those that are not here touch no protected object';
GRANT SELECT ON warrant.commands TO PUBLIC;
