/**
 * The user's drafts of a row: unsaved text of this page, which is kept, and
 * of other pages, which is offered.
 */
import { t } from '../../lang/texts.js';
import { clock } from '../../client/clock.js';
import * as Draft from '../../model/draft.js';
import * as Form from '../../model/form.js';
import { own } from '../../model/own.js';
import { compare } from '../../parts/compare.js';
import { draftOffer } from '../../parts/draft-offer.js';
import { announce, toast } from '../../ui/announce.js';
import { DraftKeeping, here } from './draft-keeping.js';
import { Unanswered } from './unanswered.js';

/**
 * Events:
 * - `change`: show the page again
 * - `saved`: the row was saved by an earlier page, as it is known now
 */
export class Drafts extends EventTarget {
	#app;
	#edited;
	#lock;
	#comparing;
	#notes;
	#keeping;
	#unanswered;
	#offered = [];
	#restored = new Set();

	/**
	 * @param {object} options
	 * @param {object} options.app
	 * @param {import('./edited-row.js').EditedRow} options.edited
	 * @param {import('./edit-lock.js').EditLock} options.lock
	 * @param {import('./comparing.js').Comparing} options.comparing
	 * @param {import('../../parts/form-notes.js').FormNotes} options.notes
	 * @param {AbortSignal} options.signal of the page's end
	 */
	constructor({ app, edited, lock, comparing, notes, signal }) {
		super();
		this.#app = app;
		this.#edited = edited;
		this.#lock = lock;
		this.#comparing = comparing;
		this.#notes = notes;
		this.#keeping = new DraftKeeping(app, edited);
		this.#unanswered = new Unanswered(app, edited, notes, signal);
	}

	/** Identifies the page's own draft. */
	get id() {
		return this.#keeping.id;
	}
	/** The ids of the drafts that are in the form, and end with a save. */
	get inForm() {
		return [this.id, ...this.#restored];
	}
	/** Whether everything that was typed is kept on this computer. */
	get isKeptHere() {
		return this.#app.drafts.works && this.#keeping.isKept;
	}

	/* Those of other pages */

	/**
	 * Reads the drafts, and offers those that differ from the row. Those that
	 * do not were saved.
	 * @returns {Promise<void>}
	 */
	async look() {
		const found = (await this.#found()).filter(({ id }) => !this.inForm.includes(id));
		const isOffered = (draft) => !this.#unanswered.has(draft) && Form.draftDiffers(this.#edited.form, draft.data, this.#isKnown);
		this.#offered = found.filter(isOffered);
		this.#keeping.remove(found.filter((draft) => draft.isEnded && this.#isStored(draft)).map(({ id }) => id));
		this.#show();
		for (const draft of found.filter((each) => this.#unanswered.has(each))) this.#lookInto(draft);
	}

	// First those of this computer: what the server had then, and has not
	// afterwards, was ended elsewhere.
	async #found() {
		const local = await this.#keeping.others();
		const server = await this.#onServer();
		const isEnded = (draft) => server !== null && Draft.isEnded(draft);
		return Draft.allDrafts(local, server ?? [], toDate).map((draft) => ({ ...draft, isEnded: isEnded(draft) }));
	}

	// Of another program's draft nothing is known.
	#isStored(draft) {
		const values = Object.entries(draft.data?.values ?? {});
		return values.length > 0 && !this.#unanswered.has(draft) && values.every(([name, value]) => own(this.#edited.form.base, name) === value);
	}

	async #lookInto(draft) {
		const isSaved = await this.#unanswered.isSaved(draft);
		if (isSaved === null) return;
		await this.#keeping.wasAnswered(draft, isSaved);
		if (isSaved) await this.#endSaved(draft);
		await this.look();
	}

	// The page that was left has sent the draft after the save.
	async #endSaved({ id, unanswered }) {
		const ids = new Set([id, ...unanswered.body.drafts]);
		await Promise.all([...ids].map((each) => this.#removeFromServer(each).catch(() => {})));
		this.dispatchEvent(new Event('saved'));
	}

	// null: not known
	async #onServer() {
		if (!this.#edited.table.protection) return null;
		const answer = await this.#app.api.get(this.#path).catch(() => null);
		return answer?.data.drafts.filter(({ client }) => client !== this.id) ?? null;
	}

	#isKnown = (name) => this.#edited.table.columns.some((column) => column.name === name);

	#show() {
		const about = this.#offered.length ? this.#offered.map(({ id, savedAt }) => [id, savedAt]) : null;
		this.#notes.keep('draft', about, () =>
			draftOffer(this.#offered, {
				here: here(),
				labelsOf: (names) => this.#edited.labelsOf(names),
				isOutdated: ({ data }) => Form.isDraftOutdated(this.#edited.form, data),
				restore: (draft) => this.#restore(draft),
				compare: (draft) => this.#compare(draft),
				discard: (draft) => this.#discard(draft),
			}),
		);
	}

