/**
 * What an editor has changed in a row: the row as it was read (`base`) and his values
 * (`mine`, only those that differ). All functions answer with a new form.
 *
 * A value is text, null, or undefined: not given, so that an INSERT takes the default.
 */

export const create = (values = {}) => Object.freeze({ base: values, mine: Object.freeze({}) });

export const valueOf = (form, name) => (name in form.mine ? form.mine[name] : form.base[name]);

export const isDirty = (form) => Object.keys(form.mine).length > 0;

/** What has to be sent to save. */
export const changes = (form) => form.mine;

export function set(form, name, value) {
	const mine = { ...form.mine };
	if (value === form.base[name]) delete mine[name];
	else mine[name] = value;
	return Object.freeze({ ...form, mine: Object.freeze(mine) });
}

/**
 * The row has been read anew. What the editor changed stays his.
 * @returns {{ form: object, changed: string[], conflicts: string[] }} columns that others changed;
 *   and those of them that the editor changed too, to something else
 */
export function rebase(form, values) {
	const changed = Object.keys(values).filter((name) => values[name] !== form.base[name]);
	const conflicts = changed.filter((name) => name in form.mine && form.mine[name] !== values[name]);
	const mine = Object.fromEntries(Object.entries(form.mine).filter(([name, value]) => value !== values[name]));
	return { form: Object.freeze({ base: values, mine: Object.freeze(mine) }), changed, conflicts };
}

/**
 * The row has been saved. What was typed since the form was sent is still to be saved.
 * @param {object} sent the form as it was sent
 * @param {object} values the row as it was saved
 */
export function saved(form, sent, values) {
	const typedSince = Object.keys(values).filter((name) => valueOf(form, name) !== valueOf(sent, name));
	return typedSince.reduce((so, name) => set(so, name, valueOf(form, name)), create(values));
}

/** For the server to keep: the values, and what they were made from. */
export function draftOf(form) {
	const base = Object.fromEntries(Object.keys(form.mine).map((name) => [name, form.base[name] ?? null]));
	return { values: form.mine, base };
}

/** Whether it is a draft of these pages (others may keep any JSON) that says something new. */
export function draftDiffers(form, data) {
	const values = draftValues(data);
	return Object.entries(values).some(([name, value]) => name in form.base && value !== valueOf(form, name));
}

/** @returns {{ form: object, conflicts: string[] }} conflicts: columns that changed since the draft was made */
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
