-- weight 1
-- tables plain words pair loose
BEGIN;
SELECT stress.refill(':table', ':value');
:end;
