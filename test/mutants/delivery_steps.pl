# A courier or recorder that ends, even by kill -9, at any step of a delivery loses no request and decides none twice: the delivery is sent
# again under the same id, and counts once. Needs the wait points of a build with the switches of test/mutants.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../t";
use GatedServer;
use PostgreSQL::Test::Utils;
use Receiver;
use Test::More;

my $receiver = Receiver->started;
my $secrets = PostgreSQL::Test::Utils::tempdir('secrets') . '/file';
append_to_file($secrets, "bank = $Receiver::secret\n");
chmod 0600, $secrets or die "$secrets: $!";
my $node = GatedServer->running('delivery_steps', "pg_warrant.secret_file = '$secrets'", q{pg_warrant.decision_wait = '60s'});
my ($log_from, $count) = (0, 0);

sub value { $node->safe_as('dba', $_[0]) }

sub pid_of
{
	my ($worker) = @_;
	my $pid;
	$node->eventually(sub { $pid = $node->try_query("SELECT pid FROM pg_stat_activity WHERE backend_type = 'pg_warrant $worker' AND datname = 'postgres'") })
	  or die "no $worker";
	return $pid;
}

# A table of clerk's whose policy asks a webhook, both named after it.
sub asking
{
	my ($path) = @_;
	my $table = 't' . ++$count;
	my ($url, $authority) = ($receiver->url($path), $receiver->authority);
	value(<<"SQL");
BEGIN;
CREATE TABLE $table (id int);
INSERT INTO $table VALUES (1);
GRANT ALL ON $table TO clerk;
SELECT warrant.add_webhook('$table', '$url', 'decision', 'bank', allowed_networks => '{127.0.0.1}', ca_file => '$authority');
SELECT warrant.create_policy('$table', 'approve', on_table => '$table', webhook => '$table');
COMMIT;
SQL
	pid_of('courier');
	return $table;
}

# Once a new session sees the setting, every worker has had the signal; what it does next it does with the setting.
sub wait_at
{
	my ($place) = @_;
	$log_from = -s $node->logfile;
	$node->safe_psql('postgres', "ALTER SYSTEM SET pg_warrant.wait_point = '$place'");
	$node->reload;
	$node->eventually(sub { value('SHOW pg_warrant.wait_point') eq $place }) or die $place;
}

sub arrives
{
	my ($place) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok($node->eventually(sub { slurp_file($node->logfile, $log_from) =~ /waiting at "$place"/ }), "a worker is at $place");
}

# Begins the statement in a session of its own, which waits for the webhook.
sub begin_update
{
	my ($table) = @_;
	my $session = $node->session_as('clerk');
	$session->query_until(qr/begun/, "\\echo begun\nUPDATE $table SET id = 2;\n");
	return $session;
}

