# What the database's owner sets with ALTER DATABASE ... SET reaches background workers; it changes nothing for the recorder and the keeper.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('database_settings');
$node->safe_psql('postgres', 'CREATE ROLE owner LOGIN; CREATE DATABASE shop OWNER owner');
$node->add_gate('shop');
$node->safe_as('owner', 'CREATE SCHEMA evil; ' . <<'SQL', 'shop');
CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz '1999-01-01' $$;
CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz '1999-01-01' $$;
CREATE FUNCTION evil.never(bigint, bigint) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$;
CREATE OPERATOR evil.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.never);
SQL

# The workers are the bootstrap superuser. The sessions of this test are not, and have the settings lifted for their roles.
my @settings = (
	[ 'search_path', 'evil, public, pg_catalog' ],
	[ 'default_transaction_read_only', 'on' ],
	[ 'default_transaction_isolation', 'serializable' ],
	[ 'default_transaction_deferrable', 'on' ],
	[ 'statement_timeout', '1' ],
	[ 'lock_timeout', '1' ],
	[ 'idle_in_transaction_session_timeout', '1' ],
	[ 'idle_session_timeout', '1' ],
	[ 'transaction_timeout', '1' ],
	[ 'TimeZone', 'Pacific/Kiritimati' ],
	[ 'DateStyle', 'SQL, DMY' ],
	[ 'IntervalStyle', 'sql_standard' ],
	[ 'row_security', 'off' ],
	[ 'synchronous_commit', 'off' ],
	[ 'default_tablespace', 'gone' ],
	[ 'temp_tablespaces', 'gone' ],
	[ 'default_table_access_method', 'gone' ],
	[ 'bytea_output', 'escape' ],
	[ 'extra_float_digits', '-15' ],
	[ 'standard_conforming_strings', 'off' ],
	[ 'backslash_quote', 'off' ],
	[ 'transform_null_equals', 'on' ],
	[ 'array_nulls', 'off' ],
	[ 'quote_all_identifiers', 'on' ],
	[ 'xmloption', 'document' ],
	[ 'client_encoding', 'SQL_ASCII' ],
	[ 'client_min_messages', 'debug5' ],
	[ 'check_function_bodies', 'off' ],
	[ 'enable_indexscan', 'off' ],
	[ 'enable_bitmapscan', 'off' ],
	[ 'enable_seqscan', 'off' ],
	[ 'jit', 'on' ],
	[ 'jit_above_cost', '0' ],
	[ 'force_parallel_mode', 'regress' ],
	[ 'debug_parallel_query', 'regress' ],
	[ 'parallel_setup_cost', '0' ],
	[ 'plan_cache_mode', 'force_custom_plan' ],
	[ 'work_mem', '64' ],
	[ 'gin_fuzzy_search_limit', '1' ],
	[ 'from_collapse_limit', '1' ],
	[ 'plpgsql.extra_errors', 'all' ],
	[ 'plpgsql.extra_warnings', 'all' ],
	[ 'plpgsql.check_asserts', 'off' ],
	[ 'pg_warrant.reason', 'the owner says so' ],
	[ 'application_name', 'not pg_warrant' ],
);

# Every setting that the owner may make in this release, beside those above: its other extreme.
my %listed = map { lc $_->[0] => 1 } @settings;
my %known = map { lc $_ => 1 } split /\n/, $node->safe_psql('postgres', 'SELECT name FROM pg_settings');
for my $line (split /\n/, $node->safe_as('dba', <<'SQL', 'shop'))
SELECT name, CASE vartype WHEN 'bool' THEN CASE boot_val WHEN 'on' THEN 'off' ELSE 'on' END
                          WHEN 'enum' THEN (SELECT e FROM unnest(enumvals) AS e WHERE e <> boot_val LIMIT 1)
                          ELSE CASE boot_val WHEN min_val THEN max_val ELSE min_val END END
  FROM pg_settings WHERE context = 'user' AND vartype <> 'string' AND name NOT LIKE 'ssl%' ORDER BY name
SQL
{
	my ($name, $value) = split /\|/, $line;
	# Sessions, not workers, take these; with them no client could work to find out.
	next if $listed{ lc $name } || $name =~ /^(log_|debug_|trace_|tcp_|client_connection|geqo|ignore_|allow_|zero_|update_process|backend_flush|effective_io|maintenance_io|temp_buffers|default_statistics)/;
	push @settings, [ $name, $value ];
}
$known{'plpgsql.extra_errors'} = $known{'plpgsql.extra_warnings'} = $known{'plpgsql.check_asserts'} = 1;
my @made;
for my $setting (@settings)
{
	my ($name, $value) = @$setting;
	next unless $known{ lc $name };
	my $quoted = $name eq 'search_path' || $name eq 'DateStyle' ? $value : "'$value'";
	my ($state, $err) = $node->sqlstate_as('owner', "DO 'BEGIN END'; SET client_min_messages = error; ALTER DATABASE shop SET $name = $quoted", 'postgres');
	if ($state ne 'none') { note("$name: $err"); next; }
	push @made, $name;
}
cmp_ok(scalar @made, '>=', 60, scalar(@made) . ' settings of the owner');
my $names = join ', ', map { "'$_'" } @made;
$node->safe_psql('postgres', <<SQL);
DO \$\$
DECLARE
    setting text;
    client text;
