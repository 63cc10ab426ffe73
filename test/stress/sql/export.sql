-- The evidence as the checker reads it: one line for each fact, columns
-- separated by tabs, the first of which is the kind.  Times are microseconds.
CREATE FUNCTION stress.us(t timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
	SELECT (extract(epoch FROM t) * 1000000)::bigint
$$;
COPY (SELECT 'place', tab, n, key FROM stress.place) TO STDOUT;
COPY (SELECT 'write', tab, n, op, version, body, previous, owner, token, xid, stress.us(t0), stress.us(t1), guarded FROM stress.written) TO STDOUT;
COPY (SELECT 'lease', tab, n, token, owner, kind, hard, handed_over, xid, pid, stress.us(told), stress.us(until) FROM stress.lease) TO STDOUT;
COPY (SELECT 'grant', tab, n, token, owner, version, body, stress.us(told) FROM stress.granted) TO STDOUT;
COPY (SELECT 'handed', token, owner, next, stress.us(told), before, after FROM stress.handed) TO STDOUT;
COPY (SELECT 'look', tab, n, locked, stress.us(t0), stress.us(t1) FROM stress.looked) TO STDOUT;
COPY (SELECT 'event', id, relation, key, token, event, owner, actor, stress.us(at) FROM locking.event ORDER BY id) TO STDOUT;
COPY (SELECT 'row', 'plain', n, version, body FROM plain) TO STDOUT;
COPY (SELECT 'row', 'words', n, version, body FROM words) TO STDOUT;
COPY (SELECT 'row', 'pair', n, version, body FROM pair) TO STDOUT;
COPY (SELECT 'row', 'ident', n, version, body FROM ident) TO STDOUT;
COPY (SELECT 'row', 'region', n, version, body FROM region) TO STDOUT;
COPY (SELECT 'row', 'doc', n, version, body FROM doc) TO STDOUT;
COPY (SELECT 'row', 'item', n, version, body FROM item) TO STDOUT;
COPY (SELECT 'row', 'loose', n, version, body FROM loose) TO STDOUT;
COPY (SELECT 'row', 'veiled', n, version, body FROM veiled) TO STDOUT;
COPY (SELECT 'row', 'crowd', n, version, body FROM crowd) TO STDOUT;
