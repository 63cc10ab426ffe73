/**
 * Presence of the user on a row: reports it to the server, and learns of the
 * other people.
 */
import { reportAt, reportOf, watching } from '../model/presence.js';
import { Problem, rowPath } from './api.js';

/** Events of the page that count as use of it. */
const USE = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'input'];
/** Delay before a report that failed is repeated, in milliseconds. */
const RETRY = 10_000;

/**
 * The presence on one row, from start() to leave(). Events:
 * - `people` (CustomEvent, detail: Person[] of model/presence.js): all people
 *   who have the row open, this user's tabs included
 */
export class Presence extends EventTarget {
	#api;
	#live;
	#path;
	#known;
	#client;
	#state;
	#timer = null;
	#isSending = false;
	#isLeft = false;
	#stop = new AbortController();
	/** All people who have the row open. */
	people = [];

	/**
	 * @param {object} options
	 * @param {import('./api.js').Api} options.api
	 * @param {import('./live.js').Live} options.live
	 * @param {string} options.table as SQL writes it
	 * @param {string} options.key the row's primary key as text
	 * @param {string} options.client the tab
	 * @param {number} [options.idleLimit] seconds after which a page that is
	 *   not used no longer reports
	 */
	constructor({ api, live, table, key, client, idleLimit = 3600 }) {
		super();
		this.#api = api;
		this.#live = live;
		this.#path = `${rowPath(table, key)}/presence`;
		this.#known = { table, key };
		this.#client = client;
		this.#state = watching({ now: performance.now(), limit: idleLimit * 1000 });
	}

	/**
	 * Begins to report.
	 * @returns {void}
	 */
	start() {
		const { signal } = this.#stop;
		for (const type of USE) addEventListener(type, () => this.#note({ usedAt: performance.now() }), { signal, passive: true });
		document.addEventListener('visibilitychange', () => this.#see(), { signal });
		addEventListener('pagehide', () => this.#goAway(), { signal });
		addEventListener('pageshow', ({ persisted }) => persisted && this.#comeBack(), { signal });
		this.#live.addEventListener('presence', ({ detail }) => this.#heard(detail), { signal });
		this.#live.addEventListener('reset', () => this.#note({ sent: null }), { signal });
		this.#see();
	}

	/**
	 * The user types.
	 * @param {string} field
	 * @returns {void}
	 */
	type(field) {
		const now = performance.now();
		this.#note({ usedAt: now, typedAt: now, field });
	}

	/**
	 * Ends the presence.
	 * @param {{ isGone?: boolean }} [options] whether there is no such row
	 *   any more, and its people with it
	 * @returns {void}
	 */
	leave({ isGone = false } = {}) {
		if (this.#isLeft) return;
		this.#stop.abort();
		this.#isLeft = true;
		clearTimeout(this.#timer);
		if (!isGone && this.#state.sent && this.#state.sent.state !== 'gone')
			this.#api.post(this.#path, { client: this.#client, state: 'gone' }, { keepalive: true }).catch(() => {});
	}

	#see() {
		const isVisible = document.visibilityState === 'visible';
		this.#note(isVisible ? { isVisible, usedAt: performance.now() } : { isVisible });
	}

	#goAway() {
		clearTimeout(this.#timer);
		this.#isLeft = true;
		this.#api.beacon(this.#path, { client: this.#client, state: 'gone' });
	}

	#comeBack() {
		this.#isLeft = false;
		this.#note({ usedAt: performance.now(), sent: null });
	}

	#note(changes) {
		this.#state = Object.freeze({ ...this.#state, ...changes });
		this.#schedule();
	}

	#schedule(earliest = 0) {
		clearTimeout(this.#timer);
		if (this.#isLeft || this.#isSending) return;
		const now = performance.now();
		const at = Math.max(reportAt(this.#state, now), earliest);
		if (at !== Infinity) this.#timer = setTimeout(() => this.#send(), Math.max(0, at - now));
	}

	// One report at a time. A failure is no news for the user: the lock or
	// the next save tells of it.
	async #send() {
		const now = performance.now();
		const report = reportOf(this.#state, now);
		this.#isSending = true;
		this.#state = Object.freeze({ ...this.#state, sent: report, sentAt: now });
		let earliest = 0;
		try {
			const { data } = await this.#api.post(this.#path, { client: this.#client, ...report });
			this.#known = { table: data.table, key: data.key };
			this.#show(data.people);
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			earliest = performance.now() + RETRY;
			this.#state = Object.freeze({ ...this.#state, sent: null });
		} finally {
			this.#isSending = false;
		}
		this.#schedule(earliest);
	}

	// With row security, events do not say of which row.
	#heard({ table, key, people }) {
		if (table !== this.#known.table) return;
		if (people === undefined) this.#note({ sent: null });
		else if (key === this.#known.key) this.#show(people);
	}

	#show(people) {
		if (this.#isLeft) return;
		this.people = people;
		this.dispatchEvent(new CustomEvent('people', { detail: people }));
	}
}
