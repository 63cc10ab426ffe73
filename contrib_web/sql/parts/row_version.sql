-- The version of a row's values r."values": it changes with them.
pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(r."values"::text, 'UTF8')), 'hex')
