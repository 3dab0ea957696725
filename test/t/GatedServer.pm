# A server with the gate, and people: clerk works, boss approves, auditor reads, dba is a superuser. Table orders is protected, notes is not.
package GatedServer;
use strict;
use warnings;
use parent -norequire, 'PostgreSQL::Test::Cluster';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

@GatedSession::ISA = ('PostgreSQL::Test::BackgroundPsql');
our $patience_s = $PostgreSQL::Test::Utils::timeout_default;

# prepared(NAME, SETTING...): initialised, with the library preloaded, not started.
sub prepared
{
	my ($class, $name, @settings) = @_;
	my $node = bless PostgreSQL::Test::Cluster->new($name), $class;
	$node->init;
	$node->append_conf('postgresql.conf', $_)
	  for "shared_preload_libraries = 'pg_warrant'", 'max_worker_processes = 16', 'restart_after_crash = on',
	  'autovacuum = off', 'pg_warrant.refusal_rate = 1000', 'max_prepared_transactions = 5',
	  "pg_warrant.audit_timeout = '${patience_s}s'", @settings;
	return $node;
}

# running(NAME, SETTING...): started, with the extension, the people and the tables in database postgres.
sub running
{
	my ($class, @rest) = @_;
	my $node = $class->prepared(@rest);
	$node->start;
	$node->safe_psql('postgres', 'CREATE ROLE clerk LOGIN; CREATE ROLE boss LOGIN; CREATE ROLE auditor LOGIN; CREATE ROLE dba SUPERUSER LOGIN');
	$node->add_gate('postgres');
	$node->safe_psql('postgres', 'GRANT warrant_approver TO boss; GRANT warrant_auditor TO auditor');
	return $node;
}

# The extension and both tables in one more database.
sub add_gate
{
	my ($self, $database) = @_;
	$self->safe_as('dba', <<'SQL', $database);
SET client_min_messages = warning;
CREATE EXTENSION pg_warrant;
CREATE TABLE orders (id int PRIMARY KEY, status text);
INSERT INTO orders SELECT g, 'new' FROM generate_series(1, 100) AS g;
CREATE TABLE notes (id int, note text);
GRANT ALL ON orders, notes TO clerk;
SELECT warrant.protect('orders');
SQL
	$self->wait_until_ready($database);
}

