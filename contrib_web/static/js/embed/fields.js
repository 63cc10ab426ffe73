/**
 * The controls of a form, which are closed while it may not be edited. Text
 * in closed controls can be selected and copied, and is read by screen
 * readers, unlike in an inert form. What the application itself disabled or
 * made read-only stays so.
 */

import { controlsOf } from './form-parts.js';

/** Types of input whose text can be read-only. The others are disabled. */
const TEXTS = new Set(
	['text', 'search', 'url', 'tel', 'email', 'password', 'number', 'date', 'month', 'week', 'time', 'datetime-local'],
);

/** Buttons that send or reset the form. Others may lead elsewhere. */
const SENDS = new Set(['submit', 'reset', 'image']);

const isText = (control) => control.localName === 'textarea' || (control.localName === 'input' && TEXTS.has(control.type));

/** How a control is closed: by which property, to which value. */
function closing(control) {
	if (control.localName === 'fieldset' || control.localName === 'output' || control.type === 'hidden') return null;
	if (control.localName === 'button' && !SENDS.has(control.type)) return null;
	if (control.localName === 'input' && control.type === 'button') return null;
	if (isText(control)) return ['readOnly', true];
	return ['disabled', true];
}

/** The controls of the forms below an element, open or closed. */
export class Fields {
	#root;
	#undo = new Map();
	#isOpen = true;
	#observer = new MutationObserver(() => !this.#isOpen && this.#close());

	/** @param {HTMLElement} root that has the form */
	constructor(root) {
		this.#root = root;
		this.#observer.observe(root, { childList: true, subtree: true });
	}

	/** Whether the controls can be edited. */
	get isOpen() {
		return this.#isOpen;
	}

	/**
	 * @param {boolean} isOpen
	 * @returns {void}
	 */
	set isOpen(isOpen) {
		if (isOpen === this.#isOpen) return;
		this.#isOpen = isOpen;
		if (isOpen) this.#open();
		else this.#close();
	}

	/**
	 * Opens the controls for good.
	 * @returns {void}
	 */
	stop() {
		this.#observer.disconnect();
		this.isOpen = true;
	}

	// Also for controls that were added since.
	#close() {
		for (const form of this.#root.querySelectorAll('form'))
			for (const control of controlsOf(form)) {
				const change = closing(control);
				if (change) this.#set(control, ...change);
			}
		for (const editor of this.#root.querySelectorAll('[contenteditable]')) this.#set(editor, 'contentEditable', 'false');
	}

	#set(element, property, value) {
		if (this.#undo.has(element) || element[property] === value) return;
		const before = element[property];
		element[property] = value;
		this.#undo.set(element, () => {
			element[property] = before;
		});
	}

	#open() {
		for (const undo of this.#undo.values()) undo();
		this.#undo.clear();
	}
}
