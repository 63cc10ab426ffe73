-- weight 2
BEGIN;
SELECT locking.break_lock(':table', :key, 'in the way');
SELECT stress.note_handed_over();
:end;
