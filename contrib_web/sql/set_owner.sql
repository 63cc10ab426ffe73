-- Sets the owner of the current transaction, behind a sign-on proxy, and
-- whether the user may end others' locks: on or off.
-- parameters: owner, owner_name, take_over
SELECT
	locking.set_owner(:'owner'::text, :owner_name::text, true),
	pg_catalog.set_config('locking_web.take_over', :'take_over'::text, true);
