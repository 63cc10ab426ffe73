-- The process that sends genuine events.
-- returns: pid
SELECT locking.event_worker() AS pid;
