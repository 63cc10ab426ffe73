/**
 * The control of a JSON value, which can be reformatted.
 */
import { validationError } from '../../model/column.js';
import { h } from '../../ui/dom.js';
import { oneInput } from './base.js';

/**
 * @param {import('./base.js').About} about
 * @param {import('./base.js').Changed} changed
 * @returns {import('./base.js').Control}
 */
export const json = ({ id, column, label }, changed) => {
	const area = h('textarea', { class: 'input mono', id, rows: 5, spellcheck: false });
	const control = oneInput(area, column, changed);
	const tidy = h(
		'button',
		{
			class: 'button small',
			type: 'button',
			'aria-label': `Format ${label}`,
			on: {
				click: () => {
					if (validationError(column, area.value) === null) {
						area.value = JSON.stringify(JSON.parse(area.value), null, 2);
						changed(area.value);
					}
				},
			},
		},
		'Format',
	);
	// JavaScript would round long numbers.
	const exact = () => !/\d{16,}|\d\.\d{16,}|[eE]/.test(area.value.replace(/"(?:[^"\\]|\\.)*"/g, ''));
	const offer = () => {
		tidy.disabled = area.readOnly || !exact();
	};
	area.addEventListener('input', offer);
	return {
		...control,
		element: h('div', { class: 'stacked' }, area, tidy),
		show(value) {
			control.show(value);
			offer();
		},
		readOnly(on) {
			area.readOnly = on;
			tidy.hidden = on;
			offer();
		},
	};
};
