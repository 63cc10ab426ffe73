// <locking-form> around the form of another site's page, by what is in the
// database and what the application gets.
import assert from 'node:assert/strict';
import { application, page } from './lib/application.mjs';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const [friend, stranger, foreigner] = [await application(), await application(), await application('localhost')];
const scene = stage('browser_form', {
	options: ['--allow-origin', friend.address, '--allow-origin', foreigner.address],
	sql: `SELECT locking.protect('country', ttl => '5 min'), locking.protect('language', ttl => '6 s')`,
});

const lockOf = (site, key, table = 'country') => site.sql(`SELECT owner FROM locking.locks WHERE relation = '${table}'::regclass AND key = '${key}'`);
const visit = (person, key, { app = friend, src = person.site.address, ...more } = {}) =>
	person.page.goto(`${app.address}/?${new URLSearchParams({ key, src, ...more })}`);
const form = (person) => person.page.locator('locking-form');
const says = async (person, words) => {
	await form(person).getByText(words).first().waitFor().catch(async (error) => {
		error.message += `\nThe bar says: ${await form(person).evaluate((element) => element.shadowRoot.textContent)}`;
		throw error;
	});
};
const press = (person, name) => form(person).getByRole('button', { name, exact: true }).click();
const field = (person, name) => person.page.locator(`[name=${name}]`);
const heard = (person) => person.page.evaluate(() => globalThis.heard);
const mayEdit = (person) => form(person).evaluate((element) => element.mayEdit);

/** The controls of the form that can be changed, by name. */
const open = (person) => person.page.evaluate(() => [...Reflect.get(HTMLFormElement.prototype, 'elements', document.forms[0])]
	.filter((control) => control.type !== 'hidden' && !control.disabled && !control.readOnly).map(({ name, type }) => name || type).join(' '));
const ALL = 'name body kind shown submit';

const csrfOf = (person) => form(person).evaluate((element) => element.lock.session.csrf);

/** Deletes the user's cookies: signed out. */
const signOut = (person) => person.context.clearCookies();

scene('a form is closed until the page has the lock, and is sent with its token', async ({ site, invite }) => {
	const anna = await invite('anna');
	friend.save = ({ locking_token: token }) =>
		site.sql(`SET locking.owner = 'anna'; BEGIN; SELECT locking.confirm(${token}); UPDATE country SET name = 'Saved' WHERE alpha_2 = 'MT'; SELECT locking.release(${token}); COMMIT`);
	await visit(anna, 'MT');
	await says(anna, 'Only you can edit this now.');
	assert.equal(await open(anna), ALL);
	assert.equal(await lockOf(site, 'MT'), 'anna');
	await field(anna, 'name').fill('Typed');
	await field(anna, 'name').press('Enter');
	await anna.page.waitForURL(/save$/);
	const { locking_token: token, ...sent } = friend.sent.at(-1);
	assert.deepEqual(sent, { name: 'Typed', body: 'Old text', kind: 'a', fixed: 'fixed' });
	assert.equal(token, await site.sql(`SELECT token::text FROM locking.history WHERE key = 'MT' AND event = 'acquired'`));
	assert.equal(await site.sql(`SELECT name FROM country WHERE alpha_2 = 'MT'`), 'Saved', 'the page did not release the lock before the save');
	assert.equal(await site.sql(`SELECT string_agg(event, ' ' ORDER BY id) FROM locking.history WHERE key = 'MT'`), 'acquired released');
	friend.save = null;
});

