/**
 * The name of this tab, so that a second tab of the same person is told apart.
 *
 * It survives a reload in sessionStorage, but a duplicated tab inherits that storage: so the
 * name lies there only between the end of one page and the start of the next.
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
		// Without storage a reload counts as another tab, and is asked.
	}
}

function fresh() {
	const bytes = crypto.getRandomValues(new Uint8Array(9));
	return `tab-${btoa(String.fromCharCode(...bytes))
		.replace(/\+/g, '-')
		.replace(/\//g, '_')}`;
}

export const tabId = take() ?? fresh();

addEventListener('pagehide', () => leave(tabId));
addEventListener('pageshow', ({ persisted }) => persisted && take());
