# Decisions are what the client itself sends: not a prepared statement or a cursor that code which ran in its session has left under the name of
# one of the client's own.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;
use WireClient;

my $node = GatedServer->running('sent_by_client');
my $client = WireClient->connect($node->host, $node->port, 'boss', 'postgres');

sub message { return WireClient->message(@_) }
sub query { return $client->ask(message('Q', "$_[0]\0")) }
sub parsed { return message('P', "$_[0]\0$_[1]\0", pack('n', 0)) }
sub bound { return message('B', "$_[0]\0$_[1]\0", pack('n n n', 0, 0, 0)) }
sub executed { return message('E', "$_[0]\0", pack('N', $_[1])) }
my $sync = message('S');

sub request
{
	$node->safe_as('clerk', "SELECT warrant.cancel(id) FROM warrant.my_requests WHERE state = 'pending'");
	return $node->safe_as('clerk', "SELECT warrant.request('{SELECT}', on_table => 'orders')");
}
sub state_of_request { return $node->safe_as('dba', "SELECT state FROM warrant.requests WHERE id = $_[0]") }

my $request = request();
$client->ask(parsed('S_1', 'SELECT 1::bigint') . $sync);
is(WireClient->state_of(query("DO \$\$ BEGIN DEALLOCATE \"S_1\"; PREPARE \"S_1\" AS SELECT warrant.approve($request); END \$\$")), 'none', 'another statement of the name');
is(WireClient->state_of($client->ask(bound('', 'S_1') . executed('', 0) . $sync)), '42501', 'decides nothing');
is(state_of_request($request), 'pending', 'and the request waits');

my %swaps = (
	'DECLARE' => 'BEGIN EXECUTE $e$CLOSE "C_1"$e$; EXECUTE $e$DECLARE "C_1" CURSOR FOR SELECT warrant.approve(%d)$e$; END',
	'OPEN' => "DECLARE c refcursor := 'C_1'; BEGIN CLOSE c; OPEN c FOR SELECT warrant.approve(%d); END",
	'OPEN FOR EXECUTE' => "DECLARE c refcursor := 'C_1'; BEGIN CLOSE c; OPEN c FOR EXECUTE 'SELECT warrant.approve(%d)'; END",
	'OPEN of a bound cursor' => "DECLARE c CURSOR FOR SELECT warrant.approve(%d); BEGIN c := 'C_1'; CLOSE c; OPEN c; END",
);
for my $how (sort keys %swaps)
{
	$request = request();
	query('BEGIN');
	my @first = $client->ask(parsed('', 'SELECT g::bigint FROM generate_series(1, 9) AS g') . bound('C_1', '') . executed('C_1', 2) . $sync);
	is(WireClient->shape_of(@first), '12DDsZ', "$how: the first rows of the client's own");
	is(WireClient->state_of(query('DO $$ ' . sprintf($swaps{$how}, $request) . ' $$')), 'none', 'another cursor of the name');
	is(WireClient->state_of($client->ask(executed('C_1', 2) . $sync)), '42501', 'decides nothing');
	query('ROLLBACK');
	is(state_of_request($request), 'pending', 'and the request waits');
}
is($node->safe_as('auditor', "SELECT count(*) FROM warrant.audit_log WHERE event = 'indirect_attempt' AND session_user_name = 'boss'"), 1 + keys %swaps,
	'each attempt is audited');

# The client's own, by the same messages.
$client->ask(parsed('S_2', "SELECT warrant.approve($request)") . $sync);
is(WireClient->state_of($client->ask(bound('C_2', 'S_2') . executed('C_2', 0) . $sync)), 'none', "the client's own prepared statement decides");
is(state_of_request($request), 'approved', 'and the request is approved');
$request = request();
is(WireClient->state_of($client->ask(parsed('', "SELECT warrant.approve($request)") . bound('', '') . executed('', 0) . $sync)), 'none', 'one without a name');
is(state_of_request($request), 'approved', 'as well');
$client->close;
$node->stop;
done_testing();
