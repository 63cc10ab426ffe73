/**
 * From a column as the API describes it to the kind of its field, and what can be said
 * about a value without asking the database.
 */

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

const LONG = 80;

/** Which field edits the column. */
export function fieldKind(column, value) {
	if (column.references) return 'choice';
	if (column.multiline && column.category === 'text' && isLong(value)) return 'long';
	return KINDS[column.category] ?? 'line';
}

/** Whether the text wants a larger field than one line. */
export const isLong = (value) => typeof value === 'string' && (value.length > LONG || value.includes('\n'));

/**
 * Why the column cannot be written, or null.
 * @param {boolean} isNew for an INSERT
 */
export function readOnlyReason(column, isNew) {
	if (column.generated) return 'Computed from other columns';
	if (column.identity === 'always') return 'Numbered by the database';
	if (column.category === 'bytea') return 'Binary data is only shown';
	if (isNew ? !column.insertable : !column.updatable) return 'You may not change this column';
	return null;
}

/** The type and its demands in a few words: "varchar(40) · required". */
export function typeLine(column, isNew) {
	const parts = [column.references ? `${column.type} → ${column.references.name}` : column.type];
	if (column.key) parts.push('key');
	if (isNew && column.not_null && column.default === null && !column.generated && !column.identity) parts.push('required');
	return parts.join(' · ');
}

const checks = {
	number: (text, column) => {
		const special = !column.integer && /^(NaN|[+-]?Infinity)$/i.test(text);
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
 * What is wrong with a value, as far as the page can tell; the database has the last word.
 * @param {object} column
 * @param {string|null|undefined} value undefined: left to the column's default
 * @returns {string|null}
 */
export function complaint(column, value, isNew = false) {
	if (value === null) return column.not_null ? 'This column needs a value' : null;
	if (value === undefined)
		return isNew && column.not_null && column.default === null && !column.identity ? 'This column needs a value' : null;
	return (
		checks[column.category]?.(value.trim === undefined ? value : column.category === 'text' ? value : value.trim(), column) ??
		null
	);
}

/** A value for a list or a comparison. */
export function shown(column, value) {
	if (value === null || value === undefined) return null;
	if (column.category === 'bytea') return `${Math.max(0, (value.length - 2) / 2)} bytes`;
	return value;
}
