// Every dialog by keyboard: Enter presses its main button, wherever the focus
// was when it opened, and Escape declines. A dialog that is not opened here
// fails the first scene.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventually } from './lib/person.mjs';
import { stage } from './lib/stage.mjs';

const PAGES = new URL('../../contrib_web/static/', import.meta.url);
const scene = stage('browser_dialogs');

const named = (site, key) => site.sql(`SELECT name FROM country WHERE alpha_2 = '${key}'`);
const owner = (site, key) => site.sql(`SELECT owner FROM locking.locks WHERE relation = 'country'::regclass AND key = '${key}'`);
const ended = (site, key, event) => site.sql(`SELECT actor, reason FROM locking.history WHERE relation = 'country'::regclass AND key = '${key}' AND event = '${event}' ORDER BY id DESC LIMIT 1`);
const lockOf = (site, role, key) => site.sql(`SET SESSION AUTHORIZATION ${role}; SELECT locking.acquire('country', '${key}', '1 hour')`);
const isProtected = (site) => site.sql(`SELECT count(*) FROM locking.protected_tables WHERE relation = 'note'::regclass`);
const inList = async (person, key, press) => {
	await person.open(`/tables/country?q=${key}`);
	await person.press(press);
};
const opensSettings = async (person) => {
	await person.open('/tables');
	await person.press('Settings: Note');
};

/**
 * The dialogs by name. open: reaches the dialog; type: into the first input;
 * entered and declined: what must then be the case in the database.
 */
