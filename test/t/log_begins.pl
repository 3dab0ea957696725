# From its first moment, and over restarts, the log has what its gate goes by: settings that are changed in the configuration file, and role
# commands before a recorder is there.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('log_begins');

sub rows
{
	my ($where, $database) = @_;
	return $node->safe_as('dba', "SELECT coalesce(string_agg(event || ' ' || comment, ', ' ORDER BY seq), '') FROM warrant.audit_log WHERE $where", $database);
}
my $of_settings = "event IN ('gate_on', 'gate_off') OR (event = 'config_changed' AND comment LIKE 'pg_warrant.%')";

# What is found first is where the log begins; afterwards each change leaves a row.
$node->safe_as('dba', 'SELECT warrant.action_result(0)');
is(rows($of_settings), '', 'what a new log finds is no change');
my @expected;
sub noted
{
	my ($why, @rows) = @_;
	push @expected, @rows;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok($node->eventually(sub { rows($of_settings) eq join ', ', @expected }), $why) or diag(rows($of_settings));
}
$node->append_conf('postgresql.conf', 'pg_warrant.enforcement = off');
$node->reload;
noted('switched off in the file', 'gate_off pg_warrant.enforcement: "off", was "enforce"');
$node->append_conf('postgresql.conf', "pg_warrant.enforcement = enforce\npg_warrant.audit_failure = allow\npg_warrant.secret_file = '/nowhere'");
$node->reload;
noted('and on again, and others with it', 'config_changed pg_warrant.audit_failure: "allow", was "deny"', 'gate_on pg_warrant.enforcement: "enforce", was "off"',
	'config_changed pg_warrant.secret_file is another');
$node->reload;
$node->restart;
$node->wait_until_ready;
$node->stop;
$node->append_conf('postgresql.conf', 'pg_warrant.enforcement = monitor');
$node->start;
$node->wait_until_ready;
noted('changed while the server was down', 'gate_off pg_warrant.enforcement: "monitor", was "enforce"');
$node->safe_psql('postgres', 'CREATE DATABASE later');
$node->add_gate('later');
ok($node->eventually(sub { rows($of_settings, 'later') eq 'gate_off pg_warrant.enforcement: "monitor", was "enforce"' }), 'a log that begins under a gate that is not on says so');
$node->append_conf('postgresql.conf', 'pg_warrant.enforcement = enforce');
$node->reload;
noted('at last', 'gate_on pg_warrant.enforcement: "enforce", was "monitor"');

# What is changed and changed back while the recorder does not look stands in it all the same: of text that there was another one.
my $recorder = $node->recorder_pid;
kill 'STOP', $recorder;
my $at = $node->safe_psql('postgres', 'SELECT clock_timestamp()');
my $conf = $node->data_dir . '/postgresql.conf';
my $as_it_was = PostgreSQL::Test::Utils::slurp_file($conf);
$node->append_conf('postgresql.conf', "pg_warrant.enforcement = off\npg_warrant.enforce_superuser = on\npg_warrant.admin_roles = 'clerk'\npg_warrant.max_pending = 7");
$node->reload;
ok($node->eventually(sub { $node->safe_psql('postgres', 'SHOW pg_warrant.enforcement') eq 'off' }), 'it is off while the recorder is stopped');
my $until = $node->safe_psql('postgres', 'SELECT clock_timestamp()');
PostgreSQL::Test::Utils::append_to_file("$conf.before", $as_it_was);
rename "$conf.before", $conf or die $!;
$node->reload;
ok($node->eventually(sub { $node->safe_psql('postgres', 'SHOW pg_warrant.enforcement') eq 'enforce' }), 'and on again before it goes on');
kill 'CONT', $recorder;
noted('both stand there', 'gate_off pg_warrant.enforcement: "off", was "enforce"', 'config_changed pg_warrant.enforce_superuser: "on", was "off"',
	'config_changed pg_warrant.admin_roles was another for a while', 'config_changed pg_warrant.max_pending: "7", was "100"',
	'config_changed pg_warrant.enforce_superuser: "off", was "on"', 'gate_on pg_warrant.enforcement: "enforce", was "off"', 'config_changed pg_warrant.max_pending: "100", was "7"');
is($node->safe_as('dba', "SELECT count(*) FROM warrant.audit_log WHERE event = 'gate_off' AND occurred_at BETWEEN '$at' AND '$until'"), '1', 'with its time');

# The grant comes as quickly as a client can send it, also with the extension in one transaction.
$node->safe_psql('postgres', 'CREATE DATABASE new');
$node->safe_as('dba', 'SET client_min_messages = warning; CREATE EXTENSION pg_warrant; GRANT warrant_admin TO clerk', 'new');
$node->wait_until_ready('new');
$node->safe_as('dba', 'SELECT warrant.action_result(0)', 'new');
is(rows("event = 'role_changed'", 'new'), 'role_changed GRANT ROLE warrant_admin TO clerk', 'a GRANT right after CREATE EXTENSION is in the log that it made');
$node->safe_psql('postgres', 'CREATE DATABASE together');
$node->safe_as('dba', 'SET client_min_messages = warning; BEGIN; CREATE EXTENSION pg_warrant; GRANT warrant_auditor TO clerk; COMMIT', 'together');
$node->wait_until_ready('together');
$node->safe_as('dba', 'SELECT warrant.action_result(0)', 'together');
is(rows("event = 'role_changed'", 'together'), 'role_changed GRANT ROLE warrant_auditor TO clerk', 'and one within its transaction');
$node->safe_psql('postgres', 'CREATE DATABASE never');
$node->safe_as('dba', 'SET client_min_messages = warning; BEGIN; CREATE EXTENSION pg_warrant; ROLLBACK', 'never');
is($node->safe_as('dba', "SELECT value FROM warrant.status() WHERE item = 'slots'"), '4 of 8 used', 'an extension that was taken back takes no slot');

# As soon as the server takes connections.
$node->stop;
$node->start;
$node->safe_as('dba', 'REVOKE warrant_admin FROM clerk', 'template1');
for my $database ('postgres', 'later', 'new', 'together')
{
	$node->wait_until_ready($database);
	$node->safe_as('dba', 'SELECT warrant.action_result(0)', $database);
	like(rows("event = 'role_changed'", $database), qr/role_changed REVOKE ROLE warrant_admin FROM clerk$/, "$database: a REVOKE right after the start");
}
$node->stop;
done_testing;
