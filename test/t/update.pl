# ALTER EXTENSION UPDATE makes of each earlier release what a fresh install is, rewrites nothing, and policies, requests and grants live on. Until it
# runs, the library serves the older script and status() says so.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;
use OlderReleases;

OlderReleases::offer();
my $node = GatedServer->prepared('update');
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE clerk LOGIN; CREATE ROLE boss LOGIN; CREATE ROLE deputy LOGIN; CREATE ROLE auditor LOGIN; CREATE ROLE dba SUPERUSER LOGIN');
$node->safe_psql('postgres', 'CREATE DATABASE fresh');
$node->safe_as('dba', 'CREATE EXTENSION pg_warrant; GRANT warrant_auditor TO auditor; GRANT warrant_approver TO boss, deputy', 'fresh');

my $older;    # the database of the release that is updated
sub state_of { my ($role, $sql) = @_; return scalar $node->sqlstate_as($role, $sql, $older); }
sub value { return $node->safe_as('dba', $_[0], $older); }

# Every object of the extension as text, a line each.
my $catalogue = <<'SQL';
WITH schemas AS (SELECT n.* FROM pg_namespace n WHERE n.nspname IN ('warrant', 'warrant_internal')),
relations AS (SELECT c.* FROM pg_class c JOIN schemas n ON n.oid = c.relnamespace),
functions AS (SELECT p.* FROM pg_proc p JOIN schemas n ON n.oid = p.pronamespace),
objects (line) AS (
SELECT concat_ws(' | ', 'function', pg_get_functiondef(f.oid), f.proacl, obj_description(f.oid, 'pg_proc')) FROM functions f
UNION ALL SELECT concat_ws(' | ', 'relation', c.relname, c.relkind, c.relpersistence, c.reloptions, c.relacl, c.relrowsecurity, c.relreplident,
	pg_get_expr(c.relpartbound, c.oid), obj_description(c.oid, 'pg_class')) FROM relations c
UNION ALL SELECT concat_ws(' | ', 'column', c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
	a.attgenerated, a.attstorage, a.attcollation, a.attacl, pg_get_expr(d.adbin, d.adrelid), a.attisdropped, a.atthasmissing, col_description(c.oid, a.attnum))
	FROM relations c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (c.oid, a.attnum)
UNION ALL SELECT concat_ws(' | ', 'constraint', c.relname, k.conname, pg_get_constraintdef(k.oid), k.convalidated, obj_description(k.oid, 'pg_constraint'))
	FROM relations c JOIN pg_constraint k ON k.conrelid = c.oid
UNION ALL SELECT concat_ws(' | ', 'index', pg_get_indexdef(i.indexrelid), i.indisprimary, i.indisvalid) FROM relations c JOIN pg_index i ON i.indrelid = c.oid
UNION ALL SELECT concat_ws(' | ', 'trigger', pg_get_triggerdef(t.oid), t.tgenabled) FROM relations c JOIN pg_trigger t ON t.tgrelid = c.oid WHERE NOT t.tgisinternal
UNION ALL SELECT concat_ws(' | ', 'view', c.relname, pg_get_viewdef(c.oid)) FROM relations c WHERE c.relkind = 'v'
UNION ALL SELECT concat_ws(' | ', 'sequence', c.relname, s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle)
	FROM relations c JOIN pg_sequence s ON s.seqrelid = c.oid
UNION ALL SELECT concat_ws(' | ', 'type', n.nspname, t.typname, t.typtype, t.typacl, obj_description(t.oid, 'pg_type')) FROM pg_type t JOIN schemas n ON n.oid = t.typnamespace
UNION ALL SELECT concat_ws(' | ', 'schema', n.nspname, n.nspacl, obj_description(n.oid, 'pg_namespace')) FROM schemas n
UNION ALL SELECT concat_ws(' | ', 'member', pg_describe_object(d.classid, d.objid, d.objsubid)) FROM pg_depend d JOIN pg_extension e ON d.refobjid = e.oid
	WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'pg_warrant'
UNION ALL SELECT concat_ws(' | ', 'initial privileges', pg_describe_object(p.classoid, p.objoid, p.objsubid), p.initprivs) FROM pg_init_privs p WHERE p.objoid >= 16384
UNION ALL SELECT concat_ws(' | ', 'extension', e.extname, e.extversion, e.extrelocatable, e.extnamespace::regnamespace, e.extconfig::regclass[], e.extcondition)
	FROM pg_extension e WHERE e.extname = 'pg_warrant')
