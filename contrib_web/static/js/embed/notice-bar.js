/**
 * The bar above a form: one notice with its buttons, or a question that is
 * answered in it. The room for it has a fixed height, so nothing below it
 * moves while the user types: a longer notice is cut off, and lies over the
 * page while the bar has the pointer or the focus. It is in a shadow root,
 * whose style needs no permission of the page's content security policy.
 */
import { t } from '../lang/texts.js';
import { h } from '../ui/dom.js';

const STYLE = `
:host { display: block; }
:host([hidden]) { display: none; }
.place { position: sticky; top: 0; z-index: 10; container-type: inline-size; margin-block-end: 1rem; }
.room { position: relative; block-size: 3.5rem; }
@container (max-width: 36rem) { .room { block-size: 6.5rem; } }
.bar {
	--tone: GrayText; --lines: 2;
	box-sizing: border-box; position: absolute; inset-inline: 0; inset-block-start: 0;
	display: flex; flex-wrap: wrap; align-items: center; align-content: center; gap: .375rem .75rem;
	block-size: 100%; overflow: hidden; padding: .375rem .75rem;
	border: 1px solid color-mix(in srgb, var(--tone) 45%, transparent); border-inline-start: .25rem solid var(--tone); border-radius: .375rem;
	background: color-mix(in srgb, var(--tone) 9%, Canvas); color: CanvasText;
	font: 400 .9375rem/1.35 system-ui, sans-serif;
}
.bar[data-tone=mine] { --tone: light-dark(#1a7f4b, #4cc38a); }
.bar[data-tone=theirs], .bar[data-tone=warn] { --tone: light-dark(#a15c00, #f0a73c); }
.bar[data-tone=info] { --tone: light-dark(#1f5fbf, #7ab0ff); }
.bar[data-tone=bad] { --tone: light-dark(#c02b2b, #ff8080); }
.bar:is(:hover, :focus-within) { block-size: auto; min-block-size: 100%; }
.words { flex: 1 1 16rem; overflow-wrap: anywhere; }
.bar:not(:hover, :focus-within) .words { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: var(--lines); overflow: hidden; }
.title { font-weight: 600; }
.words:empty { flex: none; } /* a question has the room */
.actions { display: flex; flex-wrap: wrap; gap: .375rem; }
.actions:empty { display: none; }
@container (max-width: 36rem) { .bar:not(:has(button)) { --lines: 4; } }
button, input {
	font: inherit; color: inherit; box-sizing: border-box; min-height: 2.25rem; padding: .25rem .75rem;
	border: 1px solid color-mix(in srgb, CanvasText 45%, transparent); border-radius: .25rem; background: Canvas;
}
button { cursor: pointer; }
button.main { background: CanvasText; color: Canvas; border-color: CanvasText; }
button:focus-visible, input:focus-visible { outline: 2px solid var(--tone); outline-offset: 2px; }
input { flex: 1 1 12rem; min-width: 0; }
form { display: flex; flex-wrap: wrap; gap: .375rem; flex: 1 1 20rem; align-items: center; margin: 0; }
@media (forced-colors: active) { button.main { border-width: 2px; } }
`;

let sheet = null;

function style() {
	if (!sheet) {
		sheet = new CSSStyleSheet();
		sheet.replaceSync(STYLE);
	}
	return sheet;
}

/**
 * Events: `action` (CustomEvent, detail: the button's name).
 */
export class NoticeBar extends EventTarget {
	#shown = '';
	#question = null;
	#words = h('div', { class: 'words', role: 'status' });
	#actions = h('div', { class: 'actions' });
	#bar = h('div', { class: 'bar', part: 'bar', data: { tone: 'quiet' } }, this.#words, this.#actions);

	/** @param {ShadowRoot} root */
	constructor(root) {
		super();
		root.adoptedStyleSheets = [style()];
		root.append(h('div', { class: 'place' }, h('div', { class: 'room' }, this.#bar)), h('slot'));
	}

	/**
	 * Shows a notice, or nothing in the same place. A question stays until it
	 * is answered.
	 * @param {import('../model/embed-view.js').Notice|null} notice
	 * @returns {void}
	 */
	show(notice) {
		const wanted = JSON.stringify(notice);
		if (wanted === this.#shown) return;
		this.#shown = wanted;
		if (!this.#question) this.#draw(notice);
	}

	/**
	 * Asks for a line of text, in place of the notice.
	 * @param {object} question
	 * @param {string} question.label of the field
	 * @param {string} question.answer of the button
	 * @returns {Promise<string|null>} null: not answered
	 */
	question({ label, answer }) {
		return new Promise((resolve) => {
			const field = h('input', { type: 'text', maxLength: 1000, placeholder: label, 'aria-label': label });
			const opener = this.#focused?.dataset.action;
			const end = (text) => {
				this.#question = null;
				this.#draw(JSON.parse(this.#shown));
				this.#button(opener)?.focus();
				resolve(text);
			};
			const form = h('form', {}, field, h('button', { class: 'main', type: 'submit' }, answer),
				h('button', { type: 'button', on: { click: () => end(null) } }, t('action.cancel')));
			form.addEventListener('submit', (event) => {
				event.preventDefault();
				event.stopPropagation();
				end(field.value.trim());
			});
			form.addEventListener('keydown', (event) => event.key === 'Escape' && end(null));
			this.#question = form;
			this.#words.replaceChildren();
			this.#actions.replaceChildren();
			this.#bar.append(form);
			field.focus();
		});
	}

	#draw(notice) {
		this.#bar.querySelector('form')?.remove();
		this.#bar.dataset.tone = notice?.tone ?? 'quiet';
		this.#bar.style.visibility = notice ? '' : 'hidden';
		this.#words.replaceChildren(...(notice ? [h('span', { class: 'title' }, notice.title), notice.text ? ` ${notice.text}` : ''] : []));
		this.#showActions(notice?.actions ?? []);
	}

	get #focused() {
		return this.#actions.getRootNode().activeElement;
	}

	#button(name) {
		return [...this.#actions.children].find((button) => button.dataset.action === name);
	}

	// A button that stays keeps the focus.
	#showActions(actions) {
		const wanted = actions.map(([name, label], at) => this.#button(name) ?? this.#newButton(name, label, at === 0));
		const focused = this.#focused;
		this.#actions.replaceChildren(...wanted);
		if (focused && wanted.includes(focused)) focused.focus();
	}

	#newButton(name, label, isMain) {
		return h('button', {
			type: 'button',
			class: isMain ? 'main' : null,
			data: { action: name },
			on: { click: () => this.dispatchEvent(new CustomEvent('action', { detail: name })) },
		}, label);
	}
}
