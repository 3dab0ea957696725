# Workers that fail: a slot is never kept by one that is gone, what cannot be started is tried again without filling the log, and commands on a
# database find nobody who is just coming.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use POSIX ();
use Time::HiRes qw(time usleep);
use GatedServer;

# Lines of the server's log since a place in it that match.
sub lines { my ($node, $since, $match) = @_; return scalar grep { $_ =~ $match } split /\n/, substr(slurp_file($node->logfile), $since); }
sub place { return -s $_[0]->logfile; }
sub partition { return $_[0]->safe_psql('postgres', "SELECT tableoid::regclass FROM warrant.audit_log ORDER BY seq DESC LIMIT 1"); }

# --- an exit that fails ---
my $node = GatedServer->running('workers_recover', 'pg_warrant.max_databases = 3');
{
	my $clerk = $node->session_as('clerk');
	my $reader = $node->session_as('dba');
	my $vacuum = $node->session_as('dba');
	my $partition = partition($node);
	$reader->query_safe("BEGIN; SELECT count(*) FROM $partition;");
	my $recorder = $node->recorder_pid;
	# Refusals that are counted, to be written at the end; and then a log that cannot be written.
	$node->ask($clerk, 'DELETE FROM orders WHERE id = 1;') for 1 .. 3;
	$vacuum->{stdin} .= "VACUUM FULL $partition;\n";
	$vacuum->{run}->pump_nb;
	ok($node->eventually(sub { $vacuum->{run}->pump_nb; ($node->try_query("SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'") // '') eq '1' }),
		'the log cannot be written');
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($recorder)");
	ok($node->eventually(sub { my $pid = $node->recorder_pid; $pid && $pid != $recorder }), 'another recorder comes');
	$reader->query_safe('COMMIT;');
	ok($node->eventually(sub { ($node->try_query("SELECT value FROM warrant.status() WHERE item = 'recorder'") // '') =~ /^running, pid (\d+)/ && $1 == $node->recorder_pid }),
		'and takes the slot');
	$_->quit for $clerk, $reader, $vacuum;
	$node->works('works again');
}

# --- a lock that is taken for longer than a few tries, each entry alone from the third on ---
{
	my ($reader, $vacuum, $clerk) = ($node->session_as('dba'), $node->session_as('dba'), $node->session_as('clerk'));
	my $recorder = $node->recorder_pid;
	$reader->query_safe('BEGIN; SELECT FROM warrant.audit_log LIMIT 1;');
	$vacuum->{stdin} .= "VACUUM FULL warrant.audit_log;\n";
	$vacuum->{run}->pump_nb;
	ok($node->eventually(sub { $vacuum->{run}->pump_nb; ($node->try_query("SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'") // '') eq '1' }),
		'the log cannot be written again');
	$clerk->{stdin} .= "DELETE FROM orders WHERE id = 42;\n";
	$clerk->{run}->pump_nb;
	my %waits;    # each try waits for a lock from another moment on
	ok($node->eventually(sub { $clerk->{run}->pump_nb;
		my $since = $node->try_query("SELECT max(waitstart) FROM pg_locks WHERE pid = $recorder AND NOT granted");
		$waits{$since} = 1 if $since;
		return keys %waits > 4; }), 'a few tries fail');
	$reader->query_safe('COMMIT;');
	ok($node->eventually(sub { $clerk->{run}->pump_nb; $clerk->{stderr} =~ /42501/ }), 'who waits is answered when the lock is gone') or diag($clerk->{stderr});
	is($node->recorder_pid, $recorder, 'by this recorder');
	is($node->safe_as('dba', q{SELECT count(*) FROM warrant.audit_log JOIN warrant.audit_text USING (seq) WHERE event = 'refused' AND statement LIKE '%id = 42%'}), '1',
		'and what is answered is in the log');
	$_->quit for $clerk, $reader, $vacuum;
	$node->works('works again');
}

# --- a start that fails: it is tried less and less often ---
{
	my $since = place($node);
	$node->safe_psql('postgres', 'CREATE DATABASE shut');
	$node->add_gate('shut');
	my $recorder = $node->recorder_pid('shut');
	$node->safe_psql('postgres', 'ALTER DATABASE shut ALLOW_CONNECTIONS false');
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($recorder)");
	my @tries;
	ok($node->eventually(sub { @tries = substr(slurp_file($node->logfile), $since) =~ /^\S+ (\S+).*is not currently accepting connections/mg; @tries >= 3 }),
		'a recorder that may not connect tries again');
	# Seconds of the day, from one of the first three tries to the next.
	my @at = map { my ($hours, $minutes, $seconds) = split /:/; 3600 * $hours + 60 * $minutes + $seconds } @tries;
	cmp_ok(($at[2] - $at[0]) % 86400, '>=', 4, 'but not every second') or diag("@tries");
	$node->safe_psql('postgres', 'ALTER DATABASE shut ALLOW_CONNECTIONS true');
	$node->works('and comes when it may', 'shut');
}

# --- a command on a database while its recorder is coming ---
{
	my $failed = 0;
	for my $round (1 .. 30)
	{
		my ($from, $to) = $round % 2 ? ('shut', 'ajar') : ('ajar', 'shut');
		$failed++ if $node->sqlstate_as('dba', "ALTER DATABASE $from RENAME TO $to") ne 'none';    # the server waits for 5 s for who is in its way
		usleep(3_000 * ($round % 20));
	}
	is($failed, 0, 'thirty renames, one after another');
	$node->works('and the recorder is back', 'shut');
	# One that has no slot yet.
	$node->safe_psql('postgres', 'CREATE DATABASE fresh');
	$failed = 0;
	for my $round (1 .. 10)
	{
		$node->safe_as('dba', 'SET client_min_messages = warning; CREATE EXTENSION pg_warrant', 'fresh');
		usleep(4_000 * $round);
		$failed++ if $node->sqlstate_as('dba', 'ALTER DATABASE fresh RENAME TO stale') ne 'none';
		$failed++ if $node->sqlstate_as('dba', 'DROP DATABASE stale') ne 'none';
		$node->safe_psql('postgres', 'CREATE DATABASE fresh');
	}
	is($failed, 0, 'nor just after CREATE EXTENSION');
}
$node->stop;

# --- no worker slot ---
# One for each launcher, the server's and ours, and one for one recorder.
$node = GatedServer->running('no_worker_slot', 'max_worker_processes = 3', "pg_warrant.audit_timeout = '50ms'");
{
	$node->safe_psql('postgres', 'CREATE DATABASE second');
	my $since = place($node);
	$node->safe_as('dba', "SET client_min_messages = warning; CREATE EXTENSION pg_warrant; CREATE TABLE orders (id int PRIMARY KEY, status text); GRANT ALL ON orders TO clerk; SELECT warrant.protect('orders')", 'second');
	my ($end, $tried) = (time + 4, 0);
	my $refused = 0;
	while (time < $end) { $refused++ if $node->sqlstate_as('clerk', 'DELETE FROM orders WHERE id > 0', 'second') eq '55000'; $tried++; }
	is($refused, $tried, 'without a recorder all is refused');
	is(lines($node, $since, qr/no background worker slot is free/), 1, "one line, however many ask ($tried statements)");
	my $launcher = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'pg_warrant launcher'");
	my $ticks = (split / /, slurp_file("/proc/$launcher/stat"))[13];
	cmp_ok($ticks / POSIX::sysconf(POSIX::_SC_CLK_TCK()), '<', 2, 'the launcher waits meanwhile');
	$node->safe_psql('postgres', "SET client_min_messages = warning; BEGIN; SELECT warrant.discard_audit_log(); DROP EXTENSION pg_warrant CASCADE; COMMIT");
	ok($node->eventually(sub { lines($node, $since, qr/background worker slots are free again/) == 1 }), 'and one when there is a slot again');
	$node->append_conf('postgresql.conf', "pg_warrant.audit_timeout = '5min'");
	$node->reload;
	ok($node->eventually(sub { ($node->try_query("SELECT value FROM warrant.status() WHERE item = 'recorder'", 'second') // '') =~ /^running/ }), 'the recorder has come');
	is($node->sqlstate_as('clerk', 'DELETE FROM orders WHERE id > 0', 'second'), '42501', 'and works');
}
$node->stop;
done_testing();
