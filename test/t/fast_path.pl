# A function called by the protocol's own message, without a statement, is gated as in one: refused, audited, and run under a grant.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;
use WireClient;

my $node = GatedServer->running('fast_path');
$node->safe_as('dba', <<'SQL');
CREATE FUNCTION latest() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT 'order ' || max(id) FROM orders); END $$;
CREATE FUNCTION latest_by_owner() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN (SELECT 'order ' || max(id) FROM orders); END $$;
CREATE FUNCTION close_all() RETURNS text LANGUAGE plpgsql AS $$ BEGIN UPDATE orders SET status = 'closed' WHERE id > 0; RETURN 'closed'; END $$;
CREATE FUNCTION empty_all() RETURNS text LANGUAGE plpgsql AS $$ BEGIN TRUNCATE orders; RETURN 'empty'; END $$;
SQL

my $client = WireClient->connect($node->host, $node->port, 'clerk', 'postgres');

# What the call answers: the SQLSTATE, or the value.
sub call
{
	my ($function, @arguments) = @_;
	my $oid = $node->safe_as('dba', "SELECT '$function'::regprocedure::oid");
	my $parts = pack('N n n', $oid, 0, scalar @arguments) . join('', map { pack('N/a*', $_) } @arguments) . pack('n', 0);
	for my $answer ($client->ask(WireClient->message('F', $parts)))
	{
		return $1 if $answer->[0] eq 'E' && $answer->[1] =~ /\0C([0-9A-Z]{5})\0/;
		return unpack('N/a*', $answer->[1]) if $answer->[0] eq 'V';
	}
	return 'nothing';
}

my %wants = ('latest()' => 'SELECT', 'latest_by_owner()' => 'SELECT', 'close_all()' => 'UPDATE', 'empty_all()' => 'TRUNCATE');
my @calls = map { [$_] } sort keys %wants;
push @calls, [ 'query_to_xml(text,boolean,boolean,text)', 'SELECT id FROM orders ORDER BY id DESC LIMIT 1', 'f', 'f', '' ],
  [ 'table_to_xml(regclass,boolean,boolean,text)', 'orders', 'f', 'f', '' ];
for my $call (@calls)
{
	my ($function, @arguments) = @$call;
	my $command = $wants{$function} // 'SELECT';
	my $seen = $node->safe_as('dba', 'SELECT coalesce(max(seq), 0) FROM warrant.audit_log');
	is(call($function, @arguments), '42501', "$function is refused");
	is($node->safe_as('dba', "SELECT DISTINCT command || ' ' || session_user_name FROM warrant.audit_log WHERE seq > $seen AND event = 'refused'"),
		"$command clerk", 'and audited');
	is($node->safe_as('dba', "SELECT count(*) FROM orders WHERE status = 'new'"), '100', 'without effect');
}
for my $call (grep { $_->[0] ne 'empty_all()' } @calls)
{
	my ($function, @arguments) = @$call;
	my $grant = $node->let($wants{$function} // 'SELECT');
	like(call($function, @arguments), qr/order 100|closed|<id>100/, "$function runs under a grant");
	$node->safe_as('boss', "SELECT warrant.revoke($grant)");
	is(call($function, @arguments), '42501', 'and no longer');
}
$node->log_is_sound;
$node->stop;
done_testing();
