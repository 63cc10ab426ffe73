// Pages in the browser's back/forward cache, which keeps them as they were.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage, WINDOWED } from './lib/stage.mjs';

const scene = stage('browser_back', { engine: WINDOWED });
const holder = (site, key) => site.sql(`SELECT owner FROM locking.locks WHERE relation = 'country'::regclass AND key = '${key}'`);

/**
 * A user whose browser keeps pages. Chromium does not keep pages with a
 * shared worker, so it has none, as on Android.
 */
async function inviteKeeping(invite, role) {
	const person = await invite(role);
	await person.context.addInitScript(() => delete globalThis.SharedWorker);
	return person;
}

async function goAway(person) {
	await person.page.evaluate(() => { globalThis.isTheSame = true; });
	await person.page.goto('about:blank');
}

/** Goes back to the page that was left, which was not loaded again. */
async function comeBack(person) {
	await person.page.evaluate(() => history.back());
	await eventually(async () => assert.ok(await person.page.evaluate(() => globalThis.isTheSame)));
}

scene('an edit page that comes back locks the row again, and keeps what was typed', async ({ site, invite }) => {
	const anna = await inviteKeeping(invite, 'anna');
	await anna.edits('country', 'SE');
	await anna.input('name').fill('Sverige');
	await anna.sees('Draft saved');
	await goAway(anna);
	await eventually(async () => assert.equal(await holder(site, 'SE'), ''));
	await comeBack(anna);
	await anna.seesLock('mine');
	assert.equal(await holder(site, 'SE'), 'anna');
	assert.equal(await anna.value('name'), 'Sverige');
	await anna.press('Save');
	await anna.sees('Sverige is saved.');
	assert.equal(await site.sql(`SELECT name FROM country WHERE alpha_2 = 'SE'`), 'Sverige');
});

scene('an edit page that comes back shows what was written in the meantime', async ({ site, invite }) => {
	const anna = await inviteKeeping(invite, 'anna');
	await anna.edits('country', 'SG');
	await goAway(anna);
	await site.sql(`UPDATE country SET name = 'Singapura' WHERE alpha_2 = 'SG'`);
	await comeBack(anna);
	await anna.seesLock('mine');
	await eventually(async () => assert.equal(await anna.value('name'), 'Singapura'));
});

scene('an edit page that comes back shows that another user holds the row', async ({ site, invite }) => {
	const anna = await inviteKeeping(invite, 'anna');
	await anna.edits('country', 'SI');
	await goAway(anna);
	await eventually(async () => assert.equal(await holder(site, 'SI'), ''));
	await site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.acquire('country', 'SI', '1 hour')`);
	anna.expects(423, /lock$/);
	await comeBack(anna);
	await anna.sees('This row is currently being edited by Bert Brandt.');
	assert.ok(!await anna.input('name').isEditable());
	await site.sql(`SELECT locking.break_lock('country', 'SI', 'test')`);
	await anna.sees('The row is free now.');
});

scene('a list that comes back shows the events since, and is live again', async ({ site, invite }) => {
	const anna = await inviteKeeping(invite, 'anna');
	await anna.open('/tables/country?q=slov');
	await anna.seesRow('SK', 'none');
	await anna.sees('Live');
	await goAway(anna);
	await site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.acquire('country', 'SK', '1 hour')`);
	await comeBack(anna);
	await anna.seesRow('SK', 'theirs');
	await anna.sees('Live');
	await site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.acquire('country', 'SI', '1 hour')`);
	await anna.seesRow('SI', 'theirs');
});
