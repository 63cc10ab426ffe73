# Does a reply of the API keep to openapi.json?  Knows as much of JSON Schema
# as that file uses, and dies of what it does not know, so that nothing goes
# unchecked.
package OpenApi;

use strict;
use warnings;

use B ();
use JSON::PP ();

sub new
{
	my ($class, $file) = @_;
	open my $in, '<', $file or die "$file: $!\n";
	local $/;
	my $self = bless { document => JSON::PP->new->utf8->decode(scalar <$in>) }, $class;
	for my $path (keys %{ $self->{document}{paths} })
	{
		my $pattern = join '[^/?]*', map { quotemeta } split /\{\w+\}/, $path, -1;
		$self->{patterns}{$path} = qr/^$pattern(?:\?|$)/;
	}
	return $self;
}

# All of what may happen: [method, path, status].
sub outcomes
{
	my ($self) = @_;
	my $paths = $self->{document}{paths};
	my @outcomes;
	for my $path (sort keys %$paths)
	{
		for my $method (sort keys %{ $paths->{$path} })
		{
			push @outcomes, map { [ uc $method, $path, $_ ] } sort keys %{ $paths->{$path}{$method}{responses} };
		}
	}
	return @outcomes;
}

# The path in openapi.json that a request's path is one of, and its operation;
# empty if there is none.
sub operation
{
	my ($self, $method, $asked) = @_;
	my ($path) = grep { $asked =~ $self->{patterns}{$_} } sort keys %{ $self->{patterns} };
	my $operation = $path && $self->{document}{paths}{$path}{ lc $method };
	return $operation ? ($path, $operation) : ();
}

# What any operation may answer, and so none names: of a role with too many
# requests, and to a head that is too large.
my %general = (429 => 'TooMany', 431 => 'HeadTooLarge');

# What is wrong with a reply; nothing if the request is none that openapi.json
# knows.
sub faults
{
	my ($self, $method, $asked, $reply) = @_;
	my (undef, $operation) = $self->operation($method, $asked) or return;
	my $general = $general{ $reply->{status} };
	my $response = $operation->{responses}{ $reply->{status} } || ($general && $self->{document}{components}{responses}{$general}) or return "status $reply->{status} is not named: $reply->{content}";
	$response = $self->resolve($response);
	my $type = $reply->{headers}{'content-type'} // '';
	$type =~ s/;.*//;
	my $content = $response->{content};
	return $reply->{content} eq '' ? () : "has a body: $reply->{content}" unless $content;
	return "is of type $type" unless $content->{$type};
	my @missing = grep { !defined $reply->{headers}{ lc $_ } } sort keys %{ $response->{headers} || {} };
	my @wrong = $type =~ /json/ ? $self->check($reply->{json}, $content->{$type}{schema}, 'body') : ();
	return (map({ "lacks the header $_" } @missing), @wrong);
}

# Each example must be as its schema says.
sub wrong_examples
{
	my ($self) = @_;
	my $schemas = $self->{document}{components}{schemas};
	my @wrong;
	for my $name (sort keys %$schemas)
	{
		push @wrong, map { $self->check($_, $schemas->{$name}, "example of $name") } @{ $schemas->{$name}{examples} || [] };
	}
	return @wrong;
}

sub resolve
{
	my ($self, $schema) = @_;
	while (my $reference = $schema->{'$ref'})
	{
		$schema = $self->{document};
		$schema = $schema->{$_} || die "$reference leads nowhere\n" for grep { $_ ne '#' } split m{/}, $reference;
	}
	return $schema;
}

# ---- JSON Schema ----

