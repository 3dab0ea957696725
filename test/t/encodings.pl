# Bytes that are no characters stop nothing and make nothing unreadable, wherever they come in: in the startup packet, in statements of a database
# without an encoding, in names that a database of another encoding made.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use GatedServer;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Receiver;
use Test::More;

my $receiver = Receiver->started;
my $secrets = PostgreSQL::Test::Utils::tempdir('secrets') . '/file';
append_to_file($secrets, "bank = $Receiver::secret\n");
chmod 0600, $secrets or die "$secrets: $!";
my $node = GatedServer->running('main', "pg_warrant.secret_file = '$secrets'");

# asking(TABLE, DATABASE): a table of everybody's that a webhook decides.
sub asking
{
	my ($table, $database) = @_;
	my ($url, $authority) = ($receiver->url('approve'), $receiver->authority);
	$node->safe_as('dba', <<"SQL", $database);
CREATE TABLE $table (id int);
GRANT ALL ON $table TO PUBLIC;
SELECT warrant.add_webhook('$table', '$url', 'decision', 'bank', allowed_networks => '{127.0.0.1}', ca_file => '$authority');
SELECT warrant.create_policy('$table', 'approve', on_table => '$table', webhook => '$table');
SQL
}

sub told { my ($table) = @_; return map { JSON::PP->new->decode($_->{body}) } grep { $_->{body} =~ /\.$table"/ } $receiver->deliveries }

# --- the startup packet ---

{
	local $ENV{PGOPTIONS} = "-c pg_warrant.reason=\xFF\xFEx";
	is($node->sqlstate_as('clerk', 'UPDATE orders SET status = status WHERE id > 0'), '42501', 'a reason of strange bytes: refused');
}
my $readable = q{SELECT count(*) > 0, bool_and(convert_to(concat(r.reason, l.comment), 'LATIN1') IS NOT NULL) FROM warrant.requests r, warrant.audit_log l};
is($node->safe_as('dba', $readable), 't|t', 'what is kept can be read by clients of any encoding');
is($node->safe_as('dba', 'SELECT max(reason) FROM warrant.requests'), '??x', 'the strange ones are question marks');
$node->works('all goes on');

# --- no encoding ---

$node->safe_psql('postgres', q{CREATE DATABASE bytes ENCODING SQL_ASCII TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'});
$node->add_gate('bytes');
asking('a', 'bytes');
asking('b', 'bytes');
{
	local $ENV{PGCLIENTENCODING} = 'SQL_ASCII';
	is($node->sqlstate_as('clerk', "INSERT INTO a VALUES (1) /* gr\xFC\xDFe, \xC3\xA4 */", 'bytes'), 'none', 'a statement of strange bytes is decided');
}
is((told('a'))[0]{action}{properties}{statement}, "INSERT INTO a VALUES (1) /* gr??e, \xE4 */", 'the endpoint reads what is text of it');
is($node->sqlstate_as('clerk', 'INSERT INTO b VALUES (1)', 'bytes'), 'none', 'and so are the others');
$node->safe_as('dba', q{CREATE TABLE d (id int); GRANT ALL ON d TO PUBLIC; SELECT warrant.protect('d')}, 'bytes');
{
	local $ENV{PGCLIENTENCODING} = 'SQL_ASCII';
	is($node->sqlstate_as('clerk', "DELETE FROM d /* gr\xFC\xDFe, \xE6\x97\xA5\xE6\x9C\xAC\xE8\xAA\x9E */", 'bytes'), '42501', 'a statement of strange bytes is refused');
}
{
	local $ENV{PGCLIENTENCODING} = 'UTF8';
	is($node->safe_as('boss', 'SELECT statement FROM warrant.my_inbox', 'bytes'), 'DELETE FROM d /* gr??e, ????????? */', 'an approver of any encoding can read it');
	is($node->safe_as('boss', q{SELECT count(*) FROM warrant.my_inbox b, warrant.show_request(b.id) AS s WHERE s.item = 'statement'}, 'bytes'), '1', 'on its card, too');
}

# --- names from elsewhere ---

$node->safe_psql('postgres', q{CREATE DATABASE latin ENCODING LATIN1 TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'});
$node->add_gate('latin');
$node->safe_as('dba', qq{SET client_encoding = 'UTF8'; CREATE ROLE "M\xC3\xBCller" LOGIN; CREATE ROLE "clerk\xC3\xBC" LOGIN; GRANT "clerk\xC3\xBC" TO "M\xC3\xBCller"}, 'latin');
asking('c', 'postgres');
asking('c', 'latin');
for my $database ('postgres', 'latin')
{
	local $ENV{PGCLIENTENCODING} = $database eq 'latin' ? 'LATIN1' : 'UTF8';
	is($node->sqlstate_as("M\xFCller", 'INSERT INTO c VALUES (1)', $database), 'none', "a role whose name is none in $database is served");
}
is(join(', ', sort map { $_->{subject}{id} } told('c')), "M?ller, M\xFCller", 'the endpoint is told who it is, as far as that can be said');
is($node->safe_as('dba', q{SELECT DISTINCT session_user_name FROM warrant.audit_log WHERE relation_name = 'c' AND event = 'refused'}), 'M?ller', 'and so is the audit');
is(scalar(grep { !$_->{verified} } $receiver->deliveries), 0, 'the receiver verified every delivery');
$node->log_is_sound($_) for 'postgres', 'bytes', 'latin';
done_testing();
