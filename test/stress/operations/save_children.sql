-- weight 5
-- tables doc
BEGIN :isolation;
SELECT stress.note(:token, 'confirm', locking.confirm(:token));
SET LOCAL stress.token = :token;
?50 UPDATE doc SET body = ':value' WHERE n = :row RETURNING version AS wrote;
UPDATE item SET body = ':value' WHERE n = :row;
?30 SELECT pg_sleep(:pause);
?40 SELECT locking.release(:token), stress.note_handed_over();
:end;
