/**
 * <lock-holder>: the holder of a row, in a list. A padlock marks others'
 * locks, a page with a pencil the user's own.
 */
import { t } from '../lang/texts.js';
import { h, icon } from '../ui/dom.js';
import { keepFocus } from '../ui/keep-focus.js';
import { fullName, personName, stillLocked } from '../model/text.js';
import { avatar } from './person.js';
import { refreshTip, tip } from './tip.js';

/**
 * Events: `lockclick` (detail: the lock) when the icon is clicked; bubbles.
 */
export class LockHolder extends HTMLElement {
	#lock = null;
	#presence = null;
	/**
	 * Reads the lock again when the tip is shown, because renewals are not in
	 * the live stream. Set by the owner of the element.
	 * @type {((lock: object) => void)|null}
	 */
	refresh = null;
	/** Whether the user may remove others' locks. Set before the lock. */
	mayBreak = false;

	/** @param {object|null} lock with `endsAt` by performance.now() */
	set lock(lock) {
		this.#lock = lock;
		this.#render();
	}

	get lock() {
		return this.#lock;
	}

	/** @param {{ state: string, words: string }|null} presence holder's */
	set presence(presence) {
		if (presence?.words === this.#presence?.words) return;
		this.#presence = presence;
		this.#showPresence();
	}

	/**
	 * Updates the times of the same lock.
	 * @param {object} lock with `endsAt`
	 * @returns {void}
	 */
	update(lock) {
		this.#lock = lock;
		if (this.firstChild) refreshTip(this.querySelector('button'));
	}

	#render() {
		const lock = this.#lock;
		if (!lock) return this.#replace();
		const whose = lock.is_mine ? 'mine' : 'theirs';
		const name = lock.is_mine ? t('person.You') : personName(lock);
		const press = h(
			'button',
			{
				type: 'button',
				'aria-label': labelOf(lock, this.mayBreak),
				on: { click: () => this.#click() },
			},
			icon(lock.is_mine ? 'editing' : 'lock'),
		);
		const label = h('span', { class: 'holder-name', dir: 'auto' }, avatar(lock), name);
		tip(
			press,
			() => stillLocked(this.#lock, (this.#lock.endsAt - performance.now()) / 1000),
			() => this.refresh?.(this.#lock),
		);
		tip(label, () => [fullName(this.#lock), this.#presence?.words].filter(Boolean).join('. '));
		this.#replace(h('span', { class: 'holder', data: { whose } }, press, label));
		return this.#showPresence();
	}

	// Without a lock, the row's link is next.
	#replace(...content) {
		keepFocus(this, () => this.replaceChildren(...content), () => this.closest('tr, li')?.querySelector('a'));
	}

	#showPresence() {
		const holder = this.firstElementChild;
		if (!holder) return;
		holder.querySelector('.presence')?.remove();
		holder.dataset.state = this.#presence?.state ?? '';
		if (this.#presence) holder.append(h('span', { class: 'presence visually-hidden' }, this.#presence.words));
	}

	#click() {
		this.dispatchEvent(new CustomEvent('lockclick', { detail: this.#lock, bubbles: true }));
	}
}

// The label of the icon: what a click does.
function labelOf(lock, mayBreak) {
	if (lock.is_mine) return t('lock.release_own');
	return t(mayBreak ? 'lock.unlock' : 'lock.request', { who: personName(lock) });
}

customElements.define('lock-holder', LockHolder);
