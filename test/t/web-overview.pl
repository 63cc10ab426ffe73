# Figures of the whole database: the overview for members of pg_monitor, and
# /metrics, for which the server's own role must be one.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;
use WebSessions;

my $node = new_web_node('main', conf => ["shared_preload_libraries = 'locking'"]);
sql($node, <<'SQL');
CREATE TABLE "odd ""name\" (id integer PRIMARY KEY);
SELECT locking.protect('"odd ""name\"');
CREATE TABLE open (id integer PRIMARY KEY);
SELECT locking.protect('open');
ALTER TABLE open DISABLE TRIGGER "~locking_guard";
GRANT pg_monitor TO boss;
GRANT SELECT ON open TO boss;
SQL

sub figures
{
	my ($reply, $table) = @_;
	return (grep { $_->{table} eq $table } @{ $reply->{json}{now}{tables} })[0];
}

{
	my $server = web_server($node);
	LockingWeb::in_seconds($LockingWeb::PATIENCE, 'a line in the log', sub { select undef, undef, undef, 0.05 until $server->log =~ /no figures over time: .*GRANT pg_monitor TO locking_web/ });
	unlike(server_log($node), qr/permission denied/, 'without the privilege, nothing is tried that the database refuses');
	my ($anna, $bert, $boss) = map { $server->sign_in($_) } qw(anna bert boss);
	is_problem($anna->get('/overview'), 403, 'forbidden', 'the overview is for members of pg_monitor');
	is($_->[0]->get('/session')->{json}{may}{monitor} ? 1 : 0, $_->[1], "whether it is offered: $_->[1]") for [ $anna, 0 ], [ $boss, 1 ];
	my $row = '/tables/article/rows/1';
	$anna->post("$row/lock");
	is($bert->put($row, { values => { title => 'x' } })->{status}, 423, 'a write is refused');
	is($boss->post("$row/lock/takeover", {})->{status}, 200, 'a lock is taken over');
	my $reply = $boss->get('/overview');
	my $article = figures($reply, 'public.article');
	is("$article->{live_locks} $article->{takeovers} $article->{acquisitions}", '1 1 2', 'locks and takeovers');
	cmp_ok($article->{longest_held}, '>=', 0, 'how long the oldest lock has been held');
	ok($article->{guarded}, 'a guarded table');
	ok(!figures($reply, 'public.open')->{guarded}, 'a table whose guard is disabled');
	is(figures($reply, 'public."odd ""name\\"')->{guarded}, undef, 'a table that the reader may not read');
	is_deeply($reply->{json}{samples}, [], 'no samples: the server may not take any');
	is($reply->{json}{sessions}, 3, 'sessions');
	unlike($server->client->get('//metrics')->{content}, qr/^locking_live_locks/m, 'nor are they in the metrics');
	$server->stop_ok;
}

sql($node, 'GRANT pg_monitor TO locking_web');
{
	my $server = web_server($node);
	my $metrics = LockingWeb::in_seconds($LockingWeb::PATIENCE, 'a sample', sub {
		my $text;
		do { select undef, undef, undef, 0.05; $text = $server->client->get('//metrics')->{content} } until $text =~ /^locking_live_locks/m;
		return $text;
	});
	like($metrics, qr/^locking_$_$/m, $_) for 'live_locks\{table="public\.article"\} 1', 'takeovers_total\{table="public\.article"\} 1', 'refused_writes_total\{table="public\.article"\} \d+', 'gate_enabled 1', 'gate_slots \d+';
	my $odd = 'locking_acquisitions_total{table="public.\"odd \"\"name\\\\\""} 0';
	like($metrics, qr/^\Q$odd\E$/m, 'a name is escaped');
	my @malformed = grep { !/^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{(?:\w+="(?:[^"\\]|\\.)*",?)+\})? [-+.\de]+(?:Inf)?)$/ } split /\n/, $metrics;
	is("@malformed", '', 'every line is in the format of Prometheus');
	open my $file, '<', "$FindBin::RealBin/../../contrib_web/grafana.json" or die "grafana.json: $!\n";
	my %queried = map { $_ => 1 } map { /\b(locking_\w+)/g } grep { /"expr"/ } <$file>;
	is_deeply([ grep { $metrics !~ /^# TYPE \Q${\ s{_bucket$}{}r}\E /m } sort keys %queried ], [], 'all figures of the dashboard exist');
	cmp_ok(scalar keys %queried, '>', 8, 'it has figures');
	is(scalar @{ $server->sign_in('boss')->get('/overview')->{json}{samples} }, 1, 'the overview has the sample');
	$server->stop_ok;
}
done_testing();
