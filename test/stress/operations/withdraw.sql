-- weight 2
-- tables doc pair veiled
SELECT locking.withdraw(':table', :key);
