# Large lists, and lists with other collations: what a page costs, and that no
# row is lost.
use strict;
use warnings;
use utf8;

use Encode ();
use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use MIME::Base64 qw(encode_base64url);
use Test::More;

my $node = new_web_node('main');

# ---- the cost of a page ----

# The log has the plan of each statement of the role planner.
my $ROWS = 100_000;
sql($node, <<"SQL");
CREATE TABLE big (id integer PRIMARY KEY, title text);
INSERT INTO big SELECT g, 'title ' || g FROM generate_series(1, $ROWS) g;
SELECT locking.protect('big');
SET locking.max_locks_per_owner = $ROWS;
SELECT count(*) FROM locking.acquire_all('big', ARRAY(SELECT g::text FROM generate_series(1, $ROWS) g), '1 hour');
ANALYZE big; ANALYZE locking.lock;
CREATE ROLE planner LOGIN PASSWORD 'planner-pw';
ALTER ROLE planner SET session_preload_libraries = 'auto_explain';
ALTER ROLE planner SET auto_explain.log_min_duration = 0;
ALTER ROLE planner SET auto_explain.log_analyze = on;
GRANT SELECT, UPDATE ON big TO planner;
SQL
my $server = web_server($node);
my $planner = $server->sign_in('planner');

# The plans of a request's statements.
sub plans_of
{
	my ($path) = @_;
	my $before = length server_log($node);
	my $reply = $planner->get($path);
	is($reply->{status}, 200, $path) or diag($reply->{content});
	return ($reply->{json}, grep { /^Query Text:/ } split /(?=Query Text:)/, substr server_log($node), $before);
}

# Lock records that were read, returned or not; by index, each is a loop of
# one row.
sub records_read
{
	my ($plan) = @_;
	my $read = 0;
	$read += $1 * $2 for $plan =~ /Scan.* on lock\b.*\(actual .*rows=([\d.]+) loops=(\d+)\)/g;
	$read += $1 for $plan =~ /Rows Removed by Filter: (\d+)/g;
	return $read;
}

for my $query ('limit=1000', 'limit=1000&sort=title', 'limit=1000&sort=title&dir=desc', 'limit=1000&filter=' . segment('{"title": "title 7"}'))
{
	my ($page, @plans) = plans_of("/tables/big/rows?$query");
	my $rows = @{ $page->{rows} };
	is(scalar(grep { !$_->{lock} } @{ $page->{rows} }), 0, "$query: each of $rows rows has its lock");
	is(scalar @plans, 2, 'a page takes two statements: one composes the other, which returns rows and locks');
	my ($plan) = grep { /^Query Text:\s+WITH picked\b/ } @plans;
	unlike($plan, qr/Seq Scan on lock\b/, 'not all lock records are read');
	like($plan, qr/Function Scan on locks_of\b.*loops=1\)/, 'lock records are looked up by key, together');
}
{
	# Later pages are read from their beginning.
	my $last = $planner->get('/tables/big/rows?limit=1000')->{json};
	$last = $planner->get("/tables/big/rows?limit=1000&after=$last->{next}")->{json} for 1 .. 3;
	my ($page, @plans) = plans_of("/tables/big/rows?limit=1000&after=$last->{next}");
	is($page->{rows}[0]{key}, 4001, 'the fifth page');
	my ($plan) = grep { /^Query Text:\s+WITH picked\b/ } @plans;
	like($plan, qr/Index (?:Only )?Scan using big_pkey on big t .*\n\s*Index Cond: \(id > 4000\)/, 'the fifth page begins in the index after the fourth');
}
{
	my ($state, @plans) = plans_of('/tables/big/rows/77777/lock');
	is($state->{lock}{key}, '77777', 'the lock of one row');
	is(scalar @plans, 1, 'the lock of one row takes one statement');
	cmp_ok(records_read($plans[0]), '<=', 2, 'the lock of one row reads one record');
}

# ---- the history ----

# Stored in another order than that of their ids, as purging leaves room
# between old ones, so an index scan of all would cost more than a sort.
sql($node, <<"SQL");
CREATE TABLE few (id integer PRIMARY KEY);
TRUNCATE locking.event;
INSERT INTO locking.event (id, event, relation, key, token, owner, actor, session_role, reason)
SELECT g, CASE WHEN g % 10 = 0 THEN 'broken' ELSE 'expired' END, CASE WHEN g % 10000 = 0 THEN 'few'::regclass ELSE 'big'::regclass END,
 (g % $ROWS + 1)::text, g, 'owner ' || g % 4, 'actor', 'postgres', 'reason ' || g % 3
FROM generate_series(1, 2 * $ROWS) g ORDER BY hashint4(g);
ANALYZE locking.event;
GRANT SELECT ON few TO anna;
SQL

