/**
 * The control of a UUID, which can make a new one.
 */
import { t } from '../../lang/texts.js';
import { h } from '../../ui/dom.js';
import { oneInput, plainInput, retype } from './base.js';

/**
 * @param {import('./base.js').About} about
 * @param {import('./base.js').Changed} changed
 * @returns {import('./base.js').Control}
 */
export const uuid = (about, changed) => {
	const { id, column, label, isNew } = about;
	const input = plainInput(id, { class: 'input mono', spellcheck: false });
	const control = oneInput(input, about, changed);
	const make = h(
		'button',
		{
			class: 'button small',
			type: 'button',
			'aria-label': t('uuid.new_for', { label }),
			on: { click: () => retype(input, randomUuid()) },
		},
		t('action.new'),
	);
	return {
		...control,
		element: h('div', { class: 'with-button' }, input, make),
		readOnly(on) {
			input.readOnly = on;
			// An existing key rarely changes.
			make.hidden = on || (column.key && !isNew);
		},
	};
};

// crypto.randomUUID() exists in secure contexts only.
function randomUuid() {
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	bytes[6] = (bytes[6] & 0x0f) | 0x40;
	bytes[8] = (bytes[8] & 0x3f) | 0x80;
	const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
	return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
