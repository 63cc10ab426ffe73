// What is typed into the form of a <locking-form> is kept at once on this
// computer, and a moment later on the server. It ends with a save, or when it
// is discarded.
import assert from 'node:assert/strict';
import { application, page } from './lib/application.mjs';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const friend = await application();
const declare = stage('browser_form_drafts', { options: ['--allow-origin', friend.address], sql: `SELECT locking.protect('country', ttl => '5 min')` });
const scene = (title, act) => declare(title, async (given) => {
	friend.save = friend.row = null;
	await act(given);
});

const visit = (person, key) => person.page.goto(`${friend.address}/?${new URLSearchParams({ key, src: person.site.address })}`);
const form = (person) => person.page.locator('locking-form');
const says = (person, words) => form(person).getByText(words).first().waitFor();
const press = (person, name) => form(person).getByRole('button', { name, exact: true }).click();
const field = (person, name) => person.page.locator(`[name=${name}]`);
const contains = (person, text) => eventually(async () => assert.equal(await field(person, 'body').inputValue(), text));
const opens = async (person, key) => {
	await visit(person, key);
	await says(person, /Only you can edit this now|You have unsaved text/);
};
const isNotOffered = (person) => says(person, 'Only you can edit this now.');

/** The drafts that the application's pages keep on this computer. */
const onComputer = (person) => person.page.evaluate(async () => {
	const answer = (request) => new Promise((resolve, reject) => Object.assign(request, { onsuccess: () => resolve(request.result), onerror: () => reject(request.error) }));
	const found = [];
	for (const { name } of await indexedDB.databases()) {
		const database = await answer(indexedDB.open(name));
		if (database.objectStoreNames.contains('drafts')) found.push(...await answer(database.transaction('drafts').objectStore('drafts').getAll()));
		database.close();
	}
	return found;
});
const hasOnComputer = (person, ...texts) => eventually(async () => assert.deepEqual((await onComputer(person)).map(({ data }) => data.form.body[0]).sort(), texts));
const onServer = (site, key) => site.sql(`SELECT string_agg(data #>> '{form,body,0}', '|' ORDER BY saved_at) FROM locking.draft WHERE key = '${key}'`);
const hasOnServer = (site, key, ...texts) => eventually(async () => assert.equal(await onServer(site, key), texts.join('|')));

/** What is typed is held back from the server. */
const holdDrafts = (person) => person.page.route('**/draft', (route) => (route.request().method() === 'GET' ? route.continue() : route.abort()));

/** Crashes, and comes back in another tab, which takes the lock. */
async function comesBackTo(person, key) {
	await person.crash();
	person.page = await person.context.newPage();
	await visit(person, key);
	await press(person, 'Edit here');
}

/** The application saves a form, and discards the drafts, as it should. */
const saves = (site, key) => ({ body, locking_token: token }) => site.sql(`
	SET locking.owner = 'anna'; BEGIN; SELECT locking.confirm(${token}); UPDATE country SET official_name = '${body}' WHERE alpha_2 = '${key}';
	SELECT locking.discard_draft('country', '${key}'); SELECT locking.release(${token}); COMMIT`).then(() => '');
const row = (site) => async (key) => ({ body: await site.sql(`SELECT coalesce(official_name, '') FROM country WHERE alpha_2 = '${key}'`) });

scene('a page that crashes before anything was sent: offered by this computer, until it is saved', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(0, /draft$/);
	anna.expects(409, /lock$/);
	anna.expects(423, /lock$/);
	Object.assign(friend, { row: row(site), save: saves(site, 'AD') });
	await opens(anna, 'AD');
	await holdDrafts(anna);
	await field(anna, 'body').fill('typed before the crash');
	await hasOnComputer(anna, 'typed before the crash');
	await comesBackTo(anna, 'AD');
	await says(anna, /You have unsaved text from .*, this computer, another tab/);
	assert.equal(await onServer(site, 'AD'), '', 'the server had nothing');
	await press(anna, 'Restore');
	await contains(anna, 'typed before the crash');
	await hasOnServer(site, 'AD', 'typed before the crash');
	await hasOnComputer(anna, 'typed before the crash');
	await Promise.all([anna.page.waitForURL(/save$/), anna.page.getByRole('button', { name: 'Save' }).click()]);
	assert.equal(await onServer(site, 'AD'), '');
	await site.sql(`UPDATE country SET official_name = 'of another' WHERE alpha_2 = 'AD'`);
	await visit(anna, 'AD');
	await isNotOffered(anna);
	await contains(anna, 'of another');
	await hasOnComputer(anna);
});

scene('locking-web is away while the user types, and the page crashes', async ({ site, invite }) => {
	const anna = await invite('anna');
	for (const status of [0, 401, 409, 423, 503]) anna.expects(status);
	anna.expectsWords(/CORS policy/); // of a server that is stopping
	await opens(anna, 'AE');
	await site.stopServer();
	await field(anna, 'body').fill('typed while the server was away');
	await hasOnComputer(anna, 'typed while the server was away');
	await site.restartServer();
	await anna.signInQuietly();
	await comesBackTo(anna, 'AE');
	await says(anna, /You have unsaved text/);
	await press(anna, 'Restore');
	await contains(anna, 'typed while the server was away');
});

