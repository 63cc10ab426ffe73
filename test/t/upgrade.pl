# pg_upgrade: settings, guards, drafts, history and locks are kept.  Between
# major versions where another is installed, otherwise from one to itself.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Test::More;

# LOCKING_OLD_BINDIR: programs of an older version, with the extension
# installed.
my ($new_bin) = map { s/\s+\z//r } qx(pg_config --bindir);
my $old_bin = $ENV{LOCKING_OLD_BINDIR} || $new_bin;

# The same version is both old and new; the old server is stopped.
my $old = new_node('old', conf => [ 'log_statement = none' ],
	$old_bin eq $new_bin ? () : (install_path => $old_bin =~ s{/bin/?\z}{}r));
my $new = new_node('new', conf => [ 'log_statement = none' ], stopped => 1);

# Created first and dropped, so that constraints have other OIDs in the new
# cluster, and columns other numbers in an ordinary dump.
sql($old, <<'SQL');
CREATE DATABASE app;
\c app
CREATE TABLE scrap (id integer PRIMARY KEY, other integer UNIQUE CHECK (other > 0));
DROP TABLE scrap;
CREATE EXTENSION locking;
CREATE ROLE editor LOGIN;
CREATE TABLE article (gone text, id integer PRIMARY KEY, body text, hits integer DEFAULT 0);
ALTER TABLE article DROP COLUMN gone;
INSERT INTO article SELECT g, 'body ' || g FROM generate_series(1, 5) g;
SELECT locking.protect('article', columns => '{body}', ttl => '1 hour');
CREATE TABLE line (id integer PRIMARY KEY, gone text, article integer CONSTRAINT of_article REFERENCES article, body text, CHECK (id > 0));
ALTER TABLE line DROP COLUMN gone;
INSERT INTO line VALUES (1, 1, 'a'), (2, 2, 'b');
SELECT locking.protect('line', parent => 'of_article');
CREATE TABLE other_line (id integer PRIMARY KEY, article integer CONSTRAINT of_article REFERENCES article);
INSERT INTO other_line VALUES (1, 1), (2, 2);
SELECT locking.protect('other_line', parent => 'of_article');
CREATE TABLE measure (city text, at date, body text, PRIMARY KEY (city, at)) PARTITION BY LIST (city);
CREATE TABLE measure_rome PARTITION OF measure FOR VALUES IN ('rome');
INSERT INTO measure VALUES ('rome', '2020-02-03', 'hot');
ALTER TABLE measure OWNER TO editor;
SELECT locking.protect('measure', required => true);
SQL
my $token = sql($old, "SELECT locking.acquire('article', 1, client => 'tab')", db => 'app', owner => 'ann');
my $lapsed = sql($old, "SELECT locking.acquire('article', 3)", db => 'app', owner => 'ann');
sql($old, "SELECT locking.renew($token, draft => '{\"a\": 1}'); SELECT locking.acquire('measure', ARRAY['rome', '2020-02-03'])",
	db => 'app', owner => 'ann');
sql($old, "SELECT locking.request('article', 1, 'please')", db => 'app', owner => 'bob');
sql($old, "UPDATE locking.lock SET expires_at = clock_timestamp() - interval '1 minute' WHERE token = $lapsed", db => 'app');

my @kept = (
	'SELECT relation, hard, required, columns, ttl, warning, parent, key, guarded FROM locking.protected_tables ORDER BY 1',
	'SELECT * FROM locking.lock ORDER BY token',
	'SELECT * FROM locking.draft ORDER BY token',
	'SELECT * FROM locking.event ORDER BY id',
	'SELECT * FROM locking.request_queue ORDER BY id',
	"SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE tgname LIKE '~locking%' OR tgname = 'settings_changed' ORDER BY 1, 2",
	"SELECT evtname, evtenabled FROM pg_event_trigger ORDER BY 1",
	"SELECT extname, extversion, extconfig::regclass[] FROM pg_extension WHERE extname = 'locking'",
);
my %before = map { $_ => sql($old, $_, db => 'app') } @kept;
$old->stop;

my $folder = tmp_folder();
chdir $folder or die "$folder: $!\n";
my @command = ('pg_upgrade', '-b', $old_bin, '-B', $new_bin, '-d', $old->data_dir, '-D', $new->data_dir,
	'-s', $new->host, '-p', $old->port, '-P', $new->port);
run_ok('pg_upgrade --check', $new, @command, '--check');
run_ok('pg_upgrade', $new, @command);
chdir '/';
$new->start;

is(sql($new, $_, db => 'app'), $before{$_}, "kept: $_") for @kept;

my %at = (db => 'app');
sub enforced
{
	my ($when) = @_;
	refused("$when: an old lock is enforced", $new, '55P03', "UPDATE article SET body = 'bob' WHERE id = 1", %at, owner => 'bob');
	accepted("$when: columns that are not guarded are free", $new, 'UPDATE article SET hits = hits + 1 WHERE id = 1', %at, owner => 'bob');
	refused("$when: a child row is guarded by its parent's lock", $new, '55P03', 'UPDATE line SET body = 1 WHERE id = 1', %at,
		owner => 'bob', message => qr/and with it its rows in "line"/);
	refused("$when: a child row of the other table is guarded", $new, '55P03', 'DELETE FROM other_line WHERE id = 1', %at, owner => 'bob');
	accepted("$when: a child row of an unlocked parent is free", $new, 'UPDATE line SET body = 1 WHERE id = 2', %at, owner => 'bob');
	refused("$when: a partition is guarded", $new, '55P03', 'DELETE FROM measure_rome', %at, owner => 'bob');
	refused("$when: from TRUNCATE too", $new, '55P03|LK002', 'TRUNCATE measure_rome', %at, owner => 'bob');
	return;
}
enforced('after pg_upgrade');

my $next = sql($new, "SELECT locking.acquire('article', 2)", %at, owner => 'bob');
cmp_ok($next, '>', $lapsed, 'tokens continue');
refused('a lock made now guards children', $new, '55P03', 'UPDATE line SET body = 2 WHERE id = 2', %at, owner => 'ann');
accepted('an old lock is confirmed, used and released', $new, <<"SQL", %at, owner => 'ann');
BEGIN;
SELECT locking.confirm($token);
UPDATE article SET body = 'saved' WHERE id = 1;
UPDATE line SET body = 'saved' WHERE id = 1;
COMMIT;
SQL
accepted('a lapsed lock resumes, as its row did not change', $new, "SELECT locking.renew($lapsed)", %at, owner => 'ann');

# Settings still follow DDL.
accepted('columns are renamed', $new, 'ALTER TABLE article RENAME body TO text; ALTER TABLE line RENAME CONSTRAINT of_article TO to_article', %at);
is(sql($new, "SELECT columns FROM locking.protected WHERE relation = 'article'::regclass", %at), '{text}', 'guarded columns have their new names');
is(sql($new, "SELECT parent FROM locking.protected WHERE relation = 'line'::regclass", %at), 'to_article', 'the foreign key has its new name');
refused('a renamed column is guarded', $new, '55P03', "UPDATE article SET text = 'bob' WHERE id = 1", %at, owner => 'bob');
accepted('a partition is added', $new, "CREATE TABLE measure_oslo PARTITION OF measure FOR VALUES IN ('oslo')", %at);
accepted('protect() again', $new, "SELECT locking.protect('line', parent => 'to_article')", %at);
accepted('the extension can be dropped', $new, 'DROP EXTENSION locking CASCADE', %at);

$new->stop;
note('not tested: an upgrade from another major version, since none is installed beside '
	  . "$new_bin (LOCKING_OLD_BINDIR)") if $old_bin eq $new_bin;

done_testing();
