# REINDEX CONCURRENTLY of a database gives the gate's indexes other OIDs: sessions that know the old ones, the recorder among them, go on.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('rules_reindexed');
$node->safe_as('dba', "SELECT warrant.protect('notes')");
$node->let('SELECT');
my $recorder = $node->recorder_pid;
my $session = $node->session_as('clerk');
is(($node->ask($session, 'SELECT count(*) FROM orders;'))[0], '100', 'granted');
is(($node->ask($session, 'DELETE FROM orders WHERE id > 0;'))[1], '42501', 'refused');

my $indexes = q{SELECT count(*) FROM pg_class WHERE relname IN ('policies_by_target', 'policies_by_name', 'grant_scopes_by_target') AND oid = ANY ('{%s}')};
my $before = $node->safe_as('dba', q{SELECT string_agg(oid::text, ',') FROM pg_class WHERE relnamespace = 'warrant'::regnamespace AND relkind = 'i'});
$node->safe_as('dba', 'SET client_min_messages = error; REINDEX DATABASE CONCURRENTLY postgres');
is($node->safe_as('dba', sprintf $indexes, $before), '0', 'the indexes are others');

my ($out, $state, $err) = $node->ask($session, 'SELECT count(*) FROM orders;');
is($out, '100', 'granted as before') or diag($err);
is(($node->ask($session, 'DELETE FROM notes;'))[1], '42501', 'another table is refused');
is(($node->ask($session, 'UPDATE orders SET id = id WHERE id > 0;'))[1], '42501', 'another command is refused');
is($node->sqlstate_as('clerk', "SELECT warrant.request('{TRUNCATE}', on_table => 'orders')"), 'none', 'a request');
my $grant = $node->let('UPDATE');
is(($node->ask($session, 'UPDATE orders SET id = id WHERE id > 0;'))[1], 'none', 'a new grant counts');
$node->safe_as('boss', "SELECT warrant.revoke($grant)");
is(($node->ask($session, 'UPDATE orders SET id = id WHERE id > 0;'))[1], '42501', 'and its end');
is($node->recorder_pid, $recorder, 'by the same recorder');
unlike(slurp_file($node->logfile), qr/could not open relation/, 'nobody looked for the old indexes');
$node->works('all goes on');
$session->quit;
$node->stop;
done_testing();
