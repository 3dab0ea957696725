# Each switch of the mutation tests (test/mutants/switches) fits the sources: what it replaces stands there exactly once.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;

my $root = "$FindBin::Bin/../..";
my $copy = PostgreSQL::Test::Utils::tempdir;
system('cp', '-r', "$root/src", "$root/sources.mk", $copy) == 0 or die 'cannot copy the sources';
system('chmod', '-R', 'u+w', $copy);
command_ok(["$root/test/mutants/insert-switches", $copy], 'all switches fit');
like(slurp_file("$copy/src/rules/decision.cpp"), qr/Mutant\("fail_closed"\)/, 'and are there');
unlike(slurp_file("$root/src/rules/decision.cpp"), qr/Mutant/, 'but in the copy alone');
done_testing();
