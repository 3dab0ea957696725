-- The public calls: each sends its own name and arguments to the recorder -------------------------------------------------------------

CREATE FUNCTION warrant.request(commands text[], on_table regclass DEFAULT NULL, on_tables regclass[] DEFAULT NULL, on_schema name DEFAULT NULL,
    on_database boolean DEFAULT false, reason text DEFAULT NULL, duration interval DEFAULT NULL, max_uses integer DEFAULT NULL)
RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_action';
COMMENT ON FUNCTION warrant.request(text[], regclass, regclass[], name, boolean, text, interval, integer) IS
'Asks for commands on one table, several, a schema or this database; returns the request''s id, that of a pending one for the same. Another reason,
duration or max_uses than that one''s amends it, which voids the approvals given so far; a NOTICE says so.
max_uses: in statements. Raises 22023 for none or two targets, unknown commands, a duration or max_uses that is not positive or more than the
policy allows, and when nothing of it needs approval; 42501 when a policy denies it, and as the server does when the caller lacks its privilege; 53400 when too many are pending. Durable at once, whatever the transaction does.';

CREATE FUNCTION warrant.cancel(request_id bigint) RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_action';
COMMENT ON FUNCTION warrant.cancel(bigint) IS 'Withdraws one''s own pending request, filed under whatever login of the same person. Raises P0002, 55006, 42501. Durable at once.';

CREATE FUNCTION warrant.approve(request_id bigint, duration interval DEFAULT NULL, max_uses integer DEFAULT NULL, comment text DEFAULT NULL) RETURNS bigint
    LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.approve(bigint, interval, integer, text) IS
'Approves a request, as the client''s own top-level statement only. Returns the grant''s id, NULL while more approvals are needed. duration
and max_uses (statements) narrow what was asked for. Raises 42501 (not an approver, one''s own request, called indirectly), P0002, 55006, 22023. Durable at once.';
CREATE FUNCTION warrant.approve(request_ids bigint[], duration interval DEFAULT NULL, max_uses integer DEFAULT NULL, comment text DEFAULT NULL) RETURNS bigint[]
    LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.approve(bigint[], interval, integer, text) IS 'As warrant.approve, for several requests: all of them or none.';

CREATE FUNCTION warrant.deny(request_id bigint, comment text DEFAULT NULL) RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.deny(bigint, text) IS 'Denies a request, as the client''s own top-level statement only; one''s own approval ends with it. Raises 42501, P0002, 55006. Durable at once.';
CREATE FUNCTION warrant.deny(request_ids bigint[], comment text DEFAULT NULL) RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.deny(bigint[], text) IS 'As warrant.deny, for several requests: all of them or none.';

CREATE FUNCTION warrant.grant(grantee regrole, commands text[], on_table regclass DEFAULT NULL, on_tables regclass[] DEFAULT NULL,
    on_schema name DEFAULT NULL, on_database boolean DEFAULT false, duration interval DEFAULT NULL, reason text DEFAULT NULL,
    max_uses integer DEFAULT NULL)
RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.grant(regrole, text[], regclass, regclass[], name, boolean, interval, text, integer) IS
'An approver''s grant without a request, never to himself; under a quorum a request with one approval, and NULL. Top-level statement only.
Raises 42501, 22023. Durable at once.';

CREATE FUNCTION warrant.revoke(grant_id bigint, reason text DEFAULT NULL) RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.revoke(bigint, text) IS
'Ends a grant: the next statement of every session is refused. For those who could have made it, and warrant_admin. Top-level statement
only. Raises 42501, P0002, 55006. Durable at once.';

CREATE PROCEDURE warrant.wait_for(request_id bigint, timeout interval DEFAULT '10 min') LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_wait_for';
COMMENT ON PROCEDURE warrant.wait_for(bigint, interval) IS
'Returns when the request is approved, holding no locks meanwhile. Raises 42501 denied, 55006 cancelled or expired, 57014 still pending at
the end, P0002 unknown, 25001 in a transaction block.';

CREATE FUNCTION warrant.ask_result(action_id bigint) RETURNS text LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_action';
CREATE FUNCTION warrant.action_result(action_id bigint, OUT done boolean, OUT answer text) LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$ SELECT (r.a->>'done')::boolean, r.a->>'answer' FROM (SELECT warrant.ask_result($1)::jsonb) AS r (a) $$;
COMMENT ON FUNCTION warrant.action_result(bigint) IS
'Whether an action whose call ended with 40003 was done, and its answer. Kept for a day; not done for an action of somebody else.';

