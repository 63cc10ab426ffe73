/**
 * Navigation between pages without loading the document again. A page can
 * prevent being left.
 */
import { parse } from './model/route.js';

/**
 * Events: `show` (detail: the route, see model/route.js).
 */
export class Router extends EventTarget {
	#index = history.state?.index ?? 0;
	#mayLeave = () => true;
	#confirmed = false;

	/**
	 * @param {() => boolean|Promise<boolean>} mayLeave called before the
	 *   current page is left; returns true at once without a question
	 * @returns {void}
	 */
	guard(mayLeave) {
		this.#mayLeave = mayLeave;
	}

	/**
	 * Shows the page of the address, and from now on those of links and of
	 * the browser's history.
	 * @returns {void}
	 */
	start() {
		history.replaceState({ ...history.state, index: this.#index }, '');
		history.scrollRestoration = 'manual';
		document.addEventListener('click', (event) => this.#follow(event));
		addEventListener('popstate', (event) => this.#pop(event));
		this.#show();
	}

	/**
	 * Shows another page.
	 * @param {string} href
	 * @param {object} [options]
	 * @param {boolean} [options.replace] instead of a new history entry
	 * @param {boolean} [options.ask] whether the current page can prevent it
	 * @returns {Promise<boolean>} false: the current page prevented it
	 */
	async go(href, { replace = false, ask = true } = {}) {
		if (ask && !(await this.#mayLeave())) return false;
		if (!replace) this.#index++;
		history[replace ? 'replaceState' : 'pushState']({ index: this.#index }, '', href);
		this.#show();
		return true;
	}

	/**
	 * Changes the address without showing another page.
	 * @param {string} href
	 * @returns {void}
	 */
	rename(href) {
		history.replaceState({ index: this.#index }, '', href);
	}

	/**
	 * Changes the address without showing another page. The browser's Back
	 * leads to the address before.
	 * @param {string} href
	 * @returns {void}
	 */
	push(href) {
		history.pushState({ index: ++this.#index }, '', href);
	}

	#follow(event) {
		const link = event.target.closest?.('a[href]');
		const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
		if (!link || !plain || event.defaultPrevented || link.target || link.hasAttribute('download')) return;
		const url = new URL(link.href);
		if (url.origin !== location.origin || parse(url.pathname).page === 'missing') return;
		event.preventDefault();
		if (url.hash) document.querySelector(url.hash)?.focus();
		else this.go(url.pathname + url.search);
	}

	// The browser has already moved. If the user has to confirm, move back,
	// wait, and move again; this leaves the browser's history unchanged.
	async #pop({ state }) {
		const index = state?.index ?? 0;
		const delta = index - this.#index;
		if (delta === 0) return;
		const answer = this.#confirmed || this.#mayLeave();
		this.#confirmed = false;
		if (answer === true) {
			this.#index = index;
			this.#show();
			return;
		}
		history.go(-delta);
		this.#confirmed = await answer;
		if (this.#confirmed) history.go(delta);
	}

	#show() {
		this.dispatchEvent(new CustomEvent('show', { detail: parse(location.pathname, location.search) }));
	}
}
