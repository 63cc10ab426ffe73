# Test of the checker: it finds no violation in a good record, and finds each
# of these faults in a copy of it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use StressHistory;
use StressRecord;
use StressRules;
use Test::More;

sub read_good
{
	open my $file, '<', "$FindBin::RealBin/good.records" or die "good.records: $!\n";
	local $/;
	return scalar <$file>;
}

# Returns rule => [ facts, violations ].
sub check
{
	my ($text) = @_;
	my %records;
	add_line(\%records, $_) for split /\n/, $text;
	my $history = StressHistory->new(\%records);
	return map { ($_ => [ check_rule($_, $history) ]) } rule_names();
}

# The listener's connection was lost, so that it has not heard of an event.
sub reconnect
{
	my ($at) = @_;
	return s/^heard\tacquired\tplain\t1\t11.*\n/connected\t2\t$at\n/m && s/^(heard\t(?:expired|acquired\tplain\t1\t12|taken_over|requested).*)\t1$/$1\t2/mg;
}

my $good = read_good();
my %good = check($good);
for my $rule (rule_names())
{
	my ($facts, @violations) = @{ $good{$rule} };
	ok($facts > 0 && !@violations, "nothing is found by: $rule") or diag(@violations);
}

{
	local $_ = $good;
	reconnect(600) or die "does not fit\n";
	my %found = check($_);
	is_deeply([ grep { @{ $found{$_} } > 1 } rule_names() ], [], 'an event that happened before the listener reconnected may be missed');
}

# A lock was resumed twice, and the listener's connection was lost in between.
sub resume_twice
{
	my @events = ([ 'resumed', 3010 ], [ 'resumed', 3050 ], [ 'expired', 3900 ]);
	my $happened = join '', map { "event\t6\tplain\t2\t14\t$_->[0]\tdan\tdan\t$_->[1]\n" } @events;
	my $heard = join '', map { "heard\t$_->[0]\tplain\t2\t14\tdan\t2\n" } @events[ 1, 2 ];
	return s/^event\t6/$happened$&/m && s/^heard\ttaken_over.*\n/connected\t2\t3040\n$heard$&/m && s/^(heard\t(?:taken_over|requested).*)\t1$/$1\t2/mg;
}

{
	local $_ = $good;
	resume_twice() or die "does not fit\n";
	my %found = check($_);
	is_deeply([ grep { @{ $found{$_} } > 1 } rule_names() ], [], 'a lock that was resumed twice may expire after the second time') or diag(explain(\%found));
}

# A client's answer arrives late: meanwhile, another session of its owner has
# extended the lock, and has not committed.
{
	local $_ = $good;
	my $fits = s/^lease\tplain\t2\t14.*\n/$&lease\tplain\t2\t14\tdan\trenew\tt\tf\t16\t6\t3150\t3500\n/m && s/^look/look\tplain\t2\tf\t3250\t3260\n$&/m;
	die "does not fit\n" if !$fits;
	my %found = check($_);
	is_deeply($found{'is_locked() is right'}, [3], 'a lease that another session has not committed need not be seen');
}

# The later one held the row, and has not seen that another owner had replaced
# its lock when it began: it tries to resume it, and need not queue.
{
	local $_ = $good;
	my $fits = s/\t3000\t3100$/\t4100\t4150/m && s/2000\t3200/2000\t4200/
	  && s/^lease\tplain\t2\t14/lease\tplain\t2\t8\teve\tacquire\tt\tf\t8\t5\t1000\t1500\nlease\tplain\t2\t9\tfay\tacquire\tt\tf\t9\t6\t2400\t2450\n$&/m
	  && s/^op\t4\/2/op\t5\/0\tacquire\tplain\t2\teve\t900\t1100\tok\tv5\/0\tused= pid=5 token=8\t-\nop\t6\/9\tacquire\tplain\t2\tfay\t2300\t3900\tok\tv6\/9\tused= pid=6 token=9\t-\n$&/m;
	die "does not fit\n" if !$fits;
	my %found = check($_);
	is(scalar @{ $found{'waiting sessions are served in the order of their arrival'} }, 1, 'the former holder may try before the one that waits');
}

