-- weight 4
SELECT stress.look(':table', :key);
