// The example applications of locking.js, from sign-in to a safe save, and
// with a lost lock.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { after } from 'node:test';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const EXAMPLES = new URL('../../contrib_web/examples/', import.meta.url).pathname;
const run = promisify(execFile);

/** A server of the one page, which knows nothing of locking-web. */
async function hostOf(file) {
	const server = createServer(async (request, response) => response.setHeader('Content-Type', 'text/html').end(await readFile(EXAMPLES + file)));
	await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
	after(() => {
		server.closeAllConnections();
		server.close();
	});
	return `http://127.0.0.1:${server.address().port}`;
}

const host = await hostOf('spa.html');

// After its pages are closed: they would report the requests that it no
// longer answers. Before locking-web, to which it is connected.
let app = null;
let stopApp;
after(() => stopApp?.());
const proxied = stage('browser_app', { options: ['--user-header', 'X-Remote-User', '--name-header', 'X-Remote-Name', '--trusted-proxy', '127.0.0.1'] });
const embedded = stage('browser_spa', { options: ['--allow-origin', host] });

/** Starts app.mjs once. */
const addressOf = (site) => (app ??= startApp(site));

/**
 * Starts app.mjs before locking-web, as its file comment says.
 * @returns {Promise<string>} its address
 */
async function startApp(site) {
	await run('psql', ['-Xq', '-v', 'ON_ERROR_STOP=1', '-d', site.database, '-f', `${EXAMPLES}app.sql`]);
	await site.sql(`ALTER ROLE webapp PASSWORD 'webapp-password'`);
	const program = spawn(process.execPath, [`${EXAMPLES}app.mjs`], {
		env: { ...process.env, PORT: '0', LOCKING_WEB: site.address, PGDATABASE: site.database, PGUSER: 'webapp', PGPASSWORD: 'webapp-password' },
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	const ended = new Promise((resolve) => { program.once('exit', resolve); });
	stopApp = () => program.kill() && ended;
	return new Promise((resolve, reject) => {
		program.once('exit', (code) => reject(new Error(`app.mjs ended with ${code}`)));
		createInterface(program.stdout).on('line', (line) => resolve(/^listening on (\S+)\/$/.exec(line)[1]));
	});
}

const signsIn = async (person, address, password = person.role) => {
	await person.page.goto(address);
	await person.page.getByLabel('Name').fill(person.role);
	await person.page.getByLabel('Password').fill(password);
	await person.press('Sign in');
};
const form = (person) => person.page.locator('locking-form');
const says = (person, words) => form(person).getByText(words).first().waitFor();
const articleOf = (site, id) => site.sql(`SELECT title, body FROM article WHERE id = ${id}`);

proxied('app.mjs: from sign-in to a safe save; a lost lock loses no text, and saves nothing', async ({ site, invite }) => {
	const address = await addressOf(site);
	const [anna, bert] = await Promise.all(['anna', 'bert'].map(async (role) => Object.assign(await invite(null), { role })));
	anna.expects(401);
	await signsIn(anna, address, 'wrong');
	await anna.sees('Wrong name or password.', { within: 'body' });
	await signsIn(anna, address);
	await anna.page.getByRole('link', { name: 'Tides' }).click();
	await says(anna, 'Only you can edit this now.');
	assert.equal(await site.sql(`SELECT owner, owner_name FROM locking.locks WHERE relation = 'article'::regclass`), 'anna|Anna Albers');

	await signsIn(bert, address);
	bert.expects(423, /lock$/);
	await bert.page.getByRole('link', { name: 'Tides' }).click();
	await says(bert, 'Anna Albers is editing this');
	assert.equal(await bert.page.getByLabel('Title').isEditable(), false);

	await anna.page.getByLabel('Title').fill("Tides' times, <b>“daily”</b> \\");
	await anna.press('Save');
	await anna.page.waitForURL(`${address}/`);
	assert.equal(await articleOf(site, 1), "Tides' times, <b>“daily”</b> \\|Twice a day.");
	assert.equal(await site.sql('SELECT count(*) FROM locking.draft'), '0');
	await says(bert, 'It is free now.');
	await Promise.all([bert.page.waitForEvent('load'), form(bert).getByRole('button', { name: 'Edit', exact: true }).click()]);
	await says(bert, 'Only you can edit this now.');
	assert.equal(await bert.page.getByLabel('Title').inputValue(), "Tides' times, <b>“daily”</b> \\");

	// A save whose lock was lost a moment before: with the token that the
	// page had, since the event has not reached it.
	await bert.page.getByLabel('Text').fill('Bert’s long text');
	const token = await site.sql(`SELECT token FROM locking.locks WHERE relation = 'article'::regclass`);
	await site.sql(`SELECT locking.set_owner('carla', 'Carla Conti'), locking.take_over('article', '1', 'in a hurry')`);
	await says(bert, 'Carla Conti has taken over.');
	assert.equal(await bert.page.getByLabel('Text').inputValue(), 'Bert’s long text');
	bert.expects(409, /articles/);
	bert.expects(423, /lock$/);
	await bert.page.locator('form').evaluate((element, lost) => {
		element.elements.locking_token.value = lost;
		HTMLFormElement.prototype.submit.call(element);
	}, token);
	await bert.sees('Your lock was lost.', { within: 'body' });
	assert.equal(await bert.page.getByLabel('Text').inputValue(), 'Bert’s long text', 'what was typed is shown again');
	await site.sql(`SELECT locking.break_lock('article', '1', 'done')`);
	assert.equal(await articleOf(site, 1), "Tides' times, <b>“daily”</b> \\|Twice a day.");
});

proxied('app.mjs: sessions of locking-web and of the application end, and the form goes on with its text', async ({ site, invite }) => {
	const address = await addressOf(site);
	const anna = Object.assign(await invite(null), { role: 'anna' });
	await signsIn(anna, address);
	await anna.page.getByRole('link').nth(1).click();
	await says(anna, 'Only you can edit this now.');
	const [id] = /\d+$/.exec(anna.page.url());
	await anna.page.getByLabel('Text').fill('Anna’s long text');
	const expiry = () => site.sql(`SELECT expires_at FROM locking.locks WHERE key = '${id}'`);
	const renews = () => anna.page.evaluate(() => dispatchEvent(new Event('online')));
	await form(anna).evaluate((element) => {
		globalThis.heard = [];
		element.addEventListener('signedout', () => globalThis.heard.push('signedout'));
	});
	const before = await expiry();
	anna.expectsStop();
	await site.stopServer();
	await site.restartServer();
	await renews();
	await eventually(async () => assert.notEqual(await expiry(), before));
	await says(anna, 'Only you can edit this now.');
	assert.deepEqual(await anna.page.evaluate(() => globalThis.heard), []);

	await anna.context.clearCookies();
	await renews();
	await says(anna, 'You are signed out.');
	const [other] = await Promise.all([anna.context.waitForEvent('page'), form(anna).getByRole('button', { name: 'Sign in' }).click()]);
	await other.getByLabel('Name').fill('anna');
	await other.getByLabel('Password').fill('anna');
	await other.getByRole('button', { name: 'Sign in' }).click();
	await other.waitForURL(`${address}/`);
	await other.goto(`${address}/signin`);
	assert.equal(other.url(), `${address}/`, 'signed in already');
	await other.close();
	await anna.page.evaluate(() => dispatchEvent(new Event('focus')));
	await says(anna, 'Only you can edit this now.');
	await anna.press('Save');
	await anna.page.waitForURL(`${address}/`);
	assert.match(await articleOf(site, id), /\|Anna’s long text$/);
});

proxied('app.mjs: without the script the form is closed, and the page says so', async ({ site, invite }) => {
	const address = await addressOf(site);
	const anna = Object.assign(await invite(null), { role: 'anna' });
	await signsIn(anna, address);
	anna.expects(0, /fields\.js$/);
	await anna.page.route('**/static/js/embed/fields.js', (route) => route.abort());
	await anna.page.getByRole('link').first().click();
	await anna.sees('This page cannot lock the article. Load it again.', { within: 'body' });
	assert.equal(await form(anna).evaluate((element) => element.inert), true);
	await anna.page.unroute('**/static/js/embed/fields.js');
	await anna.page.reload();
	await says(anna, 'Only you can edit this now.');
	assert.equal(await form(anna).evaluate((element) => element.inert), false);
});

const nameOf = (site, key) => site.sql(`SELECT name FROM country WHERE alpha_2 = '${key}'`);
const restOf = (site, key) => site.sql(`SELECT to_jsonb(c) - 'name' FROM country c WHERE alpha_2 = '${key}'`);
const lockOf = (site, key) => site.sql(`SELECT owner FROM locking.locks WHERE relation = 'country'::regclass AND key = '${key}'`);
const opens = async (person, name) => {
	await person.page.getByRole('link', { name, exact: true }).click();
	await says(person, 'Only you can edit this now.');
};

embedded('spa.html: views replace each other, lock, save and release; a lost lock keeps the text', async ({ site, invite }) => {
	const anna = await invite(null);
	anna.expects(401);
	await site.sql(`UPDATE country SET official_name = NULL WHERE alpha_2 = 'AD'`);
	const page = `${host}/?${new URLSearchParams({ base: site.address, table: 'country' })}`;
	await anna.page.goto(page);
	await anna.sees('Sign in', { within: 'body' });
	Object.assign(anna, { role: 'anna' });
	await anna.signInQuietly();
	await anna.page.reload();
	const loads = [];
	anna.page.on('load', () => loads.push('load'));
	await opens(anna, 'Andorra');
	assert.equal(await lockOf(site, 'AD'), 'anna');
	const rest = await restOf(site, 'AD');
	await anna.page.getByLabel('name', { exact: true }).fill('Andorra la Vella');
	await anna.press('Save');
	await anna.page.getByRole('link', { name: 'Andorra la Vella' }).waitFor();
	assert.equal(await nameOf(site, 'AD'), 'Andorra la Vella');
	assert.equal(await restOf(site, 'AD'), rest, 'NULL is not an empty text');
	assert.equal(await lockOf(site, 'AD'), '');

	await opens(anna, 'Angola');
	await anna.page.getByRole('link', { name: 'Close' }).click();
	await eventually(async () => assert.equal(await lockOf(site, 'AO'), '', 'leaving the view releases the row'));
	await opens(anna, 'Albania');
	await anna.page.getByLabel('name', { exact: true }).fill('Shqipëria');
	await site.sql(`SELECT locking.set_owner('bert', 'Bert Brandt'), locking.take_over('country', 'AL', 'in a hurry'); UPDATE country SET name = 'Albania of Bert' WHERE alpha_2 = 'AL'`);
	await says(anna, 'Bert Brandt has taken over.');
	assert.equal(await anna.page.getByLabel('name', { exact: true }).inputValue(), 'Shqipëria');
	assert.equal(await anna.page.getByLabel('name', { exact: true }).isEditable(), false);
	await site.sql(`SELECT locking.break_lock('country', 'AL', 'done')`);
	await anna.page.getByRole('link', { name: 'Close' }).click();
	await anna.page.getByRole('link', { name: 'Albania of Bert' }).click();
	await says(anna, /You have unsaved text from/);
	await form(anna).getByRole('button', { name: 'Restore' }).click();
	assert.equal(await anna.page.getByLabel('name', { exact: true }).inputValue(), 'Shqipëria');
	await anna.press('Save');
	await anna.page.getByRole('link', { name: 'Shqipëria' }).waitFor();
	assert.equal(await nameOf(site, 'AL'), 'Shqipëria');

	const name = anna.page.getByLabel('name', { exact: true });
	await opens(anna, 'Armenia');
	await name.fill('Arménie');
	await site.sql(`SELECT locking.break_lock('country', 'AM', 'a reason'); UPDATE country SET name = 'Armenia of Bert' WHERE alpha_2 = 'AM'`);
	await form(anna).getByRole('button', { name: 'Lock again' }).click();
	await says(anna, 'Another user may have saved meanwhile.');
	assert.equal(await name.inputValue(), 'Arménie', 'nothing replaces the text unasked');
	await form(anna).getByRole('button', { name: 'Reload' }).click();
	await says(anna, /You have unsaved text from/);
	assert.equal(await name.inputValue(), 'Armenia of Bert');
	await form(anna).getByRole('button', { name: 'Restore' }).click();
	assert.equal(await name.inputValue(), 'Arménie');
	await anna.press('Save');
	await anna.page.getByRole('link', { name: 'Arménie' }).waitFor();
	assert.equal(await nameOf(site, 'AM'), 'Arménie');
	await eventually(async () => assert.equal(await site.sql('SELECT count(*) FROM locking.draft'), '0'));
	assert.deepEqual(loads, [], 'nothing was loaded anew');
});

embedded('spa.html: signed in again, and the answer to the save lost: it is executed once', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.page.goto(`${host}/?${new URLSearchParams({ base: site.address, table: 'country' })}`);
	await opens(anna, 'Aruba');
	await anna.page.getByLabel('name', { exact: true }).fill('Aruba of Anna');
	await anna.context.clearCookies();
	await anna.signInQuietly();
	for (const status of [0, 401, 403, 404]) anna.expects(status);
	anna.expectsWords(/CORS policy/);
	const answers = [
		async (route) => (await route.fetch()) && route.abort(),
		(route) => route.fulfill({ status: 404, contentType: 'text/html', body: '<title>A proxy</title>', headers: { 'Access-Control-Allow-Origin': host, 'Access-Control-Allow-Credentials': 'true' } }),
	];
	const statuses = [];
	await anna.page.route('**/rows/AW', (route) => {
		if (route.request().method() !== 'PUT') return route.continue();
		return (answers.shift() ?? ((last) => last.continue()))(route);
	});
	anna.page.on('response', (response) => response.request().method() === 'PUT' && /AW$/.test(response.url()) && statuses.push(response.status()));
	await anna.press('Save');
	await anna.sees('Not known yet whether it is saved', { within: 'body' });
	await anna.page.getByRole('link', { name: 'Aruba of Anna' }).waitFor();
	assert.equal(await nameOf(site, 'AW'), 'Aruba of Anna');
	assert.deepEqual(statuses, [404, 200]);
	assert.equal(await lockOf(site, 'AW'), '');
});
