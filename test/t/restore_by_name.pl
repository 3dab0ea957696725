# Whatever way a dump is restored, its definitions are bound to what bears their names there: not to what had their OIDs where they were dumped.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('restore_by_name', 'wal_level = minimal', 'max_wal_senders = 0', 'pg_warrant.required_databases = target');
$node->safe_psql('postgres', 'CREATE ROLE trusted LOGIN; CREATE ROLE stranger LOGIN; CREATE ROLE keeper; GRANT keeper TO boss; CREATE DATABASE source');
$node->safe_as('dba', <<'SQL', 'source');
CREATE EXTENSION pg_warrant;
CREATE TABLE ta (x int); CREATE TABLE tb (x int); CREATE SCHEMA inner_s;
GRANT ALL ON ta, tb TO trusted, stranger;
CREATE MATERIALIZED VIEW seen AS SELECT count(*) FROM ta;
ALTER TABLE ta OWNER TO keeper; ALTER MATERIALIZED VIEW seen OWNER TO keeper;
SELECT warrant.create_policy('dropped', 'deny', on_table => 'ta');
SELECT warrant.drop_policy('dropped');
SELECT warrant.protect('tb', except_roles => '{trusted}');
SELECT warrant.create_policy('ta', 'approve', on_table => 'ta', except_roles => '{trusted}', approver_role => 'trusted', definer_roles => '{trusted}');
SELECT warrant.create_policy('inner', 'open', on_schema => 'inner_s', for_roles => '{trusted}');
SELECT warrant.create_policy('all', 'open', on_database => true, for_roles => '{trusted}', priority => -1);
SELECT warrant.add_webhook('desk', 'http://127.0.0.1:9/', 'decision', 'desk', allowed_networks => '{127.0.0.0/8}');
SELECT warrant.set_person('trusted', 'Tina');
SQL
$node->wait_until_ready('source');
my @connection = ('-X', '-h', $node->host, '-p', $node->port, '-U', 'dba');
my @to = grep { $_ ne '-X' } @connection;
my $dump = $node->basedir . '/source';
command_ok([ 'pg_dump', @to, @$_, 'source' ], "dumped: @$_")
  for [ '-Fc', '-f', "$dump.dump" ], [ '-f', "$dump.sql" ], [ '--inserts', '-f', "$dump.inserts.sql" ];
my $data = run_to_file("$dump.data.sql", 'pg_restore', '-a', '-n', 'warrant', '-f', '-', "$dump.dump");
run_to_file("$dump.disabling.sql", 'pg_restore', '-a', '-n', 'warrant', '--disable-triggers', '-f', '-', "$dump.dump");
like($data, qr/COPY warrant\.policies/, 'definitions');

# The names change places, and with them their OIDs.
$node->safe_psql('postgres', 'ALTER ROLE trusted RENAME TO moved');
$node->safe_psql('postgres', "ALTER ROLE $_->[0] RENAME TO $_->[1]") for [ 'stranger', 'trusted' ], [ 'moved', 'stranger' ];
$node->safe_psql('postgres', 'DROP DATABASE source');

sub run_to_file
{
	my ($file, @command) = @_;
	my ($out) = run_command([@command]);
	append_to_file($file, $out);
	return $out;
}

# fresh(WITH_TABLES): database target, empty, or with the tables alone; their OIDs change places, too.
sub fresh
{
	my ($with_tables) = @_;
	$node->safe_psql('postgres', 'DROP DATABASE IF EXISTS target');
	$node->safe_psql('postgres', 'CREATE DATABASE target');
	$node->safe_psql('target', 'CREATE TABLE tb (x int); CREATE TABLE ta (x int); CREATE SCHEMA inner_s; GRANT ALL ON ta, tb TO trusted, stranger') if $with_tables;
	return;
}

