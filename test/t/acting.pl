# Code that the server runs in somebody's name while another one works: for whom it is refused and requested, what it cannot do to the gate itself, and
# the ways to trust it. The ways in are the vectors code_for_others/acting.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('acting');
$node->safe_as('dba', <<'SQL');
GRANT CREATE ON SCHEMA public TO clerk;
CREATE ROLE reporter LOGIN;
GRANT CREATE ON SCHEMA public TO reporter;
GRANT SELECT ON orders TO reporter;
SQL

# Clerk's index function, which runs a command when it is not clerk who works.
$node->safe_as('clerk', <<'SQL');
CREATE TABLE wish (command text);
INSERT INTO wish VALUES ('SELECT 1');
CREATE FUNCTION fulfil() RETURNS text LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    IF session_user <> 'clerk' THEN EXECUTE (SELECT command FROM public.wish); END IF;
    RETURN '';
END $$;
CREATE FUNCTION spy(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE t text; BEGIN t := public.fulfil(); RETURN i; END $$;
CREATE TABLE bait (i int);
INSERT INTO bait SELECT generate_series(1, 10);
CREATE INDEX ON bait (spy(i));
SQL

sub wish
{
	my ($command) = @_;
	$node->safe_as('dba', "UPDATE wish SET command = \$wish\$$command\$wish\$");
	return $node->sqlstate_as('dba', 'ANALYZE bait');
}

# --- whose request it is ---

my ($state, $err) = wish('SELECT count(*) FROM public.orders');
is($state, '42501', 'what clerk cannot read, a superuser\'s ANALYZE does not read for him');
my ($request) = $err =~ /^DETAIL:  Request (\d+) /m;
like($err, qr/^DETAIL:  Request \d+ \(SELECT on public\.orders\) of "clerk" needs.* ANALYZE runs it as "clerk", who has to pass besides "dba"\.$/m, 'it says whose code');
like($err, qr/^HINT:  Where the code of "clerk" is trusted, put it among the "definer_roles" of policy "protect public\.orders" by warrant\.alter_policy, or make it a member of "warrant_exempt"\.$/m, 'and how to trust it');
is($node->safe_as('dba', "SELECT requester_name, person, reason IS NULL FROM warrant.requests WHERE id = $request"), 'clerk|clerk|t', 'the request is clerk\'s');
is($node->safe_as('dba', "SELECT session_user_name, current_user_name, comment FROM warrant.audit_log WHERE event = 'refused' AND request_id = $request"),
	'dba|clerk|ANALYZE runs it as "clerk", who has to pass besides "dba".', 'the row names both');
is($node->sqlstate_as('clerk', "SELECT warrant.approve($request)"), '42501', 'clerk does not approve it himself');
(undef, $err) = wish('SELECT count(*) FROM public.orders');
like($err, qr/Request $request /, 'another attempt shares it');
is($node->sqlstate_as('clerk', 'SELECT count(*) FROM orders'), '42501', 'clerk himself is refused');
like((wish('SELECT count(*) FROM public.orders'))[1], qr/Request $request /, 'and asks for the same');
my $grant = $node->safe_as('boss', "SELECT warrant.approve($request)");
is(wish('SELECT count(*) FROM public.orders'), 'none', 'approved, it runs');
is($node->safe_as('dba', "SELECT string_agg(DISTINCT event || ' ' || session_user_name || ' ' || current_user_name || coalesce(' ' || grant_id, ''), ', ')
	FROM warrant.audit_log WHERE event IN ('exempt', 'allowed') AND relation_name = 'orders' AND command = 'SELECT'"), "allowed dba clerk $grant, exempt dba clerk", 'with a row for each');
$node->safe_as('boss', "SELECT warrant.revoke($grant)");
is(wish('SELECT count(*) FROM public.orders'), '42501', 'revoked, it does not');

$grant = $node->safe_as('boss', "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', max_uses => 1)");
is(wish('SELECT count(*) FROM public.orders'), 'none', 'a limited grant');
is(wish('SELECT count(*) FROM public.orders'), '42501', 'is used up');

# --- what it cannot do to the gate ---

$node->safe_as('dba', <<'SQL');
CREATE FUNCTION do_as_dba(command text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$ BEGIN EXECUTE command; END $$;
SQL
sub as_dba { my ($command) = @_; return wish("SELECT public.do_as_dba(\$do\$$command\$do\$)"); }

is(as_dba('SELECT 1'), 'none', 'a function of a superuser can be called');
($state, $err) = as_dba('GRANT warrant_exempt TO clerk');
is($state, '42501', 'but makes nobody exempt');
like($err, qr/guarded by the gate.* ANALYZE runs it as "clerk"/s, 'and says why');
is(as_dba("ALTER ROLE ALL SET session_preload_libraries = ''"), '42501', 'nor changes settings');
is(as_dba("COPY warrant.webhooks FROM PROGRAM 'true'"), '42501', 'nor writes the gate\'s tables');
is(as_dba('CREATE ROLE another IN ROLE warrant_approver'), '42501', 'nor makes an approver');
is(as_dba('DROP EXTENSION pg_warrant'), '42501', 'nor drops the extension');
is($node->safe_as('dba', "SELECT count(*) FROM pg_auth_members WHERE member = 'clerk'::regrole"), '0', 'nothing has come of it');
is($node->sqlstate_as('dba', "SELECT do_as_dba('GRANT warrant_exempt TO reporter')"), 'none', 'which a superuser may by the same function');
is($node->sqlstate_as('dba', "SELECT do_as_dba('REVOKE warrant_exempt FROM reporter')"), 'none', 'and take back');
is(wish("SELECT warrant.request('{SELECT}', on_table => 'public.orders')"), '42501', 'it asks for nobody');
is(wish("SELECT warrant.cancel(1)"), '42501', 'and takes no request back');

$node->safe_as('clerk', "CREATE FUNCTION do_as_clerk() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN PERFORM public.do_as_dba(\$\$GRANT warrant_exempt TO clerk\$\$); END'");
($state, $err) = $node->sqlstate_as('dba', 'SELECT do_as_clerk()');
is($state, '42501', 'nor does a function of clerk that a superuser calls');
like($err, qr/Function do_as_clerk\(\) runs it as "clerk"/, 'which is named');

$node->append_conf('postgresql.conf', 'pg_warrant.definition_approval = on');
$node->reload;
$node->safe_as('dba', "SELECT warrant.protect('notes')");
my $drop = "SELECT warrant.drop_policy('protect public.notes')";
ok($node->eventually(sub { $node->sqlstate_as('dba', $drop) eq '42501' }), 'definitions that weaken need approval');
$node->safe_as('boss', "SELECT warrant.grant('dba', '{ADMIN}', on_database => true)");
is(as_dba($drop), '42501', 'a superuser\'s serves nobody else');
is($node->sqlstate_as('dba', "SELECT do_as_dba(\$do\$$drop\$do\$)"), 'none', 'but him');
$node->append_conf('postgresql.conf', 'pg_warrant.definition_approval = off');
$node->reload;

# --- the same below a foreign key's action, when its triggers fire: no switch of users tells of them ---
$node->safe_as('dba', 'CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent SELECT generate_series(1, 20); GRANT REFERENCES ON parent TO clerk; GRANT ALL ON parent TO reporter');
$node->safe_as('clerk', <<'SQL');
CREATE TABLE child (parent int REFERENCES parent ON DELETE CASCADE);
INSERT INTO child SELECT generate_series(1, 20);
CREATE FUNCTION fulfil_after() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM public.fulfil(); RETURN NULL; END $$;
CREATE TRIGGER fulfil AFTER DELETE ON child FOR EACH ROW EXECUTE FUNCTION fulfil_after();
SQL

sub wish_after
{
	my ($command, $who) = @_;
	$node->safe_as('dba', "UPDATE wish SET command = \$wish\$$command\$wish\$");
	return $node->sqlstate_as($who // 'dba', 'DELETE FROM parent WHERE id = (SELECT min(id) FROM parent)');
}

my ($after, $said) = wish_after('SELECT count(*) FROM public.orders');
is($after, '42501', 'it reads nothing');
# From 18 on the server itself runs the trigger as who queued it.
like($said, qr/^DETAIL:  Request \d+ \(SELECT on public\.orders\) of "clerk" needs.* (A foreign key\'s action fires the trigger for|The server runs it as) "clerk", who has to pass besides "dba"\.$/m,
	'and says for whom it fires');
is(wish_after('GRANT warrant_exempt TO clerk'), '42501', 'exempts nobody');
is(wish_after("SELECT warrant.drop_policy('protect public.orders')"), '42501', 'drops no policy');
is(wish_after("SELECT warrant.request('{SELECT}', on_table => 'public.orders')", 'reporter'), '42501', 'asks for nobody');
is(wish_after('ALTER DATABASE postgres SET pg_warrant.enforcement = off'), '42501', 'and changes no guarded setting');
is(wish_after("INSERT INTO warrant.persons VALUES ('clerk'::regrole, 'somebody')"), '42501', 'writes none of the gate\'s tables');
is(wish_after('SELECT 1'), 'none', 'what reaches nothing runs');
is($node->safe_as('dba', "SELECT pg_has_role('clerk', 'warrant_exempt', 'member'), (SELECT count(*) FROM warrant.policies WHERE name = 'protect public.orders')"), 'f|1', 'nothing of it has happened');
$node->safe_as('dba', 'GRANT warrant_exempt TO clerk');
is(wish_after('SELECT count(*) FROM public.orders'), 'none', 'where clerk is exempt it reads');
$node->safe_as('dba', 'REVOKE warrant_exempt FROM clerk');
$node->safe_as('dba', 'ALTER TABLE child OWNER TO dba');
is(wish_after('SELECT count(*) FROM public.orders'), 'none', 'and where the table is the superuser\'s own');
$node->safe_as('dba', 'ALTER TABLE child OWNER TO clerk');
is($node->sqlstate_as('dba', 'DELETE FROM child'), 'none', 'a trigger that his own statement fires is the session\'s');

# --- one after the other, under the same flags: who was first does not act any more ---

$node->safe_as('reporter', <<'SQL');
CREATE TABLE other_bait (i int);
INSERT INTO other_bait SELECT generate_series(1, 10);
CREATE FUNCTION look(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN i; END $$;
CREATE INDEX ON other_bait (look(i));
CREATE OR REPLACE FUNCTION look(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE n bigint; BEGIN n := (SELECT count(*) FROM public.orders); RETURN i; END $$;
SQL
wish('SELECT 1');
is($node->sqlstate_as('dba', 'BEGIN; ANALYZE bait, other_bait; COMMIT'), '42501', 'two tables');
$node->safe_as('dba', 'GRANT warrant_exempt TO reporter');
is($node->sqlstate_as('dba', 'BEGIN; ANALYZE bait, other_bait; COMMIT'), 'none', 'clerk is not asked for what reporter reads');
wish('SELECT count(*) FROM public.orders');
is($node->sqlstate_as('dba', 'BEGIN; ANALYZE bait, other_bait; COMMIT'), '42501', 'nor is reporter for what clerk reads');
$node->safe_as('dba', 'REVOKE warrant_exempt FROM reporter');

# --- what goes to the caller alone, through views of others ---

$node->safe_as('clerk', 'CREATE VIEW seen AS SELECT * FROM orders; GRANT SELECT ON seen TO reporter');
is($node->sqlstate_as('dba', 'SELECT count(*) FROM seen'), 'none', 'a superuser reads through clerk\'s view');
is($node->sqlstate_as('dba', 'COPY (SELECT * FROM seen) TO STDOUT'), 'none', 'and copies out of it');
is($node->sqlstate_as('dba', 'CREATE TEMP TABLE copied AS SELECT * FROM seen'), '42501', 'but fills no table from it');
# --- in parallel workers, which the leader tells who acts ---

$node->safe_as('dba', <<'SQL');
CREATE TABLE big AS SELECT g AS i FROM generate_series(1, 6) AS g;
ALTER TABLE big SET (parallel_workers = 2);
CREATE FUNCTION all_orders(i int) RETURNS bigint LANGUAGE plpgsql PARALLEL SAFE COST 1000000 AS 'BEGIN RETURN (SELECT count(*) FROM public.orders); END';
CREATE FUNCTION in_parallel() RETURNS SETOF numeric LANGUAGE plpgsql SECURITY DEFINER SET search_path = public SET parallel_setup_cost = 0
    SET parallel_tuple_cost = 0 SET min_parallel_table_scan_size = 0 SET parallel_leader_participation = off
    AS 'BEGIN RETURN QUERY SELECT sum(all_orders(i)) FROM big; END';
SQL
$node->safe_as('clerk', "CREATE FUNCTION trojan() RETURNS SETOF numeric LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN QUERY SELECT * FROM public.in_parallel(); END'");
like($node->safe_as('dba', 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
	EXPLAIN SELECT sum(all_orders(i)) FROM big'), qr/Gather/, 'a plan with workers');
is($node->safe_as('dba', 'SELECT in_parallel()'), '600', 'a superuser reads in workers');
($state, $err) = $node->sqlstate_as('dba', 'SELECT trojan()');
is($state, '42501', 'but not through a function of clerk');
like($err, qr/^CONTEXT:.*parallel worker/ms, 'which is refused in a worker');
is(wish('SELECT public.in_parallel()'), '42501', 'nor in ANALYZE');
$grant = $node->safe_as('boss', "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders')");
is($node->safe_as('dba', 'SELECT trojan()'), '600', 'under a grant of clerk it does');
is(wish('SELECT public.in_parallel()'), 'none', 'as in ANALYZE');
$node->safe_as('boss', "SELECT warrant.revoke($grant)");

# --- ways to trust it ---

$node->safe_as('reporter', 'CREATE MATERIALIZED VIEW report AS SELECT id FROM orders WITH NO DATA');
sub refresh { my ($what, $expected) = @_; is($node->sqlstate_as('dba', 'REFRESH MATERIALIZED VIEW report'), $expected, "REFRESH by a superuser, $what"); }

refresh('of one whom nobody trusts', '42501');
$node->safe_as('dba', 'GRANT warrant_exempt TO reporter');
refresh('of an exempt user', 'none');
$node->safe_as('dba', 'REVOKE warrant_exempt FROM reporter');
refresh('of one who is exempt no more', '42501');
$node->safe_as('dba', "SELECT warrant.drop_policy('protect public.orders'); SELECT warrant.create_policy('trusting', 'approve', on_table => 'orders', definer_roles => '{reporter}')");
refresh('of a trusted definer', 'none');
$node->safe_as('dba', "SELECT warrant.drop_policy('trusting'); SELECT warrant.protect('orders')");
refresh('of one who is trusted no more', '42501');
$grant = $node->safe_as('boss', "SELECT warrant.grant('reporter', '{SELECT,EXPORT}', on_table => 'orders')");
refresh('of one who has a grant', 'none');
$node->safe_as('boss', "SELECT warrant.revoke($grant)");
is($node->sqlstate_as('dba', 'SET ROLE reporter; REFRESH MATERIALIZED VIEW report'), 'none', 'by who has become the owner');
$node->safe_as('dba', 'ALTER MATERIALIZED VIEW report OWNER TO dba');
refresh('of his own', 'none');
$node->safe_as('dba', 'CREATE ROLE another_dba SUPERUSER; ALTER MATERIALIZED VIEW report OWNER TO another_dba');
refresh('of another superuser', 'none');
$node->safe_as('dba', 'ALTER MATERIALIZED VIEW report OWNER TO reporter');
$node->append_conf('postgresql.conf', 'pg_warrant.enforce_superuser = on');
$node->reload;
ok($node->eventually(sub { $node->sqlstate_as('dba', 'SELECT count(*) FROM orders') eq '42501' }), 'superusers are gated');
$node->safe_as('boss', "SELECT warrant.grant('reporter', '{SELECT,EXPORT}', on_table => 'orders')");
refresh('who is gated himself', '42501');
$node->safe_as('boss', "SELECT warrant.grant('dba', '{SELECT,EXPORT}', on_table => 'orders')");
refresh('who has a grant as the owner has', 'none');
$node->log_is_sound;
$node->stop;
done_testing();
