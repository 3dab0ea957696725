# Tries each vector three ways: without the gate it gets through, gated it is refused, audited and without effect, with the matching grant it gets
# through again. $WARRANT_VECTORS: only those whose topic/name matches. $WARRANT_GUARDS: tries only how they do
# without each of these.
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
	my ($try) = @_;
	my @halves = ([], []);
	push @{ $halves[ $_ % 2 ] }, $vectors[$_] for 0 .. $#vectors;
	return map { start_tries("gated$_", 1, $halves[$_], $try) } 0, 1;
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

# For servers with debugging switches: which vectors leak without which guard, a line each.
sub without_guards
{
	my @guards = @_;
	my $missed = finish_tries(start_gated(sub { my ($arena, $vector) = @_; return [ $arena->guards_missed($vector, \&got_through, @guards) ] }));
	my %leaks;
	for my $vector (@vectors)
	{
		my $guards = $missed->{ $vector->{name} };
		ok(ref $guards, $vector->{name}) or diag($guards);
		push @{ $leaks{$_} }, $vector->{name} for ref $guards ? @$guards : ();
	}
	note(join ' ', "guard $_:", @{ $leaks{$_} // [] }) for @guards;
}

if ($ENV{WARRANT_GUARDS}) { without_guards(split ' ', $ENV{WARRANT_GUARDS}); }
else { three_ways(); }
done_testing();
