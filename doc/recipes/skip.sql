-- Until the transaction ends, Ann holds a lock on article 44, and Bert's
-- statements skip locked rows. A single statement, as some drivers require.
DO $$ BEGIN
	PERFORM locking.set_owner('ann');
	PERFORM locking.acquire('article', 44);
	PERFORM locking.set_owner('bert');
	PERFORM set_config('locking.on_locked', 'skip', true);
END $$
