-- weight 6
-- tables item
BEGIN :isolation;
UPDATE item SET body = ':value' WHERE n = :row RETURNING version AS wrote;
?50 SELECT pg_sleep(:pause);
:end;
