-- weight 1
-- superuser
BEGIN;
ALTER TABLE :table ADD COLUMN extra integer DEFAULT 1;
ALTER TABLE :table DROP COLUMN extra;
COMMIT;