CREATE FUNCTION warrant.adopt() RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.adopt() IS
'Makes a copy of a database a home of its own: ends the grants, requests and deliveries that came with it, and disables its webhooks. For
superusers and members of pg_warrant.admin_roles, as a top-level statement. Raises 42501, and 55006 where grants live. Durable at once.';

CREATE FUNCTION warrant.discard_audit_log() RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_discard_audit_log';
COMMENT ON FUNCTION warrant.discard_audit_log() IS
'Lets the current transaction drop the extension together with its audit log, which is refused otherwise; written to the server log. Returns
the last row''s number. For superusers and members of pg_warrant.admin_roles. Raises 42501, and 25P01 outside a transaction block.';

-- Questions ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION warrant.explain(role regrole, command text, target regclass, OUT step integer, OUT rule text, OUT answer text, OUT detail text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_explain';
REVOKE ALL ON FUNCTION warrant.explain(regrole, text, regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.explain(regrole, text, regclass) TO warrant_admin, warrant_approver, warrant_auditor;
COMMENT ON FUNCTION warrant.explain(regrole, text, regclass) IS
'How the gate decides for a role, one command and a table, step by step. CREATE is explained for the schema that the table is in, ADMIN for the
database; for ADMIN target may be NULL. Raises 22023 for a group of commands, an unknown one and NULL, 42P01, 42809.';
CREATE FUNCTION warrant.explain(command text, target regclass, OUT step integer, OUT rule text, OUT answer text, OUT detail text)
RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_explain';
COMMENT ON FUNCTION warrant.explain(text, regclass) IS 'The same for the caller himself, as the gate sees him; for everybody.';

CREATE FUNCTION warrant.last_refusal(OUT refused_at timestamptz, OUT command text, OUT schema_name name, OUT relation_name name,
    OUT policy_name text, OUT request_ids bigint[]) RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_last_refusal';
COMMENT ON FUNCTION warrant.last_refusal() IS 'What the subject was refused last in this session, and the requests that it filed; no row when nothing was, and after DISCARD ALL.';

CREATE FUNCTION warrant.recorder_status(OUT item text, OUT value text, OUT warning text) RETURNS SETOF record
    LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_recorder_status';
REVOKE ALL ON FUNCTION warrant.recorder_status() FROM PUBLIC;
CREATE FUNCTION warrant.status(OUT item text, OUT value text, OUT warning text) RETURNS SETOF record LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'enforcement', current_setting('pg_warrant.enforcement'),
           CASE current_setting('pg_warrant.enforcement') WHEN 'enforce' THEN NULL ELSE 'nothing is refused' END
    UNION ALL SELECT 'definition_approval', current_setting('pg_warrant.definition_approval'),
           CASE WHEN NOT current_setting('pg_warrant.definition_approval')::boolean THEN 'one administrator alone can weaken definitions' END
    UNION ALL SELECT 'home', CASE WHEN warrant.is_home() THEN 'here' ELSE 'elsewhere' END,
           CASE WHEN NOT warrant.is_home() THEN 'this is a copy: no grant lives and nothing is sent until warrant.adopt()' END
    UNION ALL SELECT 'allow_restore', 'on', 'superusers can write the tables of the gate' WHERE current_setting('pg_warrant.allow_restore')::boolean
    UNION ALL SELECT r.item, CASE r.item WHEN 'last_seq' THEN (SELECT s.last_seq::text FROM warrant.recorder_state s) ELSE r.value END, r.warning
      FROM warrant.recorder_status() r
    UNION ALL SELECT 'policies', count(*)::text, CASE count(*) WHEN 0 THEN 'nothing is protected' END FROM warrant.policies WHERE target_kind <> '!'
    UNION ALL SELECT 'pending requests', count(*)::text, NULL FROM warrant.requests WHERE state = 'pending' AND expires_at > clock_timestamp() AND warrant.is_home()
    UNION ALL SELECT 'live grants', count(*)::text, NULL FROM warrant.grants g
     WHERE closed_at IS NULL AND ends_at > clock_timestamp() AND warrant.is_home() AND NOT EXISTS (SELECT FROM warrant.grant_uses u WHERE u.grant_id = g.id AND u.uses_left = 0)
    UNION ALL SELECT format('webhook %s', w.name),
           format('%s answered, %s waiting, %s dead', d.answered, d.waiting, d.dead),
           CASE WHEN w.enabled THEN last.error || CASE last.state WHEN 'queued' THEN to_char(last.next_at AT TIME ZONE 'UTC', '"; the next try is at "HH24:MI:SS" UTC"') ELSE '' END
                ELSE concat_ws('; ', last.error, 'disabled; warrant.enable_webhook ends it') END
      FROM warrant.webhooks w
           CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE d.state = 'answered') AS answered, count(*) FILTER (WHERE d.state IN ('queued', 'sending')) AS waiting,
                                      count(*) FILTER (WHERE d.state = 'dead') AS dead FROM warrant.deliveries d WHERE d.webhook = w.name) AS d
           LEFT JOIN LATERAL (SELECT d.error, d.state, d.next_at FROM warrant.deliveries d WHERE d.webhook = w.name AND (d.error IS NOT NULL OR d.answer IS NOT NULL)
                               ORDER BY d.id DESC LIMIT 1) AS last ON true
    UNION ALL SELECT format('policy %s', p.name), CASE current_setting('pg_warrant.enforcement') WHEN 'enforce' THEN 'asks for approval' ELSE 'would ask for approval' END, warrant.why_undecidable(p) FROM warrant.policies p
     WHERE p.target_kind <> '!' AND p.effect = 'approve' AND warrant.why_undecidable(p) IS NOT NULL
    UNION ALL SELECT 'policies whose target is gone', (g.gating + g.opens)::text,
           nullif(concat_ws('; ', nullif(g.gating, 0) || ' cover what bears the name now', nullif(g.opens, 0) || ' are open and cover nothing'), '')
      FROM (SELECT count(*) FILTER (WHERE p.effect <> 'open') AS gating, count(*) FILTER (WHERE p.effect = 'open') AS opens FROM warrant.policies p
             WHERE p.target_kind IN ('t', 's') AND NOT warrant.target_exists(p.target_kind, p.target)) AS g
    UNION ALL SELECT 'audit partitions ahead', count(*)::text, CASE WHEN count(*) < 2 THEN 'the keeper has not run' END
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'warrant.audit_log'::regclass
       AND left(c.relname, 17) > 'audit_log' || to_char(clock_timestamp() AT TIME ZONE 'UTC', '_YYYY_MM')
