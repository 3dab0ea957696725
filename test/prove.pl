# prove.pl FILE...: what prove -j2 does, and a last line that counts. A file that died, or broke its plan, is a failure
# even when none of its assertions failed.
use strict;
use warnings;
use TAP::Harness;

# One file that bails out (PostgreSQL::Test::Cluster does so when a server does not stop) must not end the others.
{
	no warnings 'redefine';
	*TAP::Harness::_bailout = sub { };
}

my $results = TAP::Harness->new({ jobs => 2, timer => 1, color => 0, exec => [$^X] })->runtests(@ARGV);
my ($passed, $failed) = (0, 0);
for my $file (@ARGV)
{
	my ($parser) = $results->parsers($file);
	$passed += $parser->passed;
	next unless $parser->has_problems;
	$failed += $parser->failed || 1;
	print "failed: $file\n";
}
print "tap: $passed passed, $failed failed\n";
exit($failed ? 1 : 0);
