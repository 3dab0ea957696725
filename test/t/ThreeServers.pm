# Three copies of one server: plain has no gate; idle has the extension in database work, and nothing is protected; granted has all of it protected,
# superusers too, under grants of everything. Ordinary work gives the same in all of them. Clerk owns the database, dba is a superuser.
package ThreeServers;
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::RecursiveCopy;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my @everybody = ('clerk', 'dba', 'postgres');

# started(NAME, { libraries => sub (gate) { ... }, fill => sub (node) { ... } }, SETTING...): libraries says what is preloaded besides
# or around the gate, fill makes what the three shall have in common.
sub started
{
	my ($class, $name, $has, @settings) = @_;
	my $libraries = $has->{libraries} // sub { $_[0] };
	my $plain = GatedServer->prepared("${name}_plain", "shared_preload_libraries = '" . $libraries->('') . "'", @settings);
	$plain->start;
	$plain->safe_psql('postgres', <<'SQL');
CREATE ROLE clerk LOGIN; CREATE ROLE boss LOGIN; CREATE ROLE dba SUPERUSER LOGIN;
DO $$ BEGIN CREATE ROLE postgres SUPERUSER LOGIN; EXCEPTION WHEN duplicate_object THEN END $$;
CREATE DATABASE work OWNER clerk;
SQL
	$has->{fill}->($plain) if $has->{fill};
	$plain->stop;

	my $self = bless { nodes => { plain => $plain } }, $class;
	mkdir $plain->backup_dir;
	PostgreSQL::Test::RecursiveCopy::copypath($plain->data_dir, $plain->backup_dir . '/cold');
	for my $kind ('idle', 'granted')
	{
		my $node = $self->{nodes}{$kind} = bless PostgreSQL::Test::Cluster->new("${name}_$kind"), 'GatedServer';
		$node->init_from_backup($plain, 'cold');
		$node->append_conf('postgresql.conf', "shared_preload_libraries = '" . $libraries->('pg_warrant') . "'");
	}
	$self->{nodes}{granted}->append_conf('postgresql.conf', 'pg_warrant.enforce_superuser = on');
	$_->start for $self->nodes;
	$_->safe_as('dba', 'CREATE EXTENSION pg_warrant; GRANT warrant_approver TO boss', 'work') for $self->{nodes}{idle}, $self->{nodes}{granted};
	$_->wait_until_ready('work') for $self->{nodes}{idle}, $self->{nodes}{granted};
	$self->{nodes}{granted}->safe_as('dba', 'SET client_min_messages = warning; SELECT warrant.protect_database()', 'work');
	is($self->{nodes}{granted}->sqlstate_as($_, 'CREATE TABLE IF NOT EXISTS tried ()', 'work'), '42501', "granted: $_ needs a grant") for @everybody;
	$self->{nodes}{granted}->safe_as('boss', "SELECT warrant.grant('$_', '{ALL,ADMIN}', on_database => true, duration => '8 h')", 'work') for @everybody;
	($self->{refusals}) = $self->refusals;
	return $self;
}

sub nodes { my ($self) = @_; return map { $self->{nodes}{$_} } 'plain', 'idle', 'granted'; }
sub plain { return $_[0]->{nodes}{plain}; }

# The code, given the node, returns the same text for each.
sub same
{
	my ($self, $what, $code) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $expected = $code->($self->plain);
	isnt($expected // '', '', "$what: there is something to compare");
	is($code->($self->{nodes}{$_}), $expected, "$what: $_ as plain") for 'idle', 'granted';
	return $expected;
}

# same_answers(WHAT, ROLE, SQL): all that psql says, errors with their SQLSTATE and context.
sub same_answers
{
	my ($self, $what, $role, $sql, @options) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return $self->same($what, sub { answers($_[0], $role, $sql, @options) });
}

sub answers
{
	my ($node, $role, $sql, @options) = @_;
	my ($out, $directory) = ('', $node->host);
	IPC::Run::run([ 'psql', '-X', '-a', '-v', 'VERBOSITY=verbose', @options, '-d', $node->connstr('work') . " user=$role", '-f', '-' ],
		'<', \$sql, '>', \$out, '2>&1', IPC::Run::timeout($GatedServer::patience_s));
	# What tells the servers apart. A port by itself may be an SQLSTATE: 23505 is both.
	$out =~ s/\Q$directory\E/(socket)/g;
	my $port = $node->port;
	$out =~ s/(\.s\.PGSQL\.|\bport\W+)$port\b/$1(port)/gi;
	$out =~ s{with PID \d+}{with PID (pid)}g;
	return $out;
}

# A program of the server's, given how to connect.
sub same_program
{
	my ($self, $what, $role, @command) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return $self->same($what, sub {
			my ($node) = @_;
			my ($out, $err) = ('', '');
			my @arguments = @command;
			my $program = shift @arguments;
			my $ok = IPC::Run::run([ $program, '-h', $node->host, '-p', $node->port, '-U', $role, @arguments ], '<', \undef, '>', \$out, '2>', \$err,
				IPC::Run::timeout($GatedServer::patience_s));
			return ($ok ? 'succeeded' : 'failed') . "\n$out$err";
		});
}

sub rich_schema { return PostgreSQL::Test::Utils::slurp_file("$FindBin::Bin/rich_schema.sql"); }

sub refusals
{
	my ($self) = @_;
	# A record before the question, so that what came earlier is sealed.
	return map { $_->safe_as('dba', 'SELECT warrant.action_result(0)', 'work');
		$_->safe_as('dba', "SELECT count(*) FROM warrant.audit_log WHERE event IN ('refused', 'would_refuse', 'indirect_attempt')", 'work') }
	  $self->{nodes}{granted}, $self->{nodes}{idle};
}

# The gate let everything through: under the grants where all is protected, silently where nothing is.
sub stop
{
	my ($self) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($granted, $idle) = $self->refusals;
	is($granted - $self->{refusals}, 0, 'granted: nothing was refused');
	is($idle, 0, 'idle: nothing was refused');
	cmp_ok($self->{nodes}{granted}->safe_as('dba', "SELECT count(*) FROM warrant.audit_log WHERE event = 'allowed'", 'work'), '>', 0,
		'granted: what was done was recorded');
	# Replication connections are recorded anyway.
	is($self->{nodes}{idle}->safe_as('dba', "SELECT count(*) FROM warrant.audit_log WHERE event IN ('allowed', 'exempt')
		AND coalesce(comment, '') NOT LIKE '%replication connection'", 'work'), '0', 'idle: what was done was not the gate\'s business');
	$_->stop for $self->nodes;
}

1;
