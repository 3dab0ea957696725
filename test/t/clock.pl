# A wall clock that is set: time that grants live by is the time that passes, nothing waits for the clock to come again, and the log goes on.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);
use GatedServer;
use ShiftedClock;

use constant { HOUR => 3600, DAY => 86400 };
my $node = ShiftedClock->running('clock');
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->add_gate('shop');
sub value { return $node->safe_as('dba', @_); }
sub state_of { return scalar $node->sqlstate_as(@_); }
sub changes { return value(q{SELECT count(*) FROM warrant.audit_log WHERE event = 'clock_changed'}, @_); }
my @databases = ('postgres', 'shop');

# followed(SECONDS, WHAT, UNASKED): the clock is set, and each database's recorder follows, at the next that it has to do or after a nap.
sub followed
{
	my ($seconds, $what, $unasked) = @_;
	$node->safe_as('clerk', 'SELECT warrant.action_result(0)', $_) for @databases;    # each has followed to where the clock is
	my %before = map { $_ => changes($_) } @databases;
	$node->set_clock($seconds);
	$unasked or $node->safe_as('clerk', 'SELECT warrant.action_result(0)', $_) for @databases;
	ok($node->eventually(sub { changes($_) > $before{$_} }), "$what: the recorder of $_ follows") or die for @databases;
}

