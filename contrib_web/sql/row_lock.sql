-- Whether a row may be written, after the token, if there is one, was
-- confirmed: ok, or what is wrong with the lock. With a token: is it that of
-- a lock on this row, or on the row that guards it? Without one, a row that
-- another owner holds by a soft lock may still be written.
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
	FROM (SELECT :'key'::text AS key) asked, :source t
	WHERE :matches
	OFFSET 0 -- each is evaluated once
) r;
