-- What waits for a decision, a row a request, for people: pending is all that the caller may see, my_inbox where his vote is missing.

-- A psql of 120 columns shows every row in one line: target, statement and reason share what the other columns leave. rows and statement: of the statement
-- that the card has first. That is the one among the last refused that may reach the most rows, or is of unknown rows.
CREATE FUNCTION warrant_internal.waiting(inbox boolean, OUT id bigint, OUT who text, OUT target text, OUT commands text, OUT rows bigint, OUT statement text, OUT age text,
    OUT approvals text, OUT reason text, OUT requested_at timestamptz) RETURNS SETOF record LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
    room CONSTANT integer := 120 - CASE WHEN inbox THEN 7 ELSE 8 END * length(' | ') - 2;
    most_refusals CONSTANT integer := 1000;
    looker CONSTANT oid := warrant_internal.current_subject();
    mine CONSTANT jsonb := warrant_internal.origin();
    names CONSTANT text[] := warrant_internal.names_of(mine);
    mine_as CONSTANT text := warrant_internal.person_of(mine);
    has_delegators CONSTANT boolean := warrant_internal.delegators_of(looker) <> '{}';
    at CONSTANT timestamptz := warrant_internal.monotonic_now();
    audits CONSTANT boolean := pg_has_role(looker, 'warrant_auditor', 'USAGE');
    sees_all CONSTANT boolean := NOT inbox AND (audits OR pg_has_role(looker, 'warrant_approver', 'USAGE') OR pg_has_role(looker, 'warrant_admin', 'USAGE'));
