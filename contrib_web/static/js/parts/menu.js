/**
 * A button that opens a panel below it. Escape, and a click elsewhere, close
 * it.
 */
import { h, icon } from '../ui/dom.js';

/**
 * @param {string} text the button's label
 * @param {string} name of its icon
 * @param {(Node|string|null)[]} content of the panel
 * @returns {HTMLDetailsElement}
 */
export function menu(text, name, ...content) {
	const summary = h('summary', { class: 'button' }, icon(name), text);
	const element = h('details', { class: 'menu' }, summary, h('div', { class: 'menu-panel' }, content));
	element.addEventListener('keydown', (event) => {
		if (event.key !== 'Escape' || !element.open) return;
		event.stopPropagation();
		element.open = false;
		summary.focus();
	});
	element.addEventListener('focusout', ({ relatedTarget }) => {
		if (relatedTarget && !element.contains(relatedTarget)) element.open = false;
	});
	element.addEventListener('toggle', () => {
		if (element.open) addEventListener('pointerdown', closeOutside);
		else removeEventListener('pointerdown', closeOutside);
	});
	function closeOutside({ target }) {
		if (!element.contains(target)) element.open = false;
	}
	return element;
}
