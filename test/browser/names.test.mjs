// Keys and names with special characters: list, form, saved row, live stream.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const KEYS = [
	'', '.', '..', '~', '~.', '~~..', '/', 'a/b/', '%', '%2F', '100%25', '#', 'a#b', '?', 'a?b=c&d', ' ', ' a  b ', '+', 'it\'s', 'say "x"',
	'\\', 'two\nlines', 'äöü ß', '漢字', '😀', '<b>x</b>', 'new', '__proto__', 'null', '(a,b)', '{"a": 1}',
];
/** Keys that are opened and saved one by one. */
const TRICKIEST = ['', '.', '..', '~', '~.', 'a/b/', '%2F', 'a#b', 'a?b=c&d', ' a  b ', 'it\'s', 'say "x"', '\\', 'two\nlines', '漢字', '__proto__'];
const PAIRS = [['', ''], ['.', '..'], ['a,b', '("c")'], ['x/y', '%'], ['ä ö', '\\']];
const TABLE = '"Odd.Schema"."Ta.ble ""x"" /%"';
const quoted = (text) => `E'${text.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n')}'`;

const scene = stage('browser_names', {
	sql: `
		CREATE SCHEMA "Odd.Schema";
		GRANT USAGE ON SCHEMA "Odd.Schema" TO anna, bert;
		CREATE TABLE ${TABLE} ("Key.of ""it""" text PRIMARY KEY, "Bo.dy" text);
		INSERT INTO ${TABLE} VALUES ${KEYS.map((key) => `(${quoted(key)}, 'old')`)};
		CREATE TABLE "Odd.Pair" (a text, "B b" text, body text, PRIMARY KEY ("B b", a));
		INSERT INTO "Odd.Pair" VALUES ${PAIRS.map(([a, b]) => `(${quoted(a)}, ${quoted(b)}, 'old')`)};
		GRANT SELECT, INSERT, UPDATE, DELETE ON ${TABLE}, "Odd.Pair" TO anna, bert;
		SELECT locking.protect(t) FROM (VALUES ('${TABLE}'::regclass), ('"Odd.Pair"')) v (t)`,
});

const rows = (person) => person.page.locator('tbody tr');
const shownKeys = (person) => rows(person).evaluateAll((all) => all.map(({ dataset }) => dataset.key));
const lineOf = async (person, key) => rows(person).nth((await shownKeys(person)).indexOf(key));

const written = (key) => `new ${encodeURIComponent(key)}`;

/** Opens, changes and saves each row of the list, and returns to the list. */
async function editsAll(person, keys, column) {
	for (const key of keys) {
		await (await lineOf(person, key)).getByRole('link').click();
		await person.seesLock('mine');
		await person.input(column).fill(written(key));
		await person.press('Save');
		await rows(person).nth(keys.length - 1).waitFor();
	}
}

scene('a table and keys with special characters: listed, opened, edited, saved', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables');
	await anna.page.getByRole('link', { name: /Ta\.ble/ }).first().click();
	await rows(anna).nth(KEYS.length - 1).waitFor();
	assert.deepEqual((await shownKeys(anna)).sort(), [...KEYS].sort());
	await editsAll(anna, TRICKIEST, 'Bo.dy');
	const saved = JSON.parse(await site.sql(`SELECT json_agg(ARRAY["Key.of ""it""", "Bo.dy"]) FROM ${TABLE} WHERE "Bo.dy" <> 'old'`));
	assert.deepEqual(saved.sort(), TRICKIEST.map((key) => [key, written(key)]).sort());
});

scene('rows are reached by their address, and show their key', async ({ invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables');
	await anna.page.getByRole('link', { name: /Ta\.ble/ }).first().click();
	await rows(anna).nth(KEYS.length - 1).waitFor();
	for (const key of ['', '..', '~', '/', 'a?b=c&d', '漢字']) {
		const href = await (await lineOf(anna, key)).getByRole('link').getAttribute('href');
		const there = await anna.tab();
		await there.open(href);
		await there.seesLock('mine');
		assert.equal(await there.value('Key.of "it"'), key);
		await there.page.reload();
		await there.seesLock('mine');
		assert.equal(await there.value('Key.of "it"'), key);
		await there.page.close();
	}
});

const listed = async (person) => {
	await person.open('/tables');
	await person.page.getByRole('link', { name: /Ta\.ble/ }).first().click();
	await person.sees('Live');
	await rows(person).nth(KEYS.length - 1).waitFor();
};
const freeKeys = (person) => person.page.locator('tbody tr[data-lock="none"]').evaluateAll((all) => all.map(({ dataset }) => dataset.key));
const locks = (site, keys) => site.sql(`SET SESSION AUTHORIZATION anna; SELECT locking.acquire('${TABLE}', key) FROM unnest(ARRAY[${keys.map(quoted)}]) key`);

scene('locks of keys with special characters are live', async ({ site, invite }) => {
	const bert = await invite('bert');
	await listed(bert);
	await locks(site, KEYS.filter((key) => key !== ''));
	await eventually(async () => assert.deepEqual(await freeKeys(bert), ['']));
	await bert.open('/locks');
	await eventually(async () => assert.equal(await rows(bert).count(), KEYS.length - 1));
});

scene('the lock of the row whose key is empty is live', async ({ site, invite }) => {
	const bert = await invite('bert');
	await listed(bert);
	await locks(site, ['']);
	await eventually(async () => assert.ok(!(await freeKeys(bert)).includes('')));
});

scene('keys of several columns with special characters', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables/%22Odd.Pair%22');
	await rows(anna).nth(PAIRS.length - 1).waitFor();
	await editsAll(anna, await shownKeys(anna), 'body');
	assert.equal(await site.sql(`SELECT count(*) FROM "Odd.Pair" WHERE body LIKE 'new %'`), String(PAIRS.length));
	assert.equal(await site.sql(`SELECT count(DISTINCT body) FROM "Odd.Pair"`), String(PAIRS.length));
});

scene('a key is changed to one with special characters, and the page follows', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables');
	await anna.page.getByRole('link', { name: /Ta\.ble/ }).first().click();
	await rows(anna).nth(KEYS.length - 1).waitFor();
	await (await lineOf(anna, 'new')).getByRole('link').click();
	// Requests for the row may be under way while the key changes.
	anna.expects(404, /\/rows\//);
	for (const key of ['~..', 'a/../b', '?#%']) {
		await anna.seesLock('mine');
		await anna.input('Key.of "it"').fill(key);
		await anna.press('Save and keep editing');
		await eventually(async () => assert.equal(await site.sql(`SELECT count(*) FROM ${TABLE} WHERE "Key.of ""it""" = ${quoted(key)}`), '1'));
		await eventually(async () => assert.equal(await site.sql(`SELECT string_agg(key, ',') FROM locking.locks WHERE owner = 'anna'`), key));
	}
	await anna.press('Cancel');
	await rows(anna).nth(KEYS.length - 1).waitFor();
	assert.ok((await shownKeys(anna)).includes('?#%'));
});
