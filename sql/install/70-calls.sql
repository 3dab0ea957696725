-- The public calls: each sends its own name and arguments to the recorder.

CREATE FUNCTION warrant.request(commands text[] DEFAULT NULL, on_table regclass DEFAULT NULL, on_tables regclass[] DEFAULT NULL, on_schema name DEFAULT NULL,
    on_database boolean DEFAULT false, reason text DEFAULT NULL, duration interval DEFAULT NULL, max_uses integer DEFAULT NULL,
    profile text DEFAULT NULL, columns name[] DEFAULT NULL, max_rows bigint DEFAULT NULL, ticket text DEFAULT NULL, starts_at timestamptz DEFAULT NULL)
RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_action';
-- By its name alone, which no other function has: its parameters stand above.
COMMENT ON FUNCTION warrant.request IS
'Asks for commands on one table, several, a schema or this database, or for those of a profile; returns the request''s id, that of a pending one for the same. Another reason,
ticket, duration, max_uses or max_rows than that one''s amends it, which voids the approvals given so far; a NOTICE says so.
max_uses: in statements. max_rows: that each statement may read and write. columns: of on_table, which alone SELECT, INSERT, UPDATE and EXPORT are asked for on. profile: the name of one of warrant.my_profiles, instead of commands and target. ticket: as the policy''s
ticket_pattern has it. starts_at: before which the grant does not begin, at most 30 days ahead. Raises P0002 for an unknown profile, 55006 for one
whose target is gone, 22023 for a start that is over, a missing reason or ticket, none or two targets, unknown commands, a limit that is not positive or more than the
policy allows, and when nothing of it needs approval; 42501 when a policy denies it, for a profile that is for others, and as the server does when the caller lacks its privilege; 53400 when too many are pending. Durable at once, whatever the transaction does.';

CREATE FUNCTION warrant.request_statement(sql text, reason text DEFAULT NULL, duration interval DEFAULT NULL, ticket text DEFAULT NULL, max_uses integer DEFAULT 1,
    max_rows bigint DEFAULT NULL) RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_request_statement';
COMMENT ON FUNCTION warrant.request_statement(text, text, interval, text, integer, bigint) IS
'Asks for exactly one SELECT, INSERT, UPDATE, DELETE or MERGE, which is analysed, and neither planned nor run; returns the request''s id, that of a pending
one for the same statement. Its grant serves this text alone, with the objects that it means now, in a session of the same user, search_path and settings.
max_uses: how many times it may run. max_rows: that it may read and write each time. Raises what the server says of the text, 22023 for none or several statements and when nothing of it needs approval,
0A000 for other commands, and where a user''s function would be called; 54000 for a text longer than pg_warrant.max_query_length; and what warrant.request
raises. Durable at once.';

CREATE FUNCTION warrant.amend(request_id bigint, reason text DEFAULT NULL, duration interval DEFAULT NULL, max_uses integer DEFAULT NULL,
    max_rows bigint DEFAULT NULL, ticket text DEFAULT NULL) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_action';
COMMENT ON FUNCTION warrant.amend(bigint, text, interval, integer, bigint, text) IS
'Gives one''s own pending request another reason, ticket, duration, number of uses (statements) or of rows (of each statement), which voids the approvals given so far. A draft that
lacks nothing any more waits for its decision from then on. Raises P0002, 55006,
42501, and 22023 for a limit that is not positive or more than the policy allows, and when nothing is given. Durable at once.';

CREATE FUNCTION warrant.cancel(request_id bigint) RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_action';
COMMENT ON FUNCTION warrant.cancel(bigint) IS 'Withdraws one''s own pending request, filed under whatever login of the same person. Raises P0002, 55006, 42501. Durable at once.';

CREATE FUNCTION warrant.approve(request_id bigint, duration interval DEFAULT NULL, max_uses integer DEFAULT NULL, comment text DEFAULT NULL,
    version integer DEFAULT NULL, commands text[] DEFAULT NULL, objects text[] DEFAULT NULL, max_rows bigint DEFAULT NULL,
    exact boolean DEFAULT false) RETURNS bigint
    LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.approve(bigint, interval, integer, text, integer, text[], text[], bigint, boolean) IS
'Approves a request, as the client''s own top-level statement only. Returns the grant''s id, NULL while more approvals are needed. duration,
max_uses (statements) and max_rows (of each statement) narrow what was asked for, and so do commands and objects, by their names in show_request: what all approvals have in common
is granted. exact: for exactly the statement that was refused, once where no number is given. version: that of the request as it was seen; an amended one needs it. Raises 42501 (not an
approver, one''s own request, called indirectly), P0002, 55006 (decided, or amended since), 22023. Durable at once.';
CREATE FUNCTION warrant.approve(request_ids bigint[], duration interval DEFAULT NULL, max_uses integer DEFAULT NULL, comment text DEFAULT NULL,
    max_rows bigint DEFAULT NULL) RETURNS bigint[]
    LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.approve(bigint[], interval, integer, text, bigint) IS 'As warrant.approve, for several requests: all of them or none.';

CREATE FUNCTION warrant.deny(request_id bigint, comment text DEFAULT NULL) RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.deny(bigint, text) IS 'Denies a request, as the client''s own top-level statement only; one''s own approval ends with it. Raises 42501, P0002, 55006. Durable at once.';
CREATE FUNCTION warrant.deny(request_ids bigint[], comment text DEFAULT NULL) RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.deny(bigint[], text) IS 'As warrant.deny, for several requests: all of them or none.';

CREATE FUNCTION warrant.approve_all(request_ids bigint[] DEFAULT NULL, requester regrole DEFAULT NULL, duration interval DEFAULT NULL, max_uses integer DEFAULT NULL,
    comment text DEFAULT NULL, max_rows bigint DEFAULT NULL, ticket text DEFAULT NULL, OUT request_id bigint, OUT grant_id bigint, OUT outcome text) RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decide_all';
