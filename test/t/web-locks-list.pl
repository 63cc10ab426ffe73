# The list of locks in every order and by age, and the history between two
# times: no entry is lost or repeated from page to page.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;
use WebSessions;

my $node = new_web_node('main');
sql($node, <<'SQL');
CREATE TABLE poem (id integer PRIMARY KEY);
INSERT INTO poem SELECT g FROM generate_series(1, 9) g;
SELECT locking.protect('poem');
GRANT SELECT ON poem TO anna;
SELECT locking.set_owner('zoe', 'Anton', false);
SELECT count(*) FROM locking.acquire_all('poem', ARRAY(SELECT generate_series(1, 9)), '1 hour');
SELECT locking.set_owner('bo', is_local => false);
SELECT count(*) FROM locking.acquire_all('article', ARRAY(SELECT generate_series(1, 9)), '2 hours');
-- some in pairs, as locks that are acquired together
UPDATE locking.lock SET acquired_at = now() - key::integer / 2 * interval '10 minutes', expires_at = now() + (key::integer + 1) / 2 * interval '10 minutes';
SQL

my $server = web_server($node);
my $anna = $server->sign_in('anna');

sub entry { return "$_[0]{name} $_[0]{key}" }

# All entries from page to page, and the same on the way back.
sub walk
{
	my ($path) = @_;
	my @pages = $anna->get("$path&limit=4")->{json};
	push @pages, $anna->get("$path&limit=4&after=$pages[-1]{next}")->{json} while $pages[-1]{next};
	my @back = $pages[-1];
	unshift @back, $anna->get("$path&limit=4&before=$back[0]{prev}")->{json} while $back[0]{prev};
	my @there = map { entry($_) } map { @{ $_->{locks} } } @pages;
	my @and_back = map { entry($_) } map { @{ $_->{locks} } } @back;
	is_deeply(\@and_back, \@there, "$path: the same on the way back");
	return @there;
}

my %expression = (acquired => 'acquired_at', ends => 'expires_at', owner => 'coalesce(owner_name, owner) COLLATE "C"', table => 'relation::text COLLATE "C"');
for my $sort (sort keys %expression)
{
	for my $dir (qw(asc desc))
	{
		my @expected = split /\n/, sql($node, qq(SELECT format('%s %s', relation, key) FROM locking.locks ORDER BY $expression{$sort} $dir, relation::oid $dir, key COLLATE "C" $dir));
		is_deeply([ walk("/locks?sort=$sort&dir=$dir") ], \@expected, "all locks, by $sort $dir");
	}
}
is_deeply([ walk('/locks?q=') ], [ walk('/locks?sort=acquired&dir=desc') ], 'the latest first, if nothing is said');
is_deeply([ walk('/locks?sort=owner') ], [ walk('/locks?sort=owner&dir=asc') ], 'a named order is ascending');
is_deeply([ sort(walk('/locks?held=1500&table=poem')) ], [ map { "poem $_" } 6 .. 9 ], 'locks held for longer');
is(scalar walk('/locks?held=0'), 18, 'all of them are held for at least 0 s');
is_problem($anna->get("/locks?$_"), 422, 'invalid', $_) for 'sort=key', 'sort=acquired_at', 'dir=down', 'sort=', 'held=long', 'held=1;2';
my $cursor = $anna->get('/locks?sort=owner&limit=1')->{json}{next};
is_problem($anna->get("/locks?sort=$_&limit=1&after=$cursor"), 422, 'invalid', "a cursor of another order: $_") for 'table', 'owner&dir=desc';

# ---- history ----

sql($node, <<'SQL');
UPDATE locking.event SET at = '2026-01-01 00:00Z'::timestamptz + id * interval '1 hour';
SQL
my $ids = sub { return join ' ', map { $_->{id} } @{ $anna->get("/history?limit=1000&$_[0]")->{json}{events} } };
my $between = sub { return join ' ', split /\n/, sql($node, "SELECT id FROM locking.event WHERE $_[0] ORDER BY id DESC") };
is($ids->('since=2026-01-01T05:00:00Z'), $between->("at >= '2026-01-01 05:00Z'"), 'since, inclusive');
is($ids->('until=2026-01-01T05:00:00Z'), $between->("at < '2026-01-01 05:00Z'"), 'until, exclusive');
is($ids->('since=2026-01-01T05:00:00%2B02:00&until=2026-01-01T06:00:00Z'), $between->("at >= '2026-01-01 03:00Z' AND at < '2026-01-01 06:00Z'"), 'both, with an offset');
is($ids->('table=poem&key=3&since=2026-01-01'), $between->("relation = 'poem'::regclass AND key = '3'"), 'of one row');
is_problem($anna->get("/history?$_"), 422, 'invalid', $_) for 'since=yesterday-ish', 'until=2026-02-30';
$server->stop_ok;
done_testing();
