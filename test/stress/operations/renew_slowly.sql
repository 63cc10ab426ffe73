-- weight 6
BEGIN :isolation;
SELECT stress.note(:token, 'renew', locking.renew(:token));
SELECT pg_sleep(:pause);
:end;
