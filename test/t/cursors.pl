# Rows that are fetched after their statement was decided on are refused once the grant is gone: cursors, WITH HOLD before and after COMMIT,
# loops and cursors in PL/pgSQL, lazy SQL functions, and suspended portals of the wire protocol. While the grant lives, a fetch adds no audit row.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;
use WireClient;

my $node = GatedServer->running('cursors');
my $clerk = $node->session_as('clerk');
my $grant;

sub approve { $grant = $node->let('SELECT'); }
sub revoke { $node->safe_as('boss', "SELECT warrant.revoke($grant)"); }

sub says
{
	my ($state, $sql, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($out, $got, $err) = $node->ask($clerk, $sql);
	is($got, $state, $name) or diag($err);
	return $out;
}

# Rows of one kind that the audit log has about orders.
sub rows
{
	my ($event) = @_;
	$node->safe_psql('postgres', 'SELECT warrant.action_result(0)');
	return $node->safe_psql('postgres', "SELECT count(*) FROM warrant.audit_log WHERE event = '$event' AND relation_name = 'orders'");
}

my $cursor = 'CURSOR FOR SELECT id FROM orders ORDER BY id;';
says('none', 'BEGIN;', 'a transaction');
says('42501', "DECLARE c $cursor", 'a cursor is refused without a grant');
says('none', 'ROLLBACK;', 'rolled back');

approve();
my ($allowed, $outcomes) = (rows('allowed'), rows('outcome'));
says('none', "BEGIN; DECLARE c SCROLL $cursor", 'a cursor is declared');
is(says('none', 'FETCH 2 FROM c;', 'and fetched'), "1\n2", 'rows');
is(says('none', 'FETCH ALL FROM c;', 'again') =~ tr/\n//, 97, 'all the others');
says('none', 'MOVE FIRST IN c;', 'and moved');
is(rows('allowed'), $allowed + 1, 'DECLARE, FETCH and MOVE are one access');
is(rows('outcome'), $outcomes + 1, 'with one outcome');
my $refused = rows('refused');
says('none', 'SAVEPOINT s;', 'a savepoint');
revoke();
says('42501', 'FETCH FROM c;', 'after the revoke the next FETCH is refused');
is(rows('refused'), $refused + 1, 'and audited once');
says('25P02', 'FETCH FROM c;', 'the transaction has failed, as after any error');
says('none', 'ROLLBACK TO s;', 'back to the savepoint');
says('42501', 'MOVE c;', 'MOVE is refused too');
says('none', 'ROLLBACK TO s;', 'back to the savepoint');
approve();
is(says('none', 'FETCH NEXT FROM c;', 'the cursor is still open when it is approved again'), '2', 'where it stood');
says('none', 'CLOSE c; COMMIT;', 'closed');

# The first fetch is a fetch, too.
says('none', "BEGIN; DECLARE c $cursor", 'a cursor is declared');
revoke();
says('42501', 'FETCH FROM c;', 'and refused at its first fetch');
says('none', 'ROLLBACK;', 'rolled back');

# WITH HOLD.
approve();
says('none', "BEGIN; CREATE TEMP TABLE before_commit (); DECLARE h CURSOR WITH HOLD FOR SELECT id FROM orders ORDER BY id;", 'a cursor WITH HOLD');
revoke();
says('42501', 'COMMIT;', 'COMMIT does not materialise it after a revoke');
says('42P01', 'SELECT FROM before_commit;', 'so the transaction was rolled back');
approve();
says('none', "BEGIN; DECLARE h SCROLL CURSOR WITH HOLD FOR SELECT id FROM orders ORDER BY id; COMMIT;", 'a cursor WITH HOLD is held');
is(says('none', 'FETCH FROM h;', 'it is fetched'), '1', 'from the rows put aside');
$allowed = rows('allowed');
is(says('none', 'FETCH FROM h;', 'again'), '2', 'without a new access');
is(rows('allowed'), $allowed, 'in the audit');
revoke();
says('42501', $_, "$_ is refused after the revoke") for 'FETCH FROM h;', 'MOVE h;', 'FETCH 0 FROM h;', 'FETCH ABSOLUTE 1 FROM h;';
approve();
is(says('none', 'FETCH FROM h;', 'the refusals left it open'), '3', 'where it stood');
revoke();
my $given = time;
$node->safe_as('boss', "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', duration => '5 s')");
ok(($node->ask($clerk, 'FETCH FROM h;'))[1] eq 'none' || time >= $given + 5, 'under a grant of some seconds');
ok($node->eventually(sub { ($node->ask($clerk, 'FETCH 0 FROM h;'))[1] eq '42501' }), 'it is refused when that expires');
approve();
says('none', 'CLOSE h;', 'closed');

# Its rows, fetched by a function.
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION next_of(refcursor) RETURNS int LANGUAGE plpgsql AS $$ DECLARE i int; BEGIN FETCH $1 INTO i; RETURN i; END $$;
CREATE FUNCTION tries(refcursor) RETURNS text LANGUAGE plpgsql AS $$
DECLARE i int;
BEGIN
	FETCH $1 INTO i;
	RETURN i;
EXCEPTION WHEN insufficient_privilege THEN
	RETURN 'refused';
END $$;
SQL
says('none', "DECLARE h SCROLL CURSOR WITH HOLD FOR SELECT id FROM orders ORDER BY id;", 'a cursor is held');
is(says('none', "SELECT next_of('h');", 'a function fetches from it'), '1', 'the first row');
($allowed, $refused) = (rows('allowed'), rows('refused'));
is(says('none', "SELECT next_of('h') + next_of('h');", 'twice'), '5', 'in one statement');
is(rows('allowed'), $allowed, 'without a new access');
revoke();
says('none', "SELECT 1; SELECT next_of(NULL) IS NULL FROM (SELECT 1) AS s WHERE false;", 'after the revoke other statements go on');
is(rows('refused'), $refused, 'and nothing is audited');
says('42501', "SELECT next_of('h');", 'the function is refused');
is(rows('refused'), $refused + 1, 'and audited once');
is(says('none', "SELECT tries('h'), tries('h');", 'it may catch that'), 'refused|refused', 'each time');
says('42501', 'FETCH FROM h;', 'a FETCH is refused as before');
says('none', 'BEGIN; SAVEPOINT s;', 'a savepoint');
says('42501', "SELECT next_of('h');", 'and there, too');
says('none', 'ROLLBACK TO s; ROLLBACK;', 'rolled back');
approve();
is(says('none', "SELECT next_of('h'), tries('h');", 'approved again it goes on'), '4|5', 'where it stood');
is(says('none', 'FETCH PRIOR FROM h;', 'backwards'), '4', 'too');
revoke();
says('none', 'SELECT 1; CLOSE h;', 'it can be closed without a grant');
says('34000', "SELECT next_of('h');", 'and is gone');
approve();
says('none', "DECLARE h CURSOR WITH HOLD FOR SELECT id FROM orders ORDER BY id; SELECT 1; DISCARD ALL;", 'as by DISCARD ALL');
says('none', "DECLARE h CURSOR WITH HOLD FOR SELECT id FROM orders ORDER BY id;", 'another one of that name');
is(says('none', "SELECT next_of('h'); CLOSE h;", 'is fetched'), '1', 'from its start');
revoke();
$grant = $node->safe_as('boss', "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders', max_uses => 1)");
says('none', "DECLARE h CURSOR WITH HOLD FOR SELECT id FROM orders ORDER BY id;", 'a cursor that has spent the only use');
is(says('none', "SELECT next_of('h'); SELECT next_of('h');", 'is fetched by functions'), "1\n2", 'without another');
says('42501', 'SELECT FROM orders;', 'which there is not');
says('none', 'CLOSE h;', 'closed');
approve();

# PL/pgSQL: the revoke comes from another session while the block waits for a row that the boss holds.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE gate_lock (id int PRIMARY KEY);
INSERT INTO gate_lock VALUES (1);
CREATE TABLE seen (how text, id int);
GRANT ALL ON gate_lock, seen TO clerk;
CREATE FUNCTION wait_here() RETURNS void LANGUAGE sql AS 'SELECT FROM gate_lock FOR UPDATE';
CREATE FUNCTION lazy() RETURNS SETOF int LANGUAGE sql VOLATILE AS 'SELECT id FROM orders ORDER BY id';
CREATE PROCEDURE looping() LANGUAGE plpgsql AS $$
DECLARE r record; n int := 0;
BEGIN
	BEGIN
		FOR r IN SELECT id FROM orders ORDER BY id LOOP
			n := n + 1;
			IF n = 1 THEN PERFORM wait_here(); END IF;
		END LOOP;
		RAISE EXCEPTION 'the loop went on';
	EXCEPTION WHEN insufficient_privilege THEN
		NULL;
	END;
	INSERT INTO seen VALUES ('loop', n);
END $$;
CREATE PROCEDURE fetching() LANGUAGE plpgsql AS $$
DECLARE c CURSOR FOR SELECT id FROM orders ORDER BY id; i int; n int := 0;
BEGIN
	OPEN c;
	PERFORM wait_here();
	BEGIN
		LOOP
			FETCH c INTO i;
			EXIT WHEN NOT FOUND;
			n := n + 1;
		END LOOP;
		RAISE EXCEPTION 'the cursor went on';
	EXCEPTION WHEN insufficient_privilege THEN
		NULL;
	END;
	INSERT INTO seen VALUES ('cursor', n);
END $$;
SQL
for my $case ([ 'looping', 'loop', 1 ], [ 'fetching', 'cursor', 0 ])
{
	my ($procedure, $how, $rows) = @$case;
	my $holder = $node->session_as('boss');
	$node->safe_psql('postgres', 'GRANT ALL ON gate_lock TO boss');
	$holder->query_safe('BEGIN; SELECT FROM gate_lock FOR UPDATE;');
	$clerk->query_until(qr/started/, "\\echo started\nCALL $procedure();\n");
	ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'clerk' AND wait_event_type = 'Lock'}),
		"$procedure waits");
	revoke();
	$holder->query_safe('COMMIT;');
	$holder->quit;
	says('none', 'SELECT 1;', "$procedure has ended");
	is($node->safe_psql('postgres', "SELECT id FROM seen WHERE how = '$how'"), $rows, "$how: nothing was fetched after the revoke");
	approve();
}
is(says('none', 'SELECT count(*) FROM (SELECT lazy()) AS l;', 'a lazy SQL function runs under a grant'), '100', 'to its end');

