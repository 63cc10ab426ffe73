// Two users of a Django admin, each with a browser: first with the
// application's own views, then with <locking-form> and locking-web beside.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { eventually } from '../browser/lib/person.mjs';
import { launch } from '../browser/lib/stage.mjs';
import { Wire } from '../browser/lib/wire.mjs';

const DATABASE = 'clients_django_browser';
const ARTICLE = '/admin/newsroom/article/1/change/';
const LIST = '/admin/newsroom/article/';
const NAMES = { ann: 'Ann Ames', bert: 'Bert Brandt' };

const processes = [];
let browser;

/** Starts a server that prints its address. @returns {Promise<string>} */
async function start(program, args) {
	const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
	let log = '';
	server.stderr.on('data', (part) => { log += part; });
	processes.push(server);
	return new Promise((resolve, reject) => {
		server.once('exit', () => reject(new Error(`${program} ended: ${log}`)));
		createInterface(server.stdout).on('line', (line) => {
			const [, address] = /^listening on (http:\/\/[^/]+)/.exec(line) ?? [];
			if (address) resolve(address);
		});
	});
}

const django = (...more) => start('/usr/bin/python3', [new URL('lib/serve.py', import.meta.url).pathname, DATABASE, ...more]);

async function sql(text) {
	const { stdout } = await promisify(execFile)('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', DATABASE, '-c', text]);
	return stdout.trim();
}

const owner = () => sql(`SELECT owner FROM locking.locks WHERE relation = 'newsroom_article'::regclass AND key = '1'`);
const title = () => sql('SELECT title FROM newsroom_article WHERE id = 1');

/** A user in a browser of their own, signed in to the admin. */
async function enter(name, address) {
	const context = await browser.newContext({ locale: 'en-GB' });
	context.setDefaultTimeout(20_000);
	const page = await context.newPage();
	const troubles = [];
	page.on('pageerror', (error) => troubles.push(`${name}: ${error.stack}`));
	page.on('response', (response) => { if (response.status() >= 500) troubles.push(`${name}: ${response.status()} ${response.url()}`); });
	await page.goto(`${address}/admin/login/`);
	await page.fill('#id_username', name);
	await page.fill('#id_password', name);
	await page.click('[type=submit]');
	await page.locator('#user-tools').waitFor();
	const open = (path) => page.goto(address + path);
	const save = () => page.click('[name=_save]');
	return { page, context, open, save, troubles, typesTitle: (text) => page.fill('#id_title', text) };
}

function story(name, act) {
	test(name, { timeout: 120_000 }, async () => {
		await sql(`SET locking.enforce = off; SET locking.hand_over_time = 0;
			SELECT locking.break_lock(relation, key, 'end of the story') FROM locking.locks;
			DELETE FROM newsroom_review; DELETE FROM newsroom_article;
			INSERT INTO newsroom_article VALUES (1, 'Tides', 'Twice a day.', 3, 0, NULL)`);
		const people = [];
		try {
			await act(async (...args) => {
				people.push(await enter(...args));
				return people.at(-1);
			});
			assert.deepEqual(people.flatMap(({ troubles }) => troubles), []);
		} finally {
			await Promise.all(people.map(({ context }) => context.close()));
		}
	});
}

before(async () => { browser = await launch(); });
after(async () => {
	await browser?.close();
	for (const each of processes) {
		if (each.exitCode !== null) continue;
		each.kill('SIGTERM');
		await once(each, 'exit');
	}
});

let address;
before(async () => { address = await django(); });

story('two users cannot overwrite each other', async (invite) => {
	const [ann, bert] = [await invite('ann', address), await invite('bert', address)];
	await ann.open(ARTICLE);
	await ann.typesTitle('Ann types');
	await bert.open(ARTICLE);
	await bert.page.getByText('Ann Ames (ann) is editing this, for another').waitFor();
	assert.equal(await bert.page.locator('#id_title').count(), 0);
	await bert.open(LIST);
	await bert.page.getByTitle('Ann Ames').waitFor();
	await bert.page.fill('#id_form-0-title', 'Bert types');
	await bert.save();
	await bert.page.getByText('Ann Ames (ann) is editing this article, for another').waitFor();
	assert.equal(await bert.page.inputValue('#id_form-0-title'), 'Bert types');
	await ann.save();
	await ann.page.getByText('was changed successfully').waitFor();
	assert.equal(await title(), 'Ann types');
	assert.equal(await owner(), '');
	await bert.open(ARTICLE);
	await bert.typesTitle('Bert types');
	await bert.save();
	await bert.page.getByText('was changed successfully').waitFor();
	assert.equal(await title(), 'Bert types');
});

