/**
 * Addresses of the pages: from a path to a page and back.
 */

/**
 * A name as a segment of a path. Browsers resolve `.` and `..` before they ask, and drop what is
 * empty: these get a `~` before them, as does what then would look like it.
 */
export const segment = (name) => encodeURIComponent(/^~*\.{0,2}$/.test(name) ? `~${name}` : name);

export const paths = Object.freeze({
	signin: () => '/signin',
	tables: () => '/tables',
	rows: (table, query = {}) => `/tables/${segment(table)}${queryText(query)}`,
	row: (table, key) => `/tables/${segment(table)}/${segment(key)}`,
	newRow: (table, query = {}) => `/new/${segment(table)}${queryText(query)}`,
	locks: (query = {}) => `/locks${queryText(query)}`,
	history: (query = {}) => `/history${queryText(query)}`,
});

/** `?a=1&b=2` of what is neither empty nor null; '' of nothing. */
export function queryText(query) {
	const given = Object.entries(query).filter(
		([, value]) => value !== null && value !== undefined && value !== '' && value !== false,
	);
	return given.length ? `?${new URLSearchParams(given)}` : '';
}

/**
 * @param {string} pathname percent-encoded
 * @param {string} search
 * @returns {{ page: string, table?: string, key?: string, query: Object<string, string> }}
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
