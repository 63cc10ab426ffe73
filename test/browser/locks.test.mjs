// The pages of locks, tables and history, and the privileges they need.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const scene = stage('browser_locks');
const line = (person, text) => person.page.locator('main tbody tr').filter({ hasText: text });

scene('locks of all tables: live, searched and filtered', async ({ site, invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await bert.open('/locks');
	await bert.sees('Nothing is locked');
	await bert.sees('Live');
	await anna.edits('country', 'FI');
	await line(bert, 'Finland').waitFor();
	await site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.acquire('language', 'fin', note => 'checking the spelling'), locking.acquire('language', 'swe', hard => false)`);
	await line(bert, 'Finnish').getByText('checking the spelling').waitFor();
	await line(bert, 'Swedish').getByText('warns only').waitFor();
	await bert.page.getByLabel('Mine only').check();
	await bert.seesNo('Finland');
	await bert.page.getByLabel('Mine only').uncheck();
	await bert.page.getByRole('searchbox').fill('spelling');
	await bert.seesNo('Finland');
	await line(bert, 'Finnish').waitFor();
	await bert.page.getByRole('searchbox').fill('');
	await line(bert, 'Finland').waitFor();
	await bert.page.getByLabel('Table').selectOption('Country');
	await bert.seesNo('Finnish');
	await anna.press('Cancel');
	await bert.sees('No such lock');
});

scene('several locks are removed at once, with one question and one reason', async ({ site, invite }) => {
	const [anna, carla] = [await invite('anna'), await invite('carla')];
	anna.expects(409, /draft$/); // the lock ends while it is typed
	await anna.edits('country', 'GA');
	await anna.input('name').fill('Gabon of Anna');
	await site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.acquire('country', 'GB'), locking.acquire('country', 'GD')`);
	await carla.open('/locks');
	for (const name of ['Gabon', 'United Kingdom', 'Grenada']) await line(carla, name).waitFor();
	await line(carla, 'Gabon').getByRole('checkbox').check();
	await line(carla, 'United Kingdom').getByRole('checkbox').check();
	await carla.sees('2 selected');
	await carla.press('Remove 2 locks…');
	await carla.sees('Bert Brandt (bert)', { within: 'dialog' });
	await carla.answers('Cancel');
	await carla.press('Remove 2 locks…');
	await carla.dialog().getByLabel('Reason').fill('migration tonight');
	await carla.answers('Remove locks');
	await carla.sees('2 locks are removed.');
	await carla.seesNo('Gabon');
	await carla.seesNo('United Kingdom');
	await line(carla, 'Grenada').waitFor();
	await anna.seesLock('bad');
	await anna.sees('Reason: “migration tonight”.');
	assert.equal(await anna.value('name'), 'Gabon of Anna');
	assert.equal(await site.sql(`SELECT count(*) FROM locking.history WHERE event = 'broken' AND reason = 'migration tonight' AND actor = 'carla'`), '2');
});

