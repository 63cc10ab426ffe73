/**
 * Columns as the API describes them: which kind of field edits them, and
 * which values can be rejected without the database.
 *
 * A value is text, null, or undefined (not given: the column's default).
 */

import { t } from '../lang/texts.js';
import { parse } from './array-text.js';
import { dateComplaint, momentComplaint, timeComplaint } from './timestamp.js';

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

/** A comment of up to this length, in characters, serves as a label. */
const SHORT_COMMENT = 30;
const ABBREVIATIONS = /^(id|url|uri|uuid|ip|iso|vat|iban|bic|isbn|html|css|json|xml|sql|api|pdf|faq)$/;

/**
 * The name of a column as people read it: a short comment, or else the
 * column's name as words.
 * @param {{ name: string, comment?: string|null, references?: object|null }}
 *   column
 * @returns {string}
 */
export const labelOf = (column) => (isLabel(column.comment) ? column.comment.trim() : asWords(column));

/**
 * What a column's comment says beyond its label.
 * @param {{ comment?: string|null }} column
 * @returns {string|null}
 */
export const hintOf = ({ comment }) => (comment && !isLabel(comment) ? comment : null);

const isLabel = (comment) => Boolean(comment?.trim()) && comment.length <= SHORT_COMMENT && !/[\r\n.:;]/.test(comment);

// Names with capitals or other characters were chosen for reading, and stay.
function asWords({ name, references }) {
	if (!/^[a-z][a-z0-9_]*$/.test(name)) return name;
	const words = name.split('_').filter(Boolean);
	if (references && words.length > 1 && words.at(-1) === 'id') words.pop();
	const shown = words.map((word) => (ABBREVIATIONS.test(word) ? word.toUpperCase() : word)).join(' ');
	return `${shown[0].toUpperCase()}${shown.slice(1)}`;
}

/**
 * The name of a table as people read it: as words, if it is plain.
 * @param {string} name as SQL writes it
 * @returns {string}
 */
export const tableLabel = (name) => asWords({ name });

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
	if (column.generated) return t('column.generated');
	if (column.identity === 'always') return t('column.identity');
	if (column.category === 'bytea') return t('column.bytea');
	if (isNew ? !column.insertable : !column.updatable) return t('column.forbidden');
	return null;
}

/**
 * The column's name and type in short: "author_id · integer → author · key".
 * @param {object} column
 * @returns {string}
 */
export const typeLine = ({ name, type, references, key }) =>
	[name, references ? `${type} → ${references.name}` : type, key && t('column.key')].filter(Boolean).join(' · ');

/**
 * The default of a column as people read it: a literal without its type.
 * @param {string} expression as SQL writes it
 * @returns {string}
 */
export function defaultText(expression) {
	if (/^nextval\(/.test(expression)) return t('field.numbered');
	const [, literal] = /^'((?:[^']|'')*)'::[^']+$/.exec(expression) ?? [];
	return t('field.default', { value: literal === undefined ? expression : literal.replaceAll("''", "'") });
}

/**
 * Whether a new row needs a value of the column.
 * @param {object} column
 * @returns {boolean}
 */
export const isRequired = (column) => column.not_null && column.default === null && !column.generated && !column.identity;

const checks = {
	date: dateComplaint,
	time: timeComplaint,
	timestamp: momentComplaint,
	timestamptz: momentComplaint,
	number: (text, column) => {
		const special = !column.integer && /^(NaN|[+-]?inf(inity)?)$/i.test(text);
		if (special) return null;
		if (column.integer) return /^[+-]?\d+$/.test(text) ? null : t('column.integer');
		return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? null : t('column.number');
	},
	uuid: (text) => (/^\{?[0-9a-f]{4}(-?[0-9a-f]{4}){7}\}?$/i.test(text) ? null : t('column.uuid')),
	json: (text) => {
		try {
			JSON.parse(text);
			return null;
		} catch (error) {
			return t('column.json', { error: error.message });
		}
	},
	text: (text, { max_length: max }) =>
		max !== null && [...text].length > max ? t('column.too_long', { max, length: [...text].length }) : null,
	array: (text, column) => {
		const [wrong] = wrongElements(column, text);
		return wrong ? `${t('text.labelled', { label: t('array.element', { label: labelOf(column), number: wrong.number }) })} ${wrong.words}` : null;
	},
	// A range: its bounds.
	other: (text, column) => wrongParts(column, /^empty$/i.test(text) ? [] : text.split(/[[\](){},"]+/))[0]?.words ?? null,
};

/**
 * The elements of an array that are invalid, as far as the page can check.
 * @param {object} column
 * @param {string} value
 * @returns {{ number: number, words: string }[]} number: from 1
 */
export const wrongElements = (column, value) => wrongParts(column, parse(value, column.delimiter ?? ',') ?? []);

function wrongParts({ element_category: category }, parts) {
	const check = checks[category];
	if (!check || category === 'array') return [];
	const about = { category, integer: false, max_length: null };
	return parts
		.map((part, index) => ({ number: index + 1, words: part?.trim() ? check(part.trim(), about) : null }))
		.filter(({ words }) => words !== null);
}

/**
 * Why no text of the database can have this value.
 * @param {string} value
 * @returns {string|null} null: one can
 */
export function unstorable(value) {
	if (value.includes('\0')) return t('column.nul');
	return /\p{Surrogate}/u.test(value) ? t('column.surrogate') : null;
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
	if (value === null) return column.not_null ? t('column.required') : null;
	if (value === undefined)
		return isNew && isRequired(column) ? t('column.required') : null;
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
	if (column.category === 'bytea') return t('column.bytes', { n: Math.max(0, (value.length - 2) / 2) });
	return value;
}
