# What autovacuum calls, the functions of an index, are gated as the table's owner, whoever's functions they call: they read no protected table, but under
# his grant.
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

my $grant = $node->let('SELECT');
lay_bait();
ok($node->eventually(sub { slurp_file($node->logfile) =~ /there are 100 orders/ }), 'under a grant it reads');
$node->safe_as('boss', "SELECT warrant.revoke($grant)");

# A superuser's SECURITY DEFINER function reads no more for it, though it runs as him.
$node->safe_as('dba', <<'SQL');
CREATE FUNCTION counted() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$ BEGIN RETURN (SELECT count(*) FROM orders); END $$;
SQL
$node->safe_as('clerk', <<'SQL');
CREATE OR REPLACE FUNCTION spying(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE SET search_path = public AS $$
DECLARE
    n bigint;
BEGIN
    IF current_setting('application_name') = '' THEN
        n := counted();
        RAISE LOG 'a superuser counts % orders', n;
    END IF;
    RETURN a;
END $$;
SQL
lay_bait();
ok($node->eventually(sub {
		$node->safe_as('dba', "SELECT count(*) > 0 FROM warrant.audit_log WHERE event = 'refused' AND command = 'SELECT' AND relation_name = 'orders'
			AND current_user_name = 'dba' AND session_user_name = 'clerk'") eq 't' }), 'nor what a definer reads for it, audited under both names');
unlike(slurp_file($node->logfile), qr/a superuser counts \d+/, 'which has read nothing');
$grant = $node->let('SELECT');
lay_bait();
ok($node->eventually(sub { slurp_file($node->logfile) =~ /a superuser counts 100 orders/ }), 'under a grant it does');

# The function of a BRIN index, of which autovacuum summarizes new pages.
$node->safe_as('boss', "SELECT warrant.revoke($grant)");
my $before = $node->safe_as('dba', 'SELECT max(seq) FROM warrant.audit_log');
$node->safe_as('clerk', <<'SQL');
CREATE TABLE pages (a int) WITH (autovacuum_enabled = off);
CREATE INDEX ON pages USING brin (spying(a)) WITH (pages_per_range = 1, autosummarize = on);
INSERT INTO pages SELECT generate_series(1, 2000);
SQL
ok($node->eventually(sub {
		$node->safe_as('dba', "SELECT count(*) > 0 FROM warrant.audit_log WHERE seq > $before AND event = 'refused' AND current_user_name = 'dba'
			AND session_user_name = 'clerk'") eq 't' }), 'what summarizes a BRIN index is gated the same');

# Who is trusted as definer is trusted for what autovacuum runs as him: no client is there who could call him. To others he is not.
$node->safe_as('dba', <<'SQL');
SET client_min_messages = warning;
CREATE TABLE rates (rate int);
INSERT INTO rates VALUES (3);
CREATE TABLE wages (wage int);
GRANT ALL ON rates, wages TO clerk;
SELECT warrant.create_policy('rates', 'approve', on_table => 'rates', definer_roles => '{clerk}'), warrant.protect('wages');
SQL
for my $table ('wages', 'rates')
{
	$node->safe_as('clerk', <<"SQL");
CREATE OR REPLACE FUNCTION spying(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE SET search_path = public AS \$\$
BEGIN
    IF current_setting('application_name') = '' THEN
        RAISE LOG 'there are % rows of $table', (SELECT count(*) FROM $table);
    END IF;
    RETURN a;
END \$\$;
SQL
	lay_bait();
	ok($node->eventually(sub {
			$node->safe_as('dba', "SELECT count(*) > 0 FROM warrant.audit_log WHERE relation_name = '$table' AND current_user_name = 'clerk'") eq 't' }),
		"autovacuum reads $table as the owner");
}
is($node->safe_as('dba', q{SELECT string_agg(DISTINCT relation_name || ' ' || event, ', ' ORDER BY relation_name || ' ' || event) FROM warrant.audit_log
	WHERE relation_name IN ('rates', 'wages') AND event IN ('refused', 'exempt', 'allowed')}), 'rates exempt, wages refused', 'who trusts him lets it pass, and nobody else');
unlike(slurp_file($node->logfile), qr/there are \d+ rows of wages/, 'which has read nothing');
$node->stop;
done_testing();
