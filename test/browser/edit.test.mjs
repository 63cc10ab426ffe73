// The edit page: own and others' locks, takeover, removal, requests, saving,
// drafts, leaving.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const scene = stage('browser_edit');
const named = (site, key) => site.sql(`SELECT name FROM country WHERE alpha_2 = '${key}'`);
const holder = (site, key) => site.sql(`SELECT owner FROM locking.locks WHERE relation = 'country'::regclass AND key = '${key}'`);

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
const holdSaves = (person, key) => hold(person, 'PUT', `**/rows/${key}`);

scene('opening a row locks it; saving releases it', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'AL');
	assert.equal(await holder(site, 'AL'), 'anna');
	await anna.sees('You are editing this row');
	assert.ok(await anna.button('Save').isDisabled(), 'there is no change to save');
	await anna.input('name').fill('Shqipëria');
	await anna.press('Save');
	await anna.arrives('/tables/country');
	await anna.sees('Shqipëria is saved.');
	assert.equal(await named(site, 'AL'), 'Shqipëria');
	await anna.seesRow('AL', 'none');
	assert.equal(await holder(site, 'AL'), '');
});

scene('saving and continuing keeps the lock', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'AM');
	await anna.input('name').fill('Hayastan');
	await anna.page.keyboard.press('Control+s');
	await anna.sees('Hayastan is saved.');
	await anna.seesLock('mine');
	assert.equal(await holder(site, 'AM'), 'anna');
	await anna.input('official_name').fill('Hayastan, twice');
	await anna.press('Save and keep editing');
	await eventually(async () => assert.equal(await site.sql(`SELECT official_name FROM country WHERE alpha_2 = 'AM'`), 'Hayastan, twice'));
});

scene('input during a save is not lost', async ({ site, invite }) => {
	const anna = await invite('anna');
	const letThrough = await holdSaves(anna, 'AW');
	await anna.edits('country', 'AW');
	await anna.input('name').fill('Aruba, first');
	await anna.press('Save and keep editing');
	await anna.input('name').fill('Aruba, second');
	letThrough();
	await anna.sees('Aruba, first is saved.');
	assert.equal(await anna.value('name'), 'Aruba, second');
	assert.equal(await named(site, 'AW'), 'Aruba, first');
	await anna.press('Save');
	await anna.arrives('/tables/country');
	assert.equal(await named(site, 'AW'), 'Aruba, second');
});

scene('during a save that leaves the page the form is read-only', async ({ site, invite }) => {
	const anna = await invite('anna');
	const letThrough = await holdSaves(anna, 'AX');
	await anna.edits('country', 'AX');
	await anna.input('name').fill('Åland');
	await anna.press('Save');
	await eventually(async () => assert.ok(!await anna.input('name').isEditable()));
	letThrough();
	await anna.arrives('/tables/country');
	assert.equal(await named(site, 'AX'), 'Åland');
});