story('a page that is open keeps its lock, and one that is left does not', async (invite) => {
	const ann = await invite('ann', address);
	await ann.open(ARTICLE);
	assert.equal(await owner(), 'ann');
	await sql(`UPDATE locking.lock SET expires_at = clock_timestamp() + interval '5 s'`);
	await ann.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })));
	await eventually(async () => assert.equal(await sql('SELECT seconds_left > 40 FROM locking.locks'), 't'));
	await ann.page.goto('about:blank');
	await eventually(async () => assert.equal(await sql('SELECT seconds_left < 16 FROM locking.locks UNION ALL SELECT true LIMIT 1'), 't'));
});

story('the loser of a lock is told, keeps the text, and sees what was saved', async (invite) => {
	const ann = await invite('ann', address);
	await ann.open(ARTICLE);
	await ann.typesTitle('Ann types');
	await sql(`SELECT locking.set_owner('bert', 'Bert Brandt', false); SELECT locking.take_over('newsroom_article', '1', 'urgent');
		UPDATE newsroom_article SET title = 'Bert saved'; SELECT locking.release_all()`);
	await ann.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })));
	await ann.page.getByText('You no longer have the lock').waitFor();
	const bar = ann.page.locator('#locking-bar');
	// The user may save or reload at once, and not by mistake.
	ann.page.once('dialog', (dialog) => dialog.dismiss());
	await bar.getByRole('link', { name: 'Reload' }).click();
	assert.equal(await ann.page.inputValue('#id_title'), 'Ann types');
	await bar.getByRole('button', { name: 'Save' }).click();
	await ann.page.getByText('Saved now: Bert saved').waitFor();
	assert.equal(await ann.page.inputValue('#id_title'), 'Ann types');
	assert.equal(await title(), 'Bert saved');
	await ann.save();
	await ann.page.getByText('was changed successfully').waitFor();
	assert.equal(await title(), 'Ann types');
	await ann.open(ARTICLE);
	await ann.page.getByText('Only you can change this now.').waitFor();
	assert.equal(await bar.getByText('Reload').isVisible(), false);
	await ann.typesTitle('Ann types more');
	await sql(`SELECT locking.set_owner('bert', 'Bert Brandt', false); SELECT locking.take_over('newsroom_article', '1', 'urgent');
		UPDATE newsroom_article SET title = 'Bert again'; SELECT locking.release_all()`);
	await ann.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })));
	ann.page.once('dialog', (dialog) => dialog.accept());
	await bar.getByRole('link', { name: 'Reload' }).click();
	await ann.page.getByText('Only you can change this now.').waitFor();
	assert.equal(await ann.page.inputValue('#id_title'), 'Bert again');
});

story('a page that cannot renew its lock warns before it ends, and offers to save or to reload', async (invite) => {
	const ann = await invite('ann', address);
	// A lock of four seconds, as far as the page knows.
	await ann.context.addInitScript(() => addEventListener('DOMContentLoaded', () => {
		const found = document.getElementById('locking-bar');
		if (found) found.dataset.secondsLeft = '4';
	}));
	await ann.context.route('**/renew/', (route) => route.abort());
	await ann.open(ARTICLE);
	const bar = ann.page.locator('#locking-bar');
	const offers = async () => [await bar.getByRole('button', { name: 'Save' }).isVisible(), await bar.getByRole('link', { name: 'Reload' }).isVisible()];
	await bar.getByText(/Your lock ends in \d s,|Your lock has ended/).waitFor();
	assert.deepEqual(await offers(), [true, true]);
	await bar.getByText('Your lock has ended').waitFor();
	assert.deepEqual(await offers(), [true, true]);
});