BEGIN
    FOREACH setting IN ARRAY ARRAY[$names] LOOP
        FOREACH client IN ARRAY ARRAY['clerk', 'boss', 'dba'] LOOP
            EXECUTE format('ALTER ROLE %I IN DATABASE shop SET %s FROM CURRENT', client, setting);
        END LOOP;
    END LOOP;
END \$\$;
SQL
is($node->safe_as('dba', 'SHOW transaction_read_only', 'shop'), 'off', 'the clients of this test are not reached');
is($node->safe_psql('postgres', "SELECT array_length(setconfig, 1) FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase WHERE datname = 'shop' AND setrole = 0"),
	scalar(@made), 'while others are');

my $before = $node->safe_as('dba', 'SELECT max(seq) FROM warrant.audit_log', 'shop');
my $old = $node->recorder_pid('shop');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($old)");
ok($node->eventually(sub { my $pid = $node->recorder_pid('shop'); $pid && $pid != $old }), 'the recorder restarts');
$node->works('refusals and approvals go on', 'shop');

# The terms of a request and a grant are what they are without the settings.
my $grant = $node->safe_as('boss', "SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'orders', duration => '02:03:04', reason => 'E''\\')", 'shop');
is($node->safe_as('dba', "SELECT ends_at - starts_at = '02:03:04', reason FROM warrant.grants WHERE id = $grant", 'shop'), "t|E'\\", 'durations and texts arrive as they are');
is($node->safe_as('dba', "SELECT count(*) FROM warrant.audit_log WHERE seq > $before AND (sealed_at NOT BETWEEN now() - interval '5 min' AND now() + interval '1 min'
	OR occurred_at NOT BETWEEN now() - interval '5 min' AND now() + interval '1 min')", 'shop'), '0', 'times are right');
is($node->safe_as('dba', "SELECT count(*) FROM warrant.audit_log WHERE octet_length(statement_sha256) <> 32 OR octet_length(statement_hmac) <> 32", 'shop'),
	'0', 'digests are whole');
is($node->sqlstate_as('clerk', "UPDATE orders SET status = 'x' WHERE id = 1", 'shop'), 'none', 'the grant works');

# Actions that fail, fail alone.
$old = $node->recorder_pid('shop');
is($node->sqlstate_as('boss', 'SELECT warrant.approve(123456789)', 'shop'), 'P0002', 'an unknown request');
is($node->sqlstate_as('clerk', "SELECT warrant.request('{EAT}', on_table => 'orders')", 'shop'), '22023', 'an unknown command');
is($node->sqlstate_as('clerk', "SELECT warrant.approve(warrant.request('{DELETE}', on_table => 'orders'))", 'shop'), '42501', 'an indirect approval');
is($node->recorder_pid('shop'), $old, 'and the recorder stays');

# Durability is not the owner's to switch off.
my $request = $node->safe_as('clerk', "SELECT warrant.request('{DELETE}', on_table => 'orders')", 'shop');
$node->stop('immediate');
$node->start;
$node->wait_until_ready('shop');
is($node->safe_as('dba', "SELECT state FROM warrant.requests WHERE id = $request", 'shop'), 'pending', 'what was answered survives a crash');
$node->works('and all goes on after a restart', 'shop');

# Nor is whom the workers run as.
$node->safe_psql('postgres', "ALTER ROLE dba IN DATABASE shop SET role = none; ALTER ROLE dba IN DATABASE shop SET session_authorization = dba");
for my $name ('role', 'session_authorization')
{
	$node->safe_as('owner', "SET client_min_messages = error; ALTER DATABASE shop SET $name = owner", 'postgres');
	$old = $node->recorder_pid('shop');
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($old)");
	ok($node->eventually(sub { my $pid = $node->recorder_pid('shop'); $pid && $pid != $old }), "the recorder restarts with $name set");
	$node->works("it is not the owner with $name set", 'shop');
	$node->safe_as('owner', "ALTER DATABASE shop RESET $name", 'postgres');
}
unlike(slurp_file($node->logfile), qr/the recorder rejects an entry|recording failed/, 'no entry was rejected');
$node->stop;
done_testing();
