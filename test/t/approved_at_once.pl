# Two who approve the same request in the same instant: each vote counts once, and one grant comes of it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('approved_at_once');
my $recorder;
END { kill 'CONT', $recorder if $recorder; }

$node->safe_psql('postgres', 'CREATE ROLE second LOGIN IN ROLE warrant_approver; CREATE ROLE security; CREATE ROLE guard LOGIN IN ROLE security');
$node->safe_as('dba', <<'SQL');
SELECT warrant.create_policy('by two', 'approve', on_table => 'orders', commands => '{DELETE}', priority => 1, min_approvals => 2);
SELECT warrant.create_policy('of each', 'approve', on_table => 'orders', commands => '{INSERT}', priority => 1, approvers => '{"security": 1, "warrant_approver": 1}');
SQL

sub request { return $node->safe_as('clerk', "SELECT warrant.request('{$_[0]}', on_table => 'orders')") }

# What both send while the recorder is stopped waits for it side by side. Their SQLSTATEs, and how many grants the request has.
sub at_once
{
	my ($request, @approvers) = @_;
	my @sessions = map { $node->session_as($_) } @approvers;
	$recorder = $node->recorder_pid;
	kill 'STOP', $recorder;
	for my $session (@sessions)
	{
		my ($pid) = $node->ask($session, 'SELECT pg_backend_pid();');
		$session->{stderr} = '';
		$session->query_until(qr/begun/, "\\echo begun\nSELECT warrant.approve($request);\n");
		$node->eventually(sub {
			$node->safe_psql('postgres', "SELECT wait_event_type FROM pg_stat_activity WHERE pid = $pid AND state = 'active'") eq 'Extension' }) or die 'nobody waits for the recorder';
	}
	kill 'CONT', $recorder;
	my @states = map { $_->query('SELECT;'); GatedServer::state_in($_->{stderr}) } @sessions;
	$_->quit for @sessions;
	return join ' ', (sort @states), $node->safe_psql('postgres', "SELECT count(*) FROM warrant.grants WHERE request_id = $request");
}

is(at_once(request('UPDATE'), 'boss', 'second'), '55006 none 1', 'where one is enough, one grants, and the other comes too late');
is(at_once(request('DELETE'), 'boss', 'second'), 'none none 1', 'where two must, both count, and there is one grant');
is(at_once(request('INSERT'), 'boss', 'guard'), 'none none 1', 'and so for one of each role');
my $more = request('TRUNCATE');
is(at_once($more, 'boss', 'boss'), '55006 none 1', 'two sessions of one person');
$more = request('DELETE');
is(at_once($more, 'boss', 'boss'), '55006 none 0', 'who is not two');
is($node->safe_psql('postgres', "SELECT string_agg(DISTINCT approver_name::text, ' ') || ' ' || count(*) FROM warrant.decisions WHERE request_id = $more"), 'boss 1', 'and has one vote');
$node->log_is_sound;
$node->stop;
done_testing();
