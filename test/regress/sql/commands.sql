-- warrant.commands: each statement of this server is there, or in the written list of those that touch no protected object.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
-- A statement that the gate does not know would be listed here.
SELECT statement FROM warrant_internal.statements() WHERE NOT known;
SELECT statement, count(*) FROM warrant_internal.statements() GROUP BY statement HAVING count(*) > 1;
\c - regress_clerk
SELECT * FROM warrant.commands ORDER BY statement COLLATE "C";
\c - :owner
SELECT statement AS harmless FROM warrant_internal.statements() WHERE needs IS NULL ORDER BY statement COLLATE "C";
\set file :directory '/sql/include/leave.sql'
\i :file
