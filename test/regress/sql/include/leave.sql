-- Takes away what enter.sql has made.
\set ECHO none
\c :home :owner
SET client_min_messages = warning;
DROP DATABASE regress_warrant;
DROP ROLE regress_clerk, regress_other, regress_chief, regress_deputy, regress_dba, regress_auditor;
\set ECHO all
