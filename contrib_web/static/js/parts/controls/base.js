/**
 * Common types and functions of the controls of a form's fields.
 *
 * A value is text, null, or undefined (not given: the column's default).
 *
 * @typedef {object} About
 * @property {string} id of the control
 * @property {object} column as the API describes it
 * @property {string} label the field's name
 * @property {string} describedby ids of hint and error
 * @property {boolean} isNew whether the row is to be inserted
 * @property {(text: string|null, value?: string) => Promise<object>} search
 *   finds rows that a foreign key can refer to
 * @property {string|null|undefined} value the first value to show
 *
 * @typedef {(value: string|null|undefined, label?: string) => void} Changed
 *   called after each change by the user; label: of the row referred to
 *
 * @typedef {object} Control
 * @property {HTMLElement} element
 * @property {HTMLElement} input what labels and errors refer to
 * @property {() => void} focus
 * @property {(value: string|null|undefined, label?: string) => void} show
 * @property {(on: boolean) => void} readOnly
 * @property {(value: string|null|undefined) => boolean} canShow whether the
 *   control can show the value
 * @property {boolean} [showsNull] whether null is one of its choices
 */
import { h } from '../../ui/dom.js';

/**
 * @param {string|null|undefined} value
 * @returns {string}
 */
export const text = (value) => value ?? '';

/** For controls that can show any value. */
export const always = () => true;

/**
 * The value of an empty control: null if the type has no empty text.
 * @param {object} column
 * @param {string} value
 * @returns {string|null}
 */
export const emptied = (column, value) =>
	value === '' && !['text', 'array', 'json'].includes(column.category) && !column.not_null ? null : value;

/**
 * A control that consists of one input.
 * @param {HTMLInputElement|HTMLTextAreaElement} input
 * @param {object} column
 * @param {Changed} changed
 * @param {(value: string|null|undefined) => boolean} [canShow]
 * @returns {Control}
 */
export function oneInput(input, column, changed, canShow = always) {
	input.addEventListener('input', () => changed(emptied(column, input.value)));
	return {
		element: input,
		input,
		focus: () => input.focus(),
		show(value) {
			if (input.value !== text(value)) input.value = text(value);
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
