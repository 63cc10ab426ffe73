/**
 * A note that a request is under way, and how long the page waits for it.
 */
import { t } from '../lang/texts.js';
import { TIMEOUT } from '../client/api.js';
import { h } from '../ui/dom.js';

/** Delay until the note says how long the page waits, in milliseconds. */
const SLOW = 4000;

/** The note. `element` holds it. */
export class Progress {
	element = h('span', { class: 'progress small', role: 'status', hidden: true });
	#words;
	#timer = null;

	/** @param {string} words what is under way */
	constructor(words) {
		this.#words = words;
	}

	/**
	 * @param {boolean} isUnderWay
	 * @returns {void}
	 */
	show(isUnderWay) {
		if (isUnderWay !== this.element.hidden) return;
		clearTimeout(this.#timer);
		this.element.hidden = !isUnderWay;
		this.element.textContent = isUnderWay ? this.#words : '';
		if (isUnderWay) this.#timer = setTimeout(() => this.#slow(), SLOW);
	}

	#slow() {
		this.element.textContent = `${this.#words} ${t('progress.slow', { n: TIMEOUT / 1000 })}`;
	}
}
