# A statement that is refused while a grant for it is under way files no second request: it runs as soon as the recorder has told its session.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('granted_meanwhile');
my $update = 'UPDATE orders SET status = status WHERE id = 1';
my $recorder;
END { kill 'CONT', $recorder if $recorder; }

sub filed { return $node->safe_psql('postgres', 'SELECT count(*) FROM warrant.requests') }

# Whoever comes while the recorder is stopped waits, in this order.
sub both
{
	my ($decision, $statement) = @_;
	my @sessions = map { $node->session_as($_) } 'boss', 'clerk';
	my @errors;
	$recorder = $node->recorder_pid;
	kill 'STOP', $recorder;
	for my $i (0, 1)
	{
		$sessions[$i]->query_until(qr/sent/, "\\echo sent\n" . ($decision, $statement)[$i] . ";\n\\echo answered\n");
		my $waiting = "SELECT count(*) FROM pg_stat_activity WHERE usename = '" . ('boss', 'clerk')[$i] . "' AND state = 'active' AND wait_event_type = 'Extension'";
		$node->eventually(sub { $node->safe_psql('postgres', $waiting) eq '1' }) or die 'nobody waits for the recorder';
	}
	kill 'CONT', $recorder;
	for my $session (@sessions)
	{
		$session->query_until(qr/over/, "\\echo over\n");
		push @errors, GatedServer::state_in($session->{stderr});
		$session->quit;
	}
	return "@errors";
}

my (undef, $err) = $node->sqlstate_as('clerk', $update);
my ($request) = $err =~ /Request (\d+)/;
is(both("SELECT warrant.approve($request)", $update), 'none none', 'who is refused while his request is approved gets through');
is(filed(), '1', 'and asks for nothing new');
is($node->safe_psql('postgres', "SELECT string_agg(event, ' ' ORDER BY seq) FROM warrant.audit_log WHERE session_user_name = 'clerk' AND event <> 'outcome'"),
	'request_created refused refused allowed', 'all of it is in the log');
my $grant = $node->safe_psql('postgres', 'SELECT max(id) FROM warrant.grants');
$node->safe_as('boss', "SELECT warrant.revoke($grant)");

is(both("SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders', max_uses => 1)", $update), 'none none', 'without a request, too');
is(filed(), '1', 'none is filed');
is($node->sqlstate_as('clerk', $update), '42501', 'a use that is spent helps nobody');
is(filed(), '2', 'so that it is asked for');

is(both("SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders')", 'DELETE FROM orders WHERE id < 0'), 'none 42501', 'nor does a grant of something else');
is(filed(), '3', 'that is asked for');
$node->log_is_sound;
$node->stop;
done_testing();
