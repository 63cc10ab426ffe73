/**
 * People who have rows of a list open.
 */
import { Problem, tablePath } from '../../client/api.js';
import { Roster } from '../../model/presence.js';

/** Shortest time between two reads, in milliseconds. */
const READ_EVERY = 1000;

/**
 * Events:
 * - `people` (detail: the row's key): the people of a row have changed
 */
export class RowPeople extends EventTarget {
	#app;
	#table;
	#signal;
	#roster = new Roster();
	#timer = null;
	#readAt = -Infinity;

	/**
	 * @param {object} app
	 * @param {string} table as in events
	 * @param {AbortSignal} signal of the page's end
	 */
	constructor(app, table, signal) {
		super();
		this.#app = app;
		this.#table = table;
		this.#signal = signal;
		app.live.addEventListener('presence', ({ detail }) => this.#heard(detail), { signal });
		app.live.addEventListener('reset', () => this.#readSoon(), { signal });
		signal.addEventListener('abort', () => clearTimeout(this.#timer));
		this.#readSoon();
	}

	/**
	 * @param {string} key
	 * @returns {import('../../model/presence.js').Person[]}
	 */
	of(key) {
		return this.#roster.of(key);
	}

	/** Keys of the rows that people have open. */
	get keys() {
		return this.#roster.keys;
	}

	// With row security, events do not say of which row.
	#heard(event) {
		if (event.table !== this.#table) return;
		if (event.people === undefined) return this.#readSoon();
		this.#roster.set(event);
		this.#tell([event.key]);
	}

	#readSoon() {
		if (this.#timer !== null) return;
		this.#timer = setTimeout(() => this.#read(), Math.max(0, this.#readAt + READ_EVERY - performance.now()));
	}

	// Without an answer the list shows whom it knows.
	async #read() {
		this.#timer = null;
		this.#readAt = performance.now();
		try {
			const { data } = await this.#app.api.get(`${tablePath(this.#table)}/presence`);
			if (this.#signal.aborted) return;
			const before = this.#roster.keys;
			this.#roster.replace(data.rows);
			this.#tell(new Set([...before, ...this.#roster.keys]));
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
		}
	}

	#tell(keys) {
		for (const key of keys) this.dispatchEvent(new CustomEvent('people', { detail: key }));
	}
}
