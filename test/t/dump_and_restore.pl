# pg_dump carries definitions by name, and neither requests nor grants nor audit rows; pg_restore puts them into an extension without any.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('dump_and_restore');
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE finance; CREATE ROLE counsel; CREATE ROLE leaver; CREATE ROLE loose; CREATE ROLE trusted; GRANT finance TO boss;
CREATE DATABASE shop;
SQL
$node->add_gate('shop');
$node->safe_as('dba', <<'SQL', 'shop');
CREATE SCHEMA archive; CREATE TABLE archive.old (id int); GRANT USAGE ON SCHEMA archive TO clerk; GRANT SELECT ON archive.old TO clerk;
CREATE TABLE later (id int); GRANT ALL ON later TO clerk;
CREATE VIEW seen AS SELECT * FROM notes; GRANT SELECT ON seen TO clerk;
SELECT warrant.add_webhook('desk', 'http://127.0.0.1:9/', 'decision', 'desk', allowed_networks => '{127.0.0.0/8}');
SELECT warrant.create_policy('archive', 'deny', on_schema => 'archive', except_roles => '{trusted}');
SELECT warrant.create_policy('later by two', 'approve', on_table => 'later', min_approvals => 2, approver_role => 'finance', max_duration => '1 hour', webhook => 'desk');
SELECT warrant.create_policy('seen', 'approve', on_table => 'seen', for_roles => '{leaver}');
SELECT warrant.create_policy('both', 'approve', on_table => 'seen', commands => '{TRUNCATE}', for_roles => '{leaver}', approvers => '{"counsel": 2, "finance": 1}');
SELECT warrant.create_policy('open', 'open', on_table => 'seen', for_roles => '{loose}', priority => 1);
SELECT warrant.create_policy('all', 'open', on_database => true, priority => -1, audit => 'statement');
SECURITY LABEL FOR pg_warrant ON TABLE notes IS 'private';
SELECT warrant.create_policy('private', 'deny', on_label => 'private', commands => '{TRUNCATE}');
SELECT warrant.create_profile('looker', '{READ, LOCK}', on_table => 'later', for_roles => '{clerk, trusted}');
SELECT warrant.create_profile('visitor', '{READ}', on_database => true, for_roles => '{loose}');
SELECT warrant.set_person('boss', 'Bo'); SELECT warrant.set_person('loose', 'Lou');
ALTER TABLE later RENAME TO sooner;
SQL
$node->let('SELECT', 'shop');
is($node->sqlstate_as('clerk', 'DELETE FROM orders WHERE id > 0', 'shop'), '42501', 'a request is filed');
$node->safe_psql('postgres', 'ALTER ROLE trusted RENAME TO confided');
ok($node->eventually(sub { $node->safe_psql('shop', "SELECT count(*) FROM warrant.policies WHERE target_name = 'later' OR 'trusted' = ANY (except_role_names)") eq '0' }),
	'names follow renames');

my $file = $node->basedir . '/shop.dump';
my @connection = ('-h', $node->host, '-p', $node->port, '-U', 'dba');
command_ok([ 'pg_dump', @connection, '-Fc', '-f', $file, 'shop' ], 'dumped');
my ($sql) = run_command([ 'pg_restore', '-f', '-', $file ]);
unlike($sql, qr/COPY warrant\.(requests|grants|grant_scopes|audit|decisions|deliveries|recorder)/, 'definitions alone');
like($sql, qr/COPY warrant\.policies/, 'but those');

# A table that needs approval is dumped under the one request that the refusal names.
my @dump = ('pg_dump', '-h', $node->host, '-p', $node->port, '-U', 'clerk', '-t', 'orders', 'postgres');
my (undef, $refusal) = do { delete local $ENV{PGAPPNAME}; run_command(\@dump) };    # the tests give all programs another name
my ($ask) = $refusal =~ /^(SELECT warrant\.request.*)$/m;
is($ask, q[SELECT warrant.request('{LOCK,SELECT,EXPORT}', on_tables => '{public.orders}');], 'a dump is told what to ask for') or diag($refusal);
$node->safe_as('boss', 'SELECT warrant.approve(' . $node->safe_as('clerk', $ask) . ')');
command_like(\@dump, qr/^COPY public\.orders/m, 'which is all that it needs');

# Elsewhere the same names have other OIDs, and one role is gone.
$node->safe_psql('postgres', 'DROP ROLE loose');
$node->safe_psql('postgres', 'CREATE DATABASE shop2');
$node->safe_psql('shop2', 'CREATE TABLE shift_oids (a int); DROP TABLE shift_oids');
my (undef, $told) = run_command([ 'pg_restore', @connection, '--exit-on-error', '--verbose', '-d', 'shop2', $file ]);
like($told, qr/WARNING: +role "loose" is not there, and not restored as "Lou"/, 'restored, and told what is not');
is($node->safe_psql('shop2', 'SELECT count(*) FROM warrant.grants'), '0', 'no grants');
is($node->safe_psql('shop2', 'SELECT count(*) FROM warrant.requests'), '0', 'no requests');
is($node->safe_psql('shop2', "SELECT count(*) FROM warrant.policies WHERE target_kind = 't' AND target <> to_regclass(format('%I.%I', target_schema, target_name))"),
	'0', 'targets are those of this database');