sub rows { my ($what, $table) = @_; return value("SELECT count(*) FROM $what WHERE request_id = (SELECT max(request_id) FROM warrant.request_items WHERE relation_name = '$table')") }
sub state_of { $node->try_query("SELECT max(state) FROM warrant.requests WHERE id = (SELECT max(request_id) FROM warrant.request_items WHERE relation_name = '$_[0]')") // '' }
sub sent { my ($table) = @_; return grep { $_->{body} =~ /\.$table"/ } $receiver->deliveries }

# However often it was sent, it counts once.
sub decided_once
{
	my ($table, $case) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(join(' ', map { rows($_, $table) } 'warrant.decisions', 'warrant.grants', q{(SELECT * FROM warrant.audit_log WHERE event IN ('request_approved', 'request_denied')) AS l},
		q{(SELECT * FROM warrant.deliveries WHERE state = 'answered') AS d}), '1 1 1 1', "$case: decided once, by one grant");
	my @sent = sent($table);
	my %differing = map { ("$_->{id} $_->{body}" => 1) } @sent;
	ok(@sent >= 1 && keys %differing == 1, "$case: each time the same was sent");
	$node->log_is_sound;
}

# case(PLACE, WORKER, SIGNAL): the worker gets the signal while it, or the other one, is at the place.
sub case
{
	my ($place, $worker, $signal) = @_;
	my $case = "$worker $signal at $place";
	my $unanswered = $place eq 'courier_sent';    # there the endpoint makes it wait
	my $table = asking($unanswered ? 'hang-then-approve/1' : 'approve');
	wait_at($place =~ /^recorder/ ? 'courier_answered' : $place) if !$unanswered;
	my $session = begin_update($table);
	if ($unanswered)
	{
		ok($node->eventually(sub { sent($table) == 1 }), 'a delivery is on its way');
	}
	elsif ($place =~ /^recorder/)
	{
		# By way of others: only then is it sure that what the recorder executes is the answer.
		arrives('courier_answered');
		wait_at('courier_answered,recorder_action');
		wait_at('recorder_action');
		arrives('recorder_action');
		wait_at($place) if $place ne 'recorder_action';
	}
	arrives($place) if !$unanswered && $place ne 'recorder_action';
	like(state_of($table), qr/^pending$/, "$case: undecided so far") if $place ne 'courier_handed_over' && $place ne 'recorder_after_commit';

	kill $signal, pid_of($worker) or die $case;
	if ($signal eq 'KILL')
	{
		eval { $session->quit };
		$node->wait_for_log(qr/was terminated by signal 9.*all server processes terminated; reinitializing/s, $log_from);
		$node->eventually(sub { defined $node->try_query('SELECT 1') }) or die 'the server does not come back';
	}
	# The next one may stand at the same place.
	value('ALTER SYSTEM RESET pg_warrant.wait_point');
	$node->reload;
	$node->wait_until_ready;
	pid_of($worker);
	$node->reload;    # the server lets a worker that is just being started ignore the signal
	ok($node->eventually(sub { state_of($table) eq 'approved' }), "$case: decided in the end");
	if ($signal eq 'KILL')
	{
		is($node->sqlstate_as('clerk', "UPDATE $table SET id = 2"), 'none', "$case: the statement that comes again runs");
	}
	else
	{
		is(($node->ask($session, 'SELECT 1'))[1], 'none', "$case: the statement had its answer");
		$session->quit;
	}
	is(value("SELECT id FROM $table"), '2', "$case: it ran");
	decided_once($table, $case);
}

for my $signal ('TERM', 'KILL')
{
	case($_, 'courier', $signal) for qw(courier_claiming courier_claimed courier_sent courier_answered courier_handed_over);
	case($_, 'courier', $signal) for qw(recorder_action recorder_before_commit recorder_after_commit);
	case($_, 'recorder', $signal) for qw(recorder_action recorder_before_commit recorder_after_commit);
}

# --- somebody else decides while the answer is on its way ---

for my $decision ('approve', 'deny')
{
	my $table = asking('approve');
	wait_at('courier_answered');
	my $session = begin_update($table);
	arrives('courier_answered');
	value('ALTER SYSTEM RESET pg_warrant.wait_point');
	my $request = value("SELECT max(request_id) FROM warrant.request_items WHERE relation_name = '$table'");
	$node->safe_as('boss', "SELECT warrant.$decision($request)");
	$node->reload;
	ok($node->eventually(sub { value("SELECT state FROM warrant.deliveries WHERE webhook = '$table'") eq 'answered' }), 'an answer after a decision is heard');
	is(rows('warrant.decisions', $table) . state_of($table) . rows('warrant.grants', $table), $decision eq 'deny' ? '1denied0' : '1approved1',
		"but decides nothing after $decision");
	eval { $session->quit };
}

# --- an answer that is not taken while its lease runs ---

my $table = asking('pending-then-approve/1');
wait_at('courier_claimed');
my $session = begin_update($table);
arrives('courier_claimed');
my $recorder = pid_of('recorder');
kill 'STOP', $recorder or die 'cannot stop the recorder';
for my $place ('courier_handed_over', 'courier_claimed', 'courier_handed_over')
{
	wait_at($place);
	arrives($place);
}
is(scalar(sent($table)), 2, 'a delivery is sent again when its lease has ended');
kill 'CONT', $recorder;
value('ALTER SYSTEM RESET pg_warrant.wait_point');
$node->reload;
is(($node->ask($session, 'SELECT 1'))[1], '42501', 'the first answer ends the wait');
$session->quit;
is($node->sqlstate_as('clerk', 'SELECT warrant.cancel(id) FROM warrant.my_requests WHERE relation_name = ' . "'$table'"), 'none',
	'the second one decides nothing');
is(value("SELECT concat_ws(' ', state, attempts, answer) FROM warrant.deliveries WHERE webhook = '$table'"), 'answered 2 pending', 'the first one is kept');

is(scalar(grep { !$_->{verified} } $receiver->deliveries), 0, 'the receiver verified every delivery');
$node->stop;
done_testing();
