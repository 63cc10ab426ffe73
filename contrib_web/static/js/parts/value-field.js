/**
 * <value-field>: one column of the edit form, with its name, control, null
 * button and error.
 */
import { tablePath } from '../client/api.js';
import { h, icon, newId } from '../ui/dom.js';
import { fieldKind, readOnlyReason, typeLine } from '../model/column.js';
import { anyText, makeControl } from './controls.js';

/** No value was entered by the user. */
const UNTYPED = Symbol('untyped');

/**
 * Events: `valuechange` (detail: { name: string,
 * value: string|null|undefined, undo: boolean }); bubbles.
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
	#undo = h('button', { class: 'undo', type: 'button', hidden: true, title: 'Restore the saved value' }, 'changed · undo');
	#error = h('p', { class: 'field-error', hidden: true });

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

	/**
	 * @param {string|null|undefined} value
	 * @param {{ changed: boolean }} state changed: differs from the saved
	 *   value
	 * @returns {void}
	 */
	show(value, { changed }) {
		this.#value = value;
		if (value !== this.#typed) this.#fit(value);
		this.#control.show(value, this.#label);
		this.#label = undefined;
		this.#placeholder();
		this.#nullPress?.setAttribute('aria-pressed', String(value === null));
		this.classList.toggle('is-null', value === null && !this.#control.showsNull);
		this.#undo.hidden = !changed;
	}

	set readOnly(on) {
		this.#isReadOnly = on || this.#fixed !== null;
		this.#control?.readOnly(this.#isReadOnly);
		if (this.#nullPress) this.#nullPress.disabled = this.#isReadOnly;
		this.#undo.disabled = this.#isReadOnly;
		this.#undo.textContent = this.#isReadOnly ? 'changed' : 'changed · undo';
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
		this.#control.input.setAttribute('aria-invalid', String(words !== null));
	}

	/**
	 * Scrolls to the field and focuses it.
	 * @returns {void}
	 */
	focusControl() {
		this.scrollIntoView({ block: 'center' });
		this.#control.focus();
	}

	#build() {
		const { comment, name, not_null: notNull } = this.#column;
		const hint = [this.#explains && this.#fixed, comment].filter(Boolean).join('. ');
		this.#error.id = `${this.#id}-error`;
		this.#undo.setAttribute('aria-label', `${name}: changed, undo`);
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
				h('label', { id: `${this.#id}-label`, htmlFor: this.#id }, name),
				this.#undo,
				h('span', { class: 'type' }, typeLine(this.#column, this.#isNew)),
			),
			h(
				'div',
				{ class: 'field-control' },
				h('div', { class: 'control-row' }, this.#slot, this.#nullPress),
				hint ? h('p', { class: 'hint', id: `${this.#id}-hint` }, hint) : null,
				this.#error,
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
				'aria-label': `${this.#column.name} is null`,
				title: 'NULL: no value, which is not the same as empty',
				on: { click: () => this.#pressNull() },
			},
			'null',
		);
	}

	// Switching null off leaves an empty text or array. Other types have no
	// empty value: the user enters one.
	#pressNull() {
		const empty = { array: '{}', text: '' }[this.#column.category];
		if (this.#value !== null) this.#emit(null);
		else if (empty !== undefined && !this.#column.references) this.#emit(empty);
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
			label: this.#column.name,
			isNew: this.#isNew,
			describedby: this.#describedBy(),
			search: this.#search,
			value,
		};
		const changed = (next, label) => this.#emit(next, { label });
		this.#kind = kind;
		this.#control = makeControl(kind, about, changed);
		if (!this.#control.canShow(value)) this.#control = anyText(about, changed);
		this.#control.input.setAttribute('aria-describedby', this.#describedBy());
		this.#slot.replaceChildren(this.#control.element, ...this.#enlarge());
		this.#control.readOnly(this.#isReadOnly);
		if (hadFocus) this.#control.focus();
	}

	#describedBy() {
		return [(this.#explains && this.#fixed) || this.#column.comment ? `${this.#id}-hint` : null, `${this.#id}-error`]
			.filter(Boolean)
			.join(' ');
	}

	#enlarge() {
		if (this.#kind !== 'line' || !this.#column.multiline || this.#column.category !== 'text' || this.#fixed) return [];
		const enlarge = (value) => {
			this.#large = true;
			this.#fit(value);
			this.#control.show(value);
			this.#control.focus();
		};
		const { input } = this.#control;
		input.addEventListener('paste', (event) => this.#pasteLines(event, enlarge));
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
				'aria-label': `Several lines for ${this.#column.name}`,
				title: 'Several lines (Shift+Enter)',
				on: { click: () => enlarge(this.#value) },
			},
			icon('lines'),
		);
		return [press];
	}

	// A one-line input would silently join pasted lines.
	#pasteLines(event, enlarge) {
		const pasted = event.clipboardData?.getData('text/plain') ?? '';
		if (!pasted.includes('\n') || this.#isReadOnly) return;
		event.preventDefault();
		const { value, selectionStart, selectionEnd } = event.target;
		const next = value.slice(0, selectionStart) + pasted + value.slice(selectionEnd);
		enlarge(next);
		this.#emit(next);
	}

	#placeholder() {
		const { input } = this.#control;
		if (!('placeholder' in input) || this.#kind === 'timestamp') return;
		if (this.#value === null) input.placeholder = 'null';
		else if (this.#value === undefined && this.#column.default !== null) input.placeholder = `default: ${this.#column.default}`;
		else if (this.#value === undefined && this.#column.identity) input.placeholder = 'numbered by the database';
		else input.placeholder = '';
	}

	#emit(value, { undo = false, label } = {}) {
		this.#typed = undo ? UNTYPED : value;
		this.#label = label;
		this.dispatchEvent(new CustomEvent('valuechange', { detail: { name: this.name, value, undo }, bubbles: true }));
	}
}

customElements.define('value-field', ValueField);
