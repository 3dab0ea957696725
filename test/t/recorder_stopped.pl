# A recorder that does not answer: what is gated fails closed, the rest runs; a caller who gives up has done nothing, but what he tried is recorded.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('recorder_stopped', "pg_warrant.ring_size = '512kB'");
$node->safe_psql('postgres', 'GRANT warrant_exempt TO dba; CREATE ROLE exempt LOGIN; GRANT warrant_exempt TO exempt; GRANT ALL ON orders TO exempt');
$node->safe_psql('postgres', "SELECT warrant.create_policy('readers', 'open', on_table => 'orders', commands => '{SELECT}', priority => 1)");
$node->safe_psql('postgres', "CREATE TABLE watched (id int); GRANT ALL ON watched TO clerk; SELECT warrant.protect('watched', mode => 'monitor')");
my $grant = $node->let('UPDATE');
my $update = "UPDATE orders SET status = 'void' WHERE id = 7";
is($node->sqlstate_as('clerk', $update), 'none', 'the grant works');
$node->safe_psql('postgres', "UPDATE orders SET status = 'new' WHERE id > 0");

my $recorder = $node->recorder_pid;
END { kill 'CONT', $recorder if $recorder; }

# Everything that the recorder had to do is done once it answers this; at first clerk's share of the ring may be full still.
sub caught_up
{
	$node->eventually(sub { ($node->sqlstate_as('clerk', 'SELECT warrant.action_result(0)'))[0] eq 'none' }) or die 'the recorder does not catch up';
}

