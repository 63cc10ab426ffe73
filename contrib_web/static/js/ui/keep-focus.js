/**
 * Changes of a page that may remove the focused element, such as the button
 * that was just pressed. Keys would go nowhere then, and Tab would begin
 * anew at the top of the document.
 */

const FOCUSABLE = ['a[href]', 'button', 'input', 'select', 'textarea'].join();

const isThere = (element) => element.isConnected && element.checkVisibility({ visibilityProperty: true });
const nameOf = (element) => element.getAttribute('aria-label') ?? element.textContent;
const heading = () => document.querySelector('main h1');

/**
 * Runs a change of a part of the page. If that takes the focus away from an
 * element of the part, the focus goes to the one of the same name, or else to
 * the next place.
 * @param {Element} part
 * @param {() => void} change
 * @param {() => HTMLElement|null} [next] null: the page's heading, as by
 *   default
 * @returns {void}
 */
export function keepFocus(part, change, next = () => null) {
	const focused = document.activeElement;
	const hadFocus = part.contains(focused);
	change();
	if (!hadFocus || (document.activeElement === focused && isThere(focused))) return;
	(successor(part, focused) ?? next() ?? heading())?.focus({ preventScroll: true });
}

function successor(part, focused) {
	if (part.contains(focused) && isThere(focused)) return focused;
	const name = nameOf(focused);
	return [...part.querySelectorAll(FOCUSABLE)].find((element) => nameOf(element) === name && isThere(element)) ?? null;
}
