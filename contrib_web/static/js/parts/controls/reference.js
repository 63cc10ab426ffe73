/**
 * The control of a foreign key: a search for the row referred to.
 */
import './choice-box.js';
import { NONE, always, emptied } from './base.js';

/**
 * @param {import('./base.js').About} about
 * @param {import('./base.js').Changed} changed
 * @returns {import('./base.js').Control}
 */
export const reference = ({ id, search, column, isNew, complained }, changed) => {
	let last = NONE;
	const box = document.createElement('choice-box');
	box.search = search;
	box.input.id = id;
	// A key can be an empty text, but then it is chosen from the list.
	const empty = emptied({ ...column, category: 'other' }, '', isNew);
	if (empty !== '') box.mayBeEmpty = () => empty;
	const report = (value, label) => {
		last = value;
		changed(value, { label });
	};
	box.addEventListener('choose', ({ detail }) => report(detail.value, detail.label));
	box.addEventListener('typing', () => report(box.value));
	box.addEventListener('lookup', complained);
	function name(value) {
		search(null, value)
			.then(({ choices: [found] }) => box.value === value && found && box.show(value, found.label))
			.catch(() => {}); // until lookUpAgain()
	}
	return {
		element: box,
		input: box.input,
		focus: () => box.input.focus(),
		show(value, known) {
			if (value !== last || known !== undefined) box.show(value, known);
			if (last === NONE) box.restore();
			last = value;
			if (value && !box.isNamed) name(value);
		},
		lookUpAgain() {
			box.lookUpAgain();
			if (box.value && !box.isNamed) name(box.value);
		},
		forget() {
			last = NONE;
		},
		readOnly(on) {
			box.readOnly = on;
		},
		canShow: always,
		complaint: () => box.complaint,
	};
};