BEGIN
    IF NOT warrant_internal.is_home() THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH pending AS MATERIALIZED (
        SELECT r.id, r.requester, r.requester_name, r.person, r.reason, r.profile, r.requested_at, r.min_approvals, r.escalated, concat(r.requester, ' ', r.person) AS asker
          FROM warrant.requests r WHERE r.state = 'pending' AND r.expires_at > at),
    items AS MATERIALIZED (
        SELECT i.request_id, i.policy_id, w.escalated, i FROM pending w JOIN warrant.request_items i ON i.request_id = w.id),
    rules AS MATERIALIZED (
        SELECT i.policy_id AS id, p.min_approvals, p.id IS NOT NULL AS stays, warrant_internal.may_decide(looker, ARRAY[i.policy_id]) AS decides,
               p.escalate_to IS NOT NULL AND EXISTS (SELECT FROM unnest(looker || warrant_internal.delegators_of(looker)) AS v (role) WHERE warrant_internal.is_member(v.role, p.escalate_to)) AS decides_escalated
          FROM (SELECT DISTINCT policy_id FROM items) AS i LEFT JOIN warrant.policies p ON p.id = i.policy_id),
    asked AS MATERIALIZED (
        SELECT i.request_id, count(DISTINCT concat((i.i).target_kind, (i.i).target)) AS objects, array_agg(i.policy_id ORDER BY i.policy_id) AS policies, (array_agg(i.i ORDER BY warrant_internal.danger_of((i.i).commands) DESC, (i.i).schema_name, (i.i).relation_name))[1] AS first,
               max(p.min_approvals) AS min_approvals, bool_or(p.decides OR (p.decides_escalated AND p.id = ANY (i.escalated))) AND bool_and(p.stays) AS decides
          FROM items i JOIN rules p ON p.id = i.policy_id GROUP BY i.request_id HAVING sees_all OR (bool_or(p.decides OR (p.decides_escalated AND p.id = ANY (i.escalated))) AND bool_and(p.stays))),
    wanted AS MATERIALIZED (    -- the commands of all items, and the most dangerous of them
        SELECT i.request_id, array_agg(DISTINCT c.command) AS commands, (array_agg(c.command ORDER BY warrant_internal.danger_of(ARRAY[c.command]) DESC))[1] AS worst
          FROM items i, unnest((i.i).commands) AS c (command) GROUP BY i.request_id),
    votes AS MATERIALIZED (
        SELECT d.request_id, a.policies, array_agg(ROW(d.approver, d.person, d.approves, d.voted_for)::text ORDER BY d.decided_at, d.person) AS votes
          FROM asked a JOIN warrant.decisions d ON d.request_id = a.request_id GROUP BY d.request_id, a.policies),
    alike AS MATERIALIZED (    -- what is asked for by the same under the same policies with the same votes is looked at once
        SELECT min(w.id) AS one, array_agg(w.id) AS requests FROM votes v JOIN pending w ON w.id = v.request_id GROUP BY w.requester, w.person, w.min_approvals, w.escalated, v.policies, v.votes),
    voted AS MATERIALIZED (
        SELECT l.id, c.approvals, c.missing, c.needless
          FROM (SELECT a.requests, cardinality(c.approvers) AS approvals, c.missing, inbox AND NOT warrant_internal.would_help(r, looker, mine_as) AS needless
                  FROM alike a JOIN warrant.requests r ON r.id = a.one CROSS JOIN LATERAL warrant_internal.approvers_of(r) AS c OFFSET 0) AS c, unnest(c.requests) AS l (id)),
    askers AS MATERIALIZED (    -- once for each of them
        SELECT f.asker, inbox AND (f.person = ANY (names) OR warrant_internal.is_himself(mine, f.requester)) AS is_caller,
               CASE WHEN has_delegators THEN warrant_internal.voices_on(looker, f.requester, f.person) END AS voices,
               warrant_internal.in_one_line(coalesce(s.person, CASE WHEN f.person = f.requester_name OR EXISTS (SELECT FROM pg_roles p WHERE p.rolname = f.person)
                                                                    THEN coalesce(q.rolname, f.requester_name) ELSE f.person END), 16) AS who
          FROM (SELECT w.asker, w.requester, w.person, max(w.requester_name::text) AS requester_name FROM pending w GROUP BY 1, 2, 3 OFFSET 0) AS f
          LEFT JOIN warrant.persons s ON s.role = f.requester LEFT JOIN pg_roles q ON q.oid = f.requester),
    chosen AS MATERIALIZED (
        SELECT w.id, w.requested_at, w.reason, w.profile, k.who, a.first, a.objects, n.commands, n.worst, d.decides, format('%s/%s', coalesce(v.approvals, 0), greatest(w.min_approvals, coalesce(v.approvals + v.missing, a.min_approvals))) AS approvals
          FROM pending w JOIN asked a ON a.request_id = w.id JOIN wanted n ON n.request_id = w.id JOIN askers k ON k.asker = w.asker
          CROSS JOIN LATERAL (SELECT a.decides AND (NOT has_delegators OR warrant_internal.may_decide(k.voices, a.policies, w.escalated)) AS decides) AS d
          LEFT JOIN voted v ON v.id = w.id WHERE NOT k.is_caller AND (d.decides OR sees_all) AND NOT (inbox AND coalesce(v.needless, false))),
    refused AS MATERIALIZED (
        SELECT w.id, l.statement_id, l.statement_sha256, max(l.seq) AS seq, max(l.rows_estimated) AS estimated
          FROM chosen w CROSS JOIN LATERAL (SELECT m.seq, m.statement_id, m.statement_sha256, m.rows_estimated FROM warrant.audit_log m
                                             WHERE m.request_id = w.id AND (m.event = 'refused' OR (m.event = 'request_created' AND m.statement_sha256 IS NOT NULL))
                                             ORDER BY m.seq DESC LIMIT most_refusals) AS l GROUP BY w.id, l.statement_id, l.statement_sha256),
    farthest AS MATERIALIZED (SELECT DISTINCT ON (l.id) l.id, l.seq, l.statement_sha256, l.estimated FROM refused l ORDER BY l.id, l.estimated DESC NULLS FIRST, l.seq DESC),
    prepared AS MATERIALIZED (    -- of EXECUTE, as far as it is one query
        SELECT f.id, min(s.prepared) AS query FROM farthest f JOIN warrant.request_statements s ON s.request_id = f.id AND s.statement_sha256 = f.statement_sha256
         WHERE s.prepared IS NOT NULL GROUP BY f.id HAVING count(DISTINCT s.prepared) = 1),
    texts AS MATERIALIZED (    -- most rows have their own; one that is not that of the digest is the beginning of it
        SELECT f.id, t.statement || CASE WHEN sha256(convert_to(t.statement, getdatabaseencoding())) <> f.statement_sha256 THEN ' ...' ELSE '' END AS statement
          FROM farthest f JOIN warrant.audit_text t ON t.seq = f.seq),
    targets AS MATERIALIZED (    -- once for each of them
        SELECT t.key, warrant_internal.in_one_line(warrant_internal.target_in_words(t.first), 60) AS target
          FROM (SELECT concat_ws(' ', (c.first).target_kind, (c.first).target, (c.first).columns, (c.first).schema_name, (c.first).relation_name) AS key, (array_agg(c.first))[1] AS first FROM chosen c GROUP BY 1) AS t),
    shown AS MATERIALIZED (
        SELECT w.id, w.requested_at, w.who,
               coalesce(warrant_internal.in_one_line('profile ' || w.profile, 60), t.target) AS target,
               CASE WHEN w.profile IS NULL AND w.objects > 1 THEN format(' +%s', w.objects - 1) ELSE '' END AS others,
               (SELECT CASE WHEN length(c.words) > 14 THEN w.worst || ' +' || cardinality(w.commands) - 1 ELSE c.words END
                  FROM warrant_internal.commands_in_words(w.commands) AS c (words)) AS commands, l.estimated AS rows,
               coalesce(CASE WHEN audits OR w.decides THEN warrant_internal.in_one_line(coalesce(p.query, x.statement, warrant_internal.refused_text(l.seq)), 120) END,
                        CASE WHEN inbox THEN 'reason: ' || warrant_internal.in_one_line(w.reason, 112) END) AS statement,
               substring(warrant_internal.in_words(at - w.requested_at) FROM '^-?\d+ (?:min|.)') AS age, w.approvals, warrant_internal.in_one_line(w.reason, 60) AS reason
          FROM chosen w LEFT JOIN farthest l ON l.id = w.id LEFT JOIN prepared p ON p.id = w.id LEFT JOIN texts x ON x.id = w.id
          JOIN targets t ON t.key = concat_ws(' ', (w.first).target_kind, (w.first).target, (w.first).columns, (w.first).schema_name, (w.first).relation_name)),
    longest AS MATERIALIZED (    -- of each column, its heading included; of age what it grows to
        SELECT greatest(2, max(length(s.id::text))) + greatest(3, max(length(s.who))) + greatest(8, max(length(s.commands))) + greatest(4, max(length(s.rows::text)))
               + greatest(6, max(length(s.age))) + greatest(length('approvals'), max(length(s.approvals))) AS fixed, greatest(6, max(length(s.target || s.others))) AS target, greatest(9, max(length(s.statement))) AS statement,
               CASE WHEN inbox THEN 0 ELSE greatest(6, max(length(s.reason))) END AS reason FROM shown s),
    widths AS MATERIALIZED (
        SELECT v.widths[1] AS target, v.widths[2] AS statement, v.widths[3] AS reason
          FROM longest n, warrant_internal.widths_within(room - n.fixed, ARRAY[n.target, n.statement, n.reason], ARRAY[19, 21, 6]) AS v (widths))
    SELECT s.id, s.who, warrant_internal.in_one_line(s.target, greatest(6, w.target - length(s.others))) || s.others, s.commands, s.rows, warrant_internal.in_one_line(s.statement, w.statement),
           s.age, s.approvals, warrant_internal.in_one_line(s.reason, w.reason), s.requested_at FROM shown s, widths w;
