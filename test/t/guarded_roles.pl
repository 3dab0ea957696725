# Roles that the gate depends on are changed by superusers and members of pg_warrant.admin_roles only, from whichever database.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('guarded_roles');
my $by_hand = $node->safe_psql('postgres', 'SHOW server_version_num') < 160000 ? '' : ' WITH ADMIN';
$node->safe_psql('postgres', <<'SQL');
CREATE DATABASE plain;
CREATE ROLE helpdesk LOGIN CREATEROLE;
CREATE ROLE chief LOGIN;
CREATE ROLE steward LOGIN CREATEROLE;
CREATE ROLE team; CREATE ROLE trusted; CREATE ROLE loose; CREATE ROLE finance; CREATE ROLE counsel; CREATE ROLE nobody_special; CREATE ROLE deputy LOGIN; CREATE ROLE board;
GRANT warrant_approver TO chief;
SQL

# What a CREATEROLE user of this version may do at all: before 16 it is everything that concerns no superuser.
my @roles = qw(warrant_admin warrant_approver warrant_auditor warrant_exempt chief boss clerk team trusted loose finance counsel nobody_special deputy board);
if ($by_hand ne '')
{
	$node->safe_psql('postgres', "GRANT $_ TO helpdesk, steward WITH ADMIN OPTION, INHERIT FALSE, SET FALSE") for grep { !/^warrant_(exempt|approver)|chief|boss/ } @roles;
}

