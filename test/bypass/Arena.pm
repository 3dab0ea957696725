# A server that vectors are tried on, with or without the gate. Each try begins with the same shop.
package Arena;
use strict;
use warnings;
use File::Path qw(remove_tree);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(usleep time);

our $secret = '4929158077310042';
my $patience_s = $PostgreSQL::Test::Utils::timeout_default;

# start(NAME, GATED, HOME): HOME has stage.sql and scene.sql.
sub start
{
	my ($class, $name, $gated, $home) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init;
	$node->append_conf('postgresql.conf', $_) for 'autovacuum = off', 'max_worker_processes = 16', 'max_prepared_transactions = 5', 'wal_level = logical',
	  'max_wal_senders = 5', "include_if_exists 'vector.conf'";
	$node->append_conf('postgresql.conf', $_)
	  for $gated ? ("shared_preload_libraries = 'pg_warrant'", 'pg_warrant.refusal_rate = 1000', 'pg_warrant.max_pending = 100000',
		"pg_warrant.audit_timeout = '${patience_s}s'") : ();
	$node->start;
	my $self = bless { node => $node, gated => $gated, home => $home, files => $node->basedir . '/files' }, $class;
	$self->_psql_or_die('postgres', 'postgres', "\\i $home/stage.sql\n");
	$self->_open_gate if $gated;
	return $self;
}

sub _open_gate
{
	my ($self) = @_;
	$self->_psql_or_die('market', 'dba', "CREATE EXTENSION pg_warrant;\nGRANT warrant_approver TO boss, dba;\n");
	$self->_await_recorder;
}

