/**
 * The messages about a form. A message replaces an earlier one of its name.
 */
import { t } from '../lang/texts.js';
import { isOutage, Problem } from '../client/api.js';
import { explain } from '../model/problem.js';
import { announce } from '../ui/announce.js';
import { h } from '../ui/dom.js';
import { keepFocus } from '../ui/keep-focus.js';
import { banner, button } from '../ui/widgets.js';

/** The messages of one form. `element` holds them. */
export class FormNotes {
	element = h('div', { class: 'notes' });
	#keys = new Map();
	#mend = null;

	/**
	 * Shows and announces a message that the user can close.
	 * @param {string} name
	 * @param {'info'|'mine'|'theirs'|'warn'|'bad'} kind
	 * @param {import('../ui/widgets.js').BannerContent} content
	 * @returns {HTMLElement} the message, in the document until it is closed
	 *   or replaced
	 */
	show(name, kind, content) {
		const close = button(t('action.close'), () => this.remove(name), { kind: 'small' });
		const note = banner(kind, { ...content, actions: [...(content.actions ?? []), close] });
		this.#replace(name, note);
		const words = [content.title, content.text].flat().filter((part) => typeof part === 'string');
		announce(words.join(' '), { urgent: kind === 'bad' });
		if (kind === 'bad') note.scrollIntoView({ block: 'nearest' });
		return note;
	}

	/**
	 * Shows why a request failed.
	 * @param {Error} error thrown again unless it is a Problem
	 * @param {object} options
	 * @param {string} [options.prefix] what did not happen
	 * @param {boolean} options.isDirty whether the form has unsaved changes
	 * @param {() => any} [options.retry] does again what failed, once the
	 *   server can be reached
	 * @returns {void}
	 */
	failed(error, { prefix, isDirty, retry }) {
		if (!(error instanceof Problem)) throw error;
		const { title, detail, advice } = explain(error.status, error.problem);
		this.show('failed', 'bad', {
			icon: 'warn',
			title: [prefix, `${title}.`].filter(Boolean).join(' '),
			text: [detail, advice, isDirty ? t('typed.still_here') : ''].filter(Boolean),
		});
		this.#mend = isOutage(error) ? (retry ?? (() => this.#reachable({ prefix, isDirty }))) : null;
	}

	/**
	 * Mends what was told as failed for want of a connection.
	 * @returns {void}
	 */
	mend() {
		const mend = this.#mend;
		if (!mend) return;
		this.remove('failed');
		mend();
	}

	#reachable({ prefix, isDirty }) {
		if (!isDirty) return;
		this.show('failed', 'info', {
			icon: 'info',
			title: t('trouble.reachable'),
			text: [prefix, t('typed.try_again')].filter(Boolean),
		});
	}

	/**
	 * Shows a message while a condition holds. It is replaced only if its
	 * content changes, so that a button is not removed while it is pressed.
	 * @param {string} name
	 * @param {any} about what the content depends on, as JSON; null: no
	 *   message
	 * @param {() => HTMLElement} make
	 * @returns {void}
	 */
	keep(name, about, make) {
		const key = about === null ? null : JSON.stringify(about);
		if ((this.#keys.get(name) ?? null) === key) return;
		if (key === null) return this.remove(name);
		this.#replace(name, make());
		this.#keys.set(name, key);
	}

	/**
	 * @param {string} name
	 * @returns {void}
	 */
	remove(name) {
		keepFocus(this.element, () => this.#remove(name));
	}

	/**
	 * Removes all messages.
	 * @returns {void}
	 */
	clear() {
		this.#mend = null;
		this.#keys.clear();
		keepFocus(this.element, () => this.element.replaceChildren());
	}

	#replace(name, note) {
		note.dataset.note = name;
		keepFocus(this.element, () => {
			this.#remove(name);
			this.element.append(note);
		});
	}

	#remove(name) {
		if (name === 'failed') this.#mend = null;
		this.#keys.delete(name);
		this.element.querySelector(`[data-note="${name}"]`)?.remove();
	}
}
