// What is typed is kept at once on this computer, and a moment later on the
// server: it survives whatever happens to the page, and ends with a save or
// an explicit Discard.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const declare = stage('browser_draft_keeping', { sql: "INSERT INTO proposal (title) SELECT 'Proposal ' || g FROM generate_series(4, 12) g" });
const draftsOf = (site, owner, condition = 'true') => site.sql(`SELECT count(*) FROM locking.draft WHERE owner = '${owner}' AND ${condition}`);
const hasDrafts = (site, owner, n, condition) => eventually(async () => assert.equal(await draftsOf(site, owner, condition), String(n), `drafts of ${owner}`));
const hasOnServer = (site, owner, column, text) => hasDrafts(site, owner, 1, `data -> 'values' ->> '${column}' = '${text}'`);
const title = (site, key) => site.sql(`SELECT title FROM proposal WHERE id = ${key}`);
const isSaved = (site, key, text) => eventually(async () => assert.equal(await title(site, key), text));
const offers = (person) => person.page.locator('.draft-offers li');
const offer = (person, words) => offers(person).filter({ hasText: words });
const discardAll = (site) => site.sql('DELETE FROM locking.draft');
const scene = (title, act) => declare(title, async (given) => {
	await discardAll(given.site);
	await act(given);
});

/** The drafts on this computer, of all persons. */
const onComputer = (person) => person.page.evaluate(() => new Promise((resolve, reject) => {
	const opening = indexedDB.open('locking');
	opening.onerror = () => reject(opening.error);
	opening.onsuccess = () => {
		const database = opening.result;
		if (!database.objectStoreNames.contains('drafts')) return resolve([]);
		const reading = database.transaction('drafts').objectStore('drafts').getAll();
		reading.onsuccess = () => { database.close(); resolve(reading.result); };
	};
}));
const hasOnComputer = (person, values) => eventually(async () =>
	assert.deepEqual((await onComputer(person)).map(({ data }) => data.values), values));

/** Another page of the same browser, as after a crash or a restart of it. */
async function comesBack(person) {
	person.page = await person.context.newPage();
}

/** What is typed is held back from the server. */
const holdDrafts = (person) => person.page.route('**/draft', (route) => (route.request().method() === 'GET' ? route.continue() : route.abort()));

async function restores(person, words) {
	await offer(person, words).getByRole('button', { name: 'Restore' }).click();
	await offer(person, words).waitFor({ state: 'detached' });
}

scene('a page that crashes before anything was sent: offered by this computer', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(0, /draft$/);
	await anna.edits('proposal', '1');
	const before = await title(site, 1);
	await holdDrafts(anna);
	await anna.input('title').fill('typed before the crash');
	await hasOnComputer(anna, [{ title: 'typed before the crash' }]);
	await anna.crash();
	await comesBack(anna);
	await anna.open('/tables/proposal/1');
	await offer(anna, 'this computer').waitFor();
	assert.equal(await title(site, 1), before);
	assert.equal(await draftsOf(site, 'anna'), '0', 'the server had nothing');
	await anna.press('Take control in this tab');
	await anna.seesLock('mine');
	await restores(anna, 'this computer');
	assert.equal(await anna.value('title'), 'typed before the crash');
	await hasOnServer(site, 'anna', 'title', 'typed before the crash');
	await anna.press('Save');
	await isSaved(site, 1, 'typed before the crash');
	await hasDrafts(site, 'anna', 0);
	await hasOnComputer(anna, []);
	await anna.open('/tables/proposal/1');
	await anna.seesLock('mine');
	assert.equal(await offers(anna).count(), 0, 'nothing is offered after the save');
});

scene('text that was not saved is offered after a reload, until it is saved; new text does not replace it', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('proposal', '2');
	await anna.input('title').fill('the first text');
	await hasOnServer(site, 'anna', 'title', 'the first text');
	await anna.page.reload();
	await anna.seesLock('mine');
	await offer(anna, 'this tab').waitFor();
	await anna.input('title').fill('the second text');
	await hasDrafts(site, 'anna', 2);
	await anna.page.reload();
	await anna.seesLock('mine');
	await eventually(async () => assert.equal(await offers(anna).count(), 2));
	await offers(anna).last().getByRole('button', { name: 'Compare' }).click();
	await anna.dialog().getByText('the first text').waitFor();
	await anna.answers('Close');
	await offers(anna).last().getByRole('button', { name: 'Restore' }).click();
	await eventually(async () => assert.equal(await anna.value('title'), 'the first text'));
	await anna.press('Save and keep editing');
	await isSaved(site, 2, 'the first text');
	await hasDrafts(site, 'anna', 1, `data -> 'values' ->> 'title' = 'the second text'`);
	await offers(anna).getByRole('button', { name: 'Discard' }).click();
	await hasDrafts(site, 'anna', 0);
	await hasOnComputer(anna, []);
});

