/**
 * The history of locks as people read it: who edited a row, and how long. A
 * lock and its end are one entry.
 */
const BEGINS = ['acquired', 'resumed'];
const ENDS = ['released', 'expired', 'broken', 'taken_over'];

/**
 * @typedef {object} Entry the event that ended a lock, or one that has no
 *   counterpart among the events
 * @property {string|null} since when the lock began, if that is known
 * @property {number|null} seconds how long it lasted
 */

/**
 * Joins the beginning and the end of each lock.
 * @param {object[]} events as the API returns them, the latest first
 * @returns {Entry[]} in the order of their ends
 */
export function entries(events) {
	const joined = new Set();
	return events.flatMap((event, at) => {
		if (joined.has(event)) return [];
		const begin = beginOf(events, at, joined);
		const since = begin?.at ?? null;
		// A lock that was resumed and has not ended is still the first one.
		if (BEGINS.includes(event.event)) return [{ ...(begin ?? event), since: null, seconds: null }];
		return [{ ...event, since, seconds: begin && (new Date(event.at) - new Date(since)) / 1000 }];
	});
}

// A lock may have been resumed several times: all that is one edit.
function beginOf(events, end, joined) {
	const { table, key, owner, event: name } = events[end];
	let begin = null;
	if (!ENDS.includes(name) && name !== 'resumed') return begin;
	for (const event of events.slice(end + 1)) {
		if (event.table !== table || event.key !== key) continue;
		if (event.owner !== owner || !BEGINS.includes(event.event)) return begin;
		joined.add(event);
		begin = event;
		if (event.event === 'acquired') return begin;
	}
	return begin;
}
