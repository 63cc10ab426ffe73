// An answer does not move the focus of a user who has gone on: keys would go
// into another field, a password into a form, or text into a password field.
import assert from 'node:assert/strict';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const scene = stage('browser_focus', { sql: 'ALTER TABLE proposal ADD CONSTRAINT few CHECK (votes < 100)' });

/** Holds back the answers to requests. */
async function holds(person, method, path) {
	const waiting = [];
	await person.page.route(path, async (route) => {
		if (route.request().method() !== method) return route.fallback();
		const response = await route.fetch();
		await new Promise((resolve) => { waiting.push(resolve); });
		return route.fulfill({ response });
	});
	return {
		wasAsked: () => eventually(async () => assert.ok(waiting.length, 'a request')),
		answer: () => waiting.splice(0).forEach((resolve) => resolve()),
	};
}

const isFocused = (locator) => locator.evaluate((element) => element === document.activeElement);
const becomesFocused = (locator) => eventually(async () => assert.ok(await isFocused(locator), 'has the focus'));
const problem = (place) => place.locator('.field-error').filter({ visible: true });

/** Types on at the end of an input. */
async function goesOnIn(person, input) {
	await input.click();
	await person.page.keyboard.press('End');
	await person.page.keyboard.type(', going');
}

scene('a refused save: the field of the error, unless the user types in another one', async ({ invite }) => {
	const anna = await invite('anna');
	anna.expects(422, /proposal/);
	await anna.edits('proposal', '1');
	const save = await holds(anna, 'PUT', /\/proposal\/rows\/1$/);
	await anna.input('votes').fill('500');
	await anna.page.keyboard.press('Control+s');
	await save.wasAsked();
	await goesOnIn(anna, anna.input('title'));
	save.answer();
	await problem(anna.field('votes')).waitFor();
	await anna.page.keyboard.type(' on');
	assert.match(await anna.value('title'), /, going on$/);
	assert.equal(await anna.value('votes'), '500');
	await anna.sees(/^Not saved\. Votes:/);
	await anna.page.keyboard.press('Control+s');
	await save.wasAsked();
	save.answer();
	await becomesFocused(anna.input('votes')); // the user has waited
});

scene('a sign-in beside the form that fails: the password, unless the user types in the form', async ({ invite }) => {
	const anna = await invite('anna');
	anna.expects(401);
	await anna.edits('country', 'AT');
	await anna.input('name').fill('Austria');
	await anna.input('name').fill('Austria, still');
	await anna.context.clearCookies();
	await anna.page.keyboard.press('Control+s');
	const panel = anna.page.locator('.sign-in-panel');
	const password = panel.getByLabel('Password');
	const signIn = await holds(anna, 'POST', /\/session$/);
	await password.fill('wrong');
	await password.press('Enter');
	await signIn.wasAsked();
	await goesOnIn(anna, anna.input('name'));
	signIn.answer();
	await problem(panel).waitFor();
	await anna.page.keyboard.type(' on');
	assert.equal(await anna.value('name'), 'Austria, still, going on');
	assert.equal(await password.inputValue(), 'wrong');
	await password.press('Enter');
	await signIn.wasAsked();
	signIn.answer();
	await eventually(async () => assert.ok(await panel.getByRole('button', { name: 'Sign in', exact: true }).isEnabled()));
	await becomesFocused(password);
});

