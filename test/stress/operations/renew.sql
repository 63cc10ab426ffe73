-- weight 12
SELECT stress.note(:token, 'renew', locking.renew(:token));
