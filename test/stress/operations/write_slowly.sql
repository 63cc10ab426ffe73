-- weight 8
BEGIN :isolation;
?50 SELECT version FROM :table WHERE n = :row;
?50 SELECT pg_sleep(:pause);
UPDATE :table SET body = ':value' WHERE n = :row RETURNING version AS wrote;
SELECT pg_sleep(:pause);
:end;
