# Networks of a policy: the address is the client's, over TCP and on a socket, in a parallel worker its leader's, and a process without a client has none.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('client_cidr', "listen_addresses = '127.0.0.1'");
my $port = $node->port;
$node->safe_as('dba', 'INSERT INTO notes VALUES (1, $$x$$)');
sub from { my ($networks) = @_; return $node->safe_as('dba', sprintf q{SELECT warrant.alter_policy('networks', '{"client_cidr": [%s]}')}, join ', ', map { qq("$_") } @$networks); }
sub by_tcp { my ($rc, undef, $err) = $node->psql('postgres', 'TABLE notes', connstr => "host=127.0.0.1 port=$port user=clerk dbname=postgres", extra_params => [ '-v', 'VERBOSITY=verbose' ]); return (GatedServer::state_in($err), $err); }
sub by_socket { return $node->sqlstate_as('clerk', 'TABLE notes'); }

$node->safe_as('dba', q{SELECT warrant.create_policy('networks', 'open', on_table => 'notes', commands => '{SELECT}', client_cidr => '{10.0.0.0/8}')});
my ($state, $err) = by_tcp();
is($state, '42501', 'a client of another network is refused');
like($err, qr/Policy "networks" does not let it run: clients pass from 10\.0\.0\.0\/8 alone, and this one is at 127\.0\.0\.1\./, 'and told where it is');
($state, $err) = by_socket();
is($state, '42501', 'one on a socket, too');
like($err, qr/this one is on the server's own machine/, 'with its own words');
for (
	[ [ '127.0.0.1/32' ], 'none', 'none', 'the own machine' ],
	[ [ '127.0.0.2/32' ], '42501', '42501', 'a neighbour' ],
	[ [ '0.0.0.0/0' ], 'none', 'none', 'all IPv4' ],
	[ [ '::1/128' ], '42501', 'none', 'the own machine by IPv6' ],
	[ [ '::/0' ], '42501', 'none', 'all IPv6' ],
	[ [ '::ffff:127.0.0.0/104' ], 'none', 'none', 'IPv4 within IPv6' ])
{
	my ($networks, $tcp, $socket, $what) = @$_;
	from($networks);
	is((by_tcp())[0], $tcp, "$what: by TCP");
	is((by_socket())[0], $socket, "$what: on a socket");
}

# A session has one address, so what it has decided lasts, until the policy changes.
from([ '127.0.0.0/8' ]);
my $session = $node->session_as('clerk');
is(($node->ask($session, 'TABLE notes;'))[1], 'none', 'a session passes') for 1, 2;
from([ '10.0.0.0/8' ]);
is(($node->ask($session, 'TABLE notes;'))[1], '42501', 'and is refused after the change');

# A parallel worker asks for its leader's client.
$node->safe_as('dba', q{CREATE FUNCTION peek() RETURNS bigint LANGUAGE plpgsql PARALLEL SAFE STABLE AS 'BEGIN RETURN (SELECT count(*) FROM notes); END'; GRANT SELECT ON orders TO clerk; SELECT warrant.unprotect('orders')});
my $parallel = $node->safe_as('dba', "SELECT name FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query')");
$session->query("SET $parallel = on");
($state, $err) = ($node->ask($session, 'SELECT peek() FROM orders LIMIT 1;'))[ 1, 2 ];
is($state, '42501', 'a parallel worker is refused');
like($err, qr/this one is on the server's own machine.*parallel worker/s, "by its leader's address");
from([ '127.0.0.0/8' ]);
is(($node->ask($session, 'SELECT peek() FROM orders LIMIT 1;'))[1], 'none', 'and passes by it');
$session->quit;
done_testing();
