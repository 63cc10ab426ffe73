/**
 * Requests that write, and whose answer may get lost. Each has a key by which
 * the server executes it once, however often it is sent.
 */
import { isDecided, mayBeExecuted } from '../model/outcome.js';
import { Problem } from './api.js';

/** Delays before a request is sent again, in milliseconds. */
const RETRY_FIRST = 1000;
const RETRY_MAX = 15000;

/** A write that is not sent again: it would replace what others wrote. */
export class NotRepeated extends Error {}

/** A condition under which nothing is written: no row has this version. */
export const NOTHING = '""';

/**
 * @typedef {object} Write
 * @property {string} key of newKey()
 * @property {'POST'|'PUT'|'DELETE'} method
 * @property {string} path below /api/v1
 * @property {object} [body]
 */

/**
 * Sends a request, and sends it again until it is known what became of it.
 * Where no lock keeps others from writing meanwhile, `look` reads the row
 * before each repetition, which the server executes only if the row is still
 * the one that was read.
 * @param {object} app
 * @param {Write} request
 * @param {object} options
 * @param {(problem: Problem) => void} options.onUnknown called for each
 *   answer after which it is not known yet
 * @param {() => Promise<string|null|undefined>} [options.look] the condition
 *   on the row, as If-Match; null: the request is not to be repeated;
 *   undefined: there is none
 * @param {boolean} [options.wasSent] whether it was sent before, and may have
 *   been executed
 * @param {AbortSignal} options.signal of the page's end
 * @returns {Promise<import('./api.js').Reply>}
 * @throws {Problem} the request was not executed
 * @throws {NotRepeated} it is not known whether it was executed
 */
export async function sendOnce(app, { key, method, path, body }, { onUnknown, look = async () => undefined, wasSent = false, signal }) {
	let isUnknown = wasSent;
	for (let attempt = 0; ; attempt++) {
		try {
			const condition = isUnknown ? await look() : undefined;
			if (condition === null) throw new NotRepeated();
			const headers = { 'Idempotency-Key': key, ...(condition && { 'If-Match': condition }) };
			return await app.api.send(method, path, { body, headers });
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			isUnknown ||= mayBeExecuted(error);
			if (!isUnknown || isDecided(error) || signal.aborted) throw error;
			onUnknown(error);
			await pause(app, Math.min(RETRY_MAX, RETRY_FIRST * 2 ** attempt));
		}
	}
}

/**
 * A key for one write. crypto.randomUUID() exists in secure contexts only.
 * @returns {string}
 */
export const newKey = () => `"${[...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}"`;

// Ends early when the server may be reachable again.
function pause(app, delay) {
	return new Promise((resolve) => {
		const ended = new AbortController();
		const { signal } = ended;
		const end = () => {
			clearTimeout(timer);
			ended.abort();
			resolve();
		};
		const timer = setTimeout(end, delay);
		for (const type of ['signedin', 'reachable']) app.addEventListener(type, end, { signal });
	});
}