# setting(LINE, SHOWN): and wait until it is there.
sub setting
{
	my ($line, $shown) = @_;
	my ($name) = $line =~ /^(\S+)/;
	$node->append_conf('postgresql.conf', $line);
	$node->reload;
	ok($node->eventually(sub { ($node->try_query("SHOW $name") // '') eq $shown }), $line);
}

# Sessions are impatient only while the recorder does not answer.
sub pause { $node->hold_up($recorder = $node->recorder_pid); setting("pg_warrant.audit_timeout = '300ms'", '300ms'); }
sub go_on { setting("pg_warrant.audit_timeout = '5min'", '5min'); kill 'CONT', $recorder; $node->wait_until_ready; }

pause();
my ($state, $err) = $node->sqlstate_as('clerk', $update);
is($state, '55000', 'a granted statement is refused');
like($err, qr/cannot be audited/, 'because it cannot be audited');
is($node->sqlstate_as('clerk', 'DELETE FROM orders WHERE id = 1'), '55000', 'one without a grant too');
is($node->sqlstate_as('clerk', 'TRUNCATE orders'), '55000', 'TRUNCATE too');
is($node->sqlstate_as('clerk', 'COPY orders FROM PROGRAM \'true\''), '42501', 'what PostgreSQL refuses anyway is refused by PostgreSQL');
is($node->sqlstate_as('clerk', 'SELECT count(*) FROM orders'), 'none', 'an open statement runs');
is($node->sqlstate_as('exempt', 'UPDATE orders SET status = status WHERE id = 8'), 'none', 'an exempt one runs');
is($node->sqlstate_as('dba', 'UPDATE orders SET status = status WHERE id = 8'), 'none', 'a superuser\'s runs');
is($node->sqlstate_as('clerk', 'INSERT INTO notes VALUES (1, \'x\')'), 'none', 'what is not protected runs');
is($node->sqlstate_as('dba', "SELECT warrant.protect('notes')"), 'none', 'definitions go on');
is($node->sqlstate_as('clerk', 'INSERT INTO notes VALUES (1, \'x\')'), '55000', 'and gate');
is($node->sqlstate_as('dba', "SELECT warrant.unprotect('notes')"), 'none', 'and end');
is($node->safe_psql('postgres', 'SELECT count(*) FROM orders WHERE status <> \'new\''), '0', 'nothing refused had an effect');

# Each way to give up, for an action that is still queued: nothing is done, and the caller is told so.
my $ask = "SELECT warrant.request('{DELETE}', on_table => 'orders', reason => '%s')";
is($node->sqlstate_as('clerk', sprintf $ask, 'timeout'), '55000', 'pg_warrant.audit_timeout: 55000');
setting("pg_warrant.audit_timeout = '5min'", '5min');
is($node->sqlstate_as('clerk', "SET statement_timeout = 200; " . sprintf $ask, 'statement_timeout'), '57014', 'statement_timeout: 57014');
my $session = $node->session_as('clerk');
my $pid = $session->query_safe('SELECT pg_backend_pid();');
for my $way ([ 'pg_cancel_backend', '57014' ], [ 'pg_terminate_backend', '57P01' ])
{
	my ($function, $want) = @$way;
	$session->{stdin} .= sprintf("$ask;\n", $function);
	$session->{run}->pump_nb;
	ok($node->eventually(sub { $session->{run}->pump_nb; $node->try_query("SELECT count(*) FROM pg_stat_activity WHERE pid = $pid AND wait_event_type = 'Extension'") eq '1' }),
		'the caller waits for the recorder');
	$node->safe_psql('postgres', "SELECT $function($pid)");
	ok($node->eventually(sub { eval { $session->{run}->pump_nb }; $session->{stderr} =~ /(ERROR|FATAL)/ }), "$function ends the wait");
	is(GatedServer::state_in($session->{stderr}), $want, "$function: $want");
	$session->{stderr} = '';
}
eval { $session->quit };
is($node->sqlstate_as('clerk', "SET statement_timeout = 200; DELETE FROM orders WHERE id = 1 /* given up */"), '57014', 'the wait for a refusal can be given up too');
is($node->sqlstate_as('boss', "SET statement_timeout = 200; SELECT warrant.revoke($grant)"), '57014', 'and a revoke');
setting("pg_warrant.audit_timeout = '300ms'", '300ms');

# Many actions fill the ring; one subject fills an eighth of it, and leaves room for others.
my $flood = $node->session_as('clerk');
$flood->query_safe("SET statement_timeout = 10;");
my $full;
for (1 .. 600)
{
	my (undef, $state) = $node->ask($flood, "SELECT warrant.request('{DELETE}', on_table => 'orders', reason => repeat('x', 2000));");
	last if ($full = $state) eq '53400';
}
is($full, '53400', 'a full ring is 53400');
is(($node->ask($flood, "RESET statement_timeout; $update /* " . ('x' x 8000) . ' */;'))[1], '53400', 'for statements too');
is(($node->ask($flood, 'SELECT count(*) FROM orders;'))[1], 'none', 'an open statement of the same session runs');
setting("pg_warrant.audit_timeout = '10min'", '10min');
$node->psql('postgres', 'INSERT INTO watched VALUES (1)', timeout => $GatedServer::patience_s, timed_out => \my $waits, extra_params => [ '-U', 'clerk' ]);
ok(!$waits, 'what nothing but a monitor policy watches does not wait for the recorder, nor does its outcome');
setting("pg_warrant.audit_timeout = '300ms'", '300ms');
is($node->sqlstate_as('boss', "SELECT warrant.deny(1)"), '55000', 'another subject still has room');
$flood->quit;

go_on();
caught_up();
is($node->safe_psql('postgres', "SELECT count(*) FROM warrant.requests WHERE reason IS NOT NULL"), '0', 'nothing that was given up is done afterwards');
is($node->safe_psql('postgres', "SELECT count(*) FROM warrant.audit_log JOIN warrant.audit_text USING (seq) WHERE event = 'refused' AND statement LIKE '%/* given up */'"),
	'1', 'but each refusal is recorded');
is($node->safe_psql('postgres', "SELECT string_agg(DISTINCT command, ' ' ORDER BY command) FROM warrant.audit_log WHERE event = 'refused'"), 'DELETE INSERT TRUNCATE',
	'of each command');
is($node->safe_psql('postgres', "SELECT closed_at IS NULL FROM warrant.grants WHERE id = $grant"), 't', 'the grant was not revoked');
is($node->sqlstate_as('clerk', $update), 'none', 'it works again');
is($node->safe_psql('postgres', 'SELECT count(*) FROM orders'), '100', 'no refused statement had an effect');
$node->safe_psql('postgres', "UPDATE orders SET status = 'new' WHERE id > 0");

# A grant ends by the clock, whoever closes it later: for a session that has used it, and for a new one.
$node->safe_psql('postgres', "SELECT warrant.create_policy('notes', 'approve', on_table => 'notes', audit_wait => false)");
$node->safe_as('boss', "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'notes', duration => '4 s')");
my $reader = $node->session_as('clerk');
$node->ask($reader, 'SELECT count(*) FROM notes;');
pause();
ok($node->eventually(sub { ($node->try_query('SELECT ends_at < clock_timestamp() FROM warrant.grants ORDER BY id DESC LIMIT 1') // '') eq 't' }), 'a grant has ended');
isnt(($node->ask($reader, 'SELECT count(*) FROM notes;'))[1], 'none', 'the session that has used it is refused');
isnt($node->sqlstate_as('clerk', 'SELECT count(*) FROM notes'), 'none', 'a new session is refused');
$reader->quit;
go_on();
caught_up();
$node->safe_psql('postgres', "SELECT warrant.drop_policy('notes')");

setting('pg_warrant.audit_failure = allow', 'allow');
setting('log_min_messages = fatal', 'fatal');    # what must stand in the log does all the same
pause();
is($node->sqlstate_as('clerk', "$update /* audit_failure */"), 'none', 'audit_failure = allow lets the granted statement run');
is($node->safe_psql('postgres', 'SELECT status FROM orders WHERE id = 7'), 'void', 'with its effect');
is($node->sqlstate_as('clerk', 'DELETE FROM orders WHERE id = 1'), '55000', 'one without a grant is refused still');
like(slurp_file($node->logfile), qr/pg_warrant: \{"event":"allowed","command":"UPDATE"/, 'the server log has the record');
is($node->safe_psql('postgres', "SELECT value <> '0' FROM warrant.status() WHERE item = 'lost'"), 't', 'status counts it');
go_on();
caught_up();
is($node->safe_psql('postgres', "SELECT count(*) FROM warrant.audit_log JOIN warrant.audit_text USING (seq) WHERE event = 'allowed' AND statement LIKE '%/* audit_failure */'"),
	'1', 'and the audit log too, when the recorder goes on');
setting('log_min_messages = warning', 'warning');
setting('pg_warrant.audit_failure = deny', 'deny');
$node->safe_psql('postgres', "SELECT warrant.drop_policy('readers')");
$node->works('all works again');
$node->stop;
done_testing();