scene('a row that another user edits can be read only; the page names the holder and the time', async ({ invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await anna.edits('country', 'AO');
	await bert.open('/tables/country/AO');
	await bert.seesLock('theirs');
	await bert.sees('This row is currently being edited by Anna Albers.');
	await bert.sees('You can read it but not edit it.');
	await bert.sees(/^Since \d\d:\d\d/);
	for (const column of ['alpha_2', 'name', 'official_name']) assert.ok(!await bert.input(column).isEditable(), `${column} cannot be changed`);
	assert.equal(await bert.value('name'), 'Angola');
	assert.equal(await bert.button('Save').filter({ visible: true }).count(), 0);
	assert.equal(await bert.button('Delete').filter({ visible: true }).count(), 0);
	await anna.input('name').fill('Ngola');
	await anna.press('Save');
	await bert.sees('The row is free now.');
	await eventually(async () => assert.equal(await bert.value('name'), 'Ngola'));
	await bert.press('Start editing');
	await bert.seesLock('mine');
	assert.ok(await bert.input('name').isEditable());
});

scene('requesting a row: the holder is notified, saves, and hands it over', async ({ site, invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await anna.edits('country', 'AR');
	await anna.input('name').fill('Argentina!');
	await bert.open('/tables/country/AR');
	await bert.press('Request editing…');
	await bert.dialog().getByRole('textbox').fill('only a comma');
	await bert.answers('Request editing');
	await bert.sees('You have requested this row.');
	await anna.sees('Bert Brandt requests this row.');
	await anna.sees('only a comma');
	assert.equal(await anna.value('name'), 'Argentina!');
	await anna.press('Save and hand over');
	await bert.seesLock('mine');
	assert.equal(await named(site, 'AR'), 'Argentina!');
	await eventually(async () => assert.equal(await bert.value('name'), 'Argentina!'));
	await bert.seesNo('requests this row');
});

scene('a request can be withdrawn, and the holder can decline it', async ({ invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await anna.edits('country', 'AU');
	await bert.open('/tables/country/AU');
	await bert.press('Request editing…');
	await bert.answers('Cancel');
	await bert.press('Request editing…');
	await bert.answers('Request editing');
	await anna.sees('Bert Brandt requests this row.');
	await anna.press('Decline…');
	await anna.answers('Decline');
	await anna.seesNo('Bert Brandt requests this row.');
	await bert.button('Request editing…').waitFor();
	await bert.press('Request editing…');
	await bert.answers('Request editing');
	await anna.sees('Bert Brandt requests this row.');
	await bert.press('Withdraw my request');
	await anna.seesNo('Bert Brandt requests this row.');
});

scene('taking over with a reason: the former holder is notified, keeps the text, compares, saves again', async ({ site, invite }) => {
	const [anna, carla] = [await invite('anna'), await invite('carla')];
	anna.expects(409, /draft$/); // the lock ends while it is typed
	await anna.edits('country', 'AZ');
	await anna.input('name').fill('Azerbaijan of Anna');
	await carla.open('/tables/country/AZ');
	await carla.press('Take over…');
	await carla.answers('Cancel');
	await carla.seesLock('theirs');
	await carla.press('Take over…');
	await carla.dialog().getByLabel('Reason').fill('goes to print');
	await carla.answers('Take over');
	await carla.seesLock('mine');
	await anna.seesLock('bad');
	await anna.sees('Carla Conti, administrator has taken over this row.');
	await anna.sees('Reason: “goes to print”.');
	assert.equal(await anna.value('name'), 'Azerbaijan of Anna');
	assert.ok(!await anna.input('name').isEditable());
	assert.equal(await anna.button('Save').count(), 0);
	await anna.press('Compare and copy');
	await anna.dialog().getByText('Azerbaijan of Anna').waitFor();
	await anna.context.grantPermissions(['clipboard-read', 'clipboard-write']);
	await anna.press('Copy your Name');
	await eventually(async () => assert.equal(await anna.page.evaluate(() => navigator.clipboard.readText()), 'Azerbaijan of Anna'));
	await anna.answers('Close');

	await carla.input('name').fill('Azerbaijan of Carla');
	await carla.press('Save');
	await carla.arrives('/tables/country');
	await anna.press('Start editing');
	await anna.sees('Others have changed the same fields');
	await anna.dialog().getByText('Azerbaijan of Carla').waitFor();
	await anna.answers('Use selected');
	assert.equal(await anna.value('name'), 'Azerbaijan of Anna');
	await anna.press('Save');
	await anna.arrives('/tables/country');
	assert.equal(await named(site, 'AZ'), 'Azerbaijan of Anna');
});

scene('after a loss the form is closed until the row is locked again, also if no draft has its text', async ({ site, invite }) => {
	const anna = await invite('anna');
	const refused = { status: 422, contentType: 'application/problem+json', body: JSON.stringify({ type: 'urn:locking:problem:invalid', title: 'refused', status: 422, detail: 'by the test' }) };
	anna.expects(422, /draft$/);
	await anna.page.route('**/draft', (route) => (route.request().method() === 'PUT' ? route.fulfill(refused) : route.continue()));
	await anna.edits('country', 'CF');
	const isRefused = anna.page.waitForResponse((answer) => answer.status() === 422);
	await anna.input('name').fill('Centrafrique');
	await isRefused;
	await site.sql(`SELECT locking.break_lock('country', 'CF', 'test')`);
	await anna.seesLock('bad');
	const isClosed = async () => {
		assert.equal(await anna.input('name').isEditable(), false);
		assert.equal(await anna.value('name'), 'Centrafrique');
	};
	await isClosed();
	let isAsked;
	const asked = new Promise((resolve) => { isAsked = resolve; });
	let letThrough;
	const isLetThrough = new Promise((resolve) => { letThrough = resolve; });
	await anna.page.route('**/rows/CF/lock', async (route) => {
		if (route.request().method() === 'POST') {
			isAsked();
			await isLetThrough;
		}
		await route.continue();
	});
	await anna.press('Start editing');
	await asked;
	await isClosed();
	letThrough();
	await anna.seesLock('mine');
	assert.ok(await anna.input('name').isEditable());
	assert.equal(await holder(site, 'CF'), 'anna');
	await anna.press('Save');
	await anna.arrives('/tables/country');
	assert.equal(await named(site, 'CF'), 'Centrafrique');
});

scene('users who may not take over are not offered it', async ({ invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await anna.edits('country', 'BA');
	await bert.open('/tables/country/BA');
	await bert.button('Request editing…').waitFor();
	assert.equal(await bert.button('Take over…').count(), 0);
});

scene('removing a lock from the list: confirmed, with a reason that the holder sees', async ({ site, invite }) => {
	const [anna, carla] = [await invite('anna'), await invite('carla')];
	anna.expects(409, /draft$/); // the lock ends while it is typed
	await anna.edits('country', 'BB');
	await anna.input('name').fill('Barbados of Anna');
	await carla.open('/tables/country?q=barbados');
	await carla.press('Remove the lock of Anna Albers');
	await carla.sees("Anna Albers is currently editing this row.");
	await carla.answers('Cancel');
	await carla.seesRow('BB', 'theirs');
	await carla.press('Remove the lock of Anna Albers');
	await carla.dialog().getByLabel('Reason').fill('lunch');
	await carla.answers('Remove lock');
	await carla.seesRow('BB', 'none');
	await anna.seesLock('bad');
	await anna.sees('Carla Conti, administrator has removed your lock.');
	await anna.sees('Reason: “lunch”.');
	assert.equal(await anna.value('name'), 'Barbados of Anna');
	assert.equal(await site.sql(`SELECT owner, actor, reason FROM locking.history WHERE event = 'broken' AND key = 'BB'`), 'anna|carla|lunch');
	await anna.press('Start editing');
	await anna.seesLock('mine');
	await anna.press('Save');
	await anna.arrives('/tables/country');
	assert.equal(await named(site, 'BB'), 'Barbados of Anna');
});

scene('the user\'s own lock is released from the list; the tab that edits keeps its text', async ({ invite }) => {
	const anna = await invite('anna');
	anna.expects(409, /draft$/); // the lock ends while it is typed
	await anna.edits('country', 'BD');
	await anna.input('name').fill('Bangladesh of Anna');
	const list = await anna.tab();
	await list.open('/tables/country?q=bangladesh');
	await list.press('Release your lock');
	await list.answers('Release');
	await list.seesRow('BD', 'none');
	await anna.sees('Your lock was released elsewhere: in another tab, in a list or by a program.');
	assert.equal(await anna.value('name'), 'Bangladesh of Anna');
});

scene('a rejected save explains what to do and keeps the text, without a live event before', async ({ site, invite }) => {
	const anna = await invite('anna');
	// The page has no event stream, so the save is the first to fail. A
	// shared worker's stream could not be aborted from here.
	await anna.context.addInitScript(() => delete globalThis.SharedWorker);
	await anna.context.route('**/api/v1/events', (route) => route.abort());
	anna.expects(0, /events$/);
	await anna.edits('country', 'BE');
	await anna.sees('Not live');
	await anna.input('name').fill('Belgium of Anna');
	await site.sql(`SELECT locking.set_owner('bert', 'Bert Brandt'), locking.take_over('country', 'BE', 'in a hurry')`);
	anna.expects(423, /rows\/BE/);
	anna.expects(409, /rows\/BE/);
	await anna.press('Save');
	await anna.sees(/^Not saved\./);
	await anna.seesLock('bad');
	await anna.sees('Compare and copy');
	assert.equal(await anna.value('name'), 'Belgium of Anna');
	assert.equal(await named(site, 'BE'), 'Belgium');
});

scene('a second tab of the same user offers control; the first keeps its text', async ({ invite }) => {
	const anna = await invite('anna');
	anna.expects(409, /draft$/); // the lock ends while it is typed
	await anna.edits('country', 'BF');
	await anna.input('name').fill('Burkina of the first tab');
	const second = await anna.tab();
	await second.open('/tables/country/BF');
	await second.sees('You are editing this row in another tab or on another device.');
	assert.ok(!await second.input('name').isEditable());
	await second.press('Take control in this tab');
	await second.seesLock('mine');
	await anna.sees('You are editing this row in another tab now.');
	assert.equal(await anna.value('name'), 'Burkina of the first tab');
	assert.ok(!await anna.input('name').isEditable());
	await anna.press('Take control in this tab');
	await anna.seesLock('mine');
	assert.equal(await anna.value('name'), 'Burkina of the first tab');
	await second.sees('You are editing this row in another tab now.');
});

scene('a duplicated tab, which inherits the storage of the first, does not hold its lock', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'BJ');
	const held = () => site.sql(`SELECT token, client FROM locking.locks WHERE key = 'BJ'`);
	const before = await held();
	const copy = Object.create(anna);
	[copy.page] = await Promise.all([anna.context.waitForEvent('page'), anna.page.evaluate(() => { window.open(location.href); })]);
	await copy.sees('You are editing this row in another tab or on another device.');
	assert.ok(!await copy.input('name').isEditable());
	await anna.input('name').fill('Benin of the first tab');
	await anna.press('Save and keep editing');
	await anna.sees('Benin of the first tab is saved.');
	assert.equal(await held(), before);
	await copy.page.close();
});

scene('an event while another response is under way is not missed', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'BI');
	const list = await anna.tab();
	await list.open('/tables/country?q=burundi');
	await list.sees('Live');
	await list.seesRow('BI', 'mine');
	// The response that the row is free is under way while bert locks it.
	let arrive;
	const mayArrive = new Promise((resolve) => { arrive = resolve; });
	let isAnswered;
	const answered = new Promise((resolve) => { isAnswered = resolve; });
	await anna.page.route('**/rows/BI/lock', async (route) => {
		const response = await route.fetch();
		isAnswered();
		await mayArrive;
		await route.fulfill({ response });
	});
	await site.sql(`SELECT locking.set_owner('anna'), locking.release(token) FROM locking.locks WHERE key = 'BI'`);
	await answered;
	await site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.acquire('country', 'BI')`);
	await list.seesRow('BI', 'theirs'); // all tabs share the stream
	arrive();
	await anna.sees('Locked by Bert Brandt', { within: '.lock-bar' });
});

scene('a reload keeps the row', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'BG');
	await anna.page.reload();
	await anna.seesLock('mine');
	await anna.sees('You are editing this row');
	assert.equal(await holder(site, 'BG'), 'anna');
});

scene('leaving releases in every way: another address, a link, the button, back, closing the tab', async ({ site, invite }) => {
	const anna = await invite('anna');
	const ways = {
		'another address': () => anna.page.goto('about:blank'),
		'a link': () => anna.page.getByRole('link', { name: 'History', exact: true }).click(),
		'the button': () => anna.press('Cancel'),
		back: () => anna.page.goBack({ waitUntil: 'commit' }),
		'closing the tab': () => anna.page.close({ runBeforeUnload: true }),
	};
	for (const [way, leave] of Object.entries(ways)) {
		await anna.open('/tables');
		await anna.edits('country', 'BH');
		assert.equal(await holder(site, 'BH'), 'anna');
		await leave();
		await eventually(async () => assert.equal(await holder(site, 'BH'), '', way));
	}
	anna.page = await anna.context.newPage();
});

scene('back and forward between pages of the site: locked on each arrival, released on each departure', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables/country?q=bolivia');
	await anna.row('BO').getByRole('link').click();
	await anna.seesLock('mine');
	await anna.page.goBack();
	await anna.seesRow('BO', 'none');
	await eventually(async () => assert.equal(await holder(site, 'BO'), ''));
	await anna.page.goForward();
	await anna.seesLock('mine');
	assert.equal(await holder(site, 'BO'), 'anna');
});

scene('leaving with unsaved text asks: stay, keep a draft that is offered again, or discard', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables/country?q=brazil');
	await anna.row('BR').getByRole('link').click();
	await anna.seesLock('mine');
	await anna.input('name').fill('Brasil');
	await anna.page.goBack();
	await anna.answers('Stay');
	await anna.arrives('/tables/country/BR');
	assert.equal(await anna.value('name'), 'Brasil');
	await anna.press('Cancel');
	await anna.answers('Keep a draft');
	await anna.seesRow('BR', 'none');
	await anna.edits('country', 'BR');
	await anna.sees(/^Recovered draft/);
	assert.equal(await anna.value('name'), 'Brazil');
	await anna.press('Restore');
	assert.equal(await anna.value('name'), 'Brasil');
	await anna.press('Cancel');
	await anna.answers('Discard');
	await anna.arrives('/tables/country');
	await anna.edits('country', 'BR');
	await anna.seesNo(/^Recovered draft/);
	assert.equal(await named(site, 'BR'), 'Brazil');
});

scene('after a crash of the browser the draft is offered again', async ({ invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'BT');
	await anna.input('name').fill('Druk Yul');
	await anna.sees('Draft saved');
	await anna.crash();
	const again = await anna.tab();
	await again.open('/tables/country/BT');
	await again.sees(/^Recovered draft/);
	await again.press('Take control in this tab');
	await again.seesLock('mine');
	await again.press('Compare');
	await again.dialog().getByText('Druk Yul').waitFor();
	await again.answers('Close');
	await again.press('Restore');
	assert.equal(await again.value('name'), 'Druk Yul');
	await again.press('Save');
	await again.arrives('/tables/country');
	anna.page = again.page;
});

scene('locking with the first change, by the user\'s setting', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'BW');
	await anna.page.getByText('When to lock rows').click();
	await anna.page.getByLabel('With my first change').check();
	await anna.open('/tables/country/BY');
	await anna.sees('Not locked yet: your first change locks it');
	assert.equal(await holder(site, 'BY'), '');
	await anna.input('name').press('End');
	await anna.input('name').pressSequentially('!');
	await anna.seesLock('mine');
	assert.equal(await anna.value('name'), 'Belarus!');
	assert.equal(await holder(site, 'BY'), 'anna');
});

scene('locking with the first change comes too late: the page names the holder and keeps the text', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'BW');
	await anna.page.getByText('When to lock rows').click();
	await anna.page.getByLabel('With my first change').check();
	await anna.open('/tables/country/BZ');
	await anna.sees('Not locked yet: your first change locks it');
	// The page is told of Bert's lock, but reads it after the change only.
	const letThrough = await hold(anna, 'GET', '**/rows/BZ/lock');
	await site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.acquire('country', 'BZ', '1 hour')`);
	anna.expects(423, /lock$/);
	await anna.input('name').press('End');
	await anna.input('name').press('!');
	letThrough();
	await anna.sees('This row is currently being edited by Bert Brandt.');
	assert.equal(await anna.value('name'), 'Belize!');
	assert.ok(!await anna.input('name').isEditable());
	await site.sql(`SELECT locking.break_lock('country', 'BZ', 'test')`);
	await anna.press('Start editing');
	await anna.seesLock('mine');
	await anna.press('Save');
	await anna.arrives('/tables/country');
	assert.equal(await named(site, 'BZ'), 'Belize!');
});