sub psql_as
{
	my ($self, $role, $sql, $database) = @_;
	return $self->psql($database // 'postgres', $sql, extra_params => [ '-U', $role, '-v', 'VERBOSITY=verbose' ]);
}

# The output, when it succeeds.
sub safe_as
{
	my ($self, $role, $sql, $database) = @_;
	my ($rc, $out, $err) = $self->psql_as($role, $sql, $database);
	die "$sql as $role: $err" if $rc != 0;
	return $out;
}

# The SQLSTATE of the error, 'none' without one, and all of stderr.
sub sqlstate_as
{
	my ($self, $role, $sql, $database) = @_;
	my ($rc, undef, $err) = $self->psql_as($role, $sql, $database);
	return wantarray ? (state_in($err), $err) : state_in($err);
}

sub state_in
{
	my ($err) = @_;
	return $err =~ /(?:ERROR|FATAL):\s+([0-9A-Z]{5}):/ ? $1 : $err eq '' || $err !~ /ERROR|FATAL|server closed/ ? 'none' : $err;
}

# The patience is for a statement, and for the end. By itself a session would have it for all that it does, and a slow test takes longer than that.
sub background_psql
{
	my ($self, @rest) = @_;
	my $session = bless $self->PostgreSQL::Test::Cluster::background_psql(@rest), 'GatedSession';
	$session->set_query_timer_restart;
	return $session;
}

sub GatedSession::quit
{
	my ($session) = @_;
	$session->{timeout}->start if $session->{timeout};
	return $session->PostgreSQL::Test::BackgroundPsql::quit;
}

sub session_as
{
	my ($self, $role, $database) = @_;
	return $self->background_psql($database // 'postgres', on_error_stop => 0,
		extra_params => [ '-U', $role, '-v', 'VERBOSITY=verbose' ]);
}

# What a background session answers, and its SQLSTATE.
sub ask
{
	my ($self, $session, $sql) = @_;
	$session->{stderr} = '';
	my $out = $session->query($sql);
	my $err = $session->{stderr};
	$session->{stderr} = '';
	return ($out, state_in($err), $err);
}

# Approves the request that a refused statement of clerk files; returns the grant.
sub let
{
	my ($self, $commands, $database) = @_;
	return $self->safe_as('boss', "SELECT warrant.grant('clerk', '{$commands}', on_table => 'orders')", $database);
}

# True as soon as the code is, within the patience; false afterwards.
sub eventually
{
	my ($self, $code) = @_;
	my $begin = time;
	while ((my $passed = time - $begin) < $patience_s)
	{
		return 1 if $code->();
		# What takes longer is asked for more seldom: each question starts a program.
		usleep($passed < 0.5 ? 50_000 : $passed < 3 ? 100_000 * $passed : 300_000);
	}
	return 0;
}

# Answers of a server that may be restarting: undef when it does not.
sub try_query
{
	my ($self, $sql, $database) = @_;
	# It raises when psql is gone before it has read the statement.
	my ($rc, $out) = eval {
		$self->psql($database // 'postgres', $sql, timeout => 60, timed_out => \my $late, extra_params => [ '-U', 'dba' ]) };
	return defined $rc && $rc == 0 ? $out : undef;
}

sub wait_until_ready
{
	my ($self, $database) = @_;
	$self->eventually(sub {
			($self->try_query(q{SELECT count(*) FROM warrant.status() WHERE item = 'recorder' AND value LIKE 'running%'}, $database)
				// 0) eq '1';
		}) or die 'the recorder of ' . ($database // 'postgres') . ' did not start';
}

sub recorder_pid
{
	my ($self, $database) = @_;
	$database //= 'postgres';
	return $self->try_query(
		"SELECT max(pid) FROM pg_stat_activity WHERE backend_type = 'pg_warrant recorder' AND datname = '$database'");
}

# Stops a recorder where it holds no lock: what must not wait for it would wait for ever.
sub hold_up
{
	my ($self, $recorder) = @_;
	return $self->eventually(sub {
		kill 'STOP', $recorder;
		return 1 if ($self->try_query("SELECT count(*) FROM pg_locks WHERE pid = $recorder AND locktype <> 'virtualxid'") // '') eq '0';
		kill 'CONT', $recorder;
		return 0;
	}) || die 'the recorder is never without a lock';
}

# A setting of the configuration file, and what SHOW answers then.
sub set_in_file
{
	my ($self, $name, $value, $shown) = @_;
	$self->append_conf('postgresql.conf', "$name = $value");
	$self->reload;
	$self->eventually(sub { ($self->try_query("SHOW $name") // '') eq $shown }) or die "$name is not $shown";
}

# Gate and recorder work: clerk is refused with a request, boss approves it, clerk gets through, and all is audited.
sub works
{
	my ($self, $what, $database) = @_;
	$self->wait_until_ready($database);
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	subtest $what => sub {
		my ($state, $err) = $self->sqlstate_as('clerk', 'DELETE FROM orders WHERE id < 0', $database);
		is($state, '42501', 'refused');
		my ($request) = $err =~ /Request (\d+)/;
		ok(defined $request, 'with a request') or diag($err);
		my $grant = $self->safe_as('boss', "SELECT warrant.approve($request)", $database);
		is($self->sqlstate_as('clerk', 'DELETE FROM orders WHERE id < 0', $database), 'none', 'runs when approved');
		$self->safe_as('boss', "SELECT warrant.revoke($grant)", $database);
		is($self->sqlstate_as('clerk', 'DELETE FROM orders WHERE id < 0', $database), '42501', 'refused when revoked');
		is($self->safe_as('dba', "SELECT string_agg(event, ' ' ORDER BY seq) FROM warrant.audit_log
			WHERE grant_id = $grant AND event <> 'outcome'", $database), 'grant_created allowed grant_revoked', 'audited');
		$self->log_is_sound($database);
	};
}

# seq is 1..n, and sealed_at decreases only where the clock was set back, which has a row.
sub log_is_sound
{
	my ($self, $database) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($self->safe_as('dba', <<'SQL', $database), '0|0', 'seq has no gap and no duplicate, sealed_at decreases with the clock alone');
SELECT count(*) FILTER (WHERE seq <> place), count(*) FILTER (WHERE sealed_at < before - interval '1 s' AND event <> 'clock_changed')
  FROM (SELECT seq, row_number() OVER (ORDER BY seq) AS place, event, sealed_at, lag(sealed_at) OVER (ORDER BY seq) AS before FROM warrant.audit_log) AS l
SQL
}

# After kill -9 of the postmaster its children need a moment to leave; start() takes the stale pid file for a server.
sub start_again
{
	my ($self) = @_;
	$self->eventually(sub {
			return 1 if $self->start(fail_ok => 1);
			undef $self->{_pid};
			return 0;
		}) or BAIL_OUT('the server does not start again');
}

1;
