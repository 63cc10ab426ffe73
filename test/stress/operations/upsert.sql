-- weight 4
-- tables plain words pair loose
INSERT INTO :table SELECT * FROM :table WHERE n = :row ON CONFLICT ON CONSTRAINT :table_pkey DO UPDATE SET body = ':value'
	RETURNING version AS wrote;
