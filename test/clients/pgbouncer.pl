# pgbouncer in transaction mode: the page's program asks within its transaction, waits and goes on; and a grant is revoked in the middle of a fetch.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Programs;

my $node = Programs::server('pgbouncer');
my $home = PostgreSQL::Test::Utils::tempdir('pgbouncer');
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $server = $node->port;
append_to_file("$home/users", qq{"clerk" ""\n});
append_to_file("$home/pgbouncer.ini", <<"INI");
[databases]
* = host=127.0.0.1 port=$server
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = trust
auth_file = $home/users
pool_mode = transaction
default_pool_size = 3
logfile = $home/log
INI
my $pool = IPC::Run::start([ 'pgbouncer', '-q', "$home/pgbouncer.ini" ], '<', \undef, '>&', \my $said, IPC::Run::timeout(600));
$node->{pool} = [ '127.0.0.1', $port ];
ok($node->eventually(sub { system("psql -h 127.0.0.1 -p $port -U clerk -c 'SELECT 1' postgres >/dev/null 2>&1") == 0 }), 'the pool is open') or diag(slurp_file("$home/log"));

# Others use the pool's connections meanwhile.
my $others = Programs::started($node, 'pgbench', '-n', '-c', '2', '-T', '60', '-f', Programs::written('others.sql', "SELECT 1;\n"));
Programs::waits_and_goes_on($node, 'python3', Programs::written('void_order.py', Programs::shown('python')));
Programs::meets_revoke($node, 'python3', "$FindBin::Bin/fetch.py");
$others->{process}->kill_kill;
$pool->kill_kill;
$node->stop;
done_testing();
