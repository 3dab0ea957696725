# psycopg 3: the page's program asks, waits and goes on; and a grant is revoked in the middle of a fetch.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Test::More;
use Programs;

my $node = Programs::server('psycopg');
Programs::waits_and_goes_on($node, 'python3', Programs::written('void_order.py', Programs::shown('python')));
Programs::meets_revoke($node, 'python3', "$FindBin::Bin/fetch.py");
$node->stop;
done_testing();
