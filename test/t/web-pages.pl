# Pages of rows: cursors, sorting, searching, filters.
use strict;
use warnings;
use utf8;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;
use WebRows;

my $node = new_web_node('main');
my $server = web_server($node);
my $anna = $server->sign_in('anna');

sql($node, <<'SQL');
CREATE TABLE many (a integer, b text, grade integer, title text, PRIMARY KEY (a, b));
INSERT INTO many SELECT g, 'k' || g % 3, CASE WHEN g % 4 > 0 THEN g % 7 END, CASE WHEN g % 5 > 0 THEN 'title ' || g % 10 END FROM generate_series(1, 97) g;
SELECT locking.protect('many'); GRANT ALL ON many TO anna;
SQL

# The keys of all pages; runs the code between two pages.
sub walk
{
	my ($query, $way, $from, $between) = @_;
	my ($cursor, @keys) = ($from);
	for (1 .. 200)
	{
		my $page = $anna->get("/tables/many/rows?limit=7&$query" . (defined $cursor ? '&' . ($way eq 'next' ? 'after' : 'before') . "=$cursor" : ''))->{json};
		my @rows = map { $_->{key} } @{ $page->{rows} };
		@keys = $way eq 'next' ? (@keys, @rows) : (@rows, @keys);
		return ($page, @keys) unless defined $page->{$way};
		$cursor = $page->{$way};
		$between->() if $between;
	}
	die "no end of pages\n";
}

my $inserted = 1000;
for my $sort ('', 'a', 'b', 'grade', 'title')
{
	for my $dir ('asc', 'desc')
	{
		my $query = "dir=$dir" . ($sort ? "&sort=$sort" : '');
		my $order = join ', ', map { "$_ $dir" } $sort ? $sort : (), 'a', 'b';
		my @expected = split /\n/, sql($node, "SELECT ARRAY[a::text, b] FROM many ORDER BY " . ($order =~ s/(b|title)( \w+)/$1 COLLATE "C"$2/gr));
		my ($last, @forth) = walk($query, 'next');
		is_deeply(\@forth, \@expected, "$order: each row comes once, to the end");
		my (undef, @back) = walk($query, 'prev', $last->{prev});
		is_deeply([ @back, map { $_->{key} } @{ $last->{rows} } ], \@expected, "$order: each row comes once, going back");

		# Rows inserted after, before and among those that are read.
		my $more = sub {
			sql($node, "INSERT INTO many SELECT $inserted + n, 'n', g, t FROM (VALUES (1, NULL, NULL), (2, 0, 'title 0'), (3, 6, 'title 9'), (4, 3, 'a')) v(n, g, t)");
			$inserted += 10;
		};
		my %old = map { ($_ => 1) } @expected;
		my (undef, @meanwhile) = walk($query, 'next', undef, $more);
		is_deeply([ grep { $old{$_} } @meanwhile ], \@expected, "$order: no row is missing while others are inserted");
		my %seen;
		is_deeply([ grep { $seen{$_}++ } @meanwhile ], [], "$order: no row comes twice while others are inserted");
		sql($node, 'DELETE FROM many WHERE a > 97');
	}
}
sql($node, "UPDATE many SET title = v FROM (VALUES (1, '100%'), (2, 'a_b'), (3, 'axb'), (4, 'back\\slash'), (6, 'it''s')) v(n, v) WHERE a = n");
my %found = ('100%' => '1', 'a_b' => '2', '%' => '1', '_' => '2', '\\' => '4', "it's" => '6', 'A_B' => '2', '{97,k1}' => undef);
for my $q (sort keys %found)
{
	my @rows = map { $_->{values}{a} } @{ gives($anna->get('/tables/many/rows?limit=100&q=' . segment($q)), 200, "search for $q")->{rows} };
	is_deeply(\@rows, [ $found{$q} ], "$q is not read as a pattern") if defined $found{$q};
}
is_deeply([ map { $_->{key} } @{ $anna->get('/tables/many/rows?filter=' . segment('{"grade": "1", "title": null}'))->{json}{rows} } ],
	[ split /\n/, sql($node, 'SELECT ARRAY[a::text, b] FROM many WHERE grade = 1 AND title IS NULL ORDER BY a, b') ], 'a filter with null');
for my $case (
	[ { title => { contains => 'A_B' } }, q{title = 'a_b'} ],
	[ { title => { contains => '\\' } }, q{title = 'back\slash'} ],
	[ { a => { from => '3', to => '5' } }, 'a BETWEEN 3 AND 5' ],
	[ { a => { from => '95' }, title => { contains => '' } }, 'a >= 95 AND title IS NOT NULL' ],
	[ { b => { before => 'k2' } }, q{b < 'k2'} ],
	[ { a => { contains => '9' }, grade => { from => '2', before => '3' } }, q{a::text LIKE '%9%' AND grade = 2} ],
	[ { a => {} }, 'true' ])
{
	my ($filter, $condition) = @$case;
	is_deeply([ sort map { $_->{key} } @{ gives($anna->get('/tables/many/rows?limit=1000&filter=' . segment(json_of($filter))), 200, json_of($filter))->{rows} } ],
		[ sort split /\n/, sql($node, "SELECT ARRAY[a::text, b] FROM many WHERE $condition") ], "a filter by comparisons: $condition");
}
my $cursor = $anna->get('/tables/many/rows?limit=5&sort=grade')->{json}{next};
for my $query ("after=$cursor", "sort=title&after=$cursor", "sort=grade&dir=desc&after=$cursor", 'after=x', 'after=', 'after=%7B%7D', 'after=W10', 'before=bnVsbA', "sort=grade&after=$cursor&before=$cursor",
	'limit=0', 'limit=1001', 'limit=x', 'limit=', 'limit=99999999999', 'dir=up', 'sort=nix', 'sort=a,b', 'filter=x', 'filter=[]', 'filter={%22nix%22:%221%22}', 'filter={%22a%22:%22x%22}', 'filter={%22a%22:{%22like%22:%221%22}}', 'filter={%22a%22:{%22from%22:%22x%22}}',
	'locked=perhaps', "sort=grade&after=${cursor}x")
{
	refused_as($anna->get("/tables/many/rows?$query"), 422, 'invalid', "rows?$query");
}

$server->stop_ok;
done_testing();
