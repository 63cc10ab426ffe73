-- weight 4
-- since 15
BEGIN :isolation;
MERGE INTO :table t USING (SELECT :row AS row) s ON t.n = s.row WHEN MATCHED THEN UPDATE SET body = ':value';
:end;
