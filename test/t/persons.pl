# Four eyes are two humans: whichever login, process or moment somebody acts in, and whatever was dropped since.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $node = GatedServer->running('persons');
$node->safe_psql('postgres', "CREATE ROLE $_ LOGIN") for 'other', 'stranger', 'deputy', 'third', 'leaver', 'desk_clerk', 'second', 'unseen';
$node->safe_psql('postgres', 'GRANT warrant_approver TO deputy, third, second; GRANT SELECT ON orders, notes TO other, stranger, leaver, unseen');
$node->safe_psql('postgres', "INSERT INTO notes VALUES (1, 'x')");

# The server knows who logs in as clerk, boss or other: the same human, the owner of this process.
my $human = getpwuid($<);
my $hba = slurp_file($node->data_dir . '/pg_hba.conf');
unlink $node->data_dir . '/pg_hba.conf';
$node->append_conf('pg_hba.conf', "local all clerk,boss,other,second,unseen peer map=humans\n$hba");
$node->append_conf('pg_ident.conf', join "\n", map { "humans $human $_" } 'clerk', 'boss', 'other', 'second', 'unseen');
$node->reload;

sub row { return $node->safe_as('dba', $_[0]) }
sub settled { $node->safe_as('dba', 'SELECT warrant.action_result(0)') }
sub request_of { my ($state, $err) = $node->sqlstate_as(@_); return $err =~ /Request (\d+)/ ? $1 : "none: $err" }

subtest 'a parallel worker speaks for its leader' => sub {
	row(<<'SQL');
CREATE FUNCTION peek() RETURNS bigint LANGUAGE plpgsql PARALLEL SAFE STABLE AS 'BEGIN RETURN (SELECT count(*) FROM orders); END';
SQL
	my $parallel = row("SELECT name FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query')");
	my $session = $node->session_as('clerk');
	$session->query("SET $parallel = on");
	my ($pid) = $node->ask($session, 'SELECT pg_backend_pid()');
	my (undef, $state, $err) = $node->ask($session, 'SELECT peek() FROM notes');
	is($state, '42501', 'it is refused');
	my ($request) = $err =~ /Request (\d+)/;
	like($err, qr/parallel worker/, 'in a worker');
	settled();
	is(row("SELECT DISTINCT concat_ws(' ', session_user_name, authn_id, person, client_addr, pid) FROM warrant.audit_log WHERE request_id = $request"),
		"clerk $human $human [local] $pid", 'the rows are about the session');
	like(($node->sqlstate_as('boss', "SELECT warrant.approve($request)"))[1], qr/42501: request $request must be decided by another person/, 'the same human does not approve');
	is($node->sqlstate_as('deputy', "SELECT warrant.approve($request, duration => '1 s')"), 'none', 'another one does');
	$session->quit;
};

subtest 'nobody grants to another login of his own' => sub {
	like(($node->sqlstate_as('boss', "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'orders')"))[1], qr/42501: nobody grants to himself/, 'that the server has met');
	my $grant = $node->safe_as('boss', "SELECT warrant.grant('other', '{SELECT}', on_table => 'orders')");
	is($node->sqlstate_as('other', 'SELECT count(*) FROM orders'), '42501', 'and one that it has not cannot use it');
	like(($node->sqlstate_as('boss', "SELECT warrant.grant('other', '{SELECT}', on_table => 'orders')"))[1], qr/42501: nobody grants to himself/, 'it has now');
	$node->safe_as('boss', "SELECT warrant.revoke($grant)");
	$grant = $node->safe_as('boss', "SELECT warrant.grant('stranger', '{SELECT}', on_table => 'orders')");
	is($node->sqlstate_as('stranger', 'SELECT count(*) FROM orders'), 'none', 'somebody else can');
	$grant = $node->safe_as('deputy', "SELECT warrant.grant('other', '{SELECT}', on_table => 'orders')");
	is($node->sqlstate_as('other', 'SELECT count(*) FROM orders'), 'none', "by somebody else's grant he can");
};

