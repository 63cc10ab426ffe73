/**
 * Client of the JSON API under /api/v1. Errors are thrown as Problem.
 */
import { t } from '../lang/texts.js';
import { home, segment } from '../model/route.js';

/**
 * Timeout of a request without a body, and between two parts of a response,
 * in milliseconds.
 */
const TIMEOUT = 15000;
/** The slowest upload that a body is given time for, per millisecond. */
const SLOWEST_UPLOAD = 32;
/** Timeout of a download, in milliseconds. */
const DOWNLOAD_TIMEOUT = 300000;

/**
 * How long a request may take: over a slow connection, the upload of a long
 * text takes its time.
 * @param {string} [body] as it is sent
 * @returns {number} milliseconds, full seconds
 */
export const timeoutOf = (body = '') => TIMEOUT + Math.floor(body.length / SLOWEST_UPLOAD / 1000) * 1000;

/** A response that reports an error, or a request without a response. */
export class Problem extends Error {
	/**
	 * @param {number} status the HTTP status; 0: no response of locking-web
	 * @param {object} problem the problem document (RFC 9457), or {};
	 *   `foreign`: the status of an answer that is not of locking-web
	 * @param {number} sentAt when the request was sent, by performance.now()
	 */
	constructor(status, problem, sentAt) {
		super(problem.detail ?? problem.title ?? `status ${status}`);
		this.status = status;
		this.problem = problem;
		this.sentAt = sentAt;
	}
}

/**
 * Whether a request failed because server or database could not be reached,
 * or did not answer in time. What a proxy answers in their place, such as
 * status 502, is no answer.
 * @param {{ status: number, problem: object }} problem
 * @returns {boolean}
 */
export const isOutage = ({ status, problem }) => status === 0 || (status === 503 && /:unavailable$/.test(problem?.type ?? ''));

/**
 * The path of a table below /api/v1.
 * @param {string} table as SQL writes it
 * @returns {string}
 */
export const tablePath = (table) => `/tables/${segment(table)}`;

/**
 * The path of a row below /api/v1.
 * @param {string} table as SQL writes it
 * @param {string} key the primary key as text
 * @returns {string}
 */
export const rowPath = (table, key) => `${tablePath(table)}/rows/${segment(key)}`;

/**
 * @typedef {object} Reply
 * @property {any} data the response's JSON; null if it has none
 * @property {number} status
 * @property {number} sentAt when the request was sent, by performance.now()
 */

/**
 * The API of one server. The methods return a Reply and throw a Problem.
 *
 * The session may have ended, or be another one than the CSRF token is of:
 * the user has signed in again in another tab, or a proxy signs users in, for
 * whom locking-web begins a session when it is asked for one. So it is
 * fetched anew and the request is sent once more. A session of another user
 * is not used.
 *
 * Events:
 * - `signedout`: there is no session
 * - `otheruser`: the session is another user's; detail: { owner }
 * - `session`: the session was fetched anew; detail: { data, sentAt }
 * - `outage`: a request found no server or no database
 */
export class Api extends EventTarget {
	/**
	 * @param {string} [base] origin and base path of locking-web; '': the
	 *   page's own origin; default: of the one that serves this file
	 */
	constructor(base = home) {
		super();
		this.base = `${base}/api/v1`;
		/** The session's CSRF token, sent with every request that writes. */
		this.csrf = null;
		/**
		 * The owner that the page was opened for, sent with each request;
		 * null: any.
		 */
		this.owner = null;
		/**
		 * Time zone of values, in requests and replies; null: the database's.
		 */
		this.timeZone = null;
	}

	/**
	 * Uses a session from now on.
	 * @param {{ owner: string, csrf: string }|null} session as the API
	 *   returns it; null: none
	 * @returns {void}
	 */
	adopt(session) {
		this.owner = session?.owner ?? null;
		this.csrf = session?.csrf ?? null;
	}

	/**
	 * @param {string} path below /api/v1
	 * @param {object} [query] empty values are left out
	 * @returns {Promise<Reply>}
	 */
	get(path, query) {
		return this.send('GET', path, { query });
	}
	/**
	 * Reads a table as CSV.
	 * @param {string} path below /api/v1
	 * @param {object} [query] empty values are left out
	 * @returns {Promise<Blob>}
	 * @throws {Problem}
	 */
	download(path, query) {
		return this.#withSession(() => this.#downloadNow(path, query));
	}

