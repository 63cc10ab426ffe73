-- weight 1
-- superuser
SELECT stress.protect(':table');
