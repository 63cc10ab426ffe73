/**
 * <lock-holder>: who holds a row, in a list: padlock (another's) or page and pencil (one's own), and the
 * name. Dispatches `lockclick` (detail: the lock) when the icon is clicked.
 */
import { h, icon } from '../dom.js';
import { fullName, personName, stillLocked } from '../model/text.js';
import { refreshTip, tip } from './tip.js';

export class LockHolder extends HTMLElement {
	#lock = null;
	/** Asked when the reader looks closer: renewals are not in the live stream. */
	refresh = null;

	/** @param {object|null} lock with `endsAt` by performance.now() */
	set lock(lock) {
		this.#lock = lock;
		this.#render();
	}

	get lock() {
		return this.#lock;
	}

	/** The same lock, known better. */
	update(lock) {
		this.#lock = lock;
		if (this.firstChild) refreshTip(this.querySelector('button'));
	}

	#render() {
		const lock = this.#lock;
		if (!lock) return this.replaceChildren();
		const whose = lock.is_mine ? 'mine' : 'theirs';
		const name = lock.is_mine ? 'You' : personName(lock);
		const press = h(
			'button',
			{
				type: 'button',
				'aria-label': lock.is_mine ? 'Locked by you. Release?' : `Locked by ${personName(lock)}. Unlock?`,
				on: { click: () => this.#click() },
			},
			icon(lock.is_mine ? 'editing' : 'lock'),
		);
		const label = h('span', { class: 'holder-name', dir: 'auto' }, name);
		tip(
			press,
			() => stillLocked(this.#lock, (this.#lock.endsAt - performance.now()) / 1000),
			() => this.refresh?.(this.#lock),
		);
		tip(label, () => fullName(this.#lock));
		return this.replaceChildren(h('span', { class: 'holder', data: { whose } }, press, label));
	}

	#click() {
		this.dispatchEvent(new CustomEvent('lockclick', { detail: this.#lock, bubbles: true }));
	}
}

customElements.define('lock-holder', LockHolder);
