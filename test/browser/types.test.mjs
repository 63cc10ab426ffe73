// Every control of every type of column: typed into key by key, pasted into,
// cleared and undone. The state of the database counts, not what is shown.
import assert from 'node:assert/strict';
import { labelOf } from '../../contrib_web/static/js/model/column.js';
import { COLUMNS } from './lib/columns.mjs';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

/** The arrays: type, elements at first, the second one as it is typed. */
const ARRAYS = {
	a_text: ['text[]', ['one', 'two', '\u00a0three '], 'a "quoted, {odd} \\ one"'],
	a_int: ['integer[]', ['1', '2', '3'], '4711'],
	a_date: ['date[]', ['2026-01-01', '2026-01-02', '2026-01-03'], '2028-02-29'],
	a_enum: ['mood[]', ['calm', 'glad', 'calm'], 'calm'],
	a_box: ['box[]', ['(2,2),(1,1)', '(4,4),(3,3)', '(6,6),(5,5)'], '(8,8),(7,7)'],
	a_jsonb: ['jsonb[]', ['{"a": 1}', '{"b": 2}', '[]'], '{"c": "x, y"}'],
	a_domain: ['labels', ['x', 'y', 'z'], 'w'],
};
const OTHERS = ['c_bool boolean', 'c_enum mood', 'c_date date', 'c_timestamp timestamp', 'c_timestamptz timestamptz', 'c_country text REFERENCES country', 'c_bytea bytea'];

const quote = (text) => `'${text.replaceAll("'", "''")}'`;
const all = { ...COLUMNS, ...Object.fromEntries(Object.entries(ARRAYS).map(([name, [type]]) => [name, [type]])) };
const first = (name) => (name in COLUMNS ? quote(COLUMNS[name][1]) : `ARRAY[${ARRAYS[name][1].map(quote).join(', ')}]::${ARRAYS[name][0]}`);
const SQL = `
	SET timezone = 'UTC';
	ALTER DATABASE browser_types SET timezone = 'America/St_Johns';
	CREATE EXTENSION IF NOT EXISTS hstore;
	CREATE TYPE mood AS ENUM ('calm', 'glad', 'hot');
	CREATE TYPE pair AS (n integer, t text);
	CREATE DOMAIN label AS varchar(20) CHECK (value <> 'no');
	CREATE DOMAIN labels AS text[];
	CREATE TABLE typed (id integer PRIMARY KEY, ${Object.entries(all).map(([name, [type]]) => `${name} ${type}`).join(', ')}, ${OTHERS.join(', ')});
	INSERT INTO typed SELECT id, ${Object.keys(all).map((name) => `${first(name)}::${all[name][0]}`).join(', ')},
		true, 'calm', '2026-01-15', '2026-01-15 10:30:00.25', '2026-01-15 10:30:00.25+00', 'IS', '\\x00ff' FROM generate_series(1, 9) id;
	CREATE TYPE inherited AS ENUM ('one', 'constructor', '__proto__');
	CREATE TABLE inheriting (id integer PRIMARY KEY, "constructor" text, "toString" integer, "__proto__" inherited, "valueOf" text[]);
	INSERT INTO inheriting VALUES (1, 'a', 1, 'one', '{a}');
	GRANT SELECT, INSERT, UPDATE ON typed, inheriting TO anna;
	SELECT locking.protect('typed'), locking.protect('inheriting');`;

const scene = stage('browser_types', { sql: SQL });

/** The row as JSON of texts by column. */
const rowOf = async (site, id) =>
	JSON.parse(await site.sql(`SET timezone = 'UTC'; SELECT json_object(array_agg(key ORDER BY key), array_agg(value ORDER BY key)) FROM typed t, jsonb_each_text(to_jsonb(t) - ARRAY(SELECT 'x')) WHERE id = ${id}`));
const texts = async (site, id, names) =>
	JSON.parse(await site.sql(`SET timezone = 'UTC'; SELECT json_build_object(${names.map((name) => `'${name}', ${name}::text`).join(', ')}) FROM typed WHERE id = ${id}`));

const saves = async (anna) => {
	await anna.press('Save and keep editing');
	await anna.sees(/ is saved\./);
	await eventually(async () => assert.ok(await anna.button('Save').isDisabled(), 'all is saved'));
	await anna.page.locator('#toasts').evaluate((toasts) => toasts.replaceChildren());
};

