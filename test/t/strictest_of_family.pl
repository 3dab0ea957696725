# A partition is governed by its own policies and its ancestors', and the strictest of them holds: fewer approvals, or only watching, on
# its own schema is no way around what its parent demands.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('family');
$node->safe_psql('postgres', <<'SQL');
CREATE SCHEMA parts;
CREATE TABLE ledger (id int, note text) PARTITION BY RANGE (id);
CREATE TABLE parts.ledger_1 PARTITION OF ledger FOR VALUES FROM (0) TO (100);
GRANT USAGE ON SCHEMA parts TO clerk;
GRANT ALL ON ledger, parts.ledger_1 TO clerk;
SQL

# governs(OWN, PARENT, EXPECTED, NAME): which of two policies governs the partition, each given as create_policy's arguments.
sub governs
{
	my ($own, $parents, $expected, $name) = @_;
	$node->safe_psql('postgres', "SELECT warrant.create_policy('own', on_schema => 'parts', $own)");
	$node->safe_psql('postgres', "SELECT warrant.create_policy('parent''s', on_table => 'ledger', $parents)");
	is($node->safe_psql('postgres', "SELECT detail FROM warrant.explain('clerk', 'UPDATE', 'parts.ledger_1') WHERE rule = 'policy'"),
		"policy $expected", $name);
	$node->safe_psql('postgres', 'SELECT warrant.drop_policy(name) FROM warrant.policies WHERE name IN (\'own\', \'parent\'\'s\')');
}

my ($open, $approve, $deny) = map { "effect => '$_'" } qw(open approve deny);
my $monitor = "mode => 'monitor'";

governs($open, $approve, "parent's", 'approve before open');
governs($deny, $approve, 'own', 'deny before approve');
governs($approve, "$approve, min_approvals => 2", "parent's", 'two approvals before one');
governs("$approve, min_approvals => 2", $approve, 'own', 'also when its own policy demands them');
governs("$approve, $monitor", $approve, "parent's", 'enforced before watched');
governs("$deny, $monitor", $approve, "parent's", 'even when it is a denial that is only watched');
governs($open, "$approve, $monitor", "parent's", 'watched before open, so that it is audited');
governs($open, "$deny, $monitor", "parent's", 'a watched denial too');

# Others who decide about a partition are no stricter: adding them changes nothing, so that it need not be approved.
$node->safe_psql('postgres', "CREATE ROLE guild; SELECT warrant.create_policy('parent''s', on_table => 'ledger', $approve)");
$node->safe_psql('postgres', "SELECT warrant.create_policy('own', on_table => 'parts.ledger_1', approver_role => 'guild', $approve)");
is($node->safe_psql('postgres', "SELECT DISTINCT detail FROM unnest('{ledger,parts.ledger_1}'::regclass[]) AS r, warrant.explain('clerk', 'UPDATE', r) WHERE rule = 'policy'"),
	"policy parent's", 'the older between equals');
$node->safe_psql('postgres', 'SELECT warrant.drop_policy(name) FROM warrant.policies WHERE name IN (\'own\', \'parent\'\'s\')');

# And in deed.
$node->safe_psql('postgres', "SELECT warrant.create_policy('own', on_schema => 'parts', $approve, $monitor)");
is($node->sqlstate_as('clerk', 'DELETE FROM parts.ledger_1'), 'none', 'only watched');
$node->safe_psql('postgres', "SELECT warrant.create_policy('parent''s', on_table => 'ledger', $approve, min_approvals => 2)");
my ($state, $err) = $node->sqlstate_as('clerk', 'DELETE FROM parts.ledger_1');
is($state, '42501', 'refused under the parent\'s policy');
my ($request) = $err =~ /Request (\d+)/;
is($node->safe_as('boss', "SELECT warrant.approve($request)"), '', 'one approval is not enough');
is($node->sqlstate_as('clerk', 'DELETE FROM parts.ledger_1'), '42501', 'still refused');

$node->stop;
done_testing();
