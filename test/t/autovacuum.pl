# What autovacuum calls, the functions of an index, are gated as the table's owner: it reads no protected table, but under his grant.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('autovacuum', 'autovacuum = on', 'autovacuum_naptime = 1s', 'autovacuum_analyze_threshold = 1', 'autovacuum_analyze_scale_factor = 0');
$node->safe_as('dba', 'GRANT CREATE ON SCHEMA public TO clerk');
$node->safe_as('clerk', <<'SQL');
CREATE FUNCTION spying(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE SET search_path = public AS $$
BEGIN
    IF current_setting('application_name') = '' THEN    -- no client
        RAISE LOG 'there are % orders', (SELECT count(*) FROM orders);
    END IF;
    RETURN a;
END $$;
CREATE TABLE bait (a int);
CREATE INDEX ON bait (spying(a));
SQL

# Rows that autovacuum has not analysed yet.
sub lay_bait { $node->safe_as('clerk', 'INSERT INTO bait SELECT generate_series(1, 100)'); }

lay_bait();
ok($node->eventually(sub {
		$node->safe_as('dba', "SELECT count(*) > 0 FROM warrant.audit_log WHERE event = 'refused' AND command = 'SELECT' AND relation_name = 'orders'
			AND current_user_name = 'clerk'") eq 't' }), 'it is refused, and audited as its owner');
unlike(slurp_file($node->logfile), qr/there are \d+ orders/, 'and has read nothing');

$node->let('SELECT');
lay_bait();
ok($node->eventually(sub { slurp_file($node->logfile) =~ /there are 100 orders/ }), 'under a grant it reads');
$node->stop;
done_testing();
