# A family of hundreds is governed as one of two: each change of it, of a name or of a policy reaches an open session at its next statement. And
# a family is read with few scans, which are counted, however many relations and policies there are.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $parts = 300;
my $node = GatedServer->running('large_families');
$node->safe_as('dba', <<"SQL");
SET client_min_messages = error;
CREATE SCHEMA vault;
CREATE TABLE parts (id int) PARTITION BY LIST (id);
CREATE TABLE parent (id int);
CREATE TABLE step_parent (id int);
DO \$\$
BEGIN
	FOR i IN 1..$parts LOOP
		EXECUTE format('CREATE TABLE p%s PARTITION OF parts FOR VALUES IN (%s)', i, i);
	END LOOP;
	FOR i IN 1..50 LOOP
		EXECUTE format('CREATE TABLE c%s () INHERITS (parent)', i);
	END LOOP;
END
\$\$;
CREATE TABLE newcomer (id int);
CREATE TABLE branch (id int) PARTITION BY LIST (id);
CREATE TABLE leaf PARTITION OF branch FOR VALUES IN (1001);
CREATE TABLE bygone (id int);
GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA public TO clerk;
GRANT USAGE ON SCHEMA vault TO clerk;
SQL
my $clerk = $node->session_as('clerk');

# becomes(STATE, SQL, NAME [, TABLE]): what the clerk's next statement over the family gets, after the dba's change.
sub becomes
{
	my ($expected, $sql, $name, $table) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	$node->safe_as('dba', "SET client_min_messages = error; $sql");
	my (undef, $state, $err) = $node->ask($clerk, 'SELECT count(*) FROM ' . ($table // 'parts') . ';');
	is($state, $expected, $name) or diag($err);
}

sub deny { return "SELECT warrant.create_policy('deny', 'deny', commands => '{SELECT}', $_[0])"; }
my $allow = "SELECT warrant.drop_policy('deny')";

becomes('none', 'SELECT', 'nothing governs it');
becomes('42501', deny("on_table => 'p250'"), 'a policy on one partition');
becomes('none', $allow, 'and no more');

becomes('none', deny("on_table => 'newcomer'"), 'a table beside it');
becomes('42501', 'ALTER TABLE parts ATTACH PARTITION newcomer FOR VALUES IN (1000)', 'which is attached');
becomes('none', 'ALTER TABLE parts DETACH PARTITION newcomer', 'and detached');
becomes('none', "$allow; " . deny("on_table => 'leaf'"), 'a partition of another table');
becomes('42501', 'ALTER TABLE parts ATTACH PARTITION branch FOR VALUES IN (1001)', 'which is attached with it');
becomes('none', 'DROP TABLE leaf', 'and dropped');
becomes('42501', 'CREATE TABLE leaf PARTITION OF branch FOR VALUES IN (1001)', 'and made anew under its name');
becomes('none', "DROP TABLE branch; $allow", 'and dropped with all of it');

becomes('none', deny("on_table => 'bygone'"), 'another table');
becomes('none', 'DROP TABLE bygone', 'which is dropped');
becomes('42501', 'ALTER TABLE p17 RENAME TO bygone', 'and one of the partitions gets its name');
becomes('none', "ALTER TABLE bygone RENAME TO p17; $allow", 'and gives it back');
becomes('none', 'ALTER TABLE newcomer RENAME TO somebody; ' . deny("on_table => 'somebody'") . '; BEGIN; ALTER TABLE somebody RENAME TO nobody; ALTER TABLE p18 RENAME TO somebody; COMMIT',
	'a partition gets the name of one that lives');
becomes('none', "ALTER TABLE somebody RENAME TO p18; $allow", 'and gives it back');

# In one transaction, as the recorder has the policy's name follow a rename whenever it comes to it.
becomes('none', deny("on_table => 'nobody'"), 'another that lives');
becomes('42501', 'BEGIN; ALTER TABLE nobody RENAME TO gone; ALTER TABLE p18 RENAME TO nobody; DROP TABLE gone; COMMIT', 'whose end leaves its name to a partition');
becomes('none', "ALTER TABLE nobody RENAME TO p18; $allow", 'until that has another');

becomes('none', deny("on_schema => 'vault'"), 'an empty schema');
becomes('42501', 'ALTER TABLE p200 SET SCHEMA vault', 'to which one partition moves');
becomes('none', 'ALTER EXTENSION plpgsql ADD TABLE vault.p200', 'as a part of an extension');
becomes('42501', 'ALTER TABLE p201 SET SCHEMA vault', 'and another, which is none');
becomes('none', 'ALTER TABLE vault.p201 SET SCHEMA public', 'which moves back');
becomes('42501', 'ALTER EXTENSION plpgsql DROP TABLE vault.p200', 'while the first leaves the extension');
becomes('none', "ALTER TABLE vault.p200 SET SCHEMA public; $allow", 'and the schema');

becomes('none', deny("on_table => 'step_parent'"), 'a parent', 'parent');
becomes('42501', 'ALTER TABLE c33 INHERIT step_parent', 'of one child of many', 'parent');
becomes('none', "ALTER TABLE c33 NO INHERIT step_parent; $allow", 'and no more', 'parent');

# --- few scans ---

# What the sessions have counted is where it can be read: the clerk's reports it now, and those of before have ended.
sub reported
{
	$node->ask($clerk, 'SELECT pg_stat_force_next_flush();');
	$node->eventually(sub { $node->safe_as('dba', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'") eq '2' }) or die 'a session does not end';
}

# scans(WORK): how often sessions have looked for policies, relatives and extensions since the count before.
my $counted = 0;

sub scans
{
	my ($work) = @_;
	$work->();
	reported();
	my $before = $counted;
	$counted = $node->safe_as('dba', "SELECT sum(idx_scan) FROM pg_stat_all_indexes WHERE relname IN ('policies', 'pg_inherits', 'pg_depend')");
	return $counted - $before;
}
scans(sub { });

my $changes = 10;
my $work = sub {
	for my $i (1 .. $changes)
	{
		$node->safe_as('dba', "ALTER TABLE p$i SET (fillfactor = 90)");
		$node->ask($clerk, 'SELECT FROM parts WHERE id = 7;');
	}
};
cmp_ok(scans($work) / $changes, '<', 150, 'a change of one partition has two sessions look a few times');
$node->safe_as('dba', deny("on_schema => 'public'"));
$node->ask($clerk, 'SELECT FROM parts WHERE id = 7;');
cmp_ok(scans($work) / $changes, '<', 150, 'also when a policy on their schema governs it');
$node->safe_as('dba', $allow);
my $made = scans(sub {
	$node->safe_as('dba', "DO \$\$ BEGIN FOR i IN 2001..2010 LOOP EXECUTE format('CREATE TABLE p%s PARTITION OF parts FOR VALUES IN (%s)', i, i); COMMIT; END LOOP; END \$\$");
});
cmp_ok($made / 10, '<', 150, 'one partition more is made with a few');

# Each partition has a policy of its own.
$node->safe_as('dba', "SET client_min_messages = error; SELECT count(warrant.create_policy('own ' || relname, 'deny', commands => '{UPDATE}', on_table => oid)) FROM pg_class WHERE relname ~ '^p[0-9]+\$'");
scans(sub { $node->ask($clerk, 'SELECT FROM parts WHERE id = 7;') });
cmp_ok(scans($work) / $changes, '<', 150, 'policies on all partitions are read together');
my (undef, undef, $err) = $node->ask($clerk, 'UPDATE parts SET id = id WHERE id > 0;');
like($err, qr/42501: UPDATE on table "parts" is denied/, 'and hold');

# A cascade fires a trigger in each partition; which relation it is below is found upwards, not among all that are below.
my $below = 200;
$node->safe_as('dba', <<"SQL");
CREATE TABLE keys (id int PRIMARY KEY);
CREATE TABLE below (id int REFERENCES keys ON DELETE CASCADE, part int) PARTITION BY LIST (part);
CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER fires AFTER DELETE ON below FOR EACH ROW EXECUTE FUNCTION noop();
DO \$\$ BEGIN FOR i IN 1..$below LOOP EXECUTE format('CREATE TABLE below_%s PARTITION OF below FOR VALUES IN (%s)', i, i); END LOOP; END \$\$;
INSERT INTO keys VALUES (1);
INSERT INTO below SELECT 1, i FROM generate_series(1, $below) AS i;
GRANT SELECT, DELETE ON keys TO clerk;
SQL
my $links = sub { reported(); return $node->safe_as('dba', "SELECT sum(idx_tup_read) FROM pg_stat_all_indexes WHERE relname = 'pg_inherits'") };
my $before = $links->();
is($node->sqlstate_as('clerk', 'DELETE FROM keys'), 'none', 'a cascade');
cmp_ok(($links->() - $before) / $below, '<', 20, 'each of its triggers has few links between relations looked at');

$clerk->quit;
$node->stop;
done_testing();