subtest 'that one login of a human is mapped makes nobody else of him' => sub {
	row("CREATE TABLE chest (a int); GRANT SELECT ON chest TO clerk; SELECT warrant.protect('chest'), warrant.set_person('boss', 'Boss Smith')");
	my $request = request_of('clerk', 'SELECT * FROM chest');
	like(($node->sqlstate_as('boss', "SELECT warrant.approve($request)"))[1], qr/42501: request $request must be decided by another person/, 'the mapped one does not approve for the other');
	like(($node->sqlstate_as('boss', "SELECT warrant.grant('clerk', '{SELECT}', on_table => 'chest')"))[1], qr/42501: nobody grants to himself/, 'nor grant');
	my $grant = $node->safe_as('boss', "SELECT warrant.grant('unseen', '{SELECT}', on_table => 'orders')");
	is($node->sqlstate_as('unseen', 'SELECT count(*) FROM orders'), '42501', 'and what he grants to one that the server has not met, that one cannot use');
	$node->safe_as('boss', "SELECT warrant.revoke($grant)");
	row("SELECT warrant.set_person('boss', NULL), warrant.set_person('clerk', 'Clerk')");
	like(($node->sqlstate_as('boss', "SELECT warrant.approve($request)"))[1], qr/42501: request $request must be decided by another person/, 'nor the other for the mapped one');
	row("SELECT warrant.set_person('clerk', NULL), warrant.set_person('boss', 'Boss')");
	row("CREATE TABLE safe (a int); GRANT SELECT ON safe TO stranger; SELECT warrant.create_policy('safe', 'approve', on_table => 'safe', min_approvals => 2)");
	$request = request_of('stranger', 'SELECT * FROM safe');
	is($node->safe_as('boss', "SELECT warrant.approve($request)"), '', 'one of two votes');
	isnt($node->sqlstate_as('second', "SELECT warrant.approve($request)"), 'none', 'both are not his');
	is(row("SELECT state FROM warrant.requests WHERE id = $request"), 'pending', 'as two persons');
	# Somebody whose second login shares the identity is known through it.
	row("SELECT warrant.set_person('stranger', 'Boss')");
	is(row("SELECT approvals FROM warrant.pending WHERE id = $request"), '0/2', 'a vote of the requester does not count');
	like(($node->sqlstate_as('second', "SELECT warrant.approve($request)"))[1], qr/42501: request $request must be decided by another person/, 'nor does that of who is him by way of a third login');
	row("SELECT warrant.set_person('stranger', NULL)");
	$grant = $node->safe_as('deputy', "SELECT warrant.approve($request)");
	like($grant, qr/^\d+$/, 'another person completes it');
	is(row("SELECT granters @> ARRAY['Boss', '$human', 'deputy'] FROM warrant.grant_scopes WHERE grant_id = $grant"), 't', 'and the grant knows all that they are known by');
	row("SELECT warrant.set_person('boss', NULL), warrant.drop_policy('safe')");
};

subtest 'votes are counted by persons' => sub {
	row("CREATE TABLE triple (a int); GRANT SELECT ON triple TO stranger; SELECT warrant.create_policy('triple', 'approve', on_table => 'triple', min_approvals => 3)");
	my $request = request_of('stranger', 'SELECT * FROM triple');
	$node->safe_as($_, "SELECT warrant.approve($request)") for 'deputy', 'third';
	is(row("SELECT approvals FROM warrant.pending WHERE id = $request"), '2/3', 'two persons');
	row("SELECT warrant.set_person('deputy', 'D'), warrant.set_person('third', 'D')");
	is(row("SELECT approvals FROM warrant.pending WHERE id = $request"), '1/3', 'one, once it is said that they are');
	is($node->safe_as('boss', "SELECT warrant.approve($request)"), '', 'and a third vote is the second');
	row("SELECT warrant.set_person('deputy', NULL), warrant.set_person('third', NULL), warrant.drop_policy('triple')");
};

subtest 'whichever vote comes first' => sub {
	row("CREATE TABLE many (a int); GRANT SELECT ON many TO stranger; SELECT warrant.create_policy('many', 'approve', on_table => 'many', min_approvals => 4)");
	my $request = request_of('stranger', 'SELECT * FROM many');
	row("SELECT warrant.set_person('boss', 'X')");
	$node->safe_as($_, "SELECT warrant.approve($request)") for 'deputy', 'third', 'boss';
	is(row("SELECT approvals FROM warrant.pending WHERE id = $request"), '3/4', 'three persons');
	row("SELECT warrant.set_person('boss', 'Y'), warrant.set_person('deputy', 'X'), warrant.set_person('third', 'Y')");
	is(row("SELECT approvals FROM warrant.pending WHERE id = $request"), '1/4', 'one, when the last was known as each of the others');
	row("SELECT warrant.set_person(r, NULL) FROM unnest('{boss,deputy,third}'::regrole[]) AS r");
	row("SELECT warrant.drop_policy('many')");
};

