/**
 * Controls of one input: numbers, texts, dates, and binary data, which is
 * read-only.
 */
import { h } from '../../ui/dom.js';
import { always, oneInput, plainInput, text } from './base.js';

/**
 * @param {import('./base.js').About} about
 * @param {import('./base.js').Changed} changed
 * @returns {import('./base.js').Control}
 */
export const number = ({ id, column }, changed) =>
	oneInput(
		plainInput(id, { class: 'input number', inputMode: column.integer ? 'numeric' : 'decimal', spellcheck: false }),
		column,
		changed,
	);

/**
 * @param {import('./base.js').About} about
 * @param {import('./base.js').Changed} changed
 * @returns {import('./base.js').Control}
 */
export const line = ({ id, column }, changed) => {
	const narrow = column.category === 'time' || (column.max_length !== null && column.max_length <= 24);
	return oneInput(
		plainInput(id, { class: `input${narrow ? ' narrow' : ''}`, dir: 'auto', spellcheck: column.category === 'text' }),
		column,
		changed,
		(value) => !/\n/.test(text(value)),
	);
};

/**
 * @param {import('./base.js').About} about
 * @param {import('./base.js').Changed} changed
 * @returns {import('./base.js').Control}
 */
export const long = ({ id, column }, changed) => {
	const area = h('textarea', { class: 'input', id, rows: 4, dir: 'auto' });
	const control = oneInput(area, column, changed);
	const fit = () => {
		area.style.height = 'auto';
		area.style.height = `${Math.min(area.scrollHeight + 2, 480)}px`;
	};
	area.addEventListener('input', fit);
	return {
		...control,
		show(value) {
			control.show(value);
			requestAnimationFrame(fit);
		},
	};
};

/**
 * @param {import('./base.js').About} about
 * @param {import('./base.js').Changed} changed
 * @returns {import('./base.js').Control}
 */
export const date = ({ id, column }, changed) =>
	oneInput(h('input', { class: 'input narrow', id, type: 'date' }), column, changed, (value) =>
		/^(\d{4}-\d\d-\d\d)?$/.test(text(value)),
	);

/**
 * @param {import('./base.js').About} about
 * @returns {import('./base.js').Control}
 */
export const bytes = ({ id }) => {
	const input = plainInput(id, { readOnly: true, class: 'input mono' });
	const size = (value) => (value ? Math.max(0, (value.length - 2) / 2) : 0);
	return {
		element: input,
		input,
		focus: () => input.focus(),
		show(value) {
			input.value =
				value === null || value === undefined ? '' : `${size(value)} bytes  ${value.slice(0, 66)}${value.length > 66 ? '…' : ''}`;
		},
		readOnly() {},
		canShow: always,
	};
};
