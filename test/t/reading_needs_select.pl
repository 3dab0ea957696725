# A grant for UPDATE shows no row and statistics show no value: RETURNING in a CTE, functions of the user's own, and the planner ask for
# SELECT; a cursor ends with its grant. However large, no refusal escapes the audit; and nobody decides by an operator.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('reading');
$node->safe_psql('postgres', "GRANT CREATE ON SCHEMA public TO clerk; ANALYZE orders");
$node->safe_as('clerk', <<'SQL');
CREATE FUNCTION peek(text, text) RETURNS boolean LANGUAGE plpgsql COST 0.001 AS $$BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END$$;
CREATE OPERATOR public.<<<< (LEFTARG = text, RIGHTARG = text, FUNCTION = peek, RESTRICT = eqsel);
CREATE OPERATOR public.<<|>> (LEFTARG = bigint, RIGHTARG = text, FUNCTION = warrant.deny);
SQL

# refused(SQL, NAME): as the clerk, and nothing was seen.
sub refused
{
	my ($sql, $name) = @_;
	my ($state, $err) = $node->sqlstate_as('clerk', $sql);
	is($state, '42501', $name);
	unlike($err, qr/saw/, "$name: and showed nothing");
}

refused("EXPLAIN SELECT * FROM orders WHERE status <<<< 'x'", 'planning with an operator that looks at statistics');

$node->safe_as('boss', "SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders')");
is($node->sqlstate_as('clerk', 'UPDATE orders SET status = status WHERE id = 1'), 'none', 'the grant covers a plain UPDATE');
is($node->sqlstate_as('clerk', 'WITH u AS (UPDATE orders SET status = status WHERE id = 1) SELECT 1'), 'none', 'in a CTE, too');
refused('WITH u AS (UPDATE orders SET status = status WHERE id > 0 RETURNING *) SELECT * FROM u', 'RETURNING in a CTE');
refused("UPDATE orders SET status = status WHERE peek(status, '')", "a function of one's own over the target");

my $grant = $node->safe_as('boss', "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders')");
my $clerk = $node->background_psql('postgres', on_error_stop => 0, extra_params => [ '-U', 'clerk' ]);
is($clerk->query('BEGIN; DECLARE c CURSOR FOR SELECT id FROM orders ORDER BY id; FETCH 1 FROM c'), '1', 'a cursor under a grant');
$node->safe_as('boss', "SELECT warrant.revoke($grant)");
unlike($clerk->query('FETCH 1 FROM c'), qr/2/, 'does not go on without it');
$clerk->quit;

my $refusals = "SELECT count(*) FROM warrant.audit_log WHERE event = 'refused'";
my $before = $node->safe_psql('postgres', $refusals);
refused("SELECT set_config('pg_warrant.reason', repeat('x', 40000), false); SELECT * FROM orders", 'with a long reason');
is($node->safe_psql('postgres', $refusals), $before + 1, 'which the audit has');
is($node->sqlstate_as('clerk', "SELECT set_config('pg_warrant.duration', repeat(' ', 40000) || '1 day', false)"), '22023', 'a long duration is no duration');

my $request = $node->safe_psql('postgres', "SELECT max(id) FROM warrant.requests WHERE state = 'pending'");
is($node->sqlstate_as('boss', "SELECT ${request}::bigint <<|>> 'x'::text"), '42501', 'an operator made of deny decides nothing');
is($node->safe_psql('postgres', "SELECT state FROM warrant.requests WHERE id = $request"), 'pending', 'and the request waits on');

$node->safe_psql('postgres', 'CREATE DATABASE fresh');
my ($rc, $out) = $node->psql('fresh', "BEGIN; CREATE TABLE t (i int); CREATE EXTENSION pg_warrant; SELECT warrant.protect('t'); COMMIT");
is($out, 'protect public.t', 'the transaction that creates the extension can protect a table');

done_testing();
