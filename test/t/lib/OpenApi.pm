# Checks of API responses against openapi.json.  JSON::Validator checks the
# schemas; this module finds the operation of a request and its response for
# a status.
package OpenApi;

use strict;
use warnings;

use JSON::PP ();
use JSON::Validator::Formats;
use JSON::Validator::Schema::Draft201909;

# The keywords that openapi.json may use.  A validator ignores unknown ones,
# so a misspelled keyword would pass everything.  OpenAPI 3.1 has the dialect
# 2020-12, which has the same meaning for these as 2019-09.
my %keywords = map { $_ => 1 } qw(type enum pattern minLength maxLength items minItems maxItems
  minimum maximum exclusiveMinimum format required properties additionalProperties oneOf $ref
  description examples default title contentMediaType);

# PostgreSQL has years of more than four digits.
sub is_date_time { return $_[0] =~ /^\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/ ? undef : 'Not a date and time.' }

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
	$self->{validator} = JSON::Validator::Schema::Draft201909->new($self->{document});
	@{ $self->{validator}->formats }{qw(date-time int64)} = (\&is_date_time, JSON::Validator::Formats->can('check_int64'));
	return $self;
}

# All documented responses: [method, path, status].
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

# The documented path that matches a request's path, and its operation; empty
# if there is none.
sub operation
{
	my ($self, $method, $requested) = @_;
	my ($path) = grep { $requested =~ $self->{patterns}{$_} } sort keys %{ $self->{patterns} };
	my $operation = $path && $self->{document}{paths}{$path}{ lc $method };
	return $operation ? ($path, $operation) : ();
}

# Responses that every operation may give, so the operations do not list them:
# to a role with too many requests, and to a head that is too large.
my %general = (429 => 'TooMany', 431 => 'HeadTooLarge');

# Those to a body that the operation does not have.
my %unexpected_body = (413 => 'TooLarge', 415 => 'UnsupportedMediaType');

# Returns what is wrong with a response; nothing if the operation is not
# documented.
sub faults
{
	my ($self, $method, $requested, $reply) = @_;
	my (undef, $operation) = $self->operation($method, $requested) or return;
	# the HTTP library itself refuses what exceeds its buffer
	return if $reply->{status} =~ /^(?:414|431)$/ && $reply->{content} =~ /^<html>/;
	my $general = $general{ $reply->{status} } || ($operation->{requestBody} ? undef : $unexpected_body{ $reply->{status} });
	my $response = $operation->{responses}{ $reply->{status} } || ($general && $self->{document}{components}{responses}{$general})
	  or return "status $reply->{status} is not documented: $reply->{content}";
	$response = $self->resolve($response);
	my $type = $reply->{headers}{'content-type'} // '';
	$type =~ s/;.*//;
	my $content = $response->{content};
	return $reply->{content} eq '' ? () : "has a body: $reply->{content}" unless $content;
	return "has type $type" unless $content->{$type};
	my @missing = grep { !defined $reply->{headers}{ lc $_ } } sort keys %{ $response->{headers} || {} };
	my @wrong = $type =~ /json/ ? $self->check($reply->{json}, $content->{$type}{schema}) : ();
	return (map({ "lacks the header $_" } @missing), @wrong);
}

# Returns how a value differs from a schema.
sub check
{
	my ($self, $value, $schema) = @_;
	return map { "$_" } $self->{validator}->validate($value, $schema);
}

# Examples that do not match their schema.
sub wrong_examples
{
	my ($self) = @_;
	my $schemas = $self->{document}{components}{schemas};
	my @wrong;
	for my $name (sort keys %$schemas)
	{
		push @wrong, map { "$name: $_" } map { $self->check($_, $schemas->{$name}) } @{ $schemas->{$name}{examples} || [] };
	}
	return @wrong;
}

# Keywords and formats that the validator would ignore.
sub unknown_keywords
{
	my ($self) = @_;
	return $self->unknown_in($self->{document}, 0);
}

sub unknown_in
{
	my ($self, $node, $is_schema) = @_;
	return map { $self->unknown_in($_, $is_schema) } @$node if ref $node eq 'ARRAY';
	return unless ref $node eq 'HASH';
	my @unknown = $is_schema ? grep { !$keywords{$_} } sort keys %$node : ();
	push @unknown, "format $node->{format}" if $is_schema && $node->{format} && !$self->{validator}->formats->{ $node->{format} };
	for my $key (sort keys %$node)
	{
		next if $key =~ /^(?:examples?|default|enum)$/;
		my @below = $key eq 'properties' && $is_schema || $key eq 'schemas' ? values %{ $node->{$key} } : $node->{$key};
		push @unknown, map { $self->unknown_in($_, $is_schema || $key =~ /^schemas?$/) } @below;
	}
	return @unknown;
}

# What a reference refers to.
sub resolve
{
	my ($self, $node) = @_;
	while (my $reference = $node->{'$ref'})
	{
		$node = $self->{document};
		$node = $node->{$_} || die "$reference leads nowhere\n" for grep { $_ ne '#' } split m{/}, $reference;
	}
	return $node;
}

1;
