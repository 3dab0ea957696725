# The preloaded library links no libcurl, and the courier's own does. A server without libcurl, or with a courier of another version, starts, gates and
# approves; status says what is missing, and the server's log says it once. When it is there, deliveries go out without a restart.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use File::Copy qw(copy);
use GatedServer;
use OlderReleases;
use PostgreSQL::Test::Utils;
use Receiver;
use Test::More;
use Time::HiRes qw(sleep time);

my $libraries = `pg_config --pkglibdir`;
chomp $libraries;
unlike(`ldd '$libraries/pg_warrant.so'`, qr/libcurl|libcrypto|not found/, 'the preloaded library links no libcurl');
my ($libcurl) = `ldd '$libraries/pg_warrant_courier.so'` =~ /(libcurl\S*) =>/;
ok($libcurl, "the courier's does") or BAIL_OUT('no libcurl');

# For the server the libcurl of this directory comes first.
my $broken = PostgreSQL::Test::Utils::tempdir('broken');
append_to_file("$broken/$libcurl", '');
my $receiver = Receiver->started;
my $secrets = PostgreSQL::Test::Utils::tempdir('secrets') . '/file';
append_to_file($secrets, "bank = $Receiver::secret\n");
chmod 0600, $secrets or die "$secrets: $!";

OlderReleases::offer();
my $node = GatedServer->prepared('main', "pg_warrant.secret_file = '$secrets'", q{pg_warrant.decision_wait = '60s'});
{
	local $ENV{LD_LIBRARY_PATH} = join ':', $broken, grep { defined } $ENV{LD_LIBRARY_PATH};
	$node->start;
}
$node->safe_psql('postgres', 'CREATE ROLE clerk LOGIN; CREATE ROLE boss LOGIN; CREATE ROLE dba SUPERUSER LOGIN');
$node->add_gate('postgres');
$node->safe_psql('postgres', 'GRANT warrant_approver TO boss');

sub value { $node->safe_as('dba', @_) }

# A table of clerk's under a policy that asks a webhook; both are named after the table.
sub asking
{
	my ($table, $database) = @_;
	my ($url, $authority) = ($receiver->url('approve'), $receiver->authority);
	value(<<"SQL", $database);
BEGIN;
CREATE TABLE $table (id int);
GRANT ALL ON $table TO clerk;
SELECT warrant.add_webhook('$table', '$url', 'decision', 'bank', allowed_networks => '{127.0.0.1}', ca_file => '$authority');
SELECT warrant.create_policy('$table', 'approve', on_table => '$table', webhook => '$table');
COMMIT;
SQL
}

sub courier
{
	my ($database) = @_;
	return $node->try_query(q{SELECT concat_ws(' | ', value, warning) FROM warrant.status() WHERE item = 'courier'}, $database) // '';
}
sub courier_comes { my ($like, $database) = @_; return $node->eventually(sub { courier($database) =~ $like }) }
sub told { my $text = slurp_file($node->logfile); return scalar(() = $text =~ /$_[0]/g) }
sub request_on { my ($table) = @_; return value("SELECT max(request_id) FROM warrant.request_items WHERE relation_name = '$table'") }

# --- without libcurl ---

asking('orders_of_bank');
my $missing = qr/^not running \| no webhook is called, because the courier's library cannot be loaded: could not load library .*\Q$libcurl\E/;
ok(courier_comes($missing), 'status says that the library cannot be loaded, and why') or diag(courier());
my $began = time;
is($node->sqlstate_as('clerk', 'INSERT INTO orders_of_bank VALUES (1)'), '42501', 'a statement is refused');
cmp_ok(time - $began, '<', 58, 'and does not wait for a webhook that cannot answer');
my $id = request_on('orders_of_bank');
is(value("SELECT state FROM warrant.requests WHERE id = $id"), 'pending', 'its request pends');
like($node->safe_as('boss', "SELECT warrant.approve($id, max_uses => 1)"), qr/^\d+$/, 'a person approves it');
is($node->sqlstate_as('clerk', 'INSERT INTO orders_of_bank VALUES (2)'), 'none', 'the statement runs');
is($node->sqlstate_as('clerk', 'INSERT INTO orders_of_bank VALUES (3)'), '42501', 'and is refused again');

