/**
 * The content of an edit form: the row as it was read (`base`) and the user's
 * changes (`mine`, only values that differ). What is entered in a field may
 * be no value yet, such as half a date: the field's column is then `unread`,
 * and the form cannot be saved. Forms are immutable; functions that change
 * one return a new form.
 *
 * A value is text, null, or undefined (not given: an INSERT takes the
 * column's default).
 *
 * @typedef {object} Form
 * @property {Object<string, string|null>} base values by column
 * @property {Object<string, string|null|undefined>} mine values by column
 * @property {readonly string[]} unread columns whose fields have no value
 * @property {Object<string, string>} half what is entered in these, as far as
 *   it can be read, by column
 * @property {Object<string, string|null|undefined>} kept what a draft keeps:
 *   mine and half
 */
import { digest } from './digest.js';
import { own } from './own.js';

const make = (base, mine, { unread, half } = { unread: [], half: {} }) =>
	Object.freeze({
		base,
		mine: Object.freeze(mine),
		unread: Object.freeze(unread),
		half: Object.freeze(half),
		kept: Object.keys(half).length ? Object.freeze({ ...mine, ...half }) : mine,
	});

/**
 * A form without changes.
 * @param {Object<string, string|null>} [values] the row as read
 * @returns {Form}
 */
export const create = (values = {}) => make(values, {});

/**
 * The value that the form shows in a column.
 * @param {Form} form
 * @param {string} name of the column
 * @returns {string|null|undefined}
 */
export const valueOf = (form, name) => own(Object.hasOwn(form.mine, name) ? form.mine : form.base, name);

/**
 * Whether the form has unsaved changes.
 * @param {Form} form
 * @returns {boolean}
 */
export const isDirty = (form) => Object.keys(form.mine).length > 0 || form.unread.length > 0;

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
	const mine = { ...form.mine, [name]: value };
	if (value === own(form.base, name)) delete mine[name];
	return make(form.base, mine, without(form, name));
}

function without({ unread, half }, name) {
	if (!unread.includes(name)) return { unread, half };
	const others = Object.entries(half).filter(([each]) => each !== name);
	return { unread: unread.filter((each) => each !== name), half: Object.fromEntries(others) };
}

/**
 * Notes that what is entered in a field is no value. The column keeps the
 * value before.
 * @param {Form} form
 * @param {string} name of the column
 * @param {string|null} [text] what is entered, if it can be read
 * @returns {Form}
 */
export function setUnread(form, name, text = null) {
	const { unread, half } = without(form, name);
	return make(form.base, form.mine, { unread: [...unread, name], half: text === null ? half : { ...half, [name]: text } });
}

/**
 * Columns of which a draft has less than what is entered.
 * @param {Form} form
 * @returns {string[]}
 */
export const unreadable = ({ unread, half }) => unread.filter((name) => !Object.hasOwn(half, name));

/**
 * Replaces the base after the row was read again. The user's changes stay.
 * @param {Form} form
 * @param {Object<string, string|null>} values the row as read now
 * @returns {{ form: Form, changed: string[], conflicts: string[] }} changed:
 *   columns that others changed; conflicts: those of them that the user
 *   changed to another value
 */
export function rebase(form, values) {
	const changed = Object.keys(values).filter((name) => values[name] !== own(form.base, name));
	const conflicts = changed.filter((name) => Object.hasOwn(form.mine, name) && form.mine[name] !== values[name]);
	const mine = Object.fromEntries(Object.entries(form.mine).filter(([name, value]) => value !== values[name]));
	return { form: make(values, mine, form), changed, conflicts };
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
	const next = typedSince.reduce((so, name) => set(so, name, valueOf(form, name)), create(values));
	return form.unread.reduce((so, name) => setUnread(so, name, own(form.half, name) ?? null), next);
}

/**
 * A draft to be stored on the server: the changes, what is half entered, and
 * digests of the values that they replace.
 * @param {Form} form
 * @param {(name: string) => boolean} [includes] whether to include a column
 * @returns {{ values: object, base: object }} both by column
 */
export function draftOf(form, includes = () => true) {
	const names = Object.keys(form.kept).filter(includes);
	return {
		values: Object.fromEntries(names.map((name) => [name, form.kept[name]])),
		base: Object.fromEntries(names.map((name) => [name, digestOf(form.base, name)])),
	};
}

const digests = new WeakMap();

// A long text is read once, not for each draft.
function digestOf(base, name) {
	const known = digests.get(base) ?? new Map();
	digests.set(base, known);
	if (!known.has(name)) known.set(name, digest(own(base, name)));
	return known.get(name);
}

const isRead = (form) => (name) => Object.hasOwn(form.base, name);

/**
 * Whether a draft has other values than the form. Drafts of other programs
 * can be any JSON; they have none.
 * @param {Form} form
 * @param {any} data the draft
 * @param {(name: string) => boolean} [isKnown] whether there is such a column
 * @returns {boolean}
 */
export function draftDiffers(form, data, isKnown = isRead(form)) {
	const values = draftValues(data);
	return Object.entries(values).some(([name, value]) => isKnown(name) && value !== valueOf(form, name));
}

/**
 * Applies a draft to the form.
 * @param {Form} form
 * @param {any} data the draft
 * @param {(name: string) => boolean} [isKnown] whether there is such a column
 * @returns {{ form: Form, conflicts: string[] }} conflicts: columns of the
 *   draft that were changed in the row since
 */
export function applyDraft(form, data, isKnown = isRead(form)) {
	const known = Object.entries(draftValues(data)).filter(([name]) => isKnown(name));
	const next = known.reduce((so, [name, value]) => set(so, name, value), form);
	const base = data?.base ?? {};
	const conflicts = known
		.map(([name]) => name)
		.filter((name) => Object.hasOwn(base, name) && base[name] !== digest(own(form.base, name)) && Object.hasOwn(next.mine, name));
	return { form: next, conflicts };
}

/**
 * Whether a row has been changed since a draft of it was typed.
 * @param {Form} form of the row as it is now
 * @param {any} data the draft
 * @returns {boolean}
 */
export const isDraftOutdated = (form, data) => applyDraft(create(form.base), data).conflicts.length > 0;

/**
 * Whether a save can be repeated without replacing what others have written
 * since: each column has the value from before the save, or that of the save.
 * @param {Form} form of the row as it is now
 * @param {Object<string, string|null>} sent by column
 * @param {any} data the draft of the form that was sent
 * @returns {boolean}
 */
export const mayRepeat = (form, sent, data) =>
	Object.entries(sent).every(([name, value]) => own(form.base, name) === value || own(data?.base ?? {}, name) === digest(own(form.base, name)));

function draftValues(data) {
	const values = data !== null && typeof data === 'object' ? data.values : null;
	if (values === null || typeof values !== 'object') return {};
	return Object.fromEntries(Object.entries(values).filter(([, value]) => value === null || typeof value === 'string'));
}
