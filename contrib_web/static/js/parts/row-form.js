/**
 * The form of a row: a field per column. Its buttons are `actions`, for the
 * bar that stays in view, except the one that deletes the row.
 */
import { t } from '../lang/texts.js';
import { h, newId } from '../ui/dom.js';
import { validationError } from '../model/column.js';
import { valueOf } from '../model/form.js';
import { own } from '../model/own.js';
import { detailOf } from '../model/problem.js';
import { announce, toast } from '../ui/announce.js';
import { focusMayMove } from '../ui/attention.js';
import { keepFocus } from '../ui/keep-focus.js';
import { keepPlace } from '../ui/keep-place.js';
import { button, setPressable } from '../ui/widgets.js';
import { Progress } from './progress.js';
import './value-field.js';

/**
 * Events:
 * - `change` (detail: { name: string, value: string|null|undefined,
 *   undo: boolean, complaint: string|null }): a field was changed; with a
 *   complaint, what is entered is no value yet
 * - `save` (detail: { keep: boolean }): keep: continue editing afterwards
 * - `leave`, `delete`: the button was pressed
 */
export class RowForm extends EventTarget {
	#table;
	#isNew;
	#fields = new Map();
	#saveButtons = [];
	#leave = button(t('action.cancel'), () => this.#emit('leave'), { kind: 'plain' });
	#remove = null;
	#id = newId('form');
	element = h('form', { class: 'row-form', id: this.#id, noValidate: true });
	/** Save and its like. */
	actions = h('div', { class: 'form-actions' });
	/** A short note about the draft. */
	note = h('span', { class: 'draft-note' });
	#progress = new Progress();
	// Whether an answer to the last save may move the focus.
	#mayFocus = () => true;

	/**
	 * @param {object} options
	 * @param {object} options.table as the API describes it
	 * @param {boolean} options.isNew whether the row is to be inserted
	 * @param {object} options.api
	 * @param {Object<string, { label: string }>} options.references rows that
	 *   foreign keys refer to, by column
	 */
	constructor({ table, isNew, api, references }) {
		super();
		this.#table = table;
		this.#isNew = isNew;
		for (const column of table.columns)
			this.#fields.set(column.name, this.#makeField(column, api, own(references, column.name)?.label));
		this.element.append(...[h('div', { class: 'card fields' }, [...this.#fields.values()]), this.#makeFoot()].filter(Boolean));
		this.actions.append(...this.#makeActions());
		this.element.addEventListener('submit', (event) => {
			event.preventDefault();
			this.#emit('save', { keep: event.submitter?.value === 'keep' });
		});
	}

	/** A note that the row is being saved or deleted. */
	get progress() {
		return this.#progress.element;
	}

	/**
	 * Shows all values.
	 * @param {import('../model/form.js').Form} form
	 * @param {{ mayEdit: boolean }} state
	 * @returns {void}
	 */
	show(form, { mayEdit }) {
		for (const field of this.#fields.values()) {
			field.readOnly = !mayEdit;
			this.showField(form, field.name);
		}
	}

	/**
	 * Shows one value.
	 * @param {import('../model/form.js').Form} form
	 * @param {string} name of the column
	 * @returns {void}
	 */
	showField(form, name) {
		const unread = form.unread.includes(name);
		this.#fields.get(name).show(valueOf(form, name), { changed: !this.#isNew && (unread || Object.hasOwn(form.mine, name)), unread });
	}

	/**
	 * Removes a field's error.
	 * @param {string} name of the column
	 * @returns {void}
	 */
	forgive(name) {
		keepPlace(() => this.#fields.get(name).showProblem(null));
	}

	/**
	 * Shows a note at each of these fields, and none at the others.
	 * @param {Object<string, string>} words by column
	 * @returns {void}
	 */
	showNotes(words) {
		keepPlace(() => {
			for (const [name, field] of this.#fields) field.showNote(own(words, name) ?? null);
		});
	}

	/**
	 * Shows a note at a field, which is no error.
	 * @param {string} name of the column
	 * @param {string|null} words null: no note
	 * @returns {void}
	 */
	showNote(name, words) {
		keepPlace(() => this.#fields.get(name).showNote(words));
	}

	/**
	 * After an outage: looks up what could not be looked up.
	 * @returns {void}
	 */
	lookUpAgain() {
		for (const field of this.#fields.values()) field.lookUpAgain();
	}

	/**
	 * Shows in which fields other people are typing.
	 * @param {Object<string, import('../model/presence.js').Person[]>} people
	 *   by column
	 * @returns {void}
	 */
	showPeople(people) {
		for (const [name, field] of this.#fields) field.showPeople(own(people, name) ?? []);
	}

	/**
	 * Marks fields whose values others have changed, until they are edited or
	 * the row is saved.
	 * @param {string[]} names of the columns
	 * @returns {void}
	 */
	markChanged(names) {
		for (const [name, field] of this.#fields) field.markChanged(names.includes(name));
	}

	/**
	 * @param {object} state
	 * @param {boolean} state.mayEdit
	 * @param {boolean} state.isDirty
	 * @param {{ isSaving: boolean, isDeleting: boolean, isUnderWay: boolean,
	 *   timeout: number }} state.saving of the request that saves or deletes
	 * @returns {void}
	 */
	showButtons({ mayEdit, isDirty, saving: { isSaving, isDeleting, isUnderWay, timeout } }) {
		setPressable(this.#saveButtons, mayEdit && !isSaving && (isDirty || this.#isNew));
		setPressable([this.#leave], !isUnderWay);
		if (this.#remove) setPressable([this.#remove], !isSaving);
		keepFocus(this.actions, () => this.#saveButtons.forEach((each) => (each.hidden = !mayEdit && !isDirty)), () => this.#leave);
		this.#progress.show(isUnderWay ? t(isDeleting ? 'progress.deleting' : 'progress.saving') : null, timeout);
		this.#leave.textContent = t(this.#isNew || mayEdit || isDirty ? 'action.cancel' : 'action.back');
		if (this.#remove) keepFocus(this.#remove, () => (this.#remove.hidden = !mayEdit));
	}

	/**
	 * Before a save: marks invalid values and focuses the first.
	 * @param {import('../model/form.js').Form} form
	 * @returns {boolean} whether there are none
	 */
	check(form) {
		const wrong = this.#table.columns.filter((column) => this.#showProblem(form, column));
		this.#mayFocus = focusMayMove();
		if (!wrong.length) return true;
		this.#fields.get(wrong[0].name).focusControl();
		announce(t('saving.correct_first'), { urgent: true });
		return false;
	}

	/**
	 * Marks the field that the server rejected, and focuses it unless the
	 * user has gone on typing since the save.
	 * @param {{ column?: string, detail: string, hint?: string }} problem
	 * @returns {boolean} whether there is such a field
	 */
	refuse(problem) {
		const field = this.#fields.get(problem.column);
		if (!field) return false;
		const detail = detailOf(problem);
		keepPlace(() => field.showProblem([detail, problem.hint].filter(Boolean).join('. ')));
		const words = `${t('text.labelled', { label: field.label })} ${detail}`;
		if (this.#mayFocus()) {
			field.focusControl();
			announce(words, { urgent: true });
		} else toast(`${t('saving.not_saved')} ${words}`, { bad: true });
		return true;
	}

	#showProblem(form, column) {
		const field = this.#fields.get(column.name);
		const isTouched = Object.hasOwn(form.mine, column.name) || (this.#isNew && column.insertable);
		const words = field.complaint ?? (isTouched ? validationError(column, valueOf(form, column.name), this.#isNew) : null);
		field.showProblem(words);
		return words !== null;
	}

	#makeField(column, api, label) {
		const field = document.createElement('value-field');
		const { table, may } = this.#table;
		field.configure({ column, isNew: this.#isNew, api, table, label, explains: this.#isNew ? may.insert : may.update });
		field.addEventListener('valuechange', ({ detail }) => this.#emit('change', detail));
		return field;
	}

	// The first submit button is the one that Enter in a field presses.
	#makeActions() {
		const submit = (kind, value, title, text) =>
			h('button', { class: `button ${kind}`, type: 'submit', form: this.#id, value, title }, text);
		const save = submit('primary', 'close', null, t('action.save'));
		const keep = submit('', 'keep', t('action.save.keys'), t('action.save_and_keep'));
		this.#saveButtons = [save, keep];
		const menu = newId('menu');
		const more = moreButton(menu);
		this.actions.addEventListener('focusout', ({ relatedTarget }) => {
			if (!this.actions.contains(relatedTarget)) more.setAttribute('aria-expanded', 'false');
		});
		return [save, more, h('div', { class: 'more-actions', id: menu }, keep, this.#leave)];
	}

	#makeFoot() {
		if (this.#isNew || !this.#table.may.delete) return null;
		this.#remove = button(t('action.delete'), () => this.#emit('delete'), { kind: 'plain bad', name: 'trash' });
		return h('div', { class: 'form-foot' }, this.#remove);
	}

	#emit(type, detail) {
		this.dispatchEvent(new CustomEvent(type, { detail }));
	}
}

/** On a narrow page it opens the other buttons; the focus going closes it. */
function moreButton(menu) {
	const press = h('button', { class: 'button more', type: 'button', 'aria-label': t('action.more'), 'aria-controls': menu }, '⋯');
	const open = (on) => press.setAttribute('aria-expanded', String(on));
	open(false);
	press.addEventListener('click', () => open(press.getAttribute('aria-expanded') === 'false'));
	press.addEventListener('keydown', ({ key }) => key === 'Escape' && open(false));
	return press;
}
