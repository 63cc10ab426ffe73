/**
 * The title of the tab, with marks for what needs the user's attention.
 */
import { isSeen } from './notify.js';

const marks = new Map();
let title = document.title;

function draw() {
	document.title = [...marks.values(), title].join(' ');
}

/**
 * @param {string} text of the page
 * @returns {void}
 */
export function setTitle(text) {
	title = text;
	draw();
}

/**
 * Sets a mark before the title.
 * @param {string} name of the mark
 * @param {string|null} text null: no mark
 * @returns {void}
 */
export function markTitle(name, text) {
	if (text === null) marks.delete(name);
	else marks.set(name, text);
	draw();
}

/**
 * Sets a mark before the title, until the user sees the page.
 * @param {string} name of the mark
 * @param {string} text
 * @returns {void}
 */
export function markUnseen(name, text) {
	if (isSeen()) return;
	markTitle(name, text);
	const seen = new AbortController();
	const look = () => {
		if (!isSeen()) return;
		seen.abort();
		markTitle(name, null);
	};
	addEventListener('focus', look, { signal: seen.signal });
	document.addEventListener('visibilitychange', look, { signal: seen.signal });
}