const DIALOGS = {
	'take-over': {
		role: 'carla',
		async open({ site, person }) {
			await lockOf(site, 'bert', 'AD');
			await person.open('/tables/country/AD');
			await person.press('Take over…');
		},
		type: 'for print',
		declined: async ({ site }) => assert.equal(await owner(site, 'AD'), 'bert'),
		entered: ({ site }) => eventually(async () => assert.equal(await ended(site, 'AD', 'taken_over'), 'carla|for print')),
	},
	leave: {
		async open({ person }) {
			await person.edits('country', 'AE');
			await person.input('name').fill('Emirates of Anna');
			await person.press('Cancel');
		},
		declined: async ({ person }) => assert.equal(await person.value('name'), 'Emirates of Anna'),
		async entered({ site, person }) {
			assert.equal(await person.value('name'), 'Emirates of Anna', 'the main button is to stay');
			assert.equal(await owner(site, 'AE'), 'anna');
		},
	},
	'sign-out': {
		async open({ person }) {
			person.expects(0, /draft$/);
			await person.page.route('**/draft', (route) => (route.request().method() === 'GET' ? route.continue() : route.abort()));
			await person.edits('country', 'AL');
			await person.input('name').fill('only on this computer');
			await person.press('Sign out');
			await person.press('Keep a draft');
			await person.page.locator('[data-dialog="sign-out"]').waitFor();
		},
		declined: async ({ person }) => assert.equal(await person.value('name'), 'only on this computer'),
		entered: async ({ person }) => assert.equal(await person.value('name'), 'only on this computer', 'the main button is to stay'),
	},
	'discard-draft': {
		async open({ site, person }) {
			await site.sql(`SET locking.owner = 'anna'; SELECT locking.save_draft_of('country', 'AM', '{"values": {"name": "x"}, "label": "Armenia"}')`);
			await person.open('/drafts');
			await person.press('Discard the draft of Country Armenia');
		},
		declined: async ({ site }) => assert.equal(await site.sql(`SELECT count(*) FROM locking.draft WHERE key = 'AM'`), '1'),
		entered: ({ site }) => eventually(async () => assert.equal(await site.sql(`SELECT count(*) FROM locking.draft WHERE key = 'AM'`), '0')),
	},
	delete: {
		async open({ site, person }) {
			await site.sql(`INSERT INTO language (alpha_3, name, scope, type) VALUES ('qaa', 'Reserved', 'S', 'S') ON CONFLICT DO NOTHING`);
			await person.edits('language', 'qaa');
			await person.press('Delete');
		},
		declined: async ({ site }) => assert.equal(await site.sql(`SELECT name FROM language WHERE alpha_3 = 'qaa'`), 'Reserved'),
		entered: ({ site }) => eventually(async () => assert.equal(await site.sql(`SELECT count(*) FROM language WHERE alpha_3 = 'qaa'`), '0')),
	},
	release: {
		async open({ site, person }) {
			await lockOf(site, 'anna', 'AG');
			await inList(person, 'AG', 'Release your lock');
		},
		declined: async ({ site }) => assert.equal(await owner(site, 'AG'), 'anna'),
		entered: ({ site }) => eventually(async () => assert.equal(await owner(site, 'AG'), '')),
	},
	'break-lock': {
		role: 'carla',
		async open({ site, person }) {
			await lockOf(site, 'bert', 'AI');
			await inList(person, 'AI', 'Remove the lock of Bert Brandt');
		},
		type: 'lunch',
		declined: async ({ site }) => assert.equal(await owner(site, 'AI'), 'bert'),
		entered: ({ site }) => eventually(async () => assert.equal(await ended(site, 'AI', 'broken'), 'carla|lunch')),
	},
	'break-locks': {
		role: 'carla',
		async open({ site, person }) {
			await lockOf(site, 'bert', 'AL');
			await lockOf(site, 'bert', 'AM');
			await person.open('/locks');
			await person.page.getByLabel('Select all').check();
			await person.page.getByRole('button', { name: /^Remove \d+ locks…$/ }).click();
		},
		type: 'migration',
		declined: async ({ site }) => assert.equal(await owner(site, 'AL'), 'bert'),
		entered: ({ site }) => eventually(async () => assert.deepEqual([await ended(site, 'AL', 'broken'), await ended(site, 'AM', 'broken')], ['carla|migration', 'carla|migration'])),
	},
	request: {
		async open({ site, person }) {
			await lockOf(site, 'bert', 'AO');
			await inList(person, 'AO', 'Request the row from Bert Brandt');
		},
		type: 'please',
		declined: async ({ site }) => assert.equal(await site.sql(`SELECT count(*) FROM locking.requests WHERE key = 'AO'`), '0'),
		entered: ({ site }) => eventually(async () => assert.equal(await site.sql(`SELECT owner, message FROM locking.requests WHERE key = 'AO'`), 'anna|please')),
	},
	decline: {
		async open({ site, person }) {
			await person.edits('country', 'AQ');
			await site.sql(`SET SESSION AUTHORIZATION bert; SELECT locking.request('country', 'AQ', 'please')`);
			await person.press('Decline…');
		},
		type: 'at noon',
		declined: async ({ site }) => assert.equal(await site.sql(`SELECT count(*) FROM locking.requests WHERE key = 'AQ'`), '1'),
		entered: ({ site }) => eventually(async () => assert.equal(await site.sql(`SELECT count(*) FROM locking.requests WHERE key = 'AQ'`), '0')),
	},
	compare: {
		async open({ site, person }) {
			await site.sql(`SET locking.owner = 'anna'; SELECT locking.save_draft_of('country', 'AR', '{"values": {"name": "Argentina of Anna"}}', 'another')`);
			await person.edits('country', 'AR');
			await person.press('Compare');
		},
		declined: async ({ person }) => assert.equal(await person.value('name'), 'Argentina'),
		async entered({ site, person }) {
			assert.equal(await person.value('name'), 'Argentina', 'only compared');
			assert.equal(await named(site, 'AR'), 'Argentina', 'nothing is saved');
		},
	},
	choose: {
		async open({ site, person }) {
			person.expects(409, /draft$/); // the lock ends while it is typed
			await person.edits('country', 'AT');
			await person.input('name').fill('Austria of Anna');
			await site.sql(`UPDATE country SET name = 'Österreich ' || clock_timestamp() WHERE alpha_2 = 'AT'`);
			await site.endLocks();
			await person.press('Start editing');
		},
		declined: ({ person }) => person.sees('You will be asked again before you save.'),
		async entered({ site, person }) {
			await person.press('Save and keep editing');
			await eventually(async () => assert.equal(await named(site, 'AT'), 'Austria of Anna'));
		},
	},
	protect: {
		role: 'carla',
		async open({ site, person }) {
			await site.sql(`SELECT locking.unprotect('note') FROM locking.protected_tables WHERE relation = 'note'::regclass`);
			await person.open('/tables');
			await person.press('Protect: Note');
		},
		declined: async ({ site }) => assert.equal(await isProtected(site), '0'),
		entered: ({ site }) => eventually(async () => assert.equal(await isProtected(site), '1')),
	},
	unprotect: {
		role: 'carla',
		async open({ site, person }) {
			await site.sql(`SELECT locking.protect('note')`);
			await opensSettings(person);
			await person.dialog().getByRole('button', { name: 'Unprotect…' }).press('Enter');
		},
		declined: async ({ site }) => assert.equal(await isProtected(site), '1'),
		entered: ({ site }) => eventually(async () => assert.equal(await isProtected(site), '0')),
	},

};

