# A grammar of requests, made from openapi.json: good values of each
# parameter, header and body, those at the limits of its schema, and bad ones.
# The same seed gives the same requests.
package WebGrammar;

use strict;
use warnings;

use JSON::PP ();

my $json = JSON::PP->new->utf8->canonical->allow_nonref;

# What a path may contain, percent-encoded.
my @tables = (qw(article line spare keyless secret a_view nowhere public.article pg_class pg_catalog.pg_class locking.lock article_pkey %22Odd%20%C3%A9%20%5C%22%22%22
	  other.public.article), '', '%22', '%22%22', 'article%3B%20DROP%20TABLE%20article', 'article%00', '%FF%FE', '..', '%2E%2E', 'a' x 300, '%E2%82%AC', '1',
	'%2F', '-', "'", '~');
my @keys = (qw(1 2 3 20 21 0 -1 1.5 x %7B1%2C1%7D %7B1%2C2%7D %7B%7D %7B1 %7B%7B1%7D%2C%7B1%7D%7D %7BNULL%2C1%7D ~ ~~ ~.. %20 %00 %FF %E2%82%AC 2147483647 2147483648),
	'', '..', '%2E', '9' x 400, 'NaN', '%7B' x 60, 'k' x 3000);
my @texts = ('', 'x', 'article', 'title', 'anna', 'bert', '1', '0', "\x{20ac} \x{1F600}", "'; DROP TABLE article; --", "line\nfeed\ttab", "\x{0}", '%', '\\', '_',
	'null', '{}', 'x' x 255, 'x' x 256, 'x' x 1000, "\x{e9}" x 1001, '2020-02-30', 'infinity', '9' x 19, '9' x 20, '-1');
my @filters = ('{}', '[]', '{"title": "x"}', '{"none": "1"}', '{"id": "abc"}', '{"id": "1"}', '{"id": ">=2"}', '{"title": null}', '{"title": ["a", "b"]}', '{"id": {"min": 1}}', '{', 'null', '"x"', '["1"]',
	'["1", "x"]', '["title"]', '["none"]', '[null]', '[1]', '[["1"]]', '{"title": "\\u0000"}', '{"title": "\\ud800"}', '[' x 500);
my @numbers = (0, 1, -1, 50, 100, 101, 1000, 1001, 10_000, 10_001, 0.5, 1e10, 2**53, -2**31, '1e400', 'NaN', '', ' 1', '1x', '0x10', '9' x 40);
my @dates = ('2020-01-01T00:00:00Z', '2020-02-30T00:00:00Z', '0000-00-00T00:00:00Z', '294277-01-01T00:00:00Z', '2020-01-01', '', 'now', '-infinity', '2020-01-01T00:00:00+99:99');

# Bodies that are no JSON, or not what any schema wants
my @bodies = ('', ' ', '{', '{}', '[]', 'null', 'true', '"x"', '1', '1e400', '{"a": 1, "a": 2}', '{"token": "\\ud800"}', '{"token": "\\u0000"}', "\xFF\xFE", "\xEF\xBB\xBF{}",
	'{"token": 9223372036854775808}', '{"values": {"title": {"a": []}}}', '[' x 900, '{"a":' x 300, '{"token": -0}', "{'token': 1}", '{"values": {"": "x"}}', '{} {}', 'x' x 3000);

sub new
{
	my ($class, $seed, $openapi) = @_;
	my $self = bless { openapi => $openapi, state => $seed % 2147483647 || 1, tokens => [ 0, 1 ] }, $class;
	my $paths = $openapi->{document}{paths};
	$self->{operations} = [ map { my $path = $_; map { [ $_, $path, $paths->{$path}{$_} ] } sort keys %{ $paths->{$path} } } sort keys %$paths ];
	return $self;
}

sub random
{
	my ($self, $below) = @_;
	$self->{state} = $self->{state} * 48271 % 2147483647;
	return int($self->{state} / 2147483647 * $below);
}

sub one_of { my ($self, @all) = @_; return $all[ $self->random(scalar @all) ] }
sub chance { my ($self, $percent) = @_; return $self->random(100) < $percent }

# Half of the requests have nothing odd, so that many get beyond the checks of
# their form.
sub odd { my ($self, $percent) = @_; return !$self->{is_good} && $self->chance($percent) }

# A token that the server has given is used later.
sub note_token { my ($self, $token) = @_; $self->{tokens} = [ @{ $self->{tokens} }[ -5 .. -1 ], $token ]; return }

# ---- values of a schema ----

