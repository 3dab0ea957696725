# A database with policies is dropped, renamed, copied and closed by superusers and members of pg_warrant.admin_roles only, its owner included.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('guarded_databases', "pg_warrant.admin_roles = 'stewards'");
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE owner LOGIN CREATEDB;
CREATE ROLE stewards; CREATE ROLE steward LOGIN CREATEDB; GRANT stewards, owner TO steward;
CREATE DATABASE shop OWNER owner; CREATE DATABASE plain OWNER owner;
SQL
$node->add_gate('shop');

sub refused
{
	my ($sql) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($state, $err) = $node->sqlstate_as('owner', $sql);
	ok($state eq '42501' && $err =~ /guarded by the gate/, "refused: $sql") or diag($err);
}

sub runs
{
	my ($sql, $role) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($state, $err) = $node->sqlstate_as($role // 'owner', $sql);
	is($state, 'none', "runs: $sql") or diag($err);
}

refused($_) for 'DROP DATABASE shop', 'DROP DATABASE IF EXISTS shop WITH (FORCE)', 'ALTER DATABASE shop RENAME TO other', 'CREATE DATABASE copy TEMPLATE shop',
  'ALTER DATABASE shop ALLOW_CONNECTIONS false', 'ALTER DATABASE shop CONNECTION LIMIT 5 ALLOW_CONNECTIONS off';
runs($_) for 'CREATE DATABASE copy TEMPLATE plain', 'ALTER DATABASE copy RENAME TO other', 'DROP DATABASE other', 'CREATE DATABASE other', 'DROP DATABASE other',
  'ALTER DATABASE plain ALLOW_CONNECTIONS false', 'ALTER DATABASE plain ALLOW_CONNECTIONS true', 'ALTER DATABASE shop ALLOW_CONNECTIONS true CONNECTION LIMIT 50';
$node->safe_psql('postgres', 'ALTER DATABASE shop IS_TEMPLATE true');
refused('CREATE DATABASE copy TEMPLATE shop');
$node->safe_psql('postgres', 'ALTER DATABASE shop IS_TEMPLATE false');
$node->works('as before', 'shop');

$node->safe_as('dba', "SELECT warrant.unprotect('orders')", 'shop');
runs($_) for 'ALTER DATABASE shop RENAME TO store', 'ALTER DATABASE store RENAME TO shop';
$node->wait_until_ready('shop');
$node->safe_as('dba', "SELECT warrant.protect('orders')", 'shop');
refused('ALTER DATABASE shop RENAME TO store');
runs($_, 'steward') for 'ALTER DATABASE shop ALLOW_CONNECTIONS false', 'ALTER DATABASE shop ALLOW_CONNECTIONS true',
  'ALTER DATABASE shop RENAME TO store', 'DROP DATABASE store';
$node->append_conf('postgresql.conf', "pg_warrant.required_databases = 'plain'");
$node->reload;
ok($node->eventually(sub { $node->safe_psql('postgres', 'SHOW pg_warrant.required_databases') eq 'plain' }), 'reloaded');
refused($_) for 'DROP DATABASE plain', 'ALTER DATABASE plain RENAME TO other', 'CREATE DATABASE copy TEMPLATE plain';
$node->safe_as('dba', 'SELECT warrant.action_result(0)');
is($node->safe_as('dba', "SELECT string_agg(session_user_name || ': ' || comment, '; ' ORDER BY seq) FROM warrant.audit_log WHERE event = 'config_changed'"),
	'steward: ALTER DATABASE shop ALLOW_CONNECTIONS false; steward: ALTER DATABASE shop RENAME TO store; steward: DROP DATABASE store', 'recorded where the gate still is');
$node->stop;
done_testing();