scene('controls that are named like parts of a form, and those outside of it, belong to it', async ({ site, invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	const inside = ['elements', 'append', 'requestSubmit', 'method', 'constructor', '__proto__', 'id'].map((name) => `<input name="${name}" value="old">`).join('');
	const more = { inside, outside: '<input name="outside" form="edit" value="old">' };
	await visit(anna, 'LS', { ...more, attributes: 'lock-on="change"' });
	await eventually(async () => assert.equal(await mayEdit(anna), true));
	await field(anna, 'outside').fill('Typed');
	await says(anna, 'Only you can edit this now.');
	await field(anna, 'constructor').fill('Built');
	await eventually(async () => assert.equal(await site.sql(`SELECT data #>> '{form,outside,0}', data #>> '{form,constructor,0}', data #>> '{form,__proto__,0}' FROM locking.draft WHERE key = 'LS'`), 'Typed|Built|old'));
	bert.expects(423, /lock$/);
	await visit(bert, 'LS', more);
	await says(bert, 'Anna Albers is editing this');
	assert.equal(await open(bert), '');
	await visit(anna, 'LS', more);
	await press(anna, 'Restore');
	await contains(anna, 'outside', 'Typed');
	await contains(anna, 'constructor', 'Built');
	await field(anna, 'name').press('Enter');
	await anna.page.waitForURL(/save$/);
	assert.deepEqual([friend.sent.at(-1).outside, friend.sent.at(-1).elements], ['Typed', 'old']);
});

scene('a form whose row another user has locked can be read and copied, not edited or sent', async ({ site, invite }) => {
	const anna = await invite('anna');
	await site.sql(`SELECT locking.set_owner('bert', 'Bert Brandt'), locking.acquire('country', 'MU', note => 'spelling')`);
	anna.expects(423, /lock$/);
	const before = friend.sent.length;
	await visit(anna, 'MU');
	await says(anna, 'Bert Brandt is editing this');
	await says(anna, /for another \d+ minutes/);
	assert.equal(await open(anna), '');
	assert.equal(await field(anna, 'off').isDisabled(), true);
	await field(anna, 'name').focus();
	assert.equal(await field(anna, 'name').evaluate((input) => {
		input.select();
		return getSelection().toString() || input.value.slice(input.selectionStart, input.selectionEnd);
	}), 'Old name', 'its text can be selected');
	await field(anna, 'name').pressSequentially('x');
	assert.equal(await field(anna, 'name').inputValue(), 'Old name');
	await field(anna, 'name').press('Enter');
	assert.equal(friend.sent.length, before);
	// The row may have changed: the page is read anew when it has the lock.
	await site.sql(`SELECT locking.break_lock('country', 'MU', 'done')`);
	await says(anna, 'It is free now.');
	await Promise.all([anna.page.waitForEvent('load'), press(anna, 'Edit')]);
	await says(anna, 'Only you can edit this now.');
	assert.equal(await open(anna), ALL);
	assert.equal(await field(anna, 'off').isDisabled(), true, 'what the application disabled stays so');
	assert.equal(await lockOf(site, 'MU'), 'anna');
});

scene('the loser of a takeover keeps the text, and gets the draft back', async ({ site, invite }) => {
	const anna = await invite('anna');
	await visit(anna, 'MV');
	await says(anna, 'Only you can edit this now.');
	await field(anna, 'body').fill('Long text');
	await eventually(async () => assert.match(await site.sql(`SELECT data FROM locking.draft WHERE key = 'MV'`), /Long text/));
	await site.sql(`SELECT locking.set_owner('bert', 'Bert Brandt'), locking.take_over('country', 'MV', 'in a hurry')`);
	await says(anna, 'Bert Brandt has taken over.');
	assert.equal(await open(anna), '');
	assert.equal(await field(anna, 'body').inputValue(), 'Long text');
	assert.equal(await anna.page.evaluate(() => document.forms[0].elements.locking_token.value), '');
	await site.sql(`SELECT locking.break_lock('country', 'MV', 'done')`);
	await visit(anna, 'MV');
	await says(anna, /You have unsaved text from/);
	assert.equal(await field(anna, 'body').inputValue(), 'Old text');
	await press(anna, 'Restore');
	assert.equal(await field(anna, 'body').inputValue(), 'Long text');
});

/** Waits until the drafts of a row have these texts, the earliest first. */
const keeps = (site, key, ...texts) => eventually(async () => assert.equal(
	await site.sql(`SELECT string_agg(data #>> '{form,body,0}', '|' ORDER BY saved_at) FROM locking.draft WHERE key = '${key}'`), texts.join('|')));
const contains = (person, name, text) => eventually(async () => assert.equal(await field(person, name).inputValue(), text));

scene('each visit has a draft of its own: later text does not replace it, and restoring replaces no text', async ({ site, invite }) => {
	const anna = await invite('anna');
	await visit(anna, 'OM');
	await says(anna, 'Only you can edit this now.');
	await field(anna, 'body').fill('First');
	await keeps(site, 'OM', 'First');
	await anna.page.reload();
	await says(anna, /You have unsaved text from/);
	await field(anna, 'body').fill('Second');
	await keeps(site, 'OM', 'First', 'Second');
	await press(anna, 'Restore');
	await contains(anna, 'body', 'First');
	await keeps(site, 'OM', 'Second', 'First');
	await says(anna, /You have unsaved text from/);
	await press(anna, 'Restore');
	await contains(anna, 'body', 'Second');
	await keeps(site, 'OM', 'First', 'Second');
	// Of several drafts the latest one is offered first.
	await anna.page.reload();
	await press(anna, 'Restore');
	await contains(anna, 'body', 'Second');
	await says(anna, /You have unsaved text from/);
	await press(anna, 'Discard');
	await says(anna, 'Only you can edit this now.');
	await keeps(site, 'OM', 'Second');
	assert.equal(await field(anna, 'body').inputValue(), 'Second');
});

scene('a text that cannot be kept as a draft is not replaced by an earlier one', async ({ site, invite }) => {
	const anna = await invite('anna');
	await site.sql(`SET locking.owner = 'anna'; SELECT locking.save_draft_of('country', 'PA', '{"form": {"body": ["A draft"]}}')`);
	await visit(anna, 'PA');
	await says(anna, /You have unsaved text from/);
	anna.expects(0, /draft$/);
	await anna.page.route('**/draft', (route) => (route.request().method() === 'PUT' ? route.abort() : route.continue()));
	await field(anna, 'body').fill('Typed');
	await press(anna, 'Restore');
	await eventually(async () => assert.ok(await form(anna).evaluate((element) => element.shadowRoot.querySelector('button'))));
	assert.equal(await field(anna, 'body').inputValue(), 'Typed');
	await keeps(site, 'PA', 'A draft');
});

scene('with the first change: no lock before, and a quick Enter waits for it', async ({ site, invite }) => {
	const anna = await invite('anna');
	await visit(anna, 'MW', { attributes: 'lock-on="change" token-name="token"' });
	await eventually(async () => assert.equal(await open(anna), ALL));
	assert.equal(await lockOf(site, 'MW'), '');
	await field(anna, 'name').press('End');
	await field(anna, 'name').pressSequentially('!');
	await field(anna, 'name').press('Enter');
	await anna.page.waitForURL(/save$/);
	assert.equal(friend.sent.at(-1).name, 'Old name!');
	assert.equal(friend.sent.at(-1).token, await site.sql(`SELECT token::text FROM locking.history WHERE key = 'MW' AND event = 'acquired'`));
});

/* The buttons of the bar */

const answer = async (person, label, text, button) => {
	await form(person).getByLabel(label).fill(text);
	await press(person, button);
};
const isHeldBy = (site, key, owner) => eventually(async () => assert.equal(await lockOf(site, key), owner));
const opens = async (person) => {
	await says(person, 'Only you can edit this now.');
	// A page that waited reads the row anew.
	await eventually(async () => assert.equal(await open(person), ALL));
};

scene('asked for, and handed over: the other form opens by itself, the text stays as a draft', async ({ site, invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	bert.expects(423, /lock$/);
	await visit(anna, 'NE');
	await opens(anna);
	await field(anna, 'body').fill('Half a text');
	await visit(bert, 'NE');
	await says(bert, 'Anna Albers is editing this');
	await press(bert, 'Request editing');
	await answer(bert, 'Message', 'only a comma', 'Send request');
	await says(bert, 'You are next.');
	await says(anna, 'Bert Brandt requests this row.');
	await says(anna, '“only a comma”');
	await press(anna, 'Hand over');
	await opens(bert);
	await isHeldBy(site, 'NE', 'bert');
	await says(anna, 'You have handed over to Bert Brandt.');
	assert.equal(await open(anna), '');
	assert.equal(await field(anna, 'body').inputValue(), 'Half a text');
	await eventually(async () => assert.match(await site.sql(`SELECT data FROM locking.draft WHERE key = 'NE' AND owner = 'anna'`), /Half a text/));
});

scene('asked for, and declined with an answer; asked again, and withdrawn', async ({ site, invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	bert.expects(423, /lock$/);
	await visit(anna, 'NF');
	await opens(anna);
	await visit(bert, 'NF');
	await press(bert, 'Request editing');
	await answer(bert, 'Message', '', 'Send request');
	await says(anna, 'Bert Brandt requests this row.');
	await press(anna, 'Decline');
	await answer(anna, 'Answer', 'at noon', 'Decline');
	await says(bert, 'Your request was declined: “at noon”');
	await says(anna, 'Only you can edit this now.');
	await press(bert, 'Request editing');
	await press(bert, 'Cancel');
	await press(bert, 'Request editing');
	await answer(bert, 'Message', '', 'Send request');
	await says(anna, 'Bert Brandt requests this row.');
	await press(bert, 'Withdraw request');
	await form(bert).getByRole('button', { name: 'Request editing' }).waitFor();
	await says(anna, 'Only you can edit this now.');
	assert.equal(await site.sql(`SELECT count(*) FROM locking.requests WHERE key = 'NF'`), '0');
	await isHeldBy(site, 'NF', 'anna');
});

scene('taken over with a reason by a user who may; others are not offered it', async ({ site, invite }) => {
	const [anna, bert, carla] = [await invite('anna'), await invite('bert'), await invite('carla')];
	for (const person of [bert, carla]) person.expects(423, /lock$/);
	await visit(anna, 'NG');
	await opens(anna);
	await visit(bert, 'NG');
	await form(bert).getByRole('button', { name: 'Request editing' }).waitFor();
	assert.equal(await form(bert).getByRole('button', { name: 'Take over' }).count(), 0);
	await visit(carla, 'NG');
	await press(carla, 'Take over');
	await answer(carla, 'Reason', 'goes to print', 'Take over');
	await opens(carla);
	await isHeldBy(site, 'NG', 'carla');
	assert.equal(await site.sql(`SELECT reason FROM locking.history WHERE key = 'NG' AND event = 'taken_over'`), 'goes to print');
	await says(anna, 'Carla Conti, administrator has taken over.');
	assert.equal(await open(anna), '');
});

scene('another tab of the user: one of them edits, and the other one can', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(409, /lock$/);
	anna.expects(423, /lock$/);
	await visit(anna, 'NI');
	await opens(anna);
	const second = await anna.tab();
	await visit(second, 'NI');
	await says(second, 'You are editing this in another tab.');
	await press(second, 'Edit here');
	await opens(second);
	await says(anna, 'You are editing this in another tab.');
	assert.equal(await open(anna), '');
	await press(anna, 'Edit here');
	await opens(anna);
	await isHeldBy(site, 'NI', 'anna');
});

scene('with presence, users who have the row open learn of each other', async ({ invite }) => {
	const [anna, bert] = [await invite('anna'), await invite('bert')];
	bert.expects(423, /lock$/);
	await visit(anna, 'NP', { attributes: 'presence' });
	await opens(anna);
	await visit(bert, 'NP', { attributes: 'presence' });
	await says(anna, 'Bert Brandt has it open, too.');
	await field(anna, 'name').pressSequentially('x');
	await eventually(async () => assert.deepEqual(
		await form(bert).evaluate(({ lock }) => lock.people.map(({ owner, state, field: name }) => [owner, state, name])), [['anna', 'typing', 'name']]));
	await bert.page.goto('about:blank');
	await eventually(async () => assert.deepEqual(await form(anna).evaluate(({ lock }) => lock.people), []));
});

/** The requests for a row, with their messages. */
const requested = (site, key) => site.sql(`SELECT owner, message FROM locking.requests WHERE key = '${key}'`);

scene('who took over is named, though another user has the row since', async ({ site, invite }) => {
	const anna = await invite('anna');
	await visit(anna, 'PL');
	await opens(anna);
	await site.sql(`BEGIN; SELECT locking.set_owner('bert', 'Bert Brandt'), locking.take_over('country', 'PL', 'in a hurry');
		SELECT locking.release(token) FROM locking.locks WHERE key = 'PL'; SELECT locking.set_owner('carla', 'Carla Conti'), locking.acquire('country', 'PL'); COMMIT`);
	await says(anna, 'Bert Brandt has taken over.');
	await says(anna, 'Reason: “in a hurry”. Carla Conti is editing this.');
});

scene('a request that is not answered says so', async ({ site, invite }) => {
	const bert = await invite('bert');
	await site.sql(`SELECT locking.set_owner('carla', 'Carla Conti'), locking.acquire('country', 'PT')`);
	bert.expects(423, /lock$/);
	bert.expects(0, /request$/);
	await visit(bert, 'PT');
	await bert.page.route('**/request', (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()));
	await press(bert, 'Request editing');
	await answer(bert, 'Message', 'please', 'Send request');
	await says(bert, 'The server cannot be reached.');
	assert.equal(await requested(site, 'PT'), '');
});

scene('in each question of the bar, Enter answers and Escape does not', async ({ site, invite }) => {
	const [anna, bert, carla] = [await invite('anna'), await invite('bert'), await invite('carla')];
	for (const person of [bert, carla]) person.expects(423, /lock$/);
	const sent = friend.sent.length;
	await visit(anna, 'PE');
	await opens(anna);
	await visit(bert, 'PE');
	const asks = async (person, button, label, text, key) => {
		await press(person, button);
		await form(person).getByLabel(label).fill(text);
		await form(person).getByLabel(label).press(key);
	};
	await asks(bert, 'Request editing', 'Message', 'by Escape', 'Escape');
	await asks(bert, 'Request editing', 'Message', 'by Enter', 'Enter');
	await says(bert, 'You are next.');
	assert.equal(await requested(site, 'PE'), 'bert|by Enter');
	await asks(anna, 'Decline', 'Answer', 'by Escape', 'Escape');
	await form(anna).getByRole('button', { name: 'Decline' }).waitFor();
	assert.equal(await requested(site, 'PE'), 'bert|by Enter');
	await asks(anna, 'Decline', 'Answer', 'by Enter', 'Enter');
	await says(bert, 'Your request was declined: “by Enter”');
	assert.equal(await requested(site, 'PE'), '');
	await visit(carla, 'PE');
	await asks(carla, 'Take over', 'Reason', 'by Escape', 'Escape');
	await form(carla).getByRole('button', { name: 'Take over' }).waitFor();
	assert.equal(await lockOf(site, 'PE'), 'anna');
	await asks(carla, 'Take over', 'Reason', 'by Enter', 'Enter');
	await isHeldBy(site, 'PE', 'carla');
	assert.equal(await site.sql(`SELECT reason FROM locking.history WHERE key = 'PE' AND event = 'taken_over'`), 'by Enter');
	assert.equal(friend.sent.length, sent, 'no form was sent');
});

scene('a form that the application refuses keeps lock and text', async ({ site, invite }) => {
	const anna = await invite('anna');
	friend.save = ({ name, body }) => page({ src: site.address, key: 'PG', name, body });
	await visit(anna, 'PG');
	await opens(anna);
	await field(anna, 'name').fill('Too long a name');
	await keeps(site, 'PG', 'Old text');
	await Promise.all([anna.page.waitForURL(/save$/), field(anna, 'name').press('Enter')]);
	friend.save = null;
	await opens(anna);
	assert.equal(await field(anna, 'name').inputValue(), 'Too long a name');
	assert.equal(await anna.page.evaluate(() => document.forms[0].elements.locking_token.value), friend.sent.at(-1).locking_token);
	assert.equal(await site.sql(`SELECT string_agg(event, ' ' ORDER BY id) FROM locking.history WHERE key = 'PG'`), 'acquired');
	assert.equal(await lockOf(site, 'PG'), 'anna');
});

/** What the browser does when another tab comes to the front. */
const becomes = (person, visibility) => person.page.evaluate((value) => {
	Object.defineProperty(document, 'visibilityState', { value, configurable: true });
	document.dispatchEvent(new Event('visibilitychange'));
}, visibility);

/** Types in a row of `language`, and leaves it alone until the lock ends. */
async function lapses(site, person, key) {
	await visit(person, key, { table: 'language', attributes: 'idle-limit="0"' });
	await opens(person);
	await field(person, 'body').fill('Half a text');
	await keeps(site, key, 'Half a text');
	await says(person, 'Your lock has ended.');
	assert.equal(await lockOf(site, key, 'language'), '');
}

/** Waits until the lock has lasted longer than it did at first. */
async function outlives(site, key) {
	const end = await site.sql(`SELECT expires_at FROM locking.locks WHERE key = '${key}'`);
	await eventually(async () => assert.equal(await site.sql(`SELECT clock_timestamp() > '${end}'`), 't'));
	assert.equal(await lockOf(site, key, 'language'), 'anna');
}

scene('a hidden page keeps its row while it has unsaved input, and no longer', async ({ site, invite }) => {
	const anna = await invite('anna');
	await visit(anna, 'ita', { table: 'language' });
	await opens(anna);
	await field(anna, 'body').fill('Half a text');
	await becomes(anna, 'hidden');
	await outlives(site, 'ita');
	await field(anna, 'body').fill('Old text');
	await becomes(anna, 'visible');
	await becomes(anna, 'hidden');
	await eventually(async () => assert.equal(await lockOf(site, 'ita', 'language'), ''));
	await becomes(anna, 'visible');
	await eventually(async () => assert.equal(await lockOf(site, 'ita', 'language'), 'anna'));

	await anna.edits('language', 'jpn');
	await anna.input('name').fill('Half a name');
	await becomes(anna, 'hidden');
	await outlives(site, 'jpn');
	await becomes(anna, 'visible');
	await anna.press('Save');
	await anna.arrives('/tables/language');
	await anna.edits('language', 'jpn');
	await becomes(anna, 'hidden');
	await anna.sees('Your lock on this page has expired.');
	assert.equal(await lockOf(site, 'jpn', 'language'), '');
	await becomes(anna, 'visible');
	await anna.sees('Your lock has been renewed; the row is unchanged.');
});

scene('a lock that has lapsed goes on, if the row is as it was', async ({ site, invite }) => {
	const anna = await invite('anna');
	await lapses(site, anna, 'deu');
	assert.equal(await open(anna), ALL);
	await press(anna, 'Keep editing');
	await says(anna, 'Only you can edit this now.');
	assert.equal(await field(anna, 'body').inputValue(), 'Half a text');
	assert.equal(await lockOf(site, 'deu', 'language'), 'anna');
});

scene('a lock that has lapsed, and the row was written: the form is closed, and its text stays until the user decides', async ({ site, invite }) => {
	const anna = await invite('anna');
	await lapses(site, anna, 'fra');
	await site.sql(`UPDATE language SET name = 'Of another user' WHERE alpha_3 = 'fra'`);
	anna.expects(409, /lock$/);
	await press(anna, 'Keep editing');
	await eventually(async () => assert.equal(await open(anna), ''));
	await press(anna, 'Lock again');
	await says(anna, 'Another user may have saved meanwhile.');
	assert.equal(await open(anna), '');
	assert.equal(await field(anna, 'body').inputValue(), 'Half a text');
	await press(anna, 'Edit what is shown');
	assert.equal(await open(anna), ALL);
	assert.equal(await field(anna, 'body').inputValue(), 'Half a text');
	assert.deepEqual(await heard(anna), []);
});

scene('after a lost lock, the row can be read again: the text stays as a draft', async ({ site, invite }) => {
	const anna = await invite('anna');
	await visit(anna, 'PH');
	await opens(anna);
	await field(anna, 'body').fill('Half a text');
	await site.sql(`SELECT locking.break_lock('country', 'PH', 'a reason')`);
	await press(anna, 'Lock again');
	await says(anna, 'Another user may have saved meanwhile.');
	await Promise.all([anna.page.waitForEvent('load'), press(anna, 'Reload')]);
	await says(anna, /You have unsaved text from/);
	assert.equal(await field(anna, 'body').inputValue(), 'Old text');
	await press(anna, 'Restore');
	await contains(anna, 'body', 'Half a text');
});

// Each with a row of its own, since a request outlives the scene.
const SIZES = { phone: ['PK', { width: 390, height: 844 }], desktop: ['PW', { width: 1280, height: 800 }] };

for (const [size, [key, viewport]] of Object.entries(SIZES))
	scene(`no notice moves the form: ${size}`, async ({ site, invite }) => {
		const anna = await invite('anna', { viewport });
		await visit(anna, key);
		await opens(anna);
		const input = field(anna, 'body');
		await input.focus();
		const before = await input.evaluate((element) => element.getBoundingClientRect().top);
		const stays = async (what) => {
			const moved = await input.evaluate((element, top) => Math.abs(element.getBoundingClientRect().top - top), before);
			assert.ok(moved <= 5, `${what} moves the field by ${moved} pixels`);
			assert.ok(await input.evaluate((element) => {
				const { left, top } = element.getBoundingClientRect();
				return document.elementFromPoint(left + 5, top + 5) === element;
			}), `${what} covers the field`);
		};
		await site.sql(`SELECT locking.set_owner('bert', 'Bert Brandt'), locking.request('country', '${key}', rtrim(repeat('a word ', 29)))`);
		await says(anna, 'Bert Brandt requests this row.');
		await stays('a request');
		const bar = form(anna).locator('.bar');
		await bar.hover();
		assert.ok(await bar.evaluate((element) => element.scrollHeight <= element.clientHeight), 'with the pointer, all of it is shown');
		await press(anna, 'Decline');
		await stays('a question');
		await press(anna, 'Cancel');
		await anna.page.mouse.move(5, viewport.height - 5);
		await input.focus();
		await site.sql(`SELECT locking.set_owner('carla', rtrim(repeat('Carla ', 20))), locking.take_over('country', '${key}', rtrim(repeat('reason ', 30)))`);
		await says(anna, /Carla Carla .*has taken over/);
		await stays('a takeover');
		await site.sql(`SELECT locking.break_lock('country', '${key}', 'done')`);
		await form(anna).getByRole('button', { name: 'Lock again' }).waitFor();
		await stays('the end of the lock');
		assert.equal(await anna.overhang(), 0);
	});

scene('a draft is discarded', async ({ site, invite }) => {
	const anna = await invite('anna');
	await site.sql(`SET locking.owner = 'anna'; SELECT locking.save_draft_of('country', 'NL', '{"form": {"name": ["A draft"]}}')`);
	await visit(anna, 'NL');
	await says(anna, /You have unsaved text from/);
	await press(anna, 'Discard');
	await says(anna, 'Only you can edit this now.');
	await eventually(async () => assert.equal(await site.sql(`SELECT count(*) FROM locking.draft WHERE key = 'NL'`), '0'));
	assert.equal(await field(anna, 'name').inputValue(), 'Old name');
});

scene('the bar is accessible, in both colour schemes, on a phone, and from right to left', async ({ site, invite }) => {
	await site.sql(`SELECT locking.set_owner('bert', 'Bert Brandt'), locking.acquire('country', 'NO', note => 'spelling')`);
	for (const colorScheme of ['light', 'dark'])
		for (const dir of ['ltr', 'rtl']) {
			const anna = await invite('anna', { colorScheme, viewport: { width: 390, height: 844 } });
			anna.expects(423, /lock$/);
			await visit(anna, 'NO');
			await anna.page.evaluate((value) => {
				document.documentElement.dir = value;
				document.documentElement.style.colorScheme = 'light dark';
			}, dir);
			await says(anna, 'Bert Brandt is editing this');
			assert.deepEqual(await anna.barriers(), [], `${colorScheme} ${dir}`);
			assert.equal(await anna.overhang(), 0, `${colorScheme} ${dir}`);
		}
});

/* Pages that cannot lock */

const closed = async (person, event) => {
	await eventually(async () => assert.ok((await heard(person)).includes(event), `no ${event} in ${await heard(person)}`));
	assert.equal(await open(person), '');
	assert.equal(await mayEdit(person), false);
};

scene('signed out: an event, a closed form, and it goes on after signing in', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(401);
	await signOut(anna);
	await visit(anna, 'MX');
	await closed(anna, 'signedout');
	await says(anna, 'You are signed out.');
	await anna.signInQuietly();
	await anna.page.evaluate(() => dispatchEvent(new Event('focus')));
	await says(anna, 'Only you can edit this now.');
	assert.equal(await open(anna), ALL);
	assert.equal(await lockOf(site, 'MX'), 'anna');
});

scene('signed in again in another tab: the page goes on, and its session is the new one', async ({ site, invite }) => {
	const anna = await invite('anna');
	await visit(anna, 'SE');
	await says(anna, 'Only you can edit this now.');
	const before = await csrfOf(anna);
	for (const status of [401, 403]) anna.expects(status);
	await signOut(anna);
	await anna.page.evaluate(() => dispatchEvent(new Event('online'))); // renews
	await says(anna, 'You are signed out.');
	assert.equal(await lockOf(site, 'SE'), 'anna');
	await anna.signInQuietly();
	await anna.page.evaluate(() => dispatchEvent(new Event('focus')));
	await says(anna, 'Only you can edit this now.');
	const { csrf } = await (await anna.context.request.get(`${site.address}/api/v1/session`)).json();
	assert.notEqual(csrf, before);
	await eventually(async () => assert.equal(await csrfOf(anna), csrf)); // asked for beside the lock
});

scene('a page of another site: an event, and a closed form', async ({ invite }) => {
	const anna = await invite('anna');
	anna.expects(403, /session$/);
	await visit(anna, 'MY', { app: foreigner });
	await closed(anna, 'othersite');
	await says(anna, 'This page cannot lock its row.');
});

scene('an origin that is not allowed, with a copy of the scripts: an event, and a closed form', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(0);
	anna.expectsWords(/CORS policy/);
	await visit(anna, 'MZ', { app: stranger, src: stranger.address, base: site.address });
	await closed(anna, 'wrongorigin');
});

