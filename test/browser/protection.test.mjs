// Tables with soft locks, and tables where writing requires a lock.
import assert from 'node:assert/strict';
import { stage } from './lib/stage.mjs';

// Pages keep their locks only while they are used.
const scene = stage('browser_protection', {
	options: ['--idle-limit', '0'],
	sql: `SELECT locking.protect('country', hard => false); SELECT locking.protect('language', required => true);
		CREATE TABLE late (id integer PRIMARY KEY, body text);
		INSERT INTO late VALUES (1, 'one'), (2, 'two');
		GRANT ALL ON late TO anna`,
});
const named = (site, key) => site.sql(`SELECT name FROM country WHERE alpha_2 = '${key}'`);
const spoken = (site, key) => site.sql(`SELECT name FROM language WHERE alpha_3 = '${key}'`);

scene('a soft lock is shown to other users, whose pages are read-only', async ({ site, invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await bert.open('/tables/country?q=qatar');
	await bert.sees('Live');
	await anna.edits('country', 'QA');
	await bert.seesRow('QA', 'theirs');
	await bert.row('QA').getByRole('link').click();
	await bert.sees('This row is currently being edited by Anna Albers.');
	assert.ok(!await bert.input('name').isEditable());
	await anna.input('name').fill('Katar');
	await anna.press('Save');
	await bert.sees('The row is free now.');
	assert.equal(await named(site, 'QA'), 'Katar');
});

scene('a program\'s write in spite of a soft lock is kept', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'RO');
	await anna.input('name').fill('România');
	await site.sql(`SET locking.enforce = on; SET SESSION AUTHORIZATION bert; UPDATE country SET official_name = 'by a program' WHERE alpha_2 = 'RO'`);
	await anna.press('Save');
	await anna.arrives('/tables/country');
	assert.equal(await site.sql(`SELECT name, official_name FROM country WHERE alpha_2 = 'RO'`), 'România|by a program');
});

scene('where writing requires a lock, the pages save, add and delete rows', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('language', 'ron');
	await anna.input('name').fill('Rumänisch');
	await anna.press('Save');
	await anna.arrives('/tables/language');
	assert.equal(await spoken(site, 'ron'), 'Rumänisch');
	await anna.open('/new/language');
	for (const [column, text] of Object.entries({ alpha_3: 'qab', name: 'Lockish', scope: 'I', type: 'L' })) await anna.input(column).fill(text);
	await anna.press('Save and keep editing');
	await anna.arrives('/tables/language/qab');
	await anna.seesLock('mine');
	await anna.press('Delete');
	await anna.answers('Delete');
	await anna.arrives('/tables/language');
	assert.equal(await spoken(site, 'qab'), '');
});

scene('where writing requires a lock, a save after its expiry resumes it', async ({ site, invite }) => {
	const anna = await invite('anna');
	await site.sql(`SELECT locking.protect('language', required => true, ttl => '5 s')`);
	await anna.edits('language', 'rus');
	await anna.input('name').fill('Russisch');
	await anna.sees('Your lock on this page has expired.');
	// A click also renews; the release may overtake that.
	anna.expects(409, /lock$/);
	await anna.press('Save');
	await anna.arrives('/tables/language');
	assert.equal(await spoken(site, 'rus'), 'Russisch');
});

scene('where writing requires a lock, the page names the holder', async ({ site, invite }) => {
	const bert = await invite('bert');
	await site.sql(`SET SESSION AUTHORIZATION anna; SELECT locking.acquire('language', 'por', '1 hour')`);
	await bert.open('/tables/language/por');
	await bert.sees('This row is currently being edited by Anna Albers.');
	assert.ok(!await bert.input('name').isEditable());
});

scene('a table that is protected after its page was opened: the save locks the row, or says who has it', async ({ site, invite }) => {
	const anna = await invite('anna');
	const other = await anna.tab();
	await anna.open('/tables/late/1');
	await other.open('/tables/late/2');
	for (const page of [anna, other]) await page.sees(/^Not protected/);
	await site.sql(`SELECT locking.protect('late'), locking.set_owner('bert', 'Bert Brandt', false), locking.acquire('late', '2', '1 hour')`);
	anna.expects(423, /rows\/\d$/);
	await anna.input('body').fill('one of Anna');
	await anna.press('Save and keep editing');
	await anna.sees('This table was protected after you opened the page.');
	await anna.seesLock('mine');
	await anna.press('Save and keep editing');
	await anna.sees('one of Anna is saved.');
	await anna.seesLock('mine');
	assert.equal(await site.sql('SELECT body FROM late WHERE id = 1'), 'one of Anna');
	await other.input('body').fill('two of Anna');
	await other.press('Save');
	await other.sees('This row is currently being edited by Bert Brandt.');
	await other.button('Request editing…').waitFor();
	assert.equal(await other.value('body'), 'two of Anna');
});
