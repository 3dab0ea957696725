-- Copies of a database.

-- Makes a copy a home of its own: what was granted, asked and sent elsewhere ends here.
CREATE FUNCTION warrant_internal.do_adopt(origin jsonb, args jsonb) RETURNS void LANGUAGE plpgsql
AS $$
DECLARE
    adopter name := origin->>'session_user_name';
BEGIN
    IF NOT warrant_internal.is_administrator(warrant_internal.user_of(origin)) THEN
        PERFORM warrant_internal.fail('42501', 'permission denied to adopt this database', 'A superuser, or a member of a role in "pg_warrant.admin_roles", can.');
    ELSIF warrant_internal.is_home() THEN
        PERFORM warrant_internal.fail('55006', 'this database is no copy');
    END IF;
    PERFORM warrant_internal.close_grant(origin, g.id, adopter, 'grant_revoked', 'it was made in another database') FROM warrant.grants g WHERE g.closed_at IS NULL;
    PERFORM warrant_internal.end_request(origin, r.id, 'cancelled', 'it was filed in another database') FROM warrant.requests r WHERE r.state IN ('draft', 'pending');
    PERFORM warrant_internal.close_delegation(origin, d.delegator, 'it was made in another database') FROM warrant.delegations d;
    UPDATE warrant.deliveries d SET state = 'dropped', ended_at = clock_timestamp() WHERE d.state IN ('queued', 'sending');
    UPDATE warrant.webhooks w SET enabled = false WHERE w.enabled;
    UPDATE warrant.grant_scopes s SET policy_id = c.system_identifier, target = d.oid, schema_name = current_setting('pg_warrant.instance')
      FROM pg_control_system() AS c, pg_database d WHERE s.target_kind = '!' AND d.datname = current_database();
    PERFORM warrant_internal.seal('config_changed', origin, jsonb_build_object('comment', 'adopted this copy'));
END;
$$;
