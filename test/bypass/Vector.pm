# The vectors: vectors/PARAGRAPH/TOPIC.sql holds several, one after another. README.md says how they are written.
package Vector;
use strict;
use warnings;

my %sections = map { $_ => 1 } qw(setup configuration gate granted before attack after);
my %facts = map { $_ => 1 } qw(needs watch as subject relayed shows error fails swallows says lapses uses in since until);

# All vectors below a directory that the server's version knows and whose "topic/name" matches the pattern, in order.
sub all
{
	my ($class, $directory, $pattern, $version) = @_;
	my @vectors = map { $class->in_file($_) } sort glob("$directory/*/*.sql");
	my %seen;
	$seen{ $_->{name} }++ and die "two vectors are named $_->{name}\n" for @vectors;
	return grep { ($_->{since} // 0) <= $version && $version <= ($_->{until} // 99) && "$_->{topic}/$_->{name}" =~ /(?:$pattern)/ } @vectors;
}

sub in_file
{
	my ($class, $file) = @_;
	my ($topic) = $file =~ m,([^/]+/[^/]+)\.sql$,;
	my (@vectors, $vector, $section);
	open my $lines, '<', $file or die "$file: $!";
	while (my $line = <$lines>)
	{
		if ($line =~ /^--- (\w+): (.+)$/)
		{
			$vector = bless { topic => $topic, name => $1, about => $2, as => 'clerk', place => "$file:$." }, $class;
			push @vectors, $vector;
			undef $section;
		}
		elsif ($vector && $line =~ /^-- (\w+)(?: (.+))?$/ && ($sections{$1} || (!$section && $facts{$1})))
		{
			if ($sections{$1}) { $section = $1; $vector->{$1} = ''; }
			else { $vector->{$1} = $2 // 1; }
		}
		elsif ($section) { $vector->{$section} .= $line; }
		elsif ($vector && $line =~ /\S/) { die "$file:$.: $line"; }
	}
	$_->_check for @vectors;
	return @vectors;
}

sub _check
{
	my ($self) = @_;
	die "$self->{place}: $self->{name} has no attack\n" unless ($self->{attack} // '') =~ /\S/;
	die "$self->{place}: $self->{name} does not say what it needs\n" unless $self->{needs};
	$self->{subject} //= $self->{as};
	$self->{accesses} = [ map { _access($self, $_) } $self->{needs} eq 'nothing' ? () : split /; */, $self->{needs} ];
}

# "SELECT, EXPORT on orders", "CREATE on schema desk", "ADMIN on database"
sub _access
{
	my ($self, $words) = @_;
	my ($commands, $schema, $target) = $words =~ /^([A-Z_, ]+) on (schema )?(\w+)$/ or die "$self->{place}: \"$words\"?\n";
	my $kind = $schema ? 'schema' : $target eq 'database' ? 'database' : 'table';
	return { commands => [ split /, */, $commands ], kind => $kind, target => $target };
}

# The relations that it is after, and would change.
sub relations
{
	my ($self) = @_;
	return split /, */, $self->{watch} if $self->{watch};
	return $self->_protected;
}

# "COMMAND target" for each.
sub needs_list
{
	my ($self) = @_;
	return map { my $access = $_; map { "$_ $access->{target}" } @{ $access->{commands} } } @{ $self->{accesses} };
}

sub _protected
{
	my ($self) = @_;
	my @named = map { $_->{target} } grep { $_->{kind} eq 'table' } @{ $self->{accesses} };
	return @named ? @named : ('orders');
}

# What protects its targets, in SQL; a vector may say it otherwise.
sub gate
{
	my ($self) = @_;
	return $self->{gate} if defined $self->{gate};
	my %schemas = map { $_->{target} => 1 } grep { $_->{kind} eq 'schema' } @{ $self->{accesses} };
	return join '', (map { "SELECT warrant.protect_schema('$_');\n" } sort keys %schemas), map { "SELECT warrant.protect('$_');\n" } $self->_protected;
}

# The matching grants, with nothing that it does not need. Each leaves its id in the variable grant.
sub grants
{
	my ($self, $duration, $uses) = @_;
	return $self->{granted} if defined $self->{granted};
	my $grantee = $self->{subject};
	my $limit = $uses ? ", max_uses => $uses" : '';
	return join '', map {
		my $commands = join ',', @{ $_->{commands} };
		my $target = $_->{kind} eq 'database' ? 'on_database => true' : "on_$_->{kind} => '$_->{target}'";
		"SELECT warrant.grant('$grantee', '{$commands}', $target, duration => '$duration'$limit);\n";
	} @{ $self->{accesses} };
}

1;
