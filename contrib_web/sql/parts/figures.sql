-- Members of the JSON object for a row of locking.stats, s. The counters have
-- no value where there is no shared memory.
'table', pg_catalog.format('%I.%I', s.schema_name, s.table_name),
'live_locks', s.live_locks,
'longest_held', pg_catalog.date_part('epoch', s.longest_held),
'acquisitions', s.acquisitions,
'refused_acquisitions', s.refused_acquisitions,
'refused_writes', s.refused_writes,
'takeovers', s.takeovers,
'breaks', s.breaks,
'expiries', s.expiries,
'resumptions', s.resumptions,
'lost', s.lost,
'since', s.since
