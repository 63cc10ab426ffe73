-- weight 5
BEGIN :isolation;
SELECT stress.note(token, 'try') AS token FROM locking.try_acquire(':table', :key, ttl => ':ttl ms') WHERE granted;
INSERT INTO stress.granted SELECT ':table', n, :token, stress.owner(), version, body, clock_timestamp() FROM :table WHERE n = :row
	RETURNING version AS read;
:end;
