// Signing in and out, and sessions that end while a page is open.
import assert from 'node:assert/strict';
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
	await anna.sees('With your name and password of the database.');
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

scene('session ended while editing: sign in over the page, the text is kept and saved', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'AT');
	await anna.input('official_name').fill('Republic of Austria, once more');
	anna.expects(401);
	await anna.context.clearCookies();
	await anna.page.keyboard.press('Control+s');
	await anna.sees('Your session has ended');
	await anna.dialog().getByLabel('Password').fill('anna-password');
	await anna.answers('Sign in');
	await anna.seesLock('mine');
	assert.equal(await anna.value('official_name'), 'Republic of Austria, once more');
	await anna.press('Save');
	await anna.arrives('/tables/country');
	assert.equal(await site.sql(`SELECT official_name FROM country WHERE alpha_2 = 'AT'`), 'Republic of Austria, once more');
});
