# Hours of a policy: each edge to the moment, over midnight and on both days on which the clocks change, in one session that keeps what it has decided;
# under open policies and grants, in prepared statements, cursors and old snapshots; on a standby; and what nobody can read is never open.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use POSIX ();
use Test::More;
use Time::HiRes qw(time);
use Time::Local qw(timegm);
use GatedServer;
use ShiftedClock;

use constant { MINUTE => 60, HOUR => 3600, DAY => 86400 };
my $node = ShiftedClock->prepared('hours');
$node->append_conf('postgresql.conf', $_) for 'wal_level = replica', 'max_wal_senders = 4', "plan_cache_mode = 'force_generic_plan'";
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE clerk LOGIN; CREATE ROLE boss LOGIN; CREATE ROLE auditor LOGIN; CREATE ROLE dba SUPERUSER LOGIN');
$node->add_gate('postgres');
$node->safe_psql('postgres', 'GRANT warrant_approver TO boss');
sub value { return $node->safe_as('dba', @_); }
sub requests { return value('SELECT count(*) FROM warrant.requests'); }

# A table of this name, and a policy of this name on it.
sub table
{
	my ($name, $hours, $effect) = @_;
	value("CREATE TABLE $name (id int); INSERT INTO $name VALUES (1), (2); GRANT SELECT ON $name TO clerk;");
	value(sprintf q{SELECT warrant.create_policy('%s', '%s', on_table => '%1$s', commands => '{SELECT}', hours => '%s')}, $name, $effect // 'open', $hours);
	return;
}

# The night in which summer begins, in Berlin as in all of Europe, at 01:00 UTC: the next one that leaves room for the days before it. And that of autumn.
sub last_sunday { my ($year, $month) = @_; my $day = timegm(0, 0, 1, 31, $month, $year); return $day - (gmtime $day)[6] * DAY; }
my $year = (gmtime)[5] + 1900;
$year++ while last_sunday($year, 2) < time + 10 * DAY;
my ($spring, $autumn) = (last_sunday($year, 2), last_sunday($year, 9));
my ($opens, $closes) = ($spring - 28 * HOUR, $spring - 20 * HOUR);    # Friday 22:00 and Saturday 06:00 there

# What is closed now, and open, here and on a standby, whose clock is right.
my $other_day = POSIX::strftime('%a', gmtime(time + 3 * DAY));
table('closed', "$other_day 00:00-24:00 UTC");
table('always', '00:00-24:00 UTC');
my ($state, $err) = $node->sqlstate_as('clerk', 'TABLE closed');
is($state, '42501', 'outside of the hours an open policy refuses');
like($err, qr/Policy "closed" does not let it run: its hours are $other_day 00:00-24:00 UTC, and begin next on $other_day 20\d\d-\d\d-\d\d 00:00 UTC\./,
	'and says which they are and when they begin');
is(value('SELECT count(*) FROM closed'), '2', 'not for who is exempt');
is($node->sqlstate_as('clerk', 'TABLE always'), 'none', 'always is always');
is(requests(), '0', 'nothing is asked for');
like(value(q{SELECT string_agg(event || ' ' || policy_name || ' ' || comment, '') FROM warrant.audit_log WHERE event = 'refused'}),
	qr/^refused closed policy "closed" does not let it run: its hours are /, 'the log says why');
$node->backup('base');
my $standby = GatedServer->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
is($standby->sqlstate_as('clerk', 'TABLE closed'), '55000', 'a standby refuses, too, where nothing can be recorded');
is($standby->sqlstate_as('clerk', 'TABLE always'), 'none', 'and lets run');
$standby->stop;

table('night', 'Fri 22:00-06:00 Europe/Berlin', 'approve');
table('before', 'Sun 01:00-02:00 Europe/Berlin');
table('skipped', 'Sun 02:00-03:00 Europe/Berlin');
table('after', 'Sun 03:00-04:00 Europe/Berlin');
table('late', 'Sat 22:00-03:30 Europe/Berlin');
table('twice', 'Sun 02:15-02:45 Europe/Berlin');
table('torn', 'Sun 02:30-04:00 Europe/Berlin');
my $session = $node->session_as('clerk');
my %names = map { $_ => 1 } qw(night before skipped after late twice torn);
$node->ask($session, "PREPARE $_ AS TABLE $_;") for sort keys %names;

sub at { my ($moment) = @_; $node->set_clock(int($moment - time)); return; }

# edge(MOMENT, [TABLE, BEFORE, AFTER, WHAT]...): at this moment, and not before, the session's answers change from one to the other. The clock is never
# set back, because time would stand still then.
sub edge
{
	my ($moment, @tables) = @_;
	my (%wrong, %seen);
	at($moment - 300);    # a slow machine may miss the last seconds, and not these minutes
	my $now = q{SELECT extract(epoch FROM clock_timestamp());};
	my $patience = time + $PostgreSQL::Test::Utils::timeout_default;
	for (my $round = 1; time < $patience; $round++)
	{
		at($moment - 5) if $round == 2;
		for (@tables)
		{
			my ($table, $before, $after) = @$_;
			my ($from) = $node->ask($session, $now);
			(undef, $state, $err) = $node->ask($session, "EXECUTE $table;");
			my ($until) = $node->ask($session, $now);
			my $expected = $until < $moment ? $before : $from >= $moment ? $after : next;
			$seen{$table}{ $until < $moment ? 'before' : 'after' }++;
			$wrong{$table} //= "$state, not $expected, between $from and $until: $err" if $state ne $expected;
		}
		last if !grep { ($seen{ $_->[0] }{after} // 0) < 3 } @tables;
	}
	for (@tables)
	{
		is($wrong{ $_->[0] }, undef, "$_->[0]: $_->[3]");
		ok($seen{ $_->[0] }{before} && $seen{ $_->[0] }{after}, "$_->[0]: both sides were seen") or diag(explain($seen{ $_->[0] }));
	}
	return;
}

# Over midnight, under a grant. What began before goes on, and is asked again with each fetch.
edge($opens, [ 'night', '42501', '42501', 'closed, and then without a grant' ]);
like($err, qr/requires approval/, 'which can be asked for now');
value('SELECT warrant.action_result(0)');
is($node->sqlstate_as('boss', q{SELECT warrant.grant('clerk', '{SELECT}', on_table => 'night', duration => '23 hours')}), 'none', 'a grant for the day');
at($closes - 5 * MINUTE);
my $reader = $node->session_as('clerk');
is(($node->ask($reader, 'BEGIN ISOLATION LEVEL REPEATABLE READ; DECLARE c CURSOR FOR TABLE night; FETCH c;'))[1], 'none', 'a cursor before the end');
my $asked = requests();
edge($closes, [ 'night', 'none', '42501', 'over midnight, to the minute' ]);
like($err, qr/does not let it run: its hours/, 'which says why');
is(requests(), $asked, 'no request is filed that could not help');
is(($node->ask($reader, 'SAVEPOINT s; FETCH c;'))[1], '42501', 'a fetch behind the end is refused');
is(($node->ask($reader, 'ROLLBACK TO s; TABLE night;'))[1], '42501', 'so is an old snapshot');
$reader->quit;
is(value(q{SELECT count(*) FROM warrant.active_grants WHERE 'SELECT' = ANY (commands)}), '1', 'the grant lives');
is(value(q{SELECT string_agg(rule || ': ' || answer, ', ' ORDER BY step) FROM warrant.explain('clerk', 'SELECT', 'night')}),
	'privileges: goes on, policy: goes on, exempt: goes on, hours: refuse', 'explain says that the hours refuse');

# Summer begins: 02:00 becomes 03:00.
edge($spring,
	[ 'before', 'none', '42501', 'the hour before the change ends with it' ],
	[ 'skipped', '42501', '42501', 'the hour that is left out does not come' ],
	[ 'after', '42501', 'none', 'the hour behind begins' ]);
edge($spring + 30 * MINUTE, [ 'late', 'none', '42501', 'a night that is an hour shorter' ]);

# Summer ends: 03:00 becomes 02:00 again.
edge($autumn - 45 * MINUTE, [ 'twice', '42501', 'none', 'a window in the hour that comes twice opens' ]);
edge($autumn - 30 * MINUTE, [ 'torn', '42501', 'none', 'one that begins in that hour opens' ]);
edge($autumn - 15 * MINUTE, [ 'twice', 'none', '42501', 'closes' ]);
edge($autumn, [ 'torn', 'none', '42501', 'closes when the hour comes again' ]);
edge($autumn + 15 * MINUTE, [ 'twice', '42501', 'none', 'opens again' ]);
edge($autumn + 30 * MINUTE, [ 'torn', '42501', 'none', 'opens again' ]);
edge($autumn + 45 * MINUTE, [ 'twice', 'none', '42501', 'and closes' ]);
$session->quit;

# What a restored dump says may be written by another release, or name a zone that is gone: it is never open, and can be dropped.
$node->append_conf('postgresql.conf', 'pg_warrant.allow_restore = on');
$node->restart;
value(q{UPDATE warrant.policies SET hours = '00:00-24:00 Europe/Atlantis' WHERE name = 'always'; UPDATE warrant.policies SET hours = 'whenever' WHERE name = 'closed'});
like(($node->sqlstate_as('clerk', 'TABLE always'))[1], qr/its hours are 00:00-24:00 Europe.Atlantis, in a time zone that this server does not know/, 'no zone, never open');
like(($node->sqlstate_as('clerk', 'TABLE closed'))[1], qr/this release cannot read its hours "whenever"/, 'no hours, never open');
is(value(q{SELECT string_agg(warrant.drop_policy(name)::text, '') FROM warrant.policies WHERE name IN ('always', 'closed')}), '', 'they can be dropped');
is($node->sqlstate_as('clerk', 'TABLE always'), 'none', 'which ends it');
done_testing();
