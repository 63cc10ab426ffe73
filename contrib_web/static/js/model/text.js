/**
 * Texts about times, users and locks.
 */
import { locale, t } from '../lang/texts.js';

const inUnit = (n, unit) => new Intl.NumberFormat(locale(), { style: 'unit', unit, unitDisplay: 'long' }).format(n);

/**
 * A duration in its largest suitable unit: "45 seconds", "29 minutes".
 * @param {number} seconds
 * @returns {string}
 */
export function duration(seconds) {
	if (!Number.isFinite(seconds)) return t('time.ever');
	const s = Math.max(0, Math.ceil(seconds));
	if (s < 60) return inUnit(s, 'second');
	const minutes = Math.ceil(s / 60);
	if (minutes < 120) return inUnit(minutes, 'minute');
	if (minutes < 48 * 60) return inUnit(Math.round(minutes / 60), 'hour');
	return inUnit(Math.round(minutes / 1440), 'day');
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
export const actorName = ({ actor, actor_name: name }) => name || actor || t('person.server');

/**
 * Several names as a text: "Anna, Bert and Carla".
 * @param {string[]} names
 * @returns {string}
 */
export const several = (names) => new Intl.ListFormat(locale(), { type: 'conjunction' }).format(names);

/**
 * The tip of a lock: "Still locked for 29 minutes by blub".
 * @param {object} lock
 * @param {number} secondsLeft
 * @returns {string}
 */
export function stillLocked(lock, secondsLeft) {
	const who = lock.is_mine ? t('person.you') : personName(lock);
	return secondsLeft > 0 ? t('lock.still', { time: duration(secondsLeft), who }) : t('lock.was', { who });
}

/**
 * The holder's display name and owner, if they differ.
 * @param {{ owner: string, owner_name?: string|null }} lock
 * @returns {string}
 */
export const fullName = (lock) =>
	lock.owner_name && lock.owner_name !== lock.owner ? `${lock.owner_name} (${lock.owner})` : lock.owner;

/**
 * A sentence that says whose editing is interrupted if a lock is ended.
 * @param {object} lock
 * @returns {string}
 */
export const whoIsEditing = (lock) =>
	lock.is_mine ? t('unlock.own') : t('unlock.other', { who: personName(lock) });

/**
 * Words of a user in quotation marks.
 * @param {string} text
 * @returns {string}
 */
export const quoted = (text) => t('text.quoted', { text });

/**
 * A number in the user's locale.
 * @param {number} n
 * @returns {string}
 */
export const count = (n) => new Intl.NumberFormat(locale()).format(n);

/**
 * An estimate.
 * @param {number|null} n
 * @returns {string}
 */
export const about = (n) => (n === null ? t('count.unknown') : t('count.about', { n }));

/** The history's events that have a name. */
export const EVENTS = Object.freeze(['acquired', 'resumed', 'released', 'expired', 'broken', 'taken_over', 'handed_over']);

/**
 * @param {string} event
 * @returns {string}
 */
export const eventName = (event) => (EVENTS.includes(event) ? t(`event.${event}`) : event);

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
	const time = date.toLocaleTimeString(locale(), { hour: '2-digit', minute: '2-digit' });
	if (sameDay(date, today)) return time;
	const isThisYear = date.getFullYear() === today.getFullYear();
	const day = { day: 'numeric', month: 'short', ...(isThisYear ? { weekday: 'short' } : { year: 'numeric' }) };
	return `${date.toLocaleDateString(locale(), day)}, ${time}`;
}

/**
 * A duration in a few letters: "20 s", "3 min", "2 h", "5 days".
 * @param {number} seconds
 * @returns {string}
 */
export function briefDuration(seconds) {
	if (seconds < 60) return t('brief.seconds', { n: Math.max(1, Math.round(seconds)) });
	const minutes = Math.round(seconds / 60);
	if (minutes < 90) return t('brief.minutes', { n: minutes });
	return minutes < 36 * 60 ? t('brief.hours', { n: Math.round(minutes / 60) }) : inUnit(Math.round(minutes / 1440), 'day');
}

/**
 * How many rows a list has on all its pages.
 * @param {{ count: number, is_estimate: boolean, more: boolean }} total as
 *   the API returns it
 * @returns {string}
 */
export function totalRows({ count: n, is_estimate: isEstimate, more }) {
	if (n === 1) return t('rows.count', { n });
	return t(isEstimate ? 'rows.about' : more ? 'rows.more_than' : 'rows.count', { n });
}

/**
 * The announcement of changes of locks in a list, in one sentence however
 * many there are.
 * @param {{ label: string, lock: object|null }[]} rows that have changed
 * @returns {string}
 */
export function newsOfLocks(rows) {
	const [{ label, lock }] = rows;
	if (rows.length === 1) return lock ? t('news.locked', { label, who: lock.is_mine ? t('person.you') : personName(lock) }) : t('news.free', { label });
	const locked = rows.filter((row) => row.lock).length;
	return t('news.several', { n: rows.length, locked, free: rows.length - locked });
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
	if (!unit) return t('time.just_now');
	return new Intl.RelativeTimeFormat(locale(), { numeric: 'always' }).format(-Math.floor(seconds / length), unit);
}

/**
 * A date and time to the second.
 * @param {string} iso
 * @returns {string}
 */
export function exactMoment(iso) {
	const date = new Date(iso);
	return Number.isNaN(date.getTime()) ? iso : date.toLocaleString(locale(), { dateStyle: 'medium', timeStyle: 'medium' });
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
