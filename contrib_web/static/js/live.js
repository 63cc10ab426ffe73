/**
 * The live stream as events: `lock` (detail: what happened), `reset` (something may have been missed:
 * load anew), `state` (detail: { on }) and `ended` (the server refused it; it is asked for again
 * by and by). Shared between tabs where the browser can.
 */
const REOPEN_FIRST = 5000;
const REOPEN_MAX = 60000;

export class Live extends EventTarget {
	#url;
	#port = null;
	#source = null;
	#reopen = null;
	#wanted = false;
	#wait = REOPEN_FIRST;
	on = false;

	constructor(url) {
		super();
		this.#url = new URL(url, location.href).href;
		addEventListener('pagehide', () => this.#wanted && this.#part());
		addEventListener('pageshow', ({ persisted }) => persisted && this.#wanted && this.#join('join'));
	}

	/** @param {boolean} anew after signing in: the old stream is somebody else's */
	start({ anew = false } = {}) {
		this.#wanted = true;
		this.#join(anew ? 'restart' : 'join');
	}

	/** After signing out: for all tabs. */
	stop() {
		this.#wanted = false;
		clearTimeout(this.#reopen);
		this.#port?.postMessage({ order: 'stop' });
		this.#part();
	}

	#join(order) {
		clearTimeout(this.#reopen);
		this.#port ??= sharedPort((message) => this.#receive(message));
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
		source.addEventListener('lock', ({ data }) => this.#receive({ type: 'lock', data }));
		source.addEventListener('reset', () => this.#receive({ type: 'reset' }));
	}

	#receive({ type, data, on, ended }) {
		if (type === 'state') this.#changeState(on, ended);
		else if (type === 'lock') this.dispatchEvent(new CustomEvent('lock', { detail: JSON.parse(data) }));
		else this.dispatchEvent(new Event('reset'));
	}

	// A stream that the browser has given up (refused, or no answer) is asked for again.
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

	// What happened between a page's first reading, or its being left, and the opening of the stream was not sent.
	#setOn(on) {
		if (on === this.on) return;
		this.on = on;
		this.dispatchEvent(new CustomEvent('state', { detail: { on } }));
		if (on) this.dispatchEvent(new Event('reset'));
	}
}

function sharedPort(receive) {
	if (typeof SharedWorker === 'undefined') return null;
	try {
		const { port } = new SharedWorker(new URL('./live-worker.js', import.meta.url), { name: 'locking-live' });
		port.onmessage = ({ data }) => receive(data);
		return port;
	} catch {
		return null;
	}
}
