# A procedure in PL/Perl catches the error of its own COMMIT, before the server's log has it. It is told no more than the client.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use Packages;
use GatedServer;

plan skip_all => 'this server has no PL/Perl' unless -e Packages::pg_config('--pkglibdir') . '/plperl.so';

my $node = GatedServer->running('caught_commit');
$node->safe_as('dba', <<'SQL');
CREATE EXTENSION plperl;
CREATE TABLE cards (id int PRIMARY KEY, card text, UNIQUE (card) DEFERRABLE INITIALLY DEFERRED);
INSERT INTO cards VALUES (1, '4711 first'), (2, '4711 second');
CREATE FUNCTION ruled() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    BEGIN PERFORM NEW.card::int; EXCEPTION WHEN division_by_zero THEN NULL; END;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ruled AFTER UPDATE OF id ON cards DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ruled();
GRANT SELECT, UPDATE ON cards TO clerk;
SELECT warrant.protect('cards');
SQL

# What a block is told that tries to commit the statement.
sub caught
{
	my ($statement) = @_;
	my (undef, undef, $err) = $node->psql('postgres', "DO LANGUAGE plperl \$\$ spi_exec_query('$statement'); eval { spi_commit() }; elog(NOTICE, \"caught: \$@\"); \$\$",
		extra_params => [ '-U', 'clerk' ]);
	return $err;
}

$node->safe_as('boss', "SELECT warrant.grant('clerk', '{UPDATE}', on_table => 'cards')");
unlike(caught('UPDATE cards SET id = id WHERE id > 0'), qr/4711/, 'a conversion in a deferred trigger');
like(caught('UPDATE cards SET id = id WHERE id > 0'), qr/caught: the statement failed on a protected row/, 'is concealed');
like(caught('UPDATE cards SET card = left(card, 4) WHERE id > 0'), qr/caught: duplicate key value violates unique constraint/, 'a constraint is named');
is($node->safe_as('clerk', "DO LANGUAGE plperl \$\$ spi_exec_query('UPDATE cards SET card = card WHERE id > 0'); spi_commit(); spi_exec_query('SELECT 1'); spi_commit(); \$\$; SELECT 'done'"),
	'done', 'what does not fail is committed');
like(slurp_file($node->logfile), qr/invalid input syntax for type integer: "4711 first"/, 'the log of the server has it whole');

$node->safe_as('boss', "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'cards')");
like(caught('UPDATE cards SET id = id WHERE id > 0'), qr/caught: invalid input syntax for type integer: "4711 first"/, 'who may read is told');
$node->stop;
done_testing();
