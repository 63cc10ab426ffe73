/**
 * <choice-box>: a search for the row that a foreign key refers to. Follows
 * the combobox pattern: the focus stays in the input, arrow keys move through
 * the list.
 *
 * What is typed is never dropped: leaving the input chooses the row with this
 * key or label. If there is none, or it could not be looked up, the text
 * stays, with a complaint. Escape brings the last choice back.
 */
import { t } from '../../lang/texts.js';
import { complaintOf, lookUp } from '../../model/choice.js';
import { h, icon, newId } from '../../ui/dom.js';
import { announce } from '../../ui/announce.js';

/** Pause in typing after which to search, in milliseconds. */
const TYPING = 180;

/**
 * Events:
 * - `choose` (detail: { value: string|null, label: string })
 * - `typing`: the complaint has changed, by the user
 * - `lookup`: the complaint has changed, by an answer
 */
export class ChoiceBox extends HTMLElement {
	/**
	 * Finds rows, set by the owner of the element.
	 * @type {(text: string|null, value?: string) => Promise<{ choices: {
	 *   value: string, label: string }[], more: boolean }>}
	 */
	search = async () => ({ choices: [], more: false });
	/**
	 * The value of an empty input, set by the owner of the element; null: it
	 * may not be empty.
	 * @type {(() => string|null|undefined)|null}
	 */
	mayBeEmpty = null;
	#listId = newId('choices');
	#input = h('input', {
		class: 'input',
		type: 'text',
		role: 'combobox',
		autocomplete: 'off',
		spellcheck: false,
		'aria-expanded': 'false',
		'aria-autocomplete': 'list',
		'aria-controls': this.#listId,
	});
	#list = h('ul', { class: 'choices', id: this.#listId, role: 'listbox', hidden: true });
	#value = null;
	#label = '';
	#choices = [];
	#typedText = null;
	#hasFailed = false;
	#active = -1;
	#timer = null;
	#turn = 0;

	connectedCallback() {
		if (this.firstChild) return;
		this.append(h('div', { class: 'choice-input' }, this.#input, icon('down')), this.#list);
		this.#list.setAttribute('aria-label', t('choice.choices'));
		this.#input.addEventListener('input', () => this.#typed());
		this.#input.addEventListener('keydown', (event) => this.#key(event));
		this.#input.addEventListener('click', () => this.#open(''));
		this.#input.addEventListener('blur', () => this.#leave());
		this.#list.addEventListener('pointerdown', (event) => this.#pick(event));
	}

	get input() {
		return this.#input;
	}
	get value() {
		return this.#value;
	}
	/** Whether the value's label is known. */
	get isNamed() {
		return this.#isNamed;
	}
	#isNamed = false;

	/**
	 * Shows a value. The same value again changes nothing: neither the label
	 * nor a search text.
	 * @param {string|null|undefined} value
	 * @param {string} [label] of the row, if known
	 * @returns {void}
	 */
	show(value, label) {
		const isSame = value === this.#value;
		if (isSame && label === undefined) return;
		this.#isNamed = label !== undefined;
		this.#value = value;
		this.#label = value === null || value === undefined ? '' : label && label !== value ? `${label} (${value})` : value;
		if (!isSame) this.#typedText = null;
		if (this.#typedText === null && this.#input.value !== this.#label) this.#input.value = this.#label;
	}

	/**
	 * Drops a search text, so that the value is shown again.
	 * @returns {void}
	 */
	restore() {
		this.#setTyped(null);
		this.#input.value = this.#label;
	}

	/** Why the input has no value: a search text; null: it has one. */
	get complaint() {
		return complaintOf(this.#typedText, this.#hasFailed);
	}

	/**
	 * After an outage: looks up what could not be looked up.
	 * @returns {void}
	 */
	lookUpAgain() {
		if (!this.#hasFailed) return;
		if (this.#isOpen) this.#open(this.#input.value);
		else this.#settle();
	}

	set readOnly(on) {
		this.#input.readOnly = on;
		if (on) this.#close();
	}

	#setTyped(text) {
		if (this.#typedText === text) return;
		this.#typedText = text;
		this.#hasFailed = false;
		this.dispatchEvent(new Event('typing'));
	}

	#setFailed(on) {
		if (this.#hasFailed === on) return;
		this.#hasFailed = on;
		if (this.#typedText !== null) this.dispatchEvent(new Event('lookup'));
	}

	#typed() {
		clearTimeout(this.#timer);
		const { value } = this.#input;
		if (value === '' && this.mayBeEmpty) {
			this.#choose({ value: this.mayBeEmpty(), label: undefined }, { close: false });
			this.#timer = setTimeout(() => this.#open(''), TYPING);
			return;
		}
		this.#setTyped(value === this.#label ? null : value);
		this.#timer = setTimeout(() => this.#open(this.#input.value), TYPING);
	}

	async #open(text) {
		if (this.#input.readOnly) return;
		const turn = ++this.#turn;
		const { choices, more, hasFailed = false } = await this.search(text.trim()).catch(() => ({ choices: [], more: false, hasFailed: true }));
		if (turn !== this.#turn || document.activeElement !== this.#input) return;
		this.#choices = choices;
		this.#setFailed(hasFailed);
		this.#active = choices.findIndex(({ value }) => value === this.#value);
		this.#list.replaceChildren(...choices.map((choice, index) => this.#option(choice, index)), ...notes(choices, more, hasFailed));
		this.#list.hidden = false;
		this.#input.setAttribute('aria-expanded', 'true');
		this.#mark(this.#active);
		announce(choices.length ? t(more ? 'choice.count_more' : 'choice.count', { n: choices.length }) : t(hasFailed ? 'choice.failed' : 'choice.none'));
	}

	#option({ value, label }, index) {
		return h(
			'li',
			{ id: `${this.#listId}-${index}`, role: 'option', 'aria-selected': String(value === this.#value), data: { index } },
			h('span', { class: 'choice-label' }, label),
			label === value ? null : h('code', { class: 'quiet' }, value),
		);
	}

	#leave() {
		this.#close();
		return this.#settle();
	}

	// Chooses the row that was typed.
	async #settle() {
		const typed = this.#typedText;
		if (typed === null || typed.trim() === '') return;
		const { found, hasFailed } = await lookUp(this.search, typed.trim());
		if (this.#typedText !== typed) return;
		if (found) this.#choose(found, { close: false });
		else this.#setFailed(hasFailed);
	}

	#close() {
		clearTimeout(this.#timer);
		this.#turn++;
		this.#list.hidden = true;
		this.#active = -1;
		this.#input.setAttribute('aria-expanded', 'false');
		this.#input.removeAttribute('aria-activedescendant');
	}

	get #isOpen() {
		return !this.#list.hidden;
	}

	#key(event) {
		const act = {
			ArrowDown: () => this.#step(1),
			ArrowUp: () => this.#step(-1),
			Enter: () => this.#take(),
			Escape: () => this.#giveUp(),
		}[event.key];
		const isIdle = !this.#isOpen && this.#typedText === null;
		if (!act || (isIdle && ['Enter', 'Escape'].includes(event.key))) return;
		event.preventDefault();
		event.stopPropagation();
		act();
	}

	#giveUp() {
		this.#close();
		this.restore();
	}

	#step(by) {
		if (!this.#isOpen) return this.#open('');
		const n = this.#choices.length;
		return n ? this.#mark((this.#active + by + n + (this.#active < 0 && by < 0 ? 1 : 0)) % n) : undefined;
	}

	#mark(index) {
		this.#active = index;
		for (const [at, option] of [...this.#list.querySelectorAll('[role="option"]')].entries())
			option.classList.toggle('active', at === index);
		if (index < 0) return this.#input.removeAttribute('aria-activedescendant');
		this.#input.setAttribute('aria-activedescendant', `${this.#listId}-${index}`);
		return this.#list.children[index].scrollIntoView({ block: 'nearest' });
	}

	#take() {
		if (this.#active >= 0) this.#choose(this.#choices[this.#active]);
		else this.#leave();
	}

	#pick(event) {
		event.preventDefault();
		const option = event.target.closest('[role="option"]');
		if (option) this.#choose(this.#choices[Number(option.dataset.index)]);
	}

	#choose({ value, label }, { close = true } = {}) {
		this.#setTyped(null);
		this.show(value, label);
		this.#input.value = this.#label;
		if (close) this.#close();
		this.dispatchEvent(new CustomEvent('choose', { detail: { value, label } }));
	}
}

const notes = (choices, more, hasFailed) => {
	if (!choices.length) return [h('li', { class: 'note', role: 'presentation' }, t(hasFailed ? 'choice.failed' : 'choice.none'))];
	return more ? [h('li', { class: 'note', role: 'presentation' }, t('choice.more'))] : [];
};

customElements.define('choice-box', ChoiceBox);