scene('a conflict that is found while the user types opens no dialog; the save asks', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.context.addInitScript(() => localStorage.setItem('locking.lockOn', 'change'));
	await anna.open('/tables/country/CY');
	await anna.sees('Not locked yet: your first change locks it');
	// Another user writes after the first key, before the lock is granted.
	await anna.page.route('**/rows/CY/lock', async (route) => {
		if (route.request().method() === 'POST') await site.sql(`UPDATE country SET name = 'Cyprus of another' WHERE alpha_2 = 'CY'`);
		await route.continue();
	});
	await anna.input('name').press('End');
	await anna.page.keyboard.type('!');
	await anna.sees('Others have changed the same fields.');
	await anna.sees('In Name.');
	assert.equal(await anna.dialog().count(), 0);
	await anna.page.keyboard.type('!');
	assert.equal(await anna.value('name'), 'Cyprus!!');
	await anna.press('Save');
	await anna.dialog().getByText('Cyprus of another').waitFor();
	assert.equal(await named(site, 'CY'), 'Cyprus of another');
	await anna.answers('Use selected');
	await anna.arrives('/tables/country');
	assert.equal(await named(site, 'CY'), 'Cyprus!!');
});

scene('a child is not edited while another user holds its parent', async ({ site, invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await bert.edits('country', 'AD');
	await anna.open('/tables/subdivision/AD-02');
	await anna.sees('Andorra is currently being edited by Bert Brandt.');
	assert.ok(!await anna.input('name').isEditable());
	await bert.press('Cancel');
	await anna.seesNo('is currently being edited by Bert Brandt');
	await anna.input('name').fill('Canillo!');
	await anna.press('Save');
	await anna.arrives('/tables/subdivision');
	assert.equal(await site.sql(`SELECT name FROM subdivision WHERE code = 'AD-02'`), 'Canillo!');
});

scene('the page tells users who may only read, and locks nothing', async ({ site, invite }) => {
	const dora = await invite('dora');
	await dora.open('/tables/country/CA');
	await dora.sees('You may read this row, but not change it');
	assert.ok(!await dora.input('name').isEditable());
	assert.equal(await holder(site, 'CA'), '');
});

scene('a row that is deleted while it is edited: shown, and the text can be copied', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'CC');
	await anna.input('name').fill('Cocos');
	await site.sql(`DELETE FROM country WHERE alpha_2 = 'CC'`);
	anna.expects(404, /rows\/CC/);
	anna.expects(409, /rows\/CC/);
	await anna.press('Save');
	await anna.seesLock('bad');
	await anna.sees('Your lock has ended, and the row has been changed since.');
	assert.equal(await anna.value('name'), 'Cocos');
	await anna.press('Start editing');
	await anna.sees('This row was deleted, or you may no longer see it.');
	assert.equal(await anna.value('name'), 'Cocos');
});

