# pgbench, in every protocol and with several clients, leaves the same tables where nothing is protected and where everything is granted.
# $WARRANT_TRANSACTIONS says how many.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Test::More;
use ThreeServers;

my $transactions = $ENV{WARRANT_TRANSACTIONS} // 50;
my $servers = ThreeServers->started('harmless_pgbench', {});

sub pgbench
{
	my ($node, @options) = @_;
	my ($out, $err) = ('', '');
	my $ok = IPC::Run::run([ 'pgbench', '-h', $node->host, '-p', $node->port, '-U', 'clerk', @options, 'work' ], '<', \undef, '>', \$out, '2>', \$err,
		IPC::Run::timeout($GatedServer::patience_s));
	$err =~ s/^pgbench \(.*\n//m;
	# What depends on time.
	$err =~ s/^.*\(drop tables.*\n|^done in.*\n|^.*tuples \(.*elapsed.*\n//mg;
	my ($done) = $out =~ /(number of transactions actually processed: .*)/;
	return join("\n", $ok ? 'succeeded' : 'failed', $done // (), $err, $node->safe_as('clerk', <<'SQL', 'work'));
SELECT (SELECT md5(string_agg(a::text, ' ' ORDER BY aid)) FROM pgbench_accounts AS a), (SELECT md5(string_agg(t::text, ' ' ORDER BY tid)) FROM pgbench_tellers AS t),
	(SELECT md5(string_agg(b::text, ' ' ORDER BY bid)) FROM pgbench_branches AS b), (SELECT sum(delta) || ' in ' || count(*) FROM pgbench_history)
SQL
}

for my $made ([], [ '--foreign-keys', '--partitions=3', '-I', 'dtGvpf' ])
{
	$servers->same("initialized @$made", sub { pgbench($_[0], '-i', '-q', @$made) });
	for my $how ([ '-M', 'simple', '-t', $transactions ], [ '-M', 'extended', '-t', $transactions, '-N' ], [ '-M', 'prepared', '-t', $transactions, '-c', 4, '-j', 2 ], [ '-M', 'prepared', '-S', '-C', '-t', 5 ])
	{
		my $result = $servers->same("run @$how", sub { pgbench($_[0], '-n', '--random-seed=1', @$how) });
		like($result, qr/^succeeded\nnumber of transactions actually processed: (\d+)\/\1/, "run @$how: all of it");
	}
}
$servers->stop;
done_testing();