SELECT string_agg(replace(line, E'\n', ' '), E'\n' ORDER BY line COLLATE "C") FROM objects
SQL
my $until_recorder_waits = q{DO $$ BEGIN
	WHILE NOT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.backend_type = 'pg_warrant recorder'
		AND a.datname = current_database()) LOOP PERFORM pg_sleep(0.001), pg_stat_clear_snapshot(); END LOOP; END $$};
my $files = q{SELECT string_agg(c.relname || ' ' || pg_relation_filenode(c.oid), ', ' ORDER BY c.relname) FROM pg_class c
	WHERE c.relnamespace = 'warrant'::regnamespace AND c.relkind = 'r' AND c.relname NOT IN ('auto_stops', 'delegations', 'grant_uses', 'identities', 'known_settings', 'profiles', 'reminders', 'request_statements')};

my $unchanged = q{SELECT 'warrant.drop_policy(text)'::regprocedure::oid || ' ' || 'warrant.expand_commands(text[])'::regprocedure::oid};

sub updated
{
	my ($version) = @_;
	$older = "older_$version";
	$node->safe_psql('postgres', qq{CREATE DATABASE "$older"});
	$node->safe_as('dba', <<"SQL", $older);
CREATE EXTENSION pg_warrant VERSION '$version';
CREATE TABLE orders (id int);
INSERT INTO orders VALUES (1);
CREATE TABLE bills (id int);
GRANT ALL ON orders, bills TO clerk;
GRANT CREATE ON SCHEMA public TO clerk;
SET client_min_messages = warning;
SELECT warrant.protect('orders'), warrant.create_policy('bills', 'approve', on_table => 'bills', min_approvals => 2);
SQL
	$node->wait_until_ready($older);

	is(state_of('clerk', 'SELECT FROM orders'), '42501', 'the gate is closed under the older script');
	is($node->safe_as('auditor', "SELECT value FROM warrant.status() WHERE item = 'extension' AND warning ~ 'ALTER EXTENSION pg_warrant UPDATE'", $older),
		$version, 'status says which version it is and what to do');
	is($node->safe_as('boss', "SELECT warrant.grant('clerk', '{SELECT,UPDATE}', on_table => 'orders')", $older), '1', 'an approver grants');
	my $session = $node->session_as('clerk', $older);
	is(($node->ask($session, 'UPDATE orders SET id = 2 WHERE id > 0;'))[1], 'none', 'and the clerk works');
	is(state_of('clerk', 'INSERT INTO bills VALUES (1)'), '42501', 'a statement files a request');
	my $bills = $node->safe_as('clerk', 'SELECT max(id) FROM warrant.my_requests', $older);
	is(state_of('boss', "SELECT warrant.approve($bills)"), 'none', 'that has one of two approvals');
	is(state_of('clerk', "SELECT warrant.request('{CREATE}', on_schema => 'public')"), 'none', 'a request for a schema finds the policies in it');

	my $cancelled = $node->safe_as('clerk', "SELECT warrant.request('{DELETE}', on_table => 'orders')", $older);

	# The update.

	my $before = value($files);
	my $kept = value($unchanged);
	my $last = value('SELECT max(seq) FROM warrant.audit_log');
	my $updating = $node->session_as('dba', $older);
	is(($node->ask($updating, 'BEGIN; ALTER EXTENSION pg_warrant UPDATE;'))[1], 'none', 'the extension is updated');
	my $meanwhile = $node->session_as('clerk', $older);
	$meanwhile->query_until(qr/sent/, "\\echo sent\nSELECT warrant.cancel($cancelled);\n");
	is(($node->ask($updating, "$until_recorder_waits; COMMIT;"))[1], 'none', 'the update is committed, while the recorder waits for it');
	is(($node->ask($meanwhile, 'SELECT 1;'))[1], 'none', 'the call goes on');
	is(value("SELECT state FROM warrant.requests WHERE id = $cancelled"), 'cancelled', 'with functions that the update has moved meanwhile');
	$_->quit for $updating, $meanwhile;
	is(value($files), $before, 'no table was rewritten');
	is(value($unchanged), $kept, 'a function that is declared as before is the same, with what was granted on it');
	my @updated = split /\n/, value($catalogue);
	my @fresh = split /\n/, $node->safe_as('dba', $catalogue, 'fresh');
	my %there = map { $_ => 1 } @updated;
	my %wanted = map { $_ => 1 } @fresh;
	is(join("\n", grep { !$there{$_} } @fresh), '', 'a fresh install has nothing that the updated one lacks');
	is(join("\n", grep { !$wanted{$_} } @updated), '', 'and lacks nothing that the updated one has');
	cmp_ok(scalar @fresh, '>', 300, 'much was compared');
	is(value("SELECT count(*) FROM warrant.status() WHERE item = 'extension'"), '0', 'status has nothing more to say about it');

	# What was there lives on.

	is(($node->ask($session, 'UPDATE orders SET id = 3 WHERE id > 0;'))[1], 'none', 'the grant goes on in a session that was open');
	is(state_of('clerk', 'SELECT FROM orders'), 'none', 'and in a new one');
	is(state_of('clerk', 'INSERT INTO bills VALUES (1)'), '42501', 'the other policy is there');
	is(value(q{SELECT count(*) FROM warrant.request_items WHERE relation_name = 'bills'}), '1', 'and so is the request, which is not filed again');
	is(state_of('deputy', "SELECT warrant.approve($bills, max_uses => 1)"), 'none', 'the request gets its second approval, now with a limit');
	is(state_of('clerk', 'INSERT INTO bills VALUES (1)'), 'none', 'that lets one statement run');
	is(state_of('clerk', 'INSERT INTO bills VALUES (2)'), '42501', 'and not a second one');
	is(($node->ask($session, 'INSERT INTO bills VALUES (2);'))[1], '42501', 'nor one of the session that was open');
	is(value('SELECT count(*) FROM warrant.policies'), '3', 'the policies are there');
	is(value("SELECT count(*) = max(seq) AND max(seq) > $last FROM warrant.audit_log"), 't', 'the audit log has no gap');
	$session->quit;
}