subtest 'a vote counts while its voter may vote' => sub {
	row("CREATE TABLE vault (a int); GRANT SELECT ON vault TO stranger; SELECT warrant.create_policy('vault', 'approve', on_table => 'vault', min_approvals => 2)");
	my $request = request_of('stranger', 'SELECT * FROM vault');
	is($node->safe_as('deputy', "SELECT warrant.approve($request)"), '', 'the first');
	is(row("SELECT approvals FROM warrant.pending WHERE id = $request"), '1/2', 'counts');
	row('REVOKE warrant_approver FROM deputy');
	is(row("SELECT approvals FROM warrant.pending WHERE id = $request"), '0/2', 'not when he is no approver any more');
	is($node->safe_as('third', "SELECT warrant.approve($request)"), '', 'the second does not suffice then');
	is(row("SELECT state FROM warrant.requests WHERE id = $request"), 'pending', 'the request waits');
	my $grant = $node->safe_as('boss', "SELECT warrant.approve($request)");
	like($grant, qr/^\d+$/, 'for one more');
	is(row("SELECT granted_by FROM warrant.grants WHERE id = $grant"), '{third,boss}', 'the grant is of those who may decide');
	row('GRANT warrant_approver TO deputy');
};

subtest 'a role that is dropped' => sub {
	my $grant = $node->safe_as('boss', "SELECT warrant.grant('leaver', '{SELECT}', on_table => 'orders')");
	row("SELECT warrant.create_policy('for the leaver', 'open', on_table => 'orders', commands => '{SELECT}', for_roles => '{leaver}', priority => 1)");
	row("SELECT warrant.drop_policy('for the leaver')");
	my $session = $node->session_as('leaver');
	is(($node->ask($session, 'SELECT count(*) FROM orders'))[0], '100', 'had a grant');
	row('CREATE TABLE own (a int); GRANT SELECT ON notes TO PUBLIC; GRANT SELECT ON orders TO PUBLIC; REVOKE ALL ON orders, notes FROM leaver; DROP ROLE leaver');
	my (undef, $state, $err) = $node->ask($session, 'SELECT count(*) FROM orders');
	is($state, '42501', 'which its open session uses no more');
	like($err, qr/No request was filed: the role of this session is gone/, 'and it is told why');
	unlike($err, qr/Failing row/, 'not what would have been written');
	settled();
	is(row("SELECT count(*) FROM warrant.audit_log WHERE event = 'refused' AND session_user_name IS NULL AND relation_name = 'orders'"), 1, 'the refusal is in the log');
	like(($node->ask($session, 'DELETE FROM orders WHERE id > 0'))[2], qr/42501: DELETE on table "orders" requires approval/, 'also of what it has no privilege for any more');
	settled();
	is(row("SELECT count(*) FROM warrant.audit_log WHERE event = 'refused' AND session_user_name IS NULL AND command = 'DELETE'"), 1, 'which is in the log as well');
	like(($node->ask($session, "SELECT warrant.request('{SELECT}', on_table => 'orders')"))[2], qr/42501: the role of this session is gone/, 'it asks for nothing');
	ok($node->eventually(sub { row("SELECT close_reason FROM warrant.grants WHERE id = $grant") eq 'its role is gone' }), 'the grant is closed');
	$session->quit;
};

subtest 'an open policy for a role that is dropped opens nothing' => sub {
	row("CREATE ROLE guest LOGIN; SELECT warrant.create_policy('guests', 'open', on_table => 'orders', commands => '{SELECT}', for_roles => '{guest}', priority => 1)");
	my $session = $node->session_as('guest');
	is(($node->ask($session, 'SELECT count(*) FROM orders'))[0], '100', 'he came in');
	row('DROP ROLE guest');
	is(($node->ask($session, 'SELECT count(*) FROM orders'))[1], '42501', 'and is out');
	$session->quit;
	row("SELECT warrant.drop_policy('guests')");
};

