# CREATE DATABASE, VACUUM, ANALYZE and their programs, and autovacuum, do what they do without the gate.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Test::More;
use ThreeServers;

my $servers = ThreeServers->started('harmless_maintenance', {
		fill => sub {
			my ($node) = @_;
			$node->safe_as('clerk', ThreeServers->rich_schema, 'work');
			$node->safe_as('clerk', <<'SQL', 'work');
-- Analyzing it runs its owner's function, which reads another table.
CREATE FUNCTION shop.rate(int) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN RETURN $1 * (SELECT count(*) FROM shop.rooms); END $$;
CREATE TABLE shop.busy (a int, b text) WITH (autovacuum_enabled = off);
INSERT INTO shop.busy SELECT g, 'row ' || g FROM generate_series(1, 500) AS g;
CREATE INDEX by_rate ON shop.busy (shop.rate(a));
SQL
		}
	}, 'autovacuum_naptime = 1s', 'autovacuum_vacuum_threshold = 10', 'autovacuum_analyze_threshold = 10', 'log_autovacuum_min_duration = 0');

my $answers = sub {
	my ($what, $role, $sql) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return $servers->same_answers($what, $role, $sql);
};

for my $role ('clerk', 'dba')
{
	my $said = $answers->("VACUUM and ANALYZE as $role", $role, <<'SQL');
VACUUM shop.orders, shop.lines;
VACUUM (FULL, ANALYZE) shop.customers;
VACUUM (FREEZE, DISABLE_PAGE_SKIPPING, INDEX_CLEANUP on, PARALLEL 2) shop.orders;
ANALYZE shop.orders (customer, total), shop.measured;
ANALYZE shop.busy;
VACUUM ANALYZE shop.measured;
CLUSTER shop.customers;
REINDEX TABLE shop.orders;
REINDEX INDEX CONCURRENTLY shop.lower_name;
REINDEX SCHEMA shop;
REFRESH MATERIALIZED VIEW shop.by_day;
REFRESH MATERIALIZED VIEW CONCURRENTLY shop.by_day;
CHECKPOINT;
BEGIN;
VACUUM shop.orders;
ROLLBACK;
SQL
	like($said, qr/25001/, "VACUUM in a transaction is the server's error");
}
$answers->('statistics', 'dba', q{SELECT schemaname, tablename, attname, null_frac, n_distinct, most_common_vals::text, histogram_bounds::text
	FROM pg_stats WHERE schemaname IN ('shop', 'past') ORDER BY 1, 2, 3});
$answers->('sizes', 'dba', q{SELECT oid::regclass, relpages, reltuples FROM pg_class WHERE relnamespace IN ('shop'::regnamespace, 'past'::regnamespace) ORDER BY 1});

# REINDEX and CLUSTER that name the gate's tables are refused, so that reindexdb -j of a whole database is not among these.
for my $program ([ 'vacuumdb', '-z', '-q' ], [ 'vacuumdb', '-q', '--analyze-in-stages' ], [ 'vacuumdb', '-q', '--full' ], [ 'vacuumdb', '-q', '-j', 2 ], [ 'vacuumdb', '-a', '-q', '-F' ],
	[ 'clusterdb', '-q' ], [ 'reindexdb', '-q', '-S', 'shop', '--concurrently' ], [ 'reindexdb', '-q', '-t', 'shop.orders', '-j', 1 ], [ 'reindexdb', '-q' ])
{
	my @database = grep({ $_ eq '-a' } @$program) ? () : ('work');
	my $said = $servers->same_program("@$program", 'dba', @$program, @database);
	like($said, qr/^succeeded/, "@$program succeeds");
}

$answers->('databases', 'dba', <<'SQL');
CREATE DATABASE other OWNER clerk;
CREATE DATABASE another TEMPLATE template0 STRATEGY file_copy ENCODING 'UTF8' LOCALE 'C' CONNECTION LIMIT 5;
ALTER DATABASE other RENAME TO second;
ALTER DATABASE second SET work_mem = '5MB';
ALTER DATABASE second OWNER TO dba;
CREATE DATABASE third TEMPLATE second;
CREATE TABLESPACE nowhere LOCATION '/nonexistent';
SELECT datname, pg_get_userbyid(datdba), datconnlimit FROM pg_database WHERE datname !~ '^(template|postgres)' ORDER BY datname;
\c second
CREATE TABLE t (a int);
INSERT INTO t VALUES (1);
SELECT * FROM t;
\c work
DROP DATABASE second;
DROP DATABASE another WITH (FORCE);
DROP DATABASE third;
DROP DATABASE missing;
SQL
$answers->('databases by who may not', 'clerk', "CREATE DATABASE mine;\nDROP DATABASE postgres;");

# Autovacuum comes by itself, to a table whose statistics run code of its owner.
$_->safe_as('dba', "ALTER TABLE shop.busy RESET (autovacuum_enabled); UPDATE shop.busy SET b = b || '!'; DELETE FROM shop.busy WHERE a % 2 = 0;
	ALTER SYSTEM SET autovacuum = on", 'work'), $_->reload
  for $servers->nodes;
for my $node ($servers->nodes)
{
	ok($node->eventually(sub {
				$node->safe_psql('work', "SELECT autovacuum_count > 0 AND autoanalyze_count > 0 FROM pg_stat_user_tables WHERE relname = 'busy'") eq 't' }),
		$node->name . ': autovacuum has been there');
	is($node->safe_psql('work', "SELECT reltuples FROM pg_class WHERE relname = 'busy'"), '250', $node->name . ': and counted');
}
$servers->stop;
done_testing();
