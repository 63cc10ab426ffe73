-- weight 1
SELECT locking.reap(3);
