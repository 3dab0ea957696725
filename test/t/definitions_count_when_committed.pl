# A transaction's own uncommitted definitions count in neither direction; they take effect with its COMMIT.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('definitions');
$node->safe_psql('postgres', 'SET client_min_messages = warning; GRANT warrant_admin TO clerk; ALTER TABLE notes OWNER TO clerk');

my $session = $node->session_as('clerk');
$node->ask($session, 'SET client_min_messages = warning;');
my $void = "UPDATE orders SET status = 'void' WHERE id = 7;";
my $note = "INSERT INTO notes VALUES (1, 'x');";

# says(STATE, SQL, NAME): the session's next statement ends with this SQLSTATE.
sub says
{
	my ($state, $sql, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my (undef, $got, $err) = $node->ask($session, $sql);
	is($got, $state, $name) or diag($err);
}

for my $isolation ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')
{
	says('none', "BEGIN ISOLATION LEVEL $isolation; SELECT warrant.unprotect('orders');", "$isolation: unprotect");
	says('42501', $void, 'does not open the gate for its own transaction');
	says('none', 'ROLLBACK;', 'rolled back');
	says('42501', $void, 'and still gated');

	says('none', "BEGIN ISOLATION LEVEL $isolation; SELECT warrant.protect('notes'); $note", "$isolation: an uncommitted protect does not gate");
	says('none', 'COMMIT;', 'committed');
	says('42501', $note, 'and gates then');
	says('none', "SELECT warrant.unprotect('notes'); $note", 'unprotect in a transaction of its own does take effect');
}

says('none', "BEGIN; SAVEPOINT a; SELECT warrant.unprotect('orders'); RELEASE a; SAVEPOINT b;", 'unprotect in a released savepoint');
says('42501', $void, 'does not open the gate');
says('none', 'ROLLBACK TO b;', 'back to the savepoint');
says('42501', $void, 'nor after a subtransaction was rolled back');
says('none', 'ROLLBACK;', 'rolled back');
says('42501', $void, 'still gated');

says('none', "BEGIN; SAVEPOINT a; SELECT warrant.protect('notes'); ROLLBACK TO a; COMMIT; $note", 'a protect that was rolled back to its savepoint never gates');

says('none', "BEGIN; SELECT warrant.unprotect('orders'); SELECT warrant.protect('orders', except_roles => '{clerk}');", 'replaced by one that exempts');
says('42501', $void, 'does not count before COMMIT');
says('none', 'ROLLBACK;', 'rolled back');

says('none', "BEGIN; SELECT warrant.create_policy('trust clerk', 'open', on_table => 'orders', for_roles => '{clerk}', priority => 9);", 'an open policy');
says('42501', $void, 'does not count before COMMIT');
says('none', 'ROLLBACK;', 'rolled back');

is($node->safe_psql('postgres', "SELECT status FROM orders WHERE id = 7"), 'new', 'no refused statement had an effect');
ok($node->poll_query_until('postgres', 'SELECT count(*) = 0 FROM warrant.audit_unsealed'), 'every committed definition is sealed');
is($node->safe_psql('postgres', "SELECT count(*) FROM warrant.audit_log WHERE policy_name = 'trust clerk'"), '0', 'one that was rolled back is not');
$node->log_is_sound;
$session->quit;
$node->stop;
done_testing();