# Under an older script a schema of that name is a user's: none of it is taken for the gate's, and it stays when an update fails.
sub of_a_user
{
	$older = 'has_schema';
	$node->safe_psql('postgres', "CREATE DATABASE $older");
	$node->safe_as('dba', <<'SQL', $older);
CREATE EXTENSION pg_warrant VERSION '0.3.0';
CREATE SCHEMA warrant_internal AUTHORIZATION clerk;
GRANT USAGE ON SCHEMA warrant TO clerk;
SQL
	$node->wait_until_ready($older);
	$node->safe_as('clerk', <<'SQL', $older);
CREATE TABLE warrant_internal.orders (id int);
CREATE FUNCTION warrant_internal.act(action text, origin jsonb, args jsonb, statement jsonb, statement_sha256 bytea, statement_text text) RETURNS text
	LANGUAGE sql AS $$ SELECT 'it is his' $$;
CREATE FUNCTION warrant_internal.opens() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$ DELETE FROM warrant.policies $$;
SQL
	value(q{SET client_min_messages = warning; SELECT warrant.protect('warrant_internal.orders', '{ALTER,DELETE}')});
	is(state_of('clerk', 'DELETE FROM warrant_internal.orders'), '42501', 'its tables are protected');
	is(value('SELECT count(*) FROM warrant.requests'), '1', 'and the recorder calls no function of it');
	is(state_of('clerk', 'ALTER TABLE warrant_internal.orders ADD COLUMN card text'), '42501', 'its tables are not changed');
	is(state_of('dba', 'SELECT warrant_internal.opens()'), '42501', 'its functions do not write for the gate');
	is(state_of('clerk', 'CREATE TYPE warrant_internal.mine AS (a int)'), 'none', 'its owner makes what he likes');
	is(state_of('dba', 'ALTER EXTENSION pg_warrant UPDATE'), '42P06', 'the extension is not updated into it');
	is(value(q{SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'warrant_internal'}), 'clerk', 'it stays what it was');
	is(state_of('clerk', 'SELECT FROM warrant_internal.orders'), 'none', 'and the gate what it was');
	is(state_of('dba', 'ALTER SCHEMA warrant_internal RENAME TO his'), 'none', 'it is renamed');
	my $looking = $node->session_as('clerk', $older);
	is(($node->ask($looking, 'CREATE TEMPORARY VIEW mine AS SELECT warrant.seal_time();'))[1], 'none', 'anybody makes a temporary view over a function');
	my ($state, $err) = $node->sqlstate_as('dba', 'ALTER EXTENSION pg_warrant UPDATE', $older);
	is($state, '2BP01', 'over one that the update drops it stops the update');
	like($err, qr/DETAIL:  view pg_temp_\d+\.mine depends on function /, 'and the error names it');
	is(state_of('dba', 'DROP VIEW ' . ($err =~ /view (pg_temp_\d+\.mine)/)[0]), 'none', 'it is dropped');
	is(state_of('dba', 'ALTER EXTENSION pg_warrant UPDATE'), 'none', 'and the extension is updated');
	$looking->quit;
	is(state_of('clerk', 'DELETE FROM his.orders'), '42501', 'the policy is there');
}