# rule => faults, each of which edits the record in $_
my %faults = (
	'versions have no gaps, and each write replaces the one before' => {
		'a write is missing' => sub { s/^write\tplain\t1\tU\t1.*\n//m },
		'a write replaced another version' => sub { s/v1\/2\tcid/v1\/9\tcid/ },
		'the last write is lost' => sub { s/^row\tplain\t1\t2\tv3\/1/row\tplain\t1\t1\tv1\/2/m },
	},
	'what a client was told is what happened' => {
		'an acknowledged write is missing' => sub { s/wrote=2/wrote=3/ },
		'a refused write was done' => sub { s/(590\t620\t)ok/${1}LK001/ },
		'an acknowledged lock is missing' => sub { s/token=10/token=17/ },
	},
	'no two locks of a row at the same time' => {
		'a lock is granted while another lasts' => sub { s/^event\t2.*\n//m },
	},
	'tokens of a row rise' => {
		'a lower token' => sub { s/^(lease\tplain\t1\t)12/${1}8/m },
		'the older token is renewed' => sub { s/^(lease\tplain\t1\t11\tbob.*\n)/$1lease\tplain\t1\t10\tann\trenew\tt\tf\t20\t1\t450\t480\n/m },
	},
	'a token is issued once, to one owner, for one row, and ends once' => {
		'a token is issued twice' => sub { s/^event\t5\tplain\t1\t12/event\t5\tplain\t1\t11/m },
		'a token changes hands' => sub { s/released\tann/released\tbob/ },
		'a token ends twice' => sub { s/^(event\t)4\tplain\t1\t11\texpired\tbob/${1}4\tplain\t1\t10\texpired\tann/m },
	},
	'a lock expires only after its time' => {
		'it is replaced before' => sub { s/expired\tbob\tcid\t700/expired\tbob\tcid\t490/ },
	},
	'a lock is broken or taken over only by an operation that does so' => {
		'it is taken over by an acquisition' => sub { s/take_over\tplain/acquire\tplain/ },
		'it is broken at another time' => sub { s/taken_over\teve\tann\t9050/broken\teve\tann\t9990/ },
	},
	'no other owner writes a row while it is locked' => {
		'a write within a lease' => sub { s/600\t610/450\t460/ },
	},
	'a write of a table that requires a lock has one' => {
		'a write without a lock' => sub { s/^(write\tident.*\t\t)ann/${1}bob/m },
	},
	'an acquirer reads the latest version' => {
		'an old version is read' => sub { s/^grant\tplain\t1\t11\tbob\t1/grant\tplain\t1\t11\tbob\t0/m },
	},
	'a lock that was handed over is taken before it is used' => {
		'it is confirmed' => sub { s/^lease\tdoc.*acquire.*\n//m },
	},
	'nothing came between reading a row and saving it' => {
		'another owner has written' => sub { s/\t\tann\t10\t5/\t\tbob\t0\t5/ && s/cid\t0\t6/ann\t10\t6/ },
	},
	'a save is by the holder, with the latest token' => {
		'a save by another owner' => sub { s/\t\tann\t10\t5/\t\tbob\t10\t5/ },
		'a save with an older token' => sub { s/ann\t10\t5\t210\t220/bob\t11\t5\t210\t220/ && s/cid\t0\t6/ann\t10\t6/ },
	},
	'from confirm to commit no other owner writes or locks the row' => {
		'another owner writes' => sub { s/600\t610/205\t610/ },
		'another owner locks' => sub { s/\t400\t500$/\t215\t500/m },
		'the lock is broken' => sub { s/released\tann\tann\t300/broken\tann\tbob\t210/ },
	},
	'a lock that has ended is not used any more' => {
		'it is confirmed' => sub { s/released\tann\tann\t300/released\tann\tann\t150/ },
	},
	'a lock that a write has passed is not used any more' => {
		'it is renewed' => sub { s/^(lease\tplain\t1\t12)/lease\tplain\t1\t11\tbob\trenew\tt\tf\t20\t2\t650\t660\n$1/m },
	},
	'is_locked() is right' => {
		'a lock is not seen' => sub { s/t\t250\t260/f\t250\t260/ },
		'a lock is not seen that another session of its owner holds, too' => sub { s/t\t250\t260/f\t250\t260/ && s/^lease\tplain\t1\t10.*\n/$&lease\tplain\t1\t10\tann\trenew\tt\tf\t3\t9\t120\t900\n/m },
		'a lock is seen where there is none' => sub { s/f\t50\t60/t\t50\t60/ },
	},
	'a refusal names the holder of a lock' => {
		'there is none of this owner' => sub { s/is locked by cid/is locked by eve/ },
	},
	'rows are handed over in the order of the requests' => {
		'one is passed over' => sub { s/ann\tbob\t500(.*)\{"2 cid"\}/ann\tcid\t500$1\{"1 bob"}/ },
	},
	'waiting sessions are served in the order of their arrival' => {
		'the later one is first' => sub { s/\t3000\t3100$/\t4100\t4150/m && s/2000\t3200/2000\t4200/ },
		'the first one is not served' => sub { s/2000\t3200\tok(.*) token=14/2000\t53200\t55P03$1/ },
	},
	'the events of a row arrive, once, and in order' => {
		'an event is lost' => sub { s/^heard\texpired.*\n//m },
		'an event arrives twice' => sub { s/^(heard\texpired.*\n)/$1$1/m },
		'events arrive in another order' => sub { s/^(heard\treleased.*\n)(heard.*\n)/$2$1/m },
		'an event that did not happen' => sub { s/^event\t4.*\n//m },
		'an event after a reconnection is lost' => sub { reconnect(600) && s/^heard\texpired.*\n//m },
		'an event before a reconnection arrives again' => sub { reconnect(600) && s/^(heard\t)expired(.*)/$1released\tplain\t1\t10\tann\t2\n$&/m },
		'the last event, after a reconnection, is lost' => sub { reconnect(600) && s/^heard\ttaken_over.*\n//m },
	},
	'listeners receive each request' => {
		'a request is lost' => sub { s/^heard\trequested.*\n//m },
	},
);

for my $rule (rule_names())
{
	my $faults = $faults{$rule} // {};
	ok(keys %$faults, "faults for: $rule");
	for my $fault (sort keys %$faults)
	{
		local $_ = $good;
		$faults->{$fault}->() or die "$fault: does not fit\n";
		my %found = check($_);
		ok(@{ $found{$rule} } > 1, "$rule: $fault");
	}
}
done_testing();
