-- Raises all prices once a day. Articles that are being edited are skipped; a
-- later run of the same night raises theirs.
\set ON_ERROR_STOP on
BEGIN;
SELECT locking.set_owner('job:prices', 'Nightly prices') \gset
SET LOCAL locking.on_locked = 'skip';
UPDATE article SET price = price * 1.1, repriced = current_date WHERE repriced < current_date;
COMMIT;
