# Whoever listens on the channel is told of each event with its request and its grant, also of more than the recorder keeps of a batch.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('events');
my $listener = $node->session_as('auditor');
$node->ask($listener, 'LISTEN warrant');

# The payloads until the last one matches, in their order.
sub told_until
{
	my ($last) = @_;
	my @told;
	my $came = $node->eventually(sub {
		my ($out) = $node->ask($listener, 'SELECT 1');
		push @told, $out =~ /with payload "(.*)" received/g;
		return grep { /$last/ } @told;
	});
	ok($came, "told of $last") or diag(join "\n", @told);
	return join "\n", @told;
}

$node->sqlstate_as('clerk', 'DELETE FROM orders WHERE id > 0');
$node->safe_as('boss', 'SELECT warrant.deny(1)');
$node->sqlstate_as('clerk', 'DELETE FROM orders WHERE id > 0');
$node->safe_as('boss', 'SELECT warrant.approve(2, max_uses => 1)');
$node->safe_as('clerk', 'DELETE FROM orders WHERE id < 0');
$node->safe_as('boss', "SELECT warrant.grant('clerk', '{DELETE}', on_table => 'orders')");
$node->safe_as('boss', 'SELECT warrant.revoke(2)');
is(told_until('grant_revoked'), <<'JSON' =~ s/\n\z//r, 'a request and its grant');
{"event" : "request_created", "request_id" : 1, "grant_id" : null}
{"event" : "request_denied", "request_id" : 1, "grant_id" : null}
{"event" : "request_created", "request_id" : 2, "grant_id" : null}
{"event" : "request_approved", "request_id" : 2, "grant_id" : 1}
{"event" : "grant_created", "request_id" : 2, "grant_id" : 1}
{"event" : "grant_used_up", "request_id" : 2, "grant_id" : 1}
{"event" : "grant_created", "request_id" : null, "grant_id" : 2}
{"event" : "grant_revoked", "request_id" : null, "grant_id" : 2}
JSON

# What is told twice in a transaction comes once: a grant on many tables has a row in the log for each.
$node->safe_as('dba', "SELECT format('CREATE TABLE many.t%s (a int)', g) FROM generate_series(1, 300) AS g \\gexec"
	=~ s/^/CREATE SCHEMA many;\n/r . "\nSELECT warrant.protect_schema('many'); GRANT USAGE ON SCHEMA many TO clerk; GRANT SELECT ON ALL TABLES IN SCHEMA many TO clerk");
my $tables = $node->safe_as('dba', "SELECT array_agg(c.oid::regclass) FROM pg_class c WHERE relnamespace = 'many'::regnamespace");
$node->safe_as('clerk', "SELECT warrant.request('{SELECT}', on_tables => '$tables')");
$node->safe_as('boss', 'SELECT warrant.approve(3)');
is(told_until('grant_created'), <<'JSON' =~ s/\n\z//r, 'a grant on 300 tables');
{"event" : "request_created", "request_id" : 3, "grant_id" : null}
{"event" : "request_approved", "request_id" : 3, "grant_id" : 3}
{"event" : "grant_created", "request_id" : 3, "grant_id" : 3}
JSON
$listener->quit;
$node->stop;
done_testing();
