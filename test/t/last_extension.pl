# Roles of the gate's names that have members are taken over only while another database has the extension, and no longer, from the very moment
# that its DROP EXTENSION is committed. The recorder of the one that is dropped leaves at once, and quietly.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->prepared('last_extension');
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE dba SUPERUSER LOGIN; CREATE ROLE member LOGIN; CREATE DATABASE one; CREATE DATABASE two');
my $create = 'CREATE EXTENSION pg_warrant';
my $drop = 'SELECT warrant.discard_audit_log(); DROP EXTENSION pg_warrant';
$node->safe_as('dba', "$create; CREATE TABLE t (a int); SELECT warrant.protect('t')", 'one');
$node->wait_until_ready('one');
$node->safe_psql('postgres', 'GRANT warrant_admin TO member');
is($node->sqlstate_as('dba', $create, 'two'), 'none', 'while one database has the extension another gets it');
$node->wait_until_ready('two');
is($node->sqlstate_as('dba', "BEGIN; $drop; COMMIT", 'two'), 'none', 'dropped there');
is($node->sqlstate_as('dba', "BEGIN; $drop; ROLLBACK", 'one'), 'none', 'a drop that is rolled back');
is($node->sqlstate_as('dba', "BEGIN; SELECT warrant.discard_audit_log(); SAVEPOINT s; DROP EXTENSION pg_warrant; ROLLBACK TO s; COMMIT", 'one'), 'none', 'to a savepoint');
is($node->sqlstate_as('dba', "BEGIN; $drop; $create; COMMIT", 'one'), 'none', 'one that is made good');

# Committed at the very moment when a worker has looked up what is dropped, and waits for its lock: for the second time, when it begins anew.
sub while_waits
{
	my ($worker, $what) = @_;
	$node->wait_until_ready('one');
	ok($node->eventually(sub { $node->try_query("SELECT count(*) FROM pg_stat_activity WHERE datname = 'one' AND backend_type = 'pg_warrant $worker'") eq '1' }), "there is a $worker");
	my $wait = <<"SQL";
DO \$\$
DECLARE
  until timestamptz := clock_timestamp() + '300 s';
  waits bool;
  waited bool := false;
  count int := 0;
BEGIN
  WHILE count < 2 LOOP
    waits := EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                     WHERE NOT l.granted AND a.datname = current_database() AND a.backend_type = 'pg_warrant $worker');
    count := count + (waits AND NOT waited)::int;
    waited := waits;
    IF clock_timestamp() > until THEN RAISE 'the $worker does not wait'; END IF;
    PERFORM pg_sleep(0.002);
    PERFORM pg_stat_clear_snapshot();
  END LOOP;
END \$\$
SQL
	is($node->sqlstate_as('dba', "BEGIN; $drop; $create; $wait; COMMIT", 'one'), 'none', $what);
}
while_waits('recorder', 'one that is made good while the recorder waits');
$node->safe_as('dba', q{SELECT warrant.add_webhook('bank', 'https://127.0.0.1:1/', 'decision', 'bank', allowed_networks => '{127.0.0.1}')}, 'one');
while_waits('courier', 'and while the courier waits');
$node->wait_until_ready('one');
is($node->sqlstate_as('dba', $create, 'two'), 'none', 'leave it there for the other');

# A recorder that is held up cannot leave by itself: what the commit says of the drop counts alone. It is stopped where it holds no lock, or the drop
# would wait for it.
my $session = $node->session_as('dba', 'two');
$session->query_safe('BEGIN; SELECT warrant.discard_audit_log();');
my $recorder = $node->recorder_pid('two');
ok($node->hold_up($recorder), 'the recorder of the other is held up');
$session->query_safe('DROP EXTENSION pg_warrant; COMMIT;');
$session->quit;
is($node->sqlstate_as('dba', "BEGIN; $drop; COMMIT", 'one'), 'none', 'and this one is dropped, too');
is($node->sqlstate_as('dba', $create, 'one'), '42710', 'nobody vouches for the members, although a recorder has not left');
kill 'CONT', $recorder;
$node->safe_psql('postgres', 'REVOKE warrant_admin FROM member');
$node->safe_as('dba', "$create; CREATE TABLE IF NOT EXISTS t (a int); SELECT warrant.protect('t')", 'one');
$node->safe_psql('postgres', 'GRANT warrant_admin TO member');

my @databases = ('one', 'two');
for my $round (1 .. 8)
{
	my ($here, $there) = @databases;
	@databases = ($there, $here);
	$node->wait_until_ready($here);
	$node->safe_as('dba', 'CREATE TABLE IF NOT EXISTS t (a int)', $here);
	$node->safe_as('dba', "SELECT warrant.protect('t'); SELECT FROM t", $here);    # rows are on their way
	is($node->sqlstate_as('dba', "BEGIN; $drop; COMMIT", $here), 'none', "round $round: dropped");
	my ($state, $err) = $node->sqlstate_as('dba', $create, $there);
	is($state, '42710', 'nobody vouches for the members now');
	like($err, qr/^HINT:.*pg_warrant\.allow_restore/m, 'and what to do where a server is restored');
	$node->safe_psql('postgres', 'REVOKE warrant_admin FROM member');
	is($node->sqlstate_as('dba', $create, $there), 'none', 'without members it is created');
	$node->safe_psql('postgres', 'GRANT warrant_admin TO member');
}
# Lines without an application name are the workers'; they may wait in vain while a drop is open.
my @stumbles = grep { /\[\d+\] (ERROR|FATAL|PANIC): (?! *canceling statement due to lock timeout)/ } split /\n/, slurp_file($node->logfile);
is(scalar @stumbles, 0, 'no worker stumbles over what is dropped') or diag(join "\n", @stumbles);

# Who restores a server with its memberships says so.
$node->safe_as('dba', "BEGIN; $drop; COMMIT", $databases[0]);
is($node->sqlstate_as('dba', $create), '42710', 'refused');
$node->append_conf('postgresql.conf', 'pg_warrant.allow_restore = on');
$node->restart;
is($node->sqlstate_as('dba', $create), 'none', 'with allow_restore the members stay');
$node->stop;
done_testing();
