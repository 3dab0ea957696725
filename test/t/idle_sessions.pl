# A session that sits in an open transaction, having read the gate's tables, tried to lock them or made definitions, stops nobody.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('idle_sessions');
$node->safe_psql('postgres', 'CREATE ROLE admin LOGIN; GRANT warrant_admin TO admin; GRANT ALL ON SCHEMA public TO admin');

# idle(ROLE, SQL...): a session that did all of it in one transaction and stays; [STATE, SQL] is expected to fail so.
my @idle;
sub idle
{
	my ($role, @statements) = @_;
	my $session = $node->session_as($role);
	push @idle, $session;
	$node->ask($session, 'SET client_min_messages = warning; SET idle_in_transaction_session_timeout = 0; BEGIN ISOLATION LEVEL REPEATABLE READ;');
	for my $statement (@statements)
	{
		my ($want, $sql) = ref $statement ? @$statement : ('none', $statement);
		my (undef, $state, $err) = $node->ask($session, "SAVEPOINT s; $sql");
		is($state, $want, "$role: $sql") or diag($err);
		$node->ask($session, $state eq 'none' ? 'RELEASE s;' : 'ROLLBACK TO s;');
	}
	is(($node->ask($session, 'SELECT 1;'))[0], '1', 'and is idle in its transaction');
}

my @tables = split /\n/, $node->safe_psql('postgres', q{SELECT c.oid::regclass FROM pg_class c WHERE relnamespace = 'warrant'::regnamespace
	AND relkind IN ('r', 'p') ORDER BY 1});
cmp_ok(scalar @tables, '>=', 10, 'the gate has tables');
idle('auditor', map { "SELECT count(*) FROM warrant.$_;" } qw(policies requests request_items decisions grants grant_scopes persons audit_log audit_text));
idle('clerk', 'SELECT count(*) FROM warrant.my_requests;', 'SELECT count(*) FROM warrant.my_grants;');
# The lock of those who read stops nobody; others would stop the recorder, and are refused to superusers as well.
idle('dba', map { "LOCK TABLE $_ IN ACCESS SHARE MODE;" } @tables);
idle('auditor', map { [ '42501', "LOCK TABLE $_ IN ROW SHARE MODE;" ] } @tables);
idle('dba', map { ([ '42501', "LOCK TABLE $_;" ], "SELECT count(*) FROM $_;") } @tables);
idle('dba', [ '42501', 'TRUNCATE warrant.audit_log;' ], [ '42501', 'UPDATE warrant.grants SET reason = NULL;' ],
	[ '42501', 'SELECT * FROM warrant.grants FOR UPDATE;' ], [ '42501', 'SELECT * FROM warrant.recorder_state FOR SHARE;' ],
	[ '42501', 'DELETE FROM warrant.audit_unsealed;' ]);
idle('admin', "SELECT warrant.protect('notes');", "SELECT warrant.create_policy('p', 'deny', on_table => 'notes', commands => '{DELETE}');",
	"SELECT warrant.set_person('clerk', 'somebody');", "SELECT warrant.unprotect('orders');");
# A refusal in a transaction that goes on holding its table.
idle('clerk', 'LOCK TABLE notes IN ACCESS EXCLUSIVE MODE;', [ '42501', 'DELETE FROM orders WHERE id < 0;' ]);
idle('boss', "SELECT warrant.grant('auditor', '{SELECT}', on_table => 'orders');");

for my $round (1 .. 3)
{
	$node->works("everybody else goes on, round $round");
}
is($node->sqlstate_as('clerk', "SELECT warrant.cancel(min(id)) FROM warrant.my_requests WHERE state = 'pending'"), 'none', 'a request can be cancelled');
$node->safe_psql('postgres', 'SELECT pg_terminate_backend(' . $node->recorder_pid . ')');
$node->works('also after the recorder was restarted');
# The recorder keeps names: of a policy that an open transaction drops, later.
$node->safe_psql('postgres', "SET lock_timeout = '${GatedServer::patience_s}s'; ALTER TABLE orders RENAME TO bills");
$node->safe_as('admin', "SELECT warrant.set_person('boss', 'somebody else')");
ok($node->eventually(sub { $node->safe_psql('postgres', "SELECT count(*) FROM warrant.audit_log WHERE comment = 'boss: somebody else'") eq '1' }), 'definitions are sealed');
$node->safe_psql('postgres', "SET lock_timeout = '${GatedServer::patience_s}s'; ALTER TABLE bills RENAME TO orders");
$node->works('and with another name');
# For a moment one may: what another session writes is waited for a tenth of a second.
ok($node->eventually(sub { $node->safe_psql('postgres', "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.backend_type LIKE 'pg_warrant%'")
	eq '0' }), 'no worker goes on waiting for a lock');

$node->ask($_, 'COMMIT;') for @idle;
$_->quit for @idle;
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM warrant.audit_log WHERE event = 'policy_created' AND policy_name = 'p'}),
	'what they did is sealed once they commit');
$node->log_is_sound;
$node->stop;
done_testing();
