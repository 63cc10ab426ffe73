/**
 * The control of an enumeration.
 */
import { t } from '../../lang/texts.js';
import { defaultText } from '../../model/column.js';
import { h } from '../../ui/dom.js';
import { always } from './base.js';

// No label of an enumeration contains NUL.
const NULL = '\u0000null';
const DEFAULT = '\u0000default';
const OTHERS = new Map([[NULL, null], [DEFAULT, undefined]]);

/**
 * @param {import('./base.js').About} about
 * @param {import('./base.js').Changed} changed
 * @returns {import('./base.js').Control}
 */
export const enumeration = ({ id, column, isNew }, changed) => {
	const none = h(
		'option',
		{ value: DEFAULT, disabled: column.not_null && !isNew, hidden: !isNew },
		isNew ? (column.default === null ? t('value.choose') : defaultText(column.default)) : '',
	);
	const option = (value) => h('option', { value }, value);
	const select = h(
		'select',
		{ class: 'input narrow', id },
		isNew || column.not_null ? none : null,
		column.values.map(option),
		column.not_null ? null : h('option', { value: NULL }, t('value.null')),
	);
	select.addEventListener('change', ({ target: { value } }) => changed(OTHERS.has(value) ? OTHERS.get(value) : value));
	return {
		element: select,
		input: select,
		focus: () => select.focus(),
		show(value) {
			const shown = value === null ? NULL : value === undefined ? DEFAULT : value;
			if (select.value === shown) return;
			select.value = shown;
			// A label that is newer than the page.
			if (select.value !== shown && typeof value === 'string') {
				select.append(option(value));
				select.value = shown;
			}
		},
		forget() {},
		readOnly(on) {
			select.disabled = on;
		},
		canShow: always,
		showsNull: true,
	};
};
