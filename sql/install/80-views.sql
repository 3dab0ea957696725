-- The views of requests and grants.
--
-- The views call things as they are called now, and what is gone as it was. In a copy of the database nothing pends, and no grant lives.

CREATE VIEW warrant.active_grants WITH (security_barrier) AS
    SELECT g.id, coalesce(q.rolname, g.grantee_name) AS grantee_name, coalesce(n.nspname, s.schema_name) AS schema_name, coalesce(c.relname, s.relation_name) AS relation_name, s.commands, s.policy_name, g.granted_by, g.reason, g.request_id, g.starts_at, g.ends_at,
           g.max_uses, u.uses_left, (SELECT r.profile FROM warrant.requests r WHERE r.id OPERATOR(pg_catalog.=) g.request_id) AS profile,
           CASE WHEN s.columns IS NOT NULL THEN ARRAY(SELECT a.attname FROM pg_catalog.unnest(s.columns) WITH ORDINALITY AS l (number, place)
              JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) s.target AND a.attnum OPERATOR(pg_catalog.=) l.number AND NOT a.attisdropped ORDER BY l.place) END AS columns, g.max_rows, g.ticket, g.exact IS NOT NULL AS exact
      FROM warrant.grants g JOIN warrant.grant_scopes s ON s.grant_id OPERATOR(pg_catalog.=) g.id
           LEFT JOIN warrant.grant_uses u ON u.grant_id OPERATOR(pg_catalog.=) g.id
           LEFT JOIN pg_catalog.pg_class c ON s.target_kind OPERATOR(pg_catalog.=) 't' AND c.oid OPERATOR(pg_catalog.=) s.target
           LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) coalesce(c.relnamespace, CASE WHEN s.target_kind OPERATOR(pg_catalog.=) 's' THEN s.target END)
           LEFT JOIN pg_catalog.pg_roles q ON q.oid OPERATOR(pg_catalog.=) g.grantee
     WHERE g.closed_at IS NULL AND g.ends_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()
       AND EXISTS (SELECT FROM warrant.grant_scopes h WHERE h.grantee OPERATOR(pg_catalog.=) 0 AND NOT h.closed AND h.target_kind OPERATOR(pg_catalog.=) '!'
           AND warrant_internal.is_here(h.policy_id, h.target, h.schema_name))
       AND (u.uses_left IS NULL OR u.uses_left OPERATOR(pg_catalog.>) 0)
       AND ((SELECT pg_catalog.pg_has_role('warrant_approver', 'USAGE') OR pg_catalog.pg_has_role('warrant_auditor', 'USAGE') OR pg_catalog.pg_has_role('warrant_admin', 'USAGE'))
            OR warrant_internal.may_decide((SELECT pg_catalog.array_append(warrant_internal.delegators_of(warrant_internal.current_subject()), warrant_internal.current_subject())),
               ARRAY(SELECT o.policy_id FROM warrant.grant_scopes o WHERE o.grant_id OPERATOR(pg_catalog.=) g.id), (SELECT r.escalated FROM warrant.requests r WHERE r.id OPERATOR(pg_catalog.=) g.request_id)));
COMMENT ON VIEW warrant.active_grants IS
'grants that live now or will begin, a row for each object: all of them for members of warrant_approver, warrant_auditor and warrant_admin, for others those that they may revoke';

CREATE VIEW warrant.active_delegations WITH (security_barrier) AS
    SELECT coalesce(a.rolname, d.delegator_name) AS delegator_name, coalesce(b.rolname, d.delegate_name) AS delegate_name, d.begun_at, d.ends_at
      FROM warrant.delegations d LEFT JOIN pg_catalog.pg_roles a ON a.oid OPERATOR(pg_catalog.=) d.delegator LEFT JOIN pg_catalog.pg_roles b ON b.oid OPERATOR(pg_catalog.=) d.delegate
     WHERE d.ends_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()
       AND EXISTS (SELECT FROM warrant.grant_scopes h WHERE h.grantee OPERATOR(pg_catalog.=) 0 AND NOT h.closed AND h.target_kind OPERATOR(pg_catalog.=) '!'
           AND warrant_internal.is_here(h.policy_id, h.target, h.schema_name))
       AND ((SELECT pg_catalog.pg_has_role('warrant_approver', 'USAGE') OR pg_catalog.pg_has_role('warrant_auditor', 'USAGE') OR pg_catalog.pg_has_role('warrant_admin', 'USAGE'))
            OR (SELECT warrant_internal.current_subject()) OPERATOR(pg_catalog.=) ANY (ARRAY[d.delegator, d.delegate]))
     ORDER BY 1, 2;
COMMENT ON VIEW warrant.active_delegations IS
'who decides for whom now: all of it for members of warrant_approver, warrant_auditor and warrant_admin, for others what they have delegated and what was delegated to them';

