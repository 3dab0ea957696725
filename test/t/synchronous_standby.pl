# What was acknowledged is not lost with the server: where the configuration has commits wait for a synchronous standby, actions, refusals, audited
# statements, notifications and webhooks wait for it as well, whatever the session has set. A standby that is gone delays those who ask, for
# pg_warrant.audit_timeout, and stops nobody's record.
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
append_to_file($secrets, "bank = $Receiver::secret\n");
chmod 0600, $secrets or die "$secrets: $!";

my $node = GatedServer->prepared('primary', "pg_warrant.secret_file = '$secrets'", q{pg_warrant.decision_wait = '0'}, 'max_wal_senders = 5', 'wal_level = replica',
	'hot_standby = on', 'fsync = on');
$node->append_conf('pg_hba.conf', 'local replication all trust');
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE clerk LOGIN; CREATE ROLE boss LOGIN; CREATE ROLE auditor LOGIN; CREATE ROLE dba SUPERUSER LOGIN');
$node->add_gate('postgres');
$node->safe_psql('postgres', 'GRANT warrant_approver TO boss; GRANT warrant_auditor TO auditor');
my ($url, $authority) = ($receiver->url('pending'), $receiver->authority);
$node->safe_as('dba', <<"SQL");
CREATE TABLE bills (id int);
GRANT ALL ON bills TO clerk;
SELECT warrant.add_webhook('desk', '$url', 'decision', 'bank', allowed_networks => '{127.0.0.1}', ca_file => '$authority');
SELECT warrant.create_policy('bills', 'approve', on_table => 'bills', webhook => 'desk');
SQL

$node->backup('copy');
my $standby = bless PostgreSQL::Test::Cluster->new('standby'), 'GatedServer';
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', q{synchronous_standby_names = ''});
$standby->start;

sub value { $node->safe_as('dba', $_[0]) }

# What the server is set to. Its workers come to know it a moment later.
sub set
{
	my ($name, $value) = @_;
	$node->safe_psql('postgres', "ALTER SYSTEM SET $name = '$value'");
	$node->reload;
	$node->eventually(sub { $node->safe_psql('template1', "SELECT setting FROM pg_settings WHERE name = '$name'") eq $value }) or die $name;
}

sub receiver_of { $standby->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'walreceiver'}) }

# While the standby's receiver stands still nothing reaches it, and only then nobody waits for long.
sub while_standby_stands
{
	my ($code) = @_;
	my $pid = receiver_of();
	set('pg_warrant.audit_timeout', '3000');    # longer than a recorder takes that is slow
	kill 'STOP', $pid or die "cannot stop $pid";
	$code->();
	kill 'CONT', $pid;
	set('pg_warrant.audit_timeout', '300000');
}

my $grant = $node->let('UPDATE');
is($node->sqlstate_as('clerk', 'UPDATE orders SET status = status WHERE id > 0'), 'none', 'without a synchronous standby nobody waits');
set('synchronous_standby_names', 'standby');
ok($node->eventually(sub { value(q{SELECT sync_state FROM pg_stat_replication}) eq 'sync' }), 'the standby is synchronous') or BAIL_OUT('no standby');
is($node->sqlstate_as('clerk', 'UPDATE orders SET status = status WHERE id > 0'), 'none', 'with one that is there everything goes on');
$node->safe_as('boss', "SELECT warrant.revoke($grant)");
$node->works('and all works');
$grant = $node->let('UPDATE');

# --- it is gone ---

