# An action that was done says so also when its caller is cancelled before he has read the answer: 40003, never 57014.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use GatedServer;
use Test::More;

my $node = GatedServer->running('main');

# Whoever stands still reads nothing; what it waits for goes on.
sub stop { kill 'STOP', $_[0] or die "cannot stop $_[0]" }
sub go_on { kill 'CONT', $_[0] or die "cannot go on with $_[0]" }

for my $round (1 .. 3)
{
	my (undef, $err) = $node->sqlstate_as('clerk', 'UPDATE orders SET status = status WHERE id > 0');
	my ($request) = $err =~ /equest (\d+)/ or die $err;
	my $session = $node->session_as('boss');
	my ($pid) = $node->ask($session, 'SELECT pg_backend_pid()');
	my $recorder = $node->recorder_pid;
	stop($recorder);
	$session->query_until(qr/begun/, "\\echo begun\nSELECT warrant.approve($request);\n");
	ok($node->eventually(sub { $node->safe_as('dba', "SELECT wait_event_type FROM pg_stat_activity WHERE pid = $pid AND state = 'active'") eq 'Extension' }), 'an approver waits');
	stop($pid);
	go_on($recorder);
	ok($node->eventually(sub { $node->safe_as('dba', "SELECT state FROM warrant.requests WHERE id = $request") eq 'approved' }), 'his approval is done');
	$node->safe_as('clerk', 'SELECT warrant.action_result(0)');    # and answered, as what comes later is
	$node->safe_as('dba', "SELECT pg_cancel_backend($pid)");
	go_on($pid);
	my ($out, $code, $said) = $node->ask($session, 'SELECT 1');
	is("$out $code", '1 40003', 'a cancel that comes then does not say that it was not') or diag($said);
	my ($action) = $said =~ /action (\d+) may have been done/;
	is($node->safe_as('boss', "SELECT done FROM warrant.action_result($action)"), 't', 'and the action can be looked up');
	$session->quit;
	my $grant = $node->safe_as('dba', "SELECT grant_id FROM warrant.requests WHERE id = $request");
	is($node->sqlstate_as('boss', "SELECT warrant.revoke($grant)"), 'none', 'nothing is left behind');
}
$node->log_is_sound;
done_testing();
