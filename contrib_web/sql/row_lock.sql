-- Whether a row may be written: ok, or the problem of the lock. A token has
-- been confirmed before; it must belong to a lock on this row, or on the row
-- that guards it. Without a token, a row under a soft lock of another owner
-- may still be written.
-- parameters: key, token
\ir write_plan.sql
SELECT
	CASE
		WHEN :token::bigint IS NOT NULL THEN
			CASE
				WHEN EXISTS (SELECT FROM :locks l WHERE l.token = :token::bigint)
				OR EXISTS (SELECT FROM :parent_locks l WHERE l.token = :token::bigint)
					THEN 'ok'
				ELSE 'lost'
			END
		ELSE coalesce(
			(
				SELECT
					CASE
						WHEN l.is_mine THEN 'required'
						WHEN l.hard THEN 'locked'
						ELSE 'ok'
					END
				FROM :locks l
			),
			'required')
	END
FROM (
	SELECT
		:row_key AS key,
		:parent_key AS parent_key
	FROM (SELECT :'key'::text AS key) requested, :source t
	WHERE :matches
	OFFSET 0 -- each is evaluated once
) r;