$node->safe_psql('postgres', q{ALTER ROLE boss SET synchronous_commit = off; ALTER ROLE clerk SET synchronous_commit = local; ALTER DATABASE postgres SET synchronous_commit = off});
my $limited = $node->safe_as('boss', "SELECT warrant.grant('clerk', '{DELETE}', on_table => 'orders', max_uses => 3)");
my ($request, $state, $err);
my $listener = $node->session_as('auditor');
$node->ask($listener, 'LISTEN warrant');
my $sent = () = $receiver->deliveries;
while_standby_stands(sub {
	my $begin = time;
	($state, $err) = $node->sqlstate_as('boss', "SELECT warrant.revoke($grant)");
	is($state, '40003', 'an action is in doubt');
	cmp_ok(time - $begin, '>=', 3, 'after the wait');
	like($err, qr/action \d+ may have been done\nDETAIL:  It is done here, but no synchronous standby has confirmed it\./, 'and says why');
	($state, $err) = $node->sqlstate_as('clerk', 'UPDATE orders SET status = status WHERE id > 0');
	is($state, '55000', 'a refusal is not told');
	like($err, qr/no synchronous standby confirms the refusal/, 'and says why');
	unlike($err, qr/[Rr]equest \d/, 'nor its number');
	($state, $err) = $node->sqlstate_as('clerk', 'INSERT INTO bills VALUES (1)');
	is($state, '55000', 'nor one that a webhook decides');
	($state, $err) = $node->sqlstate_as('clerk', 'DELETE FROM orders WHERE id = 1');
	is($state, '40003', 'a use of a limited grant is in doubt');
	$node->safe_psql('postgres', q{ALTER SYSTEM SET pg_warrant.audit_failure = 'deny'});
	is(value('SELECT count(*) FROM orders'), '100', 'and its statement has not run');
	is($node->sqlstate_as('dba', 'UPDATE orders SET status = status WHERE id > 0'), 'none', 'those who are exempt do not wait');
	ok($node->eventually(sub { value("SELECT count(*) FROM warrant.audit_log WHERE event = 'exempt' AND command = 'UPDATE'") > 0 }), 'and are recorded all the same');
	is(value("SELECT count(*) FROM warrant.pending WHERE commands IN ('UPDATE', 'INSERT')"), '2', 'the requests are filed here');
	is(() = $receiver->deliveries, $sent, 'but nothing is sent');
	unlike(($node->ask($listener, 'SELECT 1'))[0], qr/request_created|grant_revoked/, 'nor notified');
});
is(value("SELECT string_agg(concat_ws(' ', event, outcome, sqlstate), ', ' ORDER BY seq) FROM warrant.audit_log WHERE grant_id = $limited AND event <> 'grant_created'"),
	'allowed, outcome error 40003', 'the statement that was in doubt has its outcome');
ok($node->eventually(sub { (() = $receiver->deliveries) > $sent }), 'when the standby is back it is sent');
my $told = '';
ok($node->eventually(sub { $told .= ($node->ask($listener, 'SELECT 1'))[0]; $told =~ /request_created/ && $told =~ /grant_revoked/ }), 'and notified') or diag($told);
$listener->quit;
($state, $err) = $node->sqlstate_as('clerk', 'UPDATE orders SET status = status WHERE id > 0');
is($state, '42501', 'and the refusal is told');
($request) = $err =~ /equest (\d+)/;

# --- an audited statement ---

$grant = $node->let('SELECT');
while_standby_stands(sub {
	($state, $err) = $node->sqlstate_as('clerk', 'SELECT count(*) FROM orders');
	is($state, '55000', 'an audited statement is refused');
	like($err, qr/No synchronous standby has confirmed its row\./, 'and says why');
	set('pg_warrant.audit_failure', 'allow');
	is($node->sqlstate_as('clerk', 'SELECT count(*) FROM orders'), 'none', 'unless audit_failure says otherwise');
	set('pg_warrant.audit_failure', 'deny');
	set('synchronous_commit', 'local');
	ok($node->eventually(sub { $node->sqlstate_as('clerk', 'SELECT count(*) FROM orders') eq 'none' }), 'or the configuration asks for no standby any more');
	set('synchronous_commit', 'remote_apply');
	ok($node->eventually(sub { $node->sqlstate_as('clerk', 'SELECT count(*) FROM orders') eq '55000' }), 'or asks for one again');
});
is($node->sqlstate_as('clerk', 'SELECT count(*) FROM orders'), 'none', 'with the standby it runs');

# --- a failover ---

my $revoked = $node->safe_as('boss', "SELECT warrant.revoke($grant)");
my ($filed) = ($node->sqlstate_as('clerk', 'TRUNCATE orders'))[1] =~ /equest (\d+)/;
ok(defined $filed, 'a request is filed');
my $last = value('SELECT max(seq) FROM warrant.audit_log');
$node->stop('immediate');
$standby->promote;
$standby->wait_until_ready;
is($standby->safe_as('dba', "SELECT closed_at IS NOT NULL FROM warrant.grants WHERE id = $grant"), 't', 'a revoke that was acknowledged is not lost by a failover');
is($standby->sqlstate_as('clerk', 'SELECT count(*) FROM orders'), '42501', 'the grant is dead');
my ($next) = ($standby->sqlstate_as('clerk', 'SELECT count(*) FROM orders'))[1] =~ /equest (\d+)/;
cmp_ok($next, '>', $filed, 'and no number is given again');
is($standby->safe_as('dba', "SELECT command FROM warrant.audit_log WHERE event = 'request_created' AND request_id = $filed"), 'TRUNCATE', 'to another request');
$standby->log_is_sound;
done_testing();
