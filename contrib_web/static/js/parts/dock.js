/**
 * <message-dock>: the place of messages on an edit page. On a wide page it is
 * beside the form. On a narrow one it lies over the page, at the end of the
 * window that the focused field is not in, and can be folded.
 */
import { t } from '../lang/texts.js';
import { button } from '../ui/widgets.js';

/** Width below which the dock lies over the page; as in edit.css. */
const NARROW = '(max-width: 960px)';

class MessageDock extends HTMLElement {
	#fold = button('', () => this.#toggle(), { kind: 'icon-only small dock-fold', name: 'down' });
	#changes = new MutationObserver(() => this.#changed());
	// The browser scrolls to what gets the focus after it has told so.
	#place = () => requestAnimationFrame(() => place(this));
	#keepOffBar = () => keepOffBar(this);
	parts = [];

	connectedCallback() {
		if (!this.firstChild) this.append(this.#fold, ...this.parts);
		for (const part of this.parts) this.#changes.observe(part, { childList: true });
		document.addEventListener('focusin', this.#place);
		addEventListener('scroll', this.#keepOffBar, { passive: true });
		addEventListener('resize', this.#place);
		this.#changed();
	}

	disconnectedCallback() {
		this.#changes.disconnect();
		document.removeEventListener('focusin', this.#place);
		removeEventListener('scroll', this.#keepOffBar);
		removeEventListener('resize', this.#place);
	}

	#changed() {
		this.hidden = this.parts.every((part) => part.childElementCount === 0);
		this.#setFolded(false);
		this.#place();
	}

	#toggle() {
		this.#setFolded(!this.classList.contains('folded'));
	}

	#setFolded(on) {
		this.classList.toggle('folded', on);
		this.#fold.setAttribute('aria-label', t(on ? 'messages.show' : 'messages.fold'));
		this.#fold.setAttribute('aria-expanded', String(!on));
	}
}

customElements.define('message-dock', MessageDock);

// The end of the window with more room beside the focused element. Above it,
// the bar takes some.
function place(element) {
	const at = document.activeElement;
	if (element.hidden || !matchMedia(NARROW).matches || !at || at === document.body || element.contains(at)) return;
	const { top, bottom } = at.getBoundingClientRect();
	const [above, below] = [top - barEnd(element), innerHeight - bottom];
	element.dataset.side = below < above ? 'top' : 'bottom';
	element.style.setProperty('--room', `${Math.max(above, below)}px`);
	keepOffBar(element);
}

const barEnd = (element) => element.closest('.edit')?.querySelector('.edit-bar')?.getBoundingClientRect().bottom ?? 0;

// The bar is at the top of the window only once the header is scrolled away.
function keepOffBar(element) {
	if (element.dataset.side === 'top') element.style.setProperty('--bar-end', `${barEnd(element)}px`);
}

/**
 * @param {HTMLElement[]} parts whose content comes and goes
 * @returns {HTMLElement}
 */
export function dock(parts) {
	const element = document.createElement('message-dock');
	element.setAttribute('role', 'region');
	element.setAttribute('aria-label', t('messages.messages'));
	return Object.assign(element, { parts });
}
