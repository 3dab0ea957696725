# A command on a database waits for a worker that has connected to it and not yet taken its slot, for longer than the server waits by itself. Needs the
# wait points of a build with the switches of test/mutants.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin, "$FindBin::Bin/../t";
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use GatedServer;

my $node = GatedServer->running('visitors');
$node->safe_psql('postgres', 'CREATE DATABASE shut');
$node->add_gate('shut');
my $recorder = $node->recorder_pid('shut');
my $session = $node->session_as('dba');
$node->safe_psql('postgres', "ALTER SYSTEM SET pg_warrant.wait_point = 'recorder_connected'");
$node->reload;
ok($node->eventually(sub { $node->safe_psql('postgres', 'SHOW pg_warrant.wait_point') eq 'recorder_connected' }), 'recorders to come stop at their start');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($recorder)");
ok($node->eventually(sub { slurp_file($node->logfile) =~ /waiting at "recorder_connected"/ }), 'the next recorder has connected');

# The server would give up after five seconds; the gate waits for five more.
$session->{stdin} .= "ALTER DATABASE shut RENAME TO ajar;\n\\echo renamed\n";
$session->{run}->pump_nb;
usleep(6_500_000);
$node->safe_psql('postgres', 'ALTER SYSTEM RESET pg_warrant.wait_point; SELECT pg_reload_conf()');
ok($node->eventually(sub { eval { $session->{run}->pump_nb }; $session->{stdout} =~ /renamed|ERROR/ || $session->{stderr} =~ /ERROR/ }), 'the command ends');
is($session->{stderr}, '', 'and has renamed the database');
eval { $session->quit };
$node->works('the recorder comes back', 'ajar');
$node->stop;
done_testing();
