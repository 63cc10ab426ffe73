-- Trigger functions that are called or attached where they do not belong.
BEGIN;
\ir lib/attack.sql
SELECT * FROM no_plan();

SET SESSION AUTHORIZATION mallory;
CREATE TABLE m.odd (id integer PRIMARY KEY);
INSERT INTO m.odd VALUES (1);
CREATE VIEW m.odd_view AS SELECT * FROM m.odd;
SELECT throws_ok(format('CREATE TRIGGER t BEFORE UPDATE ON m.odd FOR EACH ROW EXECUTE FUNCTION locking.%s()', f), '42501', NULL,
	'CREATE TRIGGER needs EXECUTE on ' || f)
FROM unnest('{settings_changed,raise_gate,event_arrives}'::text[]) f;
-- a new partition's triggers are created with the rights of its creator, who
-- therefore needs EXECUTE
SELECT lives_ok('CREATE TRIGGER t BEFORE UPDATE ON m.odd FOR EACH ROW EXECUTE FUNCTION locking.guard()', 'CREATE TRIGGER does not need EXECUTE on the guard');
SELECT throws_ok('UPDATE m.odd SET id = id', '55000', 'table "odd" has the guard trigger "t", but is not protected',
	'such a trigger refuses writes to a table that is not protected');
DROP TRIGGER t ON m.odd;
SELECT throws_ok(format('SELECT locking.%s()', f), '39P01', NULL, 'a direct call fails: ' || f) FROM unnest('{guard,guard_truncate}'::text[]) f;
SELECT throws_ok(format('SELECT locking.%s()', f), '42501', NULL, 'a direct call needs EXECUTE on ' || f)
FROM unnest('{settings_changed,event_arrives,before_ddl,on_ddl,on_drop}'::text[]) f;
RESET SESSION AUTHORIZATION;
SELECT throws_ok(format('SELECT locking.%s()', f), '39P01', NULL, 'a direct call by a superuser fails: ' || f)
FROM unnest('{settings_changed,raise_gate,event_arrives,before_ddl,on_ddl,on_drop}'::text[]) f;
CREATE FUNCTION public.odd(f text, timing text, level text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TRIGGER odd %s %s EXECUTE FUNCTION locking.%s()', timing, level, f);
	IF timing ~ 'TRUNCATE' THEN TRUNCATE m.odd;
	ELSIF timing ~ 'odd_view' THEN UPDATE m.odd_view SET id = 2;
	ELSE UPDATE m.odd SET id = 2; END IF;
	RAISE 'passed' USING ERRCODE = 'TAP01';
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE;
END $$;
SELECT is(public.odd(f, timing, level), '39P01', format('%s: %s %s', f, timing, level))
FROM (VALUES ('guard', 'AFTER UPDATE ON m.odd', 'FOR EACH ROW'), ('guard', 'BEFORE UPDATE ON m.odd', 'FOR EACH STATEMENT'),
	('guard', 'AFTER UPDATE ON m.odd', 'FOR EACH STATEMENT'), ('guard', 'INSTEAD OF UPDATE ON m.odd_view', 'FOR EACH ROW'),
	('guard', 'BEFORE TRUNCATE ON m.odd', 'FOR EACH STATEMENT'),
	('guard_truncate', 'BEFORE UPDATE ON m.odd', 'FOR EACH ROW'), ('guard_truncate', 'AFTER TRUNCATE ON m.odd', 'FOR EACH STATEMENT'),
	('guard_truncate', 'INSTEAD OF UPDATE ON m.odd_view', 'FOR EACH ROW'),
	('settings_changed', 'BEFORE UPDATE ON m.odd', 'FOR EACH STATEMENT')) x (f, timing, level);
SELECT is(public.odd(f, timing, level), '55000', format('%s on a table that is not protected: %s', f, timing))
FROM (VALUES ('guard', 'BEFORE UPDATE ON m.odd', 'FOR EACH ROW'), ('guard_truncate', 'BEFORE TRUNCATE ON m.odd', 'FOR EACH STATEMENT')) x (f, timing, level);
SELECT isnt(public.odd(f, 'BEFORE UPDATE ON m.odd', 'FOR EACH ROW'), 'TAP01', f || '() on another table fails')
FROM unnest('{settings_changed,raise_gate,event_arrives}'::text[]) f;
SELECT throws_ok('CREATE EVENT TRIGGER odd ON ddl_command_start EXECUTE FUNCTION locking.guard()', NULL, NULL, 'guard() as an event trigger');
SELECT lives_ok($$CREATE EVENT TRIGGER odd ON ddl_command_start EXECUTE FUNCTION locking.on_ddl(); CREATE TABLE m.odd2 (id integer); DROP EVENT TRIGGER odd$$,
	'on_ddl() at another event');
SELECT lives_ok($$CREATE EVENT TRIGGER odd ON ddl_command_end EXECUTE FUNCTION locking.before_ddl(); ALTER TABLE m.odd2 ADD x integer; DROP EVENT TRIGGER odd$$,
	'before_ddl() at another event');
SELECT throws_ok($$CREATE EVENT TRIGGER odd ON ddl_command_end EXECUTE FUNCTION locking.on_drop(); CREATE TABLE m.odd3 (id integer)$$,
	'39P03', NULL, 'on_drop() at another event');

SELECT * FROM finish();
ROLLBACK;