$$;
REVOKE ALL ON FUNCTION warrant.status() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warrant.status() TO warrant_admin, warrant_approver, warrant_auditor;
COMMENT ON FUNCTION warrant.status() IS 'The state of the gate here: workers, slots, queue, and what deserves attention.';

CREATE FUNCTION warrant.statements(OUT statement text, OUT needs text, OUT known boolean) RETURNS SETOF record
    LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_statements';
COMMENT ON FUNCTION warrant.statements() IS 'internal: each statement of this server, and what the gate knows of it';
CREATE VIEW warrant.commands AS
    SELECT s.statement, s.needs FROM warrant.statements() s WHERE s.needs IS NOT NULL;
COMMENT ON VIEW warrant.commands IS 'what each statement needs; those that are not here touch no protected object';
GRANT SELECT ON warrant.commands TO PUBLIC;

-- The views call things as they are called now, and what is gone as it was. In a copy of the database nothing pends, and no grant lives.
CREATE VIEW warrant.pending WITH (security_barrier) AS
    SELECT r.id, coalesce(q.rolname, r.requester_name) AS requester_name, coalesce(n.nspname, i.schema_name) AS schema_name, coalesce(c.relname, i.relation_name) AS relation_name, i.commands, i.policy_name, r.reason, r.duration, r.requested_at, r.expires_at,
           r.min_approvals, (SELECT pg_catalog.count(DISTINCT coalesce(s.person, d.person)) FROM warrant.decisions d
                                LEFT JOIN warrant.persons s ON s.role OPERATOR(pg_catalog.=) d.approver
             WHERE d.request_id OPERATOR(pg_catalog.=) r.id AND d.approves
               AND (d.approver OPERATOR(pg_catalog.=) 0 OR warrant.is_member(d.approver, p.approver_role))
               AND coalesce(s.person, d.person) OPERATOR(pg_catalog.<>)
                   coalesce((SELECT a.person FROM warrant.persons a WHERE a.role OPERATOR(pg_catalog.=) r.requester), r.person)) AS approvals,
           r.max_uses
      FROM warrant.requests r JOIN warrant.request_items i ON i.request_id OPERATOR(pg_catalog.=) r.id
           LEFT JOIN warrant.policies p ON p.id OPERATOR(pg_catalog.=) i.policy_id
           LEFT JOIN pg_catalog.pg_class c ON i.target_kind OPERATOR(pg_catalog.=) 't' AND c.oid OPERATOR(pg_catalog.=) i.target
           LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) coalesce(c.relnamespace, CASE WHEN i.target_kind OPERATOR(pg_catalog.=) 's' THEN i.target END)
           LEFT JOIN pg_catalog.pg_roles q ON q.oid OPERATOR(pg_catalog.=) r.requester
     WHERE r.state OPERATOR(pg_catalog.=) 'pending' AND r.expires_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()
       AND EXISTS (SELECT FROM warrant.grant_scopes h WHERE h.grantee OPERATOR(pg_catalog.=) 0 AND NOT h.closed AND h.target_kind OPERATOR(pg_catalog.=) '!'
           AND warrant.is_here(h.policy_id, h.target, h.schema_name))
       AND ((SELECT pg_catalog.pg_has_role('warrant_approver', 'USAGE') OR pg_catalog.pg_has_role('warrant_auditor', 'USAGE')
                    OR pg_catalog.pg_has_role('warrant_admin', 'USAGE')) OR warrant.is_member((SELECT warrant.current_subject()), p.approver_role));
