# With pg_stat_statements, auto_explain, pgaudit and set_user preloaded before and after the gate, each does its own work: what is refused stays
# refused, what is granted runs once and is seen by the others, and what set_user blocks stays blocked.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;
use Packages;

my %package = (pg_stat_statements => '', auto_explain => '', pgaudit => 'pgaudit', set_user => 'set-user');
my @others;
for my $library (sort keys %package)
{
	my $missing = Packages::missing_library($library, $package{$library});
	if ($missing eq '') { push @others, $library; }
	else { SKIP: { skip $missing, 1; } }
}
my %has = map { $_ => 1 } @others;

for my $order ([ @others, 'pg_warrant' ], [ 'pg_warrant', @others ])
{
	my $libraries = join ', ', @$order;
	my $name = $order->[0] eq 'pg_warrant' ? 'first' : 'last';
	my $node = GatedServer->prepared("hook_order_$name", "shared_preload_libraries = '$libraries'", 'max_prepared_transactions = 0',
		'compute_query_id = on', 'pg_stat_statements.track = all', 'auto_explain.log_min_duration = 0', 'auto_explain.log_nested_statements = on',
		"pgaudit.log = 'all'", 'pgaudit.log_relation = on', "set_user.block_log_statement = on");
	$node->start;
	$node->safe_psql('postgres', 'CREATE ROLE clerk LOGIN; CREATE ROLE boss LOGIN; CREATE ROLE auditor LOGIN; CREATE ROLE dba SUPERUSER LOGIN');
	$node->safe_psql('postgres', "CREATE EXTENSION $_") for grep { $_ ne 'auto_explain' } @others;
	$node->add_gate('postgres');
	$node->safe_psql('postgres', 'GRANT warrant_approver TO boss; GRANT warrant_auditor TO auditor');
	$node->safe_psql('postgres', 'SELECT pg_stat_statements_reset()') if $has{pg_stat_statements};

	# How often pg_stat_statements counted what begins so, and the rows.
	my $counted = sub {
		my ($start) = @_;
		return $node->safe_psql('postgres', "SELECT coalesce(sum(calls), 0) || ' with ' || coalesce(sum(rows), 0) FROM pg_stat_statements WHERE query LIKE '$start%'");
	};
	# What the server's log says since the last look.
	my $seen = -s $node->logfile;
	my $log = sub {
		my $all = slurp_file($node->logfile, $seen);
		$seen = -s $node->logfile;
		return $all;
	};

	# Each gated statement: refused, and seen by nobody as executed.
	my @statements = (
		[ "UPDATE orders SET status = 'void' WHERE id = 7", qr/Update on (public\.)?orders/, 1 ],
		[ 'COPY orders TO STDOUT', undef, 100 ],
		[ 'TRUNCATE orders', undef, 0 ],
		[ 'DO $$ BEGIN INSERT INTO orders VALUES (1, $q$nested$q$); END $$', qr/Insert on (public\.)?orders/, 0 ]);
	$log->();
	for my $statement (@statements)
	{
		my ($sql, $plan) = @$statement;
		my $what = "$name: " . (split ' ', $sql)[0];
		is($node->sqlstate_as('clerk', $sql), '42501', "$what is refused");
		my $log = $log->();
		unlike($log, $plan, "$what: no plan of it is explained") if $plan;
	}
	is($counted->('UPDATE orders'), '0 with 0', "$name: pg_stat_statements did not see what was refused") if $has{pg_stat_statements};
	is($node->safe_psql('postgres', 'SELECT count(*) FROM orders WHERE status = $$new$$'), '100', "$name: nothing changed");

	$node->let('UPDATE,SELECT,EXPORT,TRUNCATE,INSERT,LOCK');
	for my $statement (@statements)
	{
		my ($sql, $plan, $rows) = @$statement;
		my $what = "$name: " . (split ' ', $sql)[0];
		$log->();
		is($node->sqlstate_as('clerk', $sql), 'none', "$what runs under a grant");
		my $log = $log->();
		my ($command) = split ' ', $sql;
		like($log, $plan, "$what is explained") if $plan && $has{auto_explain};
		my $class = { UPDATE => 'WRITE', COPY => 'READ', TRUNCATE => 'WRITE', DO => 'WRITE' }->{$command};
		my @audited = $log =~ /AUDIT: SESSION,\d+,\d+,$class,[A-Z]+,TABLE,public\.orders/g;
		# TRUNCATE is written without its table.
		@audited = $log =~ /AUDIT: SESSION,\d+,\d+,WRITE,TRUNCATE TABLE/g if $command eq 'TRUNCATE';
		cmp_ok(scalar @audited, '==', 1, "$what is seen once by pgaudit") or diag($log) if $has{pgaudit};
		if ($has{pg_stat_statements})
		{
			my $start = { DO => 'INSERT INTO orders', UPDATE => 'UPDATE orders' }->{$command} // $command;
			my $expected = $command eq 'DO' ? 1 : $rows;
			is($counted->($start), "1 with $expected", "$what is counted once by pg_stat_statements");
		}
	}
	is($node->safe_as('auditor', q{SELECT string_agg(DISTINCT command, ' ' ORDER BY command) FROM warrant.audit_log WHERE event = 'allowed' AND relation_name = 'orders'}),
		'EXPORT INSERT SELECT TRUNCATE UPDATE', "$name: the gate recorded it");

	if ($has{set_user})
	{
		$node->safe_psql('postgres', "GRANT EXECUTE ON FUNCTION set_user(text), set_user_u(text) TO clerk");
		$node->append_conf('postgresql.conf', "set_user.superuser_allowlist = 'clerk'\nset_user.block_alter_system = on\nset_user.block_copy_program = on");
		$node->reload;
		$node->safe_as('boss', "SELECT warrant.grant('clerk', '{ADMIN}', on_database => true)");
		for my $blocked ("ALTER SYSTEM SET work_mem = '5MB'", "COPY notes TO PROGRAM 'cat'", 'SET log_statement = none')
		{
			my ($state, $err) = $node->sqlstate_as('clerk', "SELECT set_user_u('dba');\n$blocked");
			like($err, qr/ERROR:  42501: .*\nLOCATION:  \w+, set_user\.c:/, "$name: set_user blocks $blocked");
		}
		# The subject stays the session's user, whoever he has become.
		is($node->sqlstate_as('clerk', "SELECT set_user_u('dba');\nDELETE FROM orders"), '42501', "$name: a user who has become a superuser needs his grant");
		is($node->sqlstate_as('clerk', "SELECT set_user_u('dba');\nUPDATE orders SET status = 'x' WHERE id = 1"), 'none', "$name: and has it");
	}
	$node->works("$name: the gate works");
	$node->stop;
}
done_testing();