END;
$$;

CREATE VIEW warrant.pending WITH (security_barrier) AS
    SELECT w.id, w.who, w.target, w.commands, w.rows, w.statement, w.age, w.approvals, w.reason FROM warrant_internal.waiting(false) AS w ORDER BY w.requested_at, w.id;
COMMENT ON VIEW warrant.pending IS
'requests that wait for a decision, a row for each, the oldest first: all of them for members of warrant_approver, warrant_auditor and warrant_admin, for
others those that they may decide; cut to 120 columns: warrant.show_request has the whole, warrant.request_status is for programs';
CREATE VIEW warrant.my_inbox WITH (security_barrier) AS
    SELECT w.id, w.who, w.target, w.commands, w.rows, w.statement, w.age, w.approvals FROM warrant_internal.waiting(true) AS w ORDER BY w.requested_at, w.id;
COMMENT ON VIEW warrant.my_inbox IS
'as warrant.pending, but only what the caller may decide, and brings nearer to a grant by his vote; where no statement was tried yet, the reason stands in its place';
GRANT SELECT ON warrant.pending, warrant.my_inbox TO PUBLIC;

COMMENT ON COLUMN warrant.pending.id IS 'the request, for warrant.show_request, approve and deny';
COMMENT ON COLUMN warrant.pending.who IS 'the person who asks, as known now';
COMMENT ON COLUMN warrant.pending.target IS 'the profile that it was asked for by; or the first object of the most dangerous commands, and how many others there are';
COMMENT ON COLUMN warrant.pending.rows IS 'which the farthest reaching of the statements may reach, by the server''s statistics; NULL when the rows of one of them are unknown';
COMMENT ON COLUMN warrant.pending.statement IS 'its first words, for those who may decide and auditors; NULL when it was asked for before one was tried';
COMMENT ON COLUMN warrant.pending.reason IS 'its first words';
COMMENT ON COLUMN warrant.pending.approvals IS 'persons who agree and may decide still, and how many must';
