// Figures of all protected tables, locks in every order, and the history of
// some days.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const SQL = `
	GRANT pg_monitor TO carla, locking_web;
	GRANT SELECT ON proposal, note TO carla;
	CREATE TABLE unguarded (id integer PRIMARY KEY);
	ALTER TABLE unguarded OWNER TO carla;
	SELECT locking.protect('unguarded', ttl => '5 minutes');
	ALTER TABLE unguarded DISABLE TRIGGER "~locking_guard";`;

const scene = stage('browser_overview', { sql: SQL });

const cell = (person, table, label) => person.page.getByRole('row', { name: table }).locator(`td[data-label="${label}"]`);

scene('members of pg_monitor see what is locked, and what is not enforced', async ({ site, invite }) => {
	const [anna, bert, carla] = [await invite('anna'), await invite('bert'), await invite('carla')];
	await anna.edits('country', 'GE');
	await site.sql('ALTER TABLE language DISABLE TRIGGER "~locking_guard"');
	await carla.open('/');
	await carla.page.getByRole('link', { name: 'Overview', exact: true }).click();
	await carla.arrives('/overview');
	await eventually(async () => assert.equal(await cell(carla, 'Country', 'Locked now').innerText(), '1'));
	assert.equal(await cell(carla, 'Language', 'Guard').innerText(), 'not enforced');
	assert.equal(await cell(carla, 'Country', 'Guard').innerText(), 'complete');
	await cell(carla, 'Country', 'Locked now').getByRole('link').click();
	await carla.page.locator('tr[data-lock="theirs"]').filter({ hasText: 'GE' }).waitFor();
	await bert.open('/tables');
	await bert.page.locator('main h1').waitFor();
	assert.equal(await bert.page.getByRole('link', { name: 'Overview', exact: true }).count(), 0);
	bert.expects(403, /overview$/);
	await bert.open('/overview');
	await bert.page.locator('.empty').waitFor();
	await site.sql('ALTER TABLE language ENABLE TRIGGER "~locking_guard"');
});

scene('a table that is not enforced is repaired by who may protect it', async ({ site, invite }) => {
	const carla = await invite('carla');
	await site.sql('ALTER TABLE language DISABLE TRIGGER "~locking_guard"');
	await carla.open('/overview');
	assert.equal(await cell(carla, 'Language', 'Guard').getByRole('button').count(), 0, 'of another owner');
	assert.deepEqual(await carla.barriers(), []);
	await carla.press('Repair: Unguarded');
	await eventually(async () => assert.equal(await cell(carla, 'Unguarded', 'Guard').innerText(), 'complete'));
	assert.equal(await site.sql(`SELECT guarded, ttl FROM locking.protected_tables WHERE relation = 'unguarded'::regclass`), 't|00:05:00');
	await site.sql('ALTER TABLE language ENABLE TRIGGER "~locking_guard"');
});

scene('counters are drawn over time', async ({ invite }) => {
	const carla = await invite('carla');
	const counters = { live_locks: 0, longest_held: null, acquisitions: 9, refused_acquisitions: 0, takeovers: 0, breaks: 0, expiries: 0, resumptions: 0, lost: 0, since: '2026-11-29T08:00:00Z' };
	const sample = (minute, writes) => ({ at: new Date(Date.UTC(2026, 10, 29, 8, minute)).toISOString(), tables: [{ table: 'public.country', ...counters, refused_writes: writes }], gate: { enabled: true, filled: true, slots: 64, occupied: 0, overflowed: 0 } });
	const samples = Array.from({ length: 40 }, (_, i) => sample(i * 5, i * 2));
	const now = sample(200, 80);
	Object.assign(now.tables[0], { name: 'country', guarded: true });
	now.gate.slots = 65536;
	await carla.context.route('**/api/v1/overview', (route) => route.fulfill({ json: { now, samples, sessions: 3, streams: 2 } }));
	await carla.open('/overview');
	const chart = cell(carla, 'Country', 'Refused writes').getByRole('img');
	assert.match(await chart.getAttribute('aria-label'), /^Refused writes since .*: 78$/);
	assert.equal(await chart.locator('rect').count(), 7);
	assert.equal(await cell(carla, 'Country', 'Takeovers').getByRole('img').count(), 0, 'no chart of nothing');
	await carla.sees('0 of 65,536 slots are occupied.');
	assert.deepEqual(await carla.barriers(), []);
	for (const width of [320, 721, 820, 1081, 1280]) {
		await carla.page.setViewportSize({ width, height: 700 });
		assert.equal(await carla.overhang(), 0, `${width} pixels`);
	}
});

scene('locks in another order, and those held for long', async ({ site, invite }) => {
	const carla = await invite('carla');
	await site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.acquire('country', key) FROM unnest('{GE,GF,GG}'::text[]) key`);
	await site.sql(`UPDATE locking.lock SET acquired_at = now() - CASE key WHEN 'GF' THEN interval '2 hours' ELSE interval '10 minutes' END, expires_at = now() + ascii(right(key, 1)) * interval '1 minute' WHERE key ~ '^G'`);
	const keys = () => carla.page.locator('tbody tr').evaluateAll((rows) => rows.map(({ dataset }) => JSON.parse(dataset.id)[1]).join(' '));
	await carla.open('/locks');
	await carla.page.getByRole('button', { name: 'Ends in' }).click();
	await eventually(async () => assert.equal(await keys(), 'GE GF GG'));
	await carla.page.getByRole('button', { name: 'Ends in' }).click();
	await eventually(async () => assert.equal(await keys(), 'GG GF GE'));
	assert.equal(await carla.page.getByRole('columnheader', { name: 'Ends in' }).getAttribute('aria-sort'), 'descending');
	await carla.page.getByLabel('Held for').selectOption('Over an hour');
	await eventually(async () => assert.equal(await keys(), 'GF'));
	await carla.page.reload();
	await eventually(async () => assert.equal(await keys(), 'GF'));
});

scene('the history between two days, whole days of the page\'s time zone', async ({ site, invite }) => {
	const carla = await invite('carla');
	await site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.release(locking.acquire('country', 'GH'))`);
	await site.sql(`UPDATE locking.event SET at = CASE event WHEN 'acquired' THEN '2026-03-01 23:30Z'::timestamptz ELSE '2026-03-02 22:30Z'::timestamptz END WHERE key = 'GH'`);
	await carla.open('/history?from=2026-03-02&to=2026-03-02');
	// from 00:30 until 23:30 of 2 March in Berlin
	await carla.page.locator('tbody tr').getByText('Edited · 23 h').waitFor();
	await carla.sees('1 entry');
	await carla.page.getByLabel('From').fill('2026-03-03');
	await carla.sees('Nothing recorded');
	await carla.page.getByLabel('To').fill('');
	await carla.page.getByLabel('From').fill('2026-03-02');
	await carla.page.locator('tbody tr').getByText('Edited · 23 h').waitFor();
});
