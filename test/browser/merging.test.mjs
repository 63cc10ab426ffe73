// Merging: single differences of a long text, with what both began with, also
// while the lock is lost.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const BASE = ['The first paragraph stays as it is.', 'The second one has a quick fox.', 'The third one has a lazy dog.', 'The last one ends the text.'];
const text = (...changes) => changes.reduce((lines, [n, from, to]) => lines.map((line, i) => (i === n ? line.replace(from, to) : line)), BASE).join('\n');
const quoted = (value) => `E'${value.replaceAll('\n', '\\n')}'`;

const scene = stage('browser_merging', {
	sql: `
		CREATE TABLE essay (id integer PRIMARY KEY, title text, body text);
		INSERT INTO essay SELECT g, 'essay ' || g, ${quoted(text())} FROM generate_series(1, 9) g;
		SELECT locking.protect('essay');
		GRANT ALL ON essay TO anna, bert, carla;`,
});
const body = (site, key) => site.sql(`SELECT body FROM essay WHERE id = ${key}`);

/** Ends the lock and writes as another user. */
const writeMeanwhile = (site, key, value) => site.sql(`
	SELECT locking.break_lock('essay', ${key}, 'meanwhile');
	SELECT locking.set_owner('bert', 'Bert Brandt', false);
	SELECT locking.acquire('essay', ${key});
	UPDATE essay SET body = ${quoted(value)} WHERE id = ${key};
	SELECT locking.release_all();`);

/**
 * Delays reads of a path: returns a promise of the first, and a function that
 * lets them pass.
 */
async function holdReads(person, path) {
	let begin;
	let letThrough;
	const begins = new Promise((resolve) => { begin = resolve; });
	const isLetThrough = new Promise((resolve) => { letThrough = resolve; });
	await person.page.route(path, async (route) => {
		if (route.request().method() === 'GET') {
			begin();
			await isLetThrough;
		}
		await route.continue();
	});
	return [begins, letThrough];
}

const difference = (person, n) => person.dialog().getByRole('group', { name: new RegExp(`^Difference ${n} of`) });
const choose = (person, n, side) => difference(person, n).getByRole('button', { name: new RegExp(`^${side}: `) }).click();

scene('single differences are taken over while the lock is lost, and then saved in one step', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(409, /draft$/); // the lock ends while it is typed
	await anna.edits('essay', '1');
	await anna.input('body').fill(text([1, 'quick', 'slow'], [2, 'lazy', 'busy']));
	await writeMeanwhile(site, 1, text([0, 'first', '1st'], [2, 'lazy', 'sleepy'], [3, 'ends', 'closes']));
	await anna.seesLock('bad');
	await anna.press('Compare and copy');
	await difference(anna, 4).waitFor();
	const all = await anna.dialog().locator('.merging-difference').evaluateAll((list) => list.map((each) => each.dataset.kind));
	assert.deepEqual(all, ['theirs', 'mine', 'conflict', 'theirs']);
	assert.equal(await difference(anna, 3).locator('.merging-base').textContent(), 'Before: lazy');
	await choose(anna, 3, 'In the database now');
	await choose(anna, 4, 'Yours');
	await anna.answers('Use selected');
	const merged = text([0, 'first', '1st'], [1, 'quick', 'slow'], [2, 'lazy', 'sleepy']);
	await eventually(async () => assert.equal(await anna.value('body'), merged));
	assert.ok(!await anna.input('body').isEditable(), 'the lock is still lost');
	await anna.press('Lock again and save');
	await anna.arrives('/tables/essay');
	assert.equal(await body(site, 1), merged);
});

scene('by default both users\' changes are kept, and the own in a conflict', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(409, /draft$/); // the lock ends while it is typed
	await anna.edits('essay', '2');
	await anna.input('body').fill(text([1, 'quick', 'slow'], [2, 'lazy', 'busy']));
	await writeMeanwhile(site, 2, text([0, 'first', '1st'], [2, 'lazy', 'sleepy']));
	await anna.seesLock('bad');
	await anna.press('Start editing');
	await anna.sees('Others have changed the same fields');
	assert.deepEqual(await anna.barriers(), []);
	await anna.answers('Use selected');
	await anna.press('Save');
	await anna.arrives('/tables/essay');
	assert.equal(await body(site, 2), text([0, 'first', '1st'], [1, 'quick', 'slow'], [2, 'lazy', 'busy']));
});

scene('a decision that is put off is asked with the same base again, and by keyboard', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(409, /draft$/); // the lock ends while it is typed
	await anna.edits('essay', '3');
	await anna.input('body').fill(text([1, 'quick', 'slow']));
	await writeMeanwhile(site, 3, text([1, 'quick', 'fast']));
	await anna.seesLock('bad');
	await anna.press('Start editing');
	await anna.answers('Decide later');
	await anna.seesLock('mine');
	await anna.press('Save');
	await anna.sees('Others have changed the same fields');
	assert.equal(await difference(anna, 1).locator('.merging-base').textContent(), 'Before: quick');
	assert.equal(await body(site, 3), text([1, 'quick', 'fast']));
	await difference(anna, 1).getByRole('button', { name: /^In the database now: / }).focus();
	await anna.page.keyboard.press('Enter');
	assert.equal(await difference(anna, 1).getByRole('button', { pressed: true }).textContent(), 'In the database now: fast');
	await anna.answers('Use selected');
	await anna.arrives('/tables/essay');
	assert.equal(await body(site, 3), text([1, 'quick', 'fast']));
});

scene('no dialog opens under the hands of a user who types, however slowly the row is read', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(409, /draft$/); // the lock ends while it is typed
	for (const [key, pressed] of [['5', 'Start editing'], ['6', 'Lock again and save']]) {
		await anna.edits('essay', key);
		await anna.input('body').fill(text([1, 'quick', 'slow']));
		await writeMeanwhile(site, key, text([1, 'quick', 'fast']));
		await anna.seesLock('bad');
		const [reads, letThrough] = await holdReads(anna, `**/rows/${key}`);
		await anna.press(pressed);
		await anna.seesLock('mine');
		await reads;
		await anna.input('title').press('End');
		await anna.input('title').pressSequentially(' of Anna');
		letThrough();
		await anna.sees('Others have changed the same fields.');
		assert.equal(await anna.dialog().count(), 0);
		assert.equal(await anna.value('title'), `essay ${key} of Anna`);
		assert.equal(await body(site, key), text([1, 'quick', 'fast']));
		await anna.press('Save');
		await anna.answers('Use selected');
		await anna.arrives('/tables/essay');
		assert.equal(await site.sql(`SELECT title FROM essay WHERE id = ${key}`), `essay ${key} of Anna`);
	}
});

scene('all differences of one side at once', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(409, /draft$/); // the lock ends while it is typed
	await anna.edits('essay', '4');
	await anna.input('body').fill(text([1, 'quick', 'slow'], [3, 'ends', 'closes']));
	await writeMeanwhile(site, 4, text([0, 'first', '1st'], [1, 'quick', 'fast']));
	await anna.seesLock('bad');
	await anna.press('Compare and copy');
	await anna.press('All: in the database now', { within: anna.dialog() });
	await anna.answers('Use selected');
	await eventually(async () => assert.equal(await anna.value('body'), text([0, 'first', '1st'], [1, 'quick', 'fast'])));
	await anna.press('Start editing');
	await anna.seesLock('mine');
	assert.ok(await anna.button('Save').isDisabled(), 'nothing of the own text is left to save');
});
