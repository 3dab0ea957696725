# What the recorder says of its own troubles, of files and blocks, is for the server's log: who asked for something hears that it was not done.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use GatedServer;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = GatedServer->running('main');

# The file of a table that the recorder opens for limited grants alone.
my $file = $node->data_dir . '/' . $node->safe_as('dba', q{CHECKPOINT; SELECT pg_relation_filepath('warrant.grant_uses')});
my ($request) = ($node->sqlstate_as('clerk', 'UPDATE orders SET status = status WHERE id > 0'))[1] =~ /equest (\d+)/;
chmod 0, $file or die "$file: $!";
my ($state, $err) = $node->sqlstate_as('boss', "SELECT warrant.approve($request, max_uses => 1)");
is($state, '55000', 'an approval that cannot be written fails');
like($err, qr/the recorder cannot write\nHINT:  The server's log tells administrators why\./, 'and says so');
unlike($err, qr/grant_uses|base|file/, 'without a file');
is($node->safe_as('dba', q{SELECT string_agg(concat_ws(' ', sqlstate, message, detail), ';') FROM warrant.action_results WHERE not done}), '55000 the recorder cannot write',
	'nor is one kept');
$node->wait_for_log(qr/the recorder failed to do what a session asked for: could not open file "base\/\d+\/\d+": Permission denied/);
chmod 0600, $file or die "$file: $!";
is($node->sqlstate_as('boss', "SELECT warrant.approve($request, max_uses => 1)"), 'none', 'when it can be written again it is done');
($state, $err) = $node->sqlstate_as('boss', "SELECT warrant.approve($request)");
like($err, qr/55006: request $request is approved/, 'errors about what was asked for are told as they are');
$node->log_is_sound;
done_testing();
