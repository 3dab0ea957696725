# In a database of pg_warrant.required_databases gated roles are refused while the extension is missing; everywhere else it is just not there.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('required_databases', 'pg_warrant.required_databases = \'shop, "Other One"\'');
$node->safe_psql('postgres', 'CREATE DATABASE shop; CREATE DATABASE plain; CREATE ROLE trusted LOGIN; GRANT warrant_exempt TO trusted');
for my $database ('shop', 'plain')
{
	$node->safe_psql($database, <<'SQL');
CREATE TABLE orders (id int); GRANT ALL ON orders TO PUBLIC; GRANT ALL ON SCHEMA public TO PUBLIC;
CREATE FUNCTION counted() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM orders); END $$;
SQL
}

sub state_of { return $node->sqlstate_as(@_) }

my @statements = ('SELECT FROM orders', 'INSERT INTO orders VALUES (1)', 'COPY orders TO STDOUT', 'TRUNCATE orders', 'SELECT counted()', 'CREATE TABLE mine (a int)',
	'BEGIN; LOCK orders; COMMIT', 'DO $$ BEGIN DELETE FROM orders WHERE id > 0; END $$');
for my $statement (@statements)
{
	is(state_of('clerk', $statement, 'shop'), '55000', "refused: $statement");
	is(state_of('clerk', $statement, 'plain'), 'none', "where it is not required: $statement");
	is(state_of('trusted', $statement, 'shop'), 'none', "exempt: $statement");
	$node->safe_psql('shop', 'DROP TABLE IF EXISTS mine');
}
is(state_of('clerk', 'SELECT count(*) FROM pg_class', 'shop'), 'none', 'catalogues can be read');
is(state_of('dba', 'SELECT FROM orders', 'shop'), 'none', 'superusers go on');
$node->safe_as('dba', 'CREATE EXTENSION pg_warrant', 'shop');
is(state_of('clerk', 'SELECT FROM orders', 'shop'), 'none', 'with the extension policies decide');
$node->wait_until_ready('shop');
$node->safe_as('dba', "SELECT warrant.protect('orders')", 'shop');
is(state_of('clerk', 'SELECT FROM orders', 'shop'), '42501', 'as ever');
$node->safe_as('dba', 'SET client_min_messages = warning; BEGIN; SELECT warrant.discard_audit_log(); DROP EXTENSION pg_warrant CASCADE; COMMIT', 'shop');
is(state_of('clerk', 'SELECT FROM orders', 'shop'), '55000', 'dropped: closed, not open');
$node->append_conf('postgresql.conf', 'pg_warrant.enforcement = off');
$node->reload;
ok($node->eventually(sub { state_of('clerk', 'SELECT FROM orders', 'shop') eq 'none' }), 'off is off');
$node->stop;
done_testing();
