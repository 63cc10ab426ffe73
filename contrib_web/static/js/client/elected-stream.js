/**
 * One event stream for the tabs of a browser that cannot share a worker: it
 * has none, or the script is of another origin than the page. Of the pages of
 * an origin one is elected, by a lock of the browser, which ends with its
 * page. It keeps the stream, and passes the messages on to the others.
 *
 * Without such locks (pages without TLS, sandboxed frames) each page keeps a
 * stream of its own.
 */
import { Stream } from './stream.js';

/** The same interface as the port of live-worker.js. */
export class ElectedStream {
	#url;
	#name;
	#receive;
	#channel = null;
	#candidacy = null;
	/** Of the elected page */
	#stream = null;
	#resign = null;

	/**
	 * @param {string} url of the stream
	 * @param {(message: import('./stream.js').Message) => void} receive
	 */
	constructor(url, receive) {
		this.#url = url;
		this.#name = `locking-live ${url}`;
		this.#receive = receive;
	}

	/**
	 * @param {{ order: 'join'|'restart'|'part'|'stop' }} message
	 * @returns {void}
	 */
	postMessage({ order }) {
		if (order === 'part') this.#part();
		else if (this.#candidacy) this.#order(order);
		else if (order !== 'stop') this.#stand(order);
	}

	// The elected page answers with its state.
	#stand(order) {
		const candidacy = new AbortController();
		this.#candidacy = candidacy;
		if (!navigator.locks) return this.#lead(candidacy);
		this.#channel = new BroadcastChannel(this.#name);
		this.#channel.onmessage = ({ data }) => (data.order ? this.#obey(data.order) : this.#receive(data));
		this.#order(order);
		const lead = () => this.#lead(candidacy);
		return navigator.locks.request(this.#name, { signal: candidacy.signal }, lead).catch(lead);
	}

	// The others may have missed events since the last page resigned, so
	// their state changes to off and on again.
	#lead(candidacy) {
		if (candidacy.signal.aborted) return null;
		this.#stream = new Stream((message) => this.#tell(message));
		this.#tell(this.#stream.state);
		this.#stream.open(this.#url);
		return new Promise((resolve) => {
			this.#resign = resolve;
		});
	}

	#order(order) {
		this.#channel?.postMessage({ order });
		this.#obey(order);
	}

	#obey(order) {
		if (!this.#stream) return;
		if (order === 'stop') this.#stream.stop();
		else if (order === 'restart' || !this.#stream.isOpen) this.#stream.open(this.#url);
		else this.#tell(this.#stream.state);
	}

	#tell(message) {
		this.#channel?.postMessage(message);
		this.#receive(message);
	}

	#part() {
		this.#candidacy?.abort();
		this.#candidacy = null;
		this.#channel?.close();
		this.#channel = null;
		this.#stream?.close();
		this.#stream = null;
		this.#resign?.();
		this.#resign = null;
	}
}
