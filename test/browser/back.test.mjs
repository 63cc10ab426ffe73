// Pages that the browser keeps when they are left, and shows again as they were (back/forward cache).
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const scene = stage('browser_back');
const holder = (site, key) => site.sql(`SELECT owner FROM locking.locks WHERE relation = 'country'::regclass AND key = '${key}'`);

/** Somebody whose browser keeps pages: it has no shared workers, as on Android; a page with one is not kept. */
async function somebody(invite, role) {
	const person = await invite(role);
	await person.context.addInitScript(() => delete globalThis.SharedWorker);
	return person;
}

async function goAway(person) {
	await person.page.evaluate(() => { globalThis.isTheSame = true; });
	await person.page.goto('about:blank');
}

/** Back to the page that was left, which was kept and not loaded anew. */
async function comeBack(person) {
	await person.page.evaluate(() => history.back());
	await eventually(async () => assert.ok(await person.page.evaluate(() => globalThis.isTheSame)));
}

scene('an edit page that comes back locks the row again, and keeps what was typed', async ({ site, invite }) => {
	const anna = await somebody(invite, 'anna');
	await anna.edits('country', 'SE');
	await anna.input('name').fill('Sverige');
	await anna.sees('Draft kept');
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

scene('an edit page that comes back shows what was written meanwhile', async ({ site, invite }) => {
	const anna = await somebody(invite, 'anna');
	await anna.edits('country', 'SG');
	await goAway(anna);
	await site.sql(`UPDATE country SET name = 'Singapura' WHERE alpha_2 = 'SG'`);
	await comeBack(anna);
	await anna.seesLock('mine');
	await eventually(async () => assert.equal(await anna.value('name'), 'Singapura'));
});

scene('an edit page that comes back to a row of another\'s says so', async ({ site, invite }) => {
	const anna = await somebody(invite, 'anna');
	await anna.edits('country', 'SI');
	await goAway(anna);
	await eventually(async () => assert.equal(await holder(site, 'SI'), ''));
	await site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.acquire('country', 'SI', '1 hour')`);
	anna.expects(423, /lock$/);
	await comeBack(anna);
	await anna.sees('This content is currently being edited by Bert Brandt.');
	assert.ok(!await anna.input('name').isEditable());
	await site.sql(`SELECT locking.break_lock('country', 'SI', 'test')`);
	await anna.sees('The row is free now.');
});

scene('a list that comes back shows what has happened meanwhile, and is live again', async ({ site, invite }) => {
	const anna = await somebody(invite, 'anna');
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
