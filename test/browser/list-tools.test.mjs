// Lists: columns, filters, totals, export, pages in the browser's history,
// labels and people, news; rows that belong to a row.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const scene = stage('browser_list_tools', {
	sql: `CREATE TABLE nothing (id integer PRIMARY KEY, name text);
		CREATE TABLE measure (id integer PRIMARY KEY, name text, amount numeric, taken timestamp, tag uuid, ok boolean, spare text);
		INSERT INTO measure VALUES (1, 'first', 1234567.5, '2026-11-03 09:15:30.25', '6f1c1f0e-2b55-4d0e-9a53-0c4de1a80a01', true, NULL), (2, 'second', 2, NULL, NULL, false, '=1+1');
		GRANT SELECT, INSERT, UPDATE ON nothing, measure TO anna, bert; GRANT SELECT ON measure, nothing TO dora;
		SELECT locking.protect('measure');
		CREATE TABLE unguarded (id integer PRIMARY KEY, name text); ALTER TABLE unguarded OWNER TO carla;
		SELECT locking.protect('unguarded', ttl => '5 min', columns => '{name}');
		ALTER TABLE unguarded DISABLE TRIGGER "~locking_guard"`,
});
const cells = (person, key) => person.row(key).locator('.cell').evaluateAll((all) => all.map((cell) => cell.textContent));
const heads = (person) => person.page.getByRole('columnheader').evaluateAll((all) => all.map((head) => head.textContent));
const opens = (person, menu) => person.page.locator('summary').filter({ hasText: menu }).click();
const total = (person) => person.page.getByRole('navigation', { name: 'Pages of the list' });

