-- Tables of the demo: languages, countries and subdivisions from Debian's
-- iso-codes (ISO 639-3, 3166-1 and 3166-2), and proposals to change them,
-- with columns of most types
\if :{?iso_codes} \else \set iso_codes /usr/share/iso-codes/json \endif
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

CREATE TYPE stage AS ENUM ('draft', 'under review', 'accepted', 'rejected');

CREATE TABLE proposal (
	id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	title      text NOT NULL,
	country    text REFERENCES country (alpha_2),
	language   text REFERENCES language (alpha_3),
	stage      stage NOT NULL DEFAULT 'draft',
	urgent     boolean,
	reasons    text,
	keywords   text[],
	due        date,
	submitted  timestamptz,
	meeting    time,
	effort     interval,
	votes      smallint,
	cost       numeric(10,2),
	share      double precision,
	reference  uuid NOT NULL DEFAULT gen_random_uuid(),
	short_name varchar(12),
	details    jsonb,
	letter     bytea,
	length     integer GENERATED ALWAYS AS (char_length(title)) STORED
);

COMMENT ON TABLE language IS 'ISO 639-3';
COMMENT ON TABLE country IS 'ISO 3166-1';
COMMENT ON TABLE subdivision IS 'ISO 3166-2';
COMMENT ON TABLE proposal IS 'Proposed changes to the standards';
COMMENT ON COLUMN language.scope IS 'Individual, Macrolanguage or Special';
COMMENT ON COLUMN proposal.due IS 'Deadline for the decision';
COMMENT ON COLUMN proposal.share IS 'Share of member bodies in favour, 0 to 1';

INSERT INTO language (alpha_3, name, inverted_name, scope, type)
SELECT alpha_3, name, inverted_name, scope, type
FROM jsonb_to_recordset(pg_read_file(:'iso_codes' || '/iso_639-3.json')::jsonb -> '639-3')
	AS (alpha_3 text, name text, inverted_name text, scope text, type text);

INSERT INTO country (alpha_2, alpha_3, "numeric", name, official_name, flag)
SELECT alpha_2, alpha_3, "numeric", name, official_name, flag
FROM jsonb_to_recordset(pg_read_file(:'iso_codes' || '/iso_3166-1.json')::jsonb -> '3166-1')
	AS (alpha_2 text, alpha_3 text, "numeric" text, name text, official_name text, flag text);

-- Depending on the release of iso-codes, the parent's code includes the
-- country or not.
INSERT INTO subdivision (code, country, name, type, parent)
SELECT code, split_part(code, '-', 1), name, type,
	CASE WHEN parent LIKE '%-%' THEN parent ELSE split_part(code, '-', 1) || '-' || parent END
FROM jsonb_to_recordset(pg_read_file(:'iso_codes' || '/iso_3166-2.json')::jsonb -> '3166-2')
	AS (code text, name text, type text, parent text);

INSERT INTO proposal (title, country, language, stage, urgent, reasons, keywords, due, submitted,
	meeting, effort, votes, cost, share, reference, short_name, details, letter)
VALUES
	('Spell Türkiye as its people do', 'TR', 'tur', 'accepted', false, 'The country asked for it.',
		'{name,spelling}', '2022-06-30', '2022-05-31 12:00:00+00', '14:00', '3 days', 12, 450.00, 0.923,
		'6f1c1f0e-2b55-4d0e-9a53-0c4de1a80a01', 'TUR', '{"letters": 2, "replaces": "Turkey"}', '\x255044462d312e34'),
	('Regions of Iceland after the reform', 'IS', NULL, 'under review', true,
		E'Eight regions stay.\n\nTwo of them get a new spelling, and the municipalities below them new codes.',
		'{regions,"municipal reform",codes}', '2027-01-15', '2026-11-03 09:15:30.25+00', '09:30', '2 weeks 12:00:00', 7,
		1280.50, 0.5, '6f1c1f0e-2b55-4d0e-9a53-0c4de1a80a02', 'ISL-REG', '{"affects": ["IS-1", "IS-8"], "backwards": true}', NULL),
	('A code for sign languages of villages', NULL, 'bqy', 'draft', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
		'6f1c1f0e-2b55-4d0e-9a53-0c4de1a80a03', '', NULL, NULL);

ANALYZE language, country, subdivision, proposal;