# A keyword's rule: what is wrong with the value; nothing if the rule is not
# for values of this kind.
my %rule = (
	type => \&check_type,
	enum => sub { my ($self, $value, $allowed) = @_; return (grep { same($_, $value) } @$allowed) ? () : 'is none of the named' },
	pattern => sub { my ($self, $value, $pattern) = @_; return kind($value) ne 'string' || $value =~ /$pattern/ ? () : "is not like $pattern" },
	minLength => sub { my ($self, $value, $n) = @_; return kind($value) ne 'string' || length $value >= $n ? () : 'is too short' },
	maxLength => sub { my ($self, $value, $n) = @_; return kind($value) ne 'string' || length $value <= $n ? () : 'is too long' },
	minItems => sub { my ($self, $value, $n) = @_; return kind($value) ne 'array' || @$value >= $n ? () : 'has too few items' },
	maxItems => sub { my ($self, $value, $n) = @_; return kind($value) ne 'array' || @$value <= $n ? () : 'has too many items' },
	minimum => sub { my ($self, $value, $n) = @_; return !is_number($value) || $value >= $n ? () : 'is too small' },
	maximum => sub { my ($self, $value, $n) = @_; return !is_number($value) || $value <= $n ? () : 'is too great' },
	exclusiveMinimum => sub { my ($self, $value, $n) = @_; return !is_number($value) || $value > $n ? () : 'is too small' },
	format => \&check_format,
	required => sub { my ($self, $value, $names) = @_; return map { kind($value) ne 'object' || exists $value->{$_} ? () : "lacks $_" } @$names },
	items => \&check_items,
	properties => \&check_properties,
	additionalProperties => \&check_others,
	oneOf => \&check_one_of,
);
$rule{$_} = sub { () } for qw(description examples default title contentMediaType);

sub check
{
	my ($self, $value, $schema, $place) = @_;
	$schema = $self->resolve($schema);
	my @wrong;
	for my $keyword (sort keys %$schema)
	{
		my $rule = $rule{$keyword} or die "openapi.json uses $keyword, which is not known here\n";
		push @wrong, map { /^\Q$place\E/ ? $_ : "$place $_" } $rule->($self, $value, $schema->{$keyword}, $place, $schema);
	}
	return @wrong;
}

sub kind
{
	my ($value) = @_;
	return 'null' unless defined $value;
	return 'boolean' if JSON::PP::is_bool($value);
	return { HASH => 'object', ARRAY => 'array' }->{ ref $value } if ref $value;
	return B::svref_2object(\$value)->FLAGS & B::SVf_POK ? 'string' : $value == int $value ? 'integer' : 'number';
}

sub is_number { return kind($_[0]) =~ /^(integer|number)$/ }

sub same
{
	my ($one, $other) = @_;
	return kind($one) eq kind($other) && (!defined $one || $one eq $other);
}

sub check_type
{
	my ($self, $value, $type) = @_;
	my $kind = kind($value);
	my @allowed = map { $_ eq 'number' ? ('number', 'integer') : $_ } ref $type ? @$type : $type;
	return (grep { $_ eq $kind } @allowed) ? () : "is $kind, not @allowed";
}

sub check_format
{
	my ($self, $value, $format) = @_;
	return if $format eq 'int64';
	die "openapi.json uses the format $format, which is not known here\n" if $format ne 'date-time';
	return kind($value) ne 'string' || $value =~ /^\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/ ? () : "is no time: $value";
}

sub check_items
{
	my ($self, $value, $schema, $place) = @_;
	return if kind($value) ne 'array';
	return map { $self->check($value->[$_], $schema, "$place\[$_]") } 0 .. $#$value;
}

sub check_properties
{
	my ($self, $value, $properties, $place) = @_;
	return if kind($value) ne 'object';
	return map { $self->check($value->{$_}, $properties->{$_}, "$place.$_") } grep { exists $properties->{$_} } sort keys %$value;
}

sub check_others
{
	my ($self, $value, $schema, $place, $whole) = @_;
	return if kind($value) ne 'object';
	my @others = grep { !exists $whole->{properties}{$_} } sort keys %$value;
	return ref $schema eq 'HASH' ? map({ $self->check($value->{$_}, $schema, "$place.$_") } @others)
	  : $schema ? () : map { "has $_, which is not named" } @others;
}

sub check_one_of
{
	my ($self, $value, $schemas, $place) = @_;
	my @wrong = map { [ $self->check($value, $_, $place) ] } @$schemas;
	return if (grep { !@$_ } @wrong) == 1;
	return 'is of no kind: ' . join '; or ', map { join ', ', @$_ } @wrong;
}

1;
