-- The table of app.mjs, and the roles of the application and of locking-web.
CREATE TABLE article (id integer PRIMARY KEY, title text NOT NULL, body text NOT NULL);
INSERT INTO article VALUES (1, 'Tides', 'Twice a day.'), (2, 'Dunes', 'Of sand.');
SELECT locking.protect('article', required => true);
CREATE ROLE webapp LOGIN;
CREATE ROLE locking_web LOGIN;
GRANT SELECT, UPDATE ON article TO webapp, locking_web;
GRANT EXECUTE ON FUNCTION locking.set_owner(text, text, boolean) TO webapp, locking_web;
ALTER ROLE webapp SET locking.require_owner = on;
ALTER ROLE locking_web SET locking.require_owner = on;
