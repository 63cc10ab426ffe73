/**
 * The content of an edit form: the row as it was read (`base`) and the user's
 * changes (`mine`, only values that differ). Forms are immutable; functions
 * that change one return a new form.
 *
 * A value is text, null, or undefined (not given: an INSERT takes the
 * column's default).
 *
 * @typedef {object} Form
 * @property {Object<string, string|null>} base values by column
 * @property {Object<string, string|null|undefined>} mine values by column
 */

/**
 * A form without changes.
 * @param {Object<string, string|null>} [values] the row as read
 * @returns {Form}
 */
export const create = (values = {}) => Object.freeze({ base: values, mine: Object.freeze({}) });

/**
 * The value that the form shows in a column.
 * @param {Form} form
 * @param {string} name of the column
 * @returns {string|null|undefined}
 */
export const valueOf = (form, name) => (name in form.mine ? form.mine[name] : form.base[name]);

/**
 * Whether the form has unsaved changes.
 * @param {Form} form
 * @returns {boolean}
 */
export const isDirty = (form) => Object.keys(form.mine).length > 0;

/**
 * The values to send when saving.
 * @param {Form} form
 * @returns {Object<string, string|null>} by column
 */
export const changes = (form) =>
	Object.fromEntries(Object.entries(form.mine).filter(([, value]) => value !== undefined));

/**
 * Sets a value.
 * @param {Form} form
 * @param {string} name of the column
 * @param {string|null|undefined} value
 * @returns {Form}
 */
export function set(form, name, value) {
	const mine = { ...form.mine };
	if (value === form.base[name]) delete mine[name];
	else mine[name] = value;
	return Object.freeze({ ...form, mine: Object.freeze(mine) });
}

/**
 * Replaces the base after the row was read again. The user's changes stay.
 * @param {Form} form
 * @param {Object<string, string|null>} values the row as read now
 * @returns {{ form: Form, changed: string[], conflicts: string[] }} changed:
 *   columns that others changed; conflicts: those of them that the user
 *   changed to another value
 */
export function rebase(form, values) {
	const changed = Object.keys(values).filter((name) => values[name] !== form.base[name]);
	const conflicts = changed.filter((name) => name in form.mine && form.mine[name] !== values[name]);
	const mine = Object.fromEntries(Object.entries(form.mine).filter(([name, value]) => value !== values[name]));
	return { form: Object.freeze({ base: values, mine: Object.freeze(mine) }), changed, conflicts };
}

/**
 * The form after a save. Input made since the form was sent remains a change.
 * @param {Form} form
 * @param {Form} sent the form as it was sent
 * @param {Object<string, string|null>} values the row as it was saved
 * @returns {Form}
 */
export function saved(form, sent, values) {
	const typedSince = Object.keys(values).filter((name) => valueOf(form, name) !== valueOf(sent, name));
	return typedSince.reduce((so, name) => set(so, name, valueOf(form, name)), create(values));
}

/**
 * A draft to be stored on the server: the changes and the values they
 * replace.
 * @param {Form} form
 * @returns {{ values: object, base: object }} both by column
 */
export function draftOf(form) {
	const base = Object.fromEntries(Object.keys(form.mine).map((name) => [name, form.base[name] ?? null]));
	return { values: form.mine, base };
}

/**
 * Whether a draft has other values than the form. Drafts of other programs
 * can be any JSON; they have none.
 * @param {Form} form
 * @param {any} data the draft
 * @returns {boolean}
 */
export function draftDiffers(form, data) {
	const values = draftValues(data);
	return Object.entries(values).some(([name, value]) => name in form.base && value !== valueOf(form, name));
}

/**
 * Applies a draft to the form.
 * @param {Form} form
 * @param {any} data the draft
 * @returns {{ form: Form, conflicts: string[] }} conflicts: columns of the
 *   draft that were changed in the row since
 */
export function applyDraft(form, data) {
	const known = Object.entries(draftValues(data)).filter(([name]) => name in form.base);
	const next = known.reduce((so, [name, value]) => set(so, name, value), form);
	const base = data?.base ?? {};
	const conflicts = known
		.map(([name]) => name)
		.filter((name) => name in base && base[name] !== form.base[name] && name in next.mine);
	return { form: next, conflicts };
}

function draftValues(data) {
	const values = data !== null && typeof data === 'object' ? data.values : null;
	if (values === null || typeof values !== 'object') return {};
	return Object.fromEntries(Object.entries(values).filter(([, value]) => value === null || typeof value === 'string'));
}
