/**
 * The lock of a row for users who may only read it. The live stream has no
 * renewals, so the lock is read again when its time ends, too.
 */
import { rowPath } from '../client/api.js';
import { timed } from '../model/lock-time.js';

/** Shortest time before such a read, in milliseconds. */
const READ_EVERY = 5000;

/**
 * @param {object} options
 * @param {object} options.app
 * @param {string} options.table
 * @param {string} options.key
 * @param {object|null} options.lock as read with the row, with `endsAt`
 * @param {AbortSignal} options.signal ends the watch
 * @param {(lock: object|null) => void} onRead called after each read
 * @returns {void}
 */
export function watchLock({ app, table, key, lock, signal }, onRead) {
	let timer = null;
	const readLater = (known) => {
		clearTimeout(timer);
		if (known) timer = setTimeout(read, Math.max(known.endsAt - performance.now(), READ_EVERY));
	};
	const read = async () => {
		const { data, sentAt } = await app.api.get(`${rowPath(table, key)}/lock`).catch(() => ({ data: null }));
		if (!data || signal.aborted) return;
		const known = timed(data.lock, sentAt);
		readLater(known);
		onRead(known);
	};
	const heard = ({ detail }) => detail.table === table && detail.key === key && read();
	app.live.addEventListener('lock', heard, { signal });
	app.live.addEventListener('reset', read, { signal });
	signal.addEventListener('abort', () => clearTimeout(timer));
	readLater(lock);
}
