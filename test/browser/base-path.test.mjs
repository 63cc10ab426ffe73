// Below a path of another site: pages, requests, live news, releasing on
// leaving, and locking.js.
import assert from 'node:assert/strict';
import { stage } from './lib/stage.mjs';
import { eventually } from './lib/person.mjs';
import { Wire } from './lib/wire.mjs';

const PREFIX = '/office/locks';
const scene = stage('browser_base_path', { options: ['--trusted-proxy', '127.0.0.1'] });

/** Declares a scene with people who use the site below the prefix. */
const below = (title, act) => scene(title, async ({ site, invite }) => {
	const wire = await Wire.lay(site, { 'x-forwarded-prefix': PREFIX }, PREFIX);
	const outside = [];
	const admit = async (role) => {
		const person = await invite(null);
		person.context.on('request', (request) => {
			const { pathname } = new URL(request.url());
			if (!pathname.startsWith(`${PREFIX}/`)) outside.push(pathname);
		});
		person.role = role;
		person.site = { ...site, address: wire.address };
		return person;
	};
	try {
		await act({ site, admit });
		assert.deepEqual(outside, [], 'no request is outside of the prefix');
	} finally {
		await wire.remove();
	}
});

below('signing in, and the way back to the page that was wanted', async ({ admit }) => {
	const anna = await admit('anna');
	await anna.open('/tables/country?q=nepal');
	await anna.arrives(`/signin?${new URLSearchParams({ next: `${PREFIX}/tables/country?q=nepal` })}`);
	await anna.page.locator('input[name="role"]').fill('anna');
	await anna.page.locator('input[type="password"]').fill('anna-password');
	await anna.press('Sign in');
	await anna.arrives('/tables/country?q=nepal');
	const [cookie] = await anna.context.cookies(`${anna.site.address}/`);
	assert.equal(cookie.path, `${PREFIX}/`);
});

below('a row is locked, seen live, saved, and released by closing the tab', async ({ site, admit }) => {
	const [anna, bert] = [await admit('anna'), await admit('bert')];
	for (const person of [anna, bert]) await person.signInQuietly();
	await bert.open('/tables/country?q=nepal');
	await bert.sees('Live');
	await anna.edits('country', 'NP');
	await bert.seesRow('NP', 'theirs');
	await anna.input('name').fill('Below');
	await anna.press('Save');
	await anna.arrives('/tables/country');
	assert.equal(await site.sql(`SELECT name FROM country WHERE alpha_2 = 'NP'`), 'Below');
	await bert.row('NP').getByRole('link').click();
	await bert.arrives('/tables/country/NP');
	await bert.seesLock('mine');
	await bert.page.close({ runBeforeUnload: true });
	await eventually(async () => assert.equal(await site.sql(`SELECT count(*) FROM locking.locks`), '0'));
	bert.page = await bert.context.newPage();
});

below('locking.js finds the server that it was loaded from', async ({ site, admit }) => {
	const anna = await admit('anna');
	await anna.signInQuietly();
	await anna.open('/static/css/base.css');
	await anna.page.evaluate(async (module) => {
		const { RowLock } = await import(module);
		const lock = new RowLock({ table: 'country', key: 'NZ' });
		await lock.start();
	}, `${anna.site.address}/static/locking.js`);
	await eventually(async () => assert.equal(await site.sql(`SELECT key FROM locking.locks`), 'NZ'));
});
