# Reminders and escalation come once each: after a server that was down, and whatever the clock does meanwhile.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;
use ShiftedClock;

use constant HOUR => 3600;
my $node = ShiftedClock->running('reminders');
sub value { return $node->safe_as('dba', @_); }
sub told { my ($request) = @_; return value("SELECT string_agg(event, ' ' ORDER BY event) FROM warrant.audit_log WHERE request_id = $request AND event ~ '^request_(rem|esc)'"); }
sub becomes { my ($request, $events, $what) = @_; ok($node->eventually(sub { told($request) eq $events }), $what) or diag(told($request)); }

value(q{CREATE ROLE board; GRANT board TO boss; CREATE TABLE ledger (a int); GRANT ALL ON ledger TO clerk;
	SELECT warrant.create_policy('ledger', 'approve', on_table => 'ledger', remind_after => '5 s', escalate_after => '10 min', escalate_to => 'board')});

# The clock is set back while it waits: it waits no longer for that. Set forward, what is due is done at once.
my $request = $node->safe_as('clerk', "SELECT warrant.request('{SELECT}', on_table => 'ledger')");
$node->set_clock(-1 * HOUR);
becomes($request, 'request_reminded', 'reminded after some seconds, not after an hour');
my $due = value("SELECT due_at - clock_timestamp() BETWEEN '5 min' AND '10 min' FROM warrant.reminders WHERE request_id = $request");
is($due, 't', 'and escalated when it would have been');
$node->set_clock(-1 * HOUR + 1200);
becomes($request, 'request_escalated request_reminded', 'escalated when the clock is set forward');
$node->set_clock(-1 * HOUR);
value('SELECT warrant.action_result(0)');
is(told($request), 'request_escalated request_reminded', 'but once');

# What was due while the server was down.
$node->set_clock(0);
value('SELECT warrant.action_result(0)');
value(q{SELECT warrant.alter_policy('ledger', '{"remind_after": "2 s", "escalate_after": "3 s"}')});
my $late = $node->safe_as('clerk', "SELECT warrant.request('{INSERT}', on_table => 'ledger')");
$node->stop('immediate');
sleep 4;
$node->start;
$node->wait_until_ready;
becomes($late, 'request_escalated request_reminded', 'what was due while the server was down is done');
$node->restart;
$node->wait_until_ready;
value('SELECT warrant.action_result(0)');
is(told($late), 'request_escalated request_reminded', 'and not again after a restart');
is(told($request), 'request_escalated request_reminded', 'nor of an older request');
is(value('SELECT count(*) FROM warrant.reminders'), '0', 'nothing is left to do');
$node->log_is_sound;
$node->stop;
done_testing;
