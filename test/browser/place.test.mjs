// The edit page keeps its place: messages move no field, and title and action
// stay in view.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const scene = stage('browser_place', {
	sql: `CREATE TABLE long (id integer PRIMARY KEY, title text, ${Array.from({ length: 30 }, (_, n) => `field_${n} text`).join(', ')});
		INSERT INTO long (id, title) VALUES (1, 'A row with a title that is much too long for a narrow window, whatever the font');
		GRANT SELECT, UPDATE ON long TO anna, bert;
		SELECT locking.protect('long')`,
});
const SIZES = { phone: { width: 320, height: 640 }, tablet: { width: 768, height: 1024 }, desktop: { width: 1280, height: 800 } };
/** How far a focused field may move, in pixels. */
const TOLERANCE = 5;

const topOf = (input) => input.evaluate((element) => element.getBoundingClientRect().top);
const isFocused = (input) => input.evaluate((element) => element === document.activeElement);

/** Runs act(), which shows something, and checks that the field stays. */
async function stays(person, input, what, act) {
	await input.focus();
	const before = await topOf(input);
	await act();
	// After animations and reloads.
	await person.page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
	const moved = Math.abs(await topOf(input) - before);
	assert.ok(moved <= TOLERANCE, `${what} moves the field by ${moved} pixels`);
	assert.ok(await isFocused(input), `${what} leaves the focus`);
	assert.ok(await seesWhole(input), `${what} does not cover the field`);
}

/** Whether nothing lies over the middle of the element. */
const seesWhole = (input) => input.evaluate((element) => {
	const { left, top, width, height } = element.getBoundingClientRect();
	return element.contains(document.elementFromPoint(left + width / 2, top + height / 2));
});

const takenOver = (site, table, key) => site.sql(`SELECT locking.set_owner('bert', 'Bert Brandt'), locking.take_over('${table}', '${key}', 'in a hurry')`);

for (const [name, viewport] of Object.entries(SIZES)) {
	for (const column of ['title', 'field_15']) {
		scene(`a request, a takeover and a failed save move no field (${name}, ${column})`, async ({ site, invite }) => {
			const anna = await invite('anna', { viewport });
			anna.expects(409, /draft$/); // the lock ends while it is typed
			await anna.edits('long', '1');
			const input = anna.input(column);
			await input.fill('typed');
			await stays(anna, input, 'a request', async () => {
				await site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.request('long', '1', 'please')`);
				await anna.sees('Bert Brandt requests this row.');
			});
			await stays(anna, input, 'a takeover', async () => {
				await takenOver(site, 'long', '1');
				await anna.seesLock('bad');
				await anna.sees('in a hurry');
			});
		});
	}

	scene(`a save that fails moves no field (${name})`, async ({ invite }) => {
		const anna = await invite('anna', { viewport });
		await anna.edits('language', 'deu');
		const input = anna.input('type');
		await input.fill('typed');
		anna.expects(0);
		await anna.context.setOffline(true);
		await stays(anna, input, 'the failure', async () => {
			await anna.page.keyboard.press('Control+s');
			await anna.sees('Not known yet whether this is saved.');
		});
	});

	scene(`title and one action are in view wherever the page is scrolled (${name})`, async ({ invite }) => {
		const anna = await invite('anna', { viewport });
		await anna.edits('long', '1');
		await anna.input('title').fill('changed');
		const end = await anna.page.evaluate(() => document.documentElement.scrollHeight);
		for (let y = 0; y <= end; y += viewport.height / 2) {
			await anna.page.evaluate((top) => scrollTo(0, top), y);
			for (const element of [anna.page.locator('main h1'), anna.button('Save')]) {
				const { x, width, y: top, height } = await element.boundingBox();
				assert.ok(top >= 0 && top + height <= viewport.height && x >= 0 && x + width <= viewport.width, `in view at ${y}`);
				assert.ok(width > 40, 'wide enough to be read or pressed');
				assert.ok(await seesWhole(element), `not covered at ${y}`);
			}
		}
		assert.equal(await anna.overhang(), 0);
	});
}

scene('a note at a field above moves no field, even in a page that does not scroll', async ({ invite }) => {
	const anna = await invite('anna', { viewport: { width: 1280, height: 1100 } });
	await anna.edits('country', 'CA');
	await stays(anna, anna.input('flag'), 'the note', async () => {
		await anna.input('name').evaluate((input) => {
			input.value = 'a\0b';
			input.dispatchEvent(new Event('input', { bubbles: true }));
		});
		await anna.field('name').locator('.field-note').waitFor();
	});
});

scene('a field of one line is 52 pixels high, with and without a change or null', async ({ invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'CH');
	const heights = () => anna.page.locator('value-field').evaluateAll((fields) => fields.map((field) => field.getBoundingClientRect().height));
	const isDense = async () => assert.deepEqual([...new Set((await heights()).map(Math.round))], [52]);
	await isDense();
	await anna.input('name').fill('Schweiz');
	await anna.press('Official name is null');
	await anna.button('Name: changed, undo').waitFor();
	await eventually(isDense);
});

scene('a narrow page folds its messages, and has the other actions in a menu', async ({ site, invite }) => {
	const anna = await invite('anna', { viewport: SIZES.phone });
	await anna.edits('long', '1');
	await site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.request('long', '1', 'please')`);
	await anna.sees('Bert Brandt requests this row.');
	await anna.press('Fold messages');
	await anna.seesNo('Bert Brandt requests this row.');
	await anna.press('Show messages');
	await anna.sees('Bert Brandt requests this row.');
	await anna.press('More actions');
	await anna.press('Cancel');
	await anna.arrives('/tables/long');
});

scene('on a phone, the state of the lock has the width of the page', async ({ site, invite }) => {
	const anna = await invite('anna', { viewport: SIZES.phone });
	await site.sql(`SELECT locking.set_owner('bert', 'Bert Brandt'), locking.acquire('long', '1')`);
	await anna.open('/tables/long/1');
	await anna.seesLock('theirs');
	const { width } = await anna.page.locator('.edit-status').boundingBox();
	assert.ok(width > 250, `${width} pixels`);
	assert.ok(await anna.page.locator('.lock-bar .status').evaluate((status) => status.scrollWidth <= status.clientWidth), 'nothing is cut off');
});
