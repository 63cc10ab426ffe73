// Signing in and out, sessions that end or become another user's while a page
// is open, and the list of one's sessions.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const scene = stage('browser_signin');

async function fillIn(person, role, password) {
	await person.page.getByLabel('Name').fill(role);
	await person.page.getByLabel('Password').fill(password);
	await person.press('Sign in');
}

scene('signing in leads to the page that was requested', async ({ invite }) => {
	const anna = await invite(null);
	anna.expects(401, /session$/);
	await anna.open('/tables/country?q=ice');
	await anna.sees('With your database user name and password.');
	await anna.page.keyboard.type('anna'); // the first field has the focus
	await anna.page.keyboard.press('Tab');
	await anna.page.keyboard.type('anna-password');
	await anna.page.keyboard.press('Enter');
	await anna.arrives('/tables/country?q=ice');
	await anna.row('IS').waitFor();
	await anna.sees('Anna Albers');
});

scene('a wrong password is rejected without disclosing whether the role exists', async ({ invite }) => {
	const anna = await invite(null);
	anna.expects(401, /session$/);
	await anna.open('/signin');
	const words = [];
	for (const role of ['anna', 'nobody_of_this_name']) {
		await fillIn(anna, role, 'wrong');
		await anna.sees('Sign-in failed');
		words.push(await anna.page.locator('.field-error').innerText());
		await anna.open('/signin');
	}
	assert.equal(words[0], words[1]);
	await fillIn(anna, 'anna', 'anna-password');
	await anna.arrives('/tables');
});

scene('an empty name is marked at its field', async ({ invite }) => {
	const anna = await invite(null);
	anna.expects(401, /session$/);
	await anna.open('/signin');
	await fillIn(anna, '', 'x');
	await anna.sees('Enter your name');
	assert.equal(await anna.page.getByLabel('Name').getAttribute('aria-invalid'), 'true');
});

scene('signing in never leads to another site', async ({ invite }) => {
	const anna = await invite(null);
	anna.expects(401, /session$/);
	await anna.open('/signin?next=//example.org/');
	await fillIn(anna, 'anna', 'anna-password');
	await anna.arrives('/tables');
});

scene('signing out ends the session in every tab', async ({ invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables');
	const other = await anna.tab();
	await other.open('/locks');
	await other.sees('Every row that is being edited now');
	anna.expects(401);
	await anna.press('Sign out');
	await anna.arrives('/signin');
	await other.sees('You are signed out');
	const session = await anna.context.request.get(`${anna.site.address}/api/v1/session`);
	assert.equal(session.status(), 401);
});

scene('signing out on an edit page releases the row, however slow that is', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'AX');
	anna.expects(401, /history$/); // a late one, of the page that is left
	let release;
	await anna.page.route('**/rows/AX/lock', async (route) => {
		if (route.request().method() === 'DELETE') await new Promise((resolve) => { release = resolve; });
		await route.continue();
	});
	await anna.press('Sign out');
	await eventually(async () => assert.ok(release));
	const session = await anna.context.request.get(`${site.address}/api/v1/session`);
	assert.equal(session.status(), 200, 'the session is needed for it');
	release();
	await anna.arrives('/signin');
	assert.equal(await site.sql(`SELECT owner FROM locking.locks WHERE key = 'AX'`), '');
});

/** Ends the session of the browser, and lets the page find out. */
async function losesSession(person) {
	person.expects(401);
	await person.context.clearCookies();
	await person.page.keyboard.press('Control+s');
	await panel(person).waitFor();
}

const panel = (person) => person.page.locator('.sign-in-panel');
const named = (site, key) => site.sql(`SELECT name FROM country WHERE alpha_2 = '${key}'`);

async function signsInBeside(person) {
	await panel(person).getByLabel('Password').fill(`${person.role}-password`);
	await person.press('Sign in', { within: panel(person) });
	await panel(person).waitFor({ state: 'detached' });
}

scene('session ended while editing: a panel beside the form, typing goes on, and signing in saves', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'AT');
	await anna.input('name').fill('Austria,');
	await losesSession(anna);
	await anna.sees('Not saved yet.');
	assert.equal(await anna.page.locator('dialog').count(), 0, 'no dialog');
	await anna.page.keyboard.type(' once more');
	assert.equal(await anna.value('name'), 'Austria, once more', 'the field kept the focus');
	assert.equal(await panel(anna).getByLabel('Password').inputValue(), '');
	assert.equal(await named(site, 'AT'), 'Austria');
	await signsInBeside(anna);
	await anna.sees('Austria, once more is saved.');
	await anna.seesLock('mine');
	assert.equal(await named(site, 'AT'), 'Austria, once more');
});

scene('a save whose note was closed is not made up for after signing in', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'BA');
	await anna.input('name').fill('Bosnia of Anna');
	await losesSession(anna);
	await anna.sees('Not saved yet.');
	await anna.press('Close', { within: anna.page.locator('.notes') });
	const saves = [];
	anna.page.on('request', (request) => request.method() === 'PUT' && request.url().endsWith('/rows/BA') && saves.push(request.postDataJSON().values.name));
	await signsInBeside(anna);
	await anna.seesLock('mine');
	await anna.input('name').fill('Bosnia, later');
	await anna.press('Save');
	await anna.arrives('/tables/country');
	assert.deepEqual(saves, ['Bosnia, later']);
	assert.equal(await named(site, 'BA'), 'Bosnia, later');
});

