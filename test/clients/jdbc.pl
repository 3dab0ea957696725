# JDBC: the page's program asks, looks again and goes on; and a grant is revoked in the middle of a fetch.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Test::More;
use Programs;

my $node = Programs::server('jdbc');
my $url = 'jdbc:postgresql://127.0.0.1:' . $node->port . '/postgres?user=clerk';
my @java = ('java', '-cp', '/usr/share/java/postgresql.jar');
Programs::waits_and_goes_on($node, @java, Programs::written('VoidOrder.java', Programs::shown('java')), $url);
Programs::meets_revoke($node, @java, "$FindBin::Bin/Fetch.java", $url);
$node->stop;
done_testing();
