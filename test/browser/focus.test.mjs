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
	anna.expects(0, /country\/rows\/AT$/); // the save that was refused
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