/** Types into the focused input, and watches focus, caret and text. */
async function typeKeys(anna, keys, what) {
	await anna.page.evaluate(() => { globalThis.typedInto = document.activeElement; });
	for (const key of keys) {
		const before = await anna.page.evaluate(() => [document.activeElement.selectionStart, document.activeElement.selectionEnd, document.activeElement.value]);
		await anna.page.keyboard.insertText(key);
		const after = await anna.page.evaluate(() => [document.activeElement === globalThis.typedInto, document.activeElement.selectionStart, document.activeElement.selectionEnd, document.activeElement.value]);
		const at = before[0] + key.length;
		assert.deepEqual(after, [true, at, at, before[2].slice(0, before[0]) + key + before[2].slice(before[1])], `${what}: ${key}`);
	}
}
const keysOf = (text) => [...text];
/** The label of a column. */
const labelled = (name) => labelOf({ name });
const element = (anna, name, number) => anna.page.getByLabel(`${labelled(name)}: element ${number}`, { exact: true });

scene('each is typed into key by key, and saved as it is shown', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('typed', '1');
	for (const [name, [, , typed]] of Object.entries(COLUMNS)) {
		await anna.input(name).focus();
		await anna.page.keyboard.press('Control+a');
		await anna.page.keyboard.press('Delete');
		await typeKeys(anna, keysOf(typed), name);
	}
	for (const [name, [, , typed]] of Object.entries(ARRAYS)) {
		await element(anna, name, 2).focus();
		await anna.page.keyboard.press('Control+a');
		await typeKeys(anna, keysOf(typed), name);
	}
	await saves(anna);
	const saved = await texts(site, 1, Object.keys(COLUMNS));
	for (const [name, [, , typed, written = typed]] of Object.entries(COLUMNS)) assert.equal(saved[name], written, name);
	for (const [name, [, [before, , after], typed]] of Object.entries(ARRAYS))
		assert.equal(await site.sql(`SELECT ${name}::text[] = ARRAY[${[before, typed, after].map(quote).join(', ')}]::text[] FROM typed WHERE id = 1`), 't', name);
});

scene('each is pasted into, and undone', async ({ site, invite }) => {
	const anna = await invite('anna', { permissions: ['clipboard-read', 'clipboard-write'] });
	await anna.edits('typed', '2');
	const before = await rowOf(site, 2);
	const paste = async (text) => {
		await anna.page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
		await anna.page.keyboard.press('Control+a');
		await anna.page.keyboard.press('Control+v');
	};
	for (const [name, [, , typed]] of Object.entries(COLUMNS)) {
		const was = await anna.value(name);
		await anna.input(name).focus();
		await paste(typed);
		assert.equal(await anna.value(name), typed, name);
		await anna.page.keyboard.press('Control+z');
		assert.equal(await anna.value(name), was, `${name} is undone`);
	}
	for (const [name, [, [, was], typed]] of Object.entries(ARRAYS)) {
		await element(anna, name, 2).focus();
		await paste(typed);
		assert.equal(await element(anna, name, 2).inputValue(), typed, name);
		await anna.page.keyboard.press('Control+z');
		assert.equal(await element(anna, name, 2).inputValue(), was, `${name} is undone`);
	}
	assert.ok(await anna.button('Save').isDisabled(), 'nothing is left to save');
	for (const name of ['c_date', 'c_timestamp', 'c_timestamptz']) {
		await anna.input(name).focus();
		await paste('2028-02-29');
		assert.equal(await anna.value(name), '2028-02-29', name);
		await anna.page.keyboard.press('Control+z');
		assert.equal(await anna.value(name), '2026-01-15', `${name} is undone`);
	}
	await anna.input('c_timestamptz').focus();
	await paste('2028-02-29 12:00:00+02');
	await anna.input('c_date').focus();
	await paste('no date');
	await anna.press('Save and keep editing');
	await anna.field('c_date').getByText('is not a date').waitFor();
	assert.deepEqual(await rowOf(site, 2), before, 'nothing is written');
	await anna.press('C date: changed, undo');
	await saves(anna);
	assert.deepEqual(await texts(site, 2, ['c_date', 'c_timestamptz']), { c_date: '2026-01-15', c_timestamptz: '2028-02-29 10:00:00+00' });
});

