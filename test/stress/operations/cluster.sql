-- weight 1
-- superuser
-- tables plain words pair ident doc item loose
VACUUM FULL :table;
