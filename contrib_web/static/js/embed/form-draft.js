/**
 * The input of a form as a draft: lists of values by the controls' names.
 * Passwords, files and hidden values are left out, and controls with
 * data-draft="off".
 */

import { controlsOf } from './form-parts.js';

/** @typedef {Object<string, string[]>} Values by name */

const isKept = (control) =>
	control.name && !['password', 'file', 'hidden', 'submit', 'button', 'image', 'reset', 'fieldset', 'output'].includes(control.type) &&
	control.dataset.draft !== 'off';

const isChoice = (control) => control.type === 'checkbox' || control.type === 'radio';

const chosen = (control) =>
	control.localName === 'select' ? [...control.selectedOptions].map(({ value }) => value)
		: isChoice(control) ? (control.checked ? [control.value] : [])
			: [control.value];

/**
 * @param {HTMLFormElement} form
 * @returns {Values}
 */
export function readForm(form) {
	const values = Object.create(null); // a control may be named __proto__
	for (const control of controlsOf(form))
		if (isKept(control)) (values[control.name] ??= []).push(...chosen(control));
	return values;
}

/**
 * Writes values into the form. Controls whose name has no values stay as
 * they are. Each changed control has an `input` and a `change` event, as if
 * the user had typed.
 * @param {HTMLFormElement} form
 * @param {Values} values
 * @returns {void}
 */
export function fillForm(form, values) {
	const rest = Object.fromEntries(Object.entries(values).map(([name, list]) => [name, [...list]]));
	for (const control of controlsOf(form))
		if (isKept(control) && Array.isArray(values[control.name]) && fill(control, values[control.name], rest[control.name]))
			for (const type of ['input', 'change']) control.dispatchEvent(new Event(type, { bubbles: true }));
}

// Controls with the same name take the values in their order.
function fill(control, all, rest) {
	const before = JSON.stringify(chosen(control));
	if (control.localName === 'select') for (const option of control.options) option.selected = all.includes(option.value);
	else if (isChoice(control)) control.checked = all.includes(control.value);
	else if (rest.length) control.value = rest.shift();
	return JSON.stringify(chosen(control)) !== before;
}

/**
 * Whether two drafts have the same values.
 * @param {Values} a
 * @param {Values} b
 * @returns {boolean}
 */
export function isSame(a, b) {
	const names = Object.keys(a);
	return names.length === Object.keys(b).length && names.every((name) => JSON.stringify(a[name]) === JSON.stringify(b[name]));
}

/**
 * The draft of a form as the server keeps it.
 * @param {Values} values
 * @returns {{ form: Values }}
 */
export const toDraft = (values) => ({ form: values });

/**
 * The values of a draft that the server kept.
 * @param {any} data
 * @returns {Values|null} null: it is not of a form
 */
export const fromDraft = (data) => (data && typeof data.form === 'object' ? data.form : null);