scene('a table that is not protected any more: an event, and a closed form, until it is', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(409, /(lock|draft)$/);
	await site.sql(`CREATE TABLE loose (id integer PRIMARY KEY, body text); INSERT INTO loose VALUES (1, 'one'); GRANT ALL ON loose TO anna; SELECT locking.protect('loose')`);
	await visit(anna, '1', { table: 'loose' });
	await opens(anna);
	await field(anna, 'body').fill('Half a text');
	await site.sql(`SELECT locking.unprotect('loose')`);
	await press(anna, 'Lock again');
	await closed(anna, 'unprotected');
	await says(anna, /Rows of this table cannot be locked now/);
	assert.equal(await field(anna, 'body').inputValue(), 'Half a text');
	await visit(anna, '1', { table: 'loose' });
	await closed(anna, 'unprotected');
	await says(anna, 'This row cannot be locked.');
	await site.sql(`SELECT locking.protect('loose')`);
	await press(anna, 'Try again');
	await eventually(async () => assert.equal(await open(anna), ALL));
	await says(anna, /You have unsaved text from/);
});

scene('without its script, the form is closed', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(0, /fields\.js$/);
	await anna.page.route('**/static/js/embed/fields.js', (route) => route.abort());
	const isClosed = async () => {
		await visit(anna, 'SG', { attributes: 'inert' });
		await field(anna, 'name').click({ force: true });
		await anna.page.keyboard.press('Tab');
		await anna.page.keyboard.type('x');
		return [await field(anna, 'name').inputValue(), await field(anna, 'body').inputValue(), await anna.page.evaluate(() => document.activeElement.localName)];
	};
	assert.deepEqual(await isClosed(), ['Old name', 'Old text', 'body']);
	assert.equal(await lockOf(site, 'SG'), '');
	await anna.page.unroute('**/static/js/embed/fields.js');
	await visit(anna, 'SG', { attributes: 'inert' });
	await says(anna, 'Only you can edit this now.');
	await field(anna, 'name').press('x');
	assert.match(await field(anna, 'name').inputValue(), /x/);
});

