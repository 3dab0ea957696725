# prove.pl FILE...: what prove -j4 does, because the files wait more than they calculate, the longest of them first, and a last line that counts.
# $WARRANT_FILE_LIMIT seconds (3600) end a file that hangs; with $WARRANT_FIRST_FAILURE the first failure does. A file that died, or broke its plan, is
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
my %weight = (quickstart => 80, growth => 79, webhook => 78, floods => 60, workers_recover => 54, databases => 53, webhook_retries => 51, repeats => 45, clock => 40, courier_library => 40,
	harmless_pgbench => 38, guarded_roles => 37, harmless_tools => 33, random_queries => 31, harmless_dump => 28, every_row_stands => 27, races => 27, restore_by_name => 26,
	harmless_maintenance => 25, database_settings => 22, sweeps => 20);
sub weight { my ($name) = $_[0] =~ m,([^/]+)\.pl$,; return $weight{$name} // 0; }
my @files = sort { weight($b) <=> weight($a) || $a cmp $b } @ARGV;

my @first = $ENV{WARRANT_FIRST_FAILURE} ? ('-Itest/mutants', '-MEndsAtFailure') : ();
my $limit_s = $ENV{WARRANT_FILE_LIMIT} // 3600;
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
