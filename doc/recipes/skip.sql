-- Ann has article 44, and Bert's statements leave out locked rows, until the
-- transaction ends. One statement.
DO $$ BEGIN
	PERFORM locking.set_owner('ann');
	PERFORM locking.acquire('article', 44);
	PERFORM locking.set_owner('bert');
	PERFORM set_config('locking.on_locked', 'skip', true);
END $$
