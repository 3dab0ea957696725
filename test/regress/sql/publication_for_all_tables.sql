-- A publication FOR ALL TABLES, which has the gate's own in it, leaves requests, grants, definitions and the audit log as they are.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
ALTER TABLE stage.mark REPLICA IDENTITY FULL;
CREATE TABLE ledger (a int);
GRANT ALL ON ledger TO PUBLIC;
CREATE PUBLICATION everything FOR ALL TABLES;
SELECT warrant.create_policy('ledger', 'approve', on_table => 'ledger');
SELECT warrant.set_person('regress_chief', 'Carla');
SELECT warrant.set_person('regress_chief', 'Charlotte');
\c - regress_clerk
SELECT * FROM ledger;
SELECT warrant.request('{INSERT}', on_table => 'ledger');
SELECT warrant.cancel(2);
\c - regress_chief
SELECT warrant.approve(1, max_uses => 2);
\c - regress_clerk
SELECT * FROM ledger;
\c - regress_chief
SELECT warrant.revoke(1);
\c - regress_clerk
\set VERBOSITY sqlstate
SELECT * FROM ledger;
\set VERBOSITY default
SELECT event, command, outcome FROM stage.news() WHERE event <> 'policy_created';
\c - :owner
SELECT warrant.set_person('regress_chief', NULL);
SELECT warrant.drop_policy('ledger');
-- Nobody updates or deletes rows of these.
SELECT c.relname FROM pg_class c
 WHERE c.relnamespace = 'warrant'::regnamespace AND c.relkind = 'r' AND c.relreplident = 'd' AND NOT c.relispartition
   AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) ORDER BY c.relname;
DROP PUBLICATION everything;
\set file :directory '/sql/include/leave.sql'
\i :file
