/**
 * The control of a JSON value, which can be reformatted.
 */
import { t } from '../../lang/texts.js';
import { validationError } from '../../model/column.js';
import { indented } from '../../model/json-text.js';
import { h } from '../../ui/dom.js';
import { oneInput, retype } from './base.js';

/**
 * @param {import('./base.js').About} about
 * @param {import('./base.js').Changed} changed
 * @returns {import('./base.js').Control}
 */
export const json = (about, changed) => {
	const { id, column, label } = about;
	const area = h('textarea', { class: 'input mono', id, rows: 5, spellcheck: false });
	const control = oneInput(area, about, changed);
	const tidy = h(
		'button',
		{
			class: 'button small',
			type: 'button',
			'aria-label': t('json.format_of', { label }),
			on: {
				click: () => {
					if (validationError(column, area.value) === null) retype(area, indented(area.value));
				},
			},
		},
		t('json.format'),
	);
	const offer = () => {
		tidy.disabled = area.readOnly || area.textLength === 0;
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
			if (area.readOnly === on) return;
			area.readOnly = on;
			tidy.hidden = on;
			offer();
		},
	};
};