sub any_value
{
	my ($self, $depth) = @_;
	return $self->one_of(JSON::PP::true, JSON::PP::false, undef, 0, -1, 1.5, 1e300, @texts) if $depth > 2 || $self->chance(70);
	return [ map { $self->any_value($depth + 1) } 0 .. $self->random(3) ] if $self->chance(50);
	return { map { $self->one_of(@texts) => $self->any_value($depth + 1) } 0 .. $self->random(3) };
}

sub string_value
{
	my ($self, $schema) = @_;
	return $self->one_of(@{ $schema->{enum} }) if $schema->{enum};
	return $self->one_of(@dates) if ($schema->{format} // '') eq 'date-time';
	return '' . $self->one_of(grep { defined } @{ $self->{tokens} }) if ($schema->{pattern} // '') =~ /0-9/ && $self->chance(70);
	return $self->one_of(@{ $schema->{examples} }) if $schema->{examples} && ($self->{is_good} || $self->chance(50));
	return $self->one_of(qw(x 1 title anna bert)) if $self->{is_good};
	my @limits = grep { defined } @{$schema}{qw(minLength maxLength)};
	return 'x' x ($self->one_of(@limits) + $self->one_of(-1, 0, 0, 1)) if @limits && $self->chance(30);
	return $self->one_of(@texts);
}

sub number_value
{
	my ($self, $schema) = @_;
	my @limits = grep { defined } @{$schema}{qw(minimum maximum exclusiveMinimum)};
	return $limits[0] + 1 if @limits && $self->{is_good};
	return $self->one_of(@limits) + $self->one_of(-1, 0, 0, 1) if @limits && $self->chance(50);
	return $self->one_of(grep { /^-?[\d.]+$/ } @numbers) + 0;
}

sub object_value
{
	my ($self, $schema, $depth) = @_;
	my %required = map { $_ => 1 } @{ $schema->{required} || [] };
	my %object;
	for my $name (sort keys %{ $schema->{properties} || {} })
	{
		$object{$name} = $self->value($schema->{properties}{$name}, $depth + 1) if $self->chance($required{$name} ? 95 : 60);
	}
	my $others = $schema->{additionalProperties};
	$object{ $self->one_of(qw(title body id n said article none)) } = $self->value(ref $others ? $others : {}, $depth + 1) if ref $others && $self->chance(80);
	$object{ $self->one_of(@texts) } = $self->any_value($depth) if $self->odd(5);
	return \%object;
}

sub value
{
	my ($self, $schema, $depth) = @_;
	return $self->any_value($depth) unless ref $schema eq 'HASH';
	$schema = $self->{openapi}->resolve($schema);
	return $self->any_value($depth) if $self->odd(6) || $depth > 6;
	return $self->value($self->one_of(@{ $schema->{oneOf} }), $depth) if $schema->{oneOf};
	my $type = ref $schema->{type} ? $self->one_of(@{ $schema->{type} }) : $schema->{type} // ($schema->{enum} ? 'string' : $schema->{properties} ? 'object' : 'any');
	return $self->object_value($schema, $depth) if $type eq 'object';
	return [ map { $self->value($schema->{items} || {}, $depth + 1) } 1 .. $self->one_of(0, 1, 1, 2, $schema->{maxItems} // 3, ($schema->{minItems} // 1)) ] if $type eq 'array';
	return $self->string_value($schema) if $type eq 'string';
	return $self->number_value($schema) if $type eq 'integer' || $type eq 'number';
	return $self->one_of(JSON::PP::true, JSON::PP::false) if $type eq 'boolean';
	return undef if $type eq 'null';
	return $self->any_value($depth);
}

# ---- parts of a request ----

# Percent-encoded; sometimes bytes that are wrong as UTF-8 or as an escape.
sub encoded
{
	my ($self, $text) = @_;
	return $self->one_of('%', '%z1', '%FF', '%C3', '%00', '%ED%A0%80') if $self->odd(2);
	utf8::encode($text);
	$text =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ge;
	return $text;
}

sub query_value
{
	my ($self, $parameter) = @_;
	my $schema = $parameter->{schema};
	my $type = $schema->{type} // 'string';
	return $self->one_of(@filters) if $schema->{contentMediaType};
	return $self->one_of(@texts, @numbers) if $self->odd(10);
	return $self->one_of(qw(true false 1 yes TRUE), '') if $type eq 'boolean';
	return $self->one_of(@numbers) if $type eq 'integer' || $type eq 'number';
	return $self->one_of($self->string_value($schema), qw(title id body article));
}

sub path
{
	my ($self, $template, @parameters) = @_;
	my $in_pools = { table => \@tables, key => \@keys, id => [ @texts[ 1 .. 5 ], 'a' x 64 ] };
	my %usual = (table => [qw(article article line spare)], key => [qw(1 2 3 4 %7B1%2C1%7D)]);
	my $path = $template;
	$path =~ s/\{(\w+)\}/($self->{is_good} || $self->chance(50)) && $usual{$1} ? $self->one_of(@{ $usual{$1} }) : $self->encoded_segment($in_pools->{$1})/ge;
	my @query = map { $self->chance(40) ? "$_->{name}=" . $self->encoded($self->query_value($_)) : () } grep { $_->{in} eq 'query' } @parameters;
	push @query, $self->one_of(@query) if @query && $self->odd(4);
	push @query, $self->one_of('x', 'x=1', '=', '&', '_=1') if $self->odd(4);
	return @query ? $path . '?' . join '&', @query : $path;
}

sub encoded_segment
{
	my ($self, $pool) = @_;
	my $segment = $self->one_of(@$pool);
	return $segment =~ /^[\x21-\x7e]*$/ ? $segment : $self->encoded($segment);
}

sub headers
{
	my ($self, @parameters) = @_;
	my %headers;
	for my $parameter (grep { $_->{in} eq 'header' } @parameters)
	{
		$headers{ $parameter->{name} } = $self->one_of('"k' . $self->random(50) . '"', '"' . 'k' x 255 . '"', 'k' x 300, '', '"', '%C3%A9', '1', '1-2') if $self->chance(40);
	}
	$headers{ $self->one_of(qw(Accept If-None-Match Range X-Forwarded-For Accept-Language Cookie2 Prefer)) } = $self->one_of('*', '*/*;q=0', 'bytes=0-', '"x"', 'x' x 2000, ';;,') if $self->odd(8);
	$headers{'X-CSRF-Token'} = $self->one_of('', 'wrong', 'x' x 500) if $self->odd(2);
	$headers{Origin} = $self->one_of('null', 'https://example.com', 'x', '') if $self->odd(2);
	$headers{Cookie} = $self->one_of('locking_session=', 'locking_session=x; locking_session=y', ';', 'locking_session') if $self->odd(2);
	return %headers;
}

# The body as bytes, and its type; nothing if there is none.
sub body
{
	my ($self, $operation) = @_;
	my $content = ($operation->{requestBody} || {})->{content} or return $self->odd(3) ? ($self->one_of(@bodies), 'application/json') : ();
	return () if $self->odd(3);
	my $type = $self->one_of(sort keys %$content);
	my $odd_type = $self->odd(3) && $self->one_of('text/html', '', 'application/json; charset=utf-16', 'application/json;', 'x', 'application/x-www-form-urlencoded');
	return ($self->one_of(@bodies), $odd_type || $type) if $self->odd(15);
	my $text = $json->encode($self->value($content->{'application/json'}{schema}, 0));
	# truncated
	$text = substr $text, 0, $self->random(length $text) if $self->odd(3);
	return ($text, $odd_type || $type);
}

# A request: method, path below /api/v1, body as bytes or undef, headers.
sub request
{
	my ($self) = @_;
	my ($method, $template, $operation) = @{ $self->one_of(@{ $self->{operations} }) };
	$self->{is_good} = $self->chance(50);
	my @parameters = map { $self->{openapi}->resolve($_) } @{ $operation->{parameters} || [] };
	my $path = $self->path($template, @parameters);
	my %headers = $self->headers(@parameters);
	my ($body, $type) = $self->body($operation);
	$headers{'Content-Type'} = $type if defined $body;
	$method = $self->one_of(qw(PATCH HEAD OPTIONS GET POST PUT DELETE)) if $self->odd(2);
	return (uc $method, $path, $body, %headers);
}

# A request of django-locking's contract: path and headers.
sub ajax_request
{
	my ($self) = @_;
	$self->{is_good} = 0;
	my $model = $self->one_of('news/story', 'news/free', 'auth/user', 'article', '', '/', '..', 'a/b/c', '%00/%FF', 'n%C3%A9/x', 'news/' . 's' x 300);
	my $path = "//admin/ajax/$model/" . $self->one_of(@keys) . '/' . $self->one_of('lock', 'unlock', 'is_locked', 'js/locking.js', 'nothing', '') . $self->one_of('/', '/', '', '/?_=1', '/?%zz', '//');
	return ('GET', $path, undef, $self->chance(80) ? ('X-Requested-With' => 'XMLHttpRequest') : (), $self->headers);
}

1;
