# The rooms of the source (docs/architecture.md): includes lead from one file, or folder, to another and never back, and files stay short.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Utils;
use Test::More;

my $source = "$FindBin::Bin/../../src";
my @files = split /\n/, `cd '$source' && find . -name '*.[ch]pp' | sed 's,^\\./,,' | sort`;
cmp_ok(scalar @files, '>', 100, 'the sources are there');

# A header and what implements it are one file here.
my (%includes, %rooms);
for my $file (@files)
{
	my $text = slurp_file("$source/$file");
	my $lines = () = $text =~ /\n/g;
	cmp_ok($lines, '<=', 400, "$file: $lines lines");
	my ($unit) = $file =~ /(.*)\.[ch]pp$/;
	for my $other ($text =~ /^#include "(.*)\.hpp"$/mg)
	{
		next if $other eq $unit;
		$includes{$unit}{$other} = 1;
		my ($from, $to) = map { m,(.*)/, ? $1 : 'src' } $unit, $other;
		$rooms{$from}{$to} = 1 if $from ne $to;
	}
}

# circle(GRAPH): the nodes of a circle, or nothing.
sub circle
{
	my ($graph) = @_;
	my (%done, %open, $visit);
	$visit = sub {
		my ($node, @way) = @_;
		if ($open{$node})
		{
			shift @way while $way[0] ne $node;
			return @way, $node;
		}
		return () if $done{$node};
		$open{$node} = 1;
		for my $next (sort keys %{ $graph->{$node} // {} })
		{
			my @found = $visit->($next, @way, $node);
			return @found if @found;
		}
		delete $open{$node};
		$done{$node} = 1;
		return ();
	};
	for my $node (sort keys %$graph)
	{
		my @found = $visit->($node);
		return @found if @found;
	}
	return ();
}

# library(NAME): the sources of a list of sources.mk, as paths without their ending.
my $lists = slurp_file("$source/../sources.mk");
sub library
{
	my ($name) = @_;
	my ($list) = $lists =~ /^$name := \\\n((?:\t.*\n)+)/m or die "no list $name";
	my @patterns = map { s,\\\*,[^/]*,r } map { quotemeta } $list =~ m,^\tsrc/(\S+)\.cpp,mg;
	return map { my $pattern = $_; map { m,^($pattern)\.cpp$, } @files } @patterns;
}

# The courier is a library of its own, which is linked with none of the rooms that know the shared memory.
my @courier = library('COURIER_SOURCES');
my %in_library = map { $_ => 1 } @courier, library('SOURCES');
is(join(' ', sort keys %in_library), join(' ', sort map { m,^(.*)\.cpp$, } @files), 'each source is in a library');
for my $unit (@courier)
{
	is(join(' ', grep { !m,^(?:courier|core|pg)/, } sort keys %{ $includes{$unit} // {} }), '', "$unit includes nothing of the preloaded library");
}

is(join(' -> ', circle(\%includes)), '', 'no file includes itself by way of others');
is(join(' -> ', circle(\%rooms)), '', 'nor does a room');
done_testing();