sub refused
{
	my ($sql, $database, $role) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($state, $err) = $node->sqlstate_as($role // 'helpdesk', $sql, $database);
	ok($state eq '42501' && $err =~ /guarded by the gate/, "refused in $database: $sql") or diag($err);
}

# A guard ends when the recorder has looked at what was dropped, which it has when it answers.
sub drop_policies { my ($where) = @_; $node->safe_as('dba', "SELECT warrant.drop_policy(name) FROM warrant.policies WHERE $where; SELECT warrant.action_result(0)"); }

sub runs
{
	my ($sql, $database, $role) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($state, $err) = $node->sqlstate_as($role // 'helpdesk', $sql, $database);
	is($state, 'none', "runs in $database: $sql") or diag($err);
}

for my $database ('postgres', 'plain')
{
	refused($_, $database) for (
		'GRANT warrant_approver TO helpdesk',
		'GRANT warrant_exempt TO clerk',
		'GRANT nobody_special, warrant_admin TO clerk',
		'GRANT chief TO helpdesk',
		'GRANT nobody_special TO warrant_approver',
		'REVOKE warrant_approver FROM chief',
		'CREATE ROLE evil IN ROLE warrant_approver',
		'CREATE USER evil IN GROUP chief',
		'CREATE ROLE evil ROLE warrant_admin',
		'ALTER GROUP warrant_exempt ADD USER clerk',
		'ALTER GROUP warrant_approver DROP USER chief',
		"ALTER ROLE chief PASSWORD 'mine'",
		"ALTER USER chief VALID UNTIL '2000-01-01'",
		'ALTER ROLE chief NOLOGIN',
		'ALTER ROLE warrant_approver LOGIN',
		"ALTER ROLE chief SET search_path = 'evil'",
		'ALTER ROLE chief RENAME TO other',
		'ALTER ROLE warrant_exempt RENAME TO other',
		'DROP ROLE chief',
		'DROP ROLE nobody_special, warrant_auditor',
		'DROP OWNED BY warrant_admin',
		'REASSIGN OWNED BY warrant_admin TO helpdesk',
		'DO $$ BEGIN EXECUTE \'GRANT warrant_approver TO helpdesk\'; END $$');
	runs($_, $database) for (
		'CREATE ROLE other_role',
		'GRANT other_role TO clerk',
		"ALTER ROLE other_role PASSWORD 'x'",
		'ALTER ROLE other_role RENAME TO renamed',
		'DROP ROLE renamed');
}

# What policies and grants of one database name is guarded in all.
runs('GRANT team TO helpdesk; REVOKE team FROM helpdesk', 'plain');
my $grant = $node->safe_as('boss', "SELECT warrant.grant('team', '{SELECT}', on_table => 'orders')");
refused($_, 'plain') for 'GRANT team TO helpdesk', "ALTER ROLE team PASSWORD 'x'", 'DROP ROLE team';
$node->safe_as('boss', "SELECT warrant.revoke($grant)");
runs('GRANT team TO helpdesk; REVOKE team FROM helpdesk', 'plain');

# Who decides for an approver, while he does.
runs("ALTER ROLE deputy PASSWORD 'x'", 'plain');
$node->safe_as('boss', "SELECT warrant.delegate('deputy', now() + interval '1 day')");
refused($_, 'plain') for "ALTER ROLE deputy PASSWORD 'x'", 'GRANT deputy TO helpdesk', 'DROP ROLE deputy';
$node->safe_as('boss', 'SELECT warrant.end_delegation()');
runs("ALTER ROLE deputy PASSWORD 'x'", 'plain');

runs("GRANT $_ TO helpdesk; REVOKE $_ FROM helpdesk", 'plain') for 'trusted', 'loose', 'finance', 'counsel';
$node->safe_as('dba', "SELECT warrant.protect_database(except_roles => '{trusted}');
	SELECT warrant.create_policy('loose', 'open', on_table => 'orders', for_roles => '{loose}', priority => 2);
	SELECT warrant.create_policy('by finance', 'approve', on_table => 'notes', approvers => '{\"counsel\": 1, \"finance\": 1}', escalate_after => '1 h', escalate_to => 'board')");
refused("GRANT $_ TO helpdesk", 'plain') for 'trusted', 'loose', 'finance', 'counsel', 'board';
runs('CREATE ROLE nested', 'plain');
$node->safe_psql('plain', 'GRANT finance TO nested');
refused('GRANT nested TO helpdesk', 'plain');
drop_policies("name IN ('protect database', 'loose', 'by finance')");
runs("GRANT $_ TO helpdesk", 'plain') for 'trusted', 'loose', 'finance', 'counsel', 'nested';

# Whom policies are about is guarded: who leaves what is denied, or joins what is asked, passes easier. Passwords of those are not.
$node->safe_psql('plain', "CREATE ROLE $_") for 'robots', 'mid', 'asked', 'watched', 'lonely';
$node->safe_psql('plain', "CREATE ROLE robot LOGIN; GRANT mid TO robot; GRANT robots TO mid, lonely");
$node->safe_psql('plain', 'GRANT robots, mid, asked, watched, lonely, robot TO helpdesk WITH ADMIN OPTION, INHERIT FALSE, SET FALSE') if $by_hand ne '';
runs("GRANT $_ TO clerk; REVOKE $_ FROM clerk", 'plain') for 'robots', 'mid', 'asked', 'watched';
$node->safe_as('dba', "SELECT warrant.create_policy('robots', 'deny', on_table => 'orders', for_roles => '{robots}', commands => '{TRUNCATE}', priority => 5);
	SELECT warrant.create_policy('asked', 'approve', on_table => 'orders', for_roles => '{asked}', commands => '{TRUNCATE}', priority => 6);
	SELECT warrant.create_policy('watched', 'approve', on_table => 'orders', for_roles => '{watched}', commands => '{TRUNCATE}', priority => 7, mode => 'monitor')");
refused($_, 'plain') for 'REVOKE robots FROM mid', 'REVOKE mid FROM robot', 'GRANT asked TO clerk', 'GRANT watched TO clerk', 'CREATE ROLE fresh IN ROLE asked',
	'ALTER GROUP asked ADD USER clerk', 'ALTER GROUP robots DROP USER mid', 'DROP ROLE robots', 'DROP ROLE mid', 'DROP ROLE asked', 'DROP ROLE watched', 'DROP ROLE lonely, robots',
	"ALTER ROLE watched PASSWORD 'x'";
runs($_, 'plain') for "ALTER ROLE robot PASSWORD 'x'", "ALTER ROLE asked PASSWORD 'x'", 'ALTER ROLE mid SET work_mem = 64', 'DROP ROLE lonely', 'DROP ROLE robot';
drop_policies("name IN ('robots', 'asked', 'watched')");
runs("DROP ROLE robots, mid, asked, watched", 'plain');

# A database's owner is a member of a role by that alone.
$node->safe_psql('plain', "CREATE ROLE keeper CREATEDB LOGIN; CREATE ROLE heir; GRANT heir TO keeper");
$node->safe_psql('plain', 'CREATE DATABASE kept OWNER keeper');
runs('ALTER DATABASE kept OWNER TO heir; ALTER DATABASE kept OWNER TO keeper', 'plain', 'keeper');
$node->safe_as('dba', "SELECT warrant.create_policy('owners', 'approve', on_table => 'orders', except_roles => '{pg_database_owner}', commands => '{TRUNCATE}', priority => 5)");
refused($_, 'plain', 'keeper') for 'ALTER DATABASE kept OWNER TO heir', 'REASSIGN OWNED BY keeper TO heir';
drop_policies("name = 'owners'");
runs('ALTER DATABASE kept OWNER TO heir', 'plain', 'keeper');
$node->safe_psql('plain', 'DROP DATABASE kept');

# Who reaches files, programs, passwords or superusers goes round the gate. From 16 the server may be the first that refuses.
my @around = qw(pg_execute_server_program pg_read_server_files pg_write_server_files pg_read_all_data pg_write_all_data);
sub refused_around
{
	my ($sql, $database, $granted) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($state, $err) = $node->sqlstate_as('helpdesk', $sql, $database);
	my $said = qr/role "[a-z_]+" is guarded by the gate.*DETAIL:  Members of role "$granted" can do what the gate does not see\.\n.*HINT:  A superuser/s;
	ok($state eq '42501' && ($err =~ $said || ($by_hand ne '' && $err =~ /permission denied to|must have admin option/)), "refused in $database: $sql") or diag($err);
}
$node->safe_psql('plain', 'CREATE ROLE outer_group; CREATE ROLE sudoers; CREATE ROLE backup LOGIN; CREATE ROLE leaver; GRANT pg_execute_server_program TO outer_group;
	GRANT dba TO sudoers; GRANT pg_read_server_files TO backup, leaver');
$node->safe_psql('plain', 'GRANT ' . join(', ', @around, 'outer_group, sudoers, backup, leaver') . ' TO helpdesk WITH ADMIN OPTION, INHERIT FALSE, SET FALSE') if $by_hand ne '';
for my $database ('postgres', 'plain')
{
	for my $role (@around)
	{
		refused_around($_, $database, $role) for "GRANT $role TO helpdesk", "GRANT nobody_special, $role TO clerk", "CREATE ROLE evil IN ROLE $role", "CREATE USER evil IN GROUP $role",
			"CREATE ROLE evil ROLE helpdesk IN ROLE $role", "ALTER GROUP $role ADD USER clerk", "DO \$\$ BEGIN EXECUTE 'GRANT $role TO helpdesk'; END \$\$";
	}
	refused_around("GRANT $_->[0] TO helpdesk", $database, $_->[1]) for [ 'outer_group', 'pg_execute_server_program' ], [ 'sudoers', 'dba' ], [ 'backup', 'pg_read_server_files' ];
	refused_around($_, $database, 'pg_read_server_files') for "ALTER ROLE backup PASSWORD 'mine'", "ALTER ROLE backup SET search_path = 'evil'", 'ALTER ROLE backup RENAME TO other';
	refused_around($_, $database, 'dba') for "ALTER ROLE sudoers LOGIN PASSWORD 'mine'", 'CREATE ROLE evil IN ROLE sudoers';
}
runs('GRANT pg_monitor TO clerk; REVOKE pg_monitor FROM clerk; GRANT pg_signal_backend TO clerk; REVOKE pg_signal_backend FROM clerk', 'plain') if $by_hand eq '';
runs('DROP ROLE leaver', 'plain');
runs('GRANT pg_read_server_files TO nobody_special; REVOKE pg_read_server_files FROM nobody_special', 'plain', 'dba');
$node->safe_psql('plain', 'DROP ROLE outer_group, sudoers, backup');
$node->safe_psql('plain', 'REVOKE ' . join(', ', @around) . ' FROM helpdesk') if $by_hand ne '';

# One's own password is one's own affair, in one's own statement.
$node->safe_psql('postgres', "CREATE FUNCTION trojan() RETURNS int LANGUAGE plpgsql AS \$\$ BEGIN ALTER ROLE chief PASSWORD 'mine'; RETURN 1; END \$\$");
runs("ALTER ROLE chief PASSWORD 'own'", 'plain', 'chief');
runs("ALTER ROLE CURRENT_USER SET work_mem = '8MB'", 'plain', 'chief');
refused('SELECT trojan()', 'postgres', 'chief');
refused('GRANT chief TO helpdesk', 'plain', 'chief') if $by_hand eq '';

# A superuser in the back of a session does not lend it his rights; a superuser's session has them.
$node->safe_psql('postgres', 'CREATE FUNCTION lent() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN GRANT warrant_approver TO helpdesk; RETURN 1; END $$');
refused('SELECT lent()', 'postgres');
runs('GRANT warrant_approver TO nobody_special; REVOKE warrant_approver FROM nobody_special', 'plain', 'dba');

# pg_warrant.admin_roles, which guards its own names.
refused('GRANT warrant_approver TO nobody_special', 'plain', 'steward');
$node->append_conf('postgresql.conf', q{pg_warrant.admin_roles = 'stewards, "Later"'});
$node->reload;
$node->safe_psql('postgres', 'CREATE ROLE stewards; GRANT stewards TO steward');
$node->safe_psql('postgres', 'GRANT warrant_approver TO steward WITH ADMIN OPTION, INHERIT FALSE, SET FALSE') if $by_hand ne '';
refused($_, 'plain') for 'GRANT stewards TO helpdesk', 'GRANT steward TO helpdesk', 'CREATE ROLE "Later"', 'ALTER ROLE nested RENAME TO "Later"';
runs('GRANT warrant_approver TO nobody_special', 'plain', 'steward');

# All of it is recorded in the database that has the gate, what was rolled back is not, and no password is in it.
$node->safe_as('dba', 'BEGIN; SAVEPOINT a; GRANT warrant_exempt TO clerk; ROLLBACK TO a; GRANT warrant_auditor TO clerk; SAVEPOINT b; REVOKE warrant_auditor FROM clerk; RELEASE b; COMMIT', 'plain');
$node->safe_as('dba', 'BEGIN; GRANT warrant_exempt TO clerk; ROLLBACK', 'plain');
$node->safe_as('dba', q{ALTER ROLE chief PASSWORD 'very secret'}, 'plain');
$node->safe_as('dba', 'SELECT warrant.action_result(0)');
my $told = $node->safe_as('dba', "SELECT string_agg(session_user_name || ': ' || comment, E'\\n' ORDER BY seq) FROM warrant.audit_log WHERE event = 'role_changed'");
like($told, qr/^dba: GRANT ROLE warrant_approver TO nobody_special$/m, 'a grant of membership');
like($told, qr/^steward: GRANT ROLE warrant_approver TO nobody_special$/m, 'one by a member of admin_roles');
like($told, qr/^dba: REVOKE ROLE warrant_auditor FROM clerk$/m, 'a revocation, in a savepoint that was kept');
like($told, qr/^dba: ALTER ROLE chief PASSWORD$/m, 'a password');
like($told, qr/^dba: GRANT ROLE pg_read_server_files TO nobody_special$/m, 'a membership that reaches round the gate');
unlike($told, qr/warrant_exempt TO clerk/, 'nothing that was rolled back');
unlike($told, qr/helpdesk: /, 'and nothing that was refused');
like($node->safe_as('dba', "SELECT string_agg(DISTINCT comment, ';') FROM warrant.audit_log WHERE event = 'refused' AND session_user_name = 'helpdesk'"),
	qr/GRANT ROLE warrant_approver TO helpdesk/, 'the refusals are rows of their own');
unlike($node->safe_as('dba', 'SELECT string_agg(l::text, $$ $$) FROM warrant.audit_log l'), qr/secret|mine/, 'no password anywhere');
$node->log_is_sound;

# After a restart nobody but a superuser changes roles until all is known.
$node->safe_as('boss', "SELECT warrant.grant('team', '{SELECT}', on_table => 'orders')");
$node->restart;
refused('GRANT team TO helpdesk', 'plain');

# Nor while a database has the extension and no slot.
$node->safe_psql('postgres', 'CREATE DATABASE second');
$node->add_gate('second');
$node->append_conf('postgresql.conf', "pg_warrant.max_databases = 1\npg_warrant.audit_timeout = 200ms");
$node->restart;
is($node->sqlstate_as('helpdesk', 'GRANT nested TO clerk', 'plain'), '55000', 'one database cannot tell: refused');
$node->append_conf('postgresql.conf', "pg_warrant.max_databases = 8\npg_warrant.audit_timeout = 5min");
$node->restart;
ok($node->eventually(sub { $node->sqlstate_as('helpdesk', 'GRANT nested TO clerk; REVOKE nested FROM clerk', 'plain') eq 'none' }), 'with slots for all it is known');

# More of them than can be told apart: each role counts as one, and it is said.
$node->safe_as('dba', q{SET client_min_messages = warning; CREATE TABLE wares (a int); DO $$ BEGIN FOR i IN 1..8200 LOOP EXECUTE format('CREATE ROLE one_of_many_%s', i); END LOOP; END $$;
	SELECT warrant.create_policy('many', 'open', on_table => 'wares', for_roles => (SELECT array_agg(rolname::regrole) FROM pg_roles WHERE rolname LIKE 'one_of_many_%'))}, 'second');
ok($node->eventually(sub { $node->safe_as('dba', q{SELECT value::int > 8192 AND warning IS NOT NULL FROM warrant.status() WHERE item = 'guarded roles'}, 'second') eq 't' }), 'status tells that there are too many');
my ($state, $said) = $node->sqlstate_as('helpdesk', 'GRANT nested TO clerk', 'plain');
is($state, '42501', 'then every role is guarded');
like($said, qr/Some database has more than 8192 roles .*: meanwhile each role counts as one/, 'and the error says why');
$node->safe_as('dba', q{SELECT warrant.drop_policy('many'); DO $$ BEGIN FOR i IN 1..8200 LOOP EXECUTE format('DROP ROLE one_of_many_%s', i); END LOOP; END $$}, 'second');
ok($node->eventually(sub { $node->sqlstate_as('helpdesk', 'GRANT nested TO clerk; REVOKE nested FROM clerk', 'plain') eq 'none' }), 'when they are fewer it is over');

# With no worker to tell what the gates depend on, nothing can be told to be harmless.
$node->append_conf('postgresql.conf', "max_worker_processes = 1\npg_warrant.audit_timeout = 200ms");
$node->restart;
is($node->sqlstate_as('helpdesk', 'GRANT nested TO clerk', 'plain'), '55000', 'no recorder has told: refused');
refused('GRANT warrant_approver TO helpdesk', 'plain');
runs('GRANT nested TO clerk', 'plain', 'dba');

# Where no database has the extension nothing is guarded that the server itself brings along.
my $free = GatedServer->prepared('no_gate');
$free->start;
$free->safe_psql('postgres', "CREATE ROLE helpdesk LOGIN CREATEROLE; CREATE ROLE clerk; CREATE ROLE backup LOGIN; GRANT pg_read_server_files TO backup");
$free->safe_psql('postgres', "GRANT $_ TO helpdesk WITH ADMIN OPTION") for grep { $by_hand ne '' } @around, 'backup';
for my $sql ((map { "GRANT $_ TO clerk; REVOKE $_ FROM clerk" } @around), "ALTER ROLE backup PASSWORD 'x'", 'DROP ROLE backup')
{
	my ($state, $err) = $free->sqlstate_as('helpdesk', $sql);
	is($state, 'none', "runs without a gate: $sql") or diag($err);
}
$free->stop;
$node->stop;
done_testing();
