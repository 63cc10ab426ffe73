/**
 * Columns as the API describes them: which kind of field edits them, and
 * which values can be rejected without the database.
 *
 * A value is text, null, or undefined (not given: the column's default).
 */

import { timeComplaint } from './timestamp.js';

const KINDS = Object.freeze({
	text: 'line',
	number: 'number',
	boolean: 'boolean',
	date: 'date',
	time: 'line',
	timestamp: 'timestamp',
	timestamptz: 'timestamp',
	interval: 'line',
	enum: 'enum',
	array: 'array',
	json: 'json',
	uuid: 'uuid',
	bytea: 'bytes',
});

/** Texts longer than this, in characters, get a field of several lines. */
const LONG = 80;

/**
 * The kind of field that edits the column.
 * @param {object} column
 * @param {string|null|undefined} value
 * @returns {string} a key of `makers` in parts/controls.js
 */
export function fieldKind(column, value) {
	if (column.references) return 'choice';
	if (column.category === 'text' && (column.multiline ? isLong(value) : hasLines(value))) return 'long';
	return KINDS[column.category] ?? 'line';
}

/**
 * Whether the text needs a field of several lines.
 * @param {string|null|undefined} value
 * @returns {boolean}
 */
export const isLong = (value) => typeof value === 'string' && (value.length > LONG || hasLines(value));

const hasLines = (value) => typeof value === 'string' && /[\r\n]/.test(value);

/** How much of a text is looked at for its direction, in characters. */
const BEGINNING = 200;

/**
 * The direction of a text by its first letters, for the attribute `dir`.
 * @param {string} text
 * @returns {'ltr'|'rtl'|''} '': that of the page
 */
export function directionOf(text) {
	const [letter] = /\p{L}/u.exec(text.slice(0, BEGINNING)) ?? [];
	if (letter === undefined) return '';
	return /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u.test(letter) ? 'rtl' : 'ltr';
}

/**
 * Why the column cannot be written.
 * @param {object} column
 * @param {boolean} isNew whether the row is to be inserted
 * @returns {string|null} null: it can
 */
export function readOnlyReason(column, isNew) {
	if (column.generated) return 'Computed from other columns';
	if (column.identity === 'always') return 'Numbered by the database';
	if (column.category === 'bytea') return 'Binary data can only be viewed';
	if (isNew ? !column.insertable : !column.updatable) return 'You may not change this column';
	return null;
}

/**
 * The type and its constraints in short: "varchar(40) · required".
 * @param {object} column
 * @param {boolean} isNew whether the row is to be inserted
 * @returns {string}
 */
export function typeLine(column, isNew) {
	const parts = [column.references ? `${column.type} → ${column.references.name}` : column.type];
	if (column.key) parts.push('key');
	if (isNew && column.not_null && column.default === null && !column.generated && !column.identity) parts.push('required');
	return parts.join(' · ');
}

const checks = {
	time: (text) => timeComplaint(text),
	number: (text, column) => {
		const special = !column.integer && /^(NaN|[+-]?inf(inity)?)$/i.test(text);
		if (special) return null;
		if (column.integer) return /^[+-]?\d+$/.test(text) ? null : 'A whole number, such as 42';
		return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? null : 'A number, such as 3.14';
	},
	uuid: (text) => (/^\{?[0-9a-f]{4}(-?[0-9a-f]{4}){7}\}?$/i.test(text) ? null : 'A UUID has 32 hexadecimal digits'),
	json: (text) => {
		try {
			JSON.parse(text);
			return null;
		} catch (error) {
			return `Not valid JSON: ${error.message}`;
		}
	},
	text: (text, { max_length: max }) =>
		max !== null && [...text].length > max ? `At most ${max} characters; these are ${[...text].length}` : null,
};

/**
 * Why no text of the database can have this value.
 * @param {string} value
 * @returns {string|null} null: one can
 */
export function unstorable(value) {
	if (value.includes('\0')) return 'Contains a NUL character, which the database cannot store';
	return /\p{Surrogate}/u.test(value) ? 'Contains half of a character, which the database cannot store' : null;
}

/**
 * Why a value is invalid, as far as the page can check. The database may
 * reject further values.
 * @param {object} column
 * @param {string|null|undefined} value
 * @param {boolean} [isNew] whether the row is to be inserted
 * @returns {string|null} null: no error found
 */
export function validationError(column, value, isNew = false) {
	if (value === null) return column.not_null ? 'This column needs a value' : null;
	if (value === undefined)
		return isNew && column.not_null && column.default === null && !column.identity ? 'This column needs a value' : null;
	return unstorable(value) ?? checks[column.category]?.(column.category === 'text' ? value : value.trim(), column) ?? null;
}

/**
 * The text that a list or a comparison shows for a value.
 * @param {object} column
 * @param {string|null|undefined} value
 * @returns {string|null}
 */
export function shown(column, value) {
	if (value === null || value === undefined) return null;
	if (column.category === 'bytea') return `${Math.max(0, (value.length - 2) / 2)} bytes`;
	return value;
}
