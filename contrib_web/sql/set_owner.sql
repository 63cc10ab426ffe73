-- Sets the owner of the current transaction, behind a sign-on proxy.
-- parameters: owner, owner_name
SELECT locking.set_owner(:'owner'::text, :owner_name::text, true);
