# A use is spent once and durably: two sessions that race for the last one, a backend, a recorder or a server that dies, a wait that is given
# up, and the messages of the wire protocol.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;
use WireClient;

my $node = GatedServer->running('uses');
my $grant;
my $recorder;
END { kill 'CONT', $recorder if $recorder; }

# A grant of so many uses, the only one that clerk has.
sub allow
{
	my ($commands, $uses) = @_;
	$node->safe_as('boss', "SELECT warrant.revoke($grant)") if $grant;
	$grant = $node->safe_as('boss', "SELECT warrant.grant('clerk', '{$commands}', on_table => 'orders', max_uses => $uses)");
}

sub left_is
{
	my ($left, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($node->safe_psql('postgres', "SELECT uses_left FROM warrant.grant_uses WHERE grant_id = $grant"), $left, $name);
}

sub stop_recorder { $recorder = $node->recorder_pid; kill 'STOP', $recorder; }
sub go_on { kill 'CONT', $recorder; $node->eventually(sub { $node->sqlstate_as('clerk', 'SELECT warrant.action_result(0)') eq 'none' }) or die 'the recorder does not answer'; }

# begin(SESSION, SQL): sends it, and waits until its backend waits for the recorder. finish(SESSION) is its SQLSTATE.
sub begin
{
	my ($session, $sql) = @_;
	my ($pid) = $node->ask($session, 'SELECT pg_backend_pid();');
	$session->{stderr} = '';
	$session->query_until(qr/begun/, "\\echo begun\n$sql\n");
	$node->eventually(sub {
		$node->safe_psql('postgres', "SELECT wait_event_type FROM pg_stat_activity WHERE pid = $pid AND state = 'active'") eq 'Extension' }) or die $sql;
}

sub finish
{
	my ($session) = @_;
	$session->query('SELECT;');
	return GatedServer::state_in($session->{stderr});
}

# --- the race for the last use: both are decided on, and ask the recorder for it ---

allow('UPDATE', 1);
my @sessions = map { $node->session_as('clerk') } 1 .. 2;
stop_recorder();
begin($_, "UPDATE orders SET status = coalesce(status, '') || '!' WHERE id = 1;") for @sessions;
go_on();
is(join(' ', sort map { finish($_) } @sessions), '42501 none', 'one gets the last use, the other is refused');
left_is(0, 'it is spent');
is($node->safe_psql('postgres', 'SELECT status FROM orders WHERE id = 1'), 'new!', 'one has changed the table');
is($node->safe_psql('postgres', "SELECT string_agg(event, ' ' ORDER BY seq) FROM warrant.audit_log WHERE relation_name = 'orders' AND event NOT IN ('outcome', 'grant_created', 'exempt')"),
	'allowed grant_used_up request_created refused', 'the other has a request, and no row that it was allowed');
$_->quit for @sessions;

# --- who gives up has spent nothing ---

allow('UPDATE', 5);
my $update = "UPDATE orders SET status = 'void' WHERE id = 2";
stop_recorder();
is($node->sqlstate_as('clerk', "SET statement_timeout = 200; $update"), '57014', 'statement_timeout ends a wait for a use');
go_on();
left_is(5, 'and nothing is spent');
stop_recorder();
$node->append_conf('postgresql.conf', "pg_warrant.audit_failure = 'allow'");
$node->set_in_file('pg_warrant.audit_timeout', "'300ms'", '300ms');
is($node->sqlstate_as('clerk', $update), '55000', 'without a recorder nothing runs under a limited grant, whatever audit_failure says');
$node->append_conf('postgresql.conf', "pg_warrant.audit_failure = 'deny'");
$node->set_in_file('pg_warrant.audit_timeout', "'5min'", '5min');
go_on();
left_is(5, 'and nothing is spent');
is($node->safe_psql('postgres', 'SELECT status FROM orders WHERE id = 2'), 'new', 'nor done');

# --- the wire protocol ---

my $client = WireClient->connect($node->host, $node->port, 'clerk', 'postgres');
sub parse { return WireClient->message('P', "$_[0]\0$_[1]\0", pack 'n', 0); }
sub bind_to { return WireClient->message('B', "$_[0]\0$_[1]\0", pack 'nnn', 0, 0, 0); }
sub execute { return WireClient->message('E', "$_[0]\0", pack 'N', $_[1]); }
my $sync = WireClient->message('S');
my $begin = WireClient->message('Q', "BEGIN\0");
my $commit = WireClient->message('Q', "COMMIT\0");

allow('SELECT', 5);
my @sent = $client->ask(parse('s', 'SELECT id FROM orders ORDER BY id') . bind_to('', 's') . $sync);
is($client->shape_of(@sent), '12Z', 'Parse and Bind');
left_is(5, 'spend nothing');
$client->ask($begin);
@sent = $client->ask(bind_to('p', 's') . execute('p', 2) . $sync);
is($client->shape_of(@sent), '2DDsZ', 'Execute of a portal, two rows');
left_is(4, 'spends one');
@sent = $client->ask(execute('p', 3) . execute('p', 0) . $sync);
is($client->state_of(@sent), 'none', 'the other rows');
left_is(4, 'spend nothing more');
@sent = $client->ask(bind_to('q', 's') . bind_to('r', 's') . execute('q', 1) . execute('r', 1) . execute('q', 1) . $sync);
is($client->shape_of(@sent), '22DsDsDsZ', 'two portals of one statement, in turns');
left_is(2, 'spend one each');
$client->ask($commit);

# The planner calls a stable function, twice where it weighs a generic plan; the statement calls it again.
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION id_above(int) RETURNS int STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT min(id) FROM orders WHERE id > $1); END $$;
INSERT INTO notes SELECT g FROM generate_series(1, 9) AS g;
SQL
allow('SELECT', 20);
$client->ask(parse('f', 'SELECT id FROM notes WHERE id = id_above($1)') . $sync);
my $bind_one = WireClient->message('B', "\0f\0", pack('n', 0), pack('nN', 1, 1), '1', pack('n', 0));
is(join(' ', map { WireClient->shape_of($client->ask($bind_one . execute('', 0) . $sync)) } 1 .. 8), join(' ', ('2DCZ') x 8), 'a function in a condition, planned anew and not');
left_is(12, 'each execution spends one');

