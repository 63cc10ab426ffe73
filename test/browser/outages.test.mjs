// Slow and lost connections: saving is shown, and what was told as failed is
// mended once the server can be reached.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const scene = stage('browser_outages');
const named = (site, key) => site.sql(`SELECT name FROM country WHERE alpha_2 = '${key}'`);

/** Delays requests of a method until the function returned is called. */
async function hold(person, method, path) {
	let letThrough;
	const isLetThrough = new Promise((resolve) => { letThrough = resolve; });
	await person.page.route(path, async (route) => {
		if (route.request().method() === method) await isLetThrough;
		await route.continue();
	});
	return letThrough;
}

/** Saves, and returns whether that is shown in the next frame. */
const showsSaveAtOnce = (person) => person.page.evaluate(() => new Promise((resolve) => {
	document.querySelector('.form-actions button[value="keep"]').click();
	requestAnimationFrame(() => resolve(document.querySelector('.progress')?.checkVisibility() ?? false));
}));

scene('saving is shown at once, and nothing else can be pressed meanwhile', async ({ site, invite }) => {
	const anna = await invite('anna');
	const letThrough = await hold(anna, 'PUT', '**/rows/BG');
	await anna.edits('country', 'BG');
	await anna.input('name').fill('Bulgaria of Anna');
	assert.ok(await showsSaveAtOnce(anna));
	await anna.sees('Saving…');
	for (const name of ['Save', 'Save and keep editing', 'Cancel', 'Delete']) assert.ok(await anna.button(name).isDisabled(), name);
	await anna.button('Cancel').click({ force: true });
	await anna.button('Delete').click({ force: true });
	assert.equal(await anna.dialog().count(), 0);
	await anna.sees('The page waits for an answer for at most 15 seconds.');
	letThrough();
	await anna.sees('Bulgaria of Anna is saved.');
	await anna.seesNo('Saving…');
	assert.ok(await anna.button('Cancel').isEnabled());
	assert.equal(await named(site, 'BG'), 'Bulgaria of Anna');
});

scene('deleting is shown, and nothing else can be pressed meanwhile', async ({ site, invite }) => {
	const anna = await invite('anna');
	const letThrough = await hold(anna, 'DELETE', '**/rows/BJ');
	await anna.edits('country', 'BJ');
	await anna.input('name').fill('Benin of Anna');
	await anna.press('Delete');
	await anna.answers('Delete');
	await anna.sees('Deleting…');
	for (const name of ['Save', 'Save and keep editing', 'Cancel', 'Delete']) assert.ok(await anna.button(name).isDisabled(), name);
	assert.ok(!await anna.input('name').isEditable(), 'what is typed now would be lost');
	await anna.page.keyboard.press('Control+s');
	assert.equal(await named(site, 'BJ'), 'Benin');
	anna.expects(404, /rows\/BJ(\/presence)?$/); // used again while it is deleted
	letThrough();
	await anna.sees('Benin is deleted.');
	await anna.arrives('/tables/country');
	assert.equal(await named(site, 'BJ'), '');
});

/** Something to wait for, which is told by calling `tell`. */
function news() {
	let tell;
	const isTold = new Promise((resolve) => { tell = resolve; });
	return { isTold, tell };
}

/** Holds back the second reading of a row, which follows its lock. */
async function holdsReading(person, path) {
	const letRead = news();
	let reads = 0;
	await person.page.route(path, async (route) => {
		if (route.request().method() === 'GET' && reads++) await letRead.isTold;
		await route.fallback();
	});
	return () => {
		const read = person.page.waitForResponse((response) => response.status() === 404 && response.request().method() === 'GET');
		letRead.tell();
		return read;
	};
}

scene('a row that is read again while the page deletes it: only the deletion is told', async ({ invite }) => {
	const anna = await invite('anna');
	anna.expects(404, /rows\/BM(\/presence)?$/);
	const read = await holdsReading(anna, '**/rows/BM');
	const deletion = news();
	const answer = news();
	await anna.page.route('**/rows/BM', async (route) => {
		if (route.request().method() !== 'DELETE') return route.fallback();
		const response = await route.fetch();
		deletion.tell();
		await answer.isTold;
		return route.fulfill({ response });
	});
	await anna.edits('country', 'BM');
	await anna.press('Delete');
	await anna.answers('Delete');
	await deletion.isTold;
	await (await read()).finished();
	await anna.page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
	assert.equal(await anna.page.locator('.notes .banner').count(), 0, 'no message beside the deletion');
	answer.tell();
	await anna.sees('Bermuda is deleted.');
	await anna.arrives('/tables/country');
});

scene('a row that others have deleted before it is read again: that is told', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(404, /rows\/BV/);
	const read = await holdsReading(anna, '**/rows/BV');
	await anna.edits('country', 'BV');
	await site.sql(`DELETE FROM country WHERE alpha_2 = 'BV'`);
	await read();
	await anna.sees('This row was deleted, or you may no longer see it.');
	await anna.seesNo('Not found.');
});

scene('a deletion without an answer: the page says that it does not know, and finds out', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'BZ');
	anna.expects(0, /BZ$/);
	let isCutOff = true;
	await anna.page.route('**/rows/BZ', (route) => (isCutOff && route.request().method() === 'DELETE' ? route.abort() : route.continue()));
	await anna.press('Delete');
	await anna.answers('Delete');
	await anna.sees('Not known yet whether this is deleted.');
	await anna.seesNo('Deleting…');
	assert.equal(await named(site, 'BZ'), 'Belize');
	isCutOff = false;
	await anna.sees('Belize is deleted.');
	assert.equal(await named(site, 'BZ'), '');
});

