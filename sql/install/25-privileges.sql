-- Who reads which table.

GRANT SELECT ON warrant.policies, warrant.persons, warrant.profiles, warrant.identities, warrant.webhooks, warrant.deliveries, warrant.requests, warrant.request_items, warrant.request_statements, warrant.reminders, warrant.decisions, warrant.delegations, warrant.grants,
    warrant.grant_scopes, warrant.grant_uses, warrant.auto_stops, warrant.audit_log, warrant.audit_text TO warrant_auditor;
GRANT SELECT ON warrant.policies, warrant.persons, warrant.profiles, warrant.identities, warrant.webhooks, warrant.deliveries TO warrant_admin;
GRANT SELECT ON warrant.policies, warrant.requests, warrant.request_items, warrant.decisions, warrant.delegations, warrant.grants, warrant.grant_scopes, warrant.grant_uses, warrant.auto_stops
    TO warrant_approver;
