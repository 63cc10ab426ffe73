-- weight 1
-- superuser
VACUUM (FREEZE, ANALYZE) :table;
VACUUM locking.lock;
