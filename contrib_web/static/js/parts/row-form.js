/**
 * The form of a row: a field per column, and the buttons below. Data down: show(), check(),
 * refuse(). Events up: `change` (detail: { name, value, undo }), `save` (detail: { keep }), `leave`, `delete`.
 */
import { h } from '../dom.js';
import { complaint } from '../model/column.js';
import { valueOf } from '../model/form.js';
import { announce, button } from '../ui.js';
import './value-field.js';

export class RowForm extends EventTarget {
	#table;
	#isNew;
	#fields = new Map();
	#saveButtons = [];
	#leave = button('Leave', () => this.#tell('leave'), { kind: 'plain' });
	#remove = null;
	#note = h('span', { class: 'quiet small draft-note' });
	element = h('form', { class: 'row-form', noValidate: true });

	/**
	 * @param {object} options
	 * @param {object} options.table as the API describes it
	 * @param {boolean} options.isNew for an INSERT
	 * @param {object} options.api
	 * @param {Object<string, { label: string }>} options.references the rows referred to, by column
	 */
	constructor({ table, isNew, api, references }) {
		super();
		this.#table = table;
		this.#isNew = isNew;
		for (const column of table.columns)
			this.#fields.set(column.name, this.#makeField(column, api, references[column.name]?.label));
		this.element.append(h('div', { class: 'card fields' }, [...this.#fields.values()]), this.#makeFoot());
		this.element.addEventListener('submit', (event) => {
			event.preventDefault();
			this.#tell('save', { keep: event.submitter?.value === 'keep' });
		});
	}

	/** What is known of the draft, in a word. */
	set note(words) {
		this.#note.textContent = words;
	}

	/** @param {object} form of model/form.js @param {{ mayEdit: boolean }} state */
	show(form, { mayEdit }) {
		for (const field of this.#fields.values()) {
			field.readOnly = !mayEdit;
			this.showField(form, field.name);
		}
	}

	showField(form, name) {
		this.#fields.get(name).show(valueOf(form, name), { changed: !this.#isNew && name in form.mine });
	}

	/** The field was changed: what was wrong with it is no more. */
	forgive(name) {
		this.#fields.get(name).complain(null);
	}

	showButtons({ mayEdit, isDirty, isSaving }) {
		for (const element of this.#saveButtons) {
			// Not `disabled`: the button that has just saved would lose the focus.
			element.setAttribute('aria-disabled', String(!mayEdit || isSaving || !(isDirty || this.#isNew)));
			element.hidden = !mayEdit && !isDirty;
		}
		this.#leave.textContent = this.#isNew ? 'Cancel' : mayEdit || isDirty ? 'Leave' : 'Back to the list';
		if (this.#remove) this.#remove.hidden = !mayEdit;
	}

	/** Marks what can be seen to be wrong, and goes to the first. @returns {boolean} whether nothing is */
	check(form) {
		const wrong = this.#table.columns.filter((column) => this.#complain(form, column));
		if (!wrong.length) return true;
		this.#fields.get(wrong[0].name).focusControl();
		announce('Something has to be corrected before this can be saved.', { urgent: true });
		return false;
	}

	/** Marks the field that the server has refused. @returns {boolean} whether there is one */
	refuse({ column, detail, hint }) {
		const field = this.#fields.get(column);
		if (!field) return false;
		field.complain([detail, hint].filter(Boolean).join('. '));
		field.focusControl();
		announce(`${column}: ${detail}`, { urgent: true });
		return true;
	}

	#complain(form, column) {
		const isTouched = column.name in form.mine || (this.#isNew && column.insertable);
		const words = isTouched ? complaint(column, valueOf(form, column.name), this.#isNew) : null;
		this.#fields.get(column.name).complain(words);
		return words !== null;
	}

	#makeField(column, api, label) {
		const field = document.createElement('value-field');
		const { table, may } = this.#table;
		field.configure({ column, isNew: this.#isNew, api, table, label, explains: this.#isNew ? may.insert : may.update });
		field.addEventListener('valuechange', ({ detail }) => this.#tell('change', detail));
		return field;
	}

	#makeFoot() {
		const save = h('button', { class: 'button primary', type: 'submit', value: 'close' }, 'Save');
		const more = this.#isNew ? 'Save and edit' : 'Save and go on';
		const keep = h('button', { class: 'button', type: 'submit', value: 'keep', title: 'Ctrl+S' }, more);
		if (!this.#isNew && this.#table.may.delete)
			this.#remove = button('Delete', () => this.#tell('delete'), { kind: 'plain bad push', name: 'trash' });
		this.#saveButtons = [save, keep];
		return h('div', { class: 'form-foot' }, save, keep, this.#leave, this.#note, this.#remove);
	}

	#tell(type, detail) {
		this.dispatchEvent(new CustomEvent(type, { detail }));
	}
}
