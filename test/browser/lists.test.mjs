// Lists of rows: live locks, search, sort, pages, filters.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const scene = stage('browser_lists');
const keys = (person) => person.page.locator('tbody tr').evaluateAll((rows) => rows.map(({ dataset }) => dataset.key));
const showsKeys = (person, expected) => eventually(async () => assert.deepEqual(await keys(person), expected));

scene('another user\'s lock appears in the list and disappears without a reload', async ({ invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await bert.open('/tables/country?q=ice');
	await bert.seesRow('IS', 'none');
	await bert.sees('Live');
	await anna.edits('country', 'IS');
	await bert.seesRow('IS', 'theirs');
	assert.equal(await bert.row('IS').locator('.holder-name').innerText(), 'Anna Albers');
	await anna.press('Cancel');
	await bert.seesRow('IS', 'none');
	assert.equal(await bert.row('IS').locator('lock-holder').innerText(), '');
});

scene('own and others\' locks differ, and existing locks are shown on load', async ({ invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await anna.edits('country', 'IT');
	await bert.edits('country', 'JP');
	const list = await anna.tab();
	await list.open('/tables/country?locked=true');
	await list.seesRow('IT', 'mine');
	await list.seesRow('JP', 'theirs');
	assert.equal(await list.row('IT').locator('.holder-name').innerText(), 'You');
	await showsKeys(list, ['IT', 'JP']);
	const picture = (key) => list.row(key).locator('lock-holder button svg').getAttribute('data-icon');
	assert.equal(await picture('IT'), 'editing');
	assert.equal(await picture('JP'), 'lock');
});

scene('tips show the holder and the time left', async ({ invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await anna.edits('country', 'KE');
	await bert.open('/tables/country?q=kenya');
	await bert.seesRow('KE', 'theirs');
	const holder = bert.row('KE').locator('lock-holder');
	await holder.getByRole('button').hover();
	await bert.page.getByRole('tooltip').getByText(/^Still locked for (\d+ seconds|2 minutes) by Anna Albers$/).waitFor();
	await holder.locator('.holder-name').hover();
	await bert.page.getByRole('tooltip').getByText(/^Anna Albers \(anna\)/).waitFor();
	await bert.page.keyboard.press('Escape');
	await bert.page.getByRole('tooltip').waitFor({ state: 'hidden' });
});

scene('a lock taken by a program is shown, one of another table is not', async ({ site, invite }) => {
	const bert = await invite('bert');
	await bert.open('/tables/country?q=peru');
	await bert.seesRow('PE', 'none');
	await bert.sees('Live');
	await site.sql(`SELECT locking.set_owner('job:reindex', 'Nightly job'); SELECT locking.acquire('language', 'PE') WHERE false; SELECT locking.acquire('country', 'PE')`);
	await bert.seesRow('PE', 'theirs');
	await site.sql(`SELECT locking.break_lock('country', 'PE', 'test')`);
	await bert.seesRow('PE', 'none');
});

scene('an expired lock disappears from the list', async ({ site, invite }) => {
	const bert = await invite('bert');
	await site.sql(`SELECT locking.acquire('country', 'QA', '10 seconds')`);
	await bert.open('/tables/country?q=qatar');
	await bert.seesRow('QA', 'theirs');
	await bert.seesRow('QA', 'none');
});

scene('search finds text and key, and is kept in the address', async ({ invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables/country');
	await anna.page.getByRole('searchbox').fill('republic of fiji');
	await showsKeys(anna, ['FJ']);
	assert.equal(new URL(anna.page.url()).searchParams.get('q'), 'republic of fiji');
	await anna.page.getByRole('searchbox').fill('no such country anywhere');
	await anna.sees('Nothing found');
	await anna.page.getByRole('searchbox').fill('');
	await anna.row('AD').waitFor();
	await anna.page.getByRole('searchbox').fill('100%_');
	await anna.sees('Nothing found');
});

/** Delays the first request for rows until a later one is answered. */
async function overtakeFirst(person) {
	let count = 0;
	let release;
	const overtaken = new Promise((resolve) => { release = resolve; });
	await person.page.route('**/api/v1/tables/country/rows?*', async (route) => {
		const isFirst = count++ === 0;
		const response = await route.fetch();
		if (isFirst) await overtaken;
		await route.fulfill({ response });
		release();
	});
}

for (const [q, shown] of Object.entries({ 'nothing like this': 'Nothing found', 'isle of man': 'Isle of Man' })) {
	scene(`a first request that a reload overtakes does not leave the list empty (${shown})`, async ({ invite }) => {
		const anna = await invite('anna');
		await overtakeFirst(anna);
		await anna.open(`/tables/country?${new URLSearchParams({ q })}`);
		await anna.sees(shown);
	});
}

scene('a click on a heading sorts: ascending, descending, by key again', async ({ invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables/country?q=guinea');
	await showsKeys(anna, ['GN', 'GQ', 'GW', 'PG']);
	const heading = anna.page.getByRole('columnheader', { name: 'Name', exact: true });
	await heading.getByRole('button').click();
	await showsKeys(anna, ['GQ', 'GN', 'GW', 'PG']);
	assert.equal(await heading.getAttribute('aria-sort'), 'ascending');
	await heading.getByRole('button').click();
	await showsKeys(anna, ['PG', 'GW', 'GN', 'GQ']);
	assert.equal(await heading.getAttribute('aria-sort'), 'descending');
	await heading.getByRole('button').click();
	await showsKeys(anna, ['GN', 'GQ', 'GW', 'PG']);
	assert.equal(await heading.getAttribute('aria-sort'), 'none');
});

scene('pages lead forward and back, with each row once', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables/language');
	await anna.page.locator('tbody tr').first().waitFor();
	const first = await keys(anna);
	await anna.press('Next');
	await eventually(async () => assert.notDeepEqual(await keys(anna), first));
	const second = await keys(anna);
	assert.equal([...first, ...second].join(), (await site.sql(`SELECT string_agg(alpha_3, ',' ORDER BY alpha_3) FROM (SELECT alpha_3 FROM language ORDER BY 1 LIMIT ${first.length + second.length}) t`)));
	await anna.page.reload();
	await showsKeys(anna, second);
	await anna.press('Previous');
	await showsKeys(anna, first);
	assert.ok(await anna.button('Previous').isDisabled());
});

scene('pages of a sorted list show each row once, with equal values, nulls and new rows', async ({ site, invite }) => {
	const anna = await invite('anna');
	const all = (await site.sql('SELECT alpha_2 FROM country')).split('\n');
	await anna.open('/tables/country?sort=official_name&dir=desc');
	const seen = [];
	for (let page = 0; ; page++) {
		assert.ok(page < 20, 'the pages end');
		await anna.page.locator('tbody tr').first().waitFor();
		const shown = await keys(anna);
		assert.deepEqual(shown.filter((key) => seen.includes(key)), [], 'no row is shown twice');
		seen.push(...shown);
		if (await anna.button('Next').isDisabled()) break;
		if (page === 0) await site.sql(`INSERT INTO country VALUES ('X0', 'XXO', '997', 'Before the first', 'ÿ before all that have a name')`);
		await anna.press('Next');
		await eventually(async () => assert.notDeepEqual(await keys(anna), shown));
	}
	assert.deepEqual(all.filter((key) => !seen.includes(key)), [], 'no row is left out');
	await site.sql(`DELETE FROM country WHERE alpha_2 = 'X0'`);
});

scene('returning from a row shows the list as it was left', async ({ invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables/country?q=guinea&sort=name&dir=desc');
	await showsKeys(anna, ['PG', 'GW', 'GN', 'GQ']);
	await anna.row('GW').getByRole('link').click();
	await anna.seesLock('mine');
	await anna.press('Cancel');
	await showsKeys(anna, ['PG', 'GW', 'GN', 'GQ']);
	await anna.seesRow('GW', 'none');
});

scene('referring rows are linked, with a filter', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'IS');
	await anna.page.getByRole('complementary').getByRole('link', { name: 'subdivision' }).click();
	await anna.sees('Country: Iceland');
	const expected = (await site.sql(`SELECT code FROM subdivision WHERE country = 'IS' ORDER BY code COLLATE "C" LIMIT 100`)).split('\n');
	await eventually(async () => assert.deepEqual((await keys(anna)).sort(), expected.sort().slice(0, (await keys(anna)).length)));
	await anna.press('Remove the filter Country: Iceland');
	await anna.row('AD-02').waitFor();
});

scene('rows hidden by row security appear neither in lists nor in events', async ({ invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await anna.open('/tables/private');
	await showsKeys(anna, ['1']);
	await anna.sees('Live');
	await bert.edits('private', '2');
	await bert.edits('private', '1');
	await anna.seesRow('1', 'theirs');
	const locks = await anna.tab();
	await locks.open('/locks');
	await locks.page.getByTitle('private 1').waitFor();
	await bert.edits('private', '2');
	for (const key of ['1', '2']) await locks.page.getByTitle(`private ${key}`).waitFor({ state: 'detached' });
	await anna.seesRow('1', 'none');
	anna.expects(404, /private/);
	await anna.open('/tables/private/2');
	await anna.sees('Not found');
});

scene('keys and names with special characters: opened, edited, saved; never markup', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables');
	await anna.page.getByRole('link', { name: 'Odd Names' }).click();
	await anna.sees('<i>not markup</i>');
	assert.equal(await anna.row('<b>"x"</b>').locator('i, b').count(), 0);
	for (const key of ['new', 'a b/c?d#e%&+', '<b>"x"</b>']) {
		await anna.row(key).getByRole('link').click();
		await anna.seesLock('mine');
		assert.equal(await anna.value('the Key'), key);
		await anna.input('select').fill(`changed <i>${key}</i>`);
		await anna.press('Save');
		await anna.row(key).waitFor();
	}
	assert.equal(await site.sql(`SELECT count(*) FROM "Odd Names" WHERE "select" = 'changed <i>' || "the Key" || '</i>'`), '3');
	await anna.open('/tables/line');
	await anna.page.locator('tbody').getByRole('link').nth(1).click();
	await anna.seesLock('mine');
	await anna.input('body').fill('2nd');
	await anna.press('Save');
	await anna.arrives('/tables/line');
	assert.equal(await site.sql(`SELECT string_agg(body, ',' ORDER BY n) FROM line`), 'first,2nd');
});

scene('the server stops and starts again: the list shows it, and is up to date again', async ({ site, invite }) => {
	const bert = await invite('bert');
	await bert.open('/tables/country?q=chad');
	await bert.seesRow('TD', 'none');
	await bert.sees('Live');
	bert.expectsStop();
	await site.stopServer();
	await bert.sees('Not live');
	await site.restartServer();
	await bert.signInQuietly();
	await site.sql(`SELECT locking.acquire('country', 'TD')`);
	await bert.seesRow('TD', 'theirs');
	await bert.sees('Live');
});

scene('the number of requests of a list does not depend on its rows and locks', async ({ site, invite }) => {
	const anna = await invite('anna');
	let requests = [];
	const underWay = new Set();
	const ofApi = (request) => /^\/api\/v1\/(?!events)/.test(new URL(request.url()).pathname);
	anna.page.on('request', (request) => {
		if (!ofApi(request)) return;
		requests.push(new URL(request.url()).pathname);
		underWay.add(request);
	});
	for (const end of ['requestfinished', 'requestfailed']) anna.page.on(end, (request) => underWay.delete(request));
	const loads = async (path, row) => {
		requests = [];
		await anna.open(path);
		await anna.row(row).waitFor();
		await anna.sees('Live');
		await eventually(async () => assert.equal(underWay.size, 0));
		// Each may be sent once more when the stream opens, and once more for
		// an event of the scene before.
		const often = requests.filter((each) => requests.filter((other) => other === each).length > 3);
		assert.deepEqual(often, []);
		return [...new Set(requests)].sort();
	};
	const few = await loads('/tables/proposal?q=t%C3%BCrkiye', '1');
	await site.sql(`SELECT locking.acquire('proposal', id::text) FROM proposal`);
	const many = await loads('/tables/proposal', '1');
	assert.ok(await anna.page.locator('tbody tr').count() > 1, 'more rows');
	assert.deepEqual(many, few);
	assert.deepEqual(many.filter((each) => /rows\/[^/]+\/lock$/.test(each)), []);
});
