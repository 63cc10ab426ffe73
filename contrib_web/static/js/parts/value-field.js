/**
 * <value-field>: one column of the edit form, with its name, control, null
 * button and error.
 */
import { t } from '../lang/texts.js';
import { tablePath } from '../client/api.js';
import { announce } from '../ui/announce.js';
import { h, icon, newId } from '../ui/dom.js';
import { defaultText, fieldKind, hintOf, isRequired, labelOf, readOnlyReason, typeLine } from '../model/column.js';
import { personName } from '../model/text.js';
import { anyText, makeControl } from './controls.js';

/** No value was entered by the user. */
const UNTYPED = Symbol('untyped');

/**
 * Events: `valuechange` (detail: { name: string,
 * value: string|null|undefined, undo: boolean, complaint: string|null });
 * bubbles. With a complaint, what is entered is no value yet.
 */
export class ValueField extends HTMLElement {
	#column;
	#isNew;
	#search;
	#id = newId('field');
	#kind = null;
	#control = null;
	#value;
	#label;
	#fixed = null;
	// The value last entered: a control is not replaced while the user types.
	#typed = UNTYPED;
	#explains = true;
	#isReadOnly = false;
	#large = false;
	#slot = h('div', { class: 'control' });
	#nullPress = null;
	#undo = h('button', { class: 'undo', type: 'button', hidden: true, title: t('field.undo.text') }, t('field.undo'));
	#error = h('p', { class: 'field-error', hidden: true });
	#note = h('p', { class: 'field-note', hidden: true });
	#people = h('span', { class: 'field-people' });
	#changed = h('span', { class: 'field-changed' });

	/**
	 * @param {object} options
	 * @param {object} options.column as the API describes it
	 * @param {boolean} options.isNew whether the row is to be inserted
	 * @param {object} options.api
	 * @param {string} options.table
	 * @param {string} [options.label] of the row referred to
	 * @param {boolean} [options.explains] whether to show why the field is
	 *   read-only
	 * @returns {void}
	 */
	configure({ column, isNew, api, table, label, explains = true }) {
		this.#explains = explains;
		this.#column = column;
		this.#isNew = isNew;
		this.#label = label;
		this.#fixed = readOnlyReason(column, isNew);
		this.#search = async (q, value) => (await api.get(`${tablePath(table)}/choices`, { column: column.name, q, value })).data;
		this.#build();
	}

