# A copy of a database is not the original: none of its grants lives and nothing is sent from it, until warrant.adopt() ends what came with it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('copies');
my $grant = $node->let('SELECT');
$node->safe_as('dba', <<'SQL');
SELECT warrant.add_webhook('desk', 'http://127.0.0.1:9/', 'decision', 'desk', allowed_networks => '{127.0.0.0/8}');
SELECT warrant.create_policy('desk decides', 'approve', on_table => 'notes', webhook => 'desk');
SQL
is($node->sqlstate_as('clerk', 'DELETE FROM orders WHERE id > 0'), '42501', 'a request is filed');
my $request = $node->safe_as('dba', "SELECT max(id) FROM warrant.requests WHERE state = 'pending'");

$node->safe_as('dba', "SELECT warrant.protect_database('{SELECT}')");
$node->safe_psql('postgres', 'CREATE TABLE of_database (a int); GRANT ALL ON of_database TO clerk');
is($node->sqlstate_as('clerk', 'SELECT FROM of_database'), '42501', 'the whole database is protected');
is($node->sqlstate_as('dba', 'CREATE DATABASE copy TEMPLATE postgres', 'template1'), 'none', 'copied');
$node->wait_until_ready('copy');
$node->wait_until_ready;
is($node->sqlstate_as('clerk', 'SELECT FROM orders'), 'none', 'the grant lives where it was made');
my ($state, $err) = $node->sqlstate_as('clerk', 'SELECT FROM orders', 'copy');
is($state, '42501', 'and not in the copy');
like($err, qr/No request was filed: this database is a copy.*warrant\.adopt/s, 'which says what it is');
is($node->sqlstate_as('clerk', 'SELECT FROM of_database', 'copy'), '42501', 'the copy of a protected database is protected');
is($node->safe_psql('copy', q{SELECT answer || ': ' || detail FROM warrant.explain('clerk', 'SELECT', 'orders') ORDER BY step DESC LIMIT 1}),
	'refuse: no request is filed: This database is a copy, where nobody decides until warrant.adopt().', 'explain says that nothing is filed');
is($node->safe_psql('copy', q{SELECT string_agg(item || ' ' || value, ', ' ORDER BY item) FROM warrant.status() WHERE item IN ('live grants', 'pending requests')}),
	'live grants 0, pending requests 0', 'status() counts nothing that does not live here');
