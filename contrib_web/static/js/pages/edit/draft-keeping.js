/**
 * The draft of this page on this computer: what is typed is kept with each
 * change, until it is saved or discarded.
 */
import { personOf } from '../../client/draft-store.js';
import { machineId } from '../../client/settings.js';
import { randomId, tabId } from '../../client/tab-id.js';
import { draftId } from '../../model/draft.js';
import { draftOf } from '../../model/form.js';

/**
 * Where drafts of this tab come from, for model/draft.js.
 * @returns {{ machine: string|null, tab: string }}
 */
export const here = () => ({ machine: machineId(), tab: tabId });

/** The draft of one edit page. */
export class DraftKeeping {
	#store;
	#edited;
	#person;
	#kept = null;
	#savedAt = null;
	/** Identifies the page's draft. */
	id = draftId(machineId(), tabId, randomId());
	/** Whether everything that was typed is kept, as far as it is known. */
	isKept = true;

	/**
	 * @param {object} app
	 * @param {import('./edited-row.js').EditedRow} edited
	 */
	constructor(app, edited) {
		this.#store = app.drafts;
		this.#edited = edited;
		this.#person = personOf(app.session);
	}

	/** Where the drafts of the row are, see client/draft-store.js. */
	get place() {
		const { table, isNew, key } = this.#edited;
		return { person: this.#person, table: table.table, key: isNew ? null : key };
	}

	/**
	 * Keeps the form as it is now, or nothing if it has no changes.
	 * @returns {void}
	 */
	keep() {
		const { form, table, row } = this.#edited;
		if (form.mine === this.#kept || (this.#kept === null && !Object.keys(form.mine).length)) return;
		this.#kept = form.mine;
		this.#savedAt = Date.now();
		const content = { data: draftOf(form), name: table.name, label: row?.label ?? null, savedAt: this.#savedAt };
		const isChanged = Object.keys(form.mine).length > 0;
		this.#note(isChanged ? this.#store.put(this.place, this.id, content) : this.#store.remove(this.place, this.id));
	}

	async #note(writing) {
		this.isKept = (await writing) || !Object.keys(this.#edited.form.mine).length;
	}

	/**
	 * Notes that the server has what is in the form.
	 * @returns {void}
	 */
	sent() {
		if (this.#savedAt !== null) this.#store.mark(this.place, this.id, this.#savedAt, { isSent: true });
	}

	/**
	 * The drafts of the row on this computer, without this page's.
	 * @returns {Promise<object[]>}
	 */
	async others() {
		return (await this.#store.ofRow(this.place)).filter(({ id }) => id !== this.id);
	}

	/**
	 * Removes drafts from this computer.
	 * @param {string[]} ids
	 * @returns {Promise<void>}
	 */
	async remove(ids) {
		await Promise.all(ids.map((id) => this.#store.remove(this.place, id)));
	}
}