subtest 'numbers of what is gone may be given again' => sub {
	row(<<'SQL');
CREATE TABLE once (a int);
CREATE ROLE excepted;
CREATE ROLE meant;
SELECT warrant.set_person('excepted', 'ann'), warrant.create_policy('once', 'deny', on_table => 'once', for_roles => '{clerk,meant}', except_roles => '{excepted}', definer_roles => '{excepted}', approver_role => 'excepted');
DROP TABLE once;
DROP ROLE excepted, meant;
SQL
	my $policy = q{SELECT target, for_roles[1] = 'clerk'::regrole, for_roles[2], for_role_names, except_roles, except_role_names, definer_roles, approver_role, approver_role_name FROM warrant.policies WHERE name = 'once'};
	ok($node->eventually(sub { row($policy) eq '0|t|0|{clerk,meant}|{0}|{excepted}|{0}|0|excepted' }), 'definitions forget them, and keep the names') or diag(row($policy));
	is(row("SELECT count(*) FROM warrant.persons"), '0', 'persons as well');
	row('CREATE TABLE once (a int); GRANT SELECT ON once TO stranger');
	is($node->sqlstate_as('stranger', 'SELECT * FROM once'), '42501', 'what bears the name is covered, for everybody');
	row("SELECT warrant.drop_policy('once'); DROP TABLE once");
};

