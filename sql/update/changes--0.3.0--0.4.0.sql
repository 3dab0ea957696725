-- What has a state of its own. Functions and views follow as they are now: a view that has lost or moved a column, and a function whose parameters
-- or result are others now, is dropped here first.

-- What grows with the number of grants.
DROP FUNCTION warrant.guards_changed();
CREATE INDEX grant_scopes_by_policy ON warrant.grant_scopes (policy_id) WHERE NOT closed;
CREATE INDEX grant_scopes_by_target ON warrant.grant_scopes (grantee, target) WHERE NOT closed;
DROP INDEX warrant.grant_scopes_by_grantee;

-- A delivery that fails is tried again while its request waits.
ALTER TABLE warrant.deliveries ADD COLUMN awaited boolean, ADD COLUMN not_before timestamptz;
ALTER TABLE warrant.deliveries ALTER COLUMN awaited SET DEFAULT true;
DROP FUNCTION warrant.claim_deliveries(boolean, integer);
-- The recorder does it itself.
DROP FUNCTION warrant.notify_after(bigint);
COMMENT ON COLUMN warrant.deliveries.awaited IS 'it has had no answer, and no error, since somebody was refused by its request';
COMMENT ON COLUMN warrant.deliveries.not_before IS 'what the endpoint asked for with Retry-After';
CREATE INDEX deliveries_by_request ON warrant.deliveries (request_id);
DROP FUNCTION warrant.check_duration(interval, text);
DROP FUNCTION warrant.relaxes(warrant.policies);

CREATE TABLE warrant.identities (
    role oid,
    identity text,
    PRIMARY KEY (role, identity)
);
COMMENT ON TABLE warrant.identities IS 'as whom the server has authenticated the logins that have asked, decided or been refused: two logins of one identity are one human';
ALTER TABLE warrant.grant_scopes ADD COLUMN granters text[];
COMMENT ON COLUMN warrant.grant_scopes.granters IS 'the persons who approved it, who cannot use it themselves, whatever their login';
DROP FUNCTION warrant.make_grant(jsonb, bigint, oid, name[], interval, integer, text, warrant.item[]);
