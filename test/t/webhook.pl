# An approval webhook decides a refused statement's request while the statement waits; whatever else it does, the request stays pending, the
# statement is refused and the cause can be read. The other end checks every signature with a library that is not ours.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use GatedServer;
use OlderReleases;
use IO::Socket::INET ();
use JSON::PP qw(decode_json);
use PostgreSQL::Test::Utils;
use Receiver;
use Test::More;

# Long enough that what is tested ends every wait, and not the clock.
my $patience = '60s';
my $receiver = Receiver->started;
my $secrets = PostgreSQL::Test::Utils::tempdir('secrets') . '/file';
OlderReleases::offer();
my $node = GatedServer->running('main', "pg_warrant.secret_file = '$secrets'", "pg_warrant.decision_wait = '$patience'");

sub keep_secrets
{
	my ($mode, @lines) = @_;
	open my $file, '>', $secrets or die "$secrets: $!";
	print $file map { "$_\n" } @lines;
	close $file;
	chmod $mode, $secrets or die "$secrets: $!";
	$node->reload;
}
keep_secrets(0600, '# keys', "bank = $Receiver::secret");

# --- what the cases share ---

my $count = 0;

# asking(URL, ADD_WEBHOOK, CREATE_POLICY): a new table of clerk's under a policy that asks a new webhook; both are named after the table.
sub asking
{
	my ($url, $webhook, $policy, $database) = @_;
	my $table = 't' . ++$count;
	my $authority = $receiver->authority;
	my ($more_webhook, $more_policy) = map { $_ ? ", $_" : '' } $webhook, $policy;
	$node->safe_as('dba', <<"SQL", $database);
BEGIN;
CREATE TABLE $table (id int);
INSERT INTO $table VALUES (1);
GRANT ALL ON $table TO clerk;
SELECT warrant.add_webhook('$table', '$url', 'decision', 'bank', allowed_networks => '{127.0.0.1}', ca_file => '$authority'$more_webhook);
SELECT warrant.create_policy('$table', 'approve', on_table => '$table', webhook => '$table'$more_policy);
COMMIT;
SQL
	$node->eventually(sub { courier_pid($database) }) or die 'the courier does not start';
	return $table;
}

sub courier_pid
{
	my ($database) = @_;
	return $node->try_query(q{SELECT substring(value, 'pid (\d+)') FROM warrant.status() WHERE item = 'courier'}, $database);
}

sub value { $node->safe_as('dba', $_[0], $_[1]) }

sub request_on { value("SELECT max(request_id) FROM warrant.request_items WHERE relation_name = '$_[0]'") }
sub state_of { value('SELECT state FROM warrant.requests WHERE id = ' . request_on($_[0])) }
sub delivery_of { value("SELECT concat_ws(' ', state, attempts, answer) FROM warrant.deliveries WHERE webhook = '$_[0]' ORDER BY id DESC LIMIT 1", $_[1]) }
sub error_of { value("SELECT coalesce(warning, '') FROM warrant.status() WHERE item = 'webhook $_[0]'") }

# What the behaviour was sent so far; earlier cases' repetitions may come in between.
sub sent_to { my ($behaviour) = @_; return grep { $_->{path} =~ m{^/$behaviour(/|$)} } $receiver->deliveries }

# What the clerk's statement gets. A call has three seconds, which may be over before a slow machine has answered: then the statement comes again.
sub as_clerk
{
	my ($sql, $about) = @_;
	$about //= ($sql =~ /\b(t\d+)\b/)[0];
	my @got;
	$node->eventually(sub {
		@got = $node->sqlstate_as('clerk', $sql);
		return $got[0] ne '42501' || error_of($about) !~ /timed out/;
	});
	return wantarray ? @got : $got[0];
}

# set(NAME, VALUE, SHOWN)
sub set
{
	my ($name, $value, $shown) = @_;
	value("ALTER SYSTEM SET $name = '$value'");
	$node->reload;
	$node->eventually(sub { value("SELECT current_setting('$name')") eq $shown }) or die $name;
}

