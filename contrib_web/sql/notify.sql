-- Sends a notification.
-- parameters: channel, payload
SELECT pg_catalog.pg_notify(:'channel'::text, :'payload'::text);
