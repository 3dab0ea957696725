# A webhook that fails is asked again: soon by itself, at once for whoever is refused by the same request again, and not before it wants to be. No
# failure that passes keeps a request from being decided while it pends; what does not pass is set aside, visibly.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use GatedServer;
use PostgreSQL::Test::Utils;
use Receiver;
use Test::More;
use Time::HiRes qw(time);

my $receiver = Receiver->started;
my $secrets = PostgreSQL::Test::Utils::tempdir('secrets') . '/file';
my $node = GatedServer->running('retries', "pg_warrant.secret_file = '$secrets'", q{pg_warrant.decision_wait = '60s'});
my $count = 0;

sub keep_secrets
{
	my (@lines) = @_;
	open my $file, '>', $secrets or die "$secrets: $!";
	print $file map { "$_\n" } @lines;
	close $file;
	chmod 0600, $secrets or die "$secrets: $!";
}
keep_secrets("bank = $Receiver::secret");
$node->reload;

sub value { $node->safe_as('dba', $_[0]) }

# A new table of clerk's under a policy that asks a new webhook; both are named after the table.
sub asking
{
	my ($path, $port) = @_;
	my $table = 't' . ++$count;
	my ($url, $authority) = ($receiver->url($path, $port), $receiver->authority);
	value(<<"SQL");
BEGIN;
CREATE TABLE $table (id int);
INSERT INTO $table VALUES (1);
GRANT ALL ON $table TO clerk;
SELECT warrant.add_webhook('$table', '$url', 'decision', 'bank', allowed_networks => '{127.0.0.1}', ca_file => '$authority');
SELECT warrant.create_policy('$table', 'approve', on_table => '$table', webhook => '$table');
COMMIT;
SQL
	$node->eventually(sub { $node->try_query(q{SELECT value FROM warrant.status() WHERE item = 'courier'}) =~ /^running/ }) or die 'no courier';
	return $table;
}

