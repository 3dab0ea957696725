# For tests of updates: a server that can make the extension as an older release made it. An installation has the script of its own release alone, and
# the ways there. The script of the first release is a fixture, from which the update scripts lead to all others.
package OlderReleases;
use strict;
use warnings;
use File::Basename qw(basename dirname);
use File::Copy qw(cp);
use File::Path qw(make_path);
use FindBin;
use PostgreSQL::Test::Utils;

sub link_all { my ($to, @files) = @_; symlink $_, "$to/" . basename($_) or die "$to: $!" for @files; return; }

# offer(): from here on the test starts a copy of the server, which offers them. The server finds its files relative to its program: that is copied,
# and the rest are links.
sub offer
{
	my %path = map { my $what = $_; my $path = `pg_config --$what`; chomp $path; $what => $path } qw(bindir pkglibdir sharedir);
	my $copy = PostgreSQL::Test::Utils::tempdir('older_releases');
	make_path("$copy$path{bindir}", "$copy$path{sharedir}/extension", dirname("$copy$path{pkglibdir}"));
	cp("$path{bindir}/$_", "$copy$path{bindir}/$_") or die "$_: $!" for 'postgres', 'pg_ctl';
	symlink $path{pkglibdir}, "$copy$path{pkglibdir}" or die "$copy$path{pkglibdir}: $!";
	link_all("$copy$path{sharedir}", grep { !/\/extension$/ } glob "$path{sharedir}/*");
	my @fixtures = glob "$FindBin::Bin/../fixtures/*.sql";
	my %fixture = map { basename($_) => 1 } @fixtures;
	link_all("$copy$path{sharedir}/extension", @fixtures, grep { !$fixture{ basename($_) } } glob "$path{sharedir}/extension/*");
	$ENV{PATH} = "$copy$path{bindir}:$ENV{PATH}";
	return;
}

1;
