-- Terms: what the policies of a request demand together.

-- What a request must meet under all policies of its items together: the strictest of each.
CREATE TYPE warrant_internal.terms AS (min_approvals integer, default_duration interval, max_duration interval, request_ttl interval, require_reason boolean,
    policies text, webhooks text[], max_uses integer, max_rows bigint, ticket_patterns text[], looks_after interval);
REVOKE ALL ON TYPE warrant_internal.item, warrant_internal.terms FROM PUBLIC;

CREATE FUNCTION warrant_internal.terms_of(policy_ids bigint[]) RETURNS warrant_internal.terms LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'warrant_terms_of';

-- A duration and a number of uses asked for or given: within the maximum, positive.
CREATE FUNCTION warrant_internal.check_within(duration interval, max_uses integer, terms warrant_internal.terms) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    IF duration <= interval '0' THEN
        PERFORM warrant_internal.fail('22023', 'duration must be positive');
    ELSIF duration > (terms).max_duration THEN
        PERFORM warrant_internal.fail('22023', format('duration %s is longer than the %s that is allowed', duration, (terms).max_duration));
    END IF;
    IF max_uses <= 0 THEN
        PERFORM warrant_internal.fail('22023', 'max_uses must be positive');
    ELSIF max_uses > (terms).max_uses THEN
        PERFORM warrant_internal.fail('22023', format('max_uses %s is more than the %s that the policy allows', max_uses, (terms).max_uses));
    END IF;
END;
$$;

-- A number of rows asked for or given: within the maximum.
CREATE FUNCTION warrant_internal.check_rows_within(max_rows bigint, terms warrant_internal.terms) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    IF NOT warrant_internal.is_row_limit(max_rows) THEN
        PERFORM warrant_internal.fail('22023', 'max_rows must be between 1 and 10^15', 'NULL is no limit.');
    ELSIF max_rows > (terms).max_rows THEN
        PERFORM warrant_internal.fail('22023', format('max_rows %s is more than the %s that the policy allows', max_rows, (terms).max_rows));
    END IF;
END;
$$;

