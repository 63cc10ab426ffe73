-- weight 1
-- superuser
-- tables plain words pair ident loose
BEGIN;
SELECT locking.unprotect(':table');
SELECT stress.protect(':table');
COMMIT;
