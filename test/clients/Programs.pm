# Real clients: programs that docs/applications.md shows, and others, run against a server with the gate.
package Programs;
use strict;
use warnings;
use File::Basename qw(dirname);
use FindBin;
use IPC::Run ();
use lib "$FindBin::Bin/../t";
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;
use Pages;

our $patience_s = $PostgreSQL::Test::Utils::timeout_default;

# shown(LANGUAGE): the page's block that this test covers.
sub shown
{
	my ($language) = @_;
	my $page = "$FindBin::Bin/../../docs/applications.md";
	my ($block) = grep { $_->{language} eq $language && $_->{mark} =~ m,test/clients/\Q$FindBin::Script\E$, } Pages::blocks(slurp_file($page));
	return $block->{body} // die "$page shows no $language of $FindBin::Script";
}

# written(NAME, TEXT): a file of that name in a directory of its own.
sub written
{
	my ($name, $text) = @_;
	my $path = PostgreSQL::Test::Utils::tempdir('program') . "/$name";
	append_to_file($path, $text);
	return $path;
}

# server(NAME): listens on TCP as well, since JDBC knows no other way. secret is a table without privileges.
sub server
{
	my ($name) = @_;
	my $node = GatedServer->running($name, q{listen_addresses = '127.0.0.1'});
	$node->safe_as('dba', 'CREATE TABLE secret (id int); ALTER TABLE orders ADD COLUMN note text');
	return $node;
}

# started(NODE, COMMAND...): a program of clerk's, running.
sub started
{
	my ($node, @command) = @_;
	my %run = (in => '', out => '', err => '');
	local @ENV{qw(PGHOST PGPORT PGDATABASE PGUSER)} = ('127.0.0.1', $node->port, 'postgres', 'clerk');
	@ENV{qw(PGHOST PGPORT)} = @{ $node->{pool} } if $node->{pool};
	$run{process} = IPC::Run::start(\@command, '<', \$run{in}, '>', \$run{out}, '2>', \$run{err}, $run{limit} = IPC::Run::timeout($patience_s));
	return \%run;
}

# Whether the program succeeded.
sub ended { my ($run) = @_; return $run->{process}->finish; }

# The request that pends, once there is one; the test leaves no other.
sub pending
{
	my ($node) = @_;
	my $request;
	$node->eventually(sub { ($request = $node->safe_psql('postgres', "SELECT max(id) FROM warrant.requests WHERE state = 'pending'")) ne '' }) or die 'no request';
	return $request;
}

# waits_and_goes_on(NODE, COMMAND...): the program voids order 7. It asks and waits; it goes on, or gives up, as was decided; and it does not wait for
# what no approval helps.
sub waits_and_goes_on
{
	my ($node, @command) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $run = started($node, @command);
	my $request = pending($node);
	is($node->safe_psql('postgres', 'SELECT status FROM orders WHERE id = 7'), 'new', 'it has asked, and waits');
	my $grant = $node->safe_as('boss', "SELECT warrant.approve($request, max_uses => 1)");
	ok(ended($run), 'it goes on when it is approved') or diag($run->{err});
	is($node->safe_psql('postgres', 'SELECT status FROM orders WHERE id = 7'), 'void', 'and has done its work');

	$run = started($node, @command);
	$node->safe_as('boss', 'SELECT warrant.deny(' . pending($node) . ", 'not this one')");
	ok(!ended($run), 'it gives up when it is denied');
	like($run->{err}, qr/denied|requires approval/, 'and says so');

	$node->safe_psql('postgres', 'REVOKE UPDATE ON orders FROM clerk');
	$run = started($node, @command);
	ok(!ended($run), 'it gives up for want of a privilege');
	like($run->{err}, qr/permission denied for table orders/, 'which it tells');
	is($node->safe_psql('postgres', "SELECT count(*) FROM warrant.requests WHERE state = 'pending'"), '0', 'and asks nobody');
	$node->safe_psql('postgres', 'GRANT UPDATE ON orders TO clerk');
}

# meets_revoke(NODE, COMMAND...): the program reads ten rows, and ten more after its grant was revoked.
sub meets_revoke
{
	my ($node, @command) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $grant = $node->let('SELECT');
	my $run = started($node, @command);
	$run->{process}->pump until $run->{out} =~ /\n/ || !$run->{process}->pumpable;
	is($run->{out}, "10\n", 'it reads') or diag($run->{err});
	$node->safe_as('boss', "SELECT warrant.revoke($grant, 'that is enough')");
	$run->{in} .= "\n";
	ended($run);
	like($run->{out}, qr/^10\n42501 .*SELECT on table "orders" requires approval \(request \d+ is pending\)/, 'the next rows are refused') or diag($run->{err});
	$node->safe_as('clerk', 'SELECT warrant.cancel(' . pending($node) . ')');
}

1;