sub update { $node->sqlstate_as('clerk', "UPDATE $_[0] SET id = id + 1") }
sub delivery_of { value("SELECT state FROM warrant.deliveries WHERE webhook = '$_[0]' ORDER BY id DESC LIMIT 1") }
sub status_of { value("SELECT concat_ws(' | ', value, warning) FROM warrant.status() WHERE item = 'webhook $_[0]'") }
sub state_of { value("SELECT max(state) FROM warrant.requests WHERE id IN (SELECT request_id FROM warrant.request_items WHERE relation_name = '$_[0]')") }
sub failures_of { value("SELECT count(*) FROM warrant.audit_log WHERE event = 'webhook_failed' AND comment LIKE '$_[0]: %'") }
sub sent { my ($table) = @_; return grep { $_->{body} =~ /\.$table"/ } $receiver->deliveries }

# --- what passes ---

my $table = asking('status/503');
is(update($table), '42501', 'an endpoint that fails: refused');
ok($node->eventually(sub { delivery_of($table) eq 'queued' && status_of($table) =~ /^0 answered, 1 waiting, 0 dead \| status 503; the next try is at \d\d:\d\d:\d\d UTC$/ }),
	'its delivery is kept, and status says why and when it is tried again') or diag(status_of($table));
is(failures_of($table), '1', 'the failure is audited');
$node->safe_as('clerk', "SELECT warrant.cancel(id) FROM warrant.my_requests WHERE relation_name = '$table'");

$table = asking('fails/1/503');
is(update($table), '42501', 'an endpoint that fails once: refused');
ok($node->eventually(sub { update($table) eq 'none' }), 'whoever comes again gets through');
my %differing = map { ("$_->{id} $_->{body}" => 1) } sent($table);
is(sent($table) . ' ' . keys %differing, '2 1', 'sent again with the same id and body');
is(value("SELECT count(*) FROM warrant.decisions d JOIN warrant.request_items i USING (request_id) WHERE i.relation_name = '$table'"), '1', 'it is decided once');
is(value("SELECT count(DISTINCT request_id) FROM warrant.request_items WHERE relation_name = '$table'"), '1', 'and asked for once, also by who is refused while the answer arrives');

$table = asking('fails/2/500');
$node->safe_as('clerk', "SELECT warrant.request('{UPDATE}', on_table => '$table')");
ok($node->eventually(sub { state_of($table) eq 'approved' }), 'it is asked again without anybody doing anything');
is(sent($table), 3, 'until it answers');
is(failures_of($table), '1', 'and audited once');

for my $case ([ 'close', '' ], [ 'garbage', '' ], [ 'no-id', '' ], [ 'redirect', '' ], [ 'status/429', '' ], [ 'approve', 'wrong_ca' ], [ 'approve', 'wrong_host' ])
{
	my ($path, $port) = @$case;
	$table = asking($path, $port || undef);
	is(update($table), '42501', "$path $port: refused");
	ok($node->eventually(sub { delivery_of($table) eq 'queued' }), "$path $port: asked again");
	$node->safe_as('clerk', "SELECT warrant.cancel(id) FROM warrant.my_requests WHERE relation_name = '$table'");    # it may take others' connections with it
}

$table = asking('fails/1/503?retry_after=4');
is(update($table), '42501', 'an endpoint that wants to be left alone: refused');
my $begin = time;
ok(update($table) eq '42501' || sent($table) > 1, 'and again, until it is asked');
cmp_ok(time - $begin, '<', 58, 'without waiting for an answer that cannot come yet');
ok($node->eventually(sub { state_of($table) eq 'approved' }), 'it is asked later');
my @sent = sent($table);
is(scalar(@sent), 2, 'once');
cmp_ok($sent[1]{at} - $sent[0]{at}, '>=', 4000, 'and not before it wanted');

keep_secrets();
$node->reload;
$table = asking('approve');
ok($node->eventually(sub { update($table) eq '42501' && status_of($table) =~ /has no key named "bank"/ }), 'a file whose key is being changed: refused')
  or diag(status_of($table));
keep_secrets("bank = $Receiver::secret");
ok($node->eventually(sub { state_of($table) eq 'approved' || update($table) eq 'none' }), 'as soon as the key is there it is used, also when nobody tells the server');

# --- what does not pass ---

$table = asking('fails/1/403');
is(update($table), '42501', 'an endpoint that does not want it: refused');
is(delivery_of($table), 'dead', 'its delivery is set aside');
like(status_of($table), qr/0 waiting, 1 dead \| status 403$/, 'visibly');
is(failures_of($table), '1', 'and audited');
ok($node->eventually(sub { update($table) eq 'none' }), 'who is refused again sends it again');

$table = asking('fails/1/410');
is(update($table), '42501', 'an endpoint that is gone: refused');
like(status_of($table), qr/1 dead \| status 410; disabled; warrant\.enable_webhook ends it$/, 'its webhook is disabled');
is(value("SELECT count(*) FROM warrant.audit_log WHERE event = 'webhook_changed' AND comment LIKE '$table: disabled%'"), '1', 'which is audited');
is(update($table), '42501', 'nothing more is sent');
is(sent($table), 1, 'there');
value("SELECT warrant.enable_webhook('$table')");
ok($node->eventually(sub { update($table) eq 'none' }), 'enabled again, it decides');

# --- what is not sent any more is not awaited ---

# More requests than the courier sends at once, and the endpoint answers the first of them that it is gone: the last is never sent.
$table = asking('status/410');
my @more = map { "more_$_" } 1 .. 24;
value("CREATE TABLE $_ (id int); GRANT ALL ON $_ TO clerk; SELECT warrant.create_policy('$_', 'approve', on_table => '$_', webhook => '$table')") for @more;
my $courier = value(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'pg_warrant courier'});
kill 'STOP', $courier;
$node->safe_as('clerk', join ';', map { "SELECT warrant.request('{UPDATE}', on_table => '$_')" } @more);
kill 'CONT', $courier;
ok($node->eventually(sub { value("SELECT count(*) FROM warrant.deliveries WHERE webhook = '$table' AND state IN ('queued', 'sending')") eq '0' }), 'nothing is sent any more');
is($node->sqlstate_as('clerk', "SET statement_timeout = '58s'; UPDATE $more[-1] SET id = 2"), '42501', 'and nobody waits for it');

# --- an endpoint that fails again and again is left alone ---

$table = asking('fails/5/500');
is(update($table), '42501', "failure $_") for 1 .. 5;
$node->wait_for_log(qr/webhook "$table" is left alone for (10|9) s/);
# Its ten seconds may be over before a slow machine has looked.
sub is_asked_again { return sent($table) > 5 }
ok(update($table) eq '42501' || is_asked_again(), 'after five in a row');
ok($node->eventually(sub { status_of($table) =~ /left alone for a while; the next try is at/ || is_asked_again() }), 'it is left alone, visibly') or diag(status_of($table));
$begin = time;
ok(update($table) eq '42501' || is_asked_again(), 'refused');
cmp_ok(time - $begin, '<', 58, 'nobody waits for it');
ok($node->eventually(sub { state_of($table) eq 'approved' }), 'later it is asked again');
@sent = sent($table);
cmp_ok($sent[5]{at} - $sent[4]{at}, '>=', 9000, 'after ten seconds');
is(update($table), 'none', 'and decides');

is(scalar(grep { !$_->{verified} } $receiver->deliveries), 0, 'the receiver verified every delivery');
$node->log_is_sound;
done_testing();
