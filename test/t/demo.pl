# The demonstration plays to its end: it checks itself what it shows.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Utils;
use Test::More;

my ($out, $err);
ok(IPC::Run::run([ "$FindBin::Bin/../demo" ], '<', \'', '>', \$out, '2>', \$err), 'it plays') or diag($out, $err);
like($out, qr/^demo: .* [1-9]\d* audit rows without a gap$/m, 'and sums up');
done_testing();