scene('a draft that is restored over new text: that text is offered instead', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('proposal', '2');
	await anna.input('title').fill('an earlier text');
	await hasOnServer(site, 'anna', 'title', 'an earlier text');
	await anna.page.reload();
	await anna.seesLock('mine');
	await anna.input('title').fill('a later text');
	for (const text of ['an earlier text', 'a later text']) {
		await offer(anna, 'this tab').getByRole('button', { name: 'Restore' }).click();
		await eventually(async () => assert.equal(await anna.value('title'), text));
	}
	await anna.press('Save');
	await isSaved(site, 2, 'a later text');
	await discardAll(site);
});

scene('the page is left at once: a beacon takes what was not sent', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('proposal', '3');
	await anna.page.route('**/draft', (route) => (route.request().method() === 'PUT' ? route.abort() : route.continue()));
	anna.expects(0, /draft$/);
	await anna.input('title').fill('typed while leaving');
	await anna.page.goto('about:blank');
	await hasOnServer(site, 'anna', 'title', 'typed while leaving');
	await discardAll(site);
});

scene('the server is away while typing: offered after the browser comes back', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expectsStop();
	await anna.edits('proposal', '4');
	await site.stopServer();
	await anna.input('title').fill('typed while the server was away');
	await hasOnComputer(anna, [{ title: 'typed while the server was away' }]);
	await anna.page.close();
	await site.restartServer();
	await anna.signInQuietly();
	await comesBack(anna);
	await anna.open('/tables/proposal/4');
	await offer(anna, 'this computer').waitFor();
	await anna.press('Take control in this tab');
	await anna.seesLock('mine');
	await restores(anna, 'this computer');
	await anna.press('Save');
	await isSaved(site, 4, 'typed while the server was away');
	await hasOnComputer(anna, []);
});

scene('the loser of a takeover leaves, and finds the text on another computer', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(409);
	anna.expects(0, /draft$/);
	await anna.edits('proposal', '5');
	await holdDrafts(anna);
	await anna.input('title').fill('typed just before the takeover');
	await site.sql(`SET locking.owner = 'carla'; SELECT locking.take_over('proposal', 5, 'urgent', '1 hour')`);
	await anna.seesLock('bad');
	assert.equal(await draftsOf(site, 'anna'), '0');
	await anna.page.unroute('**/draft');
	await anna.press('Cancel');
	await anna.answers('Keep a draft');
	await hasOnServer(site, 'anna', 'title', 'typed just before the takeover');
	const elsewhere = await invite('anna');
	await elsewhere.open('/tables/proposal/5');
	await offer(elsewhere, 'another computer').waitFor();
	await elsewhere.open('/drafts');
	await elsewhere.page.getByRole('row').filter({ hasText: 'another computer' }).waitFor();
	await site.sql(`SET locking.owner = 'carla'; SELECT locking.release_all()`);
	await elsewhere.edits('proposal', '5');
	await restores(elsewhere, 'another computer');
	await elsewhere.press('Save');
	await isSaved(site, 5, 'typed just before the takeover');
	await hasDrafts(site, 'anna', 0);
	await anna.open('/tables/proposal/5');
	await anna.seesLock('mine');
	assert.equal(await offers(anna).count(), 0, 'what was saved elsewhere is not offered');
});

scene('the loser of a takeover discards the text', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(409);
	await anna.edits('proposal', '6');
	await anna.input('title').fill('not worth it');
	await hasOnServer(site, 'anna', 'title', 'not worth it');
	await site.sql(`SET locking.owner = 'carla'; SELECT locking.take_over('proposal', 6, 'urgent')`);
	await anna.seesLock('bad');
	await anna.press('Cancel');
	await anna.answers('Discard');
	await anna.page.waitForURL(/proposal$/);
	await hasDrafts(site, 'anna', 0);
	await hasOnComputer(anna, []);
});

