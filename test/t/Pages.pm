# The pages of the documentation as tests see them: README.md, CONTRIBUTING.md and docs/*.md are headings, words, and fenced blocks.
#
#   ```sql                        statements, run in the page's order in a database of its own
#   -- as clerk                   whose session runs the block; must be its first line
#   ```text                       right after it: what psql answers. Without it the statements only must not fail
#   ```sql covered-by=FILE        not run here: FILE, a test, shows what it says. So can ```sh, ```conf and ```text be
#   ```sh by-hand                 changes the reader's machine: nobody runs it
#
# In an answer a line "..." stands for any lines, and "..." in a line for any text. Times, digests and widths of columns are not compared, and
# CONTEXT, which tells of lines of our own code, is left out.
package Pages;
use strict;
use warnings;
use PostgreSQL::Test::Utils;

# of(ROOT): the paths of all pages, README.md first.
sub of
{
	my ($root) = @_;
	return ("$root/README.md", "$root/CONTRIBUTING.md", sort glob "$root/docs/*.md");
}

# blocks(TEXT): each a hash of language, mark (the words after the language), body, line and position; a text block that answers the
# block right before it is that block's answer.
sub blocks
{
	my ($text) = @_;
	my @blocks;
	while ($text =~ /^```(\w+)(?: ([^\n]*))?\n(.*?)^```\n/msg)
	{
		my %block = (language => $1, mark => $2 // '', body => $3, start => $-[0], body_start => $-[3], end => $+[0]);
		$block{line} = 1 + (substr($text, 0, $block{start}) =~ tr/\n//);
		my $previous = $blocks[-1];
		if ($block{language} eq 'text' && $previous && $previous->{language} eq 'sql' && !defined $previous->{answer}
			&& substr($text, $previous->{end}, $block{start} - $previous->{end}) =~ /^\n?$/)
		{
			$previous->{answer} = $block{body};
			$previous->{answer_start} = $block{body_start};
			next;
		}
		push @blocks, \%block;
	}
	return @blocks;
}

# who(BLOCK): the role that its first line names, or undef.
sub who
{
	my ($block) = @_;
	return $block->{body} =~ /^-- as (\w+)\n/ ? $1 : undef;
}

# statements(BLOCK): a line of psql's own, or what ends with a semicolon at the end of a line, outside of a function's body.
sub statements
{
	my ($block) = @_;
	my (@statements, $sql);
	for my $line (split /\n/, $block->{body})
	{
		next if !defined $sql && $line =~ /^\s*(--.*)?$/;
		$sql .= "$line\n";
		my $bodies = () = $sql =~ /\$\$/g;
		next unless $sql =~ /^\\/ || ($line =~ /;\s*(--.*)?$/ && $bodies % 2 == 0);
		push @statements, $sql;
		$sql = undef;
	}
	die "unfinished statement: $sql" if defined $sql;
	return @statements;
}

# lines(TEXT): those with something in them, without what differs from run to run.
sub lines
{
	my ($text) = @_;
	my @lines;
	for my $line (split /\n/, $text)
	{
		$line =~ s/^psql:\S*?:\d+: //;
		$line =~ s/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d(:\d\d)?|Z)?/TIME/g;
		$line =~ s/\b\d{4}-\d\d-\d\d\b/DAY/g;
		$line =~ s/\d\d:\d\d:\d\d\.\d+/SPAN/g;
		$line =~ s/\\x[0-9a-f]{16,}/DIGEST/g;
		$line =~ s/pid \d+/pid N/g;
		$line =~ s/\b\d+ (?:second|minute)s? ago|pending for \d+ (?:second|minute)s?/AGE/g;
		$line =~ s/\| \d+ (?:s|min) +\|/| AGE |/g;
		$line =~ s/\b\d+\.\d+\.\d+\b/VERSION/g;
		$line =~ s/(audit_(?:log|text))_\d{4}_\d\d/$1_MONTH/g;
		$line =~ s/^LOCATION: .*/LOCATION/;
		$line =~ s/-{2,}/-/g;
		$line =~ s/\s+/ /g;
		$line =~ s/^ | $//g;
		push @lines, $line if $line =~ /\S/;
	}
	return @lines;
}

# agrees(GOT, SHOWN): both as lines gives them.
sub agrees
{
	my ($got, $shown) = @_;
	my $pattern = join '', map { $_ eq '...' ? '(?:.*\n)*?' : join('.*', map { quotemeta } split(/\.\.\./, $_, -1)) . '\n' } @$shown;
	return join('', map { "$_\n" } @$got) =~ /^$pattern\z/;
}

# anchors(TEXT): what GitHub calls the headings.
sub anchors
{
	my ($text) = @_;
	$text =~ s/^```.*?^```$//msg;
	return map { my $anchor = lc; $anchor =~ s/[^\w\- ]//g; $anchor =~ s/ /-/gr } $text =~ /^#+ +(.*?) *$/mg;
}

# links(TEXT): the targets of its links that lead into the project.
sub links
{
	my ($text) = @_;
	$text =~ s/^```.*?^```$//msg;
	return grep { !/^[a-z]+:/ } $text =~ /\]\(([^)\s]+)\)/g;
}

1;
