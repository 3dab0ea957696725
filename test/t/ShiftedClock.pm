# A server whose wall clock a test moves: a library that the test compiles stands before the C library's clock. Steady clocks stay right. The start of
# the machine that the server sees can be another one, too.
package ShiftedClock;
use strict;
use warnings;
use parent -norequire, 'GatedServer';
use GatedServer;
use PostgreSQL::Test::Utils;

my $source = <<'C';
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static volatile int64_t *by;
__attribute__((constructor)) static void start(void) {
    int fd = getenv("CLOCK_SHIFT") ? open(getenv("CLOCK_SHIFT"), O_RDONLY) : -1;
    if (fd < 0) return;
    void *p = mmap(0, sizeof *by, PROT_READ, MAP_SHARED, fd, 0);
    if (p != MAP_FAILED) by = p;
    close(fd);
}
int clock_gettime(clockid_t id, struct timespec *t) {
    int r = syscall(SYS_clock_gettime, id, t);
    if (r == 0 && by && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) t->tv_sec += *by;
    return r;
}
int gettimeofday(struct timeval *restrict t, void *restrict z) {
    struct timespec s; int r = clock_gettime(CLOCK_REALTIME, &s); (void)z;
    if (t) { t->tv_sec = s.tv_sec; t->tv_usec = s.tv_nsec / 1000; }
    return r;
}
time_t time(time_t *t) { struct timespec s; clock_gettime(CLOCK_REALTIME, &s); if (t) *t = s.tv_sec; return s.tv_sec; }
FILE *fopen(const char *path, const char *mode) {
    static FILE *(*real)(const char *, const char *);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "fopen");
    if (getenv("BOOT_ID") && strcmp(path, "/proc/sys/kernel/random/boot_id") == 0) path = getenv("BOOT_ID");
    return real(path, mode);
}
C

# In place: the server has the file mapped.
sub spill
{
	my ($file, $bytes) = @_;
	open my $out, (-e $file ? '+<' : '>'), $file or die "$file: $!";
	binmode $out;
	print $out $bytes;
	close $out;
}

# prepared(NAME, SETTING...): its clock is right at first.
sub prepared
{
	my ($class, $name, @settings) = @_;
	my $node = $class->SUPER::prepared($name, @settings);
	my $base = $node->basedir;
	spill("$base/shift.c", $source);
	system_or_bail('cc', '-shared', '-fPIC', '-O1', '-o', "$base/shift.so", "$base/shift.c", '-ldl');
	$node->set_clock(0);
	$node->new_boot('first');
	return $node;
}

sub start
{
	my ($self, @rest) = @_;
	my $base = $self->basedir;
	local @ENV{qw(LD_PRELOAD CLOCK_SHIFT BOOT_ID)} = ("$base/shift.so", "$base/shift", "$base/boot_id");
	return $self->SUPER::start(@rest);
}

# set_clock(SECONDS): ahead of the right time; negative: behind it.
sub set_clock { my ($self, $seconds) = @_; spill($self->basedir . '/shift', pack('q<', $seconds)); }

# The next recorder sees another start of the machine.
sub new_boot { my ($self, $name) = @_; unlink $self->basedir . '/boot_id'; spill($self->basedir . '/boot_id', "$name\n"); }

1;
