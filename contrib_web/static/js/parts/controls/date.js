/**
 * The control of a date, and the date of a timestamp. The browser's input has
 * no value while a date is incomplete or impossible, tells nothing of it if
 * it had none before, and can neither be pasted into nor undone everywhere.
 */
import { t } from '../../lang/texts.js';
import { split } from '../../model/timestamp.js';
import { h } from '../../ui/dom.js';
import { NONE, emptied, text } from './base.js';

/** A pause in typing after which undoing stops, in milliseconds. */
const PAUSE = 1000;

/**
 * An input of a date.
 * @param {object} props see h()
 * @param {() => void} changed called after each change by the user, also of
 *   an incomplete date
 * @param {(pasted: string) => boolean} [paste] takes over a pasted text that
 *   is more than a date, if it can
 * @returns {{ input: HTMLInputElement, set: (date: string) => void,
 *   complaint: () => string|null }}
 */
export function dateInput(props, changed, paste = () => false) {
	const input = h('input', { type: 'date', ...props });
	let unusable = null; // a pasted text
	let noticed = '';
	const state = () => `${input.value} ${complaint()}`;
	const complaint = () => unusable ?? complaintOf(input);
	const history = undoHistory(input, (value) => put(value));

	function notice() {
		if (state() === noticed) return;
		noticed = state();
		history.note();
		changed();
	}
	function put(value) {
		unusable = null;
		input.value = value;
		notice();
	}
	function typed() {
		unusable = null;
		notice();
	}
	input.addEventListener('input', typed);
	for (const type of ['keyup', 'blur', 'change']) input.addEventListener(type, notice);
	input.addEventListener('keydown', () => setTimeout(notice)); // after its effect
	input.addEventListener('paste', (event) => {
		const pasted = event.clipboardData?.getData('text/plain').trim() ?? '';
		event.preventDefault();
		if (input.readOnly || pasted === '' || paste(pasted)) return;
		if (/^\d{4}-\d\d-\d\d$/.test(pasted)) put(pasted);
		unusable = input.value === pasted ? null : t('column.date', { text: pasted.slice(0, 40) });
		notice();
	});
	return {
		input,
		complaint,
		set(date) {
			unusable = null;
			if (input.value !== date || input.validity.badInput) input.value = date;
			noticed = state();
			history.start();
		},
	};
}

function complaintOf({ value, validity }) {
	if (validity.badInput) return t('column.date_impossible');
	return /^\d{5,}/.test(value) ? t('column.year') : null;
}

/** Ctrl+Z for an input that has none. */
function undoHistory(input, restore) {
	let steps = [];
	let notedAt = -Infinity;
	input.addEventListener('keydown', (event) => {
		if (event.key !== 'z' || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || input.readOnly) return;
		event.preventDefault();
		if (steps.length < 2) return;
		steps.pop();
		const value = steps.at(-1);
		steps = steps.slice(0, -1);
		restore(value);
		notedAt = -Infinity;
	});
	return {
		start() {
			steps = [input.value];
			notedAt = -Infinity;
		},
		note() {
			const now = performance.now();
			if (now - notedAt < PAUSE && steps.length > 1) steps[steps.length - 1] = input.value;
			else steps.push(input.value);
			notedAt = now;
		},
	};
}

/**
 * @param {import('./base.js').About} about
 * @param {import('./base.js').Changed} changed
 * @returns {import('./base.js').Control}
 */
export const date = ({ id, column, isNew }, changed) => {
	let last = NONE;
	const report = () => {
		last = emptied(column, day.input.value, isNew);
		changed(last);
	};
	const day = dateInput({ class: 'input narrow', id }, report, (pasted) => {
		const parts = split(pasted);
		if (!parts?.date || !parts.time) return false;
		day.set(parts.date);
		report();
		return true;
	});
	return {
		element: day.input,
		input: day.input,
		focus: () => day.input.focus(),
		show(value) {
			if (value === last) return;
			last = value;
			day.set(text(value));
		},
		forget() {
			last = NONE;
		},
		readOnly(on) {
			day.input.readOnly = on;
		},
		canShow: (value) => /^(\d{4}-\d\d-\d\d)?$/.test(text(value)),
		complaint: day.complaint,
	};
};