scene('each is cleared: null, or an empty text', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('typed', '3');
	for (const name of Object.keys(COLUMNS)) {
		await anna.input(name).focus();
		await anna.page.keyboard.press('Control+a');
		await anna.page.keyboard.press('Backspace');
	}
	for (const name of Object.keys(ARRAYS)) for (let n = 3; n > 0; n--) await anna.press(`Remove element ${n} of ${labelled(name)}`);
	for (const name of ['c_date', 'c_timestamp', 'c_timestamptz', 'c_country']) {
		await anna.input(name).focus();
		await anna.page.keyboard.press('Control+a');
		await anna.page.keyboard.press('Delete');
	}
	for (const name of ['c_timestamp', 'c_timestamptz']) await anna.page.getByLabel(`${labelled(name)}: time`, { exact: true }).fill('');
	const complaints = ['c_date', 'c_timestamp', 'c_timestamptz'];
	await anna.press('Save and keep editing');
	for (const name of complaints) {
		// Chromium leaves the date's separators: half a date for it, or none.
		if (await anna.field(name).locator('.field-error').isVisible()) await anna.press(`${labelled(name)} is null`);
	}
	if (!(await anna.button('Save').isDisabled())) await saves(anna);
	const saved = await texts(site, 3, [...Object.keys(all), 'c_date', 'c_timestamp', 'c_timestamptz', 'c_country']);
	for (const [name, value] of Object.entries(saved)) {
		const empty = /^c_(text|varchar|char|name|domain)$/.test(name) ? '' : name.startsWith('a_') ? '{}' : null;
		assert.equal(value, empty, name);
	}
});

scene('each is undone by its button, whatever was typed', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('typed', '4');
	const before = await rowOf(site, 4);
	for (const name of Object.keys(COLUMNS)) {
		const was = await anna.value(name);
		await anna.input(name).focus();
		await anna.page.keyboard.type('zz');
		await anna.press(`${labelled(name)}: changed, undo`);
		assert.equal(await anna.value(name), was, name);
	}
	for (const [name, [, elements]] of Object.entries(ARRAYS)) {
		await element(anna, name, 1).focus();
		await anna.page.keyboard.type('zz');
		await anna.press(`Add an element to ${labelled(name)}`);
		await anna.press(`${labelled(name)}: changed, undo`);
		assert.deepEqual(await anna.field(name).locator('li input').evaluateAll((inputs) => inputs.map(({ value }) => value)), elements, name);
	}
	for (const name of ['c_date', 'c_timestamp', 'c_timestamptz']) {
		await anna.input(name).focus();
		await anna.page.keyboard.press('Delete');
		await anna.press(`${labelled(name)}: changed, undo`);
		assert.equal(await anna.value(name), '2026-01-15', name);
	}
	assert.ok(await anna.button('Save').isDisabled());
	assert.deepEqual(await rowOf(site, 4), before);
});

