# An approval webhook's other end: test/receiver with certificates of its own, for as long as the object lives.
package Receiver;
use strict;
use warnings;
use File::Basename qw(dirname);
use File::Copy qw(copy);
use IPC::Run ();
use JSON::PP qw(decode_json);
use PostgreSQL::Test::Utils;
use Scalar::Util qw(weaken);
use Time::HiRes qw(usleep);

my @receivers;

our $secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

# started(SECRET...): the receiver takes the signatures of any of these secrets, or of $secret. Dies when Node is not there.
sub started
{
	my ($class, @secrets) = @_;
	my $source = dirname(dirname(__FILE__)) . '/receiver';
	my $home = PostgreSQL::Test::Utils::tempdir('receiver');
	copy("$source/$_", "$home/$_") or die "$_: $!" for qw(package.json package-lock.json server.mjs);
	IPC::Run::run([ 'bash', "$source/certificates", "$home/certificates" ]) or die 'no certificates';
	my $npm = '';
	IPC::Run::run([ 'npm', 'ci', '--no-audit', '--no-fund', '--cache', "$home/cache" ], '<', \undef, '>&', \$npm, init => sub { chdir $home })
	  or die "npm: $npm";

	my $self = bless { home => $home, secrets => @secrets ? \@secrets : [$secret], ports => { https => 0 } }, $class;
	push @receivers, $self;
	weaken($receivers[-1]);
	return $self->start;
}

# Starts it again after a stop, on the same https port; the others change.
sub start
{
	my ($self) = @_;
	my $home = $self->{home};
	my @command = ('node', "$home/server.mjs", '--certificates', "$home/certificates", '--log', "$home/log", '--port', $self->{ports}{https});
	push @command, '--secret', $_ for @{ $self->{secrets} };
	$self->{$_} = '' for qw(in out err);
	$self->{process} = IPC::Run::start(\@command, '<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err},
		my $limit = IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	$self->{process}->pump until $self->{out} =~ /\n/ || !$self->{process}->pumpable;
	$limit->reset;    # for the start alone
	die "receiver: $self->{err}" if $self->{out} !~ /\n/;
	$self->{ports} = decode_json($self->{out});
	return $self;
}

# url(PATH, PORT): PORT is https, wrong_host, wrong_ca or silent.
sub url
{
	my ($self, $path, $port) = @_;
	return "https://127.0.0.1:$self->{ports}{$port // 'https'}/$path";
}

# The authority to trust, a file.
sub authority
{
	my ($self) = @_;
	return "$self->{home}/certificates/ca.pem";
}

# The deliveries so far, oldest first, as server.mjs logs them.
sub deliveries
{
	my ($self) = @_;
	my $log = "$self->{home}/log";
	return -e $log ? map { decode_json($_) } split /\n/, PostgreSQL::Test::Utils::slurp_file($log) : ();
}

# await(COUNT): the deliveries, once there are so many. Dies when they do not come.
sub await
{
	my ($self, $count) = @_;
	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		my @deliveries = $self->deliveries;
		return @deliveries if @deliveries >= $count;
		usleep(100_000);
	}
	die "fewer than $count deliveries";
}

sub stop
{
	my ($self) = @_;
	$self->{process}->kill_kill(grace => 1) if $self->{process};
	undef $self->{process};
}

sub DESTROY
{
	my ($self) = @_;
	local $?;
	$self->stop;
}

# Those that are left at the end: when Perl destroys what is left, it may destroy the process's parts before.
END
{
	local $?;
	$_->stop for grep { defined } @receivers;
}

1;
