-- weight 4
-- tables plain words pair ident region doc loose veiled
BEGIN :isolation;
SELECT stress.replace(':table', :row, ':value') AS wrote;
:end;
