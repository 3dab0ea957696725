# What a subject can have recorded is bounded, however many sessions he opens, however long his words are and whosever code he calls; and it costs nobody else.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);
use GatedServer;

my $node = GatedServer->running('floods');
$node->safe_as('dba', q{CREATE ROLE mallory LOGIN; GRANT CREATE ON SCHEMA public TO clerk; CREATE TABLE vault (id int); GRANT ALL ON vault TO clerk, mallory;
	SELECT warrant.create_policy('vault', 'deny', on_table => 'vault'); SELECT warrant.create_policy('open', 'open', on_table => 'orders', for_roles => '{mallory}');
	GRANT ALL ON orders TO mallory});
$node->safe_as('clerk', q{CREATE FUNCTION counted() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM public.orders'; GRANT EXECUTE ON FUNCTION counted() TO PUBLIC});

sub at_rate
{
	my ($rate) = @_;
	sleep 3;    # what waits still
	$node->safe_as('dba', "ALTER SYSTEM SET pg_warrant.refusal_rate = $rate");
	$node->reload;
	$node->eventually(sub { $node->safe_as('dba', 'SHOW pg_warrant.refusal_rate') eq $rate }) or die 'refusal_rate';
	sleep 1;
}

# Lets so many sessions of a role send each its statements, all at once.
sub begin
{
	my ($count, $role, $sql) = @_;
	return map { my $session = $node->session_as($role); $session->query_until(qr/begun/, "\\echo begun\n" . $sql->($_)); $session } 1 .. $count;
}

# Those that nobody has to wait for any more.
sub end
{
	my ($role, @sessions) = @_;
	$node->safe_as('dba', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '$role'");
	eval { $_->quit } for @sessions;
}

sub time_of
{
	my ($role, $sql) = @_;
	my (undef, $out) = $node->psql('postgres', "SET client_min_messages = error;\nSELECT clock_timestamp() AS begun \\gset\n$sql\nSELECT extract(epoch FROM clock_timestamp() - :'begun')",
		on_error_stop => 0, extra_params => [ '-U', $role ]);
	return (split /\n/, $out)[-1];
}

sub last_row { return $node->safe_as('dba', 'SELECT coalesce(max(seq), 0) FROM warrant.audit_log') }

# --- many sessions have no more than one ---

at_rate(5);
my ($before, $begun) = (last_row(), time);
my @sessions = begin(30, 'clerk', sub { my ($n) = @_; return join '', map { "SELECT $n$_, * FROM vault;\n" } 1 .. 20 });
$_->{timeout} = undef, eval { $_->quit } for @sessions;
my $most = 5 * (time - $begun + 4);
my $own = "event = 'refused' AND session_user_name = 'clerk' AND seq > $before";
cmp_ok($node->safe_as('dba', "SELECT count(*) FROM warrant.audit_log WHERE $own AND comment IS NULL"), '<', $most, 'thirty sessions are refused at the rate of one');
ok($node->eventually(sub { $node->safe_as('dba', "SELECT sum(repeats) FROM warrant.audit_log WHERE $own") == 600 }), 'and who is not recorded one by one is counted')
	or diag($node->safe_as('dba', "SELECT comment, repeats FROM warrant.audit_log WHERE $own AND comment IS NOT NULL"));
is($node->safe_as('dba', "SELECT DISTINCT comment FROM warrant.audit_log WHERE $own AND comment IS NOT NULL"), 'over pg_warrant.refusal_rate: refused without rows of their own', 'which its row says');

@sessions = begin(30, 'clerk', sub { "SELECT warrant.action_result(999);\n" x 20 });
ok($node->eventually(sub { eval { $_->{run}->pump_nb } for @sessions; grep { $_->{stderr} =~ /\b53400\b/ } @sessions }), 'calls that would wait too long fail at once');
end('clerk', @sessions);
ok($node->eventually(sub { ($node->sqlstate_as('clerk', 'SELECT warrant.action_result(999)'))[0] eq 'none' }), 'and are done again when nobody is before them');

# --- who runs a statement pays ---

at_rate(5);
# At this rate the turns of 2,000 would take longer than the patience.
my $tries = q{DO $$ BEGIN FOR i IN 1..2000 LOOP BEGIN PERFORM public.counted(); EXCEPTION WHEN insufficient_privilege THEN NULL; END; END LOOP; END $$};
is(($node->sqlstate_as('mallory', 'SELECT counted()'))[0], '42501', 'a function that its owner may not run is refused to others');
$node->psql('postgres', $tries, timeout => $GatedServer::patience_s, timed_out => \my $waits, extra_params => [ '-U', 'mallory' ]);
ok(!$waits, 'what the statement met before costs nothing');
@sessions = begin(15, 'mallory', sub { my ($n) = @_; return join '', map { "SELECT $n$_, counted();\n" } 1 .. 20 });
is(($node->sqlstate_as('clerk', "SELECT warrant.request('{LOCK}', on_table => 'orders')"))[0], 'none', 'and it costs them, not him, who would be told to wait too long');
end('mallory', @sessions);

# --- so are bytes ---

at_rate(10);
sub refused { return join '', map { "DELETE FROM vault WHERE '$_' <> '" . join('', map { sprintf '%08x', rand 2**32 } 1 .. 1000) . "';\n" } 1 .. 50 }
# A turn is for 4,096 bytes: 50 texts of 8,000 take 9.7 seconds of turns, of which one is free.
cmp_ok(time_of('clerk', refused()), '>', 8, 'long statements wait longer');
my ($state, $said) = $node->sqlstate_as('clerk', q{SELECT warrant.request('{SELECT}', on_table => 'orders', reason => repeat('x', 2001))});
is($state, '54000', 'a reason has its length');
like($said, qr/reason must not be longer than 2000 bytes/, 'which is told');

$node->stop;
done_testing;
