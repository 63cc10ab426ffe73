-- The demo's tables, from Debian's iso-codes: ISO 639-3, 3166-1 and 3166-2.
SET client_min_messages = warning;

CREATE TABLE language (
	alpha_3       text PRIMARY KEY,
	name          text NOT NULL,
	inverted_name text,
	scope         text NOT NULL,   -- Individual, Macrolanguage, Special
	type          text NOT NULL    -- Living, Extinct, Ancient, Historical, Constructed, Special
);

CREATE TABLE country (
	alpha_2       text PRIMARY KEY,
	alpha_3       text NOT NULL UNIQUE,
	"numeric"     text NOT NULL UNIQUE,
	name          text NOT NULL,
	official_name text,
	flag          text
);

CREATE TABLE subdivision (
	code    text PRIMARY KEY,
	country text NOT NULL,
	name    text NOT NULL,
	type    text NOT NULL,
	parent  text,
	CONSTRAINT subdivision_country_fkey
		FOREIGN KEY (country) REFERENCES country (alpha_2) ON DELETE CASCADE
);
CREATE INDEX subdivision_country_idx ON subdivision (country);

INSERT INTO language (alpha_3, name, inverted_name, scope, type)
SELECT alpha_3, name, inverted_name, scope, type
FROM jsonb_to_recordset(pg_read_file(:'iso_codes' || '/iso_639-3.json')::jsonb -> '639-3')
	AS (alpha_3 text, name text, inverted_name text, scope text, type text);

INSERT INTO country (alpha_2, alpha_3, "numeric", name, official_name, flag)
SELECT alpha_2, alpha_3, "numeric", name, official_name, flag
FROM jsonb_to_recordset(pg_read_file(:'iso_codes' || '/iso_3166-1.json')::jsonb -> '3166-1')
	AS (alpha_2 text, alpha_3 text, "numeric" text, name text, official_name text, flag text);

-- Parents are given with or without the country, depending on the release.
INSERT INTO subdivision (code, country, name, type, parent)
SELECT code, split_part(code, '-', 1), name, type,
	CASE WHEN parent LIKE '%-%' THEN parent ELSE split_part(code, '-', 1) || '-' || parent END
FROM jsonb_to_recordset(pg_read_file(:'iso_codes' || '/iso_3166-2.json')::jsonb -> '3166-2')
	AS (code text, name text, type text, parent text);

ANALYZE language, country, subdivision;
