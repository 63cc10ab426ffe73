/**
 * Controls of one input: numbers, texts, and binary data, which is read-only.
 */
import { t } from '../../lang/texts.js';
import { h } from '../../ui/dom.js';
import { always, oneInput, plainInput, text } from './base.js';

/** Longer texts get a field of a fixed height: to measure them is slow. */
const HUGE = 20_000;
/** Pixels; the greatest height of a field that grows with its text. */
const HIGHEST = 480;

/**
 * @param {import('./base.js').About} about
 * @param {import('./base.js').Changed} changed
 * @returns {import('./base.js').Control}
 */
export const number = (about, changed) => {
	const inputMode = about.column.integer ? 'numeric' : 'decimal';
	return oneInput(plainInput(about.id, { class: 'input number', inputMode, spellcheck: false }), about, changed);
};

/**
 * @param {import('./base.js').About} about
 * @param {import('./base.js').Changed} changed
 * @returns {import('./base.js').Control}
 */
export const line = (about, changed) => {
	const { id, column } = about;
	const narrow = column.category === 'time' || (column.max_length !== null && column.max_length <= 24);
	return oneInput(
		plainInput(id, { class: `input${narrow ? ' narrow' : ''}`, spellcheck: column.category === 'text' }),
		about,
		changed,
		(value) => !/[\r\n]/.test(text(value)),
	);
};

/**
 * @param {import('./base.js').About} about
 * @param {import('./base.js').Changed} changed
 * @returns {import('./base.js').Control}
 */
export const long = (about, changed) => {
	const { id, column } = about;
	const area = h('textarea', { class: 'input long', id, rows: 4, spellcheck: column.category === 'text' });
	const control = oneInput(area, about, (value) => {
		fit(area);
		changed(value);
	});
	return {
		...control,
		show(value) {
			control.show(value);
			fit(area);
		},
	};
};

// Browsers without `field-sizing` need the height set.
function fit(area) {
	const isHuge = area.textLength > HUGE;
	area.classList.toggle('huge', isHuge);
	if (CSS.supports('field-sizing', 'content')) return;
	requestAnimationFrame(() => {
		if (!isHuge) area.style.height = 'auto';
		area.style.height = isHuge ? '' : `${Math.min(area.scrollHeight + 2, HIGHEST)}px`;
	});
}

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
				value === null || value === undefined ? '' : `${t('column.bytes', { n: size(value) })}  ${value.slice(0, 66)}${value.length > 66 ? '…' : ''}`;
		},
		forget() {},
		readOnly() {},
		canShow: always,
	};
};
