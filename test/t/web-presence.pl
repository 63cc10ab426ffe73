# People who have a row open: reports, who may see them, several processes,
# and forged messages.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;
use WebStreams;

my $node = new_stream_node();
my $row = '/tables/article/rows/1';
my $schemas = openapi()->{document}{components}{schemas};

# People as text: owner, state, and field if there is one.
sub shown { return join ' ', sort map { join ':', $_->{owner}, $_->{state}, $_->{field} // () } @{ $_[0] } }

# The next event of people, others skipped.
sub next_presence
{
	my ($stream) = @_;
	my $deadline = time + $LockingWeb::PATIENCE;
	while (my $part = part($stream))
	{
		die "no presence\n" if time > $deadline;
		return $part->{json} if ($part->{event} // '') eq 'presence';
	}
	die "the stream has ended\n";
}

# Reads events until the row has these people.
my $last;
sub comes_to
{
	my ($stream, $key, $expected, $name) = @_;
	my $event;
	LockingWeb::in_seconds($LockingWeb::PATIENCE, $name, sub {
		do { $event = next_presence($stream) } until ($event->{key} // '') eq $key && shown($event->{people}) eq $expected;
	});
	$last = $event;
	return is(shown($event->{people}), $expected, $name);
}

sub people
{
	my ($client, $table) = @_;
	my $reply = $client->get("/tables/$table/presence");
	return "status $reply->{status}" if $reply->{status} != 200;
	return join ', ', map { "$_->{key}: " . shown($_->{people}) } sort { $a->{key} cmp $b->{key} } @{ $reply->{json}{rows} };
}

# ---- one process ----

{
	my $server = listening_server();
	my ($anna, $bert, $boss) = map { $server->sign_in($_) } qw(anna bert boss);
	my $berts = stream($server, $bert);
	my $reply = $anna->post("$row/presence", { client => 'one' });
	is(shown($reply->{json}{people}), 'anna:viewing', 'a report is answered by the people of the row');
	is($reply->{json}{people}[0]{owner_name}, 'Anna Albers', 'with the display name');
	comes_to($berts, '1', 'anna:viewing', 'others are told');
	$anna->post("/tables/article/rows/01/presence", { client => 'one', state => 'typing', field => 'title' });
	comes_to($berts, '1', 'anna:typing:title', 'the row is the same however its key is written');
	is(join(';', openapi()->check($last, $schemas->{RowPresence})), '', 'the event matches its schema in openapi.json');
	is(shown($bert->post("$row/presence", { client => 'two', state => 'idle' })->{json}{people}), 'anna:typing:title bert:idle', 'two people');
	is(people($boss, 'article'), '1: anna:typing:title bert:idle', 'the people of a table');
	$anna->post("$row/presence", { client => 'other tab' });
	is(shown($anna->post("$row/presence", { client => 'one', state => 'gone' })->{json}{people}), 'anna:viewing bert:idle', 'a tab that goes');
	comes_to($berts, '1', 'anna:viewing bert:idle', 'others are told that it has gone');
	is($anna->request('POST', "$row/presence", \json_of({ client => 'other tab', state => 'gone', csrf => $anna->{csrf} }), 'X-CSRF-Token' => undef, 'Content-Type' => 'text/plain')->{status}, 200, 'by a beacon, too');
	is(people($boss, 'article'), '1: bert:idle', 'then it is gone');

	# ---- rights ----

	my $reader = $server->sign_in('reader');
	is($boss->post('/tables/private/rows/1/presence', { client => 'b' })->{status}, 200, 'a table that only boss may read');
	is($anna->post('/tables/private/rows/1/presence', { client => 'a' })->{status}, 403, 'who may not read it reports nothing');
	is(people($anna, 'private'), 'status 403', 'and sees no one');
	is($anna->post('/tables/mine/rows/1/presence', { client => 'a' })->{status}, 200, 'row security: a row that anna sees');
	is($bert->post('/tables/mine/rows/1/presence', { client => 'b' })->{status}, 404, 'bert does not see it');
	$bert->post('/tables/mine/rows/2/presence', { client => 'b' });
	is(people($anna, 'mine'), '1: anna:viewing', 'each sees the people of visible rows');
	is(people($bert, 'mine'), '2: bert:viewing', 'and not those of others');
	$anna->post("$row/presence", { client => 'last', state => 'typing', field => 'last' });
	my @events;
	LockingWeb::in_seconds($LockingWeb::PATIENCE, 'the last event', sub {
		# in any order, if they are announced together
		my %wanted = (last => 1, mine => 1);
		while (%wanted)
		{
			push @events, next_presence($berts);
			delete $wanted{last} if shown($events[-1]{people} // []) =~ /typing:last/;
			delete $wanted{mine} if $events[-1]{table} eq 'public.mine';
		}
	});
	is((grep { $_->{table} eq 'public.private' } @events) + 0, 0, 'no event of an unreadable table');
	my @hidden = grep { $_->{table} eq 'public.mine' } @events;
	is_deeply([ map { [ sort keys %$_ ] } @hidden ], [ map { [ 'event', 'table' ] } @hidden ], 'which has neither key nor people');
	is($reader->post("$row/presence", { client => 'r' })->{status}, 200, 'who may only read is present, too');

	# ---- refusals ----

	is($anna->post("$row/presence", $_)->{status}, 422, 'refused: ' . json_of($_))
	  for {}, { client => '' }, { client => 'x' x 256 }, { client => 'a', state => 'dancing' }, { client => 'a', field => 'x' x 256 }, [ 'a' ];
	is($anna->post('/tables/article/rows/0/presence', { client => 'a' })->{status}, 404, 'no such row');
	my @statuses = map { $anna->post("$row/presence", { client => "tab $_", state => 'idle' })->{status} } 1 .. 50;
	is($statuses[-1], 429, 'too many tabs');
	is($anna->post("$row/presence", { client => 'tab 1', state => 'idle' })->{status}, 200, 'a known one is not refused');

	# ---- the end of a session ----

	my $other = $server->sign_in('bert');
	$other->post("$row/presence", { client => 'three' });
	is($_->delete('/session')->{status}, 204, 'a session ends') for $anna, $other;
	like(people($boss, 'article'), qr/^1: bert:idle(?: reader:viewing)?$/, 'its tabs are gone at once, those of another session are not');
	$server->stop_ok;
}

# ---- two processes ----

{
	my ($first, $second) = map { listening_server() } 1 .. 2;
	my ($anna, $bert) = ($first->sign_in('anna'), $second->sign_in('bert'));
	my ($annas, $berts) = (stream($first, $anna), stream($second, $bert));
	$anna->post("$row/presence", { client => 'one', state => 'typing', field => 'body' });
	comes_to($berts, '1', 'anna:typing:body', 'people of another process');
	is(people($bert, 'article'), '1: anna:typing:body', 'in the list, too');
	$bert->post("$row/presence", { client => 'two' });
	comes_to($annas, '1', 'anna:typing:body bert:viewing', 'in both directions');
	my $third = listening_server();
	my $late = $third->sign_in('boss');
	my $deadline = time + $LockingWeb::PATIENCE;
	my $known = '';
	$known = people($late, 'article') until $known eq '1: anna:typing:body bert:viewing' || time > $deadline;
	is($known, '1: anna:typing:body bert:viewing', 'a process that starts later learns of all');
	is(sql($node, q(SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = 'locking' AND relname LIKE '%presen%')), 0, 'nothing is kept in tables');
	$first->stop_ok('the process of a person ends');
	comes_to($berts, '1', 'bert:viewing', 'then the person is gone at once');

	# ---- forged messages ----

	my $forged = json_of({ process => '0123456789abcdef', people => [ { table => 'public.article', key => '1', client => 'x', owner => 'forged', owner_name => undef, state => 'viewing', since => 0, field => undef } ] });
	sql($node, "SET SESSION AUTHORIZATION anna; SELECT pg_notify('locking_presence', '$forged')");
	sql($node, "SELECT pg_notify('locking_presence', '$_')") for '', '{', '[]', '{"process": 1}', '{"process": "0123456789abcdef", "people": 1}';
	$bert->post("$row/presence", { client => 'two', state => 'idle' });
	comes_to($berts, '1', 'bert:idle', 'a message of another role is ignored');
	$_->stop_ok for $second, $third;
}

# ---- an interrupted connection ----

{
	my ($first, $second) = map { listening_server() } 1 .. 2;
	my ($anna, $bert) = ($first->sign_in('anna'), $second->sign_in('bert'));
	$anna->post("$row/presence", { client => 'one' });
	my $deadline = time + $LockingWeb::PATIENCE;
	1 until people($bert, 'article') eq '1: anna:viewing' || time > $deadline;
	sql($node, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~* 'LISTEN|notify|presence' AND usename = 'locking_web'");
	# one may meet a terminated connection; a page reports again
	1 until $anna->post("$row/presence", { client => 'one', state => 'typing', field => 'body' })->{status} == 200 || time > $deadline;
	1 until people($bert, 'article') eq '1: anna:typing:body' || time > $deadline;
	is(people($bert, 'article'), '1: anna:typing:body', 'after the connection was lost, all is sent anew');
	$_->stop_ok for $first, $second;
}

done_testing();
