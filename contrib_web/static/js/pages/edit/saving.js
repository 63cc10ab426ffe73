/**
 * Saving and deleting the row of an edit page.
 */
import { Problem } from '../../client/api.js';
import { changes } from '../../model/form.js';
import { paths } from '../../model/route.js';
import { askToDelete } from '../../parts/row-questions.js';
import { toast } from '../../ui/announce.js';
import { listAddress } from './leaving.js';

/**
 * Events:
 * - `change`: show the page again
 */
export class Saving extends EventTarget {
	#app;
	#edited;
	#lock;
	#comparing;
	#rowForm;
	#notes;
	/** Whether a request is under way. */
	isSaving = false;
	/**
	 * Whether the page is left after the save: further input would be lost.
	 */
	isClosing = false;

	/**
	 * @param {object} options
	 * @param {object} options.app
	 * @param {import('./edited-row.js').EditedRow} options.edited
	 * @param {import('./edit-lock.js').EditLock} options.lock
	 * @param {import('./comparing.js').Comparing} options.comparing
	 * @param {import('../../parts/row-form.js').RowForm} options.rowForm
	 * @param {import('../../parts/form-notes.js').FormNotes} options.notes
	 */
	constructor({ app, edited, lock, comparing, rowForm, notes }) {
		super();
		this.#app = app;
		this.#edited = edited;
		this.#lock = lock;
		this.#comparing = comparing;
		this.#rowForm = rowForm;
		this.#notes = notes;
	}

	/**
	 * Saves the form's changes.
	 * @param {{ keep: boolean }} options keep: continue editing afterwards
	 * @returns {Promise<void>}
	 */
	async save({ keep }) {
		const edited = this.#edited;
		if (this.isSaving || !this.#lock.mayEdit || !(edited.isDirty || edited.isNew)) return;
		if (edited.conflicts.length && !(await this.#comparing.decide())) return;
		if (!this.#rowForm.check(edited.form)) return;
		const values = changes(edited.form);
		const changesKey = edited.table.columns.some(({ key, name }) => key && name in values);
		this.isSaving = true;
		this.isClosing = !keep || edited.isNew || changesKey;
		this.#changed();
		try {
			await (edited.isNew ? this.#insert(values, keep) : this.#update(values, keep));
		} catch (error) {
			this.#refused(error);
		} finally {
			this.isSaving = this.isClosing = false;
			this.#changed();
		}
	}

	async #update(values, keep) {
		const edited = this.#edited;
		const sent = edited.form;
		const data = await this.#lock.save(async () => {
			const answer = await this.#app.api.put(edited.path, {
				token: this.#lock.token,
				values,
				keep: keep && edited.table.protection !== null,
			});
			const { lock } = answer.data;
			this.#lock.saved({ released: !keep || !lock, seconds_left: lock?.seconds_left, sentAt: answer.sentAt });
			return answer.data;
		});
		this.#saved(data, sent);
		toast(`${data.label} is saved.`);
		if (!keep) return this.#goToList();
		if (data.key !== edited.row.key) return this.#goToRow(data.key);
		return undefined;
	}

	async #insert(values, keep) {
		const { data } = await this.#app.api.post(`${this.#edited.tablePath}/rows`, { values });
		this.#saved(data, this.#edited.form);
		toast(`${data.label} is added.`);
		this.#app.lastRow = data.key;
		await (keep ? this.#goToRow(data.key) : this.#goToList({ replace: true }));
	}

	#saved(data, sent) {
		this.#edited.saved(data, sent);
		this.#notes.clear();
		this.#rowForm.note.textContent = '';
	}

	/**
	 * Deletes the row, after a confirmation.
	 * @returns {Promise<void>}
	 */
	async delete() {
		const edited = this.#edited;
		const { label } = edited.row;
		if (!(await askToDelete(label))) return;
		try {
			await this.#app.api.delete(edited.path, { body: this.#lock.token ? { token: this.#lock.token } : undefined });
			this.#lock.saved({ released: true });
			edited.reset();
			toast(`${label} is deleted.`);
			await this.#goToList();
		} catch (error) {
			this.#refused(error);
		}
	}

	#goToList(options = {}) {
		return this.#app.router.go(listAddress(this.#app, this.#edited), { ...options, ask: false });
	}
	#goToRow(key) {
		return this.#app.router.go(paths.row(this.#edited.tableName, key), { replace: true, ask: false });
	}

	#refused(error) {
		if (!(error instanceof Problem)) throw error;
		const { status, problem, sentAt } = error;
		if (status === 422 && this.#rowForm.refuse(problem)) return;
		if (status === 423 || (status === 409 && /lost$/.test(problem.type)))
			this.#lock.refusedSave({ lock: problem.lock ?? null, sentAt });
		if (status === 401) this.#signedOut();
		else this.#notes.failed(error, { prefix: 'Not saved.', isDirty: this.#edited.isDirty });
	}

	#signedOut() {
		this.#notes.show('failed', 'bad', { icon: 'warn', title: 'Not saved.', text: 'Sign in again, then save again.' });
		this.#lock.wake(); // the lock bar then shows who holds the row
	}

	#changed() {
		this.dispatchEvent(new Event('change'));
	}
}