scene('values are short, and whole in their titles', async ({ invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables/measure');
	await anna.row('1').waitFor();
	assert.deepEqual(await cells(anna, '1'), ['first', '1', '1,234,567.5', '3 Nov 2026, 09:15', '6f1c1f0e…', 'Yes']);
	await anna.row('1').getByTitle('6f1c1f0e-2b55-4d0e-9a53-0c4de1a80a01').waitFor();
	await anna.row('1').getByTitle('2026-11-03 09:15:30.25').waitFor();
});

scene('columns are chosen, kept in this browser for this table, and the default comes back', async ({ invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables/measure');
	const usual = ['Name', 'Lock', 'ID', 'Amount', 'Taken', 'Tag', 'Ok'];
	await eventually(async () => assert.deepEqual(await heads(anna), usual));
	await opens(anna, 'Columns');
	for (const name of ['Taken', 'Tag', 'Ok']) await anna.page.getByRole('checkbox', { name, exact: true }).uncheck();
	await anna.page.getByRole('checkbox', { name: 'Spare', exact: true }).check();
	const chosen = ['Name', 'Lock', 'ID', 'Amount', 'Spare'];
	await eventually(async () => assert.deepEqual(await heads(anna), chosen));
	await anna.page.reload();
	await eventually(async () => assert.deepEqual(await heads(anna), chosen));
	await opens(anna, 'Columns');
	await anna.press('Default columns');
	await eventually(async () => assert.deepEqual(await heads(anna), usual));
});

scene('on a phone, the menus of a list are within the window', async ({ invite }) => {
	const anna = await invite('anna', { viewport: { width: 360, height: 740 } });
	await anna.open('/tables/measure');
	await anna.row('1').waitFor();
	for (const name of ['Filter', 'Columns']) {
		await opens(anna, name);
		const { x, width } = await anna.page.locator('[open] .menu-panel').boundingBox();
		assert.ok(x >= 0 && x + width <= 360, `${name}: from ${x}, ${width} pixels`);
		assert.deepEqual(await anna.barriers(), []);
		await anna.page.keyboard.press('Escape');
	}
});

scene('filters by columns: set, combined, removed one by one, and in the address', async ({ invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables/subdivision?filter=%7B%22country%22%3A%22IS%22%7D');
	await anna.sees('Country: Iceland');
	await opens(anna, 'Filter');
	await anna.page.getByLabel('Column', { exact: true }).selectOption('type');
	await anna.page.getByLabel('Comparison').selectOption('is');
	await anna.page.getByLabel('Value', { exact: true }).fill('Region');
	await anna.page.keyboard.press('Enter');
	await anna.sees('Type: Region');
	await eventually(async () => assert.match(await total(anna).innerText(), /^8 rows/));
	assert.deepEqual(JSON.parse(new URL(anna.page.url()).searchParams.get('filter')), { country: 'IS', type: 'Region' });
	await anna.press('Remove the filter Type: Region');
	await eventually(async () => assert.match(await total(anna).innerText(), /80 rows/));
	await opens(anna, 'Filter');
	await anna.page.getByLabel('Column', { exact: true }).selectOption('parent');
	await anna.page.getByLabel('Comparison').selectOption('has no value');
	await anna.press('Apply filter');
	await anna.sees('Parent: no value');
	await eventually(async () => assert.match(await total(anna).innerText(), /^8 rows/));
});

scene('filters compare as the type suggests: texts contain, numbers and days have bounds', async ({ site, invite }) => {
	const anna = await invite('anna'); // in Berlin
	await site.sql(`INSERT INTO measure VALUES (3, '100%_SURE', 7, '2026-11-05 23:59:59', NULL, true, NULL), (4, 'last', 9, '2026-11-06', NULL, true, NULL)`);
	const filters = async (column, values, words, keys) => {
		await opens(anna, 'Filter');
		await anna.page.getByLabel('Column', { exact: true }).selectOption(column);
		for (const [label, value] of Object.entries(values)) await anna.page.getByLabel(label, { exact: true }).fill(value);
		await anna.page.keyboard.press('Enter');
		await anna.sees(words);
		await eventually(async () => assert.deepEqual(await anna.page.locator('tbody tr').evaluateAll((rows) => rows.map(({ dataset }) => dataset.key)), keys));
		await anna.press(`Remove the filter ${words}`);
		await eventually(async () => assert.equal(await anna.page.locator('tbody tr').count(), 4));
	};
	await anna.open('/tables/measure');
	await filters('name', { Value: '0%_s' }, 'Name: contains “0%_s”', ['3']);
	await filters('amount', { From: '2', To: '7' }, 'Amount: 2 – 7', ['2', '3']);
	await filters('amount', { From: '8' }, 'Amount: from 8', ['1', '4']);
	await filters('taken', { From: '2026-11-04', To: '2026-11-05' }, 'Taken: 4 Nov 2026 – 5 Nov 2026', ['3']);
	await filters('taken', { To: '2026-11-03' }, 'Taken: up to 3 Nov 2026', ['1']);
	await opens(anna, 'Filter');
	await anna.page.getByLabel('Column', { exact: true }).selectOption('amount');
	await anna.press('Apply filter');
	assert.ok(await anna.page.getByLabel('From', { exact: true }).evaluate((input) => input === document.activeElement), 'nothing to compare with');
	await anna.open(`/tables/measure?filter=${encodeURIComponent('{"name": {"contains": "s"}, "id": "2"}')}`);
	await anna.row('2').waitFor();
	await anna.page.getByRole('link', { name: 'New row' }).click();
	await anna.input('id').waitFor();
	assert.equal(await anna.value('id'), '2');
	assert.equal(await anna.value('name'), '', 'a part of a text is no value of a new row');
	await site.sql('DELETE FROM measure WHERE id > 2');
});

scene('the total is that of all pages, and Back leads to the page before', async ({ invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables/country');
	await eventually(async () => assert.match(await total(anna).innerText(), /^50 of 249 rows/));
	await anna.press('Next');
	await eventually(async () => assert.match(await total(anna).innerText(), /^Page 2 · 50 of 249 rows/));
	const second = anna.page.url();
	await anna.press('Next');
	await eventually(async () => assert.match(await total(anna).innerText(), /^Page 3 · /));
	await anna.page.goBack();
	await anna.page.waitForURL(second);
	await eventually(async () => assert.match(await total(anna).innerText(), /^Page 2 · /));
	await anna.page.goBack();
	await anna.row('AD').waitFor();
	await anna.page.goForward();
	await eventually(async () => assert.match(await total(anna).innerText(), /^Page 2 · /));
	await anna.page.getByRole('searchbox').fill('guinea');
	await eventually(async () => assert.match(await total(anna).innerText(), /^4 rows/));
});

scene('the export has the rows, the order and the columns of the list, and no formula', async ({ invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables/measure?sort=name&dir=desc');
	await anna.row('1').waitFor();
	await opens(anna, 'Columns');
	for (const name of ['Taken', 'Tag', 'Ok', 'Amount']) await anna.page.getByRole('checkbox', { name, exact: true }).uncheck();
	await anna.page.getByRole('checkbox', { name: 'Spare', exact: true }).check();
	const download = anna.page.waitForEvent('download');
	await anna.press('Export CSV');
	const file = await download;
	assert.equal(file.suggestedFilename(), 'measure.csv');
	assert.equal(readFileSync(await file.path(), 'utf8'), "name,id,spare\r\nsecond,2,'=1+1\r\nfirst,1,\r\n");
});

scene('an empty table offers a new row, to those who may insert one', async ({ invite }) => {
	const [anna, dora] = [await invite('anna'), await invite('dora')];
	await anna.open('/tables/nothing');
	await anna.page.locator('.empty').getByRole('link', { name: 'New row' }).click();
	await anna.arrives('/new/nothing');
	await dora.open('/tables/nothing');
	await dora.sees('No rows');
	assert.equal(await dora.page.getByRole('link', { name: 'New row' }).count(), 0);
});

scene('many locks at once are announced in one message', async ({ site, invite }) => {
	const bert = await invite('bert');
	await bert.open('/tables/country');
	await bert.sees('Live');
	await bert.page.locator('tr[data-key="AG"]').waitFor(); // what a page shows first is no news
	await bert.page.evaluate(() => {
		globalThis.said = [];
		new MutationObserver(() => globalThis.said.push(document.getElementById('polite').textContent))
			.observe(document.getElementById('polite'), { childList: true, characterData: true, subtree: true });
	});
	await site.sql(`SET SESSION AUTHORIZATION anna; SELECT count(*) FROM locking.acquire_all('country', ARRAY['AD', 'AE', 'AF', 'AG'])`);
	const said = () => bert.page.evaluate(() => globalThis.said);
	await eventually(async () => assert.match((await said()).join('\n'), /4 rows have changed: 4 locked, 0 free/));
	assert.doesNotMatch((await said()).join('\n'), /locked by/);
});

scene('rows are named by their labels and people by name and initials, in locks and history', async ({ site, invite }) => {
	const anna = await invite('anna');
	await site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.acquire('country', 'BB')`);
	await anna.open('/locks');
	const line = anna.page.locator('main tbody tr').filter({ hasText: 'Barbados' });
	await line.getByText('Bert Brandt').waitFor();
	assert.equal(await line.locator('.avatar').getAttribute('data-initials'), 'BB');
	await site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.release(token) FROM locking.locks WHERE key = 'BB'`);
	await anna.open('/history?table=country&key=BB');
	const edit = anna.page.locator('main tbody tr').filter({ hasText: 'Barbados' }).first();
	await edit.getByText(/^Edited · /).waitFor();
	await edit.getByText('Bert Brandt').waitFor();
});

scene('an edit page shows the rows that its lock guards, with locks of their own', async ({ site, invite }) => {
	const anna = await invite('anna');
	await site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.acquire('subdivision', 'IS-1')`);
	await anna.open('/tables/country/IS');
	const child = anna.page.locator('.child-rows li').first();
	await child.getByText('Höfuðborgarsvæði').waitFor();
	await anna.page.locator('.child-rows li[data-key="IS-1"][data-lock="theirs"]').getByText('Bert Brandt').waitFor();
	await site.sql(`SELECT locking.break_lock('subdivision', 'IS-1', 'end')`);
	await anna.page.locator('.child-rows li[data-key="IS-1"][data-lock="none"]').waitFor();
	await child.getByRole('link').click();
	await anna.arrives('/tables/subdivision/IS-1');
});

scene('a table whose trigger is missing is not enforced, and can be repaired with its settings', async ({ site, invite }) => {
	const carla = await invite('carla');
	const settings = `SELECT hard, ttl, columns, guarded FROM locking.protected_tables WHERE relation = 'unguarded'::regclass`;
	assert.equal(await site.sql(settings), 't|00:05:00|{name}|f');
	await carla.open('/tables');
	const line = carla.page.locator('main tbody tr').filter({ hasText: 'unguarded' });
	await line.getByText('not enforced', { exact: true }).waitFor();
	assert.equal(await line.getByText('enforced', { exact: true }).count(), 0);
	await carla.press('Repair: Unguarded');
	await line.getByText('enforced', { exact: true }).waitFor();
	assert.equal(await site.sql(settings), 't|00:05:00|{name}|t');
});
