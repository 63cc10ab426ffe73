/**
 * Leaving an edit page: where to, and what happens to unsaved text.
 */
import { unreadable } from '../../model/form.js';
import { paths } from '../../model/route.js';
import { askToLeave } from '../../parts/row-questions.js';

/**
 * The list that an edit page was opened from, or else the table's.
 * @param {object} app
 * @param {import('./edited-row.js').EditedRow} edited
 * @returns {string}
 */
export const listAddress = ({ lists }, { tableName, table }) =>
	lists.get(tableName) ?? lists.get(table.name) ?? paths.rows(tableName);

/** Decides whether an edit page may be left. */
export class Leaving {
	#edited;
	#lock;
	#saving;
	#drafts;

	/**
	 * @param {object} options
	 * @param {import('./edited-row.js').EditedRow} options.edited
	 * @param {import('./edit-lock.js').EditLock} options.lock
	 * @param {import('./saving.js').Saving} options.saving
	 * @param {import('./drafts.js').Drafts} options.drafts
	 */
	constructor({ edited, lock, saving, drafts }) {
		this.#edited = edited;
		this.#lock = lock;
		this.#saving = saving;
		this.#drafts = drafts;
	}

	/**
	 * Whether the page may be left. With unsaved text, the user decides.
	 * @returns {boolean|Promise<boolean>} true at once without a question
	 */
	mayLeave() {
		return !this.#edited.isDirty || this.#saving.isUnderWay || this.#ask();
	}

	/** Whether closing the tab now would lose text. */
	get wouldLoseText() {
		if (!this.#edited.isDirty || this.#saving.isUnderWay) return false;
		return unreadable(this.#edited.form).length > 0 || !(this.#drafts.isKeptHere || this.#isOnServer);
	}

	get #isOnServer() {
		const { state } = this.#lock;
		return this.#mayBeOnServer && state.changedAt === null;
	}

	get #mayBeOnServer() {
		return this.#lock.state !== null && this.#edited.table.protection !== null && Object.keys(this.#lock.unkept).length === 0;
	}

	// A draft does not have what cannot be read, such as half a date.
	async #ask() {
		const names = unreadable(this.#edited.form);
		const answer = await askToLeave({ mayKeepDraft: this.#drafts.isKeptHere || this.#mayBeOnServer, incomplete: names.length ? this.#edited.labelsOf(names) : null });
		if (answer === 'draft') return this.#drafts.store();
		if (answer === 'discard') await this.#drafts.abandon();
		return answer === 'discard';
	}
}
