// Presence: who else has a row open, who types in which field, who is idle,
// on the edit page and in the list.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const scene = stage('browser_presence', {
	sql: `
		ALTER TABLE note ENABLE ROW LEVEL SECURITY;
		CREATE POLICY everybody ON note USING (true);`,
});

const people = (person, within = '.people-here') => person.page.locator(`${within} .people li`);
const isHere = (person, words, within) => people(person, within).filter({ hasText: words }).first().waitFor({ state: 'attached' });
const nobodyIsHere = (person, within) => eventually(async () => assert.equal(await people(person, within).count(), 0));

scene('two people who have a row open see each other, and in which field the other types', async ({ invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await anna.edits('country', 'DE');
	await nobodyIsHere(anna);
	await bert.open('/tables/country/DE');
	await isHere(anna, 'Bert Brandt has this open');
	await isHere(bert, 'Anna Albers has this open');
	await anna.input('official_name').press('End');
	await anna.page.keyboard.type('!');
	await isHere(bert, 'Anna Albers is typing in Official name');
	await bert.sees('Anna Albers is typing', { within: 'value-field[data-column="official_name"]' });
	await isHere(bert, 'Anna Albers has this open'); // after a while without typing
	await bert.press('Back to the list');
	await nobodyIsHere(anna);
});

scene('a tab that is closed or crashes disappears; several tabs are one person', async ({ invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await anna.edits('country', 'DK');
	await bert.open('/tables/country/DK');
	const second = await bert.tab();
	await second.open('/tables/country/DK');
	await isHere(anna, 'Bert Brandt');
	await bert.page.close();
	await eventually(async () => assert.equal(await people(anna).count(), 1));
	bert.page = second.page;
	await second.page.goto('about:blank');
	await nobodyIsHere(anna);
});

scene('a person who does not use the page is shown as idle, also to those who wait for the row', async ({ invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	anna.expects(0); // requests time out while two minutes pass at once
	await anna.page.clock.install();
	await anna.edits('country', 'EC');
	await bert.open('/tables/country/EC');
	await isHere(bert, 'Anna Albers has this open');
	await anna.page.clock.runFor(125_000);
	await isHere(bert, 'Anna Albers has this open, but has not used it since');
	await bert.sees('Anna Albers has not used the page since');
	await anna.page.mouse.click(5, 300);
	await anna.page.clock.runFor(1000);
	await bert.seesNo('Anna Albers has not used the page since');
});

scene('the list shows who has its rows open', async ({ invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await bert.open('/tables/country?q=estonia');
	await bert.row('EE').waitFor();
	await nobodyIsHere(bert, 'tr[data-key="EE"]');
	const carla = await invite('carla');
	const before = await bert.row('EE').boundingBox();
	await anna.edits('country', 'EE');
	await carla.open('/tables/country/EE');
	await isHere(bert, /Carla Conti.* has this open/, 'tr[data-key="EE"]');
	await bert.row('EE').locator('.holder').getByText('Anna Albers has this open').waitFor({ state: 'attached' });
	assert.equal(await people(bert, 'tr[data-key="EE"]').count(), 1, 'the holder is shown once');
	assert.equal((await bert.row('EE').boundingBox()).height, before.height, 'the row keeps its height');
	assert.deepEqual(await bert.barriers(), []);
	await bert.site.sql(`SELECT locking.break_lock('country', 'EE', 'no reason')`);
	await isHere(bert, 'Anna Albers has this open', 'tr[data-key="EE"]');
	await anna.page.close();
	await carla.page.close();
	await nobodyIsHere(bert, 'tr[data-key="EE"]');
});

scene('with row security, who may read the row sees its people', async ({ site, invite }) => {
	const key = await site.sql('SELECT min(id) FROM note');
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await anna.open(`/tables/note/${key}`);
	await anna.page.locator('main h1').waitFor();
	await bert.open(`/tables/note/${key}`);
	await isHere(anna, 'Bert Brandt');
	await isHere(bert, 'Anna Albers');
	await bert.page.goto('about:blank');
	await nobodyIsHere(anna);
});

scene('a person who signs out of an edit page is gone at once', async ({ invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await anna.edits('country', 'FI');
	await bert.open('/tables/country/FI');
	await isHere(anna, 'Bert Brandt');
	bert.expects(401);
	await bert.press('Sign out');
	await bert.arrives('/signin');
	await eventually(async () => assert.equal(await people(anna).count(), 0));
});
