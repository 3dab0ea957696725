# prove.pl FILE...: what prove -j4 does, because the files wait more than they calculate, the longest of them first, and a last line that counts.
# $WARRANT_FILE_LIMIT seconds (600) end a file that hangs; with $WARRANT_FIRST_FAILURE the first failure does. A file that died, or broke its plan, is
# a failure even when none of its assertions failed.
use strict;
use warnings;
use TAP::Harness;

# One file that bails out (PostgreSQL::Test::Cluster does so when a server does not stop) must not end the others.
{
	no warnings 'redefine';
	*TAP::Harness::_bailout = sub { };
}

# What would be left alone on one processor at the end begins early.
my %weight = (growth => 60, webhook => 55, databases => 52, repeats => 48, workers_recover => 40, clock => 30, harmless_tools => 28, harmless_pgbench => 25,
	webhook_retries => 24, every_row_stands => 23, random_queries => 20);
sub weight { my ($name) = $_[0] =~ m,([^/]+)\.pl$,; return $weight{$name} // 0; }
my @files = sort { weight($b) <=> weight($a) || $a cmp $b } @ARGV;

my @first = $ENV{WARRANT_FIRST_FAILURE} ? ('-Itest/mutants', '-MEndsAtFailure') : ();
my $limit_s = $ENV{WARRANT_FILE_LIMIT} // 600;
my $results = TAP::Harness->new({ jobs => 4, timer => 1, color => 0, exec => [ 'timeout', '-k', '15', $limit_s, $^X, @first ] })->runtests(@files);
my ($passed, $failed) = (0, 0);
for my $file (@files)
{
	my ($parser) = $results->parsers($file);
	$passed += $parser->passed;
	next unless $parser->has_problems;
	$failed += $parser->failed || 1;
	print "failed: $file\n";
}
print "tap: $passed passed, $failed failed\n";
exit($failed ? 1 : 0);
