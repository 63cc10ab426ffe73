/**
 * The control of an enumeration.
 */
import { h } from '../../ui/dom.js';
import { always, text } from './base.js';

/**
 * @param {import('./base.js').About} about
 * @param {import('./base.js').Changed} changed
 * @returns {import('./base.js').Control}
 */
export const enumeration = ({ id, column, isNew }, changed) => {
	const NULL = '\u0000null';
	const none =
		isNew || column.not_null
			? [
					h(
						'option',
						{ value: '', disabled: column.not_null && !isNew, hidden: !isNew },
						isNew ? (column.default === null ? 'Choose' : `default: ${column.default}`) : '',
					),
				]
			: [];
	const select = h(
		'select',
		{ class: 'input narrow', id },
		...none,
		...column.values.map((value) => h('option', { value }, value)),
		...(column.not_null ? [] : [h('option', { value: NULL }, 'null')]),
	);
	select.addEventListener('change', () =>
		changed(select.value === NULL ? null : select.value === '' && isNew ? undefined : select.value),
	);
	return {
		element: select,
		input: select,
		focus: () => select.focus(),
		show(value) {
			select.value = value === null ? NULL : text(value);
		},
		readOnly(on) {
			select.disabled = on;
		},
		canShow: always,
		showsNull: true,
	};
};