scene('filled for another row: the draft of the row before has what was typed there', async ({ site, invite }) => {
	const anna = await invite('anna');
	await visit(anna, 'SI');
	await says(anna, 'Only you can edit this now.');
	await field(anna, 'name').evaluate((input) => {
		input.value = 'Typed into the first row';
		input.dispatchEvent(new Event('input', { bubbles: true }));
		input.value = 'Name of the second row';
		document.querySelector('locking-form').setAttribute('key', 'SK');
	});
	await eventually(async () => assert.equal(await lockOf(site, 'SK'), 'anna'));
	await eventually(async () => assert.equal(await lockOf(site, 'SI'), ''));
	const drafts = () => site.sql(`SELECT key, data->'form'->'name'->>0 FROM locking.draft WHERE key IN ('SI', 'SK')`);
	await eventually(async () => assert.equal(await drafts(), 'SI|Typed into the first row'));
	assert.equal(await form(anna).evaluate((element) => element.isDirty), false);
});

scene('no answer: an event, and a closed form, until there is one', async ({ site, invite }) => {
	const anna = await invite('anna');
	anna.expects(0);
	anna.expects(503);
	await anna.page.route(`${site.address}/api/v1/session`, (route) => route.abort());
	await anna.page.route(`${site.address}/healthz`, (route) => route.abort());
	await visit(anna, 'NA');
	await closed(anna, 'unanswered');
	await anna.page.unroute(`${site.address}/api/v1/session`);
	await press(anna, 'Try again');
	await says(anna, 'Only you can edit this now.');
	assert.equal(await lockOf(site, 'NA'), 'anna');
});

scene('a token beyond 2^53 is sent as it is, and ends its own lock', async ({ site, invite }) => {
	const anna = await invite('anna');
	await site.sql(`SELECT setval('locking.token_seq', 9007199254740992)`);
	await visit(anna, 'NC');
	await says(anna, 'Only you can edit this now.');
	assert.equal(await form(anna).evaluate((element) => element.token), await site.sql(`SELECT token::text FROM locking.locks WHERE key = 'NC'`));
	assert.equal(await form(anna).evaluate((element) => element.token), '9007199254740993');
	await anna.page.goto('about:blank');
	await eventually(async () => assert.equal(await lockOf(site, 'NC'), ''));
});
