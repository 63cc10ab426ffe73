-- The rows, in the physical order :order_by.
SET locking.enforce = off;
TRUNCATE bench.live_empty, bench.live_guard;
SELECT format('INSERT INTO bench.%I SELECT %s, 0, now() FROM generate_series(1, %s) g ORDER BY %s',
	name, :'key', :rows, :'order_by') FROM unnest(ARRAY['live_empty', 'live_guard']) name \gexec
VACUUM ANALYZE bench.live_empty, bench.live_guard;
