/**
 * The control of a JSON value, which can be reformatted.
 */
import { t } from '../../lang/texts.js';
import { validationError } from '../../model/column.js';
import { h } from '../../ui/dom.js';
import { oneInput, retype } from './base.js';

/** Longer texts are looked at when the user pauses, in characters. */
const LONG = 20_000;
/** That pause, in milliseconds. */
const PAUSE = 500;

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
					if (validationError(column, area.value) === null) retype(area, JSON.stringify(JSON.parse(area.value), null, 2));
				},
			},
		},
		t('json.format'),
	);
	let timer = null;
	// JavaScript would round long numbers.
	const exact = () => !/\d{16,}|\d\.\d{16,}|[eE]/.test(area.value.replace(/"(?:[^"\\]|\\.)*"/g, ''));
	const offer = () => {
		tidy.disabled = area.readOnly || area.textLength === 0 || !exact();
	};
	const offerSoon = () => {
		clearTimeout(timer);
		if (area.textLength <= LONG) offer();
		else timer = setTimeout(offer, PAUSE);
	};
	area.addEventListener('input', offerSoon);
	return {
		...control,
		element: h('div', { class: 'stacked' }, area, tidy),
		show(value) {
			const before = area.value;
			control.show(value);
			if (area.value !== before) offerSoon();
		},
		readOnly(on) {
			if (area.readOnly === on) return;
			area.readOnly = on;
			tidy.hidden = on;
			offerSoon();
		},
	};
};
