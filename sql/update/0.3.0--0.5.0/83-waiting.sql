-- A row a request, and other columns.
DROP VIEW warrant.pending;

-- The live grants are for everybody, each row for who may see it.
REVOKE ALL ON warrant.active_grants FROM warrant_approver, warrant_auditor, warrant_admin;
