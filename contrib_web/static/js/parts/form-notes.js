/**
 * The messages over a form, each known by a name, so that a newer one takes its place.
 */
import { h } from '../dom.js';
import { announce, banner, button } from '../ui.js';

export class FormNotes {
	element = h('div', { class: 'notes' });
	#keys = new Map();

	/** Shows a message that is also said, and that can be closed. */
	show(name, kind, content) {
		this.remove(name);
		const close = button('Close', () => this.remove(name), { kind: 'small' });
		const note = this.#put(name, banner(kind, { ...content, actions: [...(content.actions ?? []), close] }));
		const words = [content.title, content.text].flat().filter((part) => typeof part === 'string');
		announce(words.join(' '), { urgent: kind === 'bad' });
		if (kind === 'bad') note.scrollIntoView({ block: 'center' });
	}

	/**
	 * A message that stands as long as something is so. Drawn anew only if it says something else: a
	 * button must not go while it is pressed.
	 * @param {string} name
	 * @param {any} about what it says, to be compared; null: nothing
	 * @param {() => HTMLElement} make
	 */
	keep(name, about, make) {
		const key = about === null ? null : JSON.stringify(about);
		if ((this.#keys.get(name) ?? null) === key) return;
		this.remove(name);
		if (key === null) return;
		this.#put(name, make());
		this.#keys.set(name, key);
	}

	remove(name) {
		this.#keys.delete(name);
		this.element.querySelector(`[data-note="${name}"]`)?.remove();
	}

	clear() {
		this.#keys.clear();
		this.element.replaceChildren();
	}

	#put(name, note) {
		note.dataset.note = name;
		this.element.append(note);
		return note;
	}
}