scene('half a date, number or time is a complaint at its field, and nothing is written', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('typed', '5');
	const before = await rowOf(site, 5);
	const tries = [
		['c_date', ['Delete']], ['c_date', ['0', '2', '3', '1']], ['c_date', [...'01022026', '1', '2']], ['c_timestamp', ['Delete']], ['c_timestamptz', ['Delete']],
		['c_timestamptz', [...'010220261']],
	];
	for (const [name, keys] of tries) {
		await anna.input(name).focus();
		for (const key of keys) await anna.page.keyboard.press(key);
		await anna.page.keyboard.press('Control+s');
		await anna.field(name).locator('.field-error').filter({ visible: true }).waitFor();
		const shown = await anna.input(name).evaluate(({ value, validity }) => [value, validity.badInput]);
		await site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.request('typed', '5')`).catch(() => {});
		assert.deepEqual(await anna.input(name).evaluate(({ value, validity }) => [value, validity.badInput]), shown, `${name} stays`);
		await anna.press(`${labelled(name)}: changed, undo`);
		assert.equal(await anna.value(name), '2026-01-15');
	}
	const texted = { c_int: ['4.', '1e'], c_numeric: ['-', '1,5'], c_double: ['1e', '.'], c_time: ['12', '12:', '12:3'], c_timetz: ['12:3'], c_uuid: ['6f1c'], c_json: ['{"a"'] };
	for (const [name, values] of Object.entries(texted))
		for (const value of values) {
			await anna.input(name).fill(value);
			await anna.press('Save and keep editing');
			await anna.field(name).locator('.field-error').filter({ visible: true }).waitFor();
			await anna.press(`${labelled(name)}: changed, undo`);
		}
	for (const name of ['c_timestamp', 'c_timestamptz']) {
		await anna.page.getByLabel(`${labelled(name)}: time`, { exact: true }).fill('12:3');
		await anna.press('Save and keep editing');
		await anna.field(name).locator('.field-error').filter({ visible: true }).waitFor();
		await anna.press(`${labelled(name)}: changed, undo`);
	}
	await anna.field('c_country').getByRole('combobox').fill('no such country');
	await anna.press('Save and keep editing');
	await anna.field('c_country').locator('.field-error').filter({ visible: true }).waitFor();
	assert.equal(await anna.value('c_country'), 'no such country', 'the text is kept');
	await anna.press('C country: changed, undo');
	assert.equal(await anna.value('c_country'), 'Iceland (IS)');
	assert.deepEqual(await rowOf(site, 5), before);
});

scene('half a date in an array, a range or a text is a complaint at its place, and so is an impossible one', async ({ site, invite }) => {
	const anna = await invite('anna');
	await site.sql(`UPDATE typed SET c_date = 'infinity', c_timestamptz = '-infinity', c_timestamp = '0044-03-15 12:00 BC' WHERE id = 5`);
	await anna.edits('typed', '5');
	const before = await rowOf(site, 5);
	const texts = { c_date: ['2026-01-1', '2', '15.1.20'], c_timestamptz: ['2026-01-15 1', '2026-01'], c_timestamp: ['2026-01-15 12:3', '2026-1-15'], c_tsrange: ['[2026-02-01 10:00,2026-02-1)'] };
	const places = Object.entries(texts).map(([name, values]) => [name, anna.input(name), values]);
	const isReported = async (name, input, text) => {
		await input.fill(text);
		await anna.page.keyboard.press('Control+s');
		await anna.field(name).locator('.field-error').filter({ visible: true }).waitFor();
		await eventually(async () => assert.ok(await input.evaluate((element) => element === document.activeElement), `${name} ${text} has the focus`));
		assert.equal(await input.inputValue(), text, 'it stays');
	};
	for (const [name, input, values] of [...places, ['a_date', element(anna, 'a_date', 2), ['2026-01-', '2026-01-1', '1.2.26']]]) {
		await input.focus();
		for (const text of values) await isReported(name, input, text);
		await anna.press(`${labelled(name)}: changed, undo`);
	}
	assert.deepEqual(await rowOf(site, 5), before);
	anna.expects(422, /rows\/5$/);
	for (const [name, input] of [['c_date', anna.input('c_date')], ['a_date', element(anna, 'a_date', 2)]]) {
		await input.fill('2026-02-31');
		await anna.page.keyboard.press('Control+s');
		await anna.field(name).locator('.field-error').filter({ visible: true }).waitFor();
		await anna.press(`${labelled(name)}: changed, undo`);
	}
	assert.deepEqual(await rowOf(site, 5), before);
	assert.ok(await anna.button('Save').isDisabled());
});

scene('half a date is noticed in an empty field, too', async ({ site, invite }) => {
	const anna = await invite('anna');
	await site.sql('UPDATE typed SET c_date = NULL WHERE id = 6');
	await anna.edits('typed', '6');
	await anna.input('c_date').focus();
	await anna.page.keyboard.type('31');
	await anna.input('c_int').fill('5');
	await anna.press('Save and keep editing');
	await anna.field('c_date').locator('.field-error').filter({ visible: true }).waitFor();
	assert.equal(await site.sql('SELECT c_date IS NULL AND c_int = 42 FROM typed WHERE id = 6'), 't');
	await anna.press('C date is null');
	await saves(anna);
	assert.equal(await site.sql('SELECT c_date IS NULL AND c_int = 5 FROM typed WHERE id = 6'), 't');
});

scene('choices: boolean, enum and foreign key, by keyboard', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('typed', '6');
	await anna.field('c_bool').getByLabel('Yes').focus();
	await anna.page.keyboard.press('ArrowRight');
	await anna.input('c_enum').focus();
	await anna.page.keyboard.type('glad');
	await anna.input('c_country').focus();
	await anna.page.keyboard.press('Control+a');
	await anna.page.keyboard.type('NO');
	await anna.page.keyboard.press('Tab');
	await eventually(async () => assert.equal(await anna.value('c_country'), 'Norway (NO)'));
	await site.sql(`ALTER TYPE mood ADD VALUE IF NOT EXISTS 'new'`);
	await saves(anna);
	assert.equal(await site.sql('SELECT c_bool, c_enum, c_country FROM typed WHERE id = 6'), 'f|glad|NO');
	await site.sql(`SET locking.enforce = on; SET SESSION AUTHORIZATION anna; UPDATE typed SET c_enum = 'new' WHERE id = 6`);
	await anna.press('C country is null');
	await saves(anna);
	assert.equal(await anna.value('c_enum'), 'new', 'a value that is newer than the page');
	assert.equal(await site.sql('SELECT c_enum, c_country IS NULL FROM typed WHERE id = 6'), 'new|t');
});

scene('bytes that were not touched stay', async ({ site, invite }) => {
	const anna = await invite('anna');
	const odd = { c_text: 'one\r\ntwo\rthree\n\u00a0four\u2003 \r\n', c_varchar: '\u00a0a\r\nb ', c_json: '{\r\n"a": 1\r}', c_xml: '<a>\r\n</a>', c_hstore: '"a"=>"1\r\n2"' };
	await site.sql(`UPDATE typed SET ${Object.entries(odd).map(([name, value]) => `${name} = E${quote(value.replaceAll('\\', '\\\\').replaceAll('\r', '\\r'))}`).join(', ')},
		a_text = ARRAY[E'x\\r\\ny\\rz', 'edited', U&'\\00A0nbsp\\2003', NULL, 'NULL', '', E'tab\\t'] WHERE id = 7`);
	const before = await rowOf(site, 7);
	await anna.edits('typed', '7');
	await anna.input('c_int').fill('1');
	await saves(anna);
	assert.deepEqual(await rowOf(site, 7), { ...before, c_int: '1' });
	const type = async (input, keys, text) => {
		await input.focus();
		for (const key of keys) await anna.page.keyboard.press(key);
		await anna.page.keyboard.insertText(text);
	};
	await type(anna.input('c_text'), ['Control+Home', 'ArrowDown', 'End'], 'X');
	await type(anna.input('c_varchar'), ['Control+End', 'ArrowLeft'], 'X');
	await type(anna.input('c_json'), ['Control+Home', 'ArrowDown', 'End'], '1');
	await type(element(anna, 'a_text', 2), ['End'], ', too');
	await saves(anna);
	const now = await rowOf(site, 7);
	assert.equal(now.c_text, odd.c_text.replace('two', 'twoX'));
	assert.equal(now.c_varchar, '\u00a0a\r\nbX ');
	assert.equal(await site.sql(`SELECT c_json::text = E'{\\r\\n"a": 11\\r}' FROM typed WHERE id = 7`), 't');
	assert.equal(await site.sql(`SELECT a_text = ARRAY[E'x\\r\\ny\\rz', 'edited, too', U&'\\00A0nbsp\\2003', NULL, 'NULL', '', E'tab\\t'] FROM typed WHERE id = 7`), 't');
	await type(element(anna, 'a_text', 1), ['Control+End'], 'X');
	await type(anna.input('c_text'), ['Control+Home', 'End', 'Delete'], '');
	await anna.page.keyboard.press('Control+z');
	await saves(anna);
	assert.equal((await rowOf(site, 7)).c_text, now.c_text, 'undone, and thus untouched');
	assert.equal(await site.sql(`SELECT a_text[1] = E'x\\r\\ny\\rzX' FROM typed WHERE id = 7`), 't');
});

scene('columns and labels can have names of what every object inherits', async ({ site, invite }) => {
	const anna = await invite('anna');
	const fill = async (text, number, label) => {
		await anna.input('constructor').fill(text);
		await anna.input('toString').fill(number);
		await anna.input('__proto__').selectOption({ label });
	};
	const saved = () => site.sql(`SELECT to_jsonb(i) - 'id' FROM inheriting i ORDER BY id`);
	await anna.edits('inheriting', '1');
	await anna.input('constructor').fill('draft');
	await eventually(async () => assert.equal(await site.sql(`SELECT data #>> '{values,constructor}' FROM locking.draft`), 'draft'));
	await anna.page.reload();
	await anna.press('Restore');
	assert.equal(await anna.value('constructor'), 'draft');
	await fill('b', '2', 'constructor');
	await saves(anna);
	assert.equal(await saved(), '{"valueOf": ["a"], "toString": 2, "__proto__": "constructor", "constructor": "b"}');
	await anna.open('/new/inheriting');
	await anna.input('id').fill('2');
	await fill('c', '3', '__proto__');
	await anna.press('Save');
	await anna.arrives('/tables/inheriting');
	assert.match(await saved(), /\{"valueOf": null, "toString": 3, "__proto__": "__proto__", "constructor": "c"\}$/);
});

