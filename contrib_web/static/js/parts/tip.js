/**
 * Tips: a text about an element on hover and on focus. A tip stays while the
 * pointer is on it, and disappears with Escape and when the focus moves.
 */
import { h } from '../ui/dom.js';

/** Distance between a tip and its element, in pixels. */
const GAP = 6;
/** How long a tip stays after the pointer has left, in milliseconds. */
const LINGER = 120;

let shown = null;
let hiding = null;

const box = h('div', { class: 'tip', id: 'tip', role: 'tooltip', hidden: true });
box.addEventListener('pointerenter', () => clearTimeout(hiding));
box.addEventListener('pointerleave', hideSoon);
addEventListener('keydown', ({ key }) => key === 'Escape' && hide());
addEventListener('pointermove', () => shown && !shown.element.isConnected && hide(), { passive: true });
// A tip of what is pointed at must not cover what gets the focus.
addEventListener('focusin', (event) => shown && !event.composedPath().includes(shown.element) && hide());
addEventListener('scroll', hide, { passive: true, capture: true });

/**
 * Adds a tip to an element.
 * @param {Element} element
 * @param {() => string} words called each time the tip is drawn
 * @param {() => void} [onShow] called when the tip appears; it may load newer
 *   data and call refreshTip() afterwards
 * @returns {void}
 */
export function tip(element, words, onShow) {
	const show = () => {
		clearTimeout(hiding);
		shown = { element, words };
		draw();
		onShow?.();
	};
	element.addEventListener('pointerenter', show);
	element.addEventListener('pointerleave', hideSoon);
	element.addEventListener('focus', () => element.matches(':focus-visible') && show());
	element.addEventListener('blur', hide);
}

/**
 * Draws the element's tip again if it is shown.
 * @param {Element} element
 * @returns {void}
 */
export function refreshTip(element) {
	if (shown?.element === element) draw();
}

function draw() {
	const { element, words } = shown;
	const host = element.closest('dialog') ?? document.getElementById('main');
	if (!element.isConnected) return hide();
	box.textContent = words();
	if (box.parentNode !== host) host.append(box);
	box.hidden = false;
	element.setAttribute('aria-describedby', box.id);
	place(element.getBoundingClientRect());
	return undefined;
}

function place(target) {
	const size = box.getBoundingClientRect();
	const above = target.top - size.height - GAP;
	const left = target.left + target.width / 2 - size.width / 2;
	box.style.left = `${Math.round(Math.min(Math.max(left, GAP), innerWidth - size.width - GAP))}px`;
	box.style.top = `${Math.round(above > GAP ? above : target.bottom + GAP)}px`;
}

function hideSoon() {
	clearTimeout(hiding);
	hiding = setTimeout(hide, LINGER);
}

function hide() {
	clearTimeout(hiding);
	shown?.element.removeAttribute('aria-describedby');
	shown = null;
	box.hidden = true;
}