is($node->safe_as('auditor', "SELECT (SELECT count(*) FROM warrant.active_grants) || ' ' || (SELECT count(*) FROM warrant.pending)", 'copy'), '0 0', 'nor do the views show it');
is($node->safe_as('clerk', 'SELECT count(*) FROM warrant.my_grants', 'copy'), '0', 'to nobody');
is($node->safe_as('auditor', 'SELECT count(*) FROM warrant.active_grants'), '1', 'they do where it was made');
is($node->sqlstate_as('clerk', 'SELECT FROM notes', 'copy'), '42501', 'nor does a webhook decide there');
is($node->safe_psql('copy', 'SELECT count(*) FROM warrant.deliveries'), '0', 'or hear of it');
is($node->safe_psql('copy', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pg_warrant courier' AND datname = 'copy'"), '0', 'no courier runs');
is($node->sqlstate_as('boss', "SELECT warrant.$_", 'copy'), '55000', "$_ there") for "approve($request)", q{grant('clerk', '{SELECT}', on_table => 'orders')};
is($node->sqlstate_as('clerk', q{SELECT warrant.request('{SELECT}', on_table => 'orders')}, 'copy'), '55000', 'request there');
like($node->safe_psql('copy', "SELECT value || ': ' || warning FROM warrant.status() WHERE item = 'home'"), qr/^elsewhere: .*adopt/, 'status() warns');

is($node->sqlstate_as('clerk', 'SELECT warrant.adopt()', 'copy'), '42501', 'not everybody adopts it');
is($node->sqlstate_as('dba', 'SELECT warrant.adopt()'), '55006', 'nobody adopts the original');
$node->safe_psql('copy', 'CREATE FUNCTION trojan() RETURNS void LANGUAGE sql AS $$ SELECT warrant.adopt() $$');
is($node->sqlstate_as('dba', 'SELECT * FROM trojan()', 'copy'), '42501', 'nor indirectly');
is($node->safe_psql('copy', 'SELECT count(*) FROM warrant.grants WHERE closed_at IS NULL'), '1', 'nothing of it is done');
is($node->sqlstate_as('dba', 'SELECT warrant.adopt()', 'copy'), 'none', 'adopted');
is($node->safe_psql('copy', 'SELECT count(*) FROM warrant.grants WHERE closed_at IS NULL'), '0', 'its grants are ended');
is($node->safe_psql('copy', "SELECT count(*) FROM warrant.requests WHERE state = 'pending'"), '0', 'its requests too');
is($node->safe_psql('copy', 'SELECT enabled FROM warrant.webhooks'), 'f', 'its webhooks are disabled');
is($node->safe_psql('copy', "SELECT string_agg(event || coalesce(': ' || comment, ''), '; ' ORDER BY seq) FROM warrant.audit_log WHERE session_user_name = 'dba' AND event ~ 'revoked|cancelled|config' AND comment !~ '^(CREATE|ALTER)'"),
	'grant_revoked: it was made in another database; request_cancelled: it was filed in another database; request_cancelled: it was filed in another database; config_changed: adopted this copy', 'and all is audited');
is($node->sqlstate_as('clerk', 'SELECT FROM orders', 'copy'), '42501', 'the old grant stays dead');
$node->works('the copy works by itself', 'copy');
is($node->sqlstate_as('clerk', 'SELECT FROM notes', 'copy'), '42501', 'with its webhook disabled');
is($node->safe_psql('copy', 'SELECT count(*) FROM warrant.deliveries'), '0', 'nothing is queued');
$node->safe_as('dba', "SELECT warrant.enable_webhook('desk')", 'copy');
is($node->sqlstate_as('clerk', 'DELETE FROM notes', 'copy'), '42501', 'until it is enabled');
is($node->safe_psql('copy', 'SELECT count(*) FROM warrant.deliveries'), '1', 'then it is asked');
$node->works('the original goes on');
is($node->sqlstate_as('clerk', 'SELECT FROM orders'), 'none', 'with its grant');

# Where no recorder comes, the log's last row is told all the same.
$node->safe_psql('template1', 'CREATE DATABASE nobodys TEMPLATE copy OWNER clerk');
$node->wait_until_ready('copy');
my $last = $node->safe_psql('nobodys', 'SELECT max(seq) FROM warrant.audit_log');
is($node->safe_psql('nobodys', "SELECT string_agg(value, ' ' ORDER BY item) FROM warrant.status() WHERE item IN ('last_seq', 'recorder')"), "$last not running", 'by status()');
is($node->safe_psql('nobodys', 'BEGIN; SELECT warrant.discard_audit_log(); ROLLBACK'), $last, 'and by discard_audit_log()');

# A server started from a physical copy has the same identifiers: its name tells it apart. Open sessions hear of it.
my $session = $node->session_as('clerk');
is(($node->ask($session, 'SELECT FROM orders'))[1], 'none', 'under the old name');
$node->append_conf('postgresql.conf', "pg_warrant.instance = 'staging'");
$node->reload;
ok($node->eventually(sub { ($node->ask($session, 'SELECT FROM orders'))[1] eq '42501' }), 'under another name no grant lives');
$node->append_conf('postgresql.conf', "pg_warrant.instance = ''");
$node->reload;
ok($node->eventually(sub { ($node->ask($session, 'SELECT FROM orders'))[1] eq 'none' }), 'under the old one it does again');
$session->quit;
$node->stop;
done_testing();
