/**
 * Common types and functions of the controls of a form's fields.
 *
 * A value is text, null, or undefined (not given: the column's default).
 *
 * A control never redraws what the user types: show() does nothing if the
 * value is the one that it shows or last reported. Where it does draw, the
 * caret stays in its place.
 *
 * @typedef {object} About
 * @property {string} id of the control
 * @property {object} column as the API describes it
 * @property {string} label the field's name
 * @property {string} describedby ids of hint and error
 * @property {boolean} isNew whether the row is to be inserted
 * @property {(text: string|null, value?: string) => Promise<object>} search
 *   finds rows that a foreign key can refer to
 * @property {() => void} complained called when the complaint has changed,
 *   but not what was entered
 * @property {string|null|undefined} value the first value to show
 *
 * @typedef {(value: string|null|undefined, more?: { label?: string }) =>
 *   void} Changed
 *   called after each change by the user; label: of the row referred to
 *
 * @typedef {object} Control
 * @property {HTMLElement} element
 * @property {HTMLElement} input what labels and errors refer to
 * @property {() => void} focus
 * @property {(value: string|null|undefined, label?: string) => void} show
 * @property {() => void} forget the next show() draws any value
 * @property {(on: boolean) => void} readOnly
 * @property {(value: string|null|undefined) => boolean} canShow whether the
 *   control can show the value
 * @property {() => string|null} [complaint] why what was entered is no value
 *   (half a date); null: it is one
 * @property {() => HTMLElement} [wrongInput] the input that the complaint is
 *   about, if not `input`
 * @property {boolean} [showsNull] whether null is one of its choices
 * @property {() => void} [lookUpAgain] after an outage, asks the server again
 *   for what it has not answered
 */
import { directionOf } from '../../model/column.js';
import { shownText, storedText } from '../../model/line-ends.js';
import { h } from '../../ui/dom.js';

/** Differs from any value. */
export const NONE = Symbol('none');

/** Texts of up to this length have their line ends restored by undoing. */
const REMEMBERED = 20_000;

/**
 * @param {string|null|undefined} value
 * @returns {string}
 */
export const text = (value) => value ?? '';

/** For controls that can show any value. */
export const always = () => true;

/**
 * The value of an empty control: null if the type has no empty text, or in a
 * new row the column's default.
 * @param {object} column
 * @param {string} value
 * @param {boolean} [isNew] whether the row is to be inserted
 * @returns {string|null|undefined}
 */
export function emptied(column, value, isNew = false) {
	if (value !== '' || column.category === 'text') return value;
	if (isNew && (column.default !== null || column.identity)) return undefined;
	return column.not_null ? value : null;
}

/**
 * Sets an input's text. A caret stays where it is in the text.
 * @param {HTMLInputElement|HTMLTextAreaElement} input
 * @param {string} next
 * @returns {void}
 */
export function setText(input, next) {
	const { value: before, selectionStart, selectionEnd } = input;
	if (before === next) return;
	input.value = next;
	if (document.activeElement !== input || typeof selectionStart !== 'number') return;
	let same = 0;
	while (same < selectionEnd && before[same] === next[same]) same++;
	const moved = (at) => (at <= same ? at : Math.max(same, next.length - before.length + at));
	input.setSelectionRange(moved(selectionStart), moved(selectionEnd));
}

/**
 * The text of an input as it is stored, with the line ends that the browser
 * does not keep.
 * @param {HTMLInputElement|HTMLTextAreaElement} input
 * @returns {{ set: (stored: string) => void, read: () => string }}
 */
export function storedIn(input) {
	let stored = '';
	let shown = '';
	const known = new Map();
	const remember = () => stored !== shown && shown.length <= REMEMBERED && known.set(shown, stored);
	return {
		set(next) {
			known.clear();
			stored = next;
			setText(input, shownText(stored));
			shown = input.value;
			remember();
			setDirection(input, shown);
		},
		read() {
			const next = input.value;
			if (next === shown) return stored;
			stored = known.get(next) ?? storedText(stored, shown, next, input.selectionEnd ?? next.length);
			shown = next;
			remember();
			setDirection(input, shown);
			return stored;
		},
	};
}

// Not by dir="auto", for which Chromium reads the whole text again and again.
function setDirection(input, shown) {
	const direction = directionOf(shown);
	if (input.dir !== direction) input.dir = direction;
}

/**
 * A control that consists of one input.
 * @param {HTMLInputElement|HTMLTextAreaElement} input
 * @param {About} about
 * @param {Changed} changed
 * @param {(value: string|null|undefined) => boolean} [canShow]
 * @returns {Control}
 */
export function oneInput(input, { column, isNew }, changed, canShow = always) {
	const content = storedIn(input);
	let last = NONE;
	input.addEventListener('input', () => {
		last = emptied(column, content.read(), isNew);
		changed(last);
	});
	return {
		element: input,
		input,
		focus: () => input.focus(),
		show(value) {
			if (value === last) return;
			last = value;
			content.set(text(value));
		},
		forget() {
			last = NONE;
		},
		readOnly(on) {
			input.readOnly = on;
		},
		canShow,
	};
}

/**
 * A text input.
 * @param {string} id
 * @param {object} [props] see h()
 * @returns {HTMLInputElement}
 */
export const plainInput = (id, props = {}) => h('input', { class: 'input', id, type: 'text', autocomplete: 'off', ...props });

/**
 * Replaces the text of an input, so that the user can undo it.
 * @param {HTMLInputElement|HTMLTextAreaElement} input
 * @param {string} next
 * @returns {void}
 */
export function retype(input, next) {
	input.focus();
	input.select();
	// Deprecated, but nothing else keeps the browser's undo history.
	if (!document.execCommand('insertText', false, next)) {
		input.value = next;
		input.dispatchEvent(new Event('input', { bubbles: true }));
	}
}
