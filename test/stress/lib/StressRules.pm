# The rules that a history must obey.  Each is a function of a StressHistory
# that returns the number of facts it has checked, and the violations.
package StressRules;

use strict;
use warnings;

use Exporter 'import';
use StressRecord;

our @EXPORT = qw(rule_names check_rule);

my (%rule, @names);

sub rule
{
	my ($name, $function) = @_;
	$rule{$name} = $function;
	push @names, $name;
	return;
}

sub rule_names { return @names }

sub check_rule
{
	my ($name, $history) = @_;
	return $rule{$name}->($history);
}

sub describe
{
	my (@facts) = @_;
	return join ' / ', map { my $fact = $_; join ' ', map { ref $fact->{$_} ? () : "$_=" . ($fact->{$_} // 'null') } sort keys %$fact } @facts;
}

# Checks row by row: the function gets the name of a row and its records, and
# returns the number of facts and the violations.
sub in_each_row
{
	my ($rows, $function) = @_;
	my ($facts, @violations) = (0);
	for my $row (sort keys %$rows)
	{
		my ($more, @found) = $function->($row, $rows->{$row});
		$facts += $more;
		push @violations, @found;
	}
	return ($facts, @violations);
}

# ---- completeness of the record ----

rule('versions have no gaps, and each write replaces the one before', sub {
	my ($h) = @_;
	my %last = map { (row_name($_) => $_) } @{ $h->{row} };
	my ($facts, @violations) = in_each_row($h->{writes}, sub {
		my ($row, $writes) = @_;
		my ($version, $body) = (0, '');
		my @violations;
		for my $write (sort { $a->{version} <=> $b->{version} } grep { $_->{op} ne 'D' } @$writes)
		{
			push @violations, describe($write) if $write->{version} != $version + 1 || $write->{op} eq 'U' && $write->{previous} ne $body;
			($version, $body) = @$write{qw(version body)};
		}
		push @violations, describe($last{$row}) if !$last{$row} || $last{$row}{version} != $version || $last{$row}{body} ne $body;
		return (scalar @$writes, @violations);
	});
	return ($facts, @violations);
});

rule('what a client was told is what happened', sub {
	my ($h) = @_;
	my (%written, $facts, @violations);
	push @{ $written{ $_->{body} =~ s/ .*//r } }, $_ for grep { defined $_->{body} } @{ $h->{write} };
	for my $op (@{ $h->{op} })
	{
		my @writes = @{ $written{ $op->{value} } // [] };
		next if $op->{outcome} eq 'unknown';
		$facts++;
		if ($op->{outcome} ne 'ok')
		{
			push @violations, describe($op, $writes[0]) if @writes;
		}
		elsif (defined $op->{results}{wrote})
		{
			push @violations, describe($op) unless grep { $_->{version} == $op->{results}{wrote} && row_name($_) eq row_name($op) } @writes;
		}
		if ($op->{outcome} eq 'ok' && defined $op->{results}{token})
		{
			push @violations, describe($op) unless grep { $_->{told} > $op->{start} && $_->{told} < $op->{end} }
			  @{ $h->{of_token}{ $op->{results}{token} } // [] };
		}
	}
	return ($facts // 0, @violations);
});

# ---- S1: exclusion ----

# Where the clock was set back, a heartbeat may extend a lock that another
# owner's write has passed, in a partitioned table (rule 5 of src/README.md).
# If that write has moved the row, it has another key now, and no row has the
# key that is locked.
sub locks_no_row
{
	my ($h, $lease) = @_;
	return 0 if $lease->{kind} ne 'renew' || !@{ $h->{step} // [] };
	my $first = $h->{of_token}{ $lease->{token} }[0];
	return scalar grep { $_->{guarded} && $_->{owner} ne $lease->{owner} && $_->{t0} > $first->{told} && $_->{t1} < $lease->{told} }
	  @{ $h->{writes}{ row_name($lease) } // [] };
}

rule('no two locks of a row at the same time', sub {
	my ($h) = @_;
	return in_each_row($h->{leases}, sub {
		my ($row, $leases) = @_;
		my @violations;
		for my $lease (grep { !locks_no_row($h, $_) } @$leases)
		{
			push @violations, map { describe($lease, $_) }
			  grep { !locks_no_row($h, $_) && $_->{token} != $lease->{token} && $_->{told} < $lease->{told} && $_->{ends} > $lease->{told} }
			  $h->leases_within($row, $lease->{told}, $lease->{told});
		}
		return (scalar @$leases, @violations);
	});
});

rule('tokens of a row rise', sub {
	my ($h) = @_;
	return in_each_row($h->{leases}, sub {
		my ($row, $leases) = @_;
		my ($latest, @violations);
		for my $lease (grep { !locks_no_row($h, $_) } @$leases)
		{
			push @violations, describe($latest, $lease) if $latest && $lease->{token} < $latest->{token};
			$latest = $lease;
		}
		return (scalar @$leases, @violations);
	});
});

rule('a token is issued once, to one owner, for one row, and ends once', sub {
	my ($h) = @_;
	my (%seen, @violations);
	for my $event (grep { $h->number($_) } @{ $h->{event} })
	{
		my $known = $seen{ $event->{token} } //= { owner => $event->{owner}, row => $event->{relation} . '/' . $h->number($event) };
		my $kind = $event->{event} =~ /^(?:released|broken|taken_over|expired)$/ ? 'end' : $event->{event};
		push @violations, describe($event) if $known->{owner} ne $event->{owner}
		  || $known->{row} ne $event->{relation} . '/' . $h->number($event)
		  || $kind ne 'resumed' && $known->{$kind}++
		  || $kind ne 'end' && $known->{end};
	}
	return (scalar keys %seen, @violations);
});

rule('a lock expires only after its time', sub {
	my ($h) = @_;
	my ($facts, @violations) = (0);
	for my $event (grep { $_->{event} eq 'expired' } @{ $h->{event} })
	{
		my ($last) = grep { $_->{told} < $event->{at} } reverse @{ $h->{of_token}{ $event->{token} } // [] };
		next if !$last;
		$facts++;
		push @violations, describe($last, $event) if $last->{until} > $event->{at};
	}
	return ($facts, @violations);
});

rule('a lock is broken or taken over only by an operation that does so', sub {
	my ($h) = @_;
	my %operations = (taken_over => 'take_over', broken => 'break|unprotect');
	my ($facts, @violations) = (0);
	for my $event (grep { $operations{ $_->{event} } } @{ $h->{event} })
	{
		$facts++;
		push @violations, describe($event) unless grep { $_->{name} =~ /^(?:$operations{$event->{event}})$/
			  && $_->{owner} eq $event->{actor} && $_->{start} < $event->{at} && $_->{end} > $event->{at} } @{ $h->{op} };
	}
	return ($facts, @violations);
});

# ---- S2: enforcement ----

# The holder was told of the lease before the writer's guard ran, and the
# lease lasted until the guard had run.
rule('no other owner writes a row while it is locked', sub {
	my ($h) = @_;
	return in_each_row($h->{writes}, sub {
		my ($row, $writes) = @_;
		my @violations;
		for my $write (@$writes)
		{
			for my $guard ($h->guards_of($write))
			{
				next unless $write->{guarded} || $guard ne $row;
				push @violations, map { describe($write, $_) }
				  grep { $_->{owner} ne $write->{owner} && $_->{hard} && $_->{told} < $write->{t0} && $_->{ends} > $write->{t1} }
				  $h->leases_within($guard, $write->{t1}, $write->{t0});
			}
		}
		return (scalar @$writes, @violations);
	});
});

rule('a write of a table that requires a lock has one', sub {
	my ($h) = @_;
	my @writes = grep { $_->{tab} eq 'ident' && $_->{op} ne 'I' } @{ $h->{write} };
	my @violations;
	for my $write (@writes)
	{
		push @violations, describe($write) unless grep { $_->{owner} eq $write->{owner} && !$_->{handed_over} }
		  $h->leases_within(row_name($write), $write->{t0}, $write->{t1}, 'latest');
	}
	return (scalar @writes, @violations);
});

# ---- S3: fresh reads ----

# A writer of a child has locked the child before it waits for the parent.
rule('an acquirer reads the latest version', sub {
	my ($h) = @_;
	return in_each_row($h->{grants}, sub {
		my ($row, $grants) = @_;
		my @writes = grep { $_->{op} ne 'D' } @{ $h->{writes}{$row} // [] };
		my @violations;
		for my $grant (@$grants)
		{
			my $lease = ($h->{of_token}{ $grant->{token} } // [])->[0];
			my $time = $lease && row_name($lease) ne $row ? 't1' : 't0';
			push @violations, map { describe($grant, $_) } grep { $_->{version} > $grant->{version} && $_->{$time} < $grant->{told} } @writes;
		}
		return (scalar @$grants, @violations);
	});
});

# The new holder has not read the row before.
rule('a lock that was handed over is taken before it is used', sub {
	my ($h) = @_;
	my ($facts, @violations) = (0);
	for my $leases (values %{ $h->{of_token} })
	{
		next if !grep { $_->{kind} eq 'handed over' } @$leases;
		my ($used) = grep { $_->{kind} ne 'handed over' } @$leases;
		$facts++;
		push @violations, describe($used) if $used && $used->{kind} =~ /^(?:confirm|renew)$/;
	}
	return ($facts, @violations);
});

# ---- S4: fencing ----

sub first_grants
{
	my ($h) = @_;
	my %first;
	for my $grant (@{ $h->{grant} })
	{
		my $known = \$first{ row_name($grant) . ' ' . $grant->{token} };
		$$known = $grant if !$$known || $grant->{version} < $$known->{version};
	}
	return \%first;
}

sub is_hard
{
	my ($h, $token) = @_;
	return !grep { !$_->{hard} } @{ $h->{of_token}{$token} // [] };
}

rule('nothing came between reading a row and saving it', sub {
	my ($h) = @_;
	my $first = first_grants($h);
	return in_each_row($h->{writes}, sub {
		my ($row, $writes) = @_;
		my ($facts, @violations) = (0);
		my @ordered = sort { $a->{version} <=> $b->{version} } grep { $_->{op} ne 'D' } @$writes;
		for my $i (0 .. $#ordered)
		{
			my $save = $ordered[$i];
			my $grant = $save->{token} > 0 && $first->{"$row $save->{token}"};
			next if !$grant || !is_hard($h, $save->{token});
			$facts++;
			for (my $j = $i - 1; $j >= 0 && $ordered[$j]{version} > $grant->{version}; $j--)
			{
				push @violations, describe($grant, $ordered[$j], $save)
				  if $ordered[$j]{owner} ne $save->{owner} && ($ordered[$j]{guarded} || $ordered[$j]{op} eq 'I');
			}
		}
		return ($facts, @violations);
	});
});

rule('a save is by the holder, with the latest token', sub {
	my ($h) = @_;
	return in_each_row($h->{writes}, sub {
		my ($row, $writes) = @_;
		my ($facts, %latest, @violations) = (0);
		for my $save (sort { $a->{t0} <=> $b->{t0} } grep { $_->{token} > 0 } @$writes)
		{
			my $lease = ($h->{of_token}{ $save->{token} } // [])->[0];
			my $of = $lease ? row_name($lease) : '';
			push @violations, describe($save) if !$lease || $lease->{owner} ne $save->{owner} || $save->{token} < ($latest{$of} // 0);
			$latest{$of} = $save->{token};
			$facts++;
		}
		return ($facts, @violations);
	});
});

# The period ends with the last write of the transaction that is recorded,
# since its commit is not.
rule('from confirm to commit no other owner writes or locks the row', sub {
	my ($h) = @_;
	my (%last, @violations);
	for my $write (@{ $h->{write} })
	{
		$last{ $write->{xid} } = $write->{t1} if $write->{t1} > ($last{ $write->{xid} } // 0);
	}
	my @confirms = grep { $_->{kind} eq 'confirm' && $last{ $_->{xid} } } @{ $h->{lease} };
	for my $confirm (@confirms)
	{
		my ($from, $to) = ($confirm->{told}, $last{ $confirm->{xid} });
		push @violations, map { describe($confirm, $_) } grep { $_->{token} != $confirm->{token} && $_->{told} > $from && $_->{told} < $to }
		  $h->leases_within(row_name($confirm), $from, $to);
		my $end = $h->{ends}{ $confirm->{token} };
		push @violations, describe($confirm, $end) if $end && $end->{at} > $from && $end->{at} < $to && $end->{event} ne 'released';
		for my $row ($h->guarded_by($confirm))
		{
			# a child is locked before its guard locks the parent
			my $time = $row eq row_name($confirm) ? 't0' : 't1';
			push @violations, map { describe($confirm, $_) } grep { $_->{xid} ne $confirm->{xid} && $_->{$time} > $from && $_->{$time} < $to }
			  @{ $h->{writes}{$row} // [] };
		}
	}
	return (scalar @confirms, @violations);
});

rule('a lock that has ended is not used any more', sub {
	my ($h) = @_;
	return in_each_row($h->{leases}, sub {
		my ($row, $leases) = @_;
		return (scalar @$leases, map { describe($h->{ends}{ $_->{token} }, $_) }
			  grep { $h->{ends}{ $_->{token} } && $_->{told} > $h->{ends}{ $_->{token} }{at} } @$leases);
	});
});

# ---- expiry ----

# The write was allowed, so the guard has found that the lock had expired.
# Where the clock was set back, a heartbeat may extend such a lock in some
# cases, but it cannot be confirmed or acquired (rule 5 of src/README.md); and
# one that was handed over can be taken, since its holder reads the row then.
rule('a lock that a write has passed is not used any more', sub {
	my ($h) = @_;
	return in_each_row($h->{writes}, sub {
		my ($row, $writes) = @_;
		my ($facts, @violations) = (0);
		for my $write (grep { $_->{guarded} } @$writes)
		{
			for my $guard ($h->guards_of($write))
			{
				my @before = grep { $_->{owner} ne $write->{owner} && $_->{hard} && $_->{told} < $write->{t0} }
				  $h->leases_within($guard, $write->{t0} - $h->{longest}, $write->{t0});
				my %before = map { ($_->{token} => $_) } grep { !$_->{handed_over} || !@{ $h->{step} // [] } } @before;
				for my $token (keys %before)
				{
					$facts++;
					push @violations, map { describe($before{$token}, $write, $_) }
					  grep { $_->{told} > $write->{t1} && ($_->{kind} ne 'renew' || !@{ $h->{step} // [] }) } @{ $h->{of_token}{$token} };
				}
			}
		}
		return ($facts, @violations);
	});
});

# Leases that a client knows to be committed, and when it was told.  Several
# clients of an owner may use a token at the same time, so it is the lease
# that its backend has recorded.
sub committed_leases
{
	my ($h) = @_;
	my %committed;
	for my $op (grep { $_->{outcome} eq 'ok' } @{ $h->{op} })
	{
		for my $token (grep { $_ } map { $op->{results}{$_} } qw(token used))
		{
			for my $lease (grep { $_->{pid} == $op->{results}{pid} && $_->{told} > $op->{start} && $_->{told} < $op->{end} } @{ $h->{of_token}{$token} // [] })
			{
				$committed{$lease} = $op->{end};
			}
		}
	}
	return \%committed;
}

rule('is_locked() is right', sub {
	my ($h) = @_;
	my $committed = committed_leases($h);
	my @violations;
	for my $look (@{ $h->{look} })
	{
		my @leases = $h->leases_within(row_name($look), $look->{t0}, $look->{t1});
		if ($look->{locked})
		{
			push @violations, describe($look) unless $h->leases_within(row_name($look), $look->{t0}, $look->{t1}, 'latest');
		}
		elsif ($look->{tab} !~ /^(?:doc|region|veiled)$/)		# keys change, rows are hidden
		{
			push @violations, map { describe($look, $_) }
			  grep { $committed->{$_} && $committed->{$_} < $look->{t0} && $_->{ends} > $look->{t1} } @leases;
		}
	}
	return (scalar @{ $h->{look} }, @violations);
});

rule('a refusal names the holder of a lock', sub {
	my ($h) = @_;
	my ($facts, @violations) = (0);
	for my $op (grep { $_->{outcome} eq '55P03' } @{ $h->{op} })
	{
		my ($key, $table, $owner) = $op->{message} =~ /^row "(.*)" of table "(\w+)" is locked by (\w+)$/ or next;
		my $n = $h->{n_of}{"$table $key"} // next;
		$facts++;
		push @violations, describe($op) unless grep { $_->{owner} eq $owner } $h->leases_within("$table/$n", $op->{start}, $op->{end}, 'latest');
	}
	return ($facts, @violations);
});

# ---- order ----

# A violation is a request that was in the queue before and after, and ahead
# of the one that was chosen, unless it is the former holder's own.
rule('rows are handed over in the order of the requests', sub {
	my ($h) = @_;
	my @violations;
	for my $handed (@{ $h->{handed} })
	{
		my ($before, $after) = map { [ $handed->{$_} =~ /(\d+ \w+)/g ] } qw(before after);
		my %still = map { ($_ => 1) } @$after;
		my ($chosen) = grep { $before->[$_] =~ / \Q$handed->{next}\E$/ } 0 .. $#$before;
		next unless defined $chosen;
		push @violations, describe($handed) if grep { $still{ $before->[$_] } && $before->[$_] !~ / \Q$handed->{owner}\E$/ } 0 .. $chosen - 1;
	}
	return (scalar @{ $h->{handed} }, @violations);
});

# Until when a call of acquire() certainly waited for its turn: until it was
# granted, or until its time was over.  Returns 0 for one that was disturbed,
# or took so long that others may have been let past it.
sub waited_until
{
	my ($h, $op) = @_;
	return 0 if $op->{end} - $op->{start} > 900_000 || !defined $op->{results}{arrived};
	return $op->{results}{arrived} + 1000 * $op->{results}{wait} - 2000 if $op->{outcome} eq '55P03';
	my $lease = $op->{outcome} eq 'ok' && ($h->{of_token}{ $op->{results}{token} } // [])->[0];
	return $lease && $lease->{kind} eq "wait $op->{id}" ? $lease->{told} : 0;
}

# The locks of which the operation may have seen each as the last one: those
# that came after were perhaps not committed when it began.
sub last_seen
{
	my ($h, $op, $time, $committed) = @_;
	my @seen;
	for my $lease (grep { $_->{told} < $time } reverse @{ $h->{leases}{ row_name($op) } // [] })
	{
		push @seen, $lease;
		last if $lease->{told} < $op->{start} - 1_000_000 || ($committed->{$lease} && $committed->{$lease} < $op->{start});
	}
	return @seen;
}

# Did the owner hold the last lock before this time, or one while it waited?
# Then it did not queue, but may have waited for the row itself.
sub held_before
{
	my ($h, $op, $time, $committed) = @_;
	return grep { $_->{told} < $time && $_->{owner} eq $op->{owner} } last_seen($h, $op, $time, $committed),
	  $h->leases_within(row_name($op), $op->{start}, $time, 'latest');
}

# Two grants are out of order rightly: each session tries once more at the end
# of its time, and the former holder may resume its lock.  If it waits for the
# transaction of another owner then, it takes the row as that leaves it.
rule('waiting sessions are served in the order of their arrival', sub {
	my ($h) = @_;
	my ($facts, @violations) = (0);
	return 0 if $h->{setting}{queue} ne 't';
	my $committed = committed_leases($h);
	for my $op (grep { $_->{outcome} eq 'ok' && $_->{results}{waiting} && $_->{tab} !~ /^(?:doc|pair|veiled)$/ } @{ $h->{op} })
	{
		my $granted = waited_until($h, $op) or next;
		next if $granted > $op->{results}{arrived} + 1000 * $op->{results}{wait} - 2000 || held_before($h, $op, $granted, $committed);
		$facts++;
		push @violations, map { describe($_, $op) } grep { $_ && waited_until($h, $_) > $granted }
		  map { $h->{of_id}{$_} } split /,/, $op->{results}{waiting};
	}
	return ($facts, @violations);
});

# ---- events ----

# Lists of events of each row.
sub sequences
{
	my ($h, $events) = @_;
	my %of;
	push @{ $of{"$_->{relation} $_->{key}"} }, $_ for grep { $h->number($_) && $_->{event} !~ /^(?:requested|withdrawn|declined)$/ } @$events;
	return \%of;
}

sub event_name
{
	my ($event) = @_;
	return $event ? "$event->{event} $event->{token}" : 'nothing';
}

# The first event, from a position on, that a connection may have heard first:
# all that were lost before it happened before it listened.
sub latest_start
{
	my ($happened, $position, $connection) = @_;
	$position++ while $happened->[$position] && $happened->[$position]{at} < $connection->{at};
	return $position;
}

sub is_part
{
	my ($happened, $start, @heard) = @_;
	return !grep { event_name($heard[$_]) ne event_name($happened->[ $start + $_ ]) } 0 .. $#heard;
}

# What a connection has heard of a row is a part of what happened, without
# gaps; the last connection has heard the rest.  A lock may be resumed several
# times, so events do not tell where the part begins: it may be at any
# position at which it fits.  Returns the position after the part, and a
# violation, if there is one.
sub follow
{
	my ($row, $happened, $position, $connection, $is_last, @heard) = @_;
	my $latest = latest_start($happened, $position, $connection);
	my @fits = grep { is_part($happened, $_, @heard) } $position .. $latest;
	my ($start) = $is_last ? $fits[-1] : $fits[0];
	return $start + @heard if defined $start;
	my ($i) = grep { event_name($heard[$_]) ne event_name($happened->[ $latest + $_ ]) } 0 .. $#heard;
	my $other = $happened->[ $latest + $i ];
	return ($position, "$row, connection $connection->{session} of $connection->{at}: event " . ($latest + $i) . ' was ' . event_name($other)
		  . ($other ? " at $other->{at}" : '') . ', heard was ' . event_name($heard[$i]));
}

# A listener whose connection is lost with the server misses the last events
# before, and those until it listens again.
rule('the events of a row arrive, once, and in order', sub {
	my ($h) = @_;
	my ($heard, $happened) = map { sequences($h, $h->{$_}) } qw(heard event);
	return 0 if !@{ $h->{connected} };
	return in_each_row({ %$heard, %$happened }, sub {
		my ($row) = @_;
		my @happened = @{ $happened->{$row} // [] };
		my $position = 0;
		for my $connection (@{ $h->{connected} })
		{
			my @heard = grep { $_->{session} == $connection->{session} } @{ $heard->{$row} // [] };
			my $is_last = $connection == $h->{connected}[-1];
			next if !@heard && !$is_last;
			($position, my $violation) = follow($row, \@happened, $position, $connection, $is_last, @heard);
			return (scalar @happened, $violation) if $violation;
		}
		my $missed = $happened[$position] && event_name($happened[$position]);
		return (scalar @happened, $missed ? "$row: event $position was $missed, which was not heard" : ());
	});
});

rule('listeners receive each request', sub {
	my ($h) = @_;
	my (%heard, %told);
	return 0 if @{ $h->{connected} } != 1;
	$heard{ $_->{relation} . '/' . $h->number($_) . ' ' . $_->{owner} }++ for grep { $_->{event} eq 'requested' } @{ $h->{heard} };
	$told{ row_name($_) . ' ' . $_->{owner} }++ for grep { $_->{name} eq 'request' && $_->{outcome} eq 'ok' } @{ $h->{op} };
	return (scalar keys %told, map { "$_: $told{$_} requests, heard of " . ($heard{$_} // 0) } grep { ($heard{$_} // 0) < $told{$_} } sort keys %told);
});

1;
