/**
 * How a lock ended and what followed, by the history of the row.
 */

/** Events that end a lock. */
const ENDS = ['released', 'expired', 'broken', 'taken_over'];
/** Events by which another lock begins. */
const BEGINS = ['acquired', 'handed_over'];

/**
 * @typedef {object} Ending
 * @property {'released'|'handed_over'|'expired'|'broken'|'taken_over'|null}
 *   cause null: the end is not recorded, or not yet
 * @property {{ owner?: string, name: string, isMe: boolean }|null} by who
 *   ended the lock, or whom it was handed over to
 * @property {string|null} reason
 * @property {string[]} since names of other users who have locked the row
 *   since
 */

/**
 * @param {object[]} events of the row, the latest first
 * @param {string|number} token of the lock
 * @returns {Ending|null} null: the events are not recorded, or too old
 */
export function lockEnding(events, token) {
	const latest = events.findIndex((event) => isOf(event, token));
	if (latest < 0) return null;
	const last = events[latest];
	const later = events.slice(0, latest).reverse().filter(({ event }) => BEGINS.includes(event));
	const { cause, by } = endOf(last, later[0]);
	const since = later.filter(({ owner }) => owner !== last.owner).map(ownerName);
	return { cause, by, reason: last.reason, since: [...new Set(since)] };
}

// The history has the tokens of the user's own locks only.
const isOf = (event, token) => event.token !== null && String(event.token) === String(token);

function endOf(last, next) {
	const person = (event) => ({ name: event.actor_name || event.actor, isMe: event.actor === last.owner });
	if (last.event === 'released' && next?.event === 'handed_over') return { cause: 'handed_over', by: { owner: next.owner, name: ownerName(next), isMe: false } };
	if (!ENDS.includes(last.event)) return { cause: null, by: null };
	if (last.event === 'expired') return { cause: 'expired', by: null };
	return { cause: last.event, by: last.actor === null ? null : person(last) };
}

// The name is recorded of the actor, who mostly is the owner.
const ownerName = ({ owner, actor, actor_name: name }) => (actor === owner && name) || owner;
