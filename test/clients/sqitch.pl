# sqitch: a change is refused whole and deployed when it is approved; after a revoke the next one is refused.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Test::More;
use Programs;

my $node = Programs::server('sqitch');
my $home = PostgreSQL::Test::Utils::tempdir('sqitch');
my $target = 'db:pg://clerk@127.0.0.1:' . $node->port . '/postgres';

# sqitch(COMMAND...): whether it succeeds, and what it says.
sub sqitch
{
	my $said = '';
	local $ENV{HOME} = $home;
	local @ENV{qw(SQITCH_FULLNAME SQITCH_EMAIL)} = ('Cleo Clerk', 'clerk@example.org');
	my $done = IPC::Run::run([ 'sqitch', @_ ], '<', \undef, '>&', \$said, init => sub { chdir $home });
	return ($done, $said);
}

# written(CHANGE, SQL): what the change does.
sub written { my ($change, $sql) = @_; open my $file, '>', "$home/deploy/$change.sql" or die $!; print $file "BEGIN;\n$sql;\nCOMMIT;\n"; close $file; }

my ($done, $said) = sqitch('init', 'shop', '--engine', 'pg', '--target', $target);
ok($done, 'there is a project') or diag($said);
sqitch('add', $_, '-n', $_) for qw(archive stamp);
written('archive', 'CREATE TABLE archive (LIKE orders); INSERT INTO archive SELECT * FROM orders WHERE id < 10');
written('stamp', 'ALTER TABLE archive ADD COLUMN archived date');
$node->safe_as('dba', "GRANT CREATE ON SCHEMA public TO clerk; GRANT CREATE ON DATABASE postgres TO clerk; SELECT warrant.protect_schema('public')");

($done, $said) = sqitch('deploy', '--to', 'archive');
ok(!$done, 'the change is refused');
like($said, qr/CREATE on schema "public" requires approval \(request \d+ is pending\)/, 'with its request') or diag($said);
is($node->safe_psql('postgres', "SELECT to_regclass('archive') IS NULL"), 't', 'and nothing is left behind');

$node->safe_as('clerk', 'SELECT warrant.cancel(' . Programs::pending($node) . ')');
my $request = $node->safe_as('clerk', "SELECT warrant.request('{READ, WRITE, DDL, LOCK, EXPORT}', on_schema => 'public', reason => 'release 5')");
my $grant = $node->safe_as('boss', "SELECT warrant.approve($request)");
($done, $said) = sqitch('deploy', '--to', 'archive');
ok($done, 'it runs when it is approved') or diag($said);
is($node->safe_psql('postgres', 'SELECT count(*) FROM archive'), '9', 'with all that it does');

$node->safe_as('boss', "SELECT warrant.revoke($grant, 'enough for today')");
($done, $said) = sqitch('deploy');
ok(!$done, 'after a revoke the next change is refused');
like($said, qr/ALTER on table "archive" requires approval.*Grant $grant for this was revoked just now by "boss" with the words "enough for today"/s, 'and says why') or diag($said);
$node->safe_as('boss', 'SELECT warrant.approve(' . Programs::pending($node) . ')');
($done, $said) = sqitch('deploy');
ok($done, 'the next call goes on there') or diag($said);
($done, $said) = sqitch('status');
like($said, qr/Nothing to deploy/, 'and all is deployed');
$node->stop;
done_testing();
