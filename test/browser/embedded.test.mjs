// locking.js on the edit page of another site, allowed by --allow-origin.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after } from 'node:test';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

// The example of locking.js's file comment. Its address names locking-web.
const PAGE = `<!DOCTYPE html>
<html lang="en">
<title>Another site's edit page</title>
<link rel="icon" href="data:,">
<form inert><label>Name <input name="name"></label></form>
<p id="app"></p>
<script type="module">
	const { base, key, lockOn = 'open' } = Object.fromEntries(new URLSearchParams(location.search));
	const say = (words) => { document.getElementById('app').textContent = words; };
	const { RowLock } = await import(base + '/static/locking.js').catch(() => say('refused') ?? {});
	const form = document.forms[0];
	const lock = RowLock && new RowLock({ base, table: 'country', key, lockOn, draft: () => Object.fromEntries(new FormData(form)) });
	lock?.addEventListener('state', ({ detail: { phase, holder } }) => {
		for (const field of form.elements) field[field.type.startsWith('text') ? 'readOnly' : 'disabled'] = !lock.mayEdit;
		form.inert = false;
		say(holder ? phase + ' by ' + holder.owner : phase);
	});
	form.addEventListener('input', () => lock.change());
	globalThis.lock = lock;
	lock?.start();
</script>`;

async function host() {
	const server = createServer((request, response) => response.setHeader('Content-Type', 'text/html').end(PAGE));
	await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
	after(() => {
		server.closeAllConnections();
		server.close();
	});
	return `http://127.0.0.1:${server.address().port}`;
}

const [friend, stranger] = [await host(), await host()];
const scene = stage('browser_embedded', { options: ['--allow-origin', friend], sql: `SELECT locking.protect('country', ttl => '6 s')` });

const holder = (site, key) => site.sql(`SELECT owner FROM locking.locks WHERE relation = 'country'::regclass AND key = '${key}'`);
const visit = (person, key, { origin = friend, ...more } = {}) => person.page.goto(`${origin}/?${new URLSearchParams({ base: person.site.address, key, ...more })}`);
const says = (person, words) => person.sees(words, { within: '#app' });
const mayType = (person) => person.page.getByLabel('Name').isEditable();

scene('another site\'s page locks the row, and releases it when it is left', async ({ site, invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await bert.open('/tables/country?q=malta');
	await bert.sees('Live');
	await visit(anna, 'MT');
	await says(anna, 'held');
	await bert.seesRow('MT', 'theirs');
	assert.equal(await holder(site, 'MT'), 'anna');
	await anna.page.goto('about:blank');
	await bert.seesRow('MT', 'none');
	assert.equal(await holder(site, 'MT'), '');
});

scene('another site\'s page shows who holds the row, and when it is free', async ({ site, invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await bert.edits('country', 'MU');
	anna.expects(423, /lock$/);
	await visit(anna, 'MU');
	await says(anna, 'blocked by bert');
	assert.equal(await mayType(anna), false);
	assert.equal(await anna.page.locator('form').evaluate((form) => form.inert), false, 'its text can be copied');
	// A click also renews; the release may overtake that.
	bert.expects(409, /lock$/);
	await bert.press('Cancel');
	await says(anna, /^free$/);
	await anna.page.evaluate(() => globalThis.lock.again());
	await says(anna, 'held');
	assert.equal(await mayType(anna), true);
	assert.equal(await holder(site, 'MU'), 'anna');
});

scene('another site\'s page shows that its lock was taken over', async ({ site, invite }) => {
	const anna = await invite('anna');
	await visit(anna, 'MV');
	await says(anna, 'held');
	await site.sql(`SELECT locking.set_owner('bert', 'Bert Brandt'), locking.take_over('country', 'MV', 'in a hurry')`);
	await says(anna, 'lost by bert');
	assert.equal(await mayType(anna), false);
	assert.equal(await anna.page.locator('form').evaluate((form) => form.inert), false, 'its text can be copied');
});

scene('another site\'s page locks with the first change, renews while used, and stores the text as a draft', async ({ site, invite }) => {
	const anna = await invite('anna');
	await visit(anna, 'MW', { lockOn: 'change' });
	const input = anna.page.getByLabel('Name');
	await eventually(async () => assert.equal(await anna.page.evaluate(() => globalThis.lock?.state.phase), 'idle'));
	assert.equal(await holder(site, 'MW'), '');
	await input.press('M');
	await says(anna, 'held');
	const first = await site.sql(`SELECT expires_at FROM locking.locks WHERE key = 'MW'`);
	await eventually(async () => {
		await input.press('a');
		assert.equal(await site.sql(`SELECT clock_timestamp() > '${first}'::timestamptz`), 't');
	});
	await says(anna, 'held');
	assert.equal(await holder(site, 'MW'), 'anna');
	await eventually(async () => assert.match(await (await anna.context.request.get(`${site.address}/api/v1/tables/country/rows/MW/draft`)).text(), /"Ma+"/));
});

scene('a site that is not allowed cannot use locking.js', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(0);
	anna.expectsWords(/CORS policy/);
	await visit(anna, 'MX', { origin: stranger });
	await says(anna, 'refused');
	assert.equal(await anna.page.locator('form').evaluate((form) => form.inert), true, 'without the script the form is closed');
	const answer = await anna.page.evaluate((url) => fetch(url, { credentials: 'include' }).then((each) => each.status, () => 'none'), `${site.address}/api/v1/session`);
	assert.equal(answer, 'none');
});

/** The number of streams that the server has open. */
const streams = async (person) => Number(/^locking_web_streams (\d+)$/m.exec(await (await person.context.request.get(`${person.site.address}/metrics`)).text())[1]);
const requesters = (tab) => tab.page.evaluate(() => globalThis.lock.requests.map(({ owner }) => owner).join(' '));

scene('eight tabs share one stream; when its tab is closed, another one goes on with it', async ({ site, invite }) => {
	const anna = await invite('anna');
	const keys = ['NA', 'NE', 'NF', 'NG', 'NI', 'NL', 'NO', 'NP'];
	const tabs = [anna];
	while (tabs.length < keys.length) tabs.push(await anna.tab());
	for (const [index, tab] of tabs.entries()) {
		await visit(tab, keys[index]);
		await says(tab, 'held');
	}
	await eventually(async () => assert.equal(await streams(anna), 1));
	const ask = (owner, some) => site.sql(`SELECT locking.set_owner('${owner}', ''), ${some.map((key) => `locking.request('country', '${key}')`).join(', ')}`);
	await ask('bert', keys);
	for (const tab of tabs) await eventually(async () => assert.equal(await requesters(tab), 'bert'));
	await anna.page.close();
	const rest = tabs.slice(1);
	await eventually(async () => assert.equal(await streams(anna), 1));
	await ask('carla', keys.slice(1));
	for (const tab of rest) await eventually(async () => assert.equal(await requesters(tab), 'bert carla'));
	await Promise.all(rest.map((tab) => tab.page.close()));
});

scene('without locks of the browser, each tab has a stream of its own', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.context.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }));
	const tabs = { OM: anna, PA: await anna.tab() };
	for (const [key, tab] of Object.entries(tabs)) {
		await visit(tab, key);
		await says(tab, 'held');
	}
	await eventually(async () => assert.equal(await streams(anna), 2));
	for (const [key, tab] of Object.entries(tabs)) {
		await site.sql(`SELECT locking.set_owner('bert', 'Bert Brandt'), locking.request('country', '${key}')`);
		await eventually(async () => assert.equal(await requesters(tab), 'bert'));
	}
});
