-- weight 1
-- superuser
ALTER TABLE :table ALTER COLUMN note TYPE text USING note || '';
