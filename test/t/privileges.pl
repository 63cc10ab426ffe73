# CREATE EXTENSION grants exactly what the installation script names, whatever
# default privileges the installing superuser has; dump and restore keep that
# and later GRANTs and REVOKEs.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use Test::More;

my $node = new_node('main', conf => [ 'log_statement = none' ]);
my $folder = tmp_folder();

# The ACLs of all objects in the schema, including columns and row types, and
# the initial ones that pg_dump compares with.
my $acls = <<'SQL';
SELECT kind, name, coalesce((SELECT string_agg(a::text, ',' ORDER BY a::text COLLATE "C") FROM unnest(acl) a), 'null')
FROM (
	SELECT 'schema' AS kind, nspname::text AS name, nspacl AS acl FROM pg_namespace WHERE nspname = 'locking'
	UNION ALL SELECT relkind::text, oid::regclass::text, relacl FROM pg_class
		WHERE relnamespace = 'locking'::regnamespace
	UNION ALL SELECT 'column', attrelid::regclass || '.' || attname, attacl FROM pg_attribute
		WHERE attacl IS NOT NULL AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'locking'::regnamespace)
	UNION ALL SELECT 'function', oid::regprocedure::text, proacl FROM pg_proc
		WHERE pronamespace = 'locking'::regnamespace
	UNION ALL SELECT 'type', oid::regtype::text, typacl FROM pg_type WHERE typnamespace = 'locking'::regnamespace
	UNION ALL SELECT 'initial', pg_describe_object(classoid, objoid, objsubid), initprivs FROM pg_init_privs
		WHERE privtype = 'e' AND pg_describe_object(classoid, objoid, objsubid) ~ 'locking'
) o ORDER BY kind, name COLLATE "C"
SQL

sub acls { return sql($node, $acls, db => $_[0]) }

sql($node, <<'SQL');
CREATE ROLE mallory LOGIN;
CREATE ROLE app LOGIN;
CREATE ROLE "Odd ""role""";
CREATE DATABASE plain;
\c plain
CREATE EXTENSION locking;
SQL
my $plain = acls('plain');
like($plain, qr/^r\|locking\.lock\|postgres=arwdDxtm?\/postgres$/m, 'only the owner has privileges on records');
like($plain, qr/^v\|locking\.locks\|=r\/postgres,postgres=/m, 'PUBLIC may read the views');
like($plain, qr/^function\|locking\.set_owner\(text,text,boolean\)\|postgres=X\/postgres$/m, 'PUBLIC may not execute set_owner()');
unlike($plain, qr/mallory/, 'nothing is granted to a role');

my @kinds = ('TABLES', 'SEQUENCES', 'FUNCTIONS', 'TYPES', 'SCHEMAS');
my %hostile = (
	'granted to a role' => [ map { "GRANT ALL ON $_ TO mallory" } @kinds ],
	'granted with grant option' => [ map { "GRANT ALL ON $_ TO mallory, \"Odd \"\"role\"\"\" WITH GRANT OPTION" } @kinds ],
	'granted to PUBLIC' => [ map { "GRANT ALL ON $_ TO PUBLIC" } @kinds ],
	'to the owner, with grant option' => [ map { "GRANT ALL ON $_ TO postgres WITH GRANT OPTION" } @kinds ],
	'revoked from the owner' => [ map { "REVOKE ALL ON $_ FROM postgres" } @kinds ],
	'revoked from PUBLIC' => [ map { "REVOKE ALL ON $_ FROM PUBLIC" } @kinds ],
	'in a schema' => [ map { "IN SCHEMA public GRANT ALL ON $_ TO mallory" } grep { $_ ne 'SCHEMAS' } @kinds ],
	'all of these' => [ map { ("REVOKE ALL ON $_ FROM PUBLIC, postgres", "GRANT ALL ON $_ TO mallory WITH GRANT OPTION") } @kinds ],
);
my $n = 0;
for my $how (sort keys %hostile)
{
	my $db = 'hostile' . ++$n;
	sql($node, "CREATE DATABASE $db");
	sql($node, join('; ', map { "ALTER DEFAULT PRIVILEGES $_" } @{ $hostile{$how} }) . '; CREATE EXTENSION locking', db => $db);
	is(acls($db), $plain, "default privileges $how: the same ACLs");
	is(sql($node, 'SELECT count(*) FROM pg_shdepend WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())'
		. " AND refobjid = 'mallory'::regrole AND classid <> 'pg_default_acl'::regclass", db => $db), 0, "default privileges $how: no dependency on the role");
}

# ---- dump and restore ----

my $last = "hostile1";
sql($node, <<'SQL', db => $last);
GRANT EXECUTE ON FUNCTION locking.set_owner(text, text, boolean) TO app;
REVOKE SELECT ON locking.history FROM PUBLIC;
GRANT SELECT ON locking.history TO app;
REVOKE EXECUTE ON FUNCTION locking.purge_drafts(interval) FROM PUBLIC;
SQL
for my $db ('plain', $last)
{
	my $file = "$folder/$db.dump";
	my $before = acls($db);
	run_ok("dump of $db", $node, 'pg_dump', '-Fc', '-f', $file, '-d', $db);
	sql($node, "CREATE DATABASE restored_$db");
	sql($node, join('; ', map { "ALTER DEFAULT PRIVILEGES GRANT ALL ON $_ TO mallory" } @kinds), db => "restored_$db") if $db eq 'plain';
	run_ok("restore of $db", $node, 'pg_restore', '--exit-on-error', '-d', "restored_$db", $file);
	is(acls("restored_$db"), $before, "restore of $db: the same ACLs");
}

done_testing();
