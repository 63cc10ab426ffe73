-- weight 6
-- tables doc pair veiled
SELECT locking.request(':table', :key, 'please');