# Another try has come. The database's other courier has not begun yet, which would tell it once more.
sleep 0.1 while time < $began + 11;
is(told(qr/the library "pg_warrant_courier" cannot be loaded/), 1, 'the log has one line of it');
is(told(qr/"pg_warrant courier[^\n]* exited with exit code/), 0, 'and no process that ended');

# What waits for its library is in nobody's way.
$node->safe_psql('postgres', 'CREATE DATABASE other');
value('CREATE EXTENSION pg_warrant', 'other');
$node->wait_until_ready('other');
asking('others', 'other');
ok(courier_comes($missing, 'other'), 'another database has such a courier, too');
is($node->sqlstate_as('dba', 'ALTER DATABASE other RENAME TO another'), 'none', 'that database is renamed');
ok(courier_comes($missing, 'another'), 'its courier waits again');
is($node->sqlstate_as('dba', 'DROP DATABASE another'), 'none', 'and dropped');

# --- with libcurl again ---

unlink "$broken/$libcurl" or die "$libcurl: $!";
ok(courier_comes(qr/^running, pid \d+$/), 'with the library there the courier runs, without a restart') or diag(courier());
$id = request_on('orders_of_bank');
ok($node->eventually(sub { value("SELECT state FROM warrant.requests WHERE id = $id") eq 'approved' }), 'and the webhook decides what pended');
is($node->sqlstate_as('clerk', 'INSERT INTO orders_of_bank VALUES (4)'), 'none', 'the statement runs');

# Until ALTER EXTENSION UPDATE, the library serves the script of the release before.
$node->safe_psql('postgres', 'CREATE DATABASE older');
value("CREATE EXTENSION pg_warrant VERSION '0.3.0'", 'older');
$node->wait_until_ready('older');
asking('olders', 'older');
ok(courier_comes(qr/^running/, 'older'), 'a courier serves an older script');
is($node->sqlstate_as('clerk', 'INSERT INTO olders VALUES (1)', 'older'), 'none', 'whose webhook decides');

# --- a file of another version, as after an upgrade without a restart ---

my $other = PostgreSQL::Test::Utils::tempdir('other');
my ($version) = slurp_file("$FindBin::Bin/../../pg_warrant.control") =~ /default_version = '(.*)'/;
my $library = slurp_file("$libraries/pg_warrant_courier.so");
(my $another = '9' x length $version) =~ s/^(.)./$1./;
cmp_ok($library =~ s/(?<=\x{00})\Q$version\E(?=\x{00})/$another/g, '>', 0, 'a library of another version');
append_to_file("$other/pg_warrant_courier.so", $library);
value("ALTER SYSTEM SET dynamic_library_path = '$other:\$libdir'");
$node->reload;
$node->eventually(sub { value('SHOW dynamic_library_path') =~ /^\Q$other\E/ });
value("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'pg_warrant courier' AND datname = 'postgres'");
ok(courier_comes(qr/cannot be loaded: its file is of version \Q$another\E, and the server runs \Q$version\E until it is restarted$/), 'is not used') or diag(courier());
copy("$libraries/pg_warrant_courier.so", "$other/new") or die $!;
rename "$other/new", "$other/pg_warrant_courier.so" or die $!;
ok(courier_comes(qr/^running/), 'until it is the right one again');
is($node->sqlstate_as('dba', 'BEGIN; SELECT warrant.discard_audit_log(); DROP EXTENSION pg_warrant; COMMIT', 'older'), 'none', 'the extension goes');
$node->stop;
done_testing();
