# Durations with months or negative parts, which earlier releases have stored: they count as what the maxima were compared with, a month for 30 days.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->prepared('stored_durations');
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE clerk LOGIN; CREATE ROLE boss LOGIN; CREATE ROLE auditor LOGIN; CREATE ROLE dba SUPERUSER LOGIN');
$node->safe_psql('postgres', 'CREATE DATABASE older');
$node->safe_as('dba', <<'SQL', 'older');
CREATE EXTENSION pg_warrant VERSION '0.3.0';
CREATE TABLE orders (id int);
CREATE TABLE notes (id int);
GRANT ALL ON orders, notes TO clerk;
GRANT warrant_approver TO boss;
SET client_min_messages = warning;
SELECT warrant.create_policy('orders', 'approve', on_table => 'orders', default_duration => '120000 mon -3599999 days', max_duration => '1 year', request_ttl => '1 mon');
SQL
$node->wait_until_ready('older');
my $durations = "SELECT default_duration, max_duration, request_ttl FROM warrant.policies WHERE name = ";
sub eventually_is
{
	my ($sql, $wanted, $what) = @_;
	ok($node->eventually(sub { $node->safe_psql('older', $sql) eq $wanted }), $what) or diag($node->safe_psql('older', $sql));
}
eventually_is($durations . q{'orders'}, '24:00:00|8640:00:00|720:00:00', 'the recorder makes seconds of them');
$node->safe_as('dba', "SELECT warrant.create_policy('notes', 'approve', on_table => 'notes', max_duration => '12000 mon -359999 days -23:00')", 'older');
eventually_is($durations . q{'notes'}, '|01:00:00|', 'and of what comes later');
is($node->safe_psql('older', q{SELECT count(*) FROM warrant.audit_log WHERE event = 'config_changed' AND comment LIKE '% made seconds, months of 30 days'}),
	'4', 'recorded');
my $grant = $node->safe_as('boss', "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders')", 'older');
is($node->safe_psql('older', "SELECT ends_at - starts_at <= '24:00:00' FROM warrant.grants WHERE id = $grant"), 't', 'a grant lives no longer than it was compared as');
is(scalar $node->sqlstate_as('boss', "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'notes', duration => '12000 mon -359999 days')", 'older'), '22023',
	'callers give none');

# What a dump brings.
my $file = $node->basedir . '/policies';
$node->safe_as('dba', "COPY (SELECT name, effect, target_kind, 0, target_schema, target_name, commands, for_roles, except_roles, priority, mode, audit, audit_wait,
	for_role_names, except_role_names, min_approvals, approver_role, approver_role_name, '1 mon -29 days'::interval, '1 year'::interval, '-1 mon'::interval, require_reason
	FROM warrant.policies WHERE name = 'orders') TO '$file'", 'older');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->safe_as('dba', "CREATE EXTENSION pg_warrant; CREATE TABLE orders (id int); COPY warrant.policies (name, effect, target_kind, target, target_schema, target_name, commands,
	for_roles, except_roles, priority, mode, audit, audit_wait, for_role_names, except_role_names, min_approvals, approver_role, approver_role_name, default_duration,
	max_duration, request_ttl, require_reason) FROM '$file'", 'restored');
is($node->safe_psql('restored', $durations . q{'orders'}), '24:00:00|8640:00:00|00:00:01', 'a restored policy has seconds');
$node->stop;
done_testing();