sub _await_recorder
{
	my ($self, $database) = @_;
	my $end = time + $patience_s;
	until ($self->_psql_or_die($database // 'market', 'dba', "SELECT count(*) FROM warrant.status() WHERE item = 'recorder' AND value LIKE 'running%';\n") == 1)
	{
		die 'the recorder did not start' if time > $end;
		usleep(50_000);
	}
}

# What a vector adds to the server's configuration, in force for who connects from now on. A session that has only begun has no other settings, so that
# with them guards are switched off here, too.
sub _configure
{
	my ($self, $lines) = @_;
	return if $lines eq ($self->{configuration} // '');
	my $ask = "SELECT pg_conf_load_time();\n";
	my $before = $self->_psql_or_die('market', 'dba', $ask);
	_write($self->{node}->data_dir . '/vector.conf', $lines);
	$self->_psql_or_die('market', 'dba', "SELECT pg_reload_conf();\n");
	my $end = time + $patience_s;
	while ($self->_psql_or_die('market', 'dba', $ask) eq $before)
	{
		die 'the configuration was not read' if time > $end;
		usleep(10_000);
	}
	$self->{configuration} = $lines;
}

# Some vectors are tried in a copy of the shop's database.
sub _copy
{
	my ($self, $name) = @_;
	$self->_psql_or_die('postgres', 'dba', "CREATE DATABASE $name TEMPLATE market;\nALTER DATABASE $name SET search_path = shop, desk, public;\n");
	$self->_await_recorder($_) for $self->{gated} ? ('market', $name) : ();
}

sub stop { $_[0]->{node}->stop; }

# Runs a script, and returns (exit status, stdout, stderr). Faster than IPC::Run.
sub _psql
{
	my ($self, $database, $role, $script, $options) = @_;
	my $node = $self->{node};
	my ($in, $out, $err) = map { $node->basedir . "/psql.$_" } qw(sql out err);
	_write($in, $script);
	my @command = ($node->installed_command('psql'), '-XqAt', '-h', $node->host, '-p', $node->port, '-U', $role, '-d', $database,
		'-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose', '-v', "secret=$secret", '-v', 'host=' . $node->host, '-v', 'port=' . $node->port,
		'-v', "files=$self->{files}", '-v', 'gated=' . ($self->{gated} ? 1 : 0), '-f', $in);
	my $pid = fork // die "fork: $!";
	if ($pid == 0)
	{
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', $out;
		open STDERR, '>', $err;
		@ENV{qw(PGHOST PGPORT PGUSER PGDATABASE)} = ($node->host, $node->port, $role, $database);
		$ENV{PGOPTIONS} = "-c statement_timeout=${patience_s}s" . ($options // '');
		exec @command or die "exec: $!";
	}
	waitpid $pid, 0;
	return ($? >> 8, _read($out), _read($err));
}

sub _psql_or_die
{
	my ($self, $database, $role, $script) = @_;
	my ($status, $out, $err) = $self->_psql($database, $role, $script, $self->{own_options} && " $self->{own_options}");
	die "psql as $role: $err" if $status != 0;
	return $out;
}

sub _write { my ($file, $text) = @_; open my $handle, '>', $file or die "$file: $!"; print $handle $text; close $handle; }
sub _read { my ($file) = @_; local $/; open my $handle, '<', $file or die "$file: $!"; return <$handle> // ''; }

# What dba finds: the facts about the relations, and, after the audit row SEQ, what was refused.
my $ask_facts = "SELECT judge.facts(:'secret') ORDER BY 1;\n";
my $ask_seq = "\\echo == seq\nSELECT coalesce(max(seq), 0) FROM warrant.audit_log;\n";
my $ask_refused = <<'SQL';
\echo == refused
SELECT command || ' ' || coalesce(relation_name, schema_name, 'database') || ' ' || session_user_name FROM warrant.audit_log
 WHERE seq > :mark AND event = 'refused' ORDER BY seq;
SQL

# try(VECTOR, WAY): way is 'plain', 'refused' or 'granted'. Returns what came of it: status, out, err, changes, shown, refused.
sub try
{
	my ($self, $vector, $way) = @_;
	return $self->_attack($vector, $way, $self->_prepare($vector, $way));
}

# For servers with debugging switches. Tries a vector, for which nothing is granted unless WAY says so, without these guards ("a,b"; '' for all
# in place).
sub try_without
{
	my ($self, $vector, $guards, $way) = @_;
	$way //= 'refused';
	local $self->{own_options} = '-c pg_warrant.mutant=';
	local $self->{guards} = $guards;
	$self->{saved} //= $self->_save;
	my $prepared = delete $self->{reusable}{"$vector->{name} $way"} // $self->_prepare($vector, $way);
	$self->_psql_or_die('market', 'dba', "ALTER ROLE ALL SET pg_warrant.mutant = '$guards';\n");
	my $try = eval { $self->_attack($vector, $way, $prepared) };
	my $broken = $try ? '' : $@;
	$try //= { status => 3, out => '', err => $broken, files => '', changes => ['the gate is broken'], refused => [] };
	my $done = @{ $try->{changes} } || $try->{status} == 0;
	$self->_renew if $broken || ($done && "@{[ $vector->relations ]} $vector->{attack}" =~ /\bwarrant\.\w+\b(?!\()/);
	# What was refused, and makes nothing before it is, can be tried again as it is.
	my $spent = $way ne 'refused' || $try->{status} == 0 || @{ $try->{changes} } || defined $vector->{before} || $vector->gate =~ /duration/ ||
	  $vector->{attack} =~ /CREATE|FROM STDIN|GRANT|PREPARE TRANS|\\!/;
	$self->{reusable} = $spent ? {} : { "$vector->{name} $way" => $prepared };
	return $try;
}

# What has got at the gate's own tables has left no gate to go on with: the server as it was at its start.
sub _renew
{
	my ($self) = @_;
	my ($node, $data) = ($self->{node}, $self->{node}->data_dir);
	$node->stop('immediate');
	remove_tree($data);
	system('cp', '-a', "$data.saved", $data) == 0 or die 'cp failed';
	delete $self->{configuration};
	$node->start;
	$self->_await_recorder;
}

sub _save
{
	my ($self) = @_;
	my $data = $self->{node}->data_dir;
	$self->{node}->stop;
	system('cp', '-a', $data, "$data.saved") == 0 or die 'cp failed';
	$self->{node}->start;
	$self->_await_recorder;
	return 1;
}

# The same with all of them, and the names of those that were asked: the others cannot matter.
sub try_asking
{
	my ($self, $vector) = @_;
	my $log = $self->{node}->logfile;
	my $from = -s $log;
	my $try = $self->try_without($vector, '?');
	my %asked = map { $_ => 1 } slurp_file($log, $from) =~ /^asks guard (\w+)$/mg;
	return ($try, sort keys %asked);
}

sub _attack
{
	my ($self, $vector, $way, $prepared) = @_;
	my $place = $vector->{in} // 'market';
	$self->_configure($vector->{configuration} . (defined $self->{guards} ? "pg_warrant.mutant = '$self->{guards}'\n" : ''))
	  if $self->{gated} && defined $vector->{configuration};
	my ($status, $out, $err) = $self->_psql($place, $vector->{as}, $self->_script($vector, $way));
	my $found = eval { $self->_psql_or_die($place, 'dba', $ask_facts . ($self->{gated} ? "\\set mark $prepared->{seq}\n$ask_refused" : '')) };
	my $broken = $@;
	$self->_psql_or_die('market', 'dba', "\\o /dev/null\n$vector->{after}") if defined $vector->{after};
	die $broken unless defined $found;
	my ($facts, $refused) = split /^== refused\n/m, $found;
	$out =~ s/^.*^== attack\n//ms if defined $vector->{before};
	return {
		status => $status, out => $out, err => $err, files => $self->_files,
		changes => _difference($prepared->{facts}, $facts),
		refused => [ split /\n/, $refused // '' ],
	};
}

sub _prepare
{
	my ($self, $vector, $way) = @_;
	remove_tree($self->{files});
	mkdir $self->{files} or die "$self->{files}: $!";
	$self->_configure('');
	my $script = "\\o /dev/null\n";
	$script .= "SET client_min_messages = error;\nSELECT warrant.drop_policy(name) FROM warrant.policies WHERE target_kind <> '!';\n" if $self->{gated};
	$script .= "\\i $self->{home}/scene.sql\n";
	$script .= ($vector->{setup} // '') . "\nRESET SESSION AUTHORIZATION;\nSET client_min_messages = error;\n";
	$script .= "SELECT judge.watch('{" . join(',', $vector->relations) . "}');\n";
	if ($vector->{in})
	{
		$self->_psql_or_die('market', 'dba', $script);
		$self->_copy($vector->{in});
		$script = "\\o /dev/null\nSET client_min_messages = error;\n";
	}
	$script .= $vector->gate . "\nRESET SESSION AUTHORIZATION;\n" if $self->{gated};
	my $lasting = $vector->{lapses} && $way eq 'refused' ? '1 second' : '10 min';
	if ($way eq 'granted' || ($way eq 'refused' && defined $vector->{before}))
	{
		# The ids are for the revoke.
		$script .= "\\o $self->{files}.grants\n" . $vector->grants($lasting, $way eq 'refused' && $vector->{uses}) . "\\o /dev/null\n";
	}
	$script .= "\\o\n$ask_facts" . ($self->{gated} ? $ask_seq : '');
	my ($facts, $seq) = split /^== seq\n/m, $self->_psql_or_die($vector->{in} // 'market', 'dba', $script);
	return { facts => $facts, seq => 0 + ($seq // 0) };
}

# The attack as psql gets it; between its two parts the grants end.
sub _script
{
	my ($self, $vector, $way) = @_;
	return $vector->{attack} unless defined $vector->{before};
	my $end = '';
	if ($way eq 'refused' && $vector->{uses}) { }    # they are used up
	elsif ($way eq 'refused' && $vector->{lapses}) { $end = "SELECT pg_sleep(1.2);\n"; }
	elsif ($way eq 'refused') { $end = '\! ' . $self->_revoke_command . "\n"; }
	return "$vector->{before}\n$end\\echo == attack\n$vector->{attack}";
}

sub _revoke_command
{
	my ($self) = @_;
	my $node = $self->{node};
	my $revoke = "$self->{files}.revoke";
	_write($revoke, join '', map { "SELECT warrant.revoke($_);\n" } grep { /^\d+$/ } split /\n/, _read("$self->{files}.grants"));
	return join ' ', $node->installed_command('psql'), '-XqAt -o /dev/null -h', $node->host, '-p', $node->port, '-U boss -d market -f', $revoke;
}

sub _files
{
	my ($self) = @_;
	my $all = '';
	$all .= _read($_) for grep { -f $_ } glob("$self->{files}/*");
	return $all;
}

sub _difference
{
	my ($before, $after) = @_;
	my %before = map { $_ => 1 } split /\n/, $before;
	my %after = map { $_ => 1 } split /\n/, $after;
	return [ (map { "- $_" } grep { !$after{$_} } sort keys %before), map { "+ $_" } grep { !$before{$_} } sort keys %after ];
}

1;
