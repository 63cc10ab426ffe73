/**
 * Requests that write, and whose answer may get lost. Each has a key by which
 * the server executes it once, however often it is sent.
 */
import { isDecided, mayBeExecuted } from '../model/outcome.js';
import { Problem } from './api.js';

/** Delays before a request is sent again, in milliseconds. */
const RETRY_FIRST = 1000;
const RETRY_MAX = 15000;

/**
 * Sends a request, and sends it again until it is known what became of it.
 * @param {object} app
 * @param {object} request
 * @param {'POST'|'PUT'|'DELETE'} request.method
 * @param {string} request.path below /api/v1
 * @param {object} [request.body]
 * @param {object} options
 * @param {(problem: Problem) => void} options.onUnknown called for each
 *   answer after which it is not known yet
 * @param {AbortSignal} options.signal of the page's end
 * @returns {Promise<import('./api.js').Reply>}
 * @throws {Problem} the request was not executed
 */
export async function sendOnce(app, { method, path, body }, { onUnknown, signal }) {
	const key = newKey();
	let isUnknown = false;
	for (let attempt = 0; ; attempt++) {
		try {
			return await app.api.send(method, path, { body, headers: { 'Idempotency-Key': key } });
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			isUnknown ||= mayBeExecuted(error);
			if (!isUnknown || isDecided(error) || signal.aborted) throw error;
			onUnknown(error);
			await pause(app, Math.min(RETRY_MAX, RETRY_FIRST * 2 ** attempt));
		}
	}
}

// crypto.randomUUID() exists in secure contexts only.
const newKey = () => `"${[...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}"`;

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
