-- weight 1
BEGIN;
SELECT locking.release_all();
SELECT stress.note_handed_over();
COMMIT;
