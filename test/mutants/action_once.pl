# An action whose caller gives up, or whose recorder ends, at any step is done once or not at all, and the caller can tell which: 57014 and
# 55000 say not done, 40003 names an action that action_result knows. Needs the wait points of a build with the switches of test/mutants.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../t";
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('action_once');
my ($log_from, $number) = (0, 0);

# Sets the place to wait at in every recorder to come; the next batch stops there.
sub wait_at
{
	my ($place) = @_;
	$node->safe_psql('postgres', "ALTER SYSTEM SET pg_warrant.wait_point = '$place'; SELECT pg_reload_conf()");
	$node->wait_until_ready;
}

sub arrived
{
	my ($place) = @_;
	ok($node->eventually(sub { slurp_file($node->logfile, $log_from) =~ /waiting at "$place"/ }), "the recorder is at $place");
	$log_from = -s $node->logfile;
}

sub go_on { $node->safe_psql('postgres', 'ALTER SYSTEM RESET pg_warrant.wait_point; SELECT pg_reload_conf()'); }

sub done { return $node->safe_psql('postgres', "SELECT count(*) FROM warrant.requests WHERE reason = '$_[0]'"); }

# Sends a request as clerk, and does not wait for its answer.
sub ask
{
	my ($session, $reason) = @_;
	my $command = (qw(SELECT INSERT UPDATE DELETE TRUNCATE LOCK EXPORT))[ $number % 7 ];
	$session->{stdin} .= "SELECT 'answer ' || warrant.request('{$command}', on_table => 'orders', reason => '$reason');\n";
	$session->{run}->pump_nb;
}

sub answer
{
	my ($session) = @_;
	$node->eventually(sub { eval { $session->{run}->pump_nb }; $session->{stdout} =~ /answer \d+\n/ || $session->{stderr} =~ /(?:ERROR|FATAL):  \w{5}:.*\n/ });
	return $session->{stdout} =~ /answer (\d+)/ ? $1 : GatedServer::state_in($session->{stderr});
}

# The caller's word against what was done. Returns the SQLSTATE, 'none' for an answer.
sub judge
{
	my ($session, $reason, @allowed) = @_;
	my $answer = answer($session);
	my $state = $answer =~ /^\d+$/ && length $answer < 5 ? 'none' : $answer;
	ok(scalar(grep { $_ eq $state } @allowed), "$reason: $state") or diag($session->{stderr});
	my ($action) = $session->{stderr} =~ /action (\d+) may have been done/;
	$node->wait_until_ready;
	my $result = $node->safe_as('clerk', 'SELECT done FROM warrant.action_result(' . ($action // 0) . ')');    # also: all before it is over
	my $want = $state eq 'none' ? '1' : $state eq '40003' ? ($result eq 't' ? '1' : '0') : $state eq '57P01' ? done($reason) : '0';
	is(done($reason), $want, "$reason: what the caller was told is true ($want done)");
	cmp_ok(done($reason), '<=', 1, "$reason: not twice");
	$node->log_is_sound;
	$node->safe_as('clerk', "SELECT warrant.cancel(id) FROM warrant.my_requests WHERE state = 'pending' LIMIT 1") if done($reason);
	return $state;
}

for my $place ('recorder_action', 'recorder_before_commit', 'recorder_after_commit')
{
	for my $event ('pg_cancel_backend', 'pg_terminate_backend', 'statement_timeout', 'recorder terminated', 'recorder terminated and caller cancelled',
		'recorder terminated twice')
	{
		my $reason = "$event at $place";
		$number++;
		my $session = $node->session_as('clerk');
		my $pid = $session->query_safe('SELECT pg_backend_pid();');
		$session->query_safe("SET statement_timeout = '1s';") if $event eq 'statement_timeout';
		$session->{stdout} = $session->{stderr} = '';
		$log_from = -s $node->logfile;
		# By way of the first place: only there is it sure that the batch has taken the action.
		wait_at('recorder_action');
		ask($session, $reason);
		arrived('recorder_action');
		if ($place ne 'recorder_action')
		{
			$node->safe_psql('postgres', "ALTER SYSTEM SET pg_warrant.wait_point = '$place'; SELECT pg_reload_conf()");
			arrived($place);
		}
		if ($event =~ /^pg_/)
		{
			$node->safe_psql('postgres', "SELECT $event($pid)");
			answer($session);
			go_on();
			judge($session, $reason, $event eq 'pg_cancel_backend' ? '40003' : '57P01');
		}
		elsif ($event eq 'statement_timeout')
		{
			answer($session);
			go_on();
			judge($session, $reason, '40003');
		}
		else
		{
			# The next recorder stops at the same entry and place: what the first one did there is undone, or known.
			for my $time (1 .. ($event =~ /twice/ ? 2 : 1))
			{
				my $old = $node->recorder_pid;
				$node->safe_psql('postgres', "SELECT pg_terminate_backend($old)");
				arrived($place);
			}
			if ($event =~ /cancelled/) { $node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)"); answer($session); }
			go_on();
			judge($session, $reason, $event =~ /cancelled/ ? '40003' : 'none');
		}
		eval { $session->quit };
	}
}

go_on();
$node->works('all works without wait points');
$node->stop;
done_testing();