# The wire protocol.
my $client = WireClient->connect($node->host, $node->port, 'clerk', 'postgres');
my @sent = $client->ask($client->message('Q', "BEGIN\0"));
is($client->state_of(@sent), 'none', 'a transaction');
my $start = $client->message('P', "\0SELECT id FROM orders ORDER BY id\0", pack('n', 0)) . $client->message('B', "p\0\0", pack('n3', 0, 0, 0));
my $more = $client->message('E', "p\0", pack('N', 2));
($allowed, $outcomes) = (rows('allowed'), rows('outcome'));
@sent = $client->ask($start . $more . $client->message('S'));
is($client->shape_of(@sent), '12DDsZ', 'parse, bind and two rows of a portal, which is suspended');
@sent = $client->ask($more . $client->message('S'));
is($client->shape_of(@sent), 'DDsZ', 'two more');
is(rows('allowed'), $allowed + 1, 'are one access');
revoke();
@sent = $client->ask($more . $client->message('S'));
is($client->shape_of(@sent), 'EZ', 'after the revoke there is an error instead of rows');
is($client->state_of(@sent), '42501', 'the refusal');
@sent = $client->ask($client->message('Q', "ROLLBACK\0"));
is($client->shape_of(@sent), 'CZ', 'the session goes on');
approve();
@sent = $client->ask($client->message('Q', "BEGIN\0"));
@sent = $client->ask($start . $client->message('H'), 2);
is($client->shape_of(@sent), '12', 'parse and bind');
revoke();
@sent = $client->ask($more . $client->message('S'));
is($client->state_of(@sent), '42501', 'a revoke between Bind and Execute counts');
$client->ask($client->message('Q', "ROLLBACK\0"));
approve();
@sent = $client->ask($start . $client->message('E', "p\0", pack('N', 0)) . $client->message('S'));
is($client->state_of(@sent), 'none', 'without a row limit it runs');
is(scalar(grep { $_->[0] eq 'D' } @sent), 100, 'to its end');
my $described = $client->message('D', "Ph\0");
$client->ask($client->message('Q', "DECLARE h CURSOR WITH HOLD FOR SELECT id FROM orders ORDER BY id\0"));
@sent = $client->ask($described . $client->message('S'));
my ($columns) = map { $_->[1] } grep { $_->[0] eq 'T' } @sent;
$more = $client->message('E', "h\0", pack('N', 2));
@sent = $client->ask($client->message('Q', "BEGIN\0"));
@sent = $client->ask($more . $client->message('S'));
is($client->shape_of(@sent), 'DDsZ', 'two rows of a held cursor, as of any portal');
@sent = $client->ask($described . $client->message('S'));
is((map { $_->[1] } grep { $_->[0] eq 'T' } @sent)[0], $columns, 'which is described as before');
revoke();
@sent = $client->ask($more . $client->message('S'));
is($client->state_of(@sent), '42501', 'a revoke counts there, too');
$client->ask($client->message('Q', "ROLLBACK\0"));
@sent = $client->ask($described . $client->message('S'));
is((map { $_->[1] } grep { $_->[0] eq 'T' } @sent)[0], $columns, 'it is described as before');
approve();
@sent = $client->ask($more . $client->message('S'));
is($client->shape_of(@sent), 'DDsZ', 'and goes on when it is approved again');
$client->close;

