/**
 * The form of a table's protection settings.
 */
import { t } from '../lang/texts.js';
import { h, icon, newId } from '../ui/dom.js';
import { labelOf, tableLabel } from '../model/column.js';
import { explain } from '../model/problem.js';
import { announce } from '../ui/announce.js';

/**
 * @param {object} table as the API describes it
 * @returns {{ body: Node[], read: () => object|null }} read() returns the
 *   settings to send, or null after marking an invalid one
 */
export function protectionForm(table) {
	const now = table.protection ?? { hard: true, required: false, columns: null, ttl: null, warning: null, parent: null };
	const hard = check(t('protect.hard'), t('protect.hard.hint'), now.hard);
	const required = check(t('protect.required'), t('protect.required.hint'), now.required);
	const ttl = seconds(t('protect.ttl'), 'ttl', now.ttl, table.time_until_expiration);
	const warning = seconds(t('protect.warning'), 'warning', now.warning, table.time_until_warning);
	const parent = parentChoice(table, now.parent);
	const columns = columnChoice(table, now.columns);
	const body = [
		h('div', {}, hard.row, required.row),
		h('div', { class: 'pair' }, ttl.row, warning.row),
		parent.row,
		columns.row,
	].filter(Boolean);
	function read() {
		const fields = [ttl, warning, columns];
		const wrong = fields.filter((field) => !field.check());
		if (wrong.length) {
			wrong[0].input.focus();
			return null;
		}
		return {
			hard: hard.input.checked,
			required: required.input.checked,
			ttl: ttl.value(),
			warning: warning.value(),
			parent: parent.value(),
			columns: columns.value(),
		};
	}
	return { body, read };
}

/**
 * Shows in the dialog why the server rejected the settings.
 * @param {HTMLDialogElement} dialog
 * @param {import('../client/api.js').Problem} problem
 * @param {boolean} mayFocus whether to focus the setting
 * @returns {false}
 */
export function showProblem(dialog, { status, problem }, mayFocus) {
	const { title, detail } = explain(status, problem);
	dialog.querySelector('.field-error[data-server]')?.remove();
	const text = `${title}. ${detail}`;
	dialog.querySelector('.dialog-body').append(h('p', { class: 'field-error', data: { server: '' } }, icon('warn'), text));
	if (mayFocus) dialog.querySelector(`[name="${CSS.escape(problem.column ?? '')}"]`)?.focus();
	announce(text, { urgent: true });
	return false;
}

function check(text, hint, checked) {
	const input = h('input', { type: 'checkbox', checked });
	return { input, row: h('label', { class: 'check' }, input, h('span', {}, text, h('small', {}, hint))) };
}

function seconds(text, name, value, otherwise) {
	const id = newId(name);
	const error = h('p', { class: 'field-error', id: `${id}-error`, hidden: true });
	const input = h('input', {
		class: 'input number',
		id,
		name,
		inputMode: 'decimal',
		value: value ?? '',
		placeholder: value === null ? t('protect.by_default', { value: otherwise }) : t('value.default'),
		'aria-describedby': `${id}-error`,
		autocomplete: 'off',
	});
	const number = () => (input.value.trim() === '' ? null : Number(input.value));
	return {
		input,
		value: number,
		check() {
			const good = number() === null || number() > 0;
			error.hidden = good;
			error.replaceChildren(icon('warn'), t('protect.positive'));
			input.setAttribute('aria-invalid', String(!good));
			return good;
		},
		row: h(
			'div',
			{},
			h('label', { class: 'label', htmlFor: id }, text, h('span', { class: 'quiet' }, ` ${t('protect.seconds')}`)),
			input,
			error,
		),
	};
}

function parentChoice(table, value) {
	const keys = table.foreign_keys;
	if (!keys.length) return { row: null, value: () => value };
	const id = newId('parent');
	const select = h(
		'select',
		{ class: 'input', id, name: 'parent' },
		h('option', { value: '' }, t('protect.own_lock')),
		keys.map(({ constraint, name, columns }) =>
			h(
				'option',
				{ value: constraint, selected: constraint === value },
				t('protect.parent_lock', { table: parentName(name, columns, keys) }),
			),
		),
	);
	return { row: h('div', {}, h('label', { class: 'label', htmlFor: id }, t('protect.guarded')), select), value: () => select.value || null };
}

// With the referring columns only if several foreign keys refer to the table.
function parentName(name, columns, keys) {
	const isOnly = keys.filter((key) => key.name === name).length === 1;
	return isOnly ? tableLabel(name) : `${tableLabel(name)} (${columns.map((column) => labelOf({ name: column })).join(', ')})`;
}

function columnChoice(table, value) {
	const all = table.columns.filter(({ key, generated }) => !key && !generated);
	const boxes = all.map((column) => [column.name, h('input', { type: 'checkbox', checked: value === null || value.includes(column.name) }), labelOf(column)]);
	const chosen = () => boxes.filter(([, { checked }]) => checked).map(([name]) => name);
	const error = h('p', { class: 'field-error', hidden: true });
	const row = h(
		'details',
		{ class: 'fold', open: value !== null },
		h('summary', {}, t('protect.columns')),
		h(
			'fieldset',
			{},
			h('legend', { class: 'hint' }, t('protect.columns.hint')),
			h(
				'div',
				{ class: 'column-checks' },
				boxes.map(([name, input, label]) => h('label', { class: 'check', title: name }, input, h('span', {}, label))),
			),
			error,
		),
	);
	return {
		input: boxes[0]?.[1],
		row: all.length ? row : null,
		value: () => (chosen().length === all.length ? null : chosen()),
		// None would be stored as all.
		check() {
			const good = !all.length || chosen().length > 0;
			error.hidden = good;
			error.replaceChildren(icon('warn'), t('protect.columns.choose'));
			return good;
		},
	};
}
