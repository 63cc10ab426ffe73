// The edit form: a field for each kind of column, null and empty, invalid
// values.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const scene = stage('browser_fields');
const ICELAND = '2';
const BARE = '3';
const saved = (site, id, columns) => site.sql(`SET timezone = 'UTC'; SELECT ${columns} FROM proposal WHERE id = ${id}`);
const becomes = (site, id, columns, expected) => eventually(async () => assert.equal(await saved(site, id, columns), expected));

scene('a value of each type is shown as it is', async ({ invite }) => {
	const anna = await invite('anna');
	await anna.edits('proposal', ICELAND);
	const shown = {
		title: 'Regions of Iceland after the reform', stage: 'under review', due: '2027-01-15', meeting: '09:30:00',
		votes: '7', cost: '1280.50', share: '0.5', reference: '6f1c1f0e-2b55-4d0e-9a53-0c4de1a80a02', short_name: 'ISL-REG', length: '35',
	};
	for (const [column, value] of Object.entries(shown)) assert.equal(await anna.value(column), value, column);
	await eventually(async () => assert.equal(await anna.value('country'), 'Iceland (IS)'));
	assert.deepEqual(JSON.parse(await anna.value('details')), { affects: ['IS-1', 'IS-8'], backwards: true });
	assert.equal(await anna.field('reasons').locator('textarea').inputValue(), 'Eight regions stay.\n\nTwo of them get a new spelling, and the municipalities below them new codes.');
	assert.deepEqual(await anna.field('keywords').locator('li input').evaluateAll((inputs) => inputs.map(({ value }) => value)), ['regions', 'municipal reform', 'codes']);
	assert.ok(await anna.field('urgent').getByLabel('Yes').isChecked());
	for (const column of ['id', 'length', 'letter']) assert.ok(!await anna.input(column).isEditable(), `${column} is only shown`);
});

scene('null and empty differ, and each can be set', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('proposal', BARE);
	const pressed = (column) => anna.field(column).getByRole('button', { name: / is null$/ }).getAttribute('aria-pressed');
	assert.equal(await pressed('reasons'), 'true');
	assert.equal(await pressed('short_name'), 'false', 'empty is not null');
	await anna.field('reasons').getByRole('button', { name: 'reasons is null' }).click();
	await anna.field('short_name').getByRole('button', { name: 'Short name is null' }).click();
	await anna.field('keywords').getByRole('button', { name: 'keywords is null' }).click();
	assert.equal(await pressed('reasons'), 'false');
	await anna.press('Save and keep editing');
	await becomes(site, BARE, `reasons = '', short_name IS NULL, keywords = '{}'`, 't|t|t');
	await anna.input('votes').fill('5');
	await anna.input('reasons').fill('some');
	await anna.press('Save and keep editing');
	await becomes(site, BARE, 'votes, reasons', '5|some');
	await anna.input('votes').fill('');
	await anna.input('reasons').fill('');
	await anna.press('Save and keep editing');
	await becomes(site, BARE, `votes IS NULL, reasons = ''`, 't|t');
});

scene('text, number, boolean, enum, date and time are saved as they were set', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('proposal', ICELAND);
	await anna.field('urgent').getByLabel('No').check();
	await anna.input('stage').selectOption('accepted');
	await anna.input('due').fill('2028-02-29');
	await anna.input('meeting').fill('14:45');
	await anna.input('effort').fill('1 mon 2 days 03:00:00');
	await anna.input('votes').fill('-3');
	await anna.input('cost').fill('99999999.99');
	await anna.input('share').fill('2.5e-3');
	await anna.input('short_name').fill('äöü€😀');
	await anna.press('Save and keep editing');
	await becomes(site, ICELAND, 'urgent, stage, due, meeting, effort, votes, cost, share, short_name', 'f|accepted|2028-02-29|14:45:00|1 mon 2 days 03:00:00|-3|99999999.99|0.0025|äöü€😀');
	await anna.field('urgent').getByLabel('null').check();
	await anna.press('Save and keep editing');
	await becomes(site, ICELAND, 'urgent IS NULL', 't');
});

scene('a timestamp keeps its microseconds, and its zone can be changed', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('proposal', ICELAND);
	const field = anna.field('submitted');
	assert.equal(await field.getByLabel('Submitted: date').inputValue(), '2026-11-03');
	assert.match(await field.getByLabel('Submitted: time', { exact: true }).inputValue(), /^\d\d:\d\d:30\.25$/);
	await field.getByLabel('Submitted: time', { exact: true }).fill('12:00:00.123456');
	await field.getByLabel('Submitted: time zone').fill('America/St_Johns');
	await anna.press('Save and keep editing');
	await becomes(site, ICELAND, 'submitted', '2026-11-03 15:30:00.123456+00');
	await field.getByLabel('Submitted: time zone').fill('+02');
	await anna.press('Save and keep editing');
	await eventually(async () => assert.match(await saved(site, ICELAND, 'submitted'), /\.123456\+00$/));
	await field.getByLabel('Submitted: date').fill('');
	await field.getByLabel('Submitted: time', { exact: true }).fill('');
	await anna.press('Save and keep editing');
	await becomes(site, ICELAND, 'submitted IS NULL', 't');
});