scene('a row is added and deleted', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables/country');
	await anna.page.getByRole('link', { name: 'New row' }).click();
	await anna.press('Save and keep editing');
	await anna.sees('This field needs a value');
	for (const [column, text] of Object.entries({ alpha_2: 'XL', alpha_3: 'XLO', numeric: '998', name: 'Lockland' })) await anna.input(column).fill(text);
	await anna.press('Save and keep editing');
	await anna.arrives('/tables/country/XL');
	await anna.seesLock('mine');
	await anna.press('Delete');
	await anna.answers('Cancel');
	anna.expects(404, /rows\/XL$/); // read again while it is deleted
	await anna.press('Delete');
	await anna.answers('Delete');
	await anna.arrives('/tables/country');
	assert.equal(await site.sql(`SELECT count(*) FROM country WHERE alpha_2 = 'XL'`), '0');
});

scene('no connection: shown, and saved as soon as there is one', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'CD');
	await anna.input('name').fill('Congo, typed offline');
	anna.expects(0);
	await anna.context.setOffline(true);
	await anna.press('Save');
	await anna.sees('Not known yet whether this is saved.');
	await anna.sees('The server cannot be reached.');
	assert.equal(await anna.value('name'), 'Congo, typed offline');
	await anna.context.setOffline(false);
	await anna.arrives('/tables/country');
	assert.equal(await named(site, 'CD'), 'Congo, typed offline');
});
