-- weight 1
-- superuser
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'locking events';
