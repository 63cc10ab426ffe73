// Tables with soft locks, and tables where writing requires a lock.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

// Pages keep their locks only while they are used.
const scene = stage('browser_protection', {
	options: ['--idle-limit', '0'],
	sql: `SELECT locking.protect('country', hard => false); SELECT locking.protect('language', required => true);
		CREATE TABLE late (id integer PRIMARY KEY, body text);
		INSERT INTO late VALUES (1, 'one');
		CREATE TABLE freed (id integer PRIMARY KEY, body text, note text);
		INSERT INTO freed VALUES (1, 'one', ''), (2, 'two', '');
		GRANT ALL ON late, freed TO anna`,
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
	anna.expects(404, /rows\/qab$/); // read again while it is deleted
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

scene('a table that is protected after its page was opened: the save locks the row', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables/late/1');
	await anna.sees(/^Not protected/);
	await site.sql(`SELECT locking.protect('late')`);
	anna.expects(423, /rows\/\d$/);
	await anna.input('body').fill('one of Anna');
	await anna.press('Save and keep editing');
	await anna.sees('This table was protected after you opened the page.');
	await anna.seesLock('mine');
	await anna.press('Save and keep editing');
	await anna.sees('one of Anna is saved.');
	await anna.seesLock('mine');
	assert.equal(await site.sql('SELECT body FROM late WHERE id = 1'), 'one of Anna');
});

scene('a table that is protected, and whose row another user locks, while its page is open: the page says so at once', async ({ site, invite }) => {
	const anna = await invite('anna');
	await site.sql(`INSERT INTO freed VALUES (3, 'three', '')`);
	await anna.open('/tables/freed/3');
	await anna.sees(/^Not protected/);
	await anna.input('body').fill('3 of Anna');
	anna.expects(423, /lock$/);
	await site.sql(`SELECT locking.protect('freed'), locking.set_owner('bert', 'Bert Brandt', false), locking.acquire('freed', '3', '1 hour')`);
	await anna.sees('This row is currently being edited by Bert Brandt.');
	assert.ok(!await anna.input('body').isEditable());
	await anna.button('Request editing…').waitFor();
	assert.equal(await anna.value('body'), '3 of Anna');
	await site.endLocks();
	await anna.press('Start editing');
	await anna.seesLock('mine');
	await anna.press('Save');
	await anna.arrives('/tables/freed');
	assert.equal(await site.sql('SELECT body FROM freed WHERE id = 3'), '3 of Anna');
	await site.sql(`SELECT locking.unprotect('freed')`);
});

/** A table is unprotected, and a row written, while a page has its lock. */
async function unprotects({ site, anna }, key, meanwhile) {
	await site.sql(`SELECT locking.protect('freed')`);
	anna.expects(409, /(lock|draft)$/);
	await anna.edits('freed', key);
	await anna.input('body').fill(`${key} of Anna`);
	await site.sql(`SELECT locking.unprotect('freed'); ${meanwhile}`);
	await anna.seesLock('bad');
	await anna.press('Lock again and save');
	await anna.sees('This table is not protected any more.');
	await anna.seesLock('quiet');
	await anna.seesNo(/You cannot lock this row/);
	assert.equal(await anna.value('body'), `${key} of Anna`);
}

scene('a table that is unprotected while its page has a lock: the page says so, and the row can be saved', async ({ site, invite }) => {
	const anna = await invite('anna');
	await unprotects({ site, anna }, '1', `UPDATE freed SET note = 'of Bert' WHERE id = 1`);
	await eventually(async () => assert.equal(await anna.value('note'), 'of Bert'));
	await anna.press('Save');
	await anna.arrives('/tables/freed');
	assert.equal(await site.sql('SELECT body, note FROM freed WHERE id = 1'), '1 of Anna|of Bert');
});

scene('a table that is unprotected, and others write the same value: the user decides', async ({ site, invite }) => {
	const anna = await invite('anna');
	await unprotects({ site, anna }, '2', `UPDATE freed SET body = 'of Bert' WHERE id = 2`);
	await anna.sees('Others have changed the same fields');
	await anna.press('Save and keep editing');
	await anna.answers('Use selected');
	await anna.sees(/is saved\.$/);
	assert.equal(await site.sql('SELECT body FROM freed WHERE id = 2'), '2 of Anna');
	// protected again: the save says so, and the page locks the row
	await site.sql(`SELECT locking.protect('freed', required => true)`);
	anna.expects(423, /rows\/2$/);
	await anna.input('body').fill('again of Anna');
	await anna.press('Save and keep editing');
	await anna.sees('This table was protected after you opened the page.');
	await anna.seesLock('mine');
	await anna.seesNo('This table is not protected any more.');
	await anna.press('Save');
	await anna.arrives('/tables/freed');
	assert.equal(await site.sql('SELECT body FROM freed WHERE id = 2'), 'again of Anna');
});
