-- weight 3
-- tables plain words ident region loose
SELECT locking.release(:token);