scene('several lines are pasted into each field that can have them', async ({ site, invite }) => {
	const anna = await invite('anna', { permissions: ['clipboard-read', 'clipboard-write'] });
	await anna.edits('typed', '8');
	const paste = async (text) => {
		await anna.page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
		await anna.page.keyboard.press('Control+a');
		await anna.page.keyboard.press('Control+v');
	};
	for (const name of ['c_text', 'c_varchar', 'c_domain', 'c_xml', 'c_json']) {
		await anna.input(name).focus();
		await paste(name === 'c_xml' ? '<a>\n</a>' : name === 'c_json' ? '[1,\n2]' : 'one\ntwo');
	}
	await element(anna, 'a_text', 2).focus();
	await paste('one\ntwo');
	await anna.page.keyboard.type('!');
	await anna.input('c_int').focus();
	await paste('17\n');
	await saves(anna);
	assert.deepEqual(await texts(site, 8, ['c_text', 'c_varchar', 'c_domain', 'c_xml', 'c_json', 'c_int']), { c_text: 'one\ntwo', c_varchar: 'one\ntwo', c_domain: 'one\ntwo', c_xml: '<a>\n</a>', c_json: '[1,\n2]', c_int: '17' });
	assert.equal(await site.sql(`SELECT a_text[2] = E'one\\ntwo!' FROM typed WHERE id = 8`), 't');
});

