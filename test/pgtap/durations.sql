--
-- Times in messages: days, hours and minutes, not thousands of seconds
--
SELECT plan(23);

CREATE TABLE article (id integer PRIMARY KEY);
INSERT INTO article VALUES (1);
SELECT locking.protect('article');
CREATE ROLE durations_anna;
GRANT SELECT, UPDATE ON article TO durations_anna;

-- the limit: exactly
CREATE FUNCTION limit_text(seconds text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	PERFORM set_config('locking.max_ttl', seconds, true);
	PERFORM locking.acquire('article', 1, '60000 days');
	RETURN 'no error';
EXCEPTION WHEN invalid_parameter_value THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN substring(detail FROM 'allows at most (.*)\.$');
END $$;
SELECT is(limit_text(seconds), expected, seconds || ' s')
FROM (VALUES ('1', '1 second'), ('59', '59 seconds'), ('60', '60 seconds'), ('90', '90 seconds'), ('120', '120 seconds'),
	('121', '2 minutes 1 second'), ('180', '3 minutes'), ('3600', '1 hour'), ('9000', '2 hours 30 minutes'),
	('86400', '1 day'), ('259200', '3 days'), ('100000', '1 day 3 hours 46 minutes 40 seconds'),
	('2147483647', '24855 days 3 hours 14 minutes 7 seconds')) AS v(seconds, expected);

-- the time that a lock has left: rounded up, so that the test does not depend
-- on its own speed
CREATE FUNCTION left_text(ttl interval) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	PERFORM locking.release_all(), set_config('locking.max_ttl', '2147483647', true);
	PERFORM locking.acquire('article', 1, ttl);
	SET LOCAL ROLE durations_anna;
	UPDATE article SET id = id;
	RETURN 'no error';
EXCEPTION WHEN lock_not_available THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN substring(detail FROM ', (.*)\.$');
END $$;
SELECT is(left_text(ttl::interval), 'for another ' || expected, ttl)
FROM (VALUES ('3 days', '3 days'), ('25 h', '1 day 1 hour'), ('1 day 1 s', '1 day 1 hour'), ('24 h', '1 day'), ('150 min', '2 hours 30 minutes'),
	('2 h 1 s', '2 hours 1 minute'), ('30 min', '30 minutes'), ('12000 days', '12000 days')) AS v(ttl, expected);
SELECT matches(left_text('5 min'), '^for another (5 minutes|4 minutes [0-9]+ seconds?)$', '5 min');
SELECT matches(left_text('100 s'), '^for another [0-9]+ seconds$', '100 s');
SELECT finish();
