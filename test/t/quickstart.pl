# README.md and the pages of docs/ say the truth: their blocks run in order and answer as shown (Pages.pm tells how a page is written), their
# links lead somewhere, and they name every setting, every public object, every column of the log and every event that the examples cause.
# With WARRANT_FILL=DIRECTORY the pages are written there with the answers that the server gave, for whoever changes one.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;
use GatedServer;
use Pages;

my $root = "$FindBin::Bin/../..";
my $fill = $ENV{WARRANT_FILL};
my $only = $ENV{WARRANT_PAGES};
my %text = map { $_ => slurp_file($_) } Pages::of($root);
my @pages = grep { !$only || /$only/ } Pages::of($root);
my (%sessions, %answers, %events);

my $node = GatedServer->prepared('quickstart', 'pg_warrant.refusal_rate = 20', 'max_connections = 60');
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE dba SUPERUSER LOGIN');    # as whom GatedServer asks
$node->safe_psql('postgres', q{SELECT 'CREATE ROLE postgres SUPERUSER LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'postgres') \gexec});
$node->safe_psql('postgres', 'CREATE EXTENSION pg_warrant');    # while no database has it, its roles must have no members

sub name_of { return $_[0] =~ s/^\Q$root\E\///r; }

# --- one block ---

sub session_of
{
	my ($database, $who) = @_;
	$sessions{$who} //= do {
		local $ENV{PGOPTIONS} = '-c statement_timeout=' . $GatedServer::patience_s . 's';    # a wait for what does not come is a mistake in the page
		my $session = $node->background_psql($database, on_error_stop => 0, extra_params => [ '-U', $who ]);
		$session->query("\\pset format aligned\n\\pset tuples_only off\n\\set SHOW_CONTEXT never\n\\set QUIET off");
		$session;
	};
	return $sessions{$who};
}

sub answer
{
	my ($session, $sql) = @_;
	$session->{stderr} = '';
	my $out = $session->query($sql);
	my $answer = join '', map { s/^psql:\S*?:\d+: //gm; s/[ \t]+$//gm; s/\s+\z//; $_ eq '' ? '' : "$_\n" } $session->{stderr}, $out;
	return $answer =~ s/^(\(\d+ rows?\))\n\z/$1\n\n/mr;    # psql leaves a line empty after a table
}

# What a statement leaves in the log stands there a moment later: who reads the log waits until the queue is empty and every end is told.
sub wait_for_log
{
	my ($database) = @_;
	$node->eventually(sub { $node->safe_psql($database, <<'SQL') eq 't'; }) or die 'the log is not complete';
SELECT EXISTS (SELECT FROM warrant.status() WHERE item = 'queue' AND value LIKE '0 of%')
   AND NOT EXISTS (SELECT FROM warrant.audit_unsealed)
   AND NOT EXISTS (SELECT FROM warrant.audit_log a WHERE a.event = 'allowed' AND a.outcome IS NULL
                      AND NOT EXISTS (SELECT FROM warrant.audit_log o WHERE o.event = 'outcome' AND o.statement_id = a.statement_id))
SQL
}

# A reload has reached the server when it tells of a later one; all sessions have been told then.
sub loaded_at { return $node->safe_psql('postgres', 'SELECT pg_conf_load_time()'); }

sub wait_for_reload
{
	my ($before) = @_;
	$node->eventually(sub { loaded_at() ne $before }) or die 'the server does not reload its settings';
}

sub play
{
	my ($page, $database, $block) = @_;
	my $who = Pages::who($block);
	my $title = name_of($page) . ":$block->{line}";
	return fail("$title says who runs it") unless defined $who;
	wait_for_log($database) if $block->{body} =~ /audit_(log|text)|status\(\)|warrant\.(assessment|propose_policies|impact)/;
	my $got = '';
	for my $sql (Pages::statements($block))
	{
		my $loaded_before = $sql =~ /pg_reload_conf/ ? loaded_at() : undef;
		$got .= answer(session_of($database, $who), $sql);
		wait_for_reload($loaded_before) if defined $loaded_before;
		$node->wait_until_ready($database) if $sql =~ /^CREATE EXTENSION/;
	}
	$got =~ s/\n+\z/\n/;
	$answers{$page} .= $got;
	my @got = Pages::lines($got);
	my @shown = defined $block->{answer} ? Pages::lines($block->{answer}) : ();
	my $right = defined $block->{answer} ? Pages::agrees(\@got, \@shown) : !grep { /^(ERROR|FATAL):|server closed/ } @got;
	ok($right, "$title, as $who") or diag("shown:\n", explain(\@shown), "got:\n", explain(\@got));
	$block->{got} = $got if !$right && defined $block->{answer};
}

# --- one page ---

sub file_is_there
{
	my ($name) = @_;
	return $name =~ /^[\w\/.-]+$/ && -e "$root/$name";
}

# A block that is not run says why; a text that is shown by itself, with an error, must be among the answers.
sub check_unplayed
{
	my ($page, $block) = @_;
	my $title = name_of($page) . ":$block->{line}";
	if ($block->{mark} =~ /^covered-by=(\S+)$/) { ok(file_is_there($1), "$title is covered by $1"); }
	elsif ($block->{language} eq 'sh') { is($block->{mark}, 'by-hand', "$title is covered, or for the reader's hand"); }
	elsif ($block->{language} eq 'conf')
	{
		for my $name ($block->{body} =~ /^([\w.]+) *= /mg)
		{
			is($node->safe_psql('postgres', "SELECT count(*) FROM pg_settings WHERE name = '$name'"), '1', "$title: $name is a setting");
		}
	}
	elsif ($block->{language} eq 'text' && $block->{body} =~ /ERROR:/)
	{
		my %known = map { $_ => 1 } Pages::lines($answers{$page} // '');
		my @unknown = grep { /^(ERROR|DETAIL|HINT):/ && !$known{$_} } Pages::lines($block->{body});
		is("@unknown", '', "$title is what the server says");
	}
}

# Unless the page has removed the log.
sub note_events
{
	my ($page, $database) = @_;
	my $is_there = $node->safe_psql($database, q{SELECT to_regclass('warrant.audit_log') IS NOT NULL}) eq 't';
	$events{$_} = $page for $is_there ? split(/\n/, $node->safe_psql($database, 'SELECT DISTINCT event FROM warrant.audit_log')) : ();
}

sub make_scene
{
	my ($page, $database) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	my $own = $page =~ s/\.md$/.sql/r;
	$node->safe_psql($database, slurp_file($_), extra_params => [ '-U', 'postgres' ]) for $page =~ /README/ ? () : ("$root/docs/scene.sql", -e $own ? $own : ());
}

sub read_page
{
	my ($page, $database) = @_;
	my @blocks = Pages::blocks($text{$page});
	my @played = grep { $_->{language} eq 'sql' && $_->{mark} eq '' } @blocks;
	if (@played)
	{
		make_scene($page, $database);
		play($page, $database, $_) for @played;
		note_events($page, $database);
		$_->quit for values %sessions;
		%sessions = ();
		$node->safe_psql('postgres', "DROP DATABASE $database WITH (FORCE)");
	}
	check_unplayed($page, $_) for grep { $_->{language} ne 'sql' || $_->{mark} ne '' } @blocks;
	my @wide = grep { length > 120 && / \| |-\+-/ } map { split /\n/, $_->{answer} // '' } @blocks;
	is("@wide", '', name_of($page) . ': no table is wider than a window');
	fill_in($page, @blocks) if $fill;
}

# The page with the server's answers, where they differ.
sub fill_in
{
	my ($page, @blocks) = @_;
	my $filled = $text{$page};
	substr($filled, $_->{answer_start}, length $_->{answer}) = $_->{got} for grep { defined $_->{got} } reverse @blocks;
	mkdir $_ for $fill, "$fill/docs";
	open my $file, '>', "$fill/" . name_of($page) or die "$fill: $!";
	print $file $filled;
	close $file;
}

# The roles of README.md are made by its own blocks; it comes first.
my $place = 0;
for my $page (@pages) { read_page($page, $place++ == 0 && $page =~ /README/ ? 'shop' : "shop_$place"); }

# --- what leads from page to page ---

for my $page (@pages)
{
	for my $link (Pages::links($text{$page}))
	{
		my ($file, $anchor) = split /#/, $link, 2;
		my $directory = $page =~ s/[^\/]*$//r;
		my $target = $file eq '' ? $page : "$directory$file";
		$target =~ s/[^\/]+\/\.\.\///;
		my $there = -e $target && (!defined $anchor || grep { $_ eq $anchor } Pages::anchors($text{$target} // slurp_file($target)));
		ok($there, name_of($page) . " links to $link");
	}
}

# --- what the pages must name ---

sub text_of { return $text{"$root/docs/$_[0].md"} // ''; }

# section(TEXT, HEADING): what is under it.
sub section
{
	my ($page, $heading) = @_;
	return $page =~ /^#+ \Q$heading\E\n(.*?)(?=^#+ |\z)/ms ? $1 : undef;
}

sub check_settings
{
	my $page = text_of('settings');
	my %changed = (sighup => 'reload', postmaster => 'restart', user => 'session');
	my $settings = $node->safe_psql('postgres', <<'SQL');
SELECT name, coalesce(nullif(current_setting(name), ''), 'empty'), context FROM pg_settings WHERE name LIKE 'pg\_warrant.%' AND name !~ 'mutant|wait_point'
SQL
	for (split /\n/, $settings)
	{
		my ($name, $default, $context) = split /\|/;
		$default = '5s' if $name eq 'pg_warrant.audit_timeout';    # longer here, since a loaded machine is slow
		my $words = section($page, "`$name`") // '';
		like($words, qr/^Default: `?\Q$default\E`?\..*Changed by: $changed{$context}\b/m, "setting $name, its default and how it is changed");
	}
}

# As the pages write a signature: "duration interval = NULL".
sub signature
{
	my ($arguments) = @_;
	$arguments =~ s/::[a-z ]+(\[\])?//g;
	$arguments =~ s/ DEFAULT / = /g;
	return $arguments;
}

sub check_functions
{
	my $page = text_of('functions');
	my $functions = $node->safe_psql('postgres', <<'SQL');
SELECT p.proname, p.proname || '(' || pg_get_function_arguments(p.oid) || ')' FROM pg_proc p
 WHERE p.pronamespace = 'warrant'::regnamespace
SQL
	for (split /\n/, $functions)
	{
		my ($name, $written) = split /\|/, $_, 2;
		my ($arguments) = $written =~ /^\w+\((.*)\)$/;
		my $signature = "$name(" . signature($arguments) . ')';
		my $words = (section($page, "`$name`") // '') =~ s/\s+/ /gr =~ s/\( /(/gr;
		ok(index($words, $signature) >= 0, "function $signature");
	}
	my $views = section($page, 'Views') // '';
	my $names = $node->safe_psql('postgres', q{SELECT relname FROM pg_class WHERE relnamespace = 'warrant'::regnamespace AND relkind = 'v'});
	like($views, qr/^\| `\Q$_\E` \| /m, "view $_ is described") for split /\n/, $names;
	my $columns = $node->safe_psql('postgres', <<'SQL');
SELECT DISTINCT a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
 WHERE c.relnamespace = 'warrant'::regnamespace AND c.relkind = 'v' AND obj_description(c.oid, 'pg_class') NOT LIKE 'internal%'
SQL
	like($views, qr/`\Q$_\E`.* \| /, "column $_ of the views is described") for split /\n/, $columns;
}

# Those that users read; the log has a page of its own.
sub check_tables
{
	my $page = text_of('tables');
	my $columns = $node->safe_psql('postgres', <<'SQL');
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = 'warrant'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition AND has_table_privilege('warrant_auditor', c.oid, 'SELECT')
SQL
	for (split /\n/, $columns)
	{
		my ($table, $column) = split /\|/;
		my $parameters = $table eq 'policies' ? section(text_of('functions'), '`create_policy`') : '';
		like((section($page, "`$table`") // '') . $parameters, qr/^\| [^|]*`\Q$column\E`[^|]* \| /m, "column $column of $table is described");
	}
}

sub check_log
{
	my $page = text_of('audit');
	my $columns = $node->safe_psql('postgres', q{SELECT attname FROM pg_attribute WHERE attrelid IN ('warrant.audit_log'::regclass, 'warrant.audit_text'::regclass) AND attnum > 0});
	like($page, qr/`\Q$_\E`/, "column $_ of the log is described") for split /\n/, $columns;
	like($page, qr/`\Q$_\E`/, 'event ' . $_ . ' of ' . name_of($events{$_}) . ' is described') for sort keys %events;
}

if (!$only)
{
	check_settings();
	check_functions();
	check_tables();
	check_log();
}

$node->stop;
done_testing();
