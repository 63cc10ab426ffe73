--
-- MERGE passes through the guard (since 15; merge_1.out is for older
-- versions)
--
SELECT current_setting('server_version_num')::integer < 150000 AS no_merge \gset
\if :no_merge
\quit
\endif
\set VERBOSITY terse
CREATE SCHEMA merge;
SET search_path = merge;
CREATE TABLE article (id integer PRIMARY KEY, title text);
INSERT INTO article VALUES (1, 'one'), (2, 'two');
SELECT locking.protect('article');
SET locking.owner = 'anna';
SELECT locking.acquire('article', 1) IS NOT NULL AS acquired;

-- Bert's statement is rejected as a whole if it reaches the locked row
SET locking.owner = 'bert';
MERGE INTO article a USING (VALUES (1, 'uno'), (3, 'tres')) AS v(id, title) ON a.id = v.id
	WHEN MATCHED THEN UPDATE SET title = v.title
	WHEN NOT MATCHED THEN INSERT VALUES (v.id, v.title);
MERGE INTO article a USING (VALUES (1)) AS v(id) ON a.id = v.id WHEN MATCHED THEN DELETE;
SELECT * FROM article ORDER BY id;
-- otherwise it succeeds
MERGE INTO article a USING (VALUES (1, 'uno'), (2, 'dos'), (3, 'tres')) AS v(id, title) ON a.id = v.id
	WHEN MATCHED AND a.id = 1 THEN DO NOTHING
	WHEN MATCHED THEN UPDATE SET title = v.title
	WHEN NOT MATCHED THEN INSERT VALUES (v.id, v.title);
SELECT * FROM article ORDER BY id;
-- a batch job skips the row
SET locking.on_locked = skip;
MERGE INTO article a USING (VALUES (1, 'un'), (2, 'deux')) AS v(id, title) ON a.id = v.id
	WHEN MATCHED THEN UPDATE SET title = v.title;
RESET locking.on_locked;
SELECT * FROM article ORDER BY id;

-- Anna, the holder, may update the row; deleting it ends her lock
SET locking.owner = 'anna';
MERGE INTO article a USING (VALUES (1, 'eins')) AS v(id, title) ON a.id = v.id WHEN MATCHED THEN UPDATE SET title = v.title;
SELECT locking.is_locked('article', 1);
MERGE INTO article a USING (VALUES (1)) AS v(id) ON a.id = v.id WHEN MATCHED THEN DELETE;
SELECT locking.is_locked('article', 1);
SELECT * FROM article ORDER BY id;

SET client_min_messages = warning;
DROP SCHEMA merge CASCADE;