scene('two tabs keep a draft each; taking control offers that of the other', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(409);
	anna.expects(423);
	await anna.edits('proposal', '7');
	await anna.input('title').fill('of the first tab');
	const second = await anna.tab();
	await second.open('/tables/proposal/7');
	await second.press('Take control in this tab');
	await second.seesLock('mine');
	await offer(second, 'another tab').waitFor();
	await second.input('title').fill('of the second tab');
	await hasDrafts(site, 'anna', 2);
	await anna.seesLock('bad');
	assert.equal(await anna.value('title'), 'of the first tab');
	await second.press('Save and keep editing');
	await isSaved(site, 7, 'of the second tab');
	await hasDrafts(site, 'anna', 1, `data -> 'values' ->> 'title' = 'of the first tab'`);
	await restores(second, 'another tab');
	await second.answers('Use selected').catch(() => {});
	assert.equal(await second.value('title'), 'of the first tab');
	await second.press('Save');
	await isSaved(site, 7, 'of the first tab');
	await hasDrafts(site, 'anna', 0);
});

scene('a new row: offered here and on another computer, and gone once it is saved', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.open('/new/language');
	await anna.input('alpha_3').fill('qab');
	await anna.input('name').fill('Invented');
	await hasDrafts(site, 'anna', 1, `is_new AND data -> 'values' ->> 'name' = 'Invented'`);
	await anna.crash();
	await comesBack(anna);
	await anna.open('/drafts');
	await anna.page.getByRole('link', { name: 'New row' }).click();
	await offer(anna, 'this computer').waitFor();
	const elsewhere = await invite('anna');
	await elsewhere.open('/new/language');
	await restores(elsewhere, 'another computer');
	assert.equal(await elsewhere.value('alpha_3'), 'qab');
	await elsewhere.input('scope').selectOption('Individual').catch(() => elsewhere.input('scope').fill('Individual'));
	await elsewhere.input('type').selectOption('Living').catch(() => elsewhere.input('type').fill('Living'));
	await elsewhere.press('Save');
	await eventually(async () => assert.equal(await site.sql(`SELECT name FROM language WHERE alpha_3 = 'qab'`), 'Invented'));
	await hasDrafts(site, 'anna', 0);
	await hasOnComputer(elsewhere, []);
});

scene('signing out wipes the computer; the server keeps what was typed last', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(401, /(draft|presence|history)$/); // the page that is left may be late:
	anna.expects(409, /draft$/); // its lock or session has ended
	await anna.edits('proposal', '8');
	await anna.page.route('**/draft', (route) => (route.request().method() === 'PUT' ? setTimeout(() => route.continue(), 1500) : route.continue()));
	await anna.input('title').fill('typed before signing out');
	await anna.press('Sign out');
	await anna.answers('Keep a draft');
	await anna.page.waitForURL(/signin/);
	await hasOnComputer(anna, []);
	await hasOnServer(site, 'anna', 'title', 'typed before signing out');
	await anna.signInQuietly();
	await anna.edits('proposal', '8');
	await offers(anna).waitFor();
	await discardAll(site);
});

scene('text that only this computer has is not lost by signing out without a question', async ({ invite }) => {
	const anna = await invite('anna');
	anna.expects(0, /draft$/);
	anna.expects(401, /presence$|history$/); // the page that is left may be late
	await anna.edits('proposal', '9');
	await holdDrafts(anna);
	await anna.input('title').fill('only here');
	await anna.press('Sign out');
	await anna.press('Keep a draft');
	await anna.dialog().getByText('Sign out and lose unsaved text?').waitFor();
	await anna.answers('Stay signed in');
	assert.equal((await onComputer(anna)).length, 1);
	await anna.press('Sign out');
	await anna.press('Keep a draft');
	await anna.dialog().getByText('Sign out and lose unsaved text?').waitFor();
	await anna.answers('Sign out');
	await anna.page.waitForURL(/signin/);
	await hasOnComputer(anna, []);
});

scene('the list of drafts has the labels of row and columns, and folds the earlier drafts of a row', async ({ site, invite }) => {
	const anna = await invite('anna');
	await site.sql(`SET SESSION AUTHORIZATION anna;
		SELECT locking.save_draft_of('proposal', '3', jsonb_build_object('values', jsonb_build_object('short_name', client)), client) FROM unnest('{early,late}'::text[]) client`);
	await anna.open('/drafts');
	const lines = anna.page.locator('tbody tr').filter({ hasText: 'A code for sign languages' });
	await eventually(async () => assert.equal(await lines.filter({ visible: true }).count(), 1));
	await lines.first().getByText('Short name').waitFor();
	await anna.press('1 earlier draft');
	assert.equal(await lines.filter({ visible: true }).count(), 2);
	assert.deepEqual(await anna.barriers(), []);
	await discardAll(site);
});

