-- weight 4
SELECT stress.note(locking.acquire(':table', :key, ttl => ':ttl ms'), 'acquire') AS token;
