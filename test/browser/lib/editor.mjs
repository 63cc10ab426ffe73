/**
 * A person who edits rows in random steps, and what has to become of the text
 * typed: it is saved, or offered as a draft, unless a step discarded it.
 *
 * A step depends on random numbers only, so that the seed repeats it. What
 * the page does not allow at that moment does nothing.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from './person.mjs';
import { pick } from './random.mjs';

/** How long a step waits for what may not come, in milliseconds. */
const SHORT = 700;
/** How long a page may take to load, while the server may be away. */
const LOADING = 3000;
const COLUMNS = ['title', 'body'];

/** Steps by name, with their weights. */
const WEIGHTS = {
	open: 3, type: 30, paste: 6, save: 5, keep: 8, enter: 2, cancel: 4, locks: 2, reload: 4, crash: 4, close: 3, offline: 4, online: 4,
	ask: 8, handOver: 9, decline: 2, takeOver: 10, again: 6, keepEditing: 2, control: 2, restore: 6, discard: 1, compare: 2,
	signOut: 2, expire: 2,
};
const STEPS = Object.entries(WEIGHTS).flatMap(([name, weight]) => Array(weight).fill(name));

export class Editor {
	#person;
	#table;
	#keys;
	#random;
	#count = 0;
	#visit = null;
	#past = [];
	#patience = 0;
	/** Texts that were typed, also in part. */
	typed = [];
	/** Versions of rows that the person's pages have read, as JSON. */
	read = new Set();