# Event records that were read, returned or not.
sub events_read
{
	my ($plan) = @_;
	my $read = 0;
	$read += $_ for $plan =~ /Scan[^\n]* on event\b[^\n]*\(actual [^\n]*?rows=([\d.]+)/g, $plan =~ /Rows Removed by Filter: (\d+)/g;
	return $read;
}
for my $query ('limit=50', 'limit=50&table=big', 'limit=50&event=broken', 'limit=50&table=big&owner=owner+1&actor=actor&event=expired&q=REASON+2')
{
	my ($page, @plans) = plans_of("/history?$query");
	is(scalar @{ $page->{events} }, 50, 'the history has a full page');
	my @lists = grep { /\bFROM locking\.history\b/ } @plans;
	is(scalar @lists, 1, 'the history takes one statement');
	cmp_ok(events_read($lists[0]), '<', 2000, 'the history stops reading when the page is full');
}
{
	my ($first) = plans_of('/history?limit=50');
	my ($second, $forth) = plans_of("/history?limit=50&after=$first->{next}");
	cmp_ok(events_read($forth), '<', 300, 'the second page reads only itself and the first one');
	my ($again, $back) = plans_of("/history?limit=50&before=$second->{prev}");
	cmp_ok(events_read($back), '<', 300, 'going back reads no more than that');
	is_deeply([ map { $_->{id} } @{ $again->{events} } ], [ map { $_->{id} } @{ $first->{events} } ], 'going back returns the first page');
}
{
	# Most events are of a table that anna may not read.
	my $anna = $server->sign_in('anna');
	my @ids = split /\n/, sql($node, "SELECT id FROM locking.event WHERE relation = 'few'::regclass ORDER BY id DESC");
	my $walk = sub {
		my ($argument, $way, $cursor) = @_;
		my @pages;
		do
		{
			push @pages, $anna->get('/history?limit=7' . ($cursor ? "&$argument=$cursor" : ''))->{json};
		} while (defined($cursor = $pages[-1]{$way}) && @pages < 10);
		return @pages;
	};
	my @pages = $walk->('after', 'next');
	is_deeply([ map { $_->{id} } map { @{ $_->{events} } } @pages ], \@ids, 'each event among many hidden ones comes once');
	my @back = $walk->('before', 'prev', $pages[-1]{prev});
	is_deeply([ map { $_->{id} } map { @{ $_->{events} } } reverse(@back), $pages[-1] ], \@ids, 'each event among many hidden ones comes once, going back');
	for my $values ('[1, 2]', '["2026-11-29", 1]', '[]', '[-9223372036854775808]', '["x"]', '[9223372036854775808]', '[null]')
	{
		my $cursor = encode_base64url(qq({"order": "events", "values": $values}));
		like(join(' ', map { $anna->get("/history?$_=$cursor")->{status} } qw(after before)), qr/^(200|422) (200|422)$/, "a cursor of $values");
	}
}

# ---- collations ----

my $has_icu = sql($node, "SELECT count(*) FROM pg_collation WHERE collname = 'und-x-icu'");
SKIP:
{
	skip 'PostgreSQL was built without ICU', 1 unless $has_icu;
	my $text = <<'SQL';
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
CREATE TABLE sorted (id integer PRIMARY KEY, loose text COLLATE nocase, german text COLLATE "de-x-icu" NOT NULL, plain text COLLATE "C", mark text COLLATE nocase);
INSERT INTO sorted SELECT g, (ARRAY['Apfel', 'apfel', 'ÄPFEL', 'äpfel', 'zebra', NULL])[g % 6 + 1], (ARRAY['Öl', 'Ol', 'öl', 'Zoo', 'zoo'])[g % 5 + 1], chr(65 + g % 3), g % 4 FROM generate_series(1, 60) g;
CREATE TABLE named (name text COLLATE nocase PRIMARY KEY, n integer);
INSERT INTO named SELECT 'Näme ' || g, g FROM generate_series(1, 30) g;
CREATE TABLE refers (id integer PRIMARY KEY, sorted integer REFERENCES sorted, named text COLLATE nocase REFERENCES named);
INSERT INTO refers VALUES (1, 1, 'name 1');
SELECT locking.protect(t) FROM unnest('{sorted,named,refers}'::regclass[]) t;
GRANT ALL ON sorted, named, refers TO anna;
SQL
	utf8::encode($text);
	sql($node, $text);
	my $anna = $server->sign_in('anna');
	my $walk = sub {
		my ($table, $query, $way, $cursor) = @_;
		my @keys;
		for (1 .. 100)
		{
			my $page = $anna->get("/tables/$table/rows?limit=7&$query" . (defined $cursor ? '&' . ($way eq 'next' ? 'after' : 'before') . "=$cursor" : ''))->{json};
			my @rows = map { $_->{key} } @{ $page->{rows} };
			@keys = $way eq 'next' ? (@keys, @rows) : (@rows, @keys);
			return ($page, @keys) unless defined($cursor = $page->{$way});
		}
		die "no end of pages\n";
	};
	for my $list ((map { [ 'sorted', 'id', $_ ] } qw(loose german plain mark)), [ 'named', 'name', 'name' ], [ 'named', 'name', 'n' ])
	{
		my ($table, $key, $sort) = @$list;
		for my $dir ('asc', 'desc')
		{
			my $expected = sql($node, "SELECT $key FROM $table ORDER BY $sort $dir, $key $dir");
			utf8::decode($expected);
			my ($last, @forth) = $walk->($table, "sort=$sort&dir=$dir", 'next');
			is_deeply(\@forth, [ split /\n/, $expected ], "$table by $sort $dir: each row comes once, to the end");
			my (undef, @back) = $walk->($table, "sort=$sort&dir=$dir", 'prev', $last->{prev});
			is_deeply([ @back, map { $_->{key} } @{ $last->{rows} } ], [ split /\n/, $expected ], "$table by $sort $dir: each row comes once, going back");
		}
	}
	my $found = $anna->get('/tables/sorted/rows?limit=100&q=' . segment('PFE'));
	is("$found->{status} " . @{ $found->{json}{rows} || [] }, '200 40', 'search, although LIKE does not support the collation');
	$found = $anna->get('/tables/refers/choices?column=named&q=' . segment('Näme 1'));
	is("$found->{status} $found->{json}{choices}[0]{value}", "200 Näme 1", 'choices');
	is($anna->get('/tables/refers/choices?column=sorted&q=zeb')->{status}, 200, 'choices by label');
	is($anna->get('/tables/named/rows/' . segment('NAME 1'))->{json}{key}, 'Näme 1', 'a key is found by a value that its collation treats as equal');
	is($anna->get('/tables/refers/rows/1')->{json}{references}{named}{key}, 'Näme 1', 'a reference is found by a value that its collation treats as equal');
}


# ---- counts, exports, labels ----

sql($node, <<'SQL');
CREATE TABLE sheet (id integer PRIMARY KEY, "a ""b"", c" text, n numeric, t text);
INSERT INTO sheet VALUES
 (1, 'plain', -5.50, '=1+1'),
 (2, E'two\r\nlines', NULL, '+SUM(A1)'),
 (3, 'a "quoted", one', 7, '-2+3'),
 (4, '', 8, '@cmd'),
 (5, NULL, 9, E'\ttab'),
 (6, ' blank ', 10, '-1e5'),
 (7, 'ümlaut', 11, 'a=b'),
 (8, 'line feed', 12, E'\n=1');
GRANT SELECT ON sheet TO anna;
GRANT SELECT ON big TO anna;
CREATE TABLE hides (id integer PRIMARY KEY, name text);
INSERT INTO hides SELECT g, 'name ' || g FROM generate_series(1, 20000) g;
ALTER TABLE hides ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON hides USING (id <= 3);
GRANT SELECT ON hides TO anna;
ANALYZE hides;
SQL
my $anna = $server->sign_in('anna');
my $sheet = $anna->get('/tables/sheet/csv?columns=' . segment('["a \"b\", c", "n", "t"]'));
is($sheet->{content}, Encode::encode('UTF-8', join '', map { "$_\r\n" } '"a ""b"", c",n,t', 'plain,-5.50,\'=1+1', qq{"two\r\nlines",,'+SUM(A1)},
	q{"a ""quoted"", one",7,'-2+3}, q{"",8,'@cmd}, qq{,9,"'\ttab"} =~ s/"//gr, '" blank ",10,-1e5', 'ümlaut,11,a=b', qq{line feed,12,"'\n=1"}),
	'CSV: quoted as in RFC 4180, NULL is not the empty text, and no formula is left');
like($sheet->{headers}{'content-type'}, qr{^text/csv; charset=utf-8}, 'its type');
is($sheet->{headers}{'content-disposition'}, q{attachment; filename*=UTF-8''sheet.csv}, 'its name');
is($anna->get('/tables/sheet/csv?columns=%5B%22id%22%5D&sort=n&dir=desc&q=lines')->{content}, "id\r\n2\r\n", 'CSV of what is searched');
is($anna->get('/tables/sheet/csv?columns=%5B%22id%22%5D&q=nothing')->{content}, "id\r\n", 'CSV of nothing has its head');
is($anna->get('/tables/sheet/csv?limit=10001')->{status}, 422, 'an export has a limit');
is($anna->get('/tables/sheet/csv?columns=%5B%22none%22%5D')->{status}, 422, 'an export of a column that does not exist');
is((() = $anna->get('/tables/big/csv')->{content} =~ /\r\n/g), 10_001, 'an export ends at its limit');

sub count_of { my $count = $anna->get("/tables/$_[0]/count")->{json}; return join ' ', $count->{count}, map { $count->{$_} ? $_ : () } qw(is_estimate more) }
is(count_of('sheet'), '8', 'a small table is counted');
is($anna->get('/tables/sheet/count?q=lines')->{json}{count}, 1, 'what is searched is counted');
is(count_of('big'), "$ROWS is_estimate", 'a large one is estimated');
is(join(' ', @{ $anna->get('/tables/big/count?q=title')->{json} }{qw(count more)}), '10000 1', 'no more rows are counted than that');
is(count_of('hides'), '3', 'the statistics do not disclose rows that the role may not see');
is_deeply($anna->get('/tables/hides/labels?keys=' . segment('["1", "3", "4", "0"]'))->{json}{labels}, { 1 => 'name 1', 3 => 'name 3' }, 'nor do labels');
is($anna->get('/tables/sheet/labels?keys=5')->{status}, 422, 'keys that are no array');

$server->stop_ok;
done_testing();
