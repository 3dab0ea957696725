# Refusals that come again: within a second those of one statement in one session share a row, none is lost when the recorder or the server is
# stopped, and a subject that goes on is slowed down.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('repeats');
$node->safe_as('dba', q{CREATE TABLE vault (id int); GRANT ALL ON vault TO clerk; SELECT warrant.create_policy('vault', 'deny', on_table => 'vault')});
my ($marker, $many) = (0, 20);

sub clerk_goes_on { return $node->psql('postgres', $_[0], on_error_stop => 0, extra_params => [ '-U', 'clerk', '-v', 'VERBOSITY=verbose' ]) }

# So many refusals of one statement in one session; the marker in its text tells it from others.
sub refuse
{
	my ($table) = @_;
	my $sql = sprintf "DELETE FROM %s /* marker %d */;\n", $table // 'orders', ++$marker;
	my (undef, undef, $err) = clerk_goes_on($sql x $many);
	my $refused = () = $err =~ /42501/g;
	is($refused, $many, 'each is refused');
}

# The rows of the last statement, and what they stand for: "rows refusals".
sub recorded
{
	return $node->try_query("SELECT count(*) || ' ' || coalesce(sum(repeats), 0) FROM warrant.audit_log l JOIN warrant.audit_text t USING (seq)
		WHERE l.event = 'refused' AND t.statement LIKE '%/* marker $marker */'") // '';
}

sub recorded_all
{
	my ($what) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok($node->eventually(sub { recorded() =~ / $many$/ }), "$what: none is missing") or diag(recorded());
	my ($rows) = recorded() =~ /^(\d+)/;
	cmp_ok($rows, '<', $many, "$what: they share rows");
	cmp_ok($rows, '>', 1, "$what: the first has its own");
}

# --- they share a row ---

refuse();
recorded_all('by request');
is($node->safe_as('dba', q{SELECT count(*) FROM warrant.audit_log WHERE event = 'request_created'}), '1', 'and one request');
is($node->safe_as('dba', "SELECT count(DISTINCT (session_id, statement_sha256, request_id, policy_name, command, relation_oid)) FROM warrant.audit_log
	WHERE event = 'refused'"), '1', 'what shares a row is the same in all that it says');
refuse('vault');
recorded_all('by denial');

my @sessions = map { $node->session_as('clerk') } 1 .. 3;
$marker++;
$node->ask($_, "DELETE FROM orders /* marker $marker */") for @sessions;
is(recorded(), '3 3', 'each session has its own row');
$_->quit for @sessions;

refuse();
$node->safe_as('boss', 'SELECT warrant.deny(' . $node->safe_as('boss', 'SELECT id FROM warrant.pending') . ')');
like(recorded(), qr/ $many$/, 'a decision is recorded behind the refusals that came before it');

# --- none is lost ---

refuse();
$node->safe_as('dba', 'SELECT pg_terminate_backend(' . $node->recorder_pid . ')');
recorded_all('recorder ended');
refuse();
$node->restart;
$node->wait_until_ready;
recorded_all('server stopped');

my $recorder = $node->recorder_pid;
refuse();
kill 'KILL', $recorder;
ok($node->eventually(sub { my $pid = $node->recorder_pid; $pid && $pid != $recorder }), 'the server comes back after a crash');
$node->wait_until_ready;
like(recorded(), qr/^[1-9]/, 'where the first row is kept');
$node->log_is_sound;

# --- and they are slowed down ---

$node->safe_as('dba', q{ALTER SYSTEM SET pg_warrant.refusal_rate = 10});
$node->reload;
$node->eventually(sub { $node->safe_as('dba', 'SHOW pg_warrant.refusal_rate') eq '10' }) or die 'refusal_rate';
my ($out) = (clerk_goes_on("SELECT clock_timestamp() AS begun \\gset\n" . "DELETE FROM orders;\n" x 30
	. q{SELECT clock_timestamp() - :'begun' >= interval '1.9 s'}))[1];
is($out, 't', 'refusals over the rate of a second wait for their turn');

$node->safe_as('dba', q{ALTER SYSTEM SET pg_warrant.refusal_rate = 1});
$node->reload;
$node->eventually(sub { $node->safe_as('dba', 'SHOW pg_warrant.refusal_rate') eq '1' }) or die 'refusal_rate';
ok($node->eventually(sub { $node->sqlstate_as('clerk', "SET statement_timeout = '100ms'; DELETE FROM orders") eq '57014' }), 'statement_timeout ends the wait for a turn');
$node->stop;
done_testing();
