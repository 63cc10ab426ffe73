/**
 * The connection of one event stream, in a page or a worker.
 *
 * @typedef {object} Message
 * @property {'lock'|'presence'|'reset'|'state'} type
 * @property {string} [data] of the event, JSON
 * @property {boolean} [on] of `state`: whether news of the database arrive
 * @property {boolean} [ended] of `state`: whether the server refused the
 *   stream, or it was closed for all pages; EventSource does not reconnect
 */

/** An event stream that passes on each of its messages. */
export class Stream {
	#tell;
	#source = null;
	#isLive = false;

	/** @param {(message: Message) => void} tell */
	constructor(tell) {
		this.#tell = tell;
	}

	/** Whether it is connected, or reconnects by itself. */
	get isOpen() {
		return this.#source !== null && this.#source.readyState !== EventSource.CLOSED;
	}

	/** @returns {Message} the present state */
	get state() {
		return { type: 'state', on: this.#isLive };
	}

	/**
	 * Connects. A stream that is open is closed: it may belong to the
	 * previous session.
	 * @param {string} url
	 * @returns {void}
	 */
	open(url) {
		this.close();
		const source = new EventSource(url, { withCredentials: true });
		this.#source = source;
		source.onopen = () => this.#setLive(true);
		source.onerror = () => this.#setLive(false, source.readyState === EventSource.CLOSED);
		source.addEventListener('live', ({ data }) => this.#setLive(JSON.parse(data).live));
		for (const type of ['lock', 'presence']) source.addEventListener(type, ({ data }) => this.#tell({ type, data }));
		source.addEventListener('reset', () => this.#tell({ type: 'reset' }));
	}

	/**
	 * Disconnects.
	 * @returns {void}
	 */
	close() {
		this.#source?.close();
		this.#source = null;
	}

	/**
	 * Disconnects all pages, after signing out.
	 * @returns {void}
	 */
	stop() {
		this.close();
		this.#setLive(false, true);
	}

	#setLive(on, ended = false) {
		this.#isLive = on;
		this.#tell({ type: 'state', on, ended });
	}
}