-- How many statements, and of how many rows, for a message; NULL where neither is limited.
CREATE FUNCTION warrant_internal.uses_in_words(max_uses integer, max_rows bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    RETURN nullif(concat_ws(' of at most ', coalesce(max_uses || CASE max_uses WHEN 1 THEN ' statement' ELSE ' statements' END, CASE WHEN max_rows > 0 THEN 'any number of statements' END),
                            max_rows || CASE max_rows WHEN 1 THEN ' row' ELSE ' rows' END), '');
END;
$$;

-- For a message: which of the policies require a reason, and what those that require a ticket ask of it, of what is asked about.
CREATE FUNCTION warrant_internal.that_require(policy_ids bigint[], of_reason boolean, of_ticket boolean) RETURNS text LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN (SELECT string_agg(format('policy "%s" requires %s', warrant_internal.in_one_line(p.name, 128), w.words), ', ' ORDER BY p.id)
              FROM warrant.policies p, concat_ws(' and ', CASE WHEN of_reason AND p.require_reason THEN 'a reason' END,
                                                 CASE WHEN of_ticket THEN 'a ticket that matches ' || warrant_internal.in_one_line(p.ticket_pattern, 80) END) AS w (words)
             WHERE p.id = ANY (policy_ids) AND w.words <> '');
END;
$$;

-- A pattern is evaluated in the session, whose call has of each that it looked at whether the ticket matches. These are the patterns that it does match.
CREATE FUNCTION warrant_internal.fitted(args jsonb) RETURNS text[] LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    RETURN ARRAY(SELECT f.key FROM jsonb_each(coalesce(args->'fits', '{}')) AS f WHERE f.value = 'true');
END;
$$;

-- What the session is to look at before the call can be done, as its answer: the ticket, and patterns that it has not looked at yet. NULL for nothing.
CREATE FUNCTION warrant_internal.patterns_to_fit(terms warrant_internal.terms, ticket text, args jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    most CONSTANT integer := 10;
    unknown CONSTANT text[] := ARRAY(SELECT p FROM unnest((terms).ticket_patterns) AS p WHERE NOT coalesce(args->'fits', '{}') ? p LIMIT most);
BEGIN
    IF ticket <> '' THEN
        PERFORM warrant_internal.check_ticket(ticket);
        RETURN CASE WHEN unknown <> '{}' THEN concat_ws(E'\n', 'fits?', ticket, array_to_string(unknown, E'\n')) END;
    END IF;
    RETURN NULL;
END;
$$;

-- A ticket stands in cards and rows of the log as it is.
CREATE FUNCTION warrant_internal.check_ticket(ticket text) RETURNS void LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    IF octet_length(ticket) > 100 OR ticket <> coalesce(warrant_internal.in_one_line(ticket, 100), '') THEN
        PERFORM warrant_internal.fail('22023', 'a ticket is one line of at most 100 bytes, without blanks around it');
    END IF;
END;
$$;

-- What the terms require and is not given, in words; NULL for nothing. fits: the patterns that the ticket matches.
CREATE FUNCTION warrant_internal.lacking(terms warrant_internal.terms, reason text, ticket text, fits text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    RETURN nullif(concat_ws(' and ', CASE WHEN (terms).require_reason AND coalesce(reason, '') = '' THEN 'a reason' END,
                            CASE WHEN (terms).ticket_patterns IS NOT NULL AND (coalesce(ticket, '') = '' OR NOT coalesce((terms).ticket_patterns <@ fits, false)) THEN 'a ticket' END), '');
END;
$$;

-- Raises 22023 where a call does not give what the terms require, or a ticket that does not fit, all of it at once; NULL is not looked at.
CREATE FUNCTION warrant_internal.check_given(policy_ids bigint[], terms warrant_internal.terms, reason text, ticket text, fits text[]) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    of_reason CONSTANT boolean := coalesce(reason = '' AND (terms).require_reason, false);
    of_ticket CONSTANT boolean := ticket IS NOT NULL AND warrant_internal.lacking(terms, 'given', ticket, fits) IS NOT NULL;
BEGIN
    IF of_reason OR of_ticket THEN
        PERFORM warrant_internal.fail('22023', warrant_internal.that_require(policy_ids, of_reason, of_ticket),
                                      format('Give %s in the call: %s.', CASE WHEN of_reason AND of_ticket THEN 'both' ELSE 'one' END,
                                             concat_ws(', ', CASE WHEN of_reason THEN 'reason => ''...''' END, CASE WHEN of_ticket THEN 'ticket => ''...''' END)),
                                      CASE WHEN of_ticket AND ticket <> '' THEN format('"%s" does not match.', ticket) END);
    END IF;
END;
$$;

-- Whether words say nothing: blanks and marks that show nothing are no words.
CREATE FUNCTION warrant_internal.is_blank(words text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    RETURN coalesce(warrant_internal.in_one_line(words, 10), '') = '';
END;
$$;

-- Who decides has to say why where one of the policies wants it; parameter takes it.
CREATE FUNCTION warrant_internal.check_comment(policy_ids bigint[], comment text, parameter text) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    IF warrant_internal.is_blank(comment) AND EXISTS (SELECT FROM warrant.policies p WHERE p.id = ANY (policy_ids) AND p.require_comment) THEN
        PERFORM warrant_internal.fail('22023', format('policy %s requires a comment', (SELECT string_agg(format('"%s"', p.name), ', ' ORDER BY p.id)
                                                                                         FROM warrant.policies p WHERE p.id = ANY (policy_ids) AND p.require_comment)),
                                      format('Say why in the call: %s => ''...''.', parameter));
    END IF;
END;
$$;

-- Where one of the policies approves single statements alone, there has to be one. What is no SELECT, INSERT, UPDATE, DELETE or MERGE never is: nobody can
-- approve it, and only another policy lets it run.
CREATE FUNCTION warrant_internal.check_exact(items warrant_internal.item[], exact bytea, not_exact text DEFAULT NULL) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    of_statements CONSTANT text[] := '{SELECT,INSERT,UPDATE,DELETE,UPDATE_ALL,DELETE_ALL,LOCK,EXPORT}';
    most CONSTANT integer := 5;
    exacting text;
    targets text[];
    never text;
    alter_it text;
    others CONSTANT boolean := EXISTS (SELECT FROM unnest(items) AS o JOIN warrant.policies q ON q.id = o.policy_id AND NOT q.exact);
BEGIN
    IF exact IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT string_agg(DISTINCT format('"%s"', warrant_internal.in_one_line(p.name, 128)), ', '),
           array_agg(DISTINCT warrant_internal.in_one_line(warrant_internal.target_in_words(p), 130)),
           (SELECT string_agg(DISTINCT c, ', ') FROM unnest(items) AS o JOIN warrant.policies q ON q.id = o.policy_id AND q.exact, unnest(o.commands) AS c WHERE c <> ALL (of_statements)),
           min(format('warrant.alter_policy(%s, ''{"exact": false}'')', warrant_internal.plain_literal(p.name)))
      INTO exacting, targets, never, alter_it FROM unnest(items) AS i JOIN warrant.policies p ON p.id = i.policy_id WHERE p.exact;
    IF exacting IS NOT NULL THEN
        PERFORM warrant_internal.fail('22023', format('policy %s approves single statements alone', exacting) || coalesce(', and this is none: ' || nullif(not_exact, ''), ''),
            CASE WHEN never IS NOT NULL THEN format('Nobody can approve %s under it. An administrator can make a policy of its own for that, or have this one approve more: %s.', never, alter_it)
                 WHEN others THEN 'Ask for the others without it: on_tables => ''{...}''. For this run the statement, or ask for it: SELECT warrant.request_statement(''...'').'
                 WHEN not_exact IS NULL THEN 'Run the statement, or ask for it: SELECT warrant.request_statement(''...'').'
                 ELSE format('Send it as one SELECT, INSERT, UPDATE, DELETE or MERGE of the client''s own. For what cannot be one, an administrator can have the policy approve more: %s.', alter_it) END,
            format('It is on %s.', array_to_string(targets[:most], ', ') || CASE WHEN cardinality(targets) > most THEN format(' and %s more', cardinality(targets) - most) ELSE '' END));
    END IF;
END;
$$;

-- A policy can be dropped while an action under it runs: then it is as if it had been gone before.
CREATE FUNCTION warrant_internal.check_policies_stay(still_there boolean) RETURNS void LANGUAGE plpgsql
AS $$
BEGIN
    IF NOT still_there THEN
        PERFORM warrant_internal.fail('55006', 'the policy has just been dropped', 'Run the statement again.');
    END IF;
END;
$$;

-- Whether a part of a grant counts: it was made under terms that its policy still has, or would be given again under those that it has now.
CREATE FUNCTION warrant_internal.stands(scope warrant.grant_scopes, policy warrant.policies) RETURNS boolean LANGUAGE sql IMMUTABLE
AS $$
    SELECT coalesce(($1).policy_version, 0) OPERATOR(pg_catalog.>=) coalesce(($2).terms_from, 0)
           OR coalesce(($1).grant_id OPERATOR(pg_catalog.=) ANY (($2).kept_grants), false)
$$;
