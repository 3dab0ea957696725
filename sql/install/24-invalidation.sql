-- Invalidation: triggers that tell all sessions what has changed.

-- Two empty tables whose relcache entries stand for "the policies" and "the grants" in every backend.
CREATE TABLE warrant.policy_epoch ();
CREATE TABLE warrant.grant_epoch ();
COMMENT ON TABLE warrant.policy_epoch IS 'internal: sessions forget the policies they know when this changes';
COMMENT ON TABLE warrant.grant_epoch IS 'internal: sessions forget the grants they know when this changes';

CREATE FUNCTION warrant_internal.invalidate() RETURNS trigger LANGUAGE c AS 'MODULE_PATHNAME', 'warrant_invalidate';

CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON warrant.policies
    FOR EACH STATEMENT EXECUTE FUNCTION warrant_internal.invalidate('policy_epoch');
CREATE TRIGGER invalidate AFTER TRUNCATE ON warrant.grant_scopes FOR EACH STATEMENT EXECUTE FUNCTION warrant_internal.invalidate('grant_epoch');
CREATE TRIGGER invalidate_grantee AFTER INSERT OR UPDATE OR DELETE ON warrant.grant_scopes
    FOR EACH ROW EXECUTE FUNCTION warrant_internal.invalidate('grant_epoch');
ALTER TABLE warrant.policies ENABLE ALWAYS TRIGGER invalidate;
ALTER TABLE warrant.grant_scopes ENABLE ALWAYS TRIGGER invalidate;
ALTER TABLE warrant.grant_scopes ENABLE ALWAYS TRIGGER invalidate_grantee;

-- So that the recorder, which keeps the names of their targets, hears of them.
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON warrant.profiles
    FOR EACH STATEMENT EXECUTE FUNCTION warrant_internal.invalidate('policy_epoch');
ALTER TABLE warrant.profiles ENABLE ALWAYS TRIGGER invalidate;
