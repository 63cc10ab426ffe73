// Expiry with short times: warning, resumption, and loss after another's
// write.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';
import { Wire } from './lib/wire.mjs';

// Pages keep their locks only while they are used.
const scene = stage('browser_times', {
	options: ['--idle-limit', '0'],
	sql: `SELECT locking.protect('country', ttl => '4 s', warning => '2 s'); SELECT locking.protect('language', ttl => '3 s', warning => '1 s');
		SELECT locking.protect('proposal', ttl => '12 s', warning => '5 s');
		INSERT INTO proposal (title) VALUES ('for a slow clock')`,
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
	await anna.sees('Others have changed the same fields');
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
	// By a look, a renewal or a draft, whichever is due first.
	anna.expects(409, /(lock|draft)$/);
	await anna.page.clock.fastForward('30:00');
	await anna.page.clock.resume();
	await anna.seesLock('bad');
	assert.ok(!await anna.input('name').isEditable());
	assert.equal(await anna.value('name'), 'Português');
});

/** A page that waits for the row edits it once its lock has expired. */
async function becomesFree(site, bert, key) {
	await bert.sees('The row is free now.');
	await bert.press('Start editing');
	await bert.seesLock('mine');
	await bert.input('title').fill(`${key} of Bert`);
	await presses(bert, 'Save');
	await bert.arrives('/tables/proposal');
	assert.equal(await site.sql(`SELECT title FROM proposal WHERE id = ${key}`), `${key} of Bert`);
}

scene('the row of a page that crashed becomes free by itself', async ({ site, invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	await anna.edits('proposal', '1');
	await bert.open('/tables/proposal/1');
	await bert.seesLock('theirs');
	await anna.crash();
	await becomesFree(site, bert, '1');
	anna.page = await anna.context.newPage();
});

scene('the row of a page whose release gets lost becomes free by itself', async ({ site, invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	const wire = await Wire.lay(site);
	try {
		await anna.page.goto(`${wire.address}/tables/proposal/2`);
		await anna.seesLock('mine');
		await bert.open('/tables/proposal/2');
		await bert.seesLock('theirs');
		wire.holdBack(/\/lock(\/release)?$/);
		anna.expects(0);
		await anna.page.close({ runBeforeUnload: true });
		anna.page = await anna.context.newPage();
		await becomesFree(site, bert, '2');
	} finally {
		await wire.remove();
	}
});

/** Opens a browser on a computer whose clock is wrong. */
async function inviteWith(invite, role, hours) {
	const person = await invite(role, { timezoneId: 'Pacific/Auckland' });
	await person.page.clock.setSystemTime(Date.now() + hours * 3_600_000);
	return person;
}
const lockedFor = (site, key, time) => site.sql(`SET SESSION AUTHORIZATION anna; SELECT locking.acquire('proposal', '${key}', '${time}')`);

for (const [what, hours, key] of [['fast', 3, '3'], ['slow', -3, '4']]) {
	scene(`on a computer whose clock is three hours ${what}, others' locks have their times`, async ({ site, invite }) => {
		const bert = await inviteWith(invite, 'bert', hours);
		await lockedFor(site, key, '2 minutes');
		const left = /(1 minute|2 minutes|\d\d seconds)/.source;
		await bert.open('/tables/proposal');
		await bert.seesRow(key, 'theirs');
		await bert.row(key).locator('lock-holder').getByRole('button').hover();
		await bert.page.getByRole('tooltip').getByText(new RegExp(`^Still locked for ${left} by Anna Albers$`)).waitFor();
		await bert.open('/locks');
		await bert.sees(new RegExp(`^${left}$`), { within: 'main tbody' });
		await site.endLocks();
		await lockedFor(site, key, '15 seconds');
		await bert.open(`/tables/proposal/${key}`);
		await bert.seesLock('theirs');
		await bert.sees(/^0:\d\d left$/, { within: '.lock-bar' });
		await bert.sees('The row is free now.');
		assert.equal(await holder(site, 'proposal', key), '');
	});

	scene(`on a computer whose clock is three hours ${what}, the own lock ends in time, and drafts are new`, async ({ site, invite }) => {
		const anna = await inviteWith(invite, 'anna', hours);
		await anna.edits('proposal', key);
		await anna.seesLock('warn');
		assert.equal(await holder(site, 'proposal', key), 'anna');
		await anna.sees('Your lock on this page has expired.');
		// For the page its lock ends a little earlier than for the server.
		await eventually(async () => assert.equal(await holder(site, 'proposal', key), ''));
		await anna.press('Keep editing');
		await anna.seesLock('mine');
		await anna.input('title').fill('a draft');
		await anna.sees('Draft saved');
		await anna.page.close({ runBeforeUnload: true });
		anna.page = await anna.context.newPage();
		const elsewhere = await inviteWith(invite, 'anna', hours);
		await elsewhere.open(`/tables/proposal/${key}`);
		await elsewhere.sees(/^Recovered draft/);
		await elsewhere.sees(/just now/, { within: '.notes' });
	});
}
