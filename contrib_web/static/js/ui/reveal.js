/**
 * What the keyboard moves the focus to within a table is seen whole. Browsers
 * do not scroll a table sideways while a part of it is seen.
 */

/**
 * Scrolls tables from now on, and what they are in.
 * @returns {void}
 */
export function revealFocused() {
	document.addEventListener('focusin', ({ target }) => {
		if (target.matches('.data :focus-visible')) target.scrollIntoView({ block: 'nearest', inline: 'nearest' });
	});
}
