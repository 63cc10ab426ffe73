/**
 * A tip: words about an element on hover and on focus. Stays while the pointer is on it, and
 * goes with Escape.
 */
import { h } from '../dom.js';

const GAP = 6;
const LINGER = 120;

let shown = null;
let hiding = null;

const box = h('div', { class: 'tip', id: 'tip', role: 'tooltip', hidden: true });
box.addEventListener('pointerenter', () => clearTimeout(hiding));
box.addEventListener('pointerleave', hideSoon);
addEventListener('keydown', ({ key }) => key === 'Escape' && hide());
addEventListener('pointermove', () => shown && !shown.element.isConnected && hide(), { passive: true });
addEventListener('scroll', hide, { passive: true, capture: true });

/**
 * @param {Element} element
 * @param {() => string} words asked whenever the tip is about to be shown
 * @param {() => void} [onShow] a chance to find out more; call refreshTip() afterwards
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

/** The words about the element may have changed. */
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
