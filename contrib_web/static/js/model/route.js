/**
 * Addresses of the pages: from a path to a page and back.
 */

/**
 * Encodes a name as a segment of a path. Browsers resolve `.` and `..` and
 * drop empty segments, so these are prefixed with `~`, as are names that look
 * like a prefixed one.
 * @param {string} name
 * @returns {string}
 */
export const segment = (name) => encodeURIComponent(/^~*\.{0,2}$/.test(name) ? `~${name}` : name);

/** The pages' addresses. */
export const paths = Object.freeze({
	signin: () => '/signin',
	tables: () => '/tables',
	rows: (table, query = {}) => `/tables/${segment(table)}${queryText(query)}`,
	row: (table, key) => `/tables/${segment(table)}/${segment(key)}`,
	newRow: (table, query = {}) => `/new/${segment(table)}${queryText(query)}`,
	locks: (query = {}) => `/locks${queryText(query)}`,
	history: (query = {}) => `/history${queryText(query)}`,
});

/**
 * A query string, `?a=1&b=2`, without empty values; '' if nothing is left.
 * @param {Object<string, any>} query
 * @returns {string}
 */
export function queryText(query) {
	const given = Object.entries(query).filter(
		([, value]) => value !== null && value !== undefined && value !== '' && value !== false,
	);
	return given.length ? `?${new URLSearchParams(given)}` : '';
}

/**
 * Finds the page of an address.
 * @param {string} pathname percent-encoded
 * @param {string} search
 * @returns {{ page: string, table?: string, key?: string|null,
 *   query: Object<string, string> }} key null: a new row
 */
export function parse(pathname, search = '') {
	const query = Object.fromEntries(new URLSearchParams(search));
	const parts = pathname.split('/').filter((part) => part !== '');
	const [first, table, key, ...rest] = parts.map(decode);
	const found = (page, more = {}) => ({ page, ...more, query });
	if (rest.length || parts.map(decode).includes(null)) return found('missing');
	if (first === undefined) return found('home');
	if (first === 'tables') return tablePage(found, table, key);
	if (first === 'new' && table !== undefined && key === undefined) return found('edit', { table, key: null });
	if (['signin', 'locks', 'history'].includes(first) && table === undefined) return found(first);
	return found('missing');
}

function tablePage(found, table, key) {
	if (table === undefined) return found('tables');
	return key === undefined ? found('rows', { table }) : found('edit', { table, key });
}

function decode(part) {
	try {
		const name = decodeURIComponent(part);
		return /^~+\.{0,2}$/.test(name) ? name.slice(1) : name;
	} catch {
		return null;
	}
}
