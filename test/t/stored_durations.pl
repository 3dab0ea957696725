# Durations with months or negative parts, which earlier releases have stored: they count as what the maxima were compared with, a month for 30 days.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;
use OlderReleases;

OlderReleases::offer();
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

# One whose row another transaction holds when the recorder comes by.
sub create { return "SELECT warrant.create_policy('$_[0]', 'approve', on_table => '$_[0]', max_duration => '2 mon')" }
sub stored { return $node->safe_psql('older', $durations . "'$_[0]'") }
$node->safe_as('dba', "CREATE TABLE $_ (id int)", 'older') for 'held', 'late', map { "many$_" } 1 .. 100;
my $holder = $node->session_as('dba', 'older');
my $recorder = $node->recorder_pid('older');
kill 'STOP', $recorder;
$node->safe_as('dba', create('held'), 'older');
my (undef, $state) = $node->ask($holder, q{BEGIN; SELECT warrant.drop_policy('held')});
is($state, 'none', 'a row is held');
my $before = $node->safe_psql('older', 'SELECT max(seq) FROM warrant.audit_log');
kill 'CONT', $recorder;
ok($node->eventually(sub { $node->safe_psql('older', 'SELECT max(seq) FROM warrant.audit_log') > $before }), 'the recorder passes over it');
is(stored('held'), '|2 mons|', 'and leaves it as it is');
$node->ask($holder, 'ROLLBACK');
eventually_is($durations . q{'held'}, '|1440:00:00|', 'until it is free');

# And one that is committed while the recorder mends those that it has found.
kill 'STOP', $recorder;
$node->safe_as('dba', 'BEGIN;' . join(';', map { create("many$_") } 1 .. 100) . ';COMMIT', 'older');
(undef, $state) = $node->ask($holder, 'BEGIN;' . create('late'));
is($state, 'none', 'one is under way');
kill 'CONT', $recorder;
(undef, $state) = $node->ask($holder, <<"SQL");
DO \$\$
DECLARE until timestamptz := clock_timestamp() + '60 s';
BEGIN
	WHILE NOT EXISTS (SELECT FROM pg_locks WHERE pid = $recorder AND relation = 'warrant.policies'::regclass AND mode = 'RowExclusiveLock') LOOP
		IF clock_timestamp() > until THEN RAISE 'the recorder does not mend'; END IF;
	END LOOP;
END \$\$;
COMMIT;
SQL
is($state, 'none', 'and committed while the recorder mends others');
$holder->quit;
eventually_is($durations . q{'late'}, '|1440:00:00|', 'it is mended, too');
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
