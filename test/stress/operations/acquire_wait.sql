-- weight 14
SET application_name = ':id :table :row';
SELECT stress.waiting(':table :row') AS waiting;
SELECT stress.now() AS arrived;
BEGIN;
SELECT stress.note(locking.acquire(':table', :key, ttl => ':ttl ms', wait => ':wait ms'), 'wait :id') AS token;
INSERT INTO stress.granted SELECT ':table', n, :token, stress.owner(), version, body, clock_timestamp() FROM :table WHERE n = :row
	RETURNING version AS read;
COMMIT;
