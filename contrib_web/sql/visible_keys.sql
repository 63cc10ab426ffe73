-- Those of the given keys whose rows the user can see. keys is a JSON array.
-- parameters: table oid, keys
SELECT k.key
FROM pg_catalog.jsonb_array_elements_text(:'keys'::jsonb) k(key)
WHERE locking.row_visible(:'table'::oid::regclass, k.key);
