# What an action, a definition, a verdict and an idle recorder read does not grow with the number of grants and policies: counted in rows, not in time.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('growth');

# rows(TABLE...): that scans of these tables have fetched so far, whoever scanned.
sub rows
{
	my $tables = join ',', map { "'$_'" } @_;
	# A backend reports at most once a second, and when it ends.
	$node->eventually(sub { $node->safe_as('dba', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND state <> 'idle in transaction'") eq '1' }) or die 'a session does not end';
	$node->safe_as('clerk', 'SELECT pg_sleep(1.2)');
	$node->safe_as('auditor', "SELECT warrant.action_result(0)");
	return $node->safe_as('dba',
		"SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_all_tables WHERE schemaname = 'warrant' AND relname IN ($tables)");
}

# fetched(WORK, TABLE...): how many of them the work fetches.
sub fetched
{
	my ($work, @tables) = @_;
	my $before = rows(@tables);
	$work->();
	return rows(@tables) - $before;
}

# --- among many live grants ---

my $many = 5000;
$node->append_conf('postgresql.conf', 'pg_warrant.allow_restore = on');
$node->restart;
$node->wait_until_ready('postgres');
$node->safe_as('dba', <<"SQL");
CREATE ROLE busy LOGIN;
GRANT SELECT ON orders TO busy;
CREATE TABLE shelves (id int);
SELECT warrant.protect('shelves');
INSERT INTO warrant.grants (id, grantee, grantee_name, granted_by, starts_at, ends_at)
SELECT i, 'busy'::regrole, 'busy', '{boss}', now(), now() + '20 hours' FROM generate_series(1, $many) i;
INSERT INTO warrant.grant_scopes (grant_id, grantee, policy_id, target_kind, target, commands, starts_at, ends_at, members, schema_name, relation_name, policy_name)
SELECT g.id, g.grantee, p.id, 't', p.target, '{SELECT}', g.starts_at, g.ends_at, '{}', p.target_schema, p.target_name, p.name
  FROM warrant.grants g, warrant.policies p WHERE p.target = 'shelves'::regclass;
SQL
$node->append_conf('postgresql.conf', 'pg_warrant.allow_restore = off');
$node->restart;
$node->wait_until_ready('postgres');
$node->safe_as('boss', "SELECT warrant.revoke(" . $node->safe_as('boss', "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders')") . ')');

my $pairs = 10;
my $read = fetched(sub {
	for (1 .. $pairs)
	{
		my $grant = $node->safe_as('boss', "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders')");
		$node->safe_as('boss', "SELECT warrant.revoke($grant)");
	}
}, 'grants', 'grant_scopes');
cmp_ok($read / $pairs, '<', 60, "grant and revoke look at few of $many live grants");

$node->safe_as('boss', "SELECT warrant.grant('busy', '{SELECT}', on_table => 'orders')");
$read = fetched(sub { is($node->sqlstate_as('busy', 'SELECT FROM orders'), 'none', "granted, beside $many other grants") }, 'grant_scopes');
cmp_ok($read, '<', 60, 'the first verdict looks at the grants of its table alone');

# The last of a role's grants ends, and it is guarded no longer; the first is made, and it is.
$node->safe_as('dba', 'CREATE ROLE idle_role; CREATE ROLE visitor; CREATE ROLE maker LOGIN CREATEROLE; GRANT idle_role TO maker WITH ADMIN OPTION; GRANT SELECT ON orders TO idle_role');
my $grant = $node->safe_as('boss', "SELECT warrant.grant('idle_role', '{SELECT}', on_table => 'orders')");
is($node->sqlstate_as('maker', 'GRANT idle_role TO visitor'), '42501', 'a role with a live grant is guarded');
$node->safe_as('boss', "SELECT warrant.revoke($grant)");
is($node->sqlstate_as('maker', 'GRANT idle_role TO visitor'), 'none', 'and no longer when its last one has ended');

# A policy that is dropped takes its grants with it, however many; in several sweeps.
$node->safe_as('dba', "SELECT warrant.unprotect('shelves')");
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM warrant.grants WHERE closed_at IS NULL AND grantee = 'busy'::regrole AND id <= $many"),
	"all $many grants of a dropped policy end");

# --- many definitions ---

my $tables = 600;
$node->safe_as('dba', "CREATE SCHEMA many; DO \$\$ BEGIN FOR i IN 1..$tables LOOP EXECUTE format('CREATE TABLE many.t%s (a int)', i); END LOOP; END \$\$");
$read = fetched(sub {
	$node->safe_as('dba', "SET client_min_messages = error; SELECT count(warrant.protect(oid)) FROM pg_class WHERE relnamespace = 'many'::regnamespace");
}, 'policies');
cmp_ok($read / $tables, '<', 80, 'protect() looks at few of the policies that its transaction has made');
ok($node->poll_query_until('postgres', 'SELECT NOT EXISTS (SELECT FROM warrant.audit_unsealed)'), 'their rows are sealed');
is($node->safe_as('auditor', "SELECT count(*) FROM warrant.audit_log WHERE event = 'policy_created' AND policy_name LIKE 'protect many.%'"), $tables, 'all of them');

# What was under way is over some time on a busy machine, and counted later.
for (1 .. 6)
{
	$read = fetched(sub { sleep 11 }, 'policies', 'grants', 'grant_scopes');
	last if $read < 50;
}
cmp_ok($read, '<', 50, 'an idle recorder looks at next to nothing');

my $policy = $node->safe_as('dba', "SELECT id FROM warrant.policies WHERE target = 'many.t7'::regclass");
$node->safe_as('dba', 'ALTER TABLE many.t7 RENAME TO t7_new');
ok($node->poll_query_until('postgres', "SELECT target_name = 't7_new' FROM warrant.policies WHERE id = $policy"), 'and follows a table that is renamed');
$node->safe_as('dba', 'ALTER SCHEMA many RENAME TO more');
ok($node->poll_query_until('postgres', "SELECT bool_and(target_schema = 'more') FROM warrant.policies WHERE name LIKE 'protect many.%'"), 'a schema');
$node->safe_as('dba', 'ALTER ROLE warrant_approver RENAME TO approvers');
ok($node->poll_query_until('postgres', "SELECT bool_and(approver_role_name = 'approvers') FROM warrant.policies WHERE name LIKE 'protect many.%'"), 'and a role');
$node->safe_as('dba', 'ALTER ROLE approvers RENAME TO warrant_approver');

my $bytes = $node->safe_as('dba', <<"SQL");
DO \$\$ BEGIN FOR i IN 100..599 LOOP EXECUTE format('SELECT FROM more.t%s', i); END LOOP; END \$\$;
SELECT sum(total_bytes)::bigint / 500 FROM pg_backend_memory_contexts WHERE name LIKE 'pg\\_warrant%';
SQL
cmp_ok($bytes, '<', 2048, 'bytes for each protected relation that a session met');

# --- while somebody holds an old snapshot, as a dump or a forgotten transaction does ---

# blocks(BATCHES): how many blocks of its state the recorder looks at in so many batches.
sub blocks
{
	my ($batches) = @_;
	my $looked = sub { rows('policies'); return $node->safe_as('dba', "SELECT heap_blks_hit + heap_blks_read FROM pg_statio_all_tables WHERE relid = 'warrant.recorder_state'::regclass") };
	my $before = $looked->();
	$node->safe_as('clerk', "SELECT FROM orders;\n" x $batches);
	return $looked->() - $before;
}

$node->safe_as('boss', "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders')");
my $old = $node->session_as('clerk');
$node->ask($old, 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1;');
blocks(3000);
cmp_ok(blocks(200) / 200, '<', 15, 'a batch passes no earlier versions of the state');
$node->safe_as('dba', 'VACUUM FULL warrant.recorder_state');
is($node->sqlstate_as('clerk', 'SELECT FROM orders'), 'none', 'and finds it where VACUUM FULL has put it');
$old->quit;

# --- the log ---

for my $column ('relation_oid', 'session_user_oid')
{
	like($node->safe_as('dba', "SET enable_seqscan = off; SET enable_sort = off; EXPLAIN SELECT * FROM warrant.audit_log WHERE $column = 12345 ORDER BY seq DESC LIMIT 100"),
		qr/Index Cond: \($column = '12345'::oid\)/, "an index finds the last rows of a $column");
}
$node->stop;
done_testing();
