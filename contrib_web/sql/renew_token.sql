-- Renews the token's lock for its own time.
-- parameters: token
SELECT locking.renew(:'token'::bigint);