$node->log_is_sound;
$clerk->quit;
# A cursor that somebody else's function has opened: the server has asked for privileges then, and asks no more. Without a grant it is an approval that
# is missing at the fetch, also where the caller has no privilege of his own.
$node->safe_as('dba', <<'SQL');
CREATE ROLE keeper NOLOGIN;
CREATE TABLE kept (id int);
INSERT INTO kept VALUES (7);
ALTER TABLE kept OWNER TO keeper;
CREATE FUNCTION opened() RETURNS refcursor LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE c refcursor := 'handed_out'; BEGIN OPEN c FOR SELECT id FROM kept; RETURN c; END $$;
ALTER FUNCTION opened OWNER TO keeper;
SET client_min_messages = warning;
SELECT warrant.create_policy('kept', 'approve', on_table => 'kept', definer_roles => '{keeper}');
SQL
my $fetching = "BEGIN; SELECT opened(); FETCH ALL FROM handed_out";
my ($fetched, $complaint) = $node->sqlstate_as('clerk', $fetching);
is($fetched, '42501', 'a cursor that a trusted function hands out is refused at the fetch');
like($complaint, qr/SELECT on table "kept" requires approval/, 'for want of an approval');
$node->safe_as('boss', "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'kept')");
like($node->safe_as('clerk', $fetching), qr/^7$/m, 'and under a grant it gives its rows');

$node->stop;
done_testing();
