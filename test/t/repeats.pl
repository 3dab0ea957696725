# Refusals that come again: within a second those of one statement in one session share a row, none is lost when the recorder or the server is
# stopped, and a subject that goes on is slowed down.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);
use GatedServer;

my $node = GatedServer->running('repeats');
$node->safe_as('dba', q{CREATE TABLE vault (id int); GRANT ALL ON vault TO clerk; SELECT warrant.create_policy('vault', 'deny', on_table => 'vault')});
my ($marker, $many) = (0, 20);
# In a second they have a row of their own and one that they share, or one more of each where the recorder sweeps: so many rows in so many seconds.
my $took = 0;
sub most_rows { return 4 * ($took + 1) }

sub clerk_goes_on { return $node->psql('postgres', $_[0], on_error_stop => 0, extra_params => [ '-U', 'clerk', '-v', 'VERBOSITY=verbose' ]) }

# So many refusals of one statement in one session; the marker in its text tells it from others.
sub refuse
{
	my ($table) = @_;
	my $sql = sprintf "DELETE FROM %s WHERE id > 0 /* marker %d */;\n", $table // 'orders', ++$marker;
	my $begin = time;
	my (undef, undef, $err) = clerk_goes_on($sql x $many);
	$took = time - $begin;
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
	cmp_ok($rows, '<=', most_rows(), "$what: they share rows");
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
$node->ask($_, "DELETE FROM orders WHERE id > 0 /* marker $marker */") for @sessions;
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
my ($out) = (clerk_goes_on("SELECT clock_timestamp() AS begun \\gset\n" . "DELETE FROM orders WHERE id > 0;\n" x 30
	. q{SELECT clock_timestamp() - :'begun' >= interval '1.9 s'}))[1];
is($out, 't', 'refusals over the rate of a second wait for their turn');

$node->safe_as('dba', q{ALTER SYSTEM SET pg_warrant.refusal_rate = 1});
$node->reload;
$node->eventually(sub { $node->safe_as('dba', 'SHOW pg_warrant.refusal_rate') eq '1' }) or die 'refusal_rate';
ok($node->eventually(sub { $node->sqlstate_as('clerk', "SET statement_timeout = '100ms'; DELETE FROM orders WHERE id > 0") eq '57014' }), 'statement_timeout ends the wait for a turn');

# --- so is all else that a subject can send at will ---

sub at_rate
{
	my ($rate) = @_;
	$node->safe_as('dba', "ALTER SYSTEM SET pg_warrant.refusal_rate = $rate");
	$node->reload;
	$node->eventually(sub { $node->safe_as('dba', 'SHOW pg_warrant.refusal_rate') eq $rate }) or die 'refusal_rate';
	sleep 1;    # the turns of before
}

# How long the statements take the clerk, in seconds.
sub time_of
{
	my ($sql) = @_;
	my ($out) = (clerk_goes_on("SET client_min_messages = error;\nSELECT clock_timestamp() AS begun \\gset\n$sql\nSELECT extract(epoch FROM clock_timestamp() - :'begun')"))[1];
	return (split /\n/, $out)[-1];
}

at_rate(10);
$node->safe_as('dba', q{CREATE TABLE wares (id int); GRANT ALL ON wares TO clerk; SELECT warrant.protect('wares')});
cmp_ok(time_of("SELECT warrant.cancel(warrant.request('{LOCK}', on_table => 'wares'));\n" x 15), '>=', 1.9, 'requests and cancels wait for their turn');
cmp_ok(time_of("SELECT warrant.approve(999999);\n" x 30), '>=', 1.9, 'decisions that fail do');
cmp_ok(time_of("SELECT warrant.action_result(999999);\n" x 30), '>=', 1.9, 'questions for results do');
cmp_ok(time_of("ALTER ROLE boss PASSWORD 'x';\n" x 30), '>=', 1.9, 'refused commands on roles do');
# At one a second these would take 99 seconds.
at_rate(1);
my $grants = 100;
my $flood = $node->session_as('clerk');
my $flooder = $flood->query_safe('SELECT pg_backend_pid();');
$flood->query_until(qr/begun/, "\\echo begun\n" . "SELECT warrant.approve(999999);\n" x $grants);
my $others = time;
$node->safe_as('boss', join ';', ("SELECT warrant.grant('clerk', '{LOCK}', on_table => 'wares')") x $grants);
cmp_ok(time - $others, '<', 90, 'decisions that are made do not, beside a flood of somebody else');
$node->safe_as('dba', "SELECT pg_terminate_backend($flooder)");
eval { $flood->quit };

at_rate(1000);
my $begin = time;
my $attempts = $node->safe_as('clerk', q{DO $$ DECLARE n int := 0; BEGIN
	WHILE n < 50 LOOP BEGIN n := n + 1; PERFORM warrant.approve(1); EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $$; SELECT 50});
$took = time - $begin;
ok($node->eventually(sub { $node->safe_as('dba', q{SELECT coalesce(sum(repeats), 0) FROM warrant.audit_log WHERE event = 'indirect_attempt'}) == $attempts }),
	'indirect attempts that come again are all counted');
cmp_ok($node->safe_as('dba', q{SELECT count(*) FROM warrant.audit_log WHERE event = 'indirect_attempt'}), '<=', most_rows(), 'and share rows');
is($node->safe_as('dba', q{SELECT count(DISTINCT (session_id, statement_sha256, relation_name)) FROM warrant.audit_log WHERE event = 'indirect_attempt'}), '1', 'each row with its text');
at_rate(10);
my $rows = q{SELECT coalesce(sum(repeats), 0) FROM warrant.audit_log WHERE event = 'indirect_attempt'};
my $before = $node->safe_as('dba', $rows);
$node->sqlstate_as('clerk', q{DO $$ DECLARE begun timestamptz := clock_timestamp(); BEGIN
	WHILE clock_timestamp() < begun + interval '2 s' LOOP BEGIN PERFORM warrant.deny(1); EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $$});
cmp_ok($node->safe_as('dba', $rows) - $before, '<', 60, 'and wait for their turn');

# --- and the recorder's time is everybody's ---

sub recorder_used
{
	my @fields = split / /, slurp_file('/proc/' . $node->recorder_pid . '/stat');
	return ($fields[13] + $fields[14]) / 100;
}

at_rate(1000);
$node->safe_as('dba', 'GRANT CREATE ON SCHEMA public TO clerk');
$node->safe_as('clerk', q{SET client_min_messages = error; DO $$ BEGIN FOR i IN 1..2000 LOOP EXECUTE format('CREATE TEMP TABLE passing_%s (a int)', i); END LOOP; END $$;
	SELECT warrant.request('{SELECT}', on_database => true)});
my $known = q{SELECT count(*) FROM warrant.action_results WHERE action = 'request'};
$before = $node->safe_as('dba', $known);
my ($state, $said) = $node->sqlstate_as('clerk', q{CREATE TEMP TABLE passing (a int); SELECT warrant.request('{SELECT}', on_table => 'passing')});
is($state, '42809', 'a request for a temporary table is refused');
($state, $said) = $node->sqlstate_as('clerk', q{CREATE TEMP TABLE passing (a int);
	DO $$ BEGIN PERFORM warrant.request('{SELECT}', on_schema => (SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema())); END $$});
is($state, '42809', 'as one for their schema');
is($node->safe_as('dba', $known), $before, 'without the recorder');
$node->safe_as('dba', 'CREATE SCHEMA wide AUTHORIZATION clerk');
$node->safe_as('clerk', q{DO $$ BEGIN FOR i IN 1..600 LOOP EXECUTE format('CREATE TABLE wide.t%s (a int)', i); END LOOP; END $$});
# A short call about many policies: all of the time that it takes is the recorder's.
$node->safe_as('dba', q{SET client_min_messages = warning; SELECT count(warrant.protect(oid::regclass::text)) FROM pg_class WHERE relnamespace = 'wide'::regnamespace});
my ($used, $begun) = (recorder_used(), time);
time_of("SELECT warrant.cancel(warrant.request('{SELECT}', on_schema => 'wide'));\n" x 40);
my $part = ($used = recorder_used() - $used) / (time - $begun);
# It is paid five times over, but for the first second.
cmp_ok($part, '<', 0.35, 'requests that take long leave the recorder to others') or diag("used $part of its time, $used s");
$node->stop;
done_testing();
