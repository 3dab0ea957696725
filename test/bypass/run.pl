# Tries each vector three ways: without the gate it gets through, gated it is refused, audited and without effect, with the matching grant it gets
# through again. $WARRANT_VECTORS: only those whose topic/name matches. $WARRANT_GUARDS: tries only how they do
# without each of these.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use List::Util qw(max min);
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
	return $try->{err} =~ /$vector->{says}/ ? undef : 'the error is another' if defined $vector->{says};
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

# In a process and on a server of its own: {name} is what the code returns for each vector, or a text why there is nothing.
sub start_tries
{
	my ($name, $gated, $vectors, $try) = @_;
	my $results = "$PostgreSQL::Test::Utils::tmp_check/$name.tries";
	my $pid = fork // die "fork: $!";
	return { pid => $pid, results => $results } if $pid;
	my $done = eval {
		my $arena = Arena->start($name, $gated, $FindBin::Bin);
		my %tries = map { $_->{name} => eval { $try->($arena, $_) } // "it could not be tried: $@" } @$vectors;
		$arena->stop;
		store \%tries, $results;
	};
	diag("$name: $@") unless $done;
	POSIX::_exit(0);
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
	my ($try, $name) = @_;
	my @halves = ([], []);
	push @{ $halves[ $_ % 2 ] }, $vectors[$_] for 0 .. $#vectors;
	return map { start_tries(($name // 'gated') . $_, 1, $halves[$_], $try) } 0, 1;
}

sub fault
{
	my ($vector, $tries, $index, $when, $judge) = @_;
	return "$when: " . ($tries // 'it was not tried') unless ref $tries;
	my $why = $judge->($vector, $tries->[$index]);
	return unless $why;
	report($tries->[$index]);
	return "$when: $why";
}

sub three_ways
{
	my @gated = start_gated(sub { my ($arena, $vector) = @_; return [ map { $arena->try($vector, $_) } 'refused', 'granted' ] });
	my @plain = start_tries('plain', 0, \@vectors, sub { my ($arena, $vector) = @_; return [ $arena->try($vector, 'plain') ] });
	my ($without, $with) = (finish_tries(@plain), finish_tries(@gated));
	for my $vector (@vectors)
	{
		my $name = $vector->{name};
		my @faults = (
			fault($vector, $without->{$name}, 0, 'without the gate', \&why_not_succeeded),
			fault($vector, $with->{$name}, 0, 'without a grant', \&why_not_refused),
			$vector->{needs} eq 'nothing' ? () : fault($vector, $with->{$name}, 1, 'with the grant', \&why_not_succeeded));
		ok(!@faults, "$vector->{topic}/$name: $vector->{about}") or diag("$vector->{place}: " . join "\n", @faults);
	}
	note(scalar @vectors . ' vectors, each tried three ways');
}

# --- which guards a vector needs, on servers with debugging switches ---

sub leaks_without
{
	my ($arena, $vector, @guards) = @_;
	return defined got_through($vector, $arena->try_without($vector, join ',', @guards));
}

# The other way round: it is granted, and does not get through.
sub fails_without
{
	my ($arena, $vector, @guards) = @_;
	return $vector->{needs} ne 'nothing' && defined why_not_succeeded($vector, $arena->try_without($vector, join(',', @guards), 'granted'));
}

# Guards that stand for each other are missed only together: a set of which no half, and no set without one half, would do.
sub smallest_set
{
	my ($arena, $vector, @guards) = @_;
	my $parts = 2;
	while (@guards > 1)
	{
		my $size = POSIX::ceil(@guards / $parts);
		my @chunks = map { [ @guards[ $_ * $size .. min($_ * $size + $size, scalar @guards) - 1 ] ] } 0 .. POSIX::ceil(@guards / $size) - 1;
		my ($less) = grep { leaks_without($arena, $vector, @$_) }
		  map { my $out = $_; [ map { @$_ } grep { $_ != $out } @chunks ] } @chunks;
		if ($less) { @guards = @$less; $parts = max(2, $parts - 1); }
		elsif ($size == 1) { last; }
		else { $parts = min(2 * $parts, scalar @guards); }
	}
	return @guards;
}

# Those of the guards that are missed alone. A group that is not missed holds none.
sub missed_alone
{
	my ($is_missed, @guards) = @_;
	return () unless @guards && $is_missed->(@guards);
	return @guards if @guards == 1;
	my @half = splice @guards, 0, @guards / 2;
	return (missed_alone($is_missed, @half), missed_alone($is_missed, @guards));
}

# Returns what the vector leaks without, as "a" or "a,b"; '' when it leaks as it is. Sets that have been met are tried first, small ones before.
my @sets;

sub guards_missed
{
	my ($arena, $vector, $all, @guards) = @_;
	my ($try, @asked) = $arena->try_asking($vector);
	return [''] if defined got_through($vector, $try);
	my (%asked, %second);
	$asked{$_} = 1 for @asked;
	@sets = grep { /,/ } @guards unless @sets;
	$second{ (split /,/)[1] } = 1 for @sets;    # apart from the first, or most groups would leak
	my @singles = grep { !/,/ } @guards;
	my $leaks = sub { leaks_without($arena, $vector, @_) };
	my @missed = map { missed_alone($leaks, @$_) } [ grep { $asked{$_} && !$second{$_} } @singles ], [ grep { $asked{$_} && $second{$_} } @singles ];
	return \@missed if @missed;
	my ($set) = grep { leaks_without($arena, $vector, $_) } @sets;
	$set //= join ',', sort(smallest_set($arena, $vector, @singles)) if $all && leaks_without($arena, $vector, @singles);
	@sets = sort { $a =~ tr/,// <=> $b =~ tr/,// } $set, grep { $_ ne $set } @sets if $set;
	return [ $set // () ];
}

# What is granted and fails without one of these: {guard} is the names of the vectors.
sub needed_by_granted
{
	my (@guards) = @_;
	my $missed = finish_tries(start_gated(sub {
		my ($arena, $vector) = @_;
		my @missed = missed_alone(sub { fails_without($arena, $vector, @_) }, @guards);
		return @missed && fails_without($arena, $vector) ? [] : \@missed;
	}, 'granted'));
	my %needed;
	for my $vector (@vectors)
	{
		my $found = $missed->{ $vector->{name} } // 'it was not tried';
		ref $found or ok(0, "$vector->{name}, granted: $found");
		push @{ $needed{$_} }, $vector->{name} for ref $found ? @$found : ();
	}
	return \%needed;
}

# Prints a line for each guard with the vectors that leak without it, one for each set that only together lets them leak, and one for the
# vectors that no guard of these stops. Where nothing leaks, it may be no guard: a line says what fails without it.
sub without_guards
{
	my ($all, @guards) = @_;
	my $missed = finish_tries(start_gated(sub { my ($arena, $vector) = @_; return guards_missed($arena, $vector, $all, @guards) }));
	my (%leaks, @never);
	for my $vector (@vectors)
	{
		my $sets = $missed->{ $vector->{name} };
		my $sound = ref $sets && !grep { $_ eq '' } @$sets;
		ok($sound, $vector->{name}) or diag(ref $sets ? "$vector->{place}: leaks with every guard in place" : $sets);
		push @{ $leaks{$_} }, $vector->{name} for $sound ? @$sets : ();
		push @never, $vector->{name} if $sound && !@$sets;
	}
	my %single = map { $_ => 1 } @guards;
	note("guard $_: @{ $leaks{$_} // [] }") for @guards, grep { !$single{$_} } sort keys %leaks;
	my %known = map { $_ => 1 } map { split /,/ } keys %leaks;
	my @unknown = grep { !/,/ && !$known{$_} } @guards;
	my $needed = @unknown ? needed_by_granted(@unknown) : {};
	note("granted needs $_: @{ $needed->{$_} }") for grep { $needed->{$_} } @unknown;
	note("no guard: @never");
}

if ($ENV{WARRANT_GUARDS}) { without_guards($ENV{WARRANT_GUARDS} =~ s/^all // ? 1 : 0, split ' ', $ENV{WARRANT_GUARDS}); }
else { three_ways(); }
done_testing();
