# Commands on whole databases find no worker in their way, and gate and recorder are back after each.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use GatedServer;

my $node = GatedServer->running('databases', 'pg_warrant.max_databases = 3');

# Commands on a database must not wait until the server gives up on its sessions, which is after 5 s.
sub command
{
	my ($sql, $from) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $begin = time;
	my ($state, $err) = $node->sqlstate_as('dba', $sql, $from);
	is($state, 'none', "$sql from " . ($from // 'postgres')) or diag($err);
	note(sprintf '%.0f ms', 1000 * (time - $begin));
}

sub slots { return $node->safe_psql('postgres', "SELECT value FROM warrant.status() WHERE item = 'slots'"); }

$node->safe_psql('postgres', "CREATE DATABASE $_") for 'plain', 'one', 'two';
$node->add_gate($_) for 'one', 'two';
$node->works("database $_", $_) for 'one', 'two', 'postgres';
is(slots(), '3 of 3 used', 'three slots');

my ($state, $err) = $node->sqlstate_as('dba', 'CREATE EXTENSION pg_warrant', 'plain');
is($state, '53000', 'a fourth database finds no slot');
like($err, qr/pg_warrant\.max_databases/, 'and is told which setting');
is($node->safe_psql('plain', 'SELECT count(*) FROM pg_extension WHERE extname = \'pg_warrant\''), '0', 'nothing is left of it');

command('DROP DATABASE one');
ok($node->eventually(sub { slots() eq '2 of 3 used' }), 'its slot is free');
command('CREATE EXTENSION pg_warrant', 'plain');
command('DROP EXTENSION pg_warrant', 'plain');
ok($node->eventually(sub { slots() eq '2 of 3 used' }), 'the slot of a dropped extension is free too');

# Its recorder is ended before it has seen that the extension is gone, and finds nothing when it comes back.
command('CREATE EXTENSION pg_warrant', 'plain');
$node->wait_until_ready('plain');
{
	my $recorder = $node->recorder_pid('plain');
	$node->hold_up($recorder);
	command('DROP EXTENSION pg_warrant', 'plain');
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($recorder)");
	kill 'CONT', $recorder;
}
ok($node->eventually(sub { slots() eq '2 of 3 used' }), 'nor does one keep it whose recorder never saw the drop');
command('DROP DATABASE two', 'plain');
ok($node->eventually(sub { slots() eq '1 of 3 used' }), 'dropped from a database without the extension');

command("CREATE DATABASE $_") for 'one';
$node->add_gate('one');
$node->works('a database of the same name as one that is gone', 'one');

# A caller who may not, or whose command fails, costs nothing but the attempt.
is($node->sqlstate_as('clerk', 'DROP DATABASE one'), '42501', 'not the owner');
$node->works('goes on', 'one');
{
	my $session = $node->session_as('clerk', 'one');
	is($node->sqlstate_as('dba', 'ALTER DATABASE one RENAME TO uno'), '55006', 'another session is in the way');
	$session->quit;
}
$node->works('goes on after the command that failed', 'one');

my $requests = $node->safe_psql('one', 'SELECT count(*) FROM warrant.requests');
command('ALTER DATABASE one RENAME TO uno');
$node->works('after RENAME', 'uno');
is($node->safe_psql('uno', "SELECT count(*) > $requests FROM warrant.requests"), 't', 'with all that it had');
is($node->safe_psql('uno', 'SELECT string_agg(DISTINCT database_name, \' \' ORDER BY database_name) FROM warrant.audit_log'), 'one uno', 'the audit names both');

mkdir $node->basedir . '/space' or die $!;
command("CREATE TABLESPACE space LOCATION '" . $node->basedir . "/space'");
command('ALTER DATABASE uno SET TABLESPACE space', 'plain');
$node->works('after SET TABLESPACE', 'uno');
command('ALTER DATABASE uno SET TABLESPACE pg_default');
$node->works('and back', 'uno');

command('CREATE DATABASE copy TEMPLATE uno');
$node->works('the source of a copy', 'uno');
$node->wait_until_ready('copy');
command('DROP DATABASE copy WITH (FORCE)', 'plain');
ok($node->eventually(sub { slots() eq '2 of 3 used' }), 'the copy leaves no slot behind');
$node->works('others after DROP ... FORCE', 'uno');

command('CREATE DATABASE copy TEMPLATE uno', 'plain');
$node->wait_until_ready('copy');
$node->safe_as('dba', 'SELECT warrant.adopt()', 'copy');
$node->works('a copy is gated and has a recorder', 'copy');
command('DROP DATABASE copy');

$node->safe_psql('uno', 'SET client_min_messages = warning; BEGIN; SELECT warrant.discard_audit_log(); DROP EXTENSION pg_warrant CASCADE; COMMIT');
is($node->sqlstate_as('clerk', 'DELETE FROM orders WHERE id < 0', 'uno'), 'none', 'without the extension nothing is gated');
$node->safe_psql('uno', "SET client_min_messages = warning; CREATE EXTENSION pg_warrant; SELECT warrant.protect('orders')");
$node->works('created again', 'uno');
my $recorder = $node->recorder_pid('uno');
$node->hold_up($recorder);
$node->safe_psql('uno', "SET client_min_messages = warning; BEGIN; SELECT warrant.discard_audit_log(); DROP EXTENSION pg_warrant CASCADE; COMMIT; CREATE EXTENSION pg_warrant; SELECT warrant.protect('orders')");
kill 'CONT', $recorder;
$node->works('dropped and created before the recorder looks', 'uno');
$node->safe_psql('uno', 'SET client_min_messages = warning; BEGIN; SELECT warrant.discard_audit_log(); DROP EXTENSION pg_warrant CASCADE; ROLLBACK');
$node->works('after a DROP EXTENSION that was rolled back', 'uno');
$node->safe_psql('uno', 'SET client_min_messages = warning; BEGIN; SELECT warrant.discard_audit_log(); DROP EXTENSION pg_warrant CASCADE; COMMIT');
is($node->sqlstate_as('clerk', 'DELETE FROM orders WHERE id < 0', 'uno'), 'none', 'dropped in a transaction block');
is($node->sqlstate_as('dba', "BEGIN; CREATE EXTENSION pg_warrant; SELECT warrant.explain('clerk', 'SELECT', 'orders')", 'uno'), '55000', 'no gate yet to explain');
$node->safe_psql('uno', "SET client_min_messages = warning; BEGIN; CREATE EXTENSION pg_warrant; SELECT warrant.protect('orders'); COMMIT");
$node->works('created in a transaction block', 'uno');
$node->safe_psql('plain', 'SET client_min_messages = warning; BEGIN; CREATE EXTENSION pg_warrant; ROLLBACK');
is(slots(), '2 of 3 used', 'a CREATE EXTENSION that was rolled back takes no slot');

# What every new database is copied from.
command('CREATE EXTENSION pg_warrant', 'template1');
$node->wait_until_ready('template1');
command('CREATE DATABASE child');
$node->wait_until_ready('template1');
command('DROP DATABASE child');
command("$_ DATABASE child") for ('CREATE', 'DROP') x 5;
ok($node->eventually(sub { $node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pg_warrant recorder'") eq '3' }),
	'no recorder of it is left');
$node->safe_psql('template1', 'SET client_min_messages = warning; BEGIN; SELECT warrant.discard_audit_log(); DROP EXTENSION pg_warrant CASCADE; COMMIT');
ok($node->eventually(sub { slots() eq '2 of 3 used' }), 'a DROP EXTENSION frees the slot');

# Nor do those that others make from it take the slots of the gate.
# For what no recorder will answer.
sub impatiently
{
	my ($code) = @_;
	$node->set_in_file('pg_warrant.audit_timeout', "'1s'", '1s');
	$code->();
	$node->set_in_file('pg_warrant.audit_timeout', "'5min'", '5min');
}
command('CREATE EXTENSION pg_warrant', 'template1');
$node->wait_until_ready('template1');
$node->safe_psql('template1', "CREATE TABLE public.orders (id int PRIMARY KEY); GRANT ALL ON orders TO clerk; SELECT warrant.protect('orders')");
$node->restart;
$node->works("with the template: $_", $_) for 'uno', 'postgres';
is(slots(), '3 of 3 used', 'all slots are used');
$node->safe_psql('template1', 'BEGIN; SELECT warrant.discard_audit_log(); DROP EXTENSION pg_warrant CASCADE; COMMIT; CREATE EXTENSION pg_warrant');
$node->wait_until_ready('template1');
command('CREATE ROLE maker LOGIN CREATEDB CREATEROLE');
is($node->sqlstate_as('maker', "CREATE DATABASE made_$_"), 'none', 'who may create databases does') for 1 .. 3;
command('DROP DATABASE uno');
ok($node->eventually(sub { slots() eq '2 of 3 used' }), 'a slot is free');
impatiently(sub { is($node->sqlstate_as('clerk', "SELECT warrant.request('{SELECT}', on_database => true)", "made_$_"), '55000', 'the gate in such a copy is shut') for 1 .. 3 });
is($node->sqlstate_as('maker', 'CREATE ROLE by_maker'), 'none', 'commands on roles go on');
$node->restart;
$node->works('after a restart', 'postgres');
is(slots(), '2 of 3 used', 'nor do they take one at the start');
is($node->sqlstate_as('maker', 'DROP ROLE by_maker'), 'none', 'commands on roles go on after a restart');
command('CREATE DATABASE uno TEMPLATE template0');
$node->add_gate('uno');
$node->works('who has a right to it gets the slot', 'uno');
command('DROP DATABASE uno');
ok($node->eventually(sub { slots() eq '2 of 3 used' }), 'the slot is free again');
impatiently(sub { is($node->sqlstate_as('maker', 'SELECT warrant.adopt()', 'made_1'), '55000', 'its owner cannot adopt it') });
is($node->sqlstate_as('dba', 'SELECT warrant.adopt()', 'made_1'), 'none', 'a superuser can');
$node->wait_until_ready('made_1');
is(slots(), '3 of 3 used', 'and it has a slot from then on');
$node->restart;
$node->wait_until_ready('made_1');
command("DROP DATABASE made_$_") for 1 .. 3;
command('DROP ROLE maker');
$node->safe_psql('template1', 'SET client_min_messages = warning; BEGIN; SELECT warrant.discard_audit_log(); DROP EXTENSION pg_warrant CASCADE; COMMIT; DROP TABLE IF EXISTS orders');
command('CREATE DATABASE uno TEMPLATE template0');
$node->add_gate('uno');

# Dropped while its recorder is about to come back.
command('CREATE DATABASE brief');
$node->add_gate('brief');
$node->safe_psql('postgres', 'SELECT pg_terminate_backend(' . $node->recorder_pid('brief') . ')');
command('DROP DATABASE brief');
ok($node->eventually(sub { slots() eq '2 of 3 used' }), 'its slot is free');
command('SELECT pg_sleep(3.5)');    # three times the restart of a worker; the log is read at the end

$node->restart;
$node->works("after a restart: $_", $_) for 'uno', 'postgres';
$node->safe_psql('uno', 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = \'pg_warrant launcher\'');
$node->works('after the launcher was terminated', 'uno');

# Without preload the library refuses to come in at all, and what it protected stays shut.
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
($state, $err) = $node->sqlstate_as('dba', 'CREATE EXTENSION pg_warrant', 'plain');
is($state, '55000', 'not preloaded');
like($err, qr/shared_preload_libraries/, 'and told where it belongs');
is($node->sqlstate_as('dba', 'SELECT warrant_internal.monotonic_now()', 'uno'), '55000', 'nor do its functions load it');
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_warrant'");
$node->restart;
$node->works('preloaded again', 'uno');

# A worker for a database that was dropped under it is not started again and again.
my %fatal;
$fatal{$_}++ for slurp_file($node->logfile) =~ /FATAL:  database (\d+) does not exist/g;
is_deeply([ grep { $fatal{$_} > 2 } keys %fatal ], [], 'no worker is restarted for a database that is gone');
$node->stop;
done_testing();
