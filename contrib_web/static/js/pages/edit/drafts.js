/**
 * The user's draft of a row: unsaved text of an earlier visit, stored on the
 * server.
 */
import * as Form from '../../model/form.js';
import { moment } from '../../model/text.js';
import { compare } from '../../parts/compare.js';
import { toast } from '../../ui/announce.js';
import { banner, button } from '../../ui/widgets.js';

/**
 * Events:
 * - `change`: show the page again
 */
export class Drafts extends EventTarget {
	#app;
	#edited;
	#lock;
	#comparing;
	#notes;

	/**
	 * @param {object} options
	 * @param {object} options.app
	 * @param {import('./edited-row.js').EditedRow} options.edited
	 * @param {import('./edit-lock.js').EditLock} options.lock
	 * @param {import('./comparing.js').Comparing} options.comparing
	 * @param {import('../../parts/form-notes.js').FormNotes} options.notes
	 */
	constructor({ app, edited, lock, comparing, notes }) {
		super();
		this.#app = app;
		this.#edited = edited;
		this.#lock = lock;
		this.#comparing = comparing;
		this.#notes = notes;
	}

	/**
	 * Offers the draft that was read with the row, if it differs from it.
	 * @returns {void}
	 */
	offer() {
		const draft = this.#edited.row?.draft;
		if (!draft || !Form.draftDiffers(this.#edited.form, draft.data)) return;
		const take = button('Restore', () => this.#take(draft.data), { kind: 'small primary' });
		const see = button('Compare', () => this.#compare(draft.data), { kind: 'small' });
		const forget = button('Discard', () => this.#discard(), { kind: 'small plain bad' });
		this.#notes.keep('draft', draft.saved_at, () =>
			banner('info', {
				icon: 'history',
				title: `Recovered draft from ${moment(draft.saved_at)}.`,
				text: 'Text that you typed into this row and did not save.',
				actions: [take, see, forget],
			}),
		);
	}

	#take(data) {
		const edited = this.#edited;
		if (!this.#lock.mayEdit)
			return toast('You cannot edit the row now. Restore the draft when you can edit it again.', { bad: true });
		edited.applyDraft(data);
		this.#notes.remove('draft');
		this.dispatchEvent(new Event('change'));
		this.#lock.change();
		return edited.conflicts.length ? this.#comparing.decide() : undefined;
	}

	async #compare(data) {
		const { values } = this.#edited.row;
		const { mine } = Form.applyDraft(Form.create(values), data).form;
		await compare({
			title: 'Your draft and the row as it is now',
			text: 'Only the columns that differ.',
			columns: this.#edited.compared(Object.keys(mine), values, mine),
			mayChoose: false,
		});
	}

	async #discard() {
		try {
			await this.#app.api.delete(this.#path);
			this.#notes.remove('draft');
			toast('The draft is discarded.');
		} catch (error) {
			this.#notes.failed(error, { isDirty: this.#edited.isDirty });
		}
	}

	/**
	 * Stores the form's changes as a draft.
	 * @returns {Promise<boolean>} false: the page shows an error
	 */
	async store() {
		try {
			await this.#app.api.put(this.#path, { token: this.#lock.token, data: Form.draftOf(this.#edited.form) });
			return true;
		} catch (error) {
			this.#notes.failed(error, { prefix: 'The draft could not be saved.', isDirty: this.#edited.isDirty });
			return false;
		}
	}

	/**
	 * Deletes the draft; an error is ignored.
	 * @returns {Promise<void>}
	 */
	async remove() {
		await this.#app.api.delete(this.#path).catch(() => {});
	}

	get #path() {
		return `${this.#edited.path}/draft`;
	}
}