allow('SELECT', 1);
$client->ask($begin);
@sent = $client->ask(bind_to('p', 's') . $sync);
is($client->state_of(@sent), 'none', 'a portal is bound while there is a use');
is($node->sqlstate_as('clerk', 'SELECT FROM orders'), 'none', 'another session takes it');
@sent = $client->ask(execute('p', 1) . $sync);
is($client->state_of(@sent), '42501', 'the portal is refused when it begins');
$client->close;

# Rows that code of a cursor reads later, under the cursor's use.
allow('SELECT', 1);
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION next_id(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT min(id) FROM orders WHERE id > $1); END $$;
SQL
my $session = $node->session_as('clerk');
is(($node->ask($session, 'BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT next_id(g) FROM generate_series(1, 3) AS g; FETCH c; FETCH c;'))[1], 'none', 'a cursor over a function');
is(($node->ask($session, 'COMMIT; FETCH c;'))[1], 'none', 'that COMMIT materialises');
left_is(0, 'is one statement');
is(($node->ask($session, 'SELECT next_id(1);'))[1], '42501', 'and no other');
is(($node->ask($session, 'CLOSE c; BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT next_id(g) FROM generate_series(1, 3) AS g; COMMIT;'))[1],
	'42501', 'nor one of its name');
$session->quit;

# --- deaths ---

# The server restarts after the crash, with all that was durable.
sub crashes
{
	my ($pid, @ended) = @_;
	my $before = $node->recorder_pid;
	kill 'KILL', $pid;
	eval { $_->{run}->kill_kill } for @ended;
	ok($node->eventually(sub { my $now = $node->recorder_pid; $now && $now != $before }), 'the cluster restarts');
	$node->wait_until_ready;
}

allow('UPDATE', 5);
$session = $node->session_as('clerk');
my $backend = $session->query_safe('SELECT pg_backend_pid();');
is(($node->ask($session, "BEGIN; UPDATE orders SET status = 'lost' WHERE id = 3;"))[1], 'none', 'a statement runs, uncommitted');
crashes($backend, $session);
left_is(4, 'its use is spent though its backend died');
is($node->safe_psql('postgres', 'SELECT status FROM orders WHERE id = 3'), 'new', 'and its work is gone');

$session = $node->session_as('clerk');
is(($node->ask($session, "BEGIN; UPDATE orders SET status = 'lost' WHERE id = 3;"))[1], 'none', 'another one');
crashes($node->recorder_pid, $session);
left_is(3, 'its use is spent though the recorder died');

$session = $node->session_as('clerk');
stop_recorder();
begin($session, "UPDATE orders SET status = 'lost' WHERE id = 3;");
crashes($recorder, $session);
left_is(3, 'a statement that was still waiting has spent nothing');

$session = $node->session_as('clerk');
is(($node->ask($session, "UPDATE orders SET status = 'kept' WHERE id = 3;"))[1], 'none', 'a statement');
$node->stop('immediate');
eval { $session->{run}->kill_kill };
$node->start;
$node->wait_until_ready;
left_is(2, 'after an immediate shutdown its use is spent');
$node->log_is_sound;

done_testing();
