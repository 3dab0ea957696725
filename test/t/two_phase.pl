# A transaction that changed what the gate goes by cannot be prepared; every other one can, and its statements are gated as they run.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('two_phase');
$node->safe_psql('postgres', 'SET client_min_messages = warning; GRANT warrant_admin TO clerk; ALTER TABLE notes OWNER TO clerk; CREATE DATABASE other');
my $session = $node->session_as('clerk');
$node->ask($session, 'SET client_min_messages = warning;');
my $note = "INSERT INTO notes VALUES (1, 'x');";
my $void = "UPDATE orders SET status = 'void' WHERE id = 7;";
my $prepared = 'SELECT count(*) FROM pg_prepared_xacts';

# says(STATE, SQL, NAME): the session's next statement ends with this SQLSTATE.
sub says
{
	my ($state, $sql, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my (undef, $got, $err) = $node->ask($session, $sql);
	is($got, $state, $name) or diag($err);
}

my %definitions = (
	protect => "warrant.protect('notes')",
	'the same in a savepoint' => "NULL; SAVEPOINT a; SELECT warrant.protect('notes'); RELEASE a",
	'a policy' => "warrant.create_policy('x', 'deny', on_table => 'notes')",
	unprotect => "warrant.unprotect('orders')",
	'a person' => "warrant.set_person('clerk', 'somebody')",
	'a webhook' => "warrant.add_webhook('hook', 'https://example.com/', 'decision', 'key')");
for my $what (sort keys %definitions)
{
	says('none', "BEGIN; SELECT $definitions{$what};", $what);
	says('0A000', "PREPARE TRANSACTION 'later';", 'cannot be prepared');
	says('none', "ROLLBACK; $note", 'and has changed nothing');
}
is($node->safe_psql('postgres', $prepared), '0', 'nothing is prepared');
is($node->safe_psql('postgres', "SELECT count(*) FROM warrant.policies WHERE name <> 'sentinel'"), '1', 'no definition came or went');
says('none', "SELECT warrant.protect('notes');", 'a definition by COMMIT counts');
says('none', "SELECT warrant.unprotect('notes');", 'so does its end');

says('none', "BEGIN; $note", 'an ordinary transaction after a definition');
says('none', "PREPARE TRANSACTION 'ordinary';", 'is prepared');
says('none', "COMMIT PREPARED 'ordinary';", 'and committed');
says('none', "BEGIN; SELECT warrant.protect('notes'); ROLLBACK; BEGIN; $note PREPARE TRANSACTION 'next';", 'one after a rollback, too');
says('none', "ROLLBACK PREPARED 'next';", 'and rolled back');

says('none', 'BEGIN;', 'a statement that needs a grant');
says('42501', $void, 'is refused before there is anything to prepare');
says('none', 'ROLLBACK;', 'the request stays');
$node->safe_as('boss', 'SELECT warrant.approve(1)');
says('none', "BEGIN; $void PREPARE TRANSACTION 'granted';", 'under a grant it is prepared');
$node->safe_as('boss', 'SELECT warrant.revoke(1)');
says('none', "COMMIT PREPARED 'granted';", 'and committed later: it ran under the grant');
is($node->safe_psql('postgres', 'SELECT status FROM orders WHERE id = 7'), 'void', 'it has its effect');

# A grant of one statement serves one transaction, whether it is committed, rolled back or outlives a crash.
for my $end ('COMMIT', 'ROLLBACK')
{
	my $sent = "UPDATE orders SET status = 'sent' WHERE id = " . ($end eq 'COMMIT' ? 8 : 9);
	says('none', "SELECT warrant.request_statement('" . ($sent =~ s/'/''/gr) . "');", "$end: one statement is asked for");
	$node->safe_as('boss', 'SELECT warrant.approve(' . $node->safe_psql('postgres', 'SELECT max(id) FROM warrant.requests') . ')');
	says('none', "BEGIN; $sent; PREPARE TRANSACTION 'exact';", "$end: under its grant it is prepared");
	says('42501', "$sent;", "$end: and its use is spent");
	$session->quit;
	$node->kill9;
	$node->start_again;
	$node->wait_until_ready;
	$session = $node->session_as('clerk');
	$node->ask($session, 'SET client_min_messages = warning;');
	says('42501', "$sent;", "$end: also after a crash");
	says('none', "$end PREPARED 'exact';", "$end: it ends");
	says('42501', "$sent;", "$end: and is not run again");
}
is($node->safe_psql('postgres', "SELECT string_agg(id::text, ',') FROM orders WHERE status = 'sent'"), '8', 'what was committed has its effect');

is($node->sqlstate_as('dba', "BEGIN; CREATE EXTENSION pg_warrant; PREPARE TRANSACTION 'made'", 'other'), '0A000', 'CREATE EXTENSION cannot be prepared');
is($node->sqlstate_as('dba', "BEGIN; SELECT warrant.discard_audit_log(); DROP EXTENSION pg_warrant CASCADE; PREPARE TRANSACTION 'gone'"),
	'0A000', 'nor can DROP EXTENSION');
is($node->safe_psql('postgres', $prepared), '0', 'nothing is prepared');
is($node->sqlstate_as('clerk', $void), '42501', 'the gate is there');
$node->log_is_sound;
$session->quit;
$node->stop;
done_testing();