/** Anna types, her session ends, and others do something meanwhile. */
async function isAwayWhile(site, anna, key, sql) {
	await anna.edits('country', key);
	await anna.input('name').fill(`${key} of Anna`);
	await losesSession(anna);
	await anna.sees('Not saved yet.');
	await site.sql(sql);
	anna.expects(409);
	await signsInBeside(anna);
}

const expires = (key) => `UPDATE locking.lock SET expires_at = clock_timestamp() - interval '1 second' WHERE key = '${key}';`;
const carlaWrites = (key) => `UPDATE country SET name = '${key} of Carla' WHERE alpha_2 = '${key}';`;
const meanwhile = {
	'the row was taken over, written and released': (key) => `SELECT locking.set_owner('carla', 'Carla Conti', false), locking.take_over('country', '${key}', 'urgent');
		${carlaWrites(key)} SELECT locking.release_all()`,
	'the lock expired, and the row was written': (key) => `${expires(key)} ${carlaWrites(key)}`,
};
for (const [i, [what, sql]] of Object.entries(meanwhile).entries())
	scene(`signed in again after ${what}: nothing is overwritten`, async ({ site, invite }) => {
		const key = ['DZ', 'EG'][i];
		const anna = await invite('anna');
		await isAwayWhile(site, anna, key, sql(key));
		await anna.seesLock('bad');
		await anna.seesNo(/Anna is saved|^Not saved yet/);
		assert.equal(await anna.value('name'), `${key} of Anna`);
		assert.equal(await named(site, key), `${key} of Carla`);
	});

scene('signed in again after the lock expired, and nothing was written: the page saves', async ({ site, invite }) => {
	const anna = await invite('anna');
	await isAwayWhile(site, anna, 'EE', expires('EE'));
	await anna.sees('EE of Anna is saved.');
	assert.equal(await named(site, 'EE'), 'EE of Anna');
});

scene('signed in again in another tab: the page goes on with the new session', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'BE');
	await anna.input('name').fill('Belgium!');
	await anna.signInQuietly(); // another session and CSRF token
	anna.expects(403);
	await anna.press('Save and keep editing');
	await anna.sees('Belgium! is saved.');
	assert.equal(await panel(anna).count(), 0);
	assert.equal(await named(site, 'BE'), 'Belgium!');
});

scene('signing in in one tab brings the others back', async ({ invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'BG');
	await losesSession(Object.assign(anna, {}));
	const other = await anna.tab();
	await other.open('/signin');
	await fillIn(other, 'anna', 'anna-password');
	await other.arrives('/tables');
	await panel(anna).waitFor({ state: 'detached' });
	await anna.seesLock('mine');
});

scene('another user signs in in another tab: the page says so, and nothing is written as that user', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'CH');
	await anna.input('name').fill('Switzerland of Anna');
	const other = await anna.tab();
	anna.expects(401);
	anna.expects(403);
	await anna.context.clearCookies();
	await other.open('/signin');
	await fillIn(other, 'bert', 'bert-password');
	await other.arrives('/tables');
	await anna.sees('bert is signed in');
	await anna.input('name').press('Control+s');
	await anna.sees('Not saved yet.');
	assert.equal(await named(site, 'CH'), 'Switzerland');
	assert.equal(await site.sql(`SELECT count(*) FROM locking.history WHERE owner = 'bert' AND key = 'CH'`), '0');
	assert.equal(await anna.value('name'), 'Switzerland of Anna');
	assert.ok(await panel(anna).getByLabel('Name').isDisabled() || !(await panel(anna).getByLabel('Name').isEditable()));
	await signsInBeside(anna);
	await anna.sees('Switzerland of Anna is saved.');
	assert.equal(await named(site, 'CH'), 'Switzerland of Anna');
	await other.sees('anna is signed in');
});

scene('the server is restarted: the text stays, and the page goes on after signing in', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'CY');
	await anna.input('name').fill('Cyprus!');
	anna.expectsStop();
	await site.stopServer();
	await site.restartServer();
	await anna.input('name').press('Control+s');
	await panel(anna).waitFor();
	await signsInBeside(anna);
	await anna.sees('Cyprus! is saved.');
	await anna.seesLock('mine');
	assert.equal(await named(site, 'CY'), 'Cyprus!');
});

scene("a user's sessions are listed, and ended", async ({ invite }) => {
	const anna = await invite('anna', { userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' });
	const phone = await invite('anna', { userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1' });
	await phone.open('/tables');
	await anna.open('/tables');
	await anna.page.getByRole('link', { name: /Anna Albers/ }).click();
	await anna.arrives('/sessions');
	const own = anna.page.locator('tbody tr', { hasText: 'This session' });
	await own.waitFor();
	assert.match(await own.innerText(), /Firefox on Linux/);
	const other = anna.page.locator('tbody tr', { hasText: 'Safari on iPhone' });
	phone.expects(401);
	await anna.press(`End the session of Safari on iPhone from 127.0.0.1`, { within: other });
	await other.waitFor({ state: 'detached' });
	await phone.sees('You are signed out');
	assert.ok(await own.isVisible());
	assert.deepEqual(await anna.barriers(), []);
});