	#drop({ id }) {
		this.#offered = this.#offered.filter((each) => each.id !== id);
		this.#show();
	}

	#restore(draft) {
		if (!this.#lock.mayEdit)
			return toast(t('drafts.restore_later'), { bad: true });
		this.#setAside(draft.data);
		this.#edited.applyDraft(draft.data, this.#isKnown);
		this.#restored.add(draft.id);
		this.#drop(draft);
		announce(t('drafts.in_form'));
		this.keep();
		this.dispatchEvent(new Event('change'));
		this.#lock.change();
		return this.#edited.conflicts.length ? this.#comparing.decide() : undefined;
	}

	// What was typed here is offered instead of the draft that replaces it.
	async #setAside(data) {
		const { kept } = this.#edited.form;
		const values = data?.values ?? {};
		if (!Object.keys(values).some((name) => Object.hasOwn(kept, name) && kept[name] !== values[name])) return;
		await this.#keeping.setAside();
		await this.look();
	}

	async #compare({ data }) {
		const { form } = this.#edited;
		const { mine } = Form.applyDraft(Form.create(form.base), data, this.#isKnown).form;
		await compare({
			title: t(this.#edited.isNew ? 'drafts.compare_new' : 'drafts.compare'),
			text: t('drafts.compare.text'),
			columns: this.#edited.compared(Object.keys(mine), form.base, mine),
			mayChoose: false,
		});
	}

	async #discard(draft) {
		try {
			if (draft.isOnServer) await this.#removeFromServer(draft.id);
			await this.#keeping.remove([draft.id]);
			this.#drop(draft);
			toast(t('drafts.discarded'));
		} catch (error) {
			this.#notes.failed(error, { isDirty: this.#edited.isDirty });
		}
	}

	/* That of this page */

	/**
	 * Keeps the form on this computer.
	 * @returns {void}
	 */
	keep() {
		this.#keeping.keep();
	}

	/**
	 * Notes that the server has everything that is in the form: what was
	 * restored needs no place of its own any more.
	 * @returns {void}
	 */
	sent() {
		this.#keeping.sent();
		const restored = [...this.#restored];
		this.#restored.clear();
		this.#keeping.remove(restored);
		for (const id of restored) this.#removeFromServer(id).catch(() => {});
	}

	/**
	 * Keeps a save until it is answered.
	 * @param {import('../../client/once.js').Write} write
	 * @returns {Promise<void>}
	 */
	sending(write) {
		return this.#keeping.keepWrite(write);
	}

	/**
	 * The save was answered.
	 * @returns {void}
	 */
	answered() {
		this.#keeping.keepWrite(null);
	}

	/**
	 * Notes that the form was saved, and the server has discarded the drafts.
	 * @param {string[]} ids those that were in the form
	 * @returns {void}
	 */
	saved(ids) {
		this.#keeping.remove(ids);
		for (const id of ids) this.#restored.delete(id);
		this.keep();
		this.#show();
	}

	/**
	 * Sends the form's changes to the server.
	 * @returns {Promise<boolean>} false: they are kept nowhere, and the page
	 *   shows an error
	 */
	async store() {
		if (this.isKeptHere) return true; // and the page sends it when it is left
		try {
			await this.#app.api.put(this.#path, { data: Form.draftOf(this.#edited.form), client: this.id });
			return true;
		} catch (error) {
			this.#notes.failed(error, { prefix: t('drafts.not_saved'), isDirty: this.#edited.isDirty });
			return false;
		}
	}

	/**
	 * Discards what is in the form, here and on the server. From now on
	 * nothing is kept. Errors are ignored.
	 * @returns {Promise<void>}
	 */
	async abandon() {
		const ids = this.inForm;
		this.#lock.keepNoDraft();
		await this.#lock.save(() => Promise.all(ids.map((id) => this.#removeFromServer(id).catch(() => {}))));
		await this.#keeping.remove(ids);
	}

	#removeFromServer(id) {
		if (!this.#edited.table.protection) return Promise.resolve();
		return this.#app.api.send('DELETE', this.#path, { query: { client: id } });
	}

	get #path() {
		return `${this.#edited.isNew ? this.#edited.tablePath : this.#edited.path}/draft`;
	}
}

// The server's times are compared with those of this computer.
const toDate = (iso) => Date.now() - performance.now() + clock.toClock(iso);
