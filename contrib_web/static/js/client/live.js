/**
 * The stream of lock events, which the tabs of a browser share: in a worker,
 * or else by one of them.
 */
import { ElectedStream } from './elected-stream.js';

/** Delays before a refused stream is opened again, in milliseconds. */
const REOPEN_FIRST = 5000;
const REOPEN_MAX = 60000;

/**
 * The event stream of one server. Events:
 * - `lock`: an event of a lock; detail: as in /api/v1/events
 * - `presence`: the people of a row have changed; detail: as in
 *   /api/v1/events
 * - `reset`: events may have been missed, so reload
 * - `state`: the connection changed, or that of the server to the database;
 *   detail: { on: boolean }
 * - `ended`: the server refused the stream; it is opened again later
 */
export class Live extends EventTarget {
	#url;
	#port = null;
	#reopen = null;
	#wanted = false;
	#wait = REOPEN_FIRST;
	/** Whether news of the database arrive. */
	on = false;

	/** @param {string} url of the stream */
	constructor(url) {
		super();
		this.#url = new URL(url, location.href).href;
		addEventListener('pagehide', () => this.#wanted && this.#part());
		addEventListener('pageshow', ({ persisted }) => persisted && this.#wanted && this.#join('join'));
	}

	/**
	 * Connects.
	 * @param {{ replace?: boolean }} [options] replace: also an open stream,
	 *   which belongs to the previous session
	 * @returns {void}
	 */
	start({ replace = false } = {}) {
		this.#wanted = true;
		this.#join(replace ? 'restart' : 'join');
	}

	/**
	 * Disconnects this page.
	 * @returns {void}
	 */
	leave() {
		this.#wanted = false;
		clearTimeout(this.#reopen);
		this.#part();
	}

	/**
	 * Disconnects all tabs, after signing out.
	 * @returns {void}
	 */
	stop() {
		this.#wanted = false;
		clearTimeout(this.#reopen);
		this.#port?.postMessage({ order: 'stop' });
		this.#part();
	}

	#join(order) {
		clearTimeout(this.#reopen);
		this.#port ??= this.#shared() ?? this.#elected();
		this.#port.postMessage({ order, url: this.#url });
	}

	#shared() {
		const script = new URL('./live-worker.js', import.meta.url);
		if (typeof SharedWorker === 'undefined' || script.origin !== location.origin) return null;
		try {
			const worker = new SharedWorker(script, { type: 'module', name: `locking-live ${this.#url}` });
			worker.onerror = () => this.#doWithout();
			worker.port.onmessage = ({ data }) => this.#receive(data);
			return worker.port;
		} catch {
			return null;
		}
	}

	// The script of the worker was not loaded, by a content security policy
	// for instance.
	#doWithout() {
		this.#port = this.#elected();
		if (this.#wanted) this.#join('join');
	}

	#elected() {
		return new ElectedStream(this.#url, (message) => this.#receive(message));
	}

	#part() {
		this.#port?.postMessage({ order: 'part' });
		this.#setOn(false);
	}

	#receive({ type, data, on, ended }) {
		if (type === 'state') this.#changeState(on, ended);
		else if (data !== undefined) this.dispatchEvent(new CustomEvent(type, { detail: JSON.parse(data) }));
		else this.dispatchEvent(new Event('reset'));
	}

	// EventSource does not reconnect after an HTTP error.
	#changeState(on, ended) {
		if (ended && this.#wanted) {
			clearTimeout(this.#reopen);
			this.#reopen = setTimeout(() => this.#join('join'), this.#wait);
			this.#wait = Math.min(REOPEN_MAX, this.#wait * 2);
			this.dispatchEvent(new Event('ended'));
		}
		if (on) this.#wait = REOPEN_FIRST;
		this.#setOn(on);
	}

	// Events before the connection were not sent, though the page may have
	// loaded its data earlier.
	#setOn(on) {
		if (on === this.on) return;
		this.on = on;
		this.dispatchEvent(new CustomEvent('state', { detail: { on } }));
		if (on) this.dispatchEvent(new Event('reset'));
	}
}
