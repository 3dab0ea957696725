# Tries each vector three ways: without the gate it gets through, gated it is refused, audited and without effect, with the matching grant it gets
# through again. $WARRANT_VECTORS: only those whose topic/name matches. $WARRANT_LEAKS: tells which leak gated, and
# tries nothing else.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use POSIX ();
use PostgreSQL::Test::Utils;
use Storable qw(retrieve store);
use Test::More;
use Arena;
use Vector;

my ($version) = `$ENV{PG_CONFIG} --version` =~ / (\d+)/;
my @vectors = Vector->all("$FindBin::Bin/vectors", $ENV{WARRANT_VECTORS} // '', $version);

# --- verdicts on one try ---

sub text_of { my ($try) = @_; return $try->{out} . $try->{err} . $try->{files}; }

# What a vector is for has happened: its proof, or the secret, was shown, or something changed.
sub got_through
{
	my ($vector, $try) = @_;
	my $proof = defined $vector->{shows} ? $vector->{shows} : quotemeta $Arena::secret;
	return 'shown' if text_of($try) =~ /$proof/m;
	return 'the secret was shown' if index(text_of($try), $Arena::secret) >= 0;
	return 'changed' if @{ $try->{changes} };
	return;
}

sub why_not_succeeded
{
	my ($vector, $try) = @_;
	return 'it failed' if $try->{status} != 0 && !$vector->{fails};
	return 'nothing was shown or changed' unless got_through($vector, $try);
	return;
}

sub why_not_refused
{
	my ($vector, $try) = @_;
	my $leak = got_through($vector, $try);
	return $leak if $leak;
	return why_not_audited($vector, $try) || why_no_error($vector, $try);
}

sub why_no_error
{
	my ($vector, $try) = @_;
	return if $vector->{swallows};
	my $state = $vector->{error} // '42501';
	my @states = $try->{err} =~ /(?:ERROR|FATAL):  ([0-9A-Z]{5}):/g;
	return 'there was no error' unless @states;
	return "the error was $states[0]" if $states[0] ne $state;
	return 'the error names no policy' unless $vector->{needs} eq 'nothing' || $vector->{relayed} || $try->{err} =~ /^CONSTRAINT NAME:  \S/m;
	return;
}

sub why_not_audited
{
	my ($vector, $try) = @_;
	return if $vector->{needs} eq 'nothing';
	my %expected = map { ("$_ $vector->{subject}" => 1) } $vector->needs_list;
	my @strange = grep { !$expected{$_} } @{ $try->{refused} };
	return "the audit log says @strange" if @strange;
	return 'the audit log says nothing' unless @{ $try->{refused} };
	return;
}

sub report
{
	my ($try) = @_;
	diag(join "\n", "  status $try->{status}", "  out: $try->{out}", "  err: $try->{err}", '  refused: ' . join(', ', @{ $try->{refused} }),
		map { "  $_" } @{ $try->{changes} });
}

# --- the three ways ---

# In a process and on a server of its own: {name}{way} is what came of the try, or a text why there was none.
sub start_tries
{
	my ($name, $gated, $vectors, @ways) = @_;
	my $results = "$PostgreSQL::Test::Utils::tmp_check/$name.tries";
	my $pid = fork // die "fork: $!";
	return { pid => $pid, results => $results } if $pid;
	eval { store(tries(Arena->start($name, $gated, $FindBin::Bin), $vectors, @ways), $results); 1 } or diag("$name: $@");
	POSIX::_exit(0);
}

sub tries
{
	my ($arena, $vectors, @ways) = @_;
	my %tries;
	for my $vector (@$vectors)
	{
		$tries{ $vector->{name} }{$_} = eval { $arena->try($vector, $_) } // "it could not be tried: $@" for @ways;
	}
	$arena->stop;
	return \%tries;
}

sub finish_tries
{
	my %tries;
	for my $one (@_)
	{
		waitpid $one->{pid}, 0;
		%tries = (%tries, %{ retrieve $one->{results} }) if -e $one->{results};
	}
	return \%tries;
}

# The gated ones take twice as long as the others: two servers share them.
sub start_gated
{
	my @ways = @_;
	my @halves = ([], []);
	push @{ $halves[ $_ % 2 ] }, $vectors[$_] for 0 .. $#vectors;
	return map { start_tries("gated$_", 1, $halves[$_], @ways) } 0, 1;
}

sub fault
{
	my ($vector, $try, $when, $judge) = @_;
	my $why = ref $try ? $judge->($vector, $try) : $try // 'it was not tried';
	return unless $why;
	report($try) if ref $try;
	return "$when: $why";
}

sub three_ways
{
	my @gated = start_gated('refused', 'granted');
	my @plain = start_tries('plain', 0, \@vectors, 'plain');
	my ($without, $with) = (finish_tries(@plain), finish_tries(@gated));
	for my $vector (@vectors)
	{
		my $name = $vector->{name};
		my @faults = (
			fault($vector, $without->{$name}{plain}, 'without the gate', \&why_not_succeeded),
			fault($vector, $with->{$name}{refused}, 'without a grant', \&why_not_refused),
			$vector->{needs} eq 'nothing' ? () : fault($vector, $with->{$name}{granted}, 'with the grant', \&why_not_succeeded));
		ok(!@faults, "$vector->{topic}/$name: $vector->{about}") or diag("$vector->{place}: " . join "\n", @faults);
	}
	note(scalar @vectors . ' vectors, each tried three ways');
}

# What leaks without a grant, a line each; for servers with a guard switched off.
sub leaks_only
{
	my $tries = finish_tries(start_gated('refused'));
	my @leaks = grep { my $try = $tries->{ $_->{name} }{refused}; ref $try && got_through($_, $try) } @vectors;
	my @untried = grep { !ref $tries->{ $_->{name} }{refused} } @vectors;
	note("leaks: $_->{name}") for @leaks;
	note("untried: $_->{name}") for @untried;
	ok(!@untried, scalar(@leaks) . ' of ' . scalar(@vectors) . ' leak');
}

if ($ENV{WARRANT_LEAKS}) { leaks_only(); }
else { three_ways(); }
done_testing();
