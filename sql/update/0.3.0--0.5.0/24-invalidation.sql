-- A change of one grant reaches its grantee alone.
DROP TRIGGER invalidate ON warrant.grant_scopes;
CREATE TRIGGER invalidate AFTER TRUNCATE ON warrant.grant_scopes FOR EACH STATEMENT EXECUTE FUNCTION warrant_internal.invalidate('grant_epoch');
CREATE TRIGGER invalidate_grantee AFTER INSERT OR UPDATE OR DELETE ON warrant.grant_scopes
    FOR EACH ROW EXECUTE FUNCTION warrant_internal.invalidate('grant_epoch');
ALTER TABLE warrant.grant_scopes ENABLE ALWAYS TRIGGER invalidate;
ALTER TABLE warrant.grant_scopes ENABLE ALWAYS TRIGGER invalidate_grantee;

-- So that the recorder, which keeps the names of their targets, hears of them.
CREATE TRIGGER invalidate AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON warrant.profiles
    FOR EACH STATEMENT EXECUTE FUNCTION warrant_internal.invalidate('policy_epoch');
ALTER TABLE warrant.profiles ENABLE ALWAYS TRIGGER invalidate;
