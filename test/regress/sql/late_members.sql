-- A grant to a role serves those who were its members when it was made, for as long as they are.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int);
GRANT ALL ON ledger TO PUBLIC;
SELECT warrant.protect('ledger');
CREATE ROLE regress_team;
CREATE ROLE regress_part IN ROLE regress_team;
CREATE ROLE regress_nested LOGIN IN ROLE regress_part;
GRANT regress_team TO regress_clerk;
\c - regress_chief
SELECT warrant.grant('regress_team', '{SELECT}', on_table => 'ledger');
\c - :owner
GRANT regress_team TO regress_other;
CREATE ROLE regress_late LOGIN IN ROLE regress_part;
\c - regress_clerk
SELECT state FROM stage.try('SELECT FROM ledger');
SELECT count(*) FROM warrant.my_grants;
\c - regress_nested
SELECT state FROM stage.try('SELECT FROM ledger');
SELECT count(*) FROM warrant.my_grants;
\c - regress_other
SELECT state FROM stage.try('SELECT FROM ledger');
SELECT count(*) FROM warrant.my_grants;
\c - regress_late
SELECT state FROM stage.try('SELECT FROM ledger');
\c - :owner
REVOKE regress_team FROM regress_clerk;
\c - regress_clerk
SELECT state FROM stage.try('SELECT FROM ledger');
-- A later grant serves him who came later.
\c - regress_chief
SELECT warrant.grant('regress_team', '{SELECT}', on_table => 'ledger');
\c - regress_other
SELECT state FROM stage.try('SELECT FROM ledger');
\c - :owner
DROP ROLE regress_team, regress_part, regress_nested, regress_late;
\set file :directory '/sql/include/leave.sql'
\i :file
