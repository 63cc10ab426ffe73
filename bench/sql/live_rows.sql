-- The rows, in the physical order given by the variable order_by.
SET locking.enforce = off;
TRUNCATE bench.live;
INSERT INTO bench.live SELECT :key, 0, now() FROM generate_series(1, :rows) g ORDER BY :order_by;
VACUUM ANALYZE bench.live;
