-- Only what is committed counts, in both directions: definitions of the open transaction neither close nor open the gate for it.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int);
GRANT ALL ON ledger TO PUBLIC;
GRANT warrant_admin TO regress_clerk;
DO $$ BEGIN PERFORM stage.settle(); END $$;    -- definitions of a batch come before its other rows
\c - regress_clerk
BEGIN;
SELECT warrant.protect('ledger');
SELECT * FROM ledger /* 1 */;
SAVEPOINT s;
SELECT * FROM ledger /* 2 */;
COMMIT;
SELECT * FROM ledger /* 3 */;

BEGIN;
SELECT warrant.unprotect('ledger');
SELECT * FROM ledger /* 4 */;
ROLLBACK;
SELECT * FROM ledger /* 5 */;
BEGIN;
SELECT warrant.unprotect('ledger');
SAVEPOINT s;
SELECT * FROM ledger /* 6 */;
ROLLBACK TO s;
SELECT warrant.create_policy('way in', 'open', on_table => 'ledger', priority => 9);
SELECT * FROM ledger /* 7 */;
ROLLBACK;
SELECT * FROM ledger /* 8 */;

BEGIN;
SELECT warrant.unprotect('ledger');
COMMIT;
SELECT * FROM ledger /* 9 */;

-- A request of a transaction that rolls back stays, and is told so.
\c - :owner
-- The recorder cancels what nobody can decide any more in a moment.
SELECT stage.eventually($$SELECT state = 'cancelled' FROM stage.settle(), warrant.requests WHERE id = 1$$);
SELECT warrant.protect('ledger');
\c - regress_clerk
BEGIN;
SELECT warrant.request('{INSERT}', on_table => 'ledger');
ROLLBACK;
BEGIN;
UPDATE ledger SET a = 1 WHERE a IS NOT NULL;
ROLLBACK;
SELECT id, state, commands FROM warrant.my_requests ORDER BY id;
-- What was refused and what was defined is in the audit log; what was rolled back is not.
SELECT event, who, command, request, comment FROM stage.news();

\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