scene('a time without a zone is in the page\'s zone, as all times shown', async ({ site, invite }) => {
	const anna = await invite('anna'); // in Berlin; the database is in St. John's
	await anna.edits('typed', '9');
	assert.equal(await anna.page.getByLabel('C timestamptz: time', { exact: true }).inputValue(), '11:30:00.25');
	assert.equal(await anna.page.getByLabel('C timestamptz: time zone').inputValue(), '+01');
	await anna.page.getByLabel('C timestamptz: time', { exact: true }).fill('12:00');
	await anna.page.getByLabel('C timestamptz: time zone').fill('');
	await anna.input('c_timetz').fill('12:00');
	await saves(anna);
	assert.equal(await site.sql(`SET timezone = 'UTC'; SELECT c_timestamptz, c_timetz IN ('12:00+01', '12:00+02') FROM typed WHERE id = 9`), '2026-01-15 11:00:00+00|t');
	await anna.input('c_timestamptz').fill('2026-07-01');
	await anna.page.getByLabel('C timestamptz: time zone').fill('');
	await saves(anna);
	assert.equal(await site.sql(`SET timezone = 'UTC'; SELECT c_timestamptz FROM typed WHERE id = 9`), '2026-07-01 10:00:00+00', 'with summer time');
	await anna.input('c_timestamptz').fill('2026-12-01');
	await anna.page.getByLabel('C timestamptz: time', { exact: true }).fill('');
	await saves(anna);
	assert.equal(await site.sql(`SET timezone = 'UTC'; SELECT c_timestamptz FROM typed WHERE id = 9`), '2026-11-30 22:00:00+00', 'midnight in the zone that is shown');
});

scene('a text of 5 MB is usable at once', async ({ site, invite }) => {
	const anna = await invite('anna');
	await site.sql(`UPDATE typed SET c_text = repeat('A line of the long text, with some words.' || chr(10), 122000) WHERE id = 9`);
	await anna.edits('typed', '9');
	const area = anna.input('c_text');
	assert.equal(await area.getAttribute('dir') === 'auto', false);
	await area.focus();
	await anna.page.keyboard.press('Control+Home');
	await anna.page.keyboard.type('Typed! ');
	assert.deepEqual(await area.evaluate((input) => [document.activeElement === input, input.selectionStart]), [true, 7]);
	await saves(anna);
	assert.equal(await site.sql(`SELECT length(c_text), left(c_text, 13) FROM typed WHERE id = 9`), '5124007|Typed! A line');
});
