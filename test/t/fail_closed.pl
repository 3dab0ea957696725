# What the gate cannot read or does not know, it refuses: a policy of an unknown effect, and tables whose sentinel is not there.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('fail_closed');

# Only the server in single-user mode writes our tables against our rules: the gate is not there.
sub tamper
{
	my ($sql) = @_;
	$node->stop;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'postgres', '--single', '-D', $node->data_dir, 'postgres' ], '<', \"$sql\n", '>', \$out, '2>', \$err,
		IPC::Run::timeout($GatedServer::patience_s)) or die "single-user mode failed: $err";
	die $err if $err =~ /ERROR/;
	$node->start;
	$node->wait_until_ready;
}

sub as_clerk
{
	my ($sql) = @_;
	my ($ret, $out, $err) = $node->psql_as('clerk', $sql);
	return $ret == 0 ? "ran: $out" : $err =~ /ERROR:\s+(\w{5}): (.*)/ ? "$1 $2" : $err;
}

is(as_clerk('SELECT count(*) FROM orders'), '42501 SELECT on table "orders" requires approval (request 1 is pending)', 'protected');
is(as_clerk('SELECT count(*) FROM notes'), 'ran: 0', 'not protected');

tamper(q{ALTER TABLE warrant.policies DROP CONSTRAINT policies_effect_check}
	. "\n" . q{UPDATE warrant.policies SET effect = 'perhaps' WHERE target_kind = 't'});
is(as_clerk('SELECT count(*) FROM orders'), '42501 SELECT on table "orders" is refused', 'an effect that no step answers refuses');
is(as_clerk('SELECT count(*) FROM notes'), 'ran: 0', 'what it does not govern runs');
is($node->safe_psql('postgres', q{SELECT rule || ': ' || answer || ', ' || detail FROM warrant.explain('clerk', 'SELECT', 'orders') ORDER BY step DESC LIMIT 1}),
	'otherwise: refuse, its effect is none that this release knows', 'explain says why');
like(($node->psql_as('clerk', 'SELECT count(*) FROM orders'))[2], qr/DETAIL:  Policy "protect public.orders" does not let it run: its effect is none /,
	'and so does the error');

tamper(q{DELETE FROM warrant.policies});
is(as_clerk('SELECT count(*) FROM orders'), '55000 the gate cannot read its policies', 'policies without their sentinel');
is(as_clerk('SELECT count(*) FROM notes'), '55000 the gate cannot read its policies', 'then nothing can be told to be unprotected');
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_class WHERE relname = $$orders$$'), '1', 'catalogues stay readable');

done_testing();
