# The audit log has a partition for every moment: months in UTC, whatever the settings of who installs; holes that earlier releases left are filled.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::Local qw(timegm);
use GatedServer;
use OlderReleases;
use ShiftedClock;

OlderReleases::offer();
# at(YEAR, MONTH, DAY, HOUR): the server's clock says so.
my $node = ShiftedClock->prepared('partitions');
sub at { my ($year, $month, $day, $hour) = @_; $node->set_clock(timegm(0, 0, $hour // 12, $day, $month - 1, $year) - time); }

# Partitions with their bounds, and what of a stretch has none.
my $bounds = <<'SQL';
SET TimeZone = 'UTC';
SELECT string_agg(concat_ws(' ', c.relname, b[1], b[2]), ', ' ORDER BY b[1]) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid,
	regexp_match(pg_get_expr(c.relpartbound, c.oid), '''([^'']*)''\) TO \(''([^'']*)''') AS b WHERE i.inhparent = 'warrant.audit_log'::regclass
SQL
my $holes = <<'SQL';
SET TimeZone = 'UTC';
WITH parts AS (SELECT i.inhparent, b[1]::timestamptz AS low, b[2]::timestamptz AS high FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid,
	regexp_match(pg_get_expr(c.relpartbound, c.oid), '''([^'']*)''\) TO \(''([^'']*)''') AS b
	WHERE i.inhparent IN ('warrant.audit_log'::regclass, 'warrant.audit_text'::regclass)),
around AS (SELECT inhparent, low, lag(high) OVER (PARTITION BY inhparent ORDER BY low) AS before FROM parts)
SELECT count(*) || ' ' || count(*) FILTER (WHERE low <> before) FROM around
SQL
sub months { my ($year, $month) = @_; return join ', ', map { my $m = $month - 1 + $_;
	sprintf('audit_log_%04d_%02d %04d-%02d-01 00:00:00+00 %04d-%02d-01 00:00:00+00', map { ($year + int($_ / 12), $_ % 12 + 1) } $m, $m, $m + 1) } 0 .. 4 }

at(2031, 1, 15);
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE clerk LOGIN; CREATE ROLE boss LOGIN; CREATE ROLE auditor LOGIN; CREATE ROLE dba SUPERUSER LOGIN');
my $number = 0;
for my $case ([ 2031, 1, 'Europe/Berlin', 'SQL, DMY' ], [ 2031, 3, 'America/New_York', 'Postgres, MDY' ], [ 2031, 7, 'Europe/Berlin', 'German' ],
	[ 2031, 12, 'Australia/Sydney', 'ISO, YMD' ], [ 2032, 2, 'America/Santiago', 'SQL, MDY' ], [ 2032, 10, 'Africa/Cairo', 'Postgres, DMY' ])
{
	my ($year, $month, $zone, $style) = @$case;
	at($year, $month, 31 > 28 && $month == 2 ? 28 : 30, 23);
	my $database = 'zone' . $number++;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, "SET TimeZone = '$zone'; SET DateStyle = '$style'; SET IntervalStyle = sql_standard; CREATE EXTENSION pg_warrant");
	is($node->safe_psql($database, $bounds), months($year, $month), "$zone, $style, in month $month: the month and four more");
	$node->safe_psql('postgres', "DROP DATABASE $database");
}

# What 0.3.0 made in a winter's session in Berlin: in April it has no partition, and the name of April's is taken.
at(2031, 1, 15);
$node->safe_psql('postgres', 'CREATE DATABASE older');
$node->safe_as('dba', <<'SQL', 'older');
SET TimeZone = 'Europe/Berlin';
CREATE EXTENSION pg_warrant VERSION '0.3.0';
CREATE TABLE orders (id int);
GRANT ALL ON orders TO clerk;
GRANT warrant_approver TO boss;
SET client_min_messages = warning;
SELECT warrant.protect('orders');
SQL
$node->wait_until_ready('older');
like($node->safe_psql('older', $holes), qr/^\d+ [1-9]/, 'there are holes');
at(2031, 4, 10);
$node->works('in the hole, not yet updated', 'older');
like($node->safe_psql('older', $holes), qr/^\d+ 0$/, 'it is filled, and so is what comes');
is($node->safe_as('dba', 'ALTER EXTENSION pg_warrant UPDATE; SELECT 1', 'older'), '1', 'updated');
at(2031, 8, 31, 23);
$node->works('later', 'older');
like($node->safe_psql('older', $holes), qr/^\d+ 0$/, 'no hole');
is($node->safe_psql('older', q{SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'warrant.audit_log'::regclass
	AND NOT (has_table_privilege('warrant_auditor', c.oid, 'SELECT') AND EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e'))}), '0',
	'all are parts of the extension that auditors read');

# A partition that is missing is made at once, behind no reader's back and beside users' event triggers.
my $reader = $node->session_as('dba', 'older');
$node->ask($reader, 'BEGIN; SELECT count(*) FROM warrant.audit_log;');
$node->safe_psql('older', q{CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no DDL today'; END $$;
	CREATE EVENT TRIGGER refuse ON ddl_command_start EXECUTE FUNCTION refuse()});
at(2035, 5, 5);
$node->works('while somebody reads', 'older');
like($node->safe_psql('older', q{SELECT value FROM warrant.status() WHERE item = 'audit partitions ahead'}), qr/^4$/, 'four are ahead');
$reader->quit;
$node->stop;
done_testing();