# --- it decides ---

my $table = asking($receiver->url('approve?ttl_s=60'));
is(as_clerk("UPDATE $table SET id = 2 WHERE id > 0"), 'none', 'an approved statement runs');
is(value("SELECT id FROM $table"), '2', 'once');
like(value("SELECT string_agg(event, ' ' ORDER BY seq) FROM warrant.audit_log WHERE request_id = " . request_on($table)),
	qr/^request_created refused (refused )*request_approved grant_created$/, 'audited');
is(value("SELECT DISTINCT person, session_user_name IS NULL FROM warrant.audit_log WHERE event = 'request_approved'"),
	"webhook:$table|t", 'as a vote of the webhook, not of a role');
like(value("SELECT comment FROM warrant.audit_log WHERE event = 'request_approved'"), qr/^as agreed \(approver bob\@example\.com, unverified\)$/, 'with its reason');
is(value("SELECT ends_at - starts_at FROM warrant.grants WHERE request_id = " . request_on($table)), '00:01:00', 'for as long as it said');

$table = asking($receiver->url('approve?ttl_s=864000'));
is(as_clerk("SET pg_warrant.duration = '10 min'; UPDATE $table SET id = 2 WHERE id > 0"), 'none', 'approved for too long');
is(value("SELECT ends_at - starts_at FROM warrant.grants WHERE request_id = " . request_on($table)), '00:10:00', 'it does not get more than it asked for');
$table = asking($receiver->url('approve?ttl_s=864000'), '', q{default_duration => '7 min'});
is(as_clerk("UPDATE $table SET id = 2 WHERE id > 0"), 'none', 'approved for too long, without a wish');
is(value("SELECT ends_at - starts_at FROM warrant.grants WHERE request_id = " . request_on($table)), '00:07:00', 'it gets what the policy gives');

