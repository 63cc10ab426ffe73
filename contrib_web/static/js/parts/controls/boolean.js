/**
 * The control of a boolean.
 */
import { t } from '../../lang/texts.js';
import { h } from '../../ui/dom.js';
import { always } from './base.js';

/**
 * @param {import('./base.js').About} about
 * @param {import('./base.js').Changed} changed
 * @returns {import('./base.js').Control}
 */
export const boolean = ({ id, column, describedby }, changed) => {
	const options = [['true', t('value.yes')], ['false', t('value.no')], ...(column.not_null ? [] : [[null, t('value.null')]])];
	const radios = options.map(([value, name]) => [
		value,
		h('input', { type: 'radio', name: id, on: { change: () => changed(value) } }),
		name,
	]);
	const element = h(
		'div',
		{ class: 'segments', role: 'radiogroup', 'aria-labelledby': `${id}-label`, 'aria-describedby': describedby },
		radios.map(([value, input, name]) => h('label', { class: value === null ? 'is-null' : '' }, input, h('span', {}, name))),
	);
	return {
		element,
		input: element,
		focus: () => (radios.find(([, input]) => input.checked) ?? radios[0])[1].focus(),
		show(value) {
			for (const [each, input] of radios) input.checked = each === value;
		},
		forget() {},
		readOnly(on) {
			for (const [, input] of radios) input.disabled = on && !input.checked;
			element.classList.toggle('read-only', on);
		},
		canShow: always,
		showsNull: true,
	};
};
