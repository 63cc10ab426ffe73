/**
 * People who have rows open: who looks at them, types or is idle.
 */
import { locale } from '../lang/texts.js';
import { personName } from './text.js';

/**
 * @typedef {object} Person as the API returns it
 * @property {string} owner
 * @property {string|null} owner_name
 * @property {string} client the tab
 * @property {'viewing'|'typing'|'idle'} state
 * @property {string} since ISO; beginning of the state
 * @property {string|null} field in which the person is typing
 */

const ORDER = ['typing', 'viewing', 'idle'];

/**
 * The other people: one entry for each, that of their most active tab.
 * @param {Person[]} people of a row
 * @param {string} owner the user, who is left out
 * @returns {Person[]} in order of their names
 */
export function others(people, owner) {
	const byOwner = new Map();
	for (const person of people) {
		const known = byOwner.get(person.owner);
		if (person.owner !== owner && (!known || isMoreActive(person, known))) byOwner.set(person.owner, person);
	}
	return [...byOwner.values()].sort((a, b) => personName(a).localeCompare(personName(b), locale()));
}

const isMoreActive = (a, b) => ORDER.indexOf(a.state) < ORDER.indexOf(b.state);

/**
 * The people of the rows of one table, kept up to date by events.
 */
export class Roster {
	#rows = new Map();

	/**
	 * @param {{ key: string, people: Person[] }[]} rows all that people have
	 *   open
	 * @returns {void}
	 */
	replace(rows) {
		this.#rows = new Map(rows.map(({ key, people }) => [key, people]));
	}

	/**
	 * @param {{ key: string, people: Person[] }} row
	 * @returns {void}
	 */
	set({ key, people }) {
		if (people.length) this.#rows.set(key, people);
		else this.#rows.delete(key);
	}

	/**
	 * @param {string} key
	 * @returns {Person[]}
	 */
	of(key) {
		return this.#rows.get(key) ?? [];
	}

	/** Keys of the rows that people have open. */
	get keys() {
		return [...this.#rows.keys()];
	}
}

/** How long typing is shown after a change, in milliseconds. */
export const TYPING = 5000;
/** How long a page is not used before its user is idle, in milliseconds. */
export const IDLE_AFTER = 120_000;
/** Times between reports, in milliseconds; the server allows 20 and 90 s. */
const REPORT_EVERY = 8000;
const REPORT_IDLE_EVERY = 30_000;
/** A shorter time between two reports is waited for, in milliseconds. */
const REPORT_AFTER = 400;

/**
 * The state before a report.
 * @param {object} options
 * @param {number} options.now by performance.now()
 * @param {number} options.limit how long an idle page reports, in
 *   milliseconds
 * @returns {object} frozen
 */
export const watching = ({ now, limit }) =>
	Object.freeze({ isVisible: true, usedAt: now, typedAt: -Infinity, field: null, limit, sent: null, sentAt: -Infinity });

/**
 * What a page reports of its user.
 * @param {object} state of watching()
 * @param {number} now
 * @returns {{ state: 'viewing'|'typing'|'idle'|'gone', field: string|null }}
 */
export function reportOf({ isVisible, usedAt, typedAt, field, limit }, now) {
	if (now >= usedAt + limit) return { state: 'gone', field: null };
	if (!isVisible || now >= usedAt + IDLE_AFTER) return { state: 'idle', field: null };
	return now < typedAt + TYPING ? { state: 'typing', field } : { state: 'viewing', field: null };
}

/**
 * When the next report is due.
 * @param {object} state of watching()
 * @param {number} now
 * @returns {number} by performance.now(); Infinity: never
 */
export function reportAt(state, now) {
	const { sent, sentAt, usedAt, typedAt, isVisible, limit } = state;
	const { state: current, field } = reportOf(state, now);
	if (sent?.state !== current || sent.field !== field) return sent === null ? now : Math.max(now, sentAt + REPORT_AFTER);
	if (current === 'gone') return Infinity;
	const next = sentAt + (current === 'idle' ? REPORT_IDLE_EVERY : REPORT_EVERY);
	if (current === 'typing') return Math.min(next, typedAt + TYPING);
	return Math.min(next, usedAt + (current === 'idle' || !isVisible ? limit : IDLE_AFTER));
}
