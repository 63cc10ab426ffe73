// Requests between the holder of a row and others: handed over, declined,
// queued, and handed over because the holder does not use the page.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const scene = stage('browser_requests');
const holder = (site, key) => site.sql(`SELECT owner FROM locking.locks WHERE relation = 'country'::regclass AND key = '${key}' AND NOT handed_over`);
const isHeldBy = (site, key, owner) => eventually(async () => assert.equal(await holder(site, key), owner));
const name = (site, key) => site.sql(`SELECT name FROM country WHERE alpha_2 = '${key}'`);
const queue = (site, key) => site.sql(`SELECT string_agg(owner, ' ' ORDER BY place) FROM locking.requests WHERE key = '${key}'`);

async function asks(person, message) {
	await person.press('Request editing…');
	await person.dialog().getByLabel('Message').fill(message);
	await person.answers('Request editing');
	await person.sees('You have requested this row');
}

scene('saved and handed over with a click: the form of the requester unlocks by itself, and shows what changed', async ({ site, invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await anna.edits('country', 'DE');
	await anna.input('name').fill('Germany, by Anna');
	await bert.open('/tables/country/DE');
	await bert.seesLock('theirs');
	await asks(bert, 'only a comma');
	await anna.sees('Bert Brandt requests this row.');
	await anna.sees('only a comma');
	await eventually(async () => assert.match(await anna.page.title(), /^\(1\) /));
	await anna.page.evaluate(() => scrollTo(0, document.body.scrollHeight));
	await anna.press('Save and hand over');
	await bert.seesLock('mine');
	await isHeldBy(site, 'DE', 'bert');
	assert.equal(await name(site, 'DE'), 'Germany, by Anna');
	await eventually(async () => assert.equal(await bert.value('name'), 'Germany, by Anna'));
	await bert.sees('changed by others', { within: 'value-field[data-column="name"]' });
	await bert.input('name').fill('Germany, by both');
	await bert.seesNo('changed by others');
	await anna.sees('You have handed this row over to Bert Brandt.');
	await eventually(async () => assert.doesNotMatch(await anna.page.title(), /^\(/));
	await bert.press('Save');
	await bert.arrives('/tables/country');
	assert.equal(await name(site, 'DE'), 'Germany, by both');
});

scene('handed over with a draft: nothing is saved, and the text stays', async ({ site, invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await anna.edits('country', 'DK');
	await anna.input('name').fill('Denmark, half d');
	await bert.open('/tables/country/DK');
	await asks(bert, '');
	await anna.press('Keep a draft and hand over');
	await bert.seesLock('mine');
	await isHeldBy(site, 'DK', 'bert');
	assert.equal(await name(site, 'DK'), 'Denmark');
	assert.equal(await anna.value('name'), 'Denmark, half d');
	assert.match(await site.sql(`SELECT data::text FROM locking.draft WHERE key = 'DK' AND owner = 'anna'`), /Denmark, half d/);
});

scene('declined: the requester is told, with the words of the holder', async ({ site, invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await anna.edits('country', 'EC');
	await bert.open('/tables/country/EC');
	await asks(bert, 'please');
	await anna.press('Decline…');
	await anna.dialog().getByLabel('Message').fill('I need it until noon');
	await anna.answers('Decline');
	await bert.sees('Anna Albers has declined your request.');
	await bert.sees('I need it until noon');
	await anna.seesNo('Bert Brandt requests this row.');
	assert.equal(await queue(site, 'EC'), '');
	await bert.button('Request editing…').waitFor();
	await isHeldBy(site, 'EC', 'anna');
});

scene('a queue: each sees the place, and the row goes from one to the next', async ({ site, invite }) => {
	const [anna, bert, carla] = [await invite('anna'), await invite('bert'), await invite('carla')];
	await anna.edits('country', 'EE');
	await bert.open('/tables/country/EE');
	await asks(bert, 'first');
	await carla.open('/tables/country/EE');
	await asks(carla, 'second');
	await carla.sees('you are number 2 of 2 in the queue');
	await anna.sees('2 people request this row.');
	await anna.press('Hand over');
	await bert.seesLock('mine');
	await bert.sees('Carla Conti, administrator requests this row.');
	await carla.sees('You have requested this row. The form unlocks');
	await bert.press('Hand over');
	await carla.seesLock('mine');
	await isHeldBy(site, 'EE', 'carla');
	assert.equal(await queue(site, 'EE'), '');
});

scene('the holder chooses whom of several', async ({ site, invite }) => {
	const [anna, bert, carla] = [await invite('anna'), await invite('bert'), await invite('carla')];
	await anna.edits('country', 'EG');
	await bert.open('/tables/country/EG');
	await asks(bert, '');
	await carla.open('/tables/country/EG');
	await asks(carla, '');
	await anna.press('Hand over: Carla Conti, administrator');
	await carla.seesLock('mine');
	await isHeldBy(site, 'EG', 'carla');
	await bert.seesLock('theirs');
	assert.equal(await queue(site, 'EG'), 'bert');
});

/**
 * Lets the time of a page pass in steps, after each of which its requests are
 * answered: their timeouts pass with it, and would look like outages.
 */
async function timeOf({ page, context }) {
	await context.addInitScript(() => {
		const { fetch } = globalThis;
		globalThis.underWay = 0;
		globalThis.fetch = async (...request) => {
			globalThis.underWay++;
			try {
				return await fetch(...request);
			} finally {
				globalThis.underWay--;
			}
		};
	});
	await page.clock.install();
	return async (seconds) => {
		for (let step = 0; step < seconds / 5; step++) {
			await page.clock.runFor(5000);
			await eventually(async () => assert.equal(await page.evaluate(() => globalThis.underWay), 0));
		}
	};
}

scene('a row that is read, not used, is kept; if it is requested, it is handed over after an announcement', async ({ site, invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	const passes = await timeOf(anna);
	await anna.edits('country', 'ES');
	await anna.input('name').fill('Spain, half d');
	await passes(30 * 60); // of reading
	await anna.seesLock('mine');
	await isHeldBy(site, 'ES', 'anna');
	await bert.open('/tables/country/ES');
	await asks(bert, '');
	await anna.sees('Bert Brandt requests this row.');
	await passes(65);
	await anna.sees('You have not used this page for a while: the row is handed over to Bert Brandt');
	await anna.page.mouse.click(5, 300);
	await anna.seesNo('You have not used this page');
	await isHeldBy(site, 'ES', 'anna');
	await passes(125);
	await bert.seesLock('mine');
	await isHeldBy(site, 'ES', 'bert');
	await anna.sees('the row was handed over to Bert Brandt');
	assert.equal(await anna.value('name'), 'Spain, half d');
	assert.match(await site.sql(`SELECT data::text FROM locking.draft WHERE key = 'ES' AND owner = 'anna'`), /Spain, half d/);
});

/** Records the notifications of a page that the user does not look at. */
async function records(person, { permission = 'granted', focus = false } = {}) {
	await person.context.addInitScript(({ permission, focus }) => {
		globalThis.notified = [];
		globalThis.Notification = class extends EventTarget {
			static permission = permission;
			static async requestPermission() { return (this.permission = 'granted'); }
			constructor(title, { body }) { super(); globalThis.notified.push([title, body]); }
		};
		document.hasFocus = () => focus;
	}, { permission, focus });
	return () => person.page.evaluate(() => globalThis.notified);
}

scene('a user who does not see the page is notified of requests, answers and turns', async ({ invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	const [ofAnna, ofBert] = [await records(anna), await records(bert)];
	await anna.edits('country', 'FI');
	await bert.open('/tables/country/FI');
	await asks(bert, 'only a comma');
	await eventually(async () => assert.deepEqual(await ofAnna(), [['Bert Brandt requests this row.', 'only a comma']]));
	await anna.press('Decline…');
	await anna.dialog().getByLabel('Message').fill('not today');
	await anna.answers('Decline');
	await eventually(async () => assert.deepEqual(await ofBert(), [['Anna Albers has declined your request.', 'not today']]));
	await asks(bert, '');
	await anna.press('Hand over');
	await bert.seesLock('mine');
	await eventually(async () => assert.deepEqual((await ofBert()).slice(1).map(([title]) => title), ['It is your turn.']));
	assert.equal((await ofAnna()).length, 2, 'of each request once');
	assert.match(await bert.page.title(), /^\(!\) /);
	await bert.page.evaluate(() => {
		document.hasFocus = () => true;
		dispatchEvent(new Event('focus'));
	});
	assert.doesNotMatch(await bert.page.title(), /^\(/);
});

scene('a user who does not see the page is notified of the loss of the row, if another user brought it about', async ({ site, invite }) => {
	const [anna, carla] = [await invite('anna'), await invite('carla')];
	const ofAnna = await records(anna);
	const isTold = (titles) => eventually(async () => assert.deepEqual((await ofAnna()).map(([title]) => title), titles));
	await anna.edits('country', 'FM');
	await anna.input('name').fill('Half a name');
	await carla.open('/tables/country/FM');
	await carla.press('Take over…');
	await carla.answers('Take over');
	await isTold(['Carla Conti, administrator has taken over this row.']);
	assert.match(await anna.page.title(), /^\(!\) /);
	await anna.edits('country', 'FO');
	await site.endLocks();
	await isTold(['postgres has removed your lock.']);
	await anna.edits('country', 'FR');
	const other = await anna.tab();
	await other.open('/tables/country/FR');
	await other.press('Take control in this tab');
	await other.seesLock('mine');
	await anna.seesLock('bad');
	await isTold([]);
});

scene('a user who sees the page is not notified', async ({ invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	const ofAnna = await records(anna, { focus: true });
	await anna.edits('country', 'FJ');
	await bert.open('/tables/country/FJ');
	await asks(bert, '');
	await anna.sees('Bert Brandt requests this row.');
	assert.deepEqual(await ofAnna(), []);
});

scene('a user is notified only after having allowed it', async ({ invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	const ofAnna = await records(anna, { permission: 'default' });
	await anna.edits('country', 'FK');
	await bert.open('/tables/country/FK');
	await asks(bert, 'before');
	await anna.sees('Bert Brandt requests this row.');
	assert.deepEqual(await ofAnna(), []);
	await anna.page.getByText('When to lock rows').click();
	await anna.press('Notify me on the desktop');
	await anna.button('Notify me on the desktop').waitFor({ state: 'detached' });
	await bert.press('Withdraw my request');
	await asks(bert, 'after');
	await eventually(async () => assert.deepEqual(await ofAnna(), [['Bert Brandt requests this row.', 'after']]));
});
