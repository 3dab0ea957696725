# A function called by its OID, in the protocol's own message, is a call like any other: refused without a grant, and audited with it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;
use WireClient;

my $node = GatedServer->running('server_functions');
$node->safe_psql('postgres', 'GRANT EXECUTE ON FUNCTION pg_read_file(text) TO clerk; GRANT pg_read_server_files TO clerk');
my $function = $node->safe_psql('postgres', q{SELECT 'pg_read_file(text)'::regprocedure::oid});
my $harmless = $node->safe_psql('postgres', q{SELECT 'reverse(text)'::regprocedure::oid});
my $wire = WireClient->connect($node->host, $node->port, 'clerk', 'postgres');

# call(OID, ARGUMENT): all of it as text.
sub call
{
	my ($oid, $argument) = @_;
	return $wire->ask($wire->message('F', pack('N n n N', $oid, 0, 1, length $argument), $argument, pack('n', 0)));
}

# The rows about ADMIN since the last question, with the text that they keep.
my $seen = 0;
sub news
{
	$node->safe_psql('postgres', 'SELECT warrant.action_result(0)');
	my $news = $node->safe_psql('postgres', "SELECT event, outcome, t.statement FROM warrant.audit_log l LEFT JOIN warrant.audit_text t USING (seq)
		WHERE command = 'ADMIN' AND session_user_name = 'clerk' AND seq > $seen ORDER BY seq");
	$seen = $node->safe_psql('postgres', 'SELECT max(seq) FROM warrant.audit_log');
	return $news;
}

sub grant
{
	return $node->safe_as('boss', q{SELECT warrant.grant('clerk', '{ADMIN}', on_database => true)});
}

is(WireClient->state_of(call($function, 'PG_VERSION')), '42501', 'a call is refused');
like(news(), qr/^refused\|\|/m, 'and audited');
is(WireClient->state_of(call($harmless, 'a')), 'none', 'others run');
is(news(), '', 'silently');
my $grant = grant();
is(WireClient->shape_of(call($function, 'PG_VERSION')), 'VZ', 'with a grant it runs');
is((split /\n/, news())[-1], 'allowed||', 'audited, without a text or an outcome');

# A portal that is bound and never run leaves nothing behind that a later call could be taken for.
is(WireClient->shape_of($wire->ask($wire->message('P', "s\0SELECT 1\0", pack('n', 0)) . $wire->message('B', "p\0s\0", pack('n n n', 0, 0, 0)) .
	$wire->message('S'))), '12Z', 'a portal is bound');
is(WireClient->shape_of(call($function, 'PG_VERSION')), 'VZ', 'and a function called after it');
is(news(), 'allowed||', 'as before');

# Nor does a statement that fails before it runs.
is(WireClient->state_of($wire->ask($wire->message('Q', "SELECT pg_read_file(CAST(1 / 0 AS text))\0"))), '22012', 'a statement fails');
is(WireClient->state_of($wire->ask($wire->message('Q', "SELECT pg_read_file('nowhere')\0"))), '58P01', 'another when it runs');
is(news(), "allowed||SELECT pg_read_file('nowhere')\noutcome|error|", 'that one alone was allowed, and has a text and an outcome');
is(WireClient->shape_of(call($function, 'PG_VERSION')), 'VZ', 'and a function called after them');
is(news(), 'allowed||', 'as before');

$node->safe_as('boss', "SELECT warrant.revoke($grant)");
is(WireClient->state_of(call($function, 'PG_VERSION')), '42501', 'after the revoke it is refused');
is(WireClient->state_of($wire->ask($wire->message('Q', "SELECT pg_read_file('PG_VERSION')\0"))), '42501', 'and so is a statement');
$wire->close;
$node->log_is_sound;
done_testing();
