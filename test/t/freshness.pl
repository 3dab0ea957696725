# Approval and revocation reach every open session at its very next statement: in REPEATABLE READ and SERIALIZABLE transactions, prepared
# statements and parallel workers, without a trace in the transaction's snapshot or predicate locks.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('freshness', 'max_parallel_workers = 4');
$node->safe_psql('postgres', <<'SQL');
ALTER TABLE notes SET (parallel_workers = 2);
INSERT INTO notes SELECT g, 'note' FROM generate_series(1, 20000) AS g;
ANALYZE notes, orders;
-- The inner query runs where the function does; volatile and PL/pgSQL, so that nothing is inlined or folded.
CREATE FUNCTION status_of(order_id int) RETURNS text LANGUAGE plpgsql VOLATILE PARALLEL SAFE AS $$
BEGIN
	RETURN (SELECT o.status FROM orders o WHERE o.id = order_id);
END $$;
SQL
my $select = 'SELECT status FROM orders WHERE id = 7;';
my $grant;

sub says
{
	my ($session, $state, $sql, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($out, $got, $err) = $node->ask($session, $sql);
	is($got, $state, $name) or diag($err);
	return $out;
}

sub revoke { $node->safe_as('boss', "SELECT warrant.revoke($grant)"); }

my %sessions = map { $_ => $node->session_as('clerk') } 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE', 'prepared';
my $prepared = $sessions{prepared};
says($prepared, 'none', 'PREPARE p AS SELECT status FROM orders WHERE id = $1;', 'prepared');
says($prepared, 'none', 'SET plan_cache_mode = force_generic_plan;', 'with a plan that is kept');

# Twice, so that a verdict that was kept from the first round would show.
for my $round (1, 2)
{
	for my $isolation (grep { $_ ne 'prepared' } sort keys %sessions)
	{
		says($sessions{$isolation}, 'none', "BEGIN ISOLATION LEVEL $isolation; SELECT count(*) FROM notes;", "$isolation $round: the snapshot is taken");
		says($sessions{$isolation}, 'none', 'SAVEPOINT s;', 'a savepoint');
		says($sessions{$isolation}, '42501', $select, 'not yet approved: refused');
		says($sessions{$isolation}, 'none', 'ROLLBACK TO s;', 'back to the savepoint');
	}
	says($prepared, '42501', 'EXECUTE p (7);', 'the prepared statement is refused');

	$grant = $node->let('SELECT');
	for my $isolation (grep { $_ ne 'prepared' } sort keys %sessions)
	{
		is(says($sessions{$isolation}, 'none', $select, "$isolation $round: runs in the open transaction as soon as it is approved"), 'new', 'and reads');
	}
	is(says($prepared, 'none', 'EXECUTE p (7);', 'the prepared statement runs'), 'new', 'and reads');

	is($node->safe_psql('postgres', <<'SQL'), '', 'no predicate lock on a table of the gate');
SELECT relation::regclass FROM pg_locks WHERE mode = 'SIReadLock' AND relation IN
	(SELECT oid FROM pg_class WHERE relnamespace IN ('warrant'::regnamespace, 'pg_toast'::regnamespace) AND oid >= 16384)
SQL
	isnt($node->safe_psql('postgres', "SELECT count(*) FROM pg_locks WHERE mode = 'SIReadLock' AND relation::regclass::text ~ '^orders'"), '0',
		'while the transaction does hold some on the table that it read');

	revoke();
	for my $isolation (grep { $_ ne 'prepared' } sort keys %sessions)
	{
		says($sessions{$isolation}, '42501', $select, "$isolation $round: refused at the next statement after the revoke");
		says($sessions{$isolation}, 'none', 'ROLLBACK;', 'rolled back');
	}
	says($prepared, '42501', 'EXECUTE p (7);', 'the prepared statement is refused');
}

# A definition of somebody else reaches an open REPEATABLE READ transaction too.
my $reader = $sessions{'REPEATABLE READ'};
says($reader, 'none', 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM notes;', 'an open transaction');
$node->safe_psql('postgres', "SET client_min_messages = warning; SELECT warrant.protect('notes')");
says($reader, '42501', 'SELECT count(*) FROM notes;', 'is gated by what was protected since');
says($reader, 'none', 'ROLLBACK;', 'rolled back');
$node->safe_psql('postgres', "SELECT warrant.unprotect('notes')");

# A cursor's plan that was opened before the transaction's other statements.
says($reader, 'none', 'BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;', 'a first statement without any snapshot');
says($reader, '42501', $select, 'is refused');
says($reader, 'none', 'ROLLBACK;', 'rolled back');

# Parallel query: force_parallel_mode became debug_parallel_query in 16.
my $force = $node->safe_psql('postgres', "SELECT name FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query')");
my $worker = $node->session_as('clerk');
my $parallel = $node->session_as('clerk');
my $setup = 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;'
  . ' SET parallel_leader_participation = off; SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off;';
says($parallel, 'none', $setup, 'parallel plans');
my $in_worker = 'SELECT count(status_of(id % 100 + 1)) FROM notes WHERE id <= 50;';
like(says($parallel, 'none', 'SELECT count(*) FROM notes;', 'a parallel plan over an open table runs'), qr/^20000$/, 'and reads all');
like(says($parallel, 'none', "EXPLAIN (COSTS off) $in_worker", 'the inner query is in no plan'), qr/Gather/, 'that the gate sees in the leader');
for my $round (1, 2)
{
	says($parallel, '42501', $in_worker, "parallel $round: what runs only in the worker is refused");
	says($parallel, '42501', 'SELECT count(*) FROM orders WHERE status <> \'\';', 'a parallel scan of the protected table is refused');
	$grant = $node->let('SELECT');
	is(says($parallel, 'none', $in_worker, 'runs when approved'), '50', 'and reads');
	is(says($parallel, 'none', 'SELECT count(*) FROM orders WHERE status <> \'\';', 'the scan too'), '100', 'and reads');
	revoke();
}
says($worker, 'none', "SET $force = on;", "with $force");
for my $round (1, 2)
{
	says($worker, '42501', $select, "$force $round: refused");
	says($worker, '42501', 'SELECT status_of(7);', 'a function in a worker is refused');
	$grant = $node->let('SELECT');
	is(says($worker, 'none', $select, 'runs when approved'), 'new', 'and reads');
	is(says($worker, 'none', 'SELECT status_of(7);', 'the function too'), 'new', 'and reads');
	revoke();
}
# A worker speaks for its leader: four of these were met in workers only.
my $leaders = join ', ', map { says($_, 'none', 'SELECT pg_backend_pid();', 'a leader') } $parallel, $worker;
cmp_ok($node->safe_psql('postgres', "SELECT sum(repeats) FROM warrant.audit_log WHERE event = 'refused' AND session_user_name = 'clerk' AND pid IN ($leaders)"),
	'>=', 8, 'refusals in parallel workers are audited');
$node->log_is_sound;
$_->quit for values %sessions, $worker, $parallel;
$node->stop;
done_testing();
