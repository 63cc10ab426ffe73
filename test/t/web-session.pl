# Who one is: signing in and out, sessions and their limits, and what keeps other sites' pages out.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;

my $node = new_web_node('main');
my $server = web_server($node);

# ---- signing in ----

my $anna = $server->client;
my $reply = $anna->sign_in('anna', 'anna-pw');
is($reply->{status}, 201, 'signed in');
is($reply->{json}{role}, 'anna', 'as the role');
is($reply->{json}{owner_name}, 'Anna Albers', 'whose comment is her name');
like($reply->{headers}{'set-cookie'}, qr/^locking_session=[A-Za-z0-9_-]{43,}; Path=\/; HttpOnly; SameSite=Strict$/, 'the cookie');
is($anna->get('/session')->{json}{csrf}, $anna->{csrf}, 'the session tells its CSRF token');

$server->stop_ok;
done_testing();
