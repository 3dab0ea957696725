# A refusal's request and audit rows are durable when the client sees the ERROR, whatever dies next.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('survival');

# Refuses clerk once with a marker of its own; returns the request's id.
sub refused
{
	my ($session, $marker) = @_;
	my (undef, $state, $err) = $node->ask($session, "UPDATE orders SET status = 'void' WHERE id = 7 /* $marker */;");
	is($state, '42501', "$marker: refused");
	my ($request) = $err =~ /Request (\d+) \(UPDATE on public\.orders\)/;
	ok(defined $request, "$marker: with a request") or diag($err);
	return $request;
}

sub survived
{
	my ($marker, $request) = @_;
	$node->wait_until_ready;
	is($node->safe_psql('postgres', "SELECT state || ' ' || requester_name FROM warrant.requests WHERE id = $request"),
		'pending clerk', "$marker: the request is there");
	is($node->safe_psql('postgres', <<SQL), '1', "$marker: the audit row and its text are there, once");
SELECT count(*) FROM warrant.audit_log JOIN warrant.audit_text USING (seq)
 WHERE event = 'refused' AND request_id = $request AND relation_name = 'orders' AND command = 'UPDATE' AND statement LIKE '%/* $marker */'
SQL
	$node->log_is_sound;
	$node->safe_as('clerk', "SELECT warrant.cancel($request)");
}

# A session that the server's crash ends.
sub abandon { eval { $_[0]->{run}->kill_kill }; }

my $session = $node->session_as('clerk');
$session->query_safe("BEGIN; INSERT INTO notes VALUES (1, 'rolled back');");
my $request = refused($session, 'rollback');
$session->query_safe('ROLLBACK;');
survived('rollback', $request);
is($node->safe_psql('postgres', 'SELECT count(*) FROM notes'), '0', 'the rest of the transaction is gone');

$request = refused($session, 'immediate shutdown');
$node->stop('immediate');
abandon($session);
$node->start;
survived('immediate shutdown', $request);

$session = $node->session_as('clerk');
my $backend = $session->query_safe('SELECT pg_backend_pid();');
my $recorder = $node->recorder_pid;
$request = refused($session, 'backend killed');
kill 'KILL', $backend;
abandon($session);
ok($node->eventually(sub { my $pid = $node->recorder_pid; $pid && $pid != $recorder }), 'the cluster restarts');
survived('backend killed', $request);

$session = $node->session_as('clerk');
$recorder = $node->recorder_pid;
$request = refused($session, 'recorder killed');
kill 'KILL', $recorder;
abandon($session);
ok($node->eventually(sub { my $pid = $node->recorder_pid; $pid && $pid != $recorder }), 'the cluster restarts');
survived('recorder killed', $request);

$session = $node->session_as('clerk');
$request = refused($session, 'postmaster killed');
$node->kill9;
abandon($session);
$node->start_again;
survived('postmaster killed', $request);

$node->works('everything still works');
$node->stop;
done_testing();
