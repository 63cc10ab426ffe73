-- weight 1
-- superuser
-- tables region
BEGIN;
ALTER TABLE region DETACH PARTITION region2;
ALTER TABLE region ATTACH PARTITION region2 FOR VALUES IN (2);
COMMIT;
