-- weight 2
-- tables doc pair veiled
SELECT locking.decline(':table', :key, ':other', 'not now');