sub bound_by_name
{
	my ($way, $requests) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	subtest $way => sub {
		$node->wait_until_ready('target');
		is($node->safe_as('dba', <<'SQL', 'target'), "all||{trusted}||\ninner|inner_s|{trusted}||\nprotect public.tb|tb||{trusted}|\nta|ta||{trusted}|{trusted}", 'objects and roles');
SELECT name, CASE target_kind WHEN 't' THEN target::regclass::text WHEN 's' THEN target::regnamespace::text WHEN 'd' THEN nullif(target, d.oid)::text END,
       nullif(for_roles::regrole[]::text, '{}'), nullif(except_roles::regrole[]::text, '{}'), nullif(definer_roles::regrole[]::text, '{}')
  FROM warrant.policies, pg_database d WHERE datname = current_database() AND target_kind <> '!' ORDER BY name COLLATE "C"
SQL
		is($node->safe_as('dba', "SELECT approver_role::regrole FROM warrant.policies WHERE name = 'ta'", 'target'), 'trusted', 'approvers');
		is($node->safe_as('dba', 'SELECT role::regrole, person FROM warrant.persons', 'target'), 'trusted|Tina', 'persons');
		is($node->safe_as('dba', 'SELECT name, enabled FROM warrant.webhooks', 'target'), 'desk|f', 'webhooks come disabled');
		is($node->safe_as('dba', 'SELECT (SELECT count(*) FROM warrant.grants), (SELECT count(*) FROM warrant.requests)', 'target'), '0|' . ($requests // 0), 'no grants, no requests');
		is($node->sqlstate_as('trusted', 'INSERT INTO tb VALUES (1)', 'target'), 'none', 'the exempt one passes');
		is($node->sqlstate_as('stranger', 'INSERT INTO tb VALUES (1)', 'target'), '42501', 'the other does not');
		ok($node->eventually(sub { $node->safe_as('dba', 'SELECT count(*) FROM warrant.audit_unsealed', 'target') eq '0' }), 'sealed');
		# A person weakens where policies are: in a parallel restore they may come first.
		like($node->safe_as('dba', <<'SQL', 'target'), qr/^person_changed 1, policy_created 4, weakened [45], webhook_added 1$/, 'recorded as restored');
SELECT string_agg(event || ' ' || count, ', ' ORDER BY event) FROM (SELECT event, count(*) FROM warrant.audit_log WHERE comment ~ 'restored' GROUP BY 1) AS e
SQL
		is($node->safe_as('dba', "SELECT warrant.create_policy('next', 'deny', on_table => 'ta');
			SELECT count(*) FROM warrant.policies p WHERE p.id >= (SELECT q.id FROM warrant.policies q WHERE q.name = 'next')", 'target'), "next\n1", 'numbers go on');
		$node->log_is_sound('target');
	};
}

my @sql = ('psql', @connection, '-q', '-d', 'target', '-v', 'ON_ERROR_STOP=1');
my $create = 'CREATE EXTENSION pg_warrant';
for my $way (
	[ 'pg_restore -1', 0, 'pg_restore', @to, '-1', '-d', 'target', "$dump.dump" ],
	[ 'psql -1', 0, @sql, '-1', '-f', "$dump.sql" ],
	[ 'psql -1, a savepoint around each statement', 0, @sql, '-1', '-v', 'ON_ERROR_ROLLBACK=on', '-f', "$dump.sql" ],
	[ 'the definitions last, beside each other', 0, 'pg_restore', @to, '-e', '-j', '2', '-N', 'warrant', '-d', 'target', "$dump.dump" ],
	[ 'triggers off for others', 1, @sql, '-1', '-c', 'SET session_replication_role = replica', '-c', $create, '-f', "$dump.data.sql" ],
	[ 'created and copied into in one transaction', 1, @sql, '-1', '-c', $create, '-f', "$dump.data.sql" ],
	[ 'created in a savepoint', 1, @sql, '-1', '-c', 'SAVEPOINT a', '-c', $create, '-c', 'ROLLBACK TO a', '-c', 'SAVEPOINT b', '-c', $create, '-c', 'RELEASE b',
		'-f', "$dump.data.sql" ])
{
	my ($name, $with_tables, @command) = @$way;
	fresh($with_tables);
	command_ok(\@command, $name);
	command_ok([ 'pg_restore', @to, '-1', '-a', '-n', 'warrant', '-d', 'target', "$dump.dump" ], 'then those') if grep { $_ eq '-N' } @command;
	is($node->safe_as('dba', 'SELECT relispopulated FROM pg_class WHERE relname = $$seen$$', 'target'), 't', "$name: a gated owner's view is filled")
	  unless $with_tables;
	bound_by_name($name);
}

# One statement after the other, the policies count before the view is filled; its owner's code runs under nobody's exemption but his.
fresh(0);
command_fails_like([ 'pg_restore', @to, '-j', '2', '-d', 'target', "$dump.dump" ], qr/requires approval.*REFRESH MATERIALIZED VIEW runs it as "keeper"/s, 'beside each other');
bound_by_name('beside each other', 1);
fresh(1);
$node->safe_psql('target', $create);
command_fails_like([ 'pg_restore', @to, '-a', '-n', 'warrant', '--disable-triggers', '-d', 'target', "$dump.dump" ], qr/belongs to the gate/, 'triggers are not disabled');
bound_by_name('triggers are not disabled');

# Created anew in the transaction that has dropped it.
command_ok([ @sql, '-1', '-c', 'SELECT warrant.discard_audit_log()', '-c', 'DROP EXTENSION pg_warrant', '-c', $create, '-f', "$dump.data.sql" ], 'dropped and created anew');
bound_by_name('dropped and created anew');

# What the creating transaction defines by our functions is no restored row.
fresh(1);
command_ok([ @sql, '-1', '-c', $create, '-c', "SELECT warrant.protect('ta', except_roles => '{trusted}')", '-c', "SELECT warrant.set_person('trusted', 'Tina')" ], 'defined at once');
$node->wait_until_ready('target');
ok($node->eventually(sub { $node->safe_as('dba', 'SELECT count(*) FROM warrant.audit_unsealed', 'target') eq '0' }), 'is sealed');
is($node->safe_as('dba', "SELECT count(*) FILTER (WHERE comment ~ 'restored'), count(*) FROM warrant.audit_log WHERE event IN ('policy_created', 'person_changed')", 'target'),
	'0|2', 'is recorded as such');
is($node->sqlstate_as('stranger', 'SELECT FROM ta', 'target'), '42501', 'and counts');

# Numbers are never given twice, nor in a crash where little is logged.
fresh(1);
command_ok([ @sql, '-1', '-c', $create, '-f', "$dump.data.sql" ], 'created and copied into, once more');
$node->wait_until_ready('target');
my $number = $node->safe_as('dba', <<'SQL', 'target');
SELECT warrant.create_policy('short', 'deny', on_table => 'ta') \gset
SELECT id FROM warrant.policies WHERE name = 'short';
SELECT warrant.drop_policy('short') \gset
SQL
$node->stop('immediate');
$node->start;
$node->wait_until_ready('target');
cmp_ok($node->safe_as('dba', <<'SQL', 'target'), '>', $number, 'numbers are not given again');
SELECT warrant.create_policy('after', 'deny', on_table => 'ta') \gset
SELECT id FROM warrant.policies WHERE name = 'after';
SQL

# What is to be replaced in a living database stays as it is, once its log has a row.
ok($node->eventually(sub { $node->safe_as('dba', q{SELECT count(*) > 0 AND NOT EXISTS (SELECT FROM warrant.audit_unsealed) FROM warrant.audit_log}, 'target') eq 't' }), 'what was defined is recorded');
my $before = $node->safe_as('dba', q{SELECT (SELECT min(oid) FROM pg_class WHERE relname = 'ta'), count(*) FROM warrant.policies}, 'target');
command_fails_like([ 'pg_restore', @to, '-1', '--clean', '--if-exists', '-d', 'target', "$dump.dump" ], qr/cannot drop extension "pg_warrant" with its audit log/, 'replaced');
is($node->safe_as('dba', q{SELECT (SELECT min(oid) FROM pg_class WHERE relname = 'ta'), count(*) FROM warrant.policies}, 'target'), $before, 'nothing is');

# What would get around it is refused, in the transaction that creates the extension as after it.
sub refused
{
	my ($name, $expected, @command) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	command_fails_like(\@command, $expected, $name);
	is($node->safe_psql('target', 'SELECT count(*) FROM pg_extension WHERE extname = $$pg_warrant$$'), '0', "$name: nothing is left of it");
}
my $ours = qr/belongs to the gate/;
fresh(1);
refused('triggers disabled', $ours, @sql, '-1', '-c', $create, '-f', "$dump.disabling.sql");
refused('by INSERT', $ours, @sql, '-1', '-c', $create, '-c', "INSERT INTO warrant.persons VALUES (10, 'clerk', 'x')");
refused('into other tables', $ours, @sql, '-1', '-c', $create, '-c', "COPY warrant.grants FROM '/dev/null'");
refused('emptied', $ours, @sql, '-1', '-c', $create, '-c', 'TRUNCATE warrant.policies');
refused('sealed by hand', $ours, @sql, '-1', '-c', $create, '-c', "DO \$\$ BEGIN UPDATE warrant.recorder_state SET last_seq = 9; END \$\$");
fresh(0);
refused('a dump of INSERTs', $ours, @sql, '-1', '-f', "$dump.inserts.sql");

# allow_restore opens the rows for that, never what binds them.
$node->append_conf('postgresql.conf', 'pg_warrant.allow_restore = on');
$node->restart;
fresh(0);
command_ok([ @sql, '-1', '-f', "$dump.inserts.sql" ], 'allow_restore: a dump of INSERTs');
bound_by_name('allow_restore: a dump of INSERTs, in one transaction');
fresh(1);
refused('allow_restore: triggers disabled', $ours, @sql, '-1', '-c', $create, '-f', "$dump.disabling.sql");
$node->safe_psql('target', $create);
command_fails_like([ 'pg_restore', @to, '-a', '-n', 'warrant', '--disable-triggers', '-d', 'target', "$dump.dump" ], $ours, 'allow_restore: nor are they disabled later');
bound_by_name('allow_restore: triggers disabled');

# Created anew, it has a log of its own from 1 on, although the recorder of the one before could not read where that is at first.
$node->safe_as('dba', "BEGIN; SELECT warrant.discard_audit_log(); DROP EXTENSION pg_warrant; $create; ALTER TABLE warrant.recorder_state RENAME last_seq TO unread; COMMIT",
	'target');
ok($node->eventually(sub { my @tries = slurp_file($node->logfile) =~ /column "last_seq" (?:does not exist|of relation)/g; @tries > 0 }), 'it cannot be read');
$node->safe_as('dba', 'ALTER TABLE warrant.recorder_state RENAME unread TO last_seq', 'target');
$node->wait_until_ready('target');
is($node->sqlstate_as('dba', "SELECT warrant.protect('ta')", 'target'), 'none', 'defined');
ok($node->eventually(sub { $node->safe_as('dba', "SELECT count(*) FROM warrant.audit_log WHERE event = 'policy_created'", 'target') eq '1' }), 'recorded');
$node->log_is_sound('target');

# Where the clock was set back while the server was down, numbers go on behind what is sealed: also before a recorder is there.
$node->safe_as('dba', "UPDATE warrant.recorder_state SET last_sealed_at = now() + '1 day'", 'target');
$node->stop('immediate');
$node->append_conf('postgresql.conf', 'max_worker_processes = 0');
$node->start;
is($node->safe_as('dba', <<'SQL', 'target'), 't', 'numbers do not follow a clock that is set back');
SELECT warrant.create_policy('later', 'deny', on_table => 'ta') \gset
SELECT '2000-01-01 00:00:00+00'::timestamptz + p.id * interval '1 us' > s.last_sealed_at FROM warrant.policies p, warrant.recorder_state s WHERE p.name = 'later';
SQL
$node->stop;
done_testing();
