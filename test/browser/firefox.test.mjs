// The main story in Firefox: a row is locked, seen as locked, requested,
// handed over and saved; what is typed is the value, and is not lost.
import assert from 'node:assert/strict';
import { COLUMNS } from './lib/columns.mjs';
import { firefox } from './lib/firefox.mjs';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

/**
 * The columns: type, the value at first, keys that replace it, and how the
 * database writes what they enter. A date is entered in the order of the
 * browser's language, and an enum by its first letter.
 */
const TYPED = {
	...Object.fromEntries(['c_int', 'c_numeric', 'c_text', 'c_varchar', 'c_time', 'c_uuid', 'c_jsonb', 'c_range'].map((name) => [name, COLUMNS[name]])),
	c_date: ['date', '2026-01-15', '02292028', '2028-02-29'],
	c_enum: ['mood', 'calm', 'g', 'glad'],
};
const names = Object.keys(TYPED);
const SQL = `
	CREATE TYPE mood AS ENUM ('calm', 'glad', 'hot');
	CREATE TABLE typed (id integer PRIMARY KEY, ${names.map((name) => `${name} ${TYPED[name][0]}`).join(', ')}, c_bool boolean, c_array text[], c_country text REFERENCES country);
	INSERT INTO typed VALUES (1, ${names.map((name) => `'${TYPED[name][1]}'`).join(', ')}, true, '{one,two,three}', 'IS');
	GRANT SELECT, UPDATE ON typed TO anna;
	SELECT locking.protect('typed')`;

const scene = stage('browser_firefox', { sql: SQL, engine: firefox });
const nameOf = (site, key) => site.sql(`SELECT name FROM country WHERE alpha_2 = '${key}'`);
const isNamed = (site, key, name) => eventually(async () => assert.equal(await nameOf(site, key), name));

scene('locked, seen, requested, handed over, saved; the unsaved text is offered', async ({ site, invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await anna.edits('country', 'DE');
	await bert.open('/tables/country?q=german');
	await bert.seesRow('DE', 'theirs');
	await anna.types('name', 'Germany of Anna');
	await bert.open('/tables/country/DE');
	await bert.seesLock('theirs');
	await bert.press('Request editing…');
	await bert.find('dialog');
	await bert.keys('only a comma');
	await bert.key('Enter');
	await bert.sees('You have requested this row');
	await anna.sees('only a comma');
	await anna.press('Keep a draft and hand over');
	await bert.seesLock('mine');
	assert.equal(await bert.value('name'), 'Germany');
	await bert.types('name', 'Germany of Bert');
	await bert.press('Save');
	await isNamed(site, 'DE', 'Germany of Bert');
	await bert.arrives('/tables/country');
	await anna.edits('country', 'DE');
	assert.equal(await anna.value('name'), 'Germany of Bert');
	await anna.press('Restore');
	await anna.until(async () => await anna.value('name') === 'Germany of Anna', 'the draft');
});

scene('every control is typed into key by key, and saved as it is shown', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('typed', '1');
	for (const [name, [, , keys]] of Object.entries(TYPED)) {
		const input = await anna.input(name);
		await input.focus();
		if (!['c_date', 'c_enum'].includes(name)) await anna.chord('Control', 'a');
		for (const key of keys) {
			await anna.keys(key);
			assert.ok(await input.evaluate((element) => element === document.activeElement), `${name} keeps the focus`);
		}
	}
	await (await anna.find('value-field[data-column="c_bool"] input:checked')).focus();
	await anna.key('ArrowDown');
	await (await anna.find('value-field[data-column="c_array"] li:nth-child(2) input')).focus();
	await anna.chord('Control', 'a');
	await anna.keys('a "quoted, {odd} \\ one"');
	await anna.types('c_country', 'Norw');
	await anna.sees('Norway');
	await anna.key('ArrowDown');
	await anna.key('Enter');
	await anna.chord('Control', 's');
	await anna.sees('is saved.');
	const row = JSON.parse(await site.sql('SELECT to_jsonb(t) FROM typed t'));
	for (const [name, [, , keys, written = keys]] of Object.entries(TYPED))
		assert.equal(await site.sql(`SELECT ${name} = '${written}' FROM typed`), 't', `${name} is ${row[name]}`);
	assert.deepEqual([row.c_bool, row.c_array, row.c_country], [false, ['one', 'a "quoted, {odd} \\ one"', 'three'], 'NO']);
});

scene('Escape keeps the page and the text, Enter presses the main button', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'DK');
	await anna.types('name', 'Denmark of Anna');
	await anna.press('Cancel');
	await anna.find('dialog');
	await anna.key('Escape');
	await anna.seesNo('dialog');
	assert.equal(await anna.value('name'), 'Denmark of Anna');
	await anna.press('Cancel');
	await anna.find('dialog');
	await anna.key('Enter'); // Stay
	await anna.seesNo('dialog');
	assert.equal(await anna.value('name'), 'Denmark of Anna');
	await (await anna.input('name')).focus();
	await anna.key('Enter');
	await isNamed(site, 'DK', 'Denmark of Anna');
});

scene('a reload keeps the text as a draft', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'EC');
	await anna.types('name', 'Ecuador of Anna');
	await anna.page.reload();
	await anna.seesLock('mine');
	assert.equal(await anna.value('name'), 'Ecuador');
	await anna.press('Restore');
	await anna.until(async () => await anna.value('name') === 'Ecuador of Anna', 'the draft');
	await anna.press('Save');
	await isNamed(site, 'EC', 'Ecuador of Anna');
	await anna.edits('country', 'EC');
	assert.equal(await anna.count('.draft-offers'), 0);
});
