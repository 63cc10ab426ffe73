/**
 * The filter of a list of rows: by column a value, null, or comparisons, as
 * the API has them ({"contains": text}, {"from": value, "to": value}, and
 * {"before": value} in place of "to").
 */
import { t } from '../lang/texts.js';
import { brief } from './format.js';

/** @typedef {'contains'|'is'|'between'|'null'} Comparison */

/** Types with an order that a user thinks in, and how bounds are entered. */
const BOUNDS = { number: 'text', date: 'date', time: 'time', timestamp: 'date', timestamptz: 'date', interval: 'text' };
const INSTANTS = ['timestamp', 'timestamptz'];
const CHOICES = ['boolean', 'enum', 'uuid'];

/**
 * How a column can be compared, the usual comparison first.
 * @param {object} column as the API describes it
 * @returns {Comparison[]}
 */
export function comparisonsOf({ category, references }) {
	if (references || CHOICES.includes(category)) return ['is', 'null'];
	return [Object.hasOwn(BOUNDS, category) ? 'between' : 'contains', 'is', 'null'];
}

/**
 * @param {object} column
 * @returns {string} type of the inputs for its bounds
 */
export const boundType = ({ category }) => BOUNDS[category];

/**
 * @param {object} column
 * @param {Comparison} comparison
 * @param {string} first the value, or the lower bound
 * @param {string} last the upper bound, inclusive
 * @returns {any} for the filter; undefined: nothing is compared
 */
export function compared(column, comparison, first, last) {
	if (comparison === 'null') return null;
	if (comparison === 'is') return first;
	if (comparison === 'contains') return first ? { contains: first } : undefined;
	const bounds = { ...(first ? { from: first } : {}), ...(last ? upperBound(column, last) : {}) };
	return Object.keys(bounds).length ? bounds : undefined;
}

// A day that ends a range of times is part of it.
const upperBound = ({ category }, last) => (INSTANTS.includes(category) ? { before: shifted(last, 1) } : { to: last });

function shifted(day, by) {
	const date = new Date(`${day}T00:00Z`);
	date.setUTCDate(date.getUTCDate() + by);
	return Number.isNaN(date.getTime()) ? day : date.toISOString().slice(0, 10);
}

/**
 * A comparison in words, without the column.
 * @param {object} column
 * @param {any} value of the filter
 * @returns {string}
 */
export function words(column, value) {
	if (value === null) return t('filter.null');
	if (typeof value !== 'object') return String(value);
	const { contains, from, to, before } = value;
	if (contains !== undefined) return t('filter.contains_text', { text: contains });
	const end = to ?? (before && shifted(before, -1));
	const shown = (bound) => brief({ ...column, category: boundType(column) === 'date' ? 'date' : column.category }, bound);
	if (from && end) return from === end ? shown(from) : `${shown(from)} – ${shown(end)}`;
	if (from) return t('filter.from_value', { value: shown(from) });
	return end ? t('filter.up_to', { value: shown(end) }) : JSON.stringify(value);
}

/**
 * @param {string|null|undefined} text of the address
 * @returns {object|null} the filter; null: none
 */
export function readFilter(text) {
	try {
		const filter = JSON.parse(text ?? 'null');
		return filter && typeof filter === 'object' ? filter : null;
	} catch {
		return null;
	}
}

/**
 * The values that a new row of the list must have to be in it, as far as the
 * filter has them.
 * @param {string|null|undefined} text of the address
 * @returns {string|null} as JSON
 */
export function exactValues(text) {
	const values = Object.entries(readFilter(text) ?? {}).filter(([, value]) => value === null || typeof value !== 'object');
	return values.length ? JSON.stringify(Object.fromEntries(values)) : null;
}
