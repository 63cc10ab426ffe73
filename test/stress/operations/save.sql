-- weight 14
BEGIN :isolation;
SELECT stress.note(:token, 'confirm', locking.confirm(:token));
SET LOCAL stress.token = :token;
?30 SELECT pg_sleep(:pause);
UPDATE :table SET body = ':value' WHERE n = :row RETURNING version AS wrote;
?20 SELECT stress.note(:token, 'renew', locking.renew(:token));
?40 SELECT locking.release(:token), stress.note_handed_over();
:end;
