/**
 * Values as lists show them: shorter than they are, which the tooltip shows.
 */
import { locale, t } from '../lang/texts.js';
import { parse } from './array-text.js';
import { shown } from './column.js';
import { split } from './timestamp.js';

/** Numbers of up to this length, in digits, are not grouped: years. */
const UNGROUPED = 4;
/** How much of a UUID is shown, in characters. */
const UUID_SHOWN = 8;

/**
 * The text of a value in a list.
 * @param {object} column as the API describes it
 * @param {string|null|undefined} value
 * @returns {string|null} null: no value
 */
export function brief(column, value) {
	const text = shown(column, value);
	if (text === null || column.references) return text;
	return formats[column.category]?.(text, column) ?? text;
}

const formats = {
	number: (text, { key }) => (key ? text : grouped(text)),
	boolean: (text) => (t(text === 'true' ? 'value.yes' : 'value.no')),
	uuid: (text) => `${text.slice(0, UUID_SHOWN)}…`,
	date: (text) => dateText(text),
	time: (text) => text.replace(/^(\d\d:\d\d):00(\.0+)?(?=$|[+-])/, '$1'),
	timestamp: (text) => timestampText(text),
	timestamptz: (text) => timestampText(text),
	array: (text, { delimiter }) => parse(text, delimiter ?? ',')?.map((item) => item ?? t('value.null')).join(', ') ?? text,
};

/**
 * A number with its digits in groups, none of them lost.
 * @param {string} text as PostgreSQL writes it
 * @returns {string}
 */
export function grouped(text) {
	const [, sign, whole, fraction = ''] = /^([+-]?)(\d+)(\.\d+)?$/.exec(text) ?? [];
	if (whole === undefined || whole.length <= UNGROUPED) return text.replace('.', decimalPoint());
	return `${sign}${new Intl.NumberFormat(locale()).format(BigInt(whole))}${fraction.replace('.', decimalPoint())}`;
}

const decimalPoint = () => new Intl.NumberFormat(locale()).formatToParts(0.5).find(({ type }) => type === 'decimal').value;

// Not by the local time zone, in which some times do not exist.
const utc = (date, time = '00:00') => new Date(`${date}T${time.slice(0, 5)}:00Z`);
const DAY = { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' };

function dateText(text) {
	return /^\d{4}-\d\d-\d\d$/.test(text) ? utc(text).toLocaleDateString(locale(), DAY) : text;
}

function timestampText(text) {
	const parts = split(text);
	if (!parts?.date) return text;
	return utc(parts.date, parts.time || '00:00').toLocaleString(locale(), { ...DAY, hour: '2-digit', minute: '2-digit' });
}
