/**
 * Addresses of the pages: from a path to a page and back.
 */

const enc = encodeURIComponent;

export const paths = Object.freeze({
	signin: () => '/signin',
	tables: () => '/tables',
	rows: (table, query = {}) => `/tables/${enc(table)}${queryText(query)}`,
	row: (table, key) => `/tables/${enc(table)}/${enc(key)}`,
	newRow: (table, query = {}) => `/new/${enc(table)}${queryText(query)}`,
	locks: (query = {}) => `/locks${queryText(query)}`,
	history: (query = {}) => `/history${queryText(query)}`,
});

/** `?a=1&b=2` of what is neither empty nor null; '' of nothing. */
export function queryText(query) {
	const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '' && value !== false);
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
	if (!first) return found('home');
	if (first === 'tables') return tablePage(found, table, key);
	if (first === 'new' && table && !key) return found('edit', { table, key: null });
	if (['signin', 'locks', 'history'].includes(first) && !table) return found(first);
	return found('missing');
}

function tablePage(found, table, key) {
	if (!table) return found('tables');
	return key === undefined ? found('rows', { table }) : found('edit', { table, key });
}

function decode(part) {
	try {
		return decodeURIComponent(part);
	} catch {
		return null;
	}
}
