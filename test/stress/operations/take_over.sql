-- weight 3
BEGIN :isolation;
SELECT stress.note(locking.take_over(':table', :key, 'in need', ttl => ':ttl ms'), 'take over') AS token;
INSERT INTO stress.granted SELECT ':table', n, :token, stress.owner(), version, body, clock_timestamp() FROM :table WHERE n = :row
	RETURNING version AS read;
:end;
