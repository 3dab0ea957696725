# Two sessions race for the one use of each of many grants, of a command and of exactly one statement: each grant serves once.
# WARRANT_ROUNDS says how many grants there are: a thousand in make soak.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Test::More;
use GatedServer;

my $rounds = $ENV{WARRANT_ROUNDS} // 200;
my $node = GatedServer->running('races', 'pg_warrant.refusal_rate = 1000', 'pg_warrant.max_pending = ' . (2 * $rounds + 100));
sub value { return $node->safe_psql('postgres', $_[0]); }

# Both sessions are sent all statements at once, and go from one to the next together, because each waits for the recorder.
sub race
{
	my ($what, $schema, @statements) = @_;
	my @sessions = map { $node->session_as('clerk') } 1 .. 2;
	for my $session (@sessions)
	{
		$session->{stdin} .= join('', map { "$_;\n" } @statements) . "\\echo done with all\n";
		$session->{timeout}->start;
		$session->{run}->pump_nb;
	}
	for my $session (@sessions)
	{
		$session->{run}->pump until $session->{stdout} =~ /done with all/ || $session->{timeout}->is_expired;
	}
	is(value("SELECT count(*), count(DISTINCT round) FROM $schema.ledger"), "$rounds|$rounds", "$what: each ran once");
	is(value('SELECT count(*) FROM warrant.active_grants'), '0', "$what: each is used up");
	$node->safe_as('auditor', 'SELECT warrant.action_result(0)');
	is(value("SELECT count(*), count(DISTINCT grant_id) FROM warrant.audit_log WHERE event = 'allowed' AND schema_name = '$schema'"), "$rounds|$rounds", "$what: one row tells of each");
	is(value("SELECT sum(executions * repeats) FROM warrant.audit_log WHERE event = 'refused' AND schema_name = '$schema'"), $rounds, "$what: and each was refused once");
	$_->quit for @sessions;
}

# --- the last use ---

# A table for each grant: those of one table would serve each other's statements.
value(<<"SQL");
CREATE SCHEMA used;
CREATE TABLE used.ledger (round int) PARTITION BY LIST (round);
DO \$\$ BEGIN FOR i IN 1 .. $rounds LOOP EXECUTE format('CREATE TABLE used.round_%s PARTITION OF used.ledger FOR VALUES IN (%s)', i, i); END LOOP; END \$\$;
GRANT USAGE ON SCHEMA used TO clerk, boss;
GRANT INSERT ON ALL TABLES IN SCHEMA used TO clerk;
SELECT warrant.protect_schema('used');
SQL
$node->safe_as('boss', join "\n", map { "SELECT warrant.grant('clerk', '{INSERT}', on_table => 'used.round_$_', max_uses => 1);" } 1 .. $rounds);
is(value('SELECT count(*) FROM warrant.active_grants WHERE uses_left = 1'), $rounds, 'a grant of one use for each round');
race('a single use', 'used', map { "INSERT INTO used.round_$_ VALUES ($_)" } 1 .. $rounds);

# --- exactly one statement ---

value('CREATE SCHEMA exactly; CREATE TABLE exactly.ledger (round int); GRANT USAGE ON SCHEMA exactly TO clerk; GRANT ALL ON exactly.ledger TO clerk');
$node->safe_as('dba', q{SELECT warrant.create_policy('ledger', 'approve', on_table => 'exactly.ledger', exact => true)});
my @statements = map { "INSERT INTO exactly.ledger VALUES ($_)" } 1 .. $rounds;
for (my $first = 0; $first < $rounds; $first += 100)
{
	my $last = $first + 99 < $#statements ? $first + 99 : $#statements;
	my $ids = $node->safe_as('clerk', join "\n", map { "SELECT warrant.request_statement('$_');" } @statements[ $first .. $last ]);
	$node->safe_as('boss', 'SELECT * FROM warrant.approve_all(ARRAY[' . join(',', split /\n/, $ids) . '])');
}
is(value('SELECT count(*) FROM warrant.active_grants WHERE exact AND uses_left = 1'), $rounds, 'a grant of exactly one statement for each round');
race('an exact statement', 'exactly', @statements);

$node->stop;
done_testing();
