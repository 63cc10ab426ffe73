-- Breaks the lock of a row.
-- parameters: table, key
SELECT locking.break_lock(:'table'::text::regclass, :'key'::text, 'unlocked');
