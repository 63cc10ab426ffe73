/**
 * The stream of lock events, shared between tabs where the browser supports
 * SharedWorker.
 */

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
	#source = null;
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
		this.#port ??= sharedPort(this.#url, (message) => this.#receive(message));
		if (this.#port) this.#port.postMessage({ order, url: this.#url });
		else this.#openOwn();
	}

	#part() {
		this.#port?.postMessage({ order: 'part' });
		this.#source?.close();
		this.#source = null;
		this.#setOn(false);
	}

	#openOwn() {
		this.#source?.close();
		const source = new EventSource(this.#url, { withCredentials: true });
		this.#source = source;
		source.onopen = () => this.#receive({ type: 'state', on: true });
		source.onerror = () => this.#receive({ type: 'state', on: false, ended: source.readyState === EventSource.CLOSED });
		for (const type of ['lock', 'presence']) source.addEventListener(type, ({ data }) => this.#receive({ type, data }));
		source.addEventListener('reset', () => this.#receive({ type: 'reset' }));
		source.addEventListener('live', ({ data }) => this.#receive({ type: 'state', on: JSON.parse(data).live }));
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

// One worker for each stream.
function sharedPort(url, receive) {
	if (typeof SharedWorker === 'undefined') return null;
	try {
		const { port } = new SharedWorker(new URL('./live-worker.js', import.meta.url), { name: `locking-live ${url}` });
		port.onmessage = ({ data }) => receive(data);
		return port;
	} catch {
		return null;
	}
}
