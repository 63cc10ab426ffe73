-- weight 8
BEGIN;
SELECT stress.note(locking.acquire(':table', :key, ttl => ':ttl ms'), 'acquire') AS token;
INSERT INTO stress.granted SELECT ':table', n, :token, stress.owner(), version, body, clock_timestamp() FROM :table WHERE n = :row
	RETURNING version AS read;
COMMIT;
SELECT pg_sleep(:pause);
BEGIN :isolation;
SELECT stress.note(:token, 'confirm', locking.confirm(:token));
SET LOCAL stress.token = :token;
UPDATE :table SET body = ':value' WHERE n = :row RETURNING version AS wrote;
?40 SELECT locking.release(:token), stress.note_handed_over();
:end;