sub uses_of { value("SELECT string_agg(g.max_uses || ' given, ' || u.uses_left || ' left', '; ' ORDER BY g.id) FROM warrant.grants g
	JOIN warrant.grant_uses u ON u.grant_id = g.id JOIN warrant.grant_scopes s ON s.grant_id = g.id WHERE s.relation_name = '$_[0]'") }
$table = asking($receiver->url('approve?max_uses=2'));
is(as_clerk("UPDATE $table SET id = 2 WHERE id > 0"), 'none', 'approved for two uses');
is(uses_of($table), '2 given, 1 left', 'it has one more');
$table = asking($receiver->url('approve?max_uses=9'), '', 'max_uses => 3');
is(as_clerk("UPDATE $table SET id = 2 WHERE id > 0"), 'none', 'approved for more uses than the policy allows');
is(uses_of($table), '3 given, 2 left', 'it gets what the policy allows');
$table = asking($receiver->url('approve?max_uses=9'));
$node->safe_as('clerk', "SELECT warrant.request('{UPDATE}', on_table => '$table', max_uses => 4)");
ok($node->eventually(sub { state_of($table) eq 'approved' }), 'approved for more uses than were asked for');
is(uses_of($table), '4 given, 4 left', 'it gets what was asked for');
$table = asking($receiver->url('approve'), '', 'max_uses => 1');
is(as_clerk("UPDATE $table SET id = 2 WHERE id > 0"), 'none', 'approved without a word of uses') for 1 .. 2;
is(uses_of($table), '1 given, 0 left; 1 given, 0 left', 'each statement is asked about');

my $beside = asking($receiver->url('approve'), '', q{on_refusal => 'refuse'});
is(as_clerk("UPDATE $beside SET id = 2 WHERE id > 0"), '42501', 'where a refused statement files nothing');
is(value("SELECT count(*) FROM warrant.deliveries WHERE webhook = '$beside'"), '0', 'nobody is asked');
$table = asking($receiver->url('deny'));
like(($node->sqlstate_as('clerk', "INSERT INTO $table SELECT id FROM $beside"))[1], qr/requires approval/, 'and what is decided beside it is not waited for');
$node->safe_as('clerk', "SELECT warrant.request('{UPDATE}', on_table => '$beside')");
ok($node->eventually(sub { state_of($beside) eq 'approved' }), 'until a call asks');
is(as_clerk("UPDATE $beside SET id = 2 WHERE id > 0"), 'none', 'and the statement runs');

$table = asking($receiver->url('pending'));
is(as_clerk("UPDATE $table SET id = 2 WHERE id > 0"), '42501', 'not decided yet');
$node->safe_as('clerk', "SELECT warrant.request('{UPDATE}', on_table => '$table', reason => 'in other words')");
ok($node->eventually(sub { grep { $_->{body} =~ /\.$table"/ && $_->{body} =~ /in other words/ } $receiver->deliveries }), 'an amended request is sent again, with its new words');
ok($node->eventually(sub { value("SELECT string_agg(state || ' ' || answer, ', ' ORDER BY id) FROM warrant.deliveries WHERE webhook = '$table'") eq 'answered amended, answered pending' }),
	'and what was sent before counts no more');

$table = asking($receiver->url('bare-approve'));
is(as_clerk("UPDATE $table SET id = 2 WHERE id > 0"), 'none', 'a bare AuthZEN decision is enough');

$table = asking($receiver->url('deny'));
my ($state, $err) = as_clerk("UPDATE $table SET id = 2 WHERE id > 0");
is($state, '42501', 'a denied statement is refused');
like($err, qr/UPDATE on table "$table" was denied\nDETAIL:  Request \d+ was denied by "webhook:/, 'and says so');
is(state_of($table), 'denied', 'its request is denied');
is(value("SELECT id FROM $table"), '1', 'it did nothing');
$node->safe_as('dba', "CREATE SCHEMA denied; GRANT ALL ON SCHEMA denied TO clerk; SELECT warrant.create_policy('denied', 'approve', on_schema => 'denied', webhook => '$table')");
($state, $err) = $node->sqlstate_as('clerk', 'CREATE TABLE denied.thing (a int)');
like($err, qr/CREATE on schema "denied" was denied\nDETAIL:  Request \d+ was denied by "webhook:/, 'a denial of CREATE names the schema');
$node->safe_as('dba', "SELECT warrant.drop_policy('denied'); DROP SCHEMA denied");

$table = asking($receiver->url('pending'));
is(as_clerk("UPDATE $table SET id = 2 WHERE id > 0"), '42501', 'a pending answer ends the wait');
is(state_of($table), 'pending', 'the request waits');
$node->safe_as('boss', 'SELECT warrant.approve(' . request_on($table) . ')');
is(as_clerk("UPDATE $table SET id = 2 WHERE id > 0"), 'none', 'a person approves it later');

$table = asking($receiver->url('approve'), '', 'min_approvals => 2');
is(as_clerk("UPDATE $table SET id = 2 WHERE id > 0"), '42501', 'under a quorum it is one vote');
is(state_of($table), 'pending', 'and not enough');
$node->safe_as('boss', 'SELECT warrant.approve(' . request_on($table) . ')');
is(as_clerk("UPDATE $table SET id = 2 WHERE id > 0"), 'none', 'a person has the other');

$table = asking($receiver->url('approve'));
$node->safe_as('clerk', "SELECT warrant.request('{UPDATE}', on_table => '$table', reason => 'ahead of time')");
ok($node->eventually(sub { state_of($table) eq 'approved' }), 'a request made by SQL is sent, too');

# --- what it is told ---

$table = asking($receiver->url('deny'));
value("ALTER TABLE $table ADD PRIMARY KEY (id); ALTER TABLE $table ADD kind text; INSERT INTO $table SELECT g, g % 2 FROM generate_series(2, 100) AS g; ANALYZE $table");

# What it was sent about the table; others may be asked again meanwhile.
sub sent_about { my ($about) = @_; return grep { $_->{body} =~ /\.$about"/ } $receiver->deliveries }

# What the endpoint is told of the refused statement, as "command tag: rows".
sub told
{
	my ($sql) = @_;
	my $before = () = sent_about($table);
	$node->sqlstate_as('clerk', $sql);
	$node->eventually(sub { (() = sent_about($table)) > $before }) or die "nothing is sent of $sql";
	my $told = decode_json((sent_about($table))[-1]{body})->{action}{properties};
	return join ': ', $told->{command_tag}, $told->{estimated_rows} // 'unknown';
}

is(told("SELECT FROM $table"), 'SELECT: 100', 'without a plan the estimate is the whole table');
is(told("UPDATE $table SET kind = 'x' WHERE id = 7"), 'UPDATE: 1', 'or one row where a unique key is given');
is(told("DELETE FROM $table WHERE id = 7 OR kind = '1'"), 'DELETE: 100', 'and not in part');
is(told("INSERT INTO $table VALUES (101), (102)"), 'INSERT: 2', 'or the rows of VALUES');
is(told("INSERT INTO $table SELECT g FROM generate_series(1, 5) AS g"), 'INSERT: unknown', 'and nothing where nothing is known');
is(told("TRUNCATE $table"), 'TRUNCATE TABLE: 100', 'a utility statement is named as the server names it');
value("SELECT warrant.drop_policy('$table')");
my $planned = $node->session_as('clerk');
$node->ask($planned, "PREPARE p AS SELECT FROM $table WHERE kind = '1'; EXECUTE p");
value("SELECT warrant.create_policy('$table', 'approve', on_table => '$table', webhook => '$table')");
my $before = () = sent_about($table);
is(($node->ask($planned, 'EXECUTE p'))[1], '42501', 'a statement that was planned before is refused');
ok($node->eventually(sub { (() = sent_about($table)) > $before }), 'and told of');
is(decode_json((sent_about($table))[-1]{body})->{action}{properties}{estimated_rows}, 49, 'with the estimate of its plan');
$planned->quit;

# --- what decides nothing ---

# A port where nobody takes connections, and no more of them can queue: a connect gets no answer.
my @deaf;
sub deaf_port
{
	my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) or die "listen: $!";
	push @deaf, $listener, map { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $listener->sockport, Blocking => 0) } 1 .. 4;
	return $listener->sockport;
}

sub decides_nothing
{
	my ($what, $url, $cause, $webhook) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $table = asking($url, $webhook);
	my ($state, $err) = $cause =~ /timed/ ? $node->sqlstate_as('clerk', "UPDATE $table SET id = 2 WHERE id > 0") : as_clerk("UPDATE $table SET id = 2 WHERE id > 0");
	is("$state " . ($err =~ /Request \d+ \(UPDATE on public\.$table\) needs/ ? state_of($table) : $err), '42501 pending', "$what: refused, pending");
	like(error_of($table), $cause, "$what: its cause");
	$node->safe_as('clerk', 'SELECT warrant.cancel(' . request_on($table) . ')');    # or it is sent again and again
}

decides_nothing($_->[0], $receiver->url($_->[0]), $_->[1]) for (
	[ 'no-id', qr/request id is not repeated/ ], [ 'wrong-id', qr/request id is another request's/ ], [ 'no-decision', qr/decision is not/ ],
	[ 'string-decision', qr/decision is not/ ], [ 'contradiction', qr/status contradicts decision/ ], [ 'duplicate-keys', qr/same name twice/ ],
	[ 'trailing', qr/body: / ], [ 'deep', qr/nested too deeply/ ], [ 'garbage', qr/body: / ], [ 'oversized', qr/the answer is too large/ ],
	[ 'oversized-headers', qr/headers are too large/ ], [ 'redirect', qr/status 307/ ], [ 'close', qr/./ ], [ 'status/403', qr/status 403/ ],
	[ 'status/500', qr/status 500/ ]);
decides_nothing('a slow drip', $receiver->url('drip'), qr/timed out/, q{timeout => '300 ms'});
decides_nothing('half a body', $receiver->url('hang-body'), qr/timed out/, q{timeout => '300 ms'});
decides_nothing('no answer', $receiver->url('hang'), qr/timed out/, q{timeout => '300 ms'});
decides_nothing('no connection', 'https://127.0.0.1:' . deaf_port() . '/approve', qr/timed out/, q{timeout => '300 ms'});
decides_nothing('no handshake', $receiver->url('approve', 'silent'), qr/timed out/, q{timeout => '300 ms'});
decides_nothing('another host', $receiver->url('approve', 'wrong_host'), qr/certificate/);
decides_nothing('an unknown authority', $receiver->url('approve', 'wrong_ca'), qr/certificate/);
decides_nothing('an inner address', 'https://127.0.0.2:1/approve', qr/127\.0\.0\.2 is not allowed/);

$table = asking($receiver->url('approve?max_rows=1'));
is($node->sqlstate_as('clerk', "UPDATE $table SET id = 2 WHERE id > 0"), 'none', 'a limit on rows: it decides');
is($node->safe_as('dba', "SELECT max_rows FROM warrant.active_grants WHERE relation_name = '$table'"), '1', 'and is kept');

# The script of 0.1.0 would make a grant without the limit.
$node->safe_psql('postgres', 'CREATE DATABASE older');
$node->safe_as('dba', "CREATE EXTENSION pg_warrant VERSION '0.1.0'", 'older');
$node->wait_until_ready('older');
$table = asking($receiver->url('approve?max_uses=1'), '', '', 'older');
is($node->sqlstate_as('clerk', "UPDATE $table SET id = 2 WHERE id > 0", 'older'), '42501', 'a limit that an older script would lose: refused');
like($node->safe_as('dba', "SELECT warning FROM warrant.status() WHERE item = 'webhook $table'", 'older'), qr/ALTER EXTENSION pg_warrant UPDATE/, 'its cause');
$table = asking($receiver->url('approve?max_rows=1'), '', '', 'older');
is($node->sqlstate_as('clerk', "UPDATE $table SET id = 2 WHERE id > 0", 'older'), '42501', 'a limit on rows, too');
$node->safe_as('dba', 'ALTER EXTENSION pg_warrant UPDATE', 'older');
$table = asking($receiver->url('approve?max_uses=1'), '', '', 'older');
is($node->sqlstate_as('clerk', "UPDATE $table SET id = 2 WHERE id > 0", 'older'), 'none', 'after the update it decides');
$node->safe_psql('postgres', 'DROP DATABASE older');

# What is being sent when nobody waits for it any more ends with its answer.
$table = asking($receiver->url('hang'), q{timeout => '3 s'});
is($node->sqlstate_as('clerk', "BEGIN; UPDATE $table SET id = 2 WHERE id > 0"), '42501', 'a request that is being sent');
ok($node->eventually(sub { delivery_of($table) =~ /^sending/ }), 'it is sent');
$node->safe_as('clerk', 'SELECT warrant.cancel(' . request_on($table) . ')');
ok($node->eventually(sub { delivery_of($table) =~ /^(dropped|dead)/ }), 'its delivery ends, too');
like(delivery_of($table), qr/^dropped/, 'without a warning, although its endpoint does not answer');

keep_secrets(0644, "bank = $Receiver::secret");
$node->wait_for_log(qr/cannot use the file .*\n.*its mode must be 0600/);
decides_nothing('keys that others can read', $receiver->url('approve'), qr/secret_file cannot be used: its mode must be 0600/);
# What nobody waits for any more is not sent.
$table = asking($receiver->url('approve'));
is(as_clerk("UPDATE $table SET id = 2 WHERE id > 0"), '42501', 'a request that cannot be sent');
$node->safe_as('clerk', 'SELECT warrant.cancel(' . request_on($table) . ')');
ok($node->eventually(sub { delivery_of($table) =~ /^dropped/ }), 'its delivery ends with it');
for my $case ([ '', qr/secret_file is not set/ ], [ '/nowhere/keys', qr/secret_file cannot be used: No such file/ ])
{
	my ($file, $cause) = @$case;
	$node->append_conf('postgresql.conf', "pg_warrant.secret_file = '$file'");
	$node->reload;
	$table = asking($receiver->url('approve'));
	ok($node->eventually(sub { as_clerk("UPDATE $table SET id = 2 WHERE id > 0") eq '42501' && error_of($table) =~ $cause }), "secret_file '$file': its cause");
	$node->safe_as('clerk', 'SELECT warrant.cancel(' . request_on($table) . ')');
}
$node->append_conf('postgresql.conf', "pg_warrant.secret_file = '$secrets'");
keep_secrets(0600, 'bank = whsec_' . 'A' x 32, "bank = $Receiver::secret");
$table = asking($receiver->url('pending'));
ok($node->eventually(sub {
	as_clerk("UPDATE $table SET id = 2 WHERE id > 0");
	my $answered = delivery_of($table) eq 'answered 1 pending';
	$node->safe_as('clerk', 'SELECT warrant.cancel(' . request_on($table) . ')');
	return $answered;
}), 'a delivery is signed with every key while one is changed');

is($node->sqlstate_as('dba', <<'SQL'), '42501', 'nobody but the courier reports an answer');
CREATE FUNCTION public.webhook_answer(delivery_id bigint, outcome text) RETURNS void LANGUAGE c AS 'pg_warrant', 'warrant_action';
SELECT public.webhook_answer(1, 'approved');
SQL

# --- how a wait ends ---

# While the courier stands still nothing but the cause that is tested ends the wait.
sub while_courier_stands
{
	my ($code) = @_;
	my $pid = courier_pid();
	kill 'STOP', $pid or die "cannot stop $pid";
	$code->();
	kill 'CONT', $pid;
}

$table = asking($receiver->url('approve'));
while_courier_stands(sub {
	is($node->sqlstate_as('clerk', "SET statement_timeout = '300ms'; UPDATE $table SET id = 2 WHERE id > 0"), '57014', 'statement_timeout ends a wait');
	is(state_of($table), 'pending', 'and leaves the request pending');
	is($node->sqlstate_as('clerk', "SET statement_timeout = '10min'; BEGIN; UPDATE $table SET id = 2 WHERE id > 0; COMMIT"), '42501', 'there is none in a transaction block');

	my $session = $node->session_as('clerk');
	my ($pid) = $node->ask($session, 'SELECT pg_backend_pid()');
	$session->query_until(qr/begun/, "\\echo begun\nUPDATE $table SET id = 2 WHERE id > 0;\n");
	ok($node->eventually(sub { value("SELECT wait_event_type FROM pg_stat_activity WHERE pid = $pid AND state = 'active'") eq 'Extension' }), 'a session waits');
	value("SELECT pg_cancel_backend($pid)");
	my ($out, $code, $said) = $node->ask($session, 'SELECT 1');
	is("$out $code", '1 57014', 'pg_cancel_backend ends a wait') or diag($said);
	is(state_of($table), 'pending', 'and leaves the request pending');
	$session->quit;

	set('pg_warrant.max_waiters', 0, '0');
	is($node->sqlstate_as('clerk', "SET statement_timeout = '10min'; UPDATE $table SET id = 2 WHERE id > 0"), '42501', 'there is none behind max_waiters others');
	set('pg_warrant.max_waiters', 20, '20');
	set('pg_warrant.decision_wait', '100ms', '100ms');
	is($node->sqlstate_as('clerk', "SET statement_timeout = '10min'; UPDATE $table SET id = 2 WHERE id > 0"), '42501', 'decision_wait ends it');
	set('pg_warrant.decision_wait', $patience, '1min');
});
is($node->sqlstate_as('clerk', "UPDATE $table SET id = 2 WHERE id > 0"), 'none', 'the answer counts all the same');

# --- who fails comes back ---

$table = asking($receiver->url('hang-then-approve/1'));
my $session = $node->session_as('clerk');
$session->query_until(qr/begun/, "\\echo begun\nUPDATE $table SET id = 2 WHERE id > 0;\n");
ok($node->eventually(sub { sent_to('hang-then-approve') == 1 }), 'a delivery is on its way');
my $first_courier = courier_pid();
value("SELECT pg_terminate_backend($first_courier)");
ok($node->eventually(sub { sent_to('hang-then-approve') == 2 }), 'when its courier ends the next one sends it again');
my @sent = sent_to('hang-then-approve');
is($sent[-1]{id}, $sent[-2]{id}, 'under the same id');
is($sent[-1]{body}, $sent[-2]{body}, 'and with the same body');
my (undef, $got) = $node->ask($session, "SELECT id FROM warrant.my_grants WHERE policy_name = '$table'");
$got = as_clerk("UPDATE $table SET id = 2 WHERE id > 0") if $got eq '42501';    # the answer came too late for the call
is($got, 'none', 'the statement had its answer');
is(value("SELECT id FROM $table"), '2', 'and ran');
$session->quit;

$receiver->stop;
$table = asking($receiver->url('approve'));
is($node->sqlstate_as('clerk', "UPDATE $table SET id = 2 WHERE id > 0"), '42501', 'an endpoint that is gone');
ok($node->eventually(sub { delivery_of($table) =~ /^(queued [1-9]|sending [2-9])/ }), 'is tried again');
ok($node->eventually(sub { error_of($table) ne '' }), 'and its cause is known');
$receiver->start;
ok($node->eventually(sub { state_of($table) eq 'approved' }), 'when it is back its answer counts');
is($node->sqlstate_as('clerk', "UPDATE $table SET id = 2 WHERE id > 0"), 'none', 'for the statement that comes again');

# --- it leaves room ---

value('CREATE DATABASE other');
$node->add_gate('other');
set('pg_warrant.decision_wait', '100ms', '100ms');
$table = asking($receiver->url('hang'), '', '', 'other');
is($node->sqlstate_as('clerk', "UPDATE $table SET id = 2 WHERE id > 0", 'other'), '42501', 'an endpoint that hangs');
ok($node->eventually(sub { delivery_of($table, 'other') eq 'sending 1' }), 'and is being called');
is($node->sqlstate_as('dba', q{SET statement_timeout = '10min'; DROP DATABASE other}), 'none', 'is not waited for by DROP DATABASE');

is($node->sqlstate_as('dba', "SELECT warrant.drop_webhook('t1')"), '2BP01', 'a webhook that is asked stays');
value("SELECT warrant.drop_policy('t$_'), warrant.drop_webhook('t$_')") for grep { value("SELECT count(*) FROM warrant.webhooks WHERE name = 't$_'") } 1 .. $count;
ok($node->eventually(sub { !courier_pid() && !value("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pg_warrant courier'") }), 'without webhooks there is no courier');
set('pg_warrant.decision_wait', $patience, '1min');
$table = asking($receiver->url('deny'));
like(($node->sqlstate_as('clerk', "UPDATE $table SET id = 2 WHERE id > 0"))[1], qr/was denied/, 'and with the next webhook there is one again');

@sent = $receiver->deliveries;
cmp_ok(scalar @sent, '>', 25, 'the receiver had its deliveries');
is(scalar(grep { !$_->{verified} } @sent), 0, 'and verified every one');
$node->log_is_sound;
done_testing();
