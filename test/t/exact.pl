# A grant of exactly one statement over the wire: its parameters, portals and cached plans.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Test::More;
use GatedServer;
use WireClient;

my $node = GatedServer->running('exact', 'pg_warrant.refusal_rate = 1000');
$node->safe_psql('postgres', 'CREATE DOMAIN amount AS int');

my $client = WireClient->connect($node->host, $node->port, 'clerk', 'postgres');
my $sync = WireClient->message('S');
sub parse { return WireClient->message('P', "$_[0]\0$_[1]\0", pack 'n', 0); }
sub bind_to { my ($portal, $name, @values) = @_; return WireClient->message('B', "$portal\0$name\0", pack('nn', 0, scalar @values), (map { pack('N', length $_) . $_ } @values), pack 'n', 0); }
sub execute { return WireClient->message('E', "$_[0]\0", pack 'N', $_[1]); }
sub whole { my ($sql, @values) = @_; return WireClient->state_of($client->ask(parse('', $sql) . bind_to('', '', @values) . execute('', 0) . $sync)); }

# Has the last request of clerk approved.
sub approve_exactly
{
	my ($uses) = @_;
	my $id = $node->safe_psql('postgres', q{SELECT max(id) FROM warrant.requests WHERE state = 'pending'});
	return $node->sqlstate_as('boss', "SELECT warrant.approve($id, exact => true, max_uses => $uses)");
}

my $update = q{UPDATE orders SET status = $2 WHERE id = $1};
is(whole($update, 7, 'void'), '42501', 'a statement with parameters is refused');
is($node->safe_as('boss', q{SELECT value FROM warrant.pending p, warrant.show_request(p.id) WHERE item = 'statement' AND value LIKE 'with %'}),
	q{with $1 = '7'::integer, $2 = 'void'::text}, 'whoever decides sees their values');
is(approve_exactly(2), 'none', 'and approved as it was');
is(whole($update, 8, 'void'), '42501', 'other values are refused');
is(whole($update, 7, 'sent'), '42501', 'each of them counts');
is(whole(q{UPDATE orders SET status = 'void' WHERE id = 7}), '42501', 'the values in the text are another text');
is(whole($update, 7, 'void'), 'none', 'the approved values run');
my $prepared = parse('u', $update);
is(WireClient->state_of($client->ask($prepared . bind_to('', 'u', 7, 'void') . execute('', 0) . $sync)), 'none', 'also of a prepared statement');
is(WireClient->state_of($client->ask(bind_to('', 'u', 7, 'void') . execute('', 0) . $sync)), '42501', 'until the uses are spent');
is($node->safe_psql('postgres', q{SELECT string_agg(id::text, ',') FROM orders WHERE status <> 'new'}), '7', 'nothing else has changed');

# What the approver sees of them, and who else.
is($node->safe_psql('postgres', q{SELECT DISTINCT parameters FROM warrant.request_statements WHERE parameters LIKE '%void%' ORDER BY 1 LIMIT 1}),
	q{$1 = '7'::integer, $2 = 'void'::text}, 'the values are kept');
is($node->sqlstate_as('boss', 'SELECT FROM warrant.request_statements'), '42501', 'for auditors');

# A plan that is made for any values knows them only as it starts.
$client->ask(WireClient->message('Q', "SET plan_cache_mode = force_generic_plan\0"));
is(whole($update, 9, 'void'), '42501', 'a plan for any values is refused');
is(approve_exactly(1), '22023', 'it cannot be approved: its values were not known');
$client->ask(WireClient->message('Q', "RESET plan_cache_mode\0"));
$node->safe_as('clerk', q{SELECT warrant.cancel(id) FROM warrant.my_requests WHERE state = 'pending' GROUP BY id});
is(whole($update, 9, 'void'), '42501', 'a plan for these values is refused');
is(approve_exactly(1), 'none', 'and approved');
$client->ask(WireClient->message('Q', "SET plan_cache_mode = force_generic_plan\0"));
is(whole($update, 10, 'void'), '42501', 'planned for any, other values are refused as it starts');
is(whole($update, 9, 'void'), 'none', 'and the approved ones run');
$client->ask(WireClient->message('Q', "RESET plan_cache_mode\0"));

