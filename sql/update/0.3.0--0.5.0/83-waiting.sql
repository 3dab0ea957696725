-- A row a request, and other columns.
DROP VIEW warrant.pending;