	/** The column's name. */
	get name() {
		return this.#column.name;
	}
	/** The column's name as people read it. */
	get label() {
		return labelOf(this.#column);
	}

	/**
	 * @param {string|null|undefined} value
	 * @param {{ changed: boolean, unread?: boolean }} state changed: differs
	 *   from the saved value; unread: the field keeps what was entered, which
	 *   is no value yet
	 * @returns {void}
	 */
	show(value, { changed, unread = false }) {
		this.#value = value;
		if (!unread) this.#draw(value);
		this.#label = undefined;
		this.#placeholder();
		this.#nullPress?.setAttribute('aria-pressed', String(value === null));
		this.classList.toggle('is-null', value === null && !this.#control.showsNull);
		this.#undo.hidden = !changed;
		this.classList.toggle('changed', changed);
	}

	#draw(value) {
		const isUnread = this.complaint !== null;
		if (isUnread) this.#control.forget();
		if (isUnread || value !== this.#typed) this.#fit(value);
		this.#control.show(value, this.#label);
	}

	set readOnly(on) {
		this.#isReadOnly = on || this.#fixed !== null;
		this.#control?.readOnly(this.#isReadOnly);
		if (this.#nullPress) this.#nullPress.disabled = this.#isReadOnly;
		this.#undo.disabled = this.#isReadOnly;
		this.classList.toggle('read-only', this.#isReadOnly);
	}

	/**
	 * Shows an error.
	 * @param {string|null} words null: no error
	 * @returns {void}
	 */
	showProblem(words) {
		this.#error.hidden = words === null;
		this.#error.replaceChildren(...(words === null ? [] : [icon('warn'), words]));
		this.classList.toggle('wrong', words !== null);
		const wrong = this.#control.wrongInput?.() ?? this.#control.input;
		for (const input of this.#slot.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
		wrong.setAttribute('aria-invalid', String(words !== null));
	}

	/** Why what is entered is no value; null: it is one. */
	get complaint() {
		return this.#control?.complaint?.() ?? null;
	}

	/**
	 * After an outage: looks up what could not be looked up.
	 * @returns {void}
	 */
	lookUpAgain() {
		this.#control?.lookUpAgain?.();
	}

	/**
	 * Shows a note, which is no error.
	 * @param {string|null} words null: no note
	 * @returns {void}
	 */
	showNote(words) {
		if ((words ?? '') === this.#note.textContent) return;
		this.#note.hidden = words === null;
		this.#note.replaceChildren(...(words === null ? [] : [icon('info'), h('span', {}, words)]));
		if (words !== null) announce(`${t('text.labelled', { label: this.label })} ${words}`);
	}

	/**
	 * Shows who else is typing here.
	 * @param {import('../model/presence.js').Person[]} people
	 * @returns {void}
	 */
	showPeople(people) {
		const words = people.map((person) => t('people.typing', { who: personName(person) })).join(', ');
		if (words !== this.#people.textContent) this.#people.textContent = words;
	}

	/**
	 * Marks that others have changed the value.
	 * @param {boolean} on
	 * @returns {void}
	 */
	markChanged(on) {
		this.#changed.textContent = on ? t('merging.by_others') : '';
		this.classList.toggle('changed-by-others', on);
	}

	/**
	 * Scrolls to the field and focuses it.
	 * @returns {void}
	 */
	focusControl() {
		this.scrollIntoView({ block: 'center' });
		const wrong = this.#control.wrongInput?.() ?? this.#control.input;
		if (wrong === this.#control.input) this.#control.focus();
		else wrong.focus({ preventScroll: true });
	}

	#build() {
		const { name, not_null: notNull } = this.#column;
		const hint = this.#hint;
		this.#error.id = `${this.#id}-error`;
		this.#note.id = `${this.#id}-note`;
		this.#undo.setAttribute('aria-label', t('field.undo_of', { label: this.label }));
		this.#undo.addEventListener('click', () => {
			this.#emit(undefined, { undo: true });
			this.#control.focus();
		});
		const showsNull = ['boolean', 'enum'].includes(fieldKind(this.#column, null));
		if (!notNull && !showsNull && this.#fixed === null) this.#nullPress = this.#makeNullPress();
		this.className = 'field';
		this.dataset.column = name;
		this.replaceChildren(
			h(
				'div',
				{ class: 'field-label' },
				h('label', { id: `${this.#id}-label`, htmlFor: this.#id, title: typeLine(this.#column) }, this.label),
				this.#isNew && isRequired(this.#column) ? h('span', { class: 'required' }, t('field.required')) : null,
				this.#undo,
				this.#changed,
				this.#people,
			),
			h(
				'div',
				{ class: 'field-control' },
				h('div', { class: 'control-row' }, this.#slot, this.#nullPress),
				hint ? h('p', { class: 'hint', id: `${this.#id}-hint` }, hint) : null,
				this.#error,
				this.#note,
			),
		);
	}

	#makeNullPress() {
		return h(
			'button',
			{
				class: 'null-press',
				type: 'button',
				'aria-pressed': 'false',
				'aria-label': t('field.null_of', { label: this.label }),
				title: t('field.null.text'),
				on: { click: () => this.#pressNull() },
			},
			t('value.null'),
		);
	}

	// Switching null off leaves an empty text or array. Other types have no
	// empty value: the user enters one.
	#pressNull() {
		const empty = { array: '{}', text: '' }[this.#column.category];
		if (this.#value !== null || this.complaint !== null) this.#emit(null, { press: true });
		else if (empty !== undefined && !this.#column.references) this.#emit(empty, { press: true });
		if (this.#value !== null || empty === undefined) this.#control.focus();
	}

	// Makes the control that suits the value. The user can choose a larger
	// one.
	#fit(value) {
		const kind = this.#large ? 'long' : fieldKind(this.#column, value);
		if (this.#control && (kind === this.#kind || (this.#kind === 'long' && kind === 'line')) && this.#control.canShow(value))
			return;
		const hadFocus = this.#slot.contains(document.activeElement);
		const about = {
			id: this.#id,
			column: this.#column,
			label: this.label,
			isNew: this.#isNew,
			describedby: this.#describedBy(),
			search: this.#search,
			complained: () => this.classList.contains('wrong') && this.showProblem(this.complaint),
			value,
		};
		const changed = (next, { label } = {}) => this.#emit(next, { label });
		this.#kind = kind;
		this.#control = makeControl(kind, about, changed);
		if (!this.#control.canShow(value)) this.#control = anyText(about, changed);
		this.#control.input.setAttribute('aria-describedby', this.#describedBy());
		this.#slot.replaceChildren(this.#control.element, ...this.#enlarge());
		this.#control.readOnly(this.#isReadOnly);
		if (hadFocus) this.#control.focus();
	}

	get #hint() {
		return [this.#explains && this.#fixed, hintOf(this.#column)].filter(Boolean).join('. ');
	}

	#describedBy() {
		return [this.#hint ? `${this.#id}-hint` : null, `${this.#id}-error`, `${this.#id}-note`]
			.filter(Boolean)
			.join(' ');
	}

	#enlarge() {
		if (this.#kind !== 'line' || this.#control.input.localName !== 'input' || this.#fixed) return [];
		const enlarge = (value) => {
			const { selectionStart, selectionEnd } = this.#control.input;
			this.#large = true;
			this.#fit(value);
			this.#control.show(value);
			this.#control.focus();
			this.#control.input.setSelectionRange(selectionStart, selectionEnd);
		};
		const { input } = this.#control;
		input.addEventListener('paste', (event) => this.#pasteLines(event, enlarge));
		if (!this.#column.multiline) return [];
		input.addEventListener('keydown', (event) => {
			if (event.key !== 'Enter' || !event.shiftKey || this.#isReadOnly) return;
			event.preventDefault();
			enlarge(this.#value);
		});
		input.setAttribute('aria-keyshortcuts', 'Shift+Enter');
		const press = h(
			'button',
			{
				class: 'enlarge',
				type: 'button',
				tabIndex: -1,
				'aria-label': t('field.lines_of', { label: this.label }),
				title: t('field.lines'),
				on: { click: () => enlarge(this.#value) },
			},
			icon('lines'),
		);
		return [press];
	}

	// A one-line input would silently join pasted lines.
	#pasteLines(event, enlarge) {
		const pasted = event.clipboardData?.getData('text/plain') ?? '';
		// A line break behind a copied number or time is no content.
		const isContent = ['text', 'other'].includes(this.#column.category) ? /[\r\n]/ : /[\r\n]+(?!\s*$)/;
		if (!isContent.test(pasted) || this.#isReadOnly) return;
		event.preventDefault();
		enlarge(this.#value);
		insert(this.#control.input, pasted);
	}

	#placeholder() {
		const { input } = this.#control;
		if (!('placeholder' in input) || this.#kind === 'timestamp') return;
		if (this.#value === null) input.placeholder = t('value.null');
		else if (this.#value === undefined && this.#column.default !== null) input.placeholder = defaultText(this.#column.default);
		else if (this.#value === undefined && this.#column.identity && this.#fixed === null) input.placeholder = t('field.numbered');
		else input.placeholder = '';
	}

	#emit(value, { undo = false, press = false, label } = {}) {
		this.#typed = undo ? UNTYPED : value;
		this.#label = label;
		this.markChanged(false);
		const complaint = undo || press ? null : this.complaint;
		this.dispatchEvent(new CustomEvent('valuechange', { detail: { name: this.name, value, undo, complaint }, bubbles: true }));
	}
}

// Deprecated, but nothing else keeps the browser's undo history.
function insert(input, pasted) {
	if (!document.execCommand('insertText', false, pasted)) input.setRangeText(pasted);
}

customElements.define('value-field', ValueField);
