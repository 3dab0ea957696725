# A client that speaks PostgreSQL's protocol 3 by the message, over the server's Unix socket with trust authentication.
package WireClient;
use strict;
use warnings;
use IO::Socket::UNIX;
use PostgreSQL::Test::Utils;

# message(TYPE, PART...): its bytes. Type, length with itself, body.
sub message
{
	my ($class, $type, @parts) = @_;
	my $body = join '', @parts;
	return $type . pack('N', 4 + length $body) . $body;
}

sub connect
{
	my ($class, $directory, $port, $user, $database) = @_;
	my $socket = IO::Socket::UNIX->new(Peer => "$directory/.s.PGSQL.$port") or die "no socket in $directory: $!";
	binmode $socket;
	my $self = bless { socket => $socket }, $class;
	my $body = pack('N', 196608) . "user\0$user\0database\0$database\0\0";
	$self->ask(pack('N', 4 + length $body) . $body);
	return $self;
}

# What the server answers until it is ready for the next query, or COUNT messages, as [type, body]; notices are left out.
sub ask
{
	my ($self, $bytes, $count) = @_;
	local $SIG{ALRM} = sub { die 'the server does not answer' };
	alarm $PostgreSQL::Test::Utils::timeout_default;
	$self->{socket}->syswrite($bytes) == length $bytes or die "write: $!";
	my @answers;
	until (@answers && ($count ? @answers == $count : $answers[-1][0] eq 'Z'))
	{
		my ($type, $length) = unpack 'aN', $self->_read(5);
		my $body = $self->_read($length - 4);
		push @answers, [ $type, $body ] unless $type eq 'N';
	}
	alarm 0;
	return @answers;
}

sub _read
{
	my ($self, $size) = @_;
	my $bytes = '';
	while (length $bytes < $size)
	{
		$self->{socket}->sysread($bytes, $size - length $bytes, length $bytes) or die 'the server closed the connection';
	}
	return $bytes;
}

# The types of the messages, one letter each.
sub shape_of
{
	my ($class, @answers) = @_;
	return join '', map { $_->[0] } @answers;
}

# The SQLSTATE of the error among them, or 'none'.
sub state_of
{
	my ($class, @answers) = @_;
	my ($error) = grep { $_->[0] eq 'E' } @answers;
	return 'none' unless $error;
	return $error->[1] =~ /(?:^|\0)C([0-9A-Z]{5})\0/ ? $1 : 'unknown';
}

sub close
{
	my ($self) = @_;
	$self->{socket}->syswrite($self->message('X'));
	$self->{socket}->close;
}

1;
