# Physical and logical replication carry the same between servers without the gate, with it, and where it protects everything under grants.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use ThreeServers;

my $servers = ThreeServers->started('harmless_replication', {
		fill => sub {
			my ($node) = @_;
			$node->safe_as('clerk', ThreeServers->rich_schema, 'work');
			$node->safe_as('clerk', 'CREATE SCHEMA copied; CREATE TABLE copied.items (id int PRIMARY KEY, what text); INSERT INTO copied.items SELECT g, $$item $$ || g FROM generate_series(1, 50) AS g', 'work');
		}
	}, 'wal_level = logical', 'max_wal_senders = 10', 'max_replication_slots = 10', 'hot_standby_feedback = on');

my $contents = q{SELECT (SELECT md5(string_agg(c::text, ' ' ORDER BY id)) FROM shop.customers AS c) || (SELECT md5(string_agg(o::text, ' ' ORDER BY id)) FROM shop.orders AS o)
	|| (SELECT md5(string_agg(m::text, ' ' ORDER BY at, sensor)) FROM shop.measured AS m) || (SELECT string_agg(i::text, ' ' ORDER BY id) FROM copied.items AS i)};
my $changes = <<'SQL';
UPDATE shop.orders SET total = total + 1 WHERE id % 3 = 0;
DELETE FROM shop.customers WHERE id % 10 = 0;
INSERT INTO shop.measured VALUES ('2024-06-01 12:00+00', 99, 1.5);
INSERT INTO copied.items SELECT g, 'later ' || g FROM generate_series(51, 60) AS g;
UPDATE copied.items SET what = upper(what) WHERE id < 5;
DELETE FROM copied.items WHERE id BETWEEN 20 AND 30;
SQL

# --- physical ---

my %standby;
for my $node ($servers->nodes)
{
	my $name = $node->name;
	$node->backup('base');
	my $standby = $standby{$name} = PostgreSQL::Test::Cluster->new("${name}_standby");
	$standby->init_from_backup($node, 'base', has_streaming => 1);
	$standby->start;
}
$servers->same('changes on the primary', sub { $_[0]->safe_as('clerk', $changes, 'work'); $_[0]->safe_as('dba', $contents, 'work') });
for my $node ($servers->nodes)
{
	my ($name, $standby) = ($node->name, $standby{$node->name});
	$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
	# Where all is protected a standby, which has no recorder, reads nothing; so this is asked of the catalogues and of what nothing protects.
	if ($name !~ /granted/)
	{
		is($standby->safe_psql('work', $contents), $node->safe_as('dba', $contents, 'work'), "$name: the standby has them");
	}
	else
	{
		my ($rc, $out, $err) = $standby->psql('work', $contents, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
		like($err, qr/ERROR:  55000:.*This is a standby/s, "$name: a standby reads nothing that needs a grant");
		is($standby->safe_psql('work', "SELECT string_agg(item, ' ') FROM warrant.status() WHERE warning ~ 'standby'"), 'server', "$name: its status says what it is");
		is($standby->safe_psql('work', "SELECT count(*) FROM warrant.status() WHERE warning ~ 'max_worker_processes|max_databases'"), 0, "$name: and blames no setting");
		is($standby->safe_psql('work', "SELECT value::bigint = (SELECT max(seq) FROM warrant.audit_log) FROM warrant.status() WHERE item = 'last_seq'"), 't', "$name: and how far the log goes");
	}
	is($standby->safe_psql('postgres', 'SELECT count(*) FROM pg_database'), $node->safe_psql('postgres', 'SELECT count(*) FROM pg_database'), "$name: its catalogues");
	$standby->promote;
	is($standby->safe_psql('postgres', 'CREATE TABLE after_promotion (a int); INSERT INTO after_promotion VALUES (1); SELECT * FROM after_promotion'), '1',
		"$name: it can be promoted");
	if ($name =~ /granted/)
	{
		ok(bless($standby, 'GatedServer')->eventually(sub { ($standby->psql('work', $contents))[1] =~ /item/ }), "$name: and reads under the grants then");
	}
	is($standby->safe_psql('work', $contents), $node->safe_as('dba', $contents, 'work'), "$name: with everything in it");
	$standby->stop;
}

# --- logical, into another database of the same server ---

for my $node ($servers->nodes)
{
	$node->safe_as('dba', 'CREATE DATABASE target OWNER clerk', 'work');
	$node->safe_as('clerk', 'CREATE SCHEMA copied; CREATE TABLE copied.items (id int PRIMARY KEY, what text)', 'target');
}
# The slot is made apart: CREATE SUBSCRIPTION would wait for its own transaction on the same server.
$servers->same('a subscription', sub {
		my ($node) = @_;
		$node->safe_as('dba', 'CREATE PUBLICATION copies FOR TABLES IN SCHEMA copied', 'work');
		$node->safe_as('dba', "SELECT pg_create_logical_replication_slot('copies', 'pgoutput')", 'work');
		$node->safe_as('dba', "CREATE SUBSCRIPTION copies CONNECTION 'host=" . $node->host . ' port=' . $node->port . " dbname=work user=dba' PUBLICATION copies WITH (create_slot = false, slot_name = copies)", 'target');
		my $items = q{SELECT string_agg(i::text, ' ' ORDER BY id) FROM copied.items AS i};
		my $same = sub { ($node->safe_as('dba', $items, 'target')) eq ($node->safe_as('dba', $items, 'work')) };
		$node->eventually($same) or return 'the first copy did not come';
		$node->safe_as('clerk', q{UPDATE copied.items SET what = what || ' again'; INSERT INTO copied.items VALUES (100, 'new'); DELETE FROM copied.items WHERE id = 1}, 'work');
		$node->eventually($same) or return 'the changes did not come';
		$node->safe_as('clerk', 'TRUNCATE copied.items; INSERT INTO copied.items VALUES (1, $$one$$)', 'work');
		$node->eventually($same) or return 'the emptying did not come';
		$node->safe_as('dba', 'DROP SUBSCRIPTION copies', 'target');
		return $node->safe_as('dba', 'SELECT count(*) FROM pg_replication_slots', 'work') . ' slots, ' . $node->safe_as('dba', $items, 'target');
	});

# --- decoding ---

$servers->same('slot functions', sub {
		my ($node) = @_;
		$node->safe_as('dba', "SELECT pg_create_logical_replication_slot('decoded', 'test_decoding')", 'work');
		$node->safe_as('clerk', "BEGIN; INSERT INTO copied.items VALUES (7, 'seven'); UPDATE copied.items SET what = 'VII' WHERE id = 7; COMMIT", 'work');
		my $said = $node->safe_as('dba', "SELECT string_agg(data, E'\\n') FROM pg_logical_slot_peek_changes('decoded', NULL, NULL, 'include-xids', '0') WHERE data LIKE 'table copied%'", 'work');
		$node->safe_as('dba', "SELECT count(*) FROM pg_logical_slot_get_changes('decoded', NULL, NULL); SELECT pg_drop_replication_slot('decoded')", 'work');
		return $said;
	});
$servers->stop;
done_testing();
