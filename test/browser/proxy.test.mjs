// Behind a proxy that authenticates users: no sign-in form.
import assert from 'node:assert/strict';
import { stage } from './lib/stage.mjs';
import { Wire } from './lib/wire.mjs';

const scene = stage('browser_proxy', {
	sql: `GRANT EXECUTE ON FUNCTION locking.set_owner(text, text, boolean) TO locking_web; GRANT SELECT, INSERT, UPDATE, DELETE ON country TO locking_web`,
	options: ['--user-header', 'X-Remote-User', '--name-header', 'X-Remote-Name', '--trusted-proxy', '127.0.0.1'],
});

/**
 * Declares a scene in which `admit(user, name)` opens a browser for a user
 * whom the proxy has authenticated.
 */
const admission = (title, act) => scene(title, async ({ site, invite }) => {
	const wires = [];
	const admit = async (user, name) => {
		const wire = await Wire.lay(site, { 'x-remote-user': user, 'x-remote-name': name });
		wires.push(wire);
		const person = await invite(null);
		person.role = user;
		person.site = { ...site, address: wire.address };
		person.wire = wire;
		return person;
	};
	try {
		await act({ site, admit });
	} finally {
		await Promise.all(wires.map((wire) => wire.remove()));
	}
});

admission('the user that the proxy names is signed in without a form, and cannot sign out', async ({ admit }) => {
	const eve = await admit('eve@example.org', 'Eve Ernst');
	await eve.open('/');
	await eve.arrives('/tables');
	await eve.sees('Eve Ernst', { within: 'header' });
	await eve.page.getByRole('link', { name: 'Country', exact: true }).waitFor();
	assert.equal(await eve.button('Sign out').count(), 0);
	await eve.open('/signin?next=/locks');
	await eve.arrives('/locks');
});

admission('two users see each other\'s locks live, and only the holder saves', async ({ site, admit }) => {
	const [eve, max] = [await admit('eve@example.org', 'Eve Ernst'), await admit('max', 'Max Mohn')];
	await max.open('/tables/country?q=nepal');
	await max.sees('Live');
	await max.seesRow('NP', 'none');
	await eve.edits('country', 'NP');
	await max.seesRow('NP', 'theirs');
	assert.equal(await max.row('NP').locator('.holder-name').innerText(), 'Eve Ernst');
	await max.row('NP').getByRole('link').click();
	await max.sees('This row is currently being edited by Eve Ernst.');
	await eve.input('name').fill('Nepāl');
	await eve.press('Save');
	await eve.arrives('/tables/country');
	await max.sees('The row is free now.');
	assert.equal(await site.sql(`SELECT owner FROM locking.history WHERE key = 'NP' AND event = 'acquired'`), 'eve@example.org');
	assert.equal(await site.sql(`SELECT name FROM country WHERE alpha_2 = 'NP'`), 'Nepāl');
});

admission('closing the tab releases the row', async ({ site, admit }) => {
	const [eve, max] = [await admit('eve', 'Eve Ernst'), await admit('max', 'Max Mohn')];
	await eve.edits('country', 'NZ');
	await max.open('/tables/country/NZ');
	await max.seesLock('theirs');
	await eve.page.close({ runBeforeUnload: true });
	await max.sees('The row is free now.');
	assert.equal(await site.sql(`SELECT count(*) FROM locking.locks WHERE key = 'NZ'`), '0');
	eve.page = await eve.context.newPage();
});

admission('the server is restarted: the page goes on without a sign-in, and saves', async ({ site, admit }) => {
	const eve = await admit('eve', 'Eve Ernst');
	await eve.edits('country', 'OM');
	await eve.input('name').fill('Oman of Eve');
	eve.expectsStop();
	eve.expects(403);
	await site.stopServer();
	await site.restartServer();
	await eve.page.keyboard.press('Control+s');
	await eve.sees('Oman of Eve is saved.');
	await eve.seesLock('mine');
	assert.equal(await eve.page.locator('.sign-in-panel').count(), 0);
	assert.equal(await site.sql(`SELECT name FROM country WHERE alpha_2 = 'OM'`), 'Oman of Eve');
	assert.equal(await site.sql(`SELECT owner FROM locking.locks WHERE key = 'OM'`), 'eve');
});

/** Statuses of a proxy without its site, and of a portal or sign-on page. */
const FOREIGN = [502, 404, 200];

admission('a lock that a proxy answers for is not lost, and goes on', async ({ site, admit }) => {
	const eve = await admit('eve', 'Eve Ernst');
	for (const status of FOREIGN) eve.expects(status, /lock$/);
	await eve.edits('country', 'PA');
	await eve.input('name').fill('Panama of Eve');
	for (const status of FOREIGN) {
		const ends = eve.wire.answer(/\/lock$/, status);
		await eve.page.evaluate(() => dispatchEvent(new Event('online'))); // renews
		await eve.sees(`A proxy or another server answered in its place, with status ${status}.`);
		assert.equal(await site.sql(`SELECT owner FROM locking.locks WHERE key = 'PA'`), 'eve');
		assert.ok(await eve.input('name').isEditable());
		ends();
		await eve.seesLock('mine');
	}
	await eve.press('Save');
	await eve.arrives('/tables/country');
	assert.equal(await site.sql(`SELECT name FROM country WHERE alpha_2 = 'PA'`), 'Panama of Eve');
});

admission('a save whose answer was lost stays unknown while a proxy answers', async ({ site, admit }) => {
	const eve = await admit('eve', 'Eve Ernst');
	await eve.edits('country', 'PE');
	await eve.input('name').fill('Peru of Eve');
	for (const status of [0, ...FOREIGN]) eve.expects(status, /PE$/);
	eve.wire.breakOff('PUT', /rows\/PE$/);
	await eve.press('Save and keep editing');
	await eve.sees('Not known yet whether this is saved.');
	for (const status of FOREIGN) {
		const isAnswered = eve.page.waitForResponse((response) => response.request().method() === 'PUT' && response.status() === status && /PE$/.test(response.url()));
		const ends = eve.wire.answer(/rows\/PE$/, status);
		await isAnswered;
		await eve.sees('Not known yet whether this is saved.');
		await eve.seesNo('Not saved');
		ends();
	}
	await eve.sees('Peru of Eve is saved.');
	assert.equal(await site.sql(`SELECT name FROM country WHERE alpha_2 = 'PE'`), 'Peru of Eve');
});

admission('a list and a page that a proxy answers for come by themselves', async ({ admit }) => {
	const eve = await admit('eve', 'Eve Ernst');
	await eve.open('/tables/country');
	for (const status of FOREIGN) {
		eve.expects(status);
		const ends = eve.wire.answer(/\/api\/v1\/(?!events)/, status);
		await eve.page.getByRole('link', { name: 'Locks', exact: true }).click();
		await eve.sees('The server cannot be reached');
		ends();
		await eve.seesNo('The server cannot be reached');
		await eve.arrives('/locks');
		await eve.page.getByRole('link', { name: 'Tables', exact: true }).click();
		await eve.arrives('/tables');
	}
});