scene('a list that is sorted: the header, unless the user types in the search', async ({ site, invite }) => {
	const anna = await invite('anna');
	await site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.acquire('country', key) FROM unnest('{GE,GF}'::text[]) key`);
	await anna.open('/locks');
	const head = anna.page.getByRole('button', { name: 'Ends in' });
	const list = await holds(anna, 'GET', /\/locks\?.*sort=/);
	await head.click();
	await list.wasAsked();
	list.answer();
	await anna.page.locator('th[aria-sort="ascending"]').waitFor();
	await becomesFocused(head);
	await head.click();
	await list.wasAsked();
	const search = anna.page.getByRole('searchbox');
	await search.click();
	await anna.page.keyboard.type('G');
	list.answer();
	await anna.page.locator('th[aria-sort="descending"]').waitFor();
	await anna.page.keyboard.type('E');
	assert.equal(await search.inputValue(), 'GE');
});

scene('a page that was loaded: its heading, unless the user has gone on', async ({ invite }) => {
	const anna = await invite('anna');
	await anna.open('/tables');
	const pages = await holds(anna, 'GET', /\/api\/v1\/history/);
	const heading = anna.page.getByRole('heading', { level: 1, name: 'History' });
	const link = anna.page.getByRole('link', { name: 'History', exact: true });
	await link.click();
	await pages.wasAsked();
	pages.answer();
	await becomesFocused(heading);
	await anna.page.getByRole('link', { name: 'Locks', exact: true }).click();
	await anna.page.getByRole('heading', { level: 1, name: 'Locks' }).waitFor();
	await link.click();
	await pages.wasAsked();
	await anna.page.keyboard.press('Tab');
	await anna.page.evaluate(() => { globalThis.at = document.activeElement; });
	pages.answer();
	await heading.waitFor();
	assert.ok(await anna.page.evaluate(() => globalThis.at !== document.body && globalThis.at === document.activeElement), 'the focus stays');
});

/** Presses a focused button that disappears, and waits for an effect. */
async function disappears(person, button, effect) {
	await button.focus();
	await person.page.keyboard.press('Enter');
	await effect();
	await button.waitFor({ state: 'detached' });
	await eventually(async () => assert.notEqual(await person.page.evaluate(() => document.activeElement.localName), 'body', 'something has the focus'));
}

scene('a button that disappears after it was pressed: the focus stays in the page', async ({ site, invite }) => {
	const anna = await invite('anna');
	const draft = (client) => site.sql(`SET SESSION AUTHORIZATION anna; SELECT locking.save_draft_of('country', 'AT', '{"values": {"name": "${client}"}}', '${client}')`);
	for (const client of ['early', 'late']) await draft(client);
	await anna.edits('country', 'AT');
	const offers = anna.page.locator('.draft-offers li');
	await eventually(async () => assert.equal(await offers.count(), 2));
	const discard = offers.getByRole('button', { name: 'Discard' });
	await discard.first().focus();
	await anna.page.keyboard.press('Enter');
	await eventually(async () => assert.equal(await offers.count(), 1));
	await becomesFocused(discard);
	await disappears(anna, offers.getByRole('button', { name: 'Restore' }), () => anna.seesNo(/Recovered draft/));
	await anna.press('Name: changed, undo');
	await site.sql(`SELECT locking.break_lock('country', 'AT', 'test')`);
	await anna.seesLock('bad');
	await disappears(anna, anna.button('Start editing'), () => anna.seesLock('mine'));

	// What another user does redraws the holder's messages.
	await site.sql(`SELECT locking.set_owner('bert', 'Bert Brandt', false), locking.request('country', 'AT', 'please')`);
	const decline = anna.page.getByRole('button', { name: /^Decline/ });
	await decline.focus();
	await site.sql(`SELECT locking.set_owner('carla', 'Carla Conti', false), locking.request('country', 'AT', 'please')`);
	await anna.sees('2 people request this row.');
	await becomesFocused(decline.first());

	await draft('listed');
	await anna.open('/drafts');
	await anna.page.getByRole('button', { name: '1 earlier draft' }).click();
	const listed = anna.page.getByRole('button', { name: 'Discard the draft of Country Austria' });
	await listed.first().focus();
	await anna.page.keyboard.press('Enter');
	await anna.answers('Discard');
	await eventually(async () => assert.equal(await listed.count(), 1));
	await becomesFocused(listed);
	await disappears(anna, listed, () => anna.answers('Discard'));

	await anna.edits('country', 'AW');
	const list = await anna.tab();
	await list.open('/tables/country?q=aruba');
	await disappears(list, list.button('Release your lock'), () => list.answers('Release'));
});

scene('a sign-in panel that closes, and a header that is drawn again: the focus stays in the page', async ({ invite }) => {
	const anna = await invite('anna');
	for (const status of [401, 403]) anna.expects(status);
	await anna.edits('country', 'AU');
	await anna.context.clearCookies();
	await anna.page.evaluate(() => dispatchEvent(new Event('online'))); // renews
	const panel = anna.page.locator('.sign-in-panel');
	await panel.getByLabel('Password').fill('anna-password');
	await panel.getByLabel('Password').press('Enter');
	await panel.waitFor({ state: 'detached' });
	await eventually(async () => assert.notEqual(await anna.page.evaluate(() => document.activeElement.localName), 'body'));
	const link = anna.page.getByRole('link', { name: 'History', exact: true });
	await link.focus();
	await anna.context.clearCookies();
	await anna.page.evaluate(() => dispatchEvent(new Event('online')));
	await panel.waitFor();
	await anna.signInQuietly();
	await anna.page.evaluate(() => new BroadcastChannel('locking-session').postMessage('signed-in')); // as another tab does
	await panel.waitFor({ state: 'detached' });
	await becomesFocused(link);
});