scene('choosing all locks, and none of them', async ({ site, invite }) => {
	const carla = await invite('carla');
	await site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.acquire('country', 'GE'), locking.acquire('country', 'GF')`);
	await carla.open('/locks');
	await carla.page.getByLabel('Select all').check();
	await carla.sees('2 selected');
	await carla.press('Select none');
	await carla.seesNo('2 selected');
	assert.ok(!await line(carla, 'Georgia').getByRole('checkbox').isChecked());
	// On a phone the table's head is hidden.
	await carla.page.setViewportSize({ width: 390, height: 844 });
	await line(carla, 'Georgia').getByRole('checkbox').check();
	await carla.press('Select all');
	await carla.sees('2 selected');
});

scene('users who may not remove locks can request the row', async ({ site, invite }) => {
	const bert = await invite('bert');
	await site.sql(`SET SESSION AUTHORIZATION anna; SELECT locking.acquire('country', 'GH')`);
	await bert.open('/locks');
	await line(bert, 'Ghana').waitFor();
	assert.equal(await bert.page.getByRole('checkbox', { name: /^Choose/ }).count(), 0);
	await bert.press('Request the row from Anna Albers');
	await bert.sees('Request the row from Anna Albers?');
	await bert.answers('Request editing');
	await bert.sees('Your request was sent to Anna Albers.');
	assert.equal(await site.sql(`SELECT owner FROM locking.requests WHERE key = 'GH'`), 'bert');
});

scene('the owner of a table protects it, changes its settings, and unprotects it', async ({ site, invite }) => {
	const carla = await invite('carla');
	const settings = () => site.sql(`SELECT hard, required, extract(epoch FROM ttl)::integer FROM locking.protected_tables WHERE relation = 'note'::regclass`);
	await carla.open('/tables');
	await carla.press('Protect: Note');
	await carla.dialog().getByLabel('A lock ends after').fill('-1');
	await carla.dialog().getByRole('button', { name: 'Protect', exact: true }).click();
	await carla.sees('Enter a number of seconds greater than 0, or leave the field empty.');
	await carla.dialog().getByLabel('A lock ends after').fill('300');
	await carla.dialog().getByText('Guarded columns').click();
	await carla.dialog().getByLabel('Body').uncheck();
	await carla.dialog().getByRole('button', { name: 'Protect', exact: true }).click();
	await carla.sees('Choose at least one column.');
	assert.equal(await settings(), '', 'no column is not stored as all');
	await carla.dialog().getByLabel('body').check();
	await carla.answers('Protect');
	await carla.sees('Note is protected now.');
	assert.equal(await settings(), 't|f|300');
	await carla.press('Settings: Note');
	await carla.dialog().getByLabel('Reject writes by other users').uncheck();
	await carla.answers('Save settings');
	await eventually(async () => assert.equal(await settings(), 'f|f|300'));
	await carla.button('Settings: Note').waitFor();
	await site.sql(`SELECT locking.acquire('note', '1')`);
	await carla.press('Settings: Note');
	await carla.dialog().getByRole('button', { name: 'Unprotect…' }).click();
	await carla.answers('Cancel');
	assert.equal(await settings(), 'f|f|300');
	await carla.press('Settings: Note');
	await carla.dialog().getByRole('button', { name: 'Unprotect…' }).click();
	await carla.answers('Unprotect');
	await carla.sees('Note is no longer protected.');
	assert.equal(await settings(), '');
	await carla.button('Protect: Note').waitFor();
});

scene('users who do not own a table cannot change its protection', async ({ invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables');
	await anna.page.getByRole('link', { name: 'country' }).waitFor();
	assert.equal(await anna.page.getByRole('button', { name: /^(Protect|Settings):/ }).count(), 0);
});

scene('rows of an unprotected table are edited without locks, and the page says so', async ({ site, invite }) => {
	const carla = await invite('carla');
	await carla.open('/tables/note');
	await carla.sees('This table is not protected.');
	await carla.page.getByRole('link', { name: 'Note 2' }).click();
	await carla.sees('Not protected: rows of this table are not locked');
	await carla.input('body').fill('Note 2, changed');
	await carla.press('Save');
	await carla.arrives('/tables/note');
	assert.equal(await site.sql('SELECT body FROM note WHERE id = 2'), 'Note 2, changed');
});

scene('the number of locks in the list of tables is live, and links to them', async ({ invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await bert.open('/tables');
	await bert.sees('Live');
	await anna.edits('proposal', '1');
	const count = line(bert, 'proposal').getByRole('link', { name: /locked rows? in Proposal/ });
	await count.waitFor();
	await count.click();
	await line(bert, 'Spell Türkiye').waitFor();
});

scene('the history shows who did what and why, of one row and of all, latest first', async ({ site, invite }) => {
	const anna = await invite('anna');
	await site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.acquire('country', 'HR')`);
	await site.sql(`SELECT locking.set_owner('carla'), locking.take_over('country', 'HR', 'goes to print')`);
	await site.sql(`SELECT locking.set_owner('carla'), locking.release(token) FROM locking.locks WHERE key = 'HR'`);
	await site.sql(`SELECT locking.acquire('country', 'HU')`);
	await anna.open('/history?table=country&key=HR');
	await anna.page.locator('main tbody tr').first().waitFor();
	const events = await anna.page.locator('main tbody tr .what').allInnerTexts();
	assert.match(events[0], /^Edited · /, 'a lock and its release are one line');
	assert.match(events[1], /^Taken over · /);
	assert.deepEqual(events.slice(2), []);
	await anna.sees('goes to print');
	await anna.press('Remove the filter Croatia');
	await line(anna, 'Hungary').waitFor();
	await anna.page.getByLabel('Event', { exact: true }).selectOption('taken_over');
	await anna.seesNo('Hungary');
	await site.sql(`SELECT locking.acquire('country', 'ID')`);
	await anna.press('Show new events');
	await anna.page.getByLabel('Event', { exact: true }).selectOption('');
	await line(anna, 'Indonesia').waitFor();
});

scene('an unknown address shows an error', async ({ invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables');
	anna.expects(404);
	for (const [path, words] of [['/tables/no_such_table', 'Not found'], ['/tables/country/NOPE', 'Not found'], ['/nowhere', 'There is no such page'], ['/tables/a/b/c/d', 'There is no such page']]) {
		await anna.open(path);
		await anna.sees(words);
	}
	await anna.page.getByRole('link', { name: 'Tables' }).first().click();
	await anna.page.getByRole('link', { name: 'country' }).waitFor();
});
