-- weight 5
-- tables doc
BEGIN :isolation;
SELECT stress.note(locking.acquire('doc', :key, ttl => ':ttl ms'), 'acquire') AS token;
INSERT INTO stress.granted SELECT ':table', n, :token, stress.owner(), version, body, clock_timestamp() FROM :table WHERE n = :row
	RETURNING version AS read;
INSERT INTO stress.granted SELECT 'item', n, :token, stress.owner(), version, body, clock_timestamp() FROM item WHERE n = :row;
:end;
