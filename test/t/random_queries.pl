# Random queries, the same on a server without the gate and on those with it, as a superuser and as an ordinary role: no crash, no internal error and
# no class of errors that the plain server does not have. $WARRANT_QUERIES says how many, $WARRANT_SEED which.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use Packages;
use ThreeServers;

my $queries = $ENV{WARRANT_QUERIES} // 150;
my $seed = $ENV{WARRANT_SEED} // 2;
my $limit_s = 600 + 10 * $queries;

if (system('command -v sqlsmith >/dev/null') != 0)
{
	die "sqlsmith is missing: test/setup installs it\n" if Packages::is_packaged('sqlsmith');
	plan skip_all => 'there is no package sqlsmith';
}

my $servers = ThreeServers->started('random_queries', {
		fill => sub {
			my ($node) = @_;
			$node->safe_as('clerk', ThreeServers->rich_schema, 'work');
			# It does not quote names.
			$node->safe_as('clerk', 'DROP TABLE past."Odd name"', 'work');
			$node->safe_as('dba', 'VACUUM (FREEZE, ANALYZE)', 'work');
		}
	}, "client_min_messages = 'error'", "log_statement = 'none'", "log_min_messages = 'fatal'", "log_min_error_statement = 'panic'");

# Functions that end or restart other processes would end the comparison, too.
my $harmful = qr/\b(pg_terminate_backend|pg_cancel_backend|pg_promote|pg_reload_conf|pg_rotate_logfile(_old)?|pg_switch_wal|pg_wal_replay_pause)\b/;

# Through files: it is some hundred megabytes.
my $directory = PostgreSQL::Test::Utils::tempdir();

sub run_to_files
{
	my (@command) = @_;
	IPC::Run::run([@command], '<', \undef, '>', "$directory/out", '2>', "$directory/err", IPC::Run::timeout($limit_s));
	return (slurp_file("$directory/out"), slurp_file("$directory/err"));
}

sub generated
{
	my ($role) = @_;
	my $target = 'host=' . $servers->plain->host . ' port=' . $servers->plain->port . " dbname=work user=$role";
	my ($out) = run_to_files('sqlsmith', "--target=$target", "--seed=$seed", '--dry-run', '--max-queries=' . int(1.25 * $queries + 50));
	my @harmless = grep { /\S/ && $_ !~ $harmful } split /;\n/, $out;
	return @harmless > $queries ? @harmless[ 0 .. $queries - 1 ] : @harmless;
}

# The SQLSTATE of each query, each in a transaction that is rolled back; 'lost' when it cost the connection. And what psql complained about.
sub answers
{
	my ($node, $role, @queries) = @_;
	my (@states, $complaints);
	local $ENV{PGOPTIONS} = '-c statement_timeout=2s -c lock_timeout=1s';    # not for the set-up, which takes as long as the machine needs
	while (@states < @queries)
	{
		open my $script, '>', "$directory/script" or die $!;
		print $script "\\echo \@$_\nBEGIN;\n$queries[$_]\n\\g /dev/null\n\\echo \@$_ :SQLSTATE\nROLLBACK;\n" for scalar @states .. $#queries;
		close $script;
		my $last = @states;
		my ($out, $err) = run_to_files('psql', '-X', '-q', '-v', 'VERBOSITY=verbose', '-d', $node->connstr('work') . " user=$role", '-f', "$directory/script");
		die "psql answers nothing: $err" if $out eq '';
		$complaints .= $err;
		for (split /\n/, $out)
		{
			if (/^@(\d+) (\w{5})$/) { $states[$1] = $2; }
			elsif (/^@(\d+)$/) { $last = $1; }
		}
		$states[$last] //= 'lost';
	}
	return (\@states, $complaints);
}

# The query's classes on the plain server, where they depend on samples and the clock, and whether the gated one answers so again.
sub explains
{
	my ($node, $role, $query, $state) = @_;
	my ($plain) = answers($servers->plain, $role, ($query) x ($query =~ /tablesample/ ? 200 : 20));
	return 1 if grep { $_ eq $state } @$plain;
	my ($again) = answers($node, $role, ($query) x 10);
	return !grep { $_ eq $state } @$again;
}

my %known;    # classes that the plain server has shown to somebody; missing privileges, to the same role
for my $role ('clerk', 'dba')
{
	delete $known{42501};
	my @generated = generated($role);
	is(scalar @generated, $queries, "$role: queries are generated");
	my ($plain) = answers($servers->plain, $role, @generated);
	$known{$_} = 1 for @$plain;
	cmp_ok(scalar(grep { $_ eq '00000' } @$plain), '>', 0.2 * @generated, "$role: many run");
	note("$role, plain: " . join ' ', map { my $state = $_; "$state=" . grep { $_ eq $state } @$plain } sort keys %{ { map { $_ => 1 } @$plain } });
	for my $kind ('idle', 'granted')
	{
		my $node = $servers->{nodes}{$kind};
		my ($gated, $complaints) = answers($node, $role, @generated);
		# 57014 and 55P03 are the time limits'.
		my @differ = grep { $gated->[$_] ne $plain->[$_] && "$gated->[$_] $plain->[$_]" !~ /57014|55P03/ } 0 .. $#generated;
		my @new = grep { (!$known{ $gated->[$_] } || $gated->[$_] eq 'XX000') && !explains($node, $role, $generated[$_], $gated->[$_]) } @differ;
		is(scalar @new, 0, "$role, $kind: no crash, internal error or class of errors that the plain server does not have")
		  or diag(join "\n", map { "$gated->[$_] instead of $plain->[$_]: $generated[$_]" } @new[ 0 .. ($#new < 4 ? $#new : 4) ]);
		cmp_ok(scalar @differ, '<=', 5 + @generated / 100, "$role, $kind: the answers are the same but for what samples and the clock change");
		unlike($complaints // '', qr/LOCATION:  .*\.cpp:/, "$role, $kind: none is the gate's");
	}
}
unlike(slurp_file($_->logfile), qr/terminated by signal|TRAP:|PANIC:/, $_->name . ': no process crashed') for $servers->nodes;
$servers->stop;
done_testing();