COMMENT ON FUNCTION warrant.approve_all(bigint[], regrole, interval, integer, text, bigint, text) IS
'Approves requests by their numbers, or those that a role or a ticket has pending: at most 100, each by itself, as warrant.approve does. A row for each says what came of
it: one that cannot be approved, or was amended, stops no other. Top-level statement only. Raises 22023 for none and two of request_ids, requester and ticket, 42501. Durable at once.';
CREATE FUNCTION warrant.deny_all(request_ids bigint[] DEFAULT NULL, requester regrole DEFAULT NULL, comment text DEFAULT NULL,
    ticket text DEFAULT NULL, OUT request_id bigint, OUT grant_id bigint, OUT outcome text) RETURNS SETOF record LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decide_all';
COMMENT ON FUNCTION warrant.deny_all(bigint[], regrole, text, text) IS 'As warrant.approve_all, but denies them.';

CREATE FUNCTION warrant.grant(grantee regrole, commands text[], on_table regclass DEFAULT NULL, on_tables regclass[] DEFAULT NULL,
    on_schema name DEFAULT NULL, on_database boolean DEFAULT false, duration interval DEFAULT NULL, reason text DEFAULT NULL,
    max_uses integer DEFAULT NULL, columns name[] DEFAULT NULL, max_rows bigint DEFAULT NULL, ticket text DEFAULT NULL)
RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.grant(regrole, text[], regclass, regclass[], name, boolean, interval, text, integer, name[], bigint, text) IS
'An approver''s grant without a request, never to himself; under a quorum a request with one approval, and NULL. columns: of on_table, for SELECT, INSERT,
UPDATE and EXPORT; it covers what touches no others. Top-level statement only. Raises 42501, 22023, 42703. Durable at once.';

CREATE FUNCTION warrant.revoke(grant_id bigint, reason text DEFAULT NULL) RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.revoke(bigint, text) IS
'Ends a grant: the next statement of every session is refused. For those who could have made it, and warrant_admin. A policy
of effect auto that had made it, even if it has ended since, makes no other to the same user for a while. Top-level statement only. Raises 42501, P0002, 55006.
Durable at once.';

CREATE FUNCTION warrant.extend(grant_id bigint, duration interval DEFAULT NULL, reason text DEFAULT NULL, max_uses integer DEFAULT NULL) RETURNS bigint
    LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_action';
COMMENT ON FUNCTION warrant.extend(bigint, interval, text, integer) IS
'Asks for more time than one''s own live grant has; returns the request''s id. Approved, it makes a further grant for the same, which ends as much later
than this one as duration says, at most the policy''s maximum from the approval on. NULL for the policy''s default_duration, and for this grant''s reason
and max_uses (statements); max_rows stays. Raises P0002, 55006 ended, 42501 the grant of somebody else or of a group, 22023, 53400. Durable at once.';

CREATE FUNCTION warrant.give_back(grant_id bigint) RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_action';
COMMENT ON FUNCTION warrant.give_back(bigint) IS
'Ends one''s own grant before its time, under whatever login of the same person. Raises P0002, 55006 ended, 42501 the grant of somebody else or of a
group. Durable at once.';

CREATE FUNCTION warrant.revoke_all(grantee regrole, reason text DEFAULT NULL) RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.revoke_all(regrole, text) IS
'Ends the grants of a role, as revoke does, and cancels its pending requests: at most 200 of each. Returns how many grants it ended; a NOTICE names them, what
is for others to revoke, and what the role can use still. Policies of effect auto that
are the caller''s to stop make no grant to the role for a while. Top-level statement only. Raises 22023, and 42501 when nothing of it is the caller''s to end. Durable at once.';

CREATE FUNCTION warrant.delegate("to" regrole, until timestamptz) RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.delegate(regrole, timestamptz) IS
'Lets another login decide for the caller until then, at most 90 days ahead: what the caller could decide as a member of approver roles, except his own requests. A second
call for the same login moves the end. Both count as one person; the delegate cannot hand it on. It ends when the caller loses the roles. Top-level statement only. Raises 22023 (oneself,
a superuser, a role that cannot log in or is shared, a time that is over or too far), 42501 without a vote, 55006 while it is delegated to another, 53400. Durable at once.';

CREATE FUNCTION warrant.end_delegation(delegator regrole DEFAULT NULL) RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_decision';
COMMENT ON FUNCTION warrant.end_delegation(regrole) IS
'Ends the caller''s delegation before its time, or another''s: for that one''s delegate and warrant_admin. Votes that were given by it do not count any more, while their requests
pend. Top-level statement only. Raises 42501, 55006 without one. Durable at once.';

CREATE PROCEDURE warrant.wait_for(request_id bigint, timeout interval DEFAULT '10 min') LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_wait_for';
COMMENT ON PROCEDURE warrant.wait_for(bigint, interval) IS
'Returns when the request is approved, holding no locks meanwhile. Raises 42501 denied, 55006 cancelled or expired, 57014 still pending at
the end, P0002 unknown, 25001 in a transaction block.';

CREATE FUNCTION warrant_internal.ask_result(action_id bigint) RETURNS text LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_action';
-- It runs as its caller, who cannot name what is internal: so its body is parsed here.
CREATE FUNCTION warrant.action_result(action_id bigint, OUT done boolean, OUT answer text) LANGUAGE sql SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC SELECT (r.a OPERATOR(pg_catalog.->>) 'done')::boolean, r.a OPERATOR(pg_catalog.->>) 'answer' FROM (SELECT warrant_internal.ask_result($1)::jsonb) AS r (a); END;
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
