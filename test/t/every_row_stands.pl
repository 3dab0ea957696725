# Every row stands somewhere: what a grant allows in the table, however many rows a statement has and however full the queue is; the rest there or, complete,
# in the server's log, where nobody can write what looks like it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('every_row_stands', "pg_warrant.ring_size = '512kB'", 'max_locks_per_transaction = 256', 'compute_query_id = on');
# Users whose OIDs differ by a multiple of 64 share a part of the queue: the two that are made differ from each other, and soon from the one who is there.
$node->safe_psql('postgres', <<'SQL');
DO $$ BEGIN
	FOR attempt IN 1 .. 64 LOOP
		CREATE ROLE exempt LOGIN;
		CREATE ROLE half LOGIN;
		EXIT WHEN (SELECT count(DISTINCT oid::bigint % 64) FROM pg_roles WHERE rolname IN ('clerk', 'exempt', 'half')) = 3;
		DROP ROLE exempt, half;
	END LOOP;
END $$;
GRANT warrant_exempt TO exempt;
GRANT ALL ON orders, notes TO exempt;
SQL
my $recorder;
END { kill 'CONT', $recorder if $recorder; }

sub value { return $node->safe_psql('postgres', $_[0]); }
# A queue that is full refuses the question at first.
sub caught_up { $node->eventually(sub { $node->sqlstate_as('clerk', 'SELECT warrant.action_result(0)') eq 'none' }) or die; }
sub lost { return value("SELECT value FROM warrant.status() WHERE item = 'lost'"); }
# The records in the server's log since a place in it.
sub records { my ($since) = @_; return map { decode_json($_) } substr(slurp_file($node->logfile), $since) =~ /LOG:  pg_warrant: (\{.*\})$/mg; }
sub place { return -s $node->logfile; }
sub setting
{
	my ($name, $value, $shown) = @_;
	$node->append_conf('postgresql.conf', "$name = $value");
	$node->reload;
	ok($node->eventually(sub { ($node->try_query("SHOW $name") // '') eq $shown }), "$name = $value");
}

# --- more rows than the ring has room for ---
my $tables = 1000;
value("CREATE SCHEMA many; GRANT USAGE ON SCHEMA many TO clerk, half");
value("DO \$\$ BEGIN FOR i IN 1..$tables LOOP EXECUTE format('CREATE TABLE many.t%s (a int)', i); EXECUTE format('GRANT SELECT ON many.t%s TO clerk, half', i); END LOOP; END \$\$");
value("SELECT warrant.protect_schema('many')");
my $query = 'SELECT count(*) FROM (' . join(' UNION ALL ', map { "SELECT a FROM many.t$_" } 1 .. $tables) . ') AS x /* ' . ('x' x 9000) . ' %s */';

my ($state, $err) = $node->sqlstate_as('clerk', sprintf $query, 'refused');
is($state, '42501', "a statement over $tables relations is refused");
my ($request) = $err =~ /Request (\d+)/;
caught_up();
my $of = "SELECT l.statement_id FROM warrant.audit_log l JOIN warrant.audit_text t USING (seq) WHERE l.event = '%s' AND t.statement LIKE 'SELECT count%%many.t1 %%' LIMIT 1";
my $id = value(sprintf $of, 'refused');
is(value("SELECT count(*) || ' ' || count(DISTINCT relation_name) || ' ' || count(DISTINCT request_id) FROM warrant.audit_log WHERE statement_id = $id AND event = 'refused'"), "$tables $tables 1",
	'each access has its row, of one request');
is(value("SELECT count(*) FROM warrant.request_items WHERE request_id = $request"), $tables, 'which has each of them');
is(value("SELECT count(*) FROM warrant.audit_log JOIN warrant.audit_text USING (seq) WHERE statement_id = $id"), '16', 'the first rows have the text');
is($node->sqlstate_as('clerk', sprintf $query, 'refused again'), '42501', 'refused again');
is(value("SELECT count(*) FROM warrant.requests"), '1', 'it is the same request');
like($err, qr/and 980 others/, 'the error names some');

my $grant = $node->safe_as('boss', "SELECT warrant.approve($request)");
for my $run ('under the grant', 'under one that is limited', 'without waiting')
{
	if ($run eq 'under one that is limited')
	{
		$node->safe_as('boss', "SELECT warrant.revoke($grant)");
		value("SELECT warrant.drop_policy(name) FROM warrant.policies WHERE target_kind = 's'");
		value("SELECT warrant.create_policy('many', 'approve', on_schema => 'many')");
		$grant = $node->safe_as('boss', "SELECT warrant.grant('clerk', '{SELECT}', on_schema => 'many', max_uses => 1)");
	}
	elsif ($run eq 'without waiting')
	{
		value("SELECT warrant.drop_policy('many'); SELECT warrant.create_policy('many', 'approve', on_schema => 'many', audit_wait => false)");
		$grant = $node->safe_as('boss', "SELECT warrant.grant('clerk', '{SELECT}', on_schema => 'many')");
	}
	($state, $err) = $node->sqlstate_as('clerk', sprintf $query, $run);
	is($state, 'none', "it runs $run") or diag(substr($err, 0, 300));
	caught_up();
	my $ended = value("SELECT count(DISTINCT relation_name) FROM warrant.audit_log WHERE grant_id = $grant AND outcome = 'ok'");
	my $allowed = value("SELECT count(*) || ' ' || count(DISTINCT relation_name) FROM warrant.audit_log WHERE grant_id = $grant AND event = 'allowed'");
	is($allowed, "$tables $tables", "$run: each access has its row");
	is($ended, $tables, "$run: and its end");
	is(value("SELECT count(*) FROM warrant.audit_log JOIN warrant.audit_text USING (seq) WHERE grant_id = $grant AND event = 'allowed'"), '16', "$run: the first ones have the text");
}
is(lost(), '0', 'nothing went to the log');

# --- a recorder that does not answer ---
value("SELECT warrant.create_policy('quick', 'approve', on_table => 'notes', audit_wait => false)");
$node->safe_as('boss', "SELECT warrant.grant('clerk', '{ALL}', on_table => 'notes')");
value("SELECT warrant.create_policy('watched', 'open', on_table => 'orders', commands => '{SELECT}', priority => 1, audit => 'statement')");
sub pause { $node->hold_up($recorder = $node->recorder_pid); setting('pg_warrant.audit_timeout', "'300ms'", '300ms'); }
sub go_on { setting('pg_warrant.audit_timeout', "'5min'", '5min'); kill 'CONT', $recorder; caught_up(); }
# How many of so many statements a session runs before one does not, and the SQLSTATE of that.
sub run_until
{
	my ($session, $sql, $most) = @_;
	my $ran = 0;
	while ($ran < $most)
	{
		my (undef, $state) = $node->ask($session, sprintf $sql, $ran);
		return ($ran, $state) if $state ne 'none';
		$ran++;
	}
	return ($ran, 'none');
}
value(qq{CREATE TABLE odd ("a ""quoted"", \\one {}" int, "two\nlines" int, U&"\\202Eright" int, rest int); GRANT SELECT ON odd TO clerk});
value("SELECT warrant.create_policy('odd', 'approve', on_table => 'odd', columns => ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = 'odd'::regclass AND attnum BETWEEN 1 AND 3), audit_wait => false)");
$node->safe_as('boss', "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'odd', duration => '1 hour')");
my $clerk = $node->session_as('clerk');
my $long = 'x' x 8000;
pause();
my ($ran, $why) = run_until($clerk, "INSERT INTO notes VALUES (%d, 'quick') /* quick $long */;", 100);
cmp_ok($ran, '>', 2, "without waiting statements run ($ran)");
is($why, '53400', 'as long as the queue has room for them');
my $since = place();
$node->ask($clerk, "SELECT count(*) FROM orders /* open $_ $long */;") for 1 .. 5;
my $exempt = $node->session_as('exempt');
my ($free) = run_until($exempt, "UPDATE orders SET status = 'x' WHERE id = %d /* exempt $long */;", 30);
is($free, 30, 'exempt ones run in any case');
my @lines = records($since);
cmp_ok(scalar(grep { $_->{event} eq 'exempt' } @lines), '>', 5, 'what has no room is in the server log');
my ($line) = grep { $_->{event} eq 'exempt' } @lines;
is(join(' ', map { $line->{$_} // '?' } qw(command schema_name relation_name session_user_name current_user_name policy_name database_name client_addr)),
	'UPDATE public orders exempt exempt protect public.orders postgres [local]', 'complete');
like($line->{statement}, qr/^UPDATE orders SET status = 'x' WHERE id = \d+ .* exempt x{7000}/, 'with the text');
like($line->{statement_sha256}, qr/^[0-9a-f]{64}$/, 'and its digest');
ok($line->{pid} && $line->{statement_id} && $line->{occurred_at} && $line->{session_id} && $line->{query_id}, 'and what else a row has');
my @open = grep { ($_->{policy_name} // '') eq 'watched' } @lines;
cmp_ok(scalar(@open), '>=', 4, 'those of an open policy too');
is(scalar(grep { $_->{event} eq 'outcome' && $_->{session_user_name} eq 'exempt' && $_->{outcome} eq 'ok' } @lines) > 0, 1, 'and their outcomes');
is(lost(), scalar(@lines), 'status counts them');
setting('pg_warrant.audit_failure', 'allow', 'allow');
$since = place();
is(($node->ask($clerk, "INSERT INTO notes VALUES (1000, 'allowed') /* by audit_failure $long */;"))[1], 'none', 'audit_failure = allow');
my ($let) = grep { $_->{event} eq 'allowed' } records($since);
is(join(' ', map { $let->{$_} // '?' } qw(command relation_name session_user_name policy_name)) . ' ' . ($let->{grant_id} ? 'granted' : '?'), 'INSERT notes clerk quick granted', 'logs the row, complete');
$since = place();
is(($node->ask($clerk, "TABLE odd; /* by audit_failure $long */"))[1], 'none', 'and so where columns have names of their own');
my ($odd) = grep { $_->{event} eq 'allowed' } records($since);
is_deeply($odd->{columns}, [ 'a "quoted", \\one {}', "two\nlines", "\x{202E}right" ], 'which are in the row');
is($node->sqlstate_as('clerk', "DELETE FROM orders WHERE id > 0 /* refused $long */"), '53400', 'a refusal that has no room');
is(scalar(grep { $_->{event} eq 'refused' && $_->{arguments}{items}[0]{name} eq 'orders' && $_->{session_user_name} eq 'clerk' } records($since)), 1, 'is in the log');
setting('pg_warrant.audit_failure', 'deny', 'deny');
# A refusal of which only some portions find room.
$since = place();
my $half = $node->session_as('half');
is(($node->ask($half, sprintf "$query;", 'half'))[1], '53400', 'a refusal that has room for some of its portions');
my $said = join ',', map { map { $_->{name} } @{ $_->{arguments}{items} } } grep { $_->{event} eq 'refused' } records($since);
$half->quit;
go_on();
ok($node->eventually(sub { value("SELECT count(*) FROM warrant.audit_log WHERE event = 'refused' AND session_user_name = 'half'") > 0 }), 'leaves rows of those when its session has ended');
is(value("SELECT count(DISTINCT name) FROM (SELECT relation_name::text AS name FROM warrant.audit_log WHERE event = 'refused' AND session_user_name = 'half' UNION ALL SELECT unnest(string_to_array('$said', ','))) AS n"),
	$tables, 'and of the others, records in the log');
is(value("SELECT count(*) FROM warrant.audit_log WHERE event = 'allowed' AND policy_name = 'quick'"), $ran, 'each statement that ran under the grant has its row in the table');
is(value("SELECT count(*) FROM notes WHERE note = 'quick'"), $ran, 'and the others did not run');
my $table = value("SELECT count(*) FROM warrant.audit_log WHERE event = 'exempt' AND session_user_name = 'exempt'");
is($table + scalar(grep { $_->{event} eq 'exempt' } records(0)), $free, 'each exempt one has its row here or there');

# --- a log that cannot be written for some seconds ---
my $before = lost();
{
	my $partition = value('SELECT tableoid::regclass FROM warrant.audit_log ORDER BY seq DESC LIMIT 1');
	my ($reader, $vacuum) = map { $node->session_as('dba') } 1, 2;
	$reader->query_safe("BEGIN; SELECT count(*) FROM $partition;");
	$vacuum->{stdin} .= "VACUUM FULL $partition;\n";
	$vacuum->{run}->pump_nb;
	ok($node->eventually(sub { $vacuum->{run}->pump_nb; ($node->try_query("SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'") // '') eq '1' }), 'VACUUM FULL waits, and all behind it');
	$since = place();
	$node->ask($exempt, "UPDATE notes SET note = note WHERE id = -$_ /* locked */;") for 1 .. 41;
	is(($node->ask($clerk, "INSERT INTO notes VALUES (2000, 'locked');"))[1], 'none', 'a statement that does not wait runs');
	my $refused = $node->background_psql('postgres', on_error_stop => 0, extra_params => [ '-U', 'clerk', '-v', 'VERBOSITY=verbose' ]);
	$refused->{stdin} .= "DELETE FROM orders WHERE id > 0 /* locked */;\n";
	$refused->{run}->pump_nb;
	ok($node->eventually(sub { $refused->{run}->pump_nb;
		value("SELECT warning FROM warrant.status() WHERE item = 'recorder'") =~ /cannot write the audit log: (\d+) tries have failed/ && $1 > 4 }), 'status() says that it cannot be written');
	cmp_ok(scalar(() = substr(slurp_file($node->logfile), $since) =~ /canceling statement due to lock timeout/g), '<=', 2, 'the log has a line of it, not one for each try');
	$reader->query_safe('COMMIT;');
	ok($node->eventually(sub { $refused->{run}->pump_nb; $refused->{stderr} =~ /ERROR/ }), 'a refusal waits for its row');
	is(GatedServer::state_in($refused->{stderr}), '42501', 'and is one');
	eval { $_->quit } for $reader, $vacuum, $refused;
}
caught_up();
is(value("SELECT count(DISTINCT statement_id) FROM warrant.audit_log WHERE session_user_name = 'exempt' AND event = 'exempt' AND relation_name = 'notes'"), '41', 'each of 41 exempt statements has its row');
is(value("SELECT count(*) FROM warrant.audit_log WHERE session_user_name = 'exempt' AND outcome = 'ok' AND relation_name = 'notes'"), '41', 'and its outcome');
is(value("SELECT count(*) FROM warrant.audit_log JOIN warrant.audit_text USING (seq) WHERE event = 'refused' AND statement LIKE '%/* locked */'"), '1', 'so has the refusal');
is(lost(), $before, 'and nothing is lost');
like(slurp_file($node->logfile), qr/recording works again, after \d+ failures/, 'the log says when it was over');

# --- lines that look like ours ---
$since = place();
my $forged = q({"event":"allowed","command":"DELETE","session_user_name":"boss"});
$node->sqlstate_as('clerk', "DO \$\$ BEGIN RAISE LOG 'pg_warrant: $forged'; RAISE WARNING 'pg_warrant: $forged'; RAISE LOG E'\\n pg_warrant: $forged'; RAISE EXCEPTION 'pg_warrant: $forged' USING DETAIL = 'mine'; END \$\$");
my $log = substr(slurp_file($node->logfile), $since);
is(scalar(() = $log =~ /^[^\t]*(?:LOG|WARNING|ERROR):\s+pg_warrant: \{/mg), 0, 'what users write is marked');
is(scalar(() = $log =~ /LOG:  (?:LOG|WARNING|ERROR) of a session:\s+pg_warrant: \{/g), 4, 'and stays in the log');
is(lost(), $before, 'and is not counted');
$_->quit for $clerk, $exempt;
$node->works('all works');

# --- no database with the extension ---
value("SET client_min_messages = warning; BEGIN; SELECT warrant.discard_audit_log(); DROP EXTENSION pg_warrant CASCADE; COMMIT");
ok($node->eventually(sub { value("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pg_warrant recorder'") eq '0' }), 'there is no recorder');
$since = place();
$node->safe_psql('postgres', "GRANT warrant_exempt TO half; ALTER SYSTEM SET pg_warrant.enforcement = 'off'");
is(join(', ', map { "$_->{event} $_->{comment}" } records($since)), 'role_changed GRANT ROLE warrant_exempt TO half, config_changed ALTER SYSTEM SET pg_warrant.enforcement = off',
	'what changes the gate for those to come has its line');
$node->stop;
done_testing();