# Values of users' types: their output would be users' code.
$node->safe_as('clerk', q{SELECT warrant.cancel(id) FROM warrant.my_requests WHERE state = 'pending' GROUP BY id});
is(whole(q{UPDATE orders SET status = 'x' WHERE id = $1::amount}, 3), '42501', 'a parameter of a domain is refused');
is(approve_exactly(1), '22023', 'and cannot be approved exactly');

# Values that print the same: both times of an hour that comes twice, and numbers whose last digits a setting hides.
$node->safe_as('clerk', q{SELECT warrant.cancel(id) FROM warrant.my_requests WHERE state = 'pending' GROUP BY id});
my $at = q{UPDATE orders SET status = 'x' WHERE id = 60 AND $1::timestamptz > '2000-01-01'};
$client->ask(WireClient->message('Q', "SET DateStyle = 'SQL'; SET TimeZone = 'AAA0AAA,M3.5.0,M10.5.0'\0"));
is(whole($at, '2026-10-25 00:30:00+00'), '42501', 'a moment is refused');
is(approve_exactly(1), 'none', 'and approved');
is(whole($at, '2026-10-25 01:30:00+00'), '42501', 'another one that prints the same is refused');
is(whole($at, '2026-10-25 00:30:00+00'), 'none', 'the approved one runs');
$client->ask(WireClient->message('Q', "RESET DateStyle; RESET TimeZone; SET extra_float_digits = -15\0"));
$node->safe_as('clerk', q{SELECT warrant.cancel(id) FROM warrant.my_requests WHERE state = 'pending' GROUP BY id});
is(whole(q{UPDATE orders SET status = 'x' WHERE id > $1::float8}, 1000), '42501', 'a number of which digits are hidden is refused');
is(approve_exactly(1), '22023', 'and cannot be approved exactly');
$client->ask(WireClient->message('Q', "RESET extra_float_digits\0"));

# Rows that come one after the other belong to one run.
$node->safe_as('clerk', q{SELECT warrant.cancel(id) FROM warrant.my_requests WHERE state = 'pending' GROUP BY id});
is(whole('SELECT id FROM orders ORDER BY id'), '42501', 'a query is refused');
is(approve_exactly(1), 'none', 'and approved');
$client->ask(WireClient->message('Q', "BEGIN\0"));
my @rows = $client->ask(parse('', 'SELECT id FROM orders ORDER BY id') . bind_to('p', '') . execute('p', 2) . $sync);
is(WireClient->shape_of(@rows), '12DDsZ', 'its first rows');
@rows = $client->ask(execute('p', 3) . $sync);
is(WireClient->shape_of(@rows), 'DDDsZ', 'and the next');
$client->ask(WireClient->message('Q', "COMMIT\0"));
is(whole('SELECT id FROM orders ORDER BY id'), '42501', 'the next run is another one');

# A plan that was made before the approval does not say what its names led to.
$node->safe_as('clerk', q{SELECT warrant.cancel(id) FROM warrant.my_requests WHERE state = 'pending' GROUP BY id});
my $grant = $node->let('DELETE');
is(WireClient->state_of($client->ask(parse('d', 'DELETE FROM orders WHERE id = 50') . bind_to('', 'd') . execute('', 0) . $sync)), 'none', 'a plan is kept');
$node->safe_as('boss', "SELECT warrant.revoke($grant)");
is($node->sqlstate_as('clerk', q{SELECT warrant.request_statement('DELETE FROM orders WHERE id = 50')}), 'none', 'exactly its statement is asked for');
is(approve_exactly(1), 'none', 'and approved');
is(WireClient->state_of($client->ask(bind_to('', 'd') . execute('', 0) . $sync)), '42501', 'the kept plan is refused');
is(whole('DELETE FROM orders WHERE id = 50'), 'none', 'the statement that is planned anew runs');

# A function that one transaction writes twice is another one the second time.
sub says { return WireClient->state_of($client->ask(WireClient->message('Q', "$_[0]\0"))); }
$node->safe_psql('postgres', 'GRANT CREATE ON SCHEMA public TO clerk; CREATE FUNCTION checked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$');
says('BEGIN; CREATE FUNCTION is_void(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN false; END $$');
is(says(q{SELECT warrant.request_statement('DELETE FROM orders WHERE is_void(status)', max_uses => 2)}), 'none', 'a statement that calls it is asked for');
is(approve_exactly(2), 'none', 'and approved');
is(says('DELETE FROM orders WHERE is_void(status)'), 'none', 'it runs');
says('CREATE OR REPLACE FUNCTION is_void(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$');
is(says('DELETE FROM orders WHERE is_void(status)'), '42501', 'and is refused when the same transaction has replaced the function');
says('ROLLBACK');

