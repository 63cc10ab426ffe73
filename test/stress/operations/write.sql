-- weight 12
UPDATE :table SET body = ':value' WHERE n = :row RETURNING version AS wrote;
