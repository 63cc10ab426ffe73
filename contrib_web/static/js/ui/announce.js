/**
 * Messages outside the current page's content: screen-reader announcements
 * and toasts. index.html has the elements `polite`, `urgent` and `toasts`.
 */
import { h, icon } from './dom.js';

/** How long a toast stays, in milliseconds. */
const TOAST = 6000;

const pending = { polite: [], urgent: [] };

/**
 * Announces a text to screen readers. Texts of the same frame are joined:
 * each update of a live region would silence the one before. The region is
 * emptied first, so that a repeated text is read again.
 * @param {string} text
 * @param {{ urgent?: boolean }} [options] urgent: interrupts the reader
 * @returns {void}
 */
export function announce(text, { urgent = false } = {}) {
	const name = urgent ? 'urgent' : 'polite';
	const region = document.getElementById(name);
	pending[name].push(text);
	if (pending[name].length > 1) return;
	region.textContent = '';
	requestAnimationFrame(() => {
		region.textContent = pending[name].splice(0).join(' ');
	});
}

/**
 * Shows a short message that needs no answer and disappears by itself.
 * @param {string} text
 * @param {{ bad?: boolean }} [options] bad: an error
 * @returns {void}
 */
export function toast(text, { bad = false } = {}) {
	const element = h(
		'div',
		{ class: `toast${bad ? ' bad' : ''}` },
		icon(bad ? 'warn' : 'check'),
		h('span', {}, text),
	);
	document.getElementById('toasts').append(element);
	announce(text, { urgent: bad });
	setTimeout(() => element.remove(), TOAST);
}
