/**
 * Changes of a page that leave the focused element where the user sees it.
 */

/**
 * Runs a change, and scrolls by as much as it has moved the focused element.
 * Where the page is too short for that, it gets longer.
 * @param {() => void} change
 * @returns {void}
 */
export function keepPlace(change) {
	const at = document.activeElement;
	const before = at?.getBoundingClientRect().top;
	change();
	const moved = at === document.body || !at?.isConnected ? 0 : at.getBoundingClientRect().top - before;
	if (!moved) return;
	const root = document.documentElement;
	const missing = scrollY + moved + root.clientHeight - root.scrollHeight;
	if (missing > 0) document.body.style.minHeight = `${root.scrollHeight + missing}px`;
	scrollBy({ top: moved, behavior: 'instant' });
}
