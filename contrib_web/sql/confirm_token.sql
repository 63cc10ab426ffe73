-- Confirms that the token's lock is held, to the end of the transaction.
-- parameters: token
SELECT locking.confirm(:'token'::bigint);
