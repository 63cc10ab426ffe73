-- Releases the token's lock.
-- parameters: token
SELECT locking.release(:'token'::bigint);
