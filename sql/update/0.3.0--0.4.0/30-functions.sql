-- Functions that are gone, and those whose parameters or result are others now: these are made anew by what follows.
DROP FUNCTION warrant_internal.check_decider(jsonb, warrant.requests);
DROP FUNCTION warrant_internal.check_duration(interval, text);
DROP FUNCTION warrant_internal.claim_deliveries(boolean, integer);
DROP FUNCTION warrant_internal.governing_policy(oid, text, oid);
DROP FUNCTION warrant_internal.governing_schema_policy(oid, text, oid);
DROP FUNCTION warrant_internal.guards_changed();
DROP FUNCTION warrant_internal.items_on(oid, text[], oid);
DROP FUNCTION warrant_internal.make_grant(jsonb, bigint, oid, name[], interval, integer, text, warrant_internal.item[]);
DROP FUNCTION warrant_internal.next_seq();
DROP FUNCTION warrant_internal.notify_after(bigint);
DROP FUNCTION warrant_internal.protect_notice(oid[], oid[]);
DROP FUNCTION warrant_internal.relaxes(warrant.policies);
DROP FUNCTION warrant_internal.seal(text, jsonb, bigint, bigint, text, oid, name, name, text, integer, text, jsonb, bytea, text);
DROP FUNCTION warrant_internal.seal_time();
DROP FUNCTION warrant_internal.setting_interval(text);
