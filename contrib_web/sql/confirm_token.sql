-- Confirms the token's lock until the end of the transaction.
-- parameters: token
SELECT locking.confirm(:'token'::bigint);