	async #downloadNow(path, query) {
		const sentAt = performance.now();
		const headers = this.#headers('GET');
		const signal = AbortSignal.timeout(DOWNLOAD_TIMEOUT);
		const response = await this.#fetch(this.url(path, query), { headers, credentials: 'include', cache: 'no-store', signal }, sentAt);
		if (isForeign(response, 'text/csv')) throw foreign(response, sentAt);
		if (!response.ok) throw new Problem(response.status, (await readJson(response, sentAt, () => {})) ?? {}, sentAt);
		return whole(response.blob(), sentAt);
	}
	/**
	 * @param {string} path
	 * @param {object} [body]
	 * @param {object} [options] see send()
	 * @returns {Promise<Reply>}
	 */
	post(path, body, options) {
		return this.send('POST', path, { ...options, body: body ?? {} });
	}
	/**
	 * @param {string} path
	 * @param {object} body
	 * @returns {Promise<Reply>}
	 */
	put(path, body) {
		return this.send('PUT', path, { body });
	}
	/**
	 * @param {string} path
	 * @param {{ body?: object, keepalive?: boolean }} [options] see send()
	 * @returns {Promise<Reply>}
	 */
	delete(path, { body, keepalive } = {}) {
		return this.send('DELETE', path, { body, keepalive });
	}

	/**
	 * @param {string} method
	 * @param {string} path below /api/v1
	 * @param {object} [options]
	 * @param {object} [options.query] empty values are left out
	 * @param {object} [options.body] sent as JSON
	 * @param {object} [options.headers] further headers
	 * @param {boolean} [options.keepalive] sent even if the page is closed
	 * @param {AbortSignal} [options.signal] ends the request earlier
	 * @returns {Promise<Reply>}
	 * @throws {Problem}
	 */
	send(method, path, options) {
		const answer = this.#withSession(() => this.#sendNow(method, path, options));
		if (method !== 'GET') this.#note(answer);
		return answer;
	}

	async #withSession(attempt) {
		try {
			return await attempt();
		} catch (error) {
			if (this.csrf === null || !isSessionRefused(error)) throw this.#refused(error);
		}
		await this.fetchSession();
		return attempt().catch((error) => { throw this.#refused(error); });
	}

	#note(write) {
		this.#writes.add(write);
		const ends = () => this.#writes.delete(write);
		write.then(ends, ends);
	}
	#writes = new Set();

	/**
	 * Fetches the session anew, and uses it if it is still the same user's.
	 * @returns {Promise<void>}
	 * @throws {Problem} there is no session, or it is another user's
	 */
	fetchSession() {
		this.#fetching ??= this.#fetchSession()
			.catch((error) => { throw this.#refused(error); })
			.finally(() => (this.#fetching = null));
		return this.#fetching;
	}
	#fetching = null;

	async #fetchSession() {
		const { data, sentAt } = await this.#sendNow('GET', '/session', { query: { optional: true } });
		if (data === null) throw new Problem(401, { title: t('problem.signed_out') }, sentAt);
		if (this.owner !== null && data.owner !== this.owner)
			throw new Problem(403, { type: OTHER_USER, title: t('problem.other_user', { who: data.owner }), owner: data.owner }, sentAt);
		this.adopt(data);
		this.dispatchEvent(new CustomEvent('session', { detail: { data, sentAt } }));
	}

	async #sendNow(method, path, options = {}) {
		try {
			return await this.#exchange(method, path, options);
		} catch (error) {
			if (error instanceof Problem && isOutage(error)) this.dispatchEvent(new Event('outage'));
			throw error;
		}
	}

	async #exchange(method, path, { query, body, headers = {}, keepalive = false, signal }) {
		const sentAt = performance.now();
		const text = body === undefined ? undefined : JSON.stringify(body);
		const patience = new Patience(timeoutOf(text));
		try {
			const response = await this.#fetch(
				this.url(path, query),
				{
					method,
					body: text,
					headers: { ...this.#headers(method, body), ...headers },
					credentials: 'include',
					cache: 'no-store',
					keepalive,
					signal: AbortSignal.any([patience.signal, ...(signal ? [signal] : [])]),
				},
				sentAt,
			);
			if (isForeign(response, 'application/json')) throw foreign(response, sentAt);
			const data = await readJson(response, sentAt, () => patience.renew());
			if (response.ok) return { data, status: response.status, sentAt };
			throw new Problem(response.status, data ?? {}, sentAt);
		} finally {
			patience.end();
		}
	}

	#refused(error) {
		if (error.status === 401) this.dispatchEvent(new Event('signedout'));
		if (isOf(error, 'other-user')) this.dispatchEvent(new CustomEvent('otheruser', { detail: { owner: error.problem.owner } }));
		return error;
	}

	/**
	 * @param {string} path below /api/v1
	 * @param {object} [query] empty values are left out
	 * @returns {string}
	 */
	url(path, query = {}) {
		const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '');
		return `${this.base}${path}${given.length ? `?${new URLSearchParams(given)}` : ''}`;
	}

	/**
	 * Sends a POST while the page is being closed. The response is discarded.
	 * @param {string} path below /api/v1
	 * @param {object} body sent as JSON, with the CSRF token in it
	 * @returns {boolean} whether the browser accepted it
	 */
	beacon(path, body) {
		return navigator.sendBeacon(this.url(path), JSON.stringify({ ...body, csrf: this.csrf }));
	}

	#headers(method, body) {
		const headers = { Accept: 'application/json' };
		if (body !== undefined) headers['Content-Type'] = 'application/json';
		if (this.timeZone) headers['X-Time-Zone'] = this.timeZone;
		if (this.owner !== null) headers['X-Session-Owner'] = encoded(this.owner);
		if (method !== 'GET' && this.csrf) headers['X-CSRF-Token'] = this.csrf;
		return headers;
	}

	async #fetch(url, options, sentAt) {
		try {
			return await fetch(url, options);
		} catch (error) {
			throw noAnswer(sentAt, error);
		}
	}

	/**
	 * Waits until the requests that write are answered, but not for long: a
	 * page that was closed releases its lock, for instance.
	 * @param {number} longest in milliseconds
	 * @returns {Promise<void>}
	 */
	async settle(longest) {
		const end = pause(longest);
		for (;;) {
			await pause(0); // what follows from an answer is sent then
			if (!this.#writes.size || (await Promise.race([end, Promise.allSettled(this.#writes)])) === undefined) return;
		}
	}
}

