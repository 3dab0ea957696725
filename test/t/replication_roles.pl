# Replication connections are recorded, physical and logical ones, and refused for roles that pg_warrant.replication_roles does not list.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('replication_roles', 'wal_level = logical', 'max_wal_senders = 5', 'max_replication_slots = 5');
$node->safe_psql('postgres', 'CREATE ROLE standby LOGIN REPLICATION; CREATE ROLE thief LOGIN REPLICATION; CREATE ROLE copiers; GRANT copiers TO standby');

# What a replication connection answers, and its error.
sub connection
{
	my ($role, $kind) = @_;
	my ($out, $err) = ('', '');
	my $conninfo = $node->connstr($kind eq 'physical' ? () : 'postgres') . " user=$role replication=" . ($kind eq 'physical' ? 'true' : 'database');
	IPC::Run::run([ 'psql', '-X', '-A', '-t', '-c', 'IDENTIFY_SYSTEM', $conninfo ], '<', \undef, '>', \$out, '2>', \$err);
	return ($out, $err);
}

sub runs
{
	my ($role, $kind, $why) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($out, $err) = connection($role, $kind);
	like($out, qr/^\d+\|/, "$role, $kind: $why") or diag($err);
}

sub refused
{
	my ($role, $kind, $why) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($out, $err) = connection($role, $kind);
	like($err, qr/FATAL:.*may not open a replication connection/, "$role, $kind: $why") or diag($out, $err);
}

for my $kind ('physical', 'logical')
{
	runs('thief', $kind, 'everybody by default');
}
$node->append_conf('postgresql.conf', "pg_warrant.replication_roles = 'copiers, nobody'");
$node->reload;
ok($node->eventually(sub { $node->safe_psql('postgres', 'SHOW pg_warrant.replication_roles') =~ /copiers/ }), 'reloaded');
for my $kind ('physical', 'logical')
{
	refused($_, $kind, 'not listed') for 'thief', 'dba';
	runs('standby', $kind, 'a member of a listed role');
}
is($node->sqlstate_as('thief', 'SELECT 1'), 'none', 'other connections are not its business');
$node->safe_as('dba', 'SELECT warrant.action_result(0)');
is($node->safe_as('dba', "SELECT string_agg(format('%s %s %s', event, session_user_name, split_part(comment, ' ', 1)), ', ' ORDER BY seq) FROM warrant.audit_log WHERE comment LIKE '%replication connection'"),
	'allowed thief physical, allowed thief logical, refused thief physical, refused dba physical, allowed standby physical, refused thief logical, refused dba logical, allowed standby logical',
	'each is recorded');
is($node->safe_as('dba', "SELECT DISTINCT client_addr || ' ' || (pid > 0) || ' ' || (session_id IS NOT NULL) FROM warrant.audit_log WHERE comment LIKE '%replication connection'"),
	'[local] true true', 'with where it came from');
# What the server refuses after us is not recorded as allowed.
$node->append_conf('postgresql.conf', "pg_warrant.replication_roles = '*'");
$node->reload;
ok($node->eventually(sub { $node->safe_psql('postgres', 'SHOW pg_warrant.replication_roles') eq '*' }), 'reloaded');
$node->safe_psql('postgres', 'CREATE ROLE nologin REPLICATION; CREATE DATABASE closed; REVOKE CONNECT ON DATABASE closed FROM PUBLIC');
my %refusals = ('clerk' => 'the role has no REPLICATION attribute', 'nologin' => 'the role may not log in');
for my $kind ('physical', 'logical')
{
	for my $role (sort keys %refusals)
	{
		my ($out, $err) = connection($role, $kind);
		like($err, qr/FATAL/, "$role, $kind: the server refuses");
	}
}
IPC::Run::run([ 'psql', '-X', '-c', 'IDENTIFY_SYSTEM', $node->connstr($_) . ' user=standby replication=database' ], '<', \undef, '>', \my $nothing, '2>', \my $error)
  for 'closed', 'nowhere';
$node->safe_as('dba', 'SELECT warrant.action_result(0)');
is($node->safe_as('dba', "SELECT string_agg(DISTINCT session_user_name || ' ' || event || ' ' || comment, ', ') FROM warrant.audit_log WHERE comment LIKE '%which the server refuses%' AND session_user_name <> 'standby'"),
	join(', ', map { my $role = $_; map { "$role refused $_ replication connection, which the server refuses: $refusals{$role}" } 'logical', 'physical' } sort keys %refusals),
	'and it is recorded as refused, with the reason');
is($node->safe_as('dba', "SELECT string_agg(comment, ', ' ORDER BY seq) FROM warrant.audit_log WHERE comment LIKE '%which the server refuses%' AND session_user_name = 'standby'"),
	join(', ', map { "logical replication connection, which the server refuses: $_" } 'the role may not connect to the database', 'there is no such database'), 'the database counts as well');
is($node->safe_as('dba', "SELECT count(*) FROM warrant.audit_log WHERE event = 'allowed' AND comment LIKE '%replication%' AND session_user_name IN ('clerk', 'nologin')"), '0', 'never as allowed');
$node->append_conf('postgresql.conf', "pg_warrant.replication_roles = 'copiers, nobody'");
$node->reload;
ok($node->eventually(sub { $node->safe_psql('postgres', 'SHOW pg_warrant.replication_roles') =~ /copiers/ }), 'reloaded');
my ($grant) = ($node->let('SELECT'));
refused('thief', 'physical', 'grants have no say');
$node->stop;
done_testing();
