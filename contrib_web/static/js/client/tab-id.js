/**
 * The identifier of this tab, which distinguishes two tabs of one user.
 *
 * It survives a reload in sessionStorage. A duplicated tab inherits that
 * storage, so the identifier is stored only between two pages.
 */
const KEY = 'locking.tab';

function take() {
	try {
		const id = sessionStorage.getItem(KEY);
		sessionStorage.removeItem(KEY);
		return id;
	} catch {
		return null;
	}
}

function leave(id) {
	try {
		sessionStorage.setItem(KEY, id);
	} catch {
		// Storage may be disabled; a reload then counts as another tab.
	}
}

/**
 * A random text of letters, digits, `-` and `_`.
 * @returns {string}
 */
export function randomId() {
	const bytes = crypto.getRandomValues(new Uint8Array(9));
	return btoa(String.fromCharCode(...bytes))
		.replace(/\+/g, '-')
		.replace(/\//g, '_');
}

/** @type {string} */
export const tabId = take() ?? `tab-${randomId()}`;

addEventListener('pagehide', () => leave(tabId));
addEventListener('pageshow', ({ persisted }) => persisted && take());
