# Generated requests of every operation in openapi.json, and of
# django-locking's contract: good, at the limits, and bad.  Each reply has a
# documented status and a body that its schema allows, errors are problems
# (RFC 9457), no request makes the server fail, and no sanitizer complains.
#
# LOCKING_CALLS  number of requests (default: 1,000; make inputs CALLS=)
# LOCKING_SEED   the seed of the random choices (default: 1)
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;
use WebGrammar;

my $calls = $ENV{LOCKING_CALLS} || 1000;
my $seed = $ENV{LOCKING_SEED} || 1;

# After so many requests what they have left is removed.
my $requests_per_fixture = 300;

my $node = new_web_node('main', conf => [ 'fsync = off', 'synchronous_commit = off' ]);
sql($node, <<'SQL');
CREATE TABLE line (article integer NOT NULL REFERENCES article, n integer, said text, at timestamptz, PRIMARY KEY (article, n));
SELECT locking.protect('line', parent => 'line_article_fkey');
CREATE TABLE spare (id integer PRIMARY KEY, amount numeric CHECK (amount > 0), tags text[], data jsonb, at date, article integer REFERENCES article);
CREATE TABLE keyless (body text);
CREATE TABLE secret (id integer PRIMARY KEY, other integer REFERENCES secret);
CREATE TABLE "Odd é \""" ("k ""1" text PRIMARY KEY, v bytea);
CREATE VIEW a_view AS SELECT * FROM article;
CREATE TABLE news_story (id integer PRIMARY KEY, title text);
INSERT INTO line VALUES (1, 1, 'hello'), (1, 2, NULL);
INSERT INTO news_story VALUES (1, 'one'), (2, 'two');
INSERT INTO "Odd é \""" VALUES ('1', '\x00'), ('', NULL);
SELECT locking.protect(t) FROM unnest('{secret,"\"Odd é \\\"\"\"",news_story}'::regclass[]) t;
GRANT ALL ON line, spare, keyless, a_view, "Odd é \""", news_story TO anna, bert, boss;
SQL

# Streams do not end: only their heads are read.
my $server = web_server($node, '--max-body', 2000);
my @clients = map { $server->sign_in($_) } qw(anna bert boss);
push @clients, $server->client;
my $grammar = WebGrammar->new($seed, openapi());
my (@faults, %statuses, %called);

sub fault
{
	my ($what, $method, $path, $body) = @_;
	push @faults, "$what\n\tby $method " . substr($path, 0, 300) . ' ' . substr($body // '', 0, 500);
	return;
}

# A stream's reply has no end; its status is that of the head.
sub stream_status
{
	my ($client, $path, %headers) = @_;
	my $wire = $server->wire->send_request($client, 'GET', $path, undef, %headers);
	my $head = $wire->read_until(qr/\r\n\r\n/) // '';
	$wire->close;
	return $head =~ m{^HTTP/1.1 (\d+)} ? $1 : 0;
}

sub check_reply
{
	my ($reply, $method, $path, $body) = @_;
	my $type = $reply->{headers}{'content-type'} // '';
	fault("status $reply->{status}: $reply->{content}", $method, $path, $body) if $reply->{status} >= 500 && $reply->{status} != 501;
	# the library itself refuses a head that is too large, as HTML
	return if $path =~ m{^//} || $reply->{status} < 400 || $method eq 'HEAD' || $reply->{status} =~ /^(?:414|431)$/;
	return fault("an error of type $type: $reply->{status} $reply->{content}", $method, $path, $body) if $type ne 'application/problem+json';
	fault("the problem has another status than $reply->{status}: $reply->{content}", $method, $path, $body) if $reply->{json}{status} != $reply->{status};
	return;
}

# A session that ends would leave only refusals.
sub ends_session { my ($method, $path, $client) = @_; return $method eq 'DELETE' && $path =~ m{^/sessions?\b} && $client->{cookie} }

# The document is large, and always the same.
my $documents = 0;
sub is_known { my ($path) = @_; return $path =~ m{^/openapi.json} && $documents++ }

sub run_request
{
	my ($method, $path, $body, %headers) = @_;
	my $client = $grammar->one_of(@clients, @clients[ 0 .. 2 ]);
	return if ends_session($method, $path, $client) || is_known($path);
	if ($method eq 'GET' && $path =~ m{^/events})
	{
		$statuses{ stream_status($client, $path, %headers) }++;
		return;
	}
	my $reply = eval { $client->request($method, $path, defined $body ? \$body : undef, %headers) }
	  or return fault("no reply: $@", $method, $path, $body);
	$statuses{ $reply->{status} }++;
	check_reply($reply, $method, $path, $body);
	my $token = ref $reply->{json} eq 'HASH' && ref $reply->{json}{lock} eq 'HASH' && $reply->{json}{lock}{token};
	$grammar->note_token($token) if $token;
	my ($operation) = openapi()->operation($method, $path);
	$called{"$method $operation"}++ if $operation;
	return;
}

for (my $n = 0; $n < $calls && @faults < 20; $n++)
{
	sql($node, <<'SQL') if $n % $requests_per_fixture == 0;
DELETE FROM locking.lock; DELETE FROM locking.draft; DELETE FROM locking.request_queue;
INSERT INTO article SELECT g, 'title ' || g, 'body' FROM generate_series(1, 20) g ON CONFLICT DO NOTHING;
INSERT INTO line VALUES (1, 1, 'hello') ON CONFLICT DO NOTHING;
INSERT INTO spare (id) SELECT g FROM generate_series(1, 4) g ON CONFLICT DO NOTHING;
SQL
	run_request($grammar->chance(8) ? $grammar->ajax_request : $grammar->request);
}

note(sprintf 'LOCKING_SEED=%d; statuses: %s', $seed, join ', ', map { "$_: $statuses{$_}" } sort keys %statuses);
push @faults, @{ $server->{faults} || [] };
is_deeply([ @faults[ 0 .. ($#faults < 19 ? $#faults : 19) ] ], [], "every reply is as documented (LOCKING_SEED=$seed LOCKING_CALLS=$calls)") or diag(join "\n", @faults);
my @uncalled = grep { !$called{$_} && !m{^(?:GET /events|DELETE /sessions?\b)} } map { uc("$_->[0] ") . $_->[1] } @{ $grammar->{operations} };
is_deeply(\@uncalled, [], 'each operation was called');
is($server->client->get('//healthz')->{status}, 200, 'the server is alive');
$server->stop_ok;
done_testing();