# What a trigger calls is no part of a plan, which stays when the function is replaced.
$node->safe_psql('postgres', 'CREATE TRIGGER checked BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION checked()');
says('SET plan_cache_mode = force_generic_plan');
is($node->sqlstate_as('clerk', q{SELECT warrant.request_statement('DELETE FROM orders WHERE id = 51', max_uses => 3)}), 'none', 'three runs are asked for');
is(approve_exactly(3), 'none', 'and approved');
is(WireClient->state_of($client->ask(parse('k', 'DELETE FROM orders WHERE id = 51') . bind_to('', 'k') . execute('', 0) . $sync)), 'none', 'the first runs, and its plan is kept');
is(WireClient->state_of($client->ask(bind_to('', 'k') . execute('', 0) . $sync)), 'none', 'the second uses it');
$node->safe_psql('postgres', 'CREATE OR REPLACE FUNCTION checked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$');
is(WireClient->state_of($client->ask(bind_to('', 'k') . execute('', 0) . $sync)), '42501', 'not the third, when the function of a trigger was replaced');
$client->close;

# --- a crash ---

$node->safe_psql('postgres', 'DROP TRIGGER checked ON orders');
sub in_orders { return $node->safe_psql('postgres', "SELECT count(*) FROM orders WHERE id = $_[0]"); }
sub crash { my ($session) = @_; $node->kill9; eval { $session->{run}->kill_kill } if $session; $node->start_again; $node->wait_until_ready; }
sub ask_for
{
	my ($sql, $uses) = @_;
	is($node->sqlstate_as('clerk', "SELECT warrant.request_statement('$sql', max_uses => $uses)"), 'none', 'a statement is asked for');
	is(approve_exactly($uses), 'none', 'and approved');
}

my $delete = 'DELETE FROM orders WHERE id = 70';
ask_for($delete, 1);
crash();
is($node->sqlstate_as('clerk', 'DELETE FROM orders WHERE id = 71'), '42501', 'after a crash another statement is refused');
is($node->sqlstate_as('clerk', $delete), 'none', 'what was approved before it runs');
crash();
is($node->sqlstate_as('clerk', $delete), '42501', 'once');
is(in_orders(70) . in_orders(71), '01', 'and has its effect');

# A use that is spent is not given back, whatever became of the transaction.
$delete = 'DELETE FROM orders WHERE id = 72';
ask_for($delete, 2);
for my $left (1, 0)
{
	my $session = $node->session_as('clerk');
	is(($node->ask($session, "BEGIN; $delete;"))[1], 'none', 'a crash between a use and its COMMIT');
	crash($session);
	is(in_orders(72), '1', 'takes back what it did');
	is($node->safe_psql('postgres', "SELECT uses_left FROM warrant.grant_uses ORDER BY grant_id DESC LIMIT 1"), $left, 'not the use');
}
is($node->sqlstate_as('clerk', $delete), '42501', 'with the last one it is refused');

# While it runs: the use is spent before its first effect.
$delete = 'DELETE FROM orders WHERE id = 73 AND pg_sleep(600) IS NOT NULL';
ask_for($delete, 1);
my $running = $node->session_as('clerk');
$running->{stdin} .= "$delete;\n";
$running->{run}->pump_nb;
my $row = q{SELECT count(*) FROM warrant.audit_log WHERE event = 'allowed' AND grant_id = (SELECT max(id) FROM warrant.grants)};
ok($node->eventually(sub { $running->{run}->pump_nb; $node->safe_psql('postgres', $row) eq '1' }), 'one that runs has its row');
crash($running);
is(in_orders(73), '1', 'what a crash ends has no effect');
is($node->sqlstate_as('clerk', $delete), '42501', 'and is not run again');
is($node->safe_psql('postgres', $row), '1', 'its row tells of the one attempt');
$node->log_is_sound;

$node->stop;
done_testing();
