/**
 * <time-left>: a countdown that runs while it is in the document.
 */
import { clock } from '../client/clock.js';
import { countdown } from '../model/text.js';

class TimeLeft extends HTMLElement {
	#stop = null;
	endsAt = 0;
	words = countdown;

	connectedCallback() {
		this.#stop = clock.everySecond(() => this.#render());
		this.#render();
	}

	disconnectedCallback() {
		this.#stop?.();
	}

	#render() {
		const text = this.words(Math.max(0, this.endsAt - performance.now()) / 1000);
		if (this.textContent !== text) this.textContent = text;
	}
}

customElements.define('time-left', TimeLeft);

/**
 * @param {number} endsAt by performance.now()
 * @param {{ words?: (seconds: number) => string }} [options] words: formats
 *   the remaining time
 * @returns {HTMLElement}
 */
export function timeLeft(endsAt, { words = countdown } = {}) {
	const element = document.createElement('time-left');
	return Object.assign(element, { endsAt, words });
}
