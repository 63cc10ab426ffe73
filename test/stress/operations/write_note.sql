-- weight 2
UPDATE :table SET note = ':value' WHERE n = :row RETURNING version AS noted;
