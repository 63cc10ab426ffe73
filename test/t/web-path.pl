# Operators and functions in a schema of the search_path that match better
# than PostgreSQL's own: the server must not call them with the rights of the
# role that has signed in.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use LockingTest;
use LockingWeb;
use Test::More;

my $node = new_web_node('main', conf => ['log_min_messages = warning']);
sql($node, <<'SQL');
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE TABLE line (article integer REFERENCES article, n smallint, mood mood, at timestamptz DEFAULT '2026-11-23', about jsonb, tags text[], PRIMARY KEY (article, n));
INSERT INTO line SELECT g, 1, 'glad' FROM generate_series(1, 20) g;
SELECT locking.protect('line', parent => 'line_article_fkey');
GRANT ALL ON line TO anna, boss;
SQL

# Each raises an error, so that a call fails and is logged.
sql($node, <<'SQL');
DO $$
DECLARE
	types text[] := '{name,text,varchar,"\"char\"",int2,int4,int8,float8,numeric,oid,regclass,regprocedure,bool,json,jsonb,timestamptz,interval,int2[],text[],name[],int2vector,mood}';
	operators text[] := '{=,<>,<,>,<=,>=,->,->>,||,~~,~~*,+,-,#,&,>>}';
	functions text[] := ARRAY(SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN ('format',
		'json_build_object', 'json_build_array', 'json_agg', 'row_to_json', 'json_object', 'array_to_json', 'string_agg', 'quote_ident', 'quote_literal', 'array_position', 'cardinality', 'unnest',
		'has_table_privilege', 'has_column_privilege', 'has_function_privilege', 'pg_has_role', 'aclexplode', 'to_regclass', 'pg_partition_root', 'left', 'lower', 'length', 'repeat', 'replace',
		'translate', 'encode', 'decode', 'convert_to', 'convert_from', 'date_part', 'current_setting', 'obj_description', 'shobj_description', 'col_description', 'pg_get_expr', 'format_type',
		'jsonb_typeof', 'json_typeof', 'json_array_length', 'json_each_text', 'jsonb_each', 'pg_relation_size', 'set_config', 'min', 'max'));
	one text;
	other text;
	what text;
	n integer := 0;
	body text := ' LANGUAGE plpgsql AS $f$BEGIN RAISE EXCEPTION ''HIJACKED: %''; END$f$';
BEGIN
	SET LOCAL search_path = pg_catalog, public;
	FOREACH one IN ARRAY types LOOP
		FOREACH other IN ARRAY types LOOP
			n := n + 1;
			EXECUTE pg_catalog.format('CREATE FUNCTION public.raise_%s(%s, %s) RETURNS boolean' || pg_catalog.replace(body, '%', pg_catalog.replace(one || ' ' || other, '"', '')), n, one, other);
			FOREACH what IN ARRAY operators LOOP
				EXECUTE pg_catalog.format('CREATE OPERATOR public.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = public.raise_%s)', what, one, other, n);
			END LOOP;
		END LOOP;
		FOREACH what IN ARRAY functions LOOP
			EXECUTE pg_catalog.format('CREATE FUNCTION public.%I(%s) RETURNS text' || pg_catalog.replace(body, '%', what), what, one);
			EXECUTE pg_catalog.format('CREATE FUNCTION public.%1$I(%2$s, text) RETURNS text' || pg_catalog.replace(body, '%', what), what, one);
			EXECUTE pg_catalog.format('CREATE FUNCTION public.%1$I(%2$s, name) RETURNS text' || pg_catalog.replace(body, '%', what), what, one);
		END LOOP;
	END LOOP;
END $$;
SQL
is(sql($node, q(SELECT current_setting('search_path'))), '"$user", public', 'public is in the search_path of a session');

# ---- every kind of request ----

my $server = web_server($node);
my ($anna, $boss) = map { $server->sign_in($_) } qw(anna boss);
is($anna->get('/session')->{json}{owner_name}, 'Anna Albers', 'signed in, with the display name');
my $line = '/tables/line/rows/' . segment('{2,1}');
my $cursor = $anna->get('/tables/line/rows?limit=3&sort=mood')->{json}{next};
is($anna->get($_)->{status}, 200, $_) for '/tables', '/tables/line', '/tables/article', '/tables/line/rows', "/tables/line/rows?limit=3&sort=mood&after=$cursor", "/tables/line/rows?limit=3&sort=mood&before=$cursor",
  map({ "/tables/line/rows?sort=$_" } qw(at tags n)), '/tables/line/rows?q=a', '/tables/line/rows?locked=true', '/tables/line/rows?filter=' . segment('{"mood": "glad", "article": "2"}'), $line,
  '/tables/article/rows/2', "$line/lock", "$line/request", "$line/draft", '/tables/line/draft', '/drafts', '/tables/line/choices?column=article&q=t', '/tables/article/count?q=t', '/tables/article/csv?q=t&sort=title', '/tables/article/labels?keys=%5B%222%22%5D', '/locks', '/locks?table=line&q=x', '/history', '/history?table=line&key=1';
my $row = '/tables/article/rows/2';
my $token = $anna->post("$row/lock", { client => 'a', note => 'b', ttl => 60 })->{json}{lock}{token};
is($anna->put("$row/lock", { token => $token, draft => { a => 1 } })->{status}, 200, 'renewed');
is($anna->put("$row/draft", { token => $token, data => 1 })->{status}, 204, 'a draft');
is($boss->post("$row/request", { message => 'x' })->{status}, 201, 'a request');
is($boss->delete("$row/request")->{status}, 204, 'withdrawn');
is($anna->put($line, { token => $token, values => { mood => 'sad', about => '{"a": 1}', tags => '{a}' }, keep => JSON::PP::true })->{status}, 200, 'a child saved');
is($anna->post('/tables/line/rows', { token => $token, values => { article => '2', n => '2' } })->{status}, 201, 'a child inserted');
is($anna->put($row, { token => $token, values => { body => 'x' } })->{status}, 200, 'saved');
$token = $anna->post('/tables/article/rows/3/lock')->{json}{lock}{token};
is($anna->put('/tables/line/rows/' . segment('{3,1}'), { token => $token, values => { mood => 'angry' } })->{json}{column}, 'mood', 'a bad value');
$anna->post("$row/lock");
is($boss->post("$row/lock/takeover", { reason => 'x' })->{status}, 200, 'taken over');
is($boss->post('/locks/break', { locks => [ { table => 'article', key => '2' } ] })->{json}{results}[0]{broken}, JSON::PP::true, 'broken');
is($boss->put('/tables/line/protection', { parent => 'line_article_fkey', columns => ['mood'] })->{status}, 200, 'protected');
is($boss->delete('/tables/line/protection')->{status}, 204, 'unprotected');
is($anna->get("//admin/ajax/$_/", undef, 'X-Requested-With' => 'XMLHttpRequest')->{status}, 404, "ajax: $_") for 'a/b/1/lock';
is($server->client->get('//readyz')->{status}, 200, 'ready');
is_deeply([ server_log($node) =~ /(HIJACKED: .*)/g ], [], 'none of the functions was called');
$server->stop_ok;
done_testing();
