-- Whether the database can be written at all: it is no standby, and no
-- administrator has set it to be read only.
(NOT pg_catalog.current_setting('transaction_read_only')::boolean)
