-- weight 3
-- tables plain words pair ident loose crowd
BEGIN :isolation;
SELECT max(CASE WHEN n = :row THEN t END) AS token
FROM (SELECT p.n, stress.note(a.token, 'all') AS t FROM locking.acquire_all(':table',
		ARRAY(SELECT key FROM stress.place WHERE tab = ':table' AND random() < 0.8), ttl => ':ttl ms') a
	JOIN stress.place p ON p.tab = ':table' AND p.key = a.key OFFSET 0) s;
:end;