# Stands for a script that a later release has given a column: the library knows one that the table lacks.
sub without_column
{
	$older = 'lacks_column';
	$node->append_conf('postgresql.conf', 'pg_warrant.allow_restore = on');
	$node->restart;
	$node->safe_psql('postgres', "CREATE DATABASE $older");
	$node->safe_as('dba', <<'SQL', $older);
CREATE EXTENSION pg_warrant VERSION '0.3.0';
CREATE TABLE orders (id int);
INSERT INTO orders VALUES (1);
GRANT ALL ON orders TO clerk;
SET client_min_messages = warning;
SELECT warrant.protect('orders');
SQL
	$node->wait_until_ready($older);
	value('ALTER TABLE warrant.audit_log DROP COLUMN sqlstate');
	is($node->safe_as('boss', "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders')", $older), '1', 'an approver grants');
	is(state_of('clerk', 'SELECT 1 / (id - id) FROM orders'), '22012', 'a statement that is recorded runs');
	is(state_of('clerk', 'DELETE FROM orders WHERE id > 0'), '42501', 'and another one is refused');
	my $rows = q{SELECT event || ' ' || coalesce(outcome, '-') FROM warrant.audit_log WHERE session_user_name = 'clerk' AND event IN ('outcome', 'refused')};
	ok($node->eventually(sub { value("$rows ORDER BY seq") eq "outcome error\nrefused -" }), 'both have rows');

	value('ALTER TABLE warrant.audit_log ADD COLUMN sqlstate text');
	is(state_of('clerk', 'SELECT 1 / (id - id) FROM orders'), '22012', 'a statement after the update');
	ok($node->eventually(sub { value(q{SELECT count(*) FROM warrant.audit_log WHERE sqlstate = '22012'}) eq '1' }), 'has the column in its row, from the same recorder');
}

for my $version ('0.1.0', '0.2.0', '0.3.0')
{
	subtest "from $version" => sub { updated($version) };
}
subtest 'a schema of a user' => \&of_a_user;
subtest 'a script without one of the columns' => \&without_column;
done_testing();
