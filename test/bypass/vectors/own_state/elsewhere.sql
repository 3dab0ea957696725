-- Where the gate is not, or is not what it was: copies, other databases, replication connections, rules that it cannot read.

--- copied_grant: a copy of the database has the grants, too
-- in copy
-- needs SELECT on orders
-- setup
\if :gated
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
\endif
-- gate
SELECT 1;
-- granted
SELECT warrant.adopt();
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
-- attack
TABLE orders;

--- grant_elsewhere: so has a server that was made from another one's files, which bears another name
-- needs nothing
-- configuration
pg_warrant.instance = 'staging'
-- gate
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
-- attack
TABLE orders;

--- lost_policies: the policies are lost, as on a broken disk
-- needs nothing
-- error 55000
-- setup
CREATE DATABASE copy;
\c copy
CREATE TABLE orders AS SELECT :'secret' AS card;
GRANT ALL ON orders TO clerk;
\if :gated
CREATE EXTENSION pg_warrant;
CREATE EXTENSION pg_surgery;
SELECT warrant.protect('orders');
SELECT heap_force_kill('warrant.policies', array_agg(ctid)) FROM warrant.policies;
\endif
\c market
-- attack
\c copy
TABLE orders;

--- lost_home: a copy of the grants has lost the row that says where they were made
-- in copy
-- needs nothing
-- error 55000
-- setup
\if :gated
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
\endif
-- gate
CREATE EXTENSION pg_surgery;
SELECT heap_force_kill('warrant.grant_scopes', array_agg(ctid)) FROM warrant.grant_scopes WHERE target_kind = '!';
-- attack
TABLE orders;

--- unknown_effect: a policy of an effect that this release does not know
-- in copy
-- needs SELECT on orders
-- gate
SELECT warrant.adopt();
SELECT warrant.protect('orders');
\set policies :files '/policies'
COPY (SELECT * FROM warrant.policies WHERE target_kind <> '!') TO :'policies';
SELECT warrant.drop_policy(name) FROM warrant.policies WHERE target_kind <> '!';
SET allow_system_table_mods = on;
DELETE FROM pg_constraint WHERE conname = 'policies_effect_check';
UPDATE pg_class SET relchecks = relchecks - 1 WHERE oid = 'warrant.policies'::regclass;
\setenv POLICIES :policies
\! sed -i 's/\tapprove\t/\tredact\t/' "$POLICIES"
COPY warrant.policies FROM :'policies';
-- granted
SELECT warrant.drop_policy(name) FROM warrant.policies WHERE target_kind <> '!';
SELECT warrant.protect('orders');
SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders');
-- attack
TABLE orders;

--- without_extension: a database that must have the gate, and has it not
-- needs nothing
-- error 55000
-- setup
CREATE DATABASE copy;
\c copy
CREATE TABLE orders AS SELECT :'secret' AS card;
GRANT ALL ON orders TO clerk;
\c market
-- configuration
pg_warrant.required_databases = 'copy'
-- attack
\c copy
TABLE orders;

--- written_without_extension: nor is it written there
-- needs nothing
-- error 55000
-- shows ^it is written$
-- setup
CREATE DATABASE copy;
\c copy
CREATE TABLE orders (card text);
GRANT ALL ON orders TO clerk;
\c market
-- configuration
pg_warrant.required_databases = 'copy'
-- attack
\c copy
COPY orders FROM STDIN;
4111111111111111
\.
SELECT 'it is written';

--- base_backup: the files, by a replication connection
-- as temp
-- needs nothing
-- says role "temp" may not open a replication connection
-- setup
CREATE ROLE temp LOGIN REPLICATION;
-- configuration
pg_warrant.replication_roles = 'nobody'
-- attack
\setenv SECRET :secret
\! pg_basebackup -X none -c fast -Ft -D - | grep -ao $SECRET

--- received_changes: the changes of others, by another
-- as temp
-- needs nothing
-- says role "temp" may not open a replication connection
-- setup
CREATE ROLE temp LOGIN REPLICATION;
-- configuration
pg_warrant.replication_roles = 'nobody'
-- attack
\! pg_recvlogical -d market -S changes --create-slot -P test_decoding
\! psql -Xq -U dba -c "UPDATE shop.orders SET status = status"
\! pg_recvlogical -d market -S changes --start -f - --endpos $(psql -XAtc "SELECT pg_current_wal_lsn()")
-- after
SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots;
