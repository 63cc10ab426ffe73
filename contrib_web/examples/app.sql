-- The table of app.mjs, and the roles of the application and of locking-web,
-- unless there are such roles. Settings of roles apply to this database only.
CREATE TABLE article (id integer PRIMARY KEY, title text NOT NULL, body text NOT NULL);
INSERT INTO article VALUES (1, 'Tides', 'Twice a day.'), (2, 'Dunes', 'Of sand.');
SELECT locking.protect('article', required => true);
SELECT format('CREATE ROLE %I LOGIN', name)
FROM (VALUES ('webapp'), ('locking_web')) role(name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
GRANT SELECT, UPDATE ON article TO webapp, locking_web;
GRANT EXECUTE ON FUNCTION locking.set_owner(text, text, boolean) TO webapp, locking_web;
ALTER ROLE webapp IN DATABASE :"DBNAME" SET locking.require_owner = on;
ALTER ROLE locking_web IN DATABASE :"DBNAME" SET locking.require_owner = on;
