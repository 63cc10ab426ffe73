/**
 * A note that a request is under way, and how long the page waits for it.
 */
import { t } from '../lang/texts.js';
import { h } from '../ui/dom.js';

/** Delay until the note says how long the page waits, in milliseconds. */
const SLOW = 4000;

/** The note. `element` holds it. */
export class Progress {
	element = h('span', { class: 'progress small', role: 'status', hidden: true });
	#words = null;
	#timeout = 0;
	#timer = null;

	/**
	 * @param {string|null} words what is under way; null: nothing
	 * @param {number} timeout of the request, in milliseconds
	 * @returns {void}
	 */
	show(words, timeout) {
		this.#timeout = timeout;
		if (words === this.#words) return;
		this.#words = words;
		clearTimeout(this.#timer);
		this.element.hidden = words === null;
		this.element.textContent = words ?? '';
		if (words !== null) this.#timer = setTimeout(() => this.#slow(), SLOW);
	}

	#slow() {
		this.element.textContent = `${this.#words} ${t('progress.slow', { n: this.#timeout / 1000 })}`;
	}
}