const OTHER_USER = 'urn:locking:problem:other-user';
const isSessionRefused = (error) => isOf(error, 'csrf') || isOf(error, 'unauthenticated');
const isOf = (error, kind) => error instanceof Problem && error.problem.type === `urn:locking:problem:${kind}`;

// As the server does it: encodeURIComponent() leaves more as it is.
const encoded = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** A timeout like AbortSignal.timeout(), which can be restarted and ended. */
class Patience {
	#ending = new AbortController();
	#timer;
	/** @param {number} wait in milliseconds */
	constructor(wait) {
		this.#wait(wait);
	}
	get signal() {
		return this.#ending.signal;
	}
	/** Restarts the timeout, after a part of the response has arrived. */
	renew() {
		clearTimeout(this.#timer);
		this.#wait(TIMEOUT);
	}
	end() {
		clearTimeout(this.#timer);
	}
	#wait(time) {
		this.#timer = setTimeout(() => this.#ending.abort(new DOMException('', 'TimeoutError')), time);
	}
}

// Whether a proxy, a portal or a sign-on page answered in place of
// locking-web: what the request came to is not known then. Other refusals by
// a proxy, such as of a body that is too large, mean what they say.
function isForeign({ ok, status, headers }, expected) {
	const type = headers.get('Content-Type') ?? '';
	if (ok) return status !== 204 && !type.startsWith(expected);
	return (status === 404 || status >= 500) && !type.startsWith('application/problem+json');
}

const foreign = ({ status }, sentAt) => new Problem(0, { title: t('problem.no_answer'), detail: t('problem.foreign', { status }), foreign: status }, sentAt);

// A truncated response counts as none: the request may have been executed
// or not.
async function readJson(response, sentAt, onPart) {
	if (!/json/.test(response.headers.get('Content-Type') ?? '')) return null;
	return whole(partByPart(response, onPart).json(), sentAt);
}

// Calls onPart for each part of a response that arrives.
function partByPart({ body }, onPart) {
	return new Response(body?.pipeThrough(new TransformStream({
		transform(part, stream) {
			onPart();
			stream.enqueue(part);
		},
	})));
}

async function whole(body, sentAt) {
	try {
		return await body;
	} catch (error) {
		throw noAnswer(sentAt, error);
	}
}

const noAnswer = (sentAt, { name }) => new Problem(0, { title: t('problem.no_answer'), ...(name === 'TimeoutError' ? { detail: tooLate(sentAt) } : {}) }, sentAt);
const tooLate = (sentAt) => t('problem.too_late', { n: Math.round((performance.now() - sentAt) / 1000) });

const pause = (time) => new Promise((resolve) => { setTimeout(resolve, time); });