COMMENT ON VIEW warrant.pending IS
'requests that wait for a decision, a row for each item: all of them for members of warrant_approver, warrant_auditor and warrant_admin, for
others those under policies whose approvers they are';

CREATE VIEW warrant.active_grants WITH (security_barrier) AS
    SELECT g.id, coalesce(q.rolname, g.grantee_name) AS grantee_name, coalesce(n.nspname, s.schema_name) AS schema_name, coalesce(c.relname, s.relation_name) AS relation_name, s.commands, s.policy_name, g.granted_by, g.reason, g.request_id, g.starts_at, g.ends_at,
           g.max_uses, u.uses_left
      FROM warrant.grants g JOIN warrant.grant_scopes s ON s.grant_id OPERATOR(pg_catalog.=) g.id
           LEFT JOIN warrant.grant_uses u ON u.grant_id OPERATOR(pg_catalog.=) g.id
           LEFT JOIN pg_catalog.pg_class c ON s.target_kind OPERATOR(pg_catalog.=) 't' AND c.oid OPERATOR(pg_catalog.=) s.target
           LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) coalesce(c.relnamespace, CASE WHEN s.target_kind OPERATOR(pg_catalog.=) 's' THEN s.target END)
           LEFT JOIN pg_catalog.pg_roles q ON q.oid OPERATOR(pg_catalog.=) g.grantee
     WHERE g.closed_at IS NULL AND g.ends_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()
       AND EXISTS (SELECT FROM warrant.grant_scopes h WHERE h.grantee OPERATOR(pg_catalog.=) 0 AND NOT h.closed AND h.target_kind OPERATOR(pg_catalog.=) '!'
           AND warrant.is_here(h.policy_id, h.target, h.schema_name))
       AND (u.uses_left IS NULL OR u.uses_left OPERATOR(pg_catalog.>) 0);
COMMENT ON VIEW warrant.active_grants IS 'grants that live now, a row for each scope';

CREATE VIEW warrant.my_requests WITH (security_barrier) AS
    SELECT r.id, r.state, coalesce(n.nspname, i.schema_name) AS schema_name, coalesce(c.relname, i.relation_name) AS relation_name, i.commands, i.policy_name, r.reason, r.duration, r.requested_at, r.expires_at, r.decided_at, r.grant_id, r.max_uses
      FROM warrant.requests r JOIN warrant.request_items i ON i.request_id OPERATOR(pg_catalog.=) r.id
           LEFT JOIN pg_catalog.pg_class c ON i.target_kind OPERATOR(pg_catalog.=) 't' AND c.oid OPERATOR(pg_catalog.=) i.target
           LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) coalesce(c.relnamespace, CASE WHEN i.target_kind OPERATOR(pg_catalog.=) 's' THEN i.target END)
     WHERE r.requester OPERATOR(pg_catalog.=) (SELECT warrant.current_subject());
