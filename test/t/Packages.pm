# What other packages bring, which test/setup installs where Debian has them.
package Packages;
use strict;
use warnings;
use PostgreSQL::Test::Utils;

sub pg_config { my ($out) = run_command([ $ENV{PG_CONFIG} // 'pg_config', @_ ]); return $out; }
sub version { my ($version) = pg_config('--version') =~ /(\d+)/; return $version; }
sub is_packaged { my ($package) = @_; return system("apt-cache show '$package' >/dev/null 2>&1") == 0; }

# Why the server has no such library, or ''. Dies when it ought to have: nothing is skipped that could run.
sub missing_library
{
	my ($library, $package) = @_;
	my $directory = pg_config('--pkglibdir');
	return '' if -e "$directory/$library.so";
	return "this server has no $library" unless $directory =~ m{/usr/lib/postgresql/\d+/lib$};
	$package = join '-', 'postgresql', version(), $package || ();
	die "$library is missing: test/setup installs $package; test/server-copy copies it\n" if is_packaged($package);
	return "there is no package $package";
}

1;