subtest 'requests that nobody can decide any more are closed' => sub {
	row("CREATE TABLE passing (a int); CREATE SCHEMA fading; CREATE ROLE asker LOGIN; GRANT SELECT ON vault, passing TO stranger, asker, other;
		CREATE TABLE fading.away (a int); GRANT ALL ON SCHEMA fading TO stranger; GRANT ALL ON fading.away TO stranger;
		SELECT warrant.create_policy('passing', 'approve', on_table => 'passing'), warrant.protect_schema('fading')");
	my %waits = ('its policy is gone' => request_of('other', 'SELECT * FROM vault'), 'the role that filed it is gone' => request_of('asker', 'SELECT * FROM vault'),
		'what it asks for is gone' => request_of('stranger', 'SELECT * FROM passing'));
	$waits{'what it asks for is gone, too'} = $node->safe_as('stranger', "SELECT warrant.request('{SELECT}', on_schema => 'fading')");
	my $grant = $node->safe_as('deputy', "SELECT warrant.grant('other', '{SELECT}', on_table => 'passing')");
	row('REVOKE ALL ON vault, passing FROM asker; DROP ROLE asker; DROP SCHEMA fading CASCADE; DROP TABLE passing');
	row("SELECT warrant.drop_policy('vault')");
	for my $why (sort keys %waits)
	{
		ok($node->eventually(sub { row("SELECT state FROM warrant.requests WHERE id = $waits{$why}") eq 'cancelled' }), "$why: cancelled");
		(my $reason = $why) =~ s/, too//;
		like(row("SELECT comment FROM warrant.audit_log WHERE event = 'request_cancelled' AND request_id = $waits{$why}"), qr/^$reason(, dropped by \w+)?$/, 'with the reason');
	}
	ok($node->eventually(sub { row("SELECT close_reason FROM warrant.grants WHERE id = $grant") eq 'what it covers is gone' }), 'a grant on what is gone is closed');
};

subtest 'where nobody can decide, it is said' => sub {
	row("CREATE ROLE desk; CREATE TABLE ledger (a int); GRANT SELECT ON ledger TO stranger;
		SELECT warrant.create_policy('by the desk', 'approve', on_table => 'ledger', approver_role => 'desk')");
	my ($status, $explained, $refusal) = (q{SELECT warning FROM warrant.status() WHERE item = 'policy by the desk'},
		q{SELECT detail FROM warrant.explain('stranger', 'SELECT', 'ledger') ORDER BY step DESC LIMIT 1});
	my $told = sub {
		my ($what, $in_status, $in_others) = @_;
		is(row($status), $in_status, "$what: status() says it");
		is(row($explained), $in_others, 'explain() does');
		$refusal = ($node->sqlstate_as('stranger', 'SELECT * FROM ledger'))[1];
		$in_others eq '' ? unlike($refusal, qr/Nobody/, 'and the refusal does not') : like($refusal, qr/DETAIL: .*\Q$in_others\E/, 'and the refusal does');
	};
	$told->('no member', 'Nobody can decide: role "desk" has no member who can log in.', 'Nobody can decide: role "desk" has no other member who can log in.');
	row('GRANT desk TO stranger');
	$told->('only who asks', '', 'Nobody can decide: role "desk" has no other member who can log in.');
	row('GRANT desk TO desk_clerk');
	$told->('somebody', '', '');
	# Their own approvers see and await what they decide.
	my ($request) = $refusal =~ /Request (\d+)/;
	is($node->safe_as('desk_clerk', 'SELECT id, target FROM warrant.pending'), "$request|public.ledger", 'a policy\'s own approver sees its requests, and no others');
	is($node->safe_as('clerk', 'SELECT count(*) FROM warrant.pending'), '0', 'others see nothing');
	is($node->sqlstate_as('desk_clerk', "CALL warrant.wait_for($request, '0 s')"), '57014', 'he may wait for its decision');
	is($node->sqlstate_as('clerk', "CALL warrant.wait_for($request, '0 s')"), 'P0002', 'others may not');
	row('DROP ROLE desk');
	my $gone = 'Nobody can decide: the approver role of policy "by the desk" is gone.';
	$told->('the role is gone', $gone, $gone);
	row("CREATE TABLE twice (a int); GRANT SELECT ON twice TO stranger; CREATE ROLE pair; GRANT pair TO desk_clerk;
		SELECT warrant.create_policy('by two', 'approve', on_table => 'twice', approver_role => 'pair', min_approvals => 2)");
	like(row(q{SELECT warning FROM warrant.status() WHERE item = 'policy by two'}), qr/asks for 2 approvals, and only 1 can be given/, 'too few count as nobody');
	row("GRANT pair TO deputy; SELECT warrant.set_person('deputy', 'P')");
	is(row(q{SELECT warning FROM warrant.status() WHERE item = 'policy by two'}), '', 'two logins do');
	row("SELECT warrant.set_person('desk_clerk', 'P')");
	like(row(q{SELECT warning FROM warrant.status() WHERE item = 'policy by two'}), qr/asks for 2 approvals, and only 1 can be given/, 'not of one person');
	row("GRANT SELECT ON twice TO deputy; SELECT warrant.drop_policy('by two'), warrant.create_policy('by one', 'approve', on_table => 'twice', approver_role => 'pair')");
	my $himself = 'Nobody can decide: role "pair" has no member of another person who can log in.';
	like(($node->sqlstate_as('deputy', 'SELECT * FROM twice'))[1], qr/DETAIL: .*\Q$himself\E/, 'only another login of who asks can decide');
	is(row("SELECT detail FROM warrant.explain('deputy', 'SELECT', 'twice') ORDER BY step DESC LIMIT 1"), $himself, 'explain() says it, too');
	row("SELECT warrant.set_person('desk_clerk', NULL)");
	unlike(($node->sqlstate_as('deputy', 'SELECT * FROM twice'))[1], qr/Nobody/, 'another person can');
	# A webhook that is disabled decides nothing.
	row("CREATE ROLE empty; CREATE TABLE hooked (a int); GRANT SELECT ON hooked TO stranger; SELECT warrant.add_webhook('desk', 'https://desk.example.com/', 'decision', secret_name => 'desk');
		SELECT warrant.create_policy('hooked', 'approve', on_table => 'hooked', approver_role => 'empty', webhook => 'desk')");
	is(row(q{SELECT warning FROM warrant.status() WHERE item = 'policy hooked'}), '', 'a webhook can decide');
	unlike(($node->sqlstate_as('stranger', 'SELECT * FROM hooked'))[1], qr/Nobody/, 'which is not told to be nobody');
	$node->append_conf('postgresql.conf', 'pg_warrant.allow_restore = on');
	$node->restart;
	row("UPDATE warrant.webhooks SET enabled = false");
	like(row(q{SELECT warning FROM warrant.status() WHERE item = 'policy hooked'}), qr/Nobody can decide: role "empty" has no member who can log in, and webhook "desk" is disabled/, 'not while it is disabled');
	like(($node->sqlstate_as('stranger', 'SELECT * FROM hooked'))[1], qr/Nobody can decide: role "empty" has no other member who can log in, and webhook "desk" is disabled/, 'which a refusal says, too');
};
$node->stop;
done_testing;
