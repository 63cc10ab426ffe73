/**
 * Conversion between a timestamp's text and its date, time and zone.
 * Microseconds are preserved.
 */
import { t } from '../lang/texts.js';

const SHAPE =
	/^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)\s*(Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?|(?!BC$|AD$)[A-Za-z][\w+/-]*)?)?$/;

/**
 * @param {string} text
 * @returns {{ date: string, time: string, zone: string }|null} null: it has
 *   no such parts (infinity, BC)
 */
export function split(text) {
	if (text === '') return { date: '', time: '', zone: '' };
	const match = SHAPE.exec(text);
	return match && { date: match[1], time: match[2] ?? '', zone: match[3] ?? '' };
}

/**
 * @param {{ date: string, time: string, zone: string }} parts a date alone
 *   means midnight
 * @returns {string} '' without parts; the text that was split, if the parts
 *   are unchanged
 */
export function join({ date, time, zone }) {
	const clock = time || (date && zone && '00:00');
	return [date, clock && clock + (/^[+-]/.test(zone) ? zone : ` ${zone}`)].join(' ').trim();
}

const DATE = /^(\d{4,}([./-])\d\d\2\d\d|\d{1,2}([./-])\d{1,2}\3\d{4,}|\d{8})$/;
// After the date: words that leave the decision to the database, such as the
// name of a month.
const WORDS = /^\s*(?!(bc|ad)\b|t\d)[a-z]/i;

/**
 * Why a text is half of a date, which PostgreSQL would complete: to it,
 * 2026-01-1 is 2026-01-01, and 1.12.20 is in 2020.
 * @param {string} text
 * @returns {string|null} null: it begins with a date, or the database decides
 */
export function dateComplaint(text) {
	const [digits] = /^[\d./-]*/.exec(text);
	if (!/^\d/.test(digits) || DATE.test(digits) || WORDS.test(text.slice(digits.length))) return null;
	return t('column.date', { text: text.slice(0, 40) });
}

/**
 * The same for a date and a time.
 * @param {string} text
 * @returns {string|null}
 */
export const momentComplaint = (text) => dateComplaint(text) ?? timeComplaint(text.replace(/^\d[\d./-]*\s*T?\s*/i, ''));

const TIME = /^(\d{1,2}:\d\d(:\d\d(\.\d*)?)?|\d{4}|\d{6}(\.\d*)?)(\s*[ap]m)?(\s*(z|[+-]\d.*|[a-z].*))?$/i;

/**
 * Why a text is half of a time, which PostgreSQL would complete: to it, 12:3
 * is 12:03.
 * @param {string} text
 * @returns {string|null} null: it is a time, or the database decides
 */
export const timeComplaint = (text) => (/^\d/.test(text) && !TIME.test(text) ? t('column.time') : null);

/**
 * Why a text is no time of a timestamp. PostgreSQL's words for times, such as
 * noon, have another meaning before a zone.
 * @param {string} text
 * @returns {string|null} null: it is a time, or the database decides
 */
export const clockComplaint = (text) => (/^\d/.test(text) ? timeComplaint(text) : t('column.time'));
