-- What runs out: a request that nobody decided, and a grant.
\getenv directory PG_ABS_SRCDIR
\set file :directory '/sql/include/enter.sql'
\i :file
CREATE TABLE ledger (a int);
CREATE TABLE orders (a int);
GRANT ALL ON ledger, orders TO PUBLIC;
SELECT warrant.create_policy('short', 'approve', on_table => 'ledger', request_ttl => '1 s');
SELECT warrant.create_policy('long', 'approve', on_table => 'orders');
\c - regress_clerk
SELECT warrant.request('{SELECT}', on_table => 'ledger');
SELECT stage.eventually('SELECT state = ''expired'' FROM warrant.requests WHERE id = 1');
SELECT * FROM stage.try('SELECT warrant.cancel(1)');
CALL warrant.wait_for(1);
SELECT warrant.request('{SELECT}', on_table => 'ledger');
\c - regress_chief
SELECT count(*) FROM warrant.pending WHERE id = 1;
SELECT warrant.approve(1);
SELECT warrant.deny(1);
SELECT event, who, request FROM stage.news() WHERE request = 1;

-- A grant ends by itself; after it the statement is refused, and revoking it is too late.
SELECT warrant.grant('regress_clerk', '{SELECT}', on_table => 'orders', duration => '1 s');
SELECT stage.eventually('SELECT closed_at IS NOT NULL FROM warrant.grants WHERE id = 1');
SELECT state, message, regexp_replace(detail, '\d+ seconds?', '...') AS detail FROM stage.try('SELECT warrant.extend(1)');
\set VERBOSITY terse
SELECT warrant.revoke(1);
\set VERBOSITY default
SELECT count(*) FROM warrant.active_grants;
\c - regress_clerk
SELECT * FROM orders;
SELECT event, who, command, "grant" FROM stage.news() WHERE event <> 'request_expired';

\c - :owner
\set file :directory '/sql/include/leave.sql'
\i :file
