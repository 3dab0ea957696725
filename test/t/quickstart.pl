# README.md says the truth: its ```sql blocks run in order and answer as shown, and it names every setting and every public object.
# "-- clerk" says who runs what follows, "--> " what the server answers ("..." for what varies); command tags and notices count only
# where they are shown. The block that begins with "-- scene" runs first.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;

my $readme = slurp_file("$FindBin::Bin/../../README.md");

# statements(BLOCK): each a hash of who, sql and shown.
sub statements
{
	my ($block) = @_;
	my ($who, @statements, $sql);
	for my $line (split /\n/, $block)
	{
		if ($line =~ /^-->\s?(.*?)\s*$/) { push @{ $statements[-1]{shown} }, $1; }
		elsif ($line =~ /^-- (\w+)$/) { $who = $1; }
		elsif ($line =~ /\S/)
		{
			$sql .= "$line\n";
			next unless $line =~ /;\s*(--.*)?$/;
			push @statements, { who => $who, sql => $sql, shown => [] };
			$sql = undef;
		}
	}
	die "unfinished statement: $sql" if defined $sql;
	die "nobody runs it: $block" if grep { !defined $_->{who} } @statements;
	return @statements;
}

my $node = GatedServer->prepared('quickstart', 'pg_warrant.refusal_rate = 20', 'pg_warrant.audit_timeout = 5s');
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE dba SUPERUSER LOGIN');
my %sessions;

sub session_of
{
	my ($who) = @_;
	my $login = $who eq 'scene' ? 'dba' : $who;
	$sessions{$login} //= do {
		my $session = $node->background_psql('postgres', on_error_stop => 0, extra_params => [ '-U', $login, '-F', ' | ' ]);
		$session->query('\set QUIET off');
		$session;
	};
	return $sessions{$login};
}

sub answer
{
	my ($who, $sql) = @_;
	my $session = session_of($who);
	$session->{stderr} = '';
	my $out = $session->query($sql);
	my @lines = split /\n/, $session->{stderr} . "\n" . $out;
	s/^psql:<stdin>:\d+: //, s/\s+$// for @lines;
	return grep { /\S/ } @lines;
}

# What is not compared unless it is shown.
sub is_noise
{
	my ($line, @shown) = @_;
	my ($kind) = $line =~ /^(NOTICE|[A-Z]+( [A-Z]+)*( \d+)*)(?=:|$)/ or return 0;
	return $kind !~ /^(ERROR|DETAIL|HINT)/ && !grep { /^\Q$kind\E/ } @shown;
}

sub matches
{
	my ($got, $shown) = @_;
	my $pattern = join '.*', map { quotemeta } split /\.\.\./, $shown, -1;
	return $got =~ /^$pattern$/;
}

# The outcome of a statement is written a moment after its end.
sub wait_for_outcomes
{
	ok($node->eventually(sub {
				$node->safe_psql('postgres', <<'SQL') eq '0';
SELECT count(*) FROM warrant.audit_log a WHERE a.event = 'allowed'
   AND NOT EXISTS (SELECT FROM warrant.audit_log o WHERE o.event = 'outcome' AND o.statement_id = a.statement_id)
SQL
			}), 'every statement that ran has an outcome');
}

sub play
{
	my ($statement) = @_;
	my @shown = @{ $statement->{shown} };
	wait_for_outcomes() if $statement->{who} eq 'auditor';
	my @got = grep { !is_noise($_, @shown) } answer($statement->{who}, $statement->{sql});
	$node->wait_until_ready if $statement->{sql} =~ /^CREATE EXTENSION/m;
	@shown = @got if !@shown && !grep { /^ERROR/ } @got;    # not shown: it only must not fail
	my $same = @got == @shown && !grep { !matches($got[$_], $shown[$_]) } 0 .. $#got;
	ok($same, "$statement->{who}: " . ($statement->{sql} =~ s/\s+/ /gr))
	  or diag("shown:\n", explain(\@shown), "got:\n", explain(\@got));
}

# --- the examples ---

my @blocks = $readme =~ /^```sql\n(.*?)^```$/msg;
cmp_ok(scalar @blocks, '>', 5, 'there are examples');
play($_) for map { statements($_) } grep { /^-- scene/ } @blocks;
play($_) for map { statements($_) } grep { !/^-- scene/ } @blocks;

# --- the tables ---

my $settings = $node->safe_psql('postgres', <<'SQL');
SELECT name, coalesce(nullif(current_setting(name), ''), 'empty') FROM pg_settings WHERE name LIKE 'pg\_warrant.%' AND name !~ 'mutant|wait_point'
SQL
for (split /\n/, $settings)
{
	my ($name, $default) = split /\|/;
	like($readme, qr/^\| `\Q$name\E` \| `?\Q$default\E`? \|/m, "setting $name and its default");
}

my $names = $node->safe_psql('postgres', <<'SQL');
SELECT DISTINCT p.proname FROM pg_proc p WHERE p.pronamespace = 'warrant'::regnamespace AND obj_description(p.oid, 'pg_proc') NOT LIKE 'internal%'
UNION SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'warrant'::regnamespace AND relkind IN ('r', 'p', 'v') AND NOT relispartition
   AND obj_description(c.oid, 'pg_class') IS NOT NULL AND has_table_privilege('warrant_auditor', c.oid, 'SELECT')
UNION SELECT attname FROM pg_attribute WHERE attrelid = 'warrant.audit_log'::regclass AND attnum > 0
SQL
for my $name (split /\n/, $names)
{
	like($readme, qr/`(?:CALL )?\Q$name\E[`(]/, "$name is described");
}

$_->quit for values %sessions;
$node->stop;
done_testing();
