# What nobody can use any more is closed in portions, however much there is to look through.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('sweeps', 'pg_warrant.max_pending = 10000', 'max_locks_per_transaction = 512');
$node->safe_as('dba', q{CREATE SCHEMA many; GRANT USAGE ON SCHEMA many TO clerk, boss; DO $$ BEGIN FOR i IN 1..2200 LOOP EXECUTE format('CREATE TABLE many.t%s (a int)', i);
	EXECUTE format('GRANT SELECT ON many.t%s TO clerk', i); END LOOP; END $$; SELECT warrant.create_policy('many', 'approve', on_schema => 'many')});
$node->safe_as('boss', sprintf(q{SELECT format('SELECT warrant.grant(''clerk'', ''{SELECT}'', on_tables => %%L)', array_agg(oid)) FROM pg_class WHERE relnamespace = 'many'::regnamespace AND relkind = 'r' AND oid::bigint %% 4 = %d \\gexec}, $_) . "\n") for 0 .. 3;
is($node->safe_as('dba', 'SELECT count(DISTINCT target) FROM warrant.grant_scopes WHERE NOT closed AND grantee = (SELECT oid FROM pg_roles WHERE rolname = $$clerk$$)'), '2200', 'there are more than a portion');
$node->safe_as('boss', "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'many.$_')") for 't1', 't2200';

# 600 pending requests, each of a role of its own.
$node->safe_as('dba', q{DO $$ BEGIN FOR i IN 1..600 LOOP EXECUTE format('CREATE ROLE asker_%s LOGIN', i); EXECUTE format('GRANT USAGE ON SCHEMA many TO asker_%s', i);
	EXECUTE format('GRANT SELECT ON many.t1, many.t2 TO asker_%s', i); END LOOP; END $$});
my $asks = join '', map { "SET SESSION AUTHORIZATION asker_$_;\nSELECT warrant.request('{SELECT}', on_table => 'many.t2');\n" } 1 .. 600;
$node->psql('postgres', $asks, on_error_stop => 1, extra_params => [ '-U', 'dba' ]);
is($node->safe_as('dba', q{SELECT count(*) FROM warrant.pending}), '600', 'and requests');

$node->restart;
$node->wait_until_ready;
$node->safe_as('dba', 'REVOKE ALL ON many.t1, many.t2 FROM asker_1, asker_600; REVOKE USAGE ON SCHEMA many FROM asker_1, asker_600; DROP ROLE asker_1, asker_600; DROP TABLE many.t1, many.t2200');
ok($node->eventually(sub { $node->safe_as('dba', q{SELECT count(*) FROM warrant.audit_log WHERE event = 'request_cancelled' AND comment = 'the role that filed it is gone'}) eq '2' }),
	'requests are found behind the first portion, too');
ok($node->eventually(sub { $node->safe_as('dba', q{SELECT count(*) FROM warrant.audit_log WHERE event = 'grant_revoked' AND comment = 'what it covers is gone'}) eq '2' }), 'and grants');
is($node->safe_as('dba', q{SELECT count(*) FROM warrant.pending}), '598', 'the others stay');
$node->log_is_sound;
$node->stop;
done_testing;