scene('another person at the same browser sees nothing of it', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(401);
	await anna.edits('proposal', '10');
	await anna.input('title').fill('for my eyes only');
	await hasOnServer(site, 'anna', 'title', 'for my eyes only');
	await anna.page.close();
	await site.endLocks();
	await anna.context.clearCookies();
	anna.role = 'bert';
	await anna.signInQuietly();
	await comesBack(anna);
	await anna.edits('proposal', '10');
	assert.equal(await offers(anna).count(), 0);
	await anna.open('/drafts');
	await anna.sees('No drafts');
	assert.equal(await anna.page.getByText('for my eyes only').count(), 0);
	assert.equal((await onComputer(anna)).length, 1, 'it is kept for her');
	await anna.context.clearCookies();
	anna.role = 'anna';
	await anna.signInQuietly();
	await anna.open('/tables/proposal/10');
	await offers(anna).waitFor();
	await discardAll(site);
});

scene('a browser without IndexedDB says so once; the server keeps drafts', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.context.addInitScript(() => Object.defineProperty(globalThis, 'indexedDB', { get() { throw new DOMException('private', 'SecurityError'); } }));
	await anna.edits('proposal', '11');
	await anna.input('title').fill('typed in private');
	assert.equal(await anna.page.evaluate(() => sessionStorage.getItem('locking.keepsNoDrafts')), 'yes', 'it was said');
	await hasOnServer(site, 'anna', 'title', 'typed in private');
	await anna.page.reload();
	await anna.seesLock('mine');
	await offers(anna).waitFor();
	assert.equal(await anna.page.getByText('This browser keeps no drafts').count(), 0, 'said once');
	await discardAll(site);
});

scene('a browser whose IndexedDB never answers says so, and the drafts of the server are offered', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.context.addInitScript(() => { indexedDB.open = () => new EventTarget(); });
	await anna.edits('proposal', '11');
	await anna.input('title').fill('typed for nobody');
	await anna.sees('This browser keeps no drafts');
	await hasOnServer(site, 'anna', 'title', 'typed for nobody');
	await anna.page.reload();
	await anna.seesLock('mine');
	await offers(anna).waitFor();
	await discardAll(site);
});

scene('my drafts: all of them, opened and discarded', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(0, /draft$/);
	await anna.edits('proposal', '12');
	await anna.input('title').fill('on the server');
	await hasOnServer(site, 'anna', 'title', 'on the server');
	await anna.press('Cancel');
	await anna.answers('Keep a draft');
	await holdDrafts(anna);
	await anna.edits('country', 'BB');
	await anna.input('name').fill('only here');
	await anna.press('Cancel');
	await anna.answers('Keep a draft');
	await anna.page.waitForURL(/country/);
	await anna.page.unroute('**/draft');
	await anna.page.getByRole('link', { name: 'My drafts' }).click();
	const rows = anna.page.locator('tbody tr');
	await eventually(async () => assert.equal(await rows.count(), 2));
	assert.deepEqual(await anna.barriers(), []);
	await rows.filter({ hasText: 'Barbados' }).getByRole('button', { name: /^Discard/ }).click();
	await anna.answers('Discard');
	await hasDrafts(site, 'anna', 1);
	await eventually(async () => assert.equal((await onComputer(anna)).length, 1));
	await rows.getByRole('link').first().click();
	await anna.seesLock('mine');
	await restores(anna, 'this tab');
	assert.equal(await anna.value('title'), 'on the server');
	await anna.press('Save');
	await isSaved(site, 12, 'on the server');
});

scene('my drafts: that of a row that was deleted is shown, and can be copied', async ({ site, invite }) => {
	const anna = await invite('anna', { permissions: ['clipboard-read', 'clipboard-write'] });
	const key = await site.sql(`INSERT INTO proposal (title) VALUES ('Soon deleted') RETURNING id`);
	await anna.edits('proposal', key);
	await anna.input('title').fill('typed before the deletion');
	await hasOnServer(site, 'anna', 'title', 'typed before the deletion');
	await anna.press('Cancel');
	await anna.answers('Keep a draft');
	await anna.page.waitForURL(/proposal$/);
	await site.sql(`DELETE FROM proposal WHERE id = ${key}`);
	const elsewhere = await invite('anna', { permissions: ['clipboard-read', 'clipboard-write'] });
	for (const person of [anna, elsewhere]) {
		person.expects(404, new RegExp(`rows/${key}$`));
		await person.open('/drafts');
		await person.page.getByRole('row').filter({ hasText: 'Soon deleted' }).getByRole('button', { name: /^Compare and copy the draft of/ }).click();
		await person.dialog().getByText('typed before the deletion').waitFor();
		await person.dialog().getByText('The row was deleted, or you may not see it any more.').waitFor();
		await person.press('Copy your Title');
		await eventually(async () => assert.equal(await person.page.evaluate(() => navigator.clipboard.readText()), 'typed before the deletion'));
		await person.answers('Close');
	}
});