my $definitions = <<'SQL';
SELECT name, effect, target_schema, target_name, commands, priority, mode, audit, for_role_names, except_role_names, min_approvals, approver_role_name,
	other_approver_roles, other_approver_role_names, other_approvals,
	max_duration, webhook, created_by, created_at FROM warrant.policies WHERE target_kind <> '!' ORDER BY name COLLATE "C"
SQL
is($node->safe_psql('shop2', $definitions), $node->safe_psql('shop', $definitions), 'nothing is different');
is($node->safe_psql('shop2', "SELECT name, commands, target = 'sooner'::regclass, target_name, for_roles::regrole[], created_by FROM warrant.profiles WHERE name = 'looker'"),
	'looker|{READ,LOCK}|t|sooner|{clerk,confided}|dba', 'profiles');
is($node->safe_psql('shop2', "SELECT for_roles FROM warrant.profiles WHERE name = 'visitor'"), '{0}', 'for nobody, where the role is gone');
is($node->safe_as('clerk', 'SELECT name FROM warrant.my_profiles', 'shop2'), 'looker', 'which nobody may ask for');
is($node->safe_psql('shop2', 'SELECT person, role::regrole FROM warrant.persons'), 'Bo|boss', 'persons');
is($node->safe_psql('shop2', 'SELECT name, enabled FROM warrant.webhooks'), 'desk|f', 'webhooks come disabled');
$node->wait_until_ready('shop2');
is($node->sqlstate_as('clerk', $_->[0], 'shop2'), $_->[1], "clerk: $_->[0]")
  for [ 'SELECT FROM archive.old', '42501' ], [ 'SELECT FROM sooner', '42501' ], [ 'SELECT FROM seen', 'none' ], [ 'SELECT FROM notes', 'none' ], [ 'TRUNCATE notes', '42501' ];
is($node->safe_psql('shop2', "SELECT string_agg(comment, ', ' ORDER BY comment) FROM warrant.audit_log WHERE event = 'policy_created' AND comment LIKE 'restored%'"),
	'restored, as approve, restored, as approve, restored, as approve, restored, as approve, restored, as deny, restored, as deny, restored, as open, restored, as open', 'recorded as restored');
$node->works('the restored gate works', 'shop2');
my ($state, $err) = $node->sqlstate_as('dba', "SELECT warrant.create_policy('next', 'deny', on_table => 'notes')", 'shop2');
is($state, 'none', 'numbers go on') or diag($err);

# A role that is gone is nobody for an open policy, and everybody for another.
is($node->safe_psql('shop2', "SELECT for_roles FROM warrant.policies WHERE name = 'open'"), '{0}', 'kept as gone');

# Into tables that have definitions nothing is copied; nor by others, nor by INSERT.
my $copy = q{COPY warrant.persons (role, role_name, person) FROM PROGRAM 'echo 10,clerk,x' CSV};
my ($there, $how) = $node->sqlstate_as('dba', $copy, 'shop2');
is($there, '42501', 'definitions are there already');
like($how, qr/^HINT:.*without definitions, or with "pg_warrant\.allow_restore" on\.$/m, 'and how else it is done');
$node->safe_as('dba', "SELECT warrant.set_person('boss', NULL)", 'shop2');
is($node->sqlstate_as('dba', "INSERT INTO warrant.persons VALUES (10, 'clerk', 'x')", 'shop2'), '42501', 'INSERT is not COPY');
is($node->sqlstate_as('dba', q{COPY warrant.audit_unsealed FROM '/dev/null'}, 'shop2'), '42501', 'nor are other tables open');
$node->safe_psql('shop2', 'CREATE ROLE helper LOGIN; GRANT pg_write_all_data, pg_execute_server_program, warrant_admin, warrant_exempt TO helper');
is($node->sqlstate_as('helper', $copy, 'shop2'), '42501', 'only a superuser does it');
is($node->sqlstate_as('dba', $copy, 'shop2'), 'none', 'without them they are');
is($node->safe_psql('shop2', 'SELECT role::regrole, person FROM warrant.persons'), 'clerk|x', 'by name');

# pg_warrant.allow_restore opens the rest, and tells.
command_ok([ 'pg_dump', @connection, '--inserts', '-f', "$file.sql", 'shop' ], 'dumped as INSERTs');
$node->safe_psql('postgres', 'CREATE DATABASE shop3');
command_fails([ 'psql', @connection, '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'shop3', '-f', "$file.sql" ], 'INSERTs need it');
$node->safe_psql('postgres', 'DROP DATABASE shop3');
$node->append_conf('postgresql.conf', 'pg_warrant.allow_restore = on');
$node->restart;
$node->safe_psql('postgres', 'CREATE DATABASE shop3');
command_ok([ 'psql', @connection, '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', 'shop3', '-f', "$file.sql" ], 'and have it');
$node->wait_until_ready('shop3');
is($node->sqlstate_as('clerk', 'SELECT FROM sooner', 'shop3'), '42501', 'gated');
is($node->sqlstate_as('helper', "INSERT INTO warrant.persons VALUES (10, 'clerk', 'x')", 'shop3'), '42501', 'superusers only');
like($node->safe_psql('shop3', "SELECT warning FROM warrant.status() WHERE item = 'allow_restore'"), qr/superusers/, 'status() warns');
is($node->safe_psql('shop', "SELECT count(*) FROM warrant.audit_log WHERE event = 'config_changed' AND comment = 'pg_warrant.allow_restore is on'"), '1', 'recorded');
$node->stop;
done_testing();