CREATE VIEW warrant.my_requests WITH (security_barrier) AS
    SELECT r.id, r.state, coalesce(n.nspname, i.schema_name) AS schema_name, coalesce(c.relname, i.relation_name) AS relation_name, i.commands, i.policy_name, r.reason, r.duration, r.requested_at, r.expires_at, r.decided_at, r.grant_id, r.max_uses,
           (SELECT pg_catalog.array_agg(d.approver_name ORDER BY d.decided_at) FROM warrant.decisions d
             WHERE d.request_id OPERATOR(pg_catalog.=) r.id AND r.state OPERATOR(pg_catalog.=) ANY ('{approved,denied}') AND d.approves OPERATOR(pg_catalog.=) (r.state OPERATOR(pg_catalog.=) 'approved')) AS decided_by,
           (SELECT pg_catalog.string_agg(d.comment, '; ' ORDER BY d.decided_at) FROM warrant.decisions d
             WHERE d.request_id OPERATOR(pg_catalog.=) r.id AND r.state OPERATOR(pg_catalog.=) ANY ('{approved,denied}') AND d.approves OPERATOR(pg_catalog.=) (r.state OPERATOR(pg_catalog.=) 'approved')) AS decision_comment, r.profile,
           (SELECT pg_catalog.array_agg(coalesce(a.attname, l.name) ORDER BY l.place) FROM ROWS FROM (pg_catalog.unnest(i.columns), pg_catalog.unnest(i.column_names)) WITH ORDINALITY AS l (number, name, place)
              LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) i.target AND a.attnum OPERATOR(pg_catalog.=) l.number AND NOT a.attisdropped) AS columns, r.max_rows, r.ticket, r.starts_at, r.exact IS NOT NULL AS exact
      FROM warrant.requests r JOIN warrant.request_items i ON i.request_id OPERATOR(pg_catalog.=) r.id
           LEFT JOIN pg_catalog.pg_class c ON i.target_kind OPERATOR(pg_catalog.=) 't' AND c.oid OPERATOR(pg_catalog.=) i.target
           LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) coalesce(c.relnamespace, CASE WHEN i.target_kind OPERATOR(pg_catalog.=) 's' THEN i.target END)
     WHERE r.requester OPERATOR(pg_catalog.=) (SELECT warrant_internal.current_subject());
COMMENT ON VIEW warrant.my_requests IS 'what the user of this session asked for, a row for each object; behind a pool the role of SET ROLE counts';

CREATE VIEW warrant.my_grants WITH (security_barrier) AS
    SELECT g.id, coalesce(n.nspname, s.schema_name) AS schema_name, coalesce(c.relname, s.relation_name) AS relation_name, s.commands, s.policy_name, coalesce(q.rolname, g.grantee_name) AS grantee_name, g.granted_by, g.reason, g.starts_at, g.ends_at, g.max_uses, u.uses_left,
           (SELECT r.profile FROM warrant.requests r WHERE r.id OPERATOR(pg_catalog.=) g.request_id) AS profile,
           CASE WHEN s.columns IS NOT NULL THEN ARRAY(SELECT a.attname FROM pg_catalog.unnest(s.columns) WITH ORDINALITY AS l (number, place)
              JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) s.target AND a.attnum OPERATOR(pg_catalog.=) l.number AND NOT a.attisdropped ORDER BY l.place) END AS columns, g.max_rows, g.ticket, g.exact IS NOT NULL AS exact
      FROM warrant.grants g JOIN warrant.grant_scopes s ON s.grant_id OPERATOR(pg_catalog.=) g.id
           LEFT JOIN warrant.grant_uses u ON u.grant_id OPERATOR(pg_catalog.=) g.id
           LEFT JOIN pg_catalog.pg_class c ON s.target_kind OPERATOR(pg_catalog.=) 't' AND c.oid OPERATOR(pg_catalog.=) s.target
           LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) coalesce(c.relnamespace, CASE WHEN s.target_kind OPERATOR(pg_catalog.=) 's' THEN s.target END)
           LEFT JOIN pg_catalog.pg_roles q ON q.oid OPERATOR(pg_catalog.=) g.grantee
     WHERE g.closed_at IS NULL AND g.ends_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()
       AND EXISTS (SELECT FROM warrant.grant_scopes h WHERE h.grantee OPERATOR(pg_catalog.=) 0 AND NOT h.closed AND h.target_kind OPERATOR(pg_catalog.=) '!'
           AND warrant_internal.is_here(h.policy_id, h.target, h.schema_name))
       AND (u.uses_left IS NULL OR u.uses_left OPERATOR(pg_catalog.>) 0)
       AND EXISTS (SELECT FROM pg_catalog.pg_roles a WHERE a.oid OPERATOR(pg_catalog.=) (SELECT warrant_internal.current_subject()) AND
                   (a.oid OPERATOR(pg_catalog.=) g.grantee OR (a.oid OPERATOR(pg_catalog.=) ANY (s.members) AND warrant_internal.is_member(a.oid, g.grantee))));
