# The gate's settings, and those that load libraries, are changed by superusers and members of pg_warrant.admin_roles only, also when
# their privileges were handed out.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('guarded_settings');
$node->safe_psql('postgres', <<'SQL');
CREATE DATABASE plain OWNER clerk;
CREATE ROLE steward LOGIN;
GRANT ALTER SYSTEM ON PARAMETER archive_library, jit_provider, archive_command, restore_command, ssl_passphrase_command, hba_file TO clerk;
GRANT ALTER SYSTEM ON PARAMETER pg_warrant.enforcement, pg_warrant.admin_roles, shared_preload_libraries, session_preload_libraries, work_mem TO clerk, steward;
GRANT SET ON PARAMETER session_preload_libraries, dynamic_library_path TO clerk, steward;
SQL

sub refused
{
	my ($sql, $role) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	for my $database ('postgres', 'plain')
	{
		my ($state, $err) = $node->sqlstate_as($role // 'clerk', $sql, $database);
		ok($state eq '42501' && $err =~ /guarded by the gate/, "refused in $database: $sql") or diag($err);
	}
}

sub runs
{
	my ($sql, $role) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($state, $err) = $node->sqlstate_as($role // 'clerk', $sql, 'plain');
	is($state, 'none', "runs: $sql") or diag($err);
}

refused($_) for (
	'ALTER SYSTEM SET pg_warrant.enforcement = off',
	'ALTER SYSTEM SET "PG_WARRANT.Enforcement" = off',
	'ALTER SYSTEM RESET pg_warrant.enforcement',
	"ALTER SYSTEM SET pg_warrant.admin_roles = 'clerk'",
	"ALTER SYSTEM SET shared_preload_libraries = ''",
	"ALTER SYSTEM SET session_preload_libraries = 'evil'",
	'ALTER SYSTEM RESET ALL',
	"ALTER SYSTEM SET archive_library = '/tmp/evil'",
	"ALTER SYSTEM SET jit_provider = '../evil'",
	"ALTER SYSTEM SET archive_command = 'KEY=hunter2 psql'",
	"ALTER SYSTEM SET restore_command = 'psql'",
	"ALTER SYSTEM SET ssl_passphrase_command = 'psql'",
	"ALTER SYSTEM SET hba_file = '/tmp/hba.conf'",
	'SET pg_warrant.enforcement = off',
	"SET session_preload_libraries = 'evil'",
	"SET local_preload_libraries = 'evil'",
	"SET dynamic_library_path = '/tmp'",
	"ALTER ROLE clerk SET session_preload_libraries = 'evil'",
	"ALTER ROLE clerk IN DATABASE plain SET local_preload_libraries = 'evil'",
	"ALTER DATABASE plain SET session_preload_libraries = 'evil'",
	"ALTER DATABASE plain SET local_preload_libraries = 'evil'",
	'ALTER DATABASE plain SET pg_warrant.enforcement = off',
	'ALTER DATABASE plain RESET pg_warrant.enforcement');

# A name that is none of the gate's is the server's to refuse.
for my $sql ("SET pg_warrant.reasn = 'x'", "ALTER ROLE clerk SET pg_warrant.reasn = 'x'", "ALTER DATABASE plain SET pg_warrant.reasn = 'x'",
	"ALTER SYSTEM SET pg_warrant.reasn = 'x'")
{
	my ($state, $err) = $node->sqlstate_as('clerk', $sql, 'plain');
	ok($state =~ /^42/ && $err =~ /pg_warrant\.reasn/ && $err !~ /guarded/, "no setting of the gate's: $sql") or diag($err);
}
if ($node->pg_version >= 18)
{
	$node->safe_psql('postgres', 'GRANT ALTER SYSTEM ON PARAMETER oauth_validator_libraries TO clerk; GRANT SET ON PARAMETER extension_control_path TO clerk');
	refused($_) for "ALTER SYSTEM SET oauth_validator_libraries = 'evil'", "SET extension_control_path = '/tmp'",
		"ALTER ROLE clerk SET extension_control_path = '/tmp'";
}
runs($_) for (
	"ALTER SYSTEM SET work_mem = '8MB'",
	'ALTER SYSTEM RESET work_mem',
	"SET pg_warrant.reason = 'mine'; RESET pg_warrant.reason",
	"ALTER ROLE clerk SET pg_warrant.duration = '5 min'",
	"ALTER DATABASE plain SET pg_warrant.reason = 'plain work'",
	'ALTER DATABASE plain RESET ALL',
	'SET work_mem = 100000; RESET ALL');
is($node->sqlstate_as('clerk', q{SELECT set_config('pg_warrant.enforcement', 'off', false)}), '55P02', 'set_config is refused by the server itself');

runs($_, 'dba') for 'ALTER SYSTEM SET pg_warrant.max_pending = 7', 'ALTER SYSTEM SET pg_warrant.admin_roles = stewards', 'SELECT pg_reload_conf()';
$node->safe_psql('postgres', 'CREATE ROLE stewards; GRANT stewards TO steward');
ok($node->eventually(sub { $node->safe_psql('postgres', 'SHOW pg_warrant.admin_roles') eq 'stewards' }), 'reloaded');
runs($_, 'steward') for 'ALTER SYSTEM SET pg_warrant.enforcement = monitor', 'ALTER SYSTEM RESET pg_warrant.enforcement';

$node->safe_as('dba', 'SELECT warrant.action_result(0)');
is($node->safe_as('dba', "SELECT session_user_name || ': ' || comment FROM warrant.audit_log WHERE event = 'config_changed' AND comment LIKE 'ALTER SYSTEM%' ORDER BY seq"), <<'TXT' =~ s/\n$//r, 'each change is recorded');
dba: ALTER SYSTEM SET pg_warrant.max_pending = 7
dba: ALTER SYSTEM SET pg_warrant.admin_roles = stewards
steward: ALTER SYSTEM SET pg_warrant.enforcement = monitor
steward: ALTER SYSTEM RESET pg_warrant.enforcement
TXT
like($node->safe_as('dba', "SELECT string_agg(comment, ';') FROM warrant.audit_log WHERE event = 'refused' AND session_user_name = 'clerk'"),
	qr/ALTER DATABASE plain SET session_preload_libraries = evil/, 'and each attempt');
is($node->safe_as('dba', "SELECT string_agg(DISTINCT comment, ';') FROM warrant.audit_log WHERE comment LIKE '%archive_command%'"), 'ALTER SYSTEM SET archive_command', 'but no command');
$node->stop;
done_testing();
