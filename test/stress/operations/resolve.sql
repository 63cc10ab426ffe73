-- weight 2
-- superuser
SELECT gid FROM pg_prepared_xacts WHERE prepared < now() - interval '200 ms' LIMIT 1;
COMMIT PREPARED ':gid';
