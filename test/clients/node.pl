# node-postgres: the page's program asks, listens and goes on; and a grant is revoked in the middle of a fetch.
use strict;
use warnings;
use File::Copy qw(copy);
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use Programs;

my $home = PostgreSQL::Test::Utils::tempdir('node');
copy("$FindBin::Bin/node/$_", "$home/$_") or die "$_: $!" for qw(package.json package-lock.json);
copy("$FindBin::Bin/fetch.mjs", "$home/fetch.mjs") or die $!;
append_to_file("$home/void_order.mjs", Programs::shown('js'));
my $npm = '';
IPC::Run::run([ 'npm', 'ci', '--no-audit', '--no-fund', '--cache', "$home/cache" ], '<', \undef, '>&', \$npm, init => sub { chdir $home }) or die "npm: $npm";

my $node = Programs::server('node');
Programs::waits_and_goes_on($node, 'node', "$home/void_order.mjs");
Programs::meets_revoke($node, 'node', "$home/fetch.mjs");
$node->stop;
done_testing();
