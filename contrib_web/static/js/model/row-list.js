/**
 * What an event of the live stream means for a page of rows or locks.
 */

const ENDS = ['released', 'expired', 'broken', 'taken_over'];
const BEGINS = ['acquired', 'resumed'];

/**
 * @param {{ key: string, lock: object|null }[]} rows
 * @param {object} event as the stream sends it
 * @param {{ owner: string, now: number, toClock: (iso: string) => number }} context whose page
 *   it is, and how a server's time is told by the page's clock
 * @returns {{ rows: object[], touched: string|null, unclear: boolean }} unclear: ask the server
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

/** When the first of the locks shown ends; Infinity if there is none. */
export const firstEnd = (locks) => Math.min(Infinity, ...locks.filter(Boolean).map((lock) => lock.endsAt));

/** The sort that a click on a header asks for: up, down, then by key again. */
export function nextSort({ sort, dir }, column) {
	if (sort !== column) return { sort: column, dir: 'asc' };
	return dir === 'asc' ? { sort: column, dir: 'desc' } : { sort: null, dir: null };
}
