// Events that the live stream misses, and truncated responses.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';
import { Wire } from './lib/wire.mjs';

const scene = stage('browser_live');
const holder = (site, key) => site.sql(`SELECT owner FROM locking.locks WHERE relation = 'country'::regclass AND key = '${key}'`);
const lockedByAnna = (site, key) => site.sql(`SET SESSION AUTHORIZATION anna; SELECT locking.acquire('country', '${key}', '1 hour')`);
const released = (site, key) => site.sql(`SELECT locking.break_lock('country', '${key}', 'test')`);

/** Declares a scene whose browsers use a Wire. */
const wiredScene = (name, act) => scene(name, async (given) => {
	const wire = await Wire.lay(given.site);
	try {
		await act({ ...given, wire });
	} finally {
		await wire.remove();
	}
});

const pages = {
	'a list of rows': { path: '/tables/country?q=iceland', before: (bert) => bert.seesRow('IS', 'none'), after: (bert) => bert.seesRow('IS', 'theirs') },
	'the list of locks': { path: '/locks', before: (bert) => bert.sees('Nothing is locked'), after: (bert) => bert.sees('Iceland') },
	'the list of tables': { path: '/tables', before: (bert) => bert.page.getByRole('link', { name: 'Country', exact: true }).waitFor(), after: (bert) => bert.page.getByRole('link', { name: /^[1-9]\d* locked rows? in Country/ }).waitFor() },
};
for (const [name, { path, before, after }] of Object.entries(pages)) {
	wiredScene(`an event between loading ${name} and opening the stream is shown`, async ({ site, wire, invite }) => {
		const bert = await invite('bert');
		const openStream = wire.holdBack(/\/events$/);
		await bert.page.goto(wire.address + path);
		await before(bert);
		await lockedByAnna(site, 'IS');
		openStream();
		await after(bert);
	});
}

wiredScene('an edit page shows what happened before its stream was opened', async ({ site, wire, invite }) => {
	const bert = await invite('bert');
	const openStream = wire.holdBack(/\/events$/);
	await bert.page.goto(`${wire.address}/tables/country/IS`);
	await bert.seesLock('mine');
	await released(site, 'IS');
	await lockedByAnna(site, 'IS');
	openStream();
	await bert.seesLock('bad');
	await bert.sees('Locked by Anna Albers', { within: '.lock-bar' });
});

wiredScene('a lock whose response is truncated is requested again, and belongs to this tab', async ({ site, wire, invite }) => {
	const bert = await invite('bert');
	bert.expects(0, /lock$/);
	wire.breakOff('POST', /rows\/JM\/lock$/);
	await bert.page.goto(`${wire.address}/tables/country/JM`);
	await bert.sees('The server cannot be reached.');
	assert.equal(await holder(site, 'JM'), 'bert', 'granted, without a complete response');
	await bert.seesLock('mine');
	await bert.input('name').fill('Jamaica!');
	await bert.press('Save');
	await bert.sees('Jamaica! is saved.');
});

wiredScene('a truncated response about the lock is requested again', async ({ site, wire, invite }) => {
	const bert = await invite('bert');
	await lockedByAnna(site, 'JO');
	await bert.page.goto(`${wire.address}/tables/country/JO`);
	await bert.seesLock('theirs');
	await bert.sees('Live');
	bert.expects(0, /lock$/);
	wire.breakOff('GET', /rows\/JO\/lock$/);
	await released(site, 'JO');
	await bert.sees('The row is free now.');
});

wiredScene('a list whose response is truncated shows an error, and is loaded again', async ({ wire, invite }) => {
	const bert = await invite('bert');
	wire.holdBack(/\/events$/); // opening it would load the list again
	await bert.page.goto(`${wire.address}/tables/country`);
	await bert.row('AD').waitFor();
	bert.expects(0, /rows$/);
	wire.breakOff('GET', /rows\?q=/);
	await bert.page.getByRole('searchbox').fill('kenya');
	await bert.sees('The server cannot be reached');
	await bert.row('KE').waitFor();
	await eventually(async () => assert.equal(await bert.page.locator('tbody tr').count(), 1));
});

wiredScene('a list that could not be reloaded is shown again by the next reload', async ({ site, wire, invite }) => {
	const bert = await invite('bert');
	await lockedByAnna(site, 'KE');
	await bert.page.goto(`${wire.address}/tables/country?locked=true&q=kenya`);
	await bert.seesRow('KE', 'theirs');
	await bert.sees('Live');
	bert.expects(0, /rows$/);
	wire.breakOff('GET', /rows\?/);
	await lockedByAnna(site, 'LA');
	await bert.sees('The server cannot be reached');
	await lockedByAnna(site, 'LB');
	await bert.seesRow('KE', 'theirs');
	await bert.seesNo('The server cannot be reached');
});

scene('the tabs of a browser share one stream, and each gets the events', async ({ site, invite }) => {
	const bert = await invite('bert');
	const tabs = [bert];
	while (tabs.length < 8) tabs.push(await bert.tab());
	for (const tab of tabs) {
		await tab.open('/tables/country?q=iceland');
		await tab.sees('Live');
	}
	const figures = async () => (await bert.context.request.get(`${site.address}/metrics`)).text();
	await eventually(async () => assert.match(await figures(), /^locking_web_streams 1$/m));
	await lockedByAnna(site, 'IS');
	for (const tab of tabs) await tab.seesRow('IS', 'theirs');
});
