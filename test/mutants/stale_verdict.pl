# A verdict computed while an invalidation was absorbed half-way is not kept. Needs the wait points of a DEBUG_SWITCHES build.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('stale_verdict');
$node->safe_psql('postgres', q{
	CREATE TABLE parent (id int); CREATE TABLE child () INHERITS (parent); INSERT INTO child VALUES (1);
	GRANT SELECT ON parent, child TO clerk;
});

my ($in, $out) = ('', '');
my $psql = IPC::Run::start([ 'psql', '-XAtq', '-h', $node->host, '-p', $node->port, '-U', 'clerk', '-d', 'postgres', '-f', '-' ],
	'<', \$in, '>', \$out, '2>&1', IPC::Run::timeout(90));

$node->safe_psql('postgres', q{ALTER SYSTEM SET pg_warrant.wait_point = 'reading_policies'});
$node->reload;
# The backend reads its configuration between statements.
for (1 .. 300)
{
	$out = '';
	$in .= "SHOW pg_warrant.wait_point; SELECT 'shown';\n";
	$psql->pump until $out =~ /shown/;
	last if $out =~ /reading/;
	select(undef, undef, undef, 0.1);
}
$in .= "SELECT 'first', id FROM parent;\n";
$psql->pump_nb;
$node->wait_for_log(qr/waiting at "reading_policies"/);

# The clerk's backend has read the first relation's policies; this changes them, and what it does next absorbs the message.
$node->safe_psql('postgres', q{SELECT warrant.protect('parent')});
$node->safe_psql('postgres', q{ALTER SYSTEM RESET pg_warrant.wait_point});
$node->reload;
$psql->pump until $out =~ /first\|1|requires approval/;

$out = '';
$in .= "SELECT 'second', id FROM parent;\n";
$psql->pump until $out =~ /second\|1|requires approval/;
like($out, qr/SELECT on table "parent" requires approval/, 'the next statement knows the new policy');
$psql->finish;

done_testing();
