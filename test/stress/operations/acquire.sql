-- weight 14
BEGIN :isolation;
SELECT stress.note(locking.acquire(':table', :key, ttl => ':ttl ms'), 'acquire') AS token;
INSERT INTO stress.granted SELECT ':table', n, :token, stress.owner(), version, body, clock_timestamp() FROM :table WHERE n = :row
	RETURNING version AS read;
?20 SELECT pg_sleep(:pause);
:end;
