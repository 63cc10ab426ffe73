/**
 * Lists of rows: the effect of lock events, and sorting.
 */

const ENDS = ['released', 'expired', 'broken', 'taken_over'];
const BEGINS = ['acquired', 'resumed', 'handed_over'];

/**
 * Applies an event to the rows shown.
 * @param {{ key: string, lock: object|null }[]} rows
 * @param {object} event as the stream sends it
 * @param {object} context
 * @param {string} context.owner the user
 * @param {number} context.now by performance.now()
 * @param {(iso: string) => number} context.toClock converts a server time to
 *   performance.now()
 * @returns {{ rows: object[], touched: string|null, unclear: boolean }}
 *   touched: the key of the row that changed; unclear: the rows must be
 *   loaded again
 */
export function applyEvent(rows, event, { owner, now, toClock }) {
	const none = { rows, touched: null, unclear: false };
	if (event.event === 'changed') return { ...none, unclear: true };
	const row = rows.find(({ key }) => key === event.key);
	if (!row) return none;
	if (ENDS.includes(event.event)) return row.lock && row.lock.owner === event.owner ? replaced(rows, row, null) : none;
	if (!BEGINS.includes(event.event)) return none;
	const lock = {
		...(row.lock?.owner === event.owner ? row.lock : {}),
		table: event.table,
		key: event.key,
		owner: event.owner,
		owner_name: event.owner_name,
		is_mine: event.owner === owner,
		endsAt: event.expires_at ? toClock(event.expires_at) : now,
	};
	return replaced(rows, row, lock);
}

function replaced(rows, row, lock) {
	return { rows: rows.map((each) => (each === row ? { ...row, lock } : each)), touched: row.key, unclear: false };
}

/**
 * Whether two loads of a list have the same rows, apart from their locks.
 * @param {{ key: string, values: object }[]} a
 * @param {{ key: string, values: object }[]} b
 * @returns {boolean}
 */
export const sameRows = (a, b) =>
	a.length === b.length &&
	a.every(({ key, values }, at) => key === b[at].key && JSON.stringify(values) === JSON.stringify(b[at].values));

/**
 * The order after a click on a column's header: ascending, descending, then
 * by key again.
 * @param {{ sort?: string, dir?: 'asc'|'desc' }} order the current one
 * @param {string} column
 * @returns {{ sort: string|null, dir: 'asc'|'desc'|null }}
 */
export function nextSort({ sort, dir }, column) {
	if (sort !== column) return { sort: column, dir: 'asc' };
	return dir === 'asc' ? { sort: column, dir: 'desc' } : { sort: null, dir: null };
}
