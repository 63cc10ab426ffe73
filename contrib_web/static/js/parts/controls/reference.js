/**
 * The control of a foreign key: a search for the row referred to.
 */
import './choice-box.js';
import { always } from './base.js';

/**
 * @param {import('./base.js').About} about
 * @param {import('./base.js').Changed} changed
 * @returns {import('./base.js').Control}
 */
export const reference = ({ id, search }, changed) => {
	const box = document.createElement('choice-box');
	box.search = search;
	box.input.id = id;
	box.addEventListener('choose', ({ detail }) => changed(detail.value, detail.label));
	return {
		element: box,
		input: box.input,
		focus: () => box.input.focus(),
		show(value, known) {
			box.show(value, known);
			if (value && !box.isNamed)
				search(null, value)
					.then(({ choices: [found] }) => box.value === value && found && box.show(value, found.label))
					.catch(() => {});
		},
		readOnly(on) {
			box.readOnly = on;
		},
		canShow: always,
	};
};