scene('two tabs keep a draft each', async ({ invite }) => {
	const anna = await invite('anna');
	anna.expects(409, /lock$/);
	anna.expects(423, /lock$/);
	anna.expects(0, /draft$/);
	await opens(anna, 'AF');
	await holdDrafts(anna);
	await field(anna, 'body').fill('of the first tab');
	const second = await anna.tab();
	await holdDrafts(second);
	await visit(second, 'AF');
	await press(second, 'Edit here');
	await says(second, /You have unsaved text from .*, this computer, another tab/);
	await field(second, 'body').fill('of the second tab');
	await hasOnComputer(second, 'of the first tab', 'of the second tab');
	await comesBackTo(second, 'AF');
	await press(second, 'Restore');
	await contains(second, 'of the second tab');
	await press(second, 'Restore');
	await contains(second, 'of the first tab');
});

for (const how of ['at once', 'after the server has it'])
	scene(`a form that the application refuses, sent ${how}, keeps its draft; the save ends it`, async ({ site, invite }) => {
		const anna = await invite('anna');
		const key = how === 'at once' ? 'AG' : 'AI';
		await opens(anna, key);
		friend.save = ({ body }) => page({ src: site.address, key, body });
		await field(anna, 'body').fill('refused');
		if (how !== 'at once') await hasOnServer(site, key, 'refused');
		await Promise.all([anna.page.waitForURL(/save$/), field(anna, 'name').press('Enter')]);
		await contains(anna, 'refused');
		await isNotOffered(anna);
		await opens(anna, key);
		await says(anna, /You have unsaved text/);
		await press(anna, 'Restore');
		await contains(anna, 'refused');
		friend.save = saves(site, key);
		await field(anna, 'body').fill('saved');
		await Promise.all([anna.page.waitForURL(/save$/), field(anna, 'name').press('Enter')]);
		await visit(anna, key); // whose row is not that which was saved
		await isNotOffered(anna);
		await hasOnComputer(anna);
	});

scene('a form that is saved by a script has no draft any more', async ({ site, invite }) => {
	const anna = await invite('anna');
	await opens(anna, 'AL');
	await field(anna, 'body').fill('saved by a script');
	await hasOnComputer(anna, 'saved by a script');
	await hasOnServer(site, 'AL', 'saved by a script');
	await form(anna).evaluate((element) => element.saved({ released: false }));
	await hasOnComputer(anna);
	await hasOnServer(site, 'AL', '');
	await field(anna, 'body').fill('typed afterwards');
	await hasOnComputer(anna, 'typed afterwards');
	await field(anna, 'body').fill('saved by a script');
	await hasOnComputer(anna);
});

scene('another user of the browser is offered nothing; forgetDrafts() removes the drafts of one user', async ({ site, invite }) => {
	const anna = await invite('anna');
	for (const status of [401, 403]) anna.expects(status);
	anna.expects(0, /draft$/);
	await opens(anna, 'AM');
	await holdDrafts(anna);
	await field(anna, 'body').fill('for my eyes only');
	await hasOnComputer(anna, 'for my eyes only');
	await anna.page.close();
	await site.endLocks();
	await anna.context.clearCookies();
	anna.role = 'bert';
	await anna.signInQuietly();
	anna.page = await anna.context.newPage();
	await opens(anna, 'AM');
	await isNotOffered(anna);
	await holdDrafts(anna);
	await field(anna, 'body').fill('of Bert');
	await hasOnComputer(anna, 'for my eyes only', 'of Bert');
	await anna.page.evaluate(async ({ src }) => (await import(`${src}/static/locking-form.js`)).forgetDrafts('bert'), { src: site.address });
	await hasOnComputer(anna, 'for my eyes only');
	await field(anna, 'body').fill('of Bert, who has signed out');
	await hasOnComputer(anna, 'for my eyes only');
});

scene('a draft that was discarded on another computer says so here, where it was kept', async ({ site, invite }) => {
	const anna = await invite('anna');
	await opens(anna, 'AO');
	await field(anna, 'body').fill('kept here');
	await hasOnServer(site, 'AO', 'kept here');
	await eventually(async () => assert.deepEqual((await onComputer(anna)).map(({ isSent }) => isSent), [true]));
	await anna.page.goto('about:blank');
	await site.sql(`SET locking.owner = 'anna'; SELECT locking.discard_draft('country', 'AO')`);
	await visit(anna, 'AO');
	await says(anna, /You have text on this computer/);
	await says(anna, /The server no longer has it/);
	await press(anna, 'Discard');
	await isNotOffered(anna);
	await visit(anna, 'AO');
	await isNotOffered(anna);
	await hasOnComputer(anna);
});
