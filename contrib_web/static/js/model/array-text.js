/**
 * Conversion between PostgreSQL's array literals, `{a,"b c",NULL}`, and
 * lists. Arrays of several dimensions or with explicit bounds are not
 * supported.
 */

/**
 * @param {string} text
 * @returns {(string|null)[]|null} null: not an array of one dimension
 */
export function parse(text) {
	if (!/^\{[^]*\}$/.test(text)) return null;
	const inner = text.slice(1, -1);
	if (inner.trim() === '') return [];
	const items = [];
	let at = 0;
	while (at <= inner.length) {
		const item = readItem(inner, at);
		if (!item) return null;
		items.push(item.value);
		at = item.end + 1;
		if (item.end === inner.length) return items;
	}
	return null;
}

function readItem(text, start) {
	const quoted = /\s*"((?:[^"\\]|\\[^])*)"\s*/y;
	const plain = /\s*((?:[^",{}\\]|\\[^])*)/y;
	quoted.lastIndex = plain.lastIndex = start;
	const match = quoted.exec(text) ?? plain.exec(text);
	const end = start + match[0].length;
	if (end < text.length && text[end] !== ',') return null;
	const isQuoted = /^\s*"/.test(match[0]);
	const value = isQuoted ? match[1] : match[1].trim();
	if (!isQuoted && value === '') return null;
	if (!isQuoted && value.toUpperCase() === 'NULL') return { value: null, end };
	return { value: value.replace(/\\([^])/g, '$1'), end };
}

/**
 * @param {(string|null)[]} items
 * @returns {string}
 */
export const format = (items) => `{${items.map(formatItem).join(',')}}`;

function formatItem(item) {
	if (item === null) return 'NULL';
	const plain = item !== '' && !/[\s{},"\\]/.test(item) && item.toUpperCase() !== 'NULL';
	return plain ? item : `"${item.replace(/["\\]/g, '\\$&')}"`;
}
