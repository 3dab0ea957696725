# pg_dump and pg_restore take a rich database there and back, by its owner and by a superuser, where nothing is protected and where everything
# is granted: the dumps are the same, letter for letter, the same as those of what was restored.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use ThreeServers;

my $servers = ThreeServers->started('harmless_dump', {
		fill => sub {
			my ($node) = @_;
			$node->safe_as('clerk', ThreeServers->rich_schema, 'work');
			$node->safe_as('dba', <<'SQL', 'work');
CREATE SCHEMA above;
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE above.passwd (line text) SERVER files OPTIONS (filename '/etc/passwd');
CREATE PUBLICATION everything FOR ALL TABLES;
CREATE FUNCTION above.seen() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER seen ON ddl_command_end EXECUTE FUNCTION above.seen();
CREATE OPERATOR CLASS above.by_length FOR TYPE text USING hash AS OPERATOR 1 =, FUNCTION 1 hashtext(text);
ALTER DATABASE work SET work_mem = '5MB';
SQL
		}
	});

my @shop = ('-n', 'shop', '-n', 'past');

sub program
{
	my ($node, $program, $role, @arguments) = @_;
	my ($out, $err) = ('', '');
	my $ok = IPC::Run::run([ $program, '-h', $node->host, '-p', $node->port, '-U', $role, @arguments ], '<', \undef, '>', \$out, '2>', \$err,
		IPC::Run::timeout(3 * $GatedServer::patience_s));
	return ($ok ? '' : "$program failed\n") . $out . $err;
}

# Without the extension and its definitions. Later releases of pg_dump guard their scripts with a random word.
sub dump_of
{
	my ($node, $role, $database, @options) = @_;
	my $out = program($node, 'pg_dump', $role, @options, $database);
	$out =~ s/^\\(un)?restrict .*\n//mg;
	# The order of two entries is theirs to choose, and so is where these come.
	$out =~ s/^SET default_.*\n\n//mg;
	return join "\n--\n-- Name", sort grep { !/^:? ?.*?\bwarrant\b|^[^\n]*\bpg_warrant\b/ } split /\n--\n-- (?:Data for )?Name/, $out;
}

sub round_trip
{
	my ($node, $role, $how, $options, $restore_options) = @_;
	my $file = $node->basedir . "/$role.$how";
	my $said = program($node, 'pg_dump', $role, @$options, "-F$how", '-f', $file, 'work');
	append_to_file("$file.list", join "\n", grep { !/warrant/ } split /\n/, program($node, 'pg_restore', $role, '-l', $file));
	$node->safe_as('dba', "DROP DATABASE IF EXISTS again; CREATE DATABASE again OWNER clerk TEMPLATE template0");
	$said .= program($node, 'pg_restore', $role, '--exit-on-error', @$restore_options, '-L', "$file.list", '-d', 'again', $file);
	return $said;
}

my $whole = $servers->same('dump by the superuser', sub { dump_of($_[0], 'dba', 'work') });
like($whole, qr/$_/, "with $_") for 'CREATE EVENT TRIGGER seen', 'CREATE MATERIALIZED VIEW shop.by_day', 'CREATE CONSTRAINT TRIGGER later', "a thing\t2020-02-02", 'SELECT pg_catalog.lowrite';
unlike($whole, qr/warrant|pg_dump: error/, 'without the gate');
$servers->same('dump as INSERT', sub { dump_of($_[0], 'clerk', 'work', @shop, '--inserts', '--rows-per-insert=7') });
my $owned = $servers->same('dump by the owner', sub { dump_of($_[0], 'clerk', 'work', @shop) });
$servers->same('dump for an older reader', sub { dump_of($_[0], 'clerk', 'work', @shop, '--quote-all-identifiers', '--clean', '--if-exists', '--serializable-deferrable') });

for my $node ($servers->nodes)
{
	my $name = $node->name;
	for my $how ('c', 'd')
	{
		my @jobs = $how eq 'd' ? ('-j', 2) : ();
		is(round_trip($node, 'dba', $how, [ @jobs ], [ @jobs ]), '', "$name: restored by the superuser, format $how");
		is(dump_of($node, 'dba', 'again'), $whole, "$name: as it was");
	}
	is(round_trip($node, 'clerk', 'c', \@shop, []), '', "$name: restored by the owner");
	is(dump_of($node, 'clerk', 'again', @shop), $owned, "$name: as it was");
}

# Into the same database again, where the gate is: the owner's objects come back under the grant.
$servers->same('restored in place', sub {
		my ($node) = @_;
		my $said = program($node, 'pg_restore', 'clerk', '--clean', '--if-exists', '--exit-on-error', '-d', 'work', $node->basedir . '/clerk.c');
		return $said . dump_of($node, 'clerk', 'work', @shop);
	});
$servers->same('roles', sub { join "\n", grep { /^(CREATE|ALTER) ROLE/ && !/warrant/ } split /\n/, program($_[0], 'pg_dumpall', 'dba', '--roles-only', '--no-role-passwords') });
$servers->stop;
done_testing();
