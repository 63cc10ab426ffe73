-- Discards the caller's draft of a row, after a save.
-- parameters: table, key
SELECT locking.discard_draft(:'table'::oid::regclass, :'key'::text);