# Set back by an hour.
my $long = $node->safe_as('boss', q{SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders', duration => '1 hour')});
my $request = $node->safe_as('clerk', "SELECT warrant.request('{DELETE}', on_table => 'orders')");
$node->safe_as('boss', q{SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', duration => '5 s')}, 'shop');
my $later = $node->safe_as('clerk', q{SELECT warrant.request('{TRUNCATE}', on_table => 'orders', starts_at => clock_timestamp() + interval '2 hours', duration => '1 hour')});
$later = $node->safe_as('boss', "SELECT warrant.approve($later)");
my $window = "SELECT g.starts_at, g.ends_at, s.starts_at, s.ends_at FROM warrant.grants g JOIN warrant.grant_scopes s ON s.grant_id = g.id WHERE g.id = $later";
my $appointment = value($window);
my $before_short = time;
my $short = $node->safe_as('boss', q{SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', duration => '5 s')});
my $started = time;
my $works = state_of('clerk', 'SELECT FROM orders');
ok($works eq 'none' || time >= $before_short + 5, 'a grant works');
followed(-1 * HOUR, 'set back', 'unasked');
sleep 0.1 while time < $started + 6;
is(state_of('clerk', 'SELECT FROM orders', $_), '42501', "a grant of 5 s has ended after 6 s in $_") for @databases;
is(state_of('clerk', 'UPDATE orders SET id = id WHERE id = 1'), 'none', 'one of an hour lives');
is(value("SELECT ends_at - clock_timestamp() BETWEEN '50 min' AND '1 hour', ends_at - starts_at FROM warrant.active_grants WHERE id = $long"), 't|01:00:00',
	'and ends when it would have');
is(value("SELECT expires_at - clock_timestamp() BETWEEN '23:50' AND '24:00' FROM warrant.requests WHERE id = $request"), 't', 'so does a request');
is(value($window), $appointment, 'what has not begun keeps its time of day');
is(value("SELECT close_event FROM warrant.grants WHERE id = $short"), 'grant_expired', 'the other is closed');
like(value(q{SELECT comment FROM warrant.audit_log WHERE event = 'clock_changed' ORDER BY seq LIMIT 1}), qr/^set back by (00:59:5|01:00:0)/, 'recorded');

# While the recorder is away time stands still: what has ended does not revive.
my $answer = q{SELECT answer FROM warrant.explain('clerk', 'INSERT', 'orders') ORDER BY step DESC LIMIT 1};
my $ended = value($answer);
my $recorder = $node->recorder_pid;
# On a slow machine one of 3 s may have ended before the recorder stands still.
ok($node->eventually(sub {
	$node->safe_as('boss', q{SELECT warrant.grant('clerk', '{INSERT}', on_table => 'orders', duration => '3 s')});
	kill 'STOP', $recorder;
	return 1 if value($answer) ne $ended;
	kill 'CONT', $recorder;
	return 0;
}), 'a grant lives');
ok($node->eventually(sub { value($answer) eq $ended }), 'and ends without the recorder');
sleep 1;
$node->set_clock(-1 * HOUR - 2);    # by the clock it has begun then, and has not ended
is(value($answer), $ended, 'and does not revive when the clock is set back');
kill 'CONT', $recorder;
ok($node->eventually(sub { value(q{SELECT count(*) FROM warrant.active_grants WHERE commands = '{INSERT}'}) eq '0' }), 'the recorder follows');
is(value($answer), $ended, 'and it stays ended');

# Right again: time passes.
followed(0, 'set forward');
is(state_of('clerk', 'UPDATE orders SET id = id WHERE id = 1'), '42501', 'an hour has passed for the grant');
like(value(q{SELECT comment FROM warrant.audit_log WHERE event = 'clock_changed' ORDER BY seq DESC LIMIT 1}), qr/^set forward by /, 'recorded, too');

# Ahead by half a year for a moment, whether the recorder sees that moment or not.
for my $moment (0, 1)
{
	my $grant = $node->let('LOCK');
	$node->set_clock(200 * DAY);
	state_of('clerk', 'SELECT FROM orders') if $moment;
	$node->set_clock(0);
	$started = time;
	my ($state, $err) = $node->sqlstate_as('clerk', 'SELECT FROM orders');
	like($err, qr/requires approval/, 'after a moment ahead a statement is refused as ever') or diag($state);
	cmp_ok(time - $started, '<', 240, 'soon');
	$node->works('after a moment ahead');
	is(value("SELECT count(*) FROM warrant.requests WHERE state = 'pending' AND expires_at > clock_timestamp() + '2 days'"), '0', 'no request lives longer');
	is(value("SELECT count(*) FROM warrant.active_grants WHERE ends_at > clock_timestamp() + '2 days'"), '0', 'nor a grant');
}

# Ahead by half a year, for good: the partitions for then are made at once, and grants are given by the new time.
followed(200 * DAY, 'far ahead');
$node->works('far ahead', $_) for @databases;
is(value(<<"SQL"), '5', "$_ has partitions for then and ahead") for 'warrant.audit_log', 'warrant.audit_text';
SELECT count(to_regclass('$_' || to_char(date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') + ahead * interval '1 month', '_YYYY_MM')))
  FROM generate_series(0, 4) AS ahead
SQL
is(value(q{SELECT warning IS NULL FROM warrant.status() WHERE item = 'audit partitions ahead'}), 't', 'status() has nothing to say');

# Waits take as long as they would: a clock that is set back under them makes none longer.
my $waiting = $node->safe_as('clerk', "SELECT warrant.request('{TRUNCATE}', on_table => 'orders')");
my $session = $node->session_as('clerk');
$started = time;
$session->query_until(qr/waiting/, "\\echo waiting\nCALL warrant.wait_for($waiting, '3 s');\n\\echo waited\n");
sleep 1;
followed(0, 'set back under a wait');
$session->query_until(qr/waited/, '');
like($session->{stderr}, qr/still pending/, 'a wait of 3 s has ended');
cmp_ok(time - $started, '<', 240, 'in time');
$session->quit;
$node->works('set back by half a year', $_) for @databases;

# While the server is down.
for my $boot ('first', 'second')
{
	my $what = $boot eq 'first' ? 'set back while the server was down' : 'and the machine, too';
	$node->let('UPDATE');
	my $grant = $node->safe_as('boss', "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', duration => '3 s')");
	my $before = changes();
	$node->stop;
	$node->new_boot($boot);
	$node->set_clock($boot eq 'first' ? -1 * HOUR : -2 * HOUR);
	sleep 3;
	$node->start;
	ok($node->eventually(sub { (try_changes() // 0) > $before }), "$what: the recorder follows at its start");
	ok($node->eventually(sub { state_of('clerk', 'SELECT FROM orders') eq '42501' }), "$what: a grant of 3 s has ended");
	is(state_of('clerk', 'UPDATE orders SET id = id WHERE id = 1'), 'none', "$what: one of half an hour lives");
	is(value("SELECT count(*) FROM warrant.active_grants WHERE ends_at > clock_timestamp() + '30 min'"), '0', "$what: and no longer");
	$node->works($what);
}
sub try_changes { return $node->try_query(q{SELECT count(*) FROM warrant.audit_log WHERE event = 'clock_changed'}); }
is(value('SELECT count(*) - count(DISTINCT action_id) FROM warrant.action_results'), '0', 'no action has the number of another');
$node->stop;
done_testing();