COMMENT ON VIEW warrant.my_grants IS 'grants that the user of this session can use, from starts_at on, a row for each object; behind a pool the role of SET ROLE counts';

CREATE VIEW warrant.my_profiles WITH (security_barrier) AS
    SELECT p.name, CASE p.target_kind WHEN 't' THEN pg_catalog.format('%I.%I', n.nspname, c.relname) WHEN 's' THEN pg_catalog.format('schema %I', n.nspname) ELSE 'this database' END AS target, p.commands
      FROM warrant.profiles p
           LEFT JOIN pg_catalog.pg_class c ON p.target_kind OPERATOR(pg_catalog.=) 't' AND c.oid OPERATOR(pg_catalog.=) p.target
           LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) CASE p.target_kind WHEN 't' THEN c.relnamespace WHEN 's' THEN p.target END
     WHERE (n.oid IS NOT NULL OR p.target_kind OPERATOR(pg_catalog.=) 'd') AND (p.for_roles OPERATOR(pg_catalog.=) '{}'
           OR EXISTS (SELECT FROM pg_catalog.unnest(p.for_roles) AS r (role) WHERE warrant_internal.is_member((SELECT warrant_internal.current_subject()), r.role)))
     ORDER BY p.name;
COMMENT ON VIEW warrant.my_profiles IS 'what the user of this session may ask for by a name: warrant.request(profile => ...); behind a pool the role of SET ROLE counts';
COMMENT ON COLUMN warrant.my_profiles.commands IS 'the commands that it asks for on the target, groups not spelled out';

GRANT SELECT ON warrant.active_grants, warrant.active_delegations, warrant.my_requests, warrant.my_grants, warrant.my_profiles TO PUBLIC;

COMMENT ON COLUMN warrant.active_grants.id IS 'the grant, for warrant.revoke; it ends with all its rows';
COMMENT ON COLUMN warrant.active_grants.exact IS 'it serves exactly one statement';
COMMENT ON COLUMN warrant.my_grants.exact IS 'it serves exactly one statement';
COMMENT ON COLUMN warrant.my_requests.exact IS 'it asks for exactly one statement';
COMMENT ON COLUMN warrant.active_grants.granted_by IS 'who approved it; empty where its policy has made it by itself';
COMMENT ON COLUMN warrant.active_grants.max_uses IS 'statements that it was given for; NULL for no limit';
COMMENT ON COLUMN warrant.active_grants.uses_left IS 'statements that may still run under it; NULL for no limit';
COMMENT ON COLUMN warrant.active_grants.max_rows IS 'rows that each statement may read and write; NULL for no limit';
COMMENT ON COLUMN warrant.my_requests.id IS 'the request, for warrant.wait_for and warrant.cancel';
COMMENT ON COLUMN warrant.my_requests.state IS 'draft, pending, approved, denied, cancelled or expired';
COMMENT ON COLUMN warrant.my_requests.grant_id IS 'what became of an approved one';
COMMENT ON COLUMN warrant.my_requests.profile IS 'the profile by whose name it was asked for, or NULL';
COMMENT ON COLUMN warrant.my_requests.decided_by IS 'who approved or denied it; NULL until it is decided';
COMMENT ON COLUMN warrant.my_requests.decision_comment IS 'what they said; NULL until it is decided';
COMMENT ON COLUMN warrant.my_grants.grantee_name IS 'the caller, or a role that he was a member of when it was granted';
COMMENT ON COLUMN warrant.my_grants.uses_left IS 'statements that may still run under it; NULL for no limit';
COMMENT ON COLUMN warrant.active_grants.columns IS 'of which columns SELECT, INSERT, UPDATE and EXPORT are granted; NULL for all';
COMMENT ON COLUMN warrant.my_requests.columns IS 'of which columns SELECT, INSERT, UPDATE and EXPORT were asked for; NULL for all';
COMMENT ON COLUMN warrant.my_grants.columns IS 'of which columns SELECT, INSERT, UPDATE and EXPORT are granted; NULL for all';
COMMENT ON COLUMN warrant.my_grants.max_rows IS 'rows that each statement may read and write; NULL for no limit';
COMMENT ON COLUMN warrant.my_requests.max_rows IS 'rows of each statement that were asked for; NULL for what the policy allows';
COMMENT ON COLUMN warrant.commands.needs IS 'which commands on which of its objects';
