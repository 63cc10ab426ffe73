/**
 * A person who edits rows in random steps, and what has to become of the text
 * typed: it is saved, or offered as a draft, unless a step discarded it.
 *
 * A step depends on random numbers only, so that the seed repeats it. What
 * the page does not allow at that moment does nothing.
 */
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
		person.context.on('response', (response) => this.#sawAnswer(response));
		person.context.on('dialog', (dialog) => this.#warned(dialog));
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
		handOver: ({ choice }) => this.#press(pick(() => choice, ['Hand over', 'Save and hand over', 'Hand over, keep a draft'])),
		decline: () => this.#pressAndAnswer('Decline…', 'Decline'),
		takeOver: () => this.#pressAndAnswer('Take over…', 'Take over'),
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
		if (!await button.isVisible() || !await button.isEnabled()) return '';
		await button.click({ timeout: SHORT });
		return name;
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
		if (!await input.isVisible() || !await input.isEditable()) return '';
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
		const answer = await this.#answer(pick(() => choice, ['Discard', 'Keep a draft', 'Keep a draft', 'Stay']));
		if (answer === 'Discard') this.#visit.texts = {};
		return answer;
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
		await this.#press('Discard', this.#page.locator('.draft-offers'));
		texts.forEach((text) => this.#drop(text));
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
		const answer = await this.#answer(choice < 0.7 ? 'Keep a draft' : 'Discard');
		if (answer === 'Discard') this.#visit.texts = {};
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

	async #sawAnswer(response) {
		if (!/\/rows\/[^/]+$/.test(new URL(response.url()).pathname) || !response.ok()) return;
		const { values } = await response.json().catch(() => ({}));
		if (values) this.read.add(versionOf(values));
	}

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
		const server = await this.#person.site.sql(`SELECT coalesce(jsonb_object_agg(client, data -> 'values'), '{}') FROM locking.draft WHERE owner = '${this.owner}'`);
		const all = { ...JSON.parse(server), ...await this.#page.evaluate(readDrafts) };
		return Object.fromEntries(Object.entries(all).map(([id, values]) => [id, Object.values(values)]));
	}
}

/** A version of a row, to compare. */
export const versionOf = ({ title, body }) => JSON.stringify([title, body]);

/** Runs in the page. */
function readDrafts() {
	return new Promise((resolve, reject) => {
		const opening = indexedDB.open('locking', 1);
		opening.onerror = () => reject(opening.error);
		opening.onsuccess = () => {
			const reading = opening.result.transaction('drafts').objectStore('drafts').getAll();
			reading.onsuccess = () => {
				opening.result.close();
				resolve(Object.fromEntries(reading.result.map(({ id, data }) => [id, data.values])));
			};
		};
	});
}
