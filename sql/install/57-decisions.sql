CREATE FUNCTION warrant_internal.do_request(origin jsonb, args jsonb) RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN warrant_internal.file_request(origin, warrant_internal.user_of(origin), warrant_internal.items_of(warrant_internal.user_of(origin), args), args->>'reason',
                                (args->>'duration')::interval, (args->>'max_uses')::integer, true);
END;
$$;

-- Ends the deliveries of a request that has ended, for whose answer nobody waits any more. One that is being sent ends with its answer.
CREATE FUNCTION warrant_internal.drop_deliveries(request_id bigint) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE warrant.deliveries d SET state = 'dropped', ended_at = clock_timestamp(), awaited = false WHERE d.request_id = drop_deliveries.request_id AND d.state = 'queued';
END;
$$;

CREATE FUNCTION warrant_internal.do_cancel(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request warrant.requests := warrant_internal.pending_request((args->>'request_id')::bigint);
BEGIN
    IF NOT (CASE WHEN warrant_internal.is_in_pool(origin) THEN request.requester = warrant_internal.user_of(origin) ELSE warrant_internal.is_requester(origin, request) END) THEN
        PERFORM warrant_internal.fail('42501', format('permission denied to cancel request %s', request.id));
    END IF;
    UPDATE warrant.requests r SET state = 'cancelled', decided_at = warrant_internal.monotonic_now() WHERE r.id = request.id;
    PERFORM warrant_internal.drop_deliveries(request.id);
    PERFORM warrant_internal.seal('request_cancelled', origin, jsonb_build_object('request_id', request.id));
END;
$$;

-- Keeps an approval that was found valid; with the last one that the quorum needs the grant is made.
CREATE FUNCTION warrant_internal.enter_approval(origin jsonb, request warrant.requests, items warrant_internal.item[], terms warrant_internal.terms, approver oid,
    approver_name text, person text, duration interval, max_uses integer, comment text) RETURNS bigint LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    policy_ids bigint[] := warrant_internal.policies_of(items);
    votes record;
    made bigint;
BEGIN
    INSERT INTO warrant.decisions VALUES ((request).id, warrant_internal.monotonic_now(), approver, approver_name, person, true, duration, comment, max_uses);
    IF warrant_internal.approvals_of(request, policy_ids) < greatest((request).min_approvals, (terms).min_approvals) THEN
        PERFORM warrant_internal.seal('approval', origin, jsonb_build_object('request_id', (request).id, 'comment', comment));
        RETURN NULL;
    END IF;
    PERFORM warrant_internal.seal('request_approved', origin, jsonb_build_object('request_id', (request).id, 'comment', comment));
    SELECT min(d.duration) AS duration, min(d.max_uses) AS max_uses, coalesce(array_agg(d.approver_name ORDER BY d.decided_at, d.person) FILTER (WHERE d.counts), '{}') AS approvers,
           ARRAY(SELECT DISTINCT n.name FROM unnest(array_agg(d.approver) FILTER (WHERE d.counts), array_agg(d.person) FILTER (WHERE d.counts)) AS v (approver, person)
                   CROSS JOIN LATERAL unnest(warrant_internal.names_of(v.approver, v.person)) AS n (name) WHERE v.approver <> 0 ORDER BY n.name) AS names
      INTO votes FROM (SELECT d.*, warrant_internal.vote_counts(d, policy_ids) AS counts FROM warrant.decisions d WHERE d.request_id = (request).id OFFSET 0) AS d;
    made := warrant_internal.make_grant(origin, (request).id, (request).requester, votes.approvers,
        least(votes.duration, (request).duration, CASE WHEN (request).duration IS NULL AND votes.duration IS NULL THEN (terms).default_duration END, (terms).max_duration),
        least(votes.max_uses, (request).max_uses, (terms).max_uses), (request).reason, items, votes.names);
    UPDATE warrant.requests r SET state = 'approved', decided_at = warrant_internal.monotonic_now(), grant_id = made WHERE r.id = (request).id;
    PERFORM warrant_internal.drop_deliveries((request).id);
    RETURN made;
END;
$$;

CREATE FUNCTION warrant_internal.enter_denial(origin jsonb, request warrant.requests, approver oid, approver_name text, person text, comment text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO warrant.decisions VALUES ((request).id, warrant_internal.monotonic_now(), approver, approver_name, person, false, NULL, comment, NULL);
    UPDATE warrant.requests r SET state = 'denied', decided_at = warrant_internal.monotonic_now() WHERE r.id = (request).id;
    PERFORM warrant_internal.drop_deliveries((request).id);
    PERFORM warrant_internal.seal('request_denied', origin, jsonb_build_object('request_id', (request).id, 'comment', comment));
END;
$$;

CREATE FUNCTION warrant_internal.approve_one(origin jsonb, request_id bigint, duration interval, max_uses integer, comment text) RETURNS bigint LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request warrant.requests := warrant_internal.pending_request(request_id);
    items warrant_internal.item[] := warrant_internal.items_of_request(request_id);
    terms warrant_internal.terms := warrant_internal.terms_of(warrant_internal.policies_of(items));
BEGIN
    PERFORM warrant_internal.check_decider(origin, request, warrant_internal.policies_of(items));
    IF warrant_internal.own_votes(origin, request_id) <> '{}' THEN
        PERFORM warrant_internal.fail('55006', format('request %s was approved by the same person before', request_id), 'warrant.deny takes that back, and denies it.');
    END IF;
    IF NOT warrant_internal.role_exists(request.requester) THEN
        PERFORM warrant_internal.fail('55006', format('role "%s", which filed request %s, is gone', request.requester_name, request.id));
    END IF;
    PERFORM warrant_internal.check_within(duration, max_uses, terms);
    IF duration > request.duration THEN
        PERFORM warrant_internal.fail('22023', format('an approval cannot be longer than the %s that were asked for', request.duration));
    ELSIF max_uses > request.max_uses THEN
        PERFORM warrant_internal.fail('22023', format('an approval cannot have more than the %s uses that were asked for', request.max_uses));
    END IF;
    IF request.amended_at IS NOT NULL THEN    -- perhaps since he looked
        PERFORM warrant_internal.tell(format('request %s had been amended; it says now: %s', request.id, warrant_internal.words_of(request)));
    END IF;
    RETURN warrant_internal.enter_approval(origin, request, items, terms, warrant_internal.user_of(origin), origin->>'session_user_name', warrant_internal.person_of(origin),
                                  duration, max_uses, comment);
END;
$$;

CREATE FUNCTION warrant_internal.deny_one(origin jsonb, request_id bigint, comment text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request warrant.requests := warrant_internal.pending_request(request_id);
BEGIN
    PERFORM warrant_internal.check_decider(origin, request, warrant_internal.policies_of(warrant_internal.items_of_request(request_id)));
    DELETE FROM warrant.decisions d WHERE d.request_id = request.id AND d.person = ANY (warrant_internal.own_votes(origin, request.id));
    PERFORM warrant_internal.enter_denial(origin, request, warrant_internal.user_of(origin), origin->>'session_user_name', warrant_internal.person_of(origin), comment);
END;
$$;
