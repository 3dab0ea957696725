# What the audit log says of the end of a statement: the SQLSTATE of what ended it, not of what its functions caught; and its query_id, of utility
# statements too.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('outcomes', 'compute_query_id = on');
$node->safe_psql('postgres', "SELECT warrant.protect('notes'); CREATE TABLE free (id int PRIMARY KEY); GRANT ALL ON free TO clerk; GRANT CREATE ON SCHEMA public TO clerk");
$node->safe_as('boss', "SELECT warrant.grant('clerk', '{ALL}', on_table => '$_')") for 'orders', 'notes';
$node->safe_psql('postgres', "ALTER TABLE orders OWNER TO clerk");

sub caught_up { $node->safe_as('clerk', 'SELECT warrant.action_result(0)'); }
# The ends of a statement's rows, by a marker in its text: a row of its own, or that of its start.
sub ends
{
	my ($marker) = @_;
	caught_up();
	return $node->safe_psql('postgres', <<SQL);
SELECT string_agg(DISTINCT concat_ws(' ', outcome, sqlstate), ', ') FROM warrant.audit_log WHERE outcome IS NOT NULL AND statement_id IN
	(SELECT statement_id FROM warrant.audit_log JOIN warrant.audit_text USING (seq) WHERE statement LIKE '%/* $marker */%')
SQL
}

$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION catches(how text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		PERFORM count(*) FROM public.notes;
		PERFORM 1 / (SELECT count(*)::int - 100 FROM public.orders);
	EXCEPTION WHEN division_by_zero THEN
		NULL;
	END;
	IF how = 'unique' THEN INSERT INTO public.free VALUES (1), (1); END IF;
	IF how = 'expression' THEN RETURN ('x' || how)::int; END IF;
	RETURN 1;
END
$$;
SQL
my %want = (caught => 'ok', unique => 'error 23505', expression => 'error 22P02');
for my $how (sort keys %want)
{
	$node->sqlstate_as('clerk', "SELECT catches('$how') /* inside $how */");
	is(ends("inside $how"), $want{$how}, "the tables inside: $how");
	$node->sqlstate_as('clerk', "SELECT catches('$how'), count(*) FROM orders /* beside $how */");
	is(ends("beside $how"), $want{$how}, "one beside: $how");
}
$node->sqlstate_as('clerk', "SELECT catches('caught'), 1 / (count(*) - count(*)) FROM notes /* then itself */");
is(ends('then itself'), 'error 22012', 'its own error after a caught one');
$node->sqlstate_as('clerk', "DO /* caught in DO */ \$\$ BEGIN BEGIN PERFORM 1 / 0; EXCEPTION WHEN OTHERS THEN NULL; END; PERFORM count(*) FROM orders; RAISE EXCEPTION USING ERRCODE = 'WX123'; END \$\$");
is(ends('caught in DO'), 'error WX123', 'a utility statement');
$node->sqlstate_as('clerk', "BEGIN; SAVEPOINT s; SELECT count(*) / 0 FROM orders /* in a savepoint */; ROLLBACK TO s; COMMIT");
is(ends('in a savepoint'), 'error 22012', 'in a savepoint');
my $holder = $node->session_as('clerk');
$node->ask($holder, "$_;") for 'BEGIN', 'SAVEPOINT s', 'SELECT 1 / 0', 'ROLLBACK TO s', 'DECLARE c CURSOR FOR SELECT id FROM orders /* rolled back */', 'FETCH c',
	'SAVEPOINT t', "SELECT ''::int", 'ROLLBACK TO t', 'ROLLBACK';
$holder->quit;
is(ends('rolled back'), 'ok', 'another statement\'s error is none of a cursor\'s');

my $session = $node->session_as('clerk');
my $pid = $session->query_safe('SELECT pg_backend_pid();');
$session->{stdin} .= "SELECT count(*), pg_sleep(100) FROM orders /* ended */;\n";
$session->{run}->pump_nb;
ok($node->eventually(sub { $session->{run}->pump_nb; $node->try_query("SELECT count(*) FROM pg_stat_activity WHERE pid = $pid AND wait_event = 'PgSleep'") eq '1' }), 'a statement sleeps');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
ok($node->eventually(sub { ends('ended') ne '' }), 'its session is ended');
is(ends('ended'), 'error 57P01', 'which its outcome says');
eval { $session->quit };

# A recorder that does not answer.
my $recorder = $node->recorder_pid;
END { kill 'CONT', $recorder if $recorder; }
kill 'STOP', $recorder;
$node->set_in_file('pg_warrant.audit_timeout', "'300ms'", '300ms');
is($node->sqlstate_as('clerk', 'SELECT count(*) FROM orders, notes /* unanswered */'), '55000', 'a recorder that does not answer');
$node->set_in_file('pg_warrant.audit_timeout', "'5min'", '5min');
kill 'CONT', $recorder;
is(ends('unanswered'), 'error 55000', 'is why the statement ended');

# --- query_id ---
sub ids { my ($marker) = @_; caught_up(); return $node->safe_psql('postgres', "SELECT string_agg(DISTINCT coalesce(query_id::text, 'none'), ',') FROM warrant.audit_log WHERE statement_id IN (SELECT statement_id FROM warrant.audit_log JOIN warrant.audit_text USING (seq) WHERE statement LIKE '%/* $marker */%')"); }
for my $statement ('TRUNCATE notes', 'LOCK TABLE orders', 'ALTER TABLE orders ADD COLUMN c1 int', 'COPY orders TO STDOUT', 'DO $$ BEGIN PERFORM count(*) FROM orders; END $$', 'SELECT count(*) FROM orders', 'DELETE FROM orders WHERE id < 0')
{
	my ($word) = $statement =~ /^(\w+)/;
	$node->sqlstate_as('clerk', "BEGIN; " . $statement . " /* id of $word */; ROLLBACK");
	like(ids("id of $word"), qr/^-?\d{5,}$/, "$word: one query_id, granted");
}
$node->safe_psql('postgres', 'SELECT warrant.protect(\'free\')');
for my $statement ('TRUNCATE free', 'LOCK TABLE free', 'SELECT * FROM free', 'COPY free TO STDOUT')
{
	my ($word) = $statement =~ /^(\w+)/;
	is($node->sqlstate_as('clerk', "$statement /* refused id of $word */"), '42501', "$word is refused");
	like(ids("refused id of $word"), qr/^-?\d{5,}$/, "$word: one query_id, refused");
}
$node->stop;
done_testing();
