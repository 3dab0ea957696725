# One item that cannot be written keeps neither those behind it nor the recorder: it is set aside, visibly. Only a restore, or a fault of ours, can
# make such items, so the tables of the gate are open here.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use GatedServer;
use Test::More;

my $node = GatedServer->running('main', 'pg_warrant.allow_restore = on');

sub value { $node->safe_as('dba', $_[0]) }

# --- definitions that wait for their rows ---

value(<<'SQL');
BEGIN;
SELECT warrant.protect('notes');
INSERT INTO warrant.audit_unsealed (event, origin, comment) VALUES ('person_changed', '{"pid": "nobody"}', 'strange');
SELECT warrant.unprotect('notes');
SELECT warrant_internal.origin();
COMMIT
SQL
ok($node->eventually(sub { value('SELECT count(*) FROM warrant.audit_unsealed') eq '0' }), 'a row that cannot be written does not keep the others');
is(value(q{SELECT string_agg(event, ' ' ORDER BY seq) FROM warrant.audit_log WHERE event IN ('policy_created', 'policy_dropped') AND policy_name LIKE '%notes%'}),
	'policy_created policy_dropped', 'which are there');
like(value(q{SELECT comment FROM warrant.audit_log WHERE event = 'person_changed'}), qr/^row \d+ of audit_unsealed could not be written: invalid input syntax/, 'and it is set aside');
$node->log_is_sound;
$node->works('all goes on');

# --- what the recorder does by itself ---

value(q{CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'strange'; END $$; CREATE TRIGGER fail BEFORE DELETE ON warrant.action_results EXECUTE FUNCTION fail()});
value(q{SELECT warrant.create_policy('brief', 'approve', on_table => 'notes', request_ttl => '1 s')});
is($node->sqlstate_as('clerk', 'SELECT FROM notes'), '42501', 'a request that soon expires is filed');
$node->wait_for_log(qr/ERROR:  strange/);
is($node->sqlstate_as('clerk', 'SELECT FROM orders'), '42501', 'a sweep that fails does not keep sessions waiting');
value('DROP TRIGGER fail ON warrant.action_results');
ok($node->eventually(sub { value(q{SELECT count(*) FROM warrant.audit_log WHERE event = 'request_expired'}) eq '1' }), 'and is done when it can be');
$node->log_is_sound;
done_testing();