scene('elements of an array are added, changed and removed; any text is one element', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('proposal', ICELAND);
	await anna.press('Remove element 1 of Keywords');
	await anna.press('Add an element to Keywords');
	await anna.page.getByLabel('Keywords: element 3').fill('a "quoted, {odd} \\ one"');
	await anna.page.getByLabel('Keywords: element 1').fill('NULL');
	await anna.press('Save and keep editing');
	await becomes(site, ICELAND, 'array_to_json(keywords)', JSON.stringify(['NULL', 'codes', 'a "quoted, {odd} \\ one"']));
});

scene('JSON is checked before it is sent, reformatted on demand, and numbers stay exact', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('proposal', ICELAND);
	await anna.input('details').fill('{"a": ');
	await anna.press('Save and keep editing');
	await anna.field('details').getByText('Not valid JSON').waitFor();
	assert.equal(await anna.input('details').getAttribute('aria-invalid'), 'true');
	await anna.input('details').fill('{"a":[1,2]}');
	await anna.press('Format Details');
	assert.equal(await anna.value('details'), JSON.stringify({ a: [1, 2] }, null, 2));
	await anna.input('details').fill('{"n":123456789012345678901234567890}');
	await anna.press('Format Details');
	assert.equal(await anna.value('details'), '{\n  "n": 123456789012345678901234567890\n}');
	await anna.press('Save and keep editing');
	await becomes(site, ICELAND, `details ->> 'n'`, '123456789012345678901234567890');
});

scene('a foreign key is chosen by search, with the keyboard', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('proposal', ICELAND);
	const box = anna.field('country').getByRole('combobox');
	await box.click();
	await anna.field('country').getByRole('option').first().waitFor();
	await box.fill('norw');
	await anna.field('country').getByRole('option', { name: /Norway/ }).waitFor();
	await eventually(async () => assert.equal(await anna.field('country').getByRole('option').count(), 1));
	await site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.request('proposal', '${ICELAND}', 'please')`);
	await anna.sees('Bert Brandt requests this row.');
	assert.equal(await box.inputValue(), 'norw', 'events do not disturb the search');
	await box.press('ArrowDown');
	await box.press('Enter');
	await eventually(async () => assert.equal(await box.inputValue(), 'Norway (NO)'));
	await box.fill('no such country');
	await anna.page.getByText('No such row', { exact: true }).filter({ visible: true }).first().waitFor();
	await box.press('Escape');
	assert.equal(await box.inputValue(), 'Norway (NO)', 'the choice is kept');
	await anna.press('Save and keep editing');
	await becomes(site, ICELAND, 'country', 'NO');
	await anna.press('Country is null');
	await anna.press('Save and keep editing');
	await becomes(site, ICELAND, 'country IS NULL', 't');
});

scene('invalid values are not sent; those that the database rejects are marked', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('proposal', ICELAND);
	const before = await saved(site, ICELAND, 'proposal');
	const wrong = { votes: ['many', 'A whole number'], cost: ['1.2.3', 'A number'], reference: ['no uuid', 'A UUID has 32'], short_name: ['a'.repeat(13), 'At most 12 characters'] };
	for (const [column, [text, words]] of Object.entries(wrong)) {
		const was = await anna.value(column);
		await anna.input(column).fill(text);
		await anna.press('Save and keep editing');
		await anna.field(column).getByText(words).waitFor();
		await anna.input(column).fill(was);
	}
	anna.expects(422, /rows\/2$/);
	const refused = { votes: '99999', effort: 'for ever', meeting: '25:61', cost: '123456789012.00' };
	for (const [column, text] of Object.entries(refused)) {
		const was = await anna.value(column);
		await anna.input(column).fill(text);
		await anna.press('Save and keep editing');
		await anna.field(column).locator('.field-error').filter({ visible: true }).waitFor();
		assert.equal(await anna.value(column), text, 'the text is kept');
		await anna.input(column).fill(was);
	}
	assert.equal(await saved(site, ICELAND, 'proposal'), before);
	await anna.seesLock('mine');
});

scene('a change can be undone, and what the holder writes elsewhere is not overwritten', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('proposal', ICELAND);
	const was = await anna.value('title');
	await anna.input('title').fill('Something else');
	await anna.press('Title: changed, undo');
	assert.equal(await anna.value('title'), was);
	assert.ok(await anna.button('Save').isDisabled());
	await anna.input('title').fill('Regions of Iceland, renamed');
	await site.sql(`SET locking.enforce = on; SET SESSION AUTHORIZATION anna; UPDATE proposal SET votes = 42 WHERE id = ${ICELAND}`);
	await anna.press('Save and keep editing');
	await becomes(site, ICELAND, 'title, votes', 'Regions of Iceland, renamed|42');
});

scene('several lines can be pasted into a field of one line', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('proposal', BARE);
	await anna.input('title').evaluate((input) => {
		const clipboardData = new DataTransfer();
		clipboardData.setData('text/plain', 'one\ntwo');
		input.select();
		input.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
	});
	await anna.press('Save and keep editing');
	await becomes(site, BARE, 'title', 'one\ntwo');
});