scene('the page waits for a save as long as it says, and can be left then', async ({ site, invite }) => {
	const anna = await invite('anna');
	const letThrough = await hold(anna, 'PUT', '**/rows/BF');
	await anna.edits('country', 'BF');
	await anna.input('name').fill('Burkina of Anna');
	await anna.press('Save and keep editing');
	await anna.sees('The page waits for an answer for at most 15 seconds.');
	anna.expects(0, /BF$/);
	await anna.sees('Not known yet whether this is saved.');
	await anna.seesNo('Saving…');
	await anna.press('Cancel');
	await anna.sees('Leave without saving?');
	await anna.answers('Stay');
	assert.ok(await anna.button('Save').isDisabled(), 'it is still being saved');
	letThrough();
	await anna.sees('Burkina of Anna is saved.');
	assert.equal(await named(site, 'BF'), 'Burkina of Anna');
});

scene('a long text has more time', async ({ invite }) => {
	const anna = await invite('anna');
	const letThrough = await hold(anna, 'PUT', '**/rows/BO');
	await anna.edits('country', 'BO');
	await anna.input('official_name').fill('x'.repeat(1_000_000));
	await anna.press('Save and keep editing');
	await anna.sees('The page waits for an answer for at most 46 seconds.');
	letThrough();
	await anna.sees('Bolivia, Plurinational State of is saved.');
});

scene('icons are shown without a connection, also those never used before', async ({ invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'BH');
	anna.expects(0);
	await anna.context.setOffline(true);
	await anna.input('name').fill('Bahrain of Anna');
	await anna.page.evaluate(() => dispatchEvent(new Event('online'))); // renews
	await anna.seesLock('warn');
	const drawn = await anna.page.evaluate(() => [...document.querySelectorAll('svg.icon')].map((icon) => [icon.dataset.icon, icon.getBBox().width > 0 || icon.checkVisibility() === false]));
	assert.ok(drawn.some(([name]) => name === 'offline'));
	assert.deepEqual(drawn.filter(([, isDrawn]) => !isDrawn), []);
	await anna.context.setOffline(false);
	await anna.seesLock('mine');
});

scene('a list and a page that could not be loaded load by themselves', async ({ invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables/country');
	await anna.sees('Albania');
	anna.expects(0);
	await anna.context.setOffline(true);
	await anna.page.getByRole('searchbox').first().fill('alg');
	await anna.sees('The server cannot be reached');
	await anna.context.setOffline(false);
	await anna.sees('Algeria');
	await anna.seesNo('The server cannot be reached');

	await anna.context.setOffline(true);
	await anna.page.getByRole('link', { name: 'Locks', exact: true }).click();
	await anna.sees('The server cannot be reached');
	await anna.context.setOffline(false);
	await anna.seesNo('The server cannot be reached');
	await anna.arrives('/locks');
});

scene('a server that is away when the page is opened: the page comes as soon as it is there', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables/country');
	await anna.sees('Albania');
	anna.expects(503);
	anna.expects(0);
	// The database refuses all connections for a while.
	await site.sql(`ALTER ROLE anna CONNECTION LIMIT 0`);
	try {
		await site.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'anna' AND datname = current_database()`);
		await anna.page.getByRole('link', { name: 'Locks', exact: true }).click();
		await anna.sees('The database is not available');
	} finally {
		await site.sql(`ALTER ROLE anna CONNECTION LIMIT -1`);
	}
	await anna.seesNo('The database is not available');
});

scene('what failed in an edit page is mended', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'BI');
	await anna.input('name').fill('Burundi of Anna');
	anna.expects(0);
	await anna.context.setOffline(true);
	await anna.page.getByRole('button', { name: 'Save and keep editing', exact: true }).click();
	await anna.sees('The server cannot be reached');
	await anna.context.setOffline(false);
	await anna.sees('Burundi of Anna is saved.');
	await anna.seesNo('The server cannot be reached');
	await anna.seesNo('Not known yet');
	await anna.seesLock('mine');
	assert.equal(await anna.value('name'), 'Burundi of Anna');
	await eventually(async () => assert.equal(await named(site, 'BI'), 'Burundi of Anna'));
});

scene('a foreign key that could not be looked up says so, and is looked up again', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('proposal', '2');
	const field = anna.field('country');
	const box = field.getByRole('combobox');
	await eventually(async () => assert.equal(await box.inputValue(), 'Iceland (IS)'));
	anna.expects(0);
	await anna.context.setOffline(true);
	await box.fill('Norway');
	await field.getByText('Could not be looked up', { exact: true }).waitFor();
	await anna.seesNo('No such row');
	await box.press('Tab');
	await anna.page.keyboard.press('Control+s');
	await field.getByText('“Norway” could not be looked up: there was no answer').waitFor();
	await anna.seesNo('Not known yet'); // nothing was sent
	await anna.context.setOffline(false);
	await eventually(async () => assert.equal(await box.inputValue(), 'Norway (NO)'));
	await field.locator('.field-error').waitFor({ state: 'hidden' });
	assert.equal(await site.sql('SELECT country FROM proposal WHERE id = 2'), 'IS');
	await anna.press('Save');
	await anna.arrives('/tables/proposal');
	assert.equal(await site.sql('SELECT country FROM proposal WHERE id = 2'), 'NO');
});
