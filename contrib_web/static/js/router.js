/**
 * Moves between pages without loading the document anew. A page may ask before it is left.
 */
import { parse } from './model/route.js';

export class Router extends EventTarget {
	#index = history.state?.index ?? 0;
	#mayLeave = () => true;
	#asked = false;

	/** @param {() => boolean|Promise<boolean>} mayLeave asked before the current page is left; true at once if nothing is to be asked */
	guard(mayLeave) {
		this.#mayLeave = mayLeave;
	}

	start() {
		history.replaceState({ ...history.state, index: this.#index }, '');
		history.scrollRestoration = 'manual';
		document.addEventListener('click', (event) => this.#follow(event));
		addEventListener('popstate', (event) => this.#pop(event));
		this.#show();
	}

	/** @returns {Promise<boolean>} false if the page did not want to be left */
	async go(href, { replace = false, ask = true } = {}) {
		if (ask && !(await this.#mayLeave())) return false;
		if (!replace) this.#index++;
		history[replace ? 'replaceState' : 'pushState']({ index: this.#index }, '', href);
		this.#show();
		return true;
	}

	/** Changes the address of the page as it is (a search, a sort) without showing it anew. */
	rename(href) {
		history.replaceState({ index: this.#index }, '', href);
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

	// The browser has moved already. If there is something to ask, go back first, ask, and
	// move again if one may; so its history stays as it is.
	async #pop({ state }) {
		const index = state?.index ?? 0;
		const delta = index - this.#index;
		if (delta === 0) return;
		const answer = this.#asked || this.#mayLeave();
		this.#asked = false;
		if (answer === true) {
			this.#index = index;
			this.#show();
			return;
		}
		history.go(-delta);
		this.#asked = await answer;
		if (this.#asked) history.go(delta);
	}

	#show() {
		this.dispatchEvent(new CustomEvent('show', { detail: parse(location.pathname, location.search) }));
	}
}