COMMENT ON VIEW warrant.my_requests IS 'what the caller, as the gate sees him, asked for, a row for each item';

CREATE VIEW warrant.my_grants WITH (security_barrier) AS
    SELECT g.id, coalesce(n.nspname, s.schema_name) AS schema_name, coalesce(c.relname, s.relation_name) AS relation_name, s.commands, s.policy_name, coalesce(q.rolname, g.grantee_name) AS grantee_name, g.granted_by, g.reason, g.starts_at, g.ends_at, g.max_uses, u.uses_left
      FROM warrant.grants g JOIN warrant.grant_scopes s ON s.grant_id OPERATOR(pg_catalog.=) g.id
           LEFT JOIN warrant.grant_uses u ON u.grant_id OPERATOR(pg_catalog.=) g.id
           LEFT JOIN pg_catalog.pg_class c ON s.target_kind OPERATOR(pg_catalog.=) 't' AND c.oid OPERATOR(pg_catalog.=) s.target
           LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) coalesce(c.relnamespace, CASE WHEN s.target_kind OPERATOR(pg_catalog.=) 's' THEN s.target END)
           LEFT JOIN pg_catalog.pg_roles q ON q.oid OPERATOR(pg_catalog.=) g.grantee
     WHERE g.closed_at IS NULL AND g.ends_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()
       AND EXISTS (SELECT FROM warrant.grant_scopes h WHERE h.grantee OPERATOR(pg_catalog.=) 0 AND NOT h.closed AND h.target_kind OPERATOR(pg_catalog.=) '!'
           AND warrant.is_here(h.policy_id, h.target, h.schema_name))
       AND (u.uses_left IS NULL OR u.uses_left OPERATOR(pg_catalog.>) 0)
       AND EXISTS (SELECT FROM pg_catalog.pg_roles a WHERE a.oid OPERATOR(pg_catalog.=) (SELECT warrant.current_subject()) AND
                   (a.oid OPERATOR(pg_catalog.=) g.grantee OR (a.oid OPERATOR(pg_catalog.=) ANY (s.members) AND warrant.is_member(a.oid, g.grantee))));
COMMENT ON VIEW warrant.my_grants IS 'grants that the caller, as the gate sees him, can use now, a row for each scope';

GRANT SELECT ON warrant.my_requests, warrant.my_grants TO PUBLIC;
GRANT SELECT ON warrant.pending, warrant.active_grants TO warrant_approver, warrant_auditor, warrant_admin;
GRANT SELECT ON warrant.pending TO PUBLIC;

COMMENT ON COLUMN warrant.pending.approvals IS 'persons who agree and may decide still';
COMMENT ON COLUMN warrant.pending.min_approvals IS 'persons who must agree';
COMMENT ON COLUMN warrant.pending.duration IS 'asked for; NULL for what the policy gives';
COMMENT ON COLUMN warrant.pending.expires_at IS 'when it can be decided no longer';
COMMENT ON COLUMN warrant.pending.max_uses IS 'statements asked for; NULL for what the policy gives';
COMMENT ON COLUMN warrant.active_grants.granted_by IS 'who approved it';
COMMENT ON COLUMN warrant.active_grants.max_uses IS 'statements that it was given for; NULL for no limit';
COMMENT ON COLUMN warrant.active_grants.uses_left IS 'statements that may still run under it; NULL for no limit';
COMMENT ON COLUMN warrant.my_requests.state IS 'pending, approved, denied, cancelled or expired';
COMMENT ON COLUMN warrant.my_requests.grant_id IS 'what became of an approved one';
COMMENT ON COLUMN warrant.my_grants.grantee_name IS 'the caller, or a role that he was a member of when it was granted';
COMMENT ON COLUMN warrant.my_grants.uses_left IS 'statements that may still run under it; NULL for no limit';
COMMENT ON COLUMN warrant.commands.needs IS 'which commands on which of its objects';
