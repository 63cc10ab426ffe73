/**
 * What the pages say about times, people and locks: plain text from plain values.
 */

const plural = (n, unit) => `${n} ${unit}${n === 1 ? '' : 's'}`;

/** A span in words, as exact as people want it: "45 seconds", "29 minutes", "2 hours". */
export function duration(seconds) {
	if (!Number.isFinite(seconds)) return 'ever';
	const s = Math.max(0, Math.ceil(seconds));
	if (s < 60) return plural(s, 'second');
	const minutes = Math.ceil(s / 60);
	if (minutes < 120) return plural(minutes, 'minute');
	if (minutes < 48 * 60) return plural(Math.round(minutes / 60), 'hour');
	return plural(Math.round(minutes / 1440), 'day');
}

/** A countdown: "1:05", "2:03:09". */
export function countdown(seconds) {
	const s = Math.max(0, Math.ceil(seconds));
	const two = (n) => String(n).padStart(2, '0');
	const hours = Math.floor(s / 3600);
	const minutes = Math.floor(s / 60) % 60;
	return hours ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}

/** The name for people, else the owner's own. */
export const personName = (lock) => lock.owner_name || lock.owner;

/** "Still locked for 29 minutes by blub"; one's own lock is said to be one's own. */
export function stillLocked(lock, secondsLeft) {
	const whose = lock.is_mine ? 'you' : personName(lock);
	return secondsLeft > 0
		? `Still locked for ${duration(secondsLeft)} by ${whose}`
		: `Was locked by ${whose}; the time has just passed`;
}

export const fullName = (lock) =>
	lock.owner_name && lock.owner_name !== lock.owner ? `${lock.owner_name} (${lock.owner})` : lock.owner;

/** What a click on a lock asks before it ends somebody's lock. */
export const unlockQuestion = (lock) =>
	lock.is_mine
		? 'You are editing this content yourself. Release your lock?'
		: `User '${personName(lock)}' is currently editing this content. Proceed with removing the lock?`;

/** A large number with thin separators, a small one as it is. */
export const count = (n) => new Intl.NumberFormat().format(n);

export const about = (n) => (n === null ? 'unknown' : `about ${count(n)}`);

/** What the history's events mean, for people. */
export const eventNames = Object.freeze({
	acquired: 'Locked',
	resumed: 'Resumed',
	released: 'Released',
	expired: 'Expired',
	broken: 'Removed',
	taken_over: 'Taken over',
});

const sameDay = (a, b) => a.toDateString() === b.toDateString();

/**
 * A moment in the reader's time zone: the time alone if it is today.
 * @param {string} iso
 * @param {Date} today for tests
 */
export function moment(iso, today = new Date()) {
	const date = new Date(iso);
	if (Number.isNaN(date.getTime())) return iso;
	const time = date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
	if (sameDay(date, today)) return time;
	return `${date.toLocaleDateString([], { day: 'numeric', month: 'short', year: 'numeric' })}, ${time}`;
}

/** A moment to the second, with the date. */
export function exactMoment(iso) {
	const date = new Date(iso);
	return Number.isNaN(date.getTime()) ? iso : date.toLocaleString([], { dateStyle: 'medium', timeStyle: 'medium' });
}
