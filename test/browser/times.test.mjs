// Expiry with short times: warning, resumption, and loss after another's
// write.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

// Pages keep their locks only while they are used.
const scene = stage('browser_times', {
	options: ['--idle-limit', '0'],
	sql: `SELECT locking.protect('country', ttl => '4 s', warning => '2 s'); SELECT locking.protect('language', ttl => '3 s', warning => '1 s')`,
});
/**
 * Clicks a button. The click also renews the lock; the release by a save or
 * by leaving may overtake that.
 */
function presses(person, name, more) {
	person.expects(409, /lock$/);
	return person.press(name, more);
}
const holder = (site, table, key) => site.sql(`SELECT owner FROM locking.locks WHERE relation = '${table}'::regclass AND key = '${key}'`);

scene('a warning precedes the expiry, and editing further renews', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'DE');
	await anna.seesLock('warn');
	await anna.sees('Your lock on this page is about to expire.');
	await anna.sees(/^\d:\d\d left$/, { within: '.lock-bar' });
	await anna.press('Keep editing');
	await anna.seesLock('mine');
	await anna.seesNo('Your lock on this page is about to expire.');
	assert.equal(await holder(site, 'country', 'DE'), 'anna');
});

scene('the warning disturbs neither focus nor typing', async ({ invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'DK');
	const input = anna.input('name');
	await input.focus();
	await anna.seesLock('warn');
	assert.ok(await input.evaluate((element) => element === document.activeElement));
	await input.pressSequentially(' og Grønland');
	assert.equal(await input.inputValue(), 'Denmark og Grønland');
	await anna.seesLock('mine');
});

scene('saving after the warning stores the text', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'EC');
	await anna.input('name').fill('Ecuador, just in time');
	await anna.seesLock('warn');
	await presses(anna, 'Save');
	await anna.arrives('/tables/country');
	assert.equal(await site.sql(`SELECT name FROM country WHERE alpha_2 = 'EC'`), 'Ecuador, just in time');
});

scene('leaving after the warning releases the row', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('country', 'EE');
	await anna.seesLock('warn');
	await presses(anna, 'Cancel');
	await anna.arrives('/tables/country');
	await eventually(async () => assert.equal(await holder(site, 'country', 'EE'), ''));
});

scene('expired without another holder: use of the page resumes it, and the text is saved', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('language', 'deu');
	await anna.input('name').fill('Deutsch');
	await anna.sees('Your lock on this page has expired.');
	assert.equal(await anna.value('name'), 'Deutsch');
	await anna.press('Keep editing');
	await anna.seesLock('mine');
	await anna.sees('Your lock has been renewed; the row is unchanged.');
	await presses(anna, 'Save');
	await anna.arrives('/tables/language');
	assert.equal(await site.sql(`SELECT name FROM language WHERE alpha_3 = 'deu'`), 'Deutsch');
});

scene('saving after the expiry resumes the lock, if no other user has locked the row', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('language', 'eng');
	await anna.input('name').fill('English (late)');
	await anna.sees('Your lock on this page has expired.');
	await presses(anna, 'Save');
	await anna.arrives('/tables/language');
	assert.equal(await site.sql(`SELECT name FROM language WHERE alpha_3 = 'eng'`), 'English (late)');
});

scene('expired, and the row was written: shown, not overwritten, compared, saved again', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('language', 'fra');
	await anna.input('name').fill('Français d\'Anna');
	await anna.sees('Your lock on this page has expired.');
	await site.sql(`UPDATE language SET name = 'Français d''un autre' WHERE alpha_3 = 'fra'`);
	anna.expects(409, /rows\/fra/);
	await presses(anna, 'Save');
	await anna.seesLock('bad');
	assert.equal(await anna.value('name'), 'Français d\'Anna');
	assert.equal(await site.sql(`SELECT name FROM language WHERE alpha_3 = 'fra'`), 'Français d\'un autre');
	await anna.press('Start editing');
	await anna.sees('Others have changed the same columns');
	await anna.dialog().getByText('Français d\'un autre').waitFor();
	await anna.dialog().getByLabel('In the database now').check();
	await anna.answers('Use selected');
	assert.equal(await anna.value('name'), 'Français d\'un autre');
	assert.ok(await anna.button('Save').isDisabled(), 'no change is left');
});

scene('expired, and another user edits the row: the page names that user', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('language', 'ita');
	await anna.input('name').fill('Italiano');
	await anna.sees('Your lock on this page has expired.');
	await site.sql(`SELECT locking.set_owner('bert', 'Bert Brandt'), locking.acquire('language', 'ita', '1 minute')`);
	await anna.seesLock('bad');
	await anna.sees('Bert Brandt is editing this row now.');
	assert.equal(await anna.value('name'), 'Italiano');
});

scene('while the page is used the lock does not end, and the draft is stored', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.edits('language', 'nld');
	const first = await site.sql(`SELECT expires_at FROM locking.locks WHERE key = 'nld'`);
	let letters = 0;
	// Type a letter at a time until the first expiry has passed.
	await eventually(async () => {
		await anna.input('name').press('x');
		letters++;
		assert.equal(await site.sql(`SELECT clock_timestamp() > '${first}'::timestamptz`), 't');
	});
	await anna.seesLock('mine');
	assert.equal(await holder(site, 'language', 'nld'), 'anna');
	await eventually(async () => assert.match(await (await anna.context.request.get(`${site.address}/api/v1/tables/language/rows/nld/draft`)).text(), /x+Dutch/));
	assert.equal(await anna.value('name'), `${'x'.repeat(letters)}Dutch`);
});

scene('a tab whose timers were suspended checks its lock first', async ({ site, invite }) => {
	const anna = await invite('anna');
	await anna.page.clock.install();
	await anna.edits('language', 'por');
	await anna.input('name').fill('Português');
	// Later than the page's clock, which goes on meanwhile.
	await eventually(() => anna.page.clock.pauseAt(Date.now() + 500));
	await eventually(() => site.sql(`SELECT locking.acquire('language', 'por', '1 hour')`));
	assert.equal(await anna.value('name'), 'Português');
	// By a look or a renewal, whichever is due first.
	anna.expects(409, /lock$/);
	await anna.page.clock.fastForward('30:00');
	await anna.page.clock.resume();
	await anna.seesLock('bad');
	assert.ok(!await anna.input('name').isEditable());
	assert.equal(await anna.value('name'), 'Português');
});
