-- weight 3
SELECT stress.note(:token, 'renew', locking.renew(:token, ttl => ':ttl ms', draft => '{"text": ":value"}'));