story('a page of a row that another user has says when it is free', async (invite) => {
	const [ann, bert] = [await invite('ann', address), await invite('bert', address)];
	await bert.context.addInitScript(() => {
		const every = setInterval;
		window.setInterval = (act, delay) => every(act, delay / 20);
	});
	await ann.open(ARTICLE);
	await bert.open(ARTICLE);
	await bert.page.getByText('is editing this, for another').waitFor();
	await ann.save();
	await ann.page.getByText('was changed successfully').waitFor();
	await bert.page.getByText('It is free now.').waitFor();
	await bert.page.getByRole('link', { name: 'Edit' }).click();
	await bert.page.getByText('Only you can change this now.').waitFor();
});

story('two tabs of one user: the second save is refused', async (invite) => {
	const ann = await invite('ann', address);
	await ann.open(ARTICLE);
	const other = await ann.context.newPage();
	await other.goto(address + ARTICLE);
	await ann.typesTitle('First tab');
	await other.fill('#id_title', 'Second tab');
	await ann.save();
	await ann.page.getByText('was changed successfully').waitFor();
	await other.click('[name=_save]');
	await other.getByText('Saved now: First tab').waitFor();
	assert.equal(await other.inputValue('#id_title'), 'Second tab');
	assert.equal(await title(), 'First tab');
});

story('a user with the permission takes over', async (invite) => {
	const [ann, chief] = [await invite('ann', address), await invite('chief', address)];
	await ann.open(ARTICLE);
	await chief.open(ARTICLE);
	chief.page.on('dialog', (dialog) => dialog.accept());
	await chief.page.getByRole('button', { name: 'Take over' }).click();
	await chief.page.getByText('Only you can change this now.').waitFor();
	assert.equal(await owner(), 'chief');
	await chief.open(LIST);
	await sql(`SELECT locking.set_owner('ann', 'Ann Ames', false); SELECT locking.take_over('newsroom_article', '1', '')`);
	await chief.page.reload();
	await chief.page.getByRole('button', { name: '🔒' }).click();
	await chief.page.getByText('The row is unlocked.').waitFor();
	assert.equal(await owner(), '');
});

/* With locking-web, behind a proxy that signs users in. */

const wires = [];
after(() => Promise.all(wires.map((wire) => wire.remove())));

async function besideWeb(name) {
	const { PGHOST, PGPORT, LOCKING_WEB } = process.env;
	// Each user has a proxy, and so Django a second process.
	const site = {};
	const wire = await Wire.lay(site, { 'x-remote-user': name, 'x-remote-name': NAMES[name] });
	wires.push(wire);
	const app = await django(wire.address);
	site.address = await start(LOCKING_WEB, ['--listen', '127.0.0.1:0', '--dsn', `host=${PGHOST} port=${PGPORT} dbname=${DATABASE} user=webapp`,
		'--user-header', 'X-Remote-User', '--name-header', 'X-Remote-Name', '--trusted-proxy', '127.0.0.1', '--allow-origin', app]);
	return app;
}

story('with locking-web the form is wrapped in <locking-form>, and saved with its token', async (invite) => {
	const [ann, bert] = [await invite('ann', await besideWeb('ann')), await invite('bert', await besideWeb('bert'))];
	await ann.open(ARTICLE);
	const form = (person) => person.page.locator('locking-form');
	const bar = (person) => form(person).evaluate((element) => element.shadowRoot.textContent);
	const mayEdit = (person, expected) => eventually(async () => assert.equal(await form(person).evaluate((element) => element.mayEdit), expected, await bar(person)));
	await mayEdit(ann, true);
	await ann.typesTitle('Ann types');
	await bert.open(ARTICLE);
	await form(bert).getByText('Ann Ames').first().waitFor();
	await mayEdit(bert, false);
	await ann.save();
	await ann.page.getByText('was changed successfully').waitFor();
	assert.equal(await title(), 'Ann types');
	// The row is free; the form is read again before it is edited.
	await bert.page.reload();
	await mayEdit(bert, true);
	assert.equal(await bert.page.inputValue('#id_title'), 'Ann types');
	await bert.typesTitle('Bert types');
	await bert.save();
	await bert.page.getByText('was changed successfully').waitFor();
	assert.equal(await title(), 'Bert types');
	assert.equal(await owner(), '');
});
