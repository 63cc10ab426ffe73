-- weight 1
-- superuser
-- tables plain pair ident doc loose
BEGIN;
ALTER TABLE :table RENAME COLUMN note TO remark;
ALTER TABLE :table RENAME COLUMN remark TO note;
COMMIT;