	/**
	 * @param {import('./person.mjs').Person} person
	 * @param {object} options
	 * @param {string} options.table
	 * @param {string[]} options.keys
	 * @param {() => number} options.random
	 */
	constructor(person, { table, keys, random }) {
		this.#person = person;
		this.#table = table;
		this.#keys = keys;
		this.#random = random;
		person.context.on('dialog', (dialog) => this.#warned(dialog));
	}

	/**
	 * Notes from now on which versions of rows the pages read. A page gets a
	 * row only once it is noted: later the answer may be gone with the page.
	 * @returns {Promise<void>}
	 */
	async watch() {
		await this.#person.context.exposeBinding('noteRow', (source, values) => { this.read.add(versionOf(values)); });
		await this.#person.context.addInitScript(noteRows);
	}

	get owner() { return this.#person.role; }

	/**
	 * Takes one random step.
	 * @returns {Promise<string>} what was done
	 */
	async step() {
		const name = pick(this.#random, STEPS);
		const dice = { key: pick(this.#random, this.#keys), column: pick(this.#random, COLUMNS), choice: this.#random() };
		try {
			return `${this.owner} ${await this.#comeBack(dice) ?? `${name}: ${await this.#take(name, dice) || '-'}`}`;
		} catch (error) {
			return `${this.owner} ${name}: ${error.message.split('\n')[0]}`;
		}
	}

	/**
	 * Takes a step of a story: what the page does not show yet is waited for.
	 * @param {string} name of a step, or `enter`: opens a row, as a user who
	 *   is signed in; or `hold`: gets its lock, too
	 * @param {string} key of the row
	 * @returns {Promise<string>} what was done
	 */
	async play(name, key) {
		const dice = { key, column: pick(this.#random, COLUMNS), choice: this.#random() };
		this.#patience = LOADING;
		try {
			return `${this.owner} ${name}: ${await this.#playNow(name, dice) || '-'}`;
		} catch (error) {
			return `${this.owner} ${name}: ${error.message.split('\n')[0]}`;
		} finally {
			this.#patience = 0;
		}
	}

	#playNow(name, dice) {
		if (name === 'enter') return this.#enter(dice.key);
		return name === 'hold' ? this.#hold(dice.key) : this.#take(name, dice);
	}

	async #enter(key) {
		if (this.#page.isClosed()) this.#person.page = await this.#person.context.newPage();
		await this.#open(key);
		return await this.#signIn() || key;
	}

	async #hold(key) {
		await this.#enter(key);
		const isHeld = () => this.#page.locator('.lock-bar[data-tone="mine"]').isVisible();
		const ways = ['Start editing', 'Take control in this tab', 'Take over…'].map((name) => this.#page.getByRole('button', { name, exact: true }));
		const seen = async () => (await Promise.all([isHeld(), ...ways.map((way) => way.isVisible())])).indexOf(true);
		await this.#comes(async () => await seen() >= 0);
		const way = ways[await seen() - 1];
		if (way) await way.click({ timeout: SHORT });
		if (way === ways[2]) await this.#answer('Take over');
		return await this.#comes(isHeld) ? key : '';
	}

	async #take(name, dice) {
		await this.#escape();
		return this.#steps[name](dice);
	}

	// Without a form to work in, that is the step.
	async #comeBack({ key, choice }) {
		if (this.#page.isClosed()) this.#person.page = await this.#person.context.newPage();
		else if (choice < 0.5 && await this.#page.getByLabel('Password').isVisible()) return `signs in: ${await this.#signIn()}`;
		else if (await this.#page.locator('value-field').first().isVisible()) return null;
		return `opens ${await this.#open(key)}`;
	}

	#steps = {
		open: ({ key }) => this.#open(key),
		type: ({ column }) => this.#type(column, (page, text) => page.keyboard.type(text)),
		paste: ({ column }) => this.#type(column, (page, text) => page.keyboard.insertText(text)),
		save: () => this.#press('Save'),
		keep: () => this.#press('Save and keep editing'),
		enter: () => this.#page.locator('value-field[data-column="title"] input').press('Enter', { timeout: SHORT }),
		cancel: ({ choice }) => this.#leave('button', 'Cancel', choice),
		locks: ({ choice }) => this.#leave('link', 'Locks', choice),
		reload: async () => {
			const { key } = this.#visit;
			await this.#connect(true);
			this.#endVisit();
			this.#visit = { key, texts: {} };
			await this.#page.reload();
			return key;
		},
		crash: async () => {
			await this.#person.crash();
			await this.#page.close();
			this.#endVisit();
			return 'crashed';
		},
		close: async () => {
			await this.#page.close();
			this.#endVisit();
			return 'closed';
		},
		offline: () => this.#connect(false),
		online: () => this.#connect(true),
		ask: () => this.#pressAndAnswer('Request editing…', 'Request editing'),
		handOver: ({ choice }) => this.#press(pick(() => choice, ['Hand over', 'Save and hand over', 'Keep a draft and hand over'])),
		saveAndHandOver: () => this.#press('Save and hand over'),
		decline: () => this.#pressAndAnswer('Decline…', 'Decline'),
		takeOver: () => this.#pressAndAnswer('Take over…', 'Take over'),
		begin: () => this.#press('Start editing'),
		again: async ({ choice }) => await this.#press('Start editing') || this.#press(choice < 0.5 ? 'Lock again and save' : 'Start editing'),
		keepEditing: () => this.#press('Keep editing'),
		control: () => this.#press('Take control in this tab'),
		restore: () => this.#restore(),
		discard: () => this.#discard(),
		compare: ({ choice }) => this.#compare(choice),
		signOut: ({ choice }) => this.#signOut(choice),
		expire: async () => {
			await this.#person.context.clearCookies();
			return 'the session has ended';
		},
	};

	get #page() { return this.#person.page; }
	#input(column) { return this.#person.input(column); }

	/* Pages */

	async #open(key) {
		await this.#connect(true);
		this.#endVisit();
		this.#visit = { key, texts: {} };
		await this.#person.open(this.#path(key)).catch(() => {});
		await this.#page.locator('value-field, input[type="password"]').first().waitFor({ timeout: LOADING }).catch(() => {});
		return key;
	}

	#path(key) { return `/tables/${this.#table}/${key}`; }

	#endVisit() {
		if (this.#visit) this.#past.push(this.#visit);
		this.#visit = null;
	}

	// A dialog that an earlier step has left open
	async #escape() {
		if (await this.#person.dialog().isVisible()) await this.#page.keyboard.press('Escape');
	}

	async #connect(isOnline) {
		await this.#person.context.setOffline(!isOnline);
		return isOnline ? 'connected' : 'not connected';
	}

	/* Buttons */

	async #press(name, within = this.#page) {
		const button = within.getByRole('button', { name, exact: true }).first();
		if (!await this.#comes(async () => await button.isVisible() && button.isEnabled())) return '';
		await button.click({ timeout: SHORT });
		return name;
	}

	// In a story the pages of others may take a moment.
	async #comes(isThere) {
		const end = performance.now() + this.#patience;
		while (!await isThere()) {
			if (performance.now() > end) return false;
			await pause(20);
		}
		return true;
	}

	async #pressAndAnswer(name, choice) {
		return await this.#press(name) && this.#answer(choice);
	}

	async #answer(choice) {
		const dialog = this.#person.dialog();
		if (!await dialog.waitFor({ timeout: SHORT }).then(() => true, () => false)) return '';
		return this.#press(choice, dialog);
	}

	/* Text */

	async #type(column, enter) {
		const input = this.#input(column);
		if (!await this.#comes(async () => await input.isVisible() && input.isEditable())) return '';
		const before = await input.inputValue();
		const text = `${this.owner} ${++this.#count}.`;
		this.typed.push(text);
		await input.focus({ timeout: SHORT });
		await this.#page.keyboard.press('Control+a');
		await enter(this.#page, text);
		await this.#note(column, before);
		return `${column}: ${text}`;
	}

	// What the field contains now. It may be a part of the text, if the form
	// was closed meanwhile.
	async #note(column, before) {
		const after = await this.#input(column).inputValue({ timeout: SHORT });
		if (after === before) return;
		if (this.#isOwn(after)) this.#visit.texts[column] = after;
		else delete this.#visit.texts[column];
	}

	#isOwn(text) { return text.startsWith(this.owner); }

	async #values() {
		return Object.fromEntries(await Promise.all(COLUMNS.map(async (column) => [column, await this.#input(column).inputValue({ timeout: SHORT })])));
	}

	// A save that is under way lets the page be left without a question.
	async #leave(role, name, choice) {
		const element = this.#page.getByRole(role, { name, exact: true }).first();
		if (!await element.isVisible() || !await element.isEnabled()) return '';
		await element.click({ timeout: SHORT });
		return this.#answerAboutText(pick(() => choice, ['Discard', 'Keep a draft', 'Keep a draft', 'Stay']));
	}

	async #answerAboutText(choice) {
		const { texts } = this.#visit;
		return this.#discards(() => this.#answer(choice), () => choice === 'Discard' && Object.keys(texts).forEach((column) => { delete texts[column]; }));
	}

	// A click that took too long may have been one all the same.
	async #discards(press, forget) {
		const did = await press().catch((error) => {
			forget();
			throw error;
		});
		if (did) forget();
		return did;
	}

	// The form has the text of the draft, which has no other place then. What
	// it replaces is offered as a draft.
	async #restore() {
		const before = await this.#values();
		if (!await this.#press('Restore', this.#page.locator('.draft-offers'))) return '';
		const after = await this.#values();
		for (const column of COLUMNS) {
			if (after[column] === before[column] || !this.#isOwn(after[column])) continue;
			this.#drop(after[column]);
			this.#past.push({ key: this.#visit.key, texts: { [column]: this.#visit.texts[column] } });
			this.#visit.texts[column] = after[column];
		}
		return Object.values(after).join(', ');
	}

	async #discard() {
		const [id] = await this.#offeredIds();
		if (!id) return '';
		const texts = (await this.#contents())[id] ?? [];
		await this.#discards(() => this.#press('Discard', this.#page.locator('.draft-offers')), () => texts.forEach((text) => this.#drop(text)));
		return texts.join(', ');
	}

	#drop(text) {
		for (const { texts } of [...this.#past, this.#visit])
			for (const column of COLUMNS) if (texts[column] === text) delete texts[column];
	}

	async #compare(choice) {
		if (!await this.#press('Compare and copy')) return '';
		const before = await this.#values();
		if (!await this.#person.dialog().waitFor({ timeout: SHORT }).then(() => true, () => false)) return '';
		if (choice < 0.5) await this.#person.dialog().locator('input[value="theirs"]').first().check({ timeout: SHORT });
		const answer = await this.#answer('Use selected');
		for (const column of COLUMNS) await this.#note(column, before[column]);
		return answer;
	}

	// The browser asks whether text that is kept nowhere may be lost.
	async #warned(dialog) {
		if (dialog.type() === 'beforeunload' && this.#visit) this.#visit.texts = {};
		await dialog.accept().catch(() => {});
	}

	/* Sessions */

	async #signOut(choice) {
		if (!await this.#press('Sign out')) return '';
		const answer = await this.#answerAboutText(choice < 0.7 ? 'Keep a draft' : 'Discard');
		const stays = await this.#answer('Stay signed in');
		return `${answer} ${stays}`;
	}

	async #signIn() {
		const password = this.#page.getByLabel('Password');
		if (!await password.isVisible()) return '';
		const name = this.#page.getByLabel('Name', { exact: true });
		if (await name.isEditable()) await name.fill(this.owner, { timeout: SHORT });
		await password.fill(`${this.owner}-password`, { timeout: SHORT });
		return this.#press('Sign in', this.#page.locator('form').filter({ has: password }));
	}

	/* What has become of the text */

	/**
	 * Ends the last page, and starts again with a new one, online and signed
	 * in.
	 * @returns {Promise<void>}
	 */
	async rest() {
		this.#endVisit();
		await this.#page.close();
		await this.#connect(true);
		await eventually(() => this.#person.signInQuietly());
		this.#person.page = await this.#person.context.newPage();
	}

	/** Texts that must be saved or offered, by key of the row. */
	get owed() {
		const ofRow = (key) => new Set(this.#past.filter((visit) => visit.key === key).flatMap(({ texts }) => Object.values(texts)).filter(Boolean));
		return Object.fromEntries(this.#keys.map((key) => [key, ofRow(key)]));
	}

	/**
	 * Opens a row, and reads which drafts its page offers.
	 * @param {string} key
	 * @returns {Promise<string[][]>} the texts of each
	 */
	async offered(key) {
		await this.#person.open(this.#path(key));
		await this.#person.page.locator('value-field').first().waitFor();
		await this.#person.seesNo('Not known yet');
		const contents = await this.#contents();
		return (await this.#offeredIds()).map((id) => contents[id]);
	}

	#offeredIds() {
		return this.#page.locator('.draft-offers li').evaluateAll((items) => items.map((item) => item.dataset.draft));
	}

	/** The texts of drafts on this computer and on the server, by id. */
	async #contents() {
		const here = Object.fromEntries((await this.#page.evaluate(readDrafts)).map(({ id, data }) => [id, data.values]));
		return Object.fromEntries(Object.entries({ ...await this.#onServer(), ...here }).map(([id, values]) => [id, Object.values(values)]));
	}

	/** The values of drafts on the server, by id. */
	async #onServer() {
		return JSON.parse(await this.#person.site.sql(`SELECT coalesce(jsonb_object_agg(client, data -> 'values'), '{}') FROM locking.draft WHERE owner = '${this.owner}'`));
	}

	/**
	 * Drafts that this computer has, and believes to be on the server, where
	 * another computer of the person would look for them.
	 * @returns {Promise<string[]>} the texts of those that are not there
	 */
	async missingOnServer() {
		const [here, server] = [await this.#page.evaluate(readDrafts), await this.#onServer()];
		return here.filter(({ id, isSent }) => isSent && !(id in server)).flatMap(({ data }) => Object.values(data.values));
	}
}

/** A version of a row, to compare. */
export const versionOf = ({ title, body }) => JSON.stringify([title, body]);

/** Runs in each page, before its scripts. */
function noteRows() {
	const { fetch } = globalThis;
	globalThis.fetch = async (url, options) => {
		const response = await fetch(url, options);
		if (!/\/rows\/[^/]+$/.test(new URL(url, location.href).pathname) || !response.ok) return response;
		const { values } = await response.clone().json().catch(() => ({}));
		if (values) await globalThis.noteRow(values);
		return response;
	};
}

/** Runs in the page. */
function readDrafts() {
	return new Promise((resolve, reject) => {
		const opening = indexedDB.open('locking', 1);
		opening.onerror = () => reject(opening.error);
		opening.onsuccess = () => {
			const reading = opening.result.transaction('drafts').objectStore('drafts').getAll();
			reading.onsuccess = () => {
				opening.result.close();
				resolve(reading.result);
			};
		};
	});
}
