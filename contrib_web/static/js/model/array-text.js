/**
 * Conversion between PostgreSQL's array literals, `{a,"b c",NULL}`, and
 * lists. Arrays of several dimensions or with explicit bounds are not
 * supported.
 *
 * The delimiter is a comma for all built-in types but box, which has a
 * semicolon.
 *
 * @typedef {object} Item
 * @property {string|null} value
 * @property {string} raw as in the literal
 */

/** What array input skips around elements; other blanks are content. */
const BLANKS = '[ \\t\\n\\r\\v\\f]*';
const OUTER_BLANKS = new RegExp(`^${BLANKS}|${BLANKS}$`, 'g');

/**
 * The elements with their text in the literal, so that those not edited can
 * be written back as they were.
 * @param {string} text
 * @param {string} [delimiter]
 * @returns {Item[]|null} null: not an array of one dimension
 */
export function parseItems(text, delimiter = ',') {
	if (!/^\{[^]*\}$/.test(text)) return null;
	const inner = text.slice(1, -1);
	if (inner.replace(OUTER_BLANKS, '') === '') return [];
	const shapes = shapesOf(delimiter);
	const items = [];
	for (let at = 0; at <= inner.length; ) {
		const item = readItem(inner, at, shapes);
		if (!item || (item.end < inner.length && inner[item.end] !== delimiter)) return null;
		items.push({ value: item.value, raw: inner.slice(at, item.end) });
		if (item.end === inner.length) return items;
		at = item.end + 1;
	}
	return null;
}

/**
 * @param {string} text
 * @param {string} [delimiter]
 * @returns {(string|null)[]|null} null: not an array of one dimension
 */
export const parse = (text, delimiter = ',') => parseItems(text, delimiter)?.map(({ value }) => value) ?? null;

function shapesOf(delimiter) {
	const mark = delimiter.replace(/[\\\]^-]/, '\\$&');
	return {
		quoted: new RegExp(`${BLANKS}"((?:[^"\\\\]|\\\\[^])*)"${BLANKS}`, 'y'),
		plain: new RegExp(`((?:[^"{}\\\\${mark}]|\\\\[^])*)`, 'y'),
	};
}

function readItem(text, start, { quoted, plain }) {
	quoted.lastIndex = plain.lastIndex = start;
	const inQuotes = quoted.exec(text);
	const match = inQuotes ?? plain.exec(text);
	const end = start + match[0].length;
	if (inQuotes) return { value: unescaped(match[1]), end };
	const value = match[1].replace(OUTER_BLANKS, '');
	if (value === '') return null;
	return { value: value.toUpperCase() === 'NULL' ? null : unescaped(value), end };
}

const unescaped = (text) => text.replace(/\\([^])/g, '$1');

/**
 * @param {(string|null)[]} items
 * @param {string} [delimiter]
 * @returns {string}
 */
export const format = (items, delimiter = ',') =>
	`{${items.map((item) => formatItem(item, delimiter)).join(delimiter)}}`;

/**
 * @param {string|null} item
 * @param {string} [delimiter]
 * @returns {string} as in a literal
 */
export function formatItem(item, delimiter = ',') {
	if (item === null) return 'NULL';
	const plain = item !== '' && !/[\s{}"\\]/.test(item) && !item.includes(delimiter) && item.toUpperCase() !== 'NULL';
	return plain ? item : `"${item.replace(/["\\]/g, '\\$&')}"`;
}