test('every dialog of the pages is opened here, and there are no others', () => {
	const scripts = readdirSync(PAGES, { recursive: true }).filter((path) => path.endsWith('.js'));
	const found = scripts.flatMap((path) => {
		const source = readFileSync(new URL(path, PAGES), 'utf8').replace(/\/\*[^]*?\*\//g, '');
		if (path === 'js/ui/dialog.js') return [];
		assert.doesNotMatch(source, /showModal|\b(alert|confirm|prompt)\(|(h|createElement)\(\s*'dialog'/, `${path} opens its dialogs by ask()`);
		return [...source.matchAll(/(?<!\.)\bask(?:Reason)?\(\{\s*(?:name: ([^\n]+),\n)?/g)].flatMap(([call, name]) => {
			assert.ok(name, `${path}: a dialog without a name: ${call}`);
			return [...name.matchAll(/'([^']+)'/g)].map(([, each]) => each);
		});
	});
	assert.deepEqual(found.sort(), Object.keys(DIALOGS).sort());
});

for (const [name, { role = 'anna', open, type, declined, entered }] of Object.entries(DIALOGS))
	scene(`${name}: Escape declines, Enter presses the main button`, async ({ site, invite }) => {
		const person = await invite(role);
		const dialog = person.page.locator(`dialog[data-dialog="${name}"]`);
		for (const key of ['Escape', 'Enter']) {
			await open({ site, person });
			await dialog.waitFor();
			assert.ok(await dialog.evaluate((element) => element.contains(document.activeElement)), 'the focus is in the dialog');
			assert.equal(await dialog.locator('.dialog-foot button').last().evaluate((button) => button.type === 'submit'), true);
			if (type) await person.page.keyboard.type(type);
			await person.page.keyboard.press(key);
			await dialog.waitFor({ state: 'detached' });
			await (key === 'Escape' ? declined : entered)({ site, person });
			person.expects(0); // what the page leaves unanswered
			await person.page.evaluate(() => { globalThis.onbeforeunload = null; });
			person.page.once('dialog', (question) => question.accept());
			await site.endLocks();
			await person.page.goto('about:blank');
		}
	});

scene('Enter on another button presses that one; Shift+Enter makes a new line', async ({ site, invite }) => {
	const carla = await invite('carla');
	await lockOf(site, 'bert', 'AW');
	await inList(carla, 'AW', 'Remove the lock of Bert Brandt');
	await carla.dialog().getByRole('button', { name: 'Cancel' }).press('Enter');
	await carla.dialog().waitFor({ state: 'detached' });
	assert.equal(await owner(site, 'AW'), 'bert');
	await carla.press('Remove the lock of Bert Brandt');
	await carla.page.keyboard.type('one');
	await carla.page.keyboard.press('Shift+Enter');
	await carla.page.keyboard.type('two');
	await carla.page.keyboard.press('Enter');
	await eventually(async () => assert.equal(await ended(site, 'AW', 'broken'), 'carla|one\ntwo'));
});
