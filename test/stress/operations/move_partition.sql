-- weight 4
-- tables region
BEGIN :isolation;
?40 SELECT stress.note(:token, 'confirm', locking.confirm(:token));
UPDATE region SET part = 3 - part, body = ':value' WHERE n = :row RETURNING version AS wrote;
:end;
