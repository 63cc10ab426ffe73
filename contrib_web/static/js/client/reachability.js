/**
 * Finds out when server and database can be reached again after an outage.
 */
import { isOutage } from './api.js';

/** Delays before it is tried, in milliseconds. */
const FIRST = 2000;
const LONGEST = 15000;

/** Events: `reachable` after an outage. */
export class Reachability extends EventTarget {
	#api;
	#isOut = false;
	#tries = 0;
	#timer = null;

	/** @param {import('./api.js').Api} api whose requests tell of outages */
	constructor(api) {
		super();
		this.#api = api;
		api.addEventListener('outage', () => this.#lost());
		addEventListener('online', () => this.#try());
	}

	#lost() {
		this.#isOut = true;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#try(), Math.min(LONGEST, FIRST * 2 ** this.#tries));
	}

	async #try() {
		if (!this.#isOut) return;
		this.#tries++;
		try {
			await this.#api.get('/session', { optional: true });
		} catch (error) {
			if (isOutage(error)) return; // an event of the API as well
		}
		this.#found();
	}

	#found() {
		if (!this.#isOut) return;
		this.#isOut = false;
		this.#tries = 0;
		clearTimeout(this.#timer);
		this.dispatchEvent(new Event('reachable'));
	}
}
