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

const newId = () => draftId(machineId(), tabId, randomId());

/** How long a save waits for the browser's storage, in milliseconds. */
const PATIENCE = 1000;

/** The draft of one edit page. */
export class DraftKeeping {
	#store;
	#edited;
	#person;
	#kept = null;
	#savedAt = null;
	#unanswered = null;
	/** Identifies the page's draft. */
	id = newId();
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
		const { kept } = this.#edited.form;
		if (kept !== this.#kept && (this.#kept !== null || this.#hasChanges)) this.#write();
	}

	/**
	 * Keeps a write beside the form until it is answered.
	 * @param {import('../../client/once.js').Write|null} write null: it is
	 *   answered
	 * @returns {Promise<void>} when it is kept, or the browser takes too long
	 */
	async keepWrite(write) {
		this.#unanswered = write;
		await Promise.race([this.#write(), new Promise((resolve) => { setTimeout(resolve, PATIENCE); })]);
	}

	/**
	 * Keeps the form as it is now as a draft of its own, which another one is
	 * about to replace in the form.
	 * @returns {Promise<boolean>} whether it is kept
	 */
	setAside() {
		return this.#store.put(this.place, newId(), { ...this.#content(), unanswered: null });
	}

	#content() {
		const { form, table, row } = this.#edited;
		return { data: draftOf(form), name: table.name, label: row?.label ?? null, savedAt: Date.now(), unanswered: this.#unanswered };
	}

	get #hasChanges() {
		return Object.keys(this.#edited.form.kept).length > 0;
	}

	async #write() {
		const content = this.#content();
		this.#kept = this.#edited.form.kept;
		this.#savedAt = content.savedAt;
		const isNeeded = this.#hasChanges || this.#unanswered;
		const isKept = await (isNeeded ? this.#store.put(this.place, this.id, content) : this.#store.remove(this.place, this.id));
		this.isKept = isKept || !this.#hasChanges;
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
	 * Notes what became of the write of another page.
	 * @param {object} draft one of others()
	 * @param {boolean} isSaved
	 * @returns {Promise<void>}
	 */
	async wasAnswered({ id, savedAt, unanswered }, isSaved) {
		await this.#store.mark(this.place, id, savedAt, isSaved ? null : { unanswered: null });
		if (isSaved) await this.remove(unanswered.body.drafts.filter((each) => each !== id));
	}

	/**
	 * Removes drafts from this computer.
	 * @param {string[]} ids
	 * @returns {Promise<void>}
	 */
	async remove(ids) {
		if (ids.includes(this.id)) this.#unanswered = null;
		await Promise.all(ids.map((id) => this.#store.remove(this.place, id)));
	}
}
