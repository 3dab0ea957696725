# Twenty times the recorder is killed or ended, or the server restarted, under clients that work: every statement that a client saw succeed or
# be refused has its audit row, seq is 1..n, and sealed_at never decreases.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);
use GatedServer;

my $node = GatedServer->running('no_row_is_lost', 'pg_warrant.max_pending = 10000');
$node->safe_psql('postgres', 'CREATE ROLE worker LOGIN; GRANT ALL ON orders, notes TO worker');
my $grant = $node->safe_as('boss', "SELECT warrant.grant('worker', '{UPDATE}', on_table => 'orders', duration => '1 hour')");

# Clients in processes of their own: what psql reports after a statement is what was acknowledged. Fifty statements a connection.
my $dir = $PostgreSQL::Test::Utils::tmp_check;
my @clients;
my %sql = (
	worker => "UPDATE orders SET status = 'w' WHERE id = %d /* %s */",
	clerk => "DELETE FROM orders WHERE id = %d /* %s */",
);
for my $number (1 .. 4)
{
	my $pid = fork() // die $!;
	if ($pid == 0)
	{
		$SIG{TERM} = sub { POSIX::_exit(0) };
		client($number, $number % 2 ? 'worker' : 'clerk');
		POSIX::_exit(0);
	}
	push @clients, $pid;
}

use POSIX ();

sub client
{
	my ($number, $role) = @_;
	my $connstr = $node->connstr('postgres');
	for (my $round = 1; !-e "$dir/stop"; $round++)
	{
		my @script = ('\set VERBOSITY verbose', '\set ON_ERROR_STOP 0');
		for my $i (1 .. 50)
		{
			my $marker = "m-$number-$round-$i-";
			push @script, sprintf("$sql{$role};", $number, $marker), '\echo ' . $marker . ' :SQLSTATE';
		}
		my $out = '';
		eval {
			IPC::Run::run([ $node->installed_command('psql'), '-XAtq', '-U', $role, '-d', $connstr, '-f', '-' ],
				'<', \join("\n", @script), '>', \$out, '2>', '/dev/null', IPC::Run::timeout($GatedServer::patience_s));
		};
		open my $log, '>>', "$dir/acknowledged.$number" or POSIX::_exit(1);
		print $log $out;
		close $log;
		usleep(50_000) if $out eq '';
	}
}

END { if (@clients) { kill 'KILL', @clients; } }

# A statement that is not acknowledged may have its row or not; the pause lets some be in every state.
my @ways = ('kill', 'terminate', 'restart', 'kill', 'terminate') x 4;
my ($begin, $done) = (time, 0);
for my $way (@ways)
{
	last if time - $begin > 60 && $done >= 10;    # a slow machine does fewer
	usleep(100_000 + rand 300_000);
	my $old = $node->recorder_pid;
	if ($way eq 'restart')
	{
		$node->stop('immediate');
		$node->start;
	}
	elsif ($way eq 'kill') { kill 'KILL', $old; }
	else { $node->try_query("SELECT pg_terminate_backend($old)"); }
	ok($node->eventually(sub { my $pid = $node->recorder_pid; $pid && $pid != $old }), "$way: a recorder is back");
	$node->wait_until_ready;
	$done++;
}
cmp_ok($done, '>=', 10, "$done times");
sub acknowledged { return map { my $log = "$dir/acknowledged.$_"; -e $log ? slurp_file($log) =~ /^m-\S+ \w{5}$/mg : () } @_; }
$node->eventually(sub { (() = acknowledged(1, 3)) > 200 && (() = acknowledged(2, 4)) > 200 });
open my $stop, '>', "$dir/stop" or die $!;
close $stop;
waitpid $_, 0 for @clients;
@clients = ();

my (%count, @acknowledged);
for my $number (1 .. 4)
{
	for my $line (split /\n/, slurp_file("$dir/acknowledged.$number"))
	{
		my ($marker, $state) = $line =~ /^(m-\S+) (\w{5})$/ or next;
		$count{$state}++;
		push @acknowledged, [ $marker, $state eq '00000' ? 'allowed' : 'refused' ] if $state =~ /^(00000|42501)$/;
	}
}
note("$_: $count{$_}") for sort keys %count;
cmp_ok($count{'00000'} // 0, '>', 100, 'granted statements ran');
cmp_ok($count{'42501'} // 0, '>', 100, 'others were refused');

my $values = join ', ', map { "('$_->[0]', '$_->[1]')" } @acknowledged;
is($node->safe_psql('postgres', <<SQL), '', scalar(@acknowledged) . ' acknowledged statements have each one row');
CREATE TEMP TABLE acknowledged (marker text, event text);
INSERT INTO acknowledged VALUES $values;
SELECT a.marker, a.event, l.rows FROM acknowledged a LEFT JOIN (
	SELECT substring(t.statement FROM '/\\* (m-\\S+) \\*/') AS marker, l.event, count(*) AS rows FROM warrant.audit_log l JOIN warrant.audit_text t USING (seq)
	 WHERE l.event IN ('allowed', 'refused') GROUP BY 1, 2) AS l USING (marker, event)
 WHERE l.rows IS DISTINCT FROM 1 LIMIT 20
SQL
$node->log_is_sound;
is($node->safe_psql('postgres', "SELECT count(*) FROM orders WHERE id IN (2, 4)"), '2', 'no refused statement had an effect');
is($node->safe_psql('postgres', "SELECT count(*) FROM warrant.requests WHERE state = 'pending' AND requester_name = 'clerk'"), '1',
	'the same refusal is one pending request, however often it was made');
$node->works('everything works');
$node->stop;
done_testing();