scene('a draft of a row that was saved since, on another computer, says so', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('proposal', '9');
	await anna.input('title').fill('typed first');
	await hasOnServer(site, 'anna', 'title', 'typed first');
	await anna.press('Cancel');
	await anna.answers('Keep a draft');
	await anna.page.waitForURL(/proposal$/);
	const elsewhere = await invite('anna');
	await elsewhere.edits('proposal', '9');
	await offer(elsewhere, 'another computer').waitFor();
	await elsewhere.seesNo(/The row was changed after it was typed/);
	await restores(elsewhere, 'another computer');
	await elsewhere.input('title').fill('saved later');
	await elsewhere.press('Save');
	await isSaved(site, 9, 'saved later');
	await anna.edits('proposal', '9');
	await offer(anna, 'The row was changed after it was typed.').waitFor();
	assert.equal(await anna.value('title'), 'saved later');
	await offers(anna).getByRole('button', { name: 'Discard' }).click();
	await hasOnComputer(anna, []);
});

scene('a draft that was ended on another computer: what is stored is forgotten, the rest says so', async ({ site, invite }) => {
	const anna = await invite('anna');
	for (const [key, text] of [['10', 'saved there'], ['11', 'discarded there']]) {
		await anna.edits('proposal', key);
		await anna.input('title').fill(text);
		await hasOnServer(site, 'anna', 'title', text);
		await eventually(async () => assert.ok((await onComputer(anna)).find(({ data }) => data.values.title === text)?.isSent));
		await anna.press('Cancel');
		await anna.answers('Keep a draft');
		await anna.page.waitForURL(/proposal$/);
	}
	const elsewhere = await invite('anna');
	await elsewhere.edits('proposal', '10');
	await restores(elsewhere, 'another computer');
	await elsewhere.press('Save');
	await isSaved(site, 10, 'saved there');
	await elsewhere.edits('proposal', '11');
	await offers(elsewhere).getByRole('button', { name: 'Discard' }).click();
	await hasDrafts(site, 'anna', 0);
	await elsewhere.press('Cancel');
	await elsewhere.arrives('/tables/proposal');
	await anna.edits('proposal', '10');
	await hasOnComputer(anna, [{ title: 'discarded there' }]);
	assert.equal(await offers(anna).count(), 0);
	await anna.edits('proposal', '11');
	await offer(anna, 'The server no longer has it').waitFor();
	await restores(anna, 'The server no longer has it');
	await anna.press('Save');
	await isSaved(site, 11, 'discarded there');
	await hasOnComputer(anna, []);
});

scene('half a time is kept, offered again, and reported again', async ({ site, invite }) => {
	const anna = await invite('anna');
	await site.sql(`UPDATE proposal SET submitted = '2026-11-03 12:00+01' WHERE id = 4`);
	const submitted = () => site.sql(`SELECT submitted = '2026-11-03 12:00+01' FROM proposal WHERE id = 4`);
	const time = () => anna.page.getByLabel('Submitted: time', { exact: true });
	await anna.edits('proposal', '4');
	await time().fill('13:4');
	await hasOnServer(site, 'anna', 'submitted', '2026-11-03 13:4+01');
	await hasOnComputer(anna, [{ submitted: '2026-11-03 13:4+01' }]);
	await anna.crash();
	await comesBack(anna);
	await anna.open('/tables/proposal/4');
	await anna.press('Take control in this tab');
	await anna.seesLock('mine');
	await restores(anna, 'this computer');
	const entered = anna.field('submitted').locator('input').filter({ visible: true });
	await eventually(async () => assert.match((await entered.evaluateAll((inputs) => inputs.map(({ value }) => value))).join(' '), /13:4/));
	await anna.press('Save and keep editing');
	await anna.field('submitted').locator('.field-error').filter({ visible: true }).waitFor();
	assert.equal(await submitted(), 't', 'nothing is written');
	await entered.first().fill('2026-11-03 13:40+01');
	await anna.press('Save');
	await eventually(async () => assert.equal(await site.sql(`SELECT submitted = '2026-11-03 13:40+01' FROM proposal WHERE id = 4`), 't'));
	await hasDrafts(site, 'anna', 0);
});
