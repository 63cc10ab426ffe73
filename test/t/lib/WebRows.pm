# Tests of rows and locks in the API: paths, tokens, and checks of a reply's
# status and problem type.
package WebRows;

use strict;
use warnings;

use Exporter 'import';
use JSON::PP ();
use LockingTest;
use LockingWeb;
use Test::More;

our @EXPORT = qw(gives refused_as bytes token_of path $true $false);

our ($true, $false) = (JSON::PP::true, JSON::PP::false);

# Tests the status of a reply; returns its JSON.
sub gives
{
	my ($reply, $status, $name) = @_;
	is($reply->{status}, $status, $name) or diag("$reply->{content}\n", join ' ', (caller)[ 1, 2 ]);
	return $reply->{json};
}

sub refused_as
{
	my ($reply, $status, $kind, $name) = @_;
	is("$reply->{status} " . ($reply->{json}{type} // ''), "$status urn:locking:problem:$kind", $name)
	  or diag("$reply->{content}\n", join ' ', (caller)[ 1, 2 ]);
	return $reply->{json};
}

sub bytes { my ($text) = @_; utf8::encode($text); return $text }

# Acquires a lock and returns its token; dies if it is refused.
sub token_of
{
	my ($client, $path, %body) = @_;
	my $reply = $client->post("$path/lock", \%body);
	die "no lock on $path: $reply->{content}\n" unless $reply->{status} =~ /^20[01]$/;
	return $reply->{json}{lock}{token};
}

# A tilde precedes keys that a browser would take for a step in the path.
sub path
{
	my ($table, $key) = @_;
	return '/tables/' . segment($table) . '/rows/' . segment($key =~ /^~*\.{0,2}$/ ? "~$key" : $key);
}

1;
