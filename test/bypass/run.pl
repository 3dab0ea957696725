# Tries each vector three ways: without the gate it gets through, gated it is refused, audited and without effect, with the matching grant it gets
# through again. $WARRANT_VECTORS: only those whose topic/name matches. $WARRANT_LEAKS: a file for the names of those that leak, and nothing else is tried.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use Arena;
use Vector;

my @vectors = Vector->all("$FindBin::Bin/vectors", $ENV{WARRANT_VECTORS} // '');

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
	return 'it failed' if $try->{status} != 0;
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

# On a server of its own, at the same time as the others: name -> why it did not succeed.
sub start_controls
{
	my $results = "$PostgreSQL::Test::Utils::tmp_check/controls";
	my $arena = Arena->start('plain', 0, $FindBin::Bin);
	my $pid = fork // die "fork: $!";
	return ($arena, $pid, $results) if $pid;
	open my $file, '>', $results or POSIX::_exit(1);
	for my $vector (@vectors)
	{
		my $try = eval { $arena->try($vector, 'plain') };
		my $why = $try ? why_not_succeeded($vector, $try) : "it could not be tried: $@";
		print $file join("\t", $vector->{name}, defined $why ? join(' / ', split /\n/, "$why: $try->{err}") : ''), "\n";
	}
	close $file;
	require POSIX;
	POSIX::_exit(0);
}

sub controls
{
	my ($arena, $pid, $results) = @_;
	waitpid $pid, 0;
	$arena->stop;
	my %why;
	for (split /\n/, slurp_file($results)) { my ($name, $text) = split /\t/, $_, 2; $why{$name} = $text; }
	return \%why;
}

# Why each of the two gated ways did not go as it must.
sub try_gated
{
	my ($arena, $vector) = @_;
	my @faults;
	for my $way ('refused', $vector->{needs} eq 'nothing' ? () : 'granted')
	{
		my $try = eval { $arena->try($vector, $way) } or return "it could not be tried: $@";
		my $why = $way eq 'refused' ? why_not_refused($vector, $try) : why_not_succeeded($vector, $try);
		next unless $why;
		push @faults, ($way eq 'refused' ? 'without a grant: ' : 'with the grant: ') . $why;
		report($try);
	}
	return @faults;
}

sub three_ways
{
	my @control = start_controls();
	my $arena = Arena->start('gated', 1, $FindBin::Bin);
	my %faults = map { $_->{name} => [ try_gated($arena, $_) ] } @vectors;
	$arena->stop;
	my $control = controls(@control);
	for my $vector (@vectors)
	{
		my @faults = @{ $faults{ $vector->{name} } };
		my $without = $control->{ $vector->{name} } // 'it was not tried';
		push @faults, "without the gate: $without" if $without ne '';
		ok(!@faults, "$vector->{topic}/$vector->{name}: $vector->{about}") or diag("$vector->{place}: " . join "\n", @faults);
	}
	note(scalar @vectors . ' vectors, each tried three ways');
}

sub leaks_only
{
	my ($file) = @_;
	my $arena = Arena->start('gated', 1, $FindBin::Bin);
	my @leaks = grep { my $try = eval { $arena->try($_, 'refused') }; !$try || got_through($_, $try) } @vectors;
	$arena->stop;
	append_to_file($file, join('', map { "$_->{name}\n" } @leaks));
	ok(1, 'tried');
}

if ($ENV{WARRANT_LEAKS}) { leaks_only($ENV{WARRANT_LEAKS}); }
else { three_ways(); }
done_testing();
