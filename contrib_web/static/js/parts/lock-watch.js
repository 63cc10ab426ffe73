/**
 * Who holds a row, for those who may only read it: asked anew whenever something happens to its
 * lock, and when its time is over, as renewals are not in the live stream.
 */
import { rowPath } from '../api.js';
import { timed } from '../pages/list-page.js';

/** Shortest time between two questions because the time was over. */
const ASK_EVERY = 5000;

/**
 * @param {object} options
 * @param {object} options.app
 * @param {string} options.table @param {string} options.key
 * @param {object|null} options.lock as read with the row, with `endsAt`
 * @param {AbortSignal} options.signal ends the watch
 * @param {(lock: object|null) => void} tell called with every answer
 */
export function watchLock({ app, table, key, lock, signal }, tell) {
	let timer = null;
	const askLater = (known) => {
		clearTimeout(timer);
		if (known) timer = setTimeout(ask, Math.max(known.endsAt - performance.now(), ASK_EVERY));
	};
	const ask = async () => {
		const { data, sentAt } = await app.api.get(`${rowPath(table, key)}/lock`).catch(() => ({ data: null }));
		if (!data || signal.aborted) return;
		const known = timed(data.lock, sentAt);
		askLater(known);
		tell(known);
	};
	const news = ({ detail }) => detail.table === table && detail.key === key && ask();
	app.live.addEventListener('lock', news, { signal });
	app.live.addEventListener('reset', ask, { signal });
	signal.addEventListener('abort', () => clearTimeout(timer));
	askLater(lock);
}
