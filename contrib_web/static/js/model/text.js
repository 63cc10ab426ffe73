/**
 * Texts about times, users and locks.
 */

const plural = (n, unit) => `${n} ${unit}${n === 1 ? '' : 's'}`;

/**
 * A duration in its largest suitable unit: "45 seconds", "29 minutes".
 * @param {number} seconds
 * @returns {string}
 */
export function duration(seconds) {
	if (!Number.isFinite(seconds)) return 'ever';
	const s = Math.max(0, Math.ceil(seconds));
	if (s < 60) return plural(s, 'second');
	const minutes = Math.ceil(s / 60);
	if (minutes < 120) return plural(minutes, 'minute');
	if (minutes < 48 * 60) return plural(Math.round(minutes / 60), 'hour');
	return plural(Math.round(minutes / 1440), 'day');
}

/**
 * A countdown: "1:05", "2:03:09".
 * @param {number} seconds
 * @returns {string}
 */
export function countdown(seconds) {
	const s = Math.max(0, Math.ceil(seconds));
	const two = (n) => String(n).padStart(2, '0');
	const hours = Math.floor(s / 3600);
	const minutes = Math.floor(s / 60) % 60;
	return hours ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}

/**
 * The holder's display name, or else the owner.
 * @param {{ owner: string, owner_name?: string|null }} lock
 * @returns {string}
 */
export const personName = (lock) => lock.owner_name || lock.owner;

/**
 * The display name of the user who caused an event of the history.
 * @param {{ actor: string|null, actor_name?: string|null }} event
 * @returns {string}
 */
export const actorName = ({ actor, actor_name: name }) => name || actor || 'the server';

/**
 * Several names as a text: "Anna, Bert and Carla".
 * @param {string[]} names
 * @returns {string}
 */
export const several = (names) => new Intl.ListFormat('en', { type: 'conjunction' }).format(names);

/**
 * The tip of a lock: "Still locked for 29 minutes by blub".
 * @param {object} lock
 * @param {number} secondsLeft
 * @returns {string}
 */
export function stillLocked(lock, secondsLeft) {
	const whose = lock.is_mine ? 'you' : personName(lock);
	return secondsLeft > 0
		? `Still locked for ${duration(secondsLeft)} by ${whose}`
		: `Was locked by ${whose}; the lock has just expired`;
}

/**
 * The holder's display name and owner, if they differ.
 * @param {{ owner: string, owner_name?: string|null }} lock
 * @returns {string}
 */
export const fullName = (lock) =>
	lock.owner_name && lock.owner_name !== lock.owner ? `${lock.owner_name} (${lock.owner})` : lock.owner;

/**
 * The question before a lock is ended.
 * @param {object} lock
 * @returns {string}
 */
export const unlockQuestion = (lock) =>
	lock.is_mine
		? 'You are editing this content yourself. Release your lock?'
		: `User '${personName(lock)}' is currently editing this content. Proceed with removing the lock?`;

/**
 * A number in the user's locale.
 * @param {number} n
 * @returns {string}
 */
export const count = (n) => new Intl.NumberFormat().format(n);

/**
 * An estimate.
 * @param {number|null} n
 * @returns {string}
 */
export const about = (n) => (n === null ? 'unknown' : `about ${count(n)}`);

/** Names of the history's events. */
export const eventNames = Object.freeze({
	acquired: 'Locked',
	resumed: 'Resumed',
	released: 'Released',
	expired: 'Expired',
	broken: 'Removed',
	taken_over: 'Taken over',
	handed_over: 'Handed over',
});

const sameDay = (a, b) => a.toDateString() === b.toDateString();

/**
 * A time in the user's time zone, with its day unless that is today: "14:02",
 * "Mon 3 Nov, 14:02", "3 Nov 2025, 14:02".
 * @param {string} iso
 * @param {Date} [today] for tests
 * @returns {string}
 */
export function moment(iso, today = new Date()) {
	const date = new Date(iso);
	if (Number.isNaN(date.getTime())) return iso;
	const time = date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
	if (sameDay(date, today)) return time;
	const isThisYear = date.getFullYear() === today.getFullYear();
	const day = { day: 'numeric', month: 'short', ...(isThisYear ? { weekday: 'short' } : { year: 'numeric' }) };
	return `${date.toLocaleDateString([], day)}, ${time}`;
}

/**
 * A duration in a few letters: "20 s", "3 min", "2 h", "5 days".
 * @param {number} seconds
 * @returns {string}
 */
export function briefDuration(seconds) {
	if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
	const minutes = Math.round(seconds / 60);
	if (minutes < 90) return `${minutes} min`;
	return minutes < 36 * 60 ? `${Math.round(minutes / 60)} h` : plural(Math.round(minutes / 1440), 'day');
}

/**
 * How many rows a list has on all its pages.
 * @param {{ count: number, is_estimate: boolean, more: boolean }} total as
 *   the API returns it
 * @returns {string}
 */
export function totalRows({ count: n, is_estimate: isEstimate, more }) {
	if (n === 1) return '1 row';
	return `${isEstimate ? 'about ' : more ? 'more than ' : ''}${count(n)} rows`;
}

/**
 * The announcement of changes of locks in a list, in one sentence however
 * many there are.
 * @param {{ label: string, lock: object|null }[]} rows that have changed
 * @returns {string}
 */
export function newsOfLocks(rows) {
	const [{ label, lock }] = rows;
	if (rows.length === 1) return `${label}: ${lock ? `locked by ${lock.is_mine ? 'you' : personName(lock)}` : 'free'}`;
	const locked = rows.filter((row) => row.lock).length;
	return `${rows.length} rows have changed: ${locked} locked, ${rows.length - locked} free`;
}

const UNITS = [
	['day', 86400],
	['hour', 3600],
	['minute', 60],
];

/**
 * How long ago something was: "3 minutes ago", "just now".
 * @param {number} seconds
 * @returns {string}
 */
export function ago(seconds) {
	const [unit, length] = UNITS.find(([, each]) => seconds >= each) ?? [];
	if (!unit) return 'just now';
	return new Intl.RelativeTimeFormat('en', { numeric: 'always' }).format(-Math.floor(seconds / length), unit);
}

/**
 * A date and time to the second.
 * @param {string} iso
 * @returns {string}
 */
export function exactMoment(iso) {
	const date = new Date(iso);
	return Number.isNaN(date.getTime()) ? iso : date.toLocaleString([], { dateStyle: 'medium', timeStyle: 'medium' });
}

/**
 * The beginning of a day in the user's time zone.
 * @param {string|null|undefined} day as a date field has it, 2026-11-29
 * @param {number} [later] so many days later
 * @returns {string|null} ISO 8601; null: no valid day
 */
export function dayStart(day, later = 0) {
	const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day ?? '') ?? [];
	return year ? new Date(Number(year), Number(month) - 1, Number(date) + later).toISOString() : null;
}
