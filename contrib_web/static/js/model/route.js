/**
 * Addresses of the pages: from a path to a page and back.
 */

const HERE = '/static/js/model/route.js';

/**
 * Where locking-web serves this file: origin and base path, without trailing
 * slash. '': elsewhere, such as from a package.
 */
export const home = import.meta.url.startsWith('http') && import.meta.url.endsWith(HERE) ? import.meta.url.slice(0, -HERE.length) : '';

/** The base path of locking-web (`--base-path`), '/locks' or ''. */
export const base = home.replace(/^[a-z]+:\/\/[^/]*/, '');

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
	signin: (query = {}) => `${base}/signin${queryText(query)}`,
	tables: () => `${base}/tables`,
	rows: (table, query = {}) => `${base}/tables/${segment(table)}${queryText(query)}`,
	row: (table, key) => `${base}/tables/${segment(table)}/${segment(key)}`,
	newRow: (table, query = {}) => `${base}/new/${segment(table)}${queryText(query)}`,
	locks: (query = {}) => `${base}/locks${queryText(query)}`,
	overview: () => `${base}/overview`,
	history: (query = {}) => `${base}/history${queryText(query)}`,
	drafts: () => `${base}/drafts`,
	sessions: () => `${base}/sessions`,
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
	const found = (page, more = {}) => ({ page, ...more, query });
	if (!`${pathname}/`.startsWith(`${base}/`)) return found('missing');
	const parts = pathname.slice(base.length).split('/').filter((part) => part !== '');
	const [first, table, key, ...rest] = parts.map(decode);
	if (rest.length || parts.map(decode).includes(null)) return found('missing');
	if (first === undefined) return found('home');
	if (first === 'tables') return tablePage(found, table, key);
	if (first === 'new' && table !== undefined && key === undefined) return found('edit', { table, key: null });
	if (['signin', 'locks', 'history', 'drafts', 'overview', 'sessions'].includes(first) && table === undefined) return found(first);
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
